"""IRC: who somebody is, was, and wants to be."""

import re

import pytest
from irc import Irc, plain_response
from plain import Plain
from scenes import enter, play
from tools import eventually

FAST = ("--rate", "100000:100000")


@pytest.mark.asan
def test_nick(serve, crowd_of):
    """Heard once by everybody who shares a room, however many they share."""
    server = serve(*FAST)
    people = enter(server, "ann", "bob", room="#tea")
    for name in ("#a", "#b", "#c"):
        for each in people.values():
            each.join(name)
    for each in people.values():
        each.sync()
    people["out"] = Irc(server).enter("out")
    Plain(server).enter("小明")
    play(
        """
        ann: NICK anna
          ann < :ann!~someone@... NICK :anna
          bob < :ann NICK anna
        ann: NICK bob
          ann < 433 bob
        ann: NICK 小明
          ann < 433 小明
        ann: NICK 安娜
          ann < :anna NICK :安娜
          bob < :anna NICK :安娜
        bob: PRIVMSG 安娜 :hello
          ann < :bob PRIVMSG 安娜 :hello
        bob: PRIVMSG ann :hello?
          bob < 401 ann
        """,
        **people,
    )


def test_one_quit_is_heard_once(serve):
    server = serve(*FAST)
    people = enter(server, "ann", "bob", room="#tea")
    for name in ("#a", "#b", "#lobby"):
        for each in people.values():
            each.join(name)
    for each in people.values():
        each.sync()
    play(
        """
        bob: QUIT :enough
          bob < ERROR
          ann < :bob!~someone@... QUIT :...enough
        """,
        **people,
    )
    for end in ("close", "reset"):
        eve = Irc(server).enter("eve")
        eve.join("#tea", "#a", "#lobby")
        people["ann"].sync()
        getattr(eve, end)()
        assert people["ann"].find("QUIT", nick="eve").last
        assert [line.command for line in people["ann"].sync()] == [], end


def test_whois(serve, crowd_of):
    server = serve(*FAST)
    people = enter(server, "ann", "bob", room="#tea")
    ming = Plain(server).enter("小明")
    crowd_of(server).enter("小红")
    play(
        """
        ann: WHOIS bob
          ann < 311 bob ~someone ... * :bob
          ann < ...
        ann: WHOIS nobody
          ann < 401 nobody
          ann < 318 nobody
        ann: WHOIS
          ann < 431
        """,
        **people,
    )
    ann = people["ann"]
    found = {line.command: line for line in ann.ask("WHOIS bob")}
    assert found["319"].last.split() == ["#tea"] and found["312"].parameters[2] == ann.server_name
    assert re.fullmatch(r"\d+", found["317"].parameters[2]) and int(found["317"].parameters[2]) < 600
    assert found["318"].parameters[1] == "bob" and "313" not in found and "301" not in found
    assert {line.command: line for line in ann.ask("WHOIS ann")}["319"].last.split() == ["@#tea"]
    for name in (ming.name, "小红"):
        found = {line.command: line for line in ann.ask(f"WHOIS {name}")}
        assert found["311"].parameters[1] == name and found["318"], found
        assert "#lobby" in found["319"].last
    # Rooms that are hidden from who asks are not told.
    people["bob"].join("#hidden")
    people["bob"].ask("MODE #hidden +s")
    assert "#hidden" not in {line.command: line for line in ann.ask("WHOIS bob")}["319"].last
    people["bob"].ask("AWAY :at lunch")
    assert {line.command: line for line in ann.ask("WHOIS bob")}["301"].last == "at lunch"


def test_whowas(serve):
    server = serve(*FAST)
    people = enter(server, "ann", "bob")
    people["bob"].quit()
    ann = people["ann"]
    # The connection ends a moment before everybody knows of it.
    heard = eventually(lambda: [line for line in ann.ask("WHOWAS bob") if line.command != "406"][:-1], "314")
    assert heard[0].matches("314", ("bob", "~someone")), heard
    assert ann.ask("WHOWAS bob")[-1].matches("369", ("bob",))
    play(
        """
        ann: WHOWAS nobody
          ann < 406 nobody
          ann < 369 nobody
        ann: WHOWAS
          ann < 431
        """,
        ann=ann,
    )


