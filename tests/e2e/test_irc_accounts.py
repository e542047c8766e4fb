"""IRC: accounts: names that are somebody's."""

import base64
import hashlib
import hmac
import os

import pytest
import tools
from irc import Irc, plain_response
from plain import Plain
from scenes import enter

FAST = ("--rate", "100000:100000")


def add_account(server, name, password):
    words = ("--data", server.data, "account", "add", name, "--password-stdin")
    done = tools.qun("admin", *words, input=f"{password}\n")
    assert done.returncode == 0, done.stdout + done.stderr


def scram(person, name, password):
    """SCRAM-SHA-256 (RFC 5802, RFC 7677), as a client does it; the last line of the exchange."""
    person.send("AUTHENTICATE SCRAM-SHA-256")
    person.find("AUTHENTICATE", "+")
    nonce = base64.b64encode(os.urandom(18)).decode()
    bare = f"n={name},r={nonce}"
    person.send("AUTHENTICATE " + base64.b64encode(f"n,,{bare}".encode()).decode())
    line = person.next()
    if line.command != "AUTHENTICATE":
        return line
    first = base64.b64decode(line.last).decode()
    fields = dict(field.split("=", 1) for field in first.split(","))
    assert fields["r"].startswith(nonce) and len(fields["r"]) > len(nonce)
    salt, rounds = base64.b64decode(fields["s"]), int(fields["i"])
    assert rounds >= 4096
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, rounds)
    key = hmac.digest(salted, b"Client Key", "sha256")
    without_proof = f"c={base64.b64encode(b'n,,').decode()},r={fields['r']}"
    message = f"{bare},{first},{without_proof}".encode()
    signature = hmac.digest(hashlib.sha256(key).digest(), message, "sha256")
    proof = base64.b64encode(bytes(a ^ b for a, b in zip(key, signature))).decode()
    person.send("AUTHENTICATE " + base64.b64encode(f"{without_proof},p={proof}".encode()).decode())
    line = person.next()
    if line.command != "AUTHENTICATE":
        return line
    server_key = hmac.digest(salted, b"Server Key", "sha256")
    wanted = base64.b64encode(hmac.digest(server_key, message, "sha256")).decode()
    assert base64.b64decode(line.last).decode() == f"v={wanted}", "not the server that knows the password"
    person.send("AUTHENTICATE +")
    return person.find("903") if person.next().command == "900" else None


@pytest.mark.asan
def test_sasl_plain(serve):
    server = serve(*FAST)
    add_account(server, "ann", "open-sesame")
    ann = Irc(server).negotiate("sasl")
    assert set(ann.offered["sasl"].split(",")) >= {"PLAIN", "SCRAM-SHA-256"}
    assert ann.sign_in("ann", "wrong").command == "904"
    assert ann.sign_in("nobody", "open-sesame").command == "904"
    ann.send("AUTHENTICATE PLAIN")
    ann.find("AUTHENTICATE", "+")
    ann.send("AUTHENTICATE " + plain_response("ann", "open-sesame"))
    logged = ann.next()
    assert logged.command == "900" and logged.parameters[2] == "ann", logged
    assert ann.next().command == "903"
    ann.send("AUTHENTICATE PLAIN")
    assert ann.next().command == "907"
    ann.send("NICK ann", "USER a 0 * :a", "CAP END")
    ann.find("001")
    bob = Irc(server).enter("bob")
    assert any(line.matches("330", ("ann", "ann")) for line in bob.ask("WHOIS ann"))


def test_sasl_scram(serve):
    server = serve(*FAST)
    add_account(server, "小明", "芝麻开门芝麻开门")
    ming = Irc(server).negotiate("sasl")
    assert scram(ming, "小明", "wrong").command == "904"
    assert scram(ming, "nobody", "wrong").command == "904"
    assert scram(ming, "小明", "芝麻开门芝麻开门").command == "903"
    ming.send("NICK 小明", "USER m 0 * :m", "CAP END")
    ming.find("001")


