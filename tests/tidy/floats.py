"""KPIs are counted in integers: parts per million and cents; nothing rounds by itself."""

from project import matches

RULE = "no floating point in kpi/ but in statistics.c and the fields of an alert it fills"

ALLOWED = ("processor/kpi/statistics.c", "processor/kpi/statistics.h",
           "processor/kpi/alert_change.h")
FLOAT = r"\b(?:double|float|float_t|double_t)\b|(?<![\w.])\d+\.\d*(?:[eE][-+]?\d+)?"


def check(project):
    return ["%s:%d: %s" % (path, number, match.group())
            for path, number, match in matches(project, FLOAT, "processor/kpi",
                                               suffixes=(".c", ".h", ".def"))
            if path not in ALLOWED]
