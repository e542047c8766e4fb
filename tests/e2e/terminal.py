"""A terminal for the tests: what a program has drawn, read back from a pseudo-terminal.

    Emulator   cells from bytes, as xterm makes them. It is strict: a control or sequence that it does not
               know is an error, so whatever gets through to a terminal is seen.
    Terminal   a program on a pseudo-terminal in front of an Emulator: type, resize, look, expect.

Widths are Python's (unicodedata), not ours: two opinions that have to agree.
"""

import contextlib
import fcntl
import os
import pty
import re
import signal
import struct
import termios
import threading
import time
import unicodedata
from typing import NamedTuple

from tools import PATIENCE, eventually, plain_environment, processes


class Style(NamedTuple):
    """Colours are numbers of xterm's 256, or None for the terminal's own."""

    front: int | None = None
    back: int | None = None
    bold: bool = False
    dim: bool = False
    reverse: bool = False
    underline: bool = False


PLAIN = Style()


class Cell(NamedTuple):
    """text is "" for the right half of a wide character."""

    text: str = " "
    style: Style = PLAIN


BLANK = Cell()


class Strange(Exception):
    """Something came that no terminal should be sent."""


def width(char):
    if unicodedata.category(char) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


# What a sequence may be: ESC, an optional introducer with its parameters, a last byte.
CSI = re.compile(r"\x1b\[([?>=]?)([0-9;:]*)([ !$]?)([@-~])")
ESCAPE = re.compile(r"\x1b(?:([()*+])(.)|([78=>McDEH]))")
OSC = re.compile(r"\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)")


