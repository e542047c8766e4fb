"""What the administrator does against trouble, and what is later found of it: bans, levels, `audit`."""

import re
import shutil

import pytest
import tools
from irc import Irc
from plain import Plain
from sessions import wire
from tools import eventually


# What `qun admin password` makes of: open sesame
SESAME = (
    "$argon2id$v=19$m=65536,t=2,p=1$2NBHExx57ioLyOe6QOKHqA$KLbHRcbTLLDgt8aJ/1dgDMX7It1SxKjHlkygAtdIiz4"
)
ALL = ("hub", "scribe", "clerk", "edge 0", "console")


def add_account(server, name, password):
    words = ("--data", server.data, "account", "add", name, "--password-stdin")
    done = tools.qun("admin", *words, input=f"{password}\n")
    assert done.returncode == 0, done.stdout + done.stderr


def refused(server, nick, account=None, source="127.0.0.1"):
    """What is read by who tries to come in by IRC and may not: the last lines."""
    someone = Irc(server, source)
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


def become_operator(server, nick, *capabilities):
    someone = Irc(server).enter(nick, *capabilities)
    someone.send("OPER root :open sesame")
    someone.find("381")
    someone.sync()
    return someone


def said(person, line):
    """What one line leads to: the words, or the numerics."""
    return " ".join(each.command if each.is_numeric() else each.text for each in person.ask(line))


def operators_are_asked_first(server):
    """Who is no operator may nothing of it, and learns nothing."""
    nobody = Irc(server).enter("nobody")
    for line in ("KLINE spam :a flood", "KLINE 1d", "UNKLINE spam", "DLINE 127.9.0.0/16 :no", "UNDLINE 1.2.3.4"):
        assert nobody.numerics(line) == ["481"], line
    assert nobody.numerics("DEFCON") == nobody.numerics("DEFCON 1") == ["481"]
    for letter in "kdop":
        assert nobody.numerics(f"STATS {letter}") == ["481", "219"], letter
    assert nobody.numerics("KLINE LIST") == nobody.numerics("DLINE list") == ["481", "219"]
    assert nobody.numerics("STATS u") == ["242", "219"] and nobody.numerics("STATS x") == ["219"]
    nobody.quit()


def operators_are_told_what_is_wrong(server, olga):
    for line in ("KLINE", "KLINE spam", "KLINE 7d", "KLINE 7d spam", "KLINE MYSELF spam", "UNKLINE", "DLINE 10.0.0.0/8"):
        assert olga.numerics(line) == ["461"], line
    for line, code in (
        ("KLINE 60 spam :a flood", "INVALID_DURATION 60"),
        ("KLINE olga :me", "IS_YOURSELF olga"),
        ("KLINE 1d OL*!*@* :me", "IS_YOURSELF OL*!*@*"),
        ("DLINE 127.0.0.0/8 :all of us", "IS_YOURSELF 127.0.0.0/8"),
        ("KLINE 10.0.0.0/8 :a network", "INVALID_TARGET 10.0.0.0/8"),
        ("DLINE spam :no network", "INVALID_TARGET spam"),
        ("KLINE " + "很" * 40 + " :too long", "INVALID_TARGET"),
        ("KLINE spam :" + "why " * 101, "REASON_TOO_LONG spam"),
        ("UNKLINE nobody!*@*", "NO_SUCH_BAN nobody!*@*"),
        ("UNDLINE 10.9.0.0/16", "NO_SUCH_BAN 10.9.0.0/16"),
        ("DEFCON 6", "INVALID_LEVEL 6"),
        ("DEFCON open", "INVALID_LEVEL open"),
    ):
        assert f"FAIL {line.split()[0]} {code}" in said(olga, line), line
    assert not server.admin_json("bans")[:-1], "none of these is a ban"
    for topic in ("KLINE", "UNKLINE", "DLINE", "UNDLINE", "DEFCON"):
        assert "operators" in olga.ask(f"HELP {topic}")[0].last
    # Without the capability the words are a notice.
    plain = become_operator(server, "otto")
    assert "NOTICE otto :UNKLINE: There is no such ban" in said(plain, "UNKLINE nobody")
    plain.quit()


