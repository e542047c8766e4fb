"""People who speak IRC over a WebSocket, as a browser does: Irc (irc.py), with each line in a frame.

The reader is as strict as irc.py's: a frame of the server's that is masked, in fragments, longer coded than need be,
of the other kind than was agreed on, or with CR or LF in it, is a failure at once.
"""

import base64
import hashlib
import os
import select
import struct
import time

from httpclient import Http
from irc import Irc
from tools import PATIENCE

TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10
FIN = 0x80

PROTOCOLS = {"text.ircv3.net": TEXT, "binary.ircv3.net": BINARY, None: TEXT}


def frame(first, payload=b"", mask=None):
    """A client's frame; `first` is its first byte."""
    mask = os.urandom(4) if mask is None else mask
    size = len(payload)
    if size < 126:
        head = struct.pack("!BB", first, 0x80 | size)
    elif size < 65536:
        head = struct.pack("!BBH", first, 0x80 | 126, size)
    else:
        head = struct.pack("!BBQ", first, 0x80 | 127, size)
    masked = bytes(byte ^ mask[at % 4] for at, byte in enumerate(payload))
    return head + mask + masked


def handshake(http, path="/irc", protocol=None, *fields, key=None):
    """Asks for it; the answer."""
    key = key or base64.b64encode(os.urandom(16)).decode()
    lines = [f"GET {path} HTTP/1.1", "Host: " + http.host(), "Connection: keep-alive, Upgrade", "Upgrade: websocket",
             "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: " + key, *fields]
    if protocol:
        lines.append("Sec-WebSocket-Protocol: " + protocol)
    answer = http.send("\r\n".join(lines) + "\r\n\r\n").read()
    if answer.status == 101:
        accept = hashlib.sha1((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode()).digest()
        assert answer.fields["Sec-WebSocket-Accept"] == base64.b64encode(accept).decode()
        assert (answer.fields["Upgrade"], answer.fields["Connection"]) == ("websocket", "Upgrade")
        assert answer.fields.get("Sec-WebSocket-Protocol") in (protocol or "").split(", ") + [None]
    return answer


class WebIrc(Irc):
    """`code` is what the server's close frame says."""

    def __init__(self, server, source="127.0.0.1", to=None, path="/irc", protocol="text.ircv3.net", fields=()):
        super().__init__(server, source, to)
        http = Http.__new__(Http)
        http.socket, http.buffer = self.socket, b""
        answer = handshake(http, path, protocol, *fields)
        assert answer.status == 101, answer
        self.kind = PROTOCOLS[answer.fields.get("Sec-WebSocket-Protocol")]
        self.frames, self.pongs, self.code, self.sent_close = bytearray(http.buffer), [], None, False

    def send(self, *lines):
        return self.send_bytes(b"".join(frame(FIN | self.kind, line.encode()) for line in lines))

    def receive(self):
        before, self.buffer = self.buffer, bytearray()
        super().receive()
        self.frames += self.buffer
        self.buffer = before
        while self.take_frame():
            pass

    def take_frame(self):
        if len(self.frames) < 2:
            return False
        first, size = self.frames[0], self.frames[1]
        assert size < 128, "a server's frame is not masked"
        head = 2
        if size == 126:
            if len(self.frames) < 4:
                return False
            head, size = 4, struct.unpack_from("!H", self.frames, 2)[0]
            assert size >= 126, "the size could be shorter"
        assert size != 127, "no line is that long"
        if len(self.frames) < head + size:
            return False
        payload = bytes(self.frames[head : head + size])
        del self.frames[: head + size]
        self.take(first, payload)
        return True

    def take(self, first, payload):
        assert self.code is None, f"a frame behind the last one: {first:02x} {payload!r}"
        if first == FIN | CLOSE:
            self.code = struct.unpack_from("!H", payload)[0] if payload else 1005
            if not self.sent_close:
                try:
                    self.socket.setblocking(True)
                    self.socket.sendall(frame(FIN | CLOSE, payload[:2]))
                except OSError:
                    pass
        elif first == FIN | PONG:
            self.pongs.append(payload)
        else:
            assert first == FIN | self.kind, f"{first:02x} {payload!r}"
            assert payload and b"\r" not in payload and b"\n" not in payload, payload
            self.buffer += payload + b"\r\n"

    def await_pong(self, payload, seconds=PATIENCE):
        deadline = time.monotonic() + seconds
        while payload not in self.pongs:
            assert time.monotonic() < deadline and not self.is_ended
            self.socket.setblocking(False)
            try:
                self.receive()
            except BlockingIOError:
                pass
            select.select([self.socket], [], [], max(0.0, deadline - time.monotonic()))

    def shut(self, code=1000):
        """The closing handshake from this side; the lines before its end."""
        self.sent_close = True
        self.send_bytes(frame(FIN | CLOSE, struct.pack("!H", code)))
        return self.expect_end()

    def expect_code(self, code):
        lines = self.expect_end()
        assert self.code == code, (self.code, lines)
        return lines