def test_what_was_is_known_everywhere_and_for_ever(serve):
    """When a room was made, who had a name: the same at every edge, and after a restart."""
    server = serve(*FAST, "--edges", "2")
    people = enter(server, "ann", "bob", room="#tea")
    ann, bob = people["ann"], people["bob"]
    ann.ask("PRIVMSG #tea :so that the room stays")
    made = [line.parameters[2] for line in ann.ask("MODE #tea") if line.command == "329"]
    assert len(made) == 1
    bob.ask("NICK bobby")
    bob.quit()
    server.stop()
    server.restart()
    for number in range(6):  # At both edges, mostly.
        later = Irc(server).enter(f"later{number}", user="other")
        heard = later.ask("MODE #tea", "WHOWAS bob", "WHOWAS bobby 1", "WHOWAS later9", "LIST C<60,>0", "LIST C<60")
        assert [line.parameters[2] for line in heard if line.command == "329"] == made
        was = [line.parameters[1:3] for line in heard if line.command == "314"]
        assert was == [["bob", "~someone"], ["bobby", "~someone"]]
        assert [line.parameters[1] for line in heard if line.command == "406"] == ["later9"]
        assert [line.parameters[1] for line in heard if line.command == "322"] == ["#tea"]
        assert [line.command for line in heard].count("369") == 3


def test_who(serve):
    server = serve(*FAST)
    people = enter(server, "ann", "bob", room="#tea")
    people["eve"] = Irc(server).enter("eve", user="eva", realname="Eve of the garden")
    people["bob"].ask("AWAY :out")
    play(
        """
        eve: WHO #tea
          eve < 352 #tea ~someone ... ... ann H@ :0 ann
          eve < 352 #tea ~someone ... ... bob G :0 bob
          eve < 315 #tea
        eve: WHO ann
          eve < 352 ... ~someone ... ... ann H... :0 ann
          eve < 315 ann
        eve: WHO nobody
          eve < 315 nobody
        eve: WHO #nowhere
          eve < 315 #nowhere
        ann: WHO eve
          ann < 352 ... ~eva ... ... eve H :0 Eve of the garden
          ann < 315 eve
        ann: WHO e*
          ann < 352 ... ~eva ... ... eve ...
          ann < 315 e*
        -- Without a room asked for, one that may be known of.
        eve: WHO ann
          eve < 352 #tea ~someone ... ... ann H@ :0 ann
          eve < 315 ann
        ann: MODE ann +B
          ann < MODE ann +B
        eve: WHO ANN
          eve < 352 #tea ~someone ... ... ann H@B :0 ann
          eve < 315 ANN
        ann: MODE #tea +s
          ann < MODE #tea +s
          bob < MODE #tea +s
        eve: WHO #tea
          eve < 315 #tea
        eve: WHO bob
          eve < 352 * ~someone ... ... bob G :0 bob
          eve < 315 bob
        ann: WHO bob
          ann < 352 #tea ~someone ... ... bob G :0 bob
          ann < 315 bob
        ann: MODE #tea -s
          ann < MODE #tea -s
          bob < MODE #tea -s
        -- Who does not want to be seen is found by name, and by who shares a room with it.
        bob: MODE bob +i
          bob < MODE bob +i
        eve: WHO #tea
          eve < 352 #tea ~someone ... ... ann H@B :0 ann
          eve < 315 #tea
        eve: WHO bo*
          eve < 315 bo*
        eve: WHO bob
          eve < 352 * ~someone ... ... bob G :0 bob
          eve < 315 bob
        ann: WHO bo*
          ann < 352 #tea ~someone ... ... bob G :0 bob
          ann < 315 bo*
        ann: WHO #tea o
          ann < 315 #tea
        """,
        **people,
    )
    everybody = [line.parameters[5] for line in people["eve"].ask("WHO") if line.command == "352"]
    assert everybody == ["ann", "eve"] == [
        line.parameters[5] for line in people["eve"].ask("WHO 0") if line.command == "352"
    ]


def test_whox(serve):
    """All fields, in the order of the specification; and nothing that was not asked for."""
    server = serve(*FAST)
    people = enter(server, "ann", "bob", room="#tea")
    assert "WHOX" in people["ann"].isupport
    ann = people["ann"]
    people["bob"].ask("NICK bobby", "SETNAME :Bob the second")
    ann.sync()

    def rows(line):
        *heard, end = ann.ask(line)
        assert end.command == "315" and {each.command for each in heard} <= {"354"}, heard
        return [each.parameters[1:] for each in heard]

    for fields in ("tcuihsnfdlaor", "roaldfnshiuct", "ttccuihsnfdlaor!?TZ"):
        row, other = rows(f"WHO #tea %{fields},042")
        assert row[:4] == ["042", "#tea", "~someone", "255.255.255.255"] and row[4].endswith(".qun")
        assert row[5:9] == [ann.server_name, "ann", "H@", "0"] and row[9].isdigit() and int(row[9]) < 600
        assert row[10:] == ["0", "999", "ann"]
        assert other[6:9] == ["bobby", "H", "0"] and other[10:] == ["0", "n/a", "Bob the second"]
    # A token is up to three digits; what is none is not given back.
    for token in (",0", ",", "", ",1234", ",a", ",1 :", ",-1"):
        assert rows(f"WHO bobby :%nt{token}") == [["0", "bobby"]], token
    assert rows("WHO bobby %nt,999") == [["999", "bobby"]]
    assert rows("WHO bobby %na") == [["bobby", "0"]] and rows("WHO bobby %c") == [["#tea"]]
    assert rows("WHO bobby %r") == [["Bob the second"]]
    assert rows("WHO bobby %") == rows("WHO bobby %Q") == rows("WHO bobby %,1") == [[]]
    assert rows("WHO nobody %tna,1") == [] == rows("WHO #tea o%tna,1")
    # Idle is what WHOIS says.
    idle = {line.command: line for line in ann.ask("WHOIS bobby")}["317"].parameters[2]
    assert 0 <= int(rows("WHO bobby %l")[0][0]) - int(idle) < 60