def operators_decide(server, olga):
    spam, bob = Irc(server).enter("spam1"), Irc(server).enter("bob", account=("bob", "other-sesame"))
    far = Irc(server, "127.9.0.1").enter("far")
    told = said(olga, "KLINE 1h30m spam*!*@* :a flood")
    assert re.search(r"NOTICE olga :Added K-Line for spam\*!\*@\* until 20..-\S+Z$", told), told
    assert "a flood" in " ".join(line.text for line in spam.expect_end())
    assert said(olga, "KLINE account:bob advertising, twice").endswith("Added K-Line for account:bob")
    assert "advertising, twice" in " ".join(line.text for line in bob.expect_end())
    assert said(olga, "DLINE 1y 127.9.0.0/16 :an open proxy").startswith(":")
    assert "an open proxy" in " ".join(line.text for line in far.expect_end())
    olga.send("@label=k KLINE carl :a sock puppet")
    line = olga.find("NOTICE")
    assert line.tags["label"] == "k" and line.last == "Added K-Line for carl"
    assert "level is 5" in said(olga, "DEFCON")
    assert "NOTICE olga :Current DEFCON level is 3: " in said(olga, "DEFCON 3 :raid by night")


def is_as_operators_decided(server):
    assert "a flood" in refused(server, "spam7")
    assert "advertising, twice" in refused(server, "bob", ("bob", "other-sesame"))
    assert "an open proxy" in refused(server, "far", ("ann", "open-sesame"), source="127.9.3.3")
    assert "raid by night" in refused(server, "guest")
    acts = audited(server, "--by", "olga")
    assert {each["name"] for each in acts if each["kind"] == "kicked"} == {"spam1", "bob", "far"}
    assert [(each["kind"], each["text"]) for each in acts if each["kind"] != "kicked"] == [
        ("banned", "a flood"),
        ("banned", "advertising, twice"),
        ("banned", "an open proxy"),
        ("banned", "a sock puppet"),
        ("server-set", "raid by night"),
    ]
    words = server.admin_ok("audit", "--by", "olga")
    assert "127.9.0.0/16" in words and "account:bob" in words and "olga" in words


def operators_see_and_take_back(server):
    olga = Irc(server).enter("ann", "draft/multiline", "labeled-response", "batch", account=("ann", "open-sesame"))
    olga.send("OPER root :open sesame")
    olga.find("381")
    olga.sync()
    lines = olga.ask("STATS k", "STATS D", "KLINE LIST")
    shown = [" ".join(line.parameters[1:]) for line in lines]
    assert [line.command for line in lines] == ["216"] * 3 + ["219", "225", "219"] + ["216"] * 3 + ["219"]
    when = r"20\S+Z"
    for want, got in zip(
        (
            rf"K spam\*!\*@\* \* \* a flood \({when} by olga, until {when}\)",
            rf"K account:bob \* \* advertising, twice \({when} by olga\)",
            rf"K carl \* \* a sock puppet \({when} by olga\)",
            "k End of STATS report",
            rf"D 127.9.0.0/16 an open proxy \({when} by olga, until {when}\)",
        ),
        shown,
        strict=False,
    ):
        assert re.fullmatch(want, got), (want, got)
    assert re.search(r"level is 3: .* \(20\S+Z by olga\) raid by night", said(olga, "DEFCON"))
    # One store: what is banned here is taken back there, and the other way round.
    assert {each["by"] for each in server.admin_json("bans") if each.get("kind") == "ban"} == {"olga"}
    server.admin_ok("unban", "carl")
    assert said(olga, "UNKLINE SPAM*").endswith(":Removed K-Line for spam*!*@*")
    assert said(olga, "UNKLINE account:bob").endswith(":Removed K-Line for account:bob")
    assert said(olga, "UNDLINE 127.9.0.0/16").endswith(":Removed D-Line for 127.9.0.0/16")
    assert "level is 5" in said(olga, "DEFCON 5")
    assert olga.numerics("STATS k") == olga.numerics("STATS d") == ["219"]
    Irc(server, "127.9.0.1").enter("spam1").quit()
    Irc(server).enter("bob", account=("bob", "other-sesame")).quit()
    # Oneself, if that is meant.
    olga.send("KLINE MYSELF 1d ann!*@* :a test")
    told = olga.expect_end()
    assert "Added K-Line for ann!*@*" in told[0].last and "a test" in told[-1].last


def cannot_register(person):
    """Neither by REGISTER nor by NickServ, and it is said in words."""
    said_so = "No new accounts are made for now"
    line = person.ask("REGISTER * * a-long-password")[0]
    assert line.matches("FAIL", ("REGISTER", "TEMPORARILY_UNAVAILABLE", "*")) and said_so in line.last, line
    assert said_so in said(person, "NS REGISTER a-long-password")
    assert "draft/account-registration" not in person.offered


