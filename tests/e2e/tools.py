"""What all end-to-end tests lean on: where the binary is, patience, what /proc says.

Nothing here sleeps in place of an answer: eventually() looks again and again until a deadline that is
generous, so that a slow machine makes a test slower and never wrong.
"""

import contextlib
import ctypes
import os
import random
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent.parent
BUILD = Path(os.environ.get("QUN_BUILD", TOP / "build")).resolve()
BINARY = Path(os.environ.get("QUN_BINARY", BUILD / "qun")).resolve()

# A build with sanitizers is several times slower; what the issue bounds in seconds is bounded in more.
IS_SANITIZED = any(name in os.environ for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS"))
SLOWNESS = 4 if IS_SANITIZED else 1

# How long an answer may take before a test gives up on it.
PATIENCE = 20.0 * SLOWNESS

IS_ROOT = os.geteuid() == 0

libc = ctypes.CDLL(None, use_errno=True)


def check(result, what):
    if result != 0:
        raise OSError(ctypes.get_errno(), what)


def become_subreaper():
    """Orphans become ours, so that a test can end every process that it started, and see them end."""
    pr_set_child_subreaper = 36
    check(libc.prctl(pr_set_child_subreaper, 1, 0, 0, 0), "prctl")


def eventually(look, what, seconds=PATIENCE):
    """Calls look() until it returns something true, which is returned; fails after `seconds`."""
    deadline = time.monotonic() + seconds
    pause = 0.002
    while True:
        found = look()
        if found:
            return found
        if time.monotonic() > deadline:
            what = what() if callable(what) else what
            raise AssertionError(f"waited {seconds:.0f} s in vain for {what}; last seen: {found!r}")
        time.sleep(pause)
        pause = min(pause * 1.5, 0.05)


# ---- Ports ----------------------------------------------------------------------------------------


class Port:
    """A port of 127.0.0.1 that is its holder's until close(), whether or not it is bound just then.

    Port 0 gives one that the kernel gives to anybody else's socket as soon as its server is down. This one
    is below those, and a name that only one process of this machine can have says whose it is.
    """

    LOWEST = 20000

    def __init__(self):
        highest = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
        assert highest > self.LOWEST + 1000, "no ports are left below those of the kernel"
        while not self.take(random.randrange(self.LOWEST, highest)):
            pass

    def take(self, number):
        self.number, self.claim = number, socket.socket(socket.AF_UNIX)
        try:
            self.claim.bind(f"\0qun-test-port-{number}")
            for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
                with socket.socket(socket.AF_INET, kind) as trial:
                    trial.bind(("127.0.0.1", number))
        except OSError:
            self.close()
            return False
        return True

    def close(self):
        self.claim.close()


# ---- Folders -------------------------------------------------------------------------------------


def make_place():
    """A folder that every user may pass through: as root the server's processes are other users."""
    place = Path(tempfile.mkdtemp(prefix="qun-test-", dir="/tmp"))
    place.chmod(0o755)
    return place


def remove_place(place):
    shutil.rmtree(place, ignore_errors=True)


# ---- Processes -----------------------------------------------------------------------------------


class Process:
    """One line of the process table, as it was when it was read."""

    def __init__(self, pid):
        stat = Path(f"/proc/{pid}/stat").read_text(errors="replace")
        fields = stat[stat.rindex(")") + 2 :].split()
        self.pid = pid
        self.state = fields[0]
        self.parent = int(fields[1])
        self.session = int(fields[3])
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        self.name = words[0].decode(errors="replace")
        self.comm = stat[stat.index("(") + 1 : stat.rindex(")")]

    @property
    def is_zombie(self):
        return self.state in "ZX"

    def __repr__(self):
        return f"{self.name or self.comm}[{self.pid}]{self.state}"


def processes(session=None):
    found = []
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            # ValueError: one that ends while it is read says nothing of itself.
            gone = (FileNotFoundError, ProcessLookupError, PermissionError, ValueError)
            with contextlib.suppress(*gone):
                process = Process(int(entry))
                if session is None or process.session == session:
                    found.append(process)
    return found


def status(pid):
    """/proc/PID/status as a dictionary of strings."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return {key: value.strip() for key, _, value in (line.partition(":") for line in lines)}


def has_run(pid):
    """How often a process went to sleep or was put to sleep: unchanged means that it never ran."""
    now = status(pid)
    return int(now["voluntary_ctxt_switches"]), int(now["nonvoluntary_ctxt_switches"])


def cpu_seconds(pid):
    """What a process has used of the processors."""
    fields = Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def descriptors(pid):
    """{number: (what it points to, flags)} of a process."""
    found = {}
    for entry in os.listdir(f"/proc/{pid}/fd"):
        with contextlib.suppress(FileNotFoundError):
            target = os.readlink(f"/proc/{pid}/fd/{entry}")
            info = Path(f"/proc/{pid}/fdinfo/{entry}").read_text()
            flags = int(next(l.split()[1] for l in info.splitlines() if l.startswith("flags")), 8)
            found[int(entry)] = (target, flags)
    return found


def inet_sockets(pid=None):
    """Inodes of the UDP and TCP sockets of a process's network."""
    found = set()
    for table in ("udp", "udp6", "tcp", "tcp6"):
        path = Path(f"/proc/{pid or 'self'}/net/{table}")
        with contextlib.suppress(FileNotFoundError):
            found |= {line.split()[9] for line in path.read_text().splitlines()[1:]}
    return found


def memory_kb(pid):
    """What is touched and private to a process, in KB."""
    rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
    private = [line.split() for line in rollup.splitlines() if line.startswith("Private_")]
    return sum(int(fields[1]) for fields in private)


# ---- Namespaces ----------------------------------------------------------------------------------


def may_unshare(*flags):
    """Whether this machine lets us make such namespaces (containers often do not)."""
    command = ["unshare", *flags, "true"]
    return shutil.which("unshare") and subprocess.run(command, capture_output=True).returncode == 0


@contextlib.contextmanager
def network_of(pid):
    """Sockets made by this thread meanwhile belong to the network of another process."""
    clone_newnet = 0x40000000
    ours = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
    theirs = os.open(f"/proc/{pid}/ns/net", os.O_RDONLY)
    try:
        check(libc.setns(theirs, clone_newnet), "setns")
        yield
    finally:
        check(libc.setns(ours, clone_newnet), "setns")
        os.close(ours)
        os.close(theirs)


# ---- The command ---------------------------------------------------------------------------------


def plain_environment(**changes):
    """The environment without what would change the server's language or folders."""
    dropped = ("LANG", "LANGUAGE", "XDG_DATA_HOME")
    kept = {k: v for k, v in os.environ.items() if k not in dropped and not k.startswith("LC_")}
    return {**kept, "LANG": "C.UTF-8", **changes}


def qun(*words, data=None, env=None, stdin=subprocess.DEVNULL, input=None, wrap=(), seconds=PATIENCE):
    """Runs `qun WORD…` to its end."""
    command = [*map(str, wrap), str(BINARY), *map(str, words)]
    if data is not None:
        command += ["--data", str(data)]
    given = {"input": input} if input is not None else {"stdin": stdin}
    return subprocess.run(
        command,
        **given,
        capture_output=True,
        encoding="utf-8",
        errors="surrogateescape",
        env=env or plain_environment(),
        timeout=seconds,
    )
