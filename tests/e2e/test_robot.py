"""The robot, in its four forms: what it answers, who is online, who is turned away, how it ends."""

import contextlib
import fcntl
import os
import random
import re
import resource
import select
import signal
import socket
import struct
import subprocess
import time

import pytest
from server import ALARMS, STOP_SECONDS, Stream
from tools import (
    BINARY,
    IS_ROOT,
    PATIENCE,
    SLOWNESS,
    eventually,
    may_unshare,
    network_of,
    plain_environment,
    processes,
    qun,
    status,
)

MODELS = ["select", "process", "thread", "epoll"]
LINE_BYTES_MAX = 4096
REST_SECONDS = 0.05
READY = re.compile(r"qun: ready robot=(\S+):(\d+) model=(\w+)")
CLIENT = re.compile(r"client 127\.0\.0\.1:(\d+) since (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ) lines (\d+)")

pytestmark = pytest.mark.filterwarnings("error")


class Client:
    """A connection, and what has been read of it."""

    def __init__(self, robot, receive_bytes=None):
        self.socket = socket.socket()
        if receive_bytes is not None:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
        self.socket.settimeout(PATIENCE)
        self.socket.connect(robot.address)
        self.port = self.socket.getsockname()[1]
        self.unread = b""

    def send(self, data):
        self.socket.sendall(data.encode() if isinstance(data, str) else data)

    def line(self):
        """The next line, without its end; what is there at the end of the stream; b"" then."""
        while b"\n" not in self.unread:
            piece = self.socket.recv(65536)
            if not piece:
                break
            self.unread += piece
        line, _, self.unread = self.unread.partition(b"\n")
        return line

    def expect(self, text):
        wanted = b"====" + (text.encode() if isinstance(text, str) else text) + b"===="
        got = self.line()
        assert got == wanted

    def ask(self, text):
        self.send(text + "\n")
        self.expect(text)

    def is_silent(self, seconds):
        """Whether nothing comes for so long."""
        self.socket.settimeout(seconds)
        try:
            self.unread += self.socket.recv(65536)
        except TimeoutError:
            return True
        finally:
            self.socket.settimeout(PATIENCE)
        return False

    def rest(self):
        """All up to the end of the stream."""
        while piece := self.socket.recv(65536):
            self.unread += piece
        data, self.unread = self.unread, b""
        return data

    def end(self):
        self.socket.shutdown(socket.SHUT_WR)

    def close(self):
        self.socket.close()

    def reset(self):
        """Goes without a goodbye."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()


class Robot:
    """`qun robot`, from the constructor on."""

    def __init__(self, model, *options, listen="127.0.0.1:0", wrap=(), preexec=None):
        words = [*wrap, str(BINARY), "robot"]
        if model is not None:
            words += ["--model", model]
        if listen is not None:
            words += ["--listen", listen]
        self.model = model
        self.clients = []
        self.process = subprocess.Popen(
            [*words, *map(str, options)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=plain_environment(),
            start_new_session=True,
            preexec_fn=preexec,
        )
        self.pid = self.process.pid
        self.stdout = Stream(os.dup(self.process.stdout.fileno()))
        self.stderr = Stream(os.dup(self.process.stderr.fileno()))
        self.process.stdout.close()
        self.process.stderr.close()
        self.ready = READY.fullmatch(self.stdout.expect("qun: ready").string)
        assert self.ready, self.stdout.lines
        self.address = (self.ready[1], int(self.ready[2]))

    def client(self, **settings):
        client = Client(self, **settings)
        self.clients.append(client)
        return client

    def onlines(self):
        return [int(line.split()[1]) for line in list(self.stdout.lines) if line.startswith("online: ")]

    def wait_online(self, count, seconds=PATIENCE):
        eventually(lambda: (self.onlines() or [0])[-1] == count, f"online: {count}", seconds)

    def children(self):
        return [p for p in processes(self.pid) if p.pid != self.pid]

    def report(self):
        """What SIGUSR1 prints: {port: (since, lines)}."""
        start = len(self.stdout.lines)
        os.kill(self.pid, signal.SIGUSR1)
        head = self.stdout.expect(r"^report: (\d+) online$", start=start)
        count = int(head[1])

        def read():
            found = [CLIENT.fullmatch(line) for line in list(self.stdout.lines)[start:]]
            found = [match for match in found if match]
            return found if len(found) == count else None

        rows = eventually(read, f"{count} lines of the report") if count else []
        return {int(row[1]): (row[2], int(row[3])) for row in rows}

    def stop(self, how=signal.SIGTERM):
        """Ends it; returns the seconds that it took."""
        began = time.monotonic()
        self.process.send_signal(how)
        code = self.process.wait(PATIENCE)
        taken = time.monotonic() - began
        assert code == 0, self.stderr.text
        return taken

    def finish(self):
        """At the end of each test: it leaves in time and whole, and has counted well."""
        if self.process.poll() is None:
            taken = self.stop()
            assert taken < STOP_SECONDS, f"it took {taken:.1f} s to leave"
        for client in self.clients:
            client.close()
        eventually(lambda: not processes(self.pid), lambda: f"nothing left: {processes(self.pid)}")
        self.stdout.wait_end()
        self.stderr.wait_end()
        assert not ALARMS.search(self.stderr.text), self.stderr.text
        counts = [0, *self.onlines()]
        for before, after in zip(counts, counts[1:]):
            assert abs(after - before) == 1, f"not one line per change: {counts}"

    def kill(self):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        self.process.wait(PATIENCE)


@pytest.fixture(params=MODELS)
def model(request):
    return request.param


@pytest.fixture
def start(request):
    robots = []

    def start_robot(model, *options, **settings):
        robots.append(Robot(model, *options, **settings))
        return robots[-1]

    yield start_robot
    errors = []
    for robot in robots:
        try:
            robot.finish()
        except AssertionError as error:
            robot.kill()
            errors.append(f"{error}\n{robot.stderr.text}")
    assert not errors, "\n".join(errors)


@pytest.fixture
def robot(start, model):
    return start(model)


# ---- Ready ---------------------------------------------------------------------------------------


@pytest.mark.asan
def test_ready_line(robot, model):
    assert robot.ready[1] == "127.0.0.1"
    assert int(robot.ready[2]) > 0
    assert robot.ready[3] == model
    robot.stop()
    assert len(robot.stdout.lines) == 1


def test_defaults(start):
    if not IS_ROOT or not may_unshare("-n"):
        pytest.skip("needs a network of its own")
    wrap = ("unshare", "-n", "sh", "-c", 'ip link set lo up && exec "$@"', "sh")
    robot = start(None, listen=None, wrap=wrap)
    assert robot.ready.string == "qun: ready robot=127.0.0.1:9999 model=select"
    with network_of(robot.pid):
        robot.client().ask("你好")


def test_all_addresses(start, model):
    robot = start(model, listen=":0")
    port = robot.address[1]
    for address in ("127.0.0.1", "127.0.0.2"):
        robot.address = (address, port)
        robot.client().ask("hello")


def test_ipv6(start, model):
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        pytest.skip("no IPv6 here")
    robot = start(model, listen="[::1]:0")
    assert robot.ready[1] == "[::1]"
    with socket.create_connection(("::1", robot.address[1]), PATIENCE) as client:
        client.sendall(b"hello\n")
        assert client.recv(100) == b"====hello====\n"


# ---- Lines ---------------------------------------------------------------------------------------


@pytest.mark.asan
def test_a_line_comes_back_framed(robot):
    client = robot.client()
    for text in ("hello", "你好，机器人", "👨‍👩‍👧 عربي é", "", " blanks ", "====", "a\rb\tc"):
        client.ask(text)


def test_both_line_ends(robot):
    client = robot.client()
    client.send("one\r\ntwo\nthree\r\n\r\n\n")
    for text in ("one", "two", "three", "", ""):
        client.expect(text)


def test_every_other_byte_is_text(robot):
    client = robot.client()
    data = bytes(byte for byte in range(256) if byte != 10)
    client.send(data + b"\n")
    client.expect(data)


def test_a_line_may_come_in_pieces(robot):
    client = robot.client()
    client.ask("first")
    for byte in "ein schönes 你好\r\n".encode():
        client.send(bytes([byte]))
        time.sleep(0.001)  # Not in place of an answer: else the pieces become one on their way.
    client.expect("ein schönes 你好")


@pytest.mark.asan
def test_many_lines_at_once_in_order(robot):
    client = robot.client()
    for start in range(0, 20000, 1000):
        numbers = range(start, start + 1000)
        client.send("".join(f"{n} 行\n" for n in numbers))
        for n in numbers:
            client.expect(f"{n} 行")


def test_empty_lines_make_the_most_of_an_answer(robot):
    client = robot.client()
    client.send("\n" * 30000)
    for _ in range(30000):
        client.expect("")


@pytest.mark.asan
def test_the_longest_line(robot):
    client = robot.client()
    for end in ("\n", "\r\n"):
        text = "你" * 1365 + "x"
        assert len(text.encode()) == LINE_BYTES_MAX
        client.send(text + end)
        client.expect(text)


@pytest.mark.asan
@pytest.mark.parametrize("size", [LINE_BYTES_MAX + 1, 3 * LINE_BYTES_MAX, 1000000])
def test_a_longer_line_is_answered_in_words_and_skipped(robot, size):
    client = robot.client()
    client.ask("before")
    client.send("x" * size + "\r\n")
    words = client.line().decode()
    assert "too long" in words
    assert str(LINE_BYTES_MAX) in words
    client.ask("after")


@pytest.mark.asan
def test_the_last_line_needs_no_end(robot):
    client = robot.client()
    client.send("one\ntwo")
    client.end()
    client.expect("one")
    client.expect("two")
    assert client.rest() == b""
    silent = robot.client()
    silent.end()
    assert silent.rest() == b""
    robot.wait_online(0)


# ---- Texts without a line end --------------------------------------------------------------------


@pytest.mark.asan
def test_a_text_without_an_end_is_answered_after_a_rest(robot):
    client = robot.client()
    for text in ("hello", "你好", "x" * LINE_BYTES_MAX):
        began = time.monotonic()
        client.send(text)
        client.expect(text)
        taken = time.monotonic() - began
        assert taken >= REST_SECONDS * 0.9
        assert taken < REST_SECONDS + 1 * SLOWNESS


def test_what_comes_before_the_rest_is_one_text(robot):
    def is_one():
        client = robot.client()
        began = time.monotonic()
        client.send("good ")
        time.sleep(REST_SECONDS / 4)  # Not in place of an answer: this is what is less than a rest.
        client.send("morning")
        if time.monotonic() - began > REST_SECONDS / 2:
            return False  # This machine was too slow to tell.
        client.expect("good morning")
        return True

    assert any(is_one() for _ in range(20))


@pytest.mark.asan
def test_a_rest_never_cuts_a_character(robot):
    client = robot.client()
    data = "你👍".encode()
    for byte in data[:2], data[2:5], data[5:6]:
        client.send(byte)
        assert client.is_silent(REST_SECONDS * 4)
    client.send(data[6:])
    client.expect("你👍")


def test_after_the_first_line_end_rests_mean_nothing(robot):
    client = robot.client()
    client.ask("once")
    client.send("half a ")
    assert client.is_silent(REST_SECONDS * 4)
    client.send("line\n")
    client.expect("half a line")


def test_a_rest_inside_a_line_end(robot):
    client = robot.client()
    client.send("one\r")
    client.expect("one")
    client.send("\ntwo\r\n")
    client.expect("two")


def test_too_long_without_an_end(robot):
    client = robot.client()
    client.send("x" * 10000)
    assert b"too long" in client.line()
    assert client.is_silent(REST_SECONDS * 4)
    client.send("shorter")
    client.expect("shorter")


def test_many_rests_at_once(robot):
    clients = [robot.client() for _ in range(50)]
    for round_ in range(3):
        for number, client in enumerate(clients):
            client.send(f"{round_} of {number}")
        for number, client in enumerate(clients):
            client.expect(f"{round_} of {number}")


# ---- Who is online -------------------------------------------------------------------------------


@pytest.mark.asan
def test_online_is_shown_one_line_per_change(robot):
    clients = []
    for count in range(1, 6):
        clients.append(robot.client())
        robot.wait_online(count)
    clients[2].close()
    robot.wait_online(4)
    clients[0].reset()
    robot.wait_online(3)
    clients[1].end()
    robot.wait_online(2)
    assert robot.onlines() == [1, 2, 3, 4, 5, 4, 3, 2]
    assert [line for line in robot.stdout.lines if not re.fullmatch(r"online: \d+", line)] == [
        robot.ready.string
    ]


@pytest.mark.asan
def test_usr1_shows_who_is_online_since_when_and_their_lines(robot):
    assert robot.report() == {}
    began = time.time()
    talker, listener = robot.client(), robot.client()
    for number in range(12):
        talker.ask(f"line {number}")
    robot.wait_online(2)
    report = robot.report()
    assert {port: lines for port, (_, lines) in report.items()} == {talker.port: 12, listener.port: 0}
    for since, _ in report.values():
        moment = time.strptime(since, "%Y-%m-%dT%H:%M:%SZ")
        assert began - 1.5 <= time.mktime(moment) - time.timezone <= time.time() + 1.5
    talker.close()
    robot.wait_online(1)
    assert list(robot.report()) == [listener.port]


def test_usr1_among_many(robot):
    clients = [robot.client() for _ in range(200)]
    robot.wait_online(200)
    for client in clients[::2]:
        client.ask("one")
    report = robot.report()
    assert {port: lines for port, (_, lines) in report.items()} == {
        client.port: 1 - index % 2 for index, client in enumerate(clients)
    }


def test_nobody_waits_for_a_reader_of_standard_output(model):
    """Its pipe is full and nobody reads: all are served, and it leaves in time."""
    process = subprocess.Popen(
        [BINARY, "robot", "--model", model, "--listen", "127.0.0.1:0"],
        stdout=subprocess.PIPE,
        start_new_session=True,
    )
    fcntl.fcntl(process.stdout, fcntl.F_SETPIPE_SZ, 4096)
    ready = READY.fullmatch(process.stdout.readline().decode().strip())
    address = (ready[1], int(ready[2]))
    for number in range(600):
        with socket.create_connection(address, PATIENCE) as client:
            client.sendall(b"%d\n" % number)
            assert client.recv(100) == b"====%d====\n" % number
            if number == 590:
                process.send_signal(signal.SIGUSR1)
    process.terminate()
    assert process.wait(STOP_SECONDS) == 0
    process.stdout.close()


# ---- Full ----------------------------------------------------------------------------------------


def is_turned_away(robot, count):
    client = robot.client()
    assert client.line() == b"full: %d online" % count
    assert client.rest() == b""
    client.close()


@pytest.mark.asan
def test_more_than_max_are_turned_away(start, model):
    robot = start(model, "--max", 3)
    clients = [robot.client() for _ in range(3)]
    for client in clients:
        client.ask("in")
    for _ in range(20):
        is_turned_away(robot, 3)
    robot.wait_online(3)
    for client in clients:
        client.ask("still in")
    clients[1].close()
    robot.wait_online(2)
    robot.client().ask("in at last")
    is_turned_away(robot, 3)


def test_who_is_turned_away_reads_why_even_if_it_speaks_first(start, model):
    robot = start(model, "--max", 1)
    robot.client().ask("in")
    client = robot.client()
    client.send("hello\n" * 100)
    assert client.rest() == b"full: 1 online\n"


def test_select_ends_at_fd_setsize(start):
    """The numbers of its descriptors end there; all who came before are served."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < 4096:
        pytest.skip("too few descriptors")
    resource.setrlimit(resource.RLIMIT_NOFILE, (4096, hard))
    try:
        robot = start("select", "--max", 2000)
        clients, full = [], 0
        for _ in range(1100):
            client = robot.client()
            client.send("in\n")
            answer = client.line()
            if answer == b"====in====":
                clients.append(client)
            else:
                assert answer == b"full: %d online" % len(clients)
                full += 1
                client.close()
        assert 950 < len(clients) < 1024
        assert full == 1100 - len(clients)
        robot.wait_online(len(clients))
        for client in clients:
            client.ask("again")
        clients.pop().close()
        robot.wait_online(len(clients))
        robot.client().ask("in")
        robot.finish()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.skipif(not IS_ROOT, reason="needs a user of its own")
