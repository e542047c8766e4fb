"""People who speak IRC: a TCP connection each, a strict reader, and nothing that guesses.

What comes is taken in order, line by line. A line that no client need understand is a failure at once:
one without CR LF, with a NUL or bytes that are not UTF-8, longer than 512 bytes (its tags longer than
8,191), with tags, words or batches for which nobody has asked, a numeric to somebody else.

Patterns of expect(), find(): a string is the parameter itself, ... any, a compiled expression is searched
for, a function is asked. Parameters that are not named do not matter; `...` holds a place.
"""

import base64
import re
import select
import socket
import time

from tools import PATIENCE

LINE_BYTES_MAX = 512
TAGS_BYTES_MAX = 8191

# What a server says without a source, and what it may say before anybody is registered.
SOURCELESS = ("PING", "ERROR", "AUTHENTICATE")

# Capabilities that allow tags, and those a tag belongs to; client-only tags belong to message-tags.
TAG_CAPABILITIES = {
    "time": "server-time",
    "account": "account-tag",
    "batch": "batch",
    "label": "labeled-response",
    "msgid": "message-tags",
    "bot": "message-tags",
    "relaymsg": "draft/relaymsg",
}

UNESCAPED = {":": ";", "s": " ", "\\": "\\", "r": "\r", "n": "\n"}

_open = []


def close_all():
    """Sockets of a test do not outlive it."""
    while _open:
        _open.pop().close()


def unescape(value):
    return re.sub(r"\\(.?)", lambda m: UNESCAPED.get(m.group(1), m.group(1)), value, flags=re.S)


class Line:
    """One line: tags {key: value}, source, command, parameters."""

    def __init__(self, text):
        self.text = text
        self.tags, self.source, rest = {}, "", text
        if rest.startswith("@"):
            tags, _, rest = rest[1:].partition(" ")
            for tag in tags.split(";"):
                key, _, value = tag.partition("=")
                assert key, f"an empty tag in {text!r}"
                self.tags[key] = unescape(value)
        if rest.startswith(":"):
            self.source, _, rest = rest[1:].partition(" ")
        head, colon, trailing = (" " + rest).partition(" :")
        words = head.split()
        assert words, f"no command in {text!r}"
        self.command, *self.parameters = words + ([trailing] if colon else [])

    @property
    def nick(self):
        return self.source.partition("!")[0]

    @property
    def host(self):
        return self.source.partition("@")[2]

    @property
    def last(self):
        return self.parameters[-1] if self.parameters else ""

    def is_numeric(self):
        return re.fullmatch(r"\d\d\d", self.command) is not None

    def matches(self, command, parameters=(), nick=None):
        """Numerics are matched without their first parameter, which is whom they are for."""
        if self.command != command or (nick is not None and self.nick != nick):
            return False
        own = self.parameters[1:] if self.is_numeric() else self.parameters
        return len(own) >= len(parameters) and all(map(fits, parameters, own))

    def __repr__(self):
        return repr(self.text)


def fits(pattern, value):
    if pattern is ...:
        return True
    if isinstance(pattern, re.Pattern):
        return pattern.search(value) is not None
    return pattern(value) if callable(pattern) else pattern == value


def say(*words):
    """A line of words, the last one trailing if it has to be."""
    *head, last = words
    if last == "" or " " in last or last.startswith(":"):
        last = ":" + last
    return " ".join([*head, last])


