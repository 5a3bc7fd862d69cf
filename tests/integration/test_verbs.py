#!/usr/bin/env python3
"""generate, replay and alerts on real Kafka with a real registry; the demo with nothing.

What the verbs write is read back by fastavro and the plain Kafka client.
"""

import glob
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import harness  # noqa: E402
from wire import call_registry, decoded, read_topic  # noqa: E402

SAMPLE = harness.ROOT / "tests" / "golden" / "sample.jsonl"
START = "2026-06-01"
PATIENCE = 60


def sellerwatch(*arguments, stdin=None):
    return subprocess.run([harness.binary(), *arguments], input=stdin, capture_output=True,
                          text=True, timeout=PATIENCE, check=False,
                          env=harness.program_environment())


def invented(*arguments):
    """The events that `generate` writes as JSON lines."""
    done = sellerwatch("generate", "--json", "--start", START, *arguments)
    return [json.loads(line) for line in done.stdout.splitlines()]


class Verbs(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        world = harness.shared_world()
        cls.kafka, cls.registry = world.kafka, world.registry

    def setUp(self):
        """Topics of this test alone: named by a configuration."""
        name = self._testMethodName
        self.topics = {topic: f"{name}-{topic}" for topic in harness.TOPICS}
        with tempfile.NamedTemporaryFile("w", suffix=".yaml", delete=False) as file:
            self.addCleanup(os.unlink, file.name)
            file.write("kafka:\n  topics:\n")
            for topic in (*harness.TOPICS, "alerts", "deadletter"):
                file.write(f"    {topic}: {name}-{topic}\n")
        self.given = ("--config", file.name, "--brokers", self.kafka.brokers,
                      "--registry", self.registry.url)

    def records(self):
        """Every event in the topics with its record, in the order of the partitions."""
        found = []
        for topic, name in self.topics.items():
            schemas = {}
            for record in read_topic(self.kafka.brokers, name):
                number = int.from_bytes(record.value()[1:5], "big")
                if number not in schemas:
                    schemas[number] = self.registered(number)
                found.append((decoded(record.value(), schemas[number]), record))
            ours = json.loads(harness.read_schema(harness.SCHEMA_FILES[topic]))
            self.assertTrue(all(schema == ours for schema in schemas.values()))
        return found

    def registered(self, number):
        text = call_registry(self.registry.url, f"/schemas/ids/{number}")["schema"]
        return json.loads(text)

    def assert_same_events(self, sent):
        """What stands in the topics is what was sent, each event as often."""
        def key(event):
            return json.dumps({name: value for name, value in event.items()
                               if value is not None}, sort_keys=True)
        self.assertEqual(sorted(map(key, sent)),
                         sorted(key(event) for event, _ in self.records()))

    def test_generate_sends_what_it_says_it_invents(self):
        wanted = invented("--events", "2000", "--seed", "5")
        done = sellerwatch("generate", *self.given, "--create-topics", "--partitions", "3",
                           "--start", START, "--speed", "max", "--events", "2000",
                           "--seed", "5")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assert_same_events(wanted)
        truth = json.loads(done.stdout)
        self.assertEqual(truth["seed"], 5)
        self.assertTrue(any("turns_bad_at" in seller for seller in truth["sellers"]))

    def test_generate_warns_of_a_story_that_runs_ahead_of_the_clock(self):
        def errors(*arguments):
            return sellerwatch("generate", *self.given, "--create-topics", "--events", "2000",
                               *arguments).stderr
        self.assertIn("ahead of the clock", errors("--speed", "max"))
        self.assertNotIn("ahead of the clock", errors("--speed", "max", "--start", START))

    def test_one_seller_is_always_in_one_partition_and_is_the_key(self):
        sellerwatch("generate", *self.given, "--create-topics", "--partitions", "5",
                    "--start", START, "--speed", "max", "--events", "2000")
        places = {}
        for event, record in self.records():
            self.assertEqual(record.key().decode(), event["id_seller"])
            places.setdefault(event["id_seller"], set()).add(record.partition())
        self.assertTrue(all(len(found) == 1 for found in places.values()))
        self.assertEqual({place for found in places.values() for place in found},
                         set(range(5)))

    def test_replay_sends_what_generate_wrote(self):
        lines = sellerwatch("generate", "--json", "--start", START, "--events", "1000").stdout
        done = sellerwatch("replay", *self.given, "--create-topics", "-", stdin=lines)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assert_same_events([json.loads(line) for line in lines.splitlines()])

    def test_replay_rebased_moves_all_times_so_that_the_last_event_is_now(self):
        before = time.time() * 1000
        done = sellerwatch("replay", *self.given, "--create-topics", "--rebase", str(SAMPLE))
        self.assertEqual(done.returncode, 0, done.stderr)
        times = [event["ts_event"] for event, _ in self.records()]
        told = [json.loads(line)["ts_event"] for line in SAMPLE.read_text().splitlines()]
        self.assertTrue(before - 1000 <= max(times) <= time.time() * 1000)
        self.assertEqual(max(times) - min(times), max(told) - min(told))

    def test_replay_stops_at_a_bad_line_and_names_it(self):
        lines = SAMPLE.read_text().splitlines()
        lines[2] = lines[2].replace("order_unit_new", "order_unit_nwe")
        text = "\n".join(lines)
        stopped = sellerwatch("replay", *self.given, "--create-topics", "-", stdin=text)
        self.assertEqual(stopped.returncode, 1)
        self.assertRegex(stopped.stderr, r"standard input:3: .*order_unit_nwe")
        self.assertIn("1 bad line;", stopped.stderr)
        self.assertEqual(len(self.records()), 2)
        skipped = sellerwatch("replay", *self.given, "--skip-bad", "-", stdin=text)
        self.assertEqual(skipped.returncode, 0, skipped.stderr)
        self.assertIn("1 bad line left out", skipped.stderr)
        self.assertEqual(len(self.records()), 2 + len(lines) - 1)

    def test_alerts_of_an_empty_topic_are_none_and_a_missing_topic_is_said(self):
        missing = sellerwatch("alerts", *self.given[:4])
        self.assertEqual(missing.returncode, 2)
        self.assertIn(f"{self._testMethodName}-alerts", missing.stderr)
        sellerwatch("generate", *self.given, "--create-topics", "--events", "1")
        empty = sellerwatch("alerts", *self.given[:4])
        self.assertEqual((empty.returncode, empty.stdout), (0, ""), empty.stderr)


    def test_alerts_says_what_it_waits_for_and_ends_by_ctrl_c(self):
        alerts = subprocess.Popen([harness.binary(), "alerts", "--brokers", "127.0.0.1:1"],
                                  text=True, stderr=subprocess.PIPE,
                                  env=harness.program_environment())
        said = alerts.stderr.readline()
        self.assertRegex(said, r"waiting for Kafka at 127\.0\.0\.1:1, .*--brokers.*kafka\.br")
        alerts.send_signal(signal.SIGINT)
        _, errors = alerts.communicate(timeout=5)
        self.assertEqual((alerts.returncode, errors), (0, ""))

    def test_ctrl_c_while_connecting_is_no_failure(self):
        for verb in (["generate", "--start", START], ["replay", str(SAMPLE)]):
            verb = subprocess.Popen([harness.binary(), *verb, "--registry",
                                     "http://127.0.0.1:1"], text=True, stderr=subprocess.PIPE,
                                    env=harness.program_environment())
            time.sleep(1)
            verb.send_signal(signal.SIGINT)
            _, errors = verb.communicate(timeout=10)
            self.assertEqual((verb.returncode, errors), (0, ""))


class Demo(unittest.TestCase):
    """Its folder is told apart from others' by a TMPDIR of its own."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="swdemo-")
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def start(self, *arguments):
        return subprocess.Popen([harness.binary(), "demo", *arguments], text=True,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                env={**harness.program_environment(), "TMPDIR": self.folder})

    def servers(self):
        """Process ids of redis-servers that live in our folder."""
        found = []
        for path in glob.glob("/proc/[0-9]*/cmdline"):
            try:
                with open(path, "rb") as file:
                    line = file.read().decode(errors="replace")
            except OSError:
                continue
            if "redis-server" in line and self.folder in line:
                found.append(int(path.split("/")[2]))
        return found

    def assert_nothing_is_left(self):
        self.assertEqual(os.listdir(self.folder), [])
        self.assertEqual(self.servers(), [])

    def test_it_ends_by_itself_with_a_summary_and_leaves_nothing(self):
        demo = self.start("--seconds", "6", "--speed", "216000")
        said, errors = demo.communicate(timeout=PATIENCE)
        self.assertEqual((demo.returncode, errors), (0, ""))
        found = re.search(r"(\d+) of ([1-9]\d*) found", said.splitlines()[-1])
        self.assertTrue(found, said)
        self.assertGreaterEqual(int(found.group(1)), 1, said)
        self.assertRegex(said, r"(?m)^[1-9]\d{3,} events of [1-9]\d* pairs of seller")
        self.assert_nothing_is_left()

    def test_ctrl_c_cleans_up_everything_it_started(self):
        demo = self.start()
        while demo.stdout.readline().startswith("story not begun"):
            pass
        self.assertEqual(len(self.servers()), 1)
        demo.send_signal(signal.SIGINT)
        _, errors = demo.communicate(timeout=PATIENCE)
        self.assertEqual((demo.returncode, errors), (0, ""))
        self.assert_nothing_is_left()

    def test_killed_hard_it_takes_its_redis_with_it(self):
        demo = self.start()
        demo.stdout.readline()
        self.assertEqual(len(self.servers()), 1)
        demo.kill()
        demo.communicate(timeout=PATIENCE)
        deadline = time.monotonic() + PATIENCE
        while self.servers() and time.monotonic() < deadline:
            time.sleep(0.05)
        self.assertEqual(self.servers(), [])


if __name__ == "__main__":
    unittest.main()
