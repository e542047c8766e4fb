"""IRC over WebSocket: what is said over TCP is said here, a line a message; and how it begins and ends."""

import contextlib

import pytest
from httpclient import Http
from irc import Irc
from websocket import BINARY, CLOSE, FIN, PING, TEXT, WebIrc, frame, handshake

TEA = "#茶"


def configured(place, text):
    conf = place / "qun.conf"
    conf.write_text(text)
    return "--config", conf


@pytest.mark.asan
def test_a_conversation_over_both(serve):
    """Four people, of whom one came by TCP, hear the same; each in its way, and the past as well."""
    server = serve()
    ann = WebIrc(server).enter("ann", "message-tags", "server-time", "batch", "draft/chathistory", "echo-message")
    bob = Irc(server).enter("bob", "message-tags")
    cid = WebIrc(server, path="/", protocol="binary.ircv3.net, text.ircv3.net").enter("cid")
    dan = WebIrc(server, path="/", protocol="foo").enter("dan")  # Nothing is agreed on: text, whatever it sends.
    assert (ann.kind, cid.kind, dan.kind) == (TEXT, BINARY, TEXT)
    dan.kind = BINARY
    dan.send("PING as-bytes")
    dan.kind = TEXT
    dan.until("PONG", ..., "as-bytes")
    people = (ann, bob, cid, dan)
    for each in people:
        each.join(TEA)
    for each in people:
        each.sync()
    said = [(each.nick, f"{each.nick} 说 {'字' * 60} {number}") for number in range(30) for each in people]
    for nick, text in said:
        speaker = next(each for each in people if each.nick == nick)
        speaker.say(TEA, text)
    for each in people:
        each.sync()
        heard = [(line.nick, line.last) for line in each.log if line.command == "PRIVMSG"]
        expected = [pair for pair in said if pair[0] != each.nick or "echo-message" in each.capabilities]
        assert heard == expected, each
    # A message with tags as long as they may be; and history, in a batch.
    tag = "+x=" + "y" * 4000
    ann.send(f"@{tag} PRIVMSG {TEA} :with tags")
    assert bob.until("PRIVMSG", TEA, "with tags")[-1].tags["+x"] == "y" * 4000
    ann.sync()
    ann.send(f"CHATHISTORY LATEST {TEA} * 50")
    ann.find("BATCH")
    history = [line.last for line in ann.until("BATCH") if line.command == "PRIVMSG"]
    assert history == [text for _, text in said][-49:] + ["with tags"]
    # A line's end is no part of it, but is passed over; fragments, and a ping among them, make one line.
    ann.send_bytes(frame(FIN | TEXT, b"PING with-end\r\n"))
    ann.until("PONG", ..., "with-end")
    ann.send_bytes(frame(TEXT, b"PI") + frame(FIN | PING, b"now") + frame(0, b"NG in-") + frame(FIN, b"parts"))
    ann.until("PONG", ..., "in-parts")
    assert ann.pongs == [b"now"]
    ann.send_bytes(frame(TEXT, b"PING a"))
    ann.send_bytes(frame(FIN | PING, b"between"))
    ann.await_pong(b"between")
    for byte in frame(0, b"-byte") + frame(FIN, b""):
        ann.send_bytes(bytes([byte]))
    ann.until("PONG", ..., "a-byte")
    ann.send_bytes(frame(FIN | TEXT))  # Nothing, which is no line.
    ann.quiet()
    # Too long for a line, and not UTF-8.
    ann.send("PRIVMSG " + TEA + " :" + "x" * 510)
    ann.find("417")
    cid.send_bytes(frame(FIN | BINARY, b"PRIVMSG x :\xff"))
    cid.until("NOTICE", ..., lambda text: "UTF-8 only" in text)
    # QUIT, the closing handshake, and none: the others hear of each.
    assert ann.quit("gone")[-1].command == "ERROR"
    assert ann.code == 1000
    assert bob.until("QUIT", nick="ann")[-1].last.endswith("gone")
    cid.shut(1000)
    assert cid.code == 1000
    bob.until("QUIT", nick="cid")
    dan.close()
    bob.until("QUIT", nick="dan")


