#!/usr/bin/env python3
"""Turns the olist-1000 orders into events of the three topics, as JSON lines by ts_event.

    olist.py [--data FOLDER] [--fold WEEKS] [--until MS] [--synthetic-tickets SEED] > FILE

One order unit per item, id <order_id>-<order_item_id>, storefront br, times as UTC. Only
what the data says becomes an event: purchase, hand-over to the carrier, delivery, and
cancellation (dated at the approval, else the purchase, and as NoInventory: the data gives
neither time nor reason).

--fold WEEKS moves every order by whole weeks so that its purchase falls into the first
WEEKS weeks of the set: two years of orders, all inside the windows, each order's own
delays untouched. --until cuts the stream, so that a test can look at its middle.

The data has no messages. --synthetic-tickets adds made-up tickets, the same for the same
seed; their ids begin with `synthetic-` and so do the ids of their messages.
"""

import argparse
import csv
import datetime
import json
import os
import random
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SHARED = os.environ.get("SELLERWATCH_SHARED") or os.path.join(os.path.dirname(ROOT), "shared")
DEFAULT_DATA = os.path.join(SHARED, "data", "olist-1000")
HOUR = 3_600_000
WEEK = 7 * 24 * HOUR
TOPICS = [None, "delivery_delayed", "delivery_not_received", "delivery_parts_missing",
          "delivery_wrong_products", "order_product_defect", "invoice_needed",
          "invoice_problem", "product_properties", "cs_nagative_rating"]


def ms(text):
    """'2017-10-02 10:56:33' -> UTC ms; nothing -> None."""
    if not text:
        return None
    moment = datetime.datetime.fromisoformat(text).replace(tzinfo=datetime.timezone.utc)
    return int(moment.timestamp()) * 1000


def cents(text):
    """'109.90' -> 10990, without a detour over floating point."""
    whole, _, rest = text.partition(".")
    return int(whole) * 100 + int((rest + "00")[:2])


def rows(folder, name):
    with open(os.path.join(folder, name), encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def folded(orders, weeks):
    """{order_id: ms to add}: whole weeks, so that weekdays and delays stay."""
    start = min(ms(order["order_purchase_timestamp"]) for order in orders)
    shifts = {}
    for order in orders:
        since = ms(order["order_purchase_timestamp"]) - start
        target = since // WEEK % weeks if weeks else since // WEEK
        shifts[order["order_id"]] = (target - since // WEEK) * WEEK
    return shifts


def unit_events(order, item, shift):
    """All events of one item of an order."""
    unit = f"{item['order_id']}-{item['order_item_id']}"
    created = ms(order["order_purchase_timestamp"])
    cancelled = order["order_status"] in ("canceled", "unavailable")
    common = {"id_seller": item["seller_id"], "storefront": "br",
              "fulfillment_type": "fulfilled_by_merchant",
              "id_order": item["order_id"], "id_order_unit": unit}
    promise = {"ts_created": created + shift,
               "ship_by": ms(item["shipping_limit_date"]) + shift,
               "deliver_by": ms(order["order_estimated_delivery_date"]) + shift,
               "deliver_from": None, "handling_time": None, "cancel_reason": None,
               "price": cents(item["price"]), "currency": "BRL"}
    events = [{"event_name": "order_unit_new", "ts_event": created, "status": "open",
               **common, **promise}]
    if cancelled:
        at = ms(order["order_approved_at"]) or created
        events.append({"event_name": "order_unit_status_changed", "ts_event": at,
                       **common, **promise, "status": "cancelled",
                       "cancel_reason": "NoInventory"})
    parcel = {"tracking_number": f"T{unit}", "carrier_code": "Correios", "parcel_count": 1}
    for name, column in (("shipment_sent", "order_delivered_carrier_date"),
                         ("delivered", "order_delivered_customer_date")):
        at = ms(order[column])
        if at is not None:
            events.append({"event_name": name, "ts_event": at, **common, **parcel})
    for event in events:
        event["ts_event"] += shift
        event["id_message"] = f"{unit}-{event['event_name'][:24]}"
    return events


def ticket_events(number, unit, seed):
    """A made-up ticket about a unit: opened, then perhaps answered or closed."""
    dice = random.Random(f"{seed}:{number}")
    ticket = f"synthetic-{number:05}"
    opened = unit["ts_event"] + dice.randrange(1, 20 * 24) * HOUR
    common = {"id_seller": unit["id_seller"], "storefront": "br",
              "fulfillment_type": "fulfilled_by_merchant", "id_ticket": ticket,
              "ids_order_units": [unit["id_order_unit"]], "open_reason": "contact_other",
              "topic": dice.choice(TOPICS), "is_seller_responsible": True,
              "author_role": None, "interim_notice": False, "is_auto_reply": False,
              "status": "opened"}
    events = [{**common, "event_name": "ticket_opened", "ts_event": opened}]
    story = dice.random()
    if story < 0.75:
        events.append({**common, "event_name": "ticket_message_new", "author_role": "seller",
                       "ts_event": opened + dice.randrange(1, 60) * HOUR,
                       "is_auto_reply": dice.random() < 0.1})
    if story > 0.65:
        events.append({**common, "event_name": "ticket_status_changed",
                       "ts_event": opened + dice.randrange(1, 90) * HOUR,
                       "status": dice.choice(["buyer_closed", "seller_closed", "both_closed",
                                              "customer_service_closed_final"])})
    for place, event in enumerate(events):
        event["id_message"] = f"{ticket}-{place}"
    return events


def convert(folder, weeks=0, seed=None, until=None):
    """All events, sorted by time and id."""
    orders = rows(folder, "orders.csv")
    by_id = {order["order_id"]: order for order in orders}
    shifts = folded(orders, weeks)
    events = []
    created = []
    for item in rows(folder, "order_items.csv"):
        if item["order_id"] in by_id:
            unit = unit_events(by_id[item["order_id"]], item, shifts[item["order_id"]])
            events += unit
            created.append(unit[0])
    if seed is not None:
        created.sort(key=lambda event: event["id_order_unit"])
        for number, unit in enumerate(created):
            if random.Random(f"{seed}:{unit['id_order_unit']}").random() < 0.3:
                events += ticket_events(number, unit, seed)
    if until is not None:
        events = [event for event in events if event["ts_event"] <= until]
    return sorted(events, key=lambda event: (event["ts_event"], event["id_message"]))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--data", default=DEFAULT_DATA)
    parser.add_argument("--fold", type=int, default=0, metavar="WEEKS")
    parser.add_argument("--until", type=int, metavar="MS")
    parser.add_argument("--synthetic-tickets", type=int, metavar="SEED")
    given = parser.parse_args()
    if not os.path.isdir(given.data):
        sys.exit(f"olist.py: there is no folder {given.data}")
    for event in convert(given.data, given.fold, given.synthetic_tickets, given.until):
        print(json.dumps(event, separators=(",", ":"), ensure_ascii=False))


if __name__ == "__main__":
    main()
