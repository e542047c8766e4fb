#!/usr/bin/env python3
"""A client of the chat room on two threads: for Linux, Windows and macOS, with nothing to install.

    python3 client.py [HOST [PORT]]        (127.0.0.1 and 8888 if nothing is said)

It asks for a name until the server says OK. Then one thread sends what is typed, the other shows
what comes. The end of the input (Ctrl-D; on Windows Ctrl-Z and Enter) leaves the room; EXIT from
the server ends both.

The protocol is one datagram a request (docs/PROTOCOL.md): `L name`, `C name text`, `Q name`. A
datagram may be lost; so what has an answer (L, Q) is repeated until the answer is there.
"""

import os
import socket
import sys
import threading
import time

TRIES = 5


def connect_to(host, port):
    family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)[0]
    server = socket.socket(family, kind, protocol)
    # Connected: send() and recv() need no address, and what others send is not heard.
    server.connect(address)
    server.settimeout(1)
    return server


def request(server, text):
    try:
        server.send(text.encode("utf-8", "replace"))
    except OSError:
        pass  # A server that is not there just now is known by the answer that does not come.


def receive(server):
    """Waits a second for a datagram; None if none comes."""
    try:
        return server.recv(4096).decode("utf-8", "replace")
    except socket.timeout:
        return None
    except OSError:  # Refused: an earlier datagram found nobody.
        time.sleep(0.2)
        return None


def ask(server, text):
    for _ in range(TRIES):
        request(server, text)
        answer = receive(server)
        if answer is not None:
            return answer
    return "服务器没有回答"


def enter(server):
    """Asks for a name until the server says OK."""
    while True:
        name = input("请输入姓名: ")
        answer = ask(server, f"L {name}")
        if answer == "OK":
            return name
        print(answer, flush=True)


def send_typed(server, name):
    """One thread: what is typed. Whether the server has heard that we leave, the other knows."""
    for line in sys.stdin:
        line = line.rstrip("\r\n")
        if line:
            request(server, f"C {name} {line}")
    for _ in range(TRIES):
        request(server, f"Q {name}")
        time.sleep(1)
    end()


def show_received(server):
    """The other: what comes, until EXIT."""
    while True:
        text = receive(server)
        if text == "EXIT":
            return
        if text is not None and text != "OK":
            print(text, flush=True)


def end():
    """Ends both threads at once: the one that waits for the keyboard cannot be woken."""
    sys.stdout.flush()
    os._exit(0)


def main():
    host, port = (sys.argv[1:] + ["127.0.0.1", "8888"][len(sys.argv) - 1 :])[:2]
    server = connect_to(host, int(port))
    try:
        name = enter(server)
    except EOFError:
        return
    threading.Thread(target=send_typed, args=(server, name), daemon=True).start()
    try:
        show_received(server)
    except KeyboardInterrupt:
        request(server, f"Q {name}")
    end()


if __name__ == "__main__":
    main()
