"""Nobody argues about blanks: clang-format decides."""

import re
import shutil
import subprocess

from project import Skip

RULE = "C files are as clang-format writes them"

FINDING = re.compile(r"^(\S+?):(\d+):\d+: error: code should be clang-formatted", re.M)


def check(project):
    if shutil.which("clang-format") is None:
        raise Skip("clang-format is not installed")
    files = project.files("processor", "tests")
    if not files:
        return []
    done = subprocess.run(["clang-format", "--dry-run", "-Werror", *files], cwd=project.root,
                          capture_output=True, text=True)
    lines = {}
    for path, line in FINDING.findall(done.stderr):
        lines.setdefault(path, []).append(line)
    findings = ["%s:%s: not as clang-format writes it (%d places): clang-format -i %s" % (
        path, numbers[0], len(numbers), path) for path, numbers in sorted(lines.items())]
    if done.returncode != 0 and not findings:
        findings.append(done.stderr.strip())
    return findings
