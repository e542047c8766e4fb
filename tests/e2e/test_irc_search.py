"""IRC: looking for what was said (soju.im/search): in a room one is in, and in one's own conversations."""

import pytest
from irc import Irc

FAST = ("--rate", "100000:100000", "--edges", "1")
TAGS = ("message-tags", "server-time", "batch")
CAN = (*TAGS, "soju.im/search", "draft/message-redaction", "echo-message", "standard-replies")


def search(person, attributes):
    """The messages of its batch, and nothing else came of it."""
    person.sync()
    heard = person.ask(f"SEARCH {attributes}")
    assert heard[0].command == "BATCH" and heard[-1].command == "BATCH", heard
    assert heard[0].parameters[1:] == ["soju.im/search"]
    name = heard[0].parameters[0][1:]
    assert all(line.tags["batch"] == name and line.command in ("PRIVMSG", "NOTICE") for line in heard[1:-1])
    return heard[1:-1]


def texts(person, attributes):
    return [line.last for line in search(person, attributes)]


def refusal(person, attributes):
    [line] = person.ask(f"SEARCH {attributes}".strip())
    assert line.matches("FAIL", ("SEARCH", "INVALID_PARAMS")), line
    return line.parameters[2]


SAID = (
    ("ann", "#tea", "Be what you want"),
    ("bob", "#tea", "今天喝龙井茶"),
    ("ann", "#tea", "want what you be; and a=b \\ too"),
    ("bob", "#coffee", "不喝龙井，喝咖啡 what"),
    ("ann", "bob", "龙井茶：你知道的 what"),
    ("bob", "ann", "what, 知道了"),
    ("eve", "bob", "what eve wants"),
    ("bob", "#tea", "The last: ＷＨＡＴ"),
)


def talk(people):
    """All of it, one after the other, each in a millisecond of its own; {text: its line}."""
    lines, last = {}, ""
    for who, target, text in SAID:
        while True:
            people[who].send(f"PRIVMSG {target} :{text}")
            line = people[who].find("PRIVMSG", target, text, nick=who)
            if line.tags["time"] > last:
                break
            people[who].send(f"REDACT {target} {line.tags['msgid']}")
            people[who].find("REDACT", target, line.tags["msgid"])
        lines[text], last = line, line.tags["time"]
    for each in people.values():
        each.sync()
    return lines


def look(ann, bob, eve, lines):
    """What each finds, and what nobody does."""
    tea = [text for _, target, text in SAID if target == "#tea"]
    direct = [text for who, target, text in SAID if {who, target} == {"ann", "bob"}]
    found = search(ann, "in=#tea")
    assert [line.last for line in found] == tea
    for line in found:
        live = lines[line.last]
        assert (line.tags["msgid"], line.tags["time"]) == (live.tags["msgid"], live.tags["time"])
        assert (line.nick, line.parameters[0]) == (live.nick, "#tea")
    # Every selector, and two of them; case and width do not matter, in Chinese or not.
    assert texts(ann, "text=WHAT;in=#tea") == [tea[0], tea[2], tea[3]]
    assert texts(ann, "in=#tea;text=龙井") == [tea[1]] == texts(bob, "in=#TEA;text=喝龙井茶")
    assert texts(ann, "in=#tea;text=be\\:\\sand") == texts(ann, "in=#tea;text=a=b\\s\\\\") == [tea[2]]
    assert texts(ann, "in=#tea;from=BOB") == [tea[1], tea[3]]
    assert texts(ann, "in=#tea;from=bob;text=what") == [tea[3]]
    assert texts(ann, "in=#tea;text=") == tea
    assert texts(ann, "in=#tea;from=nobody") == [] == texts(ann, "in=#tea;text=咖啡")
    # From `after` on; else back from `before`, or from now. Both times inclusive.
    assert texts(ann, "in=#tea;limit=2") == tea[2:] and texts(ann, "in=#tea;limit=5000") == tea
    assert texts(ann, "in=#tea;text=what;limit=1") == tea[3:]
    first, second, third, last = (lines[text].tags["time"] for text in tea)
    assert texts(ann, f"in=#tea;after={second}") == tea[1:]
    assert texts(ann, f"in=#tea;after={first};limit=2") == tea[:2]
    assert texts(ann, f"in=#tea;after={first};limit=2;text=what") == [tea[0], tea[2]]
    assert texts(ann, f"in=#tea;before={third}") == tea[:3]
    assert texts(ann, f"in=#tea;before={third};limit=2") == tea[1:3]
    assert texts(ann, f"in=#tea;before={third};limit=1;text=what") == [tea[2]]
    assert texts(ann, f"in=#tea;after={second};before={third}") == tea[1:3]
    assert texts(ann, f"in=#tea;after={second};before={third};text=what") == [tea[2]]
    assert texts(ann, f"in=#tea;after={last};before={first}") == []
    assert texts(ann, "in=#tea;before=2010-01-01T00:00:00.000Z") == []
    assert texts(ann, "in=#tea;after=2100-01-01T00:00:00.000Z;text=what") == []
    # Conversations, from both ends, and nobody else's.
    assert texts(ann, "in=bob;text=what") == direct == texts(bob, "in=ann")
    assert texts(bob, "in=ann;text=龙井;from=ann") == direct[:1]
    assert texts(eve, "in=bob") == ["what eve wants"]
    assert texts(eve, "in=ann;text=what") == [] == texts(ann, "in=eve")
    # Rooms one is not in: as if there were none.
    assert refusal(ann, "in=#coffee;text=what") == refusal(ann, "in=#nowhere;text=what") == "in"
    assert refusal(eve, "in=#tea") == "in"
    assert texts(bob, "in=#coffee;text=what") == [SAID[3][2]]
    # Taken back.
    assert texts(ann, "in=#tea;text=xyzzy") == [] == texts(bob, "in=ann;text=xyzzy")


