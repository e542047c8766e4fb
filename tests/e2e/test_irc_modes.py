"""IRC: MODE, of rooms and of people."""

import joined
import pytest
from irc import Irc
from plain import Plain
from scenes import enter, play

FAST = ("--rate", "100000:100000")

# What `qun admin password` makes of: open sesame
SESAME = (
    "$argon2id$v=19$m=65536,t=2,p=1$2NBHExx57ioLyOe6QOKHqA$KLbHRcbTLLDgt8aJ/1dgDMX7It1SxKjHlkygAtdIiz4"
)


@pytest.mark.asan
def test_what_a_room_is(serve):
    server = serve(*FAST)
    people = enter(server, "ann", "bob", room="#tea")
    people["out"] = Irc(server).enter("out")
    play(
        """
        ann: MODE #tea
          ann < 324 #tea +nt
          ann < 329 #tea
        out: PRIVMSG #tea :through the door?
          out < 404 #tea
        ann: MODE #tea -n
          ann < :ann!... MODE #tea -n
          bob < :ann!... MODE #tea -n
        out: PRIVMSG #tea :through the door!
          ann < :out PRIVMSG #tea :through the door!
          bob < :out PRIVMSG #tea :through the door!
        ann: MODE #tea +n-t+i
          ann < :ann MODE #tea +n-t+i
          bob < :ann MODE #tea +n-t+i
        ann: MODE #tea -i
          ann < :ann MODE #tea -i
          bob < :ann MODE #tea -i
        ann: MODE #tea -i
        bob: MODE #tea +i
          bob < 482 #tea
        out: MODE #tea +i
          out < 482 #tea
        ann: MODE #tea +Q
          ann < 472 Q
        ann: MODE #tea +小Q
          ann < 472 *
          ann < 472 Q
        ann: MODE #nowhere +i
          ann < 403 #nowhere
        ann: MODE
          ann < 461 MODE
        """,
        **people,
    )


def test_operators_and_voices(serve):
    server = serve(*FAST)
    people = enter(server, "ann", "bob", "eve", room="#tea")
    people["out"] = Irc(server).enter("out")
    play(
        """
        ann: MODE #tea +o bob
          ann < :ann MODE #tea +o bob
          bob < :ann MODE #tea +o bob
          eve < :ann MODE #tea +o bob
        bob: MODE #tea -o ann
          ann < :bob MODE #tea -o ann
          bob < :bob MODE #tea -o ann
          eve < :bob MODE #tea -o ann
        ann: MODE #tea +o ann
          ann < 482 #tea
        bob: MODE #tea +vv ann eve
          ann < :bob MODE #tea +vv ann eve
          bob < :bob MODE #tea +vv ann eve
          eve < :bob MODE #tea +vv ann eve
        bob: MODE #tea +o out
          bob < 441 out #tea
        bob: MODE #tea +o nobody
          bob < 401 nobody
        bob: MODE #tea +ov-v ann ann eve
          ann < :bob MODE #tea +o-v ann eve
          bob < :bob MODE #tea +o-v ann eve
          eve < :bob MODE #tea +o-v ann eve
        """,
        **people,
    )
    assert people["eve"].names("#tea") == {"@ann", "@bob", "eve"}
    both = Irc(server).enter("both", "multi-prefix")
    both.join("#tea")
    assert both.names("#tea") == {"@+ann", "@bob", "eve", "both"}


def test_moderated(serve):
    server = serve(*FAST)
    people = enter(server, "ann", "bob", room="#tea")
    play(
        """
        ann: MODE #tea +m
          ann < :ann MODE #tea +m
          bob < :ann MODE #tea +m
        bob: PRIVMSG #tea :may I?
          bob < 404 #tea
        ann: PRIVMSG #tea :I may
          bob < :ann PRIVMSG #tea :I may
        ann: MODE #tea +v bob
          ann < :ann MODE #tea +v bob
          bob < :ann MODE #tea +v bob
        bob: PRIVMSG #tea :now I may
          ann < :bob PRIVMSG #tea :now I may
        """,
        **people,
    )


