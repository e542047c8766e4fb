"""What qun's session dialect looks like on the wire, after docs/PROTOCOL.md, for session_client.py.

Reader, read_entry and read_items take datagrams apart; tag and x25519 prove who sent them; Log puts
what came in order; Connection counts packets and acknowledges them; Repeated knows when to send
something again.

The arithmetic of X25519 takes longer for some secrets than for others. That is good enough for an
example and a test; a client for people takes it from a library.
"""

import bisect
import hashlib
import heapq
import hmac
import struct
from collections import namedtuple

VERSION, DATAGRAM, SMALLEST, TAG = 1, 1200, 48, 16
HELLO, COOKIE, OPEN, RESUME, WELCOME, REFUSED, RESET, LOST, LOG, TALK = *range(1, 9), 0x10, 0x11
ITEM_ENTRY, ITEM_PART, ITEM_GAP = 1, 2, 3
PADDING, ACK, MESSAGE, ASK, PING, DETACH = range(6)
KEPT, ANSWER, PONG, END = 0x11, 0x13, 0x14, 0x15
SAY, JOIN, PART, DIRECT, RENAME, LEAVE = range(1, 7)
WHO, ROOMS, BEFORE, SEARCH, NO_ANSWER = range(1, 6)
LOBBY, TALK_HEAD, LOG_HEAD, PIECE, FLIGHT, RANGES = 1, 18, 34, 1000, 16, 32
ACK_AFTER, PING_AFTER, SILENT_AFTER, REPEAT_FIRST, REPEAT_MOST = 0.025, 15.0, 5.0, 0.2, 2.0

DEEDS = {1: "entered", 2: "left", 3: "said", 4: "renamed", 5: "was kicked", 6: "shouted",
         12: "closed", 14: "joined", 15: "parted", 16: "wrote to", 17: "was refused"}
ENTERED, LEFT, SAID, RENAMED, KICKED, SHOUTED, CLOSED, JOINED, PARTED, DIRECTED, NOT_DONE = DEEDS
REASONS = """none name-empty name-too-long name-invalid name-reserved name-taken not-entered
    not-your-name text-empty text-too-long not-utf8 unknown-letter too-fast busy muted banned full
    not-allowed-from-here no-such-name no-such-ban bad-argument poisoned not-permitted idle
    unreachable kicked closed same-name-elsewhere unavailable no-such-session no-such-room
    room-name-invalid not-in-room too-many-rooms away forgotten cannot-receive name-registered
    invite-only bad-key room-full room-banned cannot-send-to-room not-room-operator unknown-mode
    already-in-room orphaned password-wrong access-closed they-not-in-room list-full
    slow-mode needs-account looks-like no-such-message limit no-such-key room-name-taken
    room-muted""".split()

# What a session tells its user, in `events`. An Unexplained message was refused, nobody knows why.
Entry = namedtuple("Entry", "kind seq time person number target reason rooms name other text")
Gap = namedtuple("Gap", "begin end")
Welcomed = namedtuple("Welcomed", "person name seq resumed")
Refusal = namedtuple("Refusal", "reason argument text")
Kept = namedtuple("Kept", "number seq")
Unexplained = namedtuple("Unexplained", "number")
Answer = namedtuple("Answer", "question kind seq connected absent more items reason")
Person = namedtuple("Person", "person flags name")
Room = namedtuple("Room", "room people flags name")
Ended = namedtuple("Ended", "reason text")


def word(reason):
    return REASONS[reason] if reason < len(REASONS) else f"reason {reason}"


class Malformed(Exception):
    """A datagram that is dropped in silence."""


def varint(n):
    out = bytearray()
    while n > 0x7F:
        out.append(n & 0x7F | 0x80)
        n >>= 7
    out.append(n)
    return bytes(out)


def string(text):
    raw = text if isinstance(text, bytes) else text.encode()
    return varint(len(raw)) + raw


