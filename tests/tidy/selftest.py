"""selftest.py - each check passes a good sample and fails a bad one.

A check that cannot fail protects nothing. Every sample is a project of a few
lines in a temporary folder; the checks of built things get theirs compiled.
"""

import importlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.join(HERE, "..", "..")
sys.path.insert(0, HERE)
sys.dont_write_bytecode = True

from project import LAYERS, Project, Skip, bare, functions_of  # noqa: E402

FUNCTION = "int %s(void)\n{\n%s    return 0;\n}\n"


def findings(check, files):
    """What a check says about a project of these files (path -> text)."""
    with tempfile.TemporaryDirectory() as root:
        fill(root, files)
        return importlib.import_module(check).check(Project(root, os.path.join(root, "build")))


def fill(root, files):
    for path, text in files.items():
        path = os.path.join(root, path)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)


def built_findings(check, layer, name, text, header=""):
    """The same for one C file, compiled into the library of its layer."""
    with tempfile.TemporaryDirectory() as root:
        build = os.path.join(root, "build")
        source = os.path.join(root, "processor", layer, name + ".c")
        fill(root, {source: text, source[:-2] + ".h": header,
                    "build/other.c": "int main(void);\n"})
        for one in LAYERS:
            library = os.path.join(build, "libsw_%s.a" % one)
            file, member = (source, name) if one == layer else (build + "/other.c", "other")
            compiled = os.path.join(build, member + ".c.o")
            subprocess.run(["cc", "-fPIE", "-c", file, "-o", compiled], check=True)
            subprocess.run(["ar", "rcs", library, compiled], check=True)
        return importlib.import_module(check).check(Project(root, build))


class Scanner(unittest.TestCase):
    def test_comments_and_texts_are_not_code(self):
        code = bare('a /* goto\nfail */ "strcpy(" // rand()\n#include "base/x.h"\n\'"\' b')
        self.assertNotIn("goto", code)
        self.assertNotIn("strcpy", code)
        self.assertNotIn("rand", code)
        self.assertIn('#include "base/x.h"', code)
        self.assertTrue(code.endswith("b"))
        self.assertEqual(code.count("\n"), 3)

    def test_function_knows_its_name_and_length(self):
        text = "static int\nf(int a,\n  int b)\n{\n    return a;\n}\n\nint g(void)\n{\n}\n"
        self.assertEqual([(f.name, f.line, f.length) for f in functions_of("x.c", text)],
                         [("f", 1, 6), ("g", 8, 3)])

    def test_struct_is_no_function(self):
        self.assertEqual(list(functions_of("x.c", "struct a {\n    int b;\n};\n")), [])


class Layers(unittest.TestCase):
    def test_going_down_is_allowed(self):
        self.assertEqual(findings("layers", {
            "processor/flow/a.c": '#include "kpi/b.h"\n#include <stdio.h>\n',
            "processor/kafka/a.c": '#include <librdkafka/rdkafka.h>\n'}), [])

    def test_going_up_or_sideways_is_not(self):
        for path, line in (("base/a.c", '#include "kpi/b.h"'),
                           ("kpi/a.h", '#include "flow/b.h"'),
                           ("redis/a.c", '#include "kafka/b.h"'),
                           ("http/a.c", '#include "app/b.h"'),
                           ("kpi/a.def", '# include "app/b.h"')):
            found = findings("layers", {"processor/" + path: line + "\n"})
            self.assertEqual(len(found), 1, line)

    def test_library_outside_its_folder(self):
        for path, line in (("flow/a.c", "#include <avro.h>"),
                           ("app/a.c", "#include <curl/curl.h>"),
                           ("kafka/a.c", "#include <hiredis/hiredis.h>"),
                           ("kpi/a.c", "#include <time.h>"), ("kpi/a.c", "#include <stdio.h>"),
                           ("kpi/a.c", '#include "base/log.h"'), ("app/a.c", '#include "b.h"')):
            found = findings("layers", {"processor/" + path: line + "\n"})
            self.assertEqual(len(found), 1, line)

    def test_folder_that_is_no_layer(self):
        self.assertEqual(len(findings("layers", {"processor/misc/a.c": ""})), 1)


