#!/usr/bin/python3
"""Writes what two people see into the READMEs, from a real run in real terminals.

    docs/transcript.py           writes it
    docs/transcript.py --check   fails if the READMEs say something else than the run shows

The run has a port of its own; the READMEs show the usual one.
"""
import os
import re
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from terminal import Terminals

TOP = Path(__file__).resolve().parent.parent
BINARY = os.environ.get("QUN_BINARY", str(TOP / "build" / "qun"))
MARKS = re.compile(r"(<!-- transcript: [^\n]*-->\n).*?(<!-- end of transcript -->)", re.S)
HEADS = {"README.md": ("小明's terminal:", "小红's:"), "README.zh-CN.md": ("小明的终端：", "小红的终端：")}


def converse(terminals, server, port):
    """What the two have on their screens in the end."""
    ming, hong = (terminals.open(name, cwd=TOP) for name in ("ming", "hong"))
    for person, name in ((ming, "小明"), (hong, "小红")):
        person.rests()
        person.types(f"python3 examples/client.py 127.0.0.1 {port}")
        person.sees("请输入姓名:")
        person.types(name)
        if person is hong:
            ming.sees("小红 进入了聊天室")
    hong.types("大家好！")
    ming.sees("小红说: 大家好！")
    ming.types("你好，吃了吗？")
    hong.sees("小明说: 你好，吃了吗？")
    server.stdin.write("十分钟后上课\n")
    server.stdin.flush()
    for person in (ming, hong):
        person.sees("管理员: 十分钟后上课")
    hong.types("那我先走了")
    ming.sees("小红说: 那我先走了")
    hong.presses("C-d")
    ming.sees("小红 退出了聊天室")
    hong.rests()
    return ming.screen(), hong.screen()


def run():
    with tempfile.TemporaryDirectory(prefix="qun-transcript-") as folder, Terminals() as terminals:
        os.chmod(folder, 0o755)
        server = subprocess.Popen([BINARY, "serve", "--listen", "127.0.0.1:0", "--data",
                                   f"{folder}/data", "--console", "--language", "zh"],
                                  stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                  stderr=subprocess.DEVNULL, text=True)
        try:
            port = re.search(r"udp=127\.0\.0\.1:(\d+)", server.stdout.readline())[1]
            screens = converse(terminals, server, port)
        finally:
            server.send_signal(signal.SIGTERM)
            server.wait(10)
    return [[line.replace(f" {port}", " 8888") for line in screen] for screen in screens]


def block(screen):
    if screen[-1] == "$":
        screen = screen[:-1]
    return "\n".join(["```", *screen, "```"])


def main():
    ming, hong = run()
    is_wrong = False
    for name, (first, second) in HEADS.items():
        path = TOP / name
        old = path.read_text()
        text = f"{first}\n\n{block(ming)}\n\n{second}\n\n{block(hong)}\n"
        new = MARKS.sub(lambda marks: marks[1] + "\n" + text + "\n" + marks[2], old)
        if "--check" not in sys.argv:
            path.write_text(new)
        elif old != new:
            print(f"{name} does not show what a run shows, which is:\n\n{text}\n"
                  "docs/transcript.py writes it")
            is_wrong = True
    return 1 if is_wrong else 0


if __name__ == "__main__":
    sys.exit(main())
