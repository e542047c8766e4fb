"""The two small clients of examples/, and clients as classrooms write them, against the real server."""

import os
import pty
import shutil
import signal
import subprocess
import sys

import pytest
from plain import Plain, entered, left, said
from server import Stream
from tools import BUILD, TOP, eventually, plain_environment, processes

CLIENTS = {
    "chat_client.c": [str(BUILD / "examples" / "chat_client")],
    "client.py": [sys.executable, "-u", str(TOP / "examples" / "client.py")],
}

# What a class of last week has written: fork, recvfrom(1024), 128 bytes for the answer to L.
CLASSROOM = r"""
import os, sys
from socket import *

ADDR = (sys.argv[1], int(sys.argv[2]))

def send_msg(s, name):
    while True:
        try:
            text = input("发言:")
        except (KeyboardInterrupt, EOFError):
            text = "quit"
        if text.strip() == "quit":
            s.sendto(("Q " + name).encode(), ADDR)
            os._exit(0)
        s.sendto(("C %s %s" % (name, text)).encode(), ADDR)

def recv_msg(s):
    while True:
        data, addr = s.recvfrom(1024)
        if data.decode() == "EXIT":
            os._exit(0)
        print(data.decode(), flush=True)

s = socket(AF_INET, SOCK_DGRAM)
while True:
    name = input("请输入姓名:")
    s.sendto(("L " + name).encode(), ADDR)
    data, addr = s.recvfrom(128)
    if data.decode() == "OK":
        print("您已进入聊天室", flush=True)
        break
    print(data.decode(), flush=True)
pid = os.fork()
if pid == 0:
    send_msg(s, name)
else:
    recv_msg(s)
"""


class Client:
    """A client program, typed at through a pipe or a terminal."""

    def __init__(self, command, is_terminal):
        self.is_terminal = is_terminal
        if is_terminal:
            self.typed, theirs = pty.openpty()
            self.child = subprocess.Popen(
                command, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True,
                env=plain_environment(LANG="C.UTF-8"),
            )
            os.close(theirs)
            self.screen = Stream(os.dup(self.typed))
        else:
            stdin, self.typed = os.pipe()
            screen, stdout = os.pipe()
            self.child = subprocess.Popen(
                command, stdin=stdin, stdout=stdout, stderr=stdout, start_new_session=True,
                env=plain_environment(LANG="C.UTF-8"),
            )
            os.close(stdin)
            os.close(stdout)
            self.screen = Stream(screen)

    def type(self, line):
        os.write(self.typed, line.encode() + b"\n")

    def sees(self, text, start=0):
        return self.screen.expect_raw(text, start=start)

    def end_input(self):
        if self.is_terminal:
            os.write(self.typed, b"\x04")
        else:
            os.close(self.typed)
            self.typed = None

    def wait(self):
        """Ends by itself, with nobody left behind."""
        code = self.child.wait(20)
        eventually(lambda: not self.left(), lambda: f"the end of {self.left()}")
        return code

    def left(self):
        for each in processes(session=self.child.pid):
            try:
                os.waitpid(each.pid, os.WNOHANG)
            except ChildProcessError:
                pass
        return processes(session=self.child.pid)

    def finish(self):
        for each in processes(session=self.child.pid):
            os.kill(each.pid, signal.SIGKILL)
        self.child.wait(20)
        self.left()
        if self.typed is not None:
            os.close(self.typed)


@pytest.fixture(params=["pipe", "terminal"])
def is_terminal(request):
    return request.param == "terminal"


@pytest.fixture
def start(is_terminal):
    started = []

    def start_one(command, server):
        host, port = server.address
        started.append(Client([*command, host, str(port)], is_terminal))
        return started[-1]

    yield start_one
    for client in started:
        client.finish()


def need(command):
    if not os.path.exists(command[-1]):
        pytest.fail(f"{command[-1]} is not there")


@pytest.mark.asan
@pytest.mark.parametrize("which", CLIENTS)
def test_client(serve, start, which):
    """Asks for a name until the server says OK; says and hears; both processes end on EXIT."""
    need(CLIENTS[which])
    server = serve()
    ming = Plain(server).enter("小明")
    client = start(CLIENTS[which], server)
    end = client.sees("请输入姓名: ")
    client.type("小明")
    end = client.sees("小明", start=end)
    end = client.sees("请输入姓名: ", start=end)
    client.type("小红")
    ming.find(entered("小红"))
    ming.say("你好")
    client.sees(said("小明", "你好"))
    client.type("你也好")
    ming.expect(said("小红", "你也好"))
    client.type("two words")
    ming.expect(said("小红", "two words"))
    # No zombie while it runs.
    assert not [each for each in processes(session=client.child.pid) if each.is_zombie]
    client.end_input()
    ming.expect(left("小红"))
    assert client.wait() == 0


@pytest.mark.asan
@pytest.mark.parametrize("which", CLIENTS)
def test_client_is_shown_out(serve, start, which):
    """EXIT ends both, whoever asked for it, also while somebody is about to type."""
    need(CLIENTS[which])
    server = serve()
    client = start(CLIENTS[which], server)
    client.sees("请输入姓名: ")
    client.type("小红")
    eventually(lambda: "小红" in server.admin_ok("who"), "小红")
    server.admin_ok("kick", "小红", "too late")
    client.sees("too late")
    client.wait()


@pytest.mark.parametrize("which", CLIENTS)
def test_long_texts_arrive_at_clients(serve, start, which):
    need(CLIENTS[which])
    server = serve()
    client = start(CLIENTS[which], server)
    client.sees("请输入姓名: ")
    client.type("小红")
    ming = Plain(server).enter("小明")
    eventually(lambda: ming.send("W").next() and "小红" in ming.lines[-1], "小红")
    ming.say("长" * 1300)
    ming.say("end")
    client.sees("小明说: end")
    assert client.screen.text.count("长") == 1300


@pytest.mark.asan
def test_classroom_client(serve, start, place):
    """Works unchanged: nothing longer than it can read, nothing that it does not expect."""
    (place / "classroom.py").write_text(CLASSROOM)
    server = serve()
    ming = Plain(server).enter("小明")
    client = start([sys.executable, "-u", str(place / "classroom.py")], server)
    client.type("小明")
    client.sees("小明")
    client.type("小红")
    client.sees("您已进入聊天室")
    ming.find(entered("小红"))
    client.type("大家好")
    ming.expect(said("小红", "大家好"))
    ming.say("长" * 1300)
    ming.say("end")
    client.sees("小明说: end")
    assert client.screen.text.count("长") == 1300
    client.type("quit")
    ming.expect(left("小红"))
    client.wait()


def test_nc(serve):
    """The next person joins with nothing but nc."""
    if not shutil.which("nc"):
        pytest.skip("there is no nc")
    server = serve()
    ming = Plain(server).enter("小明")
    host, port = server.address
    nc = subprocess.Popen(
        ["nc", "-u", host, str(port)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    screen = Stream(os.dup(nc.stdout.fileno()))
    try:
        for line in ("L 小红", "C 你好", "Q"):
            nc.stdin.write(f"{line}\n".encode())
            nc.stdin.flush()
            ming.next()
        screen.expect_raw("OK")
        screen.expect_raw("EXIT")
        assert ming.lines[1:] == [entered("小红"), said("小红", "你好"), left("小红")]
    finally:
        nc.kill()
        nc.communicate()
