#!/usr/bin/env python3
"""The vectors that every implementation must pass, held against the oracle itself.

    python3 -m unittest discover -s tests/oracle
"""

import datetime
import itertools
import json
import os
import subprocess
import sys
import tempfile
import unittest
import zoneinfo

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import oracle  # noqa: E402
from business_time import Calendar, Calendars  # noqa: E402
from events import DAY, HOUR, MINUTE, murmur2  # noqa: E402

BERLIN = {"calendars": {"de": {"timezone": "Europe/Berlin", "working_days": [1, 2, 3, 4, 5],
                               "holidays": ["2026-04-03", "2026-04-06", "2026-05-14",
                                            "2026-05-25"]}},
          "storefronts": {"de": "de"}, "default": "always"}
T0 = 1_780_272_000_000  # 2026-06-01 00:00 UTC
SLA = 48 * HOUR


def berlin(text):
    """Local Berlin wall clock -> UTC ms."""
    local = datetime.datetime.fromisoformat(text)
    return int(local.replace(tzinfo=zoneinfo.ZoneInfo("Europe/Berlin")).timestamp() * 1000)


class Stream:
    """Builds events; every one gets an id of its own."""

    def __init__(self, seller="s1", storefront="xx"):
        self.seller = seller
        self.storefront = storefront
        self.events = []

    def add(self, name, at, **fields):
        event = {"id_message": f"m{len(self.events):05}", "event_name": name, "ts_event": at,
                 "id_seller": self.seller, "storefront": self.storefront,
                 "fulfillment_type": "fulfilled_by_merchant", **fields}
        self.events.append(event)
        return event

    def order(self, unit, at, name="order_unit_new", **fields):
        fields = {"status": "open", "ts_created": at, "price": 100, "currency": "EUR", **fields}
        return self.add(name, at, id_order="o", id_order_unit=unit, **fields)

    def status(self, unit, at, status, created=T0, **fields):
        return self.order(unit, at, "order_unit_status_changed", status=status,
                          ts_created=created, **fields)

    def ship(self, unit, name, at, number=None, carrier=None, **fields):
        return self.add(name, at, id_order="o", id_order_unit=unit, tracking_number=number,
                        carrier_code=carrier, **fields)

    def ticket(self, name, ticket, at, units=(), **fields):
        fields = {"status": "opened", "open_reason": "contact_other",
                  "is_seller_responsible": True, "interim_notice": False,
                  "is_auto_reply": False, **fields}
        return self.add(name, at, id_ticket=ticket, ids_order_units=list(units), **fields)

    def reply(self, ticket, at, **fields):
        return self.ticket("ticket_message_new", ticket, at,
                           **{"author_role": "seller", **fields})

    def time_passes_until(self, at):
        """An event that counts nothing itself: only the stream time moves."""
        return self.ship("nobody-knows", "shipment_sent", at,
                         fulfillment_type="fulfilled_by_kaufland")


def judge(events, settings=None, calendars=None, **more):
    return oracle.judge(events, settings, Calendars(calendars), **more)


def facts_of(stream, settings=None, calendars=None):
    """{fact: [times]} over all of the stream."""
    result = judge(stream.events, settings, calendars, with_facts=True)
    table = {}
    for fact in result["facts"]:
        table.setdefault(fact["fact"], []).append(fact["at"])
    return table


def row(stream, kpi, settings=None, calendars=None, storefront="*"):
    return judge(stream.events, settings, calendars)["sellers"]["s1"][storefront][kpi]


