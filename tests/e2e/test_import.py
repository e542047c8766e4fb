"""`qun import`: what others have logged becomes history, at its own time, or is named with the reason why not."""

import base64
import hashlib
import hmac
import json
import subprocess

import pytest
from irc import Irc
from tools import BINARY, eventually, plain_environment, qun

NEW = ("message-tags", "server-time", "batch", "draft/chathistory", "draft/event-playback")

ZNC_DAYS = {
    "2024-03-01": """\
[20:15:00] *** Joins: 小明 (~ming@192.0.2.7)
[20:15:01] <小明> 今晚吃火锅吗？
[20:15:02] * 小红 waves
[20:15:03] -小红- \x02at\x02 \x0304eight\x03
[20:15:04] *** ChanServ sets mode: +o 小明
[20:15:05] *** 小红 is now known as 红红
[20:15:06] *** 小明 changes topic to '作业: 第三章'
[20:15:07] *** 红红 was kicked by 小明 (out)
[23:59:59] *** Parts: 小明 (~ming@192.0.2.7) (bye (really))
""",
    "2024-03-02": """\
[00:00:00] <红红> a new day
[00:00:01] *** Quits: 红红 (~hong@192.0.2.8) ()
""",
}

WEECHAT = """\
2024-03-01 20:14:00\t****  Beginning of log  ****
2024-03-01 20:15:01\t@大虾\tin another room
2024-03-01 20:15:02\t-->\tann (~ann@192.0.2.9) has joined #kitchen
2024-03-01 20:15:03\t *\tann cooks
2024-03-01 20:15:04\t--\tMode #kitchen [+o ann] by 大虾
2024-03-01T12:15:05.250000Z\t--\tNotice(ann): dinner
2024-03-01 20:15:06\t<--\tann (~ann@192.0.2.9) has quit (Quit: gone)
2024-03-01 20:15:07\t=!=\tirc: reading data on socket: error 104 Connection reset by peer
"""


def write_znc(place, days=None, room="#homework"):
    folder = place / "logs" / "libera" / room
    folder.mkdir(parents=True)
    for day, text in (days or ZNC_DAYS).items():
        data = text if isinstance(text, bytes) else text.encode()
        (folder / f"{day}.log").write_bytes(data)
    return place / "logs"


def entries(data, *options):
    lines = qun("history", "--json", *options, data=data)
    assert lines.returncode == 0, lines.stderr
    return [json.loads(line) for line in lines.stdout.splitlines()]


def brief(entry):
    return entry["time"][11:23], entry["room"], entry["kind"], entry["name"], entry["text"]


