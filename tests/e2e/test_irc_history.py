"""IRC: what was said before: the last lines for old clients, exact slices for new ones."""

import os
import random
import re

import pytest
from irc import Irc
from plain import Plain
from scenes import enter

FAST = ("--rate", "100000:100000")
NEW = ("message-tags", "server-time", "batch", "draft/chathistory")
ALL = (*NEW, "draft/event-playback")


def history(person, arguments):
    """What CHATHISTORY gives: the lines of its batch, and nothing else came of it."""
    person.sync()
    heard = person.ask(f"CHATHISTORY {arguments}")
    assert heard[0].command == "BATCH" and heard[-1].command == "BATCH", heard
    assert heard[0].parameters[1] == "chathistory"
    name = heard[0].parameters[0][1:]
    assert all(line.tags["batch"] == name for line in heard[1:-1])
    return heard[1:-1]


def texts(lines):
    return [line.last for line in lines]


def talk(server, count, seed=1):
    """
    People of all faces talk in the lobby by turns, and come and go between, react, and take back what
    they said; [text], as said, of what is left.
    """
    chance = random.Random(seed)
    ann = Irc(server).enter("ann", *NEW, "echo-message", "draft/message-redaction")
    ann.join("#lobby")
    ming = Plain(server).enter("小明")
    said = []
    for number in range(count):
        text = f"第 {number} 句"
        if chance.random() < 0.5:
            ming.say(text)
            ann.find("PRIVMSG", "#lobby", text)
        else:
            ann.send(f"PRIVMSG #lobby :{text}")
            own = ann.find("PRIVMSG", "#lobby", text).tags["msgid"]
            ann.send(f"@+draft/reply={own};+draft/react=lol TAGMSG #lobby")
            if number % 5 == 2:
                ann.send(f"REDACT #lobby {own}")
                ann.find("REDACT", "#lobby", own)
                continue
        said.append(text)
        if number % 7 == 3:  # Something between that is no message.
            guest = Plain(server).enter(f"客{number}")
            guest.quit()
            guest.close()
    return ann, said


@pytest.mark.asan
def test_old_clients_get_the_last_lines(serve):
    """The last 20, each with the time before it; who has +H gets none."""
    server = serve(*FAST)
    ann, said = talk(server, 30)
    old = Irc(server).enter("old")
    heard = old.join("#lobby") + old.sync()
    lines = [line for line in heard if line.command == "PRIVMSG"]
    assert len(lines) == 20, heard
    for line, text in zip(lines, said[-20:]):
        assert re.fullmatch(r"\[\d\d:\d\d\] " + text, line.last), line
        assert line.nick in ("ann", "小明") and line.parameters[0] == "#lobby"
    # It comes after the names and before anything new.
    order = [line.command for line in heard]
    assert order.index("366") < order.index("PRIVMSG")
    ann.say("#lobby", "new")
    assert old.sync()[-1].last == "new"
    # Whoever comes next gets that one, too, and whoever comes then.
    for name in ("older", "oldest"):
        each = Irc(server).enter(name)
        heard = [line.last for line in each.join("#lobby") + each.sync() if line.command == "PRIVMSG"]
        assert len(heard) == 20 and heard[-1].endswith("] new"), heard
    quiet = Irc(server).enter("quiet")
    quiet.ask("MODE quiet +H")
    assert "PRIVMSG" not in [line.command for line in quiet.join("#lobby") + quiet.sync()]
    new = Irc(server).enter("new", *NEW)
    assert "PRIVMSG" not in [line.command for line in new.join("#lobby") + new.sync()]


@pytest.mark.asan
def test_slices(serve):
    """Every verb, by msgid and by time, against a model; other faces' doings lie between."""
    server = serve(*FAST)
    ann, said = talk(server, 60)
    bob = Irc(server).enter("bob", *NEW)
    bob.join("#lobby")
    most = int(bob.isupport["CHATHISTORY"])
    assert "msgid" in bob.isupport["MSGREFTYPES"] and "timestamp" in bob.isupport["MSGREFTYPES"]
    lines = history(bob, f"LATEST #lobby * {most}")
    assert texts(lines) == said[-most:]
    ids = [line.tags["msgid"] for line in lines]
    times = [line.tags["time"] for line in lines]
    said = said[-most:]
    assert len(set(ids)) == len(ids) and times == sorted(times)
    # As they were heard live.
    live = {line.last: line.tags["msgid"] for line in ann.log if line.command == "PRIVMSG"}
    assert [live[text] for text in said] == ids
    check_slices(bob, "#lobby", lines, rounds=30)


