"""Sessions over a bad network: every message arrives once, in one order, whatever is lost or dies."""

import contextlib
import os
import random
import socket
import subprocess
import time

import pytest
import session_wire as wire
from badnet import BadNet, Line
from server import Stream
from sessions import Crowd, Meter, Talk
from tools import BINARY, PATIENCE, SLOWNESS, eventually, plain_environment

# Nobody's pace is held down, and all come from few addresses.
FAST = ("--rate", "100000:100000")

BAD = Line(loss=0.3, twice=0.05, delay=(0.005, 0.080))
WORSE = Line(loss=0.6, twice=0.05, delay=(0.005, 0.080))
CALM = Line(delay=(0.005, 0.005))

# Who only listens finds out that its address has changed when it says something.
PING_SECONDS = 3

# Nobody is told anything new for so long after the end.
QUIET_SECONDS = 1.0


class Trial:
    """Clients, the bad network, the server, and what is done to them while they talk."""

    def __init__(self, server, net, is_long):
        self.server, self.net, self.is_long = server, net, is_long
        self.crowd = Crowd(net.address)
        self.meter = Meter()
        net.taps.append(self.meter)
        self.timers = []  # (when, deed)
        self.dice = random.Random(f"{net.seed}/trial")

    def after(self, seconds, deed):
        self.timers.append((time.monotonic() + seconds, deed))

    def turn_timers(self):
        now = time.monotonic()
        for timer in [timer for timer in self.timers if timer[0] <= now]:
            self.timers.remove(timer)
            timer[1]()

    # ---- What may happen

    def worse(self):
        self.net.line = WORSE
        self.after(10 if self.is_long else 2, lambda: setattr(self.net, "line", BAD))

    def outage(self):
        self.net.is_out = True
        self.after(30 if self.is_long else 3, lambda: setattr(self.net, "is_out", False))

    def moving(self):
        self.net.move()
        self.after(2, self.moving)

    def still(self):
        self.timers = [timer for timer in self.timers if timer[1] != self.moving]

    def kill(self, name):
        self.server.kill(name)

    def kill_server(self):
        self.server.kill_all()
        self.server.restart()

    def restart_client(self):
        old = self.dice.choice(self.talk.members)
        saved = self.crowd.drop(old)
        self.talk.replace(old, self.crowd.begin(saved=saved, ping_after=PING_SECONDS))

    # ---- From the beginning to the end

    def run(self, clients, messages, script, seconds):
        names = [f"n{index}" for index in range(clients)]
        members = self.crowd.members or self.crowd.enter(
            *names, seconds=60 * SLOWNESS, ping_after=PING_SECONDS
        )
        for member in members:
            member.entries.clear()
        self.talk = Talk(self.crowd, members, messages)
        step = self.talk.step

        def step_and_timers():
            self.turn_timers()
            step()

        self.talk.step = step_and_timers
        self.talk.run(seconds * SLOWNESS, script)
        self.timers.clear()
        print(self.meter.describe(self.talk))
        order = self.talk.check()
        kept = [e["text"] for e in self.server.history() if e["kind"] == "said"]
        assert kept[-len(order) :] == order
        self.check_quiet()

    def check_quiet(self):
        """When all is acknowledged nothing is in flight, and nothing is sent again."""
        self.net.line, self.net.is_out = CALM, False

        def is_quiet():
            self.crowd.turn(0.05)
            return time.monotonic() - self.meter.last_log > QUIET_SECONDS

        eventually(is_quiet, "the server to be quiet")


@contextlib.contextmanager
def trial(server, is_long, line, seed):
    print("seed:", seed)
    with BadNet(server.address, seed, line) as net:
        made = Trial(server, net, is_long)
        yield made
        made.crowd.close()


@pytest.fixture
def seed():
    return str(random.randrange(1 << 32))


def test_good_line_repeats_little(serve, is_long, seed):
    """Without loss hardly anything is sent twice. What a busy machine adds to it is no fault of ours, and
    it only ever adds: the best of some runs counts."""
    clients, messages = (20, 2000) if is_long else (8, 400)
    with trial(serve(*FAST), is_long, CALM, seed) as one:
        shares = []
        while not shares or (max(shares[-1]) >= 0.01 and len(shares) < 10):
            one.meter.forget()
            one.run(clients, messages, [], 60)
            shares.append((one.meter.share(True), one.meter.share(False)))
        assert max(shares[-1]) < 0.01, shares


