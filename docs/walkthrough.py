#!/usr/bin/python3
"""Writes TRANSCRIPT.md: the README's commands in a fresh clone, in real terminals, as they happen.

    docs/walkthrough.py            all but script/test
    docs/walkthrough.py --test     script/test as well, which takes a quarter of an hour

Run it as an ordinary user, where port 8888 is free and no other qun runs: processes are killed by their
names. (As root: unshare --net --pid --fork --mount-proc, then `ip link set lo up` and setpriv.)
"""
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from terminal import Terminals

TOP = Path(__file__).resolve().parent.parent
PAGE = TOP / "docs" / "TRANSCRIPT.md"
HOME = "/home/ming"  # what the page shows instead of the folder of this run
MINUTES = 60  # seconds

HEAD = """# A transcript

The README's commands in a fresh clone on Debian 12, as four terminals showed them. Made by
[walkthrough.py](walkthrough.py) from a real run; only the path of the home folder is another one here.
"""


class Page:
    def __init__(self, home):
        self.home = home
        self.parts = [HEAD]

    def tells(self, words):
        self.parts.append(words)

    def shows(self, *terminals):
        """What is new in each terminal."""
        for terminal in terminals:
            lines = [line.replace(self.home, HOME) for line in terminal.news()]
            while lines and lines[-1] in ("", "$"):
                lines.pop()
            if lines:
                self.parts.append(f"{terminal.title}\n\n```\n" + "\n".join(lines) + "\n```")

    def text(self):
        return "\n\n".join(part.strip("\n") for part in self.parts) + "\n"


def start(page, server):
    server.types("script/server")
    server.sees("Ctrl-C", seconds=10 * MINUTES, times=1)
    page.tells("## The room\n\nThe first time, `script/server` installs what is missing and builds; "
               "then the room is open.")
    page.shows(server)


def talk(page, server, ming, hong):
    ming.types("nc -u 127.0.0.1 8888")
    ming.types("L 小明")
    ming.sees("OK")
    hong.types("python3 examples/client.py")
    hong.sees("请输入姓名:")
    hong.types("小红")
    ming.sees("小红 进入了聊天室")
    hong.types("今晚吃火锅吗？")
    ming.sees("小红说: 今晚吃火锅吗？")
    ming.types("C 好啊，几点？")
    hong.sees("小明说: 好啊，几点？")
    server.types("十分钟后上课")
    for person in (ming, hong):
        person.sees("管理员: 十分钟后上课")
    server.types("/who")
    server.sees("127.0.0.1", times=3)
    page.tells("## Two people and the administrator\n\n小明 uses nothing but `nc -u`, which shows datagrams one "
               "behind the other, since they have no line end. 小红 uses the small client. The "
               "administrator types in the server's terminal.")
    page.shows(ming, hong, server)


def administer(page, ming, hong, other):
    for command in ("admin who", "history --last 20", "history --search 火锅"):
        other.types(f"build/qun {command}")
        other.sees(command)
        other.rests()
    page.tells("## From another terminal")
    page.shows(other)


def kill_hub(page, server, ming, hong, other):
    other.types("kill -9 $(pgrep -f '^qun: hub')")
    server.sees("hub is back")
    hong.types("还在吗？")
    ming.sees("小红说: 还在吗？")
    ming.types("C 在！")
    hong.sees("小明说: 在！")
    page.tells("## A process is killed\n\nThe hub, which decides everything. It is there again at once; nobody is told "
               "that anybody left.")
    page.shows(other, server, hong, ming)


def kill_all(page, server, ming, hong, other):
    other.types("kill -9 $(pgrep -f '^qun: ')")
    server.sees("Killed", times=2)
    server.types("script/server")
    server.sees("Ctrl-C", times=2, seconds=MINUTES)
    hong.types("现在呢？")
    ming.sees("小红说: 现在呢？")
    ming.types("C 还在。")
    hong.sees("小明说: 还在。")
    page.tells("## All of them are killed\n\nThe keeper too, so that nobody is left who could start anything "
               "again. After `script/server` the two go on as if nothing had been: they are still members.")
    page.shows(other, server, hong, ming)


def end(page, server, ming, hong, other):
    other.types('build/qun admin kick 小明 "广告"')
    other.sees("Done")
    ming.sees("EXIT")
    hong.sees("小明 被请出了聊天室")
    hong.presses("C-d")
    hong.rests()
    server.presses("C-c")
    server.rests()
    ming.presses("C-c")
    ming.rests()
    other.types("build/qun history --last 20")
    other.sees("history --last 20", times=2)
    other.rests()
    page.tells("## The end\n\nSomebody is shown out, 小红 leaves (Ctrl-D), the server is stopped (Ctrl-C). The "
               "history can be read without it.")
    page.shows(ming, hong, server, other)


def test(page, other):
    other.types("script/test")
    other.sees("== e2e:", seconds=60 * MINUTES)
    other.rests()
    page.tells("## The tests")
    page.shows(other)


def run(home):
    clone = Path(home) / "qun"
    subprocess.run(["git", "clone", "--quiet", TOP, clone], check=True)
    page = Page(home)
    env = {"HOME": home}
    for name in ("XDG_DATA_HOME", "QUN_BINARY", "QUN_BUILD"):
        os.environ.pop(name, None)
    with Terminals(env) as terminals:
        titles = ("The server's terminal:", "小明's:", "小红's:", "Another terminal:")
        all_four = []
        for name, title in zip(("server", "ming", "hong", "other"), titles):
            terminal = terminals.open(name, cwd=clone)
            terminal.title = title
            terminal.rests()
            all_four.append(terminal)
        server, ming, hong, other = all_four
        start(page, server)
        talk(page, server, ming, hong)
        administer(page, ming, hong, other)
        kill_hub(page, server, ming, hong, other)
        kill_all(page, server, ming, hong, other)
        end(page, server, ming, hong, other)
        if "--test" in sys.argv:
            test(page, other)
    return page.text()


def main():
    others = subprocess.run(["pgrep", "-f", "^qun: "], capture_output=True, text=True).stdout
    if others:
        raise SystemExit("another qun runs here, and this would kill it")
    with tempfile.TemporaryDirectory(prefix="qun-walk-") as home:
        text = run(home)
    (Path(sys.argv[-1]) if sys.argv[-1].endswith(".md") else PAGE).write_text(text)


if __name__ == "__main__":
    main()
