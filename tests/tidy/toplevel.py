"""The first listing a newcomer sees has no surprises."""

import os

RULE = "the top level holds exactly what ARCHITECTURE.md explains"

WANTED = {"CMakeLists.txt", "CMakePresets.json", "README.md", "ARCHITECTURE.md",
          "CONTRIBUTING.md", "LICENSE", "processor", "schemas", "config", "tests", "deploy"}
BUILT = {"build"}  # ignored by git


def check(project):
    there = {name for name in os.listdir(project.root) if not name.startswith(".")} - BUILT
    return ["%s: does not belong to the top level" % name for name in sorted(there - WANTED)] \
        + ["%s: is missing" % name for name in sorted(WANTED - there)]