class Reader:
    """Takes a datagram apart from the front."""

    def __init__(self, data):
        self.data, self.at = data, 0

    def bytes(self, n):
        end = self.at + n
        if end > len(self.data):
            raise Malformed
        piece, self.at = self.data[self.at:end], end
        return piece

    def fixed(self, layout):
        return struct.unpack(layout, self.bytes(struct.calcsize(layout)))

    def u8(self):
        return self.bytes(1)[0]

    def varint(self):
        n = 0
        for shift in range(0, 70, 7):
            byte = self.u8()
            n |= (byte & 0x7F) << shift
            if byte < 0x80:
                if n >= 1 << 64:
                    break
                return n
        raise Malformed

    def varints(self, count):
        return [self.varint() for _ in range(count)]

    def text(self):
        try:
            return self.bytes(self.varint()).decode()
        except UnicodeDecodeError:
            raise Malformed from None

    def rest(self):
        return self.bytes(len(self.data) - self.at)

    def more(self):
        return self.at < len(self.data)


def H(key, message, size=32):
    return hashlib.blake2b(message, key=key, digest_size=size).digest()


def tag(key, head, body=b""):
    return H(key, head + H(b"", body), TAG)


def x25519(secret, point):
    """RFC 7748, section 5: the Montgomery ladder on curve25519."""
    p = 2**255 - 19
    k = int.from_bytes(secret, "little") & (2**254 - 8) | 2**254
    x1 = (int.from_bytes(point, "little") & (2**255 - 1)) % p
    x2, z2, x3, z3, swap = 1, 0, x1, 1, 0
    for t in range(254, -1, -1):
        bit = k >> t & 1
        if swap ^ bit:
            x2, x3, z2, z3 = x3, x2, z3, z2
        swap = bit
        a, b, c, d = x2 + z2, x2 - z2, x3 + z3, x3 - z3
        aa, bb, da, cb = a * a % p, b * b % p, d * a % p, c * b % p
        e = aa - bb
        x3, z3 = (da + cb) ** 2 % p, x1 * (da - cb) ** 2 % p
        x2, z2 = aa * bb % p, e * (aa + 121665 * e) % p
    if swap:
        x2, z2 = x3, z3
    return (x2 * pow(z2, p - 2, p) % p).to_bytes(32, "little")


def read_entry(raw):
    r = Reader(raw)
    kind, seq, when, person, number, target, reason, rooms = r.varints(8)
    if rooms > len(raw):
        raise Malformed
    return Entry(kind, seq, when, person, number, target, reason, tuple(r.varints(rooms)),
                 r.text(), r.text(), r.text())


def read_items(r):
    """The items of a LOG or of an answer: Entry, Gap, or the tuple (seq, total, offset, piece)."""
    items = []
    while r.more():
        item = r.u8()
        if item == ITEM_ENTRY:
            items.append(read_entry(r.bytes(r.varint())))
        elif item == ITEM_PART:
            items.append((*r.varints(3), r.rest()))
        elif item == ITEM_GAP:
            items.append(Gap(0, 0))
        else:
            raise Malformed
    return items


def put_together(pieces, total):
    """The bytes that `pieces`, by offset, make, or None while some are missing."""
    whole = b""
    for offset in sorted(pieces):
        if offset > len(whole):
            return None
        whole += pieces[offset][len(whole) - offset:]
    return whole if len(whole) == total else None


