"""qun robot --join: the robot as a member of the room."""

import contextlib
import os
import random
import signal
import sys
import time

import joined
import pytest
from plain import Plain, entered, left
from tools import PATIENCE, TOP, eventually

FAST = ("--rate", "100000:100000")
BOTS = TOP / "examples" / "bots"


class Robots:
    """Starts robots, ends those that are left."""

    def __init__(self, server, state):
        self.server, self.state, self.started = server, state, []

    def __call__(self, *options, server=None, ready=True):
        words = ["robot", "--join", joined.where(server or self.server), *map(str, options)]
        robot = joined.Joined(self.server, state=self.state, command=words)
        self.started.append(robot)
        if ready:
            robot.out.expect("qun: ready robot=")
        return robot

    def close(self):
        for robot in self.started:
            robot.close()


@pytest.fixture
def robots(serve, place):
    made = Robots(serve(*FAST), place / "state")
    with contextlib.closing(made):
        yield made


def answers(server, name):
    return [e["text"] for e in server.history() if e["kind"] == "said" and e["name"] == name]


@pytest.mark.asan
def test_answers_who_asks_it(robots):
    ming = Plain(robots.server).enter("小明")
    robot = robots()
    ming.find(entered("robot"))
    ming.say("@robot 你好")
    ming.say("@Robot: again")
    ming.say("not you")
    ming.say("@somebody else")
    ming.say("@robot end")
    ming.find("robot说: ====end====")
    assert answers(robots.server, "robot") == ["====你好====", "====again====", "====end===="]
    robot.process.send_signal(signal.SIGTERM)
    assert robot.wait() == 0
    ming.find(left("robot"))


@pytest.mark.asan
def test_answers_in_the_room_where_it_is_asked(robots, place):
    robots("--room", "#x", "--name", "r2")
    with joined.clients() as start:
        ann = start(robots.server, "Ann", "--room", "#x", state=place / "a", language="en").wait_in()
        ann.say("@r2 in x", "/join #lobby", "@r2 in lobby")
        ann.hear("[#x] r2: ====in x====").hear("r2: ====in lobby====").leave()


@pytest.mark.asan
def test_the_bots_of_the_examples(robots):
    ming = Plain(robots.server).enter("小明")
    robots("--name", "dice", "--exec", BOTS / "dice.sh")
    robots("--name", "sums", "--exec", f"{sys.executable} {BOTS / 'sums.py'}")
    for number in range(20):
        ming.say(f"@sums {number} * (3 + 4)")
        ming.say("@dice 20")
    ming.say("@sums import os")
    ming.find("sums说: only numbers, + - * / // % and brackets")
    eventually(lambda: len(answers(robots.server, "dice")) == 20, "all dice")
    assert answers(robots.server, "sums")[:-1] == [f"{n} * (3 + 4) = {n * 7}" for n in range(20)]
    for thrown in answers(robots.server, "dice"):
        assert thrown.endswith(" (1–20)") and 1 <= int(thrown.split()[0]) <= 20


@pytest.mark.asan
def test_robots_do_not_talk_to_each_other(robots):
    """Two that are told to ask each other: one question is one answer."""
    ming = Plain(robots.server).enter("小明")
    robots("--name", "a", "--exec", "while read -r line; do echo '@b '$line; done")
    robots("--name", "b", "--exec", "while read -r line; do echo '@a '$line; done")
    ming.say("@a x")
    ming.find("a说:  @b x")
    ming.say("@b y")
    ming.find("b说:  @a y")
    ming.say("@a end")
    ming.find("a说:  @b end")
    assert len(answers(robots.server, "a")) == 2
    assert len(answers(robots.server, "b")) == 1


