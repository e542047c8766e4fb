"""The admin socket and the keyboard, from people and programs that do not behave."""

import contextlib
import json
import os
import select
import socket
import subprocess

import pytest
from plain import Crowd, Plain, shouted
from tools import BINARY

FAST = ("--rate", "100000:100000")


def connect(server):
    client = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    # The path of a Unix socket is short: see sun_path.
    here = os.open(server.data, os.O_PATH)
    client.connect(f"/proc/self/fd/{here}/admin.sock")
    os.close(here)
    client.settimeout(20)
    return client


class Socket:
    """A client of the admin socket that knows its lines."""

    def __init__(self, server):
        self.socket = connect(server)
        self.file = self.socket.makefile("rb")

    def send(self, what):
        self.socket.sendall(what if isinstance(what, bytes) else json.dumps(what).encode() + b"\n")
        return self

    def answer(self):
        """All objects up to the one that says how it went."""
        objects = []
        while not objects or "ok" not in objects[-1]:
            line = self.file.readline()
            assert line, "the connection has ended"
            objects.append(json.loads(line))
        return objects

    def ask(self, line, language="en"):
        return self.send({"line": line, "language": language}).answer()


@pytest.mark.asan
@pytest.mark.parametrize(
    "garbage",
    [
        b"\n",
        b"hello\n",
        b"\x00\xff\xfe\n",
        b"{}\n",
        b"[]\n",
        b'"/close"\n',
        b'{"line": 1}\n',
        b'{"line": null}\n',
        b'{"line": "\\u0000"}\n',
        b'{"line": "\xff"}\n',
        b'{"line": "/close", "line": "/who"}\n',
        b"[" * 10000 + b"\n",
        b'{"line": "/nonsense"}\n',
        b'{"line": "/kick"}\n',
    ],
    ids=repr,
)
def test_garbage_is_answered_in_words(serve, garbage):
    server = serve()
    client = Socket(server)
    for _ in range(3):
        last = client.send(garbage).answer()[-1]
        assert last["ok"] is False and last["error"] and last["line"]
    # The connection is as good as before.
    assert client.ask("/who")[-1]["ok"] is True


@pytest.mark.asan
def test_a_line_without_end_is_refused(serve):
    server = serve()
    client = Socket(server)
    with contextlib.suppress(OSError):
        for _ in range(64):
            client.socket.sendall(b"x" * 4096)
    assert client.answer()[-1]["error"] == "line-too-long"
    with contextlib.suppress(ConnectionResetError):
        assert client.file.readline() == b""
    server.admin_ok("who")


@pytest.mark.asan
def test_requests_come_in_pieces_and_together(serve):
    server = serve()
    member = Plain(server).enter("小明")
    client = Socket(server)
    request = json.dumps({"line": "喊一声"}).encode() + b"\n"
    for at in range(len(request)):
        client.socket.sendall(request[at : at + 1])
    assert client.answer()[-1]["ok"]
    count = 200
    for number in range(count):
        client.send({"line": f"shout {number}"})
    for number in range(count):
        assert client.answer()[-1]["ok"]
    member.expect("管理员: 喊一声", *(f"管理员: shout {number}" for number in range(count)))


@pytest.mark.asan
def test_the_last_request_of_who_has_gone_is_done(serve):
    server = serve()
    member = Plain(server).enter("小明")
    client = connect(server)
    client.sendall(b'{"line": "gone already"}\n')
    client.close()
    member.expect("管理员: gone already")


@pytest.mark.asan
def test_who_takes_no_answers_hinders_nobody(serve):
    """More of them than there are places, each with more answers on the way than a socket holds."""
    server = serve(*FAST, keyboard="pipe")
    member, other = Crowd(server, ["小明", "小红"])
    for number in range(1000):
        member.say(f"{number} " + "长" * 300)
    other.find("小明说: 999 " + "长" * 300)
    stalled = []
    for _ in range(40):
        client = connect(server)
        stalled.append(client)
        with contextlib.suppress(OSError):
            client.sendall(b'{"line": "/history 1000"}\n' * 20)
        server.admin_ok("who")
    server.type("still typing")
    other.expect("管理员: still typing")
    assert len(server.admin_json("history", "1000")) == 1001
    for client in stalled:
        client.close()
    server.admin_ok("who")


def test_idle_clients_give_way(serve):
    server = serve()
    clients = [Socket(server) for _ in range(100)]
    assert clients[-1].ask("/who")[-1]["ok"]
    server.admin_ok("who")


@pytest.mark.asan
def test_a_long_list_is_whole(serve):
    """Longer than a client's buffer is large; long names rather than a crowd, which would be loud."""
    server = serve(*FAST)
    count = 600
    names = [f"{'众' * 28}{number:04}" for number in range(count)]
    for number, name in enumerate(names):
        Plain(server, f"127.0.{number // 250 + 2}.{number % 250 + 1}").enter(name)
    people = [each["name"] for each in server.admin_json("who") if "name" in each]
    assert people == names


# ---- Who dies ------------------------------------------------------------------------------------


def test_the_console_is_killed_again_and_again(serve):
    server = serve()
    member = Plain(server).enter("小明")
    for number in range(3):
        server.wait_replaced("console", server.kill("console"))
        server.admin_ok("shout", str(number))
        member.expect(f"管理员: {number}")
    rows = {row["process"]: row for row in server.admin_json("stats") if "process" in row}
    assert rows["console"]["restarts"] == 3


