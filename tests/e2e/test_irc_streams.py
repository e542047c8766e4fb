"""IRC's connections: whoever reads gets everything, in order, and costs nobody anything; how they end."""

import time

import pytest
from irc import Irc, enter_many, heard_by
from tools import PATIENCE

FREE = ("--rate", "100000:100000")


def in_room(server, *names, room="#r"):
    people = [Irc(server).enter(name) for name in names]
    for each in people:
        each.join(room)
    for each in people:
        each.sync()
        each.log.clear()
    return people


def texts(person):
    return [text for _, text in heard_by(person)]


@pytest.mark.asan
def test_a_pong_has_everything_before_it(serve):
    """What was in the log when the PING was sent, and all effects of one's own commands."""
    server = serve(*FREE)
    ming, hong = in_room(server, "ming", "hong")
    for index in range(50):
        hong.send(f"PRIVMSG #r :{index}")
        hong.sync()
        ming.log.clear()
        ming.send(f"JOIN #own{index}")
        heard = ming.sync()
        assert any(line.matches("366", (f"#own{index}",)) for line in heard)
        assert any(line.matches("PRIVMSG", ("#r", str(index)), "hong") for line in heard)


@pytest.mark.asan
@pytest.mark.parametrize("how", ["close", "reset"])
def test_who_goes_without_a_word_has_quit_at_once(serve, how):
    server = serve()
    ming, hong = in_room(server, "ming", "hong")
    getattr(ming, how)()
    hong.find("QUIT", nick="ming")


def test_a_flood_is_slowed_and_nobody_is_closed(serve):
    server = serve("--rate", "100:10")
    ming, hong = in_room(server, "ming", "hong")
    lines = [f"line {index}" for index in range(120)]
    began = time.monotonic()
    hong.send(*(f"PRIVMSG #r :{line}" for line in lines)).sync(seconds=3 * PATIENCE)
    assert time.monotonic() - began > 0.9
    ming.sync()
    assert texts(ming) == lines


def test_other_edges_connections_stay_when_one_dies(serve):
    server = serve(*FREE, "--edges", "2")
    people = enter_many(server, 20, room="#r")
    for each in people:
        each.sync()
    pid = server.kill("edge 0")
    server.wait_replaced("edge 0", pid)
    stays = [each for each in people if not is_cut(each)]
    assert 0 < len(stays) < 20
    stays[0].send("PRIVMSG #r :still here")
    for each in stays[1:]:
        each.find("PRIVMSG", "#r", "still here")


def is_cut(person):
    try:
        person.sync()
    except (AssertionError, OSError):
        return True
    return False