def no_new_accounts(server, crowd):
    """Level 4: whoever comes may come in, but make no account; the capability goes, and comes again."""
    ann = Irc(server).enter("newcomer", "cap-notify", "standard-replies")
    old = Irc(server).enter("old")
    assert "draft/account-registration" in ann.offered
    server.admin_ok("defcon", "4", "too many of them")
    ann.find("CAP", ..., "DEL", "draft/account-registration")
    cannot_register(ann)
    late = Irc(server).enter("late", "standard-replies")
    cannot_register(late)
    late.quit()
    assert Plain(server).try_to_enter("小明") == "OK"
    crowd.enter("小红")
    server.kill_all()
    server.restart()
    late = Irc(server).enter("late", "standard-replies")
    cannot_register(late)
    server.admin_ok("defcon", "5")
    late.find("CAP", ..., "NEW", "draft/account-registration")
    assert late.ask("REGISTER * * a-long-password")[0].matches("REGISTER", ("SUCCESS", "late"))
    late.quit()
    old.close()


def nobody_new(server, crowd):
    """Level 2: not even who has an account; who is in stays, and speaks."""
    stays, plain = Irc(server).enter("stays"), Plain(server).enter("小刚")
    stays.join("#quiet", "#lobby")
    server.admin_ok("defcon", "2", "--why", "flood")
    told = refused(server, "bob", ("bob", "other-sesame"))
    assert "Nobody new comes in now: try again later (flood)" in told
    assert "nobody new comes in now, try again later: flood" in Plain(server).try_to_enter("小王")
    turned_away = crowd.begin("小张")
    [refusal] = crowd.wait(lambda: turned_away.events_of(wire.Refusal), "the refusal")
    assert (wire.word(refusal.reason), refusal.argument, refusal.text) == ("access-closed", 2, "flood")
    assert not stays.say("#lobby", "still here")
    plain.say("我还在")
    stays.find("PRIVMSG", "#lobby", "我还在", nick="小刚")
    return stays, plain


def all_is_quiet(server, stays, plain):
    """Level 1: rooms are as if moderated; operators speak, and so does who has voice."""
    server.admin_ok("defcon", "1")
    line = stays.say("#lobby", "psst")[0]
    assert line.matches("404", ("#lobby",)) and "for now only operators" in line.last
    assert not stays.say("#quiet", "its operator may")
    plain.say("嘘").find_where(lambda heard: "only operators may speak for now" in heard, "the refusal")
    assert "Nobody new comes in now" in refused(server, "guest")
    server.admin_ok("defcon", "5")
    assert not stays.say("#lobby", "at last")
    plain.say("好了")
    stays.find("PRIVMSG", "#lobby", "好了", nick="小刚")
    stays.quit()


def deeds_of_operators_and_owners(server):
    """KILL, a shout to all, and accounts that are dropped: by whom; and from when on."""
    olga = become_operator(server, "olga")
    spam, late = Irc(server).enter("spam9"), Irc(server).enter("late", account=("late", "a-long-password"))
    olga.send("KILL spam9 :off with it", "NOTICE $* :tea in five minutes")
    spam.expect_end()
    late.send("NS DROP")
    code = late.find("NOTICE", ..., re.compile("DROP [0-9a-f]{8} password")).last.split("DROP ")[1][:8]
    late.send(f"NS DROP {code} a-long-password")
    late.find("NOTICE", ..., re.compile("nobody's account any more"))
    server.admin_ok("account", "drop", "bob")
    ended = ("late", "bob")
    eventually(lambda: all("account-ended" in str(audited(server, "--about", each)) for each in ended), "the ends")
    for kind, about, by in (
        ("kicked", "spam9", "olga"),
        ("account-ended", "late", "late"),
        ("account-ended", "bob", "administrator"),
    ):
        acts = [each for each in audited(server, "--about", about) if each["kind"] == kind]
        assert [each["by"] for each in acts] == [by], (kind, acts)
    assert "tea in five minutes" in [each["text"] for each in audited(server, "--by", "olga")]
    everything = audited(server)
    assert audited(server, "--since", "1d") == everything
    assert not audited(server, "--since", "2100-01-01")
    since = everything[-1]["time"]
    assert everything[-1] in audited(server, "--since", since)
    assert server.admin("audit", "--since", "whenever").returncode == 2
    return everything


