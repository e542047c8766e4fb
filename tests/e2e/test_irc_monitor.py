"""IRC: MONITOR, by people of every face, over renames, accounts that come, stay and leave, and deaths."""

from irc import Irc
from plain import Plain
from sessions import Crowd
from test_irc_accounts import add_account

LIMIT = 100
PASSWORD = "open-sesame"


def names_of(lines, numeric):
    """The names in lines of that numeric, without who they are."""
    names = [name for line in lines if line.command == numeric for name in line.last.split(",")]
    return [name.partition("!")[0] for name in names] if numeric == "730" else names


def status(lines):
    """(who is here, who is not)"""
    assert {line.command for line in lines} <= {"730", "731"}, lines
    return names_of(lines, "730"), names_of(lines, "731")


def check_the_list(house):
    ann = Irc(house).enter("ann")
    assert ann.isupport["MONITOR"] == str(LIMIT)
    assert status(ann.ask("MONITOR + ann,nobody1,ÄRA")) == (["ann"], ["nobody1", "ÄRA"])
    # One name, however it is written, is watched once; who is no name's is nobody.
    assert status(ann.ask("MONITOR + ANN,*!some@one,ära,,")) == (["ann"], ["*!some@one", "ära"])
    assert ann.ask("MONITOR +  :two words,:x") == []
    lines = ann.ask("monitor l")
    assert [line.command for line in lines] == ["732", "733"], lines
    assert names_of(lines, "732") == ["ann", "nobody1", "ÄRA"]
    assert status(ann.ask("MONITOR S")) == (["ann"], ["nobody1", "ÄRA"])
    assert ann.ask("MONITOR - ära,unknown,*") == []
    assert names_of(ann.ask("MONITOR L"), "732") == ["ann", "nobody1"]
    assert ann.ask("MONITOR C") == []
    assert ann.numerics("MONITOR L", "MONITOR S") == ["733"]
    assert ann.numerics("MONITOR", "MONITOR +", "MONITOR -") == ["461"] * 3
    assert [line.command for line in ann.ask("MONITOR X ann")] == ["NOTICE"]
    ann.quit()


def check_it_is_full(house):
    ann = Irc(house).enter("ann")
    many = [f"somebody-with-a-long-name-{index}" for index in range(LIMIT)]
    for at in range(0, LIMIT, 10):
        ann.ask("MONITOR + " + ",".join(many[at : at + 10]))
    assert names_of(ann.ask("MONITOR L"), "732") == many
    assert sorted(status(ann.ask("MONITOR S"))[1]) == sorted(many)
    lines = ann.ask(f"MONITOR + more1,{many[3].upper()},more2")
    assert status(lines[:-1]) == ([], [many[3].upper()])
    assert lines[-1].parameters[1:] == [str(LIMIT), "more1,more2", "Monitor list is full."], lines
    assert ann.ask(f"MONITOR - {many[50]}") == []
    assert status(ann.ask("MONITOR + more1")) == ([], ["more1"])
    assert names_of(ann.ask("MONITOR L"), "732") == [*many[:50], *many[51:], "more1"]
    # All of it goes with the connection.
    ann.quit()
    ann = Irc(house).enter("ann")
    assert ann.numerics("MONITOR L") == ["733"]
    ann.quit()


def check_who_comes_and_goes(house):
    """Whatever one comes by; watchers at both edges hear the same, once each."""
    watchers = [Irc(house).enter(f"watch{index}") for index in range(6)]

    def told(online=(), offline=()):
        for each in watchers:
            heard = ([], [])
            while [len(part) for part in heard] != [len(online), len(offline)]:
                line = each.next(what=f"{online} online, {offline} offline, after {heard}")
                heard[line.command == "731"].extend(names_of([line], line.command))
                assert line.command in ("730", "731") and line.parameters[0] == each.nick, line
            assert heard == (list(online), list(offline)), each
            each.quiet()

    for each in watchers:
        each.ask("MONITOR + ben,ula,小明,ming,eva,lin")
    ben = Irc(house).enter("Ben")
    told(["Ben"])
    [line] = watchers[0].ask("MONITOR + ben")
    assert line.last.startswith("Ben!~someone@"), line
    ben.ask("NICK BEN")
    told()
    ben.ask("NICK eva")
    told(["eva"], ["ben"])
    ben.ask("NICK other")
    told([], ["eva"])
    ben.ask("NICK ben")
    told(["ben"])
    ben.quit()
    told([], ["ben"])
    ula = Plain(house).enter("ula")
    told(["ula"])
    ula.quit()
    told([], ["ula"])
    Plain(house).enter("小明")
    told(["小明"])
    house.admin_ok("kick", "小明")
    told([], ["小明"])
    # An account's person: its second connection brings nobody, and the last one's end takes it away.
    add_account(house, "ming", PASSWORD)
    first = Irc(house).enter("ming", account=("ming", PASSWORD))
    told(["ming"])
    second = Irc(house).enter("ming", account=("ming", PASSWORD))
    first.quit()
    told()
    second.quit()
    told([], ["ming"])
    third = Irc(house).enter("ming", account=("ming", PASSWORD))
    told(["ming"])
    third.ask("NS SET STAY on")
    third.quit()
    told()
    crowd = Crowd(house.address)
    lin = crowd.enter("lin")
    told(["lin"])
    lin.leave()
    crowd.turn(0.1)
    told([], ["lin"])
    lin.close()
    # Who does not watch any more hears nothing.
    for each in watchers[:3]:
        each.ask("MONITOR - eva")
    for each in watchers[3:]:
        each.ask("MONITOR C")
    eva = Irc(house).enter("eva")
    eva.quit()
    told()
    for each in watchers:
        each.quit()


