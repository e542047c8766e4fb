"""The life of a session: coming in, being absent, leaving, coming back, and how it ends."""

import contextlib
import os
import signal
import sqlite3
import time

import pytest
import session_wire as wire
from plain import Plain, entered, left, said
from server import STOP_SECONDS
from tools import SLOWNESS, eventually

FAST = ("--rate", "100000:100000")
QUICK = (*FAST, "--silence", "1", "--away", "2")

# New life reaches those who only listen within so many seconds.
NEW_LIFE_SECONDS = 2.0 * SLOWNESS

# Who must not become absent with --silence 1 says something this often.
AWAKE = {"ping_after": 0.2}


def refused(member):
    refusals = member.crowd.wait(lambda: member.events_of(wire.Refusal), "a refusal")
    return wire.word(refusals[-1].reason)


def settled_reason(member, number):
    """Why a message was refused, in a word; None if it was not."""
    entry = member.settle(number)
    return wire.word(entry.reason) if entry.kind == wire.NOT_DONE else None


# ---- Coming in -----------------------------------------------------------------------------------


@pytest.mark.asan
def test_sessions_and_plain_members_in_one_room(serve, crowd_of):
    """Each hears the other, in one order; a session hears itself, too."""
    server = serve(*FAST)
    crowd = crowd_of(server)
    old = Plain(server).enter("老王")
    ming = crowd.enter("小明")
    old.expect(entered("小明"))
    hong = crowd.enter("小红")
    old.expect(entered("小红"))
    number = ming.say("你好")
    assert ming.settle(number).text == "你好"
    hong.expect("你好")
    old.expect(said("小明", "你好"))
    old.say("plain")
    assert ming.expect("plain").name == "老王"
    assert hong.expect("plain").seq == ming.expect("plain").seq
    assert ming.names() == {"老王": False, "小明": False, "小红": False}
    assert [entry.name for entry in ming.of_kind(wire.ENTERED)][-1] == "小红"


@pytest.mark.parametrize(
    "name, word",
    [
        ("", "name-empty"),
        ("a b", "name-invalid"),
        ("x" * 33, "name-too-long"),
        ("ADMIN", "name-reserved"),
        ("老王", "name-taken"),
    ],
)
def test_refused_names(serve, crowd_of, name, word):
    """The attempt ends with the reason; another name gets in with the next."""
    server = serve()
    Plain(server).enter("老王")
    member = crowd_of(server).begin(name)
    assert refused(member) == word
    member.come_in("小明")
    member.crowd.wait_in([member])
    assert member.name == "小明"


def test_another_version(serve):
    """A HELLO of a version to come is told which one is spoken here."""
    stranger = Plain(serve())
    nonce = bytes(range(16))
    stranger.send((b"\xf8\x01\x02" + nonce).ljust(wire.SMALLEST, b"\0"))
    assert stranger.next_bytes()[:19] == b"\xf8\x02\x01" + nonce


def test_rename_leave_and_refusals(serve, crowd_of):
    """Numbers are used up by refusals as well, and what comes after goes on."""
    server = serve(*FAST)
    crowd = crowd_of(server)
    old = Plain(server).enter("老王")
    ming = crowd.enter("小明")
    assert settled_reason(ming, ming.rename("老王")) == "name-taken"
    assert settled_reason(ming, ming.say("x" * 4097)) == "text-too-long"
    assert settled_reason(ming, ming.say("")) == "text-empty"
    assert settled_reason(ming, ming.join("lobby")) == "room-name-invalid"
    assert settled_reason(ming, ming.say("x", room=4711)) in ("no-such-room", "not-in-room")
    assert settled_reason(ming, ming.direct("谁", "x")) == "no-such-name"
    assert settled_reason(ming, ming.direct("小明", "x")) == "cannot-receive"
    assert settled_reason(ming, ming.rename("大明")) is None
    assert ming.name == "大明"
    assert settled_reason(ming, ming.say("x" * 4096)) is None
    number = ming.leave("吃饭")
    crowd.wait(lambda: ming.kept.get(number), "KEPT of the leave")
    old.find(left("大明"))
    assert crowd.enter("大明").person != ming.person


def test_long_texts_arrive_whole(serve, crowd_of):
    server = serve(*FAST)
    ming, hong = crowd_of(server).enter("小明", "小红")
    texts = ["中" * 1365, "a" * 4096, "b" * 1200, "短", "é\n" * 600]
    for text in texts:
        ming.say(text)
    hong.expect(texts[-1])
    assert hong.texts() == texts


# ---- Absent, gone, back --------------------------------------------------------------------------


