#!/usr/bin/env python3
"""Can the judges fail? Planted mistakes in views and feed are found, and what the harness
writes into Kafka is what it was given."""

import copy
import os
import subprocess
import sys
import types
import unittest
import unittest.mock

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import harness  # noqa: E402
import judging  # noqa: E402
import oracle  # noqa: E402
import test_main_job  # noqa: E402
import wire  # noqa: E402
from harness import confluent_kafka  # noqa: E402
from events import partition_of, read_events  # noqa: E402
from gate import RegistryGate  # noqa: E402

EVENTS = read_events([str(harness.ROOT / "tests" / "golden" / "sample.jsonl")])


def shown(answer):
    """The views that a faultless program would write."""
    views = {}
    for place, rows in judging.expected_rows(answer):
        views[place] = {}
        for name, row in rows.items():
            value = "-" if row["value"] is None else row["value"]
            views[place][name] = f"{row['bad']} {row['total']} {value} 0 ok"
    return views


def alert(watched, number, status, before, **more):
    """An alert as the reader would have it."""
    seller, storefront, kpi, window = watched.split("|")
    body = {"alert_key": watched, "alert_id": more.get("episode", "e1"), "sequence": number,
            "event_type": status, "status": status, "previous_status": before,
            "severity": "CRITICAL", "id_seller": seller, "storefront": storefront, "kpi": kpi,
            "window": window, "shard_sequence": more.get("shard_sequence", number),
            "reason": "RECOVERED" if status == "RESOLVED" else "THRESHOLD",
            "value": 0.0 if status == "RESOLVED" else 0.5, "comparator": ">", "threshold": 0.1,
            "evidence": [{}], "evidence_total": 1}
    ce_id = more.get("ce_id", f"{body['alert_id']}:{number}")
    return types.SimpleNamespace(
        partition=0, offset=number, key=more.get("key", seller), body=body,
        headers={"ce_id": ce_id, "ce_specversion": "1.0", "ce_type": "t"})


class Environment(unittest.TestCase):
    def test_what_is_told_to_the_tests_is_no_setting_of_the_program(self):
        told = {"SELLERWATCH_TEST_KAFKA": "h:1", "SELLERWATCH_SHARED": "/shared",
                "SELLERWATCH_WORKERS": "3"}
        with unittest.mock.patch.dict(os.environ, told):
            given = harness.program_environment()
        self.assertEqual({name for name in told if name in given}, {"SELLERWATCH_WORKERS"})


class Views(unittest.TestCase):
    def setUp(self):
        self.answer = oracle.judge(EVENTS)
        self.views = shown(self.answer)

    def differences(self):
        return judging.compare_views(self.answer, self.views)

    def test_right_views_are_right(self):
        self.assertEqual(self.differences(), [])

    def test_one_wrong_count_is_found(self):
        view = self.views["seller-late", "de"]
        view["dispatch_late:7d"] = view["dispatch_late:7d"].replace("4 12", "4 13")
        self.assertEqual(len(self.differences()), 1)

    def test_text_of_another_shape_is_found(self):
        for text in ("", "1", "a b c", "1.5 2 3 4 ok"):
            self.views["seller-late", "de"]["dispatch_late:7d"] = text
            self.assertEqual(len(self.differences()), 1, text)

    def test_missing_seller_and_invented_seller_are_found(self):
        self.views["nobody", "de"] = {"dispatch_late:7d": "1 1 1000000 0 ok"}
        del self.views["seller-good", "*"]
        places = {text.split(" ")[0] for text in self.differences()}
        self.assertEqual(places, {"nobody|de", "seller-good|*"})

    def test_wrong_gauge_and_missing_field_are_found(self):
        view = self.views["seller-silent", "de"]
        view["response_overdue:now"] = "0 0 0 1 ok"
        del view["repeat_contact:7d"]
        self.assertEqual(len(self.differences()), 2)

    def test_wrong_time_is_found(self):
        shards = copy.deepcopy(self.answer["shards"])
        right = {int(n): {k: str(v) for k, v in s.items()} for n, s in shards.items()}
        self.assertEqual(judging.compare_shards(self.answer, right), [])
        right[0]["watermark"] = "1"
        self.assertEqual(len(judging.compare_shards(self.answer, right)), 1)


