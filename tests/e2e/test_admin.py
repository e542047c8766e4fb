"""The administrator: the console, typed at or through a pipe, and `qun admin` for scripts."""

import fcntl
import json
import os
import re
import signal
import stat
import struct
import subprocess
import termios

import pytest
from plain import Crowd, Plain, entered, left, said, shouted
from terminal import Emulator
from tools import BINARY, IS_ROOT, eventually, qun

FAST = ("--rate", "100000:100000")

KICKED = {"zh": "{} 被请出了聊天室", "en": "{} was shown out of the room"}


class ByConsole:
    """Commands are typed at the keyboard console, through a pipe."""

    def __init__(self, serve, *options, **settings):
        self.server = serve(*options, keyboard="pipe", **settings)

    def do(self, command):
        self.server.type(f"/{command}")

    def shout(self, text):
        self.server.type(text)

    def refuses(self, command):
        start = len(self.server.stdout.raw)
        self.do(command)
        # It says something, and lives.
        eventually(lambda: self.server.stdout.raw[start:].strip(), "a refusal")


class ByScript:
    """The same through `qun admin`."""

    def __init__(self, serve, *options, **settings):
        self.server = serve(*options, **settings)

    def do(self, command):
        self.server.admin_ok(*command.split(" "))

    def shout(self, text):
        self.server.admin_ok("shout", text)

    def refuses(self, command):
        done = self.server.admin(*command.split(" "))
        assert done.returncode not in (0, 2), f"{command}: {done.stdout}"
        assert len(done.stderr.splitlines()) == 1, done.stderr


both_ways = pytest.mark.parametrize("way", [ByConsole, ByScript], ids=["console", "script"])


# ---- What both do --------------------------------------------------------------------------------


@pytest.mark.asan
@both_ways
def test_shout(serve, way, language):
    admin = way(serve, language=language)
    ming, hong = Crowd(admin.server, ["小明", "小红"])
    admin.shout("下课了 class is over")
    for member in (ming, hong):
        member.expect(shouted("下课了 class is over", language))


def test_a_long_shout_is_cut(serve):
    server = serve(keyboard="pipe")
    ming, _ = Crowd(server, ["小明", "小红"])
    text = "喊" * 1300
    server.type(text)
    server.type("end")
    parts = ming.find("管理员: end")
    assert len(parts) > 1
    assert "".join(part.removeprefix("管理员: ") for part in parts) == text


@pytest.mark.asan
@both_ways
def test_kick(serve, way, language):
    """The reason in words, then EXIT; the others are told; the name is free."""
    admin = way(serve, language=language)
    ming, hong = Crowd(admin.server, ["小明", "小红"])
    admin.do("kick 小红 too much noise")
    ming.expect(KICKED[language].format("小红"))
    assert "too much noise" in hong.next()
    hong.expect("EXIT")
    hong.send("C am I in?")
    assert hong.next() not in ("OK", "EXIT")
    hong.enter("小红")
    ming.expect(entered("小红", language))


@both_ways
def test_kick_without_why(serve, way):
    admin = way(serve)
    ming, hong = Crowd(admin.server, ["小明", "小红"])
    admin.do("kick 小红")
    assert "请出" in hong.next()
    hong.expect("EXIT")
    ming.expect("小红 被请出了聊天室")


@pytest.mark.asan
@both_ways
def test_mute(serve, way):
    """Who is muted hears everything and is told why nobody hears it."""
    admin = way(serve)
    ming, hong = Crowd(admin.server, ["小明", "小红"])
    admin.do("mute 小红")
    eventually(lambda: restrictions(admin.server, "mute"), "the mute")
    hong.forget().say("nobody hears")
    assert "禁言" in hong.next()
    ming.forget().say("heard")
    hong.expect("小明说: heard")
    admin.do("unmute 小红")
    eventually(lambda: not restrictions(admin.server, "mute"), "the end of the mute")
    hong.forget().say("again")
    ming.find("小红说: again")
    assert "小红说: nobody hears" not in ming.lines


def restrictions(server, kind):
    """What /bans knows: bans and mutes."""
    return [each for each in server.admin_json("bans") if each.get("kind") == kind]


def test_a_mute_follows_the_name(serve):
    """By leaving and entering again nobody is rid of it; nor by another case."""
    server = serve()
    ming, hong = Crowd(server, ["小明", "Hong"])
    server.admin_ok("mute", "Hong")
    hong.quit()
    hong.enter("hONG")
    hong.forget().say("nobody hears")
    assert "禁言" in hong.next()
    assert not [line for line in ming.lines if "nobody hears" in line]


