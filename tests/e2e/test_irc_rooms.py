"""IRC: rooms, who is in them, and what they are about."""

import time

import pytest
from irc import Irc
from plain import Plain
from scenes import enter, play

FAST = ("--rate", "100000:100000")


@pytest.mark.asan
def test_join_and_part(serve):
    server = serve(*FAST)
    people = enter(server, "ann", "bob")
    play(
        """
        ann: JOIN #tea
          ann < :ann!~someone@... JOIN #tea
          ann < 353 = #tea :@ann
          ann < 366 #tea
        bob: JOIN #TEA
          bob < :bob JOIN #tea
          bob < 353 = #tea ...
          bob < 366 #tea
          ann < :bob JOIN #tea
        bob: JOIN #tea
        ann: JOIN #a,#b
          ann < :ann JOIN #a
          ann < 353 = #a :@ann
          ann < 366 #a
          ann < :ann JOIN #b
          ann < 353 = #b :@ann
          ann < 366 #b
        bob: PART #tea :enough
          bob < :bob PART #tea :enough
          ann < :bob PART #tea :enough
        bob: PART #tea
          bob < 442 #tea
        bob: PART #nowhere
          bob < 403 #nowhere
        bob: PART
          bob < 461 PART
        bob: JOIN
          bob < 461 JOIN
        bob: JOIN tea
          bob < 403 tea
        bob: JOIN #a,nothing,#b
          bob < :bob JOIN #a
          bob < 353 = #a ...
          bob < 366 #a
          ann < :bob JOIN #a
          bob < 403 nothing
          bob < :bob JOIN #b
          bob < 353 = #b ...
          bob < 366 #b
          ann < :bob JOIN #b
        bob: PART #a,#b :both
          bob < :bob PART #a :both
          bob < :bob PART #b :both
          ann < :bob PART #a :both
          ann < :bob PART #b :both
        bob: JOIN #a
          bob < ...
          ann < :bob JOIN #a
        bob: JOIN 0
          bob < :bob PART #a
          ann < :bob PART #a
        """,
        **people,
    )


def test_names(serve):
    server = serve(*FAST)
    people = enter(server, "ann", "bob", room="#tea")
    people["eve"] = Irc(server).enter("eve")
    play(
        """
        eve: NAMES #tea
          eve < 353 = #tea ...
          eve < 366 #tea
        eve: NAMES #nowhere
          eve < 366 #nowhere
        ann: MODE #tea +s
          ann < :ann MODE #tea +s
          bob < :ann MODE #tea +s
        eve: NAMES #tea
          eve < 366 #tea
        bob: NAMES #tea
          bob < 353 @ #tea ...
          bob < 366 #tea
        """,
        **people,
    )
    assert people["bob"].names("#tea") == {"@ann", "bob"}


def test_names_of_many(serve):
    """All of them, in lines that fit, whoever comes meanwhile."""
    server = serve(*FAST)
    ann = Irc(server).enter("ann")
    ann.join("#lobby")
    crowd = [Plain(server) for _ in range(200)]
    for number, member in enumerate(crowd):
        member.enter(f"这是一个很长的名字{number}")
    assert ann.names("#lobby") == {"ann", *(member.name for member in crowd)}


def test_topic(serve):
    server = serve(*FAST)
    people = enter(server, "ann", "bob", room="#tea")
    people["eve"] = Irc(server).enter("eve")
    began = int(time.time())
    play(
        """
        ann: TOPIC #tea
          ann < 331 #tea
        ann: TOPIC #tea :绿茶 or black
          ann < :ann!... TOPIC #tea :绿茶 or black
          bob < :ann!... TOPIC #tea :绿茶 or black
        bob: TOPIC #tea
          bob < 332 #tea :绿茶 or black
          bob < 333 #tea ann...
        bob: TOPIC #tea :mine
          bob < 482 #tea
        eve: TOPIC #tea :mine
          eve < 442 #tea
        ann: TOPIC #nowhere :x
          ann < 403 #nowhere
        ann: TOPIC
          ann < 461 TOPIC
        ann: MODE #tea -t
          ann < :ann MODE #tea -t
          bob < :ann MODE #tea -t
        bob: TOPIC #tea :bob's
          bob < :bob TOPIC #tea :bob's
          ann < :bob TOPIC #tea :bob's
        eve: JOIN #tea
          eve < :eve JOIN #tea
          eve < 332 #tea :bob's
          eve < 333 #tea bob...
          eve < 353 ...
          eve < 366 #tea
          ann < :eve JOIN #tea
          bob < :eve JOIN #tea
        bob: TOPIC #tea :
          bob < :bob TOPIC #tea :
          ann < :bob TOPIC #tea :
          eve < :bob TOPIC #tea :
        bob: TOPIC #tea
          bob < 331 #tea
        bob: TOPIC #tea :last
          bob < :bob TOPIC #tea :last
          ann < :bob TOPIC #tea :last
          eve < :bob TOPIC #tea :last
        """,
        **people,
    )
    when = people["bob"].ask("TOPIC #tea")[1].parameters[3]
    assert began <= int(when) <= time.time() + 1


