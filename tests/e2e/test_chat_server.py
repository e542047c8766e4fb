"""The lesson's own chat server of examples/, and the clients that know nothing of it but L, C and Q."""

import contextlib
import os
import re
import signal
import subprocess

import pytest
from plain import Plain, entered, left, said, shouted
from server import Stream
from test_clients import CLIENTS, Client, need
from tools import BUILD, PATIENCE, eventually, plain_environment, processes

SERVER = str(BUILD / "examples" / "chat_server")


class ChatServer:
    """examples/chat_server, with the administrator at a pipe."""

    def __init__(self):
        need([SERVER])
        self.process = subprocess.Popen(
            [SERVER, "127.0.0.1", "0"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
            env=plain_environment(),
        )
        self.screen = Stream(os.dup(self.process.stdout.fileno()))
        self.process.stdout.close()
        opened = self.screen.expect(r"the room is open at 127\.0\.0\.1:(\d+)$")
        self.address = ("127.0.0.1", int(opened[1]))

    def type(self, line):
        self.process.stdin.write(line.encode() + b"\n")
        self.process.stdin.flush()

    def finish(self):
        """Ctrl-C; the administrator's child goes with its parent."""
        self.process.send_signal(signal.SIGINT)
        assert self.process.wait(PATIENCE) == -signal.SIGINT
        self.process.stdin.close()

        def is_gone():
            for each in processes(session=self.process.pid):
                with contextlib.suppress(ChildProcessError):
                    os.waitpid(each.pid, os.WNOHANG)  # Ours soon, see conftest.
            return not processes(session=self.process.pid)

        eventually(is_gone, "the end of the administrator's process")


@pytest.fixture
def server():
    chat = ChatServer()
    yield chat
    chat.finish()


@pytest.fixture
def start():
    started = []

    def start_one(which, server):
        host, port = server.address
        started.append(Client([*CLIENTS[which], host, str(port)], is_terminal=False))
        return started[-1]

    yield start_one
    for client in started:
        client.finish()


@pytest.mark.asan
@pytest.mark.parametrize("which", CLIENTS)
def test_the_examples_talk_to_each_other(server, start, which):
    """The whole lesson: a name once, entering, talking, the administrator, leaving."""
    watcher = Plain(server).enter("小刚")
    ming, hong = start(which, server), start(which, server)
    ming.sees("请输入姓名: ")
    ming.type("小明")
    watcher.expect(entered("小明"))
    asked = hong.sees("请输入姓名: ")
    hong.type("小明")
    asked = hong.sees("该用户已存在", start=asked)
    asked = hong.sees("请输入姓名: ", start=asked)
    hong.type("小红")
    ming.sees(entered("小红"))
    ming.type("大家好")
    hong.sees(said("小明", "大家好"))
    hong.type("two words")
    ming.sees(said("小红", "two words"))
    server.type("快下课了")
    for client in (ming, hong):
        client.sees(shouted("快下课了"))
    hong.end_input()
    ming.sees(left("小红"))
    assert hong.wait() == 0
    ming.end_input()
    assert ming.wait() == 0
    # Nobody hears what they have said themselves.
    assert "小明说" not in ming.screen.text
    assert "小红说" not in hong.screen.text


@pytest.mark.asan
def test_the_server_by_the_letter(server):
    ming, hong = Plain(server).enter("小明"), Plain(server)
    assert hong.try_to_enter("小明") == "该用户已存在"
    assert hong.try_to_enter("管理员") == "该用户已存在"
    assert hong.try_to_enter("") == "不能进入聊天室"
    assert hong.try_to_enter("x" * 64) == "不能进入聊天室"
    hong.send("C 小明 not mine")
    assert hong.next() == "请先进入聊天室"
    hong.enter("小红")
    ming.expect(entered("小红"))
    hong.send("L 小红")  # Sent twice, because the answer was late.
    assert hong.next() == "OK"
    hong.send("C 小红 " + "长" * 270)
    ming.expect(said("小红", "长" * 270))
    hong.send("C 小红 " + "长" * 400)
    assert hong.next() == "消息太长"
    hong.send("nonsense")
    assert re.match("L 姓名", hong.next())
    for _ in range(2):
        hong.send("Q 小红")
        assert hong.next() == "EXIT"
    ming.expect(left("小红"))
    server.type("再见")
    ming.expect(shouted("再见"))


def test_the_room_stays_when_the_administrator_goes(server):
    ming, hong = Plain(server).enter("小明"), Plain(server).enter("小红")
    ming.expect(entered("小红"))
    server.process.stdin.close()
    eventually(
        lambda: len(processes(session=server.process.pid)) == 1, "the end of the administrator's process"
    )
    hong.send("C 小红 still here")
    ming.expect(said("小红", "still here"))