class BusinessTime(unittest.TestCase):
    def setUp(self):
        self.de = Calendars(BERLIN).of("de")

    def due(self, text):
        return self.de.due(berlin(text), SLA)

    def test_weekend_pauses_the_clock(self):
        self.assertEqual(self.due("2026-05-15T17:00"), berlin("2026-05-19T17:00"))

    def test_whit_monday_pauses_the_clock(self):
        self.assertEqual(self.due("2026-05-22T17:00"), berlin("2026-05-27T17:00"))

    def test_ticket_of_good_friday_starts_on_tuesday(self):
        opened = berlin("2026-04-03T10:00")
        self.assertEqual(self.de.elapsed(opened, berlin("2026-04-07T00:00")), 0)
        self.assertEqual(self.due("2026-04-03T10:00"), berlin("2026-04-09T00:00"))

    def test_sunday_of_23_hours_is_no_business_time(self):
        self.assertEqual(self.due("2026-03-27T12:00"), berlin("2026-03-31T12:00"))

    def test_days_of_23_and_25_hours_count_as_they_are(self):
        every_day = Calendar("Europe/Berlin", range(1, 8))
        spring = berlin("2026-03-28T12:00")
        autumn = berlin("2026-10-24T12:00")
        self.assertEqual(every_day.due(spring, SLA), berlin("2026-03-30T13:00"))
        self.assertEqual(every_day.due(autumn, SLA), berlin("2026-10-26T11:00"))

    def test_48_hours_from_thursday_midnight_end_on_friday_evening(self):
        self.assertEqual(self.due("2026-06-11T00:00"), berlin("2026-06-13T00:00"))

    def test_handling_time_counts_working_days_from_the_next_working_day(self):
        end = self.de.end_of_working_day
        self.assertEqual(end(berlin("2026-06-10T09:00"), 2), berlin("2026-06-13T00:00"))
        self.assertEqual(end(berlin("2026-06-12T09:00"), 1), berlin("2026-06-16T00:00"))
        self.assertEqual(end(berlin("2026-06-13T09:00"), 1), berlin("2026-06-17T00:00"))
        self.assertEqual(end(berlin("2026-06-13T09:00"), 0), berlin("2026-06-16T00:00"))