@pytest.mark.parametrize("model", ["process", "thread"])
def test_no_more_processes_or_threads(start, model):
    user = 200000 + os.getpid()  # The limit counts all processes of a user: nobody else may be this one.

    def limit():
        os.setgid(user)
        os.setuid(user)
        resource.setrlimit(resource.RLIMIT_NPROC, (8, 8))

    if not os.access(BINARY, os.X_OK) or BINARY.stat().st_mode & 0o001 == 0:
        pytest.skip("the binary is not everybody's")
    robot = start(model, preexec=limit)
    clients, answer = [], b""
    while len(clients) < 10:
        client = robot.client()
        client.send("in\n")
        answer = client.line()
        if answer != b"====in====":
            break
        clients.append(client)
    assert 4 <= len(clients) <= 7
    assert answer == b"full: %d online" % len(clients)
    is_turned_away(robot, len(clients))
    clients.pop().close()
    robot.wait_online(len(clients))
    robot.client().ask("in")


def test_no_more_descriptors(start, model):
    def limit():
        resource.setrlimit(resource.RLIMIT_NOFILE, (40, 40))

    robot = start(model, preexec=limit)
    clients, refused = [], 0
    for _ in range(60):
        client = robot.client()
        client.send("in\n")
        answer = client.line()
        if answer == b"====in====":
            clients.append(client)
        else:
            assert re.fullmatch(rb"full: \d+ online", answer)
            refused += 1
    assert len(clients) >= 10
    assert refused >= 20
    for client in clients:
        client.ask("still served")


