#!/usr/bin/env python3
"""Two oracles, one exam: what the simulator asks its own oracle (tests/sim) is asked of this
one, too, and both must give the same answers.

    SIM=build/release/tests/sim/sim SIM_EXAMS=20 python3 tests/oracle/test_exam.py
"""

import json
import os
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import olist  # noqa: E402
from business_time import Calendars  # noqa: E402
from calendar_file import read_calendars  # noqa: E402
from oracle import Shard, with_defaults  # noqa: E402

SIM = os.environ.get("SIM", os.path.join(olist.ROOT, "build/release/tests/sim/sim"))
EXAMS = int(os.environ.get("SIM_EXAMS", "5"))


def every_year(*days):
    return [f"{year}-{day}" for year in (2025, 2026, 2027) for day in days]


# Those that tests/sim/sim_calendars.c has and the program does not ship.
OWN_CALENDARS = {
    "pt": {"timezone": "Europe/Lisbon", "working_days": [1, 2, 3, 4, 5, 6],
           "holidays": every_year("01-01", "04-25", "05-01", "12-25")
           + ["2025-04-18", "2026-04-03", "2027-03-26"]},
    "fi": {"timezone": "Europe/Helsinki", "working_days": [7, 1, 2, 3, 4],
           "holidays": every_year("06-01", "10-25", "12-24")},
    "cn": {"timezone": "Asia/Shanghai", "working_days": [1, 2, 3, 4, 5, 6, 7],
           "holidays": every_year("01-01", "06-02", "10-23")},
}


def read_exam(text):
    """[(question, events, rows)]"""
    exams = []
    for line in text.splitlines():
        if not line.startswith("{"):
            continue  # the test program's own words
        record = json.loads(line)
        if "shard" in record:
            exams.append((record, [], []))
        elif "row" in record:
            # The window of a day, under the name that it has in some lives.
            exams[-1][2].append(record["row"].replace(":1d ", ":24h "))
        else:
            exams[-1][1].append(record)
    return exams


def answer(question, events, calendars):
    """The rows as the other oracle writes them; a row of nothing is left out."""
    shard = Shard(events, with_defaults({"abandon_after": question["abandon_after"]}),
                  Calendars({"calendars": calendars, "storefronts": question["calendars"]}))
    shard.stream_time = question["stream_time"]
    shard.watermark = question["watermark"]
    rows = []
    for seller, places in shard.sellers().items():
        for storefront, found in places.items():
            for name, row in found.items():
                total = 1 if name.endswith(":now") else row["total"]
                value = "-" if row["value"] is None else row["value"]
                if row["bad"] or row["total"]:
                    rows.append(f"{seller}|{storefront} {name} {row['bad']} {total} {value}")
    return rows


@unittest.skipUnless(os.path.exists(SIM), f"{SIM} is not built")
class Exam(unittest.TestCase):
    def test_both_oracles_answer_alike(self):
        calendars = {**read_calendars(os.path.join(olist.ROOT, "config", "calendars.yaml")),
                     **OWN_CALENDARS}
        for seed in range(1, EXAMS + 1):
            text = subprocess.run([SIM, str(seed), "--exam"], check=True, text=True,
                                  stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout
            exams = read_exam(text)
            self.assertEqual(len(exams), 8)  # two shards, four moments
            for question, events, rows in exams:
                with self.subTest(seed=seed, at=question["stream_time"]):
                    self.assertGreater(len(rows), 0)
                    self.assertEqual(sorted(answer(question, events, calendars)), sorted(rows))


if __name__ == "__main__":
    unittest.main()
