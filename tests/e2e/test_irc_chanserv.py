"""IRC: ChanServ: rooms that belong to accounts. And all of it once more after everything was killed."""

import re

import pytest
import tools
from irc import Irc
from plain import Plain
from scenes import play

FAST = ("--rate", "100000:100000")

# What `qun admin password` makes of: open sesame
SESAME = (
    "$argon2id$v=19$m=65536,t=2,p=1$2NBHExx57ioLyOe6QOKHqA$KLbHRcbTLLDgt8aJ/1dgDMX7It1SxKjHlkygAtdIiz4"
)
PASSWORD = "open-sesame"


def add_account(server, name):
    words = ("--data", server.data, "account", "add", name, "--password-stdin")
    done = tools.qun("admin", *words, input=f"{PASSWORD}\n")
    assert done.returncode == 0, done.stdout + done.stderr


def signed_in(server, name):
    return Irc(server).enter(name, account=(name, PASSWORD))


def told(person, line):
    """What ChanServ says to it."""
    heard = person.ask(line)
    return [each.last for each in heard if each.command == "NOTICE" and each.nick == "ChanServ"]


def confirmed(person, command):
    """Says it again with the code that was asked for; what ChanServ says then."""
    [asked] = told(person, command)
    code = re.search(r"[0-9a-f]{8}$", asked)[0]
    return told(person, f"{command} {code}")


@pytest.fixture
def house(serve, place):
    path = place / "qun.conf"
    path.write_text(f"[operator root]\npassword = {SESAME}\n")
    path.chmod(0o600)
    server = serve(*FAST, "--config", path)
    for name in ("ann", "bob"):
        add_account(server, name)
    return server


def test_a_room_belongs_to_an_account(house):
    people = {"ann": signed_in(house, "ann"), "bob": signed_in(house, "bob"), "eve": Irc(house).enter("eve")}
    ann, bob, eve = people.values()
    help_is_there(ann)
    accounts_are_banned(**people)
    who_may_register(*people.values())
    offices(**people)
    given_away(house, *people.values())
    lobby_is_slow(house)


def help_is_there(ann):
    commands = {line.split(":")[0].strip() for line in told(ann, "CS HELP")}
    assert {"REGISTER", "DROP", "AMODE", "TRANSFER", "OP", "KICK"} <= commands and "LIST" not in commands
    for command in sorted(commands & {"AMODE", "BAN", "DEOP", "DROP", "FOUNDER", "INFO", "INVITE", "TOPIC"}):
        heard = told(ann, f"PRIVMSG ChanServ :HELP {command}")
        assert heard[0].startswith(f"{command}: ") and heard[1].startswith(f"Say: {command} "), heard
    assert told(ann, "CHANSERV nonsense") == ["There is no command nonsense; HELP lists them"]
    assert told(ann, "CS LIST") == ["There is no command LIST; HELP lists them"]
    assert told(ann, "CS OP")[1:] == ["Say: OP #room [name]"]


def who_may_register(ann, bob, eve):
    assert told(ann, "CS REGISTER #tea") == ["There is no room #tea"]
    eve.join("#tea")
    bob.join("#tea")
    assert told(eve, "CS REGISTER #tea") == ["Sign in first: rooms belong to accounts"]
    assert told(bob, "CS REGISTER #tea") == ["You are no operator of #tea"]
    assert told(bob, "CS REGISTER #lobby") == ["#lobby is not yours"]
    assert told(bob, "CS AMODE #tea +o bob") == ["#tea is not registered"]
    eve.ask("PART #tea")
    bob.ask("PART #tea")
    ann.join("#cup")
    ann.ask("MODE #cup +si", "TOPIC #cup :of cups", "PRIVMSG ChanServ :register #cup")
    assert told(ann, "CS REGISTER #cup") == ["#cup belongs to ann already"]
    # Who is not in a secret room does not learn that there is one.
    for line in ("INFO #cup", "OP #cup", "DROP #cup", "REGISTER #cup", "FOUNDER #cup"):
        assert told(bob, f"CS {line}") == ["There is no room #cup"]
    ann.ask("MODE #cup -s")
    for line in ("AMODE #cup +o bob", "OP #cup ann", "DEVOICE #cup ann", "KICK #cup ann", "BAN #cup ann"):
        [refused] = told(bob, f"CS {line}")
        assert refused in ("#cup is not yours", "You are no operator of #cup"), refused
    assert confirmed(bob, "CS DROP #cup") == ["#cup is not yours"]
    assert confirmed(bob, "CS TRANSFER #cup bob") == ["#cup is not yours"]