class Feed(unittest.TestCase):
    KEY = "seller-late|de|delivery_late|7d"

    def legal(self):
        return [alert(self.KEY, 1, "FIRING", "OK"), alert(self.KEY, 2, "RECOVERING", "FIRING"),
                alert(self.KEY, 3, "RESOLVED", "RECOVERING"),
                alert(self.KEY, 1, "FIRING", "OK", episode="e2", shard_sequence=4)]

    def test_legal_feed_has_no_problems(self):
        self.assertEqual(judging.feed_problems(self.legal()), [])

    def test_change_told_twice_is_found(self):
        feed = self.legal()
        self.assertTrue(judging.feed_problems(feed + feed[-1:]))

    def test_gap_in_the_sequence_is_found(self):
        feed = self.legal()
        del feed[1]
        self.assertTrue(judging.feed_problems(feed))

    def test_wrong_key_and_wrong_past_are_found(self):
        self.assertTrue(judging.feed_problems([alert(self.KEY, 1, "FIRING", "OK", key="x")]))
        self.assertTrue(judging.feed_problems([alert(self.KEY, 1, "RESOLVED", "FIRING")]))

    def test_record_that_contradicts_itself_is_found(self):
        feed = self.legal()
        feed[0].body["evidence"] = []
        feed[2].body["value"] = 0.2
        self.assertEqual(len(judging.feed_problems(feed)), 2)
        feed[2].body["reason"] = "DATA_CORRECTED"
        self.assertEqual(len(judging.feed_problems(feed)), 1)

    def test_breach_without_an_alert_is_found(self):
        answer = oracle.judge(EVENTS)
        feed = [alert("|".join(place), 1, "FIRING", "OK", episode="-".join(place))
                for place in oracle.breaches(answer)]
        self.assertEqual(judging.missing_alerts(feed, answer), [])
        self.assertEqual(len(judging.missing_alerts(feed[1:], answer)), 1)
        feed[0].body["status"] = "RESOLVED"
        self.assertEqual(len(judging.missing_alerts(feed, answer)), 1)


class World(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.world = harness.shared_world()

    def test_events_arrive_whole_and_in_the_partition_the_oracle_computes(self):
        with harness.Job(self.world, partitions=3) as job:
            job.produce(EVENTS)
            for topic in harness.TOPICS:
                for record in job.records(topic):
                    seller = record.key().decode()
                    self.assertEqual(record.partition(), partition_of(seller, 3))
                    self.assertEqual(record.value()[:5],
                                     wire.framed(job.encoders[topic].id, b""))
            read = job.input_events()
            self.assertNotEqual(job.unread(), [])
        self.assertEqual(len(read), len(EVENTS))
        for settings in (None, {"max_delay": 0}):
            self.assertEqual(oracle.judge(read, settings), oracle.judge(EVENTS, settings))

    def test_owners_are_the_members_of_the_group(self):
        with harness.Job(self.world, partitions=2) as job:
            self.assertEqual(job.owners(), {})
            member = confluent_kafka.Consumer({
                "bootstrap.servers": self.world.kafka.brokers, "group.id": job.name,
                "group.instance.id": "me", "log_level": 0})
            member.subscribe([job.topics["orders"]])
            for _ in range(50):
                member.poll(0.1)
                if job.owners():
                    break
            self.assertEqual(job.owners(), {"me": {0, 1}})
            member.unsubscribe()  # not close(): it may wait for ever for the coordinator

    def test_program_finds_no_mistake_in_our_configuration(self):
        settings = {"workers": 2, "batch.records": 7, "time.source": "wall"}
        with harness.Job(self.world, partitions=1, settings=settings) as job:
            one = job.instance()
            done = subprocess.run([harness.binary(), "check", str(one.config)], text=True,
                                  capture_output=True, check=False,
                                  env=harness.program_environment())
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_newer_writer_schema_holds_the_same_events(self):
        with harness.Job(self.world, partitions=1) as job:
            test_main_job.world = self.world
            newer = test_main_job.Schemas().newer(job, "messages")
            event = next(e for e in EVENTS if e["event_name"] == "ticket_opened")
            found = wire.decoded(newer.record(event), newer.schema)
        self.assertEqual(found.pop("news"), ["a", "b"])
        self.assertEqual(found, event)

    def test_shut_gate_answers_503_and_counts(self):
        gate = RegistryGate(self.world.registry)
        self.addCleanup(gate.close)
        known = wire.register(gate.url, "gate", harness.read_schema("order_event"))
        self.assertIn("schema", wire.call_registry(gate.url, f"/schemas/ids/{known}"))
        gate.shut = True
        with self.assertRaises(OSError):
            wire.call_registry(gate.url, f"/schemas/ids/{known}")
        self.assertEqual(gate.times_asked(f"/schemas/ids/{known}"), 2)


if __name__ == "__main__":
    unittest.main()