@pytest.mark.asan
def test_short_absence_is_not_told(serve, crowd_of):
    """Who comes back in time has missed nothing, and nobody has noticed, except in the list."""
    server = serve(*FAST, "--silence", "1")
    crowd = crowd_of(server)
    old = Plain(server).enter("老王")
    hong = crowd.enter("小红", **AWAKE)
    ming = crowd.enter("小明")
    old.find(entered("小明"))
    hong.say("before")
    ming.expect("before")
    saved = crowd.drop(ming)
    crowd.wait(lambda: hong.names().get("小明"), "小明 to be shown as absent")
    hong.say("meanwhile")
    old.find(said("小红", "meanwhile"))
    ming = crowd.come_back(saved)
    hong.say("after")
    ming.expect("after")
    assert ming.texts() == ["meanwhile", "after"]
    assert hong.names() == {"老王": False, "小红": False, "小明": False}
    old.expect(said("小红", "after"))
    assert not hong.of_kind(wire.LEFT) and len(hong.of_kind(wire.ENTERED)) == 2


def test_long_absence_is_told(serve, crowd_of):
    """After --away the room is told, the name is free, and the cursor still comes back."""
    server = serve(*QUICK)
    crowd = crowd_of(server)
    old = Plain(server).enter("老王")
    hong, ming = crowd.enter("小红", "小明", **AWAKE)
    room = hong.settle(hong.join("#茶")).rooms[0]
    ming.settle(ming.join("#茶"))
    saved, began = crowd.drop(ming), time.monotonic()
    gone = crowd.wait(lambda: hong.of_kind(wire.LEFT), "the leave")[0]
    assert time.monotonic() - began > 2.0
    assert (gone.name, wire.word(gone.reason), set(gone.rooms)) == ("小明", "away", {1, room})
    old.find(left("小明"))
    assert "小明" not in hong.names()
    hong.say("meanwhile", room)
    hong.settle(hong.say("meanwhile, lobby"))
    ming = crowd.come_back(saved)
    old.find(entered("小明"))
    ming.expect("meanwhile, lobby")
    assert ming.texts() == ["meanwhile", "meanwhile, lobby"]
    assert ming.person == gone.person
    ming.say("I am back", room)
    hong.expect("I am back")
    assert {name for name, room in ming.room_list().items() if room.flags & 1} >= {"#茶"}


def test_name_taken_meanwhile(serve, crowd_of):
    """Another name is asked for; session, rooms and cursor stay."""
    server = serve(*QUICK)
    crowd = crowd_of(server)
    hong, ming = crowd.enter("小红", "小明", **AWAKE)
    saved = crowd.drop(ming)
    crowd.wait(lambda: hong.of_kind(wire.LEFT), "the leave")
    thief = Plain(server).enter("小明")
    thief.say("it is mine")
    ming = crowd.begin(saved=saved)
    assert refused(ming) == "name-taken"
    ming.come_in("大明")
    crowd.wait_in([ming])
    assert (ming.name, ming.person) == ("大明", saved["person"])
    ming.expect("it is mine")
    ming.settle(ming.say("and this is me"))
    assert hong.expect("and this is me").name == "大明"


@pytest.mark.asan
def test_detach_is_absence_at_once(serve, crowd_of):
    server = serve(*FAST)
    crowd = crowd_of(server)
    hong, ming = crowd.enter("小红", "小明")
    ming.detach()
    crowd.wait(lambda: hong.names().get("小明"), "小明 to be shown as absent")
    hong.settle(hong.say("meanwhile"))
    ming.come_in()
    ming.expect("meanwhile")
    assert not hong.of_kind(wire.LEFT)


def test_forgotten(serve, crowd_of):
    """A session nobody used for --forget is gone, and so is what it knew of rooms."""
    server = serve(*FAST, "--silence", "1", "--away", "1", "--forget", "2")
    crowd = crowd_of(server)
    hong, ming = crowd.enter("小红", "小明", **AWAKE)
    saved = crowd.drop(ming)
    crowd.wait(lambda: hong.of_kind(wire.LEFT), "the leave")
    # Each attempt to come back would be a use: what is kept says when it is forgotten.
    log = sqlite3.connect(f"file:{server.data}/log.db?mode=ro", uri=True)
    ours = "SELECT count(*) FROM rows WHERE kind = 770 AND id = ?"
    assert log.execute(ours, (saved["id"],)).fetchone() == (1,)
    crowd.wait(lambda: log.execute(ours, (saved["id"],)).fetchone() == (0,), "it to be forgotten")
    log.close()
    again = crowd.begin(saved=saved)
    assert refused(again) == "no-such-session"
    assert crowd.enter("小明").person != saved["person"]


