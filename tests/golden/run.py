"""Golden tests: the domain alone, against reviewed text and against the oracle.

    python3 tests/golden/run.py --judge BUILD/tests/golden_judge [--accept]

`sample.jsonl` must give `sample.txt` to the letter (--accept writes it anew, for
review). Every input, also the real orders of the shared data and invented
marketplaces with double, late and shuffled events, must give the oracle's counts
for every seller, KPI and window. Shuffling the input again must change nothing.
"""

import argparse
import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
TESTS = HERE.parent
SHARED = pathlib.Path(os.environ.get("SELLERWATCH_SHARED", TESTS.parents[1] / "shared"))
sys.path[:0] = [str(TESTS / "oracle"), str(TESTS / "integration")]

import judging  # noqa: E402
from calendar_file import storefront_calendars  # noqa: E402

# Shuffled input is as late as it gets; a storefront without a calendar has no pauses.
SETTINGS = "max_lateness: 90d\ndefault_calendar: always\n"


def run(command, **more):
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, **more).stdout


def judged(judge, events, folder):
    settings = folder / "settings.yaml"
    settings.write_text(SETTINGS)
    return run([judge, "--settings", settings, events]).splitlines()


def views_of(lines):
    views = {}
    for line in lines:
        if line.startswith("kpi "):
            _, place, field, text = line.split(" ", 3)
            views.setdefault(tuple(place.split("|")), {})[field] = text
    return views


def answer_of(events):
    calendars = storefront_calendars(TESTS.parent / "config/calendars.yaml", default="always")
    return json.loads(run([sys.executable, TESTS / "oracle/oracle.py", "--events", events,
                           "--storefront-calendars", json.dumps(calendars)]))


class Golden:
    def __init__(self, judge, accept):
        self.judge = judge
        self.accept = accept
        self.passed = self.failed = self.skipped = 0

    def report(self, name, problems):
        if problems:
            self.failed += 1
            print(f"FAILED: {name}: {len(problems)} differences")
            for problem in problems[:20]:
                print("   ", problem)
        else:
            self.passed += 1
            print(f"ok: {name}")

    def sample_reads_as_reviewed(self, folder):
        lines = judged(self.judge, HERE / "sample.jsonl", folder)
        expected = HERE / "sample.txt"
        if self.accept:
            expected.write_text("\n".join(lines) + "\n")
        wanted = expected.read_text().splitlines()
        problems = [f"{a!r}, not {b!r}" for a, b in zip(lines, wanted) if a != b]
        if len(lines) != len(wanted):
            problems.append(f"{len(lines)} lines, not {len(wanted)}")
        self.report("sample_reads_as_reviewed", problems)

    def equals_the_oracle(self, name, events, folder):
        answer = answer_of(events)
        lines = judged(self.judge, events, folder)
        problems = judging.compare_views(answer, views_of(lines))
        self.report(f"{name}_equals_the_oracle", problems)
        return lines

    def order_changes_nothing(self, name, events, lines, folder):
        shuffled = folder / f"{name}-shuffled.jsonl"
        records = pathlib.Path(events).read_text().splitlines()
        random.Random(7).shuffle(records)
        shuffled.write_text("\n".join(records) + "\n")
        again = judged(self.judge, shuffled, folder)
        kpis = [line.rsplit(" ", 1)[0] for line in lines if line.startswith("kpi ")]
        kpis_again = [line.rsplit(" ", 1)[0] for line in again if line.startswith("kpi ")]
        kpis_again = set(kpis_again)
        # what is shown only because an alert once was there says nothing
        problems = [line for line in kpis if line not in kpis_again and " 0 0 - " not in line]
        self.report(f"{name}_in_any_order_is_the_same", problems)

    def marketplace(self, folder, events, seed):
        path = folder / f"marketplace-{seed}.jsonl"
        path.write_text(run([sys.executable, TESTS / "oracle/marketplace.py", "--events",
                             str(events), "--seed", str(seed)]))
        name = f"marketplace_{events}_events_seed_{seed}"
        lines = self.equals_the_oracle(name, path, folder)
        if events <= 50000:
            self.order_changes_nothing(name, path, lines, folder)

    def olist(self, folder, *options):
        name = "olist" + "".join(options).replace("--", "_").replace("-", "_")
        if not (SHARED / "data/olist-1000").is_dir():
            self.skipped += 1
            print(f"skipped: {name}: there is no {SHARED}/data/olist-1000")
            return
        path = folder / f"{name}.jsonl"
        path.write_text(run([sys.executable, TESTS / "oracle/olist.py", *options]))
        lines = self.equals_the_oracle(name, path, folder)
        self.order_changes_nothing(name, path, lines, folder)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--judge", required=True, type=pathlib.Path)
    parser.add_argument("--accept", action="store_true", help="write sample.txt anew")
    options = parser.parse_args()
    golden = Golden(options.judge.resolve(), options.accept)
    with tempfile.TemporaryDirectory(prefix="sellerwatch-golden-") as name:
        folder = pathlib.Path(name)
        golden.sample_reads_as_reviewed(folder)
        golden.equals_the_oracle("sample", HERE / "sample.jsonl", folder)
        golden.olist(folder)
        golden.olist(folder, "--fold", "4", "--synthetic-tickets", "1")
        golden.marketplace(folder, 20000, 2)
        golden.marketplace(folder, 200000, 1)
    print(f"{golden.passed} passed, {golden.failed} failed, {golden.skipped} skipped")
    return 1 if golden.failed else 0


if __name__ == "__main__":
    sys.exit(main())