class OrderUnits(unittest.TestCase):
    def unit(self, **promise):
        stream = Stream()
        stream.order("u1", T0, **{"ship_by": T0 + DAY, "deliver_from": T0 + 2 * DAY,
                                  "deliver_by": T0 + 4 * DAY, **promise})
        return stream

    def test_all_24_interleavings_count_the_same(self):
        stream = self.unit()
        stream.ship("u1", "shipment_sent", T0 + 2 * HOUR, "n1", "DHL")
        stream.ship("u1", "carrier_accepted", T0 + 3 * HOUR, "n1")
        stream.ship("u1", "delivered", T0 + 3 * DAY, "n1")
        answers = {json.dumps(judge(list(order)), sort_keys=True)
                   for order in itertools.permutations(stream.events)}
        self.assertEqual(len(answers), 1)
        self.assertEqual(sorted(facts_of(stream)),
                         ["created", "delivery_on_time", "dispatch_good", "tracking_good"])

    def test_every_event_twice_counts_once(self):
        stream = self.unit()
        stream.ship("u1", "delivered", T0 + 3 * DAY)
        self.assertEqual(judge(stream.events), judge(stream.events * 2))

    def test_second_parcel_late_makes_the_unit_late(self):
        stream = self.unit()
        stream.ship("u1", "delivered", T0 + 3 * DAY, "n1", parcel_count=2)
        stream.ship("u1", "delivered", T0 + 5 * DAY, "n2", parcel_count=2)
        self.assertEqual(facts_of(stream)["delivery_late"], [T0 + 4 * DAY])
        self.assertEqual(row(stream, "delivery_on_time:7d"),
                         {"bad": 1, "total": 1, "value": 0})

    def test_parcel_never_seen_waits_for_received(self):
        stream = self.unit()
        stream.ship("u1", "delivered", T0 + 3 * DAY, "n1", parcel_count=2)
        self.assertNotIn("delivery_on_time", facts_of(stream))
        stream.status("u1", T0 + 3 * DAY + HOUR, "received")
        self.assertEqual(facts_of(stream)["delivery_on_time"], [T0 + 3 * DAY + HOUR])

    def test_attempt_before_the_window_is_early(self):
        stream = self.unit()
        stream.ship("u1", "delivery_attempted", T0 + DAY)
        self.assertEqual(facts_of(stream)["delivery_early"], [T0 + DAY])

    def test_miss_needs_the_watermark_past_deadline_and_grace(self):
        stream = self.unit()
        last = stream.time_passes_until(T0 + DAY + 2 * HOUR + MINUTE)
        self.assertNotIn("dispatch_bad", facts_of(stream))
        last["ts_event"] += 1
        self.assertEqual(facts_of(stream)["dispatch_bad"], [T0 + DAY])

    def test_promise_is_what_was_told_first(self):
        stream = self.unit()
        stream.status("u1", T0 + HOUR, "need_to_be_sent", ship_by=T0 + 9 * DAY)
        stream.ship("u1", "shipment_sent", T0 + 2 * DAY)
        self.assertEqual(facts_of(stream)["dispatch_bad"], [T0 + DAY])

    def test_missing_ship_by_follows_from_the_handling_time(self):
        stream = Stream(storefront="de")
        stream.order("u1", berlin("2026-06-12T09:00"), handling_time=1)
        stream.ship("u1", "shipment_sent", berlin("2026-06-16T00:00") + 1)
        counted = facts_of(stream, calendars=BERLIN)
        self.assertEqual(counted["dispatch_bad"], [berlin("2026-06-16T00:00")])

    def test_cancelled_before_a_fact_takes_it_away_and_still_counts_as_created(self):
        stream = self.unit()
        stream.ship("u1", "shipment_sent", T0 + 3 * HOUR)
        stream.status("u1", T0 + 3 * HOUR, "cancelled", cancel_reason="NoInventory")
        stream.time_passes_until(T0 + 9 * DAY)
        self.assertEqual(facts_of(stream), {"created": [T0], "dispatch_good": [T0 + 3 * HOUR],
                                            "cancelled_by_seller": [T0 + 3 * HOUR]})

    def test_buyers_reason_is_no_cancellation_of_the_seller(self):
        stream = self.unit()
        stream.status("u1", T0 + HOUR, "cancelled", cancel_reason="BuyerCancelled")
        self.assertEqual(facts_of(stream), {"created": [T0]})

    def test_tracking_needs_number_and_carrier_within_48_hours(self):
        stream = self.unit()
        stream.ship("u1", "shipment_sent", T0 + HOUR)
        stream.ship("u1", "in_transit", T0 + 5 * HOUR, "n1")
        stream.ship("u1", "in_transit", T0 + HOUR + 48 * HOUR + 1, "n1", "DHL")
        self.assertEqual(facts_of(stream)["tracking_bad"], [T0 + 49 * HOUR])
        stream.events[-1]["ts_event"] -= 1
        self.assertEqual(facts_of(stream)["tracking_good"], [T0 + 5 * HOUR])

    def test_fulfilled_by_kaufland_counts_nothing(self):
        stream = self.unit()
        stream.ship("u1", "in_transit", T0 + HOUR, fulfillment_type="fulfilled_by_kaufland")
        self.assertEqual(facts_of(stream), {})

    def test_unit_belongs_to_the_storefront_of_its_first_event(self):
        stream = self.unit()
        stream.ship("u1", "shipment_sent", T0 + HOUR)["storefront"] = "yy"
        self.assertEqual(facts_of(stream), {"created": [T0]})

    def test_overdue_delivery_is_a_gauge_of_now(self):
        stream = self.unit()
        last = stream.time_passes_until(T0 + 4 * DAY + MINUTE)
        self.assertEqual(row(stream, "delivery_overdue:now")["value"], 0)
        last["ts_event"] += 1
        self.assertEqual(row(stream, "delivery_overdue:now")["value"], 1)
        stream.ship("u1", "delivered", T0 + 4 * DAY + 5)
        self.assertEqual(row(stream, "delivery_overdue:now")["value"], 0)

    def test_exactly_at_a_deadline_is_in_time(self):
        stream = self.unit()
        stream.ship("u1", "shipment_sent", T0 + DAY, "n1", "DHL")
        stream.ship("u1", "carrier_accepted", T0 + 3 * DAY, "n1", "DHL")
        stream.ship("u1", "delivered", T0 + 4 * DAY, "n1", "DHL")
        counted = facts_of(stream)
        self.assertEqual(counted["dispatch_good"], [T0 + DAY])
        self.assertEqual(counted["tracking_good"], [T0 + 3 * DAY])
        self.assertEqual(counted["delivery_on_time"], [T0 + 4 * DAY])

    def test_attempt_at_the_begin_of_the_window_is_not_early(self):
        stream = self.unit()
        stream.ship("u1", "delivered", T0 + 2 * DAY)
        self.assertEqual(facts_of(stream)["delivery_on_time"], [T0 + 2 * DAY])

    def test_late_attempt_is_known_at_once_and_a_missing_one_with_patience(self):
        stream = self.unit()
        stream.ship("u1", "delivered", T0 + 4 * DAY + 1)
        self.assertEqual(facts_of(stream)["delivery_late"], [T0 + 4 * DAY])
        stream = self.unit()
        last = stream.time_passes_until(T0 + 4 * DAY + 12 * HOUR + MINUTE)
        self.assertNotIn("delivery_late", facts_of(stream))
        last["ts_event"] += 1
        self.assertEqual(facts_of(stream)["delivery_late"], [T0 + 4 * DAY])

    def test_missing_scan_is_a_miss_with_patience(self):
        stream = self.unit()
        stream.ship("u1", "shipment_sent", T0 + HOUR, "n1", "DHL")
        last = stream.time_passes_until(T0 + HOUR + 60 * HOUR + MINUTE)
        self.assertNotIn("tracking_bad", facts_of(stream))
        last["ts_event"] += 1
        self.assertEqual(facts_of(stream)["tracking_bad"], [T0 + 49 * HOUR])

    def test_unit_has_as_many_parcels_as_the_highest_count(self):
        stream = self.unit()
        stream.ship("u1", "shipment_sent", T0 + HOUR, "n1", parcel_count=3)
        stream.ship("u1", "delivered", T0 + 3 * DAY, "n1", parcel_count=1)
        stream.ship("u1", "delivered", T0 + 3 * DAY + 2, "n2", parcel_count=1)
        self.assertNotIn("delivery_on_time", facts_of(stream))
        stream.ship("u1", "delivered", T0 + 3 * DAY + 1, "n3", parcel_count=2)
        self.assertEqual(facts_of(stream)["delivery_on_time"], [T0 + 3 * DAY + 2])

    def test_attempt_without_a_number_counts_for_no_parcel_of_several(self):
        stream = self.unit()
        stream.ship("u1", "delivered", T0 + 3 * DAY, "n1", parcel_count=2)
        stream.ship("u1", "delivered", T0 + 3 * DAY, parcel_count=2)
        self.assertNotIn("delivery_on_time", facts_of(stream))

    def test_later_claim_of_another_seller_counts_nothing(self):
        stream = self.unit()
        stream.order("u1", T0 + 1)["id_seller"] = "s2"
        sellers = judge(stream.events)["sellers"]
        self.assertEqual(list(sellers), ["s1"])
        stream.events[-1]["ts_event"] = T0 - 1
        self.assertEqual(list(judge(stream.events)["sellers"]), ["s2"])

    def test_what_nobody_spoke_of_for_90_days_is_not_overdue(self):
        stream = self.unit()
        last = stream.time_passes_until(T0 + 90 * DAY + MINUTE)
        self.assertEqual(row(stream, "delivery_overdue:now")["value"], 1)
        last["ts_event"] += 1
        self.assertEqual(row(stream, "delivery_overdue:now")["value"], 0)
        stream.status("u1", T0 + DAY, "open")
        self.assertEqual(row(stream, "delivery_overdue:now")["value"], 1)

    def test_cancellation_rates_at_the_limits(self):
        for bad, total, expected in ((99, 10000, 9900), (100, 10000, 10000),
                                     (299, 10000, 29900), (300, 10000, 30000),
                                     (1, 3, 333333), (2, 3, 666667)):
            self.assertEqual(oracle.ppm(bad, total), expected)


