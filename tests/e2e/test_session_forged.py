"""Datagrams that are forged, mutated, replayed: no answer larger than the question, no growth, no harm."""

import multiprocessing
import random
import select
import struct
import time

import pytest
import session_wire as wire
from badnet import BadNet
from plain import Plain, loopback_sources, make_socket
from sessions import Crowd, Talk
from tools import IS_SANITIZED, SLOWNESS, memory_kb

FAST = ("--rate", "1000000:1000000", "--edges", "2")

GROWTH_KB = 4 * 1024

# Honest members' messages are kept within so many seconds, however much is forged beside them.
KEPT_SECONDS = 5.0 * SLOWNESS

SOCKETS = 64
BURST = 16


# ---- What a stranger sends -----------------------------------------------------------------------


def mutate(dice, datagram):
    """Another datagram that begins as one of the session dialect does."""
    made = bytearray(datagram)
    for _ in range(dice.randrange(1, 4)):
        deed = dice.randrange(6)
        at = dice.randrange(1, max(len(made), 2))
        if deed == 0 and at < len(made):
            made[at] ^= 1 << dice.randrange(8)
        elif deed == 1:
            del made[at:]
        elif deed == 2:
            made += dice.randbytes(dice.randrange(64))
        elif deed == 3:
            made[at : at + 8] = struct.pack("<Q", dice.choice((0, 1, 1 << 31, (1 << 64) - 1)))
        elif deed == 4:
            made[1:2] = bytes((dice.choice((*range(9), 0x10, 0x11, 0x80)),))
        else:
            made[at:at] = b"\x80" * dice.randrange(12)
    made[0:1] = b"\xf8"
    return bytes(made[: wire.DATAGRAM + 100])


def forge(dice, recorded):
    """Random, mutated, or replayed as it was."""
    deed = dice.randrange(4)
    if deed == 0:
        return b"\xf8" + dice.randbytes(dice.randrange(0, 1250))
    if deed == 1:
        return dice.choice(recorded)
    return mutate(dice, dice.choice(recorded))


def attack(address, recorded, count, seed, pipe):
    """A process of its own: sends `count` datagrams from many addresses, and weighs what comes back."""
    dice = random.Random(seed)
    sources = loopback_sources(SOCKETS, first=200)
    sockets = [make_socket(source) for source in sources]
    sent, got, largest = [0] * SOCKETS, [0] * SOCKETS, [0] * SOCKETS
    excess = []

    def hear(index):
        while True:
            try:
                answer = sockets[index].recv(2048)
            except BlockingIOError:
                return
            got[index] += len(answer)
            if got[index] > sent[index] or len(answer) > largest[index]:
                excess.append((sent[index], got[index], answer))

    for number in range(count):
        index = number // BURST % SOCKETS
        datagram = forge(dice, recorded)
        sockets[index].sendto(datagram, address)
        sent[index] += len(datagram)
        largest[index] = max(largest[index], len(datagram))
        if number % BURST == BURST - 1:
            hear(index)
    while select.select(sockets, [], [], 0.5)[0]:
        for index in range(SOCKETS):
            hear(index)
    pipe.send((sum(sent), sum(got), excess[:5]))
    for each in sockets:
        each.close()


def memory(server):
    return {name: memory_kb(pid) for name, pid in server.children().items() if name != "keeper"}


@pytest.fixture
def recorded(serve, crowd_of):
    """A server, and what honest clients had sent to it: HELLO, OPEN, RESUME, TALKs of all kinds."""
    server = serve(*FAST)
    sent = []
    with BadNet(server.address, "tap") as net:
        net.taps.append(lambda client, is_up, datagram, times: is_up and sent.append(datagram))
        crowd = Crowd(net.address)
        ming, hong = crowd.enter("小明", "小红")
        for number in range(10):
            ming.say(f"text {number}" * (number * number))
        room = hong.settle(hong.join("#茶")).rooms[0]
        hong.settle(hong.direct("小明", "x"))
        ming.names(), hong.room_list(), hong.answer(hong.before(1, 1 << 60))
        net.move()
        ming.settle(ming.say("moved"))
        ming.detach()
        ming.come_in()
        crowd.wait_in([ming])
        hong.settle(hong.part(room))
        crowd.wait(lambda: ming.has_settled() and hong.has_settled(), "rest")
        for member in (ming, hong):
            member.leave()
        crowd.wait(lambda: not ming.outbox and not hong.outbox, "both to leave")
        crowd.close()
    kinds = {datagram[1] for datagram in sent}
    assert kinds >= {wire.HELLO, wire.OPEN, wire.RESUME, wire.TALK}
    return server, sent


