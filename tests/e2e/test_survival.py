"""What survives what: each row of the design's table, while several people talk all the while."""

import os
import random
import re
import shutil
import signal
import sqlite3
import subprocess
import time

import pytest
from load import Load
from plain import Crowd, Plain, entered, loopback_sources
from server import STOP_SECONDS, Refused
from tools import IS_ROOT, SLOWNESS, cpu_seconds, eventually, may_unshare, qun

FAST = ("--rate", "100000:100000")

# After the death of one process messages flow again within so many seconds.
PAUSE_SECONDS = 2.0 * SLOWNESS


def check_goes_on(server, load, name):
    """Within two seconds everybody hears everybody, and an L is answered."""
    newcomer = Plain(server)
    newcomer.name = name
    newcomer.send(f"L {name}")
    took = load.wait_flows(seconds=PAUSE_SECONDS)
    assert newcomer.next(PAUSE_SECONDS, what="OK") == "OK"
    return took


# ---- One process dies ----------------------------------------------------------------------------


@pytest.mark.asan
@pytest.mark.parametrize("name", ["hub", "scribe", "clerk", "console", "edge 0", "edge 1"])
def test_kill_one(serve, name, is_long):
    """Names and memberships are intact, nobody is told that anybody left, nothing is lost."""
    is_edge = name.startswith("edge")
    for life in range(30 if is_long else 1):
        server = serve(*FAST, "--edges", "2", data=f"data{life}")
        with Load(server, listeners=6, window=8, text="x" * random.randrange(500)) as load:
            for turn in range(4):
                load.wait_count(random.randrange(1, 60))
                pid = server.kill(name)
                took = check_goes_on(server, load, f"新{turn}")
                print(f"{name}: messages flow after {took * 1000:.0f} ms")
                server.wait_replaced(name, pid)
                server.wait_no_zombies()
        # What an edge had read and not yet handed on was acknowledged to nobody.
        load.check(may_repeat=is_edge, all_is_kept=not is_edge)
        load.check_nobody_was_told_of_leaving()
        load.close()
        server.finish()


@pytest.mark.asan
def test_kill_each_in_turn(serve, is_long):
    """One after the other, without a pause to recover."""
    for life in range(30 if is_long else 1):
        server = serve(*FAST, "--edges", "2", data=f"data{life}")
        names = ["scribe", "hub", "edge 0", "clerk", "console", "hub", "edge 1", "scribe"]
        random.shuffle(names)
        with Load(server, listeners=6, window=8) as load:
            for name in names:
                server.kill(name)
                load.wait_flows()
            check_goes_on(server, load, "新")
        load.check(may_repeat=True, all_is_kept=False)
        load.check_nobody_was_told_of_leaving()
        load.close()
        server.finish()


@pytest.mark.asan
def test_kill_two_at_once(serve, is_long):
    """Any two; the one that is started first finds the other missing."""
    for life in range(30 if is_long else 2):
        server = serve(*FAST, "--edges", "2", data=f"data{life}")
        pair = random.sample(["hub", "scribe", "clerk", "console", "edge 0", "edge 1"], 2)
        print("killed:", *pair)
        with Load(server, listeners=6, window=8) as load:
            load.wait_count(random.randrange(1, 60))
            for pid in [server.pid_of(name) for name in pair]:
                os.kill(pid, signal.SIGKILL)
            check_goes_on(server, load, "新")
        load.check(may_repeat=True, all_is_kept="edge" not in " ".join(pair))
        load.check_nobody_was_told_of_leaving()
        load.close()
        server.finish()


def test_kill_all_but_the_keeper(serve):
    """Everybody at once; the keeper, whom nothing from outside reaches, brings them back."""
    server = serve(*FAST, "--edges", "2")
    with Load(server) as load:
        load.wait_count(20)
        pids = server.children()
        for name, pid in pids.items():
            if name != "keeper":
                os.kill(pid, signal.SIGKILL)
        load.wait_flows()
        assert Plain(server).try_to_enter("新") == "OK"
    load.check(may_repeat=True, all_is_kept=False)
    load.check_nobody_was_told_of_leaving()


