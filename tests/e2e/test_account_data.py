"""What is kept of an account, and all it said: handed out, and erased (`qun admin account export|erase`)."""

import json
import os
import signal
import stat

from irc import Irc
from test_irc_accounts import add_account
from test_irc_redact import CAN, files_with, history, is_nowhere, say, texts
from tools import eventually, qun

FAST = ("--rate", "100000:100000")
PASSWORD = "open-sesame"
KEEPS = (*CAN, "draft/metadata-3", "draft/read-marker")


def come(server, name="ming", device="phone"):
    return Irc(server).enter(name, *KEEPS, user=f"{name}@{device}", account=(name, PASSWORD))


def run(server, *words):
    return qun("admin", "--data", server.data, "account", *words)


def export(server, name="ming", *words):
    """The lines by kind; their end says that they are whole."""
    done = run(server, "export", name, *words)
    assert done.returncode == 0, done.stderr
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert lines[0]["kind"] == "account" and lines[-1] == {"kind": "end", "lines": len(lines) - 1}
    for secret in ("hash", "salt", "stored", "argon2", PASSWORD):
        assert secret not in done.stdout
    return lines[:-1]


def of_kind(lines, kind, *keys):
    found = [line for line in lines if line["kind"] == kind]
    return [tuple(line.get(key) for key in keys) for line in found]


def live(server):
    """An account's life: rooms, a topic, messages, a reaction, a direct message, metadata, a marker."""
    guest = Irc(server).enter("ming", *CAN)
    guest.join("#tea")
    say(guest, "#tea", "xyzzyguest said before there was an account")
    guest.send("QUIT")
    guest.find("ERROR")
    add_account(server, "ming", PASSWORD)
    bob = Irc(server).enter("bob", *CAN)
    bob.join("#tea", "#bobs")
    ming = come(server)
    ming.join("#mings", "#tea")
    ids = {
        "room": say(ming, "#tea", "xyzzyroom by ming"),
        "direct": say(ming, "bob", "xyzzydirect by ming"),
        "gone": say(ming, "#tea", "xyzzygone by ming"),
    }
    say(bob, "#tea", "hello ming, says bob")
    say(bob, "ming", "psst ming, says bob")
    ming.send(
        "TOPIC #mings :xyzzytopic by ming",
        f"@+draft/reply={ids['room']};+draft/react=xyzzylol TAGMSG #tea",
        f"REDACT #tea {ids['gone']}",
        "MARKREAD #tea timestamp=2026-01-02T03:04:05.000Z",
        "METADATA * SET url :xyzzymeta by ming",
        "PRIVMSG ChanServ :REGISTER #mings",
        "NOTICE #mings :xyzzynotice by ming",
    )
    ming.sync()
    bob.find("REDACT", "#tea", ids["gone"])
    return bob, ming, ids


def check_export(lines, ids):
    assert of_kind(lines, "account", "name", "stay", "present") == [("ming", "default", True)]
    assert lines[0]["created"] and lines[0]["person"]
    assert of_kind(lines, "device", "name") == [("phone",)]
    assert sorted(of_kind(lines, "room", "room", "member", "founder", "office")) == [
        ("#mings", True, True, "operator"),
        ("#tea", True, False, None),
    ]
    assert of_kind(lines, "metadata", "key", "value") == [("url", "xyzzymeta by ming")]
    assert of_kind(lines, "marker", "room", "read") == [("#tea", "2026-01-02T03:04:05.000000Z")]
    said = [("#tea", "xyzzyroom by ming", ids["room"])]
    assert of_kind(lines, "said", "room", "text", "msgid")[:1] == said
    assert of_kind(lines, "said", "text", "notice")[1:] == [("xyzzynotice by ming", True)]
    direct = [("bob", "xyzzydirect by ming", ids["direct"])]
    assert of_kind(lines, "direct", "to", "text", "msgid") == direct
    assert of_kind(lines, "topic", "room", "text") == [("#mings", "xyzzytopic by ming")]
    assert [tags for (tags,) in of_kind(lines, "tagged", "tags") if "xyzzylol" in tags]
    text = json.dumps(lines)
    assert "xyzzygone" not in text and "xyzzyguest" not in text and "says bob" not in text
    seqs = [line["seq"] for line in lines if "seq" in line]
    assert seqs == sorted(seqs) and all(line["time"] for line in lines if "seq" in line)


