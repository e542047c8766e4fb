"""IRC: messages, to people and rooms, from every face to every other; and what is refused."""

import pytest
import session_wire as wire
from irc import Irc
from plain import Plain, entered, left, said, shouted
from scenes import enter, play

FAST = ("--rate", "100000:100000")

LONG = "你好世界，" * 80  # 400 characters, 1,200 bytes.


@pytest.mark.asan
def test_between_people_and_in_rooms(serve):
    server = serve(*FAST)
    people = enter(server, "ann", "bob", room="#tea")
    people["eve"] = Irc(server).enter("eve")
    play(
        """
        ann: PRIVMSG #tea :hello, all
          bob < :ann!~someone@... PRIVMSG #tea :hello, all
        ann: PRIVMSG bob :hello, bob
          bob < :ann PRIVMSG bob :hello, bob
        ann: NOTICE #tea :take note
          bob < :ann NOTICE #tea :take note
        ann: NOTICE bob :take note, bob
          bob < :ann NOTICE bob :take note, bob
        ann: PRIVMSG #TEA :case does not matter
          bob < :ann PRIVMSG #tea :case does not matter
        ann: PRIVMSG BOB :case does not matter
          bob < :ann PRIVMSG bob :case does not matter
        ann: PRIVMSG #tea one-word
          bob < :ann PRIVMSG #tea :one-word
        ann: PRIVMSG #tea ::)
          bob < :ann PRIVMSG #tea ::)
        ann: PRIVMSG bob,eve :both of you
          bob < :ann PRIVMSG bob :both of you
          eve < :ann PRIVMSG eve :both of you
        ann: PRIVMSG #tea,eve :room and person
          bob < :ann PRIVMSG #tea :room and person
          eve < :ann PRIVMSG eve :room and person
        ann: PRIVMSG ann :to myself
          ann < :ann PRIVMSG ann :to myself
        """,
        **people,
    )


def test_what_is_refused(serve):
    """Each with the numeric that the documents name; a NOTICE is never answered."""
    server = serve(*FAST)
    people = enter(server, "ann", "bob", room="#tea")
    people["eve"] = Irc(server).enter("eve")
    play(
        """
        ann: PRIVMSG
          ann < 411
        ann: PRIVMSG bob
          ann < 412
        ann: PRIVMSG bob :
          ann < 412
        ann: PRIVMSG nobody :hello
          ann < 401 nobody
        ann: PRIVMSG #nowhere :hello
          ann < 403 #nowhere
        ann: PRIVMSG bob,nobody,#nowhere :some of it
          bob < :ann PRIVMSG bob :some of it
          ann < 401 nobody
          ann < 403 #nowhere
        eve: PRIVMSG #tea :from outside
          eve < 404 #tea
        ann: NOTICE
        ann: NOTICE bob
        ann: NOTICE nobody :hello
        ann: NOTICE #nowhere :hello
        eve: NOTICE #tea :from outside
        ann: PRIVMSG $* :to everybody
          ann < 481
        ann: WHATEVER
          ann < 421 WHATEVER
        ann: whatever
          ann < 421 whatever
        """,
        **people,
    )


def test_too_many_targets(serve):
    server = serve(*FAST)
    ann = Irc(server).enter("ann")
    token = dict(each.split(":") for each in ann.isupport.get("TARGMAX", "").split(",") if each)
    most = int(token["PRIVMSG"])
    assert most >= 2
    heard = ann.ask("PRIVMSG " + ",".join(["ann"] * (most + 1)) + " :hello")
    assert [line.command for line in heard if line.command != "PRIVMSG"] == ["407"], heard


def test_too_long(serve):
    """417 once, and the next line is heard; 512 bytes are not too long."""
    server = serve(*FAST)
    people = enter(server, "ann", "bob")
    ann, bob = people["ann"], people["bob"]
    fits = "x" * (512 - len("PRIVMSG bob :") - 2)
    ann.send("PRIVMSG bob :" + fits, "PRIVMSG bob :" + fits + "y", "PRIVMSG bob :after")
    heard = ann.sync()
    assert [line.command for line in heard] == ["417"], heard
    got = [line.last for line in bob.sync()]
    assert "".join(got[:-1]) == fits and got[-1] == "after"