def test_key_and_limit(serve):
    server = serve(*FAST)
    people = enter(server, "ann", room="#tea")
    people.update(enter(server, "bob", "eve"))
    play(
        """
        ann: MODE #tea +k sesame
          ann < :ann MODE #tea +k sesame
        bob: JOIN #tea
          bob < 475 #tea
        bob: JOIN #tea wrong
          bob < 475 #tea
        bob: JOIN #other,#tea x,sesame
          bob < :bob JOIN #other
          bob < 353 ...
          bob < 366 #other
          bob < :bob JOIN #tea
          bob < 353 ...
          bob < 366 #tea
          ann < :bob JOIN #tea
        ann: MODE #tea +l 2
          ann < :ann MODE #tea +l 2
          bob < :ann MODE #tea +l 2
        eve: JOIN #tea sesame
          eve < 471 #tea
        ann: MODE #tea
          ann < 324 #tea ...
          ann < 329 #tea
        eve: MODE #tea
          eve < 324 #tea ...
          eve < 329 #tea
        ann: MODE #tea -l
          ann < :ann MODE #tea -l
          bob < :ann MODE #tea -l
        ann: MODE #tea -k sesame
          ann < :ann MODE #tea -k ...
          bob < :ann MODE #tea -k ...
        eve: JOIN #tea
          eve < ...
          ann < :eve JOIN #tea
          bob < :eve JOIN #tea
        """,
        **people,
    )
    ann, out = people["ann"], Irc(server).enter("out")
    ann.ask("MODE #tea +k secret")
    assert "secret" in " ".join(ann.ask("MODE #tea")[0].parameters)
    assert "secret" not in " ".join(out.ask("MODE #tea")[0].parameters)


def test_bans(serve, place):
    path = place / "qun.conf"
    path.write_text(f"[operator root]\npassword = {SESAME}\n")
    path.chmod(0o600)
    server = serve(*FAST, "--config", path)
    people = enter(server, "ann", "bob", room="#tea")
    people["eve"] = Irc(server).enter("eve")
    play(
        """
        ann: MODE #tea b
          ann < 368 #tea
        ann: MODE #tea +b eve
          ann < :ann MODE #tea +b eve!*@*
          bob < :ann MODE #tea +b eve!*@*
        ann: MODE #tea +b eve!*@*
        eve: JOIN #tea
          eve < 474 #tea
        ann: MODE #tea +e eve!*@*
          ann < :ann MODE #tea +e ...
          bob < :ann MODE #tea +e ...
        eve: JOIN #tea
          eve < ...
          ann < :eve JOIN #tea
          bob < :eve JOIN #tea
        ann: MODE #tea -e eve!*@*
          ann < :ann MODE #tea -e ...
          bob < :ann MODE #tea -e ...
          eve < :ann MODE #tea -e ...
        eve: PRIVMSG #tea :banned as I am
          eve < 404 #tea
        bob: MODE #tea b
          bob < 367 #tea eve!*@* ann...
          bob < 368 #tea
        ann: MODE #tea -b eve!*@*
          ann < :ann MODE #tea -b eve!*@*
          bob < :ann MODE #tea -b eve!*@*
          eve < :ann MODE #tea -b eve!*@*
        eve: PRIVMSG #tea :not any more
          ann < :eve PRIVMSG #tea :not any more
          bob < :eve PRIVMSG #tea :not any more
        """,
        **people,
    )
    play(MUTED, **people)
    assert people["ann"].isupport["EXTBAN"] == ",am" and people["ann"].isupport["ACCOUNTEXTBAN"] == "a"
    for_plain_people(server, people["ann"])


MUTED = """
    ann: MODE #tea +b-t m:eve
      ann < :ann MODE #tea +b-t m:eve!*@*
      bob < :ann MODE #tea +b-t m:eve!*@*
      eve < :ann MODE #tea +b-t m:eve!*@*
    eve: PRIVMSG #tea :muted as I am
      eve < 404 #tea :...+b m:...muted...
    eve: PRIVMSG @#tea :muted as I am
      eve < 404 @#tea ...
    eve: NOTICE #tea :muted as I am
    eve: TOPIC #tea :muted as I am
      eve < 404 #tea :...muted...
    -- Who is muted comes in, as long as it is not banned; an exception from bans is none for mutes.
    eve: PART #tea
      ann < :eve PART #tea
      bob < :eve PART #tea
      eve < :eve PART #tea
    ann: MODE #tea +be *!*@* eve
      ann < :ann MODE #tea +be *!*@* eve!*@*
      bob < :ann MODE #tea +be *!*@* eve!*@*
    eve: JOIN #tea
      eve < :eve JOIN #tea
      eve < ...
      ann < :eve JOIN #tea
      bob < :eve JOIN #tea
    eve: PRIVMSG #tea :muted as I am
      eve < 404 #tea :...+b m:...
    bob: MODE #tea b
      bob < 367 #tea m:eve!*@* ann...
      bob < 367 #tea *!*@* ann...
      bob < 368 #tea
    bob: MODE #tea e
      bob < 348 #tea eve!*@* ann...
      bob < 349 #tea
    ann: MODE #tea -be+e *!*@* eve!*@* m:e*!*@*
      ann < :ann MODE #tea -be+e *!*@* eve!*@* m:e*!*@*
      bob < :ann MODE #tea -be+e *!*@* eve!*@* m:e*!*@*
      eve < :ann MODE #tea -be+e *!*@* eve!*@* m:e*!*@*
    eve: PRIVMSG #tea :not any more
      ann < :eve PRIVMSG #tea :not any more
      bob < :eve PRIVMSG #tea :not any more
    ann: MODE #tea -e+v m:e*!*@* eve
      ann < :ann MODE #tea -e+v m:e*!*@* eve
      bob < :ann MODE #tea -e+v m:e*!*@* eve
      eve < :ann MODE #tea -e+v m:e*!*@* eve
    eve: PRIVMSG #tea :by my office
      ann < :eve PRIVMSG #tea :by my office
      bob < :eve PRIVMSG #tea :by my office
    bob: MODE #tea -b m:eve!*@*
      bob < 482 #tea
    ann: MODE #tea +I m:eve
      ann < 696 #tea I ...
    ann: MODE #tea +b a:
      ann < 696 #tea b ...
    ann: MODE #tea +b m:a:eve!*@*
      ann < 696 #tea b ...
"""


