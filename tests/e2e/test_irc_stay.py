"""IRC: accounts as people: several sessions of one, staying while nobody is connected, and what one missed."""

import os
import random
import re
import socket

import pytest
from irc import Irc
from test_irc_accounts import add_account, scram
from test_irc_history import NEW, check_slices, history

FAST = ("--rate", "100000:100000")
PASSWORD = "open-sesame"
STAY = "[accounts]\nstay = yes\n"


@pytest.fixture
def house(serve, tmp_path):
    """A server on which accounts stay; ming and mei have one."""
    path = tmp_path / "qun.conf"
    path.write_text(STAY)
    path.chmod(0o600)
    server = serve(*FAST, "--config", path)
    add_account(server, "ming", PASSWORD)
    return server


def come(server, name="ming", *capabilities, user=None):
    return Irc(server).enter(name, *capabilities, user=user, account=(name, PASSWORD))


def said(lines, target=None):
    """(nick, target, text) of the messages among them."""
    return [
        (line.nick, line.parameters[0], line.last)
        for line in lines
        if line.command == "PRIVMSG" and target in (None, line.parameters[0])
    ]


def without_clock(lines):
    return [(nick, target, re.sub(r"^\[[0-9: -]+\] ", "", text)) for nick, target, text in said(lines)]


@pytest.mark.asan
def test_several_sessions(serve):
    server = serve(*FAST)
    add_account(server, "ming", PASSWORD)
    bob = Irc(server).enter("bob", "message-tags", "away-notify")
    bob.join("#tea")
    phone = come(server, "ming", "message-tags", "echo-message", user="ming@phone")
    phone.join("#tea")
    phone.ask("MODE ming +B")
    bob.sync()
    desk = come(server, "ming", "message-tags", user="ming/desk")
    desk.find("MODE", "ming", "+B", nick="ming")
    # It finds the rooms of its person; nobody has heard of it.
    desk.find("JOIN", "#tea", nick="ming")
    desk.find("366", "#tea")
    assert bob.ask() == []
    assert sorted(bob.names("#tea")) == ["@bob", "ming"]
    assert [line.parameters[1:] for line in bob.ask("WHO mi* %nfa")][:-1] == [["ming", "HB", "ming"]]
    # What one says the other hears as from itself, and all of them under one msgid.
    phone.send("PRIVMSG #tea :one")
    heard = [each.find("PRIVMSG", "#tea", "one", nick="ming") for each in (phone, desk, bob)]
    assert len({line.tags["msgid"] for line in heard}) == 1
    desk.say("#tea", "two")
    for each in (phone, bob):
        each.find("PRIVMSG", "#tea", "two", nick="ming")
    assert said(desk.sync()) == []
    # Direct messages, in both directions.
    bob.say("ming", "three")
    heard = [each.find("PRIVMSG", "ming", "three", nick="bob") for each in (phone, desk)]
    assert len({line.tags["msgid"] for line in heard}) == 1
    desk.say("bob", "four")
    heard = [each.find("PRIVMSG", "bob", "four", nick="ming") for each in (phone, bob)]
    assert len({line.tags["msgid"] for line in heard}) == 1
    assert said(desk.sync()) == []
    # Rooms, being away, and the topic are the person's.
    desk.send("JOIN #coffee", "AWAY :lunch")
    phone.find("JOIN", "#coffee", nick="ming")
    phone.find("366", "#coffee")
    phone.find("306")
    desk.sync()
    phone.send("PART #coffee", "AWAY")
    desk.find("PART", "#coffee", nick="ming")
    desk.find("305")
    phone.sync()
    # The name is the account's.
    assert desk.numerics("NICK other") == ["432"]
    desk.ask("NICK Ming")
    phone.find("NICK", "Ming", nick="ming")
    # One goes, and nobody hears of it; the last one is heard.
    bob.sync()
    phone.quit()
    bob.say("Ming", "there?")
    desk.find("PRIVMSG", "Ming", "there?", nick="bob")
    assert not [line for line in bob.sync() if line.command == "QUIT"]
    desk.quit("bye")
    bob.find("QUIT", "Quit: bye", nick="Ming")
    assert bob.ask("PRIVMSG ming :gone?")[0].command == "401"


def test_an_operator_ends_all_of_them(house):
    server = house
    first, second = come(server), come(server)
    server.admin_ok("kick", "ming", "enough")
    for each in (first, second):
        assert any(line.command == "ERROR" for line in each.expect_end())
    assert come(server).nick == "ming"


