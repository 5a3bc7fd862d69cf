"""The test of processor/LAYER/PART.c is where one looks for it."""

import os

RULE = "each unit test tests a part that exists: tests/unit mirrors processor/"


def check(project):
    findings = []
    for path in project.files("tests/unit", suffixes=("_test.c",)):
        part = os.path.relpath(path, "tests/unit")[:-len("_test.c")]
        parts = [os.path.join(project.root, "processor", part + end)
                 for end in (".c", ".h", ".def", ".lua")]
        if not any(os.path.exists(where) for where in parts):
            findings.append("%s: there is no processor/%s.c or .h" % (path, part))
    return findings