def for_plain_people(server, ann):
    """They are met as they are seen, and told in words."""
    ann.ask("OPER root :open sesame", "JOIN #lobby")
    ming = Plain(server).enter("小明")
    host = ann.find("JOIN", nick="小明").host
    ann.ask(f"MODE #lobby +b m:*!*@{host}")
    ming.send("C 一")
    ming.find_where(lambda heard: "被禁言" in heard, "that one is muted")
    ann.ask(f"MODE #lobby -b m:*!*@{host}")
    ming.say("二")


def test_a_cloak_can_be_banned(serve):
    """Hosts are cloaks: the same for the same address, and no address can be read from them."""
    server = serve(*FAST)
    ann = Irc(server).enter("ann")
    ann.join("#tea")
    eve, other = Irc(server, "127.0.3.4").enter("eve"), Irc(server, "127.0.3.4").enter("other")
    far = Irc(server, "127.0.9.9").enter("far")
    hosts = {}
    for person in (eve, other, far):
        person.join("#look-" + person.nick)
        hosts[person.nick] = next(line.host for line in person.log if line.command == "JOIN")
    assert hosts["eve"] == hosts["other"] != hosts["far"]
    assert "127" not in hosts["eve"] and "localhost" not in hosts["eve"]
    ann.ask(f"MODE #tea +b *!*@{hosts['eve']}")
    assert eve.ask("JOIN #tea")[0].command == "474"
    assert other.ask("JOIN #tea")[0].command == "474"
    assert far.join("#tea")[0].command == "JOIN"


def test_invitation_masks(serve):
    server = serve(*FAST)
    people = enter(server, "ann", room="#tea")
    people.update(enter(server, "bob", "eve"))
    play(
        """
        ann: MODE #tea +iI b?b!*@*
          ann < :ann MODE #tea +iI b?b!*@*
        bob: JOIN #tea
          bob < ...
          ann < :bob JOIN #tea
        eve: JOIN #tea
          eve < 473 #tea
        ann: MODE #tea I
          ann < 346 #tea b?b!*@* ...
          ann < 347 #tea
        ann: MODE #tea e
          ann < 349 #tea
        """,
        **people,
    )


def test_no_ctcp_or_controls(serve):
    """+C: a room without CTCP; ACTION is speech."""
    server = serve(*FAST)
    people = enter(server, "ann", "bob", room="#tea")
    people["ann"].ask("MODE #tea +C")
    people["bob"].sync()
    assert [line.command for line in people["bob"].ask("PRIVMSG #tea :\x01VERSION\x01")] == ["404"]
    assert people["bob"].ask("PRIVMSG #tea :\x01ACTION sings\x01") == []
    assert people["ann"].sync()[0].last == "\x01ACTION sings\x01"


def test_no_mask_costs_more_than_it_may(serve):
    """Masks made to be slow are not: the server goes on as before."""
    server = serve(*FAST)
    people = enter(server, "ann", room="#tea")
    ann = people["ann"]
    mask = "*a" * 60 + "b!*@*"
    for number in range(20):
        ann.ask(f"MODE #tea +b {mask}{number}")
    eve = Irc(server).enter("a" * 30)
    eve.join("#tea")
    assert eve.ask("PRIVMSG #tea :here")[:1] == []


def test_modes_of_people(serve):
    server = serve(*FAST)
    people = enter(server, "ann", "bob")
    play(
        """
        ann: MODE ann
          ann < 221 ...
        ann: MODE ann +i
          ann < :ann MODE ann ...+i
        ann: MODE ann
          ann < 221 +...i...
        ann: MODE ann -i
          ann < :ann MODE ann ...-i
        ann: MODE ann +o
        ann: MODE ann +Q
          ann < 501
        ann: MODE bob
          ann < 502
        ann: MODE bob +i
          ann < 502
        ann: MODE nobody
          ann < 401 nobody
        ann: MODE ann +H
          ann < :ann MODE ann ...+H
        ann: MODE ann -H
          ann < :ann MODE ann ...-H
        """,
        **people,
    )
    bots = people["bob"].isupport["BOT"]
    people["bob"].ask(f"MODE bob +{bots}")
    assert any(line.command == "335" for line in people["ann"].ask("WHOIS bob"))