def check_slices(person, target, lines, rounds):
    """Slices at random, each verb by msgid and by time, against what there is."""
    said = texts(lines)
    ids = [f"msgid={line.tags['msgid']}" for line in lines]
    times = [line.tags["time"] for line in lines]
    count = len(said)
    seed = int(os.environ.get("QUN_SEED", random.randrange(1 << 30)))
    print("QUN_SEED =", seed)
    chance = random.Random(seed)
    wrong = []

    def check(arguments, wanted):
        found = texts(history(person, arguments))
        if found != wanted:
            wrong.append(f"{arguments}: {found}, not {wanted}")

    def place():
        """Somewhere: how it is written, and how many are before and not behind it."""
        at = chance.randrange(count)
        if chance.random() < 0.5:
            return ids[at], at, at + 1
        before = sum(when < times[at] for when in times)
        return f"timestamp={times[at]}", before, before + times.count(times[at])

    for _ in range(rounds):
        limit = chance.randrange(1, 12)
        at, before, behind = place()
        check(f"BEFORE {target} {at} {limit}", said[max(0, before - limit) : before])
        check(f"AFTER {target} {at} {limit}", said[behind : behind + limit])
        check(f"LATEST {target} {at} {limit}", said[behind:][-limit:])
        check(f"LATEST {target} * {limit}", said[-limit:])
        around = texts(history(person, f"AROUND {target} {at} {limit}"))
        start = said.index(around[0])
        end = start + len(around)
        is_slice = around == said[start:end] and start <= before <= end and (at in ids) <= (before < end)
        is_enough = len(around) == limit or start == 0 or end == count
        if not is_slice or len(around) > limit or not is_enough:
            wrong.append(f"AROUND {target} {at} {limit}: {around}")
        other, other_before, other_behind = place()
        if behind <= other_before:
            check(f"BETWEEN {target} {at} {other} {limit}", said[behind:other_before][:limit])
        elif other_behind <= before:
            check(f"BETWEEN {target} {at} {other} {limit}", said[other_behind:before][-limit:])
        else:
            check(f"BETWEEN {target} {at} {other} {limit}", [])
    assert not wrong, "\n".join(wrong)


def test_pages(serve):
    """Backwards and forwards through all of it, nothing missing and nothing twice, while others talk on."""
    server = serve(*FAST)
    ann, said = talk(server, 50)
    bob = Irc(server).enter("bob", *NEW)
    bob.join("#lobby")
    back, page = [], history(bob, "LATEST #lobby * 7")
    while page:
        back[:0] = page
        ann.say("#lobby", f"meanwhile {len(back)}")
        bob.sync()
        page = history(bob, f"BEFORE #lobby msgid={back[0].tags['msgid']} 7")
    assert texts(back) == said
    forward, page = back[:1], back[:1]
    while page:
        page = history(bob, f"AFTER #lobby msgid={forward[-1].tags['msgid']} 7")
        forward += page
    assert texts(forward)[: len(said)] == said
    assert all(text.startswith("meanwhile") for text in texts(forward)[len(said) :])


