"""A server under test: the real binary, started, watched, killed, and in the end found clean."""

import contextlib
import json
import os
import pty
import re
import signal
import subprocess
import threading
import time
from pathlib import Path

from plain import parse_address
from tools import BINARY, PATIENCE, SLOWNESS, Port, eventually, plain_environment, processes, qun

OWN_PORT = ("127.0.0.1, a port of its own",)

# SIGTERM and SIGINT: exit 0 within two seconds.
STOP_SECONDS = 2.0 * SLOWNESS

# One line of diagnostics: an event, with the process's name.
DIAGNOSTIC = re.compile(r"qun: (keeper|hub|scribe|clerk|console|edge \d+): \S.*|qun: \S.*")

# What no server may ever say unless a test has killed something with that signal.
ALARMS = re.compile(
    r"Sanitizer|runtime error:|[Aa]ssertion|stack smashing|buffer overflow detected"
    r"|signal (4|6|7|8|11)\b|SIG(ILL|ABRT|BUS|FPE|SEGV)\b|core dumped"
)


class Stream:
    """What a process writes, line by line, as it comes. The end comes when the last holder is gone."""

    def __init__(self, fd):
        self.fd = fd
        self.lines = []
        self.raw = b""
        self.is_ended = False
        self.changed = threading.Condition()
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        while True:
            try:
                piece = os.read(self.fd, 65536)
            except OSError:  # A terminal whose other side is closed.
                piece = b""
            with self.changed:
                self.raw += piece
                if not piece:
                    self.is_ended = True
                self.lines = self.raw.decode(errors="replace").replace("\r\n", "\n").split("\n")
                last = self.lines.pop()
                if self.is_ended and last:
                    self.lines.append(last)
                self.changed.notify_all()
            if not piece:
                os.close(self.fd)
                return

    def expect(self, pattern, seconds=PATIENCE, start=0):
        """The first line, from the start-th on, in which the pattern is found: its match."""

        def look():
            return next((m for m in (re.search(pattern, l) for l in self.lines[start:]) if m), None)

        with self.changed:
            self.changed.wait_for(lambda: look() or self.is_ended, seconds)
            found = look()
        assert found, f"no {pattern!r} in: " + "\n".join(self.lines[start:])
        return found

    def expect_raw(self, text, seconds=PATIENCE, start=0):
        """Waits until these bytes were written, whatever lines they stand in; where they end."""
        wanted = text.encode() if isinstance(text, str) else text
        with self.changed:
            came = self.changed.wait_for(lambda: wanted in self.raw[start:] or self.is_ended, seconds)
            at = self.raw.find(wanted, start)
        assert came and at >= 0, f"no {text!r} in: {self.raw[start:].decode(errors='replace')}"
        return at + len(wanted)

    def wait_end(self, seconds=PATIENCE):
        with self.changed:
            assert self.changed.wait_for(lambda: self.is_ended, seconds), "somebody still holds it"

    @property
    def text(self):
        return self.raw.decode(errors="replace")


class Refused(AssertionError):
    """The server ended before it said that it was ready."""

    def __init__(self, server, code):
        self.code = code
        self.stderr = server.stderr.text
        super().__init__(f"exit code {code} before ready: {self.stderr}")


