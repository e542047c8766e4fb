"""IRC: messages of several lines (IRCv3 draft/multiline), for those who know them and those who do not."""

import signal

from irc import Irc

FAST = ("--rate", "100000:100000")
WANTS = ("draft/multiline", "batch", "labeled-response", "message-tags", "echo-message", "standard-replies")
HISTORY = (*WANTS, "draft/chathistory")
CONCAT = "draft/multiline-concat"


def batch(target, *lines, opening="", ref="1"):
    """The lines that say it; a line that begins with '+' goes on where the one before it ended."""
    said = [
        f"@batch={ref};{CONCAT} PRIVMSG {target} :{line[1:]}"
        if line.startswith("+")
        else f"@batch={ref} PRIVMSG {target} :{line}"
        for line in lines
    ]
    return [f"{opening}BATCH +{ref} draft/multiline {target}", *said, f"BATCH -{ref}"]


def messages(heard):
    """The whole messages in it: (the tags of the opening line, its target, the text)."""
    found, opened = [], {}
    for line in heard:
        if line.command == "BATCH" and line.parameters[1:2] == ["draft/multiline"]:
            opened[line.parameters[0][1:]] = (line, [])
        elif line.command == "BATCH" and line.parameters[0][1:] in opened:
            first, texts = opened.pop(line.parameters[0][1:])
            found.append((first.tags, first.parameters[2], "".join(texts)[1:]))
        elif line.tags.get("batch") in opened:
            first, texts = opened[line.tags["batch"]]
            assert line.command in ("PRIVMSG", "NOTICE") and line.source == first.source
            assert set(line.tags) <= {"batch", CONCAT}, "all others are the opening line's"
            assert line.parameters[0] == first.parameters[2]
            texts.append(("" if CONCAT in line.tags else "\n") + line.last)
    assert not opened
    return found


def failures(person, *lines):
    return [line.parameters[1:-1] for line in person.ask(*lines) if line.command == "FAIL"]


def refused(ann, bob):
    assert failures(ann, *batch("#tea", *["x" * 400] * 11)) == [["MULTILINE_MAX_BYTES", "4096"]]
    assert failures(ann, *batch("#tea", *["x"] * 101)) == [["MULTILINE_MAX_LINES", "100"]]
    wrong = ["BATCH +1 draft/multiline #tea", "@batch=1 PRIVMSG #pot :hello", "BATCH -1"]
    assert failures(ann, *wrong) == [["MULTILINE_INVALID_TARGET", "#tea", "#pot"]]
    for lines in (
        batch("#tea", "", ""),  # Nothing but blank lines.
        batch("#tea", "a", "+"),  # A blank line that is joined.
        batch("#tea"),
        ["BATCH +1 other #tea"],
        ["BATCH +1 draft/multiline"],
        ["BATCH +1 draft/multiline #tea,#pot"],
        ["BATCH -1"],
        ["BATCH 1"],
        ["@batch=7 PRIVMSG #tea :of no batch"],
        ["BATCH +1 draft/multiline #tea", "BATCH +2 draft/multiline #tea", "BATCH -1"],
        ["BATCH +1 draft/multiline #tea", "@batch=1 PRIVMSG #tea :a", "@batch=1 NOTICE #tea :b", "BATCH -1"],
    ):
        assert failures(ann, *lines) == [["MULTILINE_INVALID"]], lines
    [line] = ann.ask("@label=no BATCH +1 draft/multiline #tea", "@batch=1 PRIVMSG #pot :x", "BATCH -1")
    assert line.command == "FAIL" and line.tags == {"label": "no"}
    assert "404" in [line.command for line in ann.ask(*batch("#shut", "a", "b"))]
    assert not bob.sync(), "none of it was said"


def left_open(server, path, ann, bob):
    """A batch that stays open is ended, with its label, and nothing of it is said, then or later."""
    path.write_text("[access]\nregistration = closed\n[limits]\nping-interval = 1\n")
    server.process.send_signal(signal.SIGHUP)
    for each in (ann, bob):  # It has been read.
        each.find("CAP", ..., "DEL", "draft/account-registration")
    ann.send("@label=late BATCH +9 draft/multiline #tea", "@batch=9 PRIVMSG #tea :late")
    line = ann.find("FAIL", "BATCH", "TIMEOUT", "9", ...)
    assert line.tags == {"label": "late"}
    path.write_text("")
    server.process.send_signal(signal.SIGHUP)
    for each in (ann, bob):
        each.find("CAP", ..., "NEW", ...)
    assert ann.ask("@batch=9 PRIVMSG #tea :later", "BATCH -9") == []
    assert not bob.sync(), "none of it was said"


