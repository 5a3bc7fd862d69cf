#!/usr/bin/env python3
"""Real Kafka, schema registry and Redis for tests; Python's standard library only.

    with Kafka() as kafka, Registry() as registry, Redis() as redis:
        kafka.create_topic("orders", partitions=4)
        ... kafka.brokers, registry.url, redis.port / redis.socket ...

    python3 -m services            starts all three, looks, stops them
    python3 -m services --fetch    only fills the cache

DESIGN
------
A service is a process of ours on a loopback port of its own in a folder of its own:

    start()    from nothing, or again on what stop() or kill() left behind
               (launch() and await_ready(): the same in two steps)
    stop()     SIGTERM, patience, then SIGKILL; by process id, never by name
    kill()     SIGKILL: the power fails
    pause() / resume()   SIGSTOP / SIGCONT: alive, but answers nothing
    close()    stop, and the folder and the port are given back

Kafka and the registry come by Maven into a cache that all runs share (one fetches, under a
lock, the others wait; a finished folder appears by rename). A port is taken by a lock on a
file of its number, below the range from which the system takes ports for connections, so
two runs at once never meet. A service that dies while it starts shows the end of its log;
one whose test dies is killed by the kernel.
"""

import argparse
import base64
import contextlib
import ctypes
import fcntl
import http.client
import io
import os
import pathlib
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
import urllib.request
import uuid

HERE = pathlib.Path(__file__).resolve().parent
FIRST_PORT, LAST_PORT = 21000, 31999
START_SECONDS = 90
STOP_SECONDS = 20
FETCH_SECONDS = 900
REGISTRY_JAR = "apicurio-registry-app-2.4.2.Final-runner.jar"


class ServiceError(Exception):
    """The world does not let us test: says what, where, and what would help."""


# -------------------------------------------------------------------- cache

def cache_folder():
    """SELLERWATCH_TEST_CACHE, else the user's cache."""
    given = os.environ.get("SELLERWATCH_TEST_CACHE")
    if given:
        folder = pathlib.Path(given)
    else:
        home = os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache"
        folder = pathlib.Path(home) / "sellerwatch-tests"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def need(program, package):
    if shutil.which(program) is None:
        raise ServiceError(f"{program} is not installed; apt-get install {package}")


