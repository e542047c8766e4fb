"""The bad network of the other tests does what it says, and does it again from the same seed."""

import contextlib
import select
import threading
import time

import pytest
from badnet import GOOD, BadNet, Line
from plain import make_socket
from tools import PATIENCE, eventually

COUNT = 2000


class Echo:
    """A server that sends everything back, and notes what came from where."""

    def __init__(self):
        self.socket = make_socket()
        self.address = self.socket.getsockname()
        self.heard = []
        self.is_on = True
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        while self.is_on:
            if select.select([self.socket], [], [], 0.05)[0]:
                datagram, sender = self.socket.recvfrom(2048)
                self.heard.append((datagram, sender))
                with contextlib.suppress(OSError):
                    self.socket.sendto(datagram, sender)

    def close(self):
        self.is_on = False
        self.thread.join()
        self.socket.close()


@pytest.fixture
def echo():
    made = Echo()
    yield made
    made.close()


class Client:
    def __init__(self, net):
        self.net, self.socket = net, make_socket()
        self.heard = []

    def send(self, text):
        self.socket.sendto(text.encode(), self.net.address)

    def hear(self, count, seconds=PATIENCE):
        """Waits for so many datagrams in all."""
        end = time.monotonic() + seconds
        while len(self.heard) < count and time.monotonic() < end:
            if select.select([self.socket], [], [], 0.05)[0]:
                self.heard.append(self.socket.recv(2048).decode())
        return self.heard

    def close(self):
        self.socket.close()


@contextlib.contextmanager
def two_clients(echo, line, seed="seed"):
    with BadNet(echo.address, seed, line) as net:
        clients = [Client(net) for _ in range(2)]
        yield net, clients
        for client in clients:
            client.close()


def fates_of(echo, seed, line=Line(loss=0.3, twice=0.05)):
    """Which of many datagrams of one client arrive, and how often."""
    seen = []
    with two_clients(echo, line, seed) as (net, (client, _)):
        net.taps.append(lambda index, is_up, datagram, times: is_up and seen.append(times))
        for number in range(COUNT):
            client.send(str(number))
            if number % 100 == 0:
                eventually(lambda: len(seen) > number, "the proxy to read")
        eventually(lambda: len(seen) == COUNT, "the proxy to read all")
    return seen


def test_good_line(echo):
    """Without faults everything arrives once, in order, both ways, from an address per client."""
    with two_clients(echo, GOOD) as (net, clients):
        for number in range(100):
            for client in clients:
                client.send(f"{number}")
        for client in clients:
            assert client.hear(100) == [str(number) for number in range(100)]
        assert len({sender for _, sender in echo.heard}) == 2
        assert net.counts[True].datagrams == net.counts[False].datagrams == 200
        assert net.counts[True].lost == net.counts[False].lost == 0


def test_loss_and_doubles(echo):
    """The shares are those that were asked for."""
    seen = fates_of(echo, "one")
    lost, doubled = seen.count(0) / COUNT, seen.count(2) / COUNT
    assert 0.27 < lost < 0.33, lost
    assert 0.7 * 0.035 < doubled < 0.7 * 0.065, doubled


def test_same_seed_same_fates(echo):
    assert fates_of(echo, "one") == fates_of(echo, "one")
    assert fates_of(echo, "one") != fates_of(echo, "two")


def test_delay_reorders(echo):
    """Nothing is early, nothing is lost, and the order is another."""
    with two_clients(echo, Line(delay=(0.005, 0.080))) as (_, (client, _)):
        began = time.monotonic()
        client.send("first")
        client.hear(1)
        assert time.monotonic() - began >= 0.010
        for number in range(200):
            client.send(str(number))
        heard = client.hear(201)[1:]
        assert sorted(heard, key=int) == [str(number) for number in range(200)]
        assert heard != sorted(heard, key=int)


def test_outage(echo):
    """Nothing passes, not even what was on its way; afterwards it passes again."""
    with two_clients(echo, Line(delay=(0.2, 0.2))) as (net, (client, _)):
        client.send("before")
        eventually(lambda: net.counts[True].datagrams == 1, "the proxy to read")
        net.is_out = True
        client.send("meanwhile")
        eventually(lambda: net.counts[True].lost == 1, "the proxy to read")
        eventually(lambda: not net.waiting, "what was on its way to be gone")
        net.is_out = False
        client.send("after")
        assert client.hear(1) == ["after"]
        assert [datagram for datagram, _ in echo.heard] == [b"after"]


def test_move(echo):
    """The server sees another address, answers reach the client, and the old address is silent."""
    with two_clients(echo, GOOD) as (net, (client, _)):
        client.send("one")
        client.hear(1)
        old = echo.heard[0][1]
        net.move()
        client.send("two")
        assert client.hear(2) == ["one", "two"]
        assert echo.heard[1][1] != old
        echo.socket.sendto(b"into the void", old)
        client.send("three")
        assert client.hear(3) == ["one", "two", "three"]


def test_server_away(echo):
    """A server that is not there is silence, and no harm to what comes later."""
    with two_clients(echo, GOOD) as (net, (client, _)):
        echo.is_on = False
        echo.thread.join()
        echo.socket.close()
        for _ in range(3):
            client.send("in vain")
        eventually(lambda: net.counts[True].datagrams == 3, "the proxy to read")
        echo.socket = make_socket(*echo.address)
        echo.is_on, echo.heard = True, []
        echo.thread = threading.Thread(target=echo.run, daemon=True)
        echo.thread.start()
        client.send("back")
        eventually(lambda: client.hear(1, 0.1) or client.send("back"), "an answer")
        assert client.heard[0] == "back"
