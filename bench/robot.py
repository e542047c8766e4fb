"""The robot's four forms beside their floors: bare echo loops of the same form (robot_floor.c).

Robot and floor hold as many clients each and are loaded in turn, so that what else the machine does meets
both. Each client has one line under way.
"""
import json
import re
import resource
import statistics
import subprocess
from pathlib import Path

import trips_graph
from figures import Figure, number, put
from target import BENCH, BINARY, BUILD, DOCS, Program, cpu_ns

MODELS = ("select", "process", "thread", "epoll")
LINE_BYTES = 64
GOAL = 1.15  # times the floor's CPU, from ten clients up
ACCEPTED = 1000
# select ends there; robot and floor of the process form have a process each for each client.
MOST = {"select": 1000, "process": 2000}
HEADS = {
    "MODELS.md": (["form", "clients", "CPU, times the floor's", "µs of CPU", "floor's",
                   "round trips/s", "floor's", "p50 µs", "p99", "p99.9", "KB a client"],
                  ["form", "ms until 1,000 are in", "floor's", "times"]),
    "MODELS.zh-CN.md": (["做法", "客户端", "CPU，底线的倍数", "CPU 微秒", "底线", "往返/秒", "底线",
                         "p50 微秒", "p99", "p99.9", "每客户端 KB"],
                        ["做法", "1000 人进来的毫秒数", "底线", "倍数"]),
}


class Target:
    """A robot or a floor, with its clients."""

    def __init__(self, command, pattern):
        # Nobody reads its standard output: the robot does not wait for that, and neither do we.
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        found = re.search(pattern, line)
        if not found:
            raise SystemExit(f"{command[0]} did not start: {line}")
        self.port = int(found[1])
        self.load = None

    def connect(self, clients):
        """The seconds until each client has had its first answer."""
        self.load = Program(BENCH / "robot_load", self.port, clients, LINE_BYTES)
        return json.loads(self.load.read())["seconds"]

    def trips(self, count):
        """CPU nanoseconds per round trip, and what the clients saw."""
        pids = self.pids()
        before = sum(map(cpu_ns, pids))
        self.load.write(f"trips {count}\n")
        seen = json.loads(self.load.read())
        return (sum(map(cpu_ns, pids)) - before) / count, seen

    def pids(self):
        pid = self.process.pid
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        return [pid, *map(int, children)]

    def memory(self):
        """Bytes touched, private ones and shares of the shared; the kernel's own are not seen."""
        total = 0
        for pid in self.pids():
            rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
            total += int(re.search(r"^Pss:\s+(\d+)", rollup, re.MULTILINE)[1]) * 1024
        return total

    def close(self):
        if self.load is not None:
            self.load.close()
        self.process.terminate()
        self.process.wait(30)
        self.process.stdout.close()


def pair(model, clients):
    """A robot and its floor, both without clients yet."""
    return (Target([BINARY, "robot", "--model", model, "--listen", "127.0.0.1:0", "--max", str(clients)],
                   r"robot=127\.0\.0\.1:(\d+)"),
            Target([BENCH / "robot_floor", model], r"(\d+)"))


class Row:
    """What was seen of one form with so many clients; [0] is the robot's, [1] the floor's."""

    def __init__(self, model, clients, pairs, kilobytes):
        self.model, self.clients, self.kilobytes = model, clients, kilobytes
        self.ratio = Figure(f"{model}, {clients:,} clients", [a[0] / b[0] for a, b in pairs],
                            "times the floor's CPU", GOAL if clients >= 10 else None)
        sides = list(zip(*pairs))
        self.ns = [statistics.median(ns for ns, _ in side) for side in sides]
        self.rate = [statistics.median(seen["trips"] / seen["seconds"] for _, seen in side)
                     for side in sides]
        self.delays = [[statistics.median(seen[name] for _, seen in side)
                        for name in ("p50_us", "p99_us", "p999_us")] for side in sides]

    def tell(self, report):
        report.title(self.ratio.line())
        for name, ns, rate, delays, kilobytes in zip(("robot", "floor"), self.ns, self.rate,
                                                     self.delays, self.kilobytes):
            report.note(f"{name}: {ns:,.0f} ns of CPU a round trip, {rate:,.0f} a second, p50 "
                        f"{delays[0]:,.0f} µs, p99 {delays[1]:,.0f}, p99.9 {delays[2]:,.0f}; "
                        f"{kilobytes:.1f} KB a client")

    def cells(self):
        ratio = f"{number(self.ratio.median)} ({self.ratio.spread})"
        return [self.model, f"{self.clients:,}", ratio, *(f"{ns / 1000:.2f}" for ns in self.ns),
                *(f"{rate:,.0f}" for rate in self.rate), *(f"{us:,.0f}" for us in self.delays[0]),
                f"{self.kilobytes[0]:.1f}"]