def test_events(serve):
    """With event-playback, who came and went, too; without, messages alone."""
    server = serve(*FAST)
    people = enter(server, "ann", "bob", room="#tea", capabilities=ALL)
    ann, bob = people["ann"], people["bob"]
    eve = Irc(server).enter("eve")
    eve.join("#tea")
    eve.ask("PRIVMSG #tea :hello", "NICK eva", "PART #tea :enough")
    ann.ask("TOPIC #tea :of tea", "MODE #tea +m", "PRIVMSG #tea :end")
    everything = [(line.command, line.nick) for line in history(bob, "LATEST #tea * 50")]
    wanted = [
        ("JOIN", "eve"),
        ("PRIVMSG", "eve"),
        ("NICK", "eve"),
        ("PART", "eva"),
        ("TOPIC", "ann"),
        ("MODE", "ann"),
        ("PRIVMSG", "ann"),
    ]
    assert everything[-len(wanted) :] == wanted
    alone = Irc(server).enter("alone", *NEW)
    alone.join("#tea")
    assert {line.command for line in history(alone, "LATEST #tea * 50")} == {"PRIVMSG"}


def test_direct_messages_from_both_ends(serve, crowd_of):
    server = serve(*FAST)
    people = enter(server, "ann", "bob", "eve", capabilities=NEW)
    ann, bob, eve = people.values()
    hong = crowd_of(server).enter("小红")
    for number in range(20):
        ann.ask(f"PRIVMSG bob :to bob {number}")
        eve.ask("PRIVMSG ann :of no concern")
        bob.ask(f"PRIVMSG ann :to ann {number}")
        hong.settle(hong.direct("ann", f"from a session {number}"))
        ann.ask(f"PRIVMSG 小红 :to a session {number}")
    for person, other in ((ann, "bob"), (bob, "ann"), (ann, "小红")):
        check_slices(person, other, history(person, f"LATEST {other} * 100"), rounds=20)
    wanted = [f"{text} {number}" for number in range(20) for text in ("from a session", "to a session")]
    assert texts(history(ann, "LATEST 小红 * 50")) == wanted
    eve.ask("PRIVMSG bob :from eve")
    wanted = [f"to {who} {number}" for number in range(20) for who in ("bob", "ann")]
    assert texts(history(ann, "LATEST bob * 50")) == wanted
    assert texts(history(bob, "LATEST ann * 50")) == wanted
    assert texts(history(eve, "LATEST bob * 50")) == ["from eve"]
    heard = bob.ask("CHATHISTORY TARGETS timestamp=2020-01-01T00:00:00.000Z timestamp=2100-01-01T00:00:00.000Z 50")
    assert heard[0].command == "BATCH" and heard[0].parameters[1] == "draft/chathistory-targets"
    targets = [line.parameters[1] for line in heard[1:-1]]
    assert [name for name in targets if not name.startswith("#")] == ["ann", "eve"]


def test_targets_are_exact(serve):
    """The last message of each, however much else has happened since; both bounds exclusive."""
    server = serve(*FAST)
    people = enter(server, "ann", "bob", capabilities=NEW)
    ann, bob = people["ann"], people["bob"]
    ann.join("#tea", "#quiet")
    bob.join("#tea")
    ann.ask("PRIVMSG #tea :the last message")
    bob.ask("PRIVMSG ann :then another")
    [last] = history(ann, "LATEST #tea * 1")
    [other] = history(ann, "LATEST bob * 1")
    bob.ask(*["PART #tea", "JOIN #tea"] * 150)
    assert texts(history(ann, "LATEST #tea * 50")) == ["the last message"]

    def targets(first, second, limit=50):
        heard = ann.ask(f"CHATHISTORY TARGETS timestamp={first} timestamp={second} {limit}")
        assert [heard[0].command, heard[-1].command] == ["BATCH", "BATCH"], heard
        return [tuple(line.parameters[1:]) for line in heard[1:-1]]

    tea, direct = ("#tea", last.tags["time"]), ("bob", other.tags["time"])
    ever, never = "2020-01-01T00:00:00.000Z", "2100-01-01T00:00:00.000Z"
    assert targets(ever, never) == [tea, direct] == targets(never, ever)
    assert targets(ever, never, 1) == [tea]
    assert tea not in targets(tea[1], never) and tea not in targets(ever, tea[1])
    assert direct in targets(tea[1], never) or tea[1] == direct[1]