def test_leave_and_resume(serve, crowd_of):
    """LEAVE keeps the session: coming back is an enter, from the cursor."""
    server = serve(*FAST)
    crowd = crowd_of(server)
    old = Plain(server).enter("老王")
    ming = crowd.enter("小明")
    number = ming.leave("午饭")
    crowd.wait(lambda: ming.kept.get(number), "KEPT of the leave")
    saved = crowd.drop(ming)
    old.find(left("小明"))
    old.say("meanwhile")
    ming = crowd.come_back(saved)
    old.find(entered("小明"))
    ming.expect("meanwhile")
    assert ming.person == saved["person"]
    assert ming.settle(ming.say("again")).number == number + 1


def test_who_has_left_hears_nothing_more(serve, crowd_of):
    """Its connection stays, and knows of nothing that happened since; what it says is refused."""
    server = serve(*FAST)
    crowd = crowd_of(server)
    ming, hong = crowd.enter("小明", "小红")
    number = ming.leave()
    crowd.wait(lambda: ming.kept.get(number), "KEPT of the leave")
    hong.settle(hong.say("behind its back"))
    number = ming.say("am I here?")
    crowd.wait(lambda: number in ming.kept, "KEPT of the refusal")
    hong.settle(hong.say("end"))
    assert not ming.texts() and "am I here?" not in hong.texts()
    ming.come_in()
    ming.expect("end")
    assert ming.texts() == ["behind its back", "end"]
    # Refusals are not history: the reason may be lost, the refusal not.
    reasons = [wire.word(entry.reason) for entry in ming.of_kind(wire.NOT_DONE)]
    assert reasons == ["not-entered"] or ming.events_of(wire.Unexplained) == [wire.Unexplained(number)]


def test_leave_and_resume_by_another_edge(serve, crowd_of):
    """The edge that one comes back by serves one at once, wherever one had left."""
    server = serve(*FAST, "--edges", "2")
    crowd = crowd_of(server)
    people = crowd.enter(*(f"p{index}" for index in range(12)))
    numbers = [member.leave("") for member in people]
    crowd.wait(lambda: all(member.kept.get(n) for member, n in zip(people, numbers)), "KEPT of the leaves")
    back = [crowd.begin(saved=crowd.drop(member)) for member in people]
    crowd.wait_in(back)
    connections = [member.connection for member in back]
    for member in back:
        member.settle(member.say("here"))
    assert all(member.connection is its for member, its in zip(back, connections)), "somebody had to come in twice"


# ---- Restarts ------------------------------------------------------------------------------------


@pytest.mark.asan
@pytest.mark.parametrize("name", ["edge 0", "edge 1", "hub", "scribe", "clerk"])
def test_who_listens_hears_on_after_a_death(serve, crowd_of, name):
    """Somebody who says nothing hears what is said within two seconds after the death."""
    server = serve(*FAST, "--edges", "2")
    crowd = crowd_of(server)
    listeners = crowd.enter(*(f"l{index}" for index in range(8)))
    speaker = Plain(server).enter("老王")
    speaker.say("before")
    for listener in listeners:
        listener.expect("before")
    pid = server.kill(name)
    began = time.monotonic()
    while not any("after" in text for text in listeners[0].texts()):
        speaker.say("after")
        crowd.turn(0.05)
        assert time.monotonic() - began < NEW_LIFE_SECONDS
    for listener in listeners:
        listener.expect("after", max(began + NEW_LIFE_SECONDS - time.monotonic(), 0.01))
    server.wait_replaced(name, pid)


@pytest.mark.parametrize("is_polite", [False, True])
def test_restart_of_the_server(serve, crowd_of, is_polite):
    """Sessions go on; nobody entered or left; who only listens is found by the new server."""
    server = serve(*FAST)
    crowd = crowd_of(server)
    ming, hong = crowd.enter("小明", "小红")
    ming.settle(ming.say("before"))
    hong.expect("before")
    told = hong.of_kind(wire.ENTERED)
    server.stop() if is_polite else server.kill_all()
    server.restart()
    ready = time.monotonic()
    ming.say("after")
    hong.expect("after", NEW_LIFE_SECONDS + 5)
    print(f"heard {time.monotonic() - ready:.2f} s after the new server was ready")
    assert hong.texts() == ["before", "after"]
    if not is_polite:
        assert not hong.of_kind(wire.LEFT) and hong.of_kind(wire.ENTERED) == told