# ---- The tests -----------------------------------------------------------------------------------


@pytest.mark.asan
def test_forged_datagrams(recorded, crowd_of, is_long):
    """Honest members talk all the while; afterwards the server is as it was before."""
    server, sent = recorded
    count = 500_000 if is_long else 20_000 // SLOWNESS
    crowd = crowd_of(server)
    members = crowd.enter(*(f"h{index}" for index in range(100 if is_long else 10)))
    before, people = memory(server), server.children()
    ours, theirs = multiprocessing.Pipe()
    seed = random.randrange(1 << 32)
    print("seed:", seed)
    attacker = multiprocessing.get_context("fork").Process(
        target=attack, args=(server.address, sent, count, seed, theirs)
    )
    attacker.start()
    waits, spoken = [], {}

    def speak(member):
        if member not in spoken or spoken[member][0] in member.kept:
            if member in spoken:
                waits.append(time.monotonic() - spoken[member][1])
            spoken[member] = member.say(f"{member.name} says {len(waits)}"), time.monotonic()

    while not ours.poll():
        speak(members[len(waits) % len(members)])
        crowd.turn(0.02)
    attacker.join()
    sent_bytes, got_bytes, excess = ours.recv()
    crowd.wait(lambda: all(member.has_settled() for member in members), "rest", 60)
    crowd.wait(lambda: len({len(member.texts()) for member in members}) == 1, "everybody to hear all")
    assert len({tuple(member.texts()) for member in members}) == 1
    print(f"{count} datagrams, {sent_bytes} bytes sent, {got_bytes} got; honest messages: {len(waits)},"
          f" the slowest kept after {max(waits):.2f} s; memory {before} {memory(server)}")
    assert not excess, excess
    assert max(waits) < KEPT_SECONDS
    assert server.children() == people
    after = memory(server)
    # A sanitizer keeps what is freed for a while: there growth says nothing.
    assert IS_SANITIZED or sum(after.values()) - sum(before.values()) < GROWTH_KB, (before, after)
    assert not any(member.events_of(wire.Welcomed)[1:] for member in members), "somebody was thrown out"


def test_no_answer_is_larger_than_its_question(recorded):
    """Each from an address that has never been heard of."""
    server, sent = recorded
    dice = random.Random("larger")
    questions = [*{datagram[1]: datagram for datagram in sent}.values()]
    questions += [forge(dice, sent) for _ in range(200)]
    questions += [b"\xf8\x01\x01" + bytes(n) for n in range(16, 60)]
    strangers = [Plain(server).send(question) for question in questions]
    last = Plain(server).send(questions[0])  # HELLO, which is answered; what came before is done with.
    assert sent[0][1] == wire.HELLO
    last.next_bytes()
    answered = set()
    for stranger, question in zip(strangers, questions, strict=True):
        size = sum(map(len, stranger.datagrams))
        assert size <= len(question), (question, stranger.datagrams)
        answered |= {datagram[1] for datagram in stranger.datagrams}
    assert answered == {wire.COOKIE, wire.RESET}


def cookie_of(stranger, nonce=bytes(16)):
    stranger.send((b"\xf8\x01\x01" + nonce).ljust(wire.SMALLEST, b"\0"))
    answer = stranger.next_bytes()
    assert answer[:19] == b"\xf8\x02\x01" + nonce
    return answer[19:39]


def welcome_of(stranger, question):
    """Asks; the WELCOME, passing over what comes before it."""
    stranger.send(question)
    while (answer := stranger.next_bytes())[1] != wire.WELCOME:
        pass
    return answer


def opening(cookie, nonce, name="陌生人"):
    point = wire.x25519(bytes(range(32)), (9).to_bytes(32, "little"))
    return b"\xf8\x03\x01" + cookie + nonce + bytes(4) + point + wire.string(name)


