#!/usr/bin/env python3
"""Does the program stay as it is for a long time at full rate? Real Kafka, registry and Redis.

    tests/bench/soak [--minutes 30] [--workers 2] [--rate max] [--sellers 300]

One `sellerwatch generate` writes as fast as it is allowed to (it is paused while more than
LAG_MOST records wait), one `sellerwatch run` reads. The story runs through months, so that
units, tickets and panes are forgotten as fast as new ones come: state, and with it memory,
has a plateau. Every few seconds a row of figures is taken. The first third of the time, and
at least PLATEAU_DAYS of the story, is warm-up; what follows is split in two halves, and a
figure is flat when its median in the second half is not above that of the first by more than
its tolerance. Ends with 0 when all is flat, 1 when something grows, 2 when it was too short.
"""

import argparse
import os
import pathlib
import platform
import statistics
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "integration"))
import confluent_kafka.admin as kafka_admin  # noqa: E402
import harness  # noqa: E402

STORY = "2016-01-05T00:00:00Z"
STORY_MS = 1_451_952_000_000
DAY_MS = 86_400_000
LAG_MOST = 200_000
ABANDON_DAYS = 14
PLATEAU_DAYS = 31 + 2 * ABANDON_DAYS  # longest window, and what is open or late before it
SETTINGS = {"default_calendar": "always", "view.interval": "1s", "view.batch": 500,
            "abandon_after": f"{ABANDON_DAYS}d"}

# Disk is bounded: far more than may lag, far less than half an hour of records.
RETENTION = {"retention.bytes": str(256 << 20), "segment.bytes": str(64 << 20)}

# column, unit of the table, by how much the second half may be above the first
FIGURES = (("rss", "MiB", 0.03), ("state", "MiB", 0.03), ("fds", "", 0.0),
           ("threads", "", 0.0), ("lag", "records", None), ("redis", "MiB", 0.05))
SLACK = {"fds": 1, "threads": 1, "rss": 2, "state": 1, "redis": 4}


def status_of(pid, name):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(name + ":"):
            return int(line.split()[1])
    return 0


class Soak:
    def __init__(self, job, given):
        self.job = job
        self.given = given
        self.instance = job.instance("one", workers=given.workers)
        self.generator = None
        self.paused = False
        self.rows = []

    def bound_the_disk(self):
        admin = kafka_admin.AdminClient({"bootstrap.servers": self.job.world.kafka.brokers,
                                         "log_level": 0})
        wanted = [kafka_admin.ConfigResource(
            kafka_admin.ConfigResource.Type.TOPIC, self.job.topics[topic],
            incremental_configs=[kafka_admin.ConfigEntry(
                name, value, incremental_operation=kafka_admin.AlterConfigOpType.SET)
                for name, value in RETENTION.items()]) for topic in harness.TOPICS]
        for done in admin.incremental_alter_configs(wanted).values():
            done.result()

    def start(self):
        self.bound_the_disk()
        self.instance.start()
        self.generator = subprocess.Popen(
            [harness.binary(), "generate", "--config", str(self.instance.config),
             "--sellers", str(self.given.sellers), "--start", STORY, "--speed", "max",
             "--rate", self.given.rate, "--truth", os.devnull],
            stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            preexec_fn=harness.services.die_with_the_test)

    def stop(self):
        if self.generator is not None:
            self.hold(False)
            self.generator.kill()
            self.generator.wait()

    def hold(self, wanted):
        if wanted != self.paused:
            self.generator.send_signal(harness.signal.SIGSTOP if wanted
                                       else harness.signal.SIGCONT)
            self.paused = wanted

    def story_days(self):
        times = [shard.get("stream_time") for shard in self.job.shards().values()]
        known = [int(text) for text in times if text not in (None, "never")]
        return (min(known) - STORY_MS) / DAY_MS if known else 0.0

    def sample(self, seconds):
        self.job.check_alive()
        if self.generator.poll() is not None:
            raise SystemExit(f"the generator ended with {self.generator.returncode}")
        pid = self.instance.process.pid
        return {"seconds": seconds, "days": self.story_days(),
                "read": self.job.read_so_far(),
                "rss": status_of(pid, "VmRSS") / 1024,
                "state": self.instance.metric("sellerwatch_memory_bytes") / (1 << 20),
                "fds": len(os.listdir(f"/proc/{pid}/fd")),
                "threads": status_of(pid, "Threads"),
                "lag": sum(end - max(saved, 0) for *_, saved, end in self.job.unread()),
                "redis": status_of(self.job.redis.process.pid, "VmRSS") / 1024}

    def run(self):
        began = time.monotonic()
        end = began + self.given.minutes * 60
        shown = 0.0
        print(f"{'time':>7}{'story':>8}{'read':>11}{'RSS':>9}{'state':>9}{'fds':>6}"
              f"{'threads':>9}{'lag':>9}{'Redis':>9}", flush=True)
        while time.monotonic() < end:
            row = self.sample(time.monotonic() - began)
            self.rows.append(row)
            self.hold(row["lag"] > LAG_MOST)
            if row["seconds"] >= shown:
                print_row(row)
                shown += max(self.given.minutes * 60 / 40, self.given.every)
            time.sleep(0.2 if self.paused else self.given.every)