def test_a_mute_of_minutes_says_how_long(serve):
    server = serve()
    _, hong = Crowd(server, ["小明", "小红"])
    server.admin_ok("mute", "小红", "5")
    hong.forget().say("nobody hears")
    answer = hong.next()
    assert "5" in answer and "分钟" in answer


@pytest.mark.asan
@both_ways
def test_ban_of_a_name(serve, way):
    admin = way(serve)
    ming, hong = Crowd(admin.server, ["小明", "小红"])
    admin.do("ban 小红 spam")
    hong.find("EXIT")
    assert "spam" in hong.lines[-2]
    for name in ("小红",):
        answer = hong.try_to_enter(name)
        assert answer != "OK" and "spam" in answer
    admin.do("unban 小红")
    eventually(lambda: hong.try_to_enter("小红") == "OK", "the end of the ban")
    ming.find(entered("小红"))


@pytest.mark.asan
@both_ways
@pytest.mark.parametrize("what", ["127.0.7.7", "127.0.7.0/24"])
def test_ban_of_addresses(serve, way, what):
    admin = way(serve)
    ming = Plain(admin.server).enter("小明")
    hong = Plain(admin.server, "127.0.7.7").enter("小红")
    ming.expect(entered("小红"))
    admin.do(f"ban {what} spam")
    hong.find("EXIT")
    assert "spam" in hong.lines[-2]
    assert hong.try_to_enter("小兰") != "OK"
    # Nobody else.
    Plain(admin.server, "127.0.8.7").enter("小刚")
    ming.find(entered("小刚"))
    admin.do(f"unban {what}")
    eventually(lambda: hong.try_to_enter("小兰") == "OK", "the end of the ban")


@both_ways
def test_what_cannot_be_done_is_refused(serve, way):
    admin = way(serve)
    ming = Plain(admin.server).enter("小明")
    for command in ("kick nobody", "unmute nobody", "unban nobody", "unban 10.0.0.0/8"):
        admin.refuses(command)
    admin.shout("alive")
    ming.expect(shouted("alive"))


@pytest.mark.asan
@both_ways
def test_close(serve, way, language):
    """Tells everyone, ends all memberships, ends the server."""
    admin = way(serve, language=language)
    server = admin.server
    ming, hong = Crowd(server, ["小明", "小红"])
    admin.do("close")
    for member in (ming, hong):
        reason = member.next()
        assert ("关闭" if language == "zh" else "closed") in reason
        member.expect("EXIT")
    server.wait_gone()
    assert server.exit_code == 0
    # Memberships are ended, the history is there.
    server.restart()
    ming.send("C am I in?")
    assert ming.next() not in ("OK", "EXIT")
    assert server.history()[-1]["kind"] == "closed"
    hong.enter("小明")


# ---- Over restarts -------------------------------------------------------------------------------


@pytest.mark.asan
@pytest.mark.parametrize("how", ["stop", "kill"])
def test_bans_and_mutes_outlive_a_restart(serve, how):
    server = serve(*FAST)
    ming, hong = Crowd(server, ["小明", "小红"])
    server.admin_ok("mute", "小红")
    server.admin_ok("ban", "小刚", "spam")
    server.admin_ok("ban", "127.0.9.0/24")
    if how == "stop":
        server.stop()
    else:
        server.kill_all()
    server.restart()
    assert len(restrictions(server, "mute")) == 1 and len(restrictions(server, "ban")) == 2
    hong.forget().say("nobody hears")
    assert "禁言" in hong.next()
    assert "spam" in Plain(server).try_to_enter("小刚")
    assert Plain(server, "127.0.9.9").try_to_enter("小兰") != "OK"
    ming.forget()
    Plain(server, "127.0.10.9").enter("小兰")
    ming.expect(entered("小兰"))


# ---- What is asked -------------------------------------------------------------------------------


@pytest.mark.asan
def test_who(serve):
    server = serve()
    Crowd(server, ["小明", "小红"])
    text = server.admin_ok("who")
    assert "小明" in text and "小红" in text and "127.0.0.1" in text
    people = [each for each in server.admin_json("who") if "name" in each]
    assert sorted(person["name"] for person in people) == ["小明", "小红"]
    assert all("127.0.0.1" in person["address"] for person in people)


@pytest.mark.asan
def test_history(serve):
    server = serve()
    ming, hong = Crowd(server, ["小明", "小红"])
    for number in range(20):
        ming.say(f"line {number}")
    hong.find("小明说: line 19")
    text = server.admin_ok("history", "5")
    assert [f"line {number}" in text for number in range(14, 20)] == [False] + [True] * 5
    assert "line 19" in server.admin_ok("history")


