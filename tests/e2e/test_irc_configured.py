"""IRC: what a configuration file decides: names, operators, who may come in, when silence is the end."""

import signal

import joined
import pytest
import tools
from irc import Irc
from plain import Plain
from scenes import enter, play
from sessions import wire

FAST = ("--rate", "100000:100000")

# What `qun admin password` makes of: open sesame
SESAME = (
    "$argon2id$v=19$m=65536,t=2,p=1$2NBHExx57ioLyOe6QOKHqA$KLbHRcbTLLDgt8aJ/1dgDMX7It1SxKjHlkygAtdIiz4"
)

HOUSE = f"""
[server]
name = chat.example
network = Tea
description = A tea house
motd = Tea at five.

  Bring a cup.

[admin]
location = Berlin
email = a@b.example

[operator root]
password = {SESAME}
"""


class House:
    """A server with a configuration file, which may be written again."""

    def __init__(self, serve, place, text, *options):
        self.path = place / "qun.conf"
        self.write(text)
        self.server = serve(*FAST, *options, "--config", self.path)

    def write(self, text):
        self.path.write_text(text)
        self.path.chmod(0o600)

    def reload(self, text):
        self.write(text)
        self.server.process.send_signal(signal.SIGHUP)


def knocks(server, *lines, nick="new"):
    """Comes, says this, and goes; what it heard, with the last line of it if it was not let in."""
    person = Irc(server)
    person.send(*lines, f"NICK {nick}", "USER n 0 * :n", "QUIT")
    return person, person.expect_end()


# ---- Names and operators


def names_are_those_of_the_file(people):
    ann = people["ann"]
    assert ann.server_name == "chat.example" and ann.isupport["NETWORK"] == "Tea"
    assert "Tea network" in ann.greeting[0].last
    play(
        """
        ann: MOTD chat.example
          ann < 375 :...chat.example...
          ann < 372 :- Tea at five.
          ann < 372 :-...
          ann < 372 :- Bring a cup.
          ann < 376
        ann: ADMIN
          ann < 256 chat.example
          ann < 257 :Berlin
          ann < 258 :
          ann < 259 :a@b.example
        ann: LINKS
          ann < 364 chat.example chat.example :0 A tea house
          ann < 365 *
        ann: WHOIS bob
          ann < 311 bob
          ann < 319 bob :#tea
          ann < 312 bob chat.example :A tea house
          ann < 317 bob
          ann < 318 bob
        ann: VERSION qun.local
          ann < 402 qun.local
        """,
        **people,
    )


def operators_are_made(people):
    play(
        """
        -- Who is none may nothing of it.
        ann: KILL bob :no
          ann < 481
        ann: WALLOPS :no
          ann < 481
        ann: REHASH
          ann < 481
        ann: STATS p
          ann < 481
          ann < 219 p
        ann: PRIVMSG $* :no
          ann < 481
        ann: MODE ann +o
        ann: OPER nobody :open sesame
          ann < 464
        ann: OPER ROOT :open sesame
          ann < 464
        ann: OPER root :open sesam
          ann < 464
        ann: OPER root :open sesame
          ann < 381
          ann < :ann MODE ann +o
        ann: OPER root :open sesame
          ann < 381
        ann: MODE ann
          ann < 221 +o
        bob: WHOIS ann
          bob < 311 ann
          bob < 319 ann :@#tea
          bob < 312 ann chat.example :A tea house
          bob < 313 ann
          bob < 317 ann
          bob < 318 ann
        bob: WHO #tea o
          bob < 352 #tea ... ... chat.example ann H*@ :0 ann
          bob < 315 #tea
        bob: USERHOST ann
          bob < 302 :ann*=+...
        bob: LUSERS
          bob < 251
          bob < 252 1
          bob < 254
          bob < 255
          bob < 265
          bob < 266
        """,
        **people,
    )


def operators_see_bans(server, people):
    """Those of the whole server, by name and by network; mutes are none."""
    server.admin_ok("ban", "小刚", "too loud")
    server.admin_ok("ban", "10.9.0.0/16")
    server.admin_ok("mute", "小红")
    play(
        """
        ann: STATS k
          ann < 216 K 小刚 * * :too loud (... by the administrator)
          ann < 219 k
        ann: STATS D
          ann < 225 D 10.9.0.0/16 :(... by the administrator)
          ann < 219 D
        ann: STATS o
          ann < 243 O ~someone@... * ann
          ann < 219 o
        bob: STATS k
          bob < 481
          bob < 219 k
        """,
        **people,
    )


