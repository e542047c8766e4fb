"""A bad network between clients and a server: a UDP proxy that loses, doubles, delays and reorders.

    with BadNet(server.address, seed, Line(loss=0.3, twice=0.05, delay=(0.005, 0.080))) as net:
        … clients send to net.address …
        net.line = Line(loss=0.6)       another line from now on, for both ways
        net.is_out = True               an outage: what is on its way is lost as well
        net.move()                      every client has another address towards the server

Each client has a socket of its own towards the server, so that the server tells them apart. What
happens to the n-th datagram of a client in one direction depends on the seed and the line alone: a
failure replays. One thread does it all; `taps` are called by it with (client, is_up, datagram,
times), where `times` says how often the datagram will be delivered: 0, 1 or 2.
"""

import collections
import contextlib
import heapq
import itertools
import os
import random
import select
import socket
import threading
import time

from plain import make_socket

Line = collections.namedtuple("Line", "loss twice delay", defaults=(0.0, 0.0, (0.0, 0.0)))

GOOD = Line()

# Sockets of addresses that a client had are kept, unread, for so many moves: what is sent there
# vanishes, as behind a router that has forgotten the mapping, instead of being answered by ICMP.
FORGOTTEN_KEPT = 4

# More than the longest datagram of any dialect.
DATAGRAM_BYTES = 65536

# Datagrams taken from one socket before the others get their turn.
TURN = 64


class Count:
    """What went one way."""

    def __init__(self):
        self.datagrams = self.bytes = self.lost = self.doubled = 0


class Way:
    """One direction of one client: its dice, and what has been decided with them."""

    def __init__(self, seed):
        self.dice = random.Random(seed)

    def fates(self, line):
        """The delays of all copies: none if it is lost. Always as many throws, whatever they say."""
        lost, twice, *delays = (self.dice.random() for _ in range(4))
        shortest, longest = line.delay
        copies = 0 if lost < line.loss else 2 if twice < line.twice else 1
        return [shortest + (longest - shortest) * delay for delay in delays[:copies]]


class Client:
    def __init__(self, net, index, address):
        self.net, self.index, self.address = net, index, address
        self.up, self.down = (Way(f"{net.seed}/{index}/{way}") for way in ("up", "down"))
        self.moves, self.upstream, self.forgotten = 0, None, collections.deque()
        self.move()

    def move(self):
        """Another address and port towards the server."""
        if self.upstream:
            self.net.poll.unregister(self.upstream)
            self.forgotten.append(self.upstream)
            if len(self.forgotten) > FORGOTTEN_KEPT:
                self.forgotten.popleft().close()
        host = f"127.{100 + self.index // 250}.{self.index % 250 + 1}.{self.moves % 250 + 1}"
        self.upstream = make_socket("::1" if ":" in self.net.server[0] else host)
        self.upstream.connect(self.net.server)
        self.net.poll.register(self.upstream, select.EPOLLIN)
        self.net.by_fd[self.upstream.fileno()] = self
        self.moves += 1

    def close(self):
        for each in [self.upstream, *self.forgotten]:
            each.close()


class BadNet:
    def __init__(self, server, seed, line=GOOD):
        self.server, self.seed, self.line, self.is_out = server, seed, line, False
        self.front = make_socket("::1" if ":" in server[0] else "127.0.0.1")
        self.address = self.front.getsockname()[:2]
        self.clients, self.by_fd = {}, {}
        self.counts = {True: Count(), False: Count()}
        self.taps = []
        self.waiting = []  # a heap of (when, tie, client, is_up, datagram)
        self.ties = itertools.count()
        self.lock = threading.RLock()
        self.poll = select.epoll()
        self.poll.register(self.front, select.EPOLLIN)
        self.bell = os.eventfd(0, os.EFD_NONBLOCK)
        self.poll.register(self.bell, select.EPOLLIN)
        self.error = None
        self.thread = threading.Thread(target=self.run, daemon=True, name="badnet")
        self.thread.start()

    # ---- What a test does with it

    def __enter__(self):
        return self

    def __exit__(self, *_):
        os.eventfd_write(self.bell, 1)
        self.thread.join()
        for client in self.clients.values():
            client.close()
        self.front.close()
        self.poll.close()
        os.close(self.bell)
        assert not self.error, self.error

    def move(self):
        with self.lock:
            for client in self.clients.values():
                client.move()

    # ---- The thread

    def run(self):
        try:
            while self.turn():
                pass
        except Exception as error:  # Told when the block ends.
            self.error = repr(error)

    def turn(self):
        pause = max(self.waiting[0][0] - time.monotonic(), 0.0) if self.waiting else -1
        ready = self.poll.poll(pause)
        with self.lock:
            self.deliver(time.monotonic())
            for fd, _ in ready:
                if fd == self.bell:
                    return False
                if fd == self.front.fileno():
                    self.read_front()
                elif fd in self.by_fd and self.by_fd[fd].upstream.fileno() == fd:
                    self.read_upstream(self.by_fd[fd])
        return True

    def read_front(self):
        for _ in range(TURN):
            try:
                datagram, address = self.front.recvfrom(DATAGRAM_BYTES)
            except OSError:
                return
            if address not in self.clients:
                self.clients[address] = Client(self, len(self.clients), address)
            self.take(self.clients[address], True, datagram)

    def read_upstream(self, client):
        for _ in range(TURN):
            try:
                self.take(client, False, client.upstream.recv(DATAGRAM_BYTES))
            except ConnectionRefusedError:  # The server is not there just now.
                continue
            except OSError:
                return

    def take(self, client, is_up, datagram):
        """Decides what becomes of a datagram."""
        fates = (client.up if is_up else client.down).fates(self.line)
        fates = [] if self.is_out else fates
        count = self.counts[is_up]
        count.datagrams += 1
        count.bytes += len(datagram)
        count.lost += not fates
        count.doubled += len(fates) == 2
        for tap in self.taps:
            tap(client.index, is_up, datagram, len(fates))
        now = time.monotonic()
        for delay in fates:
            if delay:
                entry = (now + delay, next(self.ties), client, is_up, datagram)
                heapq.heappush(self.waiting, entry)
            else:
                self.hand_over(client, is_up, datagram)

    def deliver(self, now):
        while self.waiting and self.waiting[0][0] <= now:
            _, _, client, is_up, datagram = heapq.heappop(self.waiting)
            if not self.is_out:
                self.hand_over(client, is_up, datagram)

    def hand_over(self, client, is_up, datagram):
        with contextlib.suppress(OSError):  # Nobody there, or its buffer full: lost, as in life.
            if is_up:
                client.upstream.send(datagram)
            else:
                self.front.sendto(datagram, client.address)