@pytest.mark.asan
def test_who_breaks_the_rules_is_told_why(serve, place):
    server = serve(*configured(place, "[web]\norigins = https://a.example  http://b.example:81\n"))
    bob = Irc(server).enter("bob")
    bob.join(TEA)
    wrong = {
        frame(FIN | BINARY, b"PING x"): 1003,
        frame(FIN | TEXT, b"PING x\r\nPING y"): 1002,
        frame(FIN | TEXT, b"\xff"): 1007,
        frame(FIN | TEXT, b"x" * 8704)[:20]: 1009,
        frame(FIN | 0x40 | TEXT, b"PING x"): 1002,
        frame(FIN, b"PING x"): 1002,
        b"\x81\x06PING x": 1002,
        frame(FIN | CLOSE, b"\x03\xed"): 1002,
        frame(FIN | CLOSE, b""): 1005,
        frame(FIN | CLOSE, b"\x0f\xa0why"): 4000,
    }
    for index, (data, code) in enumerate(wrong.items()):
        ann = WebIrc(server).enter(f"ann{index}")
        ann.join(TEA)
        ann.send_bytes(frame(FIN | TEXT, f"PRIVMSG {TEA} :before".encode()) + data + frame(FIN | TEXT, b"PING behind"))
        ann.expect_code(code)
        bob.until("PRIVMSG", TEA, "before")
        bob.until("QUIT", nick=ann.nick)
        ann.close()

    def status(path, *fields):
        with Http(server) as http:
            return handshake(http, path, "text.ircv3.net", *fields).status

    own = "Origin: http://{}:{}".format(*server.address)
    assert [status("/irc", own), status("/", own), status("/irc", own.replace("http:", "https:"))] == [101] * 3
    assert [status("/irc", "Origin: " + each) for each in ("https://a.example", "http://b.example:81")] == [101] * 2
    for origin in ("http://b.example", "https://evil.example", "null", own[8:] + ".evil.example"):
        assert status("/irc", "Origin: " + origin) == status("/", "Origin: " + origin) == 403, origin
    assert status("/healthz") == 200  # No WebSocket is to be had here.
    assert status("/nothing") == 404
    with Http(server) as http:
        assert http.ask("GET", "/irc").status == 426
        assert http.ask("POST", "/irc").status == 405
        # What follows the handshake at once is not lost.
        http.send("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        assert http.read().status == 200
        http.send(b"GET /irc HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                  b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
                  + frame(FIN | PING, b"at once"))
        assert http.read().status == 101
        assert http.take(9) == b"\x8a\x07at once"


def test_silence_and_the_end_of_the_server(serve, place):
    """Who says nothing is asked, by IRC's PING, and then sent away; who has not registered in time; and all of them."""
    server = serve(*configured(place, "[limits]\nping-interval = 1\nping-timeout = 1\nregister-timeout = 2\n"))
    ann = WebIrc(server).enter("ann")
    never = WebIrc(server)
    ann.answers_pings = False
    ann.find("PING")
    never.expect_code(1000)
    assert ann.expect_code(1000)[-1].command == "ERROR"
    bob = WebIrc(server).enter("bob")
    server.stop()
    assert bob.expect_code(1001)[-1].command == "ERROR"


def test_what_was_said_survives(serve):
    """kill -9 of the edge, and of all: who comes back has its name, its room and what was said."""
    server = serve("--edges", "1")
    ann, bob = WebIrc(server).enter("ann"), Irc(server).enter("bob")
    for each in (ann, bob):
        each.join(TEA)
    ann.say(TEA, "before")
    pid = server.kill("edge 0")
    ann.expect_end()
    bob.expect_end()
    server.wait_replaced("edge 0", pid)
    again = WebIrc(server).enter("ann", "batch", "draft/chathistory", "server-time", "message-tags")
    assert again.names(TEA) == {"@ann", "bob"} or again.names(TEA) >= {"@ann"}
    again.say(TEA, "between")
    server.kill_all()
    server.restart()
    last = WebIrc(server).enter("ann", "batch", "draft/chathistory", "server-time", "message-tags")
    last.join(TEA)
    last.send(f"CHATHISTORY LATEST {TEA} * 10")
    last.find("BATCH")
    assert [line.last for line in last.until("BATCH") if line.command == "PRIVMSG"] == ["before", "between"]


def test_slow_senders_do_not_hinder_the_room(serve, is_long):
    """Many in the middle of a frame, and of a message, that do not end, and many that do not read."""
    server = serve("--edges", "1")
    slow = [WebIrc(server) for _ in range(2000 if is_long else 200)]
    ann, bob = WebIrc(server).enter("ann"), Irc(server).enter("bob")
    for each in (ann, bob):
        each.join(TEA)
    ann.sync()
    parts = (frame(FIN | TEXT, b"x" * 8000)[:100], frame(TEXT, b"PRIVMSG"), b"\x81")
    for index, each in enumerate(slow):
        each.send_bytes(parts[index % 3])
    for number in range(30):
        for index, each in enumerate(slow):
            if index % 3 == 1:
                each.send_bytes(frame(0, b"x"))
            elif index % 3 == 0:
                each.send_bytes(b"x")
        ann.send(f"PRIVMSG {TEA} :line {number}")
        bob.until("PRIVMSG", TEA, f"line {number}")
        bob.send(f"PRIVMSG {TEA} :and {number}")
        ann.until("PRIVMSG", TEA, f"and {number}")
    for each in slow:
        with contextlib.suppress(OSError):
            each.close()
    ann.quiet()
