"""`qun join --lines` under test: its input, what it prints, how it ends."""

import contextlib
import os
import signal
import subprocess

from server import Stream
from tools import BINARY, PATIENCE, eventually, plain_environment, processes

# The locale in which people read Chinese; it need not be installed.
LOCALES = {"zh": "zh_CN.UTF-8", "en": "C.UTF-8"}


def environment(state, language="zh", **changes):
    return plain_environment(
        XDG_STATE_HOME=str(state), LANG=LOCALES[language], TERM="dumb", **changes
    )


def where(server):
    host, port = server.address
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


class Joined:
    """A running `qun join --lines`, with pipes. What it prints goes into .out and .err (Stream)."""

    def __init__(self, server, name=None, *options, state, language="zh", address=None, command=(), stdout=None):
        words = command or ("join", address or where(server), "--lines")
        words = [*words, *(("--name", name) if name else ()), *options]
        theirs = stdout
        if stdout is None:
            out, theirs = os.pipe()
        err, stderr = os.pipe()
        self.process = subprocess.Popen(
            [str(BINARY), *words],
            stdin=subprocess.PIPE,
            stdout=theirs,
            stderr=stderr,
            env=environment(state, language),
            start_new_session=True,
        )
        os.close(stderr)
        self.pid = self.process.pid
        self.err = Stream(err)
        if stdout is None:  # Else the test reads it, or does not.
            os.close(theirs)
            self.out = Stream(out)

    def wait_in(self):
        self.err.expect("没有加密|not encrypted")
        return self

    def say(self, *lines):
        self.process.stdin.write("".join(f"{line}\n" for line in lines).encode())
        self.process.stdin.flush()
        return self

    def hear(self, line, seconds=PATIENCE):
        """Waits for exactly this line on standard output."""
        eventually(
            lambda: line in self.out.lines,
            lambda: f"{line!r} in {self.out.lines}, {self.err.lines}",
            seconds,
        )
        return self

    def end_input(self):
        self.process.stdin.close()
        return self

    def wait(self, seconds=2 * PATIENCE):
        """Its exit code; everything that it printed is there."""
        code = self.process.wait(seconds)
        self.out.wait_end()
        self.err.wait_end()
        return code

    def leave(self):
        self.end_input()
        code = self.wait()
        assert code == 0, f"{code}: {self.err.text}"
        return self

    def family(self):
        """All its processes: {"join": …, "lines": …, "link": …} by what each is."""
        found = {}
        for each in processes():
            if each.pid == self.pid:
                found["join"] = each.pid
            elif each.parent == self.pid and not each.is_zombie:
                found["link" if each.session == each.pid else "face"] = each.pid
        return found

    def kill_all(self):
        """Until the last is gone: the link holds the lock of the session's file."""
        pids = set(self.family().values())
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait()
        eventually(
            lambda: not any(each.pid in pids and not each.is_zombie for each in processes()),
            f"the end of {pids}",
        )

    def close(self):
        if self.process.poll() is None:
            self.kill_all()
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.close()


@contextlib.contextmanager
def clients():
    """A function that starts clients; all that are left are ended."""
    started = []

    def start(*arguments, **settings):
        started.append(Joined(*arguments, **settings))
        return started[-1]

    try:
        yield start
    finally:
        for each in started:
            each.close()


def run(server, name, text, *options, state, language="zh", address=None, seconds=2 * PATIENCE):
    """`… | qun join --lines`, to its end."""
    words = ["join", address or where(server), "--lines", *options]
    return subprocess.run(
        [str(BINARY), *words, *(("--name", name) if name else ())],
        input=text.encode(),
        capture_output=True,
        env=environment(state, language),
        timeout=seconds,
    )


