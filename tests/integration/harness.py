"""What the integration tests share: a world of real services, the program in it, and the
comparison with the oracle.

    world = shared_world()          Kafka, registry and Redis of this test run
    job = Job(world, partitions=4)  topics, schemas and a configuration of one test
    job.produce(events)             JSON events -> Avro -> the three topics
    one = job.instance(); one.start() ... one.stop() / one.kill()
    job.wait_until_read()           offsets in Redis equal the log ends, nothing moves
    job.assert_equals_oracle(test, events)
    job.assert_feed_is_legal(test, answer)

Events are encoded by fastavro and sent by the Kafka client with the partitioner of the Java
client, so nothing here shares code with the program but the schema files.
"""

import atexit
import collections
import contextlib
import functools
import glob
import itertools
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "support" / "services"))
sys.path.insert(0, str(ROOT / "tests" / "oracle"))
import confluent_kafka  # noqa: E402
from confluent_kafka.admin import AdminClient  # noqa: E402
import oracle  # noqa: E402
import services  # noqa: E402
from business_time import Calendars  # noqa: E402
from calendar_file import storefront_calendars  # noqa: E402
from cut import Wire  # noqa: E402
from events import ORDER_EVENTS, SHIPMENT_EVENTS, TICKET_EVENTS  # noqa: E402
from judging import (compare_shards, compare_views, feed_problems,  # noqa: E402
                     missing_alerts)
import wire  # noqa: E402
from wire import Alert, Encoder, read_topic  # noqa: E402

TOPICS = ("orders", "messages", "shipments")
SCHEMA_FILES = {"orders": "order_event", "messages": "message_event",
                "shipments": "shipment_event"}
READ_SECONDS = float(os.environ.get("SELLERWATCH_TEST_PATIENCE", "240"))
LOG_END_MS = 200
STILL_SECONDS = 1  # several questions for the ends of topics, and saves, fit into it
SESSION_MS = 3000
STOP_SECONDS = 15
STRIDE_MS = 2 * 24 * 3_600_000

# The shipped calendars: each storefront has its own, an unknown one no pauses.
ORACLE_CALENDARS = storefront_calendars(ROOT / "config" / "calendars.yaml", default="always")


def binary():
    """The program under test: SELLERWATCH, else the newest build in build/."""
    given = os.environ.get("SELLERWATCH")
    if given:
        return given
    found = [path for path in glob.glob(str(ROOT / "build" / "*" / "sellerwatch"))
             if os.access(path, os.X_OK)]
    if not found:
        raise services.ServiceError("no build/*/sellerwatch; build it or set SELLERWATCH")
    return max(found, key=os.path.getmtime)


def topic_of(event):
    """orders, messages or shipments."""
    for topic, names in (("orders", ORDER_EVENTS), ("messages", TICKET_EVENTS),
                         ("shipments", SHIPMENT_EVENTS)):
        if event["event_name"] in names:
            return topic
    raise ValueError(f"no topic for {event['event_name']}")


def read_schema(name):
    return (ROOT / "schemas" / f"{name}.avsc").read_text(encoding="utf-8")


# -------------------------------------------------------------------- world

class World:
    """The services, started once for all tests of a run."""

    def __init__(self):
        self.stack = contextlib.ExitStack()
        self.numbers = itertools.count(1)
        made = []
        for kind in (services.Registry, services.Redis, services.Kafka):
            made.append(kind())
            self.stack.callback(made[-1].close)
        self.registry, self.redis, self.kafka = made
        self.kafka_wire = Wire(self.kafka.wired_port.number)
        self.stack.callback(self.kafka_wire.close)
        self.kafka.wire = self.kafka_wire.number
        try:
            for service in made:
                service.launch()
            for service in made:
                service.await_ready()
        except BaseException:
            self.stack.close()
            raise

    def close(self):
        self.stack.close()


@functools.cache
def shared_world():
    """The one world of this run: whoever asks first starts it, its end is ours. Each test has
    topics, subjects and keys of its own in it."""
    world = World()
    atexit.register(world.close)
    return world


# ---------------------------------------------------------------------- job

