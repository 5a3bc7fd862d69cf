#!/usr/bin/env python3
"""The calendars that ship in config/ hold the holidays of their source."""

import csv
import os
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import olist  # noqa: E402
from business_time import Calendars  # noqa: E402
from calendar_file import read_calendars, storefront_calendars  # noqa: E402

SHIPPED = os.path.join(olist.ROOT, "config", "calendars.yaml")
SOURCE = os.path.join(olist.SHARED, "data", "public_holidays_2025_2027.csv")
STOREFRONTS = {"de", "cz", "sk", "pl", "at", "fr", "it", "es", "nl"}


class ShippedCalendars(unittest.TestCase):
    def test_nine_storefronts_work_monday_to_friday_in_zones_that_exist(self):
        calendars = read_calendars(SHIPPED)
        self.assertEqual(set(calendars), STOREFRONTS)
        for calendar in calendars.values():
            self.assertEqual(calendar["working_days"], [1, 2, 3, 4, 5])
        every = Calendars(storefront_calendars(SHIPPED))
        self.assertEqual(every.of("cz").zone.key, "Europe/Prague")
        self.assertEqual(every.of("xx"), every.by_name["always"])

    @unittest.skipUnless(os.path.exists(SOURCE), f"no {SOURCE}: not part of the project")
    def test_holidays_are_those_of_their_source(self):
        expected = {}
        with open(SOURCE, encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                expected.setdefault(row["storefront"], set()).add(row["date"])
        found = {name: set(calendar["holidays"])
                 for name, calendar in read_calendars(SHIPPED).items()}
        self.assertEqual(found, expected)


if __name__ == "__main__":
    unittest.main()
