#!/usr/bin/env python3
"""The makers of input keep their promises: same seed same bytes, nothing too late, and the
small sample tells the story that its header tells."""

import json
import os
import subprocess
import sys
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
import marketplace  # noqa: E402
import olist  # noqa: E402
import oracle  # noqa: E402
from business_time import Calendars  # noqa: E402
from events import acceptable, read_events  # noqa: E402
import sample  # noqa: E402

SAMPLE = os.path.join(HERE, "..", "golden", "sample.jsonl")
BERLIN = {"calendars": {"de": {"timezone": "Europe/Berlin", "working_days": [1, 2, 3, 4, 5]}},
          "storefronts": {"de": "de"}}


def made(script, *arguments):
    command = [sys.executable, os.path.join(HERE, script), *arguments]
    text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return [json.loads(line) for line in text.splitlines()]


class Marketplace(unittest.TestCase):
    def test_same_seed_same_events_other_seed_others(self):
        first = made("marketplace.py", "--events", "3000", "--seed", "5")
        self.assertEqual(first, made("marketplace.py", "--events", "3000", "--seed", "5"))
        self.assertNotEqual(first, made("marketplace.py", "--events", "3000", "--seed", "6"))
        self.assertEqual(len(first), 3000)

    def test_is_unkind_but_never_later_than_twelve_hours(self):
        events = made("marketplace.py", "--events", "20000")
        newest = 0
        latest = 0
        for event in events:
            latest = max(latest, newest - event["ts_event"])
            newest = max(newest, event["ts_event"])
        self.assertTrue(marketplace.HOUR < latest <= marketplace.LATEST)
        ids = [event["id_message"] for event in events]
        self.assertGreater(len(ids) - len(set(ids)), 500)
        self.assertTrue(all(acceptable(event) for event in events))
        self.assertGreaterEqual(len({event["storefront"] for event in events}), 6)

    def test_every_fact_occurs_and_arrival_order_does_not_matter(self):
        events = made("marketplace.py", "--events", "20000")
        answer = oracle.judge(events, with_facts=True)
        names = {fact["fact"] for fact in answer["facts"]}
        for _, bad, total in oracle.RATIOS.values():
            self.assertLessEqual(set(bad) | set(total), names)
        self.assertEqual(answer, oracle.judge(events[::-1], with_facts=True))


@unittest.skipUnless(os.path.isdir(olist.DEFAULT_DATA),
                     f"no {olist.DEFAULT_DATA}: the olist orders are not part of the project")
class Olist(unittest.TestCase):
    def test_every_item_is_a_unit_and_the_known_figures_come_out(self):
        events = olist.convert(olist.DEFAULT_DATA)
        self.assertEqual(events, olist.convert(olist.DEFAULT_DATA))
        times = [event["ts_event"] for event in events]
        self.assertEqual(times, sorted(times))
        self.assertEqual(len({event["id_message"] for event in events}), len(events))
        facts = oracle.judge(events, with_facts=True)["facts"]
        count = {name: sum(1 for f in facts if f["fact"] == name)
                 for name in ("created", "dispatch_bad", "dispatch_good")}
        self.assertEqual(count["created"], 1149)
        share = count["dispatch_bad"] / (count["dispatch_bad"] + count["dispatch_good"])
        self.assertAlmostEqual(share, 0.089, delta=0.005)

    def test_folding_keeps_the_delays_of_an_order(self):
        plain = oracle.judge(olist.convert(olist.DEFAULT_DATA), with_facts=True)["facts"]
        events = olist.convert(olist.DEFAULT_DATA, weeks=4)
        folded = oracle.judge(events, with_facts=True)["facts"]
        self.assertEqual(sorted((f["fact"], f["id"]) for f in plain),
                         sorted((f["fact"], f["id"]) for f in folded))

    def test_synthetic_tickets_say_that_they_are(self):
        events = olist.convert(olist.DEFAULT_DATA, seed=7)
        tickets = [event for event in events if "id_ticket" in event]
        self.assertGreater(len(tickets), 300)
        for event in tickets:
            self.assertTrue(event["id_ticket"].startswith("synthetic-"))
            self.assertTrue(event["id_message"].startswith("synthetic-"))


class Sample(unittest.TestCase):
    def setUp(self):
        self.events = read_events([SAMPLE])
        self.answer = oracle.judge(self.events, None, Calendars(BERLIN))
        self.sellers = self.answer["sellers"]

    def counts(self, seller, kpi):
        row = self.sellers[seller]["*"][kpi]
        return row["bad"], row["total"]

    def test_file_is_what_its_maker_writes(self):
        self.assertEqual(self.events, sample.arrivals())

    def test_good_seller_has_nothing_bad(self):
        for name, row in self.sellers["seller-good"]["*"].items():
            self.assertEqual(row["bad"], 0, name)

    def test_late_seller_misses_dispatch_delivery_and_tracking(self):
        self.assertEqual(self.counts("seller-late", "dispatch_late:7d"), (4, 12))
        self.assertEqual(self.counts("seller-late", "delivery_late:7d"), (5, 12))
        self.assertEqual(self.counts("seller-late", "tracking_valid:7d"), (4, 12))

    def test_silent_seller_misses_answers(self):
        self.assertEqual(self.counts("seller-silent", "response_on_time:7d"), (4, 7))
        self.assertEqual(self.counts("seller-silent", "response_overdue:now"), (2, 2))
        self.assertEqual(self.counts("seller-silent", "avoidable_enquiries:7d"), (6, 20))
        self.assertEqual(self.counts("seller-silent", "repeat_contact:7d"), (3, 8))
        self.assertEqual(self.counts("seller-silent", "escalation:7d"), (2, 8))

    def test_alerts_are_those_of_the_story(self):
        kpis = {(seller, kpi) for seller, _, kpi, window in oracle.breaches(self.answer)
                if window in ("7d", "now")}
        late = {"dispatch_late", "delivery_late", "delivery_on_time", "tracking_valid"}
        silent = {"response_on_time", "response_overdue", "avoidable_enquiries",
                  "repeat_contact"}
        self.assertEqual(kpis, {("seller-late", kpi) for kpi in late}
                         | {("seller-silent", kpi) for kpi in silent})


if __name__ == "__main__":
    unittest.main()
