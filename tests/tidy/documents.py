"""A generated document is what the program would print today."""

import os

RULE = "generated documents are up to date"

# What prints a document, and where it stands. An entry whose verb the program
# does not have is a mistake, not a reason to look away.
GENERATED = (
    (("check", "--settings-reference"), "config/SETTINGS.md"),
    (("check", "--metrics-reference"), "config/METRICS.md"),
    (("check", "--kpis-reference"), "config/KPIS.md"),
)


def check(project):
    program = project.built("sellerwatch")
    findings = []
    for words, path in GENERATED:
        try:
            wanted = project.run(program, *words)
        except RuntimeError as error:
            findings.append("%s: %s" % (path, error))
            continue
        remedy = "sellerwatch %s > %s" % (" ".join(words), path)
        if not os.path.exists(os.path.join(project.root, path)):
            findings.append("%s: is missing: %s" % (path, remedy))
        elif project.read(path) != wanted:
            findings.append("%s: is out of date: %s" % (path, remedy))
    return findings