def test_who_signs_in_later_moves_over(house):
    server = house
    bob = Irc(server).enter("bob")
    bob.join("#tea")
    ming = come(server)
    ming.join("#tea")
    bob.sync()
    guest = Irc(server).enter("guest")
    guest.join("#coffee")
    guest.ask(f"PRIVMSG NickServ :IDENTIFY ming {PASSWORD}")
    guest.send("NICK ming")
    guest.find("PART", "#coffee", nick="guest")
    guest.find("NICK", "ming", nick="guest")
    guest.find("JOIN", "#tea", nick="ming")
    guest.find("366", "#tea")
    guest.say("#tea", "here as well")
    for each in (bob, ming):
        each.find("PRIVMSG", "#tea", "here as well", nick="ming")
    assert bob.ask("WHOIS guest")[0].command == "401"
    # Without a password nobody is the account's.
    stranger = Irc(server).enter("stranger")
    assert stranger.numerics("NICK ming") == ["433"]


@pytest.mark.asan
def test_staying_and_missing(house):
    server = house
    bob = Irc(server).enter("bob", "away-notify")
    bob.join("#tea")
    phone = come(server, user="ming@phone")
    phone.join("#tea")
    desk = come(server, user="ming@desk")
    desk.sync()
    bob.sync()
    bob.say("#tea", "before")
    for each in (phone, desk):
        each.find("PRIVMSG", "#tea", "before", nick="bob")
    desk.quit()
    bob.say("#tea", "one")
    phone.find("PRIVMSG", "#tea", "one", nick="bob")
    assert not [line for line in bob.sync() if line.nick == "ming"]
    phone.quit()
    # It is there, and nobody is connected: its room hears that, and who asks or writes.
    assert bob.find("AWAY", nick="ming").last == "Not connected"
    assert "ming" in bob.names("#tea")
    assert "301" in bob.numerics("WHOIS ming")
    assert [line.parameters[1:] for line in bob.ask("WHO mi* %nfa")][:-1] == [["ming", "G", "ming"]]
    heard = bob.ask("PRIVMSG ming :three")
    assert [line.command for line in heard] == ["301"]
    bob.say("#tea", "two")
    bob.sync()
    assert Irc(server).enter("cat").numerics("NICK ming") == ["433"]
    who = server.admin_ok("who")
    assert "ming" in who
    # Over the death of everything.
    server.kill_all()
    server.restart()
    server.compare_states()
    bob = Irc(server).enter("bob", "away-notify")
    bob.join("#tea")
    bob.sync()
    # Each device is told what it has missed, once.
    for device, missed in (("phone", ["two"]), ("desk", ["one", "two"])):
        back = come(server, user=f"ming@{device}")
        lines = back.sync()
        assert [text for _, target, text in without_clock(lines) if target == "#tea"] == missed, device
        assert ("bob", "ming", "three") in without_clock(lines)
        back.quit()
        again = come(server, user=f"ming/{device}")
        assert without_clock(again.sync()) == []
        again.quit()
    assert bob.find("AWAY", nick="ming").parameters == []
    who_wrote_is_gone(server)
    comes_from_elsewhere(server, bob)


def who_wrote_is_gone(server):
    """A guest wrote, and is nobody any more: each device is told, once; no CHATHISTORY would find it."""
    gus = Irc(server).enter("gus")
    gus.ask("PRIVMSG ming :I was here", "PRIVMSG ming :and go")
    gus.quit()
    Irc(server).enter("gus")  # Somebody else.
    server.wait_replaced("clerk", server.kill("clerk"))
    for device, capabilities in (("phone", ()), ("desk", NEW)):
        for told in ([("gus", "ming", "I was here"), ("gus", "ming", "and go")], []):
            back = come(server, "ming", *capabilities, user=f"ming@{device}")
            assert without_clock(back.sync()) == told, device
            back.quit()


def comes_from_elsewhere(server, bob):
    """Who sees it, and asks for chghost, is told the new host; from then on that is what is seen."""
    eve = Irc(server).enter("eve", "chghost")
    eve.join("#tea")
    bob.sync()
    [old] = [line.parameters[2:4] for line in eve.ask("WHO ming") if line.command == "352"]
    ming = Irc(server, "127.0.0.9").enter("ming", "chghost", user="other", account=("ming", PASSWORD))
    line = eve.find("CHGHOST", nick="ming")
    assert line.source == f"ming!{old[0]}@{old[1]}" and line.parameters[0] == "~other"
    assert line.parameters[1] != old[1] and line.parameters[1].endswith(".qun")
    ming.say("#tea", "from elsewhere")
    assert eve.find("PRIVMSG", "#tea", nick="ming").source == "ming!" + "@".join(line.parameters)
    assert "CHGHOST" not in {each.command for each in bob.sync()}
    assert [each.parameters for each in ming.log if each.command == "CHGHOST"] in ([], [line.parameters])


