"""`qun join` on a terminal: what a person sees after what happens and what is typed.

Each test has a real server, real terminals (pseudo-terminals read back by a strict emulator), and often a
plain member that speaks from the side. What is waited for is always a picture on the screen.
"""

import contextlib
import os
import re
import signal
import termios
from pathlib import Path

import pytest
from picture import svg
from plain import Plain
from server import Server
from terminal import PLAIN, Terminal
from tools import BINARY, PATIENCE, TOP, eventually, processes

FAST = ("--rate", "100000:100000")
ZH = {"LANG": "zh_CN.UTF-8"}
PAGE_UP, PAGE_DOWN, ESCAPE = "\x1b[5~", "\x1b[6~", "\x1b"
CTRL_C, CTRL_F, CTRL_L, CTRL_N, CTRL_Z = "\x03", "\x06", "\x0c", "\x0e", "\x1a"


def joined_processes(server):
    """What runs of `qun join` to this server: screens, links, parents."""
    found = []
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            with contextlib.suppress(OSError):
                words = Path(f"/proc/{entry}/cmdline").read_bytes().split(b"\0")
                if b"join" in words and f"127.0.0.1:{server.port}".encode() in words:
                    found.append(int(entry))
    return found


class People:
    def __init__(self, server, place):
        self.server, self.place, self.terminals = server, place, []

    def command(self, name, *options):
        words = [BINARY, "join", f"127.0.0.1:{self.server.port}", *options]
        return words + (["--name", name] if name else [])

    def terminal(self, command, state, rows=24, columns=80, **environment):
        folder = self.place / f"state-{state}"
        settings = {"XDG_STATE_HOME": str(folder), **environment}
        terminal = Terminal(command, rows, columns, **settings)
        self.terminals.append(terminal)
        return terminal

    def start(self, name, *options, state=None, **settings):
        return self.terminal(self.command(name, *options), state or name, **settings)

    def join(self, name, *options, **settings):
        """In the lobby."""
        terminal = self.start(name, *options, **settings)
        terminal.expect("#lobby> ")
        return terminal

    def plain(self, name):
        return Plain(self.server).enter(name)

    def finish(self):
        for terminal in self.terminals:
            terminal.close()
        eventually(
            lambda: not joined_processes(self.server),
            lambda: f"the end of {joined_processes(self.server)}",
        )


@pytest.fixture
def people(serve, place):
    made = []

    def make(*options, **settings):
        made.append(People(serve(*options, **settings), place))
        return made[0]

    yield make
    for each in made:
        each.finish()


def first_cell(terminal, text):
    """The cell in which the text begins, and its row and column."""
    for number, row in enumerate(terminal.cells()):
        line = "".join(cell.text or "\0" for cell in row)
        at = line.replace("\0", "").find(text)
        if at >= 0:
            column = 0
            while at > 0:
                at -= len(row[column].text)
                column += 1
            return row[column], number, column
    raise AssertionError(f"no {text!r} in\n{terminal.text()}")


# ---- Saying and hearing


@pytest.mark.asan
def test_two_people_talk(people):
    people = people()
    one, two = people.join("小明"), people.join("Anna")
    one.expect("Anna entered")
    plain = people.plain("旁人")
    one.type("你好，大家！")
    one.expect("#lobby> 你好，大家！")
    one.type("\r")
    one.expect("小明: 你好，大家！ ✓")
    two.expect("小明: 你好，大家！")
    plain.find("小明说: 你好，大家！")
    plain.say("我也在")
    row = one.expect("旁人: 我也在")
    assert row > one.row("你好，大家")
    two.type("hello 小明\r")
    one.expect("Anna: hello 小明")
    # One's own name is marked.
    cell, _, _ = first_cell(one, "hello")
    assert cell.style == PLAIN
    line = next(row for row in one.cells() if "hello" in "".join(each.text for each in row))
    marked = "".join(cell.text for cell in line if cell.style.reverse)
    assert marked == "小明"