class Emulator:
    def __init__(self, rows, columns):
        self.rows, self.columns = rows, columns
        self.cells = [[BLANK] * columns for _ in range(rows)]
        self.other = None  # the main screen, while the alternate one is shown
        self.row = self.column = 0
        self.is_wrapping = False  # the cursor stands behind the last column
        self.style = PLAIN
        self.top, self.bottom = 0, rows - 1
        self.modes = set()  # private modes that are set
        self.saved = (0, 0, PLAIN)
        self.last = " "
        self.pending = b""
        self.bells = 0

    # ---- Bytes

    def feed(self, data):
        data = self.pending + data
        text = data.decode("utf-8", errors="surrogateescape")
        # What is not complete waits: half a character, half a sequence.
        cut = len(data)
        for back in range(1, min(4, len(data)) + 1):
            lead = data[-back]
            if lead >= 0xC0:
                wanted = 2 if lead < 0xE0 else 3 if lead < 0xF0 else 4
                cut = len(data) - back if back < wanted else cut
                break
            if lead < 0x80:
                break
        text = data[:cut].decode("utf-8", errors="surrogateescape")
        at = 0
        while at < len(text):
            size = self.step(text, at)
            if size == 0:
                break
            at += size
        self.pending = text[at:].encode("utf-8", errors="surrogateescape") + data[cut:]

    def step(self, text, at):
        char = text[at]
        if char >= " " and char != "\x7f":
            if "\x80" <= char < "\xa0" or 0xD800 <= ord(char) < 0xE000:
                raise Strange(f"{char!r} in {text[max(0, at - 40):at + 40]!r}")
            self.put(char)
            return 1
        if char != "\x1b":
            self.control(char, text, at)
            return 1
        return self.sequence(text, at)

    def control(self, char, text, at):
        if char == "\r":
            self.column, self.is_wrapping = 0, False
        elif char == "\n":
            self.line_feed()
        elif char == "\b":
            self.column, self.is_wrapping = max(0, self.column - 1), False
        elif char == "\t":
            self.column = min(self.columns - 1, self.column // 8 * 8 + 8)
        elif char == "\a":
            self.bells += 1
        elif char not in "\x0e\x0f\0":
            raise Strange(f"{char!r} in {text[max(0, at - 40):at + 40]!r}")

    def sequence(self, text, at):
        for pattern, do in ((CSI, self.csi), (ESCAPE, self.escape), (OSC, lambda match: None)):
            match = pattern.match(text, at)
            if match:
                do(match)
                return len(match.group())
        rest = text[at + 1 : at + 40]
        is_begun = not rest or re.fullmatch(r"\[[?>=]?[0-9;:]*[ !$]?|[()*+]|\][^\x07]*", rest)
        if not is_begun:
            raise Strange(f"an unknown sequence: {text[at:at + 20]!r}")
        return 0

    # ---- Characters

    def put(self, char):
        size = width(char)
        if size == 0:
            self.join(char)
            return
        if self.is_wrapping or self.column + size > self.columns:
            self.column, self.is_wrapping = 0, False
            self.line_feed()
        self.last = char
        row = self.cells[self.row]
        self.break_wide(row, self.column)
        if size == 2:
            self.break_wide(row, self.column + 1)
            row[self.column + 1] = Cell("", self.style)
        row[self.column] = Cell(char, self.style)
        self.column += size
        if self.column >= self.columns:
            self.column, self.is_wrapping = self.columns - 1, True

    @staticmethod
    def break_wide(row, column):
        """Who writes over half of a wide character takes all of it away."""
        if row[column].text == "" and column > 0:
            row[column - 1] = Cell(" ", row[column - 1].style)
        if column + 1 < len(row) and row[column + 1].text == "":
            row[column + 1] = Cell(" ", row[column + 1].style)

    def join(self, mark):
        column = self.column if self.is_wrapping else self.column - 1
        while column > 0 and self.cells[self.row][column].text == "":
            column -= 1
        if column >= 0:
            cell = self.cells[self.row][column]
            self.cells[self.row][column] = Cell(cell.text + mark, cell.style)

    def line_feed(self):
        if self.row == self.bottom:
            self.scroll(1)
        else:
            self.row = min(self.rows - 1, self.row + 1)

    def scroll(self, count):
        for _ in range(abs(count)):
            if count > 0:
                del self.cells[self.top]
                self.cells.insert(self.bottom, self.blank_row())
            else:
                del self.cells[self.bottom]
                self.cells.insert(self.top, self.blank_row())

    def blank(self):
        return Cell(" ", Style(back=self.style.back))

    def blank_row(self):
        return [self.blank()] * self.columns

    # ---- Sequences

    def escape(self, match):
        char = match.group(3)
        if char == "7":
            self.saved = (self.row, self.column, self.style)
        elif char == "8":
            self.row, self.column, self.style = self.saved
        elif char == "M":
            if self.row == self.top:
                self.scroll(-1)
            else:
                self.row -= 1
        elif char == "c":
            self.__init__(self.rows, self.columns)

    def csi(self, match):
        mark, parameters, between, last = match.groups()
        numbers = [int(each) if each else 0 for each in re.split("[;:]", parameters)]
        if mark == "?" and last in "hl":
            for number in numbers:
                self.set_mode(number, last == "h")
            return
        if mark or between:
            if last in "cqpnu":
                return
            raise Strange(f"an unknown sequence: {match.group()!r}")
        do = getattr(self, f"csi_{ord(last):02x}", None)
        if do is None:
            raise Strange(f"an unknown sequence: {match.group()!r}")
        self.is_wrapping = False
        do(*numbers)

    def set_mode(self, number, is_on):
        if number in (47, 1047, 1049) and is_on != (self.other is not None):
            if is_on:
                self.other = (self.cells, self.row, self.column)
                self.cells = [[BLANK] * self.columns for _ in range(self.rows)]
            else:
                self.cells, self.row, self.column = self.other
                self.other = None
        (self.modes.add if is_on else self.modes.discard)(number)

    def go(self, row, column):
        self.row = max(0, min(self.rows - 1, row))
        self.column = max(0, min(self.columns - 1, column))

    def csi_41(self, count=1, *_):  # A: up
        self.go(self.row - max(1, count), self.column)

    def csi_42(self, count=1, *_):  # B: down
        self.go(self.row + max(1, count), self.column)

    def csi_43(self, count=1, *_):  # C: right
        self.go(self.row, self.column + max(1, count))

    def csi_44(self, count=1, *_):  # D: left
        self.go(self.row, self.column - max(1, count))

    def csi_47(self, column=1, *_):  # G: column
        self.go(self.row, max(1, column) - 1)

    csi_60 = csi_47

    def csi_64(self, row=1, *_):  # d: row
        self.go(max(1, row) - 1, self.column)

    def csi_48(self, row=1, column=1, *_):  # H: place
        self.go(max(1, row) - 1, max(1, column) - 1)

    csi_66 = csi_48

    def csi_49(self, count=1, *_):  # I: tab
        for _ in range(max(1, count)):
            self.column = min(self.columns - 1, self.column // 8 * 8 + 8)

    def csi_5a(self, count=1, *_):  # Z: tab back
        for _ in range(max(1, count)):
            self.column = max(0, (self.column - 1) // 8 * 8)

    def csi_4a(self, what=0, *_):  # J: erase the screen
        self.csi_4b(what)
        rows = {0: range(self.row + 1, self.rows), 1: range(self.row), 2: range(self.rows)}
        for row in rows.get(what, ()):
            self.cells[row] = self.blank_row()

    def csi_4b(self, what=0, *_):  # K: erase the line
        row = self.cells[self.row]
        if what in (0, 1):
            self.break_wide(row, self.column)
        begin = self.column if what == 0 else 0
        end = self.column + 1 if what == 1 else self.columns
        row[begin:end] = [self.blank()] * (end - begin)

    def csi_58(self, count=1, *_):  # X: erase characters
        row = self.cells[self.row]
        end = min(self.columns, self.column + max(1, count))
        self.break_wide(row, self.column)
        self.break_wide(row, end - 1)
        row[self.column : end] = [self.blank()] * (end - self.column)

    def csi_50(self, count=1, *_):  # P: delete characters
        row = self.cells[self.row]
        count = min(max(1, count), self.columns - self.column)
        self.break_wide(row, self.column)
        del row[self.column : self.column + count]
        row += [self.blank()] * count

    def csi_40(self, count=1, *_):  # @: insert blanks
        row = self.cells[self.row]
        self.break_wide(row, self.column)
        row[self.column : self.column] = [self.blank()] * max(1, count)
        del row[self.columns :]

    def csi_4c(self, count=1, *_):  # L: insert lines
        for _ in range(max(1, count)):
            del self.cells[self.bottom]
            self.cells.insert(self.row, self.blank_row())

    def csi_4d(self, count=1, *_):  # M: delete lines
        for _ in range(max(1, count)):
            del self.cells[self.row]
            self.cells.insert(self.bottom, self.blank_row())

    def csi_53(self, count=1, *_):  # S: scroll up
        self.scroll(max(1, count))

    def csi_54(self, count=1, *_):  # T: scroll down
        self.scroll(-max(1, count))

    def csi_62(self, count=1, *_):  # b: repeat
        for _ in range(max(1, count)):
            self.put(self.last)

    def csi_72(self, top=1, bottom=0, *_):  # r: what scrolls
        self.top, self.bottom = max(1, top) - 1, (bottom or self.rows) - 1
        self.go(0, 0)

    def csi_68(self, *_):  # h, l: ANSI modes
        pass

    csi_6c = csi_74 = csi_63 = csi_6e = csi_67 = csi_68

    def csi_6d(self, *numbers):  # m: style
        numbers = list(numbers)
        while numbers:
            number = numbers.pop(0)
            if number in (38, 48):
                assert numbers.pop(0) == 5, "a colour that is none of 256"
                self.restyle("front" if number == 38 else "back", numbers.pop(0))
            else:
                self.set_style(number)

    def restyle(self, name, value):
        self.style = self.style._replace(**{name: value})

    def set_style(self, number):
        flags = {1: ("bold", True), 2: ("dim", True), 4: ("underline", True), 7: ("reverse", True)}
        flags |= {24: ("underline", False), 27: ("reverse", False), 39: ("front", None)}
        flags |= {49: ("back", None), 3: ("underline", self.style.underline)}
        if number == 0:
            self.style = PLAIN
        elif number == 22:
            self.style = self.style._replace(bold=False, dim=False)
        elif number in flags:
            self.restyle(*flags[number])
        elif 30 <= number <= 37 or 90 <= number <= 97:
            self.restyle("front", number % 10 + (8 if number >= 90 else 0))
        elif 40 <= number <= 47 or 100 <= number <= 107:
            self.restyle("back", number % 10 + (8 if number >= 100 else 0))
        elif number not in (10, 11, 12, 23, 25):  # A font, the end of what is not kept.
            raise Strange(f"an unknown style: {number}")

    # ---- Looking

    def resize(self, rows, columns):
        """As xterm does: the upper left corner stays."""

        def fit(cells):
            cells = [row[:columns] + [BLANK] * (columns - len(row)) for row in cells[:rows]]
            return cells + [[BLANK] * columns for _ in range(rows - len(cells))]

        self.cells = fit(self.cells)
        if self.other:
            self.other = (fit(self.other[0]), *self.other[1:])
        self.rows, self.columns = rows, columns
        self.top, self.bottom = 0, rows - 1
        self.go(self.row, self.column)

    def lines(self):
        return ["".join(cell.text for cell in row).rstrip() for row in self.cells]

    @property
    def is_alternate(self):
        return self.other is not None


class Terminal:
    """A program on a pseudo-terminal. Leave it by close(), which ends what is left of it."""

    def __init__(self, command, rows=24, columns=80, **environment):
        self.emulator = Emulator(rows, columns)
        self.changed = threading.Condition()
        self.raw = b""
        self.strange = None
        self.is_ended = False
        self.exit_code = None
        env = plain_environment(**{"TERM": "xterm-256color", "TZ": "UTC", **environment})
        env = {name: value for name, value in env.items() if value is not None}
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
            os.execvpe(command[0], [str(word) for word in command], env)
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        while True:
            try:
                piece = os.read(self.fd, 65536)
            except OSError:
                piece = b""
            with self.changed:
                self.raw += piece
                self.is_ended = not piece
                try:
                    self.emulator.feed(piece)
                except Strange as strange:
                    self.strange = self.strange or strange
                self.changed.notify_all()
            if not piece:
                return

    # ---- Doing

    def type(self, text):
        data = text.encode() if isinstance(text, str) else text
        while data:
            data = data[os.write(self.fd, data) :]

    def paste(self, text):
        self.type("\x1b[200~" + text.replace("\n", "\r") + "\x1b[201~")

    def resize(self, rows, columns):
        with self.changed:
            self.emulator.resize(rows, columns)
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    # ---- Looking

    def lines(self):
        with self.changed:
            assert self.strange is None, f"on the terminal: {self.strange}"
            return self.emulator.lines()

    def text(self):
        return "\n".join(self.lines())

    def cells(self):
        with self.changed:
            return [list(row) for row in self.emulator.cells]

    def cursor(self):
        with self.changed:
            return self.emulator.row, self.emulator.column

    def wait(self, look, what, seconds=PATIENCE):
        """Waits until look(lines) is true; what it returned."""
        deadline = time.monotonic() + seconds
        with self.changed:
            while True:
                lines = self.lines()
                found = look(lines)
                if found:
                    return found
                left = deadline - time.monotonic()
                is_last = left <= 0 or self.is_ended
                if is_last:
                    shown = "\n".join(lines)
                    raise AssertionError(f"no {what} on the terminal:\n{shown}")
                self.changed.wait(min(left, 1.0))

    def expect(self, text, seconds=PATIENCE):
        """Waits until some row holds the text; which. Blanks at the end of rows are not seen."""
        text = text.rstrip()

        def look(lines):
            return next((i + 1 for i, line in enumerate(lines) if text in line), None)

        return self.wait(look, repr(text), seconds) - 1

    def expect_gone(self, text, seconds=PATIENCE):
        self.wait(lambda lines: not any(text in line for line in lines), f"end of {text!r}", seconds)

    def settle(self):
        """Waits until all that was typed before has been drawn: rows are drawn from the top, the line that is
        typed last."""
        self.type("~")
        self.wait(lambda lines: any(line.endswith("~") for line in lines[-2:]), "typed ~")
        self.type("\x7f")
        self.wait(lambda lines: not any(line.endswith("~") for line in lines[-2:]), "end of the ~")

    def row(self, text):
        return next((i for i, line in enumerate(self.lines()) if text in line), -1)

    # ---- The end

    def processes(self):
        return [each for each in processes(session=self.pid) if not each.is_zombie]

    def wait_end(self, seconds=PATIENCE):
        """Waits until the program has ended by itself; its exit code."""
        if self.exit_code is None:

            def look():
                pid, status = os.waitpid(self.pid, os.WNOHANG)
                return pid and (status,)

            (status,) = eventually(look, lambda: f"the end of the program\n{self.text()}", seconds)
            self.exit_code = os.waitstatus_to_exitcode(status)
        return self.exit_code

    def close(self):
        if self.exit_code is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGHUP)
                os.kill(self.pid, signal.SIGCONT)
            try:
                self.wait_end()
            except AssertionError:
                for each in self.processes():
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(each.pid, signal.SIGKILL)
                self.wait_end()
        os.close(self.fd)
        assert self.strange is None, f"on the terminal: {self.strange}"