class Job:
    """Topics, schemas and configuration of one test, apart from those of all others."""

    def __init__(self, world, partitions=4, redis=None, registry_url=None, settings=None,
                 alert_nodes=(1,)):
        self.world = world
        self.partitions = partitions
        self.redis = redis or world.redis
        self.registry_url = registry_url or world.registry.url
        self.settings = settings or {}
        self.name = f"t{os.getpid()}n{next(world.numbers)}"
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="sellerwatch-job-"))
        self.instances = []
        self.topics = {name: f"{self.name}-{name}"
                       for name in (*TOPICS, "alerts", "deadletter")}
        for name in TOPICS:
            world.kafka.create_topic(self.topics[name], partitions)
        world.kafka.create_topic(self.topics["alerts"], partitions, alert_nodes)
        world.kafka.create_topic(self.topics["deadletter"], 1)
        self.encoders = {topic: Encoder(world.registry.url, f"{self.topics[topic]}-value",
                                        read_schema(SCHEMA_FILES[topic])) for topic in TOPICS}
        self.producer = confluent_kafka.Producer({
            "bootstrap.servers": world.kafka.brokers, "partitioner": "murmur2_random",
            "log_level": 0, "linger.ms": 5, "max.in.flight": 1,
            "compression.type": "lz4", "message.max.bytes": 8_000_000,
            "queue.buffering.max.messages": 1_000_000})
        self.onlooker = confluent_kafka.Consumer({
            "bootstrap.servers": world.kafka.brokers, "log_level": 0,
            "group.id": f"{self.name}-onlooker"})

    def delete_topic(self, name):
        admin = AdminClient({"bootstrap.servers": self.world.kafka.brokers, "log_level": 0})
        for done in admin.delete_topics([self.topics[name]]).values():
            done.result(30)

    def close(self):
        for instance in self.instances:
            instance.close()
        self.producer.flush(10)
        self.onlooker.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        if kind is not None:
            for instance in self.instances:
                print(f"--- end of the log of {instance.name}\n{instance.log_end()}")
        self.close()

    # ---- input

    def produce(self, events):
        """In this order; returns when the brokers have all of them.

        Never lets the topics run apart by more than a stride of event time: by events, an
        input that is read to its end holds nobody back, so what another topic tells weeks
        later would be too late, and rightly so.
        """
        flushed_at = events[0]["ts_event"] if events else 0
        for event in events:
            if event["ts_event"] > flushed_at + STRIDE_MS:
                self.flush()
                flushed_at = event["ts_event"]
            topic = topic_of(event)
            self.produce_raw(topic, event["id_seller"], self.encoders[topic].record(event))
        self.flush()

    def produce_raw(self, topic, key, value, partition=None):
        more = {} if partition is None else {"partition": partition}
        while True:
            try:
                self.producer.produce(self.topics[topic], key=key, value=value, **more)
                self.producer.poll(0)
                return
            except BufferError:
                self.producer.poll(0.1)

    def flush(self):
        left = self.producer.flush(60)
        if left:
            raise services.ServiceError(f"{left} records were not taken by Kafka")

    # ---- the program

    def instance(self, name="one", **settings):
        made = Instance(self, name, settings)
        self.instances.append(made)
        return made

    def configuration(self, name, http_port, extra):
        """Every path of this test's settings; nested by its dots. JSON is YAML."""
        flat = {
            "kafka.brokers": self.world.kafka.brokers,
            "kafka.group": self.name,
            "kafka.instance_id": f"{self.name}-{name}",
            **{f"kafka.topics.{topic}": self.topics[topic] for topic in self.topics},
            "kafka.properties": {"session.timeout.ms": str(SESSION_MS)},
            "kafka.log_end_interval": f"{LOG_END_MS}ms",
            "kafka.settle": "0s",  # right where no topic has replicas
            "redis.address": f"127.0.0.1:{self.redis.port}",
            "redis.prefix": self.name,
            "schemas.source": "registry",
            "schemas.registry.url": self.registry_url,
            "schemas.registry.timeout": "2s",
            "retry.longest": "1s",
            "time.source": "events",
            "view.interval": "50ms",
            "view.batch": 100000,
            "http.address": "127.0.0.1",
            "http.port": http_port,
            "default_calendar": "always",
            **self.settings, **extra}
        return nested(flat)

    # ---- what it left in Redis

    def key(self, partition, rest):
        return f"{self.name}:{{{partition}}}:{rest}"

    def hash(self, key):
        flat = self.redis.call("HGETALL", key)
        return dict(zip(flat[::2], flat[1::2]))

    def shard(self, partition):
        return self.hash(self.key(partition, "shard"))

    def shards(self):
        return {partition: self.shard(partition) for partition in range(self.partitions)}

    def views(self):
        """{(seller, storefront): {field: text}} of all shards."""
        found = {}
        for partition in range(self.partitions):
            start = self.key(partition, "kpi:")
            for key in self.scan(start + "*"):
                seller, storefront = key[len(start):].rsplit("|", 1)
                found[seller, storefront] = self.hash(key)
        return found

    def scan(self, pattern):
        """Keys of a pattern without wildcard characters but its own."""
        keys = set()
        cursor = "0"
        while True:
            cursor, some = self.redis.call("SCAN", cursor, "MATCH", pattern, "COUNT", 1000)
            keys.update(some)
            if cursor == "0":
                return sorted(keys)

    def version(self):
        return tuple(shard.get("version") for shard in self.shards().values())

    def saved_offsets(self, topic):
        """{partition: how many of its records are read, as saved}"""
        return {partition: max(0, int(shard.get(f"offset:{topic}") or 0))
                for partition, shard in self.shards().items()}

    def read_so_far(self):
        """Records of the inputs whose offsets are saved."""
        return sum(sum(self.saved_offsets(topic).values()) for topic in TOPICS)

    def log_ends(self, topics=TOPICS):
        ends = {}
        for topic in topics:
            for partition in range(self.partitions):
                at = confluent_kafka.TopicPartition(self.topics[topic], partition)
                ends[topic, partition] = self.onlooker.get_watermark_offsets(at, 10)[1]
        return ends

    def unread(self):
        """[(topic, partition, saved, end)] of inputs that are not read to their end."""
        saved = {topic: self.saved_offsets(topic) for topic in TOPICS}
        return [(topic, partition, saved[topic][partition], end)
                for (topic, partition), end in self.log_ends().items()
                if saved[topic][partition] != end]

    def unowned(self):
        """What is wrong with who works on the shards. What was read by somebody who lost his
        shard right after is not judged yet: the watermark follows when the next one has it."""
        owned = sum(instance.shards_owned() for instance in self.instances)
        return [] if owned == self.partitions else [f"{owned:.0f} of {self.partitions} owned"]

    def wait_until_read(self, patience=READ_SECONDS):
        """Everything is read and saved, all shards are owned, and no save followed for a
        while."""
        deadline = time.monotonic() + patience
        still_since, version = time.monotonic(), None
        while True:
            self.check_alive()
            try:
                lag, now_at = self.unread() or self.unowned(), self.version()
            except (OSError, confluent_kafka.KafkaException) as why:
                lag, now_at = [str(why)], None
            if lag or now_at != version:
                still_since, version = time.monotonic(), now_at
            elif time.monotonic() - still_since > STILL_SECONDS:
                return
            if time.monotonic() > deadline:
                raise services.ServiceError(f"not read after {patience} s: {lag[:5]}, "
                                            f"versions {now_at}")
            time.sleep(0.1)

    def wait_for(self, what, truth, patience=60):
        deadline = time.monotonic() + patience
        while not truth():
            self.check_alive()
            if time.monotonic() > deadline:
                raise services.ServiceError(f"waited {patience} s for: {what}")
            time.sleep(0.05)

    def owners(self):
        """{instance id: partitions} of the members of our group that own any."""
        admin = AdminClient({"bootstrap.servers": self.world.kafka.brokers, "log_level": 0})
        answer = admin.describe_consumer_groups([self.name], request_timeout=10)
        found = {}
        for member in answer[self.name].result().members:
            mine = {at.partition for at in member.assignment.topic_partitions}
            if mine:
                found[member.group_instance_id or member.member_id] = mine
        return found

    def check_alive(self):
        for instance in self.instances:
            instance.check_alive()

    # ---- what it left in Kafka

    def reasons_of_dead_letters(self):
        """How many records were set aside, by reason."""
        return dict(collections.Counter(dict(message.headers())["reason"].decode()
                                        for message in self.records("deadletter")))

    def records(self, name):
        """All records of one of our topics, in order of partition and offset."""
        return read_topic(self.world.kafka.brokers, self.topics[name])

    def input_events(self):
        """What lies in the three input topics, as events, whoever wrote it there."""
        return [wire.decoded(record.value(), self.encoders[topic].schema)
                for topic in TOPICS for record in self.records(topic)]

    def alerts(self):
        return [Alert(record, self.world.registry.url) for record in self.records("alerts")]

    # ---- judging

    def oracle_answer(self, events, settings=None):
        return oracle.judge(events, settings, Calendars(ORACLE_CALENDARS), self.partitions)

    def assert_equals_oracle(self, test, events):
        answer = self.oracle_answer(events)
        self.assert_shows(test, answer)
        return answer

    def assert_shows(self, test, answer):
        """Redis says what the oracle answered."""
        differences = compare_shards(answer, self.shards())
        differences += compare_views(answer, self.views())
        test.assertEqual(differences[:20], [], f"{len(differences)} differences in all")

    def assert_feed_is_legal(self, test, answer=None):
        """Each change once, sequences without gaps; what must fire at the end does."""
        alerts = self.alerts()
        problems = feed_problems(alerts)
        if answer is not None:
            problems += missing_alerts(alerts, answer)
        test.assertEqual(problems[:20], [], f"{len(problems)} problems in all")
        return alerts


