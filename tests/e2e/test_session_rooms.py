"""Rooms, direct messages, lists, and scrolling back, in the session dialect."""

import pytest
import session_wire as wire
from plain import Plain, said
from sessions import stop_reading
from tools import PATIENCE

FAST = ("--rate", "100000:100000")
QUICK = (*FAST, "--silence", "1", "--away", "1")
AWAKE = {"ping_after": 0.2}

WHISPERED = {"zh": "{}悄悄说: {}"}


def whispered(name, text):
    return WHISPERED["zh"].format(name, text)


def pages_back(member, room, lines=50):
    """All that a room holds, fetched backwards, oldest first."""
    found, before, more = [], member.log.cursor + 1, 1
    while more:
        answer = member.answer(member.before(room, before, lines))
        assert not answer.reason, wire.word(answer.reason)
        assert len(answer.items) <= lines
        found[:0] = answer.items
        more = answer.more
        before = answer.items[0].seq if answer.items else 0
    return found


def reason_of(member, question):
    return wire.word(member.answer(question).reason)


# ---- Rooms ---------------------------------------------------------------------------------------


@pytest.mark.asan
def test_a_room_of_ones_own(serve, crowd_of):
    """What is said in a room is heard in it, and nowhere else."""
    server = serve(*FAST)
    crowd = crowd_of(server)
    old = Plain(server).enter("老王")
    ming, hong, gang = crowd.enter("小明", "小红", "小刚")
    made = ming.settle(ming.join("#茶"))
    assert (made.kind, made.other) == (wire.JOINED, "#茶")
    room = made.rooms[0]
    assert hong.settle(hong.join("#茶")).rooms == (room,)
    ming.expect("", kind=wire.JOINED)
    ming.say("in the room", room)
    hong.expect("in the room")
    ming.settle(ming.say("in the lobby"))
    gang.expect("in the lobby")
    assert gang.texts() == ["in the lobby"]
    old.find(said("小明", "in the lobby"))
    assert not [line for line in old.lines if "in the room" in line]
    assert hong.names(room) == {"小明": False, "小红": False}
    rooms = gang.room_list()
    assert (rooms["#茶"].room, rooms["#茶"].people, rooms["#茶"].flags & 1) == (room, 2, 0)
    assert ming.room_list()["#茶"].flags & 1
    gone = hong.settle(hong.part(room, "够了"))
    assert (gone.kind, gone.text, gone.other) == (wire.PARTED, "够了", "#茶")
    ming.expect("够了", kind=wire.PARTED)
    ming.settle(ming.say("alone", room))
    hong.settle(hong.say("end"))
    assert "alone" not in hong.texts()
    assert reason_of(gang, gang.before(room, gang.log.cursor + 1)) in ("not-in-room", "no-such-room")


def test_who_leaves_a_room_is_not_told_of_it_anymore(serve, crowd_of):
    server = serve(*FAST)
    crowd = crowd_of(server)
    ming, hong = crowd.enter("小明", "小红")
    room = ming.settle(ming.join("#a")).rooms[0]
    hong.settle(hong.join("#A"))
    hong.settle(hong.part(room))
    number = hong.say("may I?", room)
    refusal = hong.settle(number)
    assert (refusal.kind, wire.word(refusal.reason)) == (wire.NOT_DONE, "not-in-room")


@pytest.mark.parametrize("what", ["resume", "edge", "server"])
@pytest.mark.parametrize("was_in", [False, True])
def test_rooms_left_while_behind(serve, crowd_of, what, was_in):
    """Who reads the log later than it was written hears of a room what it was there for, no more and no
    less, though by now it has left."""
    server = serve(*FAST, "--edges", "1")
    crowd = crowd_of(server)
    hong, ming = crowd.enter("小红", "小明")
    room = hong.settle(hong.join("#茶")).rooms[0]
    if was_in:
        ming.settle(ming.join("#茶"))
        hong.settle(hong.say("first", room))
        ming.expect("first")
    stop_reading(crowd, ming)
    if was_in:
        ming.part(room)
        crowd.wait(lambda: hong.of_kind(wire.PARTED), "小明 out")
    hong.settle(hong.say("before", room))
    for join_and_part in range(2):
        ming.join("#茶")
        crowd.wait(lambda: len(hong.of_kind(wire.JOINED)) == 2 + was_in + join_and_part, "小明 in")
        hong.settle(hong.say(f"for both {join_and_part}", room))
        ming.part(room)
        crowd.wait(lambda: len(hong.of_kind(wire.PARTED)) == 1 + was_in + join_and_part, "小明 out")
        hong.settle(hong.say(f"after {join_and_part}", room))
    hong.settle(hong.say("end"))
    if what == "edge":
        server.wait_replaced("edge 0", server.kill("edge 0"))
    elif what == "server":
        server.kill_all()
        server.restart()
    ming = crowd.come_back(ming.save())
    ming.expect("end")
    assert ming.texts() == ["for both 0", "for both 1", "end"]


