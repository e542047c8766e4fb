"""IRC: what each capability changes for who has it, and for nobody else.

Somebody is in the room with each capability alone, and somebody with none. Of what ann does all hear the
same, but for those that are named."""

import pytest
from irc import Irc
from scenes import fits

FAST = ("--rate", "100000:100000")

ANN, EVE = ":ann!~someone@...", ":eve!~someone@..."
TIME, ID = "@time=...Z", "@msgid=..."

# Who does what; what is heard of it; what else by whom. Tags are written as they are on the wire.
DEEDS = [
    (
        "ann: PRIVMSG #tea :hello",
        [f"{ANN} PRIVMSG #tea :hello"],
        {
            "server-time": [f"{TIME} {ANN} PRIVMSG #tea :hello"],
            "message-tags": [f"{ID} {ANN} PRIVMSG #tea :hello"],
        },
    ),
    ("ann: AWAY :out", [], {"away-notify": [f"{ANN} AWAY :out"]}),
    ("ann: AWAY", [], {"away-notify": [f"{ANN} AWAY"]}),
    ("ann: SETNAME :Ann of tea", [], {"setname": [f"{ANN} SETNAME :Ann of tea"]}),
    ("ann: REGISTER * * open-sesame", [], {"account-notify": [f"{ANN} ACCOUNT ann"]}),
    (
        "ann: NOTICE #tea :signed",
        [f"{ANN} NOTICE #tea :signed"],
        {
            "server-time": [f"{TIME} {ANN} NOTICE #tea :signed"],
            "message-tags": [f"{ID} {ANN} NOTICE #tea :signed"],
            "account-tag": [f"@account=ann {ANN} NOTICE #tea :signed"],
        },
    ),
    ("ann: @+typing=active TAGMSG #tea", [], {"message-tags": [f"{ID};+typing=active {ANN} TAGMSG #tea"]}),
    ("ann: MODE ann +B", [], {}),
    (
        "ann: @+example=a\\:b;unknown=c PRIVMSG #tea :tagged",
        [f"{ANN} PRIVMSG #tea :tagged"],
        {
            "server-time": [f"{TIME} {ANN} PRIVMSG #tea :tagged"],
            "message-tags": [f"{ID};bot;+example=a\\:b {ANN} PRIVMSG #tea :tagged"],
            "account-tag": [f"@account=ann {ANN} PRIVMSG #tea :tagged"],
        },
    ),
    ("ann: INVITE eve #tea", [], {"invite-notify": [f"{ANN} INVITE eve :#tea"]}),
    ("eve: AWAY :back soon", [], {}),
    (
        "eve: JOIN #tea",
        [f"{EVE} JOIN #tea"],
        {
            "server-time": [f"{TIME} {EVE} JOIN #tea"],
            "message-tags": [f"{ID} {EVE} JOIN #tea"],
            "extended-join": [f"{EVE} JOIN #tea * :Eve of the garden"],
            "away-notify": [f"{EVE} JOIN #tea", f"{EVE} AWAY :back soon"],
        },
    ),
]

# What one gets for asking: with the capability, and without; `...` may be lines.
ANSWERS = [
    (
        "multi-prefix",
        "NAMES #tea",
        ["353 ... = #tea :@ann @+old ...", "366 ..."],
        ["353 ... = #tea :@ann @old ...", "366 ..."],
    ),
    ("multi-prefix", "WHO #tea", ["... old H@+ ...", "315 ..."], ["... old H@ ...", "315 ..."]),
    (
        "userhost-in-names",
        "NAMES #tea",
        ["353 ... :@ann!~someone@... @old!~someone@...", "366 ..."],
        ["353 ... :@ann @old ...", "366 ..."],
    ),
    ("no-implicit-names", "JOIN #own", ["JOIN #own"], ["JOIN #own", "353 ... #own ...", "366 ..."]),
    ("echo-message", "PRIVMSG #tea :mine", ["PRIVMSG #tea :mine"], []),
    (
        "standard-replies",
        "CHATHISTORY NO",
        ["FAIL CHATHISTORY INVALID_PARAMS NO :Invalid parameters"],
        ["NOTICE old :CHATHISTORY: Invalid parameters"],
    ),
]


def are(texts, wanted):
    return fits("\n".join(wanted), "\n".join(texts))


def enter(server):
    """{capability: who has it alone}, and "" who has none; all in the room, the latter its second operator."""
    ann = Irc(server).enter("ann", "message-tags", "draft/account-registration")
    ann.join("#tea")
    watchers = {"": Irc(server).enter("old")}
    for index, name in enumerate(name for name in ann.offered if name not in ("sasl", "batch")):
        # Some are of no use without a batch.
        more = ("batch",) if name in ("labeled-response", "draft/chathistory", "draft/event-playback") else ()
        watchers[name] = Irc(server).enter(f"w{index}", name, *more)
    for each in watchers.values():
        each.ask("JOIN #tea")
    operators = [watchers[""].nick, watchers["invite-notify"].nick]
    ann.ask(f"MODE #tea +ovo {operators[0]} {operators[0]} {operators[1]}")
    return ann, watchers


