"""IRC: what people and rooms say of themselves (IRCv3 draft/metadata-3), whatever dies meanwhile."""

import pytest
from irc import Irc, say
from test_irc_accounts import add_account

FAST = ("--rate", "100000:100000")
WANTS = ("draft/metadata-3", "batch")
KEYS = 32
SUBS = 32
VALUE_BYTES = 288


def enter(server, nick, *more):
    return Irc(server).enter(nick, *WANTS, *more)


def batches(lines, kind="metadata"):
    """[(target, [(command, its own parameters)])] of the batches, in order; nothing else of them is left open."""
    found, opened = [], {}
    for line in lines:
        if line.command == "BATCH" and line.parameters[0][0] == "+" and line.parameters[1] == kind:
            opened[line.parameters[0][1:]] = inside = []
            found.append(((line.parameters[2:] or [None])[0], inside))
        elif line.command == "BATCH":
            opened.pop(line.parameters[0][1:], None)
        elif line.tags.get("batch") in opened:
            own = line.parameters[1:] if line.is_numeric() else line.parameters
            opened[line.tags["batch"]].append((line.command, *own))
    assert not opened
    return found


def asked(person, line):
    """The one batch that it is answered with."""
    [batch] = batches(person.ask(line))
    return batch


def values(batch):
    """{(target, key): value} of a batch that has nothing else."""
    assert all(command == "761" and visibility == "*" for command, _, _, visibility, _ in batch[1]), batch
    return {(target, key): value for _, target, key, _, value in batch[1]}


def listed(person, target):
    return {key: value for (_, key), value in values(asked(person, f"METADATA {target} LIST")).items()}


def told(lines):
    """What changed, as it is told: (target, key, value); a value of None: taken away."""
    return [
        (line.parameters[1], line.parameters[2], line.last if line.command == "761" else None)
        for line in lines
        if line.command in ("761", "766")
    ]


def setting(person, target, key, value=None):
    """Sets it; what the one answer says."""
    words = ["METADATA", target, "SET", key] + ([] if value is None else [value])
    [line] = person.ask(say(*words))
    assert line.command == ("761" if value else "766"), line
    return told([line])[0]


def refusals(person, *words):
    return [
        (line.command, *line.parameters[:-1]) for line in person.ask(say("METADATA", *words)) if line.last
    ]


def ones_own(ann, bob):
    assert setting(ann, "*", "display-name", "Ann the First") == ("ann", "display-name", "Ann the First")
    assert setting(ann, "ann", "status", "->\N{PURPLE HEART}<-") == ("ann", "status", "->\N{PURPLE HEART}<-")
    both = {"display-name": "Ann the First", "status": "->\N{PURPLE HEART}<-"}
    assert listed(ann, "*") == listed(bob, "ann") == both
    target, lines = asked(bob, "METADATA ann GET status avatar Bad display-name")
    assert target == "ann"
    assert [line[:4] for line in lines] == [
        ("761", "ann", "status", "*"),
        ("766", "ann", "avatar", "Key not set"),
        ("WARN", "METADATA", "INVALID_KEY", "Bad"),
        ("761", "ann", "display-name", "*"),
    ]
    # What is so already is no error, and nothing that anybody hears of.
    assert setting(ann, "*", "status", "->\N{PURPLE HEART}<-")[2] == "->\N{PURPLE HEART}<-"
    assert setting(ann, "*", "status") == ("ann", "status", None)
    assert setting(ann, "*", "status") == ("ann", "status", None)
    assert setting(ann, "*", "status", "") == ("ann", "status", None)
    assert listed(bob, "ann") == {"display-name": "Ann the First"}
    shown = [line.parameters[1:] for line in bob.ask("WHOIS ann") if line.command == "760"]
    assert shown == [["ann", "display-name", "*", "Ann the First"]]
    bob.quiet()


def clearing(ann):
    for key in ("b", "a"):
        setting(ann, "*", key, "1")
    target, lines = asked(ann, "METADATA * CLEAR")
    assert target == "ann"
    assert [line[:3] for line in lines] == [("766", "ann", key) for key in ("a", "b", "display-name")]
    assert listed(ann, "*") == {}
    assert asked(ann, "METADATA * CLEAR") == ("ann", [])


