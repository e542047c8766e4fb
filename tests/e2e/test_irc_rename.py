"""IRC: rooms get another name (draft/channel-rename), and are the rooms that they were."""

import os
import re
import signal

import pytest
import tools
from irc import Irc
from joined import Joined
from scenes import play

FAST = ("--rate", "100000:100000", "--edges", "1")
CAN = ("draft/channel-rename", "batch", "labeled-response", "server-time", "message-tags")
MORE = (*CAN, "draft/chathistory", "draft/read-marker", "draft/metadata-3", "draft/event-playback")

# What `qun admin password` makes of: open sesame
SESAME = (
    "$argon2id$v=19$m=65536,t=2,p=1$2NBHExx57ioLyOe6QOKHqA$KLbHRcbTLLDgt8aJ/1dgDMX7It1SxKjHlkygAtdIiz4"
)
PASSWORD = "open-sesame"


@pytest.fixture
def house(serve, place):
    path = place / "qun.conf"
    path.write_text(f"[operator root]\npassword = {SESAME}\n")
    path.chmod(0o600)
    server = serve(*FAST, "--config", path)
    words = ("--data", server.data, "account", "add", "ann", "--password-stdin")
    done = tools.qun("admin", *words, input=f"{PASSWORD}\n")
    assert done.returncode == 0, done.stdout + done.stderr
    return server


def test_rename(house):
    people = {
        "ann": Irc(house).enter("ann", *MORE, account=("ann", PASSWORD)),
        "bob": Irc(house).enter("bob", *CAN),
        "old": Irc(house).enter("old"),
        "root": Irc(house).enter("root", *CAN),
    }
    people["root"].ask("OPER root :open sesame")
    who_may(people)
    old_clients(people)
    labels(**people)
    it_stays_the_room_it_was(house, people)
    whatever_dies(house, people)


def who_may(people):
    people["ann"].join("#tea", "#hall")
    people["bob"].join("#tea")
    for each in people.values():
        each.sync()
    play(
        """
        bob: RENAME #tea #cup
          bob < 482 #tea
        bob: RENAME #hall #cup
          bob < 442 #hall
        bob: RENAME #none #cup
          bob < 403 #none
        bob: RENAME #tea
          bob < 461 RENAME
        ann: RENAME #tea #HALL :mine
          ann < FAIL RENAME CHANNEL_NAME_IN_USE #tea #HALL
        ann: RENAME #tea #lobby
          ann < FAIL RENAME CHANNEL_NAME_IN_USE #tea #lobby
        ann: RENAME #tea %tea
          ann < FAIL RENAME CANNOT_RENAME #tea %tea
        ann: RENAME #tea #t,a
          ann < FAIL RENAME CANNOT_RENAME #tea #t,a
        root: RENAME #lobby #cup
          root < FAIL RENAME CANNOT_RENAME #lobby #cup
        -- The same name is none to tell of.
        ann: RENAME #tea #tea
        ann: RENAME #tea #cup :Better so
          ann < :ann!...@... RENAME #tea #cup :Better so
          bob < :ann!...@... RENAME #tea #cup :Better so
        ann: RENAME #cup #mug
          ann < FAIL RENAME CANNOT_RENAME #cup #mug
        ann: PRIVMSG #cup :hello
          bob < :ann PRIVMSG #cup :hello
        ann: PRIVMSG #tea :hello
          ann < 403 #tea
        -- The server's operators need not be in it, nor wait.
        root: RENAME #CUP #mug
          root < :root RENAME #cup #mug :
          ann < :root RENAME #cup #mug :
          bob < :root RENAME #cup #mug :
        """,
        **people,
    )


def old_clients(people):
    """Who has not asked for it parts and joins; of another spelling alone it hears nothing."""
    people["ann"].ask("TOPIC #hall :of halls", "MODE #hall +o old")
    people["old"].join("#hall", "#mug")
    for each in people.values():
        each.sync()
    play(
        """
        root: RENAME #mug #MUG
          root < :root RENAME #mug #MUG :
          ann < :root RENAME #mug #MUG :
          bob < :root RENAME #mug #MUG :
        ann: RENAME #hall #salon :for the better
          ann < :ann RENAME #hall #salon :for the better
          old < :old!...@... PART #hall :for the better
          old < :old!...@... JOIN #salon
          old < 332 #salon :of halls
          old < 333 #salon ann
          old < 353 = #salon
          old < 366 #salon
        -- It may itself, and is told so as it can be told.
        root: RENAME #salon #hall
          root < :root RENAME #salon #hall :
          ann < :root RENAME #salon #hall :
          old < :old PART #salon
          old < :old JOIN #hall
          old < 332 #hall :of halls
          old < 333 #hall ann
          old < 353 = #hall
          old < 366 #hall
        old: JOIN #den
          old < :old JOIN #den
          old < 353 = #den :@old
          old < 366 #den
        old: RENAME #den #lair
          old < :old PART #den
          old < :old JOIN #lair
          old < 353 = #lair :@old
          old < 366 #lair
        old: RENAME #lair #MUG
          old < NOTICE old :RENAME: There is a channel of that name
        old: PART #lair
          old < :old PART #lair
        """,
        **people,
    )


