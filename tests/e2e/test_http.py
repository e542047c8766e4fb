"""HTTP/1.1 on the one port: requests in any form in which they may come, and those that may not."""

import gzip
import re
import signal
import socket
import subprocess
import time
from pathlib import Path

import pytest
from httpclient import Http, answer_to, ask
from irc import Irc
from plain import Plain
from tools import eventually

WEB = Path(__file__).parents[2] / "web"
HEALTHY = "200 OK: Everything runs.\n"

# What is refused, with what, at once.
REFUSED = {
    b"GET /healthz HTTP/2.0\r\nHost: x\r\n\r\n": 505,
    b"GET /healthz\r\n\r\n": 505,
    b"GET /healthz FTP/1.1\r\n\r\n": 400,
    b"GET healthz HTTP/1.1\r\nHost: x\r\n\r\n": 400,
    b"GET /healthz HTTP/1.1\r\n\r\n": 400,
    b"GET /healthz HTTP/1.1\r\nHost: x\r\nHost: x\r\n\r\n": 400,
    b"GET /healthz HTTP/1.1\r\nHost : x\r\n\r\n": 400,
    b"GET /healthz HTTP/1.1\r\nHost: x\r\nA: b\r\n c\r\n\r\n": 400,
    b"GET /healthz HTTP/1.1\r\nHost: x\r\nA\x00: b\r\n\r\n": 400,
    b"GET /healthz HTTP/1.1\r\nHost: x\r\n: b\r\n\r\n": 400,
    b"GET /healthz HTTP/1.1\r\nHost: x\r\n\rA: b\r\n\r\n": 400,
    b"GET /healthz HTTP/1.1\r\nHost: x\r\nA: b\rc\r\n\r\n": 400,
    b"GET /healthz HTTP/1.1\r\nHost: x\r\n" + b"A: b\r\n" * 64 + b"\r\n": 431,
    b"POST /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n": 400,
    b"POST /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\n": 400,
    b"POST /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n": 400,
    b"POST /healthz HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n": 400,
    b"POST /healthz HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n": 400,
    b"POST /healthz HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\n\r\n": 501,
    b"POST /healthz HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n": 501,
    b"POST /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 16385\r\n\r\n": 413,
    b"POST /healthz HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n4001\r\n" + bytes(0x4001): 413,
    b"POST /healthz HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" + b"1\r\nx\r\n" * 257: 413,
    b"POST /healthz HTTP/1.1\r\nHost: x\r\nExpect: the-worst\r\n\r\n": 417,
    b"GET /" + b"x" * 9000: 414,
    b"GET /" + b"x" * 9000 + b" HTTP/1.1\r\nHost: x\r\n\r\n": 414,
    b"GET / HTTP/1.1\r\nHost: x\r\nA: " + b"x" * 9000: 431,
    b"GET / HTTP/1.1\r\nHost: x\r\nA: " + b"x" * 9000 + b"\r\n\r\n": 431,
    b"GET / HTTP/1.1\r\nHost: x\r\n" + b"A: b\r\n" * 64 + b"\r\n": 431,
    b"CONNECT x:80 HTTP/1.1\r\nHost: x\r\n\r\n": 501,
}


def limits(place, **of):
    conf = place / "qun.conf"
    conf.write_text("[limits]\n" + "".join(f"{key.replace('_', '-')} = {value}\n" for key, value in of.items()))
    return "--config", conf


@pytest.mark.asan
def test_requests_in_all_their_forms(serve):
    server = serve()
    for data, status in REFUSED.items():
        answer = answer_to(server, data)
        assert answer.status == status, (data[:80], answer)
        assert answer.text.startswith(f"{status} {answer.phrase}: ") and answer.text.endswith(".\n")
    whole = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
    with Http(server) as http:
        # A byte at a time, with an empty line in front, with LF alone, as a proxy is asked, and once more.
        for byte in b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n":
            http.send(bytes([byte]))
        first = http.read()
        assert (first.status, first.text) == (200, HEALTHY)
        assert "Connection" not in first.fields
        assert first.fields["Cache-Control"] == "no-store"
        assert first.fields["X-Content-Type-Options"] == "nosniff"
        assert first.fields["Referrer-Policy"] == "no-referrer"
        assert re.fullmatch(r"\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT", first.fields["Date"])
        for form in (b"\r\n" + whole, whole.replace(b"\r\n", b"\n"), whole.replace(b"/h", b"http://x/h"),
                     whole.replace(b" HTTP", b"?a=b HTTP")):
            assert http.send(form).read().text == HEALTHY
        # Several at once are answered in order; a HEAD says how long a body would be, and has none.
        http.send(whole + whole.replace(b"/healthz", b"/nothing") + whole.replace(b"GET", b"HEAD") + whole)
        assert [http.read(), http.read().status][1] == 404
        head = http.read(is_bodiless=True)
        assert head.fields["Content-Length"] == str(len(HEALTHY))
        assert http.read().text == HEALTHY
        # What may not be done, with bodies in both forms, which are no requests.
        for method in ("POST", "PUT", "DELETE", "OPTIONS", "PATCH"):
            answer = http.ask(method, "/healthz", body=whole)
            assert (answer.status, answer.fields["Allow"]) == (405, "GET, HEAD")
        chunks = b"5\r\nGET /\r\n3;x=y\r\nabc\r\n0\r\nTrailer: yes\r\n\r\n"
        http.send(b"POST /healthz HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: Chunked\r\n\r\n" + chunks + whole)
        assert [http.read().status, http.read().status] == [405, 200]
        for method in ("TRACE", "PROPFIND", "BREW"):
            status = http.ask(method, "/healthz").status
            assert status == 501
            if method == "BREW":  # Where its end is nobody knows.
                assert http.has_ended()
    with Http(server) as http:  # The body is sent when it is asked for.
        http.send("POST /healthz HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n")
        assert http.read().status == 100
        assert http.send("abc").read().status == 405
        assert http.ask("GET", "/healthz", "Connection: close").fields["Connection"] == "close"
        assert http.has_ended()
    with Http(server) as http:  # HTTP/1.0 ends with the answer, unless it says otherwise.
        kept = http.ask("GET", "/healthz", "Connection: keep-alive", version="HTTP/1.0")
        assert kept.fields["Connection"] == "keep-alive"
        assert http.ask("GET", "/healthz", version="HTTP/1.0").text == HEALTHY
        assert http.has_ended()
    with Http(server) as http:  # Who says no more is still answered.
        http.send(whole * 50).socket.shutdown(socket.SHUT_WR)
        assert [http.read().text for _ in range(50)] == [HEALTHY] * 50
        assert http.has_ended()


