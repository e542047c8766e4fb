"""IRC: those who write too much, and those who read too little."""

from pathlib import Path

import pytest
import tools
from irc import Irc
from plain import Plain, said
from scenes import enter

FAST = ("--rate", "100000:100000")


@pytest.mark.asan
def test_fifty_lines_at_once(serve):
    """Pasting is fine: all of it comes, in order, at the usual rate, and nobody is put out."""
    server = serve()
    people = enter(server, "ann", "bob", room="#tea")
    ann, bob = people["ann"], people["bob"]
    ann.send(*[f"PRIVMSG #tea :line {number}" for number in range(50)])
    heard = []
    while len(heard) < 50:
        line = bob.next()
        heard.append(line.last)
    assert heard == [f"line {number}" for number in range(50)]
    assert ann.sync() == []


def test_a_flood_is_slowed_not_punished(serve):
    """Who writes without end is read slowly; the others hear each other meanwhile."""
    server = serve("--rate", "50:100")
    people = enter(server, "ann", "bob", room="#tea")
    eve = Irc(server).enter("eve")
    eve.join("#flood")
    eve.socket.setblocking(False)
    line = b"PRIVMSG #flood :" + b"x" * 400 + b"\r\n"
    sent = 0
    try:
        for _ in range(20000):
            sent += eve.socket.send(line)
    except BlockingIOError:
        pass
    assert sent < 8_000_000, "all of it was read"
    for number in range(20):
        people["ann"].say("#tea", str(number))
        assert people["bob"].find("PRIVMSG").last == str(number)
    assert "eve" in {name.lstrip("@") for name in people["ann"].names("#flood")}


@pytest.mark.asan
def test_a_million_bytes_without_an_end(serve):
    """One answer, and the connection is as before."""
    server = serve(*FAST)
    people = enter(server, "ann", "bob")
    ann, bob = people["ann"], people["bob"]
    ann.send_bytes(b"PRIVMSG bob :")
    for _ in range(1000):
        ann.send_bytes(b"x" * 1000)
    ann.send_bytes(b"\r\n")
    assert [line.command for line in ann.ask("PRIVMSG bob :after")] == ["417"]
    assert [line.last for line in bob.sync()] == ["after"]


def unread_bytes(server):
    """What the kernel holds for the server, of all its connections."""
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    port = f":{server.address[1]:04X}"
    return sum(int(row[4].split(":")[1], 16) for row in rows if row[1].endswith(port))


def test_what_has_no_end_costs_little(serve):
    """16 KB at most for each, of a hundred at once: of one alone, a process's other needs are more."""
    server = serve(*FAST, "--edges", "1")
    [edge] = map(server.pid_of, server.edges())
    people = [Irc(server).enter(f"p{number}") for number in range(100)]
    before = tools.memory_kb(edge)
    held = b"@+x=" + b"y" * 8000 + b" PING :" + b"z" * 480  # all of a line but its end
    for beginning in (held, b"z" * 100_000):
        for each in people:
            each.send_bytes(beginning)
        tools.eventually(lambda: unread_bytes(server) == 0, "all to be read")
        cost = tools.memory_kb(edge) - before
        for each in people:
            each.send_bytes(b"\r\n")
            each.find("417")
        if not tools.IS_SANITIZED:
            assert cost < 100 * 16, f"{cost} KB for 100 lines without an end"


def test_before_registration(serve):
    """The same for who has not said who they are."""
    server = serve(*FAST)
    ann = Irc(server)
    ann.send_bytes(b"y" * 1_000_000 + b"\r\nNICK ann\r\nUSER a 0 * :a\r\n")
    assert ann.until("001")[0].command == "417"


