"""Talk that goes on all the while: senders and receivers, each message numbered by its sender.

A sender has a few messages on the way and says the next when every listener has heard one: so a
message that is missing is missing because somebody lost it, and not because a buffer ran over. Who
hears nothing for a while takes what is on the way for lost and goes on with the next number (plain
UDP has no acknowledgement).
"""

import re
import threading
import time

from plain import Plain, loopback_sources
from tools import PATIENCE, SLOWNESS

LINE = re.compile(r"(t\d+)(?:说)?: (\d+)(?: .*)?", re.DOTALL)

# After so much silence a sender takes for lost what is on the way.
LOST_SECONDS = 0.5 * SLOWNESS


class Talker(Plain):
    def __init__(self, load, index, source):
        super().__init__(load.server, source)
        self.load = load
        self.index = index
        self.sent = 0  # numbers 1 … sent were said
        self.done = 0  # numbers up to this one are not waited for
        self.lost = []  # numbers that were given up
        self.spoke = 0.0


class Listener(Plain):
    """Notes what it hears: [(talker's index, number), …]."""

    def __init__(self, load, source):
        super().__init__(load.server, source)
        self.arrived = load.news
        self.heard = []
        self.last = {}  # the highest number of each talker
        self.others = []  # whatever else it hears
        self.parsed = 0
        self.noted = 0  # how much had come when the talkers looked

    def parse(self):
        with self.arrived:
            new = self.datagrams[self.parsed :]
            self.parsed += len(new)
        for datagram in new:
            text = datagram.decode()
            line = LINE.fullmatch(text)
            if line:
                talker, number = int(line.group(1)[1:]), int(line.group(2))
                self.heard.append((talker, number))
                self.last[talker] = max(number, self.last.get(talker, 0))
            else:
                self.others.append(text)