# ---- Nobody hinders anybody ----------------------------------------------------------------------


def send_until_stuck(client):
    """Sends numbered lines without reading; returns how many whole ones the other side will get."""
    sent, number, left = 0, 0, b""
    client.socket.setblocking(False)
    while select.select([], [client.socket], [], 0.3)[1]:
        if len(left) < 65536:
            left += b"".join(b"%07d %s\n" % (n, b"x" * 50) for n in range(number, number + 2000))
            number += 2000
        with contextlib.suppress(BlockingIOError):
            taken = client.socket.send(left)
            left = left[taken:]
            sent += taken
    client.socket.settimeout(PATIENCE)
    client.sent_tail = left[: left.index(b"\n") + 1] if sent % 59 else b""
    return sent


@pytest.mark.asan
def test_who_sends_without_reading_hinders_nobody(robot):
    before = robot.client()
    before.ask("hello")
    stuck = robot.client(receive_bytes=4096)
    sent = send_until_stuck(stuck)
    after = robot.client()
    for client in (before, after):
        for number in range(100):
            began = time.monotonic()
            client.ask(f"{number}")
            assert time.monotonic() - began < 1 * SLOWNESS
    # And then it reads: nothing of it was lost, and nothing came twice.
    count = sent // 59
    for number in range(count):
        stuck.expect(b"%07d %s" % (number, b"x" * 50))
    if stuck.sent_tail:
        stuck.send(stuck.sent_tail)
        assert stuck.line().startswith(b"====%07d" % count)
    stuck.ask("done")


