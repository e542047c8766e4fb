"""IRC: what a delivered message costs, beside a bare write each and a bare writev of eight.

Each part ends after some seconds, however slow the machine: with fewer runs than were asked for, but
at least three.
"""
import json
import sqlite3
import statistics
import subprocess
import time

import irc_against
from target import BENCH, DOCS, Program, Server, cpu_ns

# While people talk the clerk's work is a line of its own: it is the search index's.
INDEX = "clerk"
ROOM = "#bench"

# (in flight, readers): times the floor, which writes each message by itself, or eight at once.
GOALS = {(1, 100): 1.25, (1, 1000): 1.1, (1, 5000): 1.1,
         (64, 100): 0.3, (64, 1000): 0.3, (64, 5000): 0.3}
FLAT_GOAL = 1.3
MEMORY_GOAL = 1000
STORM_GOAL = 0.3

# A part begins no further run after so long; and so much is said in a run, at most; one by one, that is.
SECONDS = 9
RUNS_MIN = 3
MESSAGES_MAX = 4000
DELIVERIES_MAX = 40000

# Who only listens during a long run is not to be asked whether it is there.
OPTIONS = ()


def median(values):
    return statistics.median(values)


def runs(arguments, run):
    """What run() returns, as often as there is time for."""
    found, until = [], time.monotonic() + SECONDS
    while len(found) < arguments.pairs and (len(found) < RUNS_MIN or time.monotonic() < until):
        found.append(run())
    return found


class Load(Program):
    """bench/irc_load: the people's connections."""

    def __init__(self, people, *how):
        super().__init__(BENCH / "irc_load", people, *how)
        self.people = people

    def command(self, words):
        self.write(words + "\n")
        return json.loads(self.read())

    def say(self, messages, in_flight, size):
        return self.command(f"say {ROOM} {messages} {in_flight} {size}")


class Floor(Program):
    """bench/irc_floor, with people of its own."""

    def __init__(self, people, together):
        super().__init__(BENCH / "irc_floor", together)
        self.load = Load(people)
        self.load.command(f"open {int(self.read())}")

    def cpu(self):
        return {"floor": cpu_ns(self.process.pid)}

    def settle(self, entries=0):
        pass

    def close(self):
        super().close()
        self.load.close()


class House:
    """A server with so many people in one room."""

    def __init__(self, people, edges=None, is_joined=True, how=()):
        self.load = Load(people, *how)
        self.server = Server(edges=edges, options=OPTIONS)
        self.load.command(f"open {self.server.port}")
        self.load.command("register")
        if is_joined:
            self.load.command(f"join {ROOM}")
        self.calm()

    def calm(self):
        self.server.seq = 0
        self.server.settle()
        self.server.seq = self.server._seqs()[0]

    def cpu(self):
        return self.server.cpu()

    def settle(self, entries=0):
        self.server.settle(entries)

    def close(self):
        self.load.close()
        self.server.close()


def measure(target, messages, in_flight, size):
    """CPU nanoseconds per delivered message by process, and what the load saw."""
    before = target.cpu()
    seen = target.load.say(messages, in_flight, size)
    target.settle(messages)
    after = target.cpu()
    return {name: (after[name] - before[name]) / seen["deliveries"] for name in after}, seen


def work(each):
    return sum(ns for name, ns in each.items() if name != INDEX)


def all_work(house, deed):
    """CPU seconds of all processes for it, the clerk's too, by process."""
    before = house.cpu()
    deed()
    house.calm()
    after = house.cpu()
    return {name: (after[name] - before[name]) / 1e9 for name in after}


def note_shares(report, each):
    report.note(", ".join(f"{name} {median(one[name] for one in each):.3f}" for name in sorted(each[0])))


def report_runs(report, people, in_flight, size, pairs):
    ours = [each for (each, _), _ in pairs]
    floor = [each["floor"] for _, (each, _) in pairs]
    seen = [seen for (_, seen), _ in pairs]
    bare = "a write each" if in_flight == 1 else "a writev of eight"
    what = f"{people:,} readers, {in_flight} in flight, {size} bytes"
    goal = GOALS.get((in_flight, people))
    report.figure(f"{what}: CPU per delivery", [work(a) / b for a, b in zip(ours, floor)],
                  f"times the floor ({bare})", goal)
    shares = {name: median(each[name] for each in ours) for name in ours[0]}
    report.note(f"floor {median(floor):,.0f} ns, server {median(map(work, ours)):,.0f} ns per delivery; "
                f"{median(s['deliveries'] / s['reads'] for s in seen):.1f} messages in a read; "
                f"delay p99 {median(s['delay_us_p99'] for s in seen) / 1000:.1f} ms")
    report.note(", ".join(f"{name} {ns:,.0f}" for name, ns in sorted(shares.items())))
    return median(map(work, ours))