def test_over_a_planned_stop(house):
    """What had been received when the server was stopped is not told again; what was not, is."""
    server = house
    ben = Irc(server).enter("ben")
    ben.join("#tea")
    lap = come(server, user="ming@lap")
    lap.join("#tea")
    ben.say("#tea", "the last word")
    lap.find("PRIVMSG", "#tea", "the last word", nick="ben")
    ben.quit()  # Who left by the stop itself would be told of while it lasts.
    lap.find("QUIT", nick="ben")
    lap.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)  # Received, and said so.
    server.stop()
    server.restart()
    ben = Irc(server).enter("ben")
    ben.join("#tea")
    ben.say("#tea", "the first word")
    ben.sync()
    lines = come(server, user="ming@lap").sync()
    assert [text for _, target, text in without_clock(lines) if target == "#tea"] == ["the first word"]


def test_the_device_of_sasl(house):
    """In the name that one signs in with, by PLAIN and SCRAM; server-time in place of a clock; and who asks."""
    server = house
    bob = Irc(server).enter("bob")
    bob.join("#tea")
    first = Irc(server).negotiate("sasl", "server-time")
    first.send("NICK ming", "USER u 0 * :r")
    assert scram(first, "ming@tablet", PASSWORD)
    first.send("CAP END")
    first.until("001")
    first.join("#tea")
    first.quit()
    bob.say("#tea", "hello")
    bob.sync()
    second = Irc(server).negotiate("sasl", "server-time")
    second.send("NICK ming", "USER u 0 * :r")
    assert second.sign_in("ming/tablet", PASSWORD).command == "903"
    second.send("CAP END")
    second.until("001")
    line = second.find("PRIVMSG", "#tea", "hello", nick="bob")
    assert "time" in line.tags
    second.quit()
    # One that can ask for history is told nothing by itself.
    bob.say("#tea", "again")
    bob.sync()
    third = come(server, "ming", "draft/chathistory", "batch", user="ming@tablet")
    assert said(third.sync()) == []


def test_playback_when_asked(house):
    server = house
    bob = Irc(server).enter("bob")
    bob.join("#tea")
    ming = come(server, "ming", "znc.in/playback", "server-time", user="ming@znc")
    ming.join("#tea")
    ming.quit()
    bob.say("#tea", "one")
    bob.say("ming", "secret")
    bob.sync()
    ming = come(server, "ming", "znc.in/playback", "server-time", user="ming@znc")
    assert said(ming.sync()) == []
    heard = ming.ask("PRIVMSG *playback :PLAY * 0")
    assert {(target, text) for _, target, text in said(heard)} == {("#tea", "one"), ("ming", "secret")}
    heard = ming.ask("PRIVMSG *playback :PLAY #tea")
    assert said(heard) == [("bob", "#tea", "one")]
    listed = [line.last.split() for line in ming.ask("PRIVMSG *playback :LIST")]
    last = {words[0]: float(words[2]) for words in listed}
    assert set(last) == {"#tea", "bob"}
    assert said(ming.ask(f"PRIVMSG *playback :PLAY #tea {last['#tea'] + 1:.6f}")) == []
    assert said(ming.ask(f"PRIVMSG *playback :PLAY #tea 0 {last['#tea'] - 1:.6f}")) == []
    assert said(ming.ask(f"PRIVMSG *playback :PLAY #tea {last['#tea'] - 1:.3f}")) == [("bob", "#tea", "one")]
    assert ming.ask("PRIVMSG *playback :CLEAR *") == []
    assert [line.command for line in ming.ask("PRIVMSG *playback :PLAY #tea soon")] == ["NOTICE"]
    # Rooms that one is not in are none of one's own.
    bob.join("#secret")
    bob.say("#secret", "psst")
    bob.sync()
    assert said(ming.ask("PRIVMSG *playback :PLAY #secret 0")) == []
    # Who has not asked for the capability writes to nobody.
    assert bob.numerics("PRIVMSG *playback :PLAY *") == ["401"]


