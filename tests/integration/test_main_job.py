#!/usr/bin/env python3
"""The main job on real Kafka, a real schema registry and a real Redis, against the oracle.

    tests/support/python.sh -m unittest discover -s tests/integration

SELLERWATCH          the program (default: the newest build/*/sellerwatch)
SELLERWATCH_SHARED   where the shared data lie (default: ../shared beside the project)
SELLERWATCH_TEST_EVENTS     size of the generated marketplace (default 200000)
SELLERWATCH_TEST_PATIENCE   seconds to wait until everything is read (default 240)
"""

import argparse
import collections
import json
import os
import random
import shutil
import subprocess
import sys
import time
import unittest
import urllib.parse

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import harness  # noqa: E402
import marketplace  # noqa: E402
import olist  # noqa: E402
import services  # noqa: E402
from events import read_events  # noqa: E402
from gate import RegistryGate  # noqa: E402
from wire import Encoder, call_registry, framed  # noqa: E402

DAY = 24 * 3_600_000
SAMPLE = harness.ROOT / "tests" / "golden" / "sample.jsonl"
MARKETPLACE_EVENTS = int(os.environ.get("SELLERWATCH_TEST_EVENTS", "200000"))
world = None


def setUpModule():
    global world
    harness.binary()
    world = harness.shared_world()


def invented(events, seed=1, sellers=40, days=50):
    given = argparse.Namespace(events=events, seed=seed, sellers=sellers, days=days,
                               no_late_life=False)
    return marketplace.Marketplace(given).arrivals(events)


