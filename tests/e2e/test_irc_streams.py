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
def test_who_reads_late_hears_everything_in_order(serve):
    """Thousands of lines behind: all of them, once; and others did not wait."""
    server = serve(*FREE)
    ming, hong, lan = in_room(server, "ming", "hong", "lan")
    lines = [f"{index} " + "x" * 300 for index in range(5000)]
    for begin in range(0, len(lines), 500):
        hong.send(*(f"PRIVMSG #r :{line}" for line in lines[begin : begin + 500])).sync()
    ming.sync()
    assert texts(ming) == lines
    lan.sync()
    assert texts(lan) == lines


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


def test_who_reads_nothing_for_long_is_closed(serve):
    server = serve(*FREE, "--stall", "1")
    ming, hong = in_room(server, "ming", "hong")
    text = "x" * 400
    deadline = time.monotonic() + 4 * PATIENCE
    # It never reads: the buffers of the kernel fill, then the time runs.
    while not any(line.matches("QUIT", nick="ming") for line in hong.log):
        assert time.monotonic() < deadline
        hong.send(*[f"PRIVMSG #r :{text}"] * 200).sync()
    hong.quiet()


@pytest.mark.asan
def test_a_million_bytes_without_an_end(serve):
    server = serve()
    ming = Irc(server).enter("ming")
    ming.send_bytes(b"x" * 1000000)
    ming.send_bytes(b"\r\n")
    heard = ming.sync()
    assert [line.command for line in heard] == ["417"]


@pytest.mark.asan
def test_fifty_pasted_lines_are_said_at_once(serve):
    server = serve()
    ming, hong = in_room(server, "ming", "hong")
    lines = [f"line {index}" for index in range(50)]
    began = time.monotonic()
    hong.send(*(f"PRIVMSG #r :{line}" for line in lines)).sync()
    ming.sync()
    assert texts(ming) == lines
    assert time.monotonic() - began < PATIENCE


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


def test_lines_cut_at_every_byte(serve):
    server = serve()
    ming = Irc(server)
    for byte in "NICK ming\r\nUSER a 0 * :明\r\nJOIN #r\r\nPING x\r\n".encode():
        ming.send_bytes(bytes([byte]))
    ming.find("001")
    ming.nick = "ming"
    ming.find("366", "#r")
    ming.find("PONG", ..., "x")