@pytest.mark.asan
def test_the_logs_of_others_become_history(place, serve):
    """All faces give it, by time, over any death; and nothing is taken twice."""
    logs = write_znc(place)
    weechat = place / "irc.libera.#kitchen.weechatlog"
    weechat.write_text(WEECHAT)
    words = ["import", "--timezone", "Asia/Shanghai", "--from", "znc", logs, "--from", "weechat", weechat]
    done = qun(*words, data=place / "data")
    assert done.returncode == 0 and done.stderr == "", done.stderr
    assert "19 lines of 3 files" in done.stdout, done.stdout
    # Modes, a kick, and the client's own words have no place.
    assert sorted(p.name for p in (place / "data").iterdir() if p.name.startswith("import")) == []

    all_of_it = entries(place / "data")
    assert [brief(entry) for entry in all_of_it] == [
        ("12:15:00.000", None, "made", "#homework", None),
        ("12:15:00.000", "#homework", "joined", "小明", None),
        ("12:15:01.000", "#homework", "said", "小明", "今晚吃火锅吗？"),
        ("12:15:01.000", None, "made", "#kitchen", None),
        ("12:15:01.000", "#kitchen", "said", "大虾", "in another room"),
        ("12:15:02.000", "#homework", "said", "小红", "\x01ACTION waves\x01"),
        ("12:15:02.000", "#kitchen", "joined", "ann", None),
        ("12:15:03.000", "#homework", "said", "小红", "\x02at\x02 \x0304eight\x03"),
        ("12:15:03.000", "#kitchen", "said", "ann", "\x01ACTION cooks\x01"),
        ("12:15:05.000", "#homework", "renamed", "红红", None),
        ("12:15:05.250", "#kitchen", "said", "ann", "dinner"),
        ("12:15:06.000", "#homework", "topic", "小明", "作业: 第三章"),
        ("12:15:06.000", "#kitchen", "parted", "ann", "Quit: gone"),
        ("15:59:59.000", "#homework", "parted", "小明", "bye (really)"),
        ("16:00:00.000", "#homework", "said", "红红", "a new day"),
        ("16:00:01.000", "#homework", "parted", "红红", None),
    ]
    seqs = [entry["seq"] for entry in all_of_it]
    assert seqs == sorted(set(seqs))

    again = qun(*words, data=place / "data")
    assert again.returncode == 100 and "has a history already" in again.stderr, again.stderr
    assert "--data" in again.stderr  # The way out.

    server = serve()
    for life in (1, 2):
        ann = Irc(server).enter("ann", *NEW)
        topic = ann.join("#homework")
        assert any(line.command == "332" and line.last == "作业: 第三章" for line in topic), topic
        given = ann.ask("CHATHISTORY LATEST #homework * 50")[1:-1]
        commands = [(line.command, line.nick, line.tags["time"][:23]) for line in given]
        assert commands[:8] == [
            ("JOIN", "小明", "2024-03-01T12:15:00.000"),
            ("PRIVMSG", "小明", "2024-03-01T12:15:01.000"),
            ("PRIVMSG", "小红", "2024-03-01T12:15:02.000"),
            ("NOTICE", "小红", "2024-03-01T12:15:03.000"),
            ("NICK", "小红", "2024-03-01T12:15:05.000"),
            ("TOPIC", "小明", "2024-03-01T12:15:06.000"),
            ("PART", "小明", "2024-03-01T15:59:59.000"),
            ("PRIVMSG", "红红", "2024-03-01T16:00:00.000"),
        ]
        assert given[2].last == "\x01ACTION waves\x01" and given[3].last == "\x02at\x02 \x0304eight\x03"
        point = "timestamp=2024-03-01T12:15:04.000Z"
        before = ann.ask(f"CHATHISTORY BEFORE #homework {point} 1")[1:-1]
        after = ann.ask(f"CHATHISTORY AFTER #homework {point} 2")[1:-1]
        assert [line.command for line in before + after] == ["NOTICE", "NICK", "TOPIC"]
        assert [entry["text"] for entry in entries(server.data, "--search", "火锅")] == ["今晚吃火锅吗？"]
        # What is said now comes after it.
        ann.say("#homework", f"now {life}")
        ann.sync()
        assert entries(server.data, "--room", "#homework", "--last", "1")[0]["text"] == f"now {life}"

        if life == 2:
            # Nobody inherits what was said under a name; the room's operator may take it away.
            ming = Irc(server).enter("小明", *NEW, "draft/message-redaction")
            ming.join("#homework")
            msgid = given[1].tags["msgid"]
            refused = ming.ask(f"REDACT #homework {msgid}")
            assert [line.command for line in refused] == ["FAIL"], refused
            ann.negotiate("draft/message-redaction")
            assert ann.ask(f"REDACT #homework {msgid}") == []
            eventually(lambda: not entries(server.data, "--search", "火锅"), "what was taken back to go")

        busy = qun(*words, data=server.data)
        assert busy.returncode == 100 and "another qun (process" in busy.stderr, busy.stderr
        assert qun("admin", "--data", server.data, "check").returncode == 0
        if life == 1:
            ann.close()
            server.kill_all()
            server.restart()


