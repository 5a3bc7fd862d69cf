"""State that everybody can reach belongs to nobody."""

import re

from project import LAYERS

RULE = "no mutable globals but the stop flag and what the log keeps"

# (layer, object file) -> names allowed, as a pattern.
ALLOWED = {("base", "log.c"): r"\w+"}
STOP_FLAG = r"stop\w*"

OBJECT = re.compile(r"^(\S+?)\.o:\s+file format")
# objdump -t: value, flags, section, size, name
SYMBOL = re.compile(r"^[0-9a-f]+ .{7} (\.t?(?:data|bss)\S*|\*COM\*)\s+[0-9a-f]+ "
                    r"(?:\.hidden )?(\S+)$")


def check(project):
    findings = []
    for layer in LAYERS:
        for source, section, name in variables(project, layer):
            allowed = ALLOWED.get((layer, source), STOP_FLAG if layer == "app" else r"(?!)")
            if not section.startswith(".data.rel.ro") and not re.fullmatch(allowed, name):
                findings.append("processor/%s/%s: %s is mutable and global" % (layer, source,
                                                                               name))
    return findings


def variables(project, layer):
    source = ""
    for line in project.run("objdump", "-t", project.built("libsw_%s.a" % layer)).split("\n"):
        match = OBJECT.match(line)
        if match:
            source = match.group(1)
        match = SYMBOL.match(line)
        if match and match.group(2) != match.group(1):
            yield source, match.group(1), re.sub(r"\.\d+$", "", match.group(2))
