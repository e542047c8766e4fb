"""One port for all: what comes by TCP is told by its first bytes."""
import socket

import pytest

PATIENCE = 10


def connect(server):
    return socket.create_connection(server.address, PATIENCE)


def answer_to(server, *pieces):
    """All that comes until the server ends the connection."""
    with connect(server) as stream:
        stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for piece in pieces:
            stream.sendall(piece)
        heard = b""
        while piece := stream.recv(65536):
            heard += piece
        return heard


@pytest.mark.asan
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "CONNECT", "TRACE"])
def test_http_is_told_by_its_method(serve, method):
    pieces = [bytes([byte]) for byte in f"{method} / HTTP/0.9\r\nHost: x\r\n\r\n".encode()]
    answer = answer_to(serve(), b"".join(pieces))
    assert answer.startswith((b"HTTP/1.1 505 ", b"HTTP/1.1 400 ")), answer


@pytest.mark.asan
def test_tls_hears_an_alert(serve):
    # A fatal handshake_failure, in a record of TLS 1.2 as RFC 8446 has it.
    assert answer_to(serve(), b"\x16\x03\x01\x02\x00\x01") == b"\x15\x03\x03\x00\x02\x02\x28"


def test_every_listener_and_every_edge(serve):
    server = serve("--edges", "2", listen=("127.0.0.1:0", "127.0.0.2:0", "[::1]:0"))
    for address in server.addresses:
        for _ in range(8):
            with socket.create_connection(address, PATIENCE) as stream:
                stream.sendall(b"GET /healthz HTTP/1.0\r\n\r\n")
                assert stream.recv(13) == b"HTTP/1.1 200 "