def test_who_goes_while_answers_are_unsent_is_counted_off(robot):
    stuck = robot.client(receive_bytes=4096)
    send_until_stuck(stuck)
    robot.wait_online(1)
    stuck.reset()
    robot.wait_online(0)


def test_idle_clients_hinder_nobody(robot):
    idle = [robot.client() for _ in range(100)]
    for client in idle[::2]:
        client.send("half a line")
    talker = robot.client()
    for number in range(200):
        talker.ask(f"{number}")
    robot.wait_online(101)


def test_garbage(robot):
    seed = int(os.environ.get("QUN_SEED", time.time_ns() % 10**9))
    chance = random.Random(seed)
    print(f"seed {seed}")
    neighbour = robot.client()
    for number in range(60):
        client = robot.client()
        for _ in range(chance.randrange(4)):
            client.send(chance.randbytes(chance.choice([1, 10, 1000, 5000, 20000])))
        chance.choice([client.close, client.reset, client.end])()
        neighbour.ask(f"{number}")
    for client in robot.clients[1:]:
        client.close()
    robot.wait_online(1)
    neighbour.ask("still here")


@pytest.mark.parametrize("count", [500])
def test_500_clients(robot, count):
    clients = [robot.client() for _ in range(count)]
    robot.wait_online(count)
    for round_ in range(4):
        for number, client in enumerate(clients):
            client.send(f"{round_} 来自 {number}\n")
        for number, client in enumerate(clients):
            client.expect(f"{round_} 来自 {number}")
    assert len(robot.report()) == count
    for client in clients:
        client.close()
    robot.wait_online(0)
    if robot.model == "process":
        eventually(lambda: not robot.children(), "no child left")


