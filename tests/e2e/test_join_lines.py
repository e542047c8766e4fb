"""qun join --lines: a pipe into the room."""

import fcntl
import os
import pty
import re
import select
import signal
import socket
import subprocess
import sys

import joined
import pytest
from plain import Plain, entered, left
from tools import BINARY, IS_ROOT, PATIENCE, eventually, may_unshare, processes, remove_place

FAST = ("--rate", "100000:100000")


@pytest.fixture
def start():
    with joined.clients() as clients:
        yield clients


@pytest.fixture
def state(place):
    return place / "state"


def said_by(server, name):
    return [each["text"] for each in server.history() if each["kind"] == "said" and each["name"] == name]


@pytest.mark.asan
def test_echo_into_the_room(serve, state):
    """echo hello | qun join --lines --name bot: it leaves when all has arrived, exit 0."""
    server = serve()
    ming = Plain(server).enter("小明")
    done = joined.run(server, "bot", "hello\n", state=state)
    assert done.returncode == 0, done.stderr.decode()
    assert done.stdout == b""
    assert "没有加密" in done.stderr.decode()
    ming.expect(entered("bot"), "bot说: hello", left("bot"))
    assert said_by(server, "bot") == ["hello"]


@pytest.mark.asan
def test_people_hear_each_other(serve, start, state, language):
    server = serve(language=language)
    ming = Plain(server).enter("小明")
    ann = start(server, "Ann", state=state / "a", language=language).wait_in()
    bob = start(server, "Bob", state=state / "b", language=language).wait_in()
    ann.hear({"zh": "Bob 进入了聊天室", "en": "Bob entered the room"}[language])
    ann.say("你好")
    bob.hear({"zh": "Ann说: 你好", "en": "Ann: 你好"}[language])
    ming.say("大家好")
    bob.hear({"zh": "小明说: 大家好", "en": "小明: 大家好"}[language])
    server.admin_ok("shout", "quiet")
    bob.hear({"zh": "管理员: quiet", "en": "admin: quiet"}[language])
    bob.leave()
    ann.hear({"zh": "Bob 退出了聊天室", "en": "Bob left the room"}[language])
    ann.leave()
    # One's own words, and one's own coming and going, are not repeated.
    assert not [line for line in ann.out.lines if line.startswith("Ann")]


@pytest.mark.asan
def test_commands(serve, start, state):
    server = serve()
    ann = start(server, "Ann", state=state / "a", language="en").wait_in()
    bob = start(server, "Bob", state=state / "b", language="en").wait_in()
    bob.say("/join #cooking", "soup", "//slash")
    eventually(lambda: said_by(server, "Bob") == ["soup", "/slash"], "what was said in #cooking")
    eventually(lambda: ann.say("/rooms") and "#cooking 1" in ann.out.lines, "another room")
    ann.hear("#lobby 2 *")
    ann.say("/who")
    ann.hear("Ann Bob")
    ann.say("/join #cooking", "salt?")
    bob.hear("Ann: salt?")
    ann.say("/join #lobby", "here")
    bob.hear("[#lobby] Ann: here")
    ann.say("/msg Bob just you")
    bob.hear("Ann whispers: just you")
    ann.say("/name Anna")
    bob.hear("Ann is now Anna")
    ann.say("/join #cooking", "/leave enough")
    bob.hear("Anna left #cooking")
    ann.say("/quit bye")
    assert ann.wait() == 0
    bob.hear("[#lobby] Anna left the room")
    bob.leave()
    assert server.history("--direct", "Bob")[-1]["text"] == "just you"


@pytest.mark.asan
def test_says_what_went_wrong(serve, start, state):
    server = serve()
    ann = start(server, "Ann", state=state, language="en").wait_in()
    server.admin_ok("mute", "Ann", "5")
    ann.say("may I?", "/msg Nobody hi", "/join nowhere", "/msg", "/dance")
    ann.end_input()
    assert ann.wait() == 1
    errors = ann.err.text
    assert re.search(r"not delivered: you are muted for \d more minutes", errors)
    assert "nobody is called Nobody" in errors
    assert "not entered nowhere: " in errors
    assert "usage: /msg name text" in errors
    assert "no such command" in errors


