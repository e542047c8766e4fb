"""Members who speak the session dialect, through examples/session_client.py: one loop for all of them."""

import select
import sys
import time

from tools import PATIENCE, TOP

sys.path.insert(0, str(TOP / "examples"))

import session_wire as wire  # noqa: E402
from session_client import Session  # noqa: E402


class Member(Session):
    """Notes what it hears: `entries` in order, and whatever else happened in `others`."""

    def __init__(self, crowd, name="", saved=None, **settings):
        self.crowd, self.fd, self.due = crowd, None, 0.0
        self.entries, self.others, self.answers, self.kept = [], [], {}, {}
        super().__init__(*crowd.address, name, saved, **settings)

    def move(self):
        super().move()
        self.crowd.watch(self)

    def note(self):
        """Takes the events of the session."""
        while self.events:
            event = self.events.popleft()
            if isinstance(event, wire.Entry):
                self.entries.append(event)
            elif isinstance(event, wire.Answer):
                self.answers[event.question] = event
            elif isinstance(event, wire.Kept):
                self.kept[event.number] = event.seq
            else:
                self.others.append(event)

    def of_kind(self, *kinds):
        return [entry for entry in self.entries if entry.kind in kinds]

    def texts(self, kind=wire.SAID):
        return [entry.text for entry in self.of_kind(kind)]

    def events_of(self, kind):
        return [event for event in self.others if isinstance(event, kind)]

    def has_settled(self):
        """Whether nothing of it is on its way, and of every message it is known what came of it."""
        return not self.outbox and not self.unsettled

    # ---- Deeds that wait for what comes of them

    def settle(self, number=None, seconds=PATIENCE):
        """Waits for what came of a message: its entry, which may be a refusal."""

        def own():
            return next((e for e in self.entries if e.person == self.person and e.number == number), None)

        return self.crowd.wait(own, f"{self.name}'s message {number}", seconds)

    def expect(self, text, seconds=PATIENCE, kind=wire.SAID):
        """Waits for an entry with this text."""
        return self.crowd.wait(
            lambda: next((e for e in self.of_kind(kind) if e.text == text), None),
            lambda: f"{self.name} to hear {text!r} after {self.entries[-5:]}",
            seconds,
        )

    def answer(self, question, seconds=PATIENCE):
        return self.crowd.wait(lambda: self.answers.get(question), f"answer {question}", seconds)

    def names(self, room=wire.LOBBY):
        """{name: whether absent}, as WHO has it."""
        people, after, more = {}, 0, 1
        while more:
            found = self.answer(self.who(room, after))
            people.update({person.name: bool(person.flags & 1) for person in found.items})
            more, after = found.more, found.items[-1].person if found.items else 0
        return people

    def room_list(self):
        """{name: Room}, as ROOMS has it."""
        return {room.name: room for room in self.answer(self.rooms()).items}


class Crowd:
    """All members of a test, and their loop."""

    def __init__(self, address):
        self.address = address
        self.members, self.by_fd = [], {}
        self.poll = select.epoll()

    def watch(self, member):
        """A member has another socket; the old one has left the poll by being closed."""
        self.by_fd.pop(member.fd, None)
        member.fd = member.fileno()
        self.by_fd[member.fd] = member
        self.poll.register(member.fd, select.EPOLLIN)

    def begin(self, name="", saved=None, **settings):
        member = Member(self, name, saved, **settings)
        self.members.append(member)
        return member

    def enter(self, *names, seconds=PATIENCE, **settings):
        """Lets them in, and waits until they are; one member, or a list."""
        members = [self.begin(name, **settings) for name in names]
        self.wait_in(members, seconds)
        return members[0] if len(names) == 1 else members

    def wait_in(self, members, seconds=PATIENCE):
        self.wait(
            lambda: all(member.state == "here" for member in members),
            lambda: f"{[(m.name, m.state, m.others[-2:]) for m in members if m.state != 'here']}",
            seconds,
        )

    def drop(self, member):
        """The client is gone without a word; what it would have saved."""
        member.note()
        self.by_fd.pop(member.fd, None)
        self.members.remove(member)
        member.close()
        return member.save()

    def come_back(self, saved, seconds=PATIENCE, **settings):
        """A client is started again and resumes from what it had saved."""
        again = self.begin(saved=saved, **settings)
        self.wait_in([again], seconds)
        return again

    def turn(self, seconds):
        next_due = min((member.due for member in self.members), default=float("inf"))
        pause = max(min(next_due - time.monotonic(), seconds), 0.0)
        for fd, _ in self.poll.poll(pause):  # Before the timers: what waits here need not be asked again.
            member = self.by_fd[fd]
            member.receive()
            member.due = 0.0
        now = time.monotonic()
        for member in self.members:
            if member.due <= now:
                member.due = now + member.tick()
            if member.events:
                member.note()

    def wait(self, until, what, seconds=PATIENCE):
        """Turns until until() is true, and gives what it gave."""
        deadline = time.monotonic() + seconds
        for member in self.members:  # Somebody may have said something since the last turn.
            member.due = 0.0
        while not (found := until()):
            if time.monotonic() > deadline:
                raise AssertionError(f"waited in vain for {what() if callable(what) else what}")
            self.turn(0.05)
        return found

    def close(self):
        for member in self.members:
            member.close()
        self.poll.close()


def stop_reading(crowd, member):
    """Its socket stays and fills; nobody reads it, and it says only what it is made to say."""
    crowd.poll.unregister(member.fd)
    crowd.members.remove(member)