def test_every_line_is_accounted_for(place):
    """Each that is not taken is named; a dry run says the same and makes nothing."""
    odd = {
        "2024-03-01": b"[08:00:00] <ann> one\n"
        b"no time\n"
        b"[25:00:00] <ann> late\n"
        b"[08:00:01] <a@b> not a name\n"
        b"[08:00:02] <ann> \xc4\xe3\xba\xc3\n"
        b"[08:00:03] <ann> a\0b\n"
        b"[08:00:04] <ann> " + b"x" * 5000 + b"\n"
        b"[08:00:05] <ann> " + b"y" * 20000 + b"\n"
        b"[07:59:00] <ann> summer has ended\n"
        b"[03:00:00] <ann> a clock that was wrong\n"
        b"[08:00:06] <ann> \n"
        b"[08:00:07] <ann> last, without an end",
        "2999-03-01": "[08:00:00] <ann> not yet\n",
    }
    logs = write_znc(place, odd)
    other = logs / "libera" / "xiaohong" / "2024-03-01.log"
    other.parent.mkdir()
    other.write_text("[08:00:00] <xiaohong> psst\n")
    (logs / "notes.txt").write_text("not a log\n")
    words = ["import", "--timezone", "UTC", "--from", "znc", logs]
    tried = qun(*words, "--dry-run", data=place / "data")
    assert tried.returncode == 0 and not (place / "data").exists()
    done = qun(*words, data=place / "data")
    assert done.returncode == 0, done.stderr

    day = logs / "libera" / "#homework" / "2024-03-01.log"
    wanted = [
        (f"{day}:2", "not as this form"),
        (f"{day}:3", "no time that can be read"),
        (f"{day}:4", "the name is one that nobody can have here (a@b)"),
        (f"{day}:5", "not UTF-8 (say what it is with --charset)"),
        (f"{day}:6", "it has a NUL"),
        (f"{day}:7", "the text is longer than 4096 bytes"),
        (f"{day}:8", "longer than 16384 bytes"),
        (f"{day}:10", "more than two hours before"),
        (f"{day}:11", "there is no text"),
        (f"{logs}/libera/#homework/2999-03-01.log:1", "its time is yet to come"),
        (str(other), "--room"),
        (f"{logs}/notes.txt", "no log of that form is named so"),
    ]
    for run in (tried, done):
        told = [line for line in run.stderr.splitlines() if "not taken" in line]
        assert len(told) == len(wanted), run.stderr
        for where, why in wanted:
            assert any(f"import: {where}: not taken: " in line and why in line for line in told), (where, told)
        assert f"not taken, each named above: {len(wanted)}" in run.stdout, run.stdout
    said = [(entry["time"][11:19], entry["text"]) for entry in entries(place / "data") if entry["kind"] == "said"]
    assert said == [
        ("08:00:00", "one"),
        ("08:00:00", "summer has ended"),
        ("08:00:07", "last, without an end"),
    ]

    # What the lines are can be said, and where they go.
    more = qun(*words[:3], "--charset", "GB18030", "--room", "#all", "--from", "znc", day, other, data=place / "two")
    assert more.returncode == 0, more.stderr
    said = [entry for entry in entries(place / "two", "--room", "#all") if entry["kind"] == "said"]
    assert {"你好", "psst"} < {entry["text"] for entry in said}
    # Words of options can stand anywhere before what they are about.
    bad = qun("import", "--room", "#all", logs, data=place / "two")
    assert bad.returncode == 2 and "--from says what" in bad.stderr


def test_what_is_as_long_as_may_be_is_taken(place):
    """An action is kept with what marks it as one, nine bytes; so much less of text there may be."""
    day = "[08:00:00] * ann " + "x" * 4087 + "\n[08:00:01] * ann " + "y" * 4088 + "\n"
    logs = write_znc(place, {"2024-03-01": day})
    done = qun("import", "--timezone", "UTC", "--from", "znc", logs, data=place / "data")
    assert done.returncode == 0, done.stderr
    assert "2024-03-01.log:2: not taken: the text is longer" in done.stderr
    said = [entry["text"] for entry in entries(place / "data") if entry["kind"] == "said"]
    assert said == ["\x01ACTION " + "x" * 4087 + "\x01"]


def test_a_death_leaves_the_folder_as_it_was(place, serve):
    """kill -9 in the middle; the next import does it all, and nothing is left of the first."""
    lines = [f"[{i // 36000:02}:{i // 600 % 60:02}:{i // 10 % 60:02}] <ann> 第 {i} 句\n" for i in range(60000)]
    logs = write_znc(place, {"2024-03-01": "".join(lines)})
    # A server was started here, and nothing happened.
    server = serve()
    server.stop()
    words = [str(BINARY), "import", "--timezone", "UTC", "--from", "znc", str(logs), "--data", str(server.data)]
    wal = server.data / "import.new" / "log.db-wal"
    with subprocess.Popen(words, env=plain_environment(), stdout=subprocess.DEVNULL) as dying:
        eventually(lambda: wal.exists() and wal.stat().st_size > 100000, "the first batch")
        dying.kill()
    assert dying.returncode == -9, "it was done before it was killed"
    assert entries(server.data) == []

    done = qun(*words[1:])
    assert done.returncode == 0, done.stderr
    assert not (server.data / "import.new").exists()
    server.restart()
    assert qun("admin", "--data", server.data, "check").returncode == 0
    ann = Irc(server).enter("ann", *NEW)
    ann.join("#homework")
    given = ann.ask("CHATHISTORY LATEST #homework * 3")[1:-1]
    assert [line.last for line in given if line.command == "PRIVMSG"][-1] == "第 59999 句"
    texts = [entry["text"] for entry in entries(server.data) if entry["kind"] == "said"]
    assert texts == [f"第 {i} 句" for i in range(60000)]


