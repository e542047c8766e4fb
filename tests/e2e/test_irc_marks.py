"""IRC: up to where one has read (IRCv3 draft/read-marker), whatever dies meanwhile."""

import re

import pytest
from irc import Irc
from test_irc_accounts import add_account

FAST = ("--rate", "100000:100000")
WANTS = ("draft/read-marker", "batch", "labeled-response", "message-tags", "server-time", "echo-message")
TIME = re.compile(r"timestamp=\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")


def marks(lines):
    return [tuple(line.parameters) for line in lines if line.command == "MARKREAD"]


def refusals(person, line):
    return [tuple(each.parameters[:2]) for each in person.ask(line) if each.command == "FAIL"]


def marked(person, target, when=None):
    """Its mark there, or what it is once it was set."""
    [(name, mark)] = marks(person.ask(f"MARKREAD {target}" + (f" timestamp={when}" if when else "")))
    assert name.lower() == target.lower()
    return mark.removeprefix("timestamp=")


def joining(ann):
    """Behind the JOIN, before the end of the names."""
    heard = ann.join("#tea")
    words = [line.command for line in heard]
    assert words.index("JOIN") < words.index("MARKREAD") < words.index("366")
    assert marks(heard) == [("#tea", "*")]


def forwards(ann, bob):
    assert marked(ann, "#tea") == "*"
    [said] = [line for line in ann.say("#tea", "hello") if line.command == "PRIVMSG"]
    when = said.tags["time"]
    [line] = ann.ask(f"@label=m MARKREAD #tea timestamp={when}")
    assert line.parameters == ["#tea", f"timestamp={when}"] and line.tags == {"label": "m"}
    assert line.source == ann.server_name
    assert marked(ann, "#tea") == when
    # Never back: what is known is the answer, and stays.
    for older in ("2019-01-04T14:33:26.123Z", when):
        assert marked(ann, "#tea", older) == when
    # Nor ahead of the clock.
    assert when <= marked(ann, "#tea", "2100-01-01T00:00:00.000Z") < "2100"
    assert TIME.search("timestamp=" + marked(ann, "#tea"))
    assert not marks(bob.sync()), "it is nobody else's"
    assert marked(bob, "#tea") == "*"


def with_people(ann, bob):
    """By the other's name: before anything was said, and after."""
    assert marked(ann, "bob") == "*"
    assert marked(ann, "bob", "2023-07-04T00:00:00.000Z") == "2023-07-04T00:00:00.000Z"
    bob.say("ann", "hello")
    assert marked(ann, "bob") == "2023-07-04T00:00:00.000Z"
    assert marked(ann, "bob", "2024-07-04T00:00:00.500Z") == "2024-07-04T00:00:00.500Z"
    assert marked(bob, "ann") == "*"


def refused(ann, bob):
    assert refusals(ann, "MARKREAD") == [("MARKREAD", "NEED_MORE_PARAMS")]
    for bad in ("*", "timestamp=yesterday", "timestamp=", "2024-07-04T00:00:00.500Z", "msgid=x"):
        assert refusals(ann, f"MARKREAD #tea {bad}") == [("MARKREAD", "INVALID_PARAMS")]
    when = "timestamp=2024-07-04T00:00:00.500Z"
    bob.join("#secret")
    bob.ask("MODE #secret +s")
    told = [ann.ask(f"MARKREAD {target} {when}") for target in ("#secret", "#nosuch", "nobody")]
    assert all(line.matches("FAIL", ("MARKREAD", "INVALID_PARAMS")) for [line] in told)
    assert told[0][0].last == told[1][0].last, "a room that is secret is none"
    # To ask is no error: nothing is known.
    assert marked(ann, "#nosuch") == "*"
    assert marked(ann, "nobody") == "*"
    assert marked(ann, "#secret") == "*"


def without_the_capability(server):
    """It may ask, but is told nothing by itself; and refusals are words."""
    old = Irc(server).enter("old")
    assert not marks(old.join("#tea"))
    assert marked(old, "#tea") == "*"
    [line] = old.ask("MARKREAD")
    assert line.command == "NOTICE" and "Missing" in line.last
    old.quit()