@pytest.mark.asan
def test_enters_a_room_first(serve, start, state):
    server = serve()
    bob = start(server, "Bob", "--room", "#x", state=state / "b", language="en").wait_in()
    bob.say("first words")
    eventually(lambda: said_by(server, "Bob"), "words")
    assert server.history("--room", "#x")[-1]["text"] == "first words"
    done = joined.run(server, "Ann", "in the room\n", "--room=#x", state=state / "a", language="en")
    assert done.returncode == 0, done.stderr.decode()
    bob.hear("Ann entered #x").hear("Ann: in the room")
    # She is in it when she comes back, however it is written.
    for room in ("#x", "#X"):
        done = joined.run(server, "Ann", f"again {room}\n", "--room", room, state=state / "a")
        assert (done.returncode, done.stderr.count(b"\n")) == (0, 1), done.stderr.decode()
        bob.hear(f"Ann: again {room}")
    done = joined.run(server, "Dan", "first time\n", "--room", "#X", state=state / "d")
    assert done.returncode == 0, done.stderr.decode()
    bob.hear("Dan: first time")
    done = joined.run(server, "Cid", "never\n", "--room", "#" + "x" * 70, state=state / "c")
    assert done.returncode == 1
    assert said_by(server, "Cid") == []


@pytest.mark.asan
def test_much_arrives_in_order(serve, start, state):
    """All of a long input, exactly once."""
    server = serve(*FAST)
    bob = start(server, "Bob", state=state / "b", language="en").wait_in()
    count = 1000
    text = "".join(f"{number} {'字' * (number % 400)}\n" for number in range(count))
    done = joined.run(server, "Ann", text, state=state / "a")
    assert done.returncode == 0, done.stderr.decode()
    bob.hear("Ann left the room")
    heard = [line for line in bob.out.lines if line.startswith("Ann: ")]
    assert heard == [f"Ann: {line}" for line in text.splitlines()]


@pytest.mark.asan
def test_long_and_strange_lines(serve, start, state):
    server = serve()
    bob = start(server, "Bob", state=state / "b", language="en").wait_in()
    whole, long = "x" * 4096, "y" * 5000
    text = f"{whole}\n{long}\n\n   \na\x1b[31mb\x07\ttab\n" + "z" * 40000 + "\nno end"
    done = joined.run(server, "Ann", text, state=state / "a", language="en")
    assert done.returncode == 1
    assert done.stderr.decode().count("too long, at most 4096 bytes") == 2
    bob.hear("Ann: " + whole).hear("Ann: no end").hear("Ann: a\ufffd[31mb\ufffd\ttab")
    assert "\x1b" not in bob.out.text
    done = joined.run(server, "Cid", "", state=state / "c")
    assert done.returncode == 0
    raw = subprocess.run(
        [str(BINARY), "join", joined.where(server), "--lines", "--name", "Dan"],
        input=b"\xff\xfe not text\n",
        capture_output=True,
        env=joined.environment(state / "d", "en"),
        timeout=PATIENCE,
    )
    assert raw.returncode == 1
    assert b"it is not UTF-8" in raw.stderr


@pytest.mark.asan
def test_is_the_same_one_again(serve, start, state):
    """What was said meanwhile is heard once, and nobody is told that somebody was away for a moment."""
    server = serve()
    ming = Plain(server).enter("小明")
    ann = start(server, "Ann", state=state, language="en").wait_in()
    ming.say("one")
    ann.hear("小明: one")
    # What was printed is on disk a moment later.
    eventually(lambda: b"cursor" in state.rglob("*.session").__next__().read_bytes(), "a file")
    ann.kill_all()
    ming.say("two")
    again = start(server, "Ann", state=state, language="en").wait_in().hear("小明: two")
    again.say("three")
    ming.find("Ann说: three")
    again.leave()
    ming.find(left("Ann"))
    assert again.out.lines.count("小明: two") == 1
    kinds = [each["kind"] for each in server.history() if each["name"] == "Ann"]
    assert kinds == ["entered", "said", "left"]
    # Who has left and comes back enters; nothing is heard twice.
    ming.say("four")
    third = start(server, "Ann", state=state, language="en").wait_in().hear("小明: four")
    third.leave()
    assert "小明: two" not in third.out.lines


