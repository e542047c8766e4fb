"""IRC: what was said is taken back (draft/message-redaction), and what is tagged is kept."""

import os
import signal

from irc import Irc
from plain import Plain
from tools import eventually

FAST = ("--rate", "100000:100000")
NEW = ("message-tags", "server-time", "batch", "echo-message", "draft/chathistory")
CAN = (*NEW, "draft/message-redaction")
EVENTS = (*CAN, "draft/event-playback")


def msgid(person, text):
    """The id of one's own message, which one hears oneself."""
    return person.find("PRIVMSG", ..., text).tags["msgid"]


def say(person, target, text):
    person.send(f"PRIVMSG {target} :{text}")
    return msgid(person, text)


def history(person, target="#tea"):
    person.sync()
    heard = person.ask(f"CHATHISTORY LATEST {target} * 100")
    assert heard[0].command == "BATCH" and heard[-1].command == "BATCH", heard
    return heard[1:-1]


def texts(lines):
    return [line.last for line in lines if line.command == "PRIVMSG"]


def files_with(server, word, index=False):
    """The files of the data folder that have it, the index among them or not."""
    found, wanted = [], word.encode()
    for name in os.listdir(server.data):
        path = os.path.join(server.data, name)
        if os.path.isfile(path) and (index or not name.startswith("search.db")):
            with open(path, "rb") as file:
                if wanted in file.read():
                    found.append(name)
    return found


def is_nowhere(server, word):
    eventually(lambda: not files_with(server, word), f"{word} gone from every file")


def test_redact(serve):
    """By the author, by a room's operator; nobody else; what is wrong with it; who hears of it."""
    server = serve(*FAST)
    ann = Irc(server).enter("ann", *CAN)
    ann.join("#tea")
    bob = Irc(server).enter("bob", *CAN)
    bob.join("#tea", "#lobby")
    old = Irc(server).enter("old", *NEW)
    old.join("#tea")
    ann.sync(), bob.sync()

    first = say(bob, "#tea", "xyzzyfirst from bob")
    second = say(ann, "#tea", "xyzzysecond from ann")
    third = say(bob, "#tea", "what stays")
    assert files_with(server, "xyzzyfirst")
    bob.send(f"REDACT #tea {second} :not mine")
    bob.find("FAIL", "REDACT", "REDACT_FORBIDDEN", "#tea", second, ...)
    bob.send(f"REDACT #tea {first}")
    line = bob.find("REDACT", "#tea", first, nick="bob")
    assert len(line.parameters) == 2 and line.tags["msgid"] not in (first, second, third)
    assert ann.find("REDACT", "#tea", first, nick="bob").tags["msgid"] == line.tags["msgid"]
    for target, which, code in (
        ("#tea", first, "UNKNOWN_MSGID"),
        ("#tea", "nonsense", "UNKNOWN_MSGID"),
        ("#nowhere", second, "INVALID_TARGET"),
        ("#lobby", second, "UNKNOWN_MSGID"),
        ("nobody", second, "INVALID_TARGET"),
    ):
        bob.send(f"REDACT {target} {which}")
        context = (target, which) if code == "UNKNOWN_MSGID" else (target,)
        bob.find("FAIL", "REDACT", code, *context, ...)
    # Whoever leaves the name leaves what was said under it; an operator may nevertheless.
    bob.send("NICK robert")
    bob.find("NICK", "robert")
    thief = Irc(server).enter("bob", *CAN)
    thief.join("#tea")
    thief.send(f"REDACT #tea {third}")
    thief.find("FAIL", "REDACT", "REDACT_FORBIDDEN", "#tea", third, ...)
    ann.send(f"REDACT #tea {third} :off topic")
    bob.find("REDACT", "#tea", third, "off topic", nick="ann")
    old.send(f"REDACT #tea {second}")
    old.find("421", "REDACT")
    ann.send(f"REDACT #tea {second}")
    ann.find("REDACT", "#tea", second)
    # Without the capability one hears nothing of it.
    assert not [each for each in old.sync() if each.command == "REDACT"]
    assert texts(history(ann)) == [] and texts(history(old)) == []
    for word in ("xyzzyfirst", "xyzzysecond", "what stays"):
        is_nowhere(server, word)
    shown = server.history("--room", "#tea")
    assert not [each for each in shown if each["kind"] == "said"]
    assert [each["by"] for each in shown if each["kind"] == "redacted"] == ["bob", "bob", "ann"]
    server.compare_states()