class Tickets(unittest.TestCase):
    def opened(self, **fields):
        stream = Stream()
        stream.ticket("ticket_opened", "t1", T0, ["u1"], **fields)
        return stream

    def test_reply_in_time_counts_at_the_reply(self):
        stream = self.opened()
        stream.reply("t1", T0 + SLA)
        self.assertEqual(facts_of(stream)["response_good"], [T0 + SLA])

    def test_late_reply_counts_at_the_due_time_and_its_duration_at_the_reply(self):
        stream = self.opened()
        stream.reply("t1", T0 + SLA + 5)
        counted = facts_of(stream)
        self.assertEqual(counted["response_bad"], [T0 + SLA])
        self.assertEqual(counted["response_duration"], [T0 + SLA + 5])

    def test_reply_that_arrives_after_its_miss_takes_the_miss_back(self):
        stream = self.opened()
        stream.time_passes_until(T0 + SLA + 11 * HOUR)
        self.assertIn("response_bad", facts_of(stream))
        stream.reply("t1", T0 + SLA - 1)
        self.assertNotIn("response_bad", facts_of(stream))
        self.assertEqual(facts_of(stream)["response_good"], [T0 + SLA - 1])

    def test_auto_reply_and_interim_notice_are_no_reply(self):
        stream = self.opened()
        stream.reply("t1", T0 + 1, is_auto_reply=True)
        stream.reply("t1", T0 + 2, interim_notice=True)
        stream.reply("t1", T0 + 3, author_role="buyer")
        self.assertNotIn("response_good", facts_of(stream))
        counted = facts_of(stream, {"interim_notice_is_reply": True})
        self.assertEqual(counted["response_good"], [T0 + 2])

    def test_nothing_is_owed_once_the_buyer_closed(self):
        for name, fields in (("ticket_status_changed", {"status": "buyer_closed"}),
                             ("ticket_status_changed", {"status": "both_closed"}),
                             ("ticket_no_response_needed", {}),
                             ("ticket_message_new", {"is_seller_responsible": False})):
            stream = self.opened()
            stream.ticket(name, "t1", T0 + HOUR, **fields)
            stream.time_passes_until(T0 + 9 * DAY)
            self.assertEqual(facts_of(stream), {"opened": [T0]})

    def test_closed_at_the_instant_of_the_fact_leaves_it_and_before_takes_it(self):
        stream = self.opened()
        stream.reply("t1", T0 + HOUR)
        close = stream.ticket("ticket_status_changed", "t1", T0 + HOUR, status="buyer_closed")
        self.assertEqual(facts_of(stream)["response_good"], [T0 + HOUR])
        close["ts_event"] -= 1
        self.assertEqual(facts_of(stream), {"opened": [T0]})

    def test_closed_between_due_time_and_late_reply_keeps_the_miss_without_duration(self):
        stream = self.opened()
        stream.ticket("ticket_status_changed", "t1", T0 + SLA + 1, status="buyer_closed")
        stream.reply("t1", T0 + SLA + 2)
        self.assertEqual(facts_of(stream), {"opened": [T0], "response_bad": [T0 + SLA]})

    def test_missing_reply_is_a_miss_when_the_watermark_is_past_due_and_grace(self):
        for grace in (0, HOUR):
            stream = self.opened()
            settings = {"grace": {"response": grace}}
            last = stream.time_passes_until(T0 + SLA + MINUTE + grace)
            self.assertNotIn("response_bad", facts_of(stream, settings))
            last["ts_event"] += 1
            self.assertEqual(facts_of(stream, settings)["response_bad"], [T0 + SLA])

    def test_late_reply_is_a_miss_at_once_whatever_the_grace(self):
        stream = self.opened()
        stream.reply("t1", T0 + SLA + 1)
        counted = facts_of(stream, {"grace": {"response": DAY}})
        self.assertEqual(counted["response_bad"], [T0 + SLA])

    def test_duration_is_business_time_and_slow_beyond_36_hours(self):
        stream = Stream(storefront="de")
        stream.ticket("ticket_opened", "t1", berlin("2026-06-12T09:00"))
        stream.reply("t1", berlin("2026-06-15T21:00"))
        result = judge(stream.events, calendars=BERLIN, with_facts=True)
        took = [f["duration_ms"] for f in result["facts"] if "duration_ms" in f]
        self.assertEqual(took, [36 * HOUR])
        shown = result["sellers"]["s1"]["de"]["response_time:7d"]
        self.assertEqual((shown["bad"], shown["total"]), (0, 1))
        stream.events[-1]["ts_event"] += 10 * 60 * 1000  # into the next bucket
        self.assertEqual(row(stream, "response_time:7d", calendars=BERLIN)["bad"], 1)

    def test_tickets_of_two_sellers_or_without_opening_are_no_repeats(self):
        stream = self.opened()
        stream.ticket("ticket_opened", "t2", T0 + 1, ["u1"])["id_seller"] = "s2"
        stream.ticket("ticket_message_new", "t3", T0 + 2, ["u1"])
        self.assertNotIn("repeat", facts_of(stream))

    def test_first_of_two_tickets_is_no_repeat_and_neither_are_different_units(self):
        stream = self.opened()
        stream.ticket("ticket_opened", "t0", T0 + 1, ["u1"])
        stream.ticket("ticket_opened", "t2", T0 + 2, ["u9"])
        self.assertEqual(facts_of(stream)["repeat"], [T0 + 1])

    def test_closing_by_the_seller_is_no_reply(self):
        stream = self.opened()
        stream.ticket("ticket_status_changed", "t1", T0 + HOUR, status="seller_closed")
        stream.time_passes_until(T0 + 9 * DAY)
        self.assertEqual(facts_of(stream)["response_bad"], [T0 + SLA])

    def test_event_before_the_opening_counts_as_at_the_opening(self):
        stream = self.opened()
        stream.reply("t1", T0 - HOUR)
        self.assertEqual(facts_of(stream)["response_good"], [T0])

    def test_ticket_without_its_opening_decides_nothing(self):
        stream = Stream()
        stream.reply("t1", T0)
        stream.time_passes_until(T0 + 9 * DAY)
        self.assertEqual(facts_of(stream), {})

    def test_unknown_topic_and_storefront_pass_through(self):
        stream = self.opened(topic="cs_nagative_rating")
        self.assertEqual(facts_of(stream), {"opened": [T0]})
        self.assertEqual(row(stream, "repeat_contact:24h", storefront="xx")["total"], 1)

    def test_avoidable_classes(self):
        stream = Stream()
        stream.order("u1", T0)
        for i, topic in enumerate(oracle.DEFAULTS["avoidable_topics"]):
            stream.ticket("ticket_opened", f"t{i}", T0 + i, [f"u{i}"], topic=topic)
        self.assertEqual(row(stream, "avoidable_enquiries:24h"),
                         {"bad": 7, "total": 1, "value": 7_000_000})
        self.assertEqual(row(stream, "avoidable_enquiries.invoice:24h")["bad"], 2)

    def test_second_ticket_within_seven_days_is_a_repeat(self):
        stream = self.opened()
        stream.ticket("ticket_opened", "t2", T0 + 7 * DAY, ["u1", "u2"])
        stream.ticket("ticket_opened", "t3", T0 + 14 * DAY + 1, ["u2"])
        self.assertEqual(facts_of(stream)["repeat"], [T0 + 7 * DAY])

    def test_of_two_tickets_at_one_instant_the_greater_id_is_the_repeat(self):
        stream = self.opened()
        stream.ticket("ticket_opened", "t0", T0, ["u1"])
        result = judge(stream.events, with_facts=True)
        self.assertEqual([f["id"] for f in result["facts"] if f["fact"] == "repeat"], ["t1"])

    def test_customer_service_escalates_once(self):
        stream = self.opened()
        stream.reply("t1", T0 + HOUR, author_role="customer_service")
        stream.ticket("ticket_status_changed", "t1", T0 + 2 * HOUR,
                      status="customer_service_closed_final")
        self.assertEqual(facts_of(stream)["escalation"], [T0 + HOUR])

    def test_overdue_reply_is_a_gauge_of_now(self):
        stream = self.opened()
        last = stream.time_passes_until(T0 + SLA + MINUTE)
        self.assertEqual(row(stream, "response_overdue:now")["value"], 0)
        last["ts_event"] += 1
        self.assertEqual(row(stream, "response_overdue:now")["value"], 1)


