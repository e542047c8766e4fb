"""A request that kills the hub twice is skipped, answered and kept; nothing else is lost.

QUN_TEST_POISON names a text: a hub that decides a request with that text dies of it."""

import os
import signal

import pytest
from load import Load
from plain import Crowd, Plain
from tools import IS_SANITIZED, eventually, plain_environment

FAST = ("--rate", "100000:100000")
POISON = "poison"

# A sanitizer would report the abort, which here is wanted.
pytestmark = pytest.mark.skipif(IS_SANITIZED, reason="a process aborts on purpose")


def start(serve, *options):
    server = serve(*FAST, *options, env=plain_environment(QUN_TEST_POISON=POISON))
    server.alarms_expected = True
    return server


def kept(server):
    folder = server.data / "poison"
    return sorted(os.listdir(folder)) if folder.exists() else []


def deaths(server):
    return sum("hub was killed by signal 6" in line for line in server.stderr.lines)


def test_a_poisoned_request_is_skipped_answered_and_kept(serve):
    server = start(serve)
    ming, hong = Crowd(server, ["小明", "小红"])
    ming.say("before").send(f"C {POISON}").say("after")
    hong.expect("小明说: before", "小明说: after")
    answer = ming.next()
    assert "无法处理" in answer and len(answer.encode()) <= 128
    assert deaths(server) == 2
    (name,) = kept(server)
    assert POISON.encode() in (server.data / "poison" / name).read_bytes()
    assert [each["text"] for each in server.history() if each["kind"] == "said"] == ["before", "after"]
    server.stderr.expect(r"qun: hub: a request .* killed two hubs.*poison")


def test_each_poisoned_request_is_kept(serve):
    server = start(serve)
    ming, hong = Crowd(server, ["小明", "小红"])
    for number in range(3):
        ming.send(f"C {POISON}")
        ming.say(str(number))
        hong.find(f"小明说: {number}")
        eventually(lambda: len(kept(server)) == number + 1, "another request that is kept")
    assert deaths(server) == 6


def test_a_poisoned_command_is_answered(serve):
    server = start(serve)
    ming = Plain(server).enter("小明")
    done = server.admin("shout", POISON)
    assert done.returncode not in (0, 2) and done.stderr
    server.admin_ok("shout", "alive")
    ming.expect("管理员: alive")
    assert len(kept(server)) == 1


def test_poison_under_load(serve):
    """Requests that were decided in one batch with it are decided again, and count once."""
    server = start(serve, "--edges", "2")
    with Load(server, window=8) as load:
        load.wait_count(20)
        stranger = Plain(server).enter("毒")
        stranger.send(f"C {POISON}")
        stranger.find_where(lambda text: "无法处理" in text, "the answer")
        load.wait_flows()
    load.check()
    load.check_nobody_was_told_of_leaving()
    assert len(kept(server)) == 1


def test_killing_hubs_poisons_nobody(serve):
    """A hub that is killed from outside while it works is no reason to skip what it worked at."""
    server = start(serve, "--edges", "2")
    with Load(server, window=8) as load:
        for _ in range(6):
            pid = server.send_signal("hub", signal.SIGKILL)
            server.wait_replaced("hub", pid)
            load.wait_flows()
    load.check()
    assert kept(server) == []