class Banned(unittest.TestCase):
    def test_use_is_found_and_look_alikes_are_not(self):
        good = "snprintf(a); my_rand(); p->free(x); /* strcpy(a) */ event_time(x);\n"
        self.assertEqual(findings("banned", {"processor/kpi/a.c": good}), [])
        for path, text in (("app/a.c", "strcpy(a, b);"), ("base/a.c", "x = atoi (s);"),
                           ("redis/a.c", "getenv(n);"), ("kpi/a.c", "malloc(3);"),
                           ("flow/a.h", "free(p);"), ("flow/a.c", "clock_gettime(c, t);")):
            self.assertEqual(len(findings("banned", {"processor/" + path: text})), 1, text)
        self.assertEqual(findings("banned", {"processor/app/a.c": "getenv(n);"}), [])


class Sizes(unittest.TestCase):
    def test_limits_are_the_last_allowed(self):
        body = "    a();\n" * 66
        self.assertEqual(findings("sizes", {"processor/kpi/a.c": FUNCTION % ("f", body),
                                            "tests/b.c": "x" * 96 + "\n",
                                            "processor/kpi/c.h": "x\n" * 600}), [])

    def test_one_more_is_found(self):
        body = "    a();\n" * 67
        self.assertEqual(len(findings("sizes", {"processor/kpi/a.c": FUNCTION % ("f", body),
                                                "tests/b.c": "x" * 97 + "\n",
                                                "processor/kpi/c.h": "x\n" * 601})), 3)


class Beliefs(unittest.TestCase):
    def test_as_many_as_before_are_enough(self):
        two = FUNCTION % ("f", "    CHECK(a);\n") + "\n" + FUNCTION % ("g", "")
        self.assertEqual(findings("beliefs", {"processor/kpi/a.c": two}), [])
        self.assertTrue(findings("beliefs", {"processor/kpi/a.c": two,
                                             "processor/flow/a.c": FUNCTION % ("h", "")}))

    def test_belief_in_a_comment_does_not_count(self):
        self.assertTrue(findings("beliefs", {
            "processor/kpi/a.c": FUNCTION % ("f", "    /* CHECK(a); CHECK(b); */\n")}))


class Gotos(unittest.TestCase):
    FORWARD = "int f(void)\n{\n    goto fail;\nfail:\n    return 0;\n}\n"

    def test_forward_to_fail_in_an_adapter(self):
        self.assertEqual(findings("gotos", {"processor/redis/a.c": self.FORWARD}), [])

    def test_every_other_goto(self):
        backward = "int f(void)\n{\nfail:\n    goto fail;\n}\n"
        other = self.FORWARD.replace("fail", "out")
        for path, text in (("kpi/a.c", self.FORWARD), ("app/a.c", self.FORWARD),
                           ("redis/a.c", backward), ("redis/a.c", other)):
            self.assertEqual(len(findings("gotos", {"processor/" + path: text})), 1, text)


class Floats(unittest.TestCase):
    def test_only_statistics_may(self):
        self.assertEqual(findings("floats", {
            "processor/kpi/statistics.c": "double x = 1.5;\n",
            "processor/base/a.c": "double x;\n",
            "processor/kpi/b.c": "int doubled = 15; /* 1.5 double */\n"}), [])
        bad = {"processor/kpi/a.c": "double x;\nx = 1.5;\n"}
        self.assertEqual(len(findings("floats", bad)), 2)


