"""Somebody whose client is gone is noticed; and who is only quiet is not disturbed."""

import random
import time

import pytest
from plain import Crowd, Plain, entered, left, make_socket
from tools import eventually

FAST = ("--rate", "100000:100000")


def deserted():
    """An address of the loopback that is nobody else's."""
    return "127." + ".".join(str(random.randrange(100, 250)) for _ in range(3))


@pytest.mark.asan
@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_a_closed_client_is_noticed(serve, host, language):
    """Port-unreachable, twice and at least a second apart, is a leave."""
    bracket = "[{}]:0" if ":" in host else "{}:0"
    server = serve(
        *FAST, language=language, listen=(bracket.format(host),)
    )
    ming = Plain(server, host).enter("小明")
    hong = Plain(server, host).enter("小红")
    gone = Plain(server, host if ":" in host else deserted()).enter("小刚")
    gone.close()
    began = time.monotonic()
    said = []

    def is_noticed():
        said.append(f"still there? {len(said)}")
        ming.say(said[-1])
        return left("小刚", language) in hong.lines

    eventually(is_noticed, "the leave notice")
    assert time.monotonic() - began >= 1.0
    # It disturbed no delivery to anybody else.
    ming.say("end")
    heard = hong.find({"zh": "小明说: end", "en": "小明: end"}[language])
    assert [line.partition(": ")[2] for line in heard if "still there?" in line] == said
    assert heard.count(left("小刚", language)) == 1
    kinds = [each["kind"] for each in server.history() if each["name"] == "小刚"]
    assert kinds == ["entered", "left"]


@pytest.mark.asan
def test_once_is_not_enough(serve):
    """A client that was away for a moment (a laptop's lid) is still a member."""
    server = serve(*FAST, "--edges", "1")
    ming = Plain(server).enter("小明")
    gang = Plain(server, deserted()).enter("小刚")
    hong = Plain(server).enter("小红")  # who entered later is sent to later
    address = gang.address
    gang.close()
    ming.say("nobody hears")  # ICMP comes back at once, once
    hong.find("小明说: nobody hears")
    gang = Plain(server, made=make_socket(*address))
    for number in range(3):
        ming.say(str(number))
    gang.expect("小明说: 0", "小明说: 1", "小明说: 2")
    gang.send("C back")
    ming.find("小刚说: back")
    assert left("小刚") not in hong.lines


@pytest.mark.asan
def test_many_gone_clients_disturb_no_delivery(serve):
    """The error of one comes with the next send, to somebody else."""
    server = serve(*FAST, "--edges", "2")
    ming, hong = Crowd(server, ["小明", "小红"])
    # From addresses that nobody else on this machine uses: a port that is free again on 127.0.0.1 is
    # soon somebody else's.
    for number in range(40):
        Plain(server, deserted()).enter(f"g{number}").close()
    said = []

    def still_there():
        return [f"g{number}" for number in range(40) if left(f"g{number}") not in hong.lines]

    def are_noticed():
        said.append(f"n{len(said)}")
        ming.say(said[-1])
        return not still_there()

    eventually(are_noticed, lambda: f"leave notices of {still_there()}")
    ming.say("end")
    heard = hong.find("小明说: end")
    assert [line.removeprefix("小明说: ") for line in heard if line.startswith("小明说: ")] == said
    assert sorted(line for line in heard if "退出了" in line) == sorted(
        left(f"g{number}") for number in range(40)
    )


@pytest.mark.asan
def test_trying_the_name_of_somebody_gone(serve):
    """ICMP says that the holder is gone: that is a leave, and the next L gets OK."""
    server = serve(*FAST)
    watcher = Plain(server).enter("看")
    Plain(server, deserted()).enter("小明").close()
    back = Plain(server)
    began = time.monotonic()

    def is_in():
        answer = back.try_to_enter("小明")
        assert answer == "OK" or "小明" in answer
        return answer == "OK"

    tries = 0
    while not is_in():
        tries += 1
        assert time.monotonic() - began < 20
        time.sleep(0.25)  # As people do; more than five refusals a second there are none.
    assert tries >= 1
    watcher.expect(entered("小明"), left("小明"), entered("小明"))
    back.say("x")
    watcher.expect("小明说: x")


@pytest.mark.asan
def test_trying_the_name_of_somebody_present(serve):
    """The holder gets a small datagram or two, and stays."""
    server = serve(*FAST)
    holder = Plain(server).enter("小明")
    watcher = Plain(server).enter("看")
    holder.expect(entered("看"))
    stranger = Plain(server)
    for _ in range(5):
        assert stranger.try_to_enter("小明") != "OK"
    watcher.say("x")
    asked = holder.find("看说: x")
    assert 1 <= len(asked) <= 2
    assert all(len(each.encode()) <= 128 for each in asked)
    holder.say("still here")
    watcher.expect("小明说: still here")
    # At most once a minute, whoever tries.
    for number in range(5):
        assert Plain(server, f"127.0.0.{50 + number}").try_to_enter("小明") != "OK"
    watcher.say("y")
    asked += holder.find("看说: y")
    assert len(asked) <= 2


@pytest.mark.asan
def test_silence_ends_a_membership(serve, language):
    """After --idle seconds; who is ended by it is told so, and so are the others."""
    server = serve("--idle", "2", language=language)
    quiet = Plain(server).enter("小静")
    began = time.monotonic()
    ming = Plain(server).enter("小明")
    quiet.expect(entered("小明", language))
    ming_speaks_until(ming, lambda: left("小静", language) in ming.lines)
    assert time.monotonic() - began >= 2.0
    told = quiet.find("EXIT")[-1]
    assert ("没有动静" if language == "zh" else "silent") in told
    ming.say("x")
    quiet.send("C am I in?")
    assert quiet.next() not in ("OK", "EXIT")
    ming.say("y")
    quiet.enter("小静")
    ming.find(entered("小静", language))


def ming_speaks_until(ming, is_enough):
    def look():
        ming.send("W")
        return is_enough()

    eventually(look, "the end of a silence")


def test_whoever_makes_a_sound_stays(serve):
    """Any request counts, not only what is said."""
    server = serve("--idle", "2", *FAST)
    ming, hong = Crowd(server, ["小明", "小红"])
    began = time.monotonic()

    def time_is_over():
        ming.send("W")
        hong.send("L 小红")
        return time.monotonic() - began > 5

    eventually(time_is_over, "five seconds")
    ming.say("x")
    hong.find("小明说: x")
    assert left("小红") not in ming.lines


def test_idle_survives_a_restart(serve):
    """Somebody who was silent before the restart is ended by and by as well."""
    server = serve("--idle", "2", *FAST)
    quiet = Plain(server).enter("小静")
    ming = Plain(server).enter("小明")
    server.stop()
    server.restart()
    ming_speaks_until(ming, lambda: left("小静") in ming.lines)
    quiet.find("EXIT")
