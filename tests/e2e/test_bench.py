"""The benchmarks run: figures are made elsewhere, but what makes them must not rot."""

import os
import subprocess

from tools import BINARY, BUILD, PATIENCE, TOP


def bench(*words):
    env = {**os.environ, "QUN_BINARY": str(BINARY), "QUN_BUILD": str(BUILD)}
    done = subprocess.run(
        ["/usr/bin/python3", TOP / "bench" / "run", *words],
        capture_output=True, text=True, env=env, timeout=20 * PATIENCE,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_server_is_measured_beside_the_floor():
    out = bench("plain", "--members", "10", "--pairs", "1", "--deliveries", "900")
    assert "10 members, 1 in flight: " in out
    assert "10 members, 64 in flight: " in out
    assert "times the floor" in out


def test_history_and_index_are_measured_beside_their_floors():
    out = bench("scribe", "index", "--messages", "1000", "--pairs", "2")
    assert "messages a CPU-second" in out
    assert "µs of CPU a message" in out


def test_entering_among_many_is_measured():
    out = bench("enter", "--many", "200", "--pairs", "1")
    assert "an L and its Q among 200: " in out


def test_the_robots_forms_are_measured_beside_their_floors():
    out = bench("robot", "--clients", "1,10", "--pairs", "1", "--trips", "400")
    for model in ("select", "process", "thread", "epoll"):
        assert f"{model}, 10 clients: " in out
        assert f"{model}, until 1,000 are in" in out
    assert "<svg" in (BUILD / "models.svg").read_text()


def test_the_kit_is_measured_beside_the_bare_calls():
    out = bench("mp", "--pairs", "1", "--percent", "1")
    for what in ("pipe", "queue", "shared value", "lock", "semaphore", "event", "process", "thread"):
        assert f"  {what}, " in out