class Mirror(unittest.TestCase):
    def test_test_without_its_part(self):
        self.assertEqual(findings("mirror", {"tests/unit/kpi/a_test.c": "",
                                             "tests/unit/kpi/a_late_test.c": "",
                                             "processor/kpi/a.h": ""}), [])
        self.assertEqual(len(findings("mirror", {"tests/unit/kpi/a_test.c": ""})), 1)


class Words(unittest.TestCase):
    def test_unfinished_work_and_foreign_paths(self):
        self.assertEqual(findings("words", {"README.md": "the todo list, ../shared/data\n",
                                            "a.py": 'ROOT + "/wo' + 'rk/x"\n'}), [
            "a.py:1: /wo" + "rk/"])
        for text in ("/* TO" + "DO: later */", "see /ho" + "me/me/x", "FIX" + "ME"):
            self.assertEqual(len(findings("words", {"processor/a.c": text})), 1, text)


class TopLevel(unittest.TestCase):
    def test_too_much_and_too_little(self):
        import toplevel
        files = {name + "/x" if name.islower() else name: "" for name in toplevel.WANTED}
        self.assertEqual(findings("toplevel", {**files, ".dot": "", "build/x": ""}), [])
        self.assertEqual(len(findings("toplevel", {**files, "notes.txt": ""})), 1)
        del files["LICENSE"]
        self.assertEqual(len(findings("toplevel", files)), 1)


class Planted(unittest.TestCase):
    def test_bug_whose_text_is_gone_or_stands_twice(self):
        bugs = {"tests/sim/mutants/mutants.py":
                'MUTANTS = [("a bug", "a.c", "x > y", "x < y")]'}
        self.assertEqual(findings("planted", {**bugs, "a.c": "if (x > y)"}), [])
        self.assertEqual(len(findings("planted", {**bugs, "a.c": "if (y < x)"})), 1)
        self.assertEqual(len(findings("planted", {**bugs, "a.c": "x > y && x > y"})), 1)


class Verbs(unittest.TestCase):
    GOOD = {"processor/app/commands.def": 'COMMAND(run, command_run, "Runs.")\n',
            "processor/app/command_run.c": "",
            "deploy/sellerwatch.1": ".SH VERBS\n.TP\n.B run\nRuns.\n.SH OPTIONS\n.B other\n"}

    def test_table_files_and_page_agree(self):
        self.assertEqual(findings("verbs", self.GOOD), [])
        more = self.GOOD["processor/app/commands.def"] + 'COMMAND(go, command_go, "Goes.")\n'
        self.assertEqual(len(findings("verbs", {**self.GOOD,
                                                "processor/app/commands.def": more})), 2)
        page = self.GOOD["deploy/sellerwatch.1"].replace("run", "walk")
        self.assertEqual(len(findings("verbs", {**self.GOOD, "deploy/sellerwatch.1": page})), 2)


@unittest.skipIf(shutil.which("clang-format") is None, "clang-format is not installed")
class Layout(unittest.TestCase):
    def test_badly_laid_out_file(self):
        style = {".clang-format": Project(ROOT).read(".clang-format")}
        good = FUNCTION % ("f", "")
        self.assertEqual(findings("layout", {**style, "processor/a.c": good}), [])
        bad = good.replace("    ", "  ")
        self.assertEqual(len(findings("layout", {**style, "processor/a.c": bad})), 1)


