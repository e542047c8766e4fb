"""Members who speak the plain dialect: a UDP socket each, read by one thread for all of them."""

import collections
import contextlib
import select
import socket
import threading
import time

from tools import IS_ROOT, PATIENCE

# No classroom client reads more than this at once.
DATAGRAM_BYTES_MAX = 1024

SO_RCVBUFFORCE = 33
RECEIVE_BUFFER_BYTES = 8 << 20


class Ears:
    """One thread that reads all sockets as soon as something comes, so that no buffer runs over."""

    def __init__(self):
        self.poll = select.epoll()
        self.members = {}
        self.lock = threading.Lock()
        threading.Thread(target=self.listen, daemon=True, name="ears").start()

    def add(self, member):
        with self.lock:
            self.members[member.socket.fileno()] = member
        self.poll.register(member.socket, select.EPOLLIN)

    def remove(self, member):
        with self.lock:
            if self.members.pop(member.socket.fileno(), None) is not None:
                self.poll.unregister(member.socket)

    def listen(self):
        while True:
            for fd, _ in self.poll.poll():
                with self.lock:
                    member = self.members.get(fd)
                    if member is not None:
                        member.read_all()


_ears = None


def ears():
    global _ears
    _ears = _ears or Ears()
    return _ears


def parse_address(text):
    """("127.0.0.1", 8888) from "127.0.0.1:8888", "[::1]:8888"."""
    host, _, port = text.rpartition(":")
    return host.strip("[]"), int(port)


def make_socket(source="127.0.0.1", port=0):
    family = socket.AF_INET6 if ":" in source else socket.AF_INET
    made = socket.socket(family, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
    if IS_ROOT:
        with contextlib.suppress(OSError):
            made.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, RECEIVE_BUFFER_BYTES)
    else:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER_BYTES)
    made.bind((source, port))
    return made