def test_not_utf8(serve):
    """UTF8ONLY: what is not UTF-8 reaches nobody as such, and who said it is told."""
    server = serve(*FAST)
    people = enter(server, "ann", "bob", capabilities=("standard-replies",))
    ann, bob = people["ann"], people["bob"]
    ann.send_bytes(b"PRIVMSG bob :\xff\xfe half \xe4\xbd\r\n")
    heard = ann.sync()
    assert heard and heard[0].command in ("FAIL", "WARN") and heard[0].parameters[1] == "INVALID_UTF8"
    assert len(bob.sync()) == (heard[0].command == "WARN")
    # Nor comes half a character back to who said it.
    ann.negotiate("labeled-response", "batch")
    ann.send_bytes(b"@label=\xe4\xbd PRIVMSG bob :hello\r\n")
    assert [line.command for line in ann.sync()] == ["FAIL"]


def test_long_chinese_is_cut_between_characters(serve, crowd_of):
    """Lines of 512 bytes, each with the name, no character cut; together they are what was said."""
    server = serve(*FAST)
    people = enter(server, "ann", "bob", room="#lobby")
    crowd = crowd_of(server)
    hong = crowd.enter("小红")
    people["bob"].sync()
    hong.settle(hong.say(LONG))
    pieces = people["bob"].sync()
    assert len(pieces) > 2 and all(each.matches("PRIVMSG", ("#lobby",), "小红") for each in pieces)
    assert "".join(each.last for each in pieces) == LONG
    # As long as they may be: none could have taken the next character.
    for piece in pieces[:-1]:
        assert len(piece.text.encode()) + 2 > 512 - 32, piece
    # Clusters too: a family is not torn apart.
    family = "👨‍👩‍👧‍👦" * 60
    hong.settle(hong.say(family))
    pieces = [each.last for each in people["bob"].sync()]
    assert "".join(pieces) == family
    assert all(len(piece) % 7 == 0 for piece in pieces), [len(piece) for piece in pieces]


def test_what_no_line_can_hold(serve, crowd_of):
    """Line breaks in a text of another face make lines; other controls reach no client as such."""
    server = serve(*FAST)
    people = enter(server, "ann", room="#lobby")
    crowd = crowd_of(server)
    hong = crowd.enter("小红")
    people["ann"].sync()
    hong.settle(hong.say("one\ntwo"))
    heard = [each.last for each in people["ann"].sync()]
    assert heard in (["one", "two"], ["one two"]), heard
    # So many that no reader could be sent a line each: nothing is left out all the same.
    hong.settle(hong.say("a\n" * 2000))
    heard = [each.last for each in people["ann"].sync()]
    assert "".join(heard).replace(" ", "") == "a" * 2000 and len(heard) < 20


@pytest.mark.asan
def test_all_faces_hear_each_other(serve, crowd_of):
    """Each in its own form: plain lines, session entries, IRC's PRIVMSG, JOIN, QUIT, NICK."""
    server = serve(*FAST)
    ann = Irc(server).enter("ann")
    ann.join("#lobby")
    ming = Plain(server).enter("小明")
    assert ann.find("JOIN", "#lobby", nick="小明").source.count("@") == 1
    crowd = crowd_of(server)
    hong = crowd.enter("小红")
    ann.find("JOIN", "#lobby", nick="小红")
    ming.find(entered("小红"))

    ann.say("#lobby", "大家好")
    ming.expect(said("ann", "大家好"))
    hong.expect("大家好")
    ming.say("你好 ann")
    assert ann.next().matches("PRIVMSG", ("#lobby", "你好 ann"), "小明")
    hong.expect("你好 ann")
    hong.settle(hong.say("我也在"))
    assert ann.next().matches("PRIVMSG", ("#lobby", "我也在"), "小红")
    ming.find(said("小红", "我也在"))

    server.admin_ok("shout", "五分钟后休息")
    notice = ann.next()
    assert notice.command == "NOTICE" and "五分钟后休息" in notice.last and "!" not in notice.source
    ming.find(shouted("五分钟后休息"))

    bob = Irc(server).enter("bob")
    bob.join("#lobby")
    ming.expect(entered("bob"))
    ann.find("JOIN", "#lobby", nick="bob")
    bob.quit("enough")
    ming.find(left("bob"))
    assert "enough" in ann.find("QUIT", nick="bob").last
    ming.quit()
    ann.find("QUIT", nick="小明")
    server.admin_ok("kick", "小红")
    ann.find("QUIT", nick="小红")
    assert ann.names("#lobby") == {"ann"}


