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
 - delivery_overdue: watermark > deliver_by, not attempted, not cancelled.
   response_overdue: watermark > due, no reply, nothing that says no reply is owed.
   Both leave out what had no event for abandon_after.
 - Tickets: everything dated before the opening counts as at the opening.
 - Repeat: another ticket of the same seller that shares an order unit (ids from any of a
   ticket's events) was opened in [opening - 7 d, opening]; at the same instant the
   greater id_ticket is the repeat.
 - Avoidable: by the topic of the lowest ticket_opened; no topic, no class.
 - Response time: buckets over business ms: exact below 128, else e = floor(log2 v) - 7 and
   bucket v >> e; shown as its upper bound. Nearest rank.
 - value: ppm, rounded half up; gauges a count; durations in ms.
Not modelled: arrival-dependent refusals (too late), more than 32 tracking numbers, more than
16 units a ticket, more than 16 openings a unit.
"""

import argparse
import datetime
import json
import os
import sys
import zoneinfo

MINUTE = 60_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR
PPM = 1_000_000

ORDER_EVENTS = {"order_unit_new", "order_unit_status_changed"}
CARRIER_EVENTS = {"carrier_accepted", "in_transit", "delivery_attempted", "delivered",
                  "delivery_failed", "returned_to_sender"}
SHIPMENT_EVENTS = CARRIER_EVENTS | {"shipment_sent"}
ATTEMPT_EVENTS = {"delivery_attempted", "delivered"}
TICKET_EVENTS = {"ticket_opened", "ticket_message_new", "ticket_status_changed",
                 "ticket_no_response_needed"}
CLOSED_FOR_THE_SELLER = {"buyer_closed", "both_closed", "customer_service_closed_final"}

TRACKING_PATIENCE = 48 * HOUR
REPEAT_SPAN = 7 * DAY
PARCELS_MAX = 32
ID_MAX = 64

DEFAULTS = {
    "max_delay": 60_000,
    "grace": {"response": 0, "dispatch": 2 * HOUR, "tracking": 12 * HOUR, "delivery": 12 * HOUR},
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
    RATIOS["avoidable_enquiries." + class_name] = ("bad", ["avoidable_" + class_name], ["created"])


# ------------------------------------------------------------------- events

def plain(value):
    """An Avro-JSON union value {"string": "x"} or {"array": [..]} without its wrapper."""
    if isinstance(value, dict) and len(value) == 1:
        return plain(next(iter(value.values())))
    if isinstance(value, list):
        return [plain(item) for item in value]
    return value


def read_events(paths):
    events = []
    for path in paths:
        with (sys.stdin if path == "-" else open(path, encoding="utf-8")) as lines:
            for line in lines:
                if line.strip():
                    record = json.loads(line)
                    events.append({name: plain(value) for name, value in record.items()})
    return events


def is_id(value):
    return isinstance(value, str) and 1 <= len(value.encode()) <= ID_MAX


def is_time(value):
    return isinstance(value, int) and value >= 0


def in_range(value, low, high):
    return value is None or low <= value <= high


def acceptable(event):
    """False for what the program sets aside as a dead letter for its content."""
    name = event.get("event_name")
    if not all(is_id(event.get(field)) for field in ("id_message", "id_seller", "storefront")):
        return False
    if not is_time(event.get("ts_event")):
        return False
    if name in TICKET_EVENTS:
        return is_id(event.get("id_ticket"))
    if not in_range(event.get("parcel_count"), 1, 1000):
        return False
    if not in_range(event.get("handling_time"), 0, 365):
        return False
    if name in ORDER_EVENTS and not is_time(event.get("ts_created")):
        return False
    return name in ORDER_EVENTS | SHIPMENT_EVENTS and is_id(event.get("id_order_unit"))


def rank(event):
    """The order that decides between two events: time, then id."""
    return event["ts_event"], event["id_message"].encode()


def first(events):
    """The earliest of these events; None if there is none."""
    return min(events, key=rank, default=None)


def first_time(events):
    return min((event["ts_event"] for event in events), default=None)


def earliest(*times):
    return min((time for time in times if time is not None), default=None)


def murmur2(data):
    """As Kafka's Java client partitions by key."""
    mask = 0xFFFFFFFF
    m = 0x5BD1E995
    length = len(data)
    h = 0x9747B28C ^ length
    whole = length - length % 4
    for i in range(0, whole, 4):
        k = int.from_bytes(data[i:i + 4], "little")
        k = (k * m) & mask
        k ^= k >> 24
        k = (k * m) & mask
        h = ((h * m) & mask) ^ k
    if length % 4:
        h ^= int.from_bytes(data[whole:], "little")
        h = (h * m) & mask
    h ^= h >> 13
    h = (h * m) & mask
    return h ^ (h >> 15)


def partition_of(seller, partitions):
    return (murmur2(seller.encode()) & 0x7FFFFFFF) % partitions


# ------------------------------------------------------------ business time

class Calendar:
    """Local days of one time zone; business time is 00:00-24:00 of working days."""

    def __init__(self, timezone="UTC", working_days=range(1, 8), holidays=()):
        self.zone = zoneinfo.ZoneInfo(timezone)
        self.working_days = set(working_days)  # ISO: Monday is 1
        self.holidays = {datetime.date.fromisoformat(day) for day in holidays}

    def day_of(self, ms):
        epoch = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
        return (epoch + datetime.timedelta(milliseconds=ms)).astimezone(self.zone).date()

    def begin(self, day):
        midnight = datetime.datetime(day.year, day.month, day.day, tzinfo=self.zone)
        return int(midnight.timestamp()) * 1000

    def works(self, day):
        return day.isoweekday() in self.working_days and day not in self.holidays

    def elapsed(self, start, end):
        """Business ms between two instants."""
        total = 0
        day = self.day_of(start)
        while self.begin(day) < end:
            tomorrow = next_day(day)
            if self.works(day):
                total += min(end, self.begin(tomorrow)) - max(start, self.begin(day))
            day = tomorrow
        return total

    def due(self, start, business_ms):
        """The earliest instant at which so much business time has elapsed."""
        if business_ms == 0:
            return start
        left = business_ms
        day = self.day_of(start)
        while True:
            tomorrow = next_day(day)
            if self.works(day):
                opens = max(start, self.begin(day))
                if opens + left <= self.begin(tomorrow):
                    return opens + left
                left -= self.begin(tomorrow) - opens
            day = tomorrow

    def end_of_working_day(self, start, working_days):
        """24:00 of the day so many working days after the day of start."""
        day = self.day_of(start)
        while not self.works(day):
            day = next_day(day)
        for _ in range(working_days):
            day = next_day(day)
            while not self.works(day):
                day = next_day(day)
        return self.begin(next_day(day))


def next_day(day):
    return day + datetime.timedelta(days=1)


class Calendars:
    """Which calendar a storefront uses: {"calendars": {name: {"timezone", "working_days",
    "holidays"}}, "storefronts": {storefront: name}, "default": name}. The name `always` is
    a calendar without pauses, in UTC."""

    def __init__(self, document=None):
        document = document or {}
        self.by_name = {"always": Calendar()}
        for name, text in document.get("calendars", {}).items():
            self.by_name[name] = Calendar(text["timezone"], text.get("working_days", range(1, 6)),
                                          text.get("holidays", ()))
        self.storefronts = document.get("storefronts", {})
        self.default = document.get("default", "always")

    def of(self, storefront):
        return self.by_name[self.storefronts.get(storefront, self.default)]


# -------------------------------------------------------------------- facts

class Fact:
    def __init__(self, name, at, owner, duration=None):
        self.name = name
        self.at = at
        self.seller = owner["id_seller"]
        self.storefront = owner["storefront"]
        self.id = owner.get("id_ticket") or owner.get("id_order_unit")
        self.duration = duration

    def as_json(self):
        text = {"fact": self.name, "at": self.at, "seller": self.seller,
                "storefront": self.storefront, "id": self.id}
        if self.duration is not None:
            text["duration_ms"] = self.duration
        return text


def owned(events, id_field):
    """Groups of events by the id they speak of: the owner's events only, sorted."""
    groups = {}
    for event in events:
        key = (event[id_field], event["id_seller"], event["storefront"])
        groups.setdefault(key, []).append(event)
    owners = {}
    for key, group in sorted(groups.items()):
        group.sort(key=rank)
        current = owners.get(key[0])
        if current is None or rank(group[0]) < rank(current[0]):
            owners[key[0]] = group
    return [group for group in owners.values() if not fulfilled_by_kaufland(group)]


def fulfilled_by_kaufland(events):
    return any(event.get("fulfillment_type") == "fulfilled_by_kaufland" for event in events)


class Unit:
    """One order unit: what its events say, whatever their order."""

    def __init__(self, events, settings, calendars):
        self.settings = settings
        self.calendars = calendars
        self.events = events
        self.owner = events[0]
        self.orders = [e for e in events if e["event_name"] in ORDER_EVENTS]
        self.shipments = [e for e in events if e["event_name"] in SHIPMENT_EVENTS]
        self.scan = first_time(e for e in self.shipments if e["event_name"] in CARRIER_EVENTS)
        self.received = self.status_time("received")
        self.sent = earliest(
            first_time(e for e in self.shipments if e["event_name"] == "shipment_sent"),
            self.status_time("sent"), self.received, self.scan)
        self.tracked_at = first_time(e for e in self.shipments
                                     if e.get("tracking_number") and e.get("carrier_code"))
        self.attempt = self.find_attempt()
        self.cancel = first(e for e in self.orders if e.get("status") == "cancelled")
        self.ship_by = self.promise("ship_by")
        if self.ship_by is None:
            self.ship_by = self.derived_ship_by()

    def status_time(self, status):
        return first_time(e for e in self.orders if e.get("status") == status)

    def promise(self, field):
        """What the buyer was told first."""
        event = first(e for e in self.orders if e.get(field) is not None)
        return event[field] if event else None

    def derived_ship_by(self):
        handling_time = self.promise("handling_time")
        created = self.promise("ts_created")
        if handling_time is None or created is None:
            return None
        calendar = self.calendars.of(self.owner["storefront"])
        return calendar.end_of_working_day(created, handling_time)

    def find_attempt(self):
        attempts = [e for e in self.shipments if e["event_name"] in ATTEMPT_EVENTS]
        numbers = {e["tracking_number"] for e in self.shipments if e.get("tracking_number")}
        count = 1
        if numbers:
            highest = max(e.get("parcel_count") or 1 for e in self.shipments)
            count = min(PARCELS_MAX, max(highest, len(numbers)))
        if count == 1:
            return earliest(first_time(attempts), self.received)
        parcels = [earliest(first_time(e for e in attempts if e.get("tracking_number") == number),
                            self.received) for number in sorted(numbers)]
        parcels += [self.received] * (count - len(parcels))
        return None if None in parcels else max(parcels)

    def facts(self, watermark):
        counted = (self.dispatch(watermark) + self.delivery(watermark) + self.tracking(watermark))
        if self.cancel:
            counted = [fact for fact in counted if fact.at <= self.cancel["ts_event"]]
        return counted + self.created() + self.cancellation()

    def past(self, deadline, kind, watermark):
        return watermark > deadline + self.settings["grace"][kind]

    def dispatch(self, watermark):
        if self.ship_by is None:
            return []
        if self.sent is not None and self.sent <= self.ship_by:
            return [Fact("dispatch_good", self.sent, self.owner)]
        if self.sent is not None or self.past(self.ship_by, "dispatch", watermark):
            return [Fact("dispatch_bad", self.ship_by, self.owner)]
        return []

    def delivery(self, watermark):
        deliver_by = self.promise("deliver_by")
        deliver_from = self.promise("deliver_from")
        if deliver_by is None:
            return []
        if self.attempt is not None and self.attempt <= deliver_by:
            early = deliver_from is not None and self.attempt < deliver_from
            return [Fact("delivery_early" if early else "delivery_on_time",
                         self.attempt, self.owner)]
        if self.attempt is not None or self.past(deliver_by, "delivery", watermark):
            return [Fact("delivery_late", deliver_by, self.owner)]
        return []

    def tracking(self, watermark):
        if self.sent is None:
            return []
        limit = self.sent + TRACKING_PATIENCE
        known = self.scan is not None and self.tracked_at is not None
        if known and self.scan <= limit and self.tracked_at <= limit:
            return [Fact("tracking_good", self.scan, self.owner)]
        if known or self.past(limit, "tracking", watermark):
            return [Fact("tracking_bad", limit, self.owner)]
        return []

    def created(self):
        at = self.promise("ts_created")
        return [] if at is None else [Fact("created", at, self.owner)]

    def cancellation(self):
        if not self.cancel:
            return []
        if self.cancel.get("cancel_reason") not in self.settings["seller_cancel_reasons"]:
            return []
        return [Fact("cancelled_by_seller", self.cancel["ts_event"], self.owner)]

    def is_overdue(self, watermark):
        deliver_by = self.promise("deliver_by")
        if deliver_by is None or self.attempt is not None or self.cancel:
            return False
        return watermark > deliver_by and not abandoned(self, watermark)


class Ticket:
    """One ticket: what its events say, whatever their order."""

    def __init__(self, events, settings, calendars):
        self.settings = settings
        self.events = events
        self.owner = events[0]
        self.id = self.owner["id_ticket"]
        self.units = {unit for e in events for unit in e.get("ids_order_units") or []}
        self.opening = first(e for e in events if e["event_name"] == "ticket_opened")
        if self.opening is None:
            return
        self.opened = self.opening["ts_event"]
        self.calendar = calendars.of(self.owner["storefront"])
        self.due = self.calendar.due(self.opened, settings["response_sla_minutes"] * MINUTE)
        self.reply = self.at_opening_or_later(e for e in events if self.is_reply(e))
        self.closed = self.at_opening_or_later(e for e in events if frees_the_seller(e))
        self.escalated = self.at_opening_or_later(e for e in events if is_escalation(e))

    def at_opening_or_later(self, events):
        time = first_time(events)
        return None if time is None else max(time, self.opened)

    def is_reply(self, event):
        if event["event_name"] != "ticket_message_new" or event.get("author_role") != "seller":
            return False
        if event.get("is_auto_reply"):
            return False
        return self.settings["interim_notice_is_reply"] or not event.get("interim_notice")

    def facts(self, watermark, others):
        if self.opening is None:
            return []
        owed = self.response(watermark) + self.duration()
        if self.closed is not None:
            owed = [fact for fact in owed if fact.at <= self.closed]
        return owed + self.contacts(others) + self.escalation()

    def response(self, watermark):
        if self.reply is not None and self.reply <= self.due:
            return [Fact("response_good", self.reply, self.owner)]
        grace = self.settings["grace"]["response"]
        if self.reply is not None or watermark > self.due + grace:
            return [Fact("response_bad", self.due, self.owner)]
        return []

    def duration(self):
        if self.reply is None:
            return []
        took = self.calendar.elapsed(self.opened, self.reply)
        return [Fact("response_duration", self.reply, self.owner, took)]

    def contacts(self, others):
        facts = [Fact("opened", self.opened, self.owner)]
        kind = self.settings["avoidable_topics"].get(self.opening.get("topic"))
        if kind:
            facts.append(Fact("avoidable_" + kind, self.opened, self.owner))
        if any(self.repeats(other) for other in others):
            facts.append(Fact("repeat", self.opened, self.owner))
        return facts

    def repeats(self, other):
        if other.id == self.id or other.opening is None:
            return False
        if other.owner["id_seller"] != self.owner["id_seller"] or not self.units & other.units:
            return False
        if other.opened == self.opened:
            return self.id.encode() > other.id.encode()
        return self.opened - REPEAT_SPAN <= other.opened < self.opened

    def escalation(self):
        if self.escalated is None:
            return []
        return [Fact("escalation", self.escalated, self.owner)]

    def is_overdue(self, watermark):
        if self.opening is None or self.reply is not None or self.closed is not None:
            return False
        return watermark > self.due and not abandoned(self, watermark)


def frees_the_seller(event):
    return (event.get("status") in CLOSED_FOR_THE_SELLER
            or event["event_name"] == "ticket_no_response_needed"
            or event.get("is_seller_responsible") is False)


def is_escalation(event):
    by_message = (event["event_name"] == "ticket_message_new"
                  and event.get("author_role") == "customer_service")
    return by_message or event.get("status") == "customer_service_closed_final"


def abandoned(thing, watermark):
    """Nothing was heard of it for so long that nobody waits any more."""
    newest = max(event["ts_event"] for event in thing.events)
    return newest < watermark - thing.settings["abandon_after"]


# ------------------------------------------------------------------ windows

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
    slow = sum(1 for took in durations if took > settings["slow_response"])
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


# --------------------------------------------------------------------- all

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
        late = [("delivery_overdue", u.owner) for u in self.units if u.is_overdue(self.watermark)]
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
    parser.add_argument("--storefront-calendars", type=json_argument, default={}, metavar="FILE")
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
