#!/usr/bin/env python3
"""An invented marketplace as JSON lines in ARRIVAL order: input that nobody sorted.

    marketplace.py --events 200000 [--seed 1] [--sellers 60] [--days 50] > FILE

The same seed gives the same bytes. Written to be unkind:
 - one event in twenty arrives twice, one in twenty up to 12 h late, all are shuffled;
 - times are round minutes and often exactly at, or one step beside, a deadline;
 - units of several parcels, parcels without a number, deliveries dated before the sending;
 - cancellations before and after the facts, promises that change, promises that are missing;
 - fulfilled_by_kaufland said by one late event only, one unit claimed by two storefronts or
   two sellers;
 - unknown topics, storefronts and cancel reasons;
 - tickets that share units, are closed, escalated, answered by machines, or opened last;
 - a late life: returns and tracking noise weeks after everything was decided
   (--no-late-life leaves these out).
"""

import argparse
import json
import random

MINUTE = 60_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR
START = 1_773_532_800_000  # 2026-03-15 00:00 UTC: a DST change and Easter lie ahead
LATEST = 12 * HOUR

STOREFRONTS = ["de", "de", "de", "at", "cz", "pl", "fr", "xx"]
REASONS = ["NoInventory", "WrongPrice", "BuyerCancelled", "NoReactionBuyer", "AlienAbduction"]
TOPICS = [None, "delivery_delayed", "delivery_not_received", "delivery_parts_missing",
          "delivery_wrong_products", "order_product_defect", "invoice_needed",
          "invoice_problem", "product_properties", "cs_nagative_rating"]
CARRIERS = ["DHL", "DPD", "GLS", "Hermes", None]
MERCHANT = "fulfilled_by_merchant"
KAUFLAND = "fulfilled_by_kaufland"