def test_moderation(serve, place, crowd_of):
    (place / "qun.conf").write_text(f"[operator root]\npassword = {SESAME}\n")
    (place / "qun.conf").chmod(0o600)
    server = serve("--rate", "100000:100000", "--config", place / "qun.conf", language="en")
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
    Irc(server).enter("ann", account=("ann", "open-sesame")).quit()
    Irc(server).enter("spam1").quit()
    eventually(lambda: len(audited(server)) >= 8, "what was taken back, in the audit")

    operators_are_asked_first(server)
    olga = become_operator(server, "olga", "standard-replies", "labeled-response", "batch", "message-tags")
    operators_are_told_what_is_wrong(server, olga)
    operators_decide(server, olga)
    for name in ALL:
        server.wait_replaced(name, server.kill(name))
    is_as_operators_decided(server)
    server.kill_all()
    server.restart()
    is_as_operators_decided(server)
    operators_see_and_take_back(server)

    no_new_accounts(server, crowd_of(server))
    all_is_quiet(server, *nobody_new(server, crowd_of(server)))
    everything = deeds_of_operators_and_owners(server)
    server.admin_ok("check")

    # Where no server runs, log.db is read.
    server.stop()
    assert audited(server) == everything
    assert [each["name"] for each in audited(server, "--by", "olga", "--about", "spam9")] == ["spam9"]
    assert "off with it" in server.admin_ok("audit", "--about", "spam9")
    server.admin_ok("check")


# ---- What one network may ------------------------------------------------------------------------

LIMITS = """
[access]
cleartext-passwords = yes
[limits]
connections-per-network = 3
registrations-per-network = 2
"""

# Nothing but a loopback, and addresses that are none.
OWN_NETWORK = "ip link set lo up && ip route add local 192.0.2.0/24 dev lo && "


def comes_from(server, source):
    """A connection, as soon as there is a place: who has gone may be there for a moment."""
    someone = Irc(server, source, to=("192.0.2.1", 8888))
    someone.send("CAP LS 302")
    if someone.next().command == "CAP":
        return someone
    someone.close()
    return None


def registers(server, nick, source, how="REGISTER * * a-long-password"):
    someone = eventually(lambda: comes_from(server, source), "a place")
    told = said(someone.enter(nick, "standard-replies"), how)
    someone.quit()
    someone.close()
    return told


def refusals(server, reason):
    return sum(each.get("refusals", {}).get(reason, 0) for each in server.admin_json("stats"))


def test_what_one_network_may(serve, place):
    """Connections at once, and accounts in a while, counted by whoever lives longest; loopback is not counted."""
    if not tools.IS_ROOT or not tools.may_unshare("-n") or not shutil.which("ip"):
        pytest.skip("needs a network of its own")
    (place / "qun.conf").write_text(LIMITS)
    (place / "qun.conf").chmod(0o600)
    server = serve(
        *("--rate", "100000:100000", "--config", place / "qun.conf", "--edges", "1"),
        listen=("0.0.0.0:8888",),
        wrap=("unshare", "-n", "sh", "-c", f'{OWN_NETWORK} exec "$0" "$@"'),
    )
    with tools.network_of(server.pid):
        here = [Irc(server, "192.0.2.7", to=("192.0.2.1", 8888)).enter(f"one{i}") for i in range(3)]
        turned_away = Irc(server, "192.0.2.7", to=("192.0.2.1", 8888))
        assert "Too many connections" in turned_away.expect_end()[0].last
        Irc(server, "192.0.2.8", to=("192.0.2.1", 8888)).enter("elsewhere").quit()
        here.pop().reset()
        assert "REGISTER SUCCESS a" in registers(server, "a", "192.0.2.7")
        for each in here:
            each.reset()

        assert "REGISTER SUCCESS b" in registers(server, "b", "192.0.2.7")
        told = registers(server, "c", "192.0.2.7")
        assert "FAIL REGISTER TEMPORARILY_UNAVAILABLE c :Many names were registered from your network" in told
        for name in ("edge 0", "clerk"):
            server.wait_replaced(name, server.kill(name))
        told = registers(server, "d", "192.0.2.7", "NS REGISTER a-long-password")
        assert "Many names were registered from your network" in told
        assert "REGISTER SUCCESS e" in registers(server, "e", "192.0.2.9")
        for name in ("f", "g", "h"):
            near = Irc(server, to=("127.0.0.1", 8888)).enter(name, "standard-replies")
            assert "REGISTER SUCCESS" in said(near, "REGISTER * * a-long-password")
        assert refusals(server, "limit") >= 1