@pytest.mark.asan
@pytest.mark.parametrize("name", ["hub", "scribe", "clerk", "console", "edge 0", "edge 1"])
def test_kill_one_while_all_is_quiet(serve, name):
    """Who sleeps does not hear of a death by itself."""
    server = serve("--edges", "2")
    ming, hong = Crowd(server, ["小明", "小红"])
    pid = server.kill(name)
    server.wait_replaced(name, pid)
    ming.say("x")
    # An edge that was killed before it could note that an answer was sent sends it once more.
    again = hong.find("小明说: x", seconds=PAUSE_SECONDS)
    assert set(again) <= ({"OK"} if name.startswith("edge") else set())
    hong.quit()
    ming.find("小红 退出了聊天室")


@pytest.mark.asan
def test_a_dead_edge_serves_members_who_only_listen(serve):
    server = serve(*FAST, "--edges", "2")
    ming = Plain(server).enter("小明")
    listeners = [Plain(server, source).enter(f"l{i}") for i, source in enumerate(loopback_sources(12))]
    for name in ("edge 0", "edge 1"):
        server.wait_replaced(name, server.kill(name))
    ming.say("x")
    for listener in listeners:
        listener.find("小明说: x", seconds=PAUSE_SECONDS)


def test_who_keeps_dying_is_restarted_at_a_growing_pace(serve):
    server = serve(*FAST)
    ming, hong = Crowd(server, ["小明", "小红"])
    pid, pauses = server.pid_of("hub"), []
    for _ in range(6):
        os.kill(pid, signal.SIGKILL)
        began = time.monotonic()
        pid = server.wait_replaced("hub", pid)
        pauses.append(time.monotonic() - began)
    assert sum(pauses[3:]) > sum(pauses[:3]), pauses
    assert pauses[5] > 0.1, pauses
    server.stderr.expect(r"hub.*(signal 9|SIGKILL|[Kk]illed)")
    ming.say("x")
    hong.expect("小明说: x")


@pytest.mark.asan
def test_fsync_without_a_scribe(serve):
    """Acknowledgements wait until it is back; delivery never waits."""
    server = serve(*FAST, "--fsync")
    ming, hong = Crowd(server, ["小明", "小红"])
    pid = server.send_signal("scribe", signal.SIGSTOP)
    newcomer = Plain(server).send("L 小刚")
    ming.expect(entered("小刚"))
    ming.say("x")
    hong.expect(entered("小刚"), "小明说: x")
    assert not newcomer.pending(), "acknowledged without the disk"
    os.kill(pid, signal.SIGKILL)
    # OK first, then what it missed meanwhile.
    newcomer.expect("OK", "小明说: x")


def syncs(server):
    rows = [row for row in server.admin_json("stats") if row.get("process") == "scribe"]
    return rows[0]["counters"].get("syncs", 0)


def test_what_is_stored_is_synced_once_a_second(serve):
    """However much is said; and what is said last, too. With --fsync each batch is."""
    server = serve(*FAST)
    with Load(server, window=8) as load:
        load.wait_count(20)
        began, before = time.monotonic(), syncs(server)
        eventually(lambda: syncs(server) - before >= 3, "three syncs")
        assert syncs(server) - before <= time.monotonic() - began + 1
        load.wait_count(1)
    last = server.history("--last", "1")[0]["seq"]

    def is_durable():
        rows = [row for row in server.admin_json("stats") if row.get("process") == "scribe"]
        return rows[0]["seq_durable"] >= last

    eventually(is_durable, "a sync of the last words")


# ---- All die -------------------------------------------------------------------------------------


@pytest.mark.asan
@pytest.mark.parametrize("options", [(), ("--fsync",)], ids=["", "fsync"])
@pytest.mark.parametrize("whom", ["keeper", "all"])
def test_kill_everything(serve, whom, options, is_long):
    """Everything that anyone was sent or had acknowledged is in the history, exactly once, in order."""
    turns = 100 if is_long else 3
    server = serve(*FAST, *options, "--edges", "2")
    with Load(server, window=8, text="x" * random.randrange(500)) as load:
        for turn in range(turns):
            load.wait_count(random.randrange(1, 60))
            Plain(server).enter(f"新{turn}")
            server.admin_ok("shout", f"shout {turn}")
            if whom == "keeper":
                began = time.monotonic()
                server.kill("keeper")
                server.wait_gone()
                assert time.monotonic() - began < STOP_SECONDS
            else:
                server.kill_all()
            server.restart()
            load.wait_flows()
    # What was on the way when all died goes on after the restart; what was just being sent may come twice.
    load.check(may_repeat=True, all_is_kept=False)
    load.check_nobody_was_told_of_leaving()
    kept = server.history()
    for turn in range(turns):
        assert sum(each["name"] == f"新{turn}" for each in kept) == 1
        assert sum(each["text"] == f"shout {turn}" for each in kept if each["kind"] == "shouted") == 1
    seqs = [each["seq"] for each in kept]
    assert seqs == sorted(set(seqs))