def test_userhost_and_ison(serve):
    server = serve(*FAST)
    people = enter(server, "ann", "bob")
    Plain(server).enter("小明")
    play(
        """
        ann: USERHOST bob
          ann < 302 :bob=+~someone@...
        ann: USERHOST nobody
          ann < 302 :
        ann: USERHOST
          ann < 461 USERHOST
        ann: ISON bob nobody 小明
          ann < 303 :bob 小明...
        ann: ISON nobody
          ann < 303 :
        ann: ISON
          ann < 461 ISON
        ann: AWAY :out
          ann < 306
        bob: USERHOST ann
          bob < 302 :ann=-~someone@...
        """,
        **people,
    )


def test_notifications(serve):
    """AWAY, SETNAME, extended JOIN reach who asked for them, once, and nobody else."""
    server = serve(*FAST)
    wants = ("away-notify", "setname", "extended-join", "account-notify")
    people = enter(server, "ann", "bob", room="#tea", capabilities=wants)
    people["old"] = Irc(server).enter("old")
    people["old"].join("#tea", "#b")
    for each in (people["ann"], people["bob"]):
        each.join("#b")
    for each in people.values():
        each.sync()
    play(
        """
        ann: AWAY :at lunch
          ann < 306
          bob < :ann!... AWAY :at lunch
        ann: AWAY
          ann < 305
          bob < :ann!... AWAY
        ann: SETNAME :Ann of tea
          ann < :ann!... SETNAME :Ann of tea
          bob < :ann!... SETNAME :Ann of tea
        old: SETNAME :nobody hears with old ears
          ann < :old SETNAME :nobody hears with old ears
          bob < :old SETNAME :nobody hears with old ears
        """,
        **people,
    )
    eve = Irc(server).enter("eve", realname="Eve of the garden")
    eve.join("#tea")
    assert people["bob"].sync()[0].matches("JOIN", ("#tea", "*", "Eve of the garden"), "eve")
    assert people["old"].sync()[0].parameters == ["#tea"]
    # Who is away when they join is told to be.
    eve.ask("AWAY :gone", "JOIN #b")
    heard = people["bob"].sync()
    assert [line.command for line in heard].count("AWAY") >= 1, heard


def test_userhost_in_names_and_no_implicit_names(serve):
    server = serve(*FAST)
    ann = Irc(server).enter("ann", "userhost-in-names")
    heard = ann.join("#tea")
    [name] = [line.last for line in heard if line.command == "353"]
    assert re.fullmatch(r"@ann!~someone@\S+", name)
    bob = Irc(server).enter("bob")
    capability = next(
        word for word in ("no-implicit-names", "draft/no-implicit-names") if word in ann.offered
    )
    bob.negotiate(capability)
    bob.sync()
    bob.send("JOIN #tea")
    assert [line.command for line in bob.sync()] == ["JOIN"]
    assert bob.names("#tea") == {"@ann", "bob"}


def test_account_capability_says_nothing_without_accounts(serve):
    """SASL with an account that is not there: 904, and one may go on without."""
    server = serve(*FAST)
    ann = Irc(server).negotiate("sasl")
    ann.send("AUTHENTICATE NOSUCH")
    assert [ann.next().command for _ in range(2)] == ["908", "904"]
    ann.send("AUTHENTICATE PLAIN")
    ann.find("AUTHENTICATE", "+")
    ann.send("AUTHENTICATE " + plain_response("ann", "wrong"))
    assert ann.next().command == "904"
    ann.send("AUTHENTICATE PLAIN")
    ann.find("AUTHENTICATE", "+")
    ann.send("AUTHENTICATE *")
    assert ann.next().command == "906"
    ann.send("NICK ann", "USER a 0 * :a", "CAP END")
    ann.find("001")