@pytest.mark.asan
def test_a_slow_reader_costs_nothing(serve):
    """Who does not read is not thrown out and holds nobody up; all is there when they read again."""
    server = serve(*FAST)
    ann = Irc(server).enter("ann", "message-tags")
    slow = Irc(server, receive_bytes=4096).enter("slow", "message-tags", "away-notify", "setname")
    bob = Irc(server).enter("bob")
    for each in (ann, slow, bob):
        each.join("#tea")
    for each in (ann, slow, bob):
        each.sync()
    count, text = 5000, "x" * 380
    for start in range(0, count, 100):
        # With tags: more than an edge holds of the log and a socket of what is sent.
        ann.send(*[f"@+x={'y' * 1000} PRIVMSG #tea :{number} {text}" for number in range(start, start + 100)])
        ann.sync()
        bob.sync()
        if start == 2500:  # No history keeps this.
            ann.ask("AWAY :at lunch", "SETNAME :Ann of tea")
    said_by = [line.last.split()[0] for line in bob.log if line.command == "PRIVMSG"]
    assert said_by == [str(number) for number in range(count)]
    slow.sync(seconds=tools.PATIENCE * 4)
    read = [line.last.split()[0] for line in slow.log if line.command == "PRIVMSG"]
    assert read == said_by
    assert any(line.matches("AWAY", ("at lunch",), "ann") for line in slow.log)
    assert any(line.matches("SETNAME", ("Ann of tea",), "ann") for line in slow.log)


def test_who_reads_nothing_for_long_is_closed(serve):
    """--stall: not a byte read for that long, with something to read."""
    server = serve(*FAST, "--stall", "1")
    ann = Irc(server).enter("ann")
    slow = Irc(server, receive_bytes=4096).enter("slow")
    for each in (ann, slow):
        each.join("#tea")
    ann.sync()
    gone = []
    for start in range(0, 100_000, 100):
        ann.send(*[f"PRIVMSG #tea :{number} " + "x" * 380 for number in range(start, start + 100)])
        gone += [line for line in ann.sync() if line.command == "QUIT"]
        if gone or start >= 20_000:
            break
    if not gone:
        gone = [ann.find("QUIT", nick="slow", seconds=tools.PATIENCE)]
    assert gone[0].nick == "slow"
    ann.quiet()


def test_answers_wait_for_their_reader(serve):
    """Who asks and asks and does not read is not read either; what was asked is answered in the end."""
    server = serve(*FAST)
    for number in range(50):
        Plain(server).enter(f"很长很长很长很长的名字{number}")
    ann = Irc(server, receive_bytes=4096).enter("ann")
    ann.join("#lobby")
    ann.sync()
    ann.send_bytes(b"".join(b"NAMES #lobby\r\nPING p%d\r\n" % number for number in range(300)))
    found = ann.until("PONG", ..., "p299", seconds=tools.PATIENCE * 2)
    assert sum(line.command == "366" for line in found) == 300
    tokens = [line.last for line in found if line.command == "PONG"]
    assert tokens == [f"p{number}" for number in range(300)]


def test_joining_a_busy_room(serve):
    """Who enters sees the join, topic, names, and then every message: none missing, none twice."""
    server = serve(*FAST)
    ann = Irc(server).enter("ann", "echo-message")
    ann.join("#tea")
    guests = []
    for number in range(1000):
        ann.send(f"PRIVMSG #tea :{number}")
        if number % 100 == 50:
            guest = Irc(server).enter(f"guest{number}")
            guest.send("MODE " + guest.nick + " +H", "JOIN #tea")
            guests.append(guest)
    # The last may come in when all is said: the end is said when they are in.
    entering = [guest.until("366", "#tea") for guest in guests]
    ann.send("PRIVMSG #tea :end")
    order = [line.last for line in ann.until("PRIVMSG", "#tea", "end") if line.command == "PRIVMSG"]
    for guest, entered in zip(guests, entering):
        heard = entered + guest.until("PRIVMSG", "#tea", "end")
        commands = [line.command for line in heard]
        assert commands.index("JOIN") < commands.index("366") < commands.index("PRIVMSG")
        got = [line.last for line in heard if line.command == "PRIVMSG"]
        assert got == order[order.index(got[0]) :], "something is missing or came twice"


def test_a_pong_comes_behind_everything(serve):
    """Whoever gets a PONG has before it everything that was in the log when it was asked for."""
    server = serve(*FAST, "--edges", "2")
    people = enter(server, *[f"p{number}" for number in range(6)], room="#tea")
    ming = Plain(server).enter("小明")
    lobby = Irc(server).enter("lobby")
    lobby.join("#lobby")
    speaker, *others = people.values()
    for number in range(100):
        speaker.say("#tea", str(number))
        for each in others:
            assert [line.last for line in each.sync()] == [str(number)]
    for number in range(20):
        lobby.say("#lobby", f"to plain {number}")
        ming.find(said("lobby", f"to plain {number}"))
