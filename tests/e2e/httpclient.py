"""Who speaks HTTP/1.1 as it goes over the wire: what is sent is the test's, what comes is read strictly."""

import re
import socket

from tools import PATIENCE

STATUS_LINE = re.compile(rb"HTTP/1\.1 (\d\d\d) ([A-Z][A-Za-z ]+)")
FIELD_LINE = re.compile(rb"([A-Za-z-]+): ([\x20-\x7e]*)")


class Answer:
    def __init__(self, status, phrase, fields, body):
        self.status, self.phrase, self.fields, self.body = status, phrase, fields, body

    @property
    def text(self):
        return self.body.decode()

    def __repr__(self):
        return f"{self.status} {self.phrase} {self.fields} {self.body!r}"


class Http:
    """One connection."""

    def __init__(self, server, source="127.0.0.1", to=None):
        address = to or server.address
        self.socket = socket.socket(socket.AF_INET6 if ":" in address[0] else socket.AF_INET, socket.SOCK_STREAM)
        if ":" not in address[0]:
            self.socket.bind((source, 0))
        self.socket.settimeout(PATIENCE)
        self.socket.connect(address)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data.encode() if isinstance(data, str) else data)
        return self

    def ask(self, method, target, *fields, body=b"", version="HTTP/1.1", is_bodiless=None):
        lines = [f"{method} {target} {version}", "Host: " + self.host(), *fields]
        if body:
            lines.append(f"Content-Length: {len(body)}")
        self.send("\r\n".join(lines).encode() + b"\r\n\r\n" + body)
        return self.read(is_bodiless=method == "HEAD" if is_bodiless is None else is_bodiless)

    def host(self):
        return "{}:{}".format(*self.socket.getpeername()[:2])

    def more(self):
        try:
            piece = self.socket.recv(65536)
        except ConnectionResetError:
            piece = b""
        self.buffer += piece
        return bool(piece)

    def take(self, size):
        while len(self.buffer) < size:
            assert self.more(), f"ended behind {self.buffer!r}"
        taken, self.buffer = self.buffer[:size], self.buffer[size:]
        return taken

    def read(self, is_bodiless=False):
        """The next answer, its form checked."""
        while b"\r\n\r\n" not in self.buffer:
            assert self.more(), f"ended behind {self.buffer!r}"
        head, _, self.buffer = self.buffer.partition(b"\r\n\r\n")
        first, *rest = head.split(b"\r\n")
        status = STATUS_LINE.fullmatch(first)
        assert status, first
        fields = {}
        for line in rest:
            field = FIELD_LINE.fullmatch(line)
            assert field, line
            name = field[1].decode()
            assert name not in fields, head
            fields[name] = field[2].decode()
        status, phrase = int(status[1]), status[2].decode()
        size = int(fields.get("Content-Length", 0))
        has_body = not is_bodiless and status not in (100, 101, 204, 304)
        return Answer(status, phrase, fields, self.take(size) if has_body else b"")

    def has_ended(self):
        """True once the server has ended it; nothing more may come."""
        while self.more():
            pass
        assert self.buffer == b"", self.buffer
        return True


def ask(server, method, target, *fields, **more):
    with Http(server) as http:
        return http.ask(method, target, *fields, **more)


def answer_to(server, data):
    """One answer to these bytes, after which the connection is ended."""
    with Http(server) as http:
        answer = http.send(data).read()
        assert answer.fields.get("Connection") == "close", answer
        assert http.has_ended()
        return answer