def test_a_foreign_cookie_is_no_proof(serve):
    """It is answered like a HELLO; one's own gets in."""
    server = serve(*FAST)
    one, other = Plain(server, "127.0.3.1"), Plain(server, "127.0.3.2")
    cookie = cookie_of(one)
    nonce = b"n" * 16
    other.send(opening(cookie, nonce))
    assert other.next_bytes()[:19] == b"\xf8\x02\x01" + nonce
    for at in range(20):
        broken = bytes(byte ^ (1 << at % 8 if index == at else 0) for index, byte in enumerate(cookie))
        one.send(opening(broken, nonce))
        assert one.next_bytes()[:19] == b"\xf8\x02\x01" + nonce
    one.send(opening(cookie, nonce))
    assert one.next_bytes()[1] == wire.WELCOME
    assert server.admin_json("who")[0]["name"] == "陌生人"


def test_open_again_is_the_same_session(serve):
    """The same WELCOME, however often: one session, one key."""
    server = serve(*FAST)
    stranger = Plain(server)
    cookie = cookie_of(stranger)
    welcomes = [welcome_of(stranger, opening(cookie, b"n" * 16)) for _ in range(5)]
    assert len({welcome[:54] for welcome in welcomes}) == 1
    assert [each["name"] for each in server.admin_json("who") if "name" in each] == ["陌生人"]


def resuming(saved, cookie, nonce, name=""):
    head = b"\xf8\x04\x01" + cookie + nonce + bytes(4)
    head += struct.pack("<QQ", saved["id"], saved["cursor"]) + wire.string(name)
    return head + wire.tag(bytes.fromhex(saved["key"]), head)


def test_a_resume_may_move_and_disturbs_nothing_later(serve, crowd_of):
    """The same nonce with another address's cookie is its client that has moved; the same bytes again,
    after a later RESUME, leave its connection alone."""
    server = serve(*FAST)
    crowd = crowd_of(server)
    ming = crowd.enter("小明")
    saved = crowd.drop(ming)
    nonce = b"r" * 16
    one, other = Plain(server, "127.0.3.1"), Plain(server, "127.0.3.2")
    first = resuming(saved, cookie_of(one), nonce)
    assert welcome_of(one, first)[2:34] == welcome_of(one, first)[2:34]
    moved = resuming(saved, cookie_of(other), nonce)
    assert welcome_of(other, moved)[2:18] == nonce
    ming = crowd.come_back(saved)
    ming.settle(ming.say("here"))
    for stranger, recorded in ((one, first), (other, moved)):
        stranger.send(recorded)
    ming.settle(ming.say("still here"))
    assert len(ming.events_of(wire.Welcomed)) == 1


def test_who_reads_along_cannot_take_over(recorded, crowd_of):
    """Each datagram of a client, from another address: nobody is moved, nothing is said."""
    server, _ = recorded
    crowd = crowd_of(server)
    ming, hong = crowd.enter("小明", "小红")
    sent, send = [], ming._send
    ming._send = lambda datagram, now: (sent.append(datagram), send(datagram, now))
    ming.settle(ming.say("mine"))
    hong.expect("mine")
    thief = Plain(server, "127.0.9.9")
    for datagram in sent * 10:
        thief.send(datagram)
    ming.settle(ming.say("still mine"))
    hong.expect("still mine")
    assert len(ming.events_of(wire.Welcomed)) == 1
    assert {datagram[1] for datagram in thief.datagrams} <= {wire.RESET, wire.COOKIE}
    assert hong.texts()[-2:] == ["mine", "still mine"]


def test_talk_goes_on_beside_a_flood_of_hellos(serve, crowd_of):
    """A thousand cookies asked for and thrown away hold nobody up."""
    server = serve(*FAST)
    crowd = crowd_of(server)
    members = crowd.enter("小明", "小红", "小刚")
    strangers = [Plain(server) for _ in range(50)]
    talk = Talk(crowd, members, 300)
    step = talk.step

    def step_and_hello():
        for stranger in strangers:
            stranger.send((b"\xf8\x01\x01" + random.randbytes(16)).ljust(wire.SMALLEST, b"\0"))
        step()

    talk.step = step_and_hello
    talk.run(30 * SLOWNESS)
    talk.check()