def test_names_have_their_colour(people):
    people = people()
    one, two = people.join("Anna"), people.join("Ben", NO_COLOR="1")
    one.type("hello\r")
    two.expect("Anna: hello")
    one.expect("Anna: hello ✓")
    own, _, _ = first_cell(one, "Anna: hello")
    assert own.style.front is not None and own.style.bold
    two.type("hi\r")
    one.expect("Ben: hi")
    other, _, _ = first_cell(one, "Ben: hi")
    assert other.style.front not in (None, own.style.front)
    # The notices are dim.
    notice, _, _ = first_cell(one, "Ben entered")
    assert notice.style.dim
    assert all(cell.style.front is None for row in two.cells() for cell in row)


@pytest.mark.parametrize("term", ["xterm", "screen", "tmux-256color", "linux", "vt100"])
def test_terminals(people, term):
    people = people()
    one = people.join("Anna", columns=60, TERM=term)
    people.plain("小红").say("你好 hello")
    one.expect("小红: 你好 hello")
    one.type("typed 字")
    one.expect("#lobby> typed 字")
    one.settle()
    assert one.cursor() == (23, len("#lobby> typed ") + 2)


def test_chinese_by_the_locale(people):
    people = people()
    one = people.join("小明", **ZH)
    people.plain("小红")
    one.expect("小红 进入了聊天室")
    one.expect("1:#lobby 大厅 · 2 人在线")
    one.expect("未加密")
    one.type("/help\r")
    one.expect("/msg 名字 内容")


def test_controls_from_others_do_not_reach_the_terminal(people):
    people = people()
    one = people.join("Anna")
    plain = people.plain("bad")
    plain.say("\x1b[2J\x1b]0;title\x07\x9b31m\x1b[?1049l\u202eabc end")
    # The emulator fails on whatever it does not know, and the screen is still there.
    one.expect("bad: �[2J�]0;title�")
    assert one.emulator.is_alternate
    assert b"title\x07" not in one.raw and b"\xc2\x9b" not in one.raw


# ---- The line


def test_editing(people):
    people = people()
    one = people.join("Anna")
    one.type("wrld\x01" + CTRL_F)
    one.expect("Search: ")
    one.type(ESCAPE)
    one.expect("#lobby> wrld")
    one.type("hello \x1b[C" + "o\x05!")
    one.expect("#lobby> hello world!")
    one.type("\x17\x17" + "再见 e\u0301x\x7f\x7f")
    one.expect("#lobby> 再见")
    assert one.cursor()[1] == len("#lobby> ") + 5
    one.type("\r")
    one.expect("Anna: 再见")
    one.type("\x1b[A")
    one.expect("#lobby> 再见")


def test_tab_completes(people):
    people = people()
    one = people.join("Anna")
    people.plain("小红")
    one.expect("小红 entered")
    one.type("小\t")
    one.expect("#lobby> 小红: ")
    one.type("\x15/ms\t小\t")
    one.expect("#lobby> /msg 小红 ")


def test_a_paste_goes_as_one_message(people):
    people = people()
    one, two = people.join("Anna"), people.join("Ben")
    one.paste("first line\nsecond 行\n\tthird\n")
    one.expect("Send 3 lines as one message?")
    one.type("\r")
    one.expect_gone("Send 3 lines")
    two.expect("third")
    said = [each for each in people.server.history() if each["name"] == "Anna" and each["text"]]
    assert [each["text"] for each in said] == ["first line\nsecond 行\n\tthird"]
    one.paste("a\nb")
    one.expect("Send 2 lines")
    one.type(ESCAPE)
    one.expect_gone("Send 2 lines")
    one.paste("only one line\n")
    one.expect("#lobby> only one line")


# ---- Sizes


def is_whole(terminal):
    """Every row fits, the bars go from edge to edge."""
    cells = terminal.cells()
    bars = [row for row in cells if row[0].style.reverse]
    return len(bars) == 2 and all(cell.style.reverse for row in bars for cell in row)