def operators_may(people):
    play(
        """
        ann: STATS p
          ann < 249 :ann (...)
          ann < 219 p
        bob: MODE bob +w
          bob < :bob MODE bob +w
        ann: WALLOPS :the tea is ready
          bob < :ann WALLOPS :the tea is ready
        ann: PRIVMSG $*.other :no
          ann < 401 $*.other
        ann: NOTICE $* :五分钟后休息
          ann < :chat.example NOTICE ann :五分钟后休息
          bob < :chat.example NOTICE bob :五分钟后休息
          eve < :chat.example NOTICE eve :五分钟后休息
        ann: PRIVMSG $chat.* :over
          ann < :chat.example NOTICE ann :over
          bob < :chat.example NOTICE bob :over
          eve < :chat.example NOTICE eve :over
        ann: KILL nobody :no
          ann < 401 nobody
        ann: KILL chat.example :no
          ann < 483
        """,
        **people,
    )


def who_is_killed_is_gone(ann, bob, eve, ming):
    """Who is put out hears why, and so do the others, each once; on every face."""
    bob.join("#cup")
    [line] = ann.ask("KILL eve :no reason")
    assert line.matches("QUIT", ("Killed (ann (no reason))",), "eve"), line
    assert [each.text for each in bob.sync()] == [line.text]
    last = eve.expect_end()[-1]
    assert last.command == "ERROR" and "Killed (ann (no reason))" in last.last, last
    ann.ask("KILL 小明 :late")
    ming.find_where(lambda heard: "late" in heard, "the end")


@pytest.mark.asan
def test_names_and_operators(serve, place):
    """The names of a server are those of its file, and its operators may what others may not."""
    house = House(serve, place, HOUSE)
    ming = Plain(house.server).enter("小明")
    people = enter(house.server, "ann", "bob", "eve", room="#tea")
    ann, bob, eve = people.values()
    names_are_those_of_the_file(people)
    operators_are_made(people)
    operators_may(people)
    operators_see_bans(house.server, people)
    ming.find_where(lambda heard: "五分钟后休息" in heard, "the shout")
    who_is_killed_is_gone(ann, bob, eve, ming)
    # REHASH: the file is read again, and nobody notices who does not ask.
    house.write(HOUSE.replace("Tea", "Coffee").replace("chat.example", "cup.example"))
    [line] = ann.ask("REHASH")
    assert line.matches("382", ("qun.conf",)), line
    tools.eventually(lambda: bob.ask("TIME")[0].source == "cup.example", "the new name")
    assert bob.ask("MOTD")[1].matches("372", ("- Coffee at five.",))
    tools.eventually(lambda: knocks(house.server)[0].isupport.get("NETWORK") == "Coffee", "the new name")
    # A bad file changes nothing.
    house.write("[server]\nnetwork = Coffee and cake\n")
    ann.ask("REHASH")
    house.server.stderr.expect("network wants one word")
    assert bob.ask("TIME")[0].source == "cup.example"
    play(
        """
        ann: MODE ann -o
          ann < :ann MODE ann -o
        ann: KILL bob :no
          ann < 481
        """,
        ann=ann,
        bob=bob,
    )


# ---- Who may come in


def refused(server, *lines):
    """The commands that somebody hears who is not let in; the last line is an ERROR, and the end."""
    _, heard = knocks(server, *lines)
    assert heard[-1].command == "ERROR" and "001" not in [line.command for line in heard], heard
    return [line.command for line in heard[:-1]]


def add_account(server, name, password):
    words = ("--data", server.data, "account", "add", name, "--password-stdin")
    done = tools.qun("admin", *words, input=f"{password}\n")
    assert done.returncode == 0, done.stdout + done.stderr


