"""What does not fit on a screen is not read."""

RULE = "lines of at most 96 columns, functions of 70 lines, files of 600 lines"

LINE_COLUMNS = 96
FUNCTION_LINES = 70
FILE_LINES = 600
SUFFIXES = (".c", ".h", ".def", ".lua", ".py")


def check(project):
    findings = []
    for path in project.files("processor", "tests", suffixes=SUFFIXES):
        lines = project.read(path).split("\n")
        if len(lines) > FILE_LINES + 1:
            findings.append("%s: %d lines, at most %d: split it" % (path, len(lines) - 1,
                                                                   FILE_LINES))
        for number, line in enumerate(lines, 1):
            if len(line) > LINE_COLUMNS and not path.endswith(".def"):
                findings.append("%s:%d: %d columns, at most %d" % (path, number, len(line),
                                                                   LINE_COLUMNS))
    for function in project.functions("processor", "tests"):
        if function.length > FUNCTION_LINES and function.name != "main":
            findings.append("%s:%d: %s has %d lines, at most %d" % (
                function.path, function.line, function.name, function.length, FUNCTION_LINES))
    return findings