@pytest.mark.asan
def test_resizing(people):
    people = people()
    one = people.join("Anna")
    plain = people.plain("小红")
    text = "这一行很长，" * 12 + "end"
    plain.say(text)
    one.expect("end")
    for columns, rows in ((40, 12), (200, 50), (20, 6), (80, 24), (40, 12), (200, 50)):
        one.resize(rows, columns)
        one.wait(
            lambda lines: is_whole(one) and lines[-1].startswith("#lobby>") and any("end" in l for l in lines),
            f"screen of {columns} columns",
        )
        if columns == 40:
            # Folded between characters, continued under the text, and all of it there.
            begin = one.row("小红: ")
            lines = [line.strip() for line in one.lines()[begin : one.row("end") + 1]]
            assert len(lines) > 3
            assert re.sub(r"^\d\d:\d\d 小红: ", "", "".join(lines)) == text
    assert text in one.text()
    one.type("x")
    one.expect("#lobby> x")


def test_a_long_input_takes_several_rows(people):
    people = people()
    one = people.join("Anna", columns=40)
    one.type("字" * 50)
    one.wait(lambda lines: lines[-1] and "字" in lines[-2], "two rows of input")
    row, column = one.cursor()
    assert row == 23 and column == (8 + 100) % 40
    one.type("\x01")
    one.wait(lambda lines: one.cursor()[1] == len("#lobby> "), "the cursor at the beginning")


# ---- The past


def scroll_back(terminal, count):
    """Reads the numbers of all lines while paging up to the beginning."""
    seen = set()
    pattern = re.compile(r"line (\d+)\b")

    def numbers():
        return {int(each) for line in terminal.lines() for each in pattern.findall(line)}

    seen |= numbers()
    while 1 not in seen:
        before = min(numbers())
        terminal.type(PAGE_UP)
        terminal.wait(lambda lines: min(numbers(), default=before) < before, "older lines")
        terminal.settle()
        now = numbers()
        assert max(now) >= before, "a gap between two pages"
        seen |= now
    assert seen == set(range(1, count + 1))


def test_the_whole_history(people, is_long):
    """300 lines back, with --long 5,000 (of which most are fetched again)."""
    count = 5000 if is_long else 300
    people = people(*FAST)
    one = people.join("Anna")
    plain = people.plain("x")
    for number in range(1, count + 1):
        plain.say(f"line {number}")
        if number % 50 == 0:
            one.expect(f"line {number}")
    one.expect(f"line {count}")
    scroll_back(one, count)
    # The place stays where it is, whatever comes and however wide the terminal is.
    top = one.lines()[1:4]
    plain.say("something new")
    one.expect("↓ 1 new")
    one.settle()
    assert one.lines()[1:4] == top
    one.type("\x1b>")
    one.expect("something new")
    assert one.row("unread") == one.row("something new") - 1
    # Somebody who comes anew may read what was said before.
    two = people.join("Ben")
    two.expect("something new")
    scroll_back(two, count)


def test_the_place_is_kept_on_resize(people):
    people = people(*FAST)
    one = people.join("Anna")
    plain = people.plain("x")
    for number in range(1, 151):
        plain.say(f"line {number} " + "字" * (number % 40))
    one.expect("line 150")
    one.type(PAGE_UP * 3)
    one.wait(lambda lines: "line 150" not in "\n".join(lines), "the past")
    one.settle()
    top = re.search(r"line \d+", one.text()).group()
    for columns, rows in ((40, 24), (200, 24), (80, 24)):
        one.resize(rows, columns)
        one.wait(lambda lines: is_whole(one), "the whole screen")
        one.settle()
        assert re.search(r"line \d+", one.text()).group() == top


