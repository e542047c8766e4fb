"""`qun join` on a terminal in a busy room: the CPU of its screen and its link."""
import fcntl
import os
import pty
import select
import signal
import socket
import statistics
import struct
import tempfile
import termios
import time
from pathlib import Path

from target import BINARY, TEXT_BYTES, Server, cpu_ns

RATE = 1000  # entries a second
SECONDS = 5
RUNS = 5
GOAL = 5  # per cent of a core
SIZES = ((24, 80), (50, 200))


class Client:
    """On a pseudo-terminal, which drain() reads as a terminal would."""

    def __init__(self, port, rows, columns):
        self.folder = tempfile.TemporaryDirectory(prefix="qun-bench-")
        self.pid, self.terminal = pty.fork()
        if self.pid == 0:
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
            env = {**os.environ, "TERM": "xterm-256color", "XDG_STATE_HOME": self.folder.name}
            os.execve(BINARY, [BINARY, "join", f"127.0.0.1:{port}", "--name", f"at{columns}"], env)
        self.seen = b""

    def drain(self, seconds):
        if select.select([self.terminal], [], [], seconds)[0]:
            self.seen = self.seen[-65536:] + os.read(self.terminal, 65536)

    def wait_for(self, text, seconds=20):
        deadline = time.monotonic() + seconds
        while text not in self.seen:
            if time.monotonic() > deadline:
                raise SystemExit(f"the client never showed {text!r}: {self.seen[-400:]!r}")
            self.drain(0.1)

    def cpu(self):
        """Of link, screen and their parent, in nanoseconds."""
        children = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()
        return [cpu_ns(pid) for pid in (*children, self.pid)]

    def close(self):
        os.kill(self.pid, signal.SIGTERM)
        os.waitpid(self.pid, 0)
        os.close(self.terminal)
        self.folder.cleanup()


class Speaker:
    """A plain member that says so many lines a second, evenly."""

    def __init__(self, port):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.connect(("127.0.0.1", port))
        self.socket.send("L speaker".encode())
        if self.socket.recv(1024) != b"OK":
            raise SystemExit("the speaker cannot enter")
        self.said = 0

    def say(self, client, seconds):
        begin, first = time.monotonic(), self.said
        while (now := time.monotonic() - begin) < seconds:
            while self.said - first < now * RATE:
                self.said += 1
                self.socket.send(f"C line {self.said} ".ljust(TEXT_BYTES + 2, "x").encode())
            client.drain(0.002)
        return (self.said - first) / (time.monotonic() - begin)


def shares(client, speaker):
    """Per cent of a core: link, screen, parent."""
    before, begin = client.cpu(), time.monotonic()
    rate = speaker.say(client, SECONDS)
    took = time.monotonic() - begin
    if rate < 0.98 * RATE:
        raise SystemExit(f"only {rate:.0f} lines a second were said")
    return [100 * (now - then) / (took * 1e9) for now, then in zip(client.cpu(), before)]


def client(report, arguments):
    """What a terminal client costs that hears a thousand entries a second."""
    report.title(f"client: qun join on a terminal, {RATE:,} entries a second of {TEXT_BYTES} bytes")
    server = Server()
    speaker = Speaker(server.port)
    for rows, columns in SIZES:
        one = Client(server.port, rows, columns)
        one.wait_for(b"#lobby>")
        speaker.say(one, 2)
        runs = [shares(one, speaker) for _ in range(RUNS)]
        report.figure(f"screen and link together, {columns} columns and {rows} rows",
                      [sum(run) for run in runs], "% of a core", GOAL)
        link, screen, _ = (statistics.median(each) for each in zip(*runs))
        report.note(f"link {link:.2f}, screen {screen:.2f}")
        speaker.socket.send(f"C end {columns}".encode())
        one.wait_for(f"end {columns}".encode())
        one.close()
    server.close()