class Log:
    """The cursor, and what came too early for it."""

    def __init__(self, cursor):
        self.cursor = cursor
        self.early = []  # a heap of (from, to, tie, items)
        self.parts = {}  # seq: [smallest from, {offset: piece}]
        self.ties = 0

    def take(self, begin, end, items):
        """What is new, in order, now that a LOG has come."""
        if end <= self.cursor:
            return []
        if items and type(items[0]) is tuple:
            begin, items = self._part(begin, *items[0])
            if items is None:
                return []
        self.ties += 1
        heapq.heappush(self.early, (begin, end, self.ties, items))
        news = []
        while self.early and self.early[0][0] <= self.cursor:
            _, end, _, items = heapq.heappop(self.early)
            if end > self.cursor:
                news += (Gap(self.cursor, end) if isinstance(item, Gap) else item
                         for item in items if isinstance(item, Gap) or item.seq > self.cursor)
                self.cursor = end
                self.parts = {seq: part for seq, part in self.parts.items() if seq > end}
        return news

    def _part(self, begin, seq, total, offset, piece):
        part = self.parts.setdefault(seq, [begin, {}])
        part[0] = min(part[0], begin)
        if len(piece) > len(part[1].get(offset, b"")):
            part[1][offset] = piece
        whole = put_together(part[1], total)
        return part[0], None if whole is None else [read_entry(whole)]


class Connection:
    """One stretch of a session at one address: its key, the packets that came, those that go."""

    def __init__(self, session, number, key):
        self.name, self.key = struct.pack("<QI", session, number), key
        self.ranges = []  # [lowest, highest] of packets that came, ascending
        self.largest_at, self.packet = 0.0, 0

    def open(self, data, head):
        """The items or frames of a LOG or TALK, and its packet's number."""
        if len(data) < head + TAG or data[2:14] != self.name:
            raise Malformed
        body = data[head:-TAG]
        if not hmac.compare_digest(tag(self.key, data[:head], body), data[-TAG:]):
            raise Malformed
        return struct.unpack_from("<I", data, 14)[0], body

    def close(self, frames):
        """A TALK of these frames."""
        frames = bytes(SMALLEST - TALK_HEAD - TAG - len(frames)) + frames \
            if TALK_HEAD + len(frames) + TAG < SMALLEST else frames
        head = bytes((0xF8, TALK)) + self.name + struct.pack("<I", self.packet)
        self.packet += 1
        return head + frames + tag(self.key, head, frames)

    def came(self, packet, now):
        """None: it had come before. Otherwise whether it came in order."""
        ranges = self.ranges
        largest = ranges[-1][1] if ranges else -1
        i = bisect.bisect(ranges, packet, key=lambda lowest_highest: lowest_highest[0])
        if i and packet <= ranges[i - 1][1]:
            return None
        left = bool(i) and ranges[i - 1][1] == packet - 1
        right = i < len(ranges) and ranges[i][0] == packet + 1
        ranges[i - left:i + right] = [[ranges[i - 1][0] if left else packet,
                                       ranges[i][1] if right else packet]]
        del ranges[:-RANGES]
        if packet > largest:
            self.largest_at = now
        return packet == largest + 1

    def ack(self, cursor, now):
        lowest, largest = self.ranges[-1]
        frame = [cursor, largest, int((now - self.largest_at) * 1e6), len(self.ranges) - 1,
                 largest - lowest]
        for low, high in reversed(self.ranges[:-1]):
            frame += lowest - high - 2, high - low
            lowest = low
        return bytes((ACK,)) + b"".join(map(varint, frame))


class Repeated:
    """Something that is sent again and again until it is answered."""

    def __init__(self, number=0, kind=0, body=b""):
        self.number, self.kind, self.body = number, kind, body
        self.due, self.pause, self.first, self.sent = 0.0, None, None, 0

    def went(self, now, pause):
        self.first = self.first or now
        self.pause = min(2 * self.pause, REPEAT_MOST) if self.pause else pause
        self.due, self.sent = now + self.pause, self.sent + 1

    def frames(self):
        """A message as frames of at most PIECE bytes and a little."""
        for offset in range(0, max(len(self.body), 1), PIECE):
            yield (bytes((MESSAGE,)) + varint(self.number) + bytes((self.kind,))
                   + varint(len(self.body)) + varint(offset)
                   + string(self.body[offset:offset + PIECE]))