def permissions(server, ann, bob):
    setting(ann, "*", "color", "#c90076")
    denied = [("FAIL", "METADATA", "KEY_NO_PERMISSION", "ann", "color")]
    assert refusals(bob, "ann", "SET", "color", "x") == denied
    assert refusals(bob, "ann", "SET", "color") == denied
    assert refusals(bob, "ann", "CLEAR") == [("FAIL", "METADATA", "KEY_NO_PERMISSION", "ann", "*")]
    assert listed(ann, "*") == {"color": "#c90076"}
    # A room's: its operators set it, its members read it.
    assert setting(ann, "#tea", "avatar", "https://tea.example/") == ("#tea", "avatar", "https://tea.example/")
    denied = [("FAIL", "METADATA", "KEY_NO_PERMISSION", "#tea", "avatar")]
    assert refusals(bob, "#tea", "SET", "avatar", "x") == denied
    assert listed(bob, "#tea") == {"avatar": "https://tea.example/"}
    carl = enter(server, "carl")
    for words in (("GET", "avatar"), ("LIST",), ("SYNC",)):
        assert refusals(carl, "#tea", *words) == [("FAIL", "METADATA", "KEY_NO_PERMISSION", "#tea", "*")]
    ann.ask("MODE #tea +s")
    for words in (("GET", "avatar"), ("LIST",), ("SYNC",)):
        for room in ("#tea", "#nosuch"):  # A room that is secret is none.
            assert refusals(carl, room, *words) == [("FAIL", "METADATA", "INVALID_TARGET", room)]
    ann.ask("MODE #tea -s")
    carl.quit()
    ann.sync(), bob.sync()


def what_is_wrong(server, ann):
    wrong = [
        ((), ("FAIL", "METADATA", "INVALID_PARAMS", "*")),
        (("#tea",), ("FAIL", "METADATA", "INVALID_PARAMS", "*")),
        (("#tea", "GET"), ("FAIL", "METADATA", "INVALID_PARAMS", "GET")),
        (("*", "SNEEZE"), ("FAIL", "METADATA", "INVALID_PARAMS", "SNEEZE")),
        (("#tea", ": hi!"), ("FAIL", "METADATA", "INVALID_PARAMS", "*")),
        (("*", "LIST", "more"), ("FAIL", "METADATA", "INVALID_PARAMS", "LIST")),
        (("nobody", "LIST"), ("FAIL", "METADATA", "INVALID_TARGET", "nobody")),
        (("nobody", "SET", "a", "b"), ("FAIL", "METADATA", "INVALID_TARGET", "nobody")),
        (("#nosuch", "SET", "a", "b"), ("FAIL", "METADATA", "INVALID_TARGET", "#nosuch")),
        (("bob", "SUB", "a"), ("FAIL", "METADATA", "INVALID_TARGET", "bob")),
        (("*", "SET", "$key$", "b"), ("FAIL", "METADATA", "INVALID_KEY", "$key$")),
        (("*", "SET", "k" * 49, "b"), ("FAIL", "METADATA", "INVALID_KEY", "k" * 49)),
        (("*", "SET", "a", "x" * (VALUE_BYTES + 1)), ("FAIL", "METADATA", "INVALID_VALUE", "a")),
    ]
    for words, refusal in wrong:
        assert refusals(ann, *words) == [refusal], words
    ann.send_bytes(b"METADATA * SET a :invalid \xc3<-\r\n")
    assert [line.parameters[:2] for line in ann.sync()] == [["METADATA", "INVALID_UTF8"]]
    old = Irc(server).enter("old")
    [line] = old.ask("METADATA * LIST")
    assert line.command == "NOTICE" and "draft/metadata-3" in line.last
    old.quit()