def labels(ann, bob, old, root):
    root.send("@label=one RENAME #MUG #jar :so", "@label=two RENAME #nothing #x", "@label=three RENAME #jar #jar")
    assert root.expect("RENAME", "#MUG", "#jar", "so").tags["label"] == "one"
    assert root.find("403", "#nothing").tags["label"] == "two"
    assert root.find("ACK").tags["label"] == "three"
    for each in (ann, bob, old):
        each.sync()


def said(lines):
    return [(line.parameters[0], line.last) for line in lines if line.command == "PRIVMSG"]


def history(person, room):
    heard = person.ask(f"CHATHISTORY LATEST {room} * 100")
    assert heard[0].command == "BATCH" and heard[0].last == room and heard[-1].command == "BATCH", heard
    return heard[1:-1]


def it_stays_the_room_it_was(house, people):
    """Registered, with topic, modes, bans, a key, metadata, a mark; what was said; who was sent there."""
    ann, bob = people["ann"], people["bob"]
    cat = Joined(house, "cat", state=house.data / "cat", language="en").wait_in()
    ann.join("#garden", "#gate")
    cat.say("/join #garden")
    ann.find("JOIN", "#garden", nick="cat")
    ann.send("CS REGISTER #garden", "MODE #garden +beklW x!*@* y!*@* sesame 20 5", "TOPIC #garden :of herbs")
    ann.send("METADATA #garden SET url :https://garden.example", "PRIVMSG #garden :xyzzy in the garden")
    ann.send("MODE #gate +f #garden", "MARKREAD #garden timestamp=2026-01-02T03:04:05.000Z")
    ann.sync()
    modes = [line.last for line in ann.ask("MODE #garden") if line.command == "324"]
    play(
        """
        ann: RENAME #garden #park :grown
          ann < :ann RENAME #garden #park :grown
        """,
        **people,
    )
    cat.hear("ann renamed the room to #park: grown")
    bob.sync()
    check_park(house, ann)
    assert [line.last for line in ann.ask("MODE #park") if line.command == "324"] == modes
    audit = house.admin_ok("audit", "--about", "#garden")
    assert re.search("ann.*#garden.*#park.*grown", str(audit), re.S), audit
    # Its operators cannot take a registered room's name from its founder.
    ann.send("MODE #park +o bob", "INVITE bob #park", "MODE #gate +i")
    bob.find("INVITE", "bob", "#park")
    bob.join("#park")
    ann.ask("MODE #park +o bob")
    bob.sync()
    bob.send("RENAME #park #bobs")
    bob.find("FAIL", "RENAME", "CANNOT_RENAME", "#park", "#bobs", ...)
    bob.ask("PART #park")
    # Who is sent from elsewhere is sent there still: by its key alone one does not come in.
    ann.send("MODE #park -k sesame")
    ann.sync()
    bob.send("JOIN #gate")
    bob.find("470", "#gate", "#park")
    bob.until("366", "#park")
    cat.say("from cat")
    bob.find("PRIVMSG", "#park", "from cat")
    cat.say("/join #nook").hear("cat entered #nook")
    bob.send("PRIVMSG #park :to cat")
    cat.hear("[#park] bob: to cat")
    cat.leave()
    for each in people.values():
        each.sync()


def check_park(house, ann):
    """All that it had it has under its new name."""
    ann.sync()
    assert ("#park", "xyzzy in the garden") in said(history(ann, "#park"))
    assert not [line for line in history(ann, "#park") if line.command == "RENAME"]
    heard = ann.ask("TOPIC #park", "MODE #park b", "METADATA #park GET url", "MARKREAD #park", "CS INFO #park")
    told = {line.command: line for line in heard}
    assert told["332"].last == "of herbs" and told["367"].parameters[2] == "x!*@*"
    assert told["761"].last == "https://garden.example"
    assert told["MARKREAD"].parameters == ["#park", "timestamp=2026-01-02T03:04:05.000Z"]
    assert any("ann" in line.last for line in heard if line.nick == "ChanServ")
    assert [line.command for line in ann.ask("TOPIC #garden")] == ["403"]
    shown = house.history("--room", "#park")
    assert "xyzzy in the garden" in [entry["text"] for entry in shown]
    [renamed] = [entry for entry in shown if entry["kind"] == "room-renamed"]
    assert (renamed["name"], renamed["by"], renamed["other_name"]) == ("ann", "#garden", "#park")
    assert [entry["text"] for entry in house.history("--search", "xyzzy", "--room", "#park")] == [
        "xyzzy in the garden"
    ]


def whatever_dies(house, people):
    """Each process, and then all at once, between the command and the look."""
    root = people["root"]
    root.join("#home")
    for number, name in enumerate(("hub", "scribe", "edge 0", "all")):
        before, after = f"#home{number or ''}", f"#home{number + 1}"
        root.send(f"RENAME {before} {after}")
        root.find("RENAME", before, after)
        if name == "all":
            house.kill_all()
            house.restart()
        else:
            pid = house.pid_of(name)
            os.kill(pid, signal.SIGKILL)
            house.wait_replaced(name, pid)
        if name in ("edge 0", "all"):
            root = Irc(house).enter("root", *CAN)
            root.ask("OPER root :open sesame")
            assert root.numerics(f"TOPIC {before}", f"TOPIC {after}") == ["403", "331"]
            root.ask(f"JOIN {after}")  # It may be there already, as whoever it was.
        assert root.names(after) == {"@root"}
    ann = Irc(house).enter("ann", *MORE, account=("ann", PASSWORD))
    ann.join("#park")
    check_park(house, ann)
    house.compare_states()
