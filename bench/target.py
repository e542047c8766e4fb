"""What is measured, and what it is measured with: the load, the floor, the server."""
import atexit
import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import tempfile
import time
from pathlib import Path

BUILD = Path(os.environ.get("QUN_BUILD", "build-release"))
BINARY = os.environ.get("QUN_BINARY", str(BUILD / "qun"))
BENCH = BUILD / "bench"
DOCS = Path(__file__).resolve().parent.parent / "docs"
TEXT_BYTES = 64

# The scribe syncs a second after the last entry; the clerk looks at the WAL as often.
QUIET_SECONDS = 1.3
DRAIN_SECONDS = 120


def cpu_ns(pid):
    """CPU time of all of a process's threads, in nanoseconds: exact once it sleeps."""
    total = 0
    for task in Path(f"/proc/{pid}/task").iterdir():
        total += int((task / "schedstat").read_text().split()[0])
    return total


class Program:
    """A program of bench/ that is told what to do on its standard input."""

    def __init__(self, *command):
        self.process = subprocess.Popen([str(word) for word in command], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)
        self.name = Path(command[0]).name

    def read(self):
        line = self.process.stdout.readline()
        if line == "":
            raise SystemExit(f"{self.name} ended before its time")
        return line

    def write(self, text):
        self.process.stdin.write(text)
        self.process.stdin.flush()

    def close(self):
        self.process.stdin.close()
        self.process.wait(10)


class Load(Program):
    """bench/plain_load: the members' sockets."""

    def __init__(self, members):
        super().__init__(BENCH / "plain_load", members)
        self.addresses = []
        while (line := self.read()) != "ok\n":
            self.addresses.append(line)

    def command(self, words):
        self.write(words + "\n")
        return json.loads(self.read())

    def say(self, port, messages, in_flight):
        return self.command(f"say {port} {messages} {in_flight} {TEXT_BYTES}")

    def enter(self, port, begin, end):
        return self.command(f"enter {port} {begin} {end}")

    def visit(self, port, times):
        return self.command(f"visit {port} {times}")


class SessionLoad(Program):
    """bench/session_load: many clients of the session dialect."""

    def __init__(self, sessions, key):
        super().__init__(BENCH / "session_load", sessions, key)
        self.addresses = []
        while (line := self.read()) != "ok\n":
            self.addresses.append(line)

    def command(self, words):
        self.write(words + "\n")
        return json.loads(self.read())

    def resume(self, server):
        return self.command(f"resume {server.port} {server.seq}")

    def say(self, port, messages, in_flight):
        return self.command(f"say {port} {messages} {in_flight} {TEXT_BYTES}")

    def bare(self, port, messages, in_flight):
        return self.command(f"bare {port} {messages} {in_flight} {TEXT_BYTES}")


class Floor(Program):
    """bench/plain_floor: the bare system calls."""

    def __init__(self, addresses):
        super().__init__(BENCH / "plain_floor")
        self.write("".join(addresses) + "ok\n")
        self.port = int(self.read())

    def cpu(self):
        return {"floor": cpu_ns(self.process.pid)}

    def settle(self, entries=0):
        pass