def limits(ann):
    """As many keys as the capability says, and no value is ever cut."""
    longest = "\N{PURPLE HEART}" * (VALUE_BYTES // 4)
    for number in range(KEYS - len(listed(ann, "*"))):
        assert setting(ann, "*", f"key-{number}", longest)[2] == longest
    full = [("FAIL", "METADATA", "LIMIT_REACHED", "SET", "*", str(KEYS))]
    assert refusals(ann, "*", "SET", "more", "x") == full
    assert setting(ann, "*", "key-0", "other")[2] == "other"
    assert set(listed(ann, "*").values()) == {"#c90076", "other", longest}
    ann.ask("METADATA * CLEAR")


def subscribing(bob):
    heard = bob.ask("METADATA * SUB avatar $bad display-name avatar")
    assert heard[0].matches("770", ("avatar", "display-name"))
    assert heard[1].matches("WARN", ("METADATA", "INVALID_KEY", "$bad"))
    assert batches(heard)[0][0] == "*ALL"
    assert asked_subs(bob) == {"avatar", "display-name"}
    [line] = bob.ask("METADATA bob UNSUB avatar nothing $bad")[:-1]
    assert line.matches("771", ("avatar", "nothing"))
    assert asked_subs(bob) == {"display-name"}
    many = [f"key-{number}" for number in range(SUBS)]
    for at in range(0, SUBS, 8):
        heard = bob.ask("METADATA * SUB " + " ".join(many[at : at + 8]))
    refused = [line for line in heard if line.command == "FAIL"]
    assert [line.parameters[1:5] for line in refused] == [["LIMIT_REACHED", "SUB", many[-1], str(SUBS)]]
    assert len(asked_subs(bob)) == SUBS
    bob.ask("CAP REQ -draft/metadata-3", "CAP REQ draft/metadata-3")
    assert asked_subs(bob) == set(), "they went with the capability"


def asked_subs(person):
    [(target, lines)] = batches(person.ask("METADATA * SUBS"), "metadata-subs")
    keys = [key for line in lines for key in line[1:]]
    assert target is None and len(keys) == len(set(keys)) and all(line[0] == "772" for line in lines)
    return set(keys)


def notified(server, ann, bob):
    """Who is in a room with it hears of what it has subscribed to, once; who is not, does not."""
    bob.ask("METADATA * SUB display-name avatar")
    carl = enter(server, "carl")
    [later] = carl.ask("METADATA * SUB display-name")[1:]
    assert later.matches("774", ("*ALL", "0")), "it sees nobody yet"
    ann.sync()
    changes = [("display-name", "Ann"), ("display-name", "Ann II"), ("status", "tea"), ("display-name", None)]
    for key, value in changes:
        setting(ann, "*", key, value)
    wanted = [("ann", key, value) for key, value in changes if key == "display-name"]
    assert told(bob.sync()) == wanted
    setting(ann, "#tea", "avatar", "x")
    setting(ann, "#tea", "url", "x")
    setting(ann, "*", "avatar", "a")
    ann.ask("METADATA * CLEAR")
    wanted = [("#tea", "avatar", "x"), ("ann", "avatar", "a"), ("ann", "avatar", None)]
    assert told(bob.sync()) == wanted
    carl.quiet(), ann.quiet()
    # Who comes brings it along; and finds what is there.
    setting(carl, "*", "display-name", "Carl")
    setting(ann, "*", "display-name", "Ann")
    bob.sync()
    heard = carl.join("#tea") + carl.sync()
    assert values(batches(heard)[-1]) == {("ann", "display-name"): "Ann", ("carl", "display-name"): "Carl"}
    assert told(bob.sync()) == [("carl", "display-name", "Carl")]
    carl.join("#two"), ann.join("#two")  # Seen in two rooms, told of once.
    carl.sync(), ann.sync()
    target, lines = asked(carl, "METADATA *ALL SYNC")
    assert target == "*ALL" and len(lines) == 2
    assert values(asked(bob, "METADATA #tea SYNC")) == {
        ("#tea", "avatar"): "x",
        ("ann", "display-name"): "Ann",
        ("carl", "display-name"): "Carl",
    }
    assert values(asked(bob, "METADATA ann SYNC")) == {("ann", "display-name"): "Ann"}
    [heard] = batches(carl.ask("METADATA * SUB avatar"))
    assert values(heard) == {("#tea", "avatar"): "x"}, "of the new key alone"
    carl.quit()
    bob.find("QUIT"), ann.find("QUIT")


def labelled(server):
    """Each answer is one labelled response, the batch nested in it."""
    dan = enter(server, "dan", "labeled-response", "message-tags")
    [line] = dan.ask("@label=1 METADATA * SET a :b")
    assert line.tags == {"label": "1"} and line.command == "761"
    for number, words in enumerate(("* LIST", "* GET a b", "* CLEAR", "* SUBS", "*ALL SYNC"), 2):
        heard = dan.ask(f"@label={number} METADATA {words}")
        outer, inner = heard[0], heard[1]
        assert outer.tags == {"label": str(number)} and outer.parameters[1] == "labeled-response"
        assert inner.tags == {"batch": outer.parameters[0][1:]} and inner.command == "BATCH"
    dan.quit()


def before_connect(server):
    """What is set and subscribed to on the way in, is so when one is in; of others nothing is told yet."""
    fay = Irc(server)
    fay.send("METADATA * SET a :b")
    fay.find("451")
    fay.negotiate(*WANTS)

    def heard(words, count=1):
        fay.send(f"METADATA {words}")
        return [fay.next() for _ in range(count)]

    [line] = heard("* SET display-name :Fay the First")
    assert line.matches("761", ("*", "display-name", "*", "Fay the First"))
    assert heard("* SET status :gone soon")[0].matches("761", ("*", "status"))
    assert heard("* SET status")[0].matches("766", ("*", "status"))
    assert heard("* SUB status")[0].matches("770", ("status",))
    assert heard("ann SET a :b")[0].matches("FAIL", ("METADATA", "INVALID_TARGET", "ann"))
    assert heard("#tea LIST")[0].matches("FAIL", ("METADATA", "INVALID_TARGET", "#tea"))
    assert heard("* SET Bad :b")[0].matches("FAIL", ("METADATA", "INVALID_KEY", "Bad"))
    assert batches(heard("* GET display-name status", 4)) == [
        (
            "*",
            [
                ("761", "*", "display-name", "*", "Fay the First"),
                ("766", "*", "status", "Key not set"),
            ],
        )
    ]
    assert values(batches(heard("* LIST", 3))[0]) == {("*", "display-name"): "Fay the First"}
    assert batches(heard("* CLEAR", 3)) == [("*", [("766", "*", "display-name", "Key not set")])]
    heard("* SET display-name :Fay")
    fay.send("NICK fay", "USER f 0 * :f", "CAP END")
    fay.greeting = fay.until("422")
    assert values(batches(fay.greeting)[0]) == {("fay", "display-name"): "Fay"}
    fay.sync()
    assert listed(fay, "*") == {"display-name": "Fay"}
    assert asked_subs(fay) == {"status"}
    fay.quit()
    # An account's stays but for what is set anew.
    eve = Irc(server).negotiate(*WANTS, "sasl")
    eve.send("METADATA * SET avatar :x", "NICK eve", "USER e 0 * :e")
    eve.sign_in("eve", "open-sesame")
    eve.send("CAP END")
    both = {("eve", "avatar"): "x", ("eve", "status"): "there"}
    assert values(batches(eve.until("422"))[0]) == both
    assert listed(eve, "*") == {"avatar": "x", "status": "there"}
    eve.ask("METADATA * SET avatar")
    eve.quit()


def of_an_account(server, bob):
    """One connection's change is heard by the others that subscribed; and it waits for its person."""
    add_account(server, "eve", "open-sesame")
    account = ("eve", "open-sesame")
    laptop, phone = [Irc(server).enter("eve", *WANTS, account=account) for _ in range(2)]
    phone.ask("METADATA * SUB status")
    laptop.sync(), phone.sync()
    setting(laptop, "*", "status", "on the way")
    assert told(phone.sync()) == [("eve", "status", "on the way")]
    assert asked(phone, "METADATA * CLEAR") == ("eve", [("766", "eve", "status", "Key not set")])
    laptop.quiet()
    setting(phone, "*", "status", "there")
    for each in (laptop, phone):
        each.quit()
    assert refusals(bob, "eve", "LIST") == [("FAIL", "METADATA", "INVALID_TARGET", "eve")]
    bob.sync()


@pytest.mark.asan
def test_metadata(serve):
    server = serve(*FAST, "--edges", "1")
    ann, bob = enter(server, "ann"), enter(server, "bob")
    limit = "before-connect,max-subs=32,max-keys=32,max-key-bytes=48,max-value-bytes=288"
    assert ann.offered["draft/metadata-3"] == limit
    assert batches(ann.greeting) == [("ann", [])]
    for person in (ann, bob):
        assert batches(person.join("#tea") + person.sync()) == [("#tea", [])]
    ann.sync()
    ones_own(ann, bob)
    clearing(ann)
    permissions(server, ann, bob)
    what_is_wrong(server, ann)
    limits(ann)
    subscribing(bob)
    notified(server, ann, bob)
    labelled(server)
    of_an_account(server, bob)
    before_connect(server)
    ann.sync(), bob.sync()
    # Over the death of each process that holds no connection, subscriptions and all.
    for number, name in enumerate(("hub", "scribe", "clerk", "console")):
        pid = server.kill(name)
        setting(ann, "*", "avatar", str(number))
        assert told(bob.sync()) == [("ann", "avatar", str(number))]
        server.wait_replaced(name, pid)
    # And of the edge, and of everything: subscriptions are the client's to repeat.
    pid = server.kill("edge 0")
    server.wait_replaced("edge 0", pid)
    for restarts in range(2):
        ann, bob = enter(server, "ann"), enter(server, "bob")
        own = {("ann", "display-name"): "Ann", ("ann", "avatar"): "3"}
        assert values(batches(ann.greeting)[0]) == own
        ann.sync(), bob.sync()
        assert asked_subs(bob) == set()
        heard = bob.ask("METADATA * SUB avatar display-name")
        assert values(batches(heard)[0]) == {**own, ("#tea", "avatar"): "x"}
        assert listed(bob, "#tea") == {"avatar": "x", "url": "x"}
        if restarts == 0:
            server.kill_all()
            server.restart()
    eve = Irc(server).enter("eve", *WANTS, account=("eve", "open-sesame"))
    assert values(batches(eve.greeting)[0]) == {("eve", "status"): "there"}
    # With the person it ends, and nobody inherits it.
    ann.quit()
    bob.find("QUIT", nick="ann")
    assert listed(enter(server, "ann"), "*") == {}
