#!/usr/bin/env python3
"""Writes tests/golden/sample.jsonl: three sellers, small enough to read.

    sample.py > tests/golden/sample.jsonl

 - seller-good    dispatches, tracks and delivers as promised: no alert.
 - seller-late    12 units: 4 dispatched late, 5 delivered late, 4 without a scan in time
                  -> dispatch_late, delivery_late, delivery_on_time, tracking_valid.
 - seller-silent  20 units, 8 tickets about 5 of them: 3 answered in time, 2 late, 2 never,
                  1 closed by its buyer -> response_on_time, response_overdue,
                  avoidable_enquiries, repeat_contact (escalation: 2 bad are too few).
The lines are in arrival order: some events come twice, some after later ones. Everything
happens in June 2026; the storefront is de, one unit each of at and of the unknown xx.
"""

import json

MINUTE = 60_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR
MONDAY = 1_780_272_000_000  # 2026-06-01 00:00 UTC


class Sample:
    def __init__(self):
        self.events = []

    def add(self, name, at, seller, storefront="de", **fields):
        self.events.append({
            "id_message": f"sample-{len(self.events) + 1:03}", "event_name": name,
            "ts_event": at, "id_seller": seller, "storefront": storefront,
            "fulfillment_type": "fulfilled_by_merchant", **fields})

    def order(self, unit, at, seller, storefront="de", **fields):
        self.add("order_unit_new", at, seller, storefront, **{
            "id_order": f"O-{unit}", "id_order_unit": unit, "status": "open", "ts_created": at,
            "ship_by": at + 2 * DAY, "deliver_from": at + 2 * DAY, "deliver_by": at + 4 * DAY,
            "handling_time": None, "cancel_reason": None, "price": 2499, "currency": "EUR",
            **fields})

    def ship(self, name, unit, at, seller, storefront="de"):
        self.add(name, at, seller, storefront, id_order=f"O-{unit}", id_order_unit=unit,
                 tracking_number=f"JJ{unit}", carrier_code="DHL", parcel_count=1)

    def ticket(self, name, ticket, at, units, **fields):
        self.add(name, at, "seller-silent", **{
            "id_ticket": ticket, "ids_order_units": units, "status": "opened",
            "open_reason": "product_not_delivered", "topic": None,
            "is_seller_responsible": True, "author_role": None, "interim_notice": False,
            "is_auto_reply": False, **fields})


def tell_good(sample):
    for i in range(10):
        at = MONDAY + i * 7 * HOUR
        unit = f"G{i:02}"
        storefront = {3: "at", 7: "xx"}.get(i, "de")
        sample.order(unit, at, "seller-good", storefront)
        sample.ship("shipment_sent", unit, at + DAY, "seller-good", storefront)
        sample.ship("carrier_accepted", unit, at + DAY + 5 * HOUR, "seller-good", storefront)
        sample.ship("delivered", unit, at + 3 * DAY, "seller-good", storefront)


def tell_late(sample):
    for i in range(12):
        at = MONDAY + i * 5 * HOUR
        unit = f"L{i:02}"
        sent = at + (3 * DAY if i % 3 == 0 else DAY)
        sample.order(unit, at, "seller-late")
        sample.ship("shipment_sent", unit, sent, "seller-late")
        late = i in (0, 2, 3, 6, 9)
        sample.ship("delivered", unit, at + (5 * DAY if late else 4 * DAY), "seller-late")
        if i % 3 == 1:
            sample.ship("in_transit", unit, sent + DAY, "seller-late")


def tell_silent(sample):
    for i in range(20):
        sample.order(f"S{i:02}", MONDAY + i * 3 * HOUR, "seller-silent",
                     deliver_from=None, deliver_by=None, ship_by=None)
    topics = ["delivery_not_received", "delivery_delayed", "invoice_needed", None,
              "delivery_not_received", "cs_nagative_rating", "order_product_defect",
              "delivery_delayed"]
    for i, topic in enumerate(topics):
        opened = MONDAY + DAY + i * 4 * HOUR
        units = [f"S{i % 5:02}"]
        sample.ticket("ticket_opened", f"001{i:04}", opened, units, topic=topic,
                      author_role="buyer")
        hours = {0: 5, 2: 47, 3: 48, 4: 50, 6: 60}.get(i)
        if hours is not None:
            sample.ticket("ticket_message_new", f"001{i:04}", opened + hours * HOUR, units,
                          author_role="seller")
    sample.ticket("ticket_message_new", "0010001", MONDAY + 2 * DAY, ["S01"],
                  author_role="seller", is_auto_reply=True)
    sample.ticket("ticket_message_new", "0010005", MONDAY + 3 * DAY, ["S00"],
                  author_role="seller", interim_notice=True)
    sample.ticket("ticket_status_changed", "0010007", MONDAY + 3 * DAY, ["S02"],
                  status="buyer_closed")
    for i in (1, 5):
        sample.ticket("ticket_message_new", f"001{i:04}", MONDAY + 5 * DAY, [f"S{i % 5:02}"],
                      author_role="customer_service")


def arrivals():
    """In arrival order: every 9th event six hours late, every 12th twice."""
    sample = Sample()
    tell_good(sample)
    tell_late(sample)
    tell_silent(sample)
    arriving = []
    for i, event in enumerate(sample.events):
        arriving.append((event["ts_event"] + (6 * HOUR if i % 9 == 4 else 0), i, event))
        if i % 12 == 7:
            arriving.append((event["ts_event"] + 2 * HOUR, i, event))
    return [event for _, _, event in sorted(arriving, key=lambda entry: entry[:2])]


def main():
    for event in arrivals():
        print(json.dumps(event, separators=(",", ":")))


if __name__ == "__main__":
    main()