class Windows(unittest.TestCase):
    def test_window_is_the_panes_after_its_floor(self):
        t = 100 * HOUR + 30_000
        self.assertTrue(oracle.in_window(99 * HOUR + MINUTE, t, HOUR, MINUTE))
        self.assertFalse(oracle.in_window(99 * HOUR + MINUTE - 1, t, HOUR, MINUTE))
        self.assertTrue(oracle.in_window(100 * HOUR + 59_999, t, HOUR, MINUTE))
        self.assertFalse(oracle.in_window(100 * HOUR + MINUTE, t, HOUR, MINUTE))

    def test_a_day_of_silence_empties_the_day(self):
        stream = Stream()
        stream.order("u1", T0)
        stream.time_passes_until(T0 + DAY)
        self.assertEqual(row(stream, "cancellation:24h")["total"], 0)
        self.assertEqual(row(stream, "cancellation:7d")["total"], 1)
        self.assertIsNone(row(stream, "cancellation:24h")["value"])

    def test_all_storefronts_are_summed(self):
        stream = Stream()
        stream.order("u1", T0)
        stream.order("u2", T0)["storefront"] = "yy"
        self.assertEqual(row(stream, "cancellation:24h")["total"], 2)
        self.assertEqual(row(stream, "cancellation:24h", storefront="yy")["total"], 1)

    def test_quantiles_are_upper_bounds_of_buckets_at_most_one_percent_wide(self):
        self.assertEqual(oracle.bucket_bound(127), 127)
        self.assertEqual(oracle.bucket_bound(128), 128)
        self.assertEqual(oracle.bucket_bound(256), 257)
        for value in (1000, 99_999, 172_800_000):
            bound = oracle.bucket_bound(value)
            self.assertTrue(value <= bound < value * 1.01)
        self.assertEqual(oracle.quantile([10, 20, 30], 50), 20)
        self.assertEqual(oracle.quantile(list(range(1, 101)), 95), 95)
        self.assertIsNone(oracle.quantile([], 50))


