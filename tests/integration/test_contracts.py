#!/usr/bin/env python3
"""The contract suites of tests/contract on real services: the same programs that ctest runs
on the fakes (and, for the store, on a Redis of their own).
"""

import os
import pathlib
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import harness  # noqa: E402

PATIENCE = 120


class Contracts(unittest.TestCase):
    """The programs lie beside the program under test."""

    @classmethod
    def setUpClass(cls):
        cls.world = harness.shared_world()

    def assert_kept(self, suite):
        program = pathlib.Path(harness.binary()).parent / "tests" / f"contract_{suite}_test"
        real = {"SELLERWATCH_TEST_KAFKA": self.world.kafka.brokers,
                "SELLERWATCH_TEST_REGISTRY": self.world.registry.url}
        done = subprocess.run([program], env={**os.environ, **real}, text=True,
                              timeout=PATIENCE, capture_output=True, check=False)
        self.assertEqual(done.returncode, 0, f"{program}:\n{done.stdout}{done.stderr}"[-6000:])

    def test_log(self):
        self.assert_kept("log_contract")

    def test_log_of_a_broker(self):
        self.assert_kept("log_broker")

    def test_sink_and_feed(self):
        self.assert_kept("sink_contract")

    def test_schemas(self):
        self.assert_kept("schemas_contract")


if __name__ == "__main__":
    unittest.main()
