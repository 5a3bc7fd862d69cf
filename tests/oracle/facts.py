"""Facts: what one order unit or one ticket counts, asked of the sorted list of its events.

The rules stand in oracle.py's header.
"""

from events import (ATTEMPT_EVENTS, CARRIER_EVENTS, CLOSED_FOR_THE_SELLER, DAY, HOUR, MINUTE,
                    ORDER_EVENTS, SHIPMENT_EVENTS, earliest, first, first_time, rank)

TRACKING_PATIENCE = 48 * HOUR
REPEAT_SPAN = 7 * DAY
PARCELS_MAX = 32


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
        parcels = []
        for number in sorted(numbers):
            own = first_time(e for e in attempts if e.get("tracking_number") == number)
            parcels.append(earliest(own, self.received))
        parcels += [self.received] * (count - len(parcels))
        return None if None in parcels else max(parcels)

    def facts(self, watermark):
        counted = self.dispatch(watermark) + self.delivery(watermark)
        counted += self.tracking(watermark)
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
        number_known = self.tracked_at is not None
        if self.scan is not None and self.scan <= limit and number_known \
                and self.tracked_at <= limit:
            return [Fact("tracking_good", self.scan, self.owner)]
        scan_late = self.scan is not None and self.scan > limit
        number_late = self.scan is not None and number_known and self.tracked_at > limit
        if scan_late or number_late or self.past(limit, "tracking", watermark):
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
        returned = any(e.get("status") in ("returned", "returned_paid") for e in self.orders)
        if deliver_by is None or self.attempt is not None or self.cancel or returned:
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