@pytest.mark.asan
def test_the_state_is_private(serve, state):
    server = serve()
    joined.run(server, "Ann", "", state=state)
    folder = state / "qun"
    assert folder.stat().st_mode & 0o777 == 0o700
    for file in folder.iterdir():
        assert file.stat().st_mode & 0o777 == 0o600, file


@pytest.mark.asan
def test_a_second_one_is_somebody_else(serve, start, state):
    server = serve()
    first = start(server, None, state=state, language="en")
    first.err.expect("--name")
    assert first.wait() == 1
    first = start(server, "Ann", state=state, language="en").wait_in()
    second = joined.run(server, "Ann", "hi\n", state=state, language="en")
    assert second.returncode == 1
    assert "the name Ann is taken" in second.stderr.decode()
    third = joined.run(server, "Bob", "hi\n", state=state, language="en")
    assert third.returncode == 0
    first.hear("Bob: hi").leave()


@pytest.mark.asan
@pytest.mark.parametrize("what", ["hub", "scribe", "edge 0", "everything"])
def test_survives_what_dies(serve, start, state, what):
    """Words typed during an outage arrive, once and in order; the room hears of no leave."""
    server = serve(*FAST, "--edges", "1")
    ann = start(server, "Ann", state=state / "a", language="en").wait_in()
    bob = start(server, "Bob", state=state / "b", language="en").wait_in()
    ann.say(*(f"before {number}" for number in range(20)))
    bob.hear("Ann: before 19")
    if what == "everything":
        server.kill_all()
    else:
        server.kill(what)
    ann.say(*(f"meanwhile {number}" for number in range(40)))
    if what == "everything":
        server.restart()
    ann.say("after")
    bob.hear("Ann: after", 3 * PATIENCE)
    heard = [line for line in bob.out.lines if line.startswith("Ann: ")]
    texts = [f"before {n}" for n in range(20)] + [f"meanwhile {n}" for n in range(40)] + ["after"]
    assert heard == [f"Ann: {text}" for text in texts]
    ann.leave()
    bob.hear("Ann left the room").leave()
    kinds = [each["kind"] for each in server.history() if each["kind"] != "said"]
    assert kinds == ["entered", "entered", "left", "left"]


@pytest.mark.asan
def test_a_stopped_reader_loses_nothing(serve, start, state):
    """Ctrl-Z: the face is stopped, the link goes on; what came meanwhile is all there after fg."""
    server = serve(*FAST, "--silence", "17", "--away", "1")
    ann = start(server, "Ann", state=state / "a", language="en").wait_in()
    bob = start(server, "Bob", state=state / "b", language="en").wait_in()
    family = ann.family()
    stopped = [family["join"], family["face"]]
    for pid in stopped:
        os.kill(pid, signal.SIGSTOP)
    texts = [f"{number} {'x' * 300}" for number in range(3000)]
    bob.say(*texts)
    # For longer than anybody may be silent. Ann's link is not: it says something every 15 seconds.
    cid = start(server, "Cid", state=state / "c", language="en").wait_in()
    os.kill(cid.family()["link"], signal.SIGSTOP)
    bob.hear("Cid left the room", 2 * PATIENCE)
    os.kill(cid.family()["link"], signal.SIGCONT)
    for pid in stopped:
        os.kill(pid, signal.SIGCONT)
    ann.hear("Bob: " + texts[-1], 3 * PATIENCE)
    assert [line for line in ann.out.lines if line.startswith("Bob: ")] == [f"Bob: {t}" for t in texts]
    bob.leave()
    ann.leave()
    assert "Ann left the room" not in bob.out.lines


@pytest.mark.asan
def test_kicked_banned_closed(serve, start, state):
    server = serve()
    ann = start(server, "Ann", state=state / "a", language="en").wait_in()
    server.admin_ok("kick", "Ann", "rude")
    assert ann.wait() == 1
    assert "you were shown out of the room" in ann.err.text
    assert "rude" in ann.err.text
    # One may come back, as somebody new.
    ann = start(server, "Ann", state=state / "a", language="en").wait_in()
    server.admin_ok("ban", "Ann")
    assert ann.wait() == 1
    again = joined.run(server, "Ann", "hi\n", state=state / "a", language="en")
    assert again.returncode == 1
    assert "you are banned" in again.stderr.decode()


