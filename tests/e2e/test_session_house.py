"""What the house shows and keeps of those who came by sessions: lists, history, rooms, absences."""

import json
import os
import sqlite3
import time

import pytest
import session_wire as wire
from plain import Plain, left
from tools import SLOWNESS, eventually, qun

FAST = ("--rate", "100000:100000")
AWAKE = {"ping_after": 0.2}


def people(server):
    """{name: whether absent}, in the order of the list."""
    return {row["name"]: row["absent"] for row in server.admin_json("who") if "name" in row}


def wait_for_people(crowd, member, count):
    """Each edge knows of it a moment later: what it says is true as of some seq."""
    crowd.wait(lambda: member.room_list()["#茶"].people == count, f"{count} people in #茶")


# ---- Who is here ---------------------------------------------------------------------------------


@pytest.mark.asan
def test_absent_members_stand_apart(serve, crowd_of):
    """`qun admin who`, `W`, /stats: counts count the connected."""
    server = serve(*FAST, "--silence", "2", keyboard="terminal")
    crowd = crowd_of(server)
    ming, hong = crowd.enter("小明", "小红", **AWAKE)
    old = Plain(server).enter("老王")
    assert people(server) == {"小明": False, "小红": False, "老王": False}
    server.type("/who")
    server.stdout.expect_raw("3 人在线\r\n")
    ming.detach()
    crowd.drop(ming)
    crowd.wait(lambda: hong.names().get("小明"), "小明 to be absent")
    assert people(server) == {"小红": False, "老王": False, "小明": True}
    assert list(people(server)) == ["小红", "老王", "小明"]
    lines = server.admin_ok("who").splitlines()
    assert [line.endswith("  absent") for line in lines] == [False, False, True]
    server.type("/who")
    server.stdout.expect_raw("2 人在线，1 人暂离\r\n")
    old.send("W").find("2 人在聊天室: 小红 老王；1 人暂离: 小明")
    hub = next(row for row in server.admin_json("stats") if row.get("process") == "hub")
    assert (hub["people"], hub["absent"]) == (2, 1)
    assert "2 online, 1 absent" in server.admin_ok("stats")


def test_an_absence_goes_on_through_a_restart(serve, crowd_of):
    """The time away counts from when it began, whoever died meanwhile."""
    server = serve(*FAST, "--silence", "1", "--away", "4")
    crowd = crowd_of(server)
    ming, hong = crowd.enter("小明", "小红", **AWAKE)
    saved = crowd.drop(ming)
    crowd.wait(lambda: hong.names().get("小明"), "小明 to be absent")
    began = time.monotonic()
    server.kill_all()
    server.restart()
    old = Plain(server).enter("老王")
    assert people(server)["小明"]
    crowd.wait(lambda: old.pending() or time.monotonic() > began + 20 * SLOWNESS, "news")
    old.find(left("小明"))
    assert time.monotonic() - began < 5 * SLOWNESS
    assert "小明" not in people(server)
    back = crowd.come_back(saved)
    assert (back.person, back.name) == (ming.person, "小明")


# ---- What is kept --------------------------------------------------------------------------------


@pytest.mark.asan
def test_history_shows_direct_messages_to_who_asks(serve, crowd_of):
    server = serve(*FAST)
    crowd = crowd_of(server)
    ming, hong = crowd.enter("小明", "小红")
    old = Plain(server).enter("老王")
    ming.settle(ming.direct("小红", "一"))
    hong.settle(hong.direct("小明", "二"))
    ming.settle(ming.direct("老王", "三"))
    old.find("小明悄悄说: 三")
    ming.settle(ming.rename("大明"))
    ming.settle(ming.direct("老王", "四"))

    def direct(name, *words):
        return [entry["text"] for entry in server.history("--direct", name, *words)]

    for stage in ("in the ring", "in log.db"):
        assert direct("小明") == ["一", "二", "三"], stage
        assert direct("大明") == ["四"]
        assert direct("老王") == ["三", "四"]
        assert direct("小明", "--by", "小红") == ["二"]
        assert direct("小明", "--search", "三") == ["三"]
        assert direct("小明", "--last", "1") == ["三"]
        assert direct("谁也不是") == []
        assert "direct" not in {entry["kind"] for entry in server.history()}
        server.stop()
        server.restart()
    entries = server.history("--direct", "小红")
    assert [entry["kind"] for entry in entries] == ["direct", "direct"]
    assert [(e["name"], e["other_name"], e["room"]) for e in entries] == [
        ("小明", "小红", None),
        ("小红", "小明", None),
    ]
    assert entries[0]["thread"] == entries[1]["thread"] == entries[0]["seq"]
    lines = qun("history", "--direct", "小红", data=server.data).stdout.splitlines()
    assert [line[21:] for line in lines] == ["[→ 小红] 小明悄悄说: 一", "[→ 小明] 小红悄悄说: 二"]


def test_history_of_other_rooms(serve, crowd_of):
    """By name while the room is there; what was said in it bears its name for ever."""
    server = serve(*FAST)
    crowd = crowd_of(server)
    ming = crowd.enter("小明")
    room = ming.settle(ming.join("#茶")).rooms[0]
    ming.settle(ming.say("in the lobby"))
    ming.settle(ming.say("with tea", room))
    assert [e["text"] for e in server.history("--room", "#茶") if e["kind"] == "said"] == ["with tea"]
    assert [e["text"] for e in server.history("--room", "#lobby") if e["kind"] == "said"] == [
        "in the lobby"
    ]
    said = next(entry for entry in server.history() if entry["text"] == "with tea")
    assert (said["room"], said.get("other_name")) == ("#茶", None)
    assert qun("history", "--room", "#nowhere", data=server.data).returncode == 1
    lines = qun("history", data=server.data).stdout.splitlines()
    assert [line[21:] for line in lines[-1:]] == ["[#茶] 小明说: with tea"]
    assert "[#茶] 小明 进入了 #茶" in lines[2]