def test_everything_at_once(serve, is_long, seed):
    """A bad line, a worse one, an outage, new addresses, deaths of every process and of the server."""
    clients, messages = (20, 2000) if is_long else (5, 150)
    with trial(serve(*FAST, "--edges", "2"), is_long, BAD, seed) as one:
        script = [
            (0.1, one.worse),
            (0.2, one.outage),
            (0.3, one.moving),
            (0.4, lambda: one.kill("hub")),
            (0.5, lambda: one.kill("scribe")),
            (0.6, lambda: one.kill("edge 0")),
            (0.65, lambda: one.kill("edge 1")),
            (0.7, one.restart_client),
            (0.75, one.still),
            (0.8, one.kill_server),
        ]
        one.run(clients, messages, script, 600 if is_long else 120)


SCRIPTS = {
    "loss": lambda one: [],
    "worse": lambda one: [(0.5, one.worse)],
    "outage": lambda one: [(0.5, one.outage)],
    "moving": lambda one: [(0.1, one.moving)],
    "hub": lambda one: [(at / 10, lambda: one.kill("hub")) for at in (2, 5, 8)],
    "scribe": lambda one: [(at / 10, lambda: one.kill("scribe")) for at in (2, 5, 8)],
    "edge": lambda one: [(at / 10, lambda: one.kill(f"edge {at % 2}")) for at in (2, 5, 8)],
    "server": lambda one: [(at / 10, one.kill_server) for at in (3, 6)],
    "client": lambda one: [(at / 10, one.restart_client) for at in range(1, 10)],
}


class Wanderers:
    """Members who enter rooms, leave them, speak in them and to each other, at random."""

    def __init__(self, one, members, deeds):
        self.one, self.members, self.left, self.dice = one, members, deeds, one.dice

    def rooms_of(self, member):
        """Those that it knows itself to be in."""
        rooms = {wire.LOBBY}
        for entry in member.of_kind(wire.JOINED, wire.PARTED):
            if entry.person == member.person:
                (rooms.add if entry.kind == wire.JOINED else rooms.discard)(entry.rooms[0])
        return sorted(rooms)

    def do(self, member):
        room = self.dice.choice(self.rooms_of(member))
        deed = self.dice.randrange(10)
        if deed < 2:
            member.join(self.dice.choice(["#a", "#b", "#c", "#d"]))
        elif deed < 3 and room != wire.LOBBY:
            member.part(room)
        elif deed < 4:
            member.direct(self.dice.choice(self.members).name, f"psst {self.left}")
        else:
            member.say(f"{self.left} ".ljust(self.dice.choice((20, 200, 3000)), "x"), room)

    def step(self):
        for member in self.members:
            if self.left and member.state == "here" and len(member.outbox) < 3:
                self.left -= 1
                self.do(member)
                member.due = 0.0

    def replace(self, old, new):
        new.entries[:0] = old.entries
        self.members[self.members.index(old)] = new

    def describe(self):
        states = [
            (m.name, m.state, m.log.cursor, list(m.outbox), m.unsettled, m.others[-3:])
            for m in self.members
        ]
        return f"{self.left} deeds left; {states}"

    def check(self):
        """Each heard what it was there for, once, in order, and nothing else."""
        log = {entry.seq: entry for member in self.members for entry in member.entries}
        for member in self.members:
            seqs = [entry.seq for entry in member.entries]
            assert seqs == sorted(set(seqs)), f"{member.name}: out of order, or twice"
            told = member.events_of((wire.Gap, wire.Refusal, wire.Ended))
            assert not told, f"{member.name} was told {told}"
            inside, expected = {wire.LOBBY}, []
            for seq in sorted(seq for seq in log if seq >= seqs[0]):
                entry = log[seq]
                is_own = entry.person == member.person
                if is_own or entry.target == member.person or inside & set(entry.rooms):
                    expected.append(seq)
                if is_own and entry.kind in (wire.JOINED, wire.PARTED):
                    (inside.add if entry.kind == wire.JOINED else inside.discard)(entry.rooms[0])
            missing, foreign = set(expected) - set(seqs), set(seqs) - set(expected)
            assert not missing, f"{member.name} missed {[log[seq] for seq in sorted(missing)]}"
            assert not foreign, f"{member.name} heard {[log[seq] for seq in sorted(foreign)]}"
        return log


