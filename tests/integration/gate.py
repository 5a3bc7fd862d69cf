"""A door before the schema registry that a test can shut or spoil, and that counts knocks."""

import http.server
import threading
import time
import urllib.error
import urllib.request


class RegistryGate:
    """Stands before the registry, which keeps what it knows, and counts what is asked.

    shut     503 to everything
    instead  answers in turn, (status, media type, bytes); none: what the registry says
    delay    seconds before each answer
    """

    def __init__(self, registry):
        self.target = registry.url
        self.asked = []
        self.shut = False
        self.instead = []
        self.delay = 0
        gate = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def log_message(self, *_):
                pass

            def forward(self):
                size = int(self.headers.get("Content-Length") or 0)
                body = self.rfile.read(size) if size else None
                gate.asked.append(f"{self.command} {self.path}")
                time.sleep(gate.delay)
                if gate.shut:
                    self.answer(503, "text/plain", b"closed for the test")
                    return
                if gate.instead:
                    self.answer(*gate.instead[len(gate.asked) % len(gate.instead)])
                    return
                request = urllib.request.Request(gate.target + self.path, body,
                                                 method=self.command)
                kind = self.headers.get("Content-Type")
                if kind:
                    request.add_header("Content-Type", kind)
                try:
                    with urllib.request.urlopen(request, timeout=10) as reply:
                        self.answer(reply.status, reply.headers.get_content_type(),
                                    reply.read())
                except urllib.error.HTTPError as reply:
                    self.answer(reply.code, reply.headers.get_content_type(), reply.read())

            def answer(self, status, kind, body):
                try:
                    self.send(status, kind, body)
                except OSError:
                    pass  # it did not wait for a slow answer

            def send(self, status, kind, body):
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_GET = do_POST = do_PUT = forward

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server.server_address[1]}"

    def times_asked(self, end):
        """How often a path with this end was asked for."""
        return sum(1 for line in self.asked if line.split("?")[0].endswith(end))

    def close(self):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()