def test_the_administrators_screen(serve, crowd_of):
    """Other rooms by their names; never what two people say to each other."""
    server = serve(*FAST, keyboard="terminal")
    crowd = crowd_of(server)
    ming, hong = crowd.enter("小明", "小红")
    room = ming.settle(ming.join("#茶")).rooms[0]
    ming.settle(ming.direct("小红", "psst"))
    ming.settle(ming.say("with tea", room))
    ming.settle(ming.say("end"))
    server.stdout.expect_raw("小明说: end")
    shown = server.stdout.text
    assert "[#茶] 小明说: with tea" in shown
    assert "小明 进入了 #茶" in shown
    assert "psst" not in shown and "悄悄" not in shown


def age(server, seq):
    """Of a stopped server: what happened up to that entry was three days ago."""
    path = server.data / "log.db"
    owner = path.stat()
    database = sqlite3.connect(path)
    long_ago = int((time.time() - 3 * 86400) * 1e6)
    database.execute("UPDATE entries SET time = ? WHERE seq <= ?", (long_ago, seq))
    database.commit()
    database.close()
    os.chown(path, owner.st_uid, owner.st_gid)


# ---- Rooms ---------------------------------------------------------------------------------------


def test_rooms_end_when_nothing_is_left_of_them(serve, crowd_of):
    """Where nothing was said nothing is kept; where something was, the room waits for who comes back."""
    server = serve(*FAST)
    crowd = crowd_of(server)
    ming = crowd.enter("小明")
    quiet = ming.settle(ming.join("#安静")).rooms[0]
    talked = ming.settle(ming.join("#茶")).rooms[0]
    ming.settle(ming.say("x", talked))
    ming.settle(ming.part(quiet))
    ming.settle(ming.part(talked))
    eventually(lambda: "#安静" not in ming.room_list(), "the quiet room to end")
    assert set(ming.room_list()) == {"#lobby", "#茶"}
    assert ming.settle(ming.join("#茶")).rooms == (talked,)
    assert ming.settle(ming.join("#安静")).rooms != (quiet,)
    assert server.admin("check").returncode == 0


def test_a_room_ends_when_its_history_is_forgotten(serve, crowd_of):
    server = serve(*FAST)
    crowd = crowd_of(server)
    ming = crowd.enter("小明")
    talked = ming.settle(ming.join("#旧")).rooms[0]
    ming.settle(ming.say("x", talked))
    last = ming.settle(ming.part(talked)).seq
    young = ming.settle(ming.join("#新")).rooms[0]
    ming.settle(ming.say("y", young))
    ming.settle(ming.part(young))
    server.stop()
    age(server, last)
    server.restart("--keep", "2", *FAST)
    crowd.wait(lambda: "#旧" not in ming.room_list(), "the old room to end", 20 * SLOWNESS)
    assert set(ming.room_list()) == {"#lobby", "#新"}
    assert qun("history", "--room", "#旧", data=server.data).returncode == 1
    assert ming.settle(ming.join("#旧")).rooms != (talked,)


def test_a_room_is_kept_for_who_may_come_back(serve, crowd_of):
    server = serve(*FAST)
    crowd = crowd_of(server)
    ming, hong = crowd.enter("小明", "小红")
    room = ming.settle(ming.join("#茶")).rooms[0]
    ming.settle(ming.leave("再见"))
    crowd.wait(lambda: hong.of_kind(wire.LEFT), "小明 to leave")
    wait_for_people(crowd, hong, 0)
    server.kill("hub")
    ming.come_in()
    crowd.wait_in([ming])
    ming.settle(ming.say("back", room))
    wait_for_people(crowd, hong, 1)


# ---- Deaths --------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["hub", "scribe", "clerk", "all"])
def test_who_is_what_survives_any_death(serve, crowd_of, who):
    """Connected, absent, dormant; rooms, conversations, numbers."""
    server = serve(*FAST, "--silence", "60")
    crowd = crowd_of(server)
    here, absent, dormant = crowd.enter("小明", "小红", "小刚")
    room = here.settle(here.join("#茶")).rooms[0]
    dormant.settle(dormant.join("#茶"))
    thread = here.settle(here.direct("小红", "1")).rooms
    dormant.settle(dormant.leave())
    absent.detach()
    saved = crowd.drop(absent)
    crowd.wait(lambda: here.names().get("小红"), "小红 to be absent")
    if who == "all":
        server.kill_all()
        server.restart()
    else:
        pid = server.pid_of(who)
        server.kill(who)
        server.wait_replaced(who, pid)
    here.settle(here.say("after", room))
    assert here.names() == {"小明": False, "小红": True}
    assert here.settle(here.direct("小红", "2")).rooms == thread
    back = crowd.come_back(saved)
    back.expect("2", kind=wire.DIRECTED)
    dormant.come_in()
    crowd.wait_in([dormant])
    dormant.expect("after")
    wait_for_people(crowd, here, 2)
    assert [e["text"] for e in server.history("--direct", "小红")] == ["1", "2"]
    states = json.loads(server.admin_ok("--json", "check").splitlines()[-1])
    assert states