def test_direct_messages_across_faces(serve, crowd_of):
    server = serve(*FAST)
    ann = Irc(server).enter("ann")
    ming = Plain(server).enter("小明")
    crowd = crowd_of(server)
    hong = crowd.enter("小红")
    ann.say("小红", "只给你")
    hong.expect("只给你", kind=wire.DIRECTED)
    hong.settle(hong.direct("ann", "收到"))
    assert ann.next().matches("PRIVMSG", ("ann", "收到"), "小红")
    ann.say("小明", "也给你")
    ming.find_where(lambda heard: "也给你" in heard and "ann" in heard, "the direct message")
    assert not [entry for entry in hong.entries if entry.text == "也给你"]


def test_order_on_one_connection(serve):
    """Hundred lines in one write come out in their order, answers and all."""
    server = serve(*FAST)
    people = enter(server, "ann", "bob", room="#tea")
    lines = []
    for number in range(100):
        lines.append(f"PRIVMSG #tea :{number}")
        if number % 10 == 0:
            lines.append(f"PING p{number}")
    heard = people["ann"].ask(*lines)
    assert [line.last for line in heard if line.command == "PONG"] == [f"p{n}" for n in range(0, 100, 10)]
    assert [line.last for line in people["bob"].sync()] == [str(number) for number in range(100)]


def test_echo_and_labels(serve):
    """echo-message gives what one said as others got it; labels come back, once each."""
    server = serve(*FAST)
    everything = ("message-tags", "server-time", "batch", "labeled-response", "echo-message")
    people = enter(server, "ann", "bob", room="#tea", capabilities=everything)
    ann, bob = people["ann"], people["bob"]
    ann.send("@label=one PRIVMSG #tea :hello")
    [echo], [got] = ann.sync(), bob.sync()
    assert echo.tags.pop("label") == "one" and "label" not in got.tags
    assert echo.matches("PRIVMSG", ("#tea", "hello"), "ann") and echo.tags == got.tags
    assert {"msgid", "time"} <= set(got.tags)
    ann.send("@label=two PRIVMSG nobody :hello")
    [refused] = ann.sync()
    assert refused.command == "401" and refused.tags["label"] == "two"
    ann.send("@label=three NOTICE nobody :hello")
    [ack] = ann.sync()
    assert ack.command == "ACK" and ack.tags["label"] == "three"
    ann.send("@label=four WHOIS bob")
    heard = ann.sync()
    assert heard[0].command == "BATCH" and heard[0].tags["label"] == "four"
    assert heard[0].parameters[1] == "labeled-response"
    assert heard[-1].command == "BATCH" and heard[-1].parameters[0] == "-" + heard[0].parameters[0][1:]
    assert all("batch" in line.tags for line in heard[1:-1])
    ann.send("@label=five PING token")
    [pong] = ann.sync()
    assert pong.command == "PONG" and pong.tags["label"] == "five"
    # To oneself: the echo alone bears the label; without echo-message it is acknowledged.
    for line in ("PRIVMSG ann :to myself", "NOTICE ann :to myself", "TAGMSG ann"):
        ann.send("@+a=b;label=self " + line)
        heard = ann.sync()
        assert [each.command for each in heard] == [line.split()[0]] * 2
        assert sorted(each.tags.pop("label", "") for each in heard) == ["", "self"]
        assert heard[0].tags == heard[1].tags and heard[0].source == heard[1].source
    bob.send("CAP REQ :-echo-message", "@label=self PRIVMSG bob :to myself")
    bob.find("CAP", ..., "ACK")
    heard = bob.sync()
    assert sorted((each.command, each.tags.get("label", "")) for each in heard) == [("ACK", "self"), ("PRIVMSG", "")]
    ann.send("@label=six JOIN #other")
    heard = ann.sync()
    assert [line.tags.get("label") for line in heard].count("six") == 1


