"""IRC: how one comes in, and what can go wrong on the way."""

import re

import pytest
from irc import Irc, enter_many
from plain import Plain
from scenes import play
from tools import eventually

FAST = ("--rate", "100000:100000")

# What is said before one has registered, a line for each, and what comes of it, in this order.
BEFORE = [
    (["NICK"], ["431"]),
    (["NICK :"], ["431"]),
    (["NICK a,b"], ["432 a,b"]),
    (["NICK #room"], ["432 #room"]),
    (["NICK :two words"], ["432"]),
    (["USER"], ["461 USER"]),
    (["USER one"], ["461 USER"]),
    (["USER one 0 *"], ["461 USER"]),
    (["PASS"], ["461 PASS"]),
    (["JOIN #room"], ["451"]),
    (["PRIVMSG ann :hello"], ["451"]),
    (["WHO *", "LIST", "NAMES #a"], ["451", "451", "451"]),
    (["MODE #a +o b"], ["451"]),
    (["CAP"], ["461 CAP"]),
    (["CAP WHAT"], ["410 WHAT"]),
    (["CAP REQ :no-such-thing"], ["CAP * NAK :no-such-thing"]),
    (["CAP REQ :batch no-such-thing"], ["CAP * NAK :batch no-such-thing"]),
    (["CAP REQ :batch"], ["CAP * ACK :batch"]),
    (["CAP LIST"], ["CAP * LIST :"]),
    (["CAP REQ :batch", "CAP LIST"], ["CAP * ACK :batch", "CAP * LIST :batch"]),
    (["CAP REQ :batch", "CAP REQ :-batch", "CAP LIST"], ["CAP * ACK", "CAP * ACK", "CAP * LIST :"]),
    (["CAP REQ :batch", "CAP REQ :echo-message no-such-thing", "CAP LIST"],
     ["CAP * ACK", "CAP * NAK", "CAP * LIST :batch"]),
]  # fmt: skip


def is_row(line, row):
    command, *words = row.replace(" :", " ").split(" ")
    parameters = line.parameters[1:] if line.is_numeric() else line.parameters
    return line.command == command and " ".join(parameters).strip().startswith(" ".join(words).strip())