def messages_of(arguments, people, in_flight):
    deliveries = min(arguments.deliveries, DELIVERIES_MAX) if in_flight == 1 else arguments.deliveries
    messages = min(deliveries // people, MESSAGES_MAX)
    return max(64 if in_flight == 64 else 20, messages) // 8 * 8


def warm(target, messages, in_flight, size):
    measure(target, max(messages // 10 // 8 * 8, 8), in_flight, size)


def fan_out(report, people, arguments, costs):
    house = House(people + 1)
    for in_flight in (1, 64):
        floor = Floor(people + 1, 1 if in_flight == 1 else 8)
        messages = messages_of(arguments, people, in_flight)
        for size in (64, 400):
            warm(house, messages, in_flight, size)
            warm(floor, messages, in_flight, size)
            pairs = runs(arguments, lambda: (measure(house, messages, in_flight, size),
                                             measure(floor, messages, in_flight, size)))
            costs[people, in_flight, size] = report_runs(report, people, in_flight, size, pairs)
        floor.close()
    house.close()


def report_flat(report, costs):
    for size in (64, 400):
        few, many = costs.get((100, 64, size)), costs.get((5000, 64, size))
        if few and many:
            report.figure(f"64 in flight, {size} bytes: 5,000 readers beside 100", [many / few], "times",
                          FLAT_GOAL)


# ---- A known server ------------------------------------------------------------------------------


class Known:
    """Another server with as many people in one room."""

    def __init__(self, people, which):
        self.server = irc_against.SERVERS[which][0]()
        self.load = Load(people)
        self.load.command(f"open {self.server.port}")
        self.load.command("register")
        self.load.command(f"join {ROOM}")

    def cpu(self):
        return {"server": cpu_ns(self.server.pid)}

    def settle(self, entries=0):
        pass

    def close(self):
        self.load.close()
        self.server.close()


def against(report, arguments, people):
    house, known = House(people + 1), Known(people + 1, arguments.against)
    for in_flight in (1, 64):
        messages = messages_of(arguments, people, in_flight)
        warm(house, messages, in_flight, 64)
        warm(known, messages, in_flight, 64)
        pairs = runs(arguments, lambda: (measure(house, messages, in_flight, 64),
                                         measure(known, messages, in_flight, 64)))
        report.figure(f"{people:,} readers, {in_flight} in flight, 64 bytes: CPU per delivery",
                      [work(a) / b["server"] for (a, _), (b, _) in pairs],
                      f"times that of {arguments.against}")
    house.close()
    known.close()


# ---- The past ------------------------------------------------------------------------------------

PAST_CAPABILITIES = "ask CAP REQ :batch message-tags server-time draft/chathistory|ACK"
PAST_QUESTION = f"ask CHATHISTORY LATEST {ROOM} * 100|BATCH -"


def bare_slice(server, times):
    """CPU of SQLite alone for the same, in µs."""
    path = server.data / "log.db"
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as db:
        room = db.execute("SELECT room FROM entries WHERE kind = 3 ORDER BY seq DESC LIMIT 1").fetchone()[0]
    done = subprocess.run([BENCH / "slice_floor", path, str(room), "100", str(times)],
                          stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(done.stdout)["us"]


def past(report, arguments):
    """The last hundred messages of a room: by one who asks and asks, and by a thousand at once."""
    times, people = 200, 4
    house = House(people)
    measure(house, 2000, 64, 64)
    house.load.command(PAST_CAPABILITIES)

    def ask():
        for _ in range(times // people):
            house.load.command(PAST_QUESTION)

    ratios = runs(arguments, lambda: sum(all_work(house, ask).values()) * 1e6 / times
                  / bare_slice(house.server, times))
    house.close()
    report.figure("CHATHISTORY LATEST, 100 messages: CPU of all processes", ratios,
                  "times SQLite alone for the same rows")


def come_back(house):
    """Seconds until the last has what it asked for."""
    return sum(house.load.command(command)["seconds"]
               for command in (f"open {house.server.port}", "register", PAST_CAPABILITIES,
                               f"join {ROOM}", PAST_QUESTION))


def reconnect(report, arguments):
    """A thousand lose their connection at once, come back into their room, and ask what was said."""
    house = House(1000)
    measure(house, 200, 64, 64)
    seconds = []

    def again():
        house.load.command("close")
        house.calm()
        return all_work(house, lambda: seconds.append(come_back(house)))

    each = runs(arguments, again)
    house.close()
    report.figure("1,000 come back at once and ask for the last 100: CPU of all processes",
                  [sum(one.values()) for one in each], "s")
    note_shares(report, each)
    report.figure("1,000 come back at once and ask for the last 100: until the last has them", seconds, "s")


# ---- Memory and entering -------------------------------------------------------------------------


def touched(people, how=()):
    house = House(people, edges=2, is_joined=False, how=how)
    memory = house.server.memory()
    house.close()
    return memory


def report_memory(report):
    slope = (touched(15000) - touched(1000)) / 14000
    report.figure("memory touched by an idle registered connection, two edges", [slope], "bytes",
                  MEMORY_GOAL)


def storm_once():
    house = House(1000, is_joined=False)
    work_done = all_work(house, lambda: house.load.command(f"join {ROOM}"))
    house.close()
    return work_done


def storm(report, arguments):
    each = runs(arguments, storm_once)
    report.figure("1,000 join one room at once: CPU of all processes",
                  [sum(one.values()) for one in each], "s", STORM_GOAL)
    note_shares(report, each)


# ---- All -----------------------------------------------------------------------------------------


def irc(report, arguments):
    """Fan-out of IRC, the memory of an idle connection, storms, the past."""
    if arguments.against:
        report.title(f"irc: beside {arguments.against}, which keeps no history")
        for people in irc_against.SERVERS[arguments.against][1]:
            against(report, arguments, people)
        return
    report.title("irc: messages to a room of IRC clients, history on")
    costs = {}
    parts = [lambda people=people: fan_out(report, people, arguments, costs)
             for people in arguments.members]
    parts += [lambda: report_flat(report, costs), lambda: storm(report, arguments),
              lambda: past(report, arguments),
              lambda: reconnect(report, arguments), lambda: report_memory(report)]
    for part in parts:
        part()
        if arguments.publish:
            report.publish(DOCS / "PERFORMANCE.md")
