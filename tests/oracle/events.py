"""Events as the oracle reads them: JSON lines, which are acceptable, who comes first, and in
which partition a seller lives."""

import json
import sys

MINUTE = 60_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR

ORDER_EVENTS = {"order_unit_new", "order_unit_status_changed"}
CARRIER_EVENTS = {"carrier_accepted", "in_transit", "delivery_attempted", "delivered",
                  "delivery_failed", "returned_to_sender"}
SHIPMENT_EVENTS = CARRIER_EVENTS | {"shipment_sent"}
ATTEMPT_EVENTS = {"delivery_attempted", "delivered"}
TICKET_EVENTS = {"ticket_opened", "ticket_message_new", "ticket_status_changed",
                 "ticket_no_response_needed"}
CLOSED_FOR_THE_SELLER = {"buyer_closed", "both_closed", "customer_service_closed_final"}
ID_MAX = 64


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