def cached(name, fill):
    """The folder `name` of the cache; filled once by fill(folder), whoever comes first."""
    cache = cache_folder()
    wanted = cache / name
    if wanted.is_dir():
        return wanted
    with open(cache / f"{name}.lock", "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not wanted.is_dir():
            fresh = pathlib.Path(tempfile.mkdtemp(prefix=f"{name}-", dir=cache))
            try:
                fill(fresh)
                fresh.rename(wanted)
            finally:
                shutil.rmtree(fresh, ignore_errors=True)
    return wanted


def maven(pom, *arguments):
    need("mvn", "maven")
    need("java", "default-jre-headless")
    command = ["mvn", "-q", "-B", "-f", str(HERE / pom / "pom.xml"), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=FETCH_SECONDS,
                          check=False)
    if done.returncode != 0:
        said = (done.stdout + done.stderr)[-2000:]
        raise ServiceError(f"{' '.join(command)} failed:\n{said}")


def kafka_jars():
    def fill(folder):
        maven("kafka", "dependency:copy-dependencies", f"-DoutputDirectory={folder}")
    return cached("kafka-4.3.1", fill)


def registry_app():
    def fill(folder):
        maven("registry", "dependency:copy", f"-DoutputDirectory={folder}")
        archive = next(folder.glob("*.tar.gz"))
        shutil.unpack_archive(archive, folder)
        archive.unlink()
    return cached("registry-2.4.2.Final", fill)


# -------------------------------------------------------------------- ports

class Port:
    """A loopback port that no other run of these tests takes."""

    def __init__(self):
        folder = cache_folder() / "ports"
        folder.mkdir(exist_ok=True)
        start = FIRST_PORT + (os.getpid() * 37) % (LAST_PORT - FIRST_PORT)
        for number in [*range(start, LAST_PORT + 1), *range(FIRST_PORT, start)]:
            lock = open(folder / str(number), "w", encoding="utf-8")
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                with socket.socket() as probe:
                    probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                    probe.bind(("127.0.0.1", number))
            except OSError:
                lock.close()
                continue
            self.number, self.lock = number, lock
            return
        raise ServiceError(f"no free port from {FIRST_PORT} to {LAST_PORT}")

    def close(self):
        self.lock.close()


# ----------------------------------------------------------------- services

PR_SET_PDEATHSIG = 1
LIBC = ctypes.CDLL(None)


def die_with_the_test():
    """Runs in the child: SIGKILL when whoever started it is gone."""
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


class Service:
    """One process, its folder and its port. A service says how it is made (prepare, once),
    what is run (command) and when it is ready (is_ready)."""

    name = "service"

    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix=f"sellerwatch-{self.name}-"))
        self.port_taken = Port()
        self.port = self.port_taken.number
        self.process = None
        self.prepared = False

    def __enter__(self):
        try:
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_):
        self.close()

    def prepare(self):
        """Before the first start."""

    def command(self):
        raise NotImplementedError

    def is_ready(self):
        raise NotImplementedError

    def start(self):
        return self.launch().await_ready()

    def launch(self):
        """Starts it without waiting: others may start meanwhile."""
        if not self.prepared:
            self.prepare()
            self.prepared = True
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(self.command(), stdout=log, stderr=log,
                                            stdin=subprocess.DEVNULL, cwd=self.folder,
                                            start_new_session=True,
                                            preexec_fn=die_with_the_test)
        return self

    def await_ready(self):
        deadline = time.monotonic() + START_SECONDS
        while not self.looks_ready():
            if self.process.poll() is not None:
                raise ServiceError(f"{self.name} stopped while it started:\n{self.log_end()}")
            if time.monotonic() > deadline:
                raise ServiceError(f"{self.name} is not ready after {START_SECONDS} s:\n"
                                   f"{self.log_end()}")
            time.sleep(0.1)
        return self

    def looks_ready(self):
        try:
            return self.is_ready()
        except (OSError, http.client.HTTPException, struct.error):
            return False

    def stop(self):
        self.end(signal.SIGTERM)

    def kill(self):
        self.end(signal.SIGKILL)

    def pause(self):
        self.process.send_signal(signal.SIGSTOP)

    def resume(self):
        self.process.send_signal(signal.SIGCONT)

    def end(self, how):
        if self.process is None:
            return
        if self.process.poll() is None:
            self.process.send_signal(how)
            self.process.send_signal(signal.SIGCONT)
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process = None

    def close(self):
        self.stop()
        self.port_taken.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def log(self):
        return self.folder / "log"

    def log_end(self):
        return self.log.read_text(errors="replace")[-3000:]


class Redis(Service):
    """redis-server on a port and on a Unix socket; append-only if asked."""

    name = "redis"

    def __init__(self, appendonly=False, fsync="everysec"):
        super().__init__()
        self.appendonly = appendonly
        self.fsync = fsync
        self.socket = str(self.folder / "redis.sock")

    def command(self):
        need("redis-server", "redis-server")
        return ["redis-server", "--bind", "127.0.0.1", "--port", str(self.port),
                "--unixsocket", self.socket, "--dir", str(self.folder), "--save", "",
                "--appendonly", "yes" if self.appendonly else "no",
                "--appendfsync", self.fsync, "--daemonize", "no"]

    def is_ready(self):
        return self.call("PING") == "PONG"

    def call(self, *words):
        """One command, one answer: text, int, None, or a list of these."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=10) as link:
            parts = [b"*%d\r\n" % len(words)]
            for word in words:
                word = word if isinstance(word, bytes) else str(word).encode()
                parts.append(b"$%d\r\n%s\r\n" % (len(word), word))
            link.sendall(b"".join(parts))
            with link.makefile("rb") as answer:
                return read_answer(answer)


def read_answer(file):
    """One value of the Redis protocol."""
    line = file.readline()
    if not line.endswith(b"\r\n"):
        raise ConnectionError("Redis closed the connection")
    kind, rest = line[:1], line[1:-2]
    if kind == b"+":
        return rest.decode()
    if kind == b":":
        return int(rest)
    if kind == b"$":
        size = int(rest)
        return None if size < 0 else file.read(size + 2)[:-2].decode("utf-8", "surrogateescape")
    if kind == b"*":
        return [read_answer(file) for _ in range(int(rest))]
    raise ConnectionError(f"Redis answered {rest.decode(errors='replace')}")


class Registry(Service):
    """Apicurio with Confluent's API. It keeps everything in memory: a stop forgets."""

    name = "registry"

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}/apis/ccompat/v7"

    def command(self):
        app = registry_app()
        return ["java", "-Xmx384m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1",
                "-Dquarkus.http.host=127.0.0.1", f"-Dquarkus.http.port={self.port}",
                "-jar", str(app / REGISTRY_JAR)]

    def is_ready(self):
        url = f"http://127.0.0.1:{self.port}/health/ready"
        with urllib.request.urlopen(url, timeout=2) as answer:
            return answer.status == 200