def test_redact_direct_and_seen_by_other_faces(serve):
    """Direct messages: each takes back one's own. Who comes by other ways reads it in words."""
    server = serve(*FAST)
    ann = Irc(server).enter("ann", *CAN)
    bob = Irc(server).enter("bob", *CAN)
    ming = Plain(server).enter("小明")
    ann.join("#lobby")
    own = say(ann, "bob", "xyzzydirect to bob")
    theirs = bob.find("PRIVMSG", "bob", "xyzzydirect to bob").tags["msgid"]
    assert own == theirs
    bob.send(f"REDACT ann {own}")
    bob.find("FAIL", "REDACT", "REDACT_FORBIDDEN", "ann", own, ...)
    ann.send(f"REDACT bob {own} :sorry")
    bob.find("REDACT", "bob", own, "sorry", nick="ann")
    ann.find("REDACT", "bob", own, "sorry", nick="ann")
    assert texts(history(ann, "bob")) == []
    is_nowhere(server, "xyzzydirect")
    room = say(ann, "#lobby", "xyzzyroom")
    ming.find("ann说: xyzzyroom")
    ann.send(f"REDACT #lobby {room}")
    ming.find("ann 撤回了一条消息")
    is_nowhere(server, "xyzzyroom")


def test_redacted_leaves_the_index(serve):
    """Its words go out of search.db, whether the clerk lives or dies; others stay."""
    server = serve(*FAST)
    ann = Irc(server).enter("ann", *CAN)
    ann.join("#tea")

    def is_indexed(word):
        return [name for name in files_with(server, word, True) if name.startswith("search.db")]

    say(ann, "#tea", "walrus")
    for word in ("quagmire", "xylophone"):
        which = say(ann, "#tea", word)
        eventually(lambda word=word: is_indexed(word), f"{word} in the index")
        ann.send(f"REDACT #tea {which}")
        ann.find("REDACT", "#tea", which)
        if word == "xylophone":
            pid = server.pid_of("clerk")
            os.kill(pid, signal.SIGKILL)
            server.wait_replaced("clerk", pid)
        eventually(lambda word=word: not is_indexed(word), f"{word} gone from the index")
    assert is_indexed("walrus")


def test_tagged_is_kept(serve):
    """A reaction is given with event-playback, and taken back like a message; typing is not kept."""
    server = serve(*FAST)
    ann = Irc(server).enter("ann", *EVENTS)
    ann.join("#tea")
    bob = Irc(server).enter("bob", *CAN)
    bob.join("#tea")
    ann.sync()
    said = say(bob, "#tea", "a message")
    ann.find("PRIVMSG", "#tea", "a message")
    for tags in ("+typing=active", f"+draft/reply={said};+draft/react=lol", "+draft/typing=done"):
        bob.send(f"@{tags} TAGMSG #tea")
    reaction = [bob.find("TAGMSG", "#tea") for _ in range(3)][1].tags["msgid"]
    bob.sync()
    heard = [line for line in history(ann) if line.command == "TAGMSG"]
    assert [line.tags["msgid"] for line in heard] == [reaction]
    assert heard[0].tags["+draft/react"] == "lol" and heard[0].tags["+draft/reply"] == said
    assert [line.command for line in history(bob)] == ["PRIVMSG"]
    bob.send(f"@+draft/reply={said};+draft/unreact=lol TAGMSG #tea", f"REDACT #tea {reaction}")
    ann.find("REDACT", "#tea", reaction)
    bob.sync()
    lines = history(ann)
    assert [line.tags.get("+draft/unreact") for line in lines if line.command == "TAGMSG"] == ["lol"]
    # It is told that it was taken back, though that counts for nothing.
    assert [line.parameters[1] for line in lines if line.command == "REDACT"] == [reaction]


def test_redacted_stays_so_whatever_dies(serve):
    """Each process, and then all at once, between the command and the look."""
    server = serve(*FAST, "--edges", "1")
    ann = Irc(server).enter("ann", *EVENTS)
    ann.join("#tea")
    number = 0
    for name in ("hub", "scribe", "clerk", "edge 0", "all"):
        number += 1
        word = f"xyzzy{number}word"
        which = say(ann, "#tea", f"{word} is said")
        ann.send(f"REDACT #tea {which}")
        ann.find("REDACT", "#tea", which)
        if name == "all":
            server.kill_all()
            server.restart()
            ann = Irc(server).enter("ann", *EVENTS)
            ann.join("#tea")
        else:
            pid = server.pid_of(name)
            os.kill(pid, signal.SIGKILL)
            server.wait_replaced(name, pid)
        if name == "edge 0":
            ann = Irc(server).enter("ann", *EVENTS)
            ann.join("#tea")
        ann.sync()
        is_nowhere(server, word)
        lines = history(ann)
        assert not texts(lines)
        assert len([line for line in lines if line.command == "REDACT"]) == number
    server.compare_states()