def test_renames_and_leaves_are_told_once_to_who_shares_rooms(serve, crowd_of):
    """One entry, however many rooms it concerns."""
    server = serve(*FAST)
    crowd = crowd_of(server)
    ming, hong = crowd.enter("小明", "小红")
    rooms = set()
    for name in ("#a", "#b", "#c"):
        rooms |= set(ming.settle(ming.join(name)).rooms)
        hong.settle(hong.join(name))
    ming.settle(ming.rename("大明"))
    ming.leave("bye")
    crowd.wait(lambda: hong.of_kind(wire.LEFT), "the leave")
    renames = hong.of_kind(wire.RENAMED)
    assert [(e.other, e.name, set(e.rooms)) for e in renames] == [("小明", "大明", rooms | {1})]
    leaves = hong.of_kind(wire.LEFT)
    assert [(e.name, e.text, set(e.rooms)) for e in leaves] == [("大明", "bye", rooms | {1})]


def test_many_people_in_a_list(serve, crowd_of):
    """More than a datagram holds: pages, and more behind them."""
    server = serve(*FAST)
    crowd = crowd_of(server)
    names = [f"{'长' * 25}{index}" for index in range(150)]
    members = crowd.enter(*names)
    assert members[0].names() == dict.fromkeys(names, False)


# ---- Scrolling back and searching ----------------------------------------------------------------


def test_scrolling_back_to_the_beginning(serve, crowd_of, is_long):
    """Every line once, in order, long ones whole, from before one came and after."""
    server = serve(*FAST)
    crowd = crowd_of(server)
    hong = crowd.enter("小红")
    count = 5000 if is_long else 300
    texts = [f"line {n} " + "长" * (1300 if n % 100 == 7 else 3) for n in range(count)]
    for text in texts:
        hong.say(text)
    crowd.wait(hong.has_settled, "all to be kept", PATIENCE + count / 50)
    ming = crowd.enter("小明")
    found = pages_back(ming, wire.LOBBY)
    assert [e.text for e in found if e.kind == wire.SAID] == texts
    assert [e.seq for e in found] == sorted({e.seq for e in found})
    heard = {entry.seq: entry for entry in hong.entries}
    assert all(entry == heard[entry.seq] for entry in found if entry.seq in heard)


def test_search(serve, crowd_of):
    """What holds the words, in the rooms one is in and in no other."""
    server = serve(*FAST)
    crowd = crowd_of(server)
    ming, hong = crowd.enter("小明", "小红")
    room = ming.settle(ming.join("#茶")).rooms[0]
    ming.say("今天喝龙井茶", room)
    for text in ("明天喝咖啡", "昨天喝普洱茶", "nothing"):
        ming.settle(ming.say(text))

    def search(member, text, where=0):
        answer = member.answer(member.search(text, member.log.cursor + 1, where))
        return [entry.text for entry in answer.items]

    crowd.wait(lambda: search(ming, "茶") == ["今天喝龙井茶", "昨天喝普洱茶"], "the index")
    assert search(hong, "茶") == ["昨天喝普洱茶"]
    assert search(ming, "茶", room) == ["今天喝龙井茶"]
    assert search(ming, "啤酒") == []


# ---- Direct messages -----------------------------------------------------------------------------