@pytest.mark.asan
def test_each_alone(serve):
    server = serve(*FAST)
    ann, watchers = enter(server)
    people = {"ann": ann, "eve": Irc(server).enter("eve", realname="Eve of the garden")}
    for each in [*people.values(), *watchers.values()]:
        each.sync()
    wrong = []
    for deed, heard, others in DEEDS:
        assert set(others) <= set(watchers), f"who has {set(others) - set(watchers)}?"
        who, said = deed.split(": ", 1)
        people[who].ask(said)
        for name, each in watchers.items():
            lines, wanted = each.sync(), others.get(name, heard)
            if not are([line.text for line in lines], wanted):
                wrong.append(f"{deed}\n  with {name or 'nothing'}: {lines}, not {wanted}")
    ann.ask("MODE #tea +m")  # Nobody shall hear what those say who may not.
    for name, said, having, lacking in ANSWERS:
        each = watchers[next(full for full in watchers if full.removeprefix("draft/") == name)]
        ann.ask(f"MODE #tea +v {each.nick}")
        for person, wanted in ((each, having), (watchers[""], lacking)):
            person.sync()
            texts = [line.text.partition(" ")[2] for line in person.ask(said)]
            if not are(texts, wanted):
                wrong.append(f"{person}: {said}: {texts}, not {wanted}")
    assert not wrong, "\n".join(wrong)


def isupport_lines(lines):
    """The 005 of what was heard: in a batch of their own, with nothing else in it."""
    opened = [line for line in lines if line.command == "BATCH" and line.last == "draft/isupport"]
    assert len(opened) == 1, lines
    name = opened[0].parameters[0][1:]
    inside = [line for line in lines if line.tags.get("batch") == name]
    assert inside and all(line.command == "005" for line in inside), lines
    assert sum(line.command == "005" for line in lines) == len(inside), lines
    assert any(line.command == "BATCH" and line.parameters == [f"-{name}"] for line in lines), lines
    return inside


def away_of(reader, nick):
    """What WHOIS says of it: None, or the text."""
    return next((line.last for line in reader.ask(f"WHOIS {nick}") if line.command == "301"), None)


def test_before_one_is_in(serve):
    """draft/extended-isupport and draft/pre-away: what may be said on the way in, and by whom."""
    server = serve(*FAST)
    eve = Irc(server).negotiate("batch")
    assert eve.numerics("ISUPPORT", "AWAY :gone") == ["451", "451"]
    eve.send("CAP END")
    eve.enter("eve")
    # Afterwards everybody may ask, and has no batch that was not asked for.
    assert set(eve.numerics("ISUPPORT")) == {"005"}
    told = {**eve.isupport}

    ann = Irc(server).negotiate("batch", "draft/extended-isupport", "draft/pre-away", "labeled-response")
    isupport_lines(ann.ask("ISUPPORT"))
    assert ann.isupport == told
    assert ann.numerics("AWAY", "AWAY *", "AWAY :out for tea") == ["305", "306", "306"]
    ann.send("NICK ann", "USER ann 0 * :ann", "CAP END")
    greeting = ann.until("422")
    isupport_lines(greeting)
    assert ann.find("306").command == "306"
    assert away_of(eve, "ann") == "out for tea"
    isupport_lines(ann.ask("@label=x ISUPPORT"))
    assert ann.numerics("AWAY") == ["305"]
    # The last word counts; and nobody is away who took it back.
    ben = Irc(server).negotiate("draft/pre-away")
    ben.send("AWAY :out", "AWAY", "NICK ben", "USER ben 0 * :ben", "CAP END")
    ben.until("422")
    ben.sync()
    assert away_of(eve, "ben") is None
    assert ben.numerics("AWAY *") == ["306"] and away_of(eve, "ben") == "*"


def test_nobody_sits_there(serve):
    """AWAY * takes nothing from what an account's other connections say."""
    server = serve(*FAST)
    eve, ann = Irc(server).enter("eve"), Irc(server).enter("ann", "draft/account-registration")
    ann.ask("REGISTER * * open-sesame")

    def fetch(nick, away):
        """A client that comes by itself, and signs in."""
        it = Irc(server).negotiate("draft/pre-away", "sasl")
        it.send(f"AWAY {away}", f"NICK {nick}", f"USER {nick} 0 * :{nick}")
        it.sign_in("ann", "open-sesame")
        it.send("CAP END")
        it.until("422")
        it.sync()
        return it

    first = fetch("ann", "*")
    assert away_of(eve, "ann") is None
    assert first.numerics("AWAY *") == ["306"] and away_of(eve, "ann") is None
    ann.ask("AWAY :out for tea")
    second = fetch("ann", "*")
    assert away_of(eve, "ann") == "out for tea"
    # In words it is said as ever.
    fetch("ann", ":asleep")
    assert away_of(eve, "ann") == "asleep"
    for each in (first, second):
        each.quit()
    assert away_of(eve, "ann") == "asleep"
