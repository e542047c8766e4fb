"""`qun history`: beside a running server, without one, and after a crash; search in Chinese."""

import datetime
import json
import os
import re
import signal
import sqlite3
import subprocess
import time

import pytest
from load import Load
from plain import Crowd, Plain
from tools import BINARY, eventually, plain_environment, qun

FAST = ("--rate", "100000:100000")

FIELDS = {"seq", "time", "room", "kind", "name", "text"}

TEXTS = [
    "plain",
    "emoji 👩🏽‍🚀 🏳️‍🌈 🇨🇳",
    "e\u0301 and é",
    "שלום עולם",
    "مرحبا بالعالم",
    "\u202eabc\u202c",
    "a\x00b\x07c\x1b[2Jd\te\nf\rg\x7fh\u0085i",
    '"quotes" \\ back\\slash',
    "  blanks  ",
    "\u2028\u2029\ufeff\ufffd\U0010fffd",
    "中" * 1365,
]


def said_texts(entries):
    return [entry["text"] for entry in entries if entry["kind"] == "said"]


def fill(server, texts=TEXTS, names=("小明", "小红")):
    ming, hong = Crowd(server, list(names))
    for text in texts:
        ming.say(text)
    ming.say("end")
    hong.find(f"{names[0]}说: end")
    return ming, hong


# ---- Byte for byte -------------------------------------------------------------------------------


@pytest.mark.asan
@pytest.mark.parametrize("moment", ["beside", "after stop", "after kill", "after restart"])
def test_texts_names_and_numbers_survive(serve, moment):
    server = serve(*FAST)
    names = ("שלוםe\u0301", "👩🏽‍🚀小红")
    fill(server, names=names)
    if moment == "after stop":
        server.stop()
    elif moment != "beside":
        server.kill_all()
    if moment == "after restart":
        server.restart()
    entries = server.history()
    assert said_texts(entries) == [*TEXTS, "end"]
    assert {entry["name"] for entry in entries if entry["kind"] == "said"} == {names[0]}
    seqs = [entry["seq"] for entry in entries]
    assert seqs == sorted(set(seqs))
    assert all(entry["room"] == "#lobby" for entry in entries if entry["kind"] == "said")


@pytest.mark.asan
def test_fields(serve):
    server = serve()
    before = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(seconds=2)
    ming, hong = Crowd(server, ["小明", "小红"])
    assert ming.try_to_enter("大明") == "OK"
    ming.say("x")
    hong.find("大明说: x")
    server.admin_ok("shout", "下课")
    server.admin_ok("kick", "小红", "why not")
    ming.find("小红 被请出了聊天室")
    ming.send("Q").find("EXIT")
    entries = server.history()
    kinds = [entry["kind"] for entry in entries]
    assert kinds == ["entered", "entered", "renamed", "said", "shouted", "kicked", "left"]
    for entry in entries:
        assert FIELDS - {"name", "text", "room"} <= set(entry), entry
        at = datetime.datetime.fromisoformat(entry["time"].replace("Z", "+00:00"))
        assert before <= at <= datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=2)
    assert entries[2]["name"] == "大明" and "小明" in json.dumps(entries[2], ensure_ascii=False)
    assert entries[3]["name"] == "大明" and entries[3]["text"] == "x" and FIELDS <= set(entries[3])
    assert entries[4]["text"] == "下课"
    assert entries[5]["name"] == "小红" and entries[5]["text"] == "why not"
    assert [entry["seq"] for entry in entries] == sorted(entry["seq"] for entry in entries)


# ---- Options -------------------------------------------------------------------------------------


@pytest.mark.asan
def test_last(serve):
    server = serve(*FAST)
    fill(server, [f"line {number}" for number in range(100)])
    assert said_texts(server.history("--last", "5")) == [f"line {n}" for n in range(96, 100)] + ["end"]
    assert len(server.history()) == 103
    assert server.history("--last", "0") == [] or len(server.history("--last", "0")) == 103
    server.stop()
    assert said_texts(server.history("--last", "2")) == ["line 99", "end"]


@pytest.mark.asan
def test_by(serve):
    """Compared as names are."""
    server = serve(*FAST)
    alice, hong = Crowd(server, ["Alice", "小红"])
    alice.say("a")
    hong.say("b")
    alice.expect("小红说: b")
    hong.expect("Alice说: a")
    assert said_texts(server.history("--by", "ALICE")) == ["a"]
    assert said_texts(server.history("--by", "小红")) == ["b"]
    assert said_texts(server.history("--by", "nobody")) == []


@pytest.mark.asan
def test_since(serve):
    server = serve(*FAST)
    fill(server, ["before"])
    last = server.history()[-1]["time"]
    assert [entry["time"] for entry in server.history("--since", last)][-1] == last
    assert said_texts(server.history("--since", "2001-02-03")) == ["before", "end"]
    assert server.history("--since", "2999-01-01T00:00:00Z") == []
    done = qun("history", "--since", "nonsense", data=server.data)
    assert done.returncode == 2 and "nonsense" in done.stderr