@pytest.mark.asan
def test_hears_that_the_room_closes(serve, start, state):
    """It says why, goes on looking for the server, and is back when there is one."""
    server = serve()
    ann = start(server, "Ann", state=state, language="en").wait_in()
    server.admin_ok("close", "下课")
    server.wait_gone()
    ann.out.expect("下课")
    server.restart()
    ann.say("again")
    ming = Plain(server).enter("小明")
    eventually(lambda: said_by(server, "Ann") == ["again"], "it to be back")
    ming.say("welcome")
    ann.hear("小明: welcome").leave()


@pytest.mark.asan
@pytest.mark.parametrize("words", [("join", "--lines"), ("robot", "--join", "127.0.0.1")])
def test_no_name_is_cut(state, words):
    """A part of what was asked for is somebody else's name."""
    words = [str(BINARY), *words, "--name", "x" * 97]
    done = subprocess.run(words, input=b"", capture_output=True, env=joined.environment(state), timeout=PATIENCE)
    assert done.returncode == 2
    assert "96 bytes; this one has 97" in done.stderr.decode()


@pytest.mark.asan
def test_nobody_there(place, state):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{silent.getsockname()[1]}"
        done = joined.run(None, "Ann", "hi\n", address=address, state=state, language="en")
        assert done.returncode == 1
        assert f"{address} does not answer" in done.stderr.decode()
    done = joined.run(None, "Ann", "hi\n", address="nobody.invalid", state=state, language="en")
    assert done.returncode == 1
    assert "there is no host nobody.invalid" in done.stderr.decode()


# Asks a resolver that takes questions and never answers, then becomes the command.
SILENT_RESOLVER = """
import os, socket, sys
resolver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
resolver.bind(("127.0.0.1", 53))
resolver.set_inheritable(True)
os.execv(sys.argv[1], sys.argv[1:])
"""


@pytest.mark.asan
@pytest.mark.parametrize("words", [("join", "nobody.example", "--lines"), ("robot", "--join", "nobody.example")])
def test_nobody_waits_for_a_resolver(place, state, words):
    """It says that there is no answer, and hears that it is to end."""
    if not IS_ROOT or not may_unshare("-n", "-m"):
        pytest.skip("needs a network of its own")
    conf = place / "resolv.conf"
    conf.write_text("nameserver 127.0.0.1\noptions timeout:30 attempts:5\n")
    script = f'ip link set lo up && mount --bind {conf} /etc/resolv.conf && exec "$@"'
    wrap = ["unshare", "-n", "-m", "sh", "-c", script, "sh", sys.executable, "-c", SILENT_RESOLVER]
    process = subprocess.Popen(
        [*wrap, str(BINARY), *words, "--name", "Ann"],
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=joined.environment(state, "en"),
    )
    try:
        assert b"nobody.example does not answer" in process.stderr.readline()
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE) == 0
    finally:
        process.kill()
        process.communicate()
    eventually(lambda: not any(p.parent == process.pid for p in processes()), "nothing left")


@pytest.mark.asan
def test_another_server_is_noticed(serve, state, place):
    """Its key is not the one remembered: that is a question, and a script has to have said so."""
    server = serve()
    assert joined.run(server, "Ann", "one\n", state=state).returncode == 0
    server.stop()
    remove_place(server.data)
    server.restart()
    done = joined.run(server, "Ann", "two\n", state=state, language="en")
    assert done.returncode == 1
    assert "--new begins anew" in done.stderr.decode()
    assert said_by(server, "Ann") == []
    done = joined.run(server, "Bob", "two\n", state=state / "b", language="en")
    assert done.returncode == 0
    done = joined.run(server, "Ann", "three\n", "--new", state=state, language="en")
    assert done.returncode == 0, done.stderr.decode()
    assert said_by(server, "Ann") == ["three"]


