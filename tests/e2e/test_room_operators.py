"""A room's operators, who come by IRC, decide for everybody in it, whichever way they came."""

import joined
import pytest
from irc import Irc, say
from plain import Plain


@pytest.fixture
def start():
    with joined.clients() as clients:
        yield clients


@pytest.mark.asan
def test_who_came_by_a_session_obeys_and_reads_it_in_words(serve, start, place, language):
    server = serve(language=language)
    ann = Irc(server).enter("ann")
    ann.join("#tea")
    bob = start(server, "bob", state=place / "bob", language=language).wait_in()
    bob.say("/join #tea")
    ann.until("JOIN", "#tea", nick="bob")
    ann.send(say("TOPIC", "#tea", "绿茶"))
    bob.hear({"zh": "ann 把话题改为: 绿茶", "en": "ann changed the topic: 绿茶"}[language])
    ann.send("MODE #tea +m")
    bob.hear({"zh": "ann 改了房间的设置: +m", "en": "ann changed the room's modes: +m"}[language])
    bob.say("hello")
    bob.err.expect({"zh": "你现在不能在这个房间发言", "en": "you may not speak in this room now"}[language])
    ann.send("MODE #tea +v bob")
    bob.hear({"zh": "ann 改了房间的设置: +v bob", "en": "ann changed the room's modes: +v bob"}[language])
    bob.say("hello again")
    ann.until("PRIVMSG", "#tea", nick="bob")
    ann.send(say("KICK", "#tea", "bob", "喝完了"))
    bob.hear({"zh": "bob 被 ann 请出了房间: 喝完了", "en": "bob was put out of the room by ann: 喝完了"}[language])
    assert ann.names("#tea") == {"@ann"}
    kinds = [(each["kind"], each["text"]) for each in server.history("--room", "#tea")]
    assert [kind for kind, _ in kinds] == ["joined", "joined", "topic", "mode", "mode", "said", "put-out"]


def test_an_empty_room_is_what_it_was(serve):
    """Also after everything died: topic, modes, masks."""
    server = serve()
    ann = Irc(server).enter("ann")
    ann.join("#tea")
    ann.send(say("TOPIC", "#tea", "绿茶"), "MODE #tea +bs x!*@*", "PART #tea")
    ann.until("PART", "#tea", nick="ann")
    ann.sync()
    server.kill_all()
    server.restart()
    bob = Irc(server).enter("bob")
    heard = bob.join("#tea")
    assert [line.last for line in heard if line.command == "332"] == ["绿茶"]
    bob.send("MODE #tea")
    assert set(bob.until("324")[-1].parameters[2]) == set("+nst")
    bob.send("MODE #tea b")
    assert [line.parameters[2] for line in bob.until("368") if line.command == "367"] == ["x!*@*"]


def test_after_an_edge_died_one_is_back_and_nobody_noticed(serve):
    server = serve("--edges", "1")
    eve = Plain(server).enter("eve")
    ann = Irc(server).enter("ann")
    ann.join("#lobby")
    eve.find_where(lambda line: "ann" in line and "进入" in line, "ann came")
    server.kill("edge 0")
    ann.expect_end()
    back = Irc(server).enter("ann")
    assert back.names("#lobby") >= {"ann", "eve"}
    back.say("#lobby", "da bin ich")
    eve.find_where(lambda line: line == "ann说: da bin ich", "ann speaks")
    assert [each["kind"] for each in server.history() if each["name"] == "ann"] == ["entered", "joined", "said"]
