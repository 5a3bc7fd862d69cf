#!/usr/bin/env python3
"""The oracle: all facts and KPIs of a finished set of events, the slow and obvious way.

It shares no code with the program. It reads JSON lines (one event each, Avro-JSON field
names), throws the order of arrival away, and answers what the KPI windows and gauges must
show once everything has been read:

    oracle.py --events FILE... [--settings JSON|FILE] [--storefront-calendars FILE]
              [--partitions N] [--at-end events] [--facts] > result.json

HOW IT WORKS
------------
    events -> partitions -> units and tickets (who owns them) -> facts -> windows

A partition has a stream time (highest ts_event) and a watermark (stream time minus
max_delay, because a finished replay has read all of its inputs to their ends). A unit or
a ticket is a list of events, sorted; every rule below is a question to that list.
events.py reads, business_time.py knows the days, facts.py asks, this file counts.

RULES where the domain's description leaves a choice
----------------------------------------------------
 - Identity: events of one unit or ticket id are grouped by (id, seller, storefront). The
   group whose lowest (ts_event, id_message) is smallest owns it; the others count
   nothing. Works within one partition.
 - Two events of one ts_event: the lowest id_message (as bytes) comes first.
 - Sent: the earliest of shipment_sent, order status sent or received, any carrier event.
   Scan: the earliest carrier event (carrier_accepted, in_transit, delivery_attempted,
   delivered, delivery_failed, returned_to_sender).
 - Attempt: N parcels; N = 1 if no tracking number was seen, else min(32, max(highest
   parcel_count, distinct numbers)). N = 1: the earliest delivery_attempted or delivered of
   any event. N > 1: the earliest attempt with each number; attempts without a number count
   for no parcel, parcels without a number are attempted only by order status received,
   which is an attempt of all parcels. The unit is attempted when its last parcel is.
 - Tracking: number and carrier on one shipment event, dated at or before sent + 48 h.
   Good: that and the scan are in time, counted at the scan. Bad: both are known and one
   is later, or the watermark is past sent + 48 h + grace; counted at sent + 48 h.
 - A deadline has passed when the watermark is greater than deadline + grace.
 - A cancellation removes the facts that count later than it; so does a ticket's closing.
   A cancellation fact counts at the cancel event, created at ts_created.
 - delivery_overdue: watermark > deliver_by, not attempted, not cancelled, not returned.
   response_overdue: watermark > due, no reply, nothing that says no reply is owed.
   Both leave out what had no event for abandon_after.
 - Tickets: everything dated before the opening counts as at the opening.
 - Repeat: another ticket of the same seller that shares an order unit (ids from any of a
   ticket's events) was opened in [opening - 7 d, opening]; at the same instant the
   greater id_ticket is the repeat.
 - Avoidable: by the topic of the lowest ticket_opened; no topic, no class.
 - Response time: buckets over business ms: exact below 128, else e = floor(log2 v) - 7 and
   bucket v >> e; shown as its upper bound, compared with limits by its lower one (what is
   not certain is not a breach). Nearest rank.
 - value: ppm, rounded half up; gauges a count; durations in ms.
Not modelled: arrival-dependent refusals (too late), more than 32 tracking numbers, more than
16 units a ticket.
"""

import argparse
import json
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from business_time import Calendars  # noqa: E402
from events import (DAY, HOUR, MINUTE, TICKET_EVENTS, acceptable, partition_of,  # noqa: E402
                    read_events)
from facts import Ticket, Unit, owned  # noqa: E402

PPM = 1_000_000

