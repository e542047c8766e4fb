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
