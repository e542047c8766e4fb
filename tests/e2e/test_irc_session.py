"""IRC: qun/session, for clients whose connections break: a session is gone on with, a message that is
sent again is said once."""

from irc import Irc
from plain import Plain

FAST = ("--rate", "100000:100000")
WANTS = ("qun/session", "standard-replies", "message-tags", "batch", "labeled-response", "echo-message", "draft/multiline")
TOKEN = "mXyZ0123456789_-abcdefghij"
OTHER = "another0123456789_-abcdef"


def come(server, nick, token, *capabilities, source="127.0.0.1"):
    """What is said to it on the way in, up to the end of the greeting."""
    who = Irc(server, source=source).negotiate(*WANTS, *capabilities)
    who.send(f"SESSION {token}", f"NICK {nick}", "USER u 0 * :r", "CAP END")
    who.greeting = who.until("SESSION")
    while who.greeting[-1].command not in ("376", "422"):
        who.greeting.append(who.next(what="the end of the greeting"))
    who.is_resumed = any(l.command == "SESSION" and l.parameters == ["RESUMED"] for l in who.greeting)
    return who


def keyed(key, target, text, label="l"):
    return f"@label={label};qun/key={key} PRIVMSG {target} :{text}"


def refusals(server):
    stranger = Irc(server).negotiate("standard-replies")
    stranger.send(f"SESSION {TOKEN}")
    stranger.expect("421", "SESSION")
    stranger.send("CAP REQ qun/session")
    stranger.find("CAP", ..., "ACK")
    for token in ("short", "x" * 65, "with:colon0123456789abcdef"):
        stranger.send(f"SESSION {token}")
        stranger.expect("FAIL", "SESSION", "INVALID_TOKEN")
    stranger.send("SESSION")
    stranger.expect("461", "SESSION")
    stranger.close()


def test_a_session_is_gone_on_with(serve):
    server = serve(*FAST, "--edges", "2")
    refusals(server)
    bob = Irc(server).enter("bob", "message-tags", "away-notify")
    bob.join("#lobby", "#tea")
    ann = come(server, "ann", TOKEN)
    assert not ann.is_resumed
    ann.join("#tea")
    bob.ask("TOPIC #tea :of tea")
    ann.sync()
    assert ann.numerics(f"SESSION {OTHER}") == ["462"], "only on the way in"
    # Cut: nobody hears of it, nobody else gets the name, and it goes on from another address.
    ann.reset()
    server.compare_states()
    thief = Irc(server)
    thief.send("NICK ann", "USER u 0 * :r")
    thief.expect("433", "ann")
    thief.close()
    ann = come(server, "ann", TOKEN, source="127.0.0.2")
    assert ann.is_resumed
    heard = ann.sync()
    assert [l.parameters[0] for l in heard if l.command == "JOIN"] == ["#tea"], heard
    assert any(l.matches("332", ("#tea", "of tea")) for l in heard)
    bob.quiet()
    # Its old connection does not know that it is none: it is ended, and what stands in it is not said.
    old, ann = ann, come(server, "ann", TOKEN)
    assert ann.is_resumed
    old.expect_end()
    ann.sync()
    ann.say("#tea", "here")
    assert [l.last for l in bob.sync() if l.command == "PRIVMSG"] == ["here"]
    # With another token it is somebody else, who must take another name.
    other = Irc(server).negotiate(*WANTS)
    other.send(f"SESSION {OTHER}", "NICK ann", "USER u 0 * :r", "CAP END")
    other.find("433", "ann")
    other.close()
    # QUIT is heard at once.
    ann.quit("bye")
    bob.find("QUIT", "Quit: bye", nick="ann")
    server.compare_states()


def kept(heard):
    return [l.parameters for l in heard if l.command == "NOTE" and l.parameters[1] == "ALREADY_KEPT"]


def test_what_is_sent_again_is_said_once(serve):
    """Over a new connection, the death of each process, and of all of them."""
    server = serve(*FAST, "--edges", "2")
    plain = Plain(server).enter("小明")
    bob = Irc(server).enter("bob", "message-tags")
    bob.join("#lobby")
    ann = come(server, "ann", TOKEN)
    ann.join("#lobby")
    heard = ann.ask(keyed("k1", "#lobby", "once"))
    (echo,) = [l for l in heard if l.command == "PRIVMSG"]
    assert echo.tags["label"] == "l" and "qun/key" not in echo.tags
    heard = ann.ask(keyed("k1", "#LOBBY", "once", label="again"))
    (again,) = kept(heard)
    assert again[0] == "PRIVMSG" and again[2:4] == ["#LOBBY", echo.tags["msgid"]], again
    assert [l.tags["label"] for l in heard if l.command == "NOTE"] == ["again"]
    # Another target, another key, another session, no key: these are other messages.
    ann.ask(keyed("k1", "bob", "once"), keyed("k2", "#lobby", "once"), "PRIVMSG #lobby :once")
    carl = come(server, "carl", OTHER)
    carl.join("#lobby")
    carl.ask(keyed("k1", "#lobby", "once"))
    assert [l.last for l in bob.sync() if l.command == "PRIVMSG"] == ["once"] * 5
    lines = ["BATCH +b draft/multiline #lobby", "@batch=b PRIVMSG #lobby :a", "@batch=b PRIVMSG #lobby :b"]
    lines[0] = f"@label=m;qun/key=multi {lines[0]}"
    ann.ask(*lines, "BATCH -b")
    assert len(kept(ann.ask(*lines, "BATCH -b"))) == 1
    assert len(kept(ann.ask("@qun/key=t;+draft/react=x TAGMSG #lobby"))) == 0
    assert len(kept(ann.ask("@qun/key=t;+draft/react=x TAGMSG #lobby"))) == 1
    for name in ("hub", "scribe", "edge 0", "edge 1"):
        pid = server.kill(name)
        server.wait_replaced(name, pid)
        ann = come(server, "ann", TOKEN)
        assert ann.is_resumed, name
        assert len(kept(ann.ask(keyed("k1", "#lobby", "once"), keyed("k2", "#lobby", "once")))) == 2, name
        ann.reset()
    server.kill_all()
    server.restart()
    ann = come(server, "ann", TOKEN)
    assert ann.is_resumed
    assert len(kept(ann.ask(keyed("k1", "#lobby", "once"), keyed("multi", "#lobby", "x")))) == 2
    said = [line for line in server.history() if line.get("text") == "once"]
    assert len(said) == 4, said
    server.compare_states()
    plain.close()