@unittest.skipIf(shutil.which("cc") is None, "no C compiler is installed")
class Built(unittest.TestCase):
    def test_symbol_named_for_its_file_or_its_type(self):
        header = "enum alert_kind { A };\n"
        for name in ("window_add", "window", "alert_kind_name"):
            self.assertEqual(built_findings("symbols", "kpi", "window", FUNCTION % (name, ""),
                                            header), [], name)
        self.assertEqual(len(built_findings("symbols", "kpi", "window", FUNCTION % ("add", ""),
                                            header)), 1)
        self.assertEqual(len(built_findings("symbols", "kpi", "window",
                                            FUNCTION % ("windowed", ""), header)), 1)

    def test_private_symbol_may_have_any_name(self):
        text = "static " + FUNCTION % ("add", "") \
            + "int window_a(void)\n{\n    return add();\n}\n"
        self.assertEqual(built_findings("symbols", "kpi", "window", text), [])

    def test_mutable_global(self):
        for text in ("int count;\n",
                     "static int count = 3;\nint *window(void) { return &count; }\n",
                     "int *window(void) { static int n; return &n; }\n",
                     "static _Thread_local int n; int *window(void) { return &n; }\n",
                     "const char *name = 0;\n"):
            self.assertEqual(len(built_findings("mutable", "kpi", "window", text)), 1, text)

    def test_constant_table_and_stop_flag(self):
        table = "const int n = 3;\nconst char *const names[] = { \"a\", \"b\" };\n"
        self.assertEqual(built_findings("mutable", "kpi", "window", table), [])
        flag = "#include <signal.h>\nvolatile sig_atomic_t stop_asked;\n"
        self.assertEqual(built_findings("mutable", "app", "command_run", flag), [])
        self.assertEqual(len(built_findings("mutable", "flow", "loop", flag)), 1)

    def test_nothing_built_is_said(self):
        with self.assertRaises(Skip):
            findings("symbols", {"build/x": ""})


class Documents(unittest.TestCase):
    def test_stale_or_missing_document(self):
        for text, wanted in (("new\n", 0), ("old\n", 1), (None, 1)):
            with tempfile.TemporaryDirectory() as root:
                fill(root, {"build/sellerwatch": "#!/bin/sh\necho new\n"})
                os.chmod(root + "/build/sellerwatch", 0o755)
                if text is not None:
                    import documents
                    fill(root, {path: text for _, path in documents.GENERATED})
                project = Project(root, root + "/build")
                found = importlib.import_module("documents").check(project)
                self.assertEqual(len(found), wanted * len(documents.GENERATED))


@unittest.skipIf(shutil.which("clang-tidy") is None, "clang-tidy is not installed")
class Lint(unittest.TestCase):
    def lint(self, text):
        with tempfile.TemporaryDirectory() as root:
            source = root + "/processor/a.c"
            fill(root, {source: text, ".clang-tidy": Project(ROOT).read(".clang-tidy"),
                        "build/compile_commands.json": json.dumps([{
                            "directory": root, "file": source,
                            "command": "cc -o a.o -c " + source}])})
            project = Project(root, root + "/build")
            lint = importlib.import_module("lint")
            first = lint.check(project)
            self.assertEqual(lint.check(project), first)  # also when looked at again
            return first

    def test_recursion_parameters_and_lost_memory(self):
        self.assertEqual(self.lint("int f(int a);\nint f(int a)\n{\n    return a;\n}\n"), [])
        self.assertTrue(self.lint("int f(int a)\n{\n    return a > 0 ? f(a - 1) : 0;\n}\n"))
        self.assertTrue(self.lint("int f(int a, int b, int c, int d, int e, int g)\n"
                                  "{\n    return a + b + c + d + e + g;\n}\n"))
        self.assertTrue(self.lint("#include <stdlib.h>\nint f(void)\n{\n"
                                  "    int *p = malloc(4);\n    return p == 0;\n}\n"))


class Complete(unittest.TestCase):
    def test_every_check_is_listed_and_tested_here(self):
        listed = re.search(r"^CHECKS = \((.*?)\)", Project(ROOT).read("tests/tidy/run"),
                           re.M | re.S)
        names = set(re.findall(r'"(\w+)"', listed.group(1)))
        files = {f[:-3] for f in os.listdir(HERE) if f.endswith(".py")}
        self.assertEqual(names, files - {"project", "selftest"})
        text = Project(ROOT).read("tests/tidy/selftest.py")
        for name in names:
            self.assertIn('"%s"' % name, text, name)


if __name__ == "__main__":
    unittest.main()