class Irc:
    """One connection. `capabilities` are those that are on; `nick` is what the server last called us."""

    def __init__(self, server, source="127.0.0.1", to=None, receive_bytes=None):
        self.to = to or server.address
        family = socket.AF_INET6 if ":" in self.to[0] else socket.AF_INET
        self.socket = socket.socket(family, socket.SOCK_STREAM)
        if receive_bytes:  # A small window, for those who read slowly: before the handshake.
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
        if family == socket.AF_INET:
            self.socket.bind((source, 0))
        self.socket.settimeout(PATIENCE)
        self.socket.connect(self.to)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        _open.append(self)
        self.nick, self.server_name = "*", None
        self.capabilities, self.offered = set(), {}
        self.isupport, self.greeting = {}, []
        self.buffer, self.is_ended, self.error = bytearray(), False, None
        self.answers_pings = True
        self.batches = {}
        self.log = []
        self.tokens = 0

    # ---- Speaking

    def send(self, *lines):
        """Lines, each a string without its end."""
        return self.send_bytes("".join(line + "\r\n" for line in lines).encode("utf-8", "surrogateescape"))

    def send_bytes(self, data):
        """All of it, however slowly it is read over there; what comes meanwhile is kept."""
        data = memoryview(data)
        deadline = time.monotonic() + PATIENCE
        self.socket.setblocking(False)
        while data:
            readable, writable, _ = select.select([self.socket], [self.socket], [], 1.0)
            assert time.monotonic() < deadline, f"{self} could not send"
            if writable:
                try:
                    data = data[self.socket.send(data) :]
                    deadline = time.monotonic() + PATIENCE
                except BlockingIOError:
                    pass
            elif readable and not self.is_ended:
                self.receive()
        return self

    def say(self, target, text):
        """Says it, and waits until it is in the log; what came of it and meanwhile."""
        return self.ask(f"PRIVMSG {target} :{text}")

    # ---- Hearing

    def receive(self):
        """Takes what has come, without waiting."""
        try:
            data = self.socket.recv(262144)
        except BlockingIOError:
            return
        except (ConnectionResetError, BrokenPipeError, ConnectionAbortedError) as error:
            self.is_ended, self.error = True, error
            return
        if not data:
            self.is_ended = True
        self.buffer += data

    def raw_line(self, seconds=PATIENCE, what="anything"):
        """The next line's bytes without their end; None when the connection has ended."""
        deadline = time.monotonic() + seconds
        while True:
            end = self.buffer.find(b"\n")
            if end >= 0:
                line = bytes(self.buffer[:end])
                del self.buffer[: end + 1]
                assert line.endswith(b"\r"), f"a line without CR LF: {line!r}"
                return line[:-1]
            if self.is_ended:
                assert not self.buffer, f"the end came inside a line: {bytes(self.buffer)!r}"
                return None
            left = deadline - time.monotonic()
            assert left > 0, f"{self} waited {seconds:.0f} s in vain for {what}; heard {self.log[-6:]}"
            self.socket.setblocking(False)
            select.select([self.socket], [], [], left)
            self.receive()

    def next_or_end(self, seconds=PATIENCE, what="anything"):
        """The next line, pings answered and passed over; None at the end of the connection."""
        while True:
            raw = self.raw_line(seconds, what)
            if raw is None:
                return None
            line = self.check(raw)
            self.log.append(line)
            if line.command != "PING" or not self.answers_pings:
                return line
            self.send(say("PONG", line.last))

    def next(self, seconds=PATIENCE, what="anything"):
        line = self.next_or_end(seconds, what)
        assert line is not None, f"{self}: the connection ended before {what}; heard {self.log[-6:]}"
        return line

    def check(self, raw):
        """What every client may rely on."""
        text = raw.decode("utf-8")  # Strict: half a character is a failure.
        assert "\0" not in text and "\r" not in text, f"controls in {raw!r}"
        tags, rest = (raw.split(b" ", 1) + [b""])[:2] if raw.startswith(b"@") else (b"", raw)
        assert len(rest) + 2 <= LINE_BYTES_MAX, f"{len(rest) + 2} bytes: {raw!r}"
        assert len(tags) + 1 <= TAGS_BYTES_MAX, f"{len(tags) + 1} bytes of tags: {raw!r}"
        line = Line(text)
        if line.command == "CAP":  # What it gives holds from this line on.
            self.take_capabilities(line)
        else:
            self.check_tags(line)
        assert line.source or line.command in SOURCELESS, f"no source: {text!r}"
        assert line.command == line.command.upper(), f"not in capitals: {text!r}"
        if line.is_numeric():
            assert line.parameters[0] in (self.nick, "*") or line.command == "001", f"whose? {text!r}"
            if line.command == "001":
                self.nick, self.server_name = line.parameters[0], line.source
            if line.command == "005":
                self.take_isupport(line)
        elif line.command == "NICK" and line.nick == self.nick:
            self.nick = line.parameters[0]
        elif line.command == "BATCH":
            self.take_batch(line)
        return line

    def check_tags(self, line):
        for key in line.tags:
            needed = TAG_CAPABILITIES.get(key.removeprefix("draft/"), "message-tags")
            assert needed in self.capabilities, f"a tag nobody asked for: {line}"
        if "batch" in line.tags and line.command != "BATCH":
            assert line.tags["batch"] in self.batches, f"a batch that is not open: {line}"

    def take_isupport(self, line):
        for token in line.parameters[1:-1]:
            key, _, value = token.partition("=")
            self.isupport[key] = value

    def take_capabilities(self, line):
        verb, words = line.parameters[1], line.last.split()
        if verb in ("LS", "NEW"):
            for word in words:
                name, _, value = word.partition("=")
                self.offered[name] = value
        elif verb == "ACK":
            for word in words:
                if word.startswith("-"):
                    self.capabilities.discard(word[1:])
                else:
                    self.capabilities.add(word)
        elif verb == "DEL":
            for word in words:
                self.offered.pop(word, None)
                self.capabilities.discard(word)

    def take_batch(self, line):
        assert "batch" in self.capabilities, f"a batch nobody asked for: {line}"
        sign, name = line.parameters[0][0], line.parameters[0][1:]
        if sign == "+":
            assert name not in self.batches, f"opened twice: {line}"
            self.batches[name] = line
        else:
            assert sign == "-" and name in self.batches, f"not open: {line}"
            del self.batches[name]

    # ---- Expecting

    def expect(self, command, *parameters, nick=None, seconds=PATIENCE):
        """The next line is this one."""
        line = self.next(seconds, what=f"{command} {parameters}")
        assert line.matches(command, parameters, nick), (
            f"{self} expected {command} {parameters} and heard {line}"
        )
        return line

    def expect_all(self, *rows):
        """The next lines are these, each a tuple or the words of one: "461 JOIN"."""
        return [self.expect(*(row.split() if isinstance(row, str) else row)) for row in rows]

    def find(self, command, *parameters, nick=None, seconds=PATIENCE):
        """Passes over everything until this comes."""
        return self.until(command, *parameters, nick=nick, seconds=seconds)[-1]

    def until(self, command, *parameters, nick=None, seconds=PATIENCE):
        """All lines up to this one, with it."""
        deadline, passed = time.monotonic() + seconds, []
        while True:
            left = max(0.0, deadline - time.monotonic())
            passed.append(self.next(left, what=f"{command} {parameters} after {passed[-5:]}"))
            if passed[-1].matches(command, parameters, nick):
                return passed

    def sync(self, seconds=PATIENCE):
        """Everything that came of what was sent so far: the lines before the answer to a PING."""
        self.tokens += 1
        token = f"sync-{self.tokens}"
        self.send(f"PING {token}")
        return self.until("PONG", ..., token, seconds=seconds)[:-1]

    def ask(self, *lines, seconds=PATIENCE):
        """Says it; what came of it, and whatever else came meanwhile."""
        self.send(*lines)
        return self.sync(seconds)

    def numerics(self, *lines, seconds=PATIENCE):
        """The numerics, and words, that came of it."""
        return [line.command for line in self.ask(*lines, seconds=seconds)]

    def quiet(self):
        """Nothing has come that nobody has looked at."""
        heard = self.sync()
        assert not heard, f"{self} heard {heard}"
        return self

    def expect_end(self, seconds=PATIENCE):
        """The connection ends; the lines before it."""
        passed = []
        while (line := self.next_or_end(seconds, what="the end")) is not None:
            passed.append(line)
        return passed

    # ---- Deeds

    def negotiate(self, *capabilities):
        """Asks for these, before or after registration."""
        self.send("CAP LS 302")
        while True:
            line = self.find("CAP", ..., "LS")
            if line.parameters[2] != "*":
                break
        if capabilities:
            self.send("CAP REQ :" + " ".join(capabilities))
            self.find("CAP", ..., "ACK")
        return self

    def enter(self, nick, *capabilities, user=None, realname=None, password=None, account=None):
        """Registers; returns when the greeting is over, which is kept in `greeting`."""
        if password is not None:
            self.send(say("PASS", password))
        if capabilities or account:
            self.negotiate(*capabilities, *(("sasl",) if account else ()))
        self.send(f"NICK {nick}", say("USER", user or "someone", "0", "*", realname or nick))
        if account:
            self.sign_in(*account)
        if capabilities or account:
            self.send("CAP END")
        self.greeting = self.until("001")
        # Whoever has no message of the day says so.
        while self.greeting[-1].command not in ("376", "422"):
            self.greeting.append(self.next(what="376 or 422"))
        assert self.nick == nick, f"called {self.nick}, not {nick}"
        return self

    def sign_in(self, name, password):
        """SASL PLAIN; returns what came of it."""
        self.send("AUTHENTICATE PLAIN")
        self.find("AUTHENTICATE", "+")
        self.send("AUTHENTICATE " + plain_response(name, password))
        while True:
            line = self.next(what="what came of SASL")
            if line.command in ("902", "903", "904", "905", "906", "907", "908"):
                return line

    def join(self, *rooms):
        """Joins, and waits until all is told; returns the lines of it."""
        heard = []
        for room in rooms:
            self.send(f"JOIN {room}")
            heard += self.until("366", room)
        return heard

    def names(self, room):
        """The names in a room, with their prefixes."""
        self.send(f"NAMES {room}")
        lines = self.until("366", room)
        return {name for line in lines if line.command == "353" for name in line.last.split()}

    def quit(self, why=None):
        self.send("QUIT" if why is None else say("QUIT", why))
        return self.expect_end()

    def close(self):
        """Ends the connection without a word."""
        self.socket.close()
        self.is_ended = True
        if self in _open:
            _open.remove(self)

    def reset(self):
        """Ends it so that the other side is told of a reset."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        self.close()

    def __repr__(self):
        return f"{self.nick}@{self.to[1]}"


def plain_response(name, password):
    return base64.b64encode(f"\0{name}\0{password}".encode()).decode()


def enter_many(server, count, prefix="many", room=None):
    """Lets many in, all at once: nobody waits for the others."""
    people = [Irc(server) for _ in range(count)]
    for index, each in enumerate(people):
        each.send(f"NICK {prefix}{index}", "USER many 0 * :many")
    for each in people:
        each.until("001")
        while each.log[-1].command not in ("376", "422"):
            each.next()
    if room:
        for each in people:
            each.send(f"JOIN {room}")
        for each in people:
            each.find("366", room)
    return people


def heard_by(person, command="PRIVMSG"):
    """(nick, text) of what has come so far, of that command, in order."""
    return [(line.nick, line.last) for line in person.log if line.command == command]