def test_room(serve):
    server = serve(*FAST)
    fill(server, ["x"])
    assert said_texts(server.history("--room", "#lobby")) == ["x", "end"]
    done = qun("history", "--json", "--room", "#nowhere", data=server.data)
    assert done.stdout == ""


@pytest.mark.asan
def test_for_people(serve):
    """Without --json: lines as they were heard, with the time; nothing that moves the terminal."""
    server = serve(*FAST)
    fill(server, ["你好", "a\x1b[2Jb"])
    done = qun("history", data=server.data, env=plain_environment(LANG="zh_CN.UTF-8"))
    lines = done.stdout.splitlines()
    assert any(re.search(r"小明 进入了聊天室$", line) for line in lines), lines
    assert any(re.search(r"\d\d:\d\d.*小明说: 你好$", line) for line in lines), lines
    assert "\x1b" not in done.stdout
    done = qun("history", data=server.data, env=plain_environment(LANG="en_US.UTF-8"))
    lines = done.stdout.splitlines()
    assert any(re.search(r"小明 entered the room$", line) for line in lines), lines
    assert any(re.search(r"\d\d:\d\d.*小明: 你好$", line) for line in lines), lines


@pytest.mark.asan
def test_without_a_data_folder(place):
    done = qun("history", data=place / "nothing")
    assert done.returncode not in (0, 2)
    assert len(done.stderr.splitlines()) == 1 and "nothing" in done.stderr
    assert not (place / "nothing").exists()


def test_reader_goes_away(serve):
    """`qun history | head -1` says nothing about a broken pipe."""
    server = serve(*FAST)
    fill(server, [f"line {number}" for number in range(500)])
    done = subprocess.run(
        ["sh", "-c", '"$0" history --json --data "$1" | head -1', BINARY, server.data],
        capture_output=True,
        text=True,
    )
    assert len(done.stdout.splitlines()) == 1 and done.stderr == ""


# ---- The tail of the ring ------------------------------------------------------------------------


@pytest.mark.asan
def test_what_is_only_in_the_ring_is_there(serve):
    """The scribe is stopped: what was said is in the ring, and so in the history."""
    server = serve(*FAST)
    ming, hong = Crowd(server, ["小明", "小红"])
    server.send_signal("scribe", signal.SIGSTOP)
    for number in range(50):
        ming.say(str(number))
    hong.find("小明说: 49")
    assert said_texts(server.history()) == [str(number) for number in range(50)]
    assert said_texts(server.history("--last", "3")) == ["47", "48", "49"]
    server.send_signal("scribe", signal.SIGCONT)
    ming.say("end")
    hong.expect("小明说: end")
    assert said_texts(server.history()) == [*map(str, range(50)), "end"]


@pytest.mark.asan
def test_reading_beside_a_writer(serve):
    """Each reading is whole: no gap, nothing twice, as far as it goes."""
    server = serve(*FAST)
    ming, hong = Crowd(server, ["小明", "小红"])
    for turn in range(12):
        for number in range(turn * 40, turn * 40 + 40):
            ming.say(str(number))
        texts = said_texts(server.history())
        assert texts == [str(number) for number in range(len(texts))]
    hong.find("小明说: 479")
    assert len(said_texts(server.history())) == 480


# ---- Search --------------------------------------------------------------------------------------

CORPUS = [
    "今天天气很好",
    "明天下雨",
    "天山的雪",
    "我在学习操作系统",
    "操作 系统",
    "Operating Systems are fun",
    "混合 mixed 文字",
    "表情👍🏽也可以",
    "100% sure_thing",
    "'quoted' \"double\" AND OR NOT",
]

QUERIES = {
    "天": ["今天天气很好", "明天下雨", "天山的雪"],
    "天气": ["今天天气很好"],
    "明天": ["明天下雨"],
    "操作系统": ["我在学习操作系统"],
    "学习操作": ["我在学习操作系统"],
    "雪": ["天山的雪"],
    "气天": [],
    "operating": ["Operating Systems are fun"],
    "mixed": ["混合 mixed 文字"],
    "文字": ["混合 mixed 文字"],
    "不存在": [],
}


@pytest.mark.asan
@pytest.mark.parametrize("is_running", [True, False], ids=["beside", "without"])
def test_search(serve, is_running):
    server = serve(*FAST)
    fill(server, CORPUS)
    if not is_running:
        server.stop()
    for query, wanted in QUERIES.items():
        assert said_texts(server.history("--search", query)) == wanted, query
    # Characters that mean something to the engine are only characters here.
    for query in ("100%", "'quoted'", '"', "AND", "*", "👍🏽", "(", "sure_thing", "NOT -"):
        found = said_texts(server.history("--search", query))
        assert found == [text for text in CORPUS if query.lower() in text.lower()], query


