"""IRC: MONITOR, by people of every face, over renames, accounts that come, stay and leave, and deaths."""

from irc import Irc, say
from plain import Plain
from test_irc_accounts import add_account
from test_irc_metadata import batches, setting

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


def check_who_comes_and_goes(house, crowd):
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
        each.ask("MONITOR + ben,ula,小明,ming,eva,gang")
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
    # Of the session dialect.
    gang = crowd.enter("gang")
    told(["gang"])
    gang.leave()
    crowd.turn(0)
    told([], ["gang"])
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


EXTENDED = ("extended-monitor", "away-notify", "account-notify", "setname", "chghost")


def check_what_they_become(house):
    """extended-monitor: each kind to who wants that kind, at every edge, whether or not one shares a room; once."""
    watchers = [Irc(house).enter(f"watch{index}", *EXTENDED) for index in range(6)]
    shy = [Irc(house).enter("shy1", *EXTENDED[1:]), Irc(house).enter("shy2", "extended-monitor")]
    near = Irc(house).enter("near", *EXTENDED)
    ben = Irc(house).enter("ben")
    ben.join("#den"), near.join("#den"), ben.sync()
    for each in (*watchers, *shy, near):
        each.ask("MONITOR + ben,ula,kai")

    def told(nick, *parameters):
        for each in (*watchers, near):
            line = each.next(what=parameters)
            assert (line.nick, line.command, *line.parameters) == (nick, *parameters), line
        for each in (*watchers, near, *shy):
            each.quiet()

    ben.ask("AWAY :at lunch")
    told("ben", "AWAY", "at lunch")
    ben.ask("AWAY")
    told("ben", "AWAY")
    ben.ask(say("SETNAME", "Benjamin B."))
    told("ben", "SETNAME", "Benjamin B.")
    # Who stops watching, or stops wanting it, hears nothing more of those whom it does not see.
    watchers[0].ask("MONITOR - ben,ula,kai")
    watchers[1].ask("CAP REQ -extended-monitor")
    watchers[2].ask("CAP REQ -away-notify")
    shy.extend(watchers.pop(0) for _ in range(3))
    ben.ask("AWAY :gone")
    told("ben", "AWAY", "gone")
    # Somebody's account's person that nobody is connected as.
    add_account(house, "kai", PASSWORD)
    kai = Irc(house).enter("kai", account=("kai", PASSWORD))
    kai.ask("NS SET STAY on")
    kai.quit()
    everybody = (*watchers, *shy, near)
    for each in everybody:
        if each.nick != "watch0":
            assert each.find("730").last.startswith("kai!")
    for each in (*watchers, near):
        assert each.find("AWAY", nick="kai").last
    Irc(house).enter("kai", account=("kai", PASSWORD))
    for each in (*watchers, near):
        assert not each.find("AWAY", nick="kai").parameters
    for each in everybody:
        each.quiet()
        each.quit()
    ben.quit()


def check_metadata(house):
    """What those have of whom one watches is told with each 730, and when it changes; to nobody else."""
    wants = ("draft/metadata-3", "batch")
    ben = Irc(house).enter("ben", *wants)
    ann, eva = Irc(house).enter("ann", *wants), Irc(house).enter("eva", *wants)
    setting(ben, "*", "status", "here")
    setting(ben, "*", "avatar", "https://ben.example/")
    for each in (ann, eva):
        each.ask("METADATA * SUB status")
    own = [("761", "ben", "status", "*", "here")]
    # Asked for or not, each 730 brings it; who asks again is told again.
    assert batches(ann.ask("MONITOR + ben,nobody")) == [("ben", own)]
    assert batches(ann.ask("MONITOR S")) == [("ben", own)]
    setting(ben, "*", "status", "busy")
    line = ann.next()
    assert (line.command, *line.parameters[1:]) == ("761", "ben", "status", "*", "busy")
    eva.quiet()
    ben.ask("NICK Bo")
    assert [line.command for line in ann.sync()] == ["731"]
    ben.ask("NICK ben")
    lines = ann.sync()
    assert lines[0].command == "730" and batches(lines[1:]) == [
        ("ben", [("761", "ben", "status", "*", "busy")])
    ]
    # A new key is told of those whom one watches, though one be in no room.
    assert ("761", "ben", "avatar", "*", "https://ben.example/") in [
        row for _, rows in batches(ann.ask("METADATA * SUB avatar")) for row in rows
    ]
    ann.ask("MONITOR C")
    setting(ben, "*", "status", "gone")
    ann.quiet(), eva.quiet()
    for each in (ann, ben, eva):
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


def test_monitor(serve, crowd_of):
    house = serve("--rate", "100000:100000", "--edges", "2")
    check_the_list(house)
    check_it_is_full(house)
    check_who_comes_and_goes(house, crowd_of(house))
    check_what_they_become(house)
    check_metadata(house)
    for victim in ("hub", "scribe", "clerk"):
        check_over_a_death(house, victim)
    check_over_a_death(house, "all")