# ---- Children ------------------------------------------------------------------------------------


@pytest.mark.asan
def test_a_process_or_thread_for_each_client(robot, model):
    tasks_before = len(os.listdir(f"/proc/{robot.pid}/task"))
    for _ in range(5):
        robot.client().ask("hello")
    robot.wait_online(5)
    children = robot.children()
    assert len(children) == (5 if model == "process" else 0)
    assert all(child.parent == robot.pid for child in children)
    tasks = len(os.listdir(f"/proc/{robot.pid}/task"))
    assert tasks - tasks_before == (5 if model == "thread" else 0)


def test_children_hold_nothing_but_their_own(start):
    robot = start("process")
    for _ in range(4):
        robot.client().ask("hello")
    for child in robot.children():
        sockets = [fd for fd in os.listdir(f"/proc/{child.pid}/fd") if int(fd) > 2]
        assert len(sockets) == 2  # its client, and the pipe


@pytest.mark.asan
def test_a_killed_child_is_noticed_and_its_place_is_free(start):
    robot = start("process", "--max", 3)
    clients = [robot.client() for _ in range(3)]
    for client in clients:
        client.ask("in")
    robot.wait_online(3)
    is_turned_away(robot, 3)
    killed = robot.children()[0].pid
    os.kill(killed, signal.SIGKILL)
    robot.wait_online(2)
    assert killed not in [p.pid for p in processes(robot.pid)]
    robot.stderr.expect(rf"process {killed}, .*127\.0\.0\.1:\d+.* signal 9")
    assert len(robot.report()) == 2
    served = 0
    for client in clients:
        try:
            client.ask("who is left")
            served += 1
        except (AssertionError, OSError):
            pass
    assert served == 2
    robot.client().ask("in")
    is_turned_away(robot, 3)


