"""A bug that can no longer be planted proves nothing: the list follows the program."""

import os
import runpy

RULE = "each bug of tests/sim/mutants can be planted: its text stands once in its file"

LIST = "tests/sim/mutants/mutants.py"


def unplantable(mutants, read):
    """What is wrong with the list; `read` gives the text of a file."""
    findings = []
    for what, file, text, bug in mutants:
        times = read(file).count(text)
        if times != 1:
            findings.append("%s: the text of %r stands there %d times" % (file, what, times))
        if text == bug:
            findings.append("%s: %r changes nothing" % (LIST, what))
    return findings


def check(project):
    if not os.path.exists(os.path.join(project.root, LIST)):
        return []
    mutants = runpy.run_path(os.path.join(project.root, LIST))["MUTANTS"]
    return unplantable(mutants, project.read)