def nobody_new_comes_by_datagrams(server, crowd_of):
    for words in ("L 小红", "H", "C 你好"):
        stranger = Plain(server)
        stranger.send(words)
        assert "IRC" in stranger.next(), words
    crowd = crowd_of(server)
    stranger = crowd.begin("小兰")
    refusals = crowd.wait(lambda: stranger.events_of(wire.Refusal), "a refusal")
    assert wire.word(refusals[-1].reason) == "access-closed"
    words = ("join", "--lines", "--name", "小红", "{}:{}".format(*server.address))
    done = tools.qun(*words, input="你好\n", env=joined.environment(server.place / "state"))
    assert done.returncode == 1 and "IRC" in done.stderr, done


def a_password_is_asked_for(server):
    assert refused(server, "PASS wrong") == ["464"]
    Irc(server).enter("bob", password="open sesame").quit()
    # It is asked for once, whatever becomes of the name.
    person = Irc(server)
    person.send("PASS :open sesame", "NICK ann", "USER n 0 * :n")
    person.find("433")
    person.send("NICK bob")
    person.find("001")
    person.quit()
    # Who signs in needs none.
    Irc(server).enter("eve", account=("eve", "my own secret")).quit()


def an_account_is_asked_for(server):
    assert refused(server, "PASS :open sesame") == ["NOTICE", "464"]
    assert refused(server, "CAP REQ standard-replies", "CAP END") == ["CAP", "FAIL", "464"]
    assert refused(server, "PASS :eve:wrong") == ["464"]
    assert refused(server, "PASS :nobody:my own secret") == ["464"]
    Irc(server).enter("eve", account=("eve", "my own secret")).quit()
    person = Irc(server).enter("eve", password="eve:my own secret")
    assert any(line.matches("330", ("eve", "eve")) for line in person.ask("WHOIS eve"))
    person.quit()


@pytest.mark.asan
def test_who_may_come_in(serve, place, crowd_of):
    """`access`, on every face; who is in when it changes stays in."""
    # Of one process, so that what one finds changed has changed for all.
    house = House(serve, place, "", "--edges", "1")
    server = house.server
    add_account(server, "eve", "my own secret")
    ann = Irc(server).enter("ann", "cap-notify", "standard-replies")
    ann.join("#lobby")
    ming, crowd = Plain(server).enter("小明"), crowd_of(server)
    lan = crowd.enter("小兰")
    ann.sync()

    house.reload(f"[access]\naccess = password\npassword = {SESAME}\n")
    tools.eventually(lambda: knocks(server)[1][0].command == "464", "the new rule")
    a_password_is_asked_for(server)
    nobody_new_comes_by_datagrams(server, crowd_of)

    house.reload("[access]\naccess = accounts\nregistration = closed\n")
    ann.find("CAP", ..., "DEL", "draft/account-registration")
    tools.eventually(lambda: "NOTICE" in [line.command for line in knocks(server)[1]], "the new rule")
    an_account_is_asked_for(server)
    nobody_new_comes_by_datagrams(server, crowd_of)
    assert any(
        line.matches("FAIL", ("REGISTER", "TEMPORARILY_UNAVAILABLE"))
        for line in ann.ask("REGISTER * * secretsecret")
    )

    # Whoever was in is in.
    ming.say("还在")
    lan.say("也在")
    assert ann.find("PRIVMSG", "#lobby", "还在", nick="小明")
    assert ann.find("PRIVMSG", "#lobby", "也在", nick="小兰")

    # Who goes away may come back; who has left has to be let in again.
    lan = crowd.come_back(crowd.drop(lan))
    lan.leave()
    assert ann.find("QUIT", nick="小兰")
    gone = crowd.begin(saved=crowd.drop(lan))
    refusals = crowd.wait(lambda: gone.events_of(wire.Refusal), "a refusal")
    assert wire.word(refusals[-1].reason) == "access-closed"

    house.reload("")
    ann.find("CAP", ..., "NEW", "draft/account-registration")
    Irc(server).enter("bob").quit()
    Plain(server).enter("小红")


# ---- Limits


def test_silence_is_asked_about(serve, place):
    """Who says nothing is asked; who answers stays; who does not, is gone."""
    house = House(serve, place, "[limits]\nping-interval = 1\nping-timeout = 2\n")
    people = enter(house.server, "ann", "bob", room="#tea")
    ann, bob = people["ann"], people["bob"]
    bob.answers_pings = False
    assert "imeout" in ann.find("QUIT", nick="bob").last
    ping, error = bob.expect_end()
    assert ping.command == "PING" and error.command == "ERROR" and "imeout" in error.last
    ann.sync()
