#!/usr/bin/env python3
"""Some rounds of fire.py, beside the other tests of a run; FIRE_ROUNDS says how many."""

import os
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import fire  # noqa: E402
import harness  # noqa: E402

ROUNDS = int(os.environ.get("FIRE_ROUNDS", "10"))


class UnderFire(unittest.TestCase):
    def test_whatever_breaks_counts_are_right_and_alerts_stand_once(self):
        world = harness.shared_world()
        for seed in range(1, ROUNDS + 1):
            with self.subTest(seed=seed):
                fire.Round(world, seed).run(self)


if __name__ == "__main__":
    unittest.main()