def test_searching(people):
    people = people()
    one = people.join("Anna")
    plain = people.plain("小红")
    plain.say("今天中午吃火锅")
    plain.say("明天吃面")
    one.expect("明天吃面")

    def look():
        """The index follows the log: now, or a moment later."""
        one.type(CTRL_F + "火锅\r")
        one.expect("found: 火锅")
        one.expect_gone("searching…")
        one.settle()
        return "今天中午吃火锅" in one.text() or one.type(ESCAPE)

    eventually(look, "火锅 to be found")
    assert "明天吃面" not in one.text()
    line = one.cells()[one.row("今天中午吃")]
    assert "".join(cell.text for cell in line if cell.style.reverse) == "火锅"
    one.type(ESCAPE)
    one.expect("明天吃面")


def test_coming_and_going_is_summed_up(people):
    people = people()
    one = people.join("Anna")
    one.type("hello\r")
    one.expect("hello ✓")
    crowd = [people.plain(f"p{number}") for number in range(5)]
    one.expect("p0, p1 and 3 others entered")
    crowd[0].quit()
    one.expect("p0, p1 and 3 others entered; p0 left")


# ---- Rooms


def test_rooms(people):
    people = people()
    one, two = people.join("Anna"), people.join("Ben")
    one.type("/join #tea\r")
    one.expect("2:#tea · 1 online")
    one.type("\x1b1come to #tea\r\x1b2")
    two.expect("come to #tea")
    two.type("/rooms\r")
    two.expect("#tea (1)")
    two.type("/join #tea\r")
    one.expect("Ben entered")
    one.expect("2 online")
    two.expect("2:#tea · 2 online")
    two.type("\x1b1")
    two.expect("1:#lobby")
    one.expect("2:#tea")
    one.type("over here\r")
    two.expect("2:#tea(1)")
    one.type("Ben!\r")
    two.expect("2:#tea(2!)")
    two.type(CTRL_N)
    two.expect("Anna: Ben!")
    assert two.row("unread") == two.row("over here") - 1
    two.type("/who\r")
    two.expect("2 online")
    two.type("/leave\r")
    two.expect("1:#lobby")
    one.expect("Ben left")


def test_the_room_of_the_command_line(people):
    people = people()
    one = people.start("Anna", "--room", "#tea")
    one.expect("#tea> ")


def test_direct_messages(people):
    people = people()
    one, two = people.join("Anna"), people.join("Ben")
    three = people.join("Carl")
    one.type("/msg Ben psst, 小声点\r")
    one.expect("Anna: psst, 小声点 ✓")
    one.expect("2:@Ben")
    two.expect("2:@Anna(1!)")
    two.type("\x1ba")
    two.expect("Anna: psst, 小声点")
    two.type("yes?\r")
    one.expect("Ben: yes?")
    assert "psst" not in three.text() and "yes?" not in three.text()
    plain = people.plain("旁人")
    one.type("/msg 旁人 hello\r")
    plain.find("Anna悄悄说: hello")
    one.type("/msg nobody hello\r")
    one.expect("nobody is called nobody")


# ---- Names


def test_the_name_is_asked_for(people):
    people = people()
    people.plain("小红")
    one = people.start(None, state="asked", **ZH)
    one.expect("请输入姓名:")
    one.type("小红\r")
    one.expect("“小红”已经有人用了。请输入姓名:")
    one.type("小 明\r")
    one.expect("名字里不能有空格")
    one.type("小明\r")
    one.expect("#lobby> ")
    one.type("/name 大明\r")
    one.expect("小明 改名为 大明")


def test_a_name_that_is_taken(people):
    people = people()
    people.plain("Anna")
    one = people.start("Anna")
    one.expect("the name Anna is taken. Your name:")
    one.type("Anna2\r")
    one.expect("#lobby> ")


# ---- The end


def modes(terminal):
    return termios.tcgetattr(terminal.fd)