def test_nobody_inherits(serve):
    server = serve(*FAST)
    add_account(server, "ming", PASSWORD)
    bob = Irc(server).enter("bob", "draft/chathistory", "batch")
    ming = come(server, "ming", "draft/chathistory", "batch")
    bob.say("ming", "secret")
    ming.find("PRIVMSG", "ming", "secret", nick="bob")
    ming.quit()
    # The same one finds it again; over the death of everything, too.
    server.kill_all()
    server.restart()
    ming = come(server, "ming", "draft/chathistory", "batch")
    # Bob had no account: he is another one now, and their conversation is over with him.
    bob = Irc(server).enter("bob", "draft/chathistory", "batch")
    bob.say("ming", "again")
    ming.find("PRIVMSG", "ming", "again", nick="bob")
    ming.quit()
    ming = come(server, "ming", "draft/chathistory", "batch")
    assert ("bob", "ming", "again") in said(ming.ask("CHATHISTORY LATEST bob * 10"))
    ming.quit()
    server.admin_ok("account", "drop", "ming")
    add_account(server, "ming", PASSWORD)
    other = come(server, "ming", "draft/chathistory", "batch")
    assert said(other.ask("CHATHISTORY LATEST bob * 10")) == []
    assert not [line for line in other.ask("CHATHISTORY TARGETS timestamp=2020-01-01T00:00:00.000Z "
                                           "timestamp=2100-01-01T00:00:00.000Z 10")
                if line.command == "CHATHISTORY"]


def test_the_death_of_each(house):
    """Each process dies between what was done and the look at it."""
    server = house
    phone = come(server, user="ming@phone")
    phone.join("#tea")
    for victim in ("hub", "scribe", "clerk", "edge 0"):
        phone.quit()
        cat = Irc(server).enter("cat")
        cat.join("#tea")
        cat.say("#tea", f"missed by the {victim}")
        cat.quit()
        pid = server.kill(victim)
        server.wait_replaced(victim, pid)
        phone = come(server, user="ming@phone")
        heard = without_clock(phone.until("PRIVMSG", "#tea"))
        assert ("cat", "#tea", f"missed by the {victim}") in heard
        desk = come(server, user="ming@desk")
        desk.find("JOIN", "#tea", nick="ming")
        desk.say("#tea", f"over the {victim}")
        phone.find("PRIVMSG", "#tea", f"over the {victim}", nick="ming")
        desk.quit()


def msgids(*people):
    """What they have heard of messages, each under its msgid."""
    return {line.last: line.tags["msgid"] for each in people for line in each.log if line.command == "PRIVMSG"}


def test_history_of_two_sessions(house):
    """Two sessions of one, and another person, talk by turns: all have the same, live, and in slices when
    everything has died."""
    server = house
    add_account(server, "mei", PASSWORD)
    seed = int(os.environ.get("QUN_SEED", random.randrange(1 << 30)))
    print("QUN_SEED =", seed)
    chance = random.Random(seed)
    names = {"phone": "ming", "desk": "ming", "mei": "mei"}

    def all_come():
        people = {}
        for device, name in names.items():
            people[device] = come(server, name, *NEW, "echo-message", user=f"{name}@{device}")
            people[device].sync()
        return people

    people = all_come()
    for each in ("phone", "mei"):
        people[each].join("#tea")
    said = {"#tea": [], "direct": []}
    for number in range(24):
        who = chance.choice(list(people))
        where = chance.choice(list(said))
        other = "mei" if names[who] == "ming" else "ming"
        text = f"第 {number} 句"
        people[who].send(f"PRIVMSG {'#tea' if where == '#tea' else other} :{text}")
        for each in people.values():
            each.find("PRIVMSG", ..., text, nick=names[who])
        said[where].append(text)
    ids = msgids(people["mei"])
    assert msgids(people["phone"]) == msgids(people["desk"]) == ids
    server.kill_all()
    server.restart()
    people = all_come()
    for device, each in people.items():
        for where, target in (("#tea", "#tea"), ("direct", "ming" if device == "mei" else "mei")):
            lines = history(each, f"LATEST {target} * 100")
            assert [line.last for line in lines] == said[where]
            assert {line.last: line.tags["msgid"] for line in lines}.items() <= ids.items()
            check_slices(each, target, lines, rounds=3)


def test_each_takes_its_own_back(house):
    """All die while two are connected; each device is the session that it was, and nobody has left."""
    server = house
    phone = come(server, user="ming@phone")
    desk = come(server, user="ming@desk")
    phone.join("#tea")
    desk.find("366", "#tea")
    phone.ask("TOPIC #tea :leaves", "AWAY :lunch")
    server.kill_all()
    server.restart()
    desk = come(server, user="ming@desk")
    phone = come(server, user="ming@phone")
    for each in (desk, phone):
        heard = each.sync()
        assert [line.nick for line in heard if line.command == "JOIN"] == ["ming"]
        assert [line.last for line in heard if line.command == "332"] == ["leaves"]
        assert "301" in each.numerics("WHOIS ming")
    phone.send("PART #tea")
    desk.find("PART", "#tea", nick="ming")
    assert server.admin_ok("who").count("ming") == 1
    server.compare_states()