def measure(model, clients, arguments):
    targets = pair(model, clients)
    kilobytes = []
    for target in targets:
        empty = target.memory()
        target.connect(clients)
        kilobytes.append((target.memory() - empty) / clients / 1024)
    trips = max(arguments.trips if clients > 1 else arguments.trips // 4, 2 * clients)
    for target in targets:
        target.trips(max(trips // 5, clients))
    pairs = [tuple(target.trips(trips) for target in targets) for _ in range(arguments.pairs)]
    for target in targets:
        target.close()
    return Row(model, clients, pairs, kilobytes)


def accept(model, report, arguments):
    """Seconds until a thousand clients are in and have had an answer each: a row of cells."""
    taken = ([], [])
    for _ in range(min(arguments.pairs, 5)):
        for side, target in zip(taken, pair(model, ACCEPTED)):
            side.append(target.connect(ACCEPTED) * 1000)
            target.close()
    ratio = Figure(f"{model}, until {ACCEPTED:,} are in and have had an answer each",
                   [a / b for a, b in zip(*taken)], "times the floor's time")
    report.title(ratio.line())
    own, floor = map(statistics.median, taken)
    report.note(f"robot {own:.0f} ms, floor {floor:.0f} ms")
    return [model, f"{own:.0f}", f"{floor:.0f}", f"{number(ratio.median)} ({ratio.spread})"]


def can(model, clients):
    """Whether the form, and this machine's limits, take robot and floor with so many clients each."""
    most = MOST.get(model, clients)
    most = min(most, resource.getrlimit(resource.RLIMIT_NOFILE)[1] - 100)
    if model in ("process", "thread"):
        tasks = int(Path("/proc/sys/kernel/pid_max").read_text())
        processes = resource.getrlimit(resource.RLIMIT_NPROC)[1]
        most = min(most, (min(tasks, processes) if processes > 0 else tasks) * 9 // 10 // 2)
    return clients <= most


def run(report, arguments):
    """The robot's forms beside bare echo loops of the same form."""
    report.title(f"robot: CPU of all its processes per round trip of a {LINE_BYTES}-byte line, one under "
                 f"way for each client; {arguments.pairs} pairs")
    rows, accepts = [], []
    for model in arguments.models:
        for clients in arguments.clients:
            if can(model, clients):
                rows.append(measure(model, clients, arguments))
                rows[-1].tell(report)
            else:
                report.note(f"{model} with {clients:,} clients: not with this form, or not here")
        accepts.append(accept(model, report, arguments))
    picture = trips_graph.draw(rows, report.machine)
    (BUILD / "models.svg").write_text(picture)
    report.note(f"the picture is in {BUILD / 'models.svg'}")
    if arguments.publish:
        (DOCS / "models.svg").write_text(picture)
        for page, heads in HEADS.items():
            put(DOCS / page, "robot", f"{report.machine}.\n\n" + table(heads[0], [r.cells() for r in rows])
                + "\n" + table(heads[1], accepts))


def table(head, rows, sign="---:"):
    lines = [head, ["---", *[sign] * (len(head) - 1)], *rows]
    return "".join("| " + " | ".join(line) + " |\n" for line in lines)