def test_what_is_wrong_with_it(serve):
    server = serve(*FAST)
    people = enter(server, "ann", room="#tea", capabilities=(*NEW, "standard-replies"))
    people["eve"] = Irc(server).enter("eve", *NEW)
    ann, eve = people["ann"], people["eve"]
    for arguments, code in (
        ("", "NEED_MORE_PARAMS"),
        ("LATEST", "NEED_MORE_PARAMS"),
        ("LATEST #tea", "NEED_MORE_PARAMS"),
        ("WHATEVER #tea * 10", "..."),
        ("BEFORE #tea nonsense=1 10", "..."),
        ("BEFORE #tea msgid=nonsense 10", "..."),
        ("BEFORE #tea timestamp=yesterday 10", "..."),
        ("BETWEEN #tea timestamp=2020-01-01T00:00:00.000Z 10", "..."),
        ("LATEST #tea * many", "..."),
        ("LATEST #nowhere * 10", "..."),
    ):
        heard = ann.ask(f"CHATHISTORY {arguments}".strip())
        assert len(heard) == 1 and heard[0].matches("FAIL", ("CHATHISTORY",)), f"{arguments}: {heard}"
        assert code in ("...", heard[0].parameters[1]), f"{arguments}: {heard}"
    # Who is not in a room reads nothing of it.
    ann.ask("PRIVMSG #tea :secret")
    heard = eve.ask("CHATHISTORY LATEST #tea * 10")
    assert "secret" not in str(heard)


def test_msgids_are_for_ever(serve):
    """The same after a restart of the server, and a slice at an old one is the same."""
    server = serve(*FAST)
    ann, said = talk(server, 20)
    before = [(line.tags["msgid"], line.tags["time"], line.last) for line in history(ann, "LATEST #lobby * 20")]
    server.stop()
    server.restart()
    bob = Irc(server).enter("bob", *NEW)
    bob.join("#lobby")
    after = [(line.tags["msgid"], line.tags["time"], line.last) for line in history(bob, "LATEST #lobby * 20")]
    assert after == before and [text for _, _, text in before] == said
    assert texts(history(bob, f"AFTER #lobby msgid={before[9][0]} 3")) == said[10:13]


def test_long_texts_in_slices(serve, crowd_of):
    """A text that is cut into lines is one message of a slice: its pieces come together."""
    server = serve(*FAST)
    crowd = crowd_of(server)
    hong = crowd.enter("小红")
    long = "很长的话，" * 100
    for text in ("before", long, "after"):
        hong.settle(hong.say(text))
    ann = Irc(server).enter("ann", *NEW)
    ann.join("#lobby")
    lines = history(ann, "LATEST #lobby * 2")
    assert "".join(texts(lines)) == long + "after"


def test_a_long_slice_comes_whole(serve, crowd_of):
    """More than may wait for one reader at a time is told as it is read: in one batch, nothing left out."""
    server = serve(*FAST)
    hong = crowd_of(server).enter("小红")
    texts_said = ["\n".join(f"{number}.{line}" for line in range(300)) for number in range(20)]
    for text in texts_said:
        hong.settle(hong.say(text))
    wanted = "\n".join(texts_said).split("\n")
    ann = Irc(server).enter("ann", *NEW, "labeled-response")
    ann.join("#lobby")
    ann.send("@label=long CHATHISTORY LATEST #lobby * 100", "@label=next PING x")
    outer, inner, *lines, end, outer_end, pong = ann.sync()
    assert pong.command == "PONG" and pong.tags["label"] == "next"
    assert outer.tags["label"] == "long" and outer.parameters[1] == "labeled-response"
    assert inner.parameters[1] == "chathistory" and inner.tags["batch"] == outer.parameters[0][1:]
    assert texts(lines) == wanted and {line.tags["batch"] for line in lines} == {inner.parameters[0][1:]}
    assert end.parameters[0][1:] == inner.parameters[0][1:] and outer_end.parameters[0][1:] == outer.parameters[0][1:]
    # And the last lines for those who cannot ask.
    old = Irc(server).enter("old")
    old.send("JOIN #lobby")
    got = [re.sub(r"^\[\d\d:\d\d\] ", "", line.last) for line in old.sync() if line.command == "PRIVMSG"]
    assert got == wanted
