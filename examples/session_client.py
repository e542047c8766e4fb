#!/usr/bin/env python3
"""A client of qun's session dialect, written from docs/PROTOCOL.md alone.

As a program it is a small chat; with FILE it keeps its session there and comes back to it:

    python3 examples/session_client.py HOST PORT NAME [FILE]

As a module it is `Session`, which never blocks: wait until `fileno()` is readable or `tick()`'s
seconds have passed, call `receive()` and `tick()`, and look at `events`. `turn()` and `wait()` do
that for whoever has a single session and nothing else to do. What datagrams look like is in
session_wire.py.
"""

import hmac
import json
import os
import select
import socket
import struct
import sys
import time
from collections import OrderedDict, deque

from session_wire import (
    ACK, ACK_AFTER, ANSWER, ASK, BEFORE, COOKIE, DATAGRAM, DEEDS, DETACH, DIRECT, DIRECTED,
    END, ENTERED, FLIGHT, H, HELLO, JOIN, JOINED, KEPT, KICKED, LEAVE, LOBBY, LOG, LOG_HEAD,
    LOST, NO_ANSWER, OPEN, PADDING, PART, PING, PING_AFTER, PONG, REFUSED, RENAME, RENAMED,
    REPEAT_FIRST, REPEAT_MOST, RESET, RESUME, ROOMS, SAY, SEARCH, SILENT_AFTER, SMALLEST, TAG,
    TALK, TALK_HEAD, VERSION, WELCOME, WHO, Answer, Connection, Ended, Entry, Kept, Log,
    Malformed, Person, Reader, Refusal, Repeated, Room, Unexplained, Welcomed, put_together,
    read_entry, read_items, string, tag, varint, word, x25519)


