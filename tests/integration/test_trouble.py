#!/usr/bin/env python3
"""Trouble that an operator makes or meets, on the real stack: a full Redis, a registry that
talks rubbish, topics that do not fit, are deleted, or lose what was not read yet.

Each asks the same: does the program live or refuse in plain words, and is every count right
once things are well again?
"""

import os
import sys
import time
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import harness  # noqa: E402
import services  # noqa: E402
import test_main_job  # noqa: E402
import wire  # noqa: E402
from gate import RegistryGate  # noqa: E402
from harness import AdminClient, confluent_kafka  # noqa: E402
from test_main_job import invented, slices  # noqa: E402

EVENTS = 3_000
DATA_LOSS, WORLD_UNUSABLE = 3, 2  # exit codes
GIVEN_UP_SECONDS = 2  # then librdkafka looks for a topic that is gone only now and then
world = None


def setUpModule():
    global world
    world = test_main_job.world = harness.shared_world()


class Trouble(unittest.TestCase):
    def finish(self, job, events):
        job.wait_until_read()
        answer = job.assert_equals_oracle(self, events)
        job.assert_feed_is_legal(self, answer)
        self.assertEqual(job.reasons_of_dead_letters(), {})

    def assert_ends(self, instance, code, *words):
        """By itself, with this exit code, and says why."""
        instance.may_end = True
        self.assertEqual(instance.process.wait(30), code, instance.log_end())
        for word in words:
            self.assertIn(word, instance.log_end())


class RedisFull(Trouble):
    def test_redis_without_room_stops_nothing_but_saves_until_it_has_some(self):
        first, second = slices(invented(EVENTS, seed=61), 2)
        with services.Redis() as redis, harness.Job(world, redis=redis) as job:
            job.produce(first)
            one = job.instance().start()
            job.wait_until_read()
            saved = job.version()
            redis.call("CONFIG", "SET", "maxmemory-policy", "noeviction")
            redis.call("CONFIG", "SET", "maxmemory", "1")
            job.produce(second)
            job.wait_for("a word of it", lambda: "maxmemory" in one.get("/readyz")[1])
            self.assertEqual(one.get("/readyz")[0], 503)
            self.assertEqual(one.get("/livez")[0], 200)
            self.assertIn("maxmemory", one.log_end())
            self.assertEqual(job.version(), saved)
            redis.call("CONFIG", "SET", "maxmemory", "0")
            self.finish(job, first + second)
            job.wait_for("ready again", lambda: one.get("/readyz")[0] == 200)


class RegistryTalksRubbish(Trouble):
    RUBBISH = [(200, "text/html", b"<html><body>Please log in</body></html>"),
               (200, "application/json", b'{"schema": "{\\"type\\": \\"rec')]

    def setUp(self):
        self.gate = RegistryGate(world.registry)
        self.addCleanup(self.gate.close)

    def ask(self, job, times):
        """Waits until it was asked so often."""
        enough = len(self.gate.asked) + times
        job.wait_for("more questions", lambda: len(self.gate.asked) >= enough)

    def test_records_wait_for_a_slow_and_muddled_registry_and_none_is_set_aside(self):
        first, second = slices(invented(EVENTS, seed=62), 2)
        settings = {"schemas.registry.timeout": "300ms"}
        with harness.Job(world, registry_url=self.gate.url, settings=settings) as job:
            job.produce(first)
            one = job.instance().start()
            job.wait_until_read()
            job.encoders["orders"] = test_main_job.Schemas().newer(job, "orders")
            self.gate.delay = 0.6
            job.produce(second)
            self.ask(job, 1)
            self.gate.delay, self.gate.instead = 0, self.RUBBISH
            self.ask(job, len(self.RUBBISH))
            self.assertIn("orders", {topic for topic, *_ in job.unread()})
            self.assertEqual(one.get("/livez")[0], 200)
            self.assertIn("registry_unavailable", one.log_end())
            self.gate.instead = []
            self.finish(job, first + second)

    def test_a_start_waits_for_a_registry_that_talks_sense(self):
        events = invented(EVENTS, seed=63)
        with harness.Job(world, registry_url=self.gate.url) as job:
            job.produce(events)
            self.gate.instead = self.RUBBISH
            one = job.instance().start()
            self.ask(job, len(self.RUBBISH))
            self.assertIn("event=waiting", one.log_end())
            self.gate.instead = []
            self.finish(job, events)