@pytest.mark.asan
def test_what_was_still_to_be_delivered_when_all_died(serve):
    """An edge goes on where it was, though everybody died with it: nobody misses a line."""
    server = serve(*FAST, "--edges", "2")
    _, members, listener, talker = pair_beside_a_stopped_edge(server)
    total = 20
    for number in range(total):
        talker.say(f"late {number}")
    eventually(lambda: f"{talker.name}说: late {total - 1}" in listener.lines, "the last of them")
    server.kill_all()
    server.restart()
    talker.say("end")
    for member in members:
        if member is not talker:
            eventually(lambda: f"{talker.name}说: end" in member.lines, lambda: f"the end at {member}")
            late = [line for line in member.lines if "说: late " in line]
            assert late == [f"{talker.name}说: late {number}" for number in range(total)], member


@pytest.mark.asan
@pytest.mark.parametrize("options", [("--fsync",), ()], ids=["fsync", ""])
def test_power_loss(serve, options, is_long):
    """The ring is thrown away: with --fsync everything acknowledged is there; no number comes twice."""
    server = serve(*FAST, *options, "--edges", "2")
    acknowledged = []
    numbers = {}
    for turn in range(8 if is_long else 3):
        with Load(server, names=f"l{turn}.", first=10 * turn) as load:
            for number in range(10):
                name = f"新{turn}.{number}"
                Plain(server).enter(name)
                acknowledged.append(("entered", name))
                server.admin_ok("shout", f"shout {turn}.{number}")
                acknowledged.append(("shouted", f"shout {turn}.{number}"))
        before = {each["seq"]: (each["kind"], each["name"], each["text"]) for each in server.history()}
        server.kill_all()
        os.unlink(server.data / "ring")
        server.restart()
        Plain(server).enter(f"after {turn}".replace(" ", ""))
        after = {each["seq"]: (each["kind"], each["name"], each["text"]) for each in server.history()}
        numbers.update(before)
        for seq, entry in after.items():
            assert numbers.setdefault(seq, entry) == entry, f"number {seq} was given twice"
        new = set(after) - set(before)
        assert new and min(new) > max(before), "the numbers do not go on past a gap"
        if options:
            there = {(kind, name if kind == "entered" else text) for kind, name, text in after.values()}
            lost = [each for each in acknowledged if each not in there]
            assert not lost, f"acknowledged and lost: {lost[:10]}"
        for member in [*load.talkers, *load.listeners]:
            member.quit() if options else member.close()


# ---- Somebody sleeps -----------------------------------------------------------------------------


@pytest.mark.asan
@pytest.mark.parametrize("name", ["hub", "scribe", "clerk", "console", "edge 0", "keeper"])
def test_stopped_for_a_while(serve, name, is_long):
    """SIGSTOP, and five seconds later SIGCONT: nothing is lost and nothing comes twice."""
    server = serve(*FAST, "--edges", "2")
    with Load(server) as load:
        load.wait_count(20)
        server.send_signal(name, signal.SIGSTOP)
        if name in ("scribe", "clerk", "console", "keeper"):
            load.wait_count(20)  # Nobody waits for these.
        time.sleep(5 if is_long else 1)  # Not in place of an answer: this is the disturbance.
        server.send_signal(name, signal.SIGCONT)
        check_goes_on(server, load, "新")
    load.check()
    load.check_nobody_was_told_of_leaving()


# ---- The ring is overtaken -----------------------------------------------------------------------