def test_tagmsg_and_client_tags(serve):
    """Client-only tags go on to who asked for tags; TAGMSG to nobody else; others' tags do not."""
    server = serve(*FAST)
    people = enter(server, "ann", "bob", room="#tea", capabilities=("message-tags",))
    people["old"] = Irc(server).enter("old")
    people["old"].join("#tea")
    ann, bob, old = people["ann"], people["bob"], people["old"]
    for each in people.values():
        each.sync()
    assert ann.ask("@+typing=active;other=1;+draft/reply=a\\:b TAGMSG #tea") == []
    [got] = bob.sync()
    assert got.matches("TAGMSG", ("#tea",), "ann")
    assert got.tags["+typing"] == "active" and got.tags["+draft/reply"] == "a;b" and "other" not in got.tags
    assert old.sync() == []
    ann.ask("@+react=👍 PRIVMSG #tea :good")
    assert bob.sync()[0].tags["+react"] == "👍"
    [plain] = old.sync()
    assert plain.last == "good" and not plain.tags
    ann.ask("@+typing=done TAGMSG bob")
    assert bob.sync()[0].matches("TAGMSG", ("bob",), "ann")
    assert [line.command for line in ann.ask("@+a=b TAGMSG nobody")] == ["401"]
    assert [line.command for line in ann.ask("TAGMSG")] in (["461"], ["411"])
    # Tags may be long, and no longer.
    ann.ask("@+x=" + "y" * 4000 + " PRIVMSG #tea :long tags")
    assert len(bob.sync()[0].tags["+x"]) == 4000
    heard = ann.ask("@+x=" + "y" * 4200 + " PRIVMSG #tea :too long tags")
    assert [line.command for line in heard] == ["417"]
    assert bob.sync() == []


def test_status_messages(serve):
    """@#room is heard by who has that prefix or a higher one."""
    server = serve(*FAST)
    people = enter(server, "ann", "bob", "eve", room="#tea")
    assert people["ann"].isupport["STATUSMSG"] == "@+"
    play(
        """
        ann: MODE #tea +v bob
          ann < :ann MODE #tea +v bob
          bob < :ann MODE #tea +v bob
          eve < :ann MODE #tea +v bob
        ann: PRIVMSG +#tea :to voices
          bob < :ann PRIVMSG +#tea :to voices
        bob: PRIVMSG @#tea :to operators
          ann < :bob PRIVMSG @#tea :to operators
        """,
        **people,
    )


def test_away_is_told_to_who_writes(serve):
    server = serve(*FAST)
    people = enter(server, "ann", "bob")
    play(
        """
        ann: AWAY :at lunch
          ann < 306
        bob: PRIVMSG ann :are you there?
          ann < :bob PRIVMSG ann :are you there?
          bob < 301 ann :at lunch
        bob: NOTICE ann :no answer to this
          ann < :bob NOTICE ann :no answer to this
        ann: AWAY
          ann < 305
        bob: PRIVMSG ann :now?
          ann < :bob PRIVMSG ann :now?
        """,
        **people,
    )


def test_a_ctcp_goes_through(serve):
    server = serve(*FAST)
    people = enter(server, "ann", "bob", room="#tea")
    people["ann"].say("#tea", "\x01ACTION drinks tea\x01")
    assert people["bob"].sync()[0].last == "\x01ACTION drinks tea\x01"
    people["ann"].say("bob", "\x01VERSION\x01")
    assert people["bob"].sync()[0].last == "\x01VERSION\x01"
    # Colours too.
    people["ann"].say("#tea", "\x0304red\x0f and \x02bold\x02")
    assert people["bob"].sync()[0].last == "\x0304red\x0f and \x02bold\x02"


def test_history_has_it_once(serve):
    """What an IRC person says is in the history like anything else."""
    server = serve(*FAST)
    ann = Irc(server).enter("ann")
    ann.join("#lobby")
    ann.ask(*[f"PRIVMSG #lobby :line {number}" for number in range(50)])
    texts = [entry["text"] for entry in server.history("--last", "100") if entry["name"] == "ann" and entry["text"]]
    assert [text for text in texts if text.startswith("line")] == [f"line {number}" for number in range(50)]


def test_forbidden_for_the_muted(serve):
    server = serve(*FAST)
    people = enter(server, "ann", "bob", room="#lobby")
    server.admin_ok("mute", "ann")
    people["ann"].sync()
    people["bob"].sync()
    heard = people["ann"].ask("PRIVMSG #lobby :may I?")
    assert [line.command for line in heard] == ["404"], heard
    assert people["bob"].sync() == []