class Kafka(Service):
    """One node that is broker and controller; keeps its data over stop and kill."""

    name = "kafka"
    node = 1
    settings = {
        "listener.security.protocol.map":
            "CLIENT:PLAINTEXT,WIRED:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "controller.listener.names": "CONTROLLER", "inter.broker.listener.name": "CLIENT",
        "offsets.topic.replication.factor": "1", "offsets.topic.num.partitions": "4",
        "transaction.state.log.replication.factor": "1", "transaction.state.log.min.isr": "1",
        "transaction.state.log.num.partitions": "1",
        "share.coordinator.state.topic.replication.factor": "1",
        "share.coordinator.state.topic.min.isr": "1",
        "group.initial.rebalance.delay.ms": "0", "auto.create.topics.enable": "false",
        "log.retention.ms": "-1", "group.min.session.timeout.ms": "1000",
        "num.network.threads": "2", "num.io.threads": "4",
        "log.message.timestamp.before.max.ms": "9223372036854775807",
        "log.message.timestamp.after.max.ms": "9223372036854775807",
    }

    def __init__(self, **properties):
        super().__init__()
        self.controller_port = Port()
        self.wired_port = Port()
        self.wire = None  # number of a port that leads to wired_port, if there is one
        self.cluster = base64.urlsafe_b64encode(b"se" + uuid.uuid4().bytes[2:])[:22].decode()
        self.properties = {name.replace("_", "."): value for name, value in properties.items()}

    @property
    def brokers(self):
        return f"127.0.0.1:{self.port}"

    def java(self, *arguments, heap="-Xmx512m"):
        return ["java", heap, "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-cp",
                f"{kafka_jars()}/*", *arguments]

    @property
    def controller(self):
        return f"127.0.0.1:{self.controller_port.number}"

    def roles(self):
        return {"process.roles": "broker,controller",
                "listeners": ",".join(self.listeners() + [f"CONTROLLER://{self.controller}"])}

    def listeners(self, wired=None):
        """Whoever comes over the wire is told to go on over it."""
        number = wired or self.wired_port.number
        return [f"CLIENT://{self.brokers}"] + (
            [f"WIRED://127.0.0.1:{number}"] if self.wire else [])

    def prepare(self):
        text = {**self.settings, **self.roles(), "node.id": self.node,
                "advertised.listeners": ",".join(self.listeners(self.wire)),
                "controller.quorum.voters": f"1@{self.controller}",
                "log.dirs": str(self.data), **self.properties}
        self.properties_file.write_text("".join(f"{k}={v}\n" for k, v in text.items()))
        done = subprocess.run(
            self.java("kafka.tools.StorageTool", "format", "-t", self.cluster, "-c",
                      str(self.properties_file), heap="-Xmx128m"),
            capture_output=True, text=True, timeout=START_SECONDS, check=False)
        if done.returncode != 0:
            raise ServiceError(f"kafka cannot format its folder:\n{done.stdout}{done.stderr}")

    @property
    def data(self):
        return self.folder / "data"

    @property
    def properties_file(self):
        return self.folder / "server.properties"

    def command(self):
        return self.java("kafka.Kafka", str(self.properties_file))

    def close(self):
        super().close()
        self.controller_port.close()
        self.wired_port.close()

    def is_ready(self):
        """The broker answers a request for metadata with itself in it."""
        return self.node in self.metadata()[0]

    def create_topic(self, name, partitions=1, nodes=(1,), **configs):
        """On these nodes, the first of which leads. CreateTopics, version 2; names in
        configs with _ for dots."""
        body = struct.pack(">i", 1) + kafka_text(name) + struct.pack(">ihi", -1, -1, partitions)
        for partition in range(partitions):
            body += struct.pack(f">ii{len(nodes)}i", partition, len(nodes), *nodes)
        body += struct.pack(">i", len(configs))
        for key, value in configs.items():
            body += kafka_text(key.replace("_", ".")) + kafka_text(str(value))
        body += struct.pack(">ib", 10_000, 0)
        answer = self.request(19, 2, body)
        at = 4 + 4  # throttle time, one topic
        at += 2 + struct.unpack_from(">h", answer, at)[0]
        error = struct.unpack_from(">h", answer, at)[0]
        if error != 0:
            raise ServiceError(f"Kafka does not create topic {name}: error {error}")
        self.await_topic(name, partitions)

    def await_topic(self, name, partitions):
        """The controller has made it; the broker learns of it a moment later, and whoever
        asks before that hears that there is no such topic."""
        deadline = time.monotonic() + START_SECONDS
        while len(self.in_sync(name)) != partitions:
            if time.monotonic() > deadline:
                raise ServiceError(f"topic {name} has no {partitions} partitions with leaders")
            time.sleep(0.02)

    def in_sync(self, name):
        """{partition: nodes in sync} of the partitions of a topic that have a leader, as this
        broker has it."""
        return self.metadata(name)[1]

    def metadata(self, *topics):
        """({node}, {partition: nodes in sync}) of at most one topic: Metadata, version 1."""
        asked = b"".join(kafka_text(name) for name in topics)
        answer = io.BytesIO(self.request(3, 1, struct.pack(">i", len(topics)) + asked))

        def take(form):
            return struct.unpack(form, answer.read(struct.calcsize(form)))

        def skip_text():
            answer.read(max(0, take(">h")[0]))

        nodes, found = set(), {}
        for _ in range(take(">i")[0]):  # brokers: id, host, port, rack
            nodes.add(take(">i")[0])
            skip_text()
            take(">i")
            skip_text()
        for _ in range(take(">ii")[1]):  # controller, topics
            take(">h")
            skip_text()
            take(">b")  # internal
            for _ in range(take(">i")[0]):
                wrong, partition, leader = take(">hii")
                _, in_sync = (take(f">{take('>i')[0]}i") for _ in range(2))  # all replicas
                if wrong == 0 and leader >= 0:
                    found[partition] = set(in_sync)
        return nodes, found

    def log_bytes(self, name):
        """What lies in the segments of a topic here, also if no reader may see it yet."""
        return sum(path.stat().st_size for path in self.data.glob(f"{name}-*/*.log"))

    def request(self, key, version, body):
        """One request of the Kafka protocol with the old (not flexible) header."""
        head = struct.pack(">hhi", key, version, 1) + kafka_text("sellerwatch-tests")
        with socket.create_connection(("127.0.0.1", self.port), timeout=15) as link:
            link.sendall(struct.pack(">i", len(head) + len(body)) + head + body)
            with link.makefile("rb") as answer:
                size = struct.unpack(">i", answer.read(4))[0]
                return answer.read(size)[4:]  # without the correlation id


