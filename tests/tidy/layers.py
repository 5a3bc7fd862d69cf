"""An include may only go down the layers, and each library has its one folder."""

import os
import re

RULE = "includes respect the layers: base < kpi < flow < codec, kafka, redis, http < app"

BELOW = {
    "base": (),
    "kpi": ("base",),
    "flow": ("base", "kpi"),
    "codec": ("base", "kpi", "flow"),
    "kafka": ("base", "kpi", "flow"),
    "redis": ("base", "kpi", "flow"),
    "http": ("base", "kpi", "flow"),
    "app": ("base", "kpi", "flow", "codec", "kafka", "redis", "http"),
}

# A header of one of these may be included only by these folders.
LIBRARIES = (
    (r"avro(\.h|/.*)|uuid/.*", ("codec",)),
    (r"librdkafka/.*", ("kafka",)),
    (r"hiredis/.*", ("redis",)),
    (r"microhttpd\.h|curl/.*", ("http",)),
    (r"jansson\.h", ("codec", "http", "app")),
    (r"yaml\.h", ("app",)),
    (r"xxhash\.h", ("base",)),
)

# No clock, heap, log or stdio in the domain (the heap of <stdlib.h>: see banned.py).
PURE = ("inttypes.h", "limits.h", "math.h", "stdarg.h", "stdbool.h", "stddef.h", "stdint.h",
        "stdlib.h", "string.h")

INCLUDE = re.compile(r'^\s*#\s*include\s*(["<])([^">]+)[">]')


def check(project):
    findings = []
    for path in project.files("processor", suffixes=(".c", ".h", ".def")):
        layer = path.split(os.sep)[1]
        if layer not in BELOW:
            findings.append("%s: is in no layer (%s)" % (path, ", ".join(BELOW)))
            continue
        for number, line in enumerate(project.code(path).split("\n"), 1):
            match = INCLUDE.match(line)
            wrong = match and breach(layer, *match.groups())
            if wrong:
                findings.append("%s:%d: %s" % (path, number, wrong))
    return findings


def breach(layer, quote, name):
    if quote == '"':
        other = name.split("/")[0]
        if other in BELOW and other != layer and other not in BELOW[layer]:
            return "%s/ must not include %s" % (layer, name)
        if "/" not in name and not name.endswith("_embedded.h"):
            return 'write the path from processor/: "%s/%s"' % (layer, name)
        if layer == "kpi" and name == "base/log.h":
            return "kpi/ is pure and does not log"
        return None
    for library, folders in LIBRARIES:
        if re.fullmatch(library, name) and layer not in folders:
            return "<%s> belongs to %s/ alone" % (name, "/, ".join(folders))
    if layer == "kpi" and name not in PURE:
        return "kpi/ is pure and does not include <%s>" % name
    return None