def pair_beside_a_stopped_edge(server, count=16):
    """Members of both edges; edge 1 is stopped: (its pid, all, a listener and a talker at edge 0)."""
    members = [Plain(server, source).enter(f"m{i}") for i, source in enumerate(loopback_sources(count))]
    pid = server.send_signal("edge 1", signal.SIGSTOP)
    # Who hears anything now is served by edge 0, and so is who is heard.
    marks = [len(member.lines) for member in members]
    for member in members:
        member.say("who is there?")

    def look():
        for member, mark in zip(members, marks, strict=True):
            for line in member.lines[mark:]:
                if line.endswith("说: who is there?"):
                    return member, next(m for m in members if line.startswith(f"{m.name}说"))
        return None

    listener, talker = eventually(look, "somebody at edge 0")
    return pid, members, listener, talker


@pytest.mark.asan
def test_an_edge_is_overtaken(serve):
    """An edge that was stopped joins the ring again without a gap or a double."""
    server = serve(*FAST, "--edges", "2", "--ring", "1")
    pid, members, listener, talker = pair_beside_a_stopped_edge(server)
    total, text = 500, "x" * 4000  # twice the ring
    for number in range(total):
        talker.say(f"{number} {text}")
        if number % 8 == 7:
            eventually(lambda: any(f"说: {number} " in line for line in listener.lines[-40:]), number)
    os.kill(pid, signal.SIGCONT)
    talker.say("end")
    wanted = [str(number) for number in range(total)]
    others = [member for member in members if member is not talker]
    for member in others:
        eventually(lambda: f"{talker.name}说: end" in member.lines, lambda: f"the end at {member}")
        heard = [line.removeprefix(f"{talker.name}说: ") for line in member.lines
                 if line.startswith(f"{talker.name}说: ")]
        numbers = [part.split(" ")[0] for part in heard if re.match(r"\d+ x", part)]
        assert numbers == wanted, f"{member}: {len(numbers)} of {total}"
        assert sum(part.count("x") for part in heard) == total * len(text)
    texts = [each["text"] for each in server.history() if each["kind"] == "said" and " x" in each["text"]]
    assert [each.split(" ")[0] for each in texts] == wanted


@pytest.mark.asan
def test_the_scribe_is_never_overtaken(serve):
    """It is three quarters of the ring behind: senders are told; later it goes on, and all is kept."""
    server = serve(*FAST, "--ring", "1")
    ming, hong = Crowd(server, ["小明", "小红"])
    server.send_signal("scribe", signal.SIGSTOP)
    said, text = 0, "x" * 4000

    def are_told():
        nonlocal said
        for _ in range(20):
            ming.say(f"{said} {text}")
            said += 1
        return any("忙" in line for line in ming.lines)

    eventually(are_told, "a word that the server is busy")
    assert said < 2000
    server.send_signal("scribe", signal.SIGCONT)

    def goes_on():
        ming.say("later")
        return "小明说: later" in hong.lines

    eventually(goes_on, "going on")
    heard = [line.split(" ")[1] for line in hong.lines if re.match(r"小明说: \d+ x", line)]
    kept = [each["text"].split(" ")[0] for each in server.history()
            if each["kind"] == "said" and " x" in each["text"]]
    assert kept == heard
    assert 100 < len(kept) < 400


@pytest.mark.long
def test_a_hub_that_waits_for_the_scribe_sleeps(serve):
    """Also when a mute runs out meanwhile, which it cannot lift yet."""
    server = serve(*FAST, "--ring", "1")
    ming, hong = Crowd(server, ["小明", "小红"])
    server.admin_ok("mute", "小红", "1")
    began = time.monotonic()
    server.send_signal("scribe", signal.SIGSTOP)

    def is_told():
        for _ in range(20):
            ming.say("x" * 4000)
        return any("忙" in line for line in ming.lines)

    eventually(is_told, "a word that the server is busy")
    eventually(lambda: time.monotonic() - began > 62, "the end of the mute", 90)
    pid = server.pid_of("hub")
    before = cpu_seconds(pid)
    time.sleep(2)  # Not in place of an answer: this is what is measured.
    assert cpu_seconds(pid) - before < 0.2
    server.send_signal("scribe", signal.SIGCONT)

    def is_heard():
        hong.say("again")
        return any(line == "小红说: again" for line in ming.lines)

    eventually(is_heard, "the end of the mute")


# ---- The disk ------------------------------------------------------------------------------------


def need_small_disk():
    if not IS_ROOT or not may_unshare("-m") or not shutil.which("nsenter"):
        pytest.skip("needs a small disk of its own")


