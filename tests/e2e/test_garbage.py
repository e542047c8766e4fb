"""Bytes from strangers: nothing dies, nothing grows, nobody is disturbed. A failure prints its seed."""

import os
import random
import socket
import time

import pytest
from plain import Crowd, Plain, make_socket
from tools import IS_SANITIZED, descriptors, memory_kb

FAST = ("--rate", "1000000:1000000")

GOOD = [
    "L 小明",
    "L Alice",
    "C 小明 你好",
    "C hello there",
    "Q 小明",
    "Q",
    "W",
    "H",
    "H 20",
    "H 99999999999999999999",
    "H -1",
    "OK",
    "EXIT",
    "小明说: 你好",
    "管理员: 下课了",
    "/close",
    "C " + "👨‍👩‍👧‍👦" * 40,
    "L " + "\u0301" * 20,
    "C " + "\u202e" * 100,
]


def random_bytes(dice):
    return dice.randbytes(dice.choice([0, 1, 2, 3, 8, 40, 128, 1024, 4096, 9000]))


def mutated(dice):
    """A good request of which some bytes were changed, dropped, doubled."""
    bytes_ = bytearray(dice.choice(GOOD).encode())
    for _ in range(dice.randrange(1, 6)):
        if not bytes_:
            break
        at = dice.randrange(len(bytes_))
        deed = dice.randrange(4)
        if deed == 0:
            bytes_[at] = dice.randrange(256)
        elif deed == 1:
            del bytes_[at]
        elif deed == 2:
            bytes_[at:at] = bytes_[at : at + dice.randrange(1, 50)] * dice.randrange(1, 20)
        else:
            del bytes_[at:]
    return bytes(bytes_[:9000])


def letters(dice):
    """A letter and something."""
    return bytes([dice.choice(b"LCQWHlcqwhX \n\0")]) + b" " * dice.randrange(3) + random_bytes(dice)


@pytest.mark.asan
def test_garbage(serve, is_long):
    seed = int(os.environ.get("QUN_SEED", time.time_ns() % 2**32))
    print(f"QUN_SEED={seed}")
    dice = random.Random(seed)
    server = serve(*FAST, "--edges", "2")
    ming, hong = Crowd(server, ["看一", "看二"])
    strangers = [make_socket(f"127.0.0.{number}") for number in range(100, 116)]
    children = server.children()

    def throw(count):
        for number in range(count):
            kind = dice.choice([random_bytes, mutated, mutated, letters])
            dice.choice(strangers).sendto(kind(dice), server.address)
            if number % 100 == 99:
                ming.say(str(number))
                hong.find(f"看一说: {number}")

    throw(2000)
    before = {name: (memory_kb(pid), len(descriptors(pid))) for name, pid in children.items()}
    throw(200000 if is_long else 4000)
    after = {name: (memory_kb(pid), len(descriptors(pid))) for name, pid in children.items()}
    assert server.children() == children, f"somebody died; QUN_SEED={seed}"
    for name, (memory, open_files) in after.items():
        assert open_files == before[name][1], f"{name}: QUN_SEED={seed}"
        # The log's own pages in caches and buffers are touched one after the other.
        grown = memory - before[name][0]
        assert IS_SANITIZED or grown < 4096, f"{name} grew by {grown} KB; QUN_SEED={seed}"
    for stranger in strangers:
        stranger.close()
    ming.say("end")
    hong.find("看一说: end")
    server.history()


@pytest.mark.asan
def test_largest_datagrams(serve):
    server = serve(*FAST)
    ming, hong = Crowd(server, ["小明", "小红"])
    for request in (b"C " + b"x" * 65505, b"L " + b"x" * 65505, b"\0" * 65507, b"Q " + b"\xff" * 60000):
        Plain(server).send(request)
    ming.say("x")
    hong.expect("小明说: x")


@pytest.mark.asan
def test_first_bytes_of_other_dialects(serve):
    """0xF8 to 0xFF and DTLS are not spoken yet; they are not text either, and are not answered at length."""
    server = serve(*FAST)
    ming, hong = Crowd(server, ["小明", "小红"])
    for first in [*range(0xF8, 0x100), 0x14, 0x15, 0x16, 0x17]:
        stranger = Plain(server)
        stranger.send(bytes([first, 0xFE, 0xFD]) + bytes(50))
        stranger.send(f"L n{first}")
        stranger.find("OK")
        assert all(len(datagram) <= 128 for datagram in stranger.datagrams)
    ming.say("x")
    hong.find("小明说: x")


@pytest.mark.asan
def test_garbage_at_the_administrators_door(serve):
    """Whoever may open the socket may still not break the console."""
    server = serve(*FAST)
    ming = Plain(server).enter("小明")
    dice = random.Random(7)
    console = server.pid_of("console")
    for size in (0, 1, 10, 1000, 100000):
        for kind in (socket.SOCK_STREAM, socket.SOCK_SEQPACKET):
            with socket.socket(socket.AF_UNIX, kind) as door:
                try:
                    door.connect(str(server.data / "admin.sock"))
                    door.settimeout(1)
                    door.sendall(dice.randbytes(size))
                    if size == 10:
                        door.sendall(b"\n")
                except OSError:
                    pass
    server.admin_ok("shout", "alive")
    ming.expect("管理员: alive")
    assert server.pid_of("console") == console