@pytest.mark.asan
def test_direct_messages_are_for_two(serve, crowd_of):
    server = serve(*FAST)
    crowd = crowd_of(server)
    ming, hong, gang = crowd.enter("小明", "小红", "小刚")
    sent = ming.settle(ming.direct("小红", "秘密"))
    assert (sent.kind, sent.other, sent.target) == (wire.DIRECTED, "小红", hong.person)
    got = hong.expect("秘密", kind=wire.DIRECTED)
    assert (got.name, got.person, got.rooms) == ("小明", ming.person, sent.rooms)
    assert hong.settle(hong.direct("小明", "回答")).rooms == sent.rooms
    ming.expect("回答", kind=wire.DIRECTED)
    gang.settle(gang.say("end"))
    assert not gang.of_kind(wire.DIRECTED)
    thread = sent.rooms[0]
    for member in (ming, hong):
        assert [entry.text for entry in pages_back(member, thread)] == ["秘密", "回答"]
    assert reason_of(gang, gang.before(thread, gang.log.cursor + 1)) != "none"
    assert reason_of(gang, gang.search("秘密", gang.log.cursor + 1, thread)) != "none"
    crowd.wait(
        lambda: [e.text for e in hong.answer(hong.search("秘密", 1 << 62, thread)).items] == ["秘密"],
        "the index",
    )
    assert not gang.answer(gang.search("秘密", 1 << 62)).items


def test_direct_messages_are_nowhere_else(serve, crowd_of):
    """Not in H, not in the administrator's history, not in `qun history` without --direct."""
    server = serve(*FAST)
    crowd = crowd_of(server)
    old = Plain(server).enter("老王")
    ming, hong = crowd.enter("小明", "小红")
    ming.settle(ming.direct("小红", "秘密"))
    ming.settle(ming.say("公开"))
    old.find(said("小明", "公开"))
    old.send("H 50")
    old.find_where(lambda line: line.endswith("公开") and line.startswith("["), "the history")
    assert not [line for line in old.lines if "秘密" in line]
    assert "秘密" not in server.admin_ok("history", "50")
    assert "秘密" not in [entry["text"] for entry in server.history()]
    assert "秘密" not in [entry["text"] for entry in server.history("--search", "秘密")]
    for name in ("小明", "小红"):
        assert [e["text"] for e in server.history("--direct", name)] == ["秘密"]
    assert server.history("--direct", "老王") == []


def test_plain_members_receive_and_cannot_answer(serve, crowd_of):
    server = serve(*FAST)
    crowd = crowd_of(server)
    old = Plain(server).enter("老王")
    other = Plain(server).enter("老李")
    ming = crowd.enter("小明")
    old.find("小明 进入了聊天室")
    ming.settle(ming.direct("老王", "你好"))
    old.expect(whispered("小明", "你好"))
    old.say("thanks")
    other.find(said("老王", "thanks"))
    assert not [line for line in other.lines if "你好" in line]


def test_who_takes_a_freed_name_inherits_nothing(serve, crowd_of):
    """A conversation is of people, not of names."""
    server = serve(*QUICK)
    crowd = crowd_of(server)
    ming, hong = crowd.enter("小明", "小红", **AWAKE)
    first = ming.settle(ming.direct("小红", "只给你")).rooms[0]
    hong.expect("只给你", kind=wire.DIRECTED)
    saved = crowd.drop(hong)
    crowd.wait(lambda: ming.of_kind(wire.LEFT), "小红 to leave")
    heiress = crowd.enter("小红", **AWAKE)
    second = ming.settle(ming.direct("小红", "给新的")).rooms[0]
    assert second != first
    heiress.expect("给新的", kind=wire.DIRECTED)
    assert reason_of(heiress, heiress.before(first, 1 << 62)) != "none"
    assert [e.text for e in pages_back(heiress, second)] == ["给新的"]
    back = crowd.begin(saved=saved, **AWAKE)
    crowd.wait(lambda: back.events_of(wire.Refusal), "name-taken")
    back.come_in("旧小红")
    crowd.wait_in([back])
    assert ming.settle(ming.direct("旧小红", "又是你")).rooms == (first,)
    back.expect("又是你", kind=wire.DIRECTED)
    assert [e.text for e in pages_back(back, first)] == ["只给你", "又是你"]
    assert "给新的" not in back.texts(wire.DIRECTED)


def test_direct_messages_wait_for_who_is_absent(serve, crowd_of):
    """Absence loses nothing: the cursor finds them."""
    server = serve(*FAST, "--silence", "1")
    crowd = crowd_of(server)
    ming, hong = crowd.enter("小明", "小红", **AWAKE)
    saved = crowd.drop(hong)
    crowd.wait(lambda: ming.names().get("小红"), "小红 to be absent")
    ming.settle(ming.direct("小红", "bis dann"))
    crowd.come_back(saved).expect("bis dann", kind=wire.DIRECTED)