@pytest.mark.asan
def test_signals(serve, start, state):
    server = serve()
    ming = Plain(server).enter("小明")
    ann = start(server, "Ann", state=state / "a").wait_in()
    ann.process.send_signal(signal.SIGTERM)
    assert ann.wait() == 0
    ming.find(left("Ann"))
    # The terminal went away: that is no leave.
    bob = start(server, "Bob", state=state / "b").wait_in()
    bob.process.send_signal(signal.SIGHUP)
    assert bob.wait() == 0
    assert "Bob" in server.admin_ok("who")
    assert left("Bob") not in ming.lines


@pytest.mark.asan
@pytest.mark.parametrize(
    "who, number", [("face", signal.SIGINT), ("face", signal.SIGTERM), ("join", signal.SIGTERM)]
)
def test_a_full_pipe_keeps_no_signal_from_it(serve, start, state, who, number):
    """Nobody reads what it prints: it hears that it is to end all the same."""
    server = serve(*FAST)
    speaker = Plain(server).enter("小明")
    out, stdout = os.pipe()
    fcntl.fcntl(out, fcntl.F_SETPIPE_SZ, 4096)
    ann = start(server, "Ann", state=state, stdout=stdout).wait_in()
    for _ in range(64):
        speaker.say("x" * 1000)
    # A pipe of 4 kB and 64 kB to print: it is full, and stays so.
    eventually(lambda: not select.select([], [stdout], [], 0)[1], "a full pipe")
    os.kill(ann.family()[who], number)
    assert ann.process.wait(PATIENCE) == 128 + number
    os.close(stdout)
    os.close(out)
    speaker.find(left("Ann"))


@pytest.mark.asan
@pytest.mark.parametrize("who", ["face", "join"])
def test_no_process_is_left_behind(serve, start, state, who):
    server = serve()
    ann = start(server, "Ann", state=state).wait_in()
    family = ann.family()
    assert set(family) == {"join", "face", "link"}
    os.kill(family[who], signal.SIGKILL)
    ann.process.wait(PATIENCE)

    def are_gone():
        for pid in family.values():
            try:
                os.waitpid(pid, os.WNOHANG)
            except ChildProcessError:
                pass
        return not any(os.path.exists(f"/proc/{pid}") for pid in family.values())

    eventually(are_gone, "the end of all")
    assert "Ann" in server.admin_ok("who")


@pytest.mark.asan
def test_a_reader_that_goes(serve, start, state):
    """qun join --lines | head -1"""
    server = serve()
    ming = Plain(server).enter("小明")
    read, write = os.pipe()
    ann = subprocess.Popen(
        [str(BINARY), "join", joined.where(server), "--lines", "--name", "Ann"],
        stdin=subprocess.PIPE,
        stdout=write,
        stderr=subprocess.PIPE,
        env=joined.environment(state),
    )
    os.close(write)
    ming.find(entered("Ann"))
    os.close(read)
    ming.say("is anybody reading?")
    assert ann.wait(PATIENCE) == 1
    ann.stdin.close()
    ann.stderr.close()
    ming.find(left("Ann"))
    # Nobody has: she hears it when she comes back.
    start(server, "Ann", state=state).wait_in().hear("小明说: is anybody reading?")


def typing(server, state, *options):
    """The same at a dumb terminal."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [str(BINARY), "join", joined.where(server), *options],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env=joined.environment(state),
        start_new_session=True,
    )
    os.close(theirs)
    return process, ours


@pytest.mark.asan
def test_asks_at_a_terminal(serve, start, state):
    from server import Stream

    server = serve()
    Plain(server).enter("小明")
    process, terminal = typing(server, state)
    screen = Stream(os.dup(terminal))
    at = screen.expect_raw("请输入姓名: ")
    os.write(terminal, "小明\n".encode())
    at = screen.expect_raw("“小明”已经有人用了", start=at)
    at = screen.expect_raw("请输入姓名: ", start=at)
    os.write(terminal, "小红\n".encode())
    at = screen.expect_raw("没有加密", start=at)
    os.write(terminal, "大家好\n".encode())
    eventually(lambda: said_by(server, "小红") == ["大家好"], "what was typed")
    os.write(terminal, b"/quit\n")
    assert process.wait(PATIENCE) == 0
    os.close(terminal)
