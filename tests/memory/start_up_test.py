#!/usr/bin/env python3
"""Memory that runs out while the program starts ends it clearly, or does not matter.

    start_up_test.py --allocations LIBRARY --sellerwatch PROGRAM --parts PROGRAM [--all]

Each case is run once to count its allocations (allocations.c), and then again and again,
each time with another one failing. A run may
    succeed     exit code and standard output as without the failure;
    refuse      exit code 1 or 2, and a sentence on standard error;
    abort       SIGABRT, and last words on standard error (CHECK: restarting is safe).
Anything else is a finding: another signal, silence, a different answer, no end. Where a case
has many allocations every k-th fails, beginning at a place that --shift moves; --all takes
each of them.
"""

import argparse
import os
import pathlib
import resource
import signal
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
RUN_SECONDS = 30
FINDINGS_SHOWN = 20

# Of start_up.c, with the number of runs that each gets without --all.
PARTS = (("calendars", 30), ("schemas", 60), ("alerts", 40), ("registry", 30))

NO_REGISTRY = """
kafka: { brokers: "127.0.0.1:1" }
schemas: { source: registry, registry: { url: "http://127.0.0.1:1" } }
retry: { start: 0s }
http: { port: 0 }
"""


class Case:
    def __init__(self, name, command, runs):
        self.name = name
        self.command = command
        self.runs = runs


def cases(given, folder):
    """The last number: how many runs the case gets without --all."""
    config = folder / "no-registry.yaml"
    config.write_text(NO_REGISTRY, encoding="utf-8")
    made = [Case("check", [given.sellerwatch, "check",
                           str(ROOT / "config" / "sellerwatch.yaml")], 60),
            Case("run", [given.sellerwatch, "run", "--config", str(config)], 30)]
    made += [Case(part, [given.parts, part], runs) for part, runs in PARTS]
    return [case for case in made if given.case in (None, case.name)]


def leave_no_core():
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def run(given, case, **environment):
    """(exit code, standard output, standard error); code None: it did not end."""
    variables = {"PATH": os.environ.get("PATH", ""), "LD_PRELOAD": given.allocations,
                 **environment}
    try:
        done = subprocess.run(case.command, env=variables, capture_output=True,
                              timeout=RUN_SECONDS, check=False, preexec_fn=leave_no_core)
    except subprocess.TimeoutExpired:
        return None, b"", b""
    return done.returncode, done.stdout, done.stderr


def finding(outcome, wanted):
    """What is wrong with it, or None."""
    code, output, words = outcome
    if code is None:
        return f"no end after {RUN_SECONDS} s"
    if code == wanted[0] == 0:
        return None if output == wanted[1] else f"another answer: {output[:200]!r}"
    if code in (1, 2, -signal.SIGABRT):
        return None if words.strip() else f"ended with {code} without a word"
    return f"ended with {code}: {words[-200:]!r}"


def judge(given, case, folder):
    report = folder / "count"
    wanted = run(given, case, ALLOCATIONS_REPORT=str(report))
    count = int(report.read_text())
    step = 1 if given.all else max(1, count // case.runs)
    findings, endings = [], {"well": 0, "refused": 0, "aborted": 0}
    for number in range(1 + given.shift % step, count + 1, step):
        outcome = run(given, case, ALLOCATION_FAILS=str(number) + given.on)
        wrong = finding(outcome, wanted)
        if wrong:
            findings.append(f"{case.name}: allocation {number} of {count} fails: {wrong}")
        else:
            endings["aborted" if outcome[0] < 0 else "well" if outcome[0] == wanted[0] == 0
                    else "refused"] += 1
    told = ", ".join(f"{times} {ending}" for ending, times in endings.items())
    print(f"{case.name}: {count} allocations, every {step}.: {told}, {len(findings)} findings")
    return findings


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--allocations", required=True, help="the shared library")
    parser.add_argument("--sellerwatch", required=True)
    parser.add_argument("--parts", required=True, help="memory_start_up")
    parser.add_argument("--case", help="only this one")
    parser.add_argument("--all", action="store_true", help="each allocation, however many")
    parser.add_argument("--shift", type=int, default=0, help="begin later by so many")
    parser.add_argument("--on", action="store_const", const="+", default="",
                        help="all later ones fail, too")
    given = parser.parse_args()
    findings = []
    with tempfile.TemporaryDirectory(prefix="sellerwatch-memory-") as folder:
        for case in cases(given, pathlib.Path(folder)):
            findings += judge(given, case, pathlib.Path(folder))
    for line in findings[:FINDINGS_SHOWN]:
        print(line)
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
