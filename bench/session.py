"""The session dialect: what a delivered entry costs, beside bare sendmmsg of one datagram per entry."""
import os
import statistics
import tempfile
from pathlib import Path

from target import Floor, Server, SessionLoad

# The clerk's work is a line of its own: it is the search index's.
INDEX = "clerk"

GOALS = {(1, 1000): 1.6, (64, 1000): 0.25}
MEMORY_GOAL = 900

# Where datagrams are lost each message waits for the repetitions to the slowest, a second among a
# thousand: so there are few of them, by how many are in flight, and few runs.
LOSSY_MESSAGES = {1: 10, 64: 320}
LOSSY_PAIRS = 3

# Whoever only acknowledges is not to be taken for absent, nor to be nudged, during a long run.
OPTIONS = ("--silence", "100000")


def median(values):
    return statistics.median(values)


class Sessions:
    """A server with so many sessions that have come back, and their load."""

    def __init__(self, count, edges=None, is_back=True):
        key = os.urandom(32)
        with tempfile.NamedTemporaryFile(prefix="qun-bench-key-") as file:
            Path(file.name).write_bytes(key)
            self.load = SessionLoad(count, file.name)
        self.server = Server(self.load.addresses, edges=edges, options=OPTIONS, key=key)
        if is_back:
            self.load.resume(self.server)
        self.server.settle()

    def close(self):
        self.server.close()
        self.load.close()


def measure(target, say, messages, in_flight):
    """CPU nanoseconds per delivered entry by process, and what the load saw."""
    before = target.cpu()
    seen = say(target.port, messages, in_flight)
    target.settle(messages)
    after = target.cpu()
    return {name: (after[name] - before[name]) / seen["deliveries"] for name in after}, seen


def work(each):
    return sum(ns for name, ns in each.items() if name != INDEX)


def report_runs(report, count, in_flight, loss, pairs):
    ours = [each for (each, _), _ in pairs]
    floor = [each["floor"] for _, (each, _) in pairs]
    lossy = f", {loss} % lost each way" if loss else ""
    what = f"{count:,} sessions, {in_flight} in flight{lossy}"
    goal = GOALS.get((in_flight, count)) if not loss else None
    report.figure(f"{what}: CPU per delivered entry", [work(a) / b for a, b in zip(ours, floor)],
                  "times the floor", goal)
    seen = [seen for (_, seen), _ in pairs]
    per_datagram = [work(each) * s["deliveries"] / s["datagrams"] for each, s in zip(ours, seen)]
    shares = {name: median(each[name] for each in ours) for name in ours[0]}
    report.note(f"floor {median(floor):,.0f} ns, server {median(map(work, ours)):,.0f} ns per entry, "
                f"{median(per_datagram):,.0f} ns per datagram; "
                f"{median(s['deliveries'] / s['datagrams'] for s in seen):.1f} entries in a datagram, "
                f"{median(s['acks'] / s['datagrams'] for s in seen):.2f} acknowledgements for each, "
                f"{100 * median(s['repeats'] / s['deliveries'] for s in seen):.2f} % of the entries repeated")
    report.note(", ".join(f"{name} {ns:,.0f}" for name, ns in sorted(shares.items()))
                + f"; delay p99 {median(s['delay_us_p99'] for s in seen) / 1000:.1f} ms")


def fan_out(report, count, arguments):
    sessions = Sessions(count)
    load, server = sessions.load, sessions.server
    floor = Floor(load.addresses)
    for loss in (0, 10):
        for in_flight in (1, 64):
            messages = max(64 if in_flight == 64 else 20, arguments.deliveries // count)
            pairs, runs = [], arguments.pairs
            if loss:
                messages = min(messages, LOSSY_MESSAGES[in_flight])
                runs = min(runs, LOSSY_PAIRS)
            load.command(f"loss {loss}")
            measure(server, load.say, max(messages // 10, 10), in_flight)
            for _ in range(runs):
                load.command(f"loss {loss}")
                ours = measure(server, load.say, messages, in_flight)
                # The floor repeats nothing, and nothing is lost to it.
                pairs.append((ours, measure(floor, load.bare, messages, in_flight)))
            report_runs(report, count, in_flight, loss, pairs)
    floor.close()
    sessions.close()


def touched(count):
    sessions = Sessions(count, edges=2)
    touched = sessions.server.memory()
    sessions.close()
    return touched


def session(report, arguments):
    """Fan-out of the session dialect, and the memory of an idle session."""
    report.title("session: entries to clients of the session dialect, 64-byte texts")
    for count in arguments.members:
        fan_out(report, count, arguments)
    slope = (touched(20000) - touched(1000)) / 19000
    report.figure("memory touched by an idle session, two edges", [slope], "bytes", MEMORY_GOAL)