def test_leaving_gives_the_terminal_back(people):
    people = people()
    plain = people.plain("旁人")
    one = people.terminal(["/bin/sh"], "shell", PS1="$ ")
    one.expect("$ ")
    before = modes(one)
    command = " ".join(map(str, people.command("Anna")))
    one.type(f"{command}; echo code=$?\r")
    one.expect("#lobby> ")
    assert modes(one) != before
    assert {1049, 2004} <= one.emulator.modes
    one.type(CTRL_C)
    one.expect("Ctrl-C once more leaves")
    one.type(CTRL_C)
    one.expect("code=0")
    assert modes(one) == before
    assert not {1049, 2004} & one.emulator.modes and 25 in one.emulator.modes
    plain.find("Anna 退出了聊天室")


def test_quit_says_why(people):
    people = people()
    one, two = people.join("Anna"), people.join("Ben")
    two.type("hello\r")
    two.expect("hello ✓")
    one.type("/quit supper\r")
    two.expect("Anna left (supper)")
    assert one.wait_end() == 0


@pytest.mark.parametrize("deed, words", [("kick", "you were shown out of the room: 广告"), ("ban", "banned")])
def test_being_put_out(people, deed, words):
    people = people()
    one = people.join("Anna")
    people.server.admin_ok(deed, "Anna", "广告")
    assert one.wait_end() == 1
    one.expect(words)
    assert not one.emulator.is_alternate


def test_a_host_that_does_not_answer(people):
    people = people()
    one = people.terminal([BINARY, "join", "no-such-host.invalid", "--name", "x"], "lost")
    assert one.wait_end() == 1
    one.expect("there is no host no-such-host.invalid")


# ---- Ctrl-Z, crashes, the server's end


def in_a_shell(people, name):
    """`qun join` as a job of a shell."""
    one = people.terminal(["/bin/sh", "-i"], name, PS1="$ ")
    one.expect("$ ")
    one.type(" ".join(map(str, people.command(name))) + "\r")
    one.expect("#lobby> ")
    return one


def test_ctrl_z_and_back(people):
    people = people()
    one = in_a_shell(people, "Anna")
    plain = people.plain("小红")
    one.expect("小红 entered")
    one.type("half a line")
    one.expect("#lobby> half a line")
    one.type(CTRL_Z)
    one.expect("Stopped")
    assert not one.emulator.is_alternate and 2004 not in one.emulator.modes
    for number in range(40):
        plain.say(f"line {number}")
    one.type("echo in the shell\r")
    one.expect("in the shell")
    one.type("fg\r")
    one.expect("line 39")
    one.expect("#lobby> half a line")
    assert one.emulator.is_alternate
    # It was there all the time: nobody has seen it leave.
    assert not any("Anna" in line and "退出" in line for line in plain.lines)
    one.type(PAGE_UP * 2)
    one.expect("unread")
    one.settle()
    assert one.row("unread") == one.row("line 0") - 1
    one.type("\x1b>\x15\x03\x03")
    one.expect("$ ")


def screen_of(terminal):
    """The process that has the terminal: the youngest of its session."""
    return max(terminal.processes(), key=lambda each: each.pid).pid


def test_a_screen_that_dies_is_replaced(people):
    people = people()
    one = people.join("Anna")
    plain = people.plain("小红")
    plain.say("before")
    one.expect("小红: before")
    os.kill(screen_of(one), signal.SIGKILL)
    plain.say("meanwhile")
    one.expect("the screen had failed, this is another one")
    one.expect("小红: before")
    one.expect("小红: meanwhile")
    one.type("still here\r")
    plain.find("Anna说: still here")
    assert not any("Anna 退出了聊天室" == line for line in plain.lines)


def link_of(terminal):
    """The process that has the line: a child of the one that was started, in a session of its own."""
    return next(p.pid for p in processes() if p.parent == terminal.pid and p.session == p.pid)


