"""Functions that have a better sibling, or that do not belong where they are."""

from project import LAYERS, matches

RULE = "no banned function is called; getenv only in app/; no heap in kpi/ and flow/"

EVERYWHERE = ("strcpy strcat sprintf vsprintf strtok atoi atol gmtime localtime rand alloca "
              "gets setjmp longjmp")
HEAP = "malloc calloc realloc free strdup strndup asprintf"
CLOCK = "time clock clock_gettime gettimeofday"


def check(project):
    rules = [(EVERYWHERE, LAYERS, "is banned (base/banned.h)"),
             ("getenv", [layer for layer in LAYERS if layer != "app"],
              "belongs to app/: pass the value in"),
             (HEAP, ("kpi", "flow"), "is heap: take an arena that is handed in"),
             (CLOCK, ("kpi", "flow"), "is a clock: take the time as an argument")]
    findings = []
    for names, layers, why in rules:
        pattern = r"(?<![\w.>])(%s)\s*\(" % names.replace(" ", "|")
        folders = ["processor/" + layer for layer in layers]
        for path, number, match in matches(project, pattern, *folders):
            findings.append("%s:%d: %s() %s" % (path, number, match.group(1), why))
    return findings
