"""Could a newcomer guess the file from the function's name?"""

import os
import re

from project import LAYERS, Skip

RULE = "a public symbol begins with its file's or header's name, or a type declared there"

OBJECT = re.compile(r"^(\S+)\.o:$")
SYMBOL = re.compile(r"^(?:[0-9a-f]+)?\s+([A-Z])\s+(\w+)$")
TYPE = re.compile(r"^(?:typedef\s+)?(?:enum|struct|union)\s+(\w+)\s*\{", re.M)


def check(project):
    findings = []
    for layer in LAYERS:
        for source, symbol in public_symbols(project, layer):
            stem = source[:-2]
            header = "processor/%s/%s.h" % (layer, stem)
            if not os.path.exists(os.path.join(project.root, "processor", layer, source)):
                continue  # generated
            if not fits(project, header, stem, symbol):
                findings.append("processor/%s/%s: %s should begin with %s_" % (layer, source,
                                                                               symbol, stem))
    return findings


def public_symbols(project, layer):
    library = project.built("libsw_%s.a" % layer)
    source = None
    for line in project.run("nm", "--defined-only", "--extern-only", library).split("\n"):
        match = OBJECT.match(line)
        if match:
            source = os.path.basename(match.group(1))
            continue
        match = SYMBOL.match(line)
        if match and not match.group(2).startswith("_"):
            yield source, match.group(2)
    if source is None:
        raise Skip("%s holds nothing" % library)


def fits(project, header, stem, symbol):
    """Named for its file, for a type of its header, or for the header that declares it."""
    if begins(symbol, stem):
        return True
    layer = os.path.dirname(header)
    for other in project.files(layer, suffixes=(".h",)):
        subject = os.path.basename(other)[:-2]
        if begins(symbol, subject) and re.search(r"\b%s\b" % symbol, project.read(other)):
            return True
    if not os.path.exists(os.path.join(project.root, header)):
        return False
    return any(begins(symbol, name) for name in TYPE.findall(project.read(header)))


def begins(symbol, subject):
    return symbol == subject or symbol.startswith(subject + "_")
