#!/bin/sh
# python.sh - Python with what the integration tests need (services/requirements.txt).
#
#     tests/support/python.sh -m unittest discover -s tests/integration
#
# The packages live in a virtual environment in the cache that all runs share; it is made
# once, under a lock, and made anew when requirements.txt or the Python changes.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
cache=${SELLERWATCH_TEST_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/sellerwatch-tests}
wanted=$({ python3 --version; cat "$here/services/requirements.txt"; } | cksum | cut -d ' ' -f 1)
venv=$cache/python-$wanted

mkdir -p "$cache"
if [ ! -e "$venv/ready" ]; then
    command -v flock >/dev/null || { echo "python.sh: flock is missing (util-linux)" >&2; exit 1; }
    (
        flock 9
        [ -e "$venv/ready" ] && exit 0
        rm -rf "$venv"
        python3 -m venv "$venv" || {
            echo "python.sh: python3 -m venv failed; apt-get install python3-venv" >&2
            exit 1
        }
        "$venv/bin/pip" install -q --disable-pip-version-check -r "$here/services/requirements.txt"
        touch "$venv/ready"
    ) 9>"$cache/python.lock"
fi
exec "$venv/bin/python3" "$@"