def test_all_children_killed_at_once(start):
    robot = start("process")
    for _ in range(30):
        robot.client().ask("in")
    robot.wait_online(30)
    for child in robot.children():
        os.kill(child.pid, signal.SIGKILL)
    robot.wait_online(0)
    assert robot.children() == []
    robot.client().ask("in")


def test_no_zombies(robot):
    for _ in range(200):
        client = robot.client()
        client.ask("hello and goodbye")
        client.close()
    eventually(lambda: not [p for p in robot.children() if p.is_zombie], "no zombie")
    robot.wait_online(0)
    eventually(lambda: not robot.children(), "no child left")
    descriptors = len(os.listdir(f"/proc/{robot.pid}/fd"))
    for _ in range(50):
        with contextlib.closing(robot.client()) as client:
            client.ask("again")
    eventually(lambda: len(os.listdir(f"/proc/{robot.pid}/fd")) <= descriptors, "no more descriptors")


def test_children_die_with_their_parent(start):
    robot = start("process")
    for _ in range(3):
        robot.client().ask("in")
    children = [child.pid for child in robot.children()]
    assert len(children) == 3
    robot.process.kill()
    robot.process.wait(PATIENCE)
    for pid in children:  # They are ours now, see conftest.
        eventually(lambda pid=pid: os.waitpid(pid, os.WNOHANG)[0] == pid, f"the end of {pid}")