class KafkaFollower(Kafka):
    """A second node next to a first one: a broker only, so the controller does without it.
    What other topics than those with nodes=(1, 2) have lies on the first."""

    name = "kafka-follower"
    node = 2

    def __init__(self, first, **properties):
        super().__init__(**{**first.properties, **properties})
        self.first = first
        self.cluster = first.cluster

    @property
    def controller(self):
        return self.first.controller

    def roles(self):
        return {"process.roles": "broker", "listeners": f"CLIENT://{self.brokers}"}


def kafka_text(text):
    data = text.encode()
    return struct.pack(">h", len(data)) + data


@contextlib.contextmanager
def all_three(**redis):
    """Kafka, registry and Redis together."""
    with Kafka() as kafka, Registry() as registry, Redis(**redis) as store:
        yield kafka, registry, store


# --------------------------------------------------------------- self-check

def self_check():
    """Starts each, stops it, starts it again on its folder, kills it, starts it again."""
    with all_three(appendonly=True, fsync="always") as (kafka, registry, redis):
        print(f"kafka {kafka.brokers}  registry {registry.url}  redis 127.0.0.1:{redis.port}")
        kafka.create_topic("check", partitions=3, cleanup_policy="delete")
        redis.call("SET", "check", "kept")
        for end in ("stop", "kill"):
            for service in (kafka, registry, redis):
                getattr(service, end)()
                service.start()
            print(f"all three are back after {end}")
            if redis.call("GET", "check") != "kept":
                raise ServiceError("Redis lost what it had appended")
            try:
                kafka.create_topic("check")
                raise AssertionError
            except ServiceError:
                pass  # it exists: the broker kept it
            except AssertionError:
                raise ServiceError("Kafka lost its topic") from None
    print("stopped; nothing is left")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--fetch", action="store_true", help="only fill the cache")
    given = parser.parse_args()
    try:
        kafka_jars()
        registry_app()
        if not given.fetch:
            self_check()
    except ServiceError as why:
        sys.exit(f"services: {why}")


if __name__ == "__main__":
    main()
