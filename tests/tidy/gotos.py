"""The one goto we write: forward to `fail`, in an adapter that opens things in order."""

import re

from project import ADAPTERS, LAYERS

RULE = "goto only forward, only to one label `fail`, only in adapters"


def check(project):
    findings = []
    for function in project.functions(*["processor/" + layer for layer in LAYERS]):
        layer = function.path.split("/")[1]
        first = function.body.find("\nfail:")
        for match in re.finditer(r"\bgoto\s+(\w+)", function.body):
            where = "%s:%d: %s: " % (function.path, function.line, function.name)
            if layer not in ADAPTERS:
                findings.append(where + "goto outside the adapters")
            elif match.group(1) != "fail":
                findings.append(where + "goto %s: the one label is `fail`" % match.group(1))
            elif first < match.start():
                findings.append(where + "goto goes back, or its label is indented")
    return findings
