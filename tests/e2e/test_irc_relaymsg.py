"""IRC: bridges pass on what was said elsewhere, under names that are nobody's here (draft/relaymsg)."""

import os
import signal

from irc import Irc
from joined import Joined
from plain import Plain
from scenes import play

# What `qun admin password` makes of: open sesame
SESAME = (
    "$argon2id$v=19$m=65536,t=2,p=1$2NBHExx57ioLyOe6QOKHqA$KLbHRcbTLLDgt8aJ/1dgDMX7It1SxKjHlkygAtdIiz4"
)
FAST = ("--rate", "100000:100000", "--edges", "1")
RELAY = "draft/relaymsg"
TAGS = ("message-tags", "server-time", "batch", "labeled-response", "echo-message")
PAST = (*TAGS, "draft/chathistory", "draft/message-redaction", RELAY)


def test_relaymsg(serve, place):
    path = place / "qun.conf"
    path.write_text(f"[operator root]\npassword = {SESAME}\n")
    path.chmod(0o600)
    server = serve(*FAST, "--config", path)
    people = {
        "bridge": Irc(server).enter("bridge", *PAST, "account-tag"),
        "bob": Irc(server).enter("bob", *TAGS, RELAY),
        "old": Irc(server).enter("old"),
    }
    assert people["bridge"].offered[RELAY] == "/"
    who_may(people)
    tags_and_labels(**people)
    ming = Plain(server).enter("小明")
    cat = Joined(server, "cat", state=server.data / "cat", language="en").wait_in()
    other_faces(ming, cat, **people)
    by_operators_of_the_server(server, ming)
    nobody_is_called_so(server, ming, **people)
    history(server, people["bridge"])
    whatever_dies(server)


def who_may(people):
    people["bridge"].join("#tea", "#other")
    people["bob"].join("#tea")
    people["old"].join("#tea")
    for each in people.values():
        each.sync()
    play(
        """
        bob: RELAYMSG #tea smt/discord :hi
          bob < FAIL RELAYMSG PRIVS_NEEDED :...
        bob: RELAYMSG #other smt/discord :hi
          bob < 442 #other
        bob: RELAYMSG #none smt/discord :hi
          bob < 403 #none
        bridge: RELAYMSG #tea smt/discord
          bridge < 461 RELAYMSG
        bridge: RELAYMSG #tea regular :hi
          bridge < FAIL RELAYMSG INVALID_NICK :...
        bridge: RELAYMSG #tea invalid!nick/discord :hi
          bridge < FAIL RELAYMSG INVALID_NICK :...
        bridge: RELAYMSG #tea #smt/discord :hi
          bridge < FAIL RELAYMSG INVALID_NICK :...
        bridge: RELAYMSG #tea s.m:t/discord :hi
          bridge < FAIL RELAYMSG INVALID_NICK :...
        bridge: RELAYMSG #tea smt/discord :
          bridge < FAIL RELAYMSG BLANK_MSG :...
        bridge: RELAYMSG #tea smt/discord :hi there
          bridge < :smt/discord!~relay@... PRIVMSG #tea :hi there
          bob < :smt/discord!~relay@... PRIVMSG #tea :hi there
          old < :smt/discord!~relay@... PRIVMSG #tea :hi there
        bridge: MODE #tea +o old
          bridge < :bridge MODE #tea +o old
          bob < :bridge MODE #tea +o old
          old < :bridge MODE #tea +o old
        -- Without the capability one may; one is told how that came out in the same way.
        old: RELAYMSG #tea 小红/matrix :\x01ACTION waves\x01
          bridge < :小红/matrix PRIVMSG #tea :\x01ACTION waves\x01
          bob < :小红/matrix PRIVMSG #tea :\x01ACTION waves\x01
        old: RELAYMSG #tea nothing :hi
          old < FAIL RELAYMSG INVALID_NICK :...
        old: MODE #tea -o old
          bridge < :old MODE #tea -o old
          bob < :old MODE #tea -o old
          old < :old MODE #tea -o old
        """,
        **people,
    )