def test_who_is_slow_is_cut_off(serve, place):
    """A head that does not end, a body that does not come, and nothing at all: not for longer than register-timeout."""
    server = serve(*limits(place, register_timeout=1))
    start = time.monotonic()
    parts = [b"GET /healthz HTTP/1.1\r\nHost:", b"POST /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n1234"]
    slow = [Http(server).send(part) for part in parts]
    idle = Http(server)
    assert idle.ask("GET", "/healthz").status == 200
    dripping = Http(server).send(b"GET / HTTP/1.1\r\nA: ")
    dripping.socket.setblocking(False)

    def drip():
        """It sends a byte now and then, and is cut off all the same."""
        try:
            dripping.socket.send(b"x")
            dripping.buffer += dripping.socket.recv(4096)
        except BlockingIOError:
            pass
        except OSError:
            return True
        return b"408 Request Timeout" in dripping.buffer

    eventually(drip, "408 for who sends a byte now and then")
    for http in slow:
        answer = http.read()
        assert (answer.status, answer.fields["Connection"]) == (408, "close")
        assert http.has_ended()
    assert idle.has_ended()
    assert time.monotonic() - start >= 1.0
    for http in (*slow, idle, dripping):
        http.close()


def test_health_is_told_truly(serve):
    """503 as long as somebody is missing; an edge that has died does not answer, and the next one does."""
    server = serve("--edges", "1")

    def asked_while_it_is_gone():
        server.kill("scribe")
        answer = ask(server, "GET", "/healthz")
        return answer.status == 503 and answer.text

    words = eventually(asked_while_it_is_gone, "that the scribe is missed")
    assert words == "503 Service Unavailable: The scribe does not run.\n"
    eventually(lambda: ask(server, "GET", "/healthz").text == HEALTHY, "health")
    with Http(server) as http:
        pid = server.kill("edge 0")
        assert http.has_ended()
        server.wait_replaced("edge 0", pid)
    assert ask(server, "GET", "/healthz").text == HEALTHY


def test_slow_senders_do_not_hinder_the_room(serve, is_long):
    """Hundreds of heads that never end, beside people who talk."""
    server = serve("--edges", "1")
    slow = [Http(server).send(b"GET /healthz HTTP/1.1\r\nHost: x\r\n") for _ in range(2000 if is_long else 200)]
    ann, bob = (Irc(server).enter(name) for name in ("ann", "bob"))
    for each in (ann, bob):
        each.join("#tea")
    ann.sync()
    for number in range(50):
        for http in slow:
            http.send(b"A")
        ann.say("#tea", f"line {number}")
        bob.until("PRIVMSG", "#tea", f"line {number}")
    assert ask(server, "GET", "/healthz").text == HEALTHY
    for http in slow:
        http.close()


def decoded(answer):
    coding = answer.fields.get("Content-Encoding")
    if coding == "gzip":
        return gzip.decompress(answer.body)
    if coding == "br":
        return subprocess.run(["brotli", "-dc"], input=answer.body, stdout=subprocess.PIPE, check=True).stdout
    assert coding is None
    return answer.body