def test_plain_people_in_modes(serve):
    """Who came by datagram in the lobby has a source that masks can hold."""
    server = serve(*FAST)
    ann = Irc(server).enter("ann")
    ann.join("#lobby")
    Plain(server).enter("小明")
    joined = ann.find("JOIN", nick="小明")
    assert joined.source.startswith("小明!") and "@" in joined.source


def test_where_one_is_sent_and_how_often_one_speaks(serve, place):
    """R, M, f, W: who may come, who may speak, how often; whichever way one came."""
    server = serve(*FAST, language="en")
    people = {name: Irc(server).enter(name) for name in ("ann", "bob", "eve")}
    people["ann"].join("#tea", "#hall")
    play(SENT_ON, **people)
    play(SLOW, **people)
    for_sessions(server, place, people["ann"])


SENT_ON = """
    ann: MODE #tea +RMfW #hall 600
      ann < :ann MODE #tea +RMfW #hall 600
    ann: MODE #tea
      ann < 324 #tea +MRntfW #hall 600
      ann < 329 #tea
    ann: MODE #tea +W 600
    ann: MODE #tea +f #HALL
    -- Who has no account is sent on, as long as there is where to.
    eve: JOIN #tea
      eve < 470 #tea #hall :...
      eve < :eve JOIN #hall
      eve < 353 = #hall ...
      eve < 366 #hall
      ann < :eve JOIN #hall
    eve: JOIN #tea
      eve < 477 #tea :...
    ann: MODE #hall +i
      ann < :ann MODE #hall +i
      eve < :ann MODE #hall +i
    eve: PART #hall
      ann < :eve PART #hall
      eve < :eve PART #hall
    eve: JOIN #tea
      eve < 477 #tea :...
    -- One may send people where everybody may go, or where one is an operator.
    eve: JOIN #own
      eve < :eve JOIN #own
      eve < 353 = #own :...
      eve < 366 #own
    eve: MODE #own +f #hall
      eve < 482 #hall
    eve: MODE #own +f #nowhere
      eve < 403 #nowhere
    eve: MODE #own +f #own
      eve < 696 #own f * :...
    eve: MODE #own +f nowhere
      eve < 696 #own f * :...
    ann: MODE #tea -R+f #own
      ann < :ann MODE #tea -R+f #own
    bob: MODE #tea +R
      bob < 482 #tea
"""

SLOW = """
    eve: JOIN #tea
      eve < :eve JOIN #tea
      eve < 353 = #tea :...
      eve < 366 #tea
      ann < :eve JOIN #tea
    eve: PRIVMSG #tea :hello
      eve < 404 #tea :...+M...
    ann: MODE #tea -M
      ann < :ann MODE #tea -M
      eve < :ann MODE #tea -M
    eve: PRIVMSG #tea :one
      ann < :eve PRIVMSG #tea one
    eve: PRIVMSG #tea :two
      eve < 404 #tea :...+W...wait ... more seconds
    eve: NOTICE #tea :two
    eve: PRIVMSG @#tea :help
      ann < :eve PRIVMSG @#tea help
    ann: PRIVMSG #tea :one
      eve < :ann PRIVMSG #tea one
    ann: PRIVMSG #tea :two
      eve < :ann PRIVMSG #tea two
    ann: MODE #tea +v eve
      ann < :ann MODE #tea +v eve
      eve < :ann MODE #tea +v eve
    eve: PRIVMSG #tea :two
      ann < :eve PRIVMSG #tea two
    ann: MODE #tea +W 0
      ann < 696 #tea W * :...
    ann: MODE #tea +W 21601
      ann < 696 #tea W * :...
"""


def for_sessions(server, place, ann):
    """Who came by a session is sent on as well, and told why not in words."""
    with joined.clients() as clients:
        cat = clients(server, "cat", state=place / "cat", language="en").wait_in()
        ann.ask("MODE #tea +R")
        cat.say("/join #tea")
        cat.out.expect("#own")
        cat.say("/join #tea")
        cat.err.expect("this room is for people who have signed in to an account")
        ann.ask("MODE #tea -R")
        cat.say("/join #tea")
        ann.until("JOIN", "#tea", nick="cat")
        cat.say("one", "two")
        cat.err.expect("this room is in slow mode: say it again in [0-9]+ seconds")
        ann.ask("MODE #tea -W+b m:cat")
        cat.say("three")
        cat.err.expect("you are muted in this room")