def test_export(serve, tmp_path):
    """Beside the server and without it: the same; to a file that nobody else reads, and that was not there."""
    server = serve(*FAST)
    bob, ming, ids = live(server)
    lines = export(server)
    check_export(lines, ids)
    assert run(server, "export", "nobody").returncode == 1
    assert run(server, "export", "bob").returncode == 1
    assert export(server, "MING")
    path = tmp_path / "ming file.jsonl"
    assert run(server, "export", "ming", path).returncode == 0
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
    refused = run(server, "export", "ming", path)
    assert refused.returncode == 1 and str(path) in refused.stderr
    # Nothing of the ring is in log.db yet, perhaps, when all are dead.
    last = say(ming, "#tea", "xyzzylast by ming")
    server.kill_all()
    lines = export(server)
    check_export([line for line in lines if line.get("msgid") != last], ids)
    assert of_kind(lines, "said", "text")[-1] == ("xyzzylast by ming",)
    assert [json.loads(line)["kind"] for line in path.read_text().splitlines()][-1] == "end"


WORDS = ("room", "direct", "topic", "lol", "notice", "more")


def indexes(server, word):
    """Does search.db have the word anywhere in its bytes?"""
    paths = [os.path.join(server.data, f"search.db{suffix}") for suffix in ("", "-wal")]
    return any(word.encode() in open(path, "rb").read() for path in paths if os.path.exists(path))


def check_erased(server, bob):
    """Nowhere, for nobody; what others said stays."""
    for word in WORDS:
        is_nowhere(server, f"xyzzy{word}")
    eventually(lambda: not indexes(server, "xyzzymore"), "its words gone from the index")
    assert files_with(server, "xyzzyguest")
    bob.sync()
    said = texts(history(bob))
    assert said == ["xyzzyguest said before there was an account", "hello ming, says bob"]
    heard = bob.ask("CHATHISTORY LATEST ming * 100")
    assert [line.command for line in heard] == ["NOTICE"], heard  # Nobody is called so.
    shown = json.dumps([server.history(), server.history("--direct", "ming")], ensure_ascii=False)
    assert "by ming" not in shown and "hello ming, says bob" in shown
    assert not server.history("--search", "xyzzyroom")
    bob.send("TOPIC #mings")
    assert [line.command for line in bob.sync() if line.command in ("331", "332")] == ["331"]


def test_erase(serve):
    """All dies in the middle of it, and it is done all the same; others hear of it, and the name is free."""
    server = serve(*FAST)
    bob, ming, ids = live(server)
    bob.join("#mings")
    for number in range(2000):
        ming.send(f"PRIVMSG #mings :xyzzymore {number} by ming")
    ming.sync()
    assert files_with(server, "xyzzyroom")
    eventually(lambda: indexes(server, "xyzzymore"), "its words in the index")
    refused = run(server, "erase", "ming")
    assert refused.returncode == 2 and "--yes" in refused.stderr
    assert run(server, "erase", "nobody", "--yes").returncode == 1
    done = run(server, "erase", "Ming", "--yes")
    assert done.returncode == 0, done.stderr
    server.kill_all()
    ming.find("ERROR")
    assert bob.find("QUIT", ..., nick="ming")
    server.restart()
    bob = Irc(server).enter("bob", *CAN)
    bob.sync()
    check_erased(server, bob)
    assert run(server, "export", "ming").returncode == 1
    acts = server.admin_json("audit", "--about", "ming")
    assert [act["kind"] for act in acts if act.get("kind") in ("erased", "account-ended")] == [
        "erased",
        "account-ended",
    ]
    assert "xyzzy" not in json.dumps(acts)
    # Whoever has the name now has nothing of it.
    add_account(server, "ming", PASSWORD)
    heir = come(server)
    heir.join("#mings")
    lines = export(server)
    assert not of_kind(lines, "metadata") and not of_kind(lines, "marker")
    assert not of_kind(lines, "said") and not of_kind(lines, "direct")
    assert of_kind(lines, "room", "founder") == [(False,)]
    assert texts(history(heir, "bob")) == []
    say(heir, "#mings", "what the heir says")
    # And once more, of one that is not here, while each of those who have to do with it dies.
    heir.send("QUIT")
    heir.find("ERROR")
    assert run(server, "erase", "ming", "--yes").returncode == 0
    for name in ("scribe", "hub", "clerk"):
        pid = server.pid_of(name)
        os.kill(pid, signal.SIGKILL)
        server.wait_replaced(name, pid)
    is_nowhere(server, "what the heir says")
    check_erased(server, bob)
    server.compare_states()
    assert server.admin_json("check")[-1]["ok"] is True