@pytest.mark.parametrize("name", ["hub", "clerk", "scribe"])
def test_commands_outlive_the_death_of(serve, name):
    """Whoever dies: what was asked meanwhile is done once, and answered."""
    server = serve()
    member = Plain(server).enter("小明")
    for number in range(3):
        pid = server.kill(name)
        server.admin_ok("shout", str(number))
        server.admin_ok("who")
        server.admin_ok("history")
        server.wait_replaced(name, pid)
        server.admin_ok("check")
    member.expect(*(f"管理员: {number}" for number in range(3)))
    assert not member.pending()


@pytest.mark.asan
def test_answers_wait_for_the_disk_with_fsync(serve):
    server = serve("--fsync")
    member = Plain(server).enter("小明")
    assert server.admin_json("shout", "kept")[-1]["ok"]
    member.expect("管理员: kept")
    answer = server.admin_json("mute", "小红")[-1]
    rows = {row["process"]: row for row in server.admin_json("stats") if "process" in row}
    assert rows["scribe"]["seq_durable"] >= answer["seq"]


# ---- The keyboard --------------------------------------------------------------------------------


@pytest.mark.asan
def test_lines_from_a_pipe(serve):
    """In their order; what is too long, not UTF-8 or empty is one answer or none; the last needs no end."""
    server = serve(keyboard="pipe")
    member = Plain(server).enter("小明")
    os.write(server.typed, b"one\r\n\n  \n" + b"x" * 5000 + b"\ncaf\xe9\n" + b"two\n/who\nthree")
    member.expect("管理员: one", "管理员: two")
    server.stdout.expect("最多 4096 字节")
    server.stdout.expect("UTF-8")
    server.close_keyboard()
    member.expect("管理员: three")


def test_lines_from_a_file(serve, place):
    """A file is always readable, and epoll does not take it."""
    path = place / "lines"
    path.write_text("".join(f"line {number}\n" for number in range(100)) + "/close\n")
    with open(path, "rb") as lines:
        done = subprocess.run(
            [BINARY, "serve", "--listen", "127.0.0.1:0", "--data", place / "data", "--console"],
            stdin=lines,
            capture_output=True,
            timeout=20,
            text=True,
        )
    assert done.returncode == 0, done.stderr
    shown = [line for line in done.stdout.splitlines() if "管理员: line" in line]
    assert [line.split("line ")[1] for line in shown] == [str(number) for number in range(100)]
    assert done.stdout.startswith("qun: ready")


def test_nobody_reads_standard_output(place):
    """The view waits, the administrator and the room do not; and it goes on where the ring is."""
    reading, writing = os.pipe()
    keyboard, typed = os.pipe()
    server = subprocess.Popen(
        [BINARY, "serve", "--listen", "127.0.0.1:0", "--data", place / "data", "--console"]
        + ["--ring", "1"],
        stdin=keyboard,
        stdout=writing,
        stderr=subprocess.DEVNULL,
    )
    os.close(writing)
    os.close(keyboard)
    assert os.read(reading, 200).startswith(b"qun: ready")

    def admin(*words):
        command = [BINARY, "admin", "--data", place / "data", *words]
        return subprocess.run(command, capture_output=True, timeout=20, check=True, text=True).stdout

    for number in range(600):
        admin("shout", f"{number} " + "x" * 4000)
    assert "599 xxx" in admin("history", "3")
    text = b""
    while b"admin: 599" not in text and "管理员: 599".encode() not in text:
        assert select.select([reading], [], [], 20)[0], text[-200:]
        text = text[-10000:] + os.read(reading, 65536)
        if "没有显示".encode() in text:
            break
    server.terminate()
    assert server.wait(20) == 0
    os.close(reading)
    os.close(typed)


@pytest.mark.asan
def test_a_terminal_survives_any_keys(serve):
    """Half sequences, controls, bytes that are not UTF-8, lines longer than a line may be."""
    server = serve(keyboard="terminal")
    member = Plain(server).enter("小明")
    noise = [b"\x1b", b"\x1b[", b"\x1b[A", b"\x1b[999D", b"\xff\xfe", b"\xe4\xb8", b"\x16", b"\x12"]
    noise += [b"\x18", b"\x1bx", b"\x00", b"\x01", b"\x0b", b"\x19", b"\x14", b"\x15"]
    for keys in noise:
        os.write(server.typed, keys)
        server.admin_ok("who")  # Nobody waits for the rest of a sequence.
    os.write(server.typed, b"\x15heard\n")
    member.find("管理员: heard")
    for _ in range(30):
        os.write(server.typed, ("很长的一行" * 20).encode())
        server.admin_ok("who")
    os.write(server.typed, b"\n")
    server.stdout.expect_raw("最多 4096 字节")
    os.write(server.typed, b"and after\n")
    member.expect("管理员: and after")


@pytest.mark.asan
def test_the_end_key_ends_the_keyboard_alone(serve):
    server = serve(keyboard="terminal")
    member = Plain(server).enter("小明")
    server.stdout.expect_raw("小明 进入了聊天室")
    os.write(server.typed, b"\x04")
    server.stdout.expect_raw("键盘输入结束了")
    server.admin_ok("shout", "alive")
    member.expect(shouted("alive"))
    server.stdout.expect_raw(shouted("alive"))
