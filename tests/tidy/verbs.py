"""The table of verbs, their files and the man page say the same."""

import os
import re

RULE = "every verb has its file, its line in the man page, and the page no other"

VERB = re.compile(r"^COMMAND\((\w+),\s*(\w+),", re.M)
PAGE = "deploy/sellerwatch.1"


def check(project):
    verbs = VERB.findall(project.read("processor/app/commands.def"))
    page = project.read(PAGE)
    section = page.partition(".SH VERBS")[2].partition(".SH")[0]
    told = re.findall(r"^\.B (\w+)$", section, re.M)
    findings = []
    for verb, function in verbs:
        path = "processor/app/command_%s.c" % verb
        if function != "command_" + verb:
            findings.append("processor/app/commands.def: %s is run by %s" % (verb, function))
        if not os.path.exists(os.path.join(project.root, path)):
            findings.append("%s: is missing, but commands.def names the verb" % path)
        if verb not in told:
            findings.append("%s: does not tell of the verb %s" % (PAGE, verb))
    names = [verb for verb, _ in verbs]
    return findings + ["%s: tells of the verb %s, which does not exist" % (PAGE, verb)
                       for verb in told if verb not in names]