def test_sasl_in_pieces(serve):
    """A response of 400 bytes and more comes in pieces; too long a one is refused."""
    server = serve(*FAST)
    password = "长" * 80
    add_account(server, "ann", password)
    response = plain_response("ann", password)
    pieces = [response[at : at + 400] for at in range(0, len(response), 400)]
    if len(pieces[-1]) == 400:
        pieces.append("+")
    ann = Irc(server).negotiate("sasl")
    ann.send("AUTHENTICATE PLAIN")
    ann.find("AUTHENTICATE", "+")
    ann.send(*[f"AUTHENTICATE {piece}" for piece in pieces])
    ann.find("903")
    eve = Irc(server).negotiate("sasl")
    eve.send("AUTHENTICATE PLAIN")
    eve.find("AUTHENTICATE", "+")
    eve.send("AUTHENTICATE " + "x" * 401)
    assert eve.next().command == "905"


@pytest.mark.asan
def test_a_registered_name_is_its_owners(serve, crowd_of):
    """On every face."""
    server = serve(*FAST)
    add_account(server, "小明", "open-sesame")
    assert Plain(server).try_to_enter("小明") != "OK"
    member = crowd_of(server).begin("小明")
    member.crowd.wait(lambda: member.others, "a refusal")
    assert member.state != "here"
    person = Irc(server)
    person.send("USER u 0 * :r", "NICK 小明")
    heard = person.next()
    while heard.command == "NOTICE":
        heard = person.next()
    assert heard.command in ("433", "432", "FAIL"), heard
    owner = Irc(server).enter("小明", account=("小明", "open-sesame"))
    owner.ask("NICK 别人")
    assert Plain(server).try_to_enter("小明") != "OK"


def test_registering_from_a_client(serve):
    server = serve(*FAST)
    ann = Irc(server).enter("ann", "draft/account-registration", "standard-replies")
    heard = ann.ask("REGISTER * * open-sesame")
    assert any(line.matches("REGISTER", ("SUCCESS", "ann")) for line in heard), heard
    assert any(line.command == "900" for line in heard), heard
    again = Irc(server).negotiate("sasl")
    assert again.sign_in("ann", "open-sesame").command in ("900", "903")
    bob = Irc(server).enter("bob", "draft/account-registration", "standard-replies")
    assert any(line.matches("FAIL", ("REGISTER", "ACCOUNT_EXISTS")) for line in bob.ask("REGISTER ann * x")) or any(
        line.matches("FAIL", ("REGISTER",)) for line in bob.ask("REGISTER ann * x")
    )


def test_nickserv(serve):
    server = serve(*FAST)
    ann = Irc(server).enter("ann")
    heard = ann.ask("PRIVMSG NickServ :REGISTER open-sesame")
    assert any(line.command == "NOTICE" and line.nick == "NickServ" for line in heard), heard
    ann.quit()
    person = Irc(server)
    person.send("USER u 0 * :r", "NICK ann")
    assert person.find("433")
    person.send("NICK other")
    person.find("001")
    person.sync()
    heard = person.ask("PRIVMSG NickServ :IDENTIFY ann wrong")
    assert any(line.command == "NOTICE" and line.nick == "NickServ" for line in heard)
    heard = person.ask("PRIVMSG NickServ :IDENTIFY ann open-sesame")
    assert any(line.command == "NOTICE" and line.nick == "NickServ" for line in heard)
    assert person.ask("NICK ann")[0].matches("NICK", ("ann",), "other")


def test_account_tags(serve):
    server = serve(*FAST)
    add_account(server, "ann", "open-sesame")
    people = enter(server, "bob", room="#tea", capabilities=("account-tag", "extended-join", "message-tags"))
    ann = Irc(server).enter("ann", account=("ann", "open-sesame"))
    ann.join("#tea")
    [joined] = [line for line in people["bob"].sync() if line.command == "JOIN"]
    assert joined.parameters[1] == "ann" and joined.tags.get("account") == "ann"
    ann.say("#tea", "signed")
    assert people["bob"].sync()[0].tags["account"] == "ann"


def test_an_account_outlives_the_server(serve):
    server = serve(*FAST)
    add_account(server, "ann", "open-sesame")
    server.stop()
    server.restart()
    Irc(server).enter("ann", account=("ann", "open-sesame"))
    listed = server.admin_ok("account", "list")
    assert "ann" in listed
    assert (server.data / "accounts.db").stat().st_mode & 0o777 == 0o600
    assert b"open-sesame" not in (server.data / "accounts.db").read_bytes()


def test_dropped(serve):
    server = serve(*FAST)
    add_account(server, "ann", "open-sesame")
    server.admin_ok("account", "drop", "ann")
    assert Irc(server).negotiate("sasl").sign_in("ann", "open-sesame").command == "904"
    Plain(server).enter("ann")
