"""examples/session_client.py, written from docs/PROTOCOL.md alone: its parts, and the program itself."""

import itertools
import os
import random
import struct
import subprocess
import sys

import session_wire as wire
from plain import Plain, entered, left, said
from server import Stream
from session_client import Session
from tools import TOP, plain_environment

PROGRAM = TOP / "examples" / "session_client.py"


# ---- Its parts -----------------------------------------------------------------------------------


def test_x25519_is_that_of_the_rfc():
    """RFC 7748, 5.2 and 6.1."""
    secret = bytes.fromhex("a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4")
    point = bytes.fromhex("e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c")
    product = "c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552"
    assert wire.x25519(secret, point).hex() == product
    alice = bytes.fromhex("77076d0a7318a57d3c16c17251b26645df4b54c5f30b8e7b5b4d0b6c5a7d7c0f")
    bob = bytes(range(1, 33))
    base = (9).to_bytes(32, "little")
    assert wire.x25519(alice, wire.x25519(bob, base)) == wire.x25519(bob, wire.x25519(alice, base))


def entry(seq, text=""):
    return wire.Entry(wire.SAID, seq, 0, 7, 0, 0, 0, (1,), "n", "", text)


def written(made):
    """The bytes of an entry, as a server writes them."""
    numbers = made[:7] + (len(made.rooms), *made.rooms)
    return b"".join(map(wire.varint, numbers)) + b"".join(map(wire.string, made[8:]))


def test_entries_are_read_as_written():
    dice = random.Random(1)
    for _ in range(200):
        made = entry(dice.getrandbits(64), "长" * dice.randrange(5))._replace(
            rooms=tuple(dice.getrandbits(40) for _ in range(dice.randrange(4)))
        )
        assert wire.read_entry(written(made)) == made
        assert wire.read_entry(written(made) + b"what later versions add") == made


def test_log_puts_any_order_in_order():
    """Ranges in all orders, repeated, with an entry in pieces and a gap among them."""
    long = entry(6, "长" * 700)
    raw = written(long)
    logs = [
        (1, 3, [entry(2), entry(3)]),
        (3, 5, []),
        (5, 6, [(6, len(raw), 0, raw[:900])]),
        (5, 6, [(6, len(raw), 900, raw[900:])]),
        (6, 8, [wire.Gap(0, 0)]),
        (2, 9, [entry(3), long, entry(9)]),
    ]
    for order in itertools.permutations(logs[:5]):
        log, news = wire.Log(1), []
        for begin, end, items in [*order, *order]:
            news += log.take(begin, end, items)
        assert news == [entry(2), entry(3), long, wire.Gap(6, 8)] and log.cursor == 8
    log = wire.Log(1)
    assert log.take(*logs[5]) == []
    assert log.take(*logs[0]) == [entry(2), entry(3), long, entry(9)]
    assert not log.early and not log.parts


def test_a_refusal_whose_reason_is_lost():
    """It is known to be one when both KEPT and the cursor have come, whichever is last."""
    for kept_is_last in (False, True):
        session = Session("127.0.0.1", 9)
        session.state, session.log, session.next_number = "here", wire.Log(5), 1
        session.connection = wire.Connection(1, 2, bytes(32))
        session.say("hello")
        head = bytes((0xF8, wire.LOG)) + session.connection.name + struct.pack("<IQQ", 0, 5, 6)
        log = head + wire.tag(session.connection.key, head, b"")
        news = [lambda: session._on_kept(0.0, 1, 6), lambda: session._datagram(log, 0.0)]
        for step in news[::-1] if kept_is_last else news:
            assert wire.Unexplained(1) not in session.events
            step()
        assert wire.Unexplained(1) in session.events and not session.unsettled
        session.close()


def test_acknowledged_ranges_are_those_that_came():
    """Whatever comes in whatever order: the ranges of the frame say it, 32 at most."""
    dice = random.Random(2)
    for numbers in [64] * 20 + [1000] * 20:  # The second may leave more holes than ranges fit.
        link, came = wire.Connection(1, 2, bytes(32)), set()
        for _ in range(numbers * 3 // 4):
            packet = dice.randrange(numbers)
            assert numbers > 64 or (link.came(packet, 0.0) is None) == (packet in came)
            link.came(packet, 0.0)
            came.add(packet)
        r = wire.Reader(link.ack(77, 0.5))
        assert r.u8() == wire.ACK
        cursor, largest, delay, count, first = r.varints(5)
        assert (cursor, largest, delay) == (77, max(came), 500_000) and count < wire.RANGES
        acknowledged, low = set(range(largest - first, largest + 1)), largest - first
        for _ in range(count):
            gap, length = r.varints(2)
            high = low - gap - 2
            low = high - length
            acknowledged |= set(range(low, high + 1))
        assert acknowledged <= came and not r.more()
        assert numbers > 64 or acknowledged == came


# ---- The program ---------------------------------------------------------------------------------


class Program:
    """The little chat, with a pipe for a keyboard."""

    def __init__(self, server, *words):
        host, port = server.address
        out, stdout = os.pipe()
        self.process = subprocess.Popen(
            [sys.executable, str(PROGRAM), host, str(port), *map(str, words)],
            stdin=subprocess.PIPE,
            stdout=stdout,
            env=plain_environment(PYTHONIOENCODING="utf-8"),
        )
        os.close(stdout)
        self.screen = Stream(out)

    def type(self, line):
        self.process.stdin.write(line.encode() + b"\n")
        self.process.stdin.flush()

    def end(self):
        self.process.stdin.close()
        assert self.process.wait(20) == 0


def test_the_program_chats(serve):
    """Says and hears, in the lobby and in a room, and leaves at the end of its input."""
    server = serve()
    old = Plain(server).enter("老王")
    program = Program(server, "小明")
    old.expect(entered("小明"))
    program.screen.expect("Welcomed.*小明")
    program.type("你好")
    old.expect(said("小明", "你好"))
    old.say("你也好")
    program.screen.expect("老王 said.*你也好")
    program.type("/join #茶")
    program.screen.expect("#茶.*小明 joined")
    program.type("/in #茶 喝茶")
    program.screen.expect("#茶.*小明 said.*喝茶")
    program.type("/who")
    program.screen.expect("Person.*老王")
    program.type("/name 大明")
    old.expect("小明 改名为 大明")
    program.end()
    old.expect(left("大明"))


def test_the_program_comes_back(serve, place):
    """With a file it detaches; started again it resumes, and shows what was said meanwhile."""
    server = serve()
    old = Plain(server).enter("老王")
    program = Program(server, "小明", place / "session")
    old.expect(entered("小明"))
    program.screen.expect("Welcomed")
    program.end()
    old.say("meanwhile")
    program = Program(server, "小明", place / "session")
    program.screen.expect("Welcomed.*resumed=True")
    program.screen.expect("老王 said.*meanwhile")
    program.type("here I am")
    old.expect(said("小明", "here I am"))
    program.end()