@pytest.mark.asan
def test_a_link_that_dies_is_replaced(people):
    """It goes on where it was: nobody entered, nobody left, nothing is missing; at last it gives up."""
    people = people()
    one = people.join("Anna")
    plain = people.plain("小红")
    plain.say("before")
    one.expect("小红: before")
    for number in range(4):
        os.kill(link_of(one), signal.SIGKILL)
        one.expect("the link had failed, this is another one")
        plain.say(f"meanwhile {number}")
        one.expect(f"小红: meanwhile {number}")
        one.type(f"still here {number}\r")
        plain.find(f"Anna说: still here {number}")
    history = [each for each in people.server.history() if each["name"] == "Anna"]
    assert [each["kind"] for each in history] == ["entered", *4 * ["said"]]
    os.kill(link_of(one), signal.SIGKILL)
    assert one.wait_end() == 111
    one.expect("another start goes on where it was")


@pytest.mark.asan
def test_the_server_dies_and_returns(people):
    people = people()
    one = people.join("Anna")
    people.plain("小红").say("before")
    one.expect("小红: before")
    people.server.alarms_expected = True
    people.server.kill_all()
    one.type("into the dark\r")
    one.expect("Anna: into the dark …")
    one.expect("1 on their way")
    one.expect("no answer, still trying")
    people.server.restart()
    one.expect("Anna: into the dark ✓", 3 * PATIENCE)
    one.expect_gone("on their way")
    one.expect_gone("no answer")
    said = [each for each in people.server.history() if each["text"] == "into the dark"]
    assert len(said) == 1


def test_leaving_while_nobody_answers(people):
    people = people()
    one = people.join("Anna")
    people.server.alarms_expected = True
    people.server.kill_all()
    one.type("into the dark\r")
    one.expect("1 on their way")
    one.type(CTRL_C + CTRL_C)
    one.expect("leaving…")
    one.type(CTRL_C)  # Does not wait any more.
    assert one.wait_end() == 1
    one.expect("what was said last may not have arrived")
    people.server.restart()


def test_another_start_goes_on(people):
    people = people()
    one = people.join("Anna")
    plain = people.plain("小红")
    plain.say("before")
    one.expect("小红: before")
    one.type("x")
    os.kill(one.pid, signal.SIGHUP)  # The terminal is closed.
    one.wait_end()
    plain.say("while away")
    again = people.join("Anna")
    again.expect("小红: while away")
    assert again.row("unread") == again.row("while away") - 1
    # What was read before is fetched.
    again.expect("小红: before")


# ---- Pictures


def test_pictures(people, place):
    """Two screens as SVG. QUN_PICTURES says where to; docs/ has those of the README."""
    folder = Path(os.environ.get("QUN_PICTURES", place))
    people = people()
    one = people.join("小明", rows=16, columns=84, **ZH)
    two = people.join("Anna", rows=16, columns=40)
    names = [people.plain(name) for name in ("小红", "王大锤", "Zoë", "김철수", "Бэлла")]
    one.expect("Бэлла")
    names[0].say("中午去吃火锅吗？🍲")
    one.expect("火锅")
    two.type("Sounds good! When?\r")
    one.expect("When?")
    names[1].say("十二点半在楼下集合，别忘了带伞，外面可能要下雨。@小明 你也来吗？")
    one.expect("你也来吗")
    one.type("来！👍 我叫上 Zoë\r")
    one.expect("我叫上 Zoë ✓")
    two.expect("Zoë")
    names[2].say("J’arrive ☂")
    one.type("/join #读书\r")
    one.expect("#读书> ")
    one.type("\x1b1")
    one.expect("J’arrive")
    one.expect_gone("条在途")
    two.expect("J’arrive")
    one.type("那就这么说定")
    one.expect("#lobby> 那就这么说定")
    for name, terminal in (("join-zh", one), ("join-narrow", two)):
        path = folder / f"{name}.svg"
        path.write_text(svg(terminal.cells(), terminal.cursor()))
        assert "☂" in path.read_text()
    for name in ("join-zh.svg", "join-narrow.svg"):
        assert (TOP / "docs" / name).read_text().startswith("<svg")