class TopicsDoNotFit(Trouble):
    def test_fewer_partitions_than_the_others_are_refused_by_name(self):
        with harness.Job(world, partitions=4) as job:
            narrow = f"{job.name}-narrow"
            world.kafka.create_topic(narrow, 3)
            one = job.instance(**{"kafka.topics.shipments": narrow}).start()
            self.assert_ends(one, WORLD_UNUSABLE, f"{narrow} has 3",
                             f"{job.topics['orders']} has 4")

    def saved(self, job):
        """Offsets and views; an idle shard is saved now and then, so its version grows."""
        return [job.saved_offsets(topic) for topic in harness.TOPICS], job.views()

    def delete(self, job, name):
        admin = AdminClient({"bootstrap.servers": world.kafka.brokers, "log_level": 0})
        admin.delete_topics([job.topics[name]])[job.topics[name]].result(10)

    def test_an_input_that_is_deleted_and_made_anew_stops_us_and_may_be_skipped(self):
        """What is written below our offset would never be read; nobody may look ready then."""
        first, second = slices(invented(EVENTS, seed=64), 2)
        with harness.Job(world, partitions=2) as job:
            job.produce(first)
            one = job.instance("stops").start()
            job.wait_until_read()
            before = self.saved(job)
            self.delete(job, "orders")
            job.wait_for("a word of it", lambda: "nknown topic" in one.get("/readyz")[1])
            self.assertEqual(one.get("/livez")[0], 200)
            time.sleep(GIVEN_UP_SECONDS)
            world.kafka.create_topic(job.topics["orders"], 2)
            self.assert_ends(one, DATA_LOSS, job.topics["orders"], "ends at 0",
                             "on_data_loss: skip")
            self.assertEqual(self.saved(job), before)
            two = job.instance("skips", **{"kafka.on_data_loss": "skip"}).start()
            job.wait_for("both partitions", lambda: two.log_end().count("skipped why") >= 2)
            job.produce(second)
            self.finish(job, first + second)


class Retention(Trouble):
    """One partition loses what was not read yet; the others, and the other topics, nothing."""

    def fall_behind(self, job, first, second):
        """What is left of the events: with those that nobody can read any more left out."""
        job.produce(first)
        one = job.instance().start()
        job.wait_until_read()
        self.assertEqual(one.stop()[0], 0)
        saved = job.saved_offsets("orders")
        job.produce(second)
        part = max(saved, key=lambda at: job.log_ends()["orders", at] - saved[at])
        low = job.log_ends()["orders", part] - 3
        self.assertGreater(low, saved[part])
        everything = job.input_events()
        lost = [wire.decoded(record.value(), job.encoders["orders"].schema)
                for record in job.records("orders")
                if record.partition() == part and saved[part] <= record.offset() < low]
        self.delete_before(job, part, low)
        for event in lost:
            everything.remove(event)
        return everything, saved[part], low

    def delete_before(self, job, partition, offset):
        admin = AdminClient({"bootstrap.servers": world.kafka.brokers, "log_level": 0})
        at = confluent_kafka.TopicPartition(job.topics["orders"], partition, offset)
        for future in admin.delete_records([at]).values():
            future.result(10)

    def test_unread_records_that_are_gone_stop_us_and_may_be_skipped(self):
        first, second = slices(invented(EVENTS, seed=65), 2)
        with harness.Job(world, partitions=2) as job:
            left, saved, low = self.fall_behind(job, first, second)
            before = job.version(), job.views()
            one = job.instance("stops").start()
            self.assert_ends(one, DATA_LOSS, job.topics["orders"], f"offset {saved}",
                             f"begins at {low}", "on_data_loss: skip")
            self.assertEqual((job.version(), job.views()), before)
            two = job.instance("skips", **{"kafka.on_data_loss": "skip"}).start()
            job.wait_until_read()
            self.assertIn("data_loss_skipped", two.log.read_text())
            answer = job.assert_equals_oracle(self, left)
            job.assert_feed_is_legal(self, answer)


if __name__ == "__main__":
    unittest.main()