def accounts_are_banned(**people):
    """+b and the others for accounts, by whatever name, and for nobody who has none."""
    people["ann"].join("#well")
    play(
        """
        ann: MODE #well +b a:BO?
          ann < :ann MODE #well +b a:BO?
        ann: MODE #well +b a:bo?
        bob: JOIN #well
          bob < 474 #well
        eve: JOIN #well
          eve < :eve JOIN #well
          eve < 353 = #well :...
          eve < 366 #well
          ann < :eve JOIN #well
        ann: MODE #well +e a:bob
          ann < :ann MODE #well +e a:bob
          eve < :ann MODE #well +e a:bob
        bob: JOIN #well
          bob < :bob JOIN #well
          bob < 353 = #well :...
          bob < 366 #well
          ann < :bob JOIN #well
          eve < :bob JOIN #well
        ann: MODE #well +b m:a:*
          ann < :ann MODE #well +b m:a:*
          bob < :ann MODE #well +b m:a:*
          eve < :ann MODE #well +b m:a:*
        bob: PRIVMSG #well :muted as I am
          bob < 404 #well :...+b m:...
        eve: PRIVMSG #well :I have no account
          ann < :eve PRIVMSG #well :I have no account
          bob < :eve PRIVMSG #well :I have no account
        ann: MODE #well b
          ann < 367 #well a:BO? ann...
          ann < 367 #well m:a:* ann...
          ann < 368 #well
        bob: PART #well
          bob < :bob PART #well
          ann < :bob PART #well
          eve < :bob PART #well
        ann: MODE #well -e+i a:bob
          ann < :ann MODE #well -e+i a:bob
          eve < :ann MODE #well -e+i a:bob
        ann: MODE #well -b+I a:bo? a:bob
          ann < :ann MODE #well -b+I a:BO? a:bob
          eve < :ann MODE #well -b+I a:BO? a:bob
        bob: JOIN #well
          bob < ...
          ann < :bob JOIN #well
          eve < :bob JOIN #well
        """,
        **people,
    )
    for each in people.values():
        each.ask("PART #well")
        each.sync()


def offices(**people):
    """What AMODE gives is there on joining, and at once; and its holder need not be an operator just now."""
    play(
        """
        ann: CS AMODE #cup +o nobody
          ann < :ChanServ NOTICE ann :There is no account nobody
        ann: CS AMODE #cup +x bob
          ann < :ChanServ NOTICE ann :+x is none of +o -o +v -v
        ann: CS AMODE #cup +o bob
          ann < :ChanServ NOTICE ann :That is done in #cup
        ann: CS AMODE #cup +o bob
          ann < :ChanServ NOTICE ann :It is so already in #cup
        bob: JOIN #cup
          bob < :bob JOIN #cup
          bob < 332 #cup :of cups
          bob < 333 #cup ...
          bob < 353 = #cup :...
          bob < 366 #cup
          bob < MODE #cup +o bob
          ann < :bob JOIN #cup
          ann < MODE #cup +o bob
        ann: CS AMODE #cup +v-o bob
          ann < :ann MODE #cup +v-o bob bob
          bob < :ann MODE #cup +v-o bob bob
          ann < :ChanServ NOTICE ann :That is done in #cup
        ann: CS AMODE #cup +o-v bob
          ann < :ann MODE #cup +o-v bob bob
          bob < :ann MODE #cup +o-v bob bob
          ann < :ChanServ NOTICE ann :That is done in #cup
        ann: CS AMODE #cup
          ann < :ChanServ NOTICE ann :+o bob
          ann < :ChanServ NOTICE ann :End of ...
        bob: PART #cup
          bob < :bob PART #cup
          ann < :bob PART #cup
        -- From outside.
        bob: CS DEOP #cup ann
          bob < :bob MODE #cup -o ann
          ann < :bob MODE #cup -o ann
          bob < :ChanServ NOTICE bob :That is done in #cup
        ann: MODE #cup -i
          ann < 482 #cup
        ann: CS OP #cup
          ann < :ann MODE #cup +o ann
          ann < :ChanServ NOTICE ann :That is done in #cup
        bob: CS INVITE #cup eve
          bob < 341 eve #cup
          eve < :bob INVITE eve #cup
          bob < :ChanServ NOTICE bob :That is done in #cup
        eve: JOIN #cup
          eve < :eve JOIN #cup
          eve < 332 #cup :of cups
          eve < 333 #cup ...
          eve < 353 = #cup :...
          eve < 366 #cup
          ann < :eve JOIN #cup
        bob: CS TOPIC #cup two words
          bob < :bob TOPIC #cup :two words
          ann < :bob TOPIC #cup :two words
          eve < :bob TOPIC #cup :two words
          bob < :ChanServ NOTICE bob :That is done in #cup
        bob: CS KICK #cup eve no tea
          bob < :bob KICK #cup eve :no tea
          ann < :bob KICK #cup eve :no tea
          eve < :bob KICK #cup eve :no tea
          bob < :ChanServ NOTICE bob :That is done in #cup
        bob: CS BAN #cup eve
          bob < :bob MODE #cup +b eve!*@*
          ann < :bob MODE #cup +b eve!*@*
          bob < :ChanServ NOTICE bob :That is done in #cup
        bob: CS KICK #cup eve
          bob < :ChanServ NOTICE bob :eve is not in #cup
        """,
        **people,
    )


