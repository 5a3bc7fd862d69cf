#!/usr/bin/env python3
"""The real stack under fire: seeded rounds of kills, stops, restarts and cut wires.

    tests/integration/fire [--rounds 10] [--seed 1]

A round is a marketplace with doubled and late events, three instances, and between the
slices of its events one fault each, drawn from the seed. At the end everybody lives, all is
read, every count equals the oracle, and every alert change stands once in the topic. The plan
of a round is its seed's; when exactly a fault strikes is the machine's.
"""

import argparse
import collections
import pathlib
import random
import shutil
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import harness  # noqa: E402
import marketplace  # noqa: E402
import services  # noqa: E402
from cut import Wire  # noqa: E402

EVENTS = 6_000
SLICES = 6
PARTITIONS = 6
INSTANCES = ("one", "two", "three")
BEYOND_THE_SESSION = harness.SESSION_MS / 1000 + 1


class Round:
    """One job under fire. Each method fault_* is one kind of fault."""

    def __init__(self, world, seed):
        self.world = world
        self.seed = seed
        self.dice = random.Random(seed)
        self.done = collections.Counter()
        self.backup = None

    def kinds(self):
        """What may strike next. A broker takes long to come back: once a round is enough."""
        kinds = {name[6:] for name in dir(self) if name.startswith("fault_")}
        if self.done["broker_restarted"]:
            kinds.remove("broker_restarted")
        return sorted(kinds)

    def any_instance(self):
        return self.dice.choice([one for one in self.job.instances if not one.frozen])

    # ---- faults

    def fault_kill(self):
        one = self.any_instance()
        one.kill()
        time.sleep(self.dice.uniform(0, 1))
        one.start()

    def fault_kill_all(self):
        self.thaw()
        for one in self.job.instances:
            one.kill()
        for one in self.job.instances:
            one.start()

    def fault_terminate(self):
        one = self.any_instance()
        one.stop()
        one.start()

    def fault_freeze(self):
        """Until a later fault; mostly longer than its session lasts."""
        if not any(one.frozen for one in self.job.instances):
            self.any_instance().freeze()
            time.sleep(self.dice.choice([1, BEYOND_THE_SESSION]))

    def fault_redis_killed(self):
        self.redis.kill()
        time.sleep(self.dice.uniform(0, 1))
        self.redis.start()

    def fault_redis_stopped(self):
        self.redis.stop()
        self.redis.start()

    def fault_redis_hangs(self):
        self.redis.pause()
        time.sleep(1.5)  # longer than redis.timeout
        self.redis.resume()

    def fault_redis_goes_back(self):
        """The append-only file is again what it was some slices ago."""
        data, older = self.redis.folder / "appendonlydir", self.redis.folder / "older"
        if self.backup is None:
            self.redis.pause()
            shutil.copytree(data, older)
            self.redis.resume()
            self.backup = older
            return
        self.redis.kill()
        shutil.rmtree(data)
        shutil.move(older, data)
        self.backup = None
        self.redis.start()

    def cut(self, wire):
        for _ in range(3):
            wire.cut()
            time.sleep(self.dice.uniform(0, 0.3))

    def fault_wire_to_redis_cut(self):
        self.cut(self.redis_wire)

    def fault_wire_to_kafka_cut(self):
        self.cut(self.world.kafka_wire)

    def fault_wire_to_registry_cut(self):
        """While somebody who starts has all schemas to ask for."""
        one = self.any_instance()
        one.kill()
        one.start()
        self.cut(self.registry_wire)

    def fault_broker_restarted(self):
        self.world.kafka.kill()
        time.sleep(self.dice.uniform(0, 1))
        self.world.kafka.start()

    # ---- the round

    def thaw(self):
        for one in self.job.instances:
            if one.frozen:
                one.thaw()

    def strike(self):
        kind = self.dice.choice(self.kinds())
        self.done[kind] += 1
        getattr(self, "fault_" + kind)()

    def events(self):
        given = argparse.Namespace(events=EVENTS, seed=self.seed, sellers=40, days=50,
                                   no_late_life=False)
        return marketplace.Marketplace(given).arrivals(EVENTS)

    def run(self, test):
        events = self.events()
        size = -(-len(events) // SLICES)
        with services.Redis(appendonly=True, fsync="always") as self.redis, \
                Wire(self.redis.port) as self.redis_wire, \
                Wire(self.world.registry.port) as self.registry_wire:
            settings = {"kafka.brokers": f"127.0.0.1:{self.world.kafka_wire.number}",
                        "redis.address": f"127.0.0.1:{self.redis_wire.number}",
                        "redis.timeout": "1s", "commit.interval": "50ms"}
            registry_url = self.world.registry.url.replace(f":{self.world.registry.port}/",
                                                           f":{self.registry_wire.number}/")
            with harness.Job(self.world, PARTITIONS, self.redis, registry_url,
                             settings) as self.job:
                for name in INSTANCES[:self.dice.choice([2, 3])]:
                    self.job.instance(name).start()
                for at in range(0, len(events), size):
                    self.job.produce(events[at:at + size])
                    time.sleep(self.dice.uniform(0, 1))
                    self.strike()
                self.thaw()
                self.job.wait_until_read()
                answer = self.job.assert_equals_oracle(test, events)
                self.job.assert_feed_is_legal(test, answer)
                test.assertEqual(self.job.reasons_of_dead_letters(), {})


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1, help="of the first round")
    given = parser.parse_args()
    world = harness.World()
    done, failed = collections.Counter(), 0
    try:
        for seed in range(given.seed, given.seed + given.rounds):
            one = Round(world, seed)
            began = time.monotonic()
            try:
                one.run(unittest.TestCase())
                verdict = "passed"
            except Exception as why:  # the campaign goes on; the seed is told
                verdict = f"FAILED: {why}"
                failed += 1
            done += one.done
            print(f"round {seed}: {' '.join(sorted(one.done.elements()))} "
                  f"({time.monotonic() - began:.0f} s) {verdict}", flush=True)
    finally:
        world.close()
    for kind, times in sorted(done.items()):
        print(f"{times:6}  {kind.replace('_', ' ')}")
    print(f"{given.rounds - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
