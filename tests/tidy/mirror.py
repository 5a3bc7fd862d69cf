"""The test of processor/LAYER/PART.c is where one looks for it."""

import os

RULE = "each unit test tests a part that exists: tests/unit mirrors processor/"

# window_test.c and window_late_test.c both test window.c.
ENDS = (".c", ".h", ".def", ".lua")


def check(project):
    findings = []
    for path in project.files("tests/unit", suffixes=("_test.c",)):
        part = os.path.relpath(path, "tests/unit")[:-len("_test.c")]
        if not any(exists(project, stem) for stem in beginnings(part)):
            findings.append("%s: there is no processor/%s.c or .h" % (path, part))
    return findings


def exists(project, stem):
    return any(os.path.exists(os.path.join(project.root, "processor", stem + end))
               for end in ENDS)


def beginnings(part):
    """codec/a_b_c, codec/a_b, codec/a"""
    folder, name = os.path.split(part)
    words = name.split("_")
    return [os.path.join(folder, "_".join(words[:n])) for n in range(len(words), 0, -1)]