def whatever_dies(server, ann, bob):
    """Each process between the batch and the look at it; an open batch ends with its connection alone."""
    said = []
    for name in ("hub", "scribe", "clerk", "console", "edge 0"):
        said.append(f"{name}\n\nis gone")
        ann.send(*batch("#tea", *said[-1].split("\n"))[:3])
        pid = server.kill(name)
        if name == "edge 0":
            server.wait_replaced(name, pid)
            ann, bob = (Irc(server).enter(each.nick, *HISTORY) for each in (ann, bob))
            for each in (ann, bob):
                each.ask("JOIN #tea")
            assert failures(ann, "BATCH -1") == [["MULTILINE_INVALID"]]
            assert messages(ann.ask(*batch("#tea", *said[-1].split("\n"))))[0][2] == said[-1]
        else:
            assert messages(ann.ask(*batch("#tea", *said[-1].split("\n"))[3:]))[0][2] == said[-1]
        assert [text for _, _, text in messages(bob.sync())] == said[-1:]
        kept = messages(ann.ask("CHATHISTORY LATEST #tea * 10"))
        assert [text for _, _, text in kept][-len(said) :] == said
    return said


def test_multiline(serve, tmp_path):
    path = tmp_path / "qun.conf"
    path.write_text("")
    path.chmod(0o600)
    server = serve(*FAST, "--edges", "1", "--config", path)
    ann = Irc(server).enter("ann", *HISTORY)
    bob = Irc(server).enter("bob", *WANTS)
    old = Irc(server).enter("old", "message-tags")
    assert ann.offered["draft/multiline"] == "max-bytes=4096,max-lines=100"
    Irc(server).enter("eve").ask("JOIN #shut", "MODE #shut +n")
    for each in (ann, bob, old):
        each.ask("JOIN #tea")
    for each in (ann, bob, old):
        each.sync()
    # One message, with the tags and the label of its opening line; another line may come meanwhile.
    said = batch("#tea", "hello", "", "how is ", "+everyone?", opening="@label=x;+reply=y ")
    heard = ann.ask(*said[:3], "PRIVMSG #tea :meanwhile", *said[3:])
    [(tags, target, text)] = messages(heard)
    assert text == "hello\n\nhow is everyone?" and target == "#tea"
    assert tags["label"] == "x" and tags["+reply"] == "y"
    msgid = tags["msgid"]
    assert [line.tags.get("label") for line in heard].count("x") == 1
    got = bob.sync()
    assert got[0].last == "meanwhile"
    [(tags, target, text)] = messages(got)
    assert (tags["msgid"], tags["+reply"], text) == (msgid, "y", "hello\n\nhow is everyone?")
    lines = [line for line in old.sync() if line.last != "meanwhile"]
    assert [line.last for line in lines] == ["hello", "how is ", "everyone?"]  # As its author cut it.
    assert [line.tags.get("msgid") for line in lines] == [msgid, None, None]
    # To a person; and a text that is longer than a line, cut between characters.
    long = "你好世界" * 100
    ann.ask(*batch("bob", long[:150], "+" + long[150:300], "+" + long[300:], "end"))
    [(_, target, text)] = messages(bob.sync())
    assert (target, text) == ("bob", long + "\nend")
    refused(ann, bob)
    # The largest that there may be.
    most = ["y" * 40] * 99 + ["y" * 37]
    [(_, _, text)] = messages(ann.ask(*batch("#tea", *most)))
    assert text == "\n".join(most) and len(text) == 4096
    left_open(server, path, ann, bob)
    # Whole, and one, in what is kept.
    ann.sync()
    died = whatever_dies(server, ann, bob)
    server.kill_all()
    server.restart()
    ann = Irc(server).enter("ann", *HISTORY)
    ann.ask("JOIN #tea")
    kept = messages(ann.ask("CHATHISTORY LATEST #tea * 10"))
    assert [each[2] for each in kept] == ["hello\n\nhow is everyone?", "\n".join(most), *died]
    assert kept[0][0]["msgid"] == msgid and "batch" in kept[0][0]