DEFAULTS = {
    "max_delay": 60_000,
    "grace": {"response": 0, "dispatch": 2 * HOUR, "tracking": 12 * HOUR,
              "delivery": 12 * HOUR},
    "response_sla_minutes": 2880,
    "interim_notice_is_reply": False,
    "abandon_after": 90 * DAY,
    "slow_response": 36 * HOUR,
    "windows": {"1h": [HOUR, MINUTE], "24h": [DAY, 15 * MINUTE],
                "7d": [7 * DAY, 6 * HOUR], "30d": [30 * DAY, 6 * HOUR]},
    "seller_cancel_reasons": ["NoInventory", "DelayedInventory", "NoInventoryDelayedCheckout",
                              "WrongPrice", "WrongCatalogData", "MerchandiseNotReceived",
                              "GeneralAdjustment", "NoReaction"],
    "avoidable_topics": {"delivery_delayed": "delayed",
                         "delivery_not_received": "not_received",
                         "delivery_parts_missing": "incomplete",
                         "delivery_wrong_products": "incorrect",
                         "order_product_defect": "defect",
                         "invoice_needed": "invoice",
                         "invoice_problem": "invoice"},
}
CLASSES = ["delayed", "not_received", "incomplete", "incorrect", "defect", "invoice"]
AVOIDABLE = ["avoidable_" + name for name in CLASSES]
DELIVERIES = ["delivery_on_time", "delivery_early", "delivery_late"]

# KPI: counted side, bad facts, facts it is measured against.
RATIOS = {
    "response_on_time": ("good", ["response_bad"], ["response_good", "response_bad"]),
    "avoidable_enquiries": ("bad", AVOIDABLE, ["created"]),
    "delivery_on_time": ("good", ["delivery_early", "delivery_late"], DELIVERIES),
    "delivery_late": ("bad", ["delivery_late"], DELIVERIES),
    "delivery_early": ("bad", ["delivery_early"], DELIVERIES),
    "dispatch_late": ("bad", ["dispatch_bad"], ["dispatch_good", "dispatch_bad"]),
    "tracking_valid": ("good", ["tracking_bad"], ["tracking_good", "tracking_bad"]),
    "cancellation": ("bad", ["cancelled_by_seller"], ["created"]),
    "repeat_contact": ("bad", ["repeat"], ["opened"]),
    "escalation": ("bad", ["escalation"], ["opened"]),
}
for class_name in CLASSES:
    RATIOS["avoidable_enquiries." + class_name] = (
        "bad", ["avoidable_" + class_name], ["created"])


# ------------------------------------------------------------------- windows

def in_window(at, stream_time, length, pane):
    """Is the instant in a pane that starts in (floor(t) - length, floor(t)]?"""
    newest = stream_time // pane * pane
    start = at // pane * pane
    return newest - length < start <= newest


def ppm(part, whole):
    """Rounded half up; None of nothing."""
    return None if whole == 0 else (2 * PPM * part + whole) // (2 * whole)


def bucket_bound(v):
    """The upper bound of the bucket that holds a duration."""
    if v < 128:
        return v
    e = v.bit_length() - 1 - 7
    return (((v >> e) + 1) << e) - 1


def bucket_floor(v):
    """The lower bound of the bucket that holds a duration: what is certain."""
    if v < 128:
        return v
    e = v.bit_length() - 1 - 7
    return (v >> e) << e


