"""The README's example in Python, as it stands there, on a feed that the program wrote.

    tests/support/python.sh -m unittest discover -s tests/integration -p test_readme.py
"""

import os
import re
import subprocess
import sys
import threading
import time
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import harness  # noqa: E402
from events import read_events  # noqa: E402

SAMPLE = harness.ROOT / "tests" / "golden" / "sample.jsonl"
PATIENCE_SECONDS = 60
world = None


def setUpModule():
    global world
    harness.binary()
    world = harness.World()


def tearDownModule():
    if world is not None:
        world.close()


def example():
    """The one block of Python that reads alerts."""
    text = (harness.ROOT / "README.md").read_text(encoding="utf-8")
    blocks = [block for block in re.findall(r"```python\n(.*?)```", text, re.S)
              if "fastavro" in block]
    assert len(blocks) == 1, f"README.md has {len(blocks)} examples that read alerts"
    return blocks[0]


def pointed_at(job):
    """The example with its three addresses replaced by those of the test."""
    addresses = f'BROKERS, REGISTRY, TOPIC = {job.world.kafka.brokers!r}, ' \
                f'{job.registry_url!r}, {job.topics["alerts"]!r}'
    text, times = re.subn(r"^BROKERS, REGISTRY, TOPIC = .*$", lambda _: addresses, example(),
                          flags=re.M)
    assert times == 1, "the example does not begin with its addresses"
    return text.replace("my-team", f"{job.name}-readme")


class Reader:
    """The example as a process of its own, and the lines it says."""

    def __init__(self, text):
        self.process = subprocess.Popen([sys.executable, "-c", text], text=True,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.lines = []
        self.listener = threading.Thread(target=self.listen, daemon=True)
        self.listener.start()

    def listen(self):
        for line in self.process.stdout:
            self.lines.append(line.strip())

    def wait_for(self, count):
        """So many lines, or what came until patience ended."""
        end = time.monotonic() + PATIENCE_SECONDS
        while len(self.lines) < count and time.monotonic() < end \
                and self.process.poll() is None:
            time.sleep(0.1)

    def close(self):
        self.process.kill()
        _, said = self.process.communicate()
        self.listener.join()
        return said


class TheExampleOfTheReadme(unittest.TestCase):

    def repeat(self, job, alert):
        """The feed tells the change a second time, as a crash at the wrong moment may."""
        record = next(r for r in job.records("alerts")
                      if (r.partition(), r.offset()) == (alert.partition, alert.offset))
        job.producer.produce(job.topics["alerts"], key=record.key(), value=record.value(),
                             headers=record.headers(), partition=record.partition())
        job.flush()

    def test_reads_each_critical_change_once(self):
        with harness.Job(world) as job:
            job.produce(read_events([str(SAMPLE)]))
            job.instance().start()
            job.wait_until_read()
            wanted = [alert for alert in job.alerts()
                      if alert.headers["ce_severitytext"] == "CRITICAL"]
            self.assertGreater(len(wanted), 0)
            self.repeat(job, wanted[0])
            reader = Reader(pointed_at(job))
            try:
                reader.wait_for(len(wanted))
                time.sleep(2)  # for one line too many
            finally:
                said = reader.close()
            self.assertEqual(sorted(line.split()[0] for line in reader.lines),
                             sorted(alert.headers["ce_id"] for alert in wanted), said)
            first = wanted[0].body
            line = next(line for line in reader.lines
                        if line.startswith(wanted[0].headers["ce_id"]))
            self.assertIn(f'{first["event_type"]} {first["id_seller"]} {first["kpi"]}', line)
            for one in first["evidence"][:3]:
                self.assertNotEqual(one["detail"], "")
                self.assertIn(str((one["id"], one["detail"])), line)


if __name__ == "__main__":
    unittest.main()
