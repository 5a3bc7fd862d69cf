"""Records as others write and read them: registry, Avro by fastavro, the plain Kafka client."""

import contextlib
import io
import json
import os
import struct
import urllib.request

import confluent_kafka
import fastavro
from services import ServiceError


def framed(schema_id, body):
    """Confluent's wire format."""
    return struct.pack(">bi", 0, schema_id) + body


def call_registry(url, path, document=None):
    data = None if document is None else json.dumps(document).encode()
    request = urllib.request.Request(url + path, data)
    request.add_header("Content-Type", "application/vnd.schemaregistry.v1+json")
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.load(answer)


def register(url, subject, schema_text):
    path = f"/subjects/{subject}/versions"
    return call_registry(url, path, {"schema": schema_text, "schemaType": "AVRO"})["id"]


class Encoder:
    """Events of one topic -> records in the wire format of one writer schema."""

    def __init__(self, url, subject, schema_text):
        self.schema = fastavro.parse_schema(json.loads(schema_text))
        self.id = register(url, subject, schema_text)

    def body(self, event):
        out = io.BytesIO()
        known = {field["name"] for field in self.schema["fields"]}
        plain = {name: value for name, value in event.items()
                 if name in known and (value is not None or name not in NEVER_NULL)}
        fastavro.schemaless_writer(out, self.schema, plain)
        return out.getvalue()

    def record(self, event):
        return framed(self.id, self.body(event))


def decoded(value, schema):
    """A record in the wire format back into an event; instants as numbers, as in JSON."""
    body = io.BytesIO(value[5:])
    event = fastavro.schemaless_reader(body, schema)
    return {name: int(round(item.timestamp() * 1000)) if hasattr(item, "timestamp") else item
            for name, item in event.items()}


# Fields that JSON lines may leave null but that are plain in the schemas: their default.
NEVER_NULL = {"parcel_count", "price", "currency", "status", "open_reason", "ids_order_units",
              "is_seller_responsible", "interim_notice", "is_auto_reply", "fulfillment_type"}


@contextlib.contextmanager
def closing_consumer(brokers):
    consumer = confluent_kafka.Consumer({
        "bootstrap.servers": brokers, "group.id": f"reader-{os.getpid()}",
        "enable.auto.commit": False, "auto.offset.reset": "earliest",
        "fetch.wait.max.ms": 20, "log_level": 0})
    try:
        yield consumer
    finally:
        consumer.close()


def read_topic(brokers, topic):
    """Every record from the beginning to the end that the broker names now."""
    records = []
    with closing_consumer(brokers) as consumer:
        partitions = consumer.list_topics(topic, timeout=10).topics[topic].partitions
        for partition in sorted(partitions):
            at = confluent_kafka.TopicPartition(topic, partition, 0)
            _, end = consumer.get_watermark_offsets(at, 10)
            consumer.assign([at])
            position = 0
            while position < end:
                record = consumer.poll(10)
                if record is None:
                    raise ServiceError(f"{topic}/{partition} ends at {position}, "
                                                f"not at {end}")
                if record.error():
                    raise ServiceError(str(record.error()))
                position = record.offset() + 1
                records.append(record)
    return records


class Alert:
    """One record of the alerts topic, read by somebody who knows only the registry."""

    schemas = {}

    def __init__(self, record, registry_url):
        self.partition = record.partition()
        self.offset = record.offset()
        self.key = record.key().decode()
        self.headers = {name: value.decode() for name, value in record.headers() or []}
        magic, schema_id = struct.unpack(">bi", record.value()[:5])
        if magic != 0:
            raise ValueError(f"alert at {self.partition}/{self.offset}: magic byte {magic}")
        body = io.BytesIO(record.value()[5:])
        self.body = fastavro.schemaless_reader(body, self.schema(registry_url, schema_id))
        if body.read():
            raise ValueError(f"alert at {self.partition}/{self.offset}: bytes follow")

    @classmethod
    def schema(cls, registry_url, schema_id):
        at = (registry_url, schema_id)
        if at not in cls.schemas:
            text = call_registry(registry_url, f"/schemas/ids/{schema_id}")["schema"]
            cls.schemas[at] = fastavro.parse_schema(json.loads(text))
        return cls.schemas[at]

    def __repr__(self):
        return (f"{self.partition}/{self.offset} {self.body['alert_key']} "
                f"{self.body['event_type']} #{self.body['sequence']}")
