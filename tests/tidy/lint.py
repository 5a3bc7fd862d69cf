"""clang-tidy with .clang-tidy: size, nesting, recursion, and the analyser's paths.

What was clean once is not looked at again before it changes: the build folder
keeps a note for each file, named by what the compiler saw.
"""

import concurrent.futures
import hashlib
import json
import os
import re
import shutil
import subprocess

from project import Skip

RULE = "clang-tidy has nothing to say"

FINDING = re.compile(r"^(/\S+?:\d+):\d+: (?:warning|error): (.*)$")
# Why a function is too large: "note: nesting level 4 starts here (threshold 3)".
REASON = re.compile(r"^/\S+?:(\d+):\d+: note: (.*\(threshold \d+\))$")


def check(project):
    if shutil.which("clang-tidy") is None:
        raise Skip("clang-tidy is not installed")
    with open(project.built("compile_commands.json"), encoding="utf-8") as file:
        units = [unit for unit in json.load(file)
                 if unit["file"].startswith(os.path.join(project.root, "processor") + os.sep)]
    notes = os.path.join(project.build, "tidy-clean")
    os.makedirs(notes, exist_ok=True)
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        found = pool.map(lambda unit: lint(project, unit, notes), units)
        return sorted({finding for findings in found for finding in findings})


def lint(project, unit, notes):
    note = os.path.join(notes, seen(project, unit))
    if os.path.exists(note):
        return []
    done = subprocess.run(["clang-tidy", "--quiet", "-p", project.build, unit["file"]],
                          cwd=project.root, capture_output=True, text=True)
    findings = told(project, done.stdout)
    if done.returncode != 0 and not findings:
        findings = ["%s: %s" % (unit["file"], done.stderr.strip()[-300:])]
    if not findings:
        with open(note, "w", encoding="utf-8"):
            pass
    return findings


def told(project, output):
    """The findings of one run, each with its reason where clang-tidy gives one."""
    findings = []
    for line in output.split("\n"):
        match = FINDING.match(line)
        if match:
            where = os.path.relpath(match.group(1), project.root)
            what = match.group(2).replace(",-warnings-as-errors", "")
            findings.append("%s: %s" % (where, what))
        match = REASON.match(line)
        if match and "size/complexity" in findings[-1]:
            findings[-1] += "; line %s: %s" % match.groups()
    return findings


def seen(project, unit):
    """Names what the compiler sees of this file, and by which rules we look at it."""
    command = re.sub(r" -o \S+| -c (?=\S+$)| -M\w+(?: \S+\.[od])?", " ", unit["command"])
    text = subprocess.run(command + " -E", shell=True, cwd=unit["directory"],
                          capture_output=True)
    return hashlib.sha256(text.stdout + text.stderr
                          + project.read(".clang-tidy").encode()).hexdigest()
