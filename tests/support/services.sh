#!/bin/sh
# services.sh - fills the cache of test services (Kafka, registry, Python packages) and shows
# that each starts, survives a stop and a kill, and leaves nothing behind.
#
#     tests/support/services.sh [--fetch]      --fetch: only fill the cache
set -eu

here=$(cd "$(dirname "$0")" && pwd)
"$here/python.sh" -c 'import fastavro, confluent_kafka'
cd "$here/services"
exec python3 -m services "$@"