def test_rooms_over_a_bad_line(serve, is_long, seed):
    """Who is in a room from one entry to another hears that stretch of it, whatever has to be sent again."""
    clients, deeds = (12, 3000) if is_long else (5, 200)
    with trial(serve(*FAST, "--edges", "2"), is_long, BAD, seed) as one:
        names = [f"n{index}" for index in range(clients)]
        members = one.crowd.enter(*names, seconds=60 * SLOWNESS, ping_after=PING_SECONDS)
        one.talk = wanderers = Wanderers(one, members, deeds)
        script = [(0.2, one.restart_client), (0.4, one.moving), (0.5, lambda: one.kill("edge 0"))]
        script += [(0.6, one.still), (0.7, lambda: one.kill("edge 1")), (0.8, one.kill_server)]
        script += [(0.9, one.restart_client)]
        deadline = time.monotonic() + (600 if is_long else 120) * SLOWNESS
        while wanderers.left or not all(member.has_settled() for member in wanderers.members):
            while script and wanderers.left <= (1 - script[0][0]) * deeds:
                script.pop(0)[1]()
            one.turn_timers()
            wanderers.step()
            one.crowd.turn(0.05)
            assert time.monotonic() < deadline, wanderers.describe()
        wanderers.members[0].say("end")
        for member in wanderers.members:
            member.expect("end", 60 * SLOWNESS)
        log = wanderers.check()
        print(f"{len(log)} entries, {len([e for e in log.values() if e.kind == wire.DIRECTED])} direct")


class Joined:
    """`qun join --lines`, with pipes."""

    def __init__(self, net, place, name):
        self.name = name
        self.input, stdin = socket.socketpair()
        out, stdout = os.pipe()
        err, stderr = os.pipe()
        self.process = subprocess.Popen(
            [BINARY, "join", "{}:{}".format(*net.address), "--name", name, "--lines"],
            stdin=stdin,
            stdout=stdout,
            stderr=stderr,
            env=plain_environment(XDG_STATE_HOME=str(place / name), LANG="zh_CN.UTF-8"),
        )
        stdin.close()
        os.close(stdout)
        os.close(stderr)
        self.output, self.errors = Stream(out), Stream(err)

    def say(self, *texts):
        self.input.sendall("".join(text + "\n" for text in texts).encode())

    def heard(self):
        return [line.split("说: ", 1)[1] for line in list(self.output.lines) if "说: " in line]

    def kill(self):
        self.process.kill()
        self.process.wait()

    def end(self):
        """At the end of the input everything is waited for."""
        self.input.close()
        assert self.process.wait(PATIENCE) == 0, self.errors.text


def test_the_client_people_use(serve, place, is_long, seed):
    """`qun join` through the same: what is typed is heard once by all others, in one order."""
    clients, messages = (20, 2000) if is_long else (5, 150)
    server = serve(*FAST, "--edges", "2")
    # Who does not get in soon gives up, as people want it: the line is bad from then on.
    with trial(server, is_long, CALM, seed) as one, contextlib.ExitStack() as stack:
        joined = [Joined(one.net, place, f"n{index}") for index in range(clients)]
        for each in joined:
            stack.callback(each.kill)
        everybody = {each.name for each in joined}

        def all_are_in():
            return {each.get("name") for each in server.admin_json("who")} >= everybody

        eventually(all_are_in, lambda: [each.errors.text for each in joined], 60 * SLOWNESS)
        one.net.line = BAD
        said = {each.name: [] for each in joined}
        for number in range(messages):
            said[f"n{number % clients}"].append(f"{number} ".ljust(64, "x"))
        for each in joined:
            each.say(*said[each.name])
        script = [(0.1, one.worse), (0.3, one.outage), (0.4, one.moving), (0.6, one.still)]
        script += [(0.7, lambda: one.kill("edge 0")), (0.8, one.kill_server)]
        began = time.monotonic()

        def share_heard():
            one.turn_timers()
            share = min(len(each.heard()) / (messages - len(said[each.name])) for each in joined)
            while script and share >= script[0][0]:
                script.pop(0)[1]()
            return share >= 1.0

        def describe():
            return [(each.name, len(each.heard()), each.errors.lines[-3:]) for each in joined]

        eventually(share_heard, describe, (600 if is_long else 150) * SLOWNESS)
        print(f"{messages} messages to {clients} in {time.monotonic() - began:.1f} s")
        order = [e["text"] for e in server.history() if e["kind"] == "said"]
        assert sorted(order) == sorted(text for texts in said.values() for text in texts)
        for each in joined:
            assert [text for text in order if text in said[each.name]] == said[each.name]
            assert each.heard() == [text for text in order if text not in said[each.name]]
        one.net.line = CALM
        for each in joined:
            each.end()


@pytest.mark.long
@pytest.mark.parametrize("name", SCRIPTS)
def test_each_by_itself(serve, is_long, seed, name):
    """20 clients, 2,000 messages, 30 % loss, and one kind of misfortune."""
    with trial(serve(*FAST, "--edges", "2"), is_long, BAD, seed) as one:
        one.run(20, 2000, SCRIPTS[name](one), 300)