class Breaches(unittest.TestCase):
    def level(self, bad, total, window="7d", kpi="delivery_late"):
        row = {"bad": bad, "total": total, "value": oracle.ppm(bad, total)}
        return oracle.severity(kpi, window, row)

    def test_two_late_of_ten_is_no_alert_three_of_thirty_a_warning(self):
        self.assertIsNone(self.level(2, 10))
        self.assertEqual(self.level(3, 30), "warning")
        self.assertEqual(self.level(4, 30), "critical")
        self.assertEqual(self.level(4, 30, "24h"), "warning")

    def test_cancellation_at_its_limits(self):
        levels = [self.level(bad, 10000, "30d", "cancellation") for bad in (99, 100, 299, 300)]
        self.assertEqual(levels, [None, "warning", "warning", "critical"])

    def test_good_side_is_held_against_its_limit_and_least_counts_are_enough(self):
        def level(bad, total):
            return self.level(bad, total, kpi="delivery_on_time")
        self.assertIsNone(level(7, 100))
        self.assertEqual(level(8, 100), "warning")
        self.assertEqual(level(10, 100), "warning")
        self.assertEqual(level(11, 100), "critical")
        self.assertEqual(level(3, 10), "critical")
        self.assertIsNone(level(3, 9))

    def test_a_ratio_just_below_its_limit_is_not_rounded_to_it(self):
        self.assertIsNone(self.level(9_999_999, 1_000_000_000, "30d", "cancellation"))

    def test_all_storefronts_alert_only_where_two_have_facts(self):
        stream = Stream()
        for i in range(60):
            stream.order(f"u{i}", T0)
            stream.status(f"u{i}", T0, "cancelled", cancel_reason="NoInventory")
        found = oracle.breaches(judge(stream.events))
        self.assertNotIn(("s1", "*", "cancellation", "7d"), found)
        stream.order("other", T0)["storefront"] = "yy"
        found = oracle.breaches(judge(stream.events))
        self.assertEqual(found["s1", "*", "cancellation", "7d"], "critical")
        self.assertEqual(found["s1", "xx", "cancellation", "24h"], "warning")


