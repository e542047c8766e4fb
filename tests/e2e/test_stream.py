"""TCP on the port of the datagrams: what the first bytes lead to."""

import re
import socket

import pytest
from tools import PATIENCE

# What is sent first, and how the answer begins: where a word can be read, there is one; then the end.
FIRST = {
    "GET": (b"GET /healthz HTTP/1.0\r\n\r\n", b"HTTP/1.1 200 "),
    "POST": (b"POST /x HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 3\r\n\r\nabc", b"HTTP/1.1 404 "),
    "HEAD": (b"HEAD /healthz HTTP/1.0\r\n\r\n", b"HTTP/1.1 200 "),
    "TRACE": (b"TRACE / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", b"HTTP/1.1 501 "),
    "TLS": (bytes.fromhex("16030100c4010000c003037f") + bytes(190), None),
}


def connect(address):
    return socket.create_connection(address, PATIENCE)


def read_to_end(connection):
    heard = b""
    try:
        while piece := connection.recv(4096):
            heard += piece
    except ConnectionResetError:  # It was closed with something of ours not read.
        pass
    return heard


def test_the_ready_line_says_where(serve):
    """A word for each listener: the same addresses as for datagrams, and somebody listens there."""
    server = serve(listen=("127.0.0.1:0", "[::1]:0"))
    words = re.findall(r" (udp|tcp)=(\S+)", server.ready_line)
    udp = [where for what, where in words if what == "udp"]
    assert [where for what, where in words if what == "tcp"] == udp and len(udp) == 2
    for address in server.addresses:
        connect(address).close()


@pytest.mark.asan
@pytest.mark.parametrize("name", list(FIRST))
def test_what_the_first_bytes_say(serve, name):
    """HTTP is answered, and TLS told that nobody speaks it here; in one piece or byte by byte."""
    server = serve()
    first, begins = FIRST[name]
    for pieces in ([first], [first[at : at + 1] for at in range(len(first))]):
        with connect(server.address) as connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            try:
                for piece in pieces:
                    connection.sendall(piece)
            except (BrokenPipeError, ConnectionResetError):
                pass
            heard = read_to_end(connection)
        # What is sent behind the answer makes a reset, which may overtake it.
        was_reset = len(pieces) > 1 and not heard
        assert begins is None or was_reset or heard.startswith(begins), heard


def test_an_edge_that_dies_keeps_the_port(serve):
    """The keeper holds the listening sockets: who connects meanwhile is taken by the next edge."""
    server = serve("--edges", "1")
    pid = server.kill("edge 0")
    with connect(server.address) as connection:
        connection.sendall(FIRST["GET"][0])
        assert read_to_end(connection).startswith(b"HTTP/1.1 200 ")
    server.wait_replaced("edge 0", pid)