class Load:
    """`with Load(server) as load:` talk goes on inside the block; afterwards it has come to rest."""

    def __init__(self, server, talkers=4, listeners=4, window=4, text="", names="l", first=0):
        self.server = server
        self.news = threading.Condition()  # a listener has heard something, or the talk has failed
        self.window = window
        self.may_repeat = False
        self.text = text.encode()
        sources = loopback_sources(talkers + listeners, first=40)
        self.listeners = [
            Listener(self, source).enter(f"{names}{index}")
            for index, source in enumerate(sources[talkers:])
        ]
        self.talkers = [
            Talker(self, index, source) for index, source in enumerate(sources[:talkers], first)
        ]
        for talker in self.talkers:
            talker.enter(f"t{talker.index}")
        self.is_on = False
        self.error = None

    # ---- Talking

    def __enter__(self):
        self.is_on = True
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()
        self.wait_flows("the talk to begin")
        return self

    def __exit__(self, kind, value, trace):
        self.is_on = False
        self.thread.join(PATIENCE)
        if kind is None:
            assert not self.error, self.error
            self.settle()

    def run(self):
        try:
            while self.is_on:
                if not self.turn():
                    with self.news:
                        self.news.wait_for(self.has_news, LOST_SECONDS / 8)
        except Exception as error:  # Told to whoever waits.
            with self.news:
                self.error = repr(error)
                self.news.notify_all()

    def has_news(self):
        return any(len(listener.datagrams) > listener.noted for listener in self.listeners)

    def turn(self):
        """Says what may be said; whether there was anything."""
        now = time.monotonic()
        has_spoken = False
        with self.news:
            for listener in self.listeners:
                listener.noted = len(listener.datagrams)
                listener.parse()
        for talker in self.talkers:
            heard = min(listener.last.get(talker.index, 0) for listener in self.listeners)
            if heard > talker.done:
                talker.done, talker.spoke = heard, now
            if talker.sent > talker.done and now - talker.spoke > LOST_SECONDS:
                talker.lost += range(talker.done + 1, talker.sent + 1)
                talker.done = talker.sent
            while talker.sent - talker.done < self.window:
                talker.sent += 1
                talker.spoke = now
                talker.send(b"C t%d %d %s" % (talker.index, talker.sent, self.text))
                has_spoken = True
        return has_spoken

    def heard_since(self, marks):
        """Whether every listener has heard of every talker something that was said after the marks."""
        with self.news:
            for listener in self.listeners:
                listener.parse()
        return all(
            listener.last.get(talker.index, 0) > mark
            for listener in self.listeners
            for talker, mark in zip(self.talkers, marks, strict=True)
        )

    def wait_flows(self, what="messages to flow", seconds=PATIENCE):
        """Waits until everyone has heard everyone say something new; how long that took."""
        began = time.monotonic()
        marks = [talker.sent for talker in self.talkers]
        with self.news:
            has_come = self.news.wait_for(lambda: self.error or self.heard_since(marks), seconds)
        assert not self.error, self.error
        if not has_come:
            heard = [dict(sorted(listener.last.items())) for listener in self.listeners]
            raise AssertionError(f"waited {seconds:.1f} s for {what}: {marks} said, {heard} heard")
        return time.monotonic() - began

    def wait_count(self, count):
        """Waits until every talker has said so many more."""
        for _ in range(-(-count // self.window)):
            self.wait_flows()

    def settle(self):
        """Nobody talks; waits until what is on the way has come, and is parsed."""
        marks = [talker.sent - 1 for talker in self.talkers]
        with self.news:
            self.news.wait_for(lambda: self.heard_since(marks), 2 * LOST_SECONDS)

    def close(self):
        for member in [*self.talkers, *self.listeners]:
            member.close()

    # ---- What came of it

    @property
    def sent(self):
        return sum(talker.sent for talker in self.talkers)

    def history(self):
        """[(talker, number), …] as the history has it."""
        talkers = {f"t{talker.index}": talker.index for talker in self.talkers}
        found = []
        for entry in self.server.history():
            if entry["kind"] == "said" and entry["name"] in talkers:
                number = int(entry["text"].split(" ", 1)[0])
                found.append((talkers[entry["name"]], number))
        return found

    def check(self, may_repeat=False, all_is_kept=True, all_is_heard=True):
        """What everybody heard is in the history exactly once, in the order in which it was sent.

        may_repeat    a listener may have heard something twice (its edge was killed while it sent), notices too
        all_is_kept   everything that anybody said is in the history
        all_is_heard  everything that is in the history was heard by every listener
        """
        self.may_repeat = may_repeat
        kept = self.history()
        place = {each: index for index, each in enumerate(kept)}
        assert len(place) == len(kept), "something is in the history twice"
        for talker in self.talkers:
            numbers = [number for index, number in kept if index == talker.index]
            assert numbers == sorted(numbers), f"t{talker.index} is out of order in the history"
            missing = set(range(1, talker.sent + 1)) - set(numbers)
            assert not (all_is_kept and missing), f"{talker} said in vain: {sorted(missing)[:20]}"
        for listener in self.listeners:
            heard = set(listener.heard)
            unkept = sorted(heard - set(place))
            assert not unkept, f"{listener} heard what is not in the history: {unkept[:20]}"
            order = [place[each] for each in dict.fromkeys(listener.heard)]
            assert order == sorted(order), f"{listener} heard it in another order"
            twice = len(listener.heard) - len(heard)
            assert may_repeat or not twice, f"{listener} heard {twice} messages twice"
            missing = [each for each in kept if each not in heard]
            assert not (all_is_heard and missing), f"{listener} did not hear {missing[:20]}"
        return kept

    def check_nobody_was_told_of_leaving(self):
        for member in [*self.listeners, *self.talkers]:
            told = [line for line in member.lines if "退出" in line or "left" in line or line == "EXIT"]
            assert not told, f"{member} was told {told}"
        for listener in self.listeners:
            entered = [line for line in listener.others if "进入了" in line]
            is_once = len(set(entered)) == len(entered)
            assert self.may_repeat or is_once, f"{listener}: somebody entered twice"
