#!/usr/bin/python3
"""Writes what two people and the administrator see into the READMEs, from a real run.

    docs/transcript.py           writes it
    docs/transcript.py --check   fails if the READMEs say something else than the run shows
"""
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent
BINARY = os.environ.get("QUN_BINARY", str(TOP / "build" / "qun"))
MARKS = re.compile(r"(<!-- transcript: [^\n]*-->\n).*?(<!-- end of transcript -->)", re.S)


class Person:
    """Somebody at `nc -u`: what is typed, and what appears."""

    def __init__(self, port):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.settimeout(10)
        self.socket.connect(("127.0.0.1", port))
        self.screen = []

    def types(self, line):
        self.screen.append(line)
        self.socket.send(line.encode() + b"\n")

    def sees(self, count=1):
        for _ in range(count):
            self.screen.append(self.socket.recv(1024).decode())


def run():
    with tempfile.TemporaryDirectory(prefix="qun-transcript-") as folder:
        os.chmod(folder, 0o755)
        server = subprocess.Popen([BINARY, "serve", "--listen", "127.0.0.1:0", "--data",
                                   f"{folder}/data", "--console", "--language", "zh"],
                                  stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                  stderr=subprocess.DEVNULL, text=True)
        try:
            port = int(re.search(r"udp=127\.0\.0\.1:(\d+)", server.stdout.readline())[1])
            ming, hong = Person(port), Person(port)
            ming.types("L 小明")
            ming.sees()
            hong.types("L 小红")
            hong.sees()
            ming.sees()
            hong.types("C 大家好！")
            ming.sees()
            ming.types("C 你好，吃了吗？")
            hong.sees()
            server.stdin.write("十分钟后上课\n")
            server.stdin.flush()
            ming.sees()
            hong.sees()
            hong.types("Q")
            hong.sees()
            ming.sees()
        finally:
            server.send_signal(signal.SIGTERM)
            server.wait(10)
    return ming.screen, hong.screen


def block(screen):
    return "\n".join(["```", "$ nc -u 127.0.0.1 8888", *screen, "```"])


def main():
    ming, hong = run()
    is_wrong = False
    for name, first, second in (("README.md", "小明 types and sees:", "小红, in another terminal:"),
                                ("README.zh-CN.md", "小明的终端：", "小红的终端：")):
        path = TOP / name
        old = path.read_text()
        text = f"{first}\n\n{block(ming)}\n\n{second}\n\n{block(hong)}\n"
        new = MARKS.sub(lambda marks: marks[1] + "\n" + text + "\n" + marks[2], old)
        if "--check" in sys.argv:
            if old != new:
                print(f"{name} does not show what a run shows; run docs/transcript.py")
                is_wrong = True
        else:
            path.write_text(new)
    return 1 if is_wrong else 0


if __name__ == "__main__":
    sys.exit(main())
