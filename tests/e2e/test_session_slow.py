"""Readers who are slow, or stopped, or gone: they cost the server nothing, and catch up."""

import time

import pytest
import session_wire as wire
from plain import Plain
from sessions import Talk, read_again, stop_reading
from tools import IS_SANITIZED, SLOWNESS, eventually, has_run, memory_kb

FAST = ("--rate", "1000000:1000000", "--edges", "2")

# A small ring, so that who lags is overtaken and is served from the history.
SMALL_RING = ("--ring", "2")

# What hub, edges, clerk and console together may take more while somebody lags.
GROWTH_KB = 6 * 1024


def memory(server):
    """Without the scribe: what SQLite remembers of what is written has a bound of its own (16 MB), and
    does not know who reads."""
    others = ("keeper", "scribe")
    return sum(memory_kb(pid) for name, pid in server.children().items() if name not in others)


def talk(crowd, members, count, seconds, bytes_each):
    """Messages that `members` say and hear; those said before by a former talk are not counted."""
    for member in members:
        member.entries.clear()
    one = Talk(crowd, members, count, window=48, text_bytes=bytes_each)
    one.run(seconds * SLOWNESS)
    return one.check()


@pytest.mark.parametrize("is_absent", [False, True])
def test_who_stops_reading_catches_up(serve, crowd_of, is_long, is_absent):
    """Stopped, connected or absent, while a lot is said: no memory, and then all of it, in order."""
    count = 100_000 if is_long else 5000
    silence = ("--silence", "5") if is_absent else ("--silence", "86400")
    server = serve(*FAST, *SMALL_RING, *silence)
    crowd = crowd_of(server)
    *talkers, slow = crowd.enter("t0", "t1", "t2", "t3", "slow", ping_after=1)
    talk(crowd, [*talkers, slow], 2000, 60, 400)  # Caches fill once.
    before = memory(server)
    stop_reading(crowd, slow)
    slow.entries.clear()
    began = time.monotonic()
    order = talk(crowd, talkers, count, 600 if is_long else 60, 400)
    if is_absent:
        crowd.wait(lambda: talkers[0].names()["slow"], "slow to be absent")
    print(f"{count} messages in {time.monotonic() - began:.1f} s")
    after = memory(server)
    read_again(crowd, slow)
    began = time.monotonic()
    crowd.wait(
        lambda: len(slow.of_kind(wire.SAID)) >= count,
        lambda: f"slow to catch up: {len(slow.of_kind(wire.SAID))} of {count}, {slow.state}",
        (300 if is_long else 60) * SLOWNESS,
    )
    caught = time.monotonic() - began
    print(f"caught up in {caught:.1f} s; memory {before} KB, {after} KB, {memory(server)} KB")
    assert slow.texts() == order
    assert not slow.events_of(wire.Gap)
    assert IS_SANITIZED or after - before < GROWTH_KB
    assert IS_SANITIZED or memory(server) - before < GROWTH_KB


def test_the_dead_hinder_nobody(serve, crowd_of, is_long):
    """Half of all are gone without a word: the others hear everything as fast as ever."""
    server = serve(*FAST)
    crowd = crowd_of(server)
    dead = crowd.enter(*(f"d{index}" for index in range(40 if is_long else 10)))
    living = crowd.enter(*(f"l{index}" for index in range(10)))
    for member in dead:
        stop_reading(crowd, member)
    before = memory(server)
    talk(crowd, living, 10_000 if is_long else 1000, 120, 100)
    assert IS_SANITIZED or memory(server) - before < GROWTH_KB
    for member in dead:
        member.close()


def test_a_flood_is_paced(serve, crowd_of):
    """Who comes back to a long log is not drowned: hardly anything of it is sent twice on a good line."""
    server = serve(*FAST)
    crowd = crowd_of(server)
    ming, hong = crowd.enter("小明", "小红")
    saved = crowd.drop(hong)
    for number in range(2000):
        ming.say(f"{number} ".ljust(200, "x"))
    crowd.wait(ming.has_settled, "all to be kept", 60)
    hong = crowd.come_back(saved)
    packets = []
    took = hong._came
    hong._came = lambda packet, now: (packets.append(packet), took(packet, now))[1]
    Plain(server).enter("老王").say("end")
    hong.expect("end", 60)
    assert hong.texts() == [*ming.texts()[:2000], "end"]
    sent, needed = max(packets) + 1, 2000 * 200 / 1100
    print(f"{sent} datagrams for {needed:.0f} full ones")
    assert sent < 2 * needed


def test_quiet_sessions_cost_nothing(serve, crowd_of):
    """Where nothing is said and nobody's heartbeat is due, no process runs, however many listen."""
    server = serve(*FAST, "--silence", "1000")
    crowd = crowd_of(server)
    members = crowd.enter(*(f"n{index}" for index in range(20)))
    members[0].settle(members[0].say("x"))
    for member in members[1:]:
        member.expect("x")
    saved = crowd.drop(members[1])
    crowd.come_back(saved)
    pids = {pid: name for name, pid in server.children().items()}
    before = {}

    def is_quiet():
        """Acknowledgements go out; and the upkeep's timers come once a second, and end."""
        crowd.turn(0.2)
        time.sleep(2.5)  # Not in place of an answer: so long nobody may run.
        now = {name: has_run(pid) for pid, name in pids.items()}
        was, before["runs"] = before.get("runs"), now
        return now == was

    eventually(is_quiet, "a server in which nothing runs", 60)
