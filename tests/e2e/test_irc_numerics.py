"""IRC: the numerics of what is seldom asked for, of what is full, and of who may not come in."""

import pytest
from irc import Irc
from scenes import enter, play

FAST = ("--rate", "100000:100000")


@pytest.mark.asan
def test_seldom_asked_for(serve):
    server = serve(*FAST)
    people = enter(server, "ann", room="#tea")
    play(
        """
        ann: MODE #tea e
          ann < 349 #tea :End of Channel Exception List
        ann: MODE #tea +e bob
          ann < :ann MODE #tea +e bob!*@*
        ann: MODE #tea e
          ann < 348 #tea bob!*@* ann ...
          ann < 349 #tea :End of Channel Exception List
        ann: MODE #tea +l
          ann < 696 #tea l * :...
        ann: MODE #tea +l many
          ann < 696 #tea l * :Invalid mode parameter
        ann: MODE #tea +k
          ann < 696 #tea k * :...
        ann: LIST
          ann < 321 Channel :Users  Name
          ann < 322 #lobby 0 :
          ann < 322 #tea 1 :
          ann < 323 :End of /LIST
        ann: HELPOP
          ann < 704 * :...
          ann < 705 * :...
          ann < ...
        ann: NS
          ann < :NickServ NOTICE ann :...
          ann < ...
        ann: NICKSERV HELP
          ann < :NickServ NOTICE ann :...
          ann < ...
        """,
        **people,
    )


def test_what_is_full(serve):
    """A list of masks, and the rooms of one person: as many as ISUPPORT says, and no more."""
    server = serve(*FAST)
    ann = Irc(server).enter("ann")
    ann.join("#tea")
    lists = dict(each.split(":") for each in ann.isupport["MAXLIST"].split(","))
    for letter in "beI":
        most = int(lists[letter])
        heard = ann.ask(*[f"MODE #tea +{letter} *!*@{number}" for number in range(most + 1)])
        assert [line.command for line in heard] == ["MODE"] * most + ["478"], heard[-2:]
        assert heard[-1].parameters[1:3] == ["#tea", letter]
    prefix, most = ann.isupport["CHANLIMIT"].split(":")
    rooms = [f"{prefix}{number}" for number in range(int(most))]
    heard = ann.ask(*[f"JOIN {','.join(rooms[at : at + 50])}" for at in range(0, len(rooms), 50)])
    [refused] = [line for line in heard if line.command not in ("JOIN", "353", "366")]
    assert refused.matches("405", (rooms[-1],)), refused


@pytest.mark.asan
def test_who_is_banned(serve):
    """By name and by network; whoever is in already has to go."""
    server = serve(*FAST)
    ann = Irc(server).enter("ann")
    for source, target, nick in (("127.0.0.1", "eve", "eve"), ("127.0.7.7", "127.0.7.0/24", "bob")):
        inside = Irc(server, source).enter(nick)
        server.admin_ok("ban", target, "too loud")
        assert inside.expect_end()[-1].command == "ERROR"
        again = Irc(server, source)
        again.send(f"NICK {nick}", "USER u 0 * :r")
        heard = again.expect_end()
        assert [line.command for line in heard] == ["465", "ERROR"], heard
        assert "too loud" in heard[0].last
    assert ann.numerics("WHOIS eve", "WHOIS bob") == ["401", "318"] * 2