class Marketplace:
    def __init__(self, given):
        self.dice = random.Random(given.seed)
        self.span = given.days * DAY
        self.late_life = not given.no_late_life
        self.sellers = [self.new_seller(i) for i in range(given.sellers)]
        self.events = []
        self.units = 0
        self.tickets = 0

    def new_seller(self, number):
        storefronts = self.dice.sample(sorted(set(STOREFRONTS)), self.dice.choice([1, 1, 2, 3]))
        return {"id": f"seller-{number:04}", "storefronts": storefronts,
                "carelessness": self.dice.choice([0.02, 0.05, 0.1, 0.3])}

    def chance(self, p):
        return self.dice.random() < p

    def near(self, deadline, spread):
        """Around a deadline; one time in five exactly there or one step beside."""
        if self.chance(0.2):
            return deadline + self.dice.choice([-MINUTE, -1, 0, 0, 1, MINUTE])
        return deadline + self.dice.randrange(-spread, spread) // MINUTE * MINUTE

    def emit(self, name, at, who, **fields):
        if not START <= at < START + self.span:
            return
        number = len(self.events)
        self.events.append({"id_message": f"{self.dice.randrange(1 << 32):08x}-{number}",
                            "event_name": name, "ts_event": at, "id_seller": who["seller"],
                            "storefront": who["storefront"],
                            "fulfillment_type": who["fulfillment"], **fields})

    # ---------------------------------------------------------- order units

    def unit(self):
        seller = self.dice.choice(self.sellers)
        self.units += 1
        created = START + self.dice.randrange(0, self.span) // MINUTE * MINUTE
        who = {"seller": seller["id"], "storefront": self.dice.choice(seller["storefronts"]),
               "fulfillment": KAUFLAND if self.chance(0.02) else MERCHANT}
        unit = {"who": who, "id": f"unit-{self.units:07}", "created": created,
                "careless": seller["carelessness"], "ship_by": created + 2 * DAY,
                "deliver_from": created + 3 * DAY, "deliver_by": created + 5 * DAY}
        self.tell_order(unit)
        self.tell_shipments(unit)
        if self.chance(0.05):
            self.tell_cancellation(unit)
        if self.chance(0.01):
            self.tell_claims(unit)
        for _ in range(self.dice.choice([0, 0, 0, 0, 1, 1, 2])):
            self.ticket(unit)
        if self.late_life and self.chance(0.05):
            self.tell_late_life(unit)

    def order(self, unit, name, at, status, **fields):
        promise = {"ship_by": unit["ship_by"], "deliver_from": unit["deliver_from"],
                   "deliver_by": unit["deliver_by"], "handling_time": None}
        for field in ("ship_by", "deliver_from", "deliver_by"):
            if unit["id"].endswith(("3", "7")) and self.chance(0.4):
                promise[field] = None
        if promise["ship_by"] is None and self.chance(0.7):
            promise["handling_time"] = 1 + len(unit["id"]) % 2
        self.emit(name, at, unit["who"], **{
            "id_order": "order-" + unit["id"], "id_order_unit": unit["id"], "status": status,
            "ts_created": unit["created"], "price": 1999, "currency": "EUR",
            "cancel_reason": None, **promise, **fields})

    def tell_order(self, unit):
        if self.chance(0.02):
            return
        self.order(unit, "order_unit_new", unit["created"], "open")
        if self.chance(0.5):
            moved = {"deliver_by": unit["deliver_by"] + DAY} if self.chance(0.1) else {}
            self.order(unit, "order_unit_status_changed", unit["created"] + 15 * MINUTE,
                       "need_to_be_sent", **moved)

    def ship(self, unit, name, at, parcel, count):
        numbered = not self.chance(0.05)
        carrier = CARRIERS[hash_of(unit["id"]) % len(CARRIERS)]
        self.emit(name, at, unit["who"], id_order="order-" + unit["id"],
                  id_order_unit=unit["id"], parcel_count=count, carrier_code=carrier,
                  tracking_number=f"{unit['id']}-p{parcel}" if numbered else None)

    def tell_shipments(self, unit):
        if self.chance(unit["careless"] / 2):
            return
        late = self.chance(unit["careless"])
        sent = self.near(unit["ship_by"] + (DAY if late else -HOUR * 20), 18 * HOUR)
        count = self.dice.choice([1] * 8 + [2, 3])
        seen = count if self.chance(0.9) else count - 1
        for parcel in range(max(1, seen)):
            self.tell_parcel(unit, sent, parcel, count)
        if self.chance(0.3):
            self.order(unit, "order_unit_status_changed", sent + HOUR, "sent")
        if self.chance(0.2):
            self.order(unit, "order_unit_status_changed",
                       self.near(unit["deliver_by"], DAY), "received")

    def tell_parcel(self, unit, sent, parcel, count):
        if self.chance(0.8):
            self.ship(unit, "shipment_sent", sent, parcel, count)
        scan = self.near(sent + (48 * HOUR if self.chance(0.15) else 4 * HOUR), 4 * HOUR)
        if self.chance(0.8):
            self.ship(unit, "carrier_accepted", scan, parcel, count)
        if self.chance(0.3):
            self.ship(unit, "in_transit", scan + 6 * HOUR, parcel, count)
        attempt = self.near(self.dice.choice([unit["deliver_from"], unit["deliver_by"],
                                              unit["deliver_from"] + DAY]), DAY)
        if self.chance(unit["careless"]):
            attempt += 2 * DAY
        if self.chance(0.1):
            self.ship(unit, "delivery_attempted", attempt, parcel, count)
            attempt += DAY
        if self.chance(0.93):
            self.ship(unit, "delivered", attempt, parcel, count)

    def tell_cancellation(self, unit):
        at = self.near(self.dice.choice([unit["created"] + 6 * HOUR, unit["ship_by"],
                                         unit["deliver_by"]]), 5 * HOUR)
        reason = self.dice.choice(REASONS)
        for again in range(self.dice.choice([1, 1, 2])):
            self.order(unit, "order_unit_status_changed", at + again * HOUR, "cancelled",
                       cancel_reason=reason if again == 0 else "BuyerCancelled")

    def tell_claims(self, unit):
        """Somebody else speaks of the same unit, or fulfilment is told late."""
        other = dict(unit["who"])
        kind = self.dice.choice(["storefront", "seller", "kaufland"])
        if kind == "storefront":
            other["storefront"] = self.dice.choice(STOREFRONTS)
        elif kind == "seller":
            other["seller"] = self.dice.choice(self.sellers)["id"]
        else:
            other["fulfillment"] = KAUFLAND
        at = unit["created"] + self.dice.choice([-HOUR, 0, HOUR, 2 * DAY])
        self.ship({**unit, "who": other}, "shipment_sent", at, 0, 1)

    def tell_late_life(self, unit):
        at = unit["deliver_by"] + self.dice.randrange(8, 25) * DAY
        if self.chance(0.5):
            self.order(unit, "order_unit_status_changed", at, "returned")
        else:
            self.ship(unit, "returned_to_sender", at, 0, 1)

    # -------------------------------------------------------------- tickets

    def ticket(self, unit):
        self.tickets += 1
        neighbour = f"unit-{max(1, self.units - self.dice.randrange(0, 5)):07}"
        ticket = {"who": unit["who"], "id": f"001{self.tickets:08}",
                  "units": [unit["id"]] + ([neighbour] if self.chance(0.2) else []),
                  "topic": self.dice.choice(TOPICS),
                  "opened": unit["created"] + self.dice.randrange(0, 12 * 24) * HOUR}
        if not self.chance(0.02):
            self.say(ticket, "ticket_opened", ticket["opened"], author_role="buyer")
        self.tell_answers(ticket, unit["careless"])
        self.tell_end(ticket)

    def say(self, ticket, name, at, **fields):
        self.emit(name, at, ticket["who"], **{
            "id_ticket": ticket["id"], "ids_order_units": ticket["units"], "status": "opened",
            "open_reason": "contact_other", "topic": ticket["topic"],
            "is_seller_responsible": True, "author_role": None, "interim_notice": False,
            "is_auto_reply": False, **fields})

    def tell_answers(self, ticket, careless):
        if self.chance(0.3):
            self.say(ticket, "ticket_message_new", ticket["opened"] + MINUTE,
                     author_role="seller", is_auto_reply=True)
        if self.chance(0.1):
            self.say(ticket, "ticket_message_new", ticket["opened"] + HOUR,
                     author_role="seller", interim_notice=True)
        if self.chance(1 - careless):
            due = 48 * HOUR * self.dice.choice([1, 1, 2, 3])
            spread = due // 2 if self.chance(0.8) else HOUR
            self.say(ticket, "ticket_message_new",
                     self.near(ticket["opened"] + due // 2, spread), author_role="seller")
        if self.chance(0.05):
            self.say(ticket, "ticket_message_new", ticket["opened"] + 30 * HOUR,
                     author_role="customer_service")

    def tell_end(self, ticket):
        at = self.near(ticket["opened"] + 48 * HOUR, 40 * HOUR)
        if self.chance(0.3):
            self.say(ticket, "ticket_status_changed", at, status=self.dice.choice(
                ["buyer_closed", "seller_closed", "both_closed",
                 "customer_service_closed_final"]))
        if self.chance(0.05):
            self.say(ticket, "ticket_no_response_needed", at)
        if self.chance(0.03):
            self.say(ticket, "ticket_status_changed", at, is_seller_responsible=False)

    # -------------------------------------------------------------- arrival

    def delay(self):
        kind = self.dice.random()
        if kind < 0.7:
            return self.dice.randrange(0, 5000)
        return self.dice.randrange(0, 10 * MINUTE if kind < 0.95 else LATEST)

    def arrivals(self, count):
        """So many records in the order in which they arrive."""
        while len(self.events) < count:
            self.unit()
        twice = [event for event in self.events if self.chance(0.05)]
        arriving = [(event["ts_event"] + self.delay(), event["id_message"], copy, event)
                    for copy, events in enumerate((self.events, twice)) for event in events]
        arriving.sort(key=lambda entry: entry[:3])
        # Whole units were made; what is too many is left out at random. A story with a gap
        # is one more thing that real streams have.
        surplus = set(self.dice.sample(range(len(arriving)), max(0, len(arriving) - count)))
        return [entry[3] for i, entry in enumerate(arriving) if i not in surplus]


def hash_of(text):
    """A small hash that is the same in every process."""
    value = 0
    for byte in text.encode():
        value = (value * 31 + byte) & 0xFFFF
    return value


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--events", type=int, default=200_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--sellers", type=int, default=60)
    parser.add_argument("--days", type=int, default=50)
    parser.add_argument("--no-late-life", action="store_true")
    given = parser.parse_args()
    for event in Marketplace(given).arrivals(given.events):
        print(json.dumps(event, separators=(",", ":")))


if __name__ == "__main__":
    main()