@pytest.mark.asan
def test_stats(serve):
    server = serve()
    ming, hong = Crowd(server, ["小明", "小红"])
    ming.say("x")
    hong.expect("小明说: x")
    ming.send("X").next()
    stats = json.dumps(server.admin_json("stats"))
    for word in ("datagrams-in", "deliveries", "entries", "unknown-letter"):
        assert word in stats
    text = server.admin_ok("stats")
    assert "hub" in text and "scribe" in text


def test_help_and_nonsense(serve):
    server = serve()
    text = server.admin_ok("help")
    commands = "who kick mute unmute ban unban bans history stats close help".split()
    for command in commands:
        assert command in text
    done = server.admin("nonsense")
    assert done.returncode == 2 and "nonsense" in done.stderr
    for wrong in (("kick",), ("mute",), ("mute", "小明", "soon"), ("ban",), ("unban",)):
        done = server.admin(*wrong)
        assert done.returncode != 0 and done.stderr, wrong
    # Help, and no ban of somebody who is called --help.
    for asking in (("ban", "--help"), ("shout", "--help"), ("account", "--help"), ("account", "add", "--help")):
        assert "unban" in server.admin_ok(*asking), asking
    assert server.admin_ok("bans").strip() == "", "nothing was done"


@pytest.mark.asan
def test_json(serve):
    """One object a line or one document: whatever it is, it is JSON, also when it fails."""
    server = serve()
    Crowd(server, ["小明", "小红"])
    for words in (("who",), ("bans",), ("stats",), ("history",), ("shout", "x"), ("mute", "小红")):
        for line in server.admin_ok("--json", *words).splitlines():
            json.loads(line)
    done = server.admin("--json", "kick", "nobody")
    assert done.returncode != 0
    refusal = json.loads((done.stdout or done.stderr).strip().splitlines()[-1])
    assert "no-such-name" in json.dumps(refusal)


@pytest.mark.asan
def test_without_a_server(place):
    done = qun("admin", "--data", place, "who")
    assert done.returncode not in (0, 2)
    assert len(done.stderr.splitlines()) == 1
    assert str(place) in done.stderr


def test_the_socket_is_the_administrators_alone(serve):
    server = serve()
    path = server.data / "admin.sock"
    assert stat.S_ISSOCK(path.stat().st_mode)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    if IS_ROOT:
        as_user = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")
        done = qun("admin", "--data", server.data, "shout", "I was here", wrap=as_user)
        assert done.returncode not in (0, 2), "any user may speak as the administrator"


