"""IRC: what a delivered message costs, beside a bare write each and a bare writev of eight."""
import json
import shutil
import socket
import sqlite3
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

from target import BENCH, Program, Server, cpu_ns

# The clerk's work is a line of its own: it is the search index's.
INDEX = "clerk"
ROOM = "#bench"

# (in flight, readers): times the floor, which writes each message by itself, or eight at once.
GOALS = {(1, 100): 1.25, (1, 1000): 1.1, (1, 5000): 1.1,
         (64, 100): 0.3, (64, 1000): 0.3, (64, 5000): 0.3}
FLAT_GOAL = 1.3
MEMORY_GOAL = 1000
STORM_GOAL = 0.3

# Who only listens during a long run is not to be asked whether it is there.
OPTIONS = ()


def median(values):
    return statistics.median(values)


class Load(Program):
    """bench/irc_load: the people's connections."""

    def __init__(self, people):
        super().__init__(BENCH / "irc_load", people)
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

    def __init__(self, people, edges=None, is_joined=True):
        self.load = Load(people)
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


def fan_out(report, people, arguments, costs):
    house = House(people + 1)
    for in_flight in (1, 64):
        floor = Floor(people + 1, 1 if in_flight == 1 else 8)
        for size in (64, 400):
            messages = max(64 if in_flight == 64 else 20, arguments.deliveries // people) // 8 * 8
            measure(house, max(messages // 10 // 8 * 8, 8), in_flight, size)
            measure(floor, max(messages // 10 // 8 * 8, 8), in_flight, size)
            pairs = [(measure(house, messages, in_flight, size), measure(floor, messages, in_flight, size))
                     for _ in range(arguments.pairs)]
            costs[people, in_flight, size] = report_runs(report, people, in_flight, size, pairs)
        floor.close()
    house.close()


def report_flat(report, costs):
    for size in (64, 400):
        few, many = costs.get((100, 64, size)), costs.get((5000, 64, size))
        if few and many:
            report.figure(f"64 in flight, {size} bytes: 5,000 readers beside 100", [many / few], "times",
                          FLAT_GOAL)


# ---- A known server beside -----------------------------------------------------------------------

NGIRCD = """
[Global]
Name = bench.example
Info = bench
Listen = 127.0.0.1
Ports = {port}
[Limits]
MaxConnections = 0
MaxConnectionsIP = 0
MaxJoins = 0
MaxPenaltyTime = 0
[Options]
Ident = no
PAM = no
DNS = no
"""


class Ngircd:
    """ngircd with so many people in one room. It keeps no history."""

    def __init__(self, people):
        self.folder = Path(tempfile.mkdtemp(prefix="qun-bench-"))
        self.folder.chmod(0o755)
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        (self.folder / "conf").write_text(NGIRCD.format(port=port))
        self.process = subprocess.Popen(["ngircd", "-n", "-f", self.folder / "conf"],
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self._wait(port)
        self.load = Load(people)
        self.load.command(f"open {port}")
        self.load.command("register")
        self.load.command(f"join {ROOM}")

    def _wait(self, port):
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", port)).close()
                return
            except ConnectionRefusedError:
                time.sleep(0.02)
        raise SystemExit("ngircd did not start")

    def cpu(self):
        return {"ngircd": cpu_ns(self.process.pid)}

    def settle(self, entries=0):
        pass

    def close(self):
        self.load.close()
        self.process.terminate()
        self.process.wait(10)
        shutil.rmtree(self.folder)


def against(report, arguments):
    """CPU per delivery beside a known server's, whose single process keeps no history."""
    if shutil.which(arguments.against) is None:
        raise SystemExit(f"{arguments.against} is not installed: apt-get install {arguments.against}")
    # While a thousand enter it closes connections that have too much to read.
    for people in (count for count in arguments.members if count <= 100):
        house, other = House(people + 1), Ngircd(people + 1)
        for in_flight in (1, 64):
            messages = max(64 if in_flight == 64 else 20, arguments.deliveries // people) // 8 * 8
            measure(house, 8, in_flight, 64)
            measure(other, 8, in_flight, 64)
            pairs = [(measure(house, messages, in_flight, 64), measure(other, messages, in_flight, 64))
                     for _ in range(arguments.pairs)]
            report.figure(f"{people:,} readers, {in_flight} in flight, 64 bytes, beside {arguments.against}",
                          [work(a) / work(b) for (a, _), (b, _) in pairs], "times its CPU")
        house.close()
        other.close()


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
    ratios = []
    for _ in range(arguments.pairs):
        before = house.cpu()
        for _ in range(times // people):
            house.load.command(PAST_QUESTION)
        house.settle()
        after = house.cpu()
        ours = sum(after.values()) - sum(before.values())
        ratios.append(ours / 1000 / times / bare_slice(house.server, times))
    house.close()
    report.figure("CHATHISTORY LATEST, 100 messages: CPU of all processes", ratios,
                  "times SQLite alone for the same rows")


def reconnect(report, arguments):
    """A thousand lose their connection at once, come back into their room, and ask what was said."""
    seconds, cpus = [], []
    for _ in range(min(arguments.pairs, 3)):
        house = House(1000)
        measure(house, 200, 64, 64)
        house.load.command("close")
        house.calm()
        before = house.cpu()
        spent = 0.0
        for command in (f"open {house.server.port}", "register", PAST_CAPABILITIES, f"join {ROOM}",
                        PAST_QUESTION):
            spent += house.load.command(command)["seconds"]
        house.calm()
        after = house.cpu()
        cpus.append((sum(after.values()) - sum(before.values())) / 1e9)
        seconds.append(spent)
        house.close()
    report.figure("1,000 come back at once and ask for the last 100: CPU of all processes", cpus, "s")
    report.figure("1,000 come back at once and ask for the last 100: until the last has them", seconds, "s")


# ---- Memory and entering -------------------------------------------------------------------------


def touched(people):
    house = House(people, edges=2, is_joined=False)
    memory = house.server.memory()
    house.close()
    return memory


def report_memory(report):
    slope = (touched(15000) - touched(1000)) / 14000
    report.figure("memory touched by an idle registered connection, two edges", [slope], "bytes",
                  MEMORY_GOAL)


def storm(report, arguments):
    seconds = []
    for _ in range(arguments.pairs):
        house = House(1000, is_joined=False)
        before = house.cpu()
        house.load.command(f"join {ROOM}")
        house.calm()
        after = house.cpu()
        seconds.append(sum(after[name] - before[name] for name in after if name != INDEX) / 1e9)
        house.close()
    report.figure("1,000 join one room at once: CPU of all processes", seconds, "s", STORM_GOAL)


def irc(report, arguments):
    """Fan-out of IRC, the memory of an idle connection, a join storm, the past."""
    report.title("irc: messages to a room of IRC clients, history on")
    if arguments.against:
        against(report, arguments)
        return
    costs = {}
    for people in arguments.members:
        fan_out(report, people, arguments, costs)
    report_flat(report, costs)
    storm(report, arguments)
    past(report, arguments)
    reconnect(report, arguments)
    report_memory(report)