# ---- The end -------------------------------------------------------------------------------------


@pytest.mark.asan
@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_what_has_come_is_answered_before_it_leaves(robot, how):
    clients = [robot.client() for _ in range(20)]
    for client in clients[:10]:
        client.ask("hello")
    for client in clients:
        client.send("".join(f"{n}\n" for n in range(200)))
    assert robot.stop(how) < STOP_SECONDS
    for client in clients:
        for number in range(200):
            client.expect(f"{number}")
        assert client.rest() == b""


def test_who_stands_at_the_door_is_answered_too(robot):
    """Connected and sent before the signal: whether the robot has let them in is its own affair."""
    clients = [robot.client() for _ in range(150)]
    for client in clients:
        client.send("one\ntwo")
    assert robot.stop() < STOP_SECONDS
    for client in clients:
        client.expect("one")
        client.expect("two")


def test_a_text_that_has_not_rested_is_answered_at_the_end(robot):
    client = robot.client()
    robot.wait_online(1)
    client.send("without an end")
    robot.stop()
    client.expect("without an end")


def test_a_group_that_hears_ctrl_c_loses_nothing(robot):
    clients = [robot.client() for _ in range(10)]
    robot.wait_online(10)
    for client in clients:
        client.send("one\ntwo\n")
    os.killpg(robot.pid, signal.SIGINT)
    assert robot.process.wait(STOP_SECONDS) == 0
    for client in clients:
        client.expect("one")
        client.expect("two")


@pytest.mark.asan
def test_it_leaves_in_time_though_somebody_does_not_read(robot):
    talker = robot.client()
    talker.ask("hello")
    for _ in range(3):
        send_until_stuck(robot.client(receive_bytes=4096))
    talker.send("last words\n")
    assert robot.stop() < STOP_SECONDS
    talker.expect("last words")
    assert processes(robot.pid) == []


def test_it_leaves_in_time_though_somebody_goes_on_talking(robot):
    client = robot.client()
    client.socket.setblocking(False)
    sent = answered = b""
    stopped = None
    number = 0
    left = b""
    with contextlib.suppress(ConnectionError):
        while True:
            if not left:
                left = b"%d\n" % number
                number += 1
            with contextlib.suppress(BlockingIOError):
                size = client.socket.send(left)
                sent += left[:size]
                left = left[size:]
            with contextlib.suppress(BlockingIOError):
                piece = client.socket.recv(65536)
                if not piece:
                    break
                answered += piece
            if number == 1000 and stopped is None:
                stopped = time.monotonic()
                os.kill(robot.pid, signal.SIGTERM)
    assert robot.process.wait(PATIENCE) == 0
    assert time.monotonic() - stopped < STOP_SECONDS
    # Of what was answered nothing is missing: it is a beginning of what was sent.
    lines = answered.decode().splitlines()
    assert lines == [f"===={n}====" for n in range(len(lines))]
    assert len(lines) >= 900