@pytest.mark.asan
def test_a_command_that_dies(robots):
    """Its question stays without an answer, the next one is answered by another one."""
    ming = Plain(robots.server).enter("小明")
    command = "echo ready >&2; while read -r line; do [ $line = die ] && exit 7; echo $$ $line; done"
    robot = robots("--exec", command)
    ming.say("@robot one")
    eventually(lambda: len(answers(robots.server, "robot")) == 1, "an answer")
    ming.say("@robot die")
    ming.say("@robot two")
    eventually(lambda: len(answers(robots.server, "robot")) == 2, "an answer after a death")
    (first, one), (second, two) = (text.split() for text in answers(robots.server, "robot"))
    assert (one, two) == ("one", "two") and first != second
    robot.err.expect(r"the command ended \(exit code 7\); it is started again in 1 s")


@pytest.mark.asan
def test_a_command_that_never_starts(robots):
    """The robot stays, and ends when it is told to."""
    robot = robots("--exec", "exit 3")
    robot.err.expect("exit code 3.*again in 1 s")
    robot.err.expect("exit code 3.*again in 2 s")
    robot.process.send_signal(signal.SIGINT)
    assert robot.wait() == 0


@pytest.mark.asan
@pytest.mark.parametrize("command", [(), ("--exec", "while read -r line; do echo ====$line====; done")])
def test_answers_once_whatever_dies(robots, command):
    """The robot is killed again and again: each question is answered once, in order."""
    ming = Plain(robots.server).enter("小明")
    chance = random.Random(7)
    robot = robots(*command)
    for number in range(60):
        ming.say(f"@robot {number}")
        if number % 10 == 5:
            time.sleep(chance.random() * 0.02)  # not a wait: where the blow falls
            robot.process.kill()
            robot.process.wait()
            robot = robots(*command, ready=chance.random() < 0.5)
        if number == 30:
            robots.server.kill("hub")
    wanted = [f"===={number}====" for number in range(60)]
    eventually(
        lambda: len(answers(robots.server, "robot")) >= 60,
        lambda: f"{len(answers(robots.server, 'robot'))} of 60 answers; {robot.err.text}",
    )
    ming.say("@robot end")
    ming.find("robot说: ====end====")
    assert answers(robots.server, "robot") == [*wanted, "====end===="]
    kinds = {e["kind"] for e in robots.server.history() if e["name"] == "robot"}
    assert kinds == {"entered", "said"}


@pytest.mark.asan
def test_the_server_dies(robots):
    ming = Plain(robots.server).enter("小明")
    robots()
    ming.say("@robot before")
    ming.find("robot说: ====before====")
    robots.server.kill_all()
    robots.server.restart()
    eventually(
        lambda: ming.say("@robot after") or "robot说: ====after====" in ming.lines, "an answer"
    )


@pytest.mark.asan
def test_ends_when_a_person_has_to_help(robots):
    server = robots.server
    Plain(server).enter("taken")
    robot = robots("--name", "taken", ready=False)
    assert robot.wait() == 100
    assert "the name taken is taken" in robot.err.text
    robot = robots("--name", "kicked")
    server.admin_ok("kick", "kicked")
    assert robot.wait() == 100
    assert "you were shown out of the room" in robot.err.text
    robot = robots("--room", "nowhere", ready=False)
    assert robot.wait() == 2
    robot = robots("--nonsense", ready=False)
    assert robot.wait() == 2
    assert "there is no option '--nonsense' with --join" in robot.err.text


@pytest.mark.asan
def test_waits_for_a_server(serve, place):
    """It may be started first: it goes on until there is one."""
    server = serve()
    server.stop()
    made = Robots(server, place / "state")
    with contextlib.closing(made):
        robot = made(ready=False)
        robot.err.expect("does not answer; trying on")
        server.restart()
        robot.out.expect("qun: ready robot=", 2 * PATIENCE)


def test_its_command_goes_with_it(robots):
    """No command is left when the robot is killed."""
    robot = robots("--exec", "echo $$ >&2; read -r line; exec sleep 1000")
    Plain(robots.server).enter("小明").say("@robot x")
    pid = int(robot.err.expect(r"^\d+$").group())
    robot.process.kill()
    robot.process.wait()

    def is_gone():
        with contextlib.suppress(ChildProcessError):
            os.waitpid(pid, os.WNOHANG)
        return not os.path.exists(f"/proc/{pid}")

    eventually(is_gone, "the end of the command")