def program_environment():
    """Ours without the variables of the tests: the program would take them for settings."""
    own = ("SELLERWATCH_TEST_", "SELLERWATCH_SHARED")
    return {name: value for name, value in os.environ.items() if not name.startswith(own)}


def nested(flat):
    """{"a.b": 1} -> {"a": {"b": 1}}"""
    tree = {}
    for path, value in flat.items():
        *parents, leaf = path.split(".")
        place = tree
        for parent in parents:
            place = place.setdefault(parent, {})
        place[leaf] = value
    return tree


class Instance:
    """One `sellerwatch run`."""

    def __init__(self, job, name, settings):
        self.job = job
        self.name = name
        self.http = services.Port()
        self.log = job.folder / f"{name}.log"
        self.config = job.folder / f"{name}.yaml"
        text = job.configuration(name, self.http.number, settings)
        self.config.write_text(json.dumps(text, indent=1), encoding="utf-8")
        self.process = None
        self.frozen = False
        self.may_end = False

    def start(self):
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                [binary(), "run", "--config", str(self.config)], stdout=log, stderr=log,
                stdin=subprocess.DEVNULL, cwd=self.job.folder, env=program_environment(),
                preexec_fn=services.die_with_the_test)
        self.frozen = False
        self.may_end = False
        return self

    def check_alive(self):
        if self.process is None or self.may_end:
            return
        code = self.process.poll()
        if code is not None:
            raise services.ServiceError(f"sellerwatch {self.name} ended with {code}:\n"
                                        f"{self.log_end()}")

    def stop(self, patience=STOP_SECONDS):
        """SIGTERM; (exit code, seconds it took)."""
        self.may_end = True
        began = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(patience)
        self.process = None
        return code, time.monotonic() - began

    def kill(self):
        self.may_end = True
        self.process.kill()
        self.process.wait()
        self.process = None

    def freeze(self):
        self.process.send_signal(signal.SIGSTOP)
        self.frozen = True

    def thaw(self):
        self.process.send_signal(signal.SIGCONT)
        self.frozen = False

    def close(self):
        if self.process is not None:
            self.kill()
        self.http.close()

    def get(self, path):
        """(status, text) of one of its pages; (0, why) if nobody answers."""
        url = f"http://127.0.0.1:{self.http.number}{path}"
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as answer:
            return answer.code, answer.read().decode()
        except OSError as why:
            return 0, str(why)

    def metric(self, name):
        """Its sum over its labels; 0 if it is not told."""
        text = self.get("/metrics")[1]
        return sum(float(value) for value in
                   re.findall(rf"^{name}(?:{{[^}}]*}})? (\S+)$", text, re.MULTILINE))

    def shards_owned(self):
        """How many shards it says it works on; 0 if it cannot say."""
        if self.process is None or self.frozen:
            return 0
        return self.metric("sellerwatch_shards_owned")

    def log_end(self):
        return self.log.read_text(errors="replace")[-4000:] if self.log.exists() else ""