def test_kick(serve):
    server = serve(*FAST)
    people = enter(server, "ann", "bob", "eve", room="#tea")
    people["out"] = Irc(server).enter("out")
    play(
        """
        bob: KICK #tea ann :no
          bob < 482 #tea
        out: KICK #tea ann :no
          out < 442 #tea
        ann: KICK #tea out
          ann < 441 out #tea
        ann: KICK #nowhere bob
          ann < 403 #nowhere
        ann: KICK #tea
          ann < 461 KICK
        ann: KICK #tea bob :away with you
          ann < :ann!... KICK #tea bob :away with you
          bob < :ann!... KICK #tea bob :away with you
          eve < :ann!... KICK #tea bob :away with you
        bob: PRIVMSG #tea :still here?
          bob < 404 #tea
        bob: JOIN #tea
          bob < ...
          ann < :bob JOIN #tea
          eve < :bob JOIN #tea
        ann: KICK #tea bob,eve :both
          ann < :ann KICK #tea bob :both
          ann < :ann KICK #tea eve :both
          bob < :ann KICK #tea bob :both
          eve < :ann KICK #tea bob :both
          eve < :ann KICK #tea eve :both
        """,
        **people,
    )


def test_invite(serve):
    server = serve(*FAST)
    people = enter(server, "ann", room="#tea")
    people.update(enter(server, "bob", "eve"))
    play(
        """
        ann: MODE #tea +i
          ann < :ann MODE #tea +i
        bob: JOIN #tea
          bob < 473 #tea
        bob: INVITE eve #tea
          bob < 442 #tea
        ann: INVITE nobody #tea
          ann < 401 nobody
        ann: INVITE bob
          ann < 461 INVITE
        ann: INVITE bob #tea
          ann < 341 bob #tea
          bob < :ann!... INVITE bob :#tea
        bob: JOIN #tea
          bob < ...
          ann < :bob JOIN #tea
        ann: INVITE bob #tea
          ann < 443 bob #tea
        bob: INVITE eve #tea
          bob < 482 #tea
        bob: PART #tea
          bob < :bob PART #tea
          ann < :bob PART #tea
        bob: JOIN #tea
          bob < 473 #tea
        """,
        **people,
    )
    # One's own invitations are listed.
    people["ann"].ask("INVITE eve #tea")
    heard = people["eve"].ask("INVITE")
    assert [line.command for line in heard if line.command != "INVITE"][-1] == "337"
    assert any(line.matches("336", ("#tea",)) for line in heard), heard


def test_list(serve):
    server = serve(*FAST)
    people = enter(server, "ann", "bob", room="#two")
    ann, bob = people["ann"], people["bob"]
    ann.join("#one", "#hidden")
    ann.ask("MODE #hidden +s", "TOPIC #two :of two")
    assert set(ann.isupport["ELIST"]) == set("CMNTU")

    def listed(person, arguments=""):
        heard = [line for line in person.ask(f"LIST {arguments}".strip()) if line.command in ("322", "323")]
        assert heard[-1].command == "323"
        return {line.parameters[1]: (int(line.parameters[2]), line.last) for line in heard[:-1]}

    bob.sync()
    rooms = listed(bob)
    assert rooms["#two"] == (2, "of two") and rooms["#one"][0] == 1 and "#hidden" not in rooms
    assert "#lobby" in rooms
    assert "#hidden" in listed(ann)
    for arguments, wanted in (
        ("#two", {"#two"}),
        ("#two,#one", {"#two", "#one"}),
        ("#nowhere", set()),
        ("#hidden", set()),
        (">1", {"#two"}),
        ("<2,>0", {"#one"}),
        ("*w*", {"#two"}),
        ("!*w*,>0", {"#one"}),
        ("C<60,>0", {"#one", "#two"}),
        ("C>60,>0", set()),
        ("T<60", {"#two"}),
        ("T>60", set()),
        ("C>0", {"#one", "#two"}),
        ("C<0", set()),
        ("T>0", {"#two"}),
        ("T<0", set()),
        ("T<60,C<60,<3,>1,*t*,!*one*", {"#two"}),
    ):
        found = set(listed(bob, arguments)) - {"#lobby"}
        assert found == wanted, f"LIST {arguments}: {found}, not {wanted}"