def slices(events, count):
    """The events in so many pieces, in order."""
    size = -(-len(events) // count)
    return [events[i:i + size] for i in range(0, len(events), size)]


needs_olist = unittest.skipUnless(os.path.isdir(olist.DEFAULT_DATA),
                                  f"no {olist.DEFAULT_DATA}: not part of the project")


class EqualsTheOracle(unittest.TestCase):
    """Everything in, read to the end, every seller, KPI and window compared."""

    def run_all(self, events, partitions=4, **settings):
        with harness.Job(world, partitions, settings=settings) as job:
            job.produce(events)
            one = job.instance().start()
            job.wait_until_read()
            answer = job.assert_equals_oracle(self, events)
            alerts = job.assert_feed_is_legal(self, answer)
            self.assertEqual(job.reasons_of_dead_letters(), {})
            code, took = one.stop()
            self.assertEqual(code, 0, one.log_end())
            self.assertLess(took, 5)
            job.assert_shows(self, answer)
            self.assert_verb_tells(one.config, alerts)
            return alerts

    def assert_verb_tells(self, config, alerts):
        """`alerts` reads what is in the topic: a line each, and every field as JSON."""
        def told(*options):
            done = subprocess.run([harness.binary(), "alerts", "--config", str(config),
                                   *options], check=True, text=True, capture_output=True,
                                  env=harness.program_environment())
            return done.stdout.splitlines()

        def gist(body):
            return [body[name] for name in (
                "alert_id", "sequence", "event_type", "reason", "id_seller", "kpi", "window",
                "value", "numerator", "denominator", "evidence_total", "links", "producer")]

        def place(gist):
            return gist[:2]

        self.assertEqual(len(told()), len(alerts))
        bodies = [json.loads(line) for line in told("--json")]
        self.assertEqual(sorted(map(gist, bodies), key=place),
                         sorted((gist(alert.body) for alert in alerts), key=place))
        for body, alert in zip(bodies[:1], alerts[:1]):
            self.assertEqual(set(body), set(alert.body))

    def test_sample_alerts_where_its_story_says(self):
        link = "https://x/{id_seller}?s={storefront}&k={kpi}&w={window}#{alert_id}"
        alerts = self.run_all(read_events([str(SAMPLE)]), partitions=2,
                              **{"alerts.links": {"dashboard": link},
                                 "alerts.labels": {"team": "apm"}})
        fired = {(alert.body["id_seller"], alert.body["kpi"]) for alert in alerts
                 if alert.body["event_type"] == "FIRING"}
        self.assertGreaterEqual(fired, {("seller-late", "dispatch_late"),
                                        ("seller-late", "delivery_late"),
                                        ("seller-silent", "response_on_time"),
                                        ("seller-silent", "repeat_contact")})
        self.assertFalse([who for who in fired if who[0] == "seller-good"])
        for alert in alerts:
            values = {name: urllib.parse.quote(alert.body[name], safe="")
                      for name in ("id_seller", "storefront", "kpi", "window", "alert_id")}
            self.assertEqual(alert.body["links"], {"dashboard": link.format(**values)})
            self.assertEqual(alert.body["labels"], {"team": "apm"})

    @needs_olist
    def test_olist_as_it_happened(self):
        self.run_all(olist.convert(olist.DEFAULT_DATA, seed=7))

    @needs_olist
    def test_olist_folded_into_four_weeks_so_that_windows_are_full(self):
        events = olist.convert(olist.DEFAULT_DATA, weeks=4, seed=7)
        self.run_all(olist.convert(olist.DEFAULT_DATA, weeks=4, seed=7,
                                   until=events[0]["ts_event"] + 35 * DAY))

    def test_marketplace_late_shuffled_and_doubled(self):
        self.run_all(invented(MARKETPLACE_EVENTS, sellers=60))

    def test_two_workers_count_like_one(self):
        self.run_all(invented(20_000, seed=2), workers=2)

    def test_small_batches_and_often_saved_counts_the_same(self):
        self.run_all(invented(5_000, seed=3), **{"batch.records": 7, "commit.interval": "5ms"})


class Restarts(unittest.TestCase):
    """Whatever ends in the middle: counts are exact and each alert change appears once."""

    def setUp(self):
        self.dice = random.Random(self.id())

    def finish(self, job, events):
        job.wait_until_read()
        answer = job.assert_equals_oracle(self, events)
        job.assert_feed_is_legal(self, answer)
        self.assertEqual(job.reasons_of_dead_letters(), {})

    def test_sigterm_in_the_middle(self):
        events = invented(12_000, seed=11)
        with harness.Job(world) as job:
            for some in slices(events, 5):
                one = job.instance("one").start()
                before = job.read_so_far()
                job.produce(some)
                job.wait_for("the first save", lambda: job.read_so_far() > before)
                code, took = one.stop()
                self.assertEqual(code, 0, one.log_end())
                self.assertLess(took, 5)
                one.close()
            job.instance("one").start()
            self.finish(job, events)

    def test_kill_in_the_middle(self):
        events = invented(20_000, seed=12)
        with harness.Job(world, settings={"batch.records": 50,
                                          "commit.interval": "20ms"}) as job:
            one = job.instance("one").start()
            for some in slices(events, 10):
                job.produce(some)
                time.sleep(self.dice.uniform(0, 0.8))
                one.kill()
                one.start()
            self.finish(job, events)

    def hand_over(self, workers):
        """The second of two instances comes, and the first goes; all in full swing."""
        events = invented(20_000, seed=13)
        first, second, third = slices(events, 3)
        with harness.Job(world, partitions=6) as job:
            one = job.instance("one", workers=workers).start()
            job.produce(first)
            job.wait_for("the first save", lambda: job.read_so_far() > 0)
            two = job.instance("two", workers=workers).start()
            job.wait_for("all share", lambda: len(job.owners()) == 2 * workers)
            job.produce(second)
            code, _ = one.stop()
            self.assertEqual(code, 0, one.log_end())
            job.produce(third)
            job.wait_for("the second alone", lambda: len(job.owners()) == workers)
            self.finish(job, events)
            self.assertEqual(two.stop()[0], 0, two.log_end())

    def test_two_instances_hand_over(self):
        self.hand_over(workers=1)

    def test_workers_of_two_instances_hand_over(self):
        self.hand_over(workers=2)

    def test_survivor_takes_over_from_a_killed_instance(self):
        events = invented(12_000, seed=14)
        first, second = slices(events, 2)
        with harness.Job(world, partitions=6) as job:
            one = job.instance("one").start()
            job.instance("two").start()
            job.produce(first)
            job.wait_for("two owners", lambda: len(job.owners()) == 2)
            one.kill()
            job.produce(second)
            self.finish(job, events)

    def test_frozen_owner_that_wakes_up_writes_nothing(self):
        """It slept longer than its session lasts; another one took its shards over."""
        events = invented(12_000, seed=15)
        first, second, third = slices(events, 3)
        with harness.Job(world, partitions=6) as job:
            one = job.instance("one").start()
            job.instance("two").start()
            job.produce(first)
            job.wait_for("two owners", lambda: len(job.owners()) == 2)
            one.freeze()
            job.produce(second)
            job.wait_for("one owner", lambda: len(job.owners()) == 1)
            one.thaw()
            job.produce(third)
            self.finish(job, events)


class RedisFails(unittest.TestCase):
    def run_with(self, events, disturb, **settings):
        """Produces in slices; disturb(redis, number) between them."""
        with services.Redis(appendonly=True, fsync="always") as redis, \
                harness.Job(world, redis=redis, settings=settings) as job:
            job.instance().start()
            for number, some in enumerate(slices(events, 6)):
                job.produce(some)
                time.sleep(0.5)
                disturb(redis, number)
            job.wait_until_read()
            answer = job.assert_equals_oracle(self, events)
            job.assert_feed_is_legal(self, answer)

    def test_restarted_with_appendonly(self):
        def restart(redis, number):
            if number % 2:
                redis.kill()
            else:
                redis.stop()
            time.sleep(0.5)
            redis.start()
        self.run_with(invented(12_000, seed=21), restart)

    def test_backup_restored_counts_again_and_doubles_no_alert(self):
        """Redis comes back as it was some saves ago: state and offsets are older together."""
        def back_up_or_restore(redis, number):
            data = redis.folder / "appendonlydir"
            backup = redis.folder / "backup"
            if number == 1:
                redis.pause()
                shutil.copytree(data, backup)
                redis.resume()
            if number == 4:
                redis.kill()
                shutil.rmtree(data)
                shutil.copytree(backup, data)
                redis.start()
        self.run_with(invented(12_000, seed=22), back_up_or_restore)

    def test_answers_nothing_for_a_while(self):
        def freeze(redis, number):
            if number in (1, 3):
                redis.pause()
                time.sleep(1.2)
                redis.resume()
        self.run_with(invented(12_000, seed=23), freeze, **{"redis.timeout": "500ms"})


class KafkaFails(unittest.TestCase):
    def test_broker_killed_and_back(self):
        events = invented(9_000, seed=31)
        with harness.Job(world) as job:
            job.instance().start()
            for number, some in enumerate(slices(events, 2)):
                job.produce(some)
                if number == 0:
                    world.kafka.kill()
                    world.kafka.start()
            job.wait_until_read()
            answer = job.assert_equals_oracle(self, events)
            job.assert_feed_is_legal(self, answer)


class Health(unittest.TestCase):
    """What /readyz says while something is missing."""

    def ready(self, job):
        one = job.instance().start()
        job.wait_for("ready", lambda: one.get("/readyz")[0] == 200)
        return one

    def says(self, job, one, *words):
        def said():
            code, text = one.get("/readyz")
            return code == 503 and all(word in text for word in words)
        job.wait_for(f"{words} in /readyz", said)

    def test_owner_of_empty_topics_is_ready_and_alive(self):
        with harness.Job(world, partitions=2) as job:
            one = self.ready(job)
            self.assertEqual(one.get("/livez")[0], 200)

    def test_an_input_topic_that_is_deleted_is_named(self):
        with harness.Job(world, partitions=2) as job:
            one = self.ready(job)
            job.delete_topic("messages")
            self.says(job, one, "not ready: INPUTS: ", job.topics["messages"])
            self.assertIn(job.topics["messages"], one.log_end())

    def test_a_dead_letter_topic_that_is_deleted_is_named_and_keeps_nobody_from_stopping(self):
        with harness.Job(world, partitions=2) as job:
            one = self.ready(job)
            job.delete_topic("deadletter")
            job.produce_raw("orders", "4711", b"no record")
            job.flush()
            self.says(job, one, "not ready: SENDING: ", job.topics["deadletter"],
                      "1 shards are not saved until 1 dead letters are there")
            code, seconds = one.stop()
            self.assertEqual(code, 0)
            self.assertLess(seconds, 5)

    def test_who_waits_for_the_registry_lives_and_says_so(self):
        gate = RegistryGate(world.registry)
        self.addCleanup(gate.close)
        gate.shut = True
        with harness.Job(world, partitions=2, registry_url=gate.url) as job:
            one = job.instance().start()
            self.says(job, one, "not ready: SCHEMA: ", "503")
            self.assertEqual(one.get("/livez")[0], 200)
            gate.shut = False
            job.wait_for("ready", lambda: one.get("/readyz")[0] == 200)


class Schemas(unittest.TestCase):
    def newer(self, job, topic):
        """A writer that is ahead of us: fields in another order, one more in front."""
        text = json.loads(harness.read_schema(harness.SCHEMA_FILES[topic]))
        text["fields"].reverse()
        text["fields"].insert(0, {"name": "news", "type": {"type": "array", "items": "string"},
                                  "default": ["a", "b"]})
        move_definitions_first(text)
        return Encoder(world.registry.url, f"{job.name}-newer-{topic}", json.dumps(text))

    def test_newer_writer_is_asked_for_once_and_read_alike(self):
        events = invented(6_000, seed=41)
        gate = RegistryGate(world.registry)
        self.addCleanup(gate.close)
        with harness.Job(world, registry_url=gate.url) as job:
            first, second = slices(events, 2)
            job.produce(first)
            job.encoders["orders"] = self.newer(job, "orders")
            job.encoders["messages"] = self.newer(job, "messages")
            job.produce(second)
            job.instance().start()
            job.wait_until_read()
            job.assert_equals_oracle(self, events)
            for encoder in job.encoders.values():
                self.assertEqual(gate.times_asked(f"/schemas/ids/{encoder.id}"), 1)

    def test_registry_down_for_an_unknown_id_means_waiting_not_dead_letters(self):
        events = invented(6_000, seed=42)
        first, second = slices(events, 2)
        gate = RegistryGate(world.registry)
        self.addCleanup(gate.close)
        with harness.Job(world, registry_url=gate.url) as job:
            job.produce(first)
            one = job.instance().start()
            job.wait_until_read()
            gate.shut = True
            job.encoders["orders"] = self.newer(job, "orders")
            job.produce(second)
            waiting = f"/schemas/ids/{job.encoders['orders'].id}"
            job.wait_for("some questions", lambda: gate.times_asked(waiting) >= 4)
            self.assertIn("orders", {topic for topic, *_ in job.unread()})
            self.assertEqual(job.reasons_of_dead_letters(), {})
            self.assertEqual(one.get("/livez")[0], 200)
            self.assertLess(gate.times_asked(waiting), 200)
            gate.shut = False
            job.wait_until_read()
            job.assert_equals_oracle(self, events)
            self.assertEqual(job.reasons_of_dead_letters(), {})

    def test_alert_schema_is_registered_literally(self):
        with harness.Job(world, partitions=1) as job:
            job.produce(read_events([str(SAMPLE)]))
            job.instance().start()
            job.wait_until_read()
            subject = f"/subjects/{job.topics['alerts']}-value/versions/latest"
            found = call_registry(world.registry.url, subject)["schema"]
            self.assertEqual(json.loads(found),
                             json.loads(harness.read_schema("alert_event")))


def move_definitions_first(schema):
    """After fields were reordered: a named type is defined where it first stands."""
    defined = {}
    for field in schema["fields"]:
        kind = field["type"]
        if isinstance(kind, dict) and kind.get("type") == "enum":
            defined[kind["name"]] = kind
    seen = set()
    for field in schema["fields"]:
        kind = field["type"]
        name = kind if isinstance(kind, str) else isinstance(kind, dict) and kind.get("name")
        if name in defined:
            field["type"] = name if name in seen else defined[name]
            seen.add(name)


class Poison(unittest.TestCase):
    """Each bad record ends in the dead-letter topic with its reason, and nowhere else."""

    def bad_records(self, job, good):
        """[(reason, topic, key, value, partition)]; partition None: where the key belongs."""
        order = next(e for e in good if e["event_name"] == "order_unit_new")
        parcel = next(e for e in good if e["event_name"] == "delivered")
        orders, shipments = job.encoders["orders"], job.encoders["shipments"]
        seller = order["id_seller"]
        home = harness.oracle.partition_of(seller, job.partitions)
        whole = orders.record(order)

        def changed(event, encoder, **fields):
            return encoder.record({**event, "id_message": "poison", **fields})

        blind = json.loads(harness.read_schema("order_event"))
        blind["fields"] = [f for f in blind["fields"] if f["name"] != "id_seller"]
        blind = Encoder(world.registry.url, f"{job.name}-blind", json.dumps(blind))
        here = ("orders", seller)
        return [
            ("too_short", *here, b"\x00\x00\x00", None),
            ("wrong_magic", *here, b"\x01" + whole[1:], None),
            ("unknown_schema", *here, framed(987_654, whole[5:]), None),
            ("incompatible_schema", *here, blind.record(order), None),
            ("undecodable", *here, whole[:-9], None),
            ("undecodable", *here, framed(orders.id, b"\xff" * 12), None),
            ("trailing_bytes", *here, whole + b"!", None),
            ("bad_id", *here, changed(order, orders, id_message=""), None),
            ("bad_id", *here, changed(order, orders, id_order_unit="x" * 65), None),
            ("unknown_event_name", *here, changed(order, orders, event_name="UNKNOWN"), None),
            ("impossible_value", *here, changed(order, orders, ts_event=-1), None),
            ("impossible_value", "shipments", parcel["id_seller"],
             changed(parcel, shipments, parcel_count=0), None),
            ("key_mismatch", "orders", "somebody-else", whole, home),
            ("wrong_partition", *here, whole, (home + 1) % job.partitions),
        ]

    def test_poison_ends_in_the_dead_letter_topic_and_nowhere_else(self):
        good = invented(6_000, seed=51)
        first, second = slices(good, 2)
        with harness.Job(world) as job:
            bad = self.bad_records(job, good)
            job.produce(first)
            for _, topic, key, value, partition in bad:
                self.send(job, topic, key, value, partition)
            job.produce(second)
            job.instance().start()
            job.wait_until_read()
            bad.append(self.send_too_late(job, good))
            job.wait_until_read()
            job.assert_equals_oracle(self, good)
            self.compare(job, [(reason, topic, value) for reason, topic, _, value, _ in bad])

    def test_poison_that_came_compressed_leaves_behind_what_its_topic_does_not_take(self):
        """A broker counts the bytes as they come; a dead letter goes out one by one."""
        good = invented(3_000, seed=52)
        half, huge = b"\1" * 600_000, b"\1" * 1_100_000
        with harness.Job(world, partitions=2) as job:
            for key, value in ((half, half), (huge, b"\1 bad"), (b"s", huge)):
                job.produce_raw("orders", key, value, 0)
            job.produce(good)
            job.instance().start()
            job.wait_until_read()
            job.assert_equals_oracle(self, good)
            self.assertEqual(job.reasons_of_dead_letters(), {"wrong_magic": 3})
            self.assertEqual([(record.key(), record.value())
                              for record in job.records("deadletter")],
                             [(half, None), (None, b"\1 bad"), (b"s", None)])

    def send(self, job, topic, key, value, partition):
        if partition is None:
            partition = harness.oracle.partition_of(key, job.partitions)
        job.produce_raw(topic, key, value, partition)
        job.flush()

    def send_too_late(self, job, good):
        order = next(e for e in good if e["event_name"] == "order_unit_new")
        value = job.encoders["orders"].record({**order, "id_message": "late",
                                               "id_order_unit": "late"})
        self.send(job, "orders", order["id_seller"], value, None)
        return ("too_late", "orders", order["id_seller"], value, None)

    def compare(self, job, expected):
        dead = job.records("deadletter")
        found = collections.Counter((header(r, "reason"), self.topic(job, r), r.value())
                                    for r in dead)
        self.assertEqual(found, collections.Counter(expected))
        sources = {topic: {(r.partition(), r.offset()): r for r in job.records(topic)}
                   for topic in harness.TOPICS}
        for record in dead:
            place = int(header(record, "partition")), int(header(record, "offset"))
            source = sources[self.topic(job, record)][place]
            self.assertEqual((source.key(), source.value()), (record.key(), record.value()))

    def topic(self, job, record):
        names = {name: topic for topic, name in job.topics.items()}
        name = header(record, "topic")
        return names.get(name, name)

    def test_event_from_the_future_is_set_aside(self):
        """The wall clock is asked: an event of tomorrow cannot have happened."""
        now = int(time.time() * 1000)
        event = {**read_events([str(SAMPLE)])[0], "ts_event": now, "ts_created": now}
        tomorrow = {**event, "id_message": "tomorrow", "ts_event": now + DAY}
        with harness.Job(world, partitions=1, settings={"time.source": "wall"}) as job:
            job.produce([event, tomorrow])
            job.instance().start()
            job.wait_for("a dead letter", lambda: job.records("deadletter"))
            job.wait_for("both are read", lambda: not job.unread())
            self.assertEqual([header(r, "reason") for r in job.records("deadletter")],
                             ["too_far_ahead"])
            self.assertLess(int(job.shard(0)["stream_time"]), now + DAY)


def header(record, name):
    """A header by the last word of its name: `offset` finds source_offset."""
    for found, value in record.headers() or []:
        if found.replace("-", "_").replace(".", "_").split("_")[-1] == name or found == name:
            return value.decode()
    raise KeyError(f"no header {name} in {record.headers()}")


if __name__ == "__main__":
    unittest.main()
