"""What does not fit on a screen is not read."""

RULE = "lines of at most 96 columns, functions of 70 lines, files of 600 lines (tests: 1200)"

LINE_COLUMNS = 96
FUNCTION_LINES = 70
FILE_LINES = 600
TEST_FILE_LINES = 1200  # a suite of promises, or a fake with all its faults, may be longer
SUFFIXES = (".c", ".h", ".def", ".lua", ".py")


def check(project):
    findings = []
    for path in project.files("processor", "tests", suffixes=SUFFIXES):
        lines = project.read(path).split("\n")
        limit = TEST_FILE_LINES if path.startswith("tests/") else FILE_LINES
        if len(lines) > limit + 1:
            findings.append("%s: %d lines, at most %d: split it" % (path, len(lines) - 1,
                                                                   limit))
        for number, line in enumerate(lines, 1):
            if len(line) > LINE_COLUMNS and not path.endswith(".def"):
                findings.append("%s:%d: %d columns, at most %d" % (path, number, len(line),
                                                                   LINE_COLUMNS))
    for function in project.functions("processor", "tests"):
        if function.length > FUNCTION_LINES and function.name != "main":
            findings.append("%s:%d: %s has %d lines, at most %d" % (
                function.path, function.line, function.name, function.length, FUNCTION_LINES))
    return findings