# ---- Ergo ----------------------------------------------------------------------------------------


def credentials(password):
    """As Ergo keeps them: bcrypt, which is of no use here, and SCRAM-SHA-256's keys."""
    salt = bytes(range(16))
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, 4096)
    client = hmac.digest(salted, b"Client Key", "sha256")
    keys = {
        "Salt": salt,
        "StoredKey": hashlib.sha256(client).digest(),
        "ServerKey": hmac.digest(salted, b"Server Key", "sha256"),
    }
    kept = {"Version": 1, "PassphraseHash": "JDJhJDA0JA==", "Certfps": None, "Iters": 4096}
    return json.dumps(kept | {name: base64.b64encode(key).decode() for name, key in keys.items()})


def command(*words):
    parts = [f"*{len(words)}\r\n".encode()]
    for word in words:
        parts.append(f"${len(word.encode())}\r\n{word}\r\n".encode())
    return b"".join(parts)


CLASS = {
    "Name": "#Class",
    "RegisteredAt": "2024-02-01T08:00:00.5Z",
    "Founder": "小明",
    "Topic": "第三章",
    "TopicSetBy": "小明!~ming@host",
    "TopicSetTime": "2024-03-01T12:00:00Z",
    "Modes": [110, 115, 109],
    "Key": "sesame",
    "UserLimit": 30,
    "AccountToUMode": {"小明": 113, "hong": 118},
    "Bans": {"spam!*@*": {"TimeCreated": "2024-02-02T00:00:00Z"}},
}


def ergo_store():
    return b"".join(
        [
            command("set", "account.verified 小明", "1"),
            command("set", "account.name 小明", "小明"),
            command("set", "account.registered.time 小明", "1706774400000000000"),
            command("set", "account.credentials 小明", "{}"),
            command("set", "account.credentials 小明", credentials("open sesame")),
            command("set", "account.verified hong", "1", "ex", "100"),
            command("set", "account.name hong", "Hong"),
            command("set", "account.verified gone", "1"),
            command("del", "account.verified gone"),
            command("set", "1 AAAAAAAAAAAAAAAAAAAAAA", json.dumps(CLASS)),
            command("set", "account.verified cut", "1")[:-4],
        ]
    )


def item(text, time, target="#class", nick="小明!~ming@host", kind=1, split=None):
    message = {"Message": "" if split else text, "Msgid": "x", "Split": split, "Time": time}
    told = {"Type": kind, "Nick": nick, "AccountName": "小明", "Message": message, "Tags": None, "Params": [""]}
    return json.dumps(told | {"CfCorrespondent": target}) + "\n"


def test_no_line_of_the_protocol_comes_out_of_a_topic_or_a_mask(place):
    """What would be two lines to whoever reads it is not taken, and named."""
    evil = "one\r\n:ann!~ann@host PRIVMSG bob :two"
    channel = {"name": "#class", "topic": evil, "modes": "nt", "bans": {"spam!*@*": {}, "a!*@*\r\nERROR": {}}}
    (place / "db.json").write_text(json.dumps({"users": {}, "channels": {"#class": channel}}))
    logs = write_znc(place, {"2024-03-01": "[08:00:00] *** ann changes topic to 'one\rtwo'\n"})
    done = qun("import", "--from", "ergo", place / "db.json", "--from", "znc", logs, data=place / "data")
    assert done.returncode == 0, done.stderr
    assert "topic: not taken: the topic has more than one line (#class)" in done.stderr, done.stderr
    assert "db.json: not taken: a mask of its lists (#class)" in done.stderr, done.stderr
    assert "2024-03-01.log:1: not taken: the topic has more than one line" in done.stderr, done.stderr
    kept = [(entry["kind"], entry["text"]) for entry in entries(place / "data") if entry["text"]]
    assert kept == [("mode", "+b spam!*@*")]