@pytest.mark.asan
def test_scripts_at_once(serve):
    """Several ask at the same time; each gets its own answer."""
    server = serve(*FAST)
    watcher = Plain(server).enter("看")
    children = [
        subprocess.Popen(
            [BINARY, "admin", "--data", server.data, "shout", f"from {number}"],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        for number in range(12)
    ]
    for child in children:
        output, _ = child.communicate(timeout=20)
        assert child.returncode == 0, output
    heard = sorted(watcher.next() for _ in children)
    assert heard == sorted(f"管理员: from {number}" for number in range(12))


# ---- The keyboard --------------------------------------------------------------------------------


@pytest.mark.asan
def test_console_shows_the_room(serve):
    """What happens, as it happens, and how many are online."""
    server = serve(keyboard="pipe")
    ming, hong = Crowd(server, ["小明", "小红"])
    ming.say("你好")
    hong.quit()
    for text in (entered("小明"), entered("小红"), said("小明", "你好"), left("小红")):
        server.stdout.expect_raw(text)
    end = len(server.stdout.raw)
    server.type("/who")
    server.stdout.expect_raw("小明", start=end)
    server.type("/help")
    server.stdout.expect_raw("/close")


@pytest.mark.asan
def test_console_shows_how_many_are_online(serve, language):
    """In its prompt, as they come and go."""
    prompt = {"zh": "在线 {}> ", "en": "{} online> "}[language]
    server = serve(keyboard="terminal", language=language)
    end = server.stdout.expect_raw(prompt.format(0))
    ming = Plain(server).enter("小明")
    end = server.stdout.expect_raw(prompt.format(1), start=end)
    Plain(server).enter("小红")
    end = server.stdout.expect_raw(prompt.format(2), start=end)
    ming.quit()
    server.stdout.expect_raw(prompt.format(1), start=end)


@pytest.mark.asan
def test_end_of_the_keyboards_input_ends_nothing(serve):
    server = serve(keyboard="pipe")
    ming, hong = Crowd(server, ["小明", "小红"])
    server.type("last words")
    ming.expect("管理员: last words")
    hong.expect("管理员: last words")
    server.close_keyboard()
    ming.say("x")
    hong.expect("小明说: x")
    server.admin_ok("shout", "still here")
    ming.expect("管理员: still here")


@pytest.mark.asan
def test_console_on_a_terminal(serve):
    """What is half typed is not torn by incoming lines, and goes out whole."""
    server = serve(keyboard="terminal")
    ming = Plain(server).enter("小明")
    server.stdout.expect_raw(entered("小明"))
    os.write(server.typed, "下课".encode())
    end = server.stdout.expect_raw("下课")
    ming.say("one")
    end = server.stdout.expect_raw(said("小明", "one"), start=end)
    # The line that came stands alone, and after it the half line stands again.
    server.stdout.expect_raw("下课", start=end)
    os.write(server.typed, "了\n".encode())
    ming.expect("管理员: 下课了")
    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", server.stdout.text)
    line = next(l for l in re.split(r"[\r\n]+", text) if "小明说: one" in l)
    assert "下课" not in line


@pytest.mark.asan
def test_console_on_a_narrow_terminal(serve, crowd_of):
    """A text of several lines is whole on few columns, and what is half typed over more than a row stands below it."""
    server = serve(keyboard="terminal")
    hong = crowd_of(server).enter("小红")
    server.stdout.expect_raw(entered("小红"))
    rows, columns = 40, 20
    fcntl.ioctl(server.typed, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
    server.send_signal("console", signal.SIGWINCH)
    typed = "还没有写完就来了一条很长的消息"
    os.write(server.typed, typed.encode())
    server.stdout.expect_raw("息")  # In the second row libedit puts blanks where a half did not fit.

    def shown():
        """What is on the screen since it is so narrow, without the ends of rows."""
        emulator = Emulator(rows, columns)
        with server.stdout.changed:
            raw = server.stdout.raw
        emulator.feed(raw[raw.rfind(b"\x1b[J", 0, raw.find("还".encode())) :])
        return ["".join(line.split()) for line in emulator.lines()]

    for number in range(3):
        hong.settle(hong.say(f"first{number}\n\n第二：sec\nlast{number}"))
        eventually(
            lambda: f"last{number}" in "".join(shown()) and "".join(shown()).endswith("在线1>" + typed),
            "the prompt below it",
        )
    screen = shown()
    text = "".join(screen)
    assert text.count(typed) == 1 and text.count("在线1>") == 1
    assert screen.count("第二：sec") == 3
    assert [line for line in screen if line.startswith("last")] == ["last0", "last1", "last2"]
    assert [text.count(f"first{number}") for number in range(3)] == [1, 1, 1]


@pytest.mark.asan
@pytest.mark.parametrize("name", ["hub", "clerk", "edge 0"])
def test_diagnostics_do_not_tear_the_prompt(serve, name):
    """They come from other processes on the same terminal; what is half typed stands below them."""
    server = serve(keyboard="terminal", messages="screen")
    ming = Plain(server).enter("小明")
    server.stdout.expect_raw(entered("小明"))
    end = server.stdout.expect_raw("在线 1> ")
    os.write(server.typed, "下课".encode())
    end = server.stdout.expect_raw("下课", start=end)
    server.wait_replaced(name, server.kill(name))
    back = server.stdout.expect_raw(f"qun: keeper: {name} is back", start=end)
    server.stdout.expect_raw("在线 1> 下课", start=back)
    os.write(server.typed, "了\n".encode())
    ming.find("管理员: 下课了")
    # Each line of the keeper's stands in a row of its own.
    said = server.stdout.raw[end:].decode(errors="replace")
    for line in re.findall(rf"(?:^|\n)([^\n]*qun: keeper: {name} [^\n]*)", said):
        before = line[: line.index("qun: ")]
        assert before == "" or before.endswith("\r\x1b[K"), repr(line)


@pytest.mark.asan
def test_console_is_killed_while_somebody_types(serve):
    server = serve(keyboard="pipe")
    ming = Plain(server).enter("小明")
    server.type("before")
    ming.expect("管理员: before")
    server.wait_replaced("console", server.kill("console"))
    server.type("after")
    ming.expect("管理员: after")
    server.admin_ok("shout", "and by script")
    ming.expect("管理员: and by script")