def quantile(durations, percent):
    if not durations:
        return None
    ordered = sorted(durations)
    place = -(-percent * len(ordered) // 100)  # nearest rank: ceil
    return bucket_bound(ordered[place - 1])


def window_kpis(facts, window, settings):
    counts = {}
    for fact in facts:
        counts[fact.name] = counts.get(fact.name, 0) + 1
    rows = {}
    for name, (side, bad_facts, total_facts) in RATIOS.items():
        bad = sum(counts.get(fact, 0) for fact in bad_facts)
        total = sum(counts.get(fact, 0) for fact in total_facts)
        shown = bad if side == "bad" else total - bad
        rows[f"{name}:{window}"] = {"bad": bad, "total": total, "value": ppm(shown, total)}
    durations = [fact.duration for fact in facts if fact.name == "response_duration"]
    slow = sum(1 for took in durations if bucket_floor(took) > settings["slow_response"])
    for name, percent in (("response_time", 95), ("response_time_p50", 50)):
        rows[f"{name}:{window}"] = {"bad": slow, "total": len(durations),
                                    "value": quantile(durations, percent)}
    return rows


# ------------------------------------------------------------------ breaches

# KPI: comparison, warning and critical limit (ppm, ms or count), least decided facts.
AVOIDABLE_LIMITS = (">", 20_000, 50_000, 20)
LIMITS = {
    "response_on_time": ("<", 1_000_000, 900_000, 5),
    "response_time": (">", 36 * HOUR, 48 * HOUR, 10),
    "response_overdue": (">=", 1, 5, 0),
    "avoidable_enquiries": (">", 50_000, 100_000, 20),
    "delivery_on_time": ("<", 930_000, 900_000, 10),
    "delivery_late": (">", 70_000, 100_000, 10),
    "delivery_early": (">", 100_000, 200_000, 10),
    "delivery_overdue": (">=", 3, 10, 0),
    "dispatch_late": (">", 40_000, 100_000, 10),
    "tracking_valid": ("<", 950_000, 900_000, 10),
    "cancellation": (">=", 10_000, 30_000, 50),
    "repeat_contact": (">", 150_000, 300_000, 5),
    "escalation": (">", 100_000, 200_000, 5),
    **{"avoidable_enquiries." + name: AVOIDABLE_LIMITS for name in CLASSES},
}
CRITICAL_WINDOWS = {"7d", "30d", "now"}
MIN_BAD = 3


def beyond(kpi, row, limit):
    """Is the value beyond the limit? Ratios are cross-multiplied, never rounded."""
    sign = LIMITS[kpi][0]
    have, wanted = row["value"], limit
    if kpi in RATIOS:
        shown = row["bad"] if RATIOS[kpi][0] == "bad" else row["total"] - row["bad"]
        have, wanted = shown * PPM, limit * row["total"]
    elif kpi == "response_time":
        have = bucket_floor(have)
    return {"<": have < wanted, ">": have > wanted, ">=": have >= wanted}[sign]


def severity(kpi, window, row):
    """None, warning or critical: what would start an alert now (for = 0)."""
    _, warn, critical, least = LIMITS[kpi]
    gauge = window == "now"
    if row["value"] is None or (not gauge and (row["total"] < least or row["bad"] < MIN_BAD)):
        return None
    if beyond(kpi, row, critical) and window in CRITICAL_WINDOWS:
        return "critical"
    return "warning" if beyond(kpi, row, warn) else None


def breaches(result):
    """{(seller, storefront, kpi, window): severity} of what must be firing at the end. Over
    all storefronts only where at least two of them have facts of that KPI and window."""
    found = {}
    for seller, places in result["sellers"].items():
        for storefront, rows in places.items():
            for name, row in rows.items():
                kpi, window = name.split(":")
                if kpi not in LIMITS:
                    continue
                busy = sum(1 for place, other in places.items()
                           if place != "*" and other[name]["total"] > 0)
                level = severity(kpi, window, row)
                if level and (storefront != "*" or busy > 1):
                    found[seller, storefront, kpi, window] = level
    return found


# ----------------------------------------------------------------------- all

class Shard:
    """One partition of the inputs, read to the end."""

    def __init__(self, events, settings, calendars):
        self.settings = settings
        self.stream_time = max(event["ts_event"] for event in events)
        self.watermark = self.stream_time - settings["max_delay"]
        self.units = [Unit(group, settings, calendars) for group in owned(
            [e for e in events if e["event_name"] not in TICKET_EVENTS], "id_order_unit")]
        self.tickets = [Ticket(group, settings, calendars) for group in owned(
            [e for e in events if e["event_name"] in TICKET_EVENTS], "id_ticket")]
        self.by_unit = {}
        for ticket in self.tickets:
            for unit in ticket.units:
                self.by_unit.setdefault((ticket.owner["id_seller"], unit), []).append(ticket)

    def facts(self):
        facts = []
        for unit in self.units:
            facts += unit.facts(self.watermark)
        for ticket in self.tickets:
            seller = ticket.owner["id_seller"]
            others = [other for unit in ticket.units for other in self.by_unit[seller, unit]]
            facts += ticket.facts(self.watermark, others)
        return facts

    def overdue(self):
        """Gauge name and owner of everything that is overdue at the watermark."""
        late = [("delivery_overdue", u.owner) for u in self.units
                if u.is_overdue(self.watermark)]
        return late + [("response_overdue", t.owner) for t in self.tickets
                       if t.is_overdue(self.watermark)]

    def places(self):
        """Every (seller, storefront) that has a unit or ticket, and * for every seller."""
        owners = [thing.owner for thing in self.units + self.tickets]
        places = {(owner["id_seller"], owner["storefront"]) for owner in owners}
        return places | {(seller, "*") for seller, _ in places}

    def sellers(self):
        facts = {place: [] for place in self.places()}
        gauges = {place: {"delivery_overdue:now": 0, "response_overdue:now": 0}
                  for place in facts}
        for fact in self.facts():
            facts[fact.seller, fact.storefront].append(fact)
            facts[fact.seller, "*"].append(fact)
        for name, owner in self.overdue():
            gauges[owner["id_seller"], owner["storefront"]][name + ":now"] += 1
            gauges[owner["id_seller"], "*"][name + ":now"] += 1
        result = {}
        for place in sorted(facts):
            rows = {name: {"bad": count, "total": count, "value": count}
                    for name, count in gauges[place].items()}
            for window, (length, pane) in self.settings["windows"].items():
                inside = [fact for fact in facts[place]
                          if in_window(fact.at, self.stream_time, length, pane)]
                rows.update(window_kpis(inside, window, self.settings))
            result.setdefault(place[0], {})[place[1]] = rows
        return result


def with_defaults(settings):
    merged = {**DEFAULTS, **(settings or {})}
    merged["grace"] = {**DEFAULTS["grace"], **merged["grace"]}
    return merged


def shards(events, settings=None, calendars=None, partitions=1):
    """{partition: Shard} of the acceptable events."""
    split = {}
    for event in events:
        if acceptable(event):
            split.setdefault(partition_of(event["id_seller"], partitions), []).append(event)
    settings = with_defaults(settings)
    calendars = calendars or Calendars()
    return {p: Shard(split[p], settings, calendars) for p in sorted(split)}


def judge(events, settings=None, calendars=None, partitions=1, with_facts=False):
    """The whole answer, ready for JSON."""
    result = {"shards": {}, "sellers": {}}
    facts = []
    for number, shard in shards(events, settings, calendars, partitions).items():
        result["shards"][str(number)] = {"stream_time": shard.stream_time,
                                         "watermark": shard.watermark}
        result["sellers"].update(shard.sellers())
        facts += shard.facts()
    if with_facts:
        facts.sort(key=lambda f: (f.at, f.name, f.id))
        result["facts"] = [fact.as_json() for fact in facts]
    return result


def json_argument(text):
    """JSON itself, or the name of a file that holds it."""
    if os.path.exists(text):
        with open(text, encoding="utf-8") as file:
            return json.load(file)
    return json.loads(text)


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--events", nargs="+", required=True, metavar="FILE")
    parser.add_argument("--settings", type=json_argument, default={})
    parser.add_argument("--storefront-calendars", type=json_argument, default={},
                        metavar="FILE")
    parser.add_argument("--partitions", type=int, default=1)
    parser.add_argument("--at-end", choices=["events"], default="events",
                        help="how time ends: the watermark is stream time - max_delay")
    parser.add_argument("--facts", action="store_true", help="list every fact as well")
    given = parser.parse_args(arguments)
    result = judge(read_events(given.events), given.settings,
                   Calendars(given.storefront_calendars), given.partitions, given.facts)
    json.dump(result, sys.stdout, indent=1, sort_keys=True)
    print()


if __name__ == "__main__":
    main()