def test_search_finds_what_was_said_just_now(serve):
    """The index may be behind; the answer is not."""
    server = serve(*FAST)
    ming, hong = Crowd(server, ["小明", "小红"])
    for number in range(10):
        ming.say(f"新鲜事{number}")
        hong.find(f"小明说: 新鲜事{number}")
        found = said_texts(server.history("--search", "新鲜"))
        assert len(found) == number + 1


def test_search_with_other_conditions(serve):
    server = serve(*FAST)
    ming, hong = Crowd(server, ["小明", "小红"])
    # One after the other: two senders of two edges have no order of their own.
    for member, other in ((ming, hong), (hong, ming)):
        for number in range(5):
            member.say(f"天气{number}")
        other.find(f"{member.name}说: 天气4")
    assert said_texts(server.history("--search", "天气", "--by", "小红")) == [f"天气{n}" for n in range(5)]
    assert said_texts(server.history("--search", "天气", "--last", "2")) == ["天气3", "天气4"]


@pytest.mark.asan
def test_index_is_rebuilt(serve):
    """search.db may be thrown away at any time, and be damaged."""
    server = serve(*FAST)
    fill(server, CORPUS)
    server.stop()
    for damage in ("gone", "garbage"):
        for name in os.listdir(server.data):
            if name.startswith("search.db"):
                if damage == "gone" or name != "search.db":
                    os.unlink(server.data / name)
                else:
                    owner = (server.data / name).stat()
                    (server.data / name).write_bytes(os.urandom(20000))
                    os.chown(server.data / name, owner.st_uid, owner.st_gid)
        server.restart()
        eventually(
            lambda: said_texts(server.history("--search", "天气")) == ["今天天气很好"], "the index"
        )
        server.stop()


def indexed_up_to(server):
    """How far search.db is, as it says itself."""
    try:
        database = sqlite3.connect(f"file:{server.data}/search.db?mode=ro", uri=True)
        try:
            return database.execute("select seq from meta").fetchone()[0]
        finally:
            database.close()
    except sqlite3.OperationalError:
        return 0


@pytest.mark.asan
def test_index_catches_up_after_a_crash(serve):
    """The clerk is killed while it is behind; what it has missed is found meanwhile, and indexed later."""
    server = serve(*FAST)
    ming, hong = Crowd(server, ["小明", "小红"])
    total = 0
    for _ in range(3):
        pid = server.send_signal("clerk", signal.SIGSTOP)
        for _ in range(300):
            ming.say(f"雪花 {total}")
            total += 1
        hong.find(f"小明说: 雪花 {total - 1}")
        assert len(server.history("--search", "雪")) == total
        os.kill(pid, signal.SIGKILL)
        server.wait_replaced("clerk", pid)
        assert len(server.history("--search", "雪花")) == total
        last = server.history("--last", "1")[0]["seq"]
        eventually(lambda: indexed_up_to(server) >= last, "the index to catch up")
    assert said_texts(server.history("--search", "雪花")) == [f"雪花 {each}" for each in range(total)]


def test_search_does_not_slow_the_room_down(serve):
    """Whoever searches, again and again and in all that there is, does it beside the room."""
    server = serve(*FAST)
    with Load(server, text="天气很好，雪花飞舞" * 10) as load:
        load.wait_count(1500)
        usual = max(load.wait_flows() for _ in range(20))
        searching = [
            subprocess.Popen(
                ["sh", "-c", 'while "$0" history --data "$1" --search "$2" >"$3"; do :; done',
                 BINARY, server.data, text, os.devnull],
                start_new_session=True,
            )
            for text in ("雪", "很好，雪花", "没有的词")
        ]
        try:
            slowest = max(load.wait_flows() for _ in range(50))
        finally:
            for each in searching:
                os.killpg(each.pid, signal.SIGKILL)
                each.wait()
    print(f"a round of messages took {usual * 1000:.0f} ms at most, {slowest * 1000:.0f} beside searches")
    assert slowest < max(0.5, 20 * usual)
    load.check()


# ---- --keep --------------------------------------------------------------------------------------


def test_keep_forgets_what_is_older(serve):
    """A little at a time; what is younger stays."""
    server = serve(*FAST)
    fill(server, ["old", "young"])
    server.stop()
    path = server.data / "log.db"
    owner = path.stat()
    database = sqlite3.connect(path)
    old = database.execute("select seq from entries where text = 'old'").fetchone()[0]
    long_ago = int((time.time() - 3 * 86400) * 1e6)
    database.execute("update entries set time = ? where seq <= ?", (long_ago, old))
    database.commit()
    database.close()
    os.chown(path, owner.st_uid, owner.st_gid)
    server.restart("--keep", "2", *FAST)
    eventually(lambda: said_texts(server.history()) == ["young", "end"], "the old to be forgotten")
    ming = Plain(server)
    ming.enter("小刚")
    seqs = [entry["seq"] for entry in server.history()]
    assert min(seqs) > old


def test_kept_for_ever_by_default(serve):
    server = serve(*FAST)
    fill(server, ["x"])
    server.stop()
    server.restart()
    assert said_texts(server.history()) == ["x", "end"]