class Server:
    """`qun serve`, running from the constructor on.

    place      a folder that everybody may pass through; the data folder is made in it
    options    further options
    listen     what --listen says; None: nothing; else 127.0.0.1 and a port that nobody else gets,
               not even while the server is down
    keyboard   None: no input; "pipe": --console from a pipe; "terminal": a terminal
    messages   "pipe" or "terminal": what standard error is; "screen": the keyboard's terminal
    wrap       a command in front, which must exec
    inside     the namespaces that `wrap` made and in which `qun admin` and `qun history` have to run,
               as options of nsenter
    """

    def __init__(
        self,
        place,
        *options,
        listen=OWN_PORT,
        data="data",
        language="zh",
        keyboard=None,
        messages="pipe",
        wrap=(),
        env=None,
        binary=None,
        pass_fds=(),
        inside=(),
    ):
        self.place = place
        self.data = None if data is None else Path(place) / data
        self.own_port = Port() if listen == OWN_PORT else None
        self.listen = [f"127.0.0.1:{self.own_port.number}"] if self.own_port else list(listen or ())
        self.options = [str(option) for option in options]
        self.language = language
        self.keyboard = keyboard
        self.messages = messages
        self.wrap = [str(word) for word in wrap]
        self.env = env
        self.binary = binary or BINARY
        self.pass_fds = pass_fds
        self.inside = inside
        self.address = None
        self.alarms_expected = False  # a test that kills with such signals says so
        self.checks_at_end = True
        self.is_finished = False
        self.earlier = []  # standard error of former lives
        self.process = None
        self.start()

    # ---- Life

    def command(self):
        words = [*self.wrap, str(self.binary), "serve"]
        for listen in self.listen:
            words += ["--listen", listen]
        if self.data is not None:
            words += ["--data", str(self.data)]
        if self.language != "zh":
            words += ["--language", self.language]
        if self.keyboard == "pipe":
            words += ["--console"]
        return words + self.options

    def start(self):
        began = time.monotonic()
        theirs = []
        stdin, self.typed = subprocess.DEVNULL, None
        if self.keyboard == "pipe":
            stdin, self.typed = os.pipe()
            theirs.append(stdin)
        elif self.keyboard == "terminal":
            self.typed, stdin = pty.openpty()
            theirs.append(stdin)
        out, stdout = os.pipe()
        err, stderr = pty.openpty() if self.messages == "terminal" else os.pipe()
        screen = self.keyboard == "terminal"
        is_one_screen = self.messages == "screen"
        theirs += [stdout, stderr]
        self.process = subprocess.Popen(
            self.command(),
            stdin=stdin,
            stdout=stdin if screen else stdout,
            stderr=stdin if is_one_screen else stderr,
            start_new_session=True,
            env=self.env or plain_environment(),
            cwd="/",
            pass_fds=self.pass_fds,
        )
        for fd in theirs:
            os.close(fd)
        if screen:
            os.close(out)
            out = os.dup(self.typed)
        self.pid = self.process.pid
        self.stdout = Stream(out)
        self.stderr = self.stdout if is_one_screen else Stream(err)
        if is_one_screen:
            os.close(err)
        self.is_ended = False
        self.exit_code = None
        self.wait_ready(began)

    def wait_ready(self, began):
        with self.stdout.changed:
            self.stdout.changed.wait_for(
                lambda: "qun: ready" in self.stdout.raw.decode(errors="replace").rpartition("\n")[0]
                or self.stdout.is_ended,
                PATIENCE,
            )
        self.ready_after = time.monotonic() - began
        line = next((l for l in self.stdout.lines if "qun: ready" in l), None)
        if line is None:
            if self.process.poll() is None and not self.stdout.is_ended:
                self.kill_all()
                raise AssertionError(f"not ready in {PATIENCE} s: {self.stderr.text}")
            code = self.process.wait(PATIENCE)
            self.is_ended, self.exit_code = True, code
            self.stderr.wait_end()
            raise Refused(self, code)
        self.ready_line = line[line.index("qun: ready") :]
        self.addresses = [parse_address(each) for each in re.findall(r" udp=(\S+)", line)]
        assert self.addresses, f"no udp= in {line!r}"
        self.data = Path(re.search(r" data=(.*)$", line).group(1))
        host, port = self.addresses[0]
        self.port = port
        # Who listens on all addresses is spoken to on the loopback.
        self.address = ({"0.0.0.0": "127.0.0.1", "::": "127.0.0.1"}.get(host, host), port)

    def restart(self, *options, **changes):
        """Starts again with the same data on the same ports, with further options or others."""
        assert self.is_ended, "still running"
        bracket = "[{}]:{}" if any(":" in host for host, _ in self.addresses) else "{}:{}"
        if self.listen:
            self.listen = [bracket.format(host, port) for host, port in self.addresses]
        if options:
            self.options = [str(option) for option in options]
        for name, value in changes.items():
            setattr(self, name, value)
        self.earlier.append(self.stderr)
        self.start()
        return self

    # ---- Processes

    def processes(self):
        """All processes of this server, zombies too."""
        return processes(session=self.pid)

    def children(self):
        """{"hub": pid, "edge 0": pid, …}, the keeper too, of those that live."""
        alive = (each for each in self.processes() if not each.is_zombie)
        return {p.name.removeprefix("qun: "): p.pid for p in alive if p.name.startswith("qun: ")}

    def pid_of(self, name):
        return eventually(lambda: self.children().get(name), f"a process named {name!r}")

    def edges(self):
        return sorted(name for name in self.children() if name.startswith("edge "))

    def send_signal(self, name, number):
        pid = self.pid_of(name)
        os.kill(pid, number)
        return pid

    def kill(self, name, number=signal.SIGKILL):
        """Ends a process; returns its id. Whether it comes back is the test's question."""
        return self.send_signal(name, number)

    def wait_replaced(self, name, pid, seconds=PATIENCE):
        """Waits until another process has that name."""
        return eventually(
            lambda: (self.children().get(name) or pid) != pid and self.children()[name],
            f"another {name} than {pid}",
            seconds,
        )

    def kill_all(self):
        """All at once: nobody lives to see the others die."""
        pids = [each.pid for each in self.processes() if not each.is_zombie]
        for pid in pids:  # The first signal stops them, so that it is as if all died at once.
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGSTOP)
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.wait_gone()

    def wait_gone(self, seconds=PATIENCE):
        """Waits until no process of this server is left, taking the orphans' exit codes."""
        try:
            self.exit_code = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"still there: {self.processes()}") from None

        def reap():
            left = self.processes()
            for each in left:
                with contextlib.suppress(ChildProcessError):
                    os.waitpid(each.pid, os.WNOHANG)
            return not left

        eventually(reap, lambda: f"the end of {self.processes()}", seconds)
        self.is_ended = True
        self.close_keyboard()
        self.stderr.wait_end()

    # ---- The end

    def stop(self, number=signal.SIGTERM):
        """Ends the server politely: exit 0 in two seconds, and nobody left behind."""
        assert self.process.poll() is None, f"ended by itself: {self.describe()}"
        began = time.monotonic()
        self.process.send_signal(number)
        try:
            self.exit_code = self.process.wait(STOP_SECONDS + PATIENCE)
        except subprocess.TimeoutExpired:
            left = self.processes()
            self.kill_all()
            raise AssertionError(f"did not end: {left}\n{self.describe()}") from None
        took = time.monotonic() - began
        self.stopped_after = took
        left = self.processes()
        if left:
            self.kill_all()
        self.is_ended = True
        self.close_keyboard()
        assert not left, f"left behind: {left}\n{self.describe()}"
        assert self.exit_code == 0, f"exit code {self.exit_code}\n{self.describe()}"
        assert took < STOP_SECONDS, f"ended after {took:.1f} s\n{self.describe()}"
        self.stderr.wait_end()
        return self

    def close_keyboard(self):
        if self.typed is not None:
            os.close(self.typed)
            self.typed = None

    def finish(self):
        """What every test ends with."""
        if self.is_finished:
            return
        self.is_finished = True
        try:
            if not self.is_ended:
                assert self.process.poll() is None, "ended by itself"
                if self.checks_at_end:
                    self.wait_no_zombies()
                    self.compare_states()
                self.stop()
            if not self.alarms_expected:
                self.check_alarms()
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.describe()}") from None
        finally:
            if not self.is_ended:
                self.kill_all()
            if self.own_port:
                self.own_port.close()

    def wait_no_zombies(self):
        eventually(
            lambda: not any(each.is_zombie for each in self.processes()),
            lambda: f"no zombies in {self.processes()}",
        )

    def check_alarms(self):
        for stream in [*self.earlier, self.stderr]:
            alarm = ALARMS.search(stream.text)
            assert not alarm, f"an alarm: {alarm.group()!r}"

    def compare_states(self):
        """The states that hub, scribe and edges hold are the same. All of the history is read for it,
        and after half a million sessions that takes its time."""
        found = self.admin("check", seconds=10 * PATIENCE)
        assert found.returncode == 0, f"states differ: {found.stdout}{found.stderr}"

    def describe(self):
        lives = [*self.earlier, self.stderr]
        texts = "\n".join(each.text.strip() for each in lives)
        return f"---- {' '.join(self.command())}\n{texts}\n----"

    # ---- The administrator

    def type(self, text):
        """Types a line at the console."""
        os.write(self.typed, text.encode() + b"\n")

    def enter_command(self):
        """What to put in front of a command that has to see what the server sees."""
        return ("nsenter", "-t", self.pid, *self.inside) if self.inside else ()

    def admin(self, *words, seconds=PATIENCE):
        """`qun admin WORD…`, to its end."""
        wrap = self.enter_command()
        return qun("admin", "--data", self.data, *words, seconds=seconds, wrap=wrap)

    def admin_ok(self, *words):
        done = self.admin(*words)
        assert done.returncode == 0, f"admin {words}: {done.returncode} {done.stdout}{done.stderr}"
        return done.stdout

    def admin_json(self, *words):
        """What it says, an object a line."""
        return [json.loads(line) for line in self.admin_ok("--json", *words).splitlines()]

    def history(self, *words):
        """`qun history --json WORD…`: a dictionary for each line, "" where there is nothing to say."""
        done = qun("history", "--json", *words, data=self.data, wrap=self.enter_command())
        assert done.returncode == 0, f"history {words}: {done.returncode} {done.stderr}"
        return [{"name": "", "text": "", **json.loads(line)} for line in done.stdout.split("\n")[:-1]]