def tags_and_labels(bridge, bob, old):
    bridge.send("@label=one;+draft/reply=123;+typing=active RELAYMSG #tea smt/discord :tagged")
    line = bridge.find("PRIVMSG", "#tea", "tagged", nick="smt/discord")
    assert line.tags["label"] == "one" and line.tags[RELAY] == "bridge" and line.tags["msgid"]
    assert "account" not in line.tags and "bot" not in line.tags
    heard = bob.find("PRIVMSG", "#tea", "tagged", nick="smt/discord")
    assert heard.tags["+draft/reply"] == "123" and heard.tags[RELAY] == "bridge"
    assert heard.tags["msgid"] == line.tags["msgid"]
    assert not old.find("PRIVMSG", "#tea", "tagged", nick="smt/discord").tags
    bridge.send("@label=two RELAYMSG #tea smt :x")
    assert bridge.find("FAIL", "RELAYMSG").tags["label"] == "two"
    # Whoever passed it on, and nobody else, takes it back.
    bridge.send("MODE #tea -o bridge")
    bridge.find("MODE", "#tea", "-o")
    bridge.send(f"REDACT #tea {line.tags['msgid']} :gone there")
    bridge.find("REDACT", "#tea", line.tags["msgid"])
    bridge.send("RELAYMSG #tea smt/discord :no more")
    bridge.find("FAIL", "RELAYMSG", "PRIVS_NEEDED")
    bob.sync(), old.sync()


def other_faces(ming, cat, bridge, bob, old):
    """In words, as if somebody of that name had said it."""
    bridge.send("JOIN #room")
    bridge.until("366", "#room")
    cat.say("/join #room")
    bridge.find("JOIN", "#room", nick="cat")
    bridge.send("RELAYMSG #room smt/discord :before the others")
    bridge.find("PRIVMSG", "#room", "before the others")
    cat.hear("smt/discord: before the others")
    cat.say("hello back")
    assert RELAY not in bridge.find("PRIVMSG", "#room", "hello back", nick="cat").tags
    cat.leave()


def nobody_is_called_so(server, ming, bridge, bob, old):
    assert bob.numerics("NICK smt/discord") == ["432"]
    assert bob.numerics("NICK smt／discord") == ["432"]
    assert bob.numerics("WHOIS smt/discord", "PRIVMSG smt/discord :hi") == ["401", "318", "401"]
    ming.send("L smt/discord")
    ming.find("抱歉，名字里不能有空格、控制符和 ! @ , * ? /，开头不能是 : # & $ ~ % +")


def by_operators_of_the_server(server, ming):
    root = Irc(server).enter("root", *PAST)
    root.ask("OPER root :open sesame")
    root.send("RELAYMSG #room smt/discord :from outside")
    root.find("404", "#room")
    root.join("#lobby")
    root.send("RELAYMSG #lobby smt/discord :你好")
    root.find("PRIVMSG", "#lobby", "你好", nick="smt/discord")
    ming.find("smt/discord说: 你好")
    root.quit()


def history(server, bridge):
    """By CHATHISTORY, with who passed it on; in `qun history`, by name and by what was said."""
    heard = bridge.ask("CHATHISTORY LATEST #room * 10")
    said = [line for line in heard if line.command == "PRIVMSG"]
    assert [(line.nick, line.last, line.tags.get(RELAY)) for line in said] == [
        ("smt/discord", "before the others", "bridge"),
        ("cat", "hello back", None),
    ]
    [entry] = server.history("--search", "before the others")
    assert (entry["name"], entry["by"], entry["room"]) == ("smt/discord", "bridge", "#room")
    assert [entry["text"] for entry in server.history("--by", "smt/discord", "--room", "#room")] == [
        "before the others"
    ]


def whatever_dies(server):
    for name in ("hub", "edge 0", "all"):
        if name == "all":
            server.kill_all()
            server.restart()
        else:
            pid = server.pid_of(name)
            os.kill(pid, signal.SIGKILL)
            server.wait_replaced(name, pid)
    again = Irc(server).enter("another", *PAST)
    again.join("#room")
    history(server, again)
    server.compare_states()
