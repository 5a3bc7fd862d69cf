#!/usr/bin/env python3
"""Two brokers and an alerts topic that both have: the second one hangs while changes are sent.

What the leader has and its follower does not fetch is not acknowledged, and no reader sees it
until the follower is counted out or goes on. Whoever takes that for "not there" tells a
change a second time.

        sent ── given up ──────────── follower counted out ─── settled: looks
         │◀── half a session ──▶│                │                  │
         └ in the leader's log                   └ readers see it   └ finds it, sends nothing

SELLERWATCH_TEST_SETTLE   kafka.settle; 0s shows what it is for: changes stand twice
"""

import os
import sys
import types
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import harness  # noqa: E402
import services  # noqa: E402
from test_main_job import invented, slices  # noqa: E402

EVENTS = 3_000
SESSION_MS = 6000  # the lease is renewed later with each broker that says nothing for a second
LAG_MS = 4000      # then a follower is out; the leader looks each half of it
SETTLE = os.environ.get("SELLERWATCH_TEST_SETTLE", "7s")  # beyond 1.5 of them
LEADER, BOTH = frozenset({1}), frozenset({1, 2})
world = None


def setUpModule():
    """A cluster of its own. Who coordinates groups is settled before there are two."""
    global world
    harness.binary()
    shared = harness.shared_world()
    kafka = services.Kafka(replica_lag_time_max_ms=LAG_MS)
    unittest.addModuleCleanup(kafka.close)
    kafka.start().create_topic("__consumer_offsets", 4, cleanup_policy="compact")
    follower = services.KafkaFollower(kafka)
    unittest.addModuleCleanup(follower.close)
    follower.start()
    world = types.SimpleNamespace(kafka=kafka, follower=follower, redis=shared.redis,
                                  registry=shared.registry, numbers=shared.numbers)


def give_ups(instance):
    return instance.log.read_text().count("kafka_lane_recovers")


class FollowerHangs(unittest.TestCase):
    def job(self):
        return harness.Job(world, partitions=2, alert_nodes=(1, 2), settings={
            "kafka.properties": {"session.timeout.ms": str(SESSION_MS)},
            "kafka.settle": SETTLE})

    def in_sync(self, job):
        """The nodes in sync, of each partition of the alerts topic; one set if they agree."""
        return set(map(frozenset, world.kafka.in_sync(job.topics["alerts"]).values()))

    def hang(self, job, events):
        """The follower stands still, and the leader has changes that it has not."""
        alerts = job.topics["alerts"]
        job.wait_for("both in sync", lambda: self.in_sync(job) == {BOTH})
        before, ends = world.kafka.log_bytes(alerts), job.log_ends(["alerts"])
        world.follower.pause()
        self.addCleanup(world.follower.resume)
        job.produce(events)
        job.wait_for("changes in the leader's log",
                     lambda: world.kafka.log_bytes(alerts) > before)
        self.assertEqual(job.log_ends(["alerts"]), ends, "readers see what hangs")

    def all_told(self, job):
        """Of each shard: its last change stands in the topic, and it knows that all do."""
        last = {}
        for alert in job.alerts():
            number = alert.body["shard_sequence"]
            last[alert.partition] = max(number, last.get(alert.partition, 0))
        ends = job.log_ends(["alerts"])
        return all(last.get(number, 0) + 1 == int(shard["next_shard_sequence"])
                   and max(0, int(shard["alerts_offset"])) == ends["alerts", number]
                   for number, shard in job.shards().items())

    def finish(self, job, events):
        job.wait_until_read()
        job.wait_for("all changes", lambda: self.all_told(job))
        answer = job.assert_equals_oracle(self, events)
        job.assert_feed_is_legal(self, answer)

    def test_what_was_given_up_and_shows_up_later_stands_once(self):
        """First because the follower is counted out, then because it goes on."""
        first, second, third = slices(invented(EVENTS, seed=71), 3)
        with self.job() as job:
            one = job.instance().start()
            job.produce(first)
            job.wait_until_read()
            self.hang(job, second)
            job.wait_for("giving up", lambda: give_ups(one) > 0)
            self.finish(job, first + second)
            self.assertEqual(self.in_sync(job), {LEADER})
            world.follower.resume()
            before = give_ups(one)
            self.hang(job, third)
            job.wait_for("giving up again", lambda: give_ups(one) > before)
            world.follower.resume()
            self.finish(job, first + second + third)

    def test_what_a_killed_owner_left_hanging_stands_once(self):
        """Its successor has the same name: the group does not let it wait for a session."""
        first, second = slices(invented(EVENTS, seed=72), 2)
        with self.job() as job:
            one = job.instance().start()
            job.produce(first)
            job.wait_until_read()
            self.hang(job, second)
            one.kill()
            one.start()
            self.finish(job, first + second)


if __name__ == "__main__":
    unittest.main()