def test_what_is_answered_before_one_is_in(serve):
    server = serve(*FAST)
    wrong = []
    for said, expected in BEFORE:
        person = Irc(server)
        person.send(*said, "QUIT")
        heard = [line for line in person.expect_end() if line.command != "NOTICE"]
        if len(heard) != len(expected) + 1 or not all(map(is_row, heard, [*expected, "ERROR"])):
            wrong.append(f"{said}: wanted {expected} and ERROR, heard {heard}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.asan
def test_the_greeting(serve):
    """001 to 005, who is here, the message of the day or that there is none; nothing else, in this order."""
    server = serve(*FAST)
    ann = Irc(server).enter("ann", user="anna", realname="Ann of the house")
    commands = [line.command for line in ann.greeting]
    assert commands[:4] == ["001", "002", "003", "004"], commands
    assert "".join(commands[4:]).startswith("005") and commands[-1] in ("376", "422")
    counts = [command for command in commands if command in ("251", "252", "253", "254", "255")]
    assert counts[0] == "251" and counts[-1] == "255" and counts == sorted(counts)
    assert all(line.source == ann.server_name for line in ann.greeting)
    assert all(line.parameters[0] == "ann" for line in ann.greeting)
    assert ann.greeting[3].parameters[1] == ann.server_name


def test_isupport_is_true(serve):
    """What the server says of itself holds."""
    server = serve(*FAST)
    ann, bob = Irc(server).enter("ann"), Irc(server).enter("bob")
    has = ann.isupport
    assert has["CHANTYPES"] == "#" and has["PREFIX"] == "(ov)@+"
    assert has["CHANMODES"].split(",") == ["beI", "k", "Wfl", "CMRimnst"]
    assert {"NETWORK", "CASEMAPPING", "UTF8ONLY"} <= set(has)
    tokens = [line for line in ann.greeting if line.command == "005"]
    assert all(len(line.parameters) <= 15 for line in tokens), tokens
    for token, word in (("NICKLEN", "n"), ("CHANNELLEN", "#")):
        size = int(has[token])
        longest = word * size if token == "NICKLEN" else "#" + "r" * (size - 1)
        verb = "NICK" if token == "NICKLEN" else "JOIN"
        heard = ann.ask(f"{verb} {longest}")
        assert heard[0].command == verb and heard[0].parameters[0] == longest, heard
        refused = [line.command for line in ann.ask(f"{verb} {longest}x")]
        assert refused[0] in ("432", "403", "476", "479"), refused
    ann.send("JOIN #here")
    ann.find("366")
    bob.join("#here")
    ann.sync()
    size = int(has["TOPICLEN"])
    assert ann.ask("TOPIC #here :" + "t" * (size + 10))[0].last == "t" * size
    assert bob.find("TOPIC").last == "t" * size
    if "MODES" in has and has["MODES"]:
        assert int(has["MODES"]) >= 3


@pytest.mark.parametrize("order", ["NICK USER", "USER NICK", "USER NICK NICK"])
def test_any_order(serve, order):
    server = serve(*FAST)
    person = Irc(server)
    nicks = iter(["first", "ann"] if order.count("NICK") == 2 else ["ann"])
    for word in order.split():
        person.send("USER u 0 * :r" if word == "USER" else f"NICK {next(nicks)}")
        if word == "NICK" and order.count("NICK") == 2:
            break
    assert person.find("001").parameters[0] in ("ann", "first")


def test_negotiation_holds_the_door(serve):
    """Who has begun with CAP is let in by CAP END, and by nothing before."""
    server = serve(*FAST)
    ann = Irc(server)
    ann.send("CAP LS 302", "NICK ann", "USER a 0 * :a")
    ls = ann.find("CAP", "*", "LS")
    while ls.parameters[2] == "*":
        ls = ann.find("CAP", "*", "LS")
    ann.send("JOIN #room")  # Not yet: 451 comes first, and no 001 before it.
    assert "001" not in [line.command for line in ann.until("451")]
    ann.send("CAP END")
    ann.find("001")
    ann.sync()
    assert ann.ask("CAP END") == []


def test_capabilities_are_the_same_for_all(serve):
    """LS 302 shows values, LS does not; both name the same; what is on is listed."""
    server = serve(*FAST)
    new, old = Irc(server).negotiate("message-tags", "batch", "server-time"), Irc(server)
    # Who does not know 302 is not told that more follows: several lines, each as if it were all.
    old.send("CAP LS", "CAP LIST")
    heard = old.until("CAP", ..., "LIST")[:-1]
    assert set(old.offered) == set(new.offered) - {"cap-notify"} or set(old.offered) == set(new.offered)
    assert not any(old.offered.values()), old.offered
    wanted = """message-tags server-time batch labeled-response echo-message account-tag account-notify
        away-notify extended-join invite-notify chghost setname multi-prefix userhost-in-names cap-notify
        draft/chathistory draft/event-playback standard-replies"""
    assert set(wanted.split()) <= set(new.offered), set(wanted.split()) - set(new.offered)
    for person in (new, old):
        person.send("NICK " + ("new" if person is new else "old"), "USER u 0 * :r", "CAP END")
        person.find("001")
    new.sync()
    [listed] = new.ask("CAP LIST")
    assert set(listed.last.split()) >= {"message-tags", "batch", "server-time"}
    # All of them at once, in one line or in several, and each off again.
    everything = [name for name in new.offered if name not in ("sasl", "cap-notify")]
    for name in everything:
        assert new.ask(f"CAP REQ :{name}")[0].matches("CAP", (..., "ACK")), name
    for name in everything:
        assert new.ask(f"CAP REQ :-{name}")[0].matches("CAP", (..., "ACK")), name


def test_a_name_that_is_taken(serve, crowd_of):
    """433 across all faces; the name stays who had it; a free one lets in."""
    server = serve(*FAST)
    Plain(server).enter("小明")
    crowd_of(server).enter("小红")
    Irc(server).enter("ann")
    person = Irc(server)
    person.send("USER u 0 * :r")
    for taken in ("小明", "小红", "ann", "ANN", "ＡＮＮ"):
        person.send(f"NICK {taken}")
        line = person.find("433")
        assert line.parameters[1] == taken, line
    person.send("NICK 小刚")
    person.find("001")
    assert Plain(server).try_to_enter("小刚") not in ("OK", None)


def test_names_of_any_script(serve):
    server = serve(*FAST)
    for name in ("小明", "Ann", "a1", "été", "ボブ", "x" * 30, "名" * 30, "a-b_c[d]"):
        person = Irc(server).enter(name)
        assert person.ask("PRIVMSG " + name + " :me")[0].matches("PRIVMSG", (name, "me"), name)


def test_registered_already(serve):
    server = serve(*FAST)
    ann = Irc(server).enter("ann")
    play(
        """
        ann: USER again 0 * :again
          ann < 462
        ann: PASS secret
          ann < 462
        ann: NICK
          ann < 431
        ann: NICK a,b
          ann < 432 a,b
        ann: NICK anna
          ann < :ann NICK anna
        ann: NICK anna
        ann: NICK ANNA
          ann < :anna NICK ANNA
        ann: NOSUCHCOMMAND x
          ann < 421 NOSUCHCOMMAND
        """,
        ann=ann,
    )


def test_quit_at_any_time(serve):
    """ERROR and a close: before anything, in the midst, and after."""
    server = serve(*FAST)
    for lines in ([], ["CAP LS 302"], ["NICK ann"], ["USER a 0 * :a"], ["NICK ann", "USER a 0 * :a"]):
        person = Irc(server)
        person.send(*lines, "QUIT :enough")
        assert person.expect_end()[-1].command == "ERROR", lines
    # The name is free at once.
    for _ in range(5):
        ann = Irc(server).enter("ann")
        assert ann.quit()[-1].command == "ERROR"


def test_lusers_counts_exactly(serve, crowd_of):
    server = serve(*FAST, "--edges", "2")
    Plain(server).enter("小明")
    crowd_of(server).enter("小红")
    ann, bob = Irc(server).enter("ann"), Irc(server).enter("bob")
    ann.join("#one", "#two")
    unknown = [Irc(server) for _ in range(8)]  # Not registered; at both edges, mostly.
    for each in unknown:
        each.send("NICK unknown", "PING here")
        each.find("PONG")

    def counts(asker=ann):
        found = {line.command: line.parameters for line in asker.ask("LUSERS")}
        visible, invisible = [int(word) for word in re.findall(r"\d+", found["251"][-1])][:2]
        numbers = [int(found[word][1]) if word in found else 0 for word in ("253", "254", "266")]
        return visible, invisible, *numbers

    assert counts() == (4, 0, 8, 3, 4) == counts(bob)
    bob.ask("MODE bob +i")
    assert counts()[:2] == (3, 1)
    bob.quit()
    eventually(lambda: counts()[:2] == (3, 0), "one less")
    for each in unknown[:3]:
        each.quit()
    eventually(lambda: counts() == (3, 0, 5, 3, 3), "three less who are not in")


def test_any_end_of_line(serve):
    """CR LF, LF, empty lines, blanks, a source, small letters: a server takes them all."""
    server = serve(*FAST)
    ann = Irc(server)
    ann.send_bytes(b"nick ann\nuser a 0 * a\n\r\n\r\n   \r\n")
    ann.find("001")
    ann.sync()
    ann.send_bytes(b":ann PRIVMSG  ann   :one\r\n:someone!else@x privmsg ann :two\nPRIVMSG ann three\r\r\n")
    assert [line.last for line in ann.sync()][:2] == ["one", "two"]


def test_pieces(serve):
    """Every byte in a segment of its own; and everything in one."""
    server = serve(*FAST)
    text = "NICK 小明\r\nUSER u 0 * :r\r\nPRIVMSG 小明 :你好\r\n".encode()
    ann = Irc(server)
    for byte in text:
        ann.send_bytes(bytes([byte]))
    assert ann.find("PRIVMSG").last == "你好"
    ann.quit()
    ann = Irc(server)
    ann.send_bytes(text)
    assert ann.find("PRIVMSG").last == "你好"


def test_closed_before_the_greeting(serve):
    """Who goes in the midst of coming is gone, and the name with them."""
    server = serve(*FAST)
    for _ in range(50):
        person = Irc(server)
        person.send("NICK ann", "USER a 0 * :a")
        person.reset()

    def enters():
        person = Irc(server)
        person.send("NICK ann", "USER a 0 * :a")
        line = person.next()
        while line.command not in ("001", "433"):
            line = person.next()
        return line.command == "001"

    eventually(enters, "the name to be free")


def test_everybody_at_once(serve):
    """A hundred come in at the same time, into one room, and all are there."""
    server = serve(*FAST)
    people = enter_many(server, 100, room="#all")
    first = people[0]
    assert len(first.names("#all")) == 100
    for each in people:
        each.sync()
        joined = [line.nick for line in each.log if line.command == "JOIN"]
        assert len(joined) == len(set(joined)), "a JOIN heard twice"