class Server:
    """qun serve in a folder of its own, with people already in it if addresses are given."""

    def __init__(self, addresses=(), edges=None, options=(), key=None):
        self.edges = edges or min(os.cpu_count() or 1, 4)
        self.folder = Path(tempfile.mkdtemp(prefix="qun-bench-"))
        atexit.register(shutil.rmtree, self.folder, ignore_errors=True)
        os.chmod(self.folder, 0o755)
        self.data = self.folder / "data"
        self.data.mkdir(mode=0o700)
        if addresses:
            kind = ["session"] if key else []
            if key:
                (self.data / "key").write_bytes(key)
                (self.data / "key").chmod(0o600)
            subprocess.run([BENCH / "populate", self.data, str(self.edges), *kind],
                           input="".join(addresses), text=True, check=True)
            if os.geteuid() == 0:
                self._hand_over()
        self.process, self.port = self._start(self.data, options)
        atexit.register(self.close)  # Also if the benchmark is broken off.
        self.pids = self._pids()
        self.seq = self._seqs()[0]

    def _start(self, data, options=()):
        command = [BINARY, "serve", "--listen", "127.0.0.1:0", "--data", str(data), "--edges",
                   str(self.edges), "--rate", "1000000:1000000", *options]
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, text=True)
        ready = process.stdout.readline()
        found = re.search(r"udp=127\.0\.0\.1:(\d+)", ready)
        if not found:
            raise SystemExit(f"the server did not start: {ready} {process.stderr.read()}")
        return process, int(found[1])

    def _hand_over(self):
        """The folder belongs to whom the server gives an empty one."""
        empty = self.folder / "empty"
        empty.mkdir(mode=0o700)
        process, _ = self._start(empty)
        owner = empty.stat()
        process.terminate()
        process.wait(10)
        shutil.rmtree(empty)
        for path in (self.data, *self.data.iterdir()):
            os.chown(path, owner.st_uid, owner.st_gid)

    def _pids(self):
        pids = {"keeper": self.process.pid}
        for path in Path("/proc").glob("[0-9]*"):
            try:
                parent = int((path / "stat").read_text().rsplit(")", 1)[1].split()[1])
                name = (path / "cmdline").read_bytes().split(b"\0")[0].decode()
            except (FileNotFoundError, ProcessLookupError):
                continue
            if parent == self.process.pid:
                pids[name.removeprefix("qun: ")] = int(path.name)
        return pids

    def cpu(self):
        return {name: cpu_ns(pid) for name, pid in self.pids.items()}

    def _seqs(self):
        """How far history and index are: read from the files, so that no process of ours works for it."""
        seqs = []
        for name in ("log.db", "search.db"):
            try:
                db = sqlite3.connect(f"file:{self.data / name}?mode=ro", uri=True, timeout=5)
                seqs.append(db.execute("SELECT seq FROM meta").fetchone()[0])
                db.close()
            except sqlite3.OperationalError:
                seqs.append(0)
        return seqs

    def settle(self, entries=0):
        """Waits until history and index hold so many more entries and every process sleeps: what
        is counted includes all of their work, the syncs and the checkpoints too."""
        deadline = time.monotonic() + DRAIN_SECONDS
        self.seq += entries
        quiet_since, before = time.monotonic(), self.cpu()
        while time.monotonic() < deadline:
            time.sleep(0.05)
            now = self.cpu()
            if now != before:
                quiet_since, before = time.monotonic(), now
            elif time.monotonic() - quiet_since > QUIET_SECONDS and min(self._seqs()) >= self.seq:
                return
        raise SystemExit(f"history and index are at {self._seqs()}, not at {self.seq}")

    def memory(self):
        """Bytes touched, private and shared ones shared out, the ring apart."""
        total = 0
        for pid in self.pids.values():
            is_ring = False
            for line in Path(f"/proc/{pid}/smaps").read_text().splitlines():
                if re.match(r"[0-9a-f]+-[0-9a-f]+ ", line):
                    is_ring = line.endswith("/ring")
                elif line.startswith("Pss:") and not is_ring:
                    total += int(line.split()[1]) * 1024
        return total

    def _status(self, word):
        return sum(int(re.search(rf"{word}:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())[1])
                   for pid in self.pids.values()) * 1024

    def peak_begin(self):
        for pid in self.pids.values():
            Path(f"/proc/{pid}/clear_refs").write_text("5")
        self.resident = self._status("VmRSS")

    def peak(self):
        """By how much more memory was resident at the worst moment since peak_begin()."""
        return self._status("VmHWM") - self.resident

    def close(self):
        atexit.unregister(self.close)
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(20)
        shutil.rmtree(self.folder, ignore_errors=True)


def measure(target, load, messages, in_flight):
    """One run: CPU nanoseconds per delivery by process, and what the load saw."""
    before = target.cpu()
    seen = load.say(target.port, messages, in_flight)
    target.settle(messages)
    after = target.cpu()
    each = {name: (after[name] - before[name]) / seen["deliveries"] for name in after}
    return each, seen
