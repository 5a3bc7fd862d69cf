"""project.py - the project as the checks see it: its files and their functions.

A check is a module with a sentence RULE and a function

    check(project) -> list of findings, one line each: "path:line: what is wrong"

that raises Skip("why") where it cannot look. Checks get everything from a
Project, so that the self-test can hand them a small bad one.
"""

import os
import re
import subprocess
from collections import namedtuple

LAYERS = ("base", "kpi", "flow", "codec", "kafka", "redis", "http", "app")
ADAPTERS = ("codec", "kafka", "redis", "http")

Function = namedtuple("Function", "name path line length body")


class Skip(Exception):
    """The check cannot look here; its text says why."""


class Project:
    def __init__(self, root, build=None):
        self.root = os.path.abspath(root)
        self.build = os.path.abspath(build) if build else None

    def files(self, *folders, suffixes=(".c", ".h")):
        """Paths relative to the root, sorted; hidden and built files left out."""
        found = []
        for folder in folders:
            for where, names, files in os.walk(os.path.join(self.root, folder)):
                names[:] = [n for n in names if not n.startswith(".")
                            and n not in ("build", "__pycache__")]
                found += [os.path.relpath(os.path.join(where, f), self.root) for f in files
                          if f.endswith(suffixes)]
        return sorted(found)

    def read(self, path):
        with open(os.path.join(self.root, path), encoding="utf-8") as file:
            return file.read()

    def code(self, path):
        """The file without comments and without what stands in quotes; lines kept."""
        return bare(self.read(path))

    def functions(self, *folders, suffixes=(".c", ".h")):
        """Functions in the layout of our .clang-format: braces in the first column."""
        for path in self.files(*folders, suffixes=suffixes):
            yield from functions_of(path, self.code(path))

    def run(self, *command, check=True):
        """Output of a command, run in the root."""
        done = subprocess.run(command, cwd=self.root, capture_output=True, text=True)
        if check and done.returncode != 0:
            raise RuntimeError("%s: %s" % (" ".join(command), done.stderr.strip()))
        return done.stdout

    def built(self, name):
        """Path of something that the build made."""
        if self.build is None:
            raise Skip("no build folder given (--build DIR)")
        path = os.path.join(self.build, name)
        if not os.path.exists(path):
            raise Skip("%s is not built" % path)
        return path


TOKENS = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)
INCLUDE = re.compile(r'^\s*#\s*include[^\n]*$', re.M)


def bare(text):
    """C without comments and texts; the names in #include lines stay."""
    includes = {m.start(): m.end() for m in INCLUDE.finditer(text)}

    def blank(match):
        for start, end in includes.items():
            if start <= match.start() < end and match.group().startswith('"'):
                return match.group()
        if match.group().startswith('"'):
            return '""'
        return "\n" * match.group().count("\n") or " "

    return TOKENS.sub(blank, text)


# A line that cannot belong to the head of the function below it.
ENDS_BEFORE = re.compile(r"^\s*$|^}|;$|^#|\\$")


def functions_of(path, code):
    lines = code.split("\n")
    start = None
    for number, line in enumerate(lines):
        if line == "{":
            start = number
        elif line == "}" and start is not None:
            head = start
            while head > 0 and not ENDS_BEFORE.search(lines[head - 1]):
                head -= 1
            name = re.search(r"(\w+)\s*\(", " ".join(lines[head:start]))
            yield Function(name.group(1) if name else "?", path, head + 1, number - head + 1,
                           "\n".join(lines[start:number + 1]))
            start = None


def matches(project, pattern, *folders, suffixes=(".c", ".h")):
    """(path, line number, match) of a pattern in the bare code."""
    for path in project.files(*folders, suffixes=suffixes):
        for number, line in enumerate(project.code(path).split("\n"), 1):
            for match in re.finditer(pattern, line):
                yield path, number, match