@pytest.mark.asan
def test_the_page(serve):
    """Its parts in every coding, each with a tag of its own; and nothing of it where the tag is known."""
    server = serve()
    files = [path for path in WEB.iterdir() if path.suffix not in (".py", ".build")]
    with Http(server) as http:
        for path in files:
            where = "/" if path.name == "index.html" else "/" + path.name
            tags = set()
            for accepts in (None, "gzip", "gzip, deflate, br", "br;q=1.0, gzip;q=0", "identity", "gzip;q=0.0"):
                fields = [f"Accept-Encoding: {accepts}"] if accepts else []
                answer = http.ask("GET", where, *fields)
                assert answer.status == 200 and decoded(answer) == path.read_bytes()
                coding = answer.fields.get("Content-Encoding", "none")
                assert coding == "none" or re.search(rf"{coding}(?!;q=0)", accepts or "")
                assert answer.fields["Vary"] == "Accept-Encoding"
                tag = answer.fields["ETag"]
                assert re.fullmatch(r'"[0-9a-f]{32}"', tag)
                tags.add((coding, tag))
                for known in (tag, "W/" + tag, f'"other", {tag}', "*"):
                    same = http.ask("GET", where, f"If-None-Match: {known}", *fields)
                    assert (same.status, same.fields["ETag"], same.body) == (304, tag, b"")
                assert http.ask("GET", where, 'If-None-Match: "other"', *fields).body == answer.body
                head = http.ask("HEAD", where, *fields)
                assert {**head.fields, "Date": ""} == {**answer.fields, "Date": ""}
            assert len({coding for coding, _ in tags}) == len({tag for _, tag in tags})
        page = http.ask("GET", "/")
        assert page.fields["Content-Type"] == "text/html; charset=utf-8"
        rules = dict(rule.split(" ", 1) for rule in page.fields["Content-Security-Policy"].split("; "))
        assert rules["default-src"] == rules["base-uri"] == rules["frame-ancestors"] == "'none'"
        assert rules["script-src"] == "'self'" and "unsafe" not in page.fields["Content-Security-Policy"]
        for where in ("/embed.py", "/../README.md", "/index.html", "//", "/%2e%2e/x"):
            assert http.ask("GET", where).status == 404, where
        assert http.ask("POST", "/", body=b"x").status == 405


def read_metrics(text):
    """{name with labels: value}; every line is as Prometheus' text format has it."""
    values, types = {}, {}
    for line in text.splitlines():
        comment = re.fullmatch(r"# (HELP|TYPE) (qun_[a-z_]+) (.+)", line)
        if comment:
            assert comment[1] == "HELP" or types.setdefault(comment[2], comment[3]) == comment[3]
            assert comment[1] == "HELP" or comment[3] in ("gauge", "counter")
            continue
        value = re.fullmatch(r'((qun_[a-z_]+)(\{[a-z]+="[^"\\]+"\})?) (\d+)', line)
        assert value and value[2] in types and value[1] not in values, line
        assert value[2].endswith("_total") == (types[value[2]] == "counter")
        values[value[1]] = int(value[4])
    return values


def test_metrics(serve, place):
    """What has happened is counted, whichever edge is asked; and told to whom the configuration says."""
    conf = place / "qun.conf"
    conf.write_text("")
    server = serve("--edges", "2", "--config", conf)
    people = [Irc(server).enter(name) for name in ("ann", "bob", "cid")]
    for each in people:
        each.join("#tea")
    for number in range(10):
        people[0].say("#tea", f"line {number}")
    plain = Plain(server)
    plain.send("Z")
    plain.next()
    people[1].send("KICK #tea ann")
    people[1].until("482")
    for each in people:
        each.sync()

    def metrics(*fields):
        answer = ask(server, "GET", "/metrics", *fields)
        assert answer.status == 200 and answer.fields["Content-Type"].startswith("text/plain; version=0.0.4")
        return read_metrics(answer.text)

    def sum_of(values, name):
        return sum(value for key, value in values.items() if key.startswith(name + "{"))

    for _ in range(4):
        values = metrics()
        assert (values["qun_people"], values["qun_people_absent"], values["qun_rooms"]) == (3, 0, 2)
        assert sum_of(values, "qun_deliveries_total") >= 20
        refusals = [values[f'qun_refusals_total{{reason="{why}"}}'] for why in ("unknown-letter", "not-room-operator")]
        assert refusals == [1, 1]
        assert {values[f'qun_up{{process="{name}"}}'] for name in ("hub", "scribe", "clerk", "edge 0", "edge 1")} == {1}
    eventually(lambda: metrics()["qun_unstored"] == 0, "that all is stored")
    assert metrics()["qun_seq"] == metrics()["qun_seq_stored"] >= 16
    server.wait_replaced("clerk", server.kill("clerk"))
    eventually(lambda: metrics()['qun_restarts_total{process="clerk"}'] == 1, "a restart that is counted")
    # Who is asked for by a web server in front is somebody else.
    for field in ("X-Forwarded-For: 192.0.2.1", "Forwarded: for=192.0.2.1", "Via: 1.1 caddy"):
        assert ask(server, "GET", "/metrics", field).status == 403
    for text, status in (("[web]\nmetrics = all\n", 200), ("[web]\nmetrics = nobody\n", 403)):
        conf.write_text(text)
        server.process.send_signal(signal.SIGHUP)
        eventually(lambda: ask(server, "GET", "/metrics", "Via: 1.1 x").status == status, text)
    assert ask(server, "GET", "/metrics").status == 403
