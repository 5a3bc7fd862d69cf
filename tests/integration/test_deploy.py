#!/usr/bin/env python3
"""deploy/demo hands over what it was told, on a stage where nothing is installed or built."""

import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
ECHO = "#!/bin/sh\necho \"$(basename \"$0\"):$*\"\n"


class Demo(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="swdeploy-")
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)
        for name in ("deploy/install-packages", "bin/cmake", "build/release/sellerwatch"):
            path = self.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(ECHO, encoding="utf-8")
            path.chmod(0o755)
        shutil.copy(ROOT / "deploy" / "demo", self.root / "deploy" / "demo")

    def said(self, *words):
        path = f"{self.root / 'bin'}:{os.environ['PATH']}"
        done = subprocess.run([self.root / "deploy" / "demo", *words], text=True, check=True,
                              capture_output=True, env={**os.environ, "PATH": path})
        lines = done.stdout.splitlines()
        return lines[0], lines[-1]

    def test_without_options_everything_is_installed(self):
        self.assertEqual(self.said(), ("install-packages:demo", "sellerwatch:demo"))

    def test_no_install_may_stand_anywhere(self):
        expected = ("install-packages:--no-install demo", "sellerwatch:demo --seconds 5")
        self.assertEqual(self.said("--no-install", "--seconds", "5"), expected)
        self.assertEqual(self.said("--seconds", "5", "--no-install"), expected)
        self.assertEqual(self.said("--seconds", "--no-install", "5"), expected)

    def test_words_with_spaces_stay_whole(self):
        self.assertEqual(self.said("a b", "--no-install", "*")[1], "sellerwatch:demo a b *")


if __name__ == "__main__":
    unittest.main()
