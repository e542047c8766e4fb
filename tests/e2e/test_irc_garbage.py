"""IRC: what no client says. The server answers or does not, lives, and serves the others."""

import os
import random
import select
import socket

import pytest
import tools
from irc import Irc
from tools import PATIENCE

FAST = ("--rate", "1000000:1000000")

LINES = """
CAP LS 302
CAP REQ :message-tags batch labeled-response echo-message draft/chathistory draft/event-playback
CAP REQ :server-time account-tag extended-join multi-prefix userhost-in-names setname away-notify
CAP END
NICK somebody
NICK 某人
USER u 0 * :r
AUTHENTICATE PLAIN
AUTHENTICATE AGEAYgBj
AUTHENTICATE SCRAM-SHA-256
AUTHENTICATE biwsbj1hLHI9Yg==
JOIN #garbage
JOIN #garbage,#more,#大厅 key,other
JOIN 0
PART #garbage :why
TOPIC #garbage :topic
TOPIC #garbage
MODE #garbage +ov-v somebody somebody other
MODE #garbage +beI *!*@* a?b!*@c *!*@*.qun
MODE #garbage +klimnstC key 20
MODE #garbage
MODE somebody +iwBH
KICK #garbage somebody,other :why
INVITE somebody #garbage
NAMES #garbage,#lobby
LIST >1,<100,T<5,C>3,*a*
WHO #garbage %tcuhnfar,42
WHO * o
WHOIS somebody somebody
WHOWAS somebody
USERHOST a b c d e
ISON a b c :d e
AWAY :away
SETNAME :real
PRIVMSG #garbage,somebody,nobody :你好 to all of you
PRIVMSG @#garbage :status
@+typing=active;label=x PRIVMSG #garbage :tagged
@+react=\\:\\s\\\\;label=y TAGMSG #garbage
@label=z CHATHISTORY LATEST #garbage * 50
CHATHISTORY BETWEEN #garbage timestamp=2020-01-01T00:00:00.000Z msgid=AAAA 10
CHATHISTORY TARGETS timestamp=2020-01-01T00:00:00.000Z timestamp=2100-01-01T00:00:00.000Z 10
NOTICE $* :everybody
PRIVMSG NickServ :IDENTIFY a b
NS HELP
REGISTER * * secret
OPER root secret
KILL somebody :why
WALLOPS :help
REHASH
STATS u
HELP JOIN
LUSERS
PING :token
PONG :token
ERROR :no
QUIT :bye
""".strip().split("\n")

PIECES = [b"\0", b"\r", b"\n", b" ", b":", b"@", b",", b"#", b"*", b"\x01", b"\xff", b"\xe4\xbd", "你".encode()]
PIECES += [b"=" * 40, b"a" * 600, b"%n%s", b"-1", b"99999999999999999999", b"\xf4\x90\x80\x80", b";;;", b"+o" * 30]


def mutate(chance, line):
    line = bytearray(line)
    for _ in range(chance.choice((0, 0, 1, 1, 2, 5))):
        at = chance.randrange(len(line) + 1)
        what = chance.randrange(4)
        if what == 0:
            line[at:at] = chance.choice(PIECES)
        elif what == 1 and line:
            del line[at : at + chance.randrange(1, 8)]
        elif what == 2 and at < len(line):
            line[at] = chance.randrange(256)
        else:
            line[at:at] = line[: chance.randrange(len(line) + 1)]
    return bytes(line)


def session(chance):
    """Bytes of one connection: mostly lines, some registered, ends of lines of all kinds."""
    lines = [b"NICK g%d" % chance.randrange(1000), b"USER u 0 * :r"] if chance.random() < 0.8 else []
    lines += [mutate(chance, chance.choice(LINES).encode()) for _ in range(chance.randrange(1, 40))]
    return b"".join(line + chance.choice((b"\r\n", b"\r\n", b"\n", b"\r")) for line in lines)


def talk(connections):
    """Says all of it to each, reading what comes, until nothing is left to be said."""
    deadline = PATIENCE * 10
    while connections:
        readable, writable, _ = select.select(list(connections), list(connections), [], deadline)
        assert readable or writable, "nothing moves"
        for each in set(readable) | set(writable):
            try:
                if each in readable and not each.recv(65536):
                    raise ConnectionResetError
                if each in writable:
                    sent = each.send(connections[each][:4096])
                    connections[each] = connections[each][sent:]
                    if not connections[each]:
                        raise BrokenPipeError
            except BlockingIOError:
                pass
            except OSError:
                connections.pop(each)
                each.close()


@pytest.mark.asan
def test_garbage(serve, is_long):
    """Sessions that are not quite right, many at a time; two people talk on and hear each other."""
    seed = int(os.environ.get("QUN_SEED", random.randrange(1 << 30)))
    print("QUN_SEED =", seed)
    chance = random.Random(seed)
    server = serve(*FAST, "--edges", "2")
    pids = server.children()
    ann, bob = Irc(server).enter("ann"), Irc(server).enter("bob")
    for each in (ann, bob):
        each.join("#tea")
    bob.sync()
    ann.sync()
    for turn in range(25_000 if is_long else 20):
        connections = {}
        for _ in range(20):
            made = socket.create_connection(server.address, PATIENCE)
            made.setblocking(False)
            connections[made] = session(chance)
        talk(connections)
        ann.say("#tea", str(turn))
        assert [line.last for line in bob.sync() if line.nick == "ann"] == [str(turn)]
        ann.log.clear()
        bob.log.clear()
    assert server.children() == pids, "somebody died"
    if not tools.IS_SANITIZED:  # The clerk hashes passwords in 64 MB; nothing else is nearly as large.
        sizes = {name: tools.memory_kb(pid) for name, pid in pids.items()}
        assert max(sizes.values()) < 128 * 1024, f"grown: {sizes}"
