"""Names that look like a registered name: refused on every face, and still after everything was killed."""

from irc import Irc
from plain import Plain
from test_irc_accounts import add_account

FAST = ("--rate", "100000:100000")
LOOKS_LIKE = 53
ALICE = "alice"
CYRILLIC = "аlice"  # Its first letter is not Latin.


def refused_by_datagram(server, name):
    answer = Plain(server).try_to_enter(name)
    assert answer != "OK" and ALICE in answer, answer


def refused_by_session(crowd, name):
    member = crowd.begin(name)
    crowd.wait(lambda: member.others, f"a refusal of {name}")
    [refusal] = member.others
    assert member.state != "here" and (refusal.reason, refusal.text) == (LOOKS_LIKE, ALICE), refusal


def refused_at_the_door(server, name):
    """433 says whom it looks like; with another name one comes in, and cannot take it there either."""
    person = Irc(server)
    person.send("USER u 0 * :r", f"NICK {name}")
    refusal = person.find("433")
    assert ALICE in refusal.last and refusal.parameters[1] == name, refusal
    person.send("NICK other")
    person.find("001")
    person.sync()
    [inside] = person.ask(f"NICK {name}")
    person.quit()
    assert inside.command == "433" and ALICE in inside.last, inside


def refused_everywhere(server, crowd):
    refused_by_datagram(server, "ALIСE")
    refused_by_session(crowd, "alicе")
    refused_at_the_door(server, "AL1CE")


def test_on_every_face(serve, crowd_of):
    server = serve(*FAST)
    early = Irc(server).enter(CYRILLIC, "draft/account-registration", "standard-replies")
    alice = Irc(server).enter(ALICE)
    assert "yours" in alice.ask("NS REGISTER open-sesame")[0].last
    # Who had such a name before keeps it, and cannot make it an account.
    [refused] = [line for line in early.ask("REGISTER * * open-sesame") if line.command == "FAIL"]
    assert refused.parameters[:2] == ["REGISTER", "BAD_ACCOUNT_NAME"], refused
    assert "looks like" in early.ask("NS REGISTER open-sesame")[0].last
    refused_everywhere(server, crowd_of(server))
    # What is only similar is no look-alike; of alphabets that nobody mixes one may make a name, but no account.
    Plain(server).enter("alicia")
    mixed = Irc(server).enter("小明α", "draft/account-registration", "standard-replies")
    [refused] = [line for line in mixed.ask("REGISTER * * open-sesame") if line.command == "FAIL"]
    assert refused.parameters[:2] == ["REGISTER", "BAD_ACCOUNT_NAME"], refused
    assert "alphabets" in mixed.ask("NS REGISTER open-sesame")[0].last
    server.kill_all()
    server.restart()
    refused_everywhere(server, crowd_of(server))
    # The administrator decides otherwise: both are names of their own then, and no others are.
    add_account(server, CYRILLIC, "open-sesame")
    Irc(server).enter(CYRILLIC, account=(CYRILLIC, "open-sesame"))
    assert Plain(server).try_to_enter("AL1CE") != "OK"