def test_accounts_and_rooms_of_ergo_stay_whose_they_are(place, serve):
    """Passwords too, where Ergo has SCRAM's keys; and what was said is at its time."""
    (place / "ircd.db").write_bytes(ergo_store())
    (place / "said.json").write_text(
        item("第一句", "2024-03-01T11:00:00.25Z")
        + item("\x01ACTION waves\x01", "2024-03-01T12:30:00Z")
        + item("", "2024-03-01T12:31:00Z", split=[{"Message": "a", "Concat": False}, {"Message": "b", "Concat": False}])
        + item("", "2024-03-01T12:32:00Z", kind=3)
        + item("psst", "2024-03-01T12:33:00Z", target="hong")
        + "{broken\n"
    )
    words = ["import", "--from", "ergo", place / "ircd.db", place / "said.json"]
    done = qun(*words, data=place / "data")
    assert done.returncode == 0, done.stderr
    assert "the password of Hong could not be carried" in done.stderr and "gone" not in done.stderr
    assert f"{place}/said.json:5: not taken: it is of no room" in done.stderr
    assert f"{place}/said.json:6: not taken: it is not as this form" in done.stderr
    told = [brief(entry)[0] + " " + entry["kind"] for entry in entries(place / "data") if entry["kind"] != "mode"]
    assert told == [
        "08:00:00.500 made",
        "11:00:00.250 said",
        "12:00:00.000 topic",
        "12:30:00.000 said",
        "12:31:00.000 said",
    ]

    server = serve()
    ming = Irc(server).enter("小明", *NEW, account=("小明", "open sesame"))
    heard = ming.join("#Class")
    assert any(line.command == "332" and line.last == "第三章" for line in heard), heard
    modes = next(line for line in ming.ask("MODE #Class") if line.command == "324").parameters
    assert set(modes[2]) == set("+nsmkl") and "30" in modes, modes
    assert any("spam!*@*" in line.parameters for line in ming.ask("MODE #Class +b"))
    # Its founder is its operator; the modes hold for others.
    assert "@小明" in ming.names("#Class")
    wrong = Irc(server).enter("mallory", *NEW)
    assert any(line.command == "475" for line in wrong.ask("JOIN #Class"))
    given = ming.ask("CHATHISTORY LATEST #Class * 10")[1:-1]
    assert [line.last for line in given if line.command == "PRIVMSG"] == [
        "第一句",
        "\x01ACTION waves\x01",
        "a",
        "b",
    ]
    # Whose password could not be carried gets one, and is then who it was: voiced.
    change = ("account", "password", "Hong", "--password-stdin")
    assert qun("admin", "--data", server.data, *change, input="new password\n").returncode == 0
    hong = Irc(server).enter("Hong", *NEW, account=("Hong", "new password"))
    assert hong.ask("JOIN #Class sesame")
    assert "+Hong" in ming.names("#Class")
    assert qun("admin", "--data", server.data, "check").returncode == 0


@pytest.mark.parametrize(
    "words, trouble",
    [
        ([], "no FILE or FOLDER"),
        (["--from", "mirc", "x"], "--from wants"),
        (["--from", "znc", "--room", "homework", "x"], "--room wants"),
        (["--from", "znc", "--timezone", "Asia/Nowhere", "x"], "--timezone wants"),
        (["--from", "znc", "--charset", "none-such", "x"], "--charset wants"),
        (["--from", "znc", "--dry-run=1", "x"], "takes no value"),
    ],
)
def test_what_makes_no_sense_is_refused(place, words, trouble):
    done = qun("import", *words, data=place / "data")
    assert done.returncode == 2 and trouble in done.stderr and "--help" in done.stderr
    assert not (place / "data").exists()


def test_nothing_to_import_changes_nothing(place):
    done = qun("import", "--from", "znc", place / "none", data=place / "data")
    assert done.returncode == 100 and f"cannot read {place / 'none'}" in done.stderr
    empty = place / "empty"
    empty.mkdir()
    done = qun("import", "--from", "znc", empty, data=place / "data")
    assert done.returncode == 100 and "nothing to import" in done.stderr
    assert not (place / "data" / "log.db").exists()
    helped = qun("import", "--help")
    assert helped.returncode == 0 and "--timezone ZONE" in helped.stdout
