"""A wire that can be cut: a TCP proxy on loopback in front of one service."""

import socket
import threading

import services

CHUNK = 65536


class Wire:
    """Forwards connections to 127.0.0.1:port; cut() breaks all that are there."""

    def __init__(self, port):
        self.port = port
        self.own = services.Port()
        self.lock = threading.Lock()
        self.ends = set()
        self.listener = socket.create_server(("127.0.0.1", self.own.number))
        threading.Thread(target=self.listen, daemon=True).start()

    @property
    def number(self):
        return self.own.number

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.listener.close()
        self.cut()
        self.own.close()

    def cut(self):
        with self.lock:
            ends, self.ends = self.ends, set()
        for end in ends:
            break_off(end)

    def listen(self):
        while True:
            try:
                near, _ = self.listener.accept()
            except OSError:
                return
            try:
                far = socket.create_connection(("127.0.0.1", self.port), 5)
            except OSError:
                near.close()
                continue
            with self.lock:
                self.ends |= {near, far}
            for source, target in ((near, far), (far, near)):
                threading.Thread(target=self.carry, args=(source, target), daemon=True).start()

    def carry(self, source, target):
        try:
            while chunk := source.recv(CHUNK):
                target.sendall(chunk)
        except OSError:
            pass
        with self.lock:
            self.ends -= {source, target}
        break_off(source)
        break_off(target)


def break_off(end):
    try:
        end.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass
    end.close()