def print_row(row):
    print(f"{row['seconds']:>6.0f}s{row['days']:>7.0f}d{row['read']:>11}{row['rss']:>6.1f}MiB"
          f"{row['state']:>6.1f}MiB{row['fds']:>6}{row['threads']:>9}{row['lag']:>9}"
          f"{row['redis']:>6.1f}MiB", flush=True)


def warm_rows(rows, minutes):
    return [row for row in rows
            if row["seconds"] >= minutes * 20 and row["days"] >= PLATEAU_DAYS]


def is_flat(name, first, second, tolerance):
    if tolerance is None:
        return second <= 2 * LAG_MOST
    return second <= first * (1 + tolerance) + SLACK[name]


def judge(rows):
    """Prints both halves of every figure; is all flat?"""
    middle = (rows[0]["seconds"] + rows[-1]["seconds"]) / 2
    halves = ([row for row in rows if row["seconds"] < middle],
              [row for row in rows if row["seconds"] >= middle])
    all_flat = True
    print(f"\n{'median of':12}{'first half':>14}{'second half':>14}{'most':>12}")
    for name, unit, tolerance in FIGURES:
        first, second = (statistics.median(row[name] for row in half) for half in halves)
        flat = is_flat(name, first, second, tolerance)
        all_flat = all_flat and flat
        print(f"{name:12}{first:>14.1f}{second:>14.1f}"
              f"{max(row[name] for row in rows):>12.1f}  {unit:8}"
              f"{'flat' if flat else 'GROWS'}")
    return all_flat


def print_conditions(given, rows, letters):
    last = rows[-1]
    print(f"\n{last['read']} records in {last['seconds']:.0f} s, "
          f"{last['read'] / last['seconds']:.0f} a second; {last['days']:.0f} days of the "
          f"story; dead letters: {letters or 'none'}")
    print(f"conditions: {given.workers} workers, {given.partitions} partitions, "
          f"{given.sellers} sellers, a sample every {given.every:g} s; all services on the "
          f"same {len(os.sched_getaffinity(0))} cores, load {os.getloadavg()[1]:.1f}, "
          f"{platform.machine()}")


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--partitions", type=int, default=4)
    parser.add_argument("--sellers", type=int, default=300)
    parser.add_argument("--rate", default="max", help="events a second, or max")
    parser.add_argument("--every", type=float, default=3, help="seconds between samples")
    return parser.parse_args()


def main():
    given = arguments()
    world = harness.World()
    try:
        with harness.Job(world, given.partitions, settings=SETTINGS) as job:
            soak = Soak(job, given)
            try:
                soak.start()
                soak.run()
            finally:
                soak.stop()
            print_conditions(given, soak.rows, job.reasons_of_dead_letters())
            warm = warm_rows(soak.rows, given.minutes)
            if len(warm) < 4:
                print("too short for a verdict: after the warm-up there are "
                      f"{len(warm)} samples of at least {PLATEAU_DAYS} days of the story")
                return 2
            flat = judge(warm)
            print("flat" if flat else "something GROWS")
            return 0 if flat else 1
    finally:
        world.close()


if __name__ == "__main__":
    sys.exit(main())