class Shards(unittest.TestCase):
    def test_partitions_are_those_of_kafkas_java_client(self):
        # Known answers of org.apache.kafka.common.utils.Utils.murmur2.
        for key, expected in ((b"21", -973932308), (b"foobar", -790332482),
                              (b"a-little-bit-long-string", -985981536),
                              (b"a-little-bit-longer-string", -1486304829),
                              (b"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971),
                              (b"abc", 479470107)):
            self.assertEqual(murmur2(key), expected & 0xFFFFFFFF)

    def test_every_partition_has_a_time_of_its_own(self):
        sellers = [f"s{i}" for i in range(20)]
        stream = Stream()
        for i, seller in enumerate(sellers):
            stream.order(f"u{i}", T0 + i * HOUR)["id_seller"] = seller
        result = judge(stream.events, partitions=4)
        for seller in sellers:
            shard = result["shards"][str(oracle.partition_of(seller, 4))]
            self.assertLessEqual(shard["stream_time"], T0 + 19 * HOUR)
        self.assertEqual(len(result["sellers"]), 20)
        self.assertEqual(len({s["stream_time"] for s in result["shards"].values()}), 4)

    def test_union_wrappers_and_nulls_read_like_plain_values(self):
        stream = Stream()
        stream.order("u1", T0, ship_by={"long": T0 + HOUR}, deliver_by=None,
                     cancel_reason={"string": "NoInventory"}, status={"kgm.v1.S": "cancelled"})
        with tempfile.NamedTemporaryFile("w", suffix=".jsonl") as file:
            file.write("\n".join(json.dumps(event) for event in stream.events))
            file.flush()
            text = subprocess.run(
                [sys.executable, oracle.__file__, "--events", file.name, "--facts"],
                check=True, capture_output=True, text=True).stdout
        names = [fact["fact"] for fact in json.loads(text)["facts"]]
        self.assertEqual(names, ["cancelled_by_seller", "created"])

    def test_impossible_events_count_nothing(self):
        stream = Stream()
        stream.order("u1", T0)
        stream.order("u2", T0)["id_message"] = ""
        stream.order("u" * 65, T0)
        stream.order("u3", -1)
        stream.order("u5", T0, handling_time=366)
        stream.ship("u1", "delivered", T0, parcel_count=0)
        stream.add("order_unit_exploded", T0, id_order_unit="u4")
        self.assertEqual(facts_of(stream), {"created": [T0]})

    def test_bounds_themselves_are_fine(self):
        stream = Stream(seller="s" * 64)
        stream.order("u" * 64, 0, ts_created=0, handling_time=365)
        stream.ship("u" * 64, "shipment_sent", 1, parcel_count=1000)
        self.assertEqual(facts_of(stream)["created"], [0])


if __name__ == "__main__":
    unittest.main()