class Session:
    """Who one is on a server. `saved` is what `save()` gave: with it one comes back, else anew."""

    def __init__(self, host, port, name="", saved=None, ping_after=PING_AFTER):
        self.family, _, _, _, self.address = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)[0]
        self.ping_after, self.clock, self.socket = ping_after, time.monotonic, None
        self.id = self.key = self.person = self.server_key = self.log = None
        self.name, self.next_number = name, None
        self.events = deque()
        self.outbox = OrderedDict()   # number: Repeated, until KEPT
        self.unsettled = {}           # number: KEPT's seq or None, until its entry comes
        self.questions, self.pages, self.edition = deque(), {}, None
        self.question_number, self.ping = 0, None
        self.connection, self.cookie, self.state = None, None, "coming"
        self.heard = self.spoke = 0.0
        self.asked, self.ack_due, self.unacked = None, None, 0
        self.round_trip = self.variation = None
        if saved:
            self.id, self.person, self.name = saved["id"], saved["person"], saved["name"]
            self.key, self.server_key = bytes.fromhex(saved["key"]), bytes.fromhex(saved["server"])
            self.log = Log(saved["cursor"])
            for number, kind, body in saved["outbox"]:
                self.outbox[number] = Repeated(number, kind, bytes.fromhex(body))
            self.unsettled = {number: seq for number, seq in saved["unsettled"]}
        self.move()
        self.come_in("" if saved else name)

    def save(self):
        """All that a restarted client needs, as JSON has it; None before the first WELCOME."""
        return self.id and {
            "id": self.id, "key": self.key.hex(), "person": self.person, "name": self.name,
            "server": self.server_key.hex(), "cursor": self.log.cursor,
            "outbox": [(m.number, m.kind, m.body.hex()) for m in self.outbox.values()],
            "unsettled": list(self.unsettled.items())}

    # What a user says and asks. Messages give their number, questions theirs.

    def say(self, text, room=LOBBY):
        return self._message(SAY, varint(room) + text.encode())

    def join(self, name):
        return self._message(JOIN, name.encode())

    def part(self, room, why=""):
        return self._message(PART, varint(room) + why.encode())

    def direct(self, name, text):
        return self._message(DIRECT, string(name) + text.encode())

    def rename(self, name):
        return self._message(RENAME, name.encode())

    def leave(self, why=""):
        return self._message(LEAVE, why.encode())

    def who(self, room=LOBBY, after=0):
        return self._ask(WHO, varint(room) + varint(after))

    def rooms(self, after=0):
        return self._ask(ROOMS, varint(after))

    def before(self, room, seq, lines=50):
        return self._ask(BEFORE, varint(room) + varint(seq) + bytes((lines,)))

    def search(self, text, seq, room=0, lines=50):
        return self._ask(SEARCH, varint(room) + varint(seq) + bytes((lines,)) + text.encode())

    def detach(self):
        """Be absent from now on; `come_in()` comes back."""
        if self.connection:
            self._talk([bytes((DETACH,))], self.clock())
        self.connection, self.state = None, "detached"

    def move(self):
        """Go on from another local port, as behind a NAT that forgot us."""
        if self.socket:
            self.socket.close()
        self.socket = socket.socket(self.family, socket.SOCK_DGRAM)
        self.socket.setblocking(False)
        self.socket.connect(self.address)

    def close(self):
        self.socket.close()

    # Turning the wheel.

    def fileno(self):
        return self.socket.fileno()

    def turn(self, seconds):
        """Wait for a datagram or a timer, `seconds` at the most, and do what is to be done."""
        select.select([self.socket], [], [], max(min(self.tick(), seconds), 0))
        self.receive()
        self.tick()

    def wait(self, until, seconds):
        """Turn until until() is true, and give what it gave when the time is up."""
        end = self.clock() + seconds
        while not (result := until()) and self.clock() < end:
            self.turn(end - self.clock())
        return result

    def receive(self):
        """Take in every datagram that waits."""
        while True:
            try:
                data = self.socket.recv(DATAGRAM + 1)
            except BlockingIOError:
                return
            except OSError:  # "Connection refused": nobody listens yet, or not just now.
                continue
            try:
                self._datagram(data, self.clock())
            except Malformed:
                pass

    def tick(self):
        """Do what is due, and say in how many seconds something will be due again."""
        now = self.clock()
        if self.state == "coming":
            if self.attempt.due <= now:
                self._knock(now)
            return max(self.attempt.due - now, 0)
        if self.state != "here":
            return 3600.0
        if self.ping is None and now - self.spoke >= self.ping_after:
            self.ping = Repeated(number=int(now * 1000))
        flight = list(self.outbox.values())[:FLIGHT]
        waiting = flight + list(self.questions)[:1] + ([self.ping] if self.ping else [])
        self.asked = (self.asked or now) if waiting else None
        if waiting and now - max(self.heard, self.asked) >= SILENT_AFTER:
            self.come_in()
            return 0.0
        self._repeat(flight, now)
        due = [self.spoke + self.ping_after] if self.ping is None else []
        due += [self.ack_due] if self.ack_due is not None else []
        return max(0.0, min(due + [each.due for each in waiting]) - now)

    def _repeat(self, flight, now):
        pause, frames = self._pause(), []
        for message in flight:
            if message.due <= now:
                frames += message.frames()
                message.went(now, pause)
        if self.ping and self.ping.due <= now:
            frames.append(bytes((PING,)) + varint(self.ping.number))
            self.ping.went(now, pause)
        if frames or self.ack_due is not None and self.ack_due <= now:
            self._talk(frames, now)
        if self.questions and self.questions[0].due <= now:
            ask = self.questions[0]
            self._talk([bytes((ASK,)) + varint(ask.number) + bytes((ask.kind,)) + ask.body], now)
            ask.went(now, pause)

    def _pause(self):
        if self.round_trip is None:
            return 1.0
        return min(max(self.round_trip + 4 * self.variation, 0.1), REPEAT_MOST)

    def _measure(self, repeated, now):
        """RFC 6298, with answers to what was sent once."""
        if repeated.sent != 1:
            return
        sample = now - repeated.first
        if self.round_trip is None:
            self.round_trip, self.variation = sample, sample / 2
        else:
            self.variation += (abs(self.round_trip - sample) - self.variation) / 4
            self.round_trip += (sample - self.round_trip) / 8

    # What is sent.

    def come_in(self, name="", cookie=None):
        """OPEN, or RESUME when there is a session: at first, after a refusal, after detach()."""
        if name and not self.id:
            self.name = name
        self.enter_as = (name if self.id else self.name).encode()
        self.nonce, self.secret = os.urandom(16), os.urandom(32)
        self.connection_number = int.from_bytes(os.urandom(4), "little")
        self.cookie = cookie or self.cookie
        self.connection, self.state, self.attempt = None, "coming", Repeated()
        self.tick()

    def _knock(self, now):
        """HELLO while there is no cookie; a stale one is answered with a new one, as HELLO is."""
        begin = struct.pack("<BB", 0xF8, HELLO if not self.cookie else RESUME if self.id else OPEN)
        begin += bytes((VERSION,)) + (self.cookie or b"") + self.nonce
        if not self.cookie:
            self._send(begin.ljust(SMALLEST, b"\0"), now)
        elif self.id:
            begin += struct.pack("<IQQ", self.connection_number, self.id, self.log.cursor)
            begin += string(self.enter_as)
            self._send(begin + tag(self.key, begin), now)
        else:
            client_key = x25519(self.secret, (9).to_bytes(32, "little"))
            begin += struct.pack("<I", self.connection_number) + client_key + string(self.enter_as)
            self._send(begin.ljust(SMALLEST, b"\0"), now)
        self.attempt.went(now, REPEAT_FIRST)

    def _talk(self, frames, now):
        """Frames in as few TALKs as hold them, with an ACK in front if one is owed."""
        if self.unacked:
            frames = [self.connection.ack(self.log.cursor, now)] + frames
            self.unacked, self.ack_due = 0, None
        batch = b""
        for frame in frames:
            if len(batch) + len(frame) > DATAGRAM - TALK_HEAD - TAG:
                self._send(self.connection.close(batch), now)
                batch = b""
            batch += frame
        self._send(self.connection.close(batch), now)

    def _send(self, datagram, now):
        self.spoke = now
        try:
            self.socket.send(datagram)
        except OSError:  # As good as lost on the way: it is sent again.
            pass

    def _message(self, kind, body):
        if self.next_number is None:
            raise RuntimeError("say it after Welcomed, which brings the number of the last message")
        number = self.next_number
        self.next_number += 1
        self.outbox[number], self.unsettled[number] = Repeated(number, kind, body), None
        self.tick()
        return number

    def _ask(self, kind, body):
        self.question_number += 1
        self.questions.append(Repeated(self.question_number, kind, body))
        self.tick()
        return self.question_number

    # What comes.

    def _datagram(self, data, now):
        if not 2 <= len(data) <= DATAGRAM or data[0] != 0xF8:
            return
        handler = {COOKIE: self._on_cookie, WELCOME: self._on_welcome, REFUSED: self._on_refused,
                   RESET: self._on_reset, LOST: self._on_lost, LOG: self._on_log,
                   TALK: self._on_talk}.get(data[1])
        if handler:
            reader = Reader(data)
            reader.at = 2
            handler(reader, now)

    def _on_cookie(self, r, now):
        version, nonce, cookie = r.fixed("<B16s20s")
        if self.state != "coming" or nonce != self.nonce:
            return
        if version != VERSION:
            self._end(Ended(0, f"the server speaks version {version}, this client {VERSION}"))
            return
        self.cookie, self.attempt = cookie, Repeated()
        self._knock(now)

    def _on_welcome(self, r, now):
        nonce, server_nonce, connection, session, person, number, seq, server_key, sealed = \
            r.fixed("<16s16sIQQQQ32s32s")
        name, head = r.text(), r.data[:r.at]
        if self.state != "coming" or nonce != self.nonce or connection != self.connection_number:
            return
        key = self.key
        if not self.id:
            shared = x25519(self.secret, server_key)
            client_key = x25519(self.secret, (9).to_bytes(32, "little"))
            pad = H(shared, b"qun seal" + client_key + server_key + struct.pack("<Q", session))
            key = bytes(a ^ b for a, b in zip(sealed, pad))
        elif session != self.id:
            return
        connection_key = H(key, b"qun connection" + nonce + server_nonce)
        if not hmac.compare_digest(tag(connection_key, head), r.rest()):
            return
        self._measure(self.attempt, now)
        resumed = bool(self.id)
        if not resumed:
            self.id, self.key, self.server_key, self.log = session, key, server_key, Log(seq)
        elif seq != self.log.cursor:
            self.log = Log(seq)
        self.person, self.name = person, name
        self.next_number = self.next_number or max([number, *self.outbox]) + 1
        self.connection = Connection(session, connection, connection_key)
        self.state, self.heard, self.asked, self.ping = "here", now, None, None
        self.unacked, self.ack_due = 0, None
        for repeated in [*self.outbox.values(), *self.questions]:
            repeated.due, repeated.pause = now, None
        self.events.append(Welcomed(person, name, seq, resumed))

    def _on_refused(self, r, now):
        nonce, reason = r.fixed("<16sB")
        refusal = Refusal(reason, r.varint(), r.text())
        if self.state == "coming" and nonce == self.nonce:
            self.state = "refused"
            self.events.append(refusal)

    def _on_reset(self, r, now):
        session, connection, cookie = r.fixed("<QI20s")
        if self.connection and self.connection.name == struct.pack("<QI", session, connection):
            self.come_in(cookie=cookie)

    def _on_lost(self, r, now):
        session, cookie = r.fixed("<Q20s")
        right = self.connection and session == self.id
        if right and hmac.compare_digest(tag(self.key, r.data[:r.at]), r.rest()):
            self.come_in(cookie=cookie)

    def _on_log(self, r, now):
        if not self.connection:
            return
        packet, body = self.connection.open(r.data, LOG_HEAD)
        begin, end = struct.unpack_from("<QQ", r.data, TALK_HEAD)
        items = read_items(Reader(body))
        if not self._came(packet, now):
            return
        for item in self.log.take(begin, end, items):
            if isinstance(item, Entry) and item.person == self.person:
                self._own(item)
            self.events.append(item)
        self._explain()
        self._acknowledge(now)

    def _explain(self):
        """Give up those whose entry would have come by now: LOG and KEPT come in any order."""
        for number in [n for n, seq in self.unsettled.items()
                       if seq is not None and seq <= self.log.cursor]:
            del self.unsettled[number]
            self.events.append(Unexplained(number))

    def _own(self, entry):
        if entry.kind == RENAMED:
            self.name = entry.name
        self.unsettled.pop(entry.number, None)

    def _came(self, packet, now):
        """Count a packet, and say when it is to be acknowledged; False if it had come before."""
        in_order = self.connection.came(packet, now)
        if in_order is None:
            return False
        self.heard = now
        self.unacked += 1
        due = now + ACK_AFTER if in_order else now
        self.ack_due = due if self.ack_due is None else min(self.ack_due, due)
        return True

    def _acknowledge(self, now):
        if self.connection and self.unacked and (self.unacked >= 2 or self.ack_due <= now):
            self._talk([], now)

    def _on_talk(self, r, now):
        if not self.connection:
            return
        packet, body = self.connection.open(r.data, TALK_HEAD)
        frames, r = [], Reader(body)
        while r.more():
            kind = r.u8()
            if kind == KEPT:
                frames.append((self._on_kept, *r.varints(2)))
            elif kind == ANSWER:
                frames.append((self._on_answer, r.varint(), *r.fixed("<BBB"), r.rest()))
            elif kind == PONG:
                frames.append((self._on_pong, r.varint()))
            elif kind == END:
                frames.append((self._on_end, r.u8(), r.text()))
            elif kind != PADDING:
                raise Malformed
        if self._came(packet, now):
            for handler, *fields in frames:
                handler(now, *fields)
            self._acknowledge(now)

    def _on_kept(self, now, number, seq):
        if number in self.outbox:
            self._measure(self.outbox[number], now)
        while self.outbox and next(iter(self.outbox)) <= number:
            self.outbox.popitem(last=False)
        for n in self.unsettled:
            if n <= number and self.unsettled[n] is None:
                self.unsettled[n] = seq
        self.events.append(Kept(number, seq))
        self._explain()

    def _on_pong(self, now, token):
        if self.ping and token == self.ping.number:
            self._measure(self.ping, now)
            self.ping = None

    def _on_end(self, now, reason, text):
        self._end(Ended(reason, text))

    def _end(self, event):
        self.state, self.connection = "ended", None
        self.events.append(event)

    def _on_answer(self, now, question, page, pages, kind, body):
        if not self.questions or question != self.questions[0].number or page >= pages:
            return
        r = Reader(body)
        seq = connected = absent = more = reason = 0
        if kind == WHO:
            seq, connected, absent, more = *r.varints(3), r.u8()
            items = []
            while r.more():
                items.append(Person(r.varint(), r.u8(), r.text()))
        elif kind == ROOMS:
            seq, more, items = r.varint(), r.u8(), []
            while r.more():
                items.append(Room(*r.varints(2), r.u8(), r.text()))
        elif kind in (BEFORE, SEARCH):
            more, items = r.u8(), read_items(r)
        elif kind == NO_ANSWER:
            reason, items = r.u8(), []
        else:
            raise Malformed
        if self.edition != (pages, kind, seq, more):  # Pages of one answer, not of two.
            self.edition, self.pages = (pages, kind, seq, more), {}
        self.pages[page] = items
        if len(self.pages) < pages:
            return
        self._measure(self.questions.popleft(), now)
        items = self._answered([item for i in range(pages) for item in self.pages[i]])
        self.events.append(Answer(question, kind, seq, connected, absent, more, items, reason))
        self.edition, self.pages = None, {}

    @staticmethod
    def _answered(items):
        """The items of an answer, each long entry made whole of its parts."""
        whole, parts = [], {}
        for item in items:
            if type(item) is tuple:
                seq, total, offset, piece = item
                parts.setdefault(seq, {})[offset] = piece
                raw = put_together(parts[seq], total)
                if raw is None:
                    continue
                item = read_entry(raw)
            whole.append(item)
        return whole