def small_disk(place, megabytes):
    """A tmpfs in a mount namespace of the server's."""
    (place / "data").mkdir()
    mount = f"mount -t tmpfs -o mode=0755,size={megabytes}m none {place}/data"
    return {"wrap": ("unshare", "-m", "sh", "-c", f'{mount} && exec "$0" "$@"'), "inside": ("-m",)}


def in_server(server, script):
    subprocess.run([*map(str, server.enter_command()), "sh", "-c", script], check=False,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def test_disk_full(serve, place):
    """Said; senders are told when the ring is full, too; with room again it goes on, and all is kept."""
    need_small_disk()
    server = serve(*FAST, "--ring", "1", **small_disk(place, 16))
    with Load(server, text="x" * 1000) as load:
        load.wait_count(20)
        in_server(server, f"cat /dev/zero >{server.data}/ballast")
        server.stderr.expect(r"(?i)no space|full")
        eventually(lambda: any("忙" in line for t in load.talkers for line in t.lines[-200:]),
                   "a word that the server is busy")
        assert server.process.poll() is None
        in_server(server, f"rm {server.data}/ballast")
        load.wait_flows()
    load.check(all_is_kept=False)
    load.check_nobody_was_told_of_leaving()


def test_no_room_for_the_ring(serve, place):
    """Said at start in one sentence, and never later."""
    need_small_disk()
    with pytest.raises(Refused) as refused:
        serve("--ring", "64", **small_disk(place, 16))
    lines = refused.value.stderr.strip().splitlines()
    assert any(re.search(r"(?i)no space|full|room", line) for line in lines)
    assert len(lines) <= 2, lines


def fill(server, count=2000):
    ming, hong = Crowd(server, ["小明", "小红"])
    for number in range(count):
        ming.say(f"text number {number} " + "x" * 50)
        if number % 50 == 49:
            hong.find_where(lambda line: f"text number {number} " in line, number)
    server.stop()


def damage(path, offset, size):
    with open(path, "r+b") as file:
        file.seek(offset)
        file.write(os.urandom(size))


DAMAGES = {
    "header": lambda path: damage(path, 0, 100),
    "schema": lambda path: damage(path, 100, 3000),
    "last rows": lambda path: damage_around(path, "text number 1999 "),
    "cut short": lambda path: os.truncate(path, path.stat().st_size // 2),
    "not a database": lambda path: path.write_bytes(b"all of my thesis\n" * 1000),
    "empty text": lambda path: path.write_bytes(b"x"),
}


def damage_around(path, text):
    """Overwrites the page that holds a text; the index has none."""
    at = path.read_bytes().rindex(text.encode())
    damage(path, at // 4096 * 4096, 4096)


@pytest.mark.asan
@pytest.mark.parametrize("what", DAMAGES)
def test_log_damaged(serve, what):
    """Said clearly at start, and never overwritten."""
    server = serve(*FAST)
    fill(server)
    path = server.data / "log.db"
    DAMAGES[what](path)
    os.unlink(server.data / "ring")
    before = path.read_bytes()
    with pytest.raises(Refused) as refused:
        server.restart()
    assert refused.value.code not in (0, 2)
    assert "log.db" in refused.value.stderr
    assert path.read_bytes() == before
    done = qun("history", data=server.data)
    assert done.returncode not in (0, 2) and "log.db" in done.stderr


@pytest.mark.asan
def test_admin_check_reads_all(serve):
    """What lies in the middle is not looked at when the server starts; `qun admin check` finds it."""
    server = serve(*FAST)
    fill(server)
    server.restart()
    server.admin_ok("check")
    server.stop()
    damage_around(server.data / "log.db", "text number 1000 ")
    server.restart()
    server.checks_at_end = False
    done = server.admin("check")
    assert done.returncode not in (0, 2)
    assert done.stdout + done.stderr
    ming = Plain(server).enter("小刚")
    ming.send("Q").find("EXIT")


def test_migration_keeps_a_copy(serve):
    """There is one schema so far: what is left to see is that a version is written down."""
    server = serve()
    server.stop()
    database = sqlite3.connect(f"file:{server.data}/log.db?mode=ro", uri=True)
    assert database.execute("pragma user_version").fetchone()[0] >= 1
    assert database.execute("pragma application_id").fetchone()[0] != 0
    database.close()