def given_away(server, ann, bob, eve):
    assert told(ann, "CS TRANSFER #cup nobody") == ["There is no account nobody"]
    assert told(ann, "CS TRANSFER #cup bob 00000000") != ["#cup belongs to bob now"]
    assert confirmed(ann, "CS TRANSFER #cup bob") == ["#cup belongs to bob now"]
    assert told(ann, "CS FOUNDER #cup") == ["#cup belongs to bob"]
    assert confirmed(ann, "CS DROP #cup") == ["#cup is not yours"]
    root = Irc(server).enter("root")
    root.ask("OPER root :open sesame")
    assert told(root, "CS LIST *cu?") == ["#cup belongs to bob", "Registered rooms that fit: 1"]
    # With the account all ends that it had: nobody inherits it.
    server.admin_ok("account", "drop", "bob")
    assert told(root, "CS INFO #cup")[0] == "#cup is not registered"
    assert told(root, "CS LIST") == ["Registered rooms that fit: 0"]
    # Registered again, and given up.
    assert told(ann, "CS REGISTER #cup") == ["#cup belongs to ann now"]
    assert confirmed(ann, "CS DROP #cup") == ["#cup is registered no more"]
    assert told(ann, "CS FOUNDER #cup") == ["#cup is not registered"]


def lobby_is_slow(server):
    """In the lobby, for those who come with nc -u."""
    root = Irc(server).enter("boss")
    root.ask("OPER root :open sesame", "JOIN #lobby", "MODE #lobby +W 600")
    ming = Plain(server).enter("小明")
    ming.say("一")
    ming.send("C 二")
    ming.find_where(lambda heard: re.search("限速，请过[0-9]+秒", heard), "how long to wait")
    root.ask("MODE #lobby -W+M")
    ming.send("C 三")
    ming.find_where(lambda heard: "只许登录账号的人" in heard, "that one needs an account")
    root.ask("MODE #lobby -M")
    ming.say("四")
    # Nobody who comes with datagrams is taken for the service, either.
    Plain(server).try_to_enter("ChanServ")
    assert "ChanServ" not in root.names("#lobby")


def room_times(person):
    """When #tea was made; by whom its topic was set, and when; and which rooms are as new."""
    heard = person.ask("MODE #tea", "TOPIC #tea", "LIST C<60,T<60", "LIST C>60", "LIST T>60")
    times = [line.parameters[2:] for line in heard if line.command in ("329", "333")]
    listed = [(line.parameters[1], line.last) for line in heard if line.command == "322"]
    assert len(times) == 2 and listed == [("#tea", "of tea"), ("#lobby", "")], heard
    return times


def test_everything_is_killed(house):
    """What there was before is there after: each process alone, and all of them."""
    ann, eve = signed_in(house, "ann"), Irc(house).enter("eve")
    ann.join("#hall", "#tea")
    ann.ask("CS REGISTER #tea", "CS AMODE #tea +v bob", "MODE #tea +RMfW #hall 3600", "TOPIC #tea :of tea")
    ann.ask("MODE #tea +b x!*@*")
    ann.join("#slow", "#well")
    ann.ask("MODE #well +bb m:eve a:bob")
    eve.join("#well")
    ann.ask("MODE #slow +W 3600")
    eve.join("#slow")
    eve.say("#slow", "one")
    times = room_times(ann)
    [asked] = told(ann, "CS DROP #tea")
    ann.ask("PART #tea")
    for name in ("hub", "scribe", "clerk"):
        house.wait_replaced(name, house.kill(name))
        assert "+W" in [line.last for line in eve.ask("PRIVMSG #slow :two") if line.command == "404"][0]
        assert told(ann, "CS FOUNDER #tea") == ["#tea belongs to ann"]
        assert eve.ask("PRIVMSG #well :muted")[0].command == "404"
        assert room_times(ann) == times
    house.kill_all()
    house.restart()
    eve = Irc(house).enter("eve")
    bob, ann = signed_in(house, "bob"), signed_in(house, "ann")
    eve.sync()
    ann.sync()
    heard = eve.ask("JOIN #tea")
    assert [line.command for line in heard][:2] == ["470", "JOIN"], heard
    [refused] = [line for line in eve.ask("PRIVMSG #slow :two") if line.command == "404"]
    assert "+W" in refused.last
    assert "+b m:" in eve.ask("PRIVMSG #well :muted")[0].last
    assert bob.ask("JOIN #well")[0].command == "474"
    ann.join("#tea")
    assert {line.last for line in bob.join("#tea") if line.command == "332"} == {"of tea"}
    assert bob.names("#tea") == {"@ann", "+bob"}
    [modes] = [line for line in bob.ask("MODE #tea") if line.command == "324"]
    assert modes.parameters[2:] == ["+MRntfW", "#hall", "3600"]
    assert room_times(ann) == times
    assert told(ann, "CS FOUNDER #tea") == ["#tea belongs to ann"]
    assert told(ann, "CS AMODE #tea")[0] == "+v bob"
    assert any(line.command == "367" for line in ann.ask("MODE #tea b"))
    # Who is the same person still has the same code.
    assert told(ann, asked.partition("say: ")[2].join(["CS ", ""])) == ["#tea is registered no more"]
