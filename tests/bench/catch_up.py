#!/usr/bin/env python3
"""How fast a backlog is worked off: real Kafka, registry and Redis, beside a bare consumer.

    tests/bench/catch_up [--events 1000000] [--partitions 4] [--workers 1] [--rounds 3]

The topics are filled once by `sellerwatch generate`. Then, in turns, a consumer that does
nothing but read (bench_bare_consumer: the client library alone) and `sellerwatch run` from an
empty Redis read all of it. A round of the program ends when the offsets that it has *saved*
are the log ends. What is printed is the median of the rounds, and the conditions.
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
import harness  # noqa: E402

STORY = "2026-01-05T00:00:00Z"
TICKS = os.sysconf("SC_CLK_TCK")


def cpu_seconds(pid):
    """User and system time so far."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def peak_mib(pid):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    return 0.0


def fill(job, given):
    """The backlog; returns how many records lie in the topics."""
    instance = job.instance("writer")
    began = time.monotonic()
    subprocess.run([harness.binary(), "generate", "--config", str(instance.config),
                    "--events", str(given.events), "--sellers", str(given.sellers),
                    "--start", STORY, "--speed", "max", "--truth", os.devnull],
                   check=True, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                   env=harness.program_environment())
    records = sum(job.log_ends().values())
    print(f"filled with {records} records in {time.monotonic() - began:.1f} s", flush=True)
    return records


def bare_round(job):
    """(records, bytes, seconds) of the client library alone."""
    consumer = pathlib.Path(harness.binary()).parent / "tests" / "bench_bare_consumer"
    words = subprocess.run([str(consumer), job.world.kafka.brokers,
                            *(job.topics[topic] for topic in harness.TOPICS)],
                           check=True, capture_output=True, text=True).stdout.split()
    return int(words[0]), int(words[1]), int(words[2]) / 1000


def program_round(job, number, given):
    """Figures of one catch-up from nothing."""
    job.redis.call("FLUSHALL")
    redis = job.redis.process.pid
    redis_began = cpu_seconds(redis)
    instance = job.instance(f"round{number}", workers=given.workers)
    began = time.monotonic()
    instance.start()
    while job.unread():
        job.check_alive()
        time.sleep(0.02)
    figures = {"seconds": time.monotonic() - began, "cpu": cpu_seconds(instance.process.pid),
               "redis_cpu": cpu_seconds(redis) - redis_began,
               "peak": peak_mib(instance.process.pid),
               "saves": sum(int(shard["version"]) for shard in job.shards().values())}
    instance.stop()
    return figures


def print_figures(given, records, size, bare, program):
    def middle(name):
        return statistics.median(figures[name] for figures in program)

    bare_seconds = statistics.median(seconds for *_, seconds in bare)
    seconds = middle("seconds")
    cores = len(os.sched_getaffinity(0))
    print(f"\n{'':24}{'records/s':>12}{'MB/s':>8}{'seconds':>9}{'CPU s':>8}")
    print(f"{'bare consumer':24}{records / bare_seconds:>12.0f}"
          f"{size / bare_seconds / 1e6:>8.1f}{bare_seconds:>9.2f}")
    print(f"{'sellerwatch run':24}{records / seconds:>12.0f}{size / seconds / 1e6:>8.1f}"
          f"{seconds:>9.2f}{middle('cpu'):>8.2f}")
    print(f"\nsellerwatch: {middle('saves'):.0f} saves, peak {middle('peak'):.0f} MiB, "
          f"redis-server {middle('redis_cpu'):.2f} CPU s; start-up is in the time")
    print(f"conditions: {records} records of {size / records:.0f} bytes, {given.partitions} "
          f"partitions, {given.sellers} sellers, {given.workers} workers, median of "
          f"{given.rounds} rounds in turns, Kafka and Redis on the same {cores} cores, "
          f"{platform.machine()}, Python {platform.python_version()} watches every 20 ms")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--sellers", type=int, default=500)
    parser.add_argument("--partitions", type=int, default=4)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    world = harness.World()
    try:
        settings = {"default_calendar": "always", "view.interval": "1s", "view.batch": 500}
        with harness.Job(world, given.partitions, settings=settings) as job:
            records = fill(job, given)
            bare, program = [], []
            for number in range(given.rounds):
                bare.append(bare_round(job))
                program.append(program_round(job, number, given))
                print(f"round {number + 1}: bare {bare[-1][2]:.2f} s, "
                      f"sellerwatch {program[-1]['seconds']:.2f} s", flush=True)
            print_figures(given, records, bare[0][1], bare, program)
    finally:
        world.close()


if __name__ == "__main__":
    main()