def test_an_empty_room_keeps_what_it_is(serve):
    """Topic, modes, lists and founder outlast the last member; somebody else is no operator."""
    server = serve(*FAST)
    people = enter(server, "ann", room="#tea")
    ann, bob = people["ann"], Irc(server).enter("bob")
    ann.ask("TOPIC #tea :kept", "MODE #tea +mb bad!*@*", "PART #tea")
    heard = bob.join("#tea")
    assert bob.names("#tea") == {"bob"}, heard
    assert [line.last for line in heard if line.command == "332"] == ["kept"]
    modes = next(line for line in bob.ask("MODE #tea") if line.command == "324")
    assert set("mnt") <= set(modes.parameters[2]), modes
    assert [line.parameters[2] for line in bob.ask("MODE #tea b") if line.command == "367"] == ["bad!*@*"]


def test_a_room_outlives_the_server(serve):
    server = serve(*FAST)
    ann = Irc(server).enter("ann")
    ann.join("#tea")
    ann.ask("TOPIC #tea :kept", "MODE #tea +ls 20", "MODE #tea +b bad!*@*", "PRIVMSG #tea :said")
    server.stop()
    server.restart()
    bob = Irc(server).enter("bob")
    heard = bob.join("#tea")
    assert [line.last for line in heard if line.command == "332"] == ["kept"]
    modes = next(line for line in bob.ask("MODE #tea") if line.command == "324")
    assert set(modes.parameters[2]) == set("+lnst") and modes.parameters[3:] == ["20"], modes
    assert [line.parameters[2] for line in bob.ask("MODE #tea b") if line.command == "367"] == ["bad!*@*"]


def test_the_lobby(serve):
    """There from the beginning, nobody's, under two names."""
    server = serve(*FAST)
    ann, bob = Irc(server).enter("ann"), Irc(server).enter("bob")
    ann.join("#lobby")
    assert ann.names("#lobby") == {"ann"}
    bob.send("JOIN #大厅")
    assert bob.find("JOIN").parameters[0] in ("#lobby", "#大厅")
    bob.find("366")
    ann.find("JOIN", "#lobby", nick="bob")


def test_rooms_of_sessions_are_rooms_of_irc(serve, crowd_of):
    server = serve(*FAST)
    crowd = crowd_of(server)
    hong = crowd.enter("小红")
    room = hong.settle(hong.join("#茶")).rooms[0]
    ann = Irc(server).enter("ann")
    ann.join("#茶")
    assert {name.lstrip("@") for name in ann.names("#茶")} == {"ann", "小红"}
    hong.settle(hong.say("绿的", room))
    assert ann.find("PRIVMSG").matches("PRIVMSG", ("#茶", "绿的"), "小红")
    ann.say("#茶", "黑的")
    hong.expect("黑的")
    hong.settle(hong.part(room, "够了"))
    assert ann.find("PART", "#茶", nick="小红").last == "够了"


def test_modes_hold_for_every_face(serve, crowd_of):
    """A moderated room is so for who came by session, too."""
    server = serve(*FAST)
    ann = Irc(server).enter("ann")
    ann.join("#茶")
    crowd = crowd_of(server)
    hong = crowd.enter("小红")
    room = hong.settle(hong.join("#茶")).rooms[0]
    ann.ask("MODE #茶 +m")
    refusal = hong.settle(hong.say("may I?", room))
    assert "may I?" not in [line.last for line in ann.sync()]
    ann.ask("MODE #茶 +v 小红")
    hong.settle(hong.say("now I may", room))
    assert ann.find("PRIVMSG").last == "now I may"
    assert refusal.kind != hong.entries[-1].kind
    ann.ask("MODE #茶 +b 小红!*@*", "KICK #茶 小红 :out")
    refused = hong.settle(hong.join("#茶"))
    assert not refused.rooms or refused.kind != 4, refused
    assert {name.lstrip("@") for name in ann.names("#茶")} == {"ann"}