def test_restart_of_the_server_finds_the_silent(serve, crowd_of):
    """Nobody says anything: the new server tells those who were connected, unasked."""
    server = serve(*FAST)
    crowd = crowd_of(server)
    listeners = crowd.enter("小明", "小红")
    server.kill_all()
    server.restart()
    began = time.monotonic()
    Plain(server).enter("老王").say("new")
    for listener in listeners:
        listener.expect("new", max(began + NEW_LIFE_SECONDS - time.monotonic(), 0.01))


def test_a_new_log_gives_nobody_the_session_of_another(serve, crowd_of):
    """Numbers begin anew with the log; whoever had one before is not who has it now."""
    server = serve(*FAST)
    old = crowd_of(server).enter("小明")
    saved = old.crowd.drop(old)
    server.stop()
    for name in ("ring", *(path.name for path in server.data.glob("log.db*"))):
        (server.data / name).unlink()
    server.restart()
    crowd = crowd_of(server)
    assert crowd.enter("小红").person == saved["person"]
    assert refused(crowd.begin(saved=saved)) == "no-such-session"


def test_restart_of_client_and_server(serve, crowd_of):
    """What a client had said and not yet seen kept is said once, by its next life."""
    server = serve(*FAST)
    crowd = crowd_of(server)
    ming, hong = crowd.enter("小明", "小红")
    texts = [f"text {number}" for number in range(12)]
    for text in texts:
        ming.say(text)
    saved = crowd.drop(ming)
    assert saved["outbox"], "all was kept already: the test proves nothing"
    server.kill_all()
    server.restart()
    ming = crowd.come_back(saved)
    crowd.wait(ming.has_settled, "all to be settled")
    hong.expect(texts[-1])
    assert hong.texts() == texts


# ---- The end -------------------------------------------------------------------------------------


def test_kicked(serve, crowd_of):
    """The session is over; the name may come in anew."""
    server = serve(*FAST)
    crowd = crowd_of(server)
    ming, hong = crowd.enter("小明", "小红")
    saved = ming.save()
    server.admin_ok("kick", "小明", "太吵")
    end = crowd.wait(lambda: ming.events_of(wire.Ended), "END")[0]
    assert (wire.word(end.reason), "太吵" in end.text) == ("kicked", True)
    kick = crowd.wait(lambda: hong.of_kind(wire.KICKED), "the news")[0]
    assert (kick.name, kick.text) == ("小明", "太吵")
    assert refused(crowd.begin(saved=saved)) == "no-such-session"
    crowd.enter("小明")


@pytest.mark.parametrize("what", ["小明", "127.0.0.0/8"])
def test_banned(serve, crowd_of, what):
    """Who is banned is out, and stays out until the ban is taken back."""
    server = serve(*FAST)
    crowd = crowd_of(server)
    ming = crowd.enter("小明")
    server.admin_ok("ban", what, "太吵")
    end = crowd.wait(lambda: ming.events_of(wire.Ended), "END")[0]
    assert wire.word(end.reason) in ("banned", "kicked")
    again = crowd.begin("小明")
    assert refused(again) == "banned"
    server.admin_ok("unban", what)
    again.come_in("小明")
    crowd.wait_in([again])


def test_muted(serve, crowd_of):
    server = serve(*FAST)
    crowd = crowd_of(server)
    ming, hong = crowd.enter("小明", "小红")
    server.admin_ok("mute", "小明", "5")
    assert settled_reason(ming, ming.say("x")) == "muted"
    server.admin_ok("unmute", "小明")
    assert settled_reason(ming, ming.say("y")) is None
    hong.expect("y")
    assert hong.texts() == ["y"]


def test_closed(serve, crowd_of):
    """All are told why before the server ends; sessions come back to the next one."""
    server = serve(*FAST)
    crowd = crowd_of(server)
    ming = crowd.enter("小明")
    server.admin_ok("close", "下课")
    crowd.wait(lambda: [e.text for e in ming.of_kind(wire.CLOSED)] == ["下课"], "the news")
    server.wait_gone(STOP_SECONDS)
    server.restart()
    ming.come_in()
    crowd.wait_in([ming])
    ming.settle(ming.say("again"))


# ---- What is kept, and what no longer ------------------------------------------------------------


def make_old(server, seq, further=None):
    """In the log of a server that is down: what was said up to there was said three days ago."""
    path, owner = server.data / "log.db", (server.data / "log.db").stat()
    long_ago = int((time.time() - 3 * 86400) * 1e6)
    with contextlib.closing(sqlite3.connect(path)) as database:
        database.execute("update entries set time = ? where seq <= ?", (long_ago, seq))
        if further:
            database.execute(further)
        database.commit()
    os.chown(path, owner.st_uid, owner.st_gid)