def parting(ann):
    """It is there again with the room."""
    known = marked(ann, "#tea")
    ann.ask("PART #tea")
    assert marks(ann.join("#tea")) == [("#tea", f"timestamp={known}")]


def of_an_account(server, bob):
    """All of one's connections hear of it, that asked for that; and it waits while one is away."""
    add_account(server, "eve", "open-sesame")
    account = ("eve", "open-sesame")
    laptop, phone = [Irc(server).enter("eve", *WANTS, account=account) for _ in range(2)]
    old = Irc(server).enter("eve", account=account)
    laptop.join("#tea")
    for each in (phone, old, bob):
        each.sync()
    for target, when in (("#tea", "2024-01-01T00:00:00.000Z"), ("bob", "2024-01-02T00:00:00.000Z")):
        assert marked(laptop, target, when) == when
        assert marks(phone.sync()) == [(target, f"timestamp={when}")]
        assert not marks(old.sync()) and not marks(bob.sync())
        assert marked(old, target) == when
    assert marked(bob, "eve", "2024-01-03T00:00:00.000Z") == "2024-01-03T00:00:00.000Z"
    for each in (laptop, phone, old):
        each.quit()
    bob.find("QUIT", nick="eve")
    assert marked(bob, "eve") == "2024-01-03T00:00:00.000Z"
    assert marked(bob, "EVE", "2024-01-04T00:00:00.000Z") == "2024-01-04T00:00:00.000Z"


def an_account_again(server, bob):
    eve = Irc(server).enter("eve", *WANTS, account=("eve", "open-sesame"))
    assert marks(eve.join("#tea")) == [("#tea", "timestamp=2024-01-01T00:00:00.000Z")]
    assert marked(eve, "bob") == "2024-01-02T00:00:00.000Z"
    assert marked(bob, "eve") == "2024-01-04T00:00:00.000Z"
    eve.quit()
    bob.find("QUIT", nick="eve")


def come_back(server, nick):
    """Under its own name, into its own rooms, and with what it has read."""
    person = Irc(server).enter(nick, *WANTS)
    heard = person.sync()
    return person, dict(marks(heard))


@pytest.mark.asan
def test_read_markers(serve):
    server = serve(*FAST, "--edges", "1")
    ann = Irc(server).enter("ann", *WANTS)
    bob = Irc(server).enter("bob", *WANTS)
    joining(ann)
    bob.join("#tea")
    ann.sync()
    forwards(ann, bob)
    with_people(ann, bob)
    refused(ann, bob)
    without_the_capability(server)
    ann.sync(), bob.sync()
    parting(ann)
    of_an_account(server, bob)
    ann.sync()
    # Over the death of each process, and of all.
    known = marked(ann, "#tea"), marked(ann, "bob")
    for name in ("hub", "scribe", "clerk", "console"):
        pid = server.kill(name)
        assert (marked(ann, "#tea"), marked(ann, "bob")) == known
        later = marked(ann, "bob", f"2025-07-04T00:00:00.{len(name)}00Z")
        server.wait_replaced(name, pid)
        known = known[0], max(known[1], later)
        assert marked(ann, "bob") == known[1]
    pid = server.kill("edge 0")
    server.wait_replaced("edge 0", pid)
    for restarts in range(2):
        bob, _ = come_back(server, "bob")
        ann, told = come_back(server, "ann")
        assert told == {"#tea": f"timestamp={known[0]}"}
        assert (marked(ann, "#tea"), marked(ann, "bob")) == known
        assert marked(ann, "bob", "2020-01-01T00:00:00.000Z") == known[1]
        if restarts == 0:
            server.kill_all()
            server.restart()
    an_account_again(server, bob)
    ann.sync()
    # With the person ends what it has read, and what others have read of it.
    bob.quit()
    ann.find("QUIT", nick="bob")
    Irc(server).enter("bob")
    assert marked(ann, "bob") == "*"