def read_again(crowd, member):
    crowd.members.append(member)
    crowd.watch(member)
    member.due = 0.0


class Talk:
    """Messages that several members say together, each with some on the way."""

    def __init__(self, crowd, members, count, window=4, text_bytes=64):
        self.crowd, self.members, self.window, self.text_bytes = crowd, members, window, text_bytes
        share, rest = divmod(count, len(members))
        self.left = [share + (index < rest) for index in range(len(members))]
        self.said, self.count = [], count
        self.began = self.ended = time.monotonic()

    def replace(self, old, new):
        """A client was started again: what it had noted goes over to the new one."""
        new.entries[:0] = old.entries
        self.members[self.members.index(old)] = new

    def step(self):
        for index, member in enumerate(self.members):
            while self.left[index] and member.state == "here" and len(member.outbox) < self.window:
                text = f"{index} {self.left[index]} ".ljust(self.text_bytes, "x")
                self.left[index] -= 1
                self.said.append(text)
                member.say(text)
                member.due = 0.0

    def heard(self):
        """How many messages the slowest has heard."""
        return min(len(member.of_kind(wire.SAID)) for member in self.members)

    def is_done(self):
        return (
            not any(self.left)
            and all(member.has_settled() for member in self.members)
            and self.heard() >= self.count
        )

    def run(self, seconds, script=()):
        """Talks to the end; `script` are pairs (share of the messages heard by all, what to do then)."""
        script = sorted(script, key=lambda step: step[0])
        deadline = time.monotonic() + seconds
        while not self.is_done():
            while script and self.heard() >= script[0][0] * self.count:
                script.pop(0)[1]()
            self.step()
            self.crowd.turn(0.05)
            assert time.monotonic() < deadline, self.describe()
        self.ended = time.monotonic()

    def check(self):
        """Everybody heard the same in the same order, all that was said, each of it once."""
        first = [(entry.seq, entry.person, entry.text) for entry in self.members[0].of_kind(wire.SAID)]
        assert sorted(text for _, _, text in first) == sorted(self.said), "lost, or twice"
        seqs = [seq for seq, _, _ in first]
        assert seqs == sorted(set(seqs)), "out of order"
        for member in self.members:
            heard = [(e.seq, e.person, e.text) for e in member.of_kind(wire.SAID)]
            assert heard == first, f"{member.name} heard something else"
            told = member.events_of((wire.Gap, wire.Unexplained, wire.Refusal, wire.Ended))
            assert not told, f"{member.name} was told {told}"
            own = [e.number for e in member.of_kind(wire.SAID) if e.person == member.person]
            assert own == sorted(own), f"{member.name}'s own messages are out of order"
        return [text for _, _, text in first]

    def describe(self):
        states = [
            (m.name, m.state, len(m.of_kind(wire.SAID)), m.log and m.log.cursor, list(m.outbox)[:4])
            for m in self.members
        ]
        return f"{self.count} messages, {self.left} left to say; {states}"


class Meter:
    """A tap of a bad network: bytes of entries and messages, and how many of them had been sent before."""

    def __init__(self):
        self.last_log = 0.0
        self.forget()

    def forget(self):
        self.seen = set()
        self.all = {True: 0, False: 0}
        self.again = {True: 0, False: 0}
        self.whole = {True: 0, False: 0}

    def __call__(self, client, is_up, datagram, times):
        self.whole[is_up] += len(datagram)
        if datagram[0] == 0xF8 and datagram[1] == (wire.TALK if is_up else wire.LOG):
            session = datagram[2:10]
            for what, size in self.messages(datagram) if is_up else self.pieces(datagram):
                self.all[is_up] += size
                self.again[is_up] += size if (is_up, session, what) in self.seen else 0
                self.seen.add((is_up, session, what))

    def pieces(self, datagram):
        self.last_log = time.monotonic()
        r = wire.Reader(datagram[wire.LOG_HEAD : -wire.TAG])
        while r.more():
            start, item = r.at, r.u8()
            if item == wire.ITEM_ENTRY:
                entry = wire.read_entry(r.bytes(r.varint()))
                yield (entry.seq, 0), r.at - start
            elif item == wire.ITEM_PART:
                seq, _, offset = r.varints(3)
                r.rest()
                yield (seq, offset), r.at - start

    def messages(self, datagram):
        r = wire.Reader(datagram[wire.TALK_HEAD : -wire.TAG])
        while r.more():
            start, frame = r.at, r.u8()
            if frame == wire.ACK:
                *_, ranges, _ = r.varints(5)
                r.varints(2 * ranges)
            elif frame == wire.MESSAGE:
                number, _, _, offset = r.varint(), r.u8(), *r.varints(2)
                r.bytes(r.varint())
                yield (number, offset), r.at - start
            elif frame == wire.PING:
                r.varint()
            elif frame == wire.ASK:
                r.rest()

    def share(self, is_up):
        return self.again[is_up] / max(self.all[is_up], 1)

    def describe(self, talk):
        text = sum(len(text) for text in talk.said) * len(talk.members)
        took = talk.ended - talk.began
        return (
            f"{talk.count} messages to {len(talk.members)} in {took:.1f} s: goodput"
            f" {text / took / 1000:.1f} kB/s of text; sent again {100 * self.share(False):.1f} %"
            f" of the entries' bytes and {100 * self.share(True):.1f} % of the messages';"
            f" {self.whole[False] / max(text, 1):.2f} bytes on the line for one of text"
        )
