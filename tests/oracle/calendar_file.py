"""Reads config/calendars.yaml into what business_time.Calendars takes.

Only the shape that the file has: names, `timezone:`, `weekdays: [..]`, `holidays:` with one
date a line, comments. Anything else is an error, not a guess.
"""

import re

WEEKDAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


def read_calendars(path):
    """{name: {"timezone", "working_days", "holidays"}}"""
    calendars = {}
    current = None
    with open(path, encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            line = re.sub(r"\s*#.*", "", line).rstrip()
            if not line or line == "calendars:" or line == "    holidays:":
                continue
            if match := re.fullmatch(r"  (\w+):", line):
                current = calendars[match[1]] = {"holidays": []}
            elif match := re.fullmatch(r"    timezone: (\S+)", line):
                current["timezone"] = match[1]
            elif match := re.fullmatch(r"    weekdays: \[(.+)\]", line):
                names = match[1].split(", ")
                current["working_days"] = [WEEKDAYS.index(name) + 1 for name in names]
            elif match := re.fullmatch(r"      - (\d{4}-\d\d-\d\d)", line):
                current["holidays"].append(match[1])
            else:
                raise ValueError(f"{path}:{number}: not understood: {line}")
    return calendars


def storefront_calendars(path, default="always"):
    """Every storefront has the calendar of its own name; others the default."""
    calendars = read_calendars(path)
    return {"calendars": calendars, "storefronts": {name: name for name in calendars},
            "default": default}
