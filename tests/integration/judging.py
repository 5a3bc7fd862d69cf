"""Is what the program left right? Views against the oracle, the feed against its own promises.

Each function answers with a list of sentences; an empty one means that all is well.
"""

import operator

import oracle

def compare_shards(answer, shards):
    """Stream time and watermark of every shard that saw events."""
    differences = []
    for number, expected in answer["shards"].items():
        for name in ("stream_time", "watermark"):
            found = shards[int(number)].get(name)
            if found != str(expected[name]):
                differences.append(f"shard {number} {name}: {found}, not {expected[name]}")
    return differences


def expected_rows(answer):
    for seller, places in answer["sellers"].items():
        for storefront, rows in places.items():
            yield (seller, storefront), rows


def compare_views(answer, views):
    """What the kpi: hashes say against the oracle; [] if they agree everywhere."""
    differences = []
    expected = dict(expected_rows(answer))
    for place in sorted(set(expected) | set(views)):
        rows = expected.get(place, {})
        view = views.get(place, {})
        for name in sorted(set(rows) | {field for field in view if ":" in field}):
            difference = compare_row(rows.get(name), view.get(name), name)
            if difference:
                differences.append(f"{'|'.join(place)} {name}: {difference}")
    return differences


def compare_row(row, text, name):
    """What is different, or None. What is not shown counts as nothing there."""
    row = row or {"bad": 0, "total": 0, "value": None}
    wanted = (row["bad"], row["total"], row["value"])
    if text is None:
        return None if row["total"] == 0 else f"not shown, but is {wanted}"
    try:
        bad, total, value = (None if word == "-" else int(word) for word in text.split()[:3])
    except ValueError:
        return f"{text!r} does not read `bad total value ...`"
    if name.endswith(":now"):
        return None if (value or 0) == (row["value"] or 0) else f"{text!r}, but is {wanted}"
    return None if (bad, total, value) == wanted else f"{text!r}, but is {wanted}"


ACTIVE = {"FIRING", "RECOVERING"}
EVIDENCE_MOST = 20
BEYOND = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}


def feed_problems(alerts):
    """What a reader of the feed could complain about."""
    problems = []
    seen = {}
    episodes = {}
    for alert in alerts:
        name = alert.headers.get("ce_id")
        if name in seen:
            problems.append(f"{alert!r} has the ce_id of {seen[name]!r}")
        seen[name] = alert
        if alert.key != alert.body["id_seller"]:
            problems.append(f"{alert!r} has the key {alert.key}")
        if alert.headers.get("ce_specversion") != "1.0" or not alert.headers.get("ce_type"):
            problems.append(f"{alert!r} is no CloudEvent: {alert.headers}")
        problems += body_problems(alert)
        episodes.setdefault(alert.body["alert_id"], []).append(alert)
    for episode in episodes.values():
        numbers = [alert.body["sequence"] for alert in episode]
        if numbers != list(range(1, len(numbers) + 1)):
            problems.append(f"{episode[0]!r}: sequences {numbers[:20]}")
    return problems + history_problems(alerts)


def body_problems(alert):
    """Does a record contradict itself?"""
    body = alert.body
    problems = []
    shown, total = len(body["evidence"]), body["evidence_total"]
    if shown != min(EVIDENCE_MOST, total):
        problems.append(f"{alert!r} shows {shown} pieces of evidence of {total}")
    value, limit = body["value"], body["threshold"]
    if (body["event_type"], body["reason"]) == ("RESOLVED", "RECOVERED") and None not in (
            value, limit) and BEYOND[body["comparator"]](value, limit):
        problems.append(f"{alert!r} has recovered, but {value} is {body['comparator']} {limit}")
    return problems


def history_problems(alerts):
    """Per alert key: each record follows from the one before."""
    problems = []
    status = {}
    numbers = {}
    for alert in alerts:
        key = alert.body["alert_key"]
        before = status.get(key, "OK")
        said = alert.body["previous_status"]
        if said not in (before, "UNKNOWN") and {said, before} != {"OK", "RESOLVED"}:
            problems.append(f"{alert!r} says it was {said}, but it was {before}")
        status[key] = alert.body["status"]
        numbers.setdefault(alert.partition, []).append(alert.body["shard_sequence"])
    for partition, found in numbers.items():
        if found != sorted(set(found)):
            problems.append(f"shard sequences of partition {partition} are not in order")
    return problems


def missing_alerts(alerts, answer):
    """Breaches of the oracle that no alert tells of, and severities that differ."""
    last = {alert.body["alert_key"]: alert.body for alert in alerts}
    problems = []
    for (seller, storefront, kpi, window), level in sorted(oracle.breaches(answer).items()):
        key = f"{seller}|{storefront}|{kpi}|{window}"
        body = last.get(key)
        if body is None or body["status"] not in ACTIVE:
            problems.append(f"{key} is in breach ({level}), the feed says "
                            f"{body and body['status']}")
        elif level == "critical" and body["severity"] != "CRITICAL":
            problems.append(f"{key} is critical, the feed says {body['severity']}")
    return problems