def check_changes(house):
    """extended-monitor: what else is said of who is watched, whether or not one shares a room; once."""
    ben = Irc(house).enter("ben")
    wants = ("extended-monitor", "away-notify", "account-notify", "setname")
    knows, shares = (Irc(house).enter(nick, *wants) for nick in ("knows", "shares"))
    other = Irc(house).enter("other", *wants[1:])
    for each in (knows, shares, other):
        each.ask("MONITOR + ben")
    ben.join("#changes")
    shares.join("#changes")
    ben.negotiate("setname")
    ben.ask("AWAY :lunch", "SETNAME :Ben of the hills", "AWAY", "JOIN #changes2")
    for each in (knows, shares):
        assert [(line.command, line.parameters) for line in each.sync()] == [
            ("AWAY", ["lunch"]),
            ("SETNAME", ["Ben of the hills"]),
            ("AWAY", []),
        ], each
    other.quiet()
    for each in (ben, knows, shares, other):
        each.quit()


def check_metadata(house):
    """What is said of who is watched comes with the word that it is there."""
    ben = Irc(house).enter("ben", "draft/metadata-3", "batch")
    ben.ask("METADATA * SET pronouns :they")
    ann = Irc(house).enter("ann", "draft/metadata-3", "batch")
    ann.ask("METADATA * SUB pronouns")
    lines = ann.ask("MONITOR + ben,nobody")
    assert [line.command for line in lines] == ["730", "731", "761"], lines
    assert lines[2].parameters[1:] == ["ben", "pronouns", "*", "they"]
    ben.ask("METADATA * SET pronouns :he")
    assert [line.last for line in ann.sync() if line.command == "761"] == ["he"]
    ben.quit()
    ann.find("731", "ben")
    ben = Irc(house).enter("ben", "draft/metadata-3", "batch")
    ann.find("730")
    ben.ask("METADATA * SET pronouns :she")
    ann.find("761", "ben", "pronouns", "*", "she")
    ann.ask("MONITOR C")
    ben.ask("METADATA * SET pronouns :it")
    ann.quiet()
    for each in (ann, ben):
        each.quit()


def check_over_a_death(house, victim):
    """What one has watched is the connection's; who is there is the state's."""
    ann = Irc(house).enter("ann")
    Plain(house).enter(f"vera-{victim}")
    assert status(ann.ask(f"MONITOR + vera-{victim},ming,late-{victim}")) == (
        [f"vera-{victim}", "ming"],
        [f"late-{victim}"],
    )
    if victim == "all":
        house.kill_all()
        house.restart()
        ann = Irc(house).enter("ann2")
        assert status(ann.ask(f"MONITOR + vera-{victim},ming,late-{victim}")) == (
            [f"vera-{victim}", "ming"],
            [f"late-{victim}"],
        )
    else:
        house.wait_replaced(victim, house.kill(victim))
    late = Irc(house).enter(f"late-{victim}")
    assert names_of([ann.find("730")], "730") == [f"late-{victim}"]
    late.quit()
    assert names_of([ann.find("731")], "731") == [f"late-{victim}"]
    ann.quit()


def test_monitor(serve):
    house = serve("--rate", "100000:100000", "--edges", "2")
    check_the_list(house)
    check_it_is_full(house)
    check_who_comes_and_goes(house)
    check_changes(house)
    check_metadata(house)
    check_over_a_death(house, "hub")
    check_over_a_death(house, "all")