def test_what_is_no_longer_kept_is_told_exactly(serve, crowd_of):
    """Who was away for longer than --keep hears which numbers are missing, and then the rest."""
    server = serve(*FAST)
    crowd = crowd_of(server)
    ming, hong = crowd.enter("小明", "小红")
    ming.expect("", kind=wire.ENTERED)
    saved = crowd.drop(ming)
    for text in ("one", "two", "old", "young"):
        hong.settle(hong.say(text))
    old, young = hong.expect("old").seq, hong.expect("young").seq
    server.stop()
    make_old(server, old)
    server.restart("--keep", "2", *FAST)
    eventually(lambda: min(entry["seq"] for entry in server.history()) > old, "it to be forgotten")
    ming = crowd.come_back(saved)
    ming.expect("young")
    assert ming.events_of(wire.Gap) == [wire.Gap(saved["cursor"], old)]
    assert [entry.seq for entry in ming.of_kind(wire.SAID)] == [young]


def test_what_is_to_go_is_told_before_it_goes(serve, crowd_of):
    """The deletion fails here: whoever asks for what it was about to take is told of a gap all the same."""
    server = serve(*FAST)
    crowd = crowd_of(server)
    ming, hong = crowd.enter("小明", "小红")
    ming.expect("", kind=wire.ENTERED)
    saved = crowd.drop(ming)
    for text in ("old", "young"):
        hong.settle(hong.say(text))
    old = hong.expect("old").seq
    server.stop()
    make_old(server, old, "create trigger stay before delete on entries begin select raise(abort, 'no'); end")
    server.restart("--keep", "2", *FAST)

    def is_told():
        """The scribe looks for what is old a second after its start."""
        ming = crowd.come_back(saved)
        ming.expect("young")
        told = ming.events_of(wire.Gap)
        crowd.drop(ming)
        assert told in ([], [wire.Gap(saved["cursor"], old)])
        return told

    eventually(is_told, "the gap")
    assert "old" in [entry["text"] for entry in server.history()], "it went: the test proves nothing"


def test_fsync_keeps_before_it_says_kept(serve, crowd_of):
    """With --fsync others may hear a message before it is durable, but its author is not told."""
    server = serve(*FAST, "--fsync")
    crowd = crowd_of(server)
    ming, hong = crowd.enter("小明", "小红")
    number = ming.say("durable")
    crowd.wait(lambda: number in ming.kept, "KEPT")
    scribe = server.send_signal("scribe", signal.SIGSTOP)
    try:
        number = ming.say("not yet durable")
        hong.expect("not yet durable")
        end = time.monotonic() + 1
        while time.monotonic() < end:
            crowd.turn(0.05)
        assert number not in ming.kept and number in ming.outbox
    finally:
        server.send_signal("scribe", signal.SIGCONT)
    assert scribe == server.pid_of("scribe")
    crowd.wait(lambda: number in ming.kept, "KEPT")
    assert [e["text"] for e in server.history()].count("not yet durable") == 1


def test_no_fsync_keeps_at_once(serve, crowd_of):
    """Without it the disk is waited for by nobody."""
    server = serve(*FAST)
    crowd = crowd_of(server)
    ming = crowd.enter("小明")
    server.send_signal("scribe", signal.SIGSTOP)
    try:
        number = ming.say("x")
        crowd.wait(lambda: number in ming.kept, "KEPT")
    finally:
        server.send_signal("scribe", signal.SIGCONT)


def test_one_message_once_whatever_is_replayed(serve, crowd_of):
    """Recorded datagrams of a client, sent again from its address, do nothing."""
    server = serve(*FAST)
    crowd = crowd_of(server)
    ming, hong = crowd.enter("小明", "小红")
    sent, send = [], ming._send
    ming._send = lambda datagram, now: (sent.append(datagram), send(datagram, now))
    for number in range(20):
        ming.settle(ming.say(f"text {number}"))
    ming.come_in()
    crowd.wait_in([ming])
    ming.settle(ming.say("resumed"))
    assert {datagram[1] for datagram in sent} == {wire.RESUME, wire.TALK}
    for datagram in sent * 3:
        ming.socket.send(datagram)
    ming.settle(ming.say("end"))
    hong.expect("end")
    assert hong.texts() == [*(f"text {number}" for number in range(20)), "resumed", "end"]
    assert len(ming.events_of(wire.Welcomed)) == 2
    eventually(lambda: server.admin("check").returncode == 0, "equal states")