def test_silent_clients_do_not_keep_it(robot):
    clients = [robot.client() for _ in range(50)]
    robot.wait_online(50)
    robot.stop()
    for client in clients:
        assert client.rest() == b""
    # All were seen off: with one process for all, who is only cut off when its time is over is not counted.
    robot.wait_online(0)


# ---- Idle ----------------------------------------------------------------------------------------


@pytest.mark.asan
def test_who_is_idle_is_told_and_let_go(start, model):
    robot = start(model, "--idle", "0.4")
    silent, talker, half = robot.client(), robot.client(), robot.client()
    half.ask("first")
    half.send("half a line")

    def are_told():
        talker.ask("still here")
        return len(select.select([silent.socket, half.socket], [], [], 0)[0]) == 2

    eventually(are_told, "two who are told")
    for client in (silent, half):
        assert client.line().startswith(b"idle: ")
        assert client.rest() == b""
    talker.ask("still here")
    robot.wait_online(1)


def test_idle_is_also_who_does_not_read(start, model):
    robot = start(model, "--idle", "0.5")
    with contextlib.suppress(ConnectionError):  # It may be let go before we know that we are stuck.
        send_until_stuck(robot.client(receive_bytes=4096))
    robot.wait_online(0)


def test_nobody_is_idle_without_a_limit(robot):
    client = robot.client()
    assert client.is_silent(1)
    client.ask("still here")


def test_an_idle_robot_does_nothing(robot):
    clients = [robot.client() for _ in range(3)]
    for client in clients:
        client.ask("hello")
    robot.wait_online(3)

    def rests():
        def count():
            return sum(int(status(p.pid)["voluntary_ctxt_switches"]) for p in processes(robot.pid))

        before = count()
        time.sleep(0.6)  # Not in place of an answer: this is what is measured.
        return count() - before == 0

    # The kit's events look again four times a second in case that somebody died: the thread form has one.
    if robot.model != "thread":
        eventually(rests, "a rest")


# ---- Errors and help -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "words",
    [
        ["--model", "fork"],
        ["--model"],
        ["--listen", "nowhere"],
        ["--listen", "127.0.0.1:99999"],
        ["--max", "0"],
        ["--max", "many"],
        ["--max", "-1"],
        ["--max", "99999999999999999999"],
        ["--idle", "soon"],
        ["--idle", "-1"],
        ["--nothing"],
        ["--help=yes"],
        ["word"],
    ],
    ids=" ".join,
)
def test_what_cannot_be_understood_is_said_in_a_sentence(words):
    result = qun("robot", *words)
    assert result.returncode == 2
    assert result.stdout == ""
    assert re.fullmatch(r"qun: robot: .+\n", result.stderr)
    assert words[0].split("=")[0] in result.stderr


def test_a_taken_port_says_the_way_out(robot, model):
    address = f"127.0.0.1:{robot.address[1]}"
    result = qun("robot", "--model", model, "--listen", address)
    assert result.returncode == 100
    assert result.stdout == ""
    assert f"{address} is in use; try --listen 127.0.0.1:" in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_an_address_that_is_not_ours():
    result = qun("robot", "--listen", "192.0.2.1:9999")
    assert result.returncode == 100
    assert re.fullmatch(r"qun: robot: .*192\.0\.2\.1:9999: .+\n", result.stderr)


def test_a_port_is_free_again_at_once(start, model):
    first = start(model)
    client = first.client()
    client.ask("hello")
    first.stop()
    start(model, listen=f"127.0.0.1:{first.address[1]}").client().ask("hello again")


@pytest.mark.parametrize("lang", ["zh_CN.UTF-8", "en_US.UTF-8"])
def test_help(lang):
    result = qun("robot", "--help", env=plain_environment(LANG=lang))
    assert result.returncode == 0
    assert result.stderr == ""
    for word in ("--model", "select|process|thread|epoll", "--listen", "--max", "--idle", "9999", "1000"):
        assert word in result.stdout
    assert bool(re.search(r"[\u4e00-\u9fff]", result.stdout)) == lang.startswith("zh")