def show(rooms, event):
    if isinstance(event, Entry):
        if event.kind in (ENTERED, JOINED) and event.other:
            rooms[event.other] = event.rooms[0]
        place = " ".join(name for name, room in rooms.items() if room in event.rooms)
        print(f"[{place}] {event.name} {DEEDS.get(event.kind, event.kind)}"
              f" {event.other if event.kind in (RENAMED, KICKED, DIRECTED) else ''}"
              f" {word(event.reason) if event.reason else ''} {event.text}")
    elif isinstance(event, Answer):
        for item in event.items:
            show(rooms, item) if isinstance(item, Entry) else print("  ", item)
    elif not isinstance(event, Kept):
        print("*", event)


def command(session, rooms, line):
    """One line from the keyboard; False: it was /quit."""
    verb, _, rest = line.partition(" ")
    first, _, last = rest.partition(" ")
    room, end = rooms.get(first, LOBBY), session.log.cursor + 1
    commands = {
        "/in": lambda: session.say(last, room), "/msg": lambda: session.direct(first, last),
        "/join": lambda: session.join(rest), "/part": lambda: session.part(room, last),
        "/name": lambda: session.rename(rest), "/who": lambda: session.who(room),
        "/rooms": session.rooms, "/before": lambda: session.before(room, end),
        "/search": lambda: session.search(rest, end)}
    if line and not line.startswith("/"):
        session.say(line)
    elif verb in commands:
        commands[verb]()
    else:
        print("/in ROOM TEXT, /msg NAME TEXT, /join ROOM, /part ROOM, /name NAME, /who [ROOM], "
              "/rooms, /before [ROOM], /search TEXT, /quit")
    return verb != "/quit"


def main(host, port, name, file=None):
    saved = json.load(open(file, encoding="utf-8")) if file and os.path.exists(file) else None
    session, rooms, typed = Session(host, port, name, saved), {"#lobby": LOBBY}, b""
    while session.state not in ("refused", "ended"):
        watched = [session, 0] if session.state == "here" else [session]
        if 0 in select.select(watched, [], [], session.tick())[0]:
            piece = os.read(0, 65536)
            *lines, typed = (typed + piece).split(b"\n")
            goes_on = [command(session, rooms, line.decode(errors="replace")) for line in lines]
            if not piece or not all(goes_on):
                break
        session.receive()
        while session.events:
            show(rooms, session.events.popleft())
        sys.stdout.flush()
        if file and session.id:
            with open(file + ".new", "w", encoding="utf-8") as out:
                json.dump(session.save(), out)
            os.replace(file + ".new", file)
    if session.state == "here":
        if not file:
            session.leave()
        session.wait(lambda: not session.outbox, 10)
        session.detach()


if __name__ == "__main__":
    if not 4 <= len(sys.argv) <= 5:
        sys.exit(__doc__)
    main(*sys.argv[1:])
