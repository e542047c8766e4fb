"""Terminals for the transcripts: real ones, by tmux, so that what is shown is what people see."""
import os
import subprocess
import tempfile
import time
from pathlib import Path

PATIENCE = 60


class Terminals:
    """A tmux server of its own. Each terminal runs a shell, or the command it is given."""

    def __init__(self, env=None, columns=100, lines=40):
        self.folder = tempfile.TemporaryDirectory(prefix="qun-tmux-")
        self.columns, self.lines = columns, lines
        self.env = {**os.environ, "LC_ALL": "C.UTF-8", "LANGUAGE": "", "TERM": "xterm",
                    "PS1": "$ ", "HISTFILE": "", **(env or {})}
        self.env.pop("TMUX", None)

    def tmux(self, *words):
        command = ["tmux", "-u", "-f", "/dev/null", "-S", str(Path(self.folder.name) / "socket")]
        done = subprocess.run([*command, *map(str, words)], env=self.env, capture_output=True, text=True)
        if done.returncode != 0:
            raise AssertionError(f"tmux {' '.join(map(str, words))}: {done.stderr}")
        return done.stdout

    def open(self, name, command=("bash", "--norc", "--noprofile"), cwd=None):
        self.tmux("new-session", "-d", "-s", name, "-x", self.columns, "-y", self.lines,
                  "-c", cwd or self.folder.name, *command)
        return Terminal(self, name)

    def close(self):
        try:
            self.tmux("kill-server")
        except AssertionError:
            pass  # The last terminal has ended, and tmux with it.
        self.folder.cleanup()

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.close()


class Terminal:
    def __init__(self, terminals, name):
        self.terminals = terminals
        self.name = name
        self.shown = []

    def types(self, line):
        self.terminals.tmux("send-keys", "-t", f"={self.name}:", "-l", line)
        self.presses("Enter")

    def presses(self, *keys):
        self.terminals.tmux("send-keys", "-t", f"={self.name}:", *keys)

    def screen(self):
        """All lines so far, those that have left the screen too."""
        out = self.terminals.tmux("capture-pane", "-p", "-J", "-S", "-", "-t", f"={self.name}:")
        return [line.rstrip() for line in out.rstrip("\n").split("\n")]

    def wait(self, is_there, what, seconds):
        deadline = time.monotonic() + seconds
        while not is_there(screen := self.screen()):
            if time.monotonic() > deadline:
                raise AssertionError(f"{self.name} does not see {what}, but:\n" + "\n".join(screen))
            time.sleep(0.05)

    def sees(self, text, seconds=PATIENCE, times=1):
        """Waits until the text has appeared so often."""
        self.wait(lambda screen: "\n".join(screen).count(text) >= times, repr(text), seconds)

    def rests(self, seconds=PATIENCE):
        """Waits until the shell asks for the next command."""
        self.wait(lambda screen: screen[-1] == "$", "the shell's prompt", seconds)

    def news(self):
        """The lines that are new, or have become longer, since this was asked last."""
        screen = self.screen()
        same = 0
        while same < min(len(screen), len(self.shown)) and screen[same] == self.shown[same]:
            same += 1
        self.shown = screen
        return screen[same:]
