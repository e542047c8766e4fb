"""What the administrator does against trouble, and what is later found of it: bans, levels, `audit`."""

import tools
from irc import Irc
from plain import Plain
from tools import eventually


def add_account(server, name, password):
    words = ("--data", server.data, "account", "add", name, "--password-stdin")
    done = tools.qun("admin", *words, input=f"{password}\n")
    assert done.returncode == 0, done.stdout + done.stderr


def refused(server, nick, account=None):
    """What is read by who tries to come in by IRC and may not: the last lines."""
    someone = Irc(server)
    lines = [f"NICK {nick}", f"USER {nick} 0 * :{nick}"]
    if account is not None:
        someone.negotiate("sasl")
        someone.sign_in(*account)
        lines.append("CAP END")
    someone.send(*lines)
    told = someone.expect_end()
    assert not any(line.command == "001" for line in told), told
    return " ".join(line.text for line in told)


def audited(server, *words):
    """The acts, without the line that says how it went."""
    return [each for each in server.admin_json("audit", *words) if "kind" in each]


def is_as_decided(server):
    """The bans and the level, at the door; and what is known of them."""
    assert "no more of this" in refused(server, "ann", ("ann", "open-sesame"))
    assert "a flood" in refused(server, "spam7")
    bans = {each["name"]: each for each in server.admin_json("bans") if each.get("kind") == "ban"}
    assert bans["ann"]["of"] == "account" and bans["spam*!*@*"]["of"] == "mask"
    assert bans["ann"]["until"] and bans["spam*!*@*"]["until"], bans

    assert "raid" in refused(server, "guest")
    assert Plain(server).try_to_enter("小明") != "OK"
    assert server.admin_json("defcon")[0]["level"] == 3

    acts = audited(server)
    assert [each["kind"] for each in acts if each["kind"] in ("banned", "server-set")] == [
        "banned",
        "banned",
        "server-set",
        "server-set",
        "server-set",
    ]
    assert {each["by"] for each in acts} == {"administrator"}
    about = audited(server, "--about", "spam*!*@*")
    assert [(each["kind"], each["text"]) for each in about] == [("banned", "a flood")]
    assert not audited(server, "--by", "nobody")
    words = server.admin_ok("audit")
    assert "account:ann" in words and "no more of this" in words and "raid" in words


def test_moderation(serve):
    server = serve("--rate", "100000:100000", language="en")
    add_account(server, "ann", "open-sesame")
    add_account(server, "bob", "other-sesame")
    ann = Irc(server).enter("ann", account=("ann", "open-sesame"))
    spam = Irc(server).enter("spam1")

    # Whoever is in is ended, and told why.
    server.admin_ok("ban", "account:ann", "--for", "7d", "--why", "no more of this")
    assert "no more of this" in " ".join(line.text for line in ann.expect_end())
    server.admin_ok("ban", "spam*!*@*", "--for", "1h30m", "a flood")
    assert "a flood" in " ".join(line.text for line in spam.expect_end())
    for wrong in (("--for", "soon"), ("--for",), ("--why",)):
        done = server.admin("ban", "carl", *wrong)
        assert done.returncode == 2 and done.stderr, wrong

    # Level 3 is for accounts, 5 for all.
    assert server.admin_json("defcon")[0]["level"] == 5
    server.admin_ok("defcon", "3", "--why", "raid")
    told = refused(server, "guest")
    assert "raid" in told and "account" in told
    Irc(server).enter("bob", account=("bob", "other-sesame")).quit()
    server.admin_ok("defcon", "5")
    Irc(server).enter("guest").quit()
    assert server.admin("defcon", "6").returncode == 2
    server.admin_ok("defcon", "3", "raid again")

    is_as_decided(server)
    server.kill_all()
    server.restart()
    is_as_decided(server)

    server.admin_ok("unban", "account:ann")
    server.admin_ok("unban", "spam*!*@*")
    server.admin_ok("defcon", "5")
    Irc(server).enter("ann", account=("ann", "open-sesame"))
    Irc(server).enter("spam1")
    eventually(lambda: len(audited(server)) >= 8, "what was taken back, in the audit")
