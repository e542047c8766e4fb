"""IRC: very many who say nothing. 500, and with --long 15,000, or as many as descriptors allow."""

import resource
import socket

import pytest
import tools
from scenes import enter

# Descriptors that this process, and each edge, needs for all else.
OTHERS = 1000
# So many come at once; then their greetings are read.
BATCH = 250
# Generous: what one costs is script/bench's to say.
BYTES_EACH_MAX = 4000


@pytest.fixture
def size(is_long):
    """How many there are to be; this process may open as many sockets."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 15_000 if is_long else 500
    size = min(wanted, hard - OTHERS)
    assert size > 100, f"only {hard} descriptors"
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(max(soft, size + OTHERS), hard), hard))
    yield size
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def come(server, first, count):
    """People as sockets: a few thousand strict readers would be a test of this machine."""
    people = []
    for number in range(first, first + count):
        one = socket.create_connection(server.address, tools.PATIENCE)
        one.sendall(b"NICK idle%d\r\nUSER idle 0 * :idle\r\n" % number)
        people.append(one)
    for one in people:
        heard = b""
        while b" 422 " not in heard and b" 376 " not in heard:
            came = one.recv(65536)
            assert came, heard
            heard += came
        assert heard.startswith(b":") and b" 001 " in heard.split(b"\r\n", 1)[0], heard
    return people


def clients(person):
    [line] = [line for line in person.ask("LUSERS") if line.command == "255"]
    return int(line.last.split()[2])


def memory(server):
    return 1024 * sum(tools.memory_kb(pid) for pid in map(server.pid_of, server.edges()))


def test_very_many_are_idle(serve, size):
    """All are in, none is in the others' way, and all that is left of them afterwards is nothing."""
    server = serve("--edges", "2")
    ann, bob = enter(server, "ann", "bob", room="#tea").values()
    before = memory(server)
    people = []
    for first in range(0, size, BATCH):
        people += come(server, first, min(BATCH, size - first))
    assert clients(ann) == size + 2
    if not tools.IS_SANITIZED and size > 5000:
        assert (memory(server) - before) / size < BYTES_EACH_MAX
    for number in range(10):
        ann.say("#tea", str(number))
        assert bob.find("PRIVMSG", "#tea").last == str(number)
    # The last of them is as near as the first.
    for each in (0, size // 2, size - 1):
        ann.say(f"idle{each}", "hello")
        heard = people[each].recv(65536)
        assert heard.endswith(b" PRIVMSG idle%d :hello\r\n" % each), heard
    for one in people:
        one.close()
    tools.eventually(lambda: clients(bob) == 2, "all to be gone", tools.PATIENCE * 6)
    assert ann.sync() == bob.sync() == []