class Plain:
    """A member, or somebody who would like to be one.

    What comes is kept in order: `lines` is all of it so far as text, and next(), expect() and find()
    take it in turn. A datagram that no classroom client could read, or that comes from an address to
    which nothing was sent, is a failure, found by whoever reads next."""

    def __init__(self, server, source="127.0.0.1", port=0, to=None, made=None):
        self.to = to or server.address
        self.socket = made or make_socket(source, port)
        self.address = self.socket.getsockname()[:2]
        self.name = None
        self.language = getattr(server, "language", "zh")
        self.arrived = threading.Condition()
        self.datagrams = []
        self.times = []
        self.errors = []
        self.taken = 0
        ears().add(self)

    # ---- The ears' side

    def read_all(self):
        came = []
        while True:
            try:
                datagram, sender = self.socket.recvfrom(65536)
            except (BlockingIOError, ConnectionRefusedError):
                break
            except OSError:
                break
            if sender[1] != self.to[1]:
                continue  # Another test's server, to whom this port was a member's a moment ago.
            came.append(datagram)
            if len(datagram) > DATAGRAM_BYTES_MAX:
                self.errors.append(f"{len(datagram)} bytes in one datagram: {datagram[:80]!r}…")
            if sender[:2] != self.to:
                self.errors.append(f"{datagram[:80]!r} came from {sender}, not from {self.to}")
        if came:
            with self.arrived:
                now = time.monotonic()
                self.datagrams += came
                self.times += [now] * len(came)
                self.arrived.notify_all()

    # ---- Speaking

    def send(self, request):
        if isinstance(request, str):
            request = request.encode("utf-8", "surrogateescape")
        self.socket.sendto(request, self.to)
        return self

    def enter(self, name, seconds=PATIENCE):
        """Enters: the next thing that is heard is exactly OK."""
        self.send(f"L {name}")
        self.name = name
        answer = self.next(seconds, what="OK")
        assert answer == "OK", f"{self} was answered {answer!r}"
        return self

    def try_to_enter(self, name):
        """Asks once; the answer, whatever it is."""
        self.send(f"L {name}")
        answer = self.next()
        if answer == "OK":
            self.name = name
        return answer

    def say(self, text):
        """As the classroom's client says it."""
        if isinstance(text, bytes):
            return self.send(b"C " + self.name.encode() + b" " + text)
        return self.send(f"C {self.name} {text}")

    def quit(self):
        self.send(f"Q {self.name}")
        self.find("EXIT")
        return self

    def close(self):
        """Goes away without a word: what is sent here from now on is answered by ICMP."""
        ears().remove(self)
        self.socket.close()

    # ---- Hearing

    @property
    def lines(self):
        return [datagram.decode("utf-8", "replace") for datagram in list(self.datagrams)]

    def next_bytes(self, seconds=PATIENCE, what="anything"):
        with self.arrived:
            if not self.arrived.wait_for(lambda: len(self.datagrams) > self.taken, seconds):
                raise AssertionError(f"{self} waited {seconds:.0f} s in vain for {what}")
            datagram = self.datagrams[self.taken]
            self.taken += 1
        assert not self.errors, self.errors
        return datagram

    def next(self, seconds=PATIENCE, what="anything"):
        """The next datagram as text, strictly UTF-8."""
        return self.next_bytes(seconds, what).decode("utf-8")

    def expect(self, *texts, seconds=PATIENCE):
        """The next datagrams are these, and nothing comes between."""
        for text in texts:
            heard = self.next(seconds, what=repr(text))
            assert heard == text, f"{self} expected {text!r} and heard {heard!r}"
        return self

    def find(self, text, seconds=PATIENCE):
        """Passes over everything until exactly this comes; returns what was passed over."""
        return self.find_where(lambda heard: heard == text, repr(text), seconds)

    def find_where(self, is_it, what, seconds=PATIENCE):
        deadline = time.monotonic() + seconds
        passed = []
        while True:
            heard = self.next(max(0.0, deadline - time.monotonic()), what=f"{what} after {passed[-5:]}")
            if is_it(heard):
                return passed
            passed.append(heard)

    def pending(self):
        """What has come and nobody has looked at."""
        with self.arrived:
            return [each.decode("utf-8", "replace") for each in self.datagrams[self.taken :]]

    def forget(self):
        with self.arrived:
            self.taken = len(self.datagrams)
        return self

    def __repr__(self):
        return f"{self.name or 'somebody'}@{self.address[0]}:{self.address[1]}"


# ---- What is read --------------------------------------------------------------------------------

ENTERED = {"zh": "{} 进入了聊天室", "en": "{} entered the room"}
SAID = {"zh": "{}说: {}", "en": "{}: {}"}
LEFT = {"zh": "{} 退出了聊天室", "en": "{} left the room"}
SHOUTED = {"zh": "管理员: {}", "en": "admin: {}"}


def entered(name, language="zh"):
    return ENTERED[language].format(name)


def said(name, text, language="zh"):
    return SAID[language].format(name, text)


def left(name, language="zh"):
    return LEFT[language].format(name)


def shouted(text, language="zh"):
    return SHOUTED[language].format(text)


class Crowd(list):
    """Several members who came in one after the other and have heard each other come."""

    def __init__(self, server, names, sources=None):
        language = server.language
        for index, name in enumerate(names):
            source = sources[index] if sources else "127.0.0.1"
            newcomer = Plain(server, source).enter(name)
            for member in self:
                member.expect(entered(name, language))
            self.append(newcomer)

    def by_name(self):
        return collections.OrderedDict((member.name, member) for member in self)


def loopback_sources(count, first=2):
    """As many source addresses of 127.0.0.0/8."""
    return [f"127.0.{index // 250 + first}.{index % 250 + 1}" for index in range(count)]


def enter_many(server, count, prefix="众", sources=None, window=32):
    """Lets many in, some at a time, without waiting for each to be told about each."""
    sources = sources or loopback_sources(count)
    members = [Plain(server, sources[index % len(sources)]) for index in range(count)]
    for start in range(0, count, window):
        batch = members[start : start + window]
        for index, member in enumerate(batch, start):
            member.name = f"{prefix}{index}"
            member.send(f"L {member.name}")
        for member in batch:
            assert member.next(what="OK") == "OK"
    return members