def wrong(ann):
    assert refusal(ann, "") == refusal(ann, "text=what") == refusal(ann, "in=nobody") == "in"
    for attributes, which in (
        ("in=", "in"),
        ("in=#tea;from=", "from"),
        ("in=#tea;after=yesterday", "after"),
        ("in=#tea;before=", "before"),
        ("in=#tea;limit=0", "limit"),
        ("in=#tea;limit=many", "limit"),
        ("in=#tea;limit=-1", "limit"),
        ("in=#tea;colour=red", "colour"),
        ("in=#tea;text=two words", "words"),
        ("in=#tea;from=" + "x" * 300, "from"),
    ):
        assert refusal(ann, attributes) == which, attributes


@pytest.mark.asan
def test_search(serve):
    server = serve(*FAST)
    people = {name: Irc(server).enter(name, *CAN) for name in ("ann", "bob", "eve")}
    ann, bob, eve = people.values()
    ann.join("#tea")
    bob.join("#tea", "#coffee")
    lines = talk(people)
    for person, target in ((ann, "#tea"), (ann, "bob")):
        person.send(f"PRIVMSG {target} :xyzzy what")
        which = person.find("PRIVMSG", target, "xyzzy what").tags["msgid"]
        person.send(f"REDACT {target} {which}")
        person.find("REDACT", target, which)
    look(ann, bob, eve, lines)
    wrong(ann)
    # Who lacks the capability has no such command; who lacks batches is told without one.
    old = Irc(server).enter("old", *TAGS)
    assert old.numerics("SEARCH in=#tea") == ["421"]
    bare = Irc(server).enter("bare", "soju.im/search")
    bare.join("#tea")
    bare.sync()
    assert [line.last for line in bare.ask("SEARCH in=#tea;text=龙井")] == ["今天喝龙井茶"]
    # One that is labelled; and who has left finds nothing there.
    label = Irc(server).enter("label", *CAN, "labeled-response")
    label.join("#tea")
    label.sync()
    label.send("@label=s SEARCH in=#tea;text=龙井")
    outer, inner, line, *_ = label.sync()
    assert outer.tags["label"] == "s" and inner.parameters[1] == "soju.im/search" and line.tags["batch"]
    label.ask("PART #tea")
    assert refusal(label, "in=#tea") == "in"
    # Whatever dies: each process, and all of them.
    for name in ("clerk", "scribe", "hub", "console"):
        server.kill(name)
        look(ann, bob, eve, lines)
    server.kill("edge 0")
    people = {name: Irc(server).enter(name, *CAN) for name in ("ann", "bob", "eve")}
    for name, each in people.items():  # They find themselves in their rooms.
        each.ask(*(["JOIN #tea,#coffee"] if name == "bob" else ["JOIN #tea"] if name == "ann" else []))
    look(*people.values(), lines)
    server.kill_all()
    server.restart()
    ann = Irc(server).enter("ann", *CAN)
    ann.join("#tea")
    assert [line.tags["msgid"] for line in search(ann, "in=#tea;text=龙井")] == [
        lines["今天喝龙井茶"].tags["msgid"]
    ]
    # Another person that is called so does not find the conversations of the first.
    bob = Irc(server).enter("bob", *CAN)
    assert texts(bob, "in=ann;text=龙井") == [SAID[4][2]]
    bob.quit()
    bob = Irc(server).enter("bob", *CAN)
    assert texts(ann, "in=bob") == [] == texts(bob, "in=ann;text=what")
