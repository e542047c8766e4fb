"""IRC: what accounts, rooms, messages and moderation are, once more across each death.

Each item below says something, yields, and looks at what came of it. Between the two one process is
killed with SIGKILL, or all of them, and whoever lost the connection comes back under its name. One server
lives through all of it; names and rooms end with the victim's name, `tag`.
"""

import json
import re

from irc import Irc, enter_many
from test_irc_accounts import add_account, scram
from test_irc_chanserv import SESAME, confirmed, told
from test_irc_marks import marked
from test_irc_metadata import listed, setting
from test_irc_multiline import batch, messages
from test_irc_nickserv import tells
from test_irc_redact import history, is_nowhere, texts
from test_irc_redact import say as say_known
from test_irc_search import texts as found
from test_irc_stay import without_clock
from test_moderation import refused, said

VICTIMS = ("hub", "scribe", "clerk", "console", "edge 0", "edge 1", "all")
PASSWORD = "open-sesame"
WANTS = (
    *("message-tags", "server-time", "batch", "labeled-response", "echo-message", "standard-replies"),
    *("draft/chathistory", "draft/event-playback", "draft/multiline", "draft/message-redaction"),
    *("draft/read-marker", "draft/metadata-3", "draft/relaymsg", "draft/channel-rename", "soju.im/search"),
)
ACCOUNTS = ("ann", "bob")
GUESTS = ("bridge", "eve", "root")


class Person(Irc):
    """Signs in without a password, which costs the server less."""

    def sign_in(self, name, password):
        return scram(self, name, password)


class House:
    """The server and who is in it; `ming` comes and goes, and stays."""

    def __init__(self, server):
        self.server, self.number, self.passwords, self.syncs = server, 0, [PASSWORD], 0
        for name in ("ann", "bob", "ming"):
            add_account(server, name, PASSWORD)
        self.people = {name: self.enter(name) for name in (*ACCOUNTS, *GUESTS)}
        for person in self.people.values():
            person.join("#all")
        ming = self.ming()
        ming.ask("NS SET STAY on")
        ming.quit()

    def __getattr__(self, name):
        return self.people[name]

    def enter(self, name):
        account = (name, PASSWORD) if name in ACCOUNTS else None
        person = Person(self.server).enter(name, *WANTS, account=account)
        if name == "root":
            person.send("OPER root :open sesame")
            person.find("381")
        return person

    def ming(self):
        account = ("ming", self.passwords[-1])
        return Person(self.server).enter("ming", user="ming@phone", account=account)

    def kill(self, victim):
        """Who lost the connection, and is here again."""
        if victim == "all":
            self.server.kill_all()
            self.server.restart()
        else:
            self.server.wait_replaced(victim, self.server.kill(victim))
        lost = [name for name, person in self.people.items() if has_ended(person)]
        for name in lost:
            self.people[name] = self.enter(name)
        return lost

    def sync(self):
        """All that was done is known at either edge, and what was heard of it is nobody's answer."""
        self.syncs += 1
        self.root.send(f"PRIVMSG #all :sync {self.syncs}")
        for person in self.people.values():
            person.find("PRIVMSG", "#all", f"sync {self.syncs}")
            person.sync()


def has_ended(person):
    """Whose process is dead, its sockets are closed."""
    person.socket.setblocking(False)
    had = -1
    while not person.is_ended and len(person.buffer) > had:
        had = len(person.buffer)
        person.receive()
    return person.is_ended


# ---- Rooms


def lists(house, tag):
    house.ann.join(f"#mute-{tag}", f"#ban-{tag}")
    house.eve.join(f"#mute-{tag}")
    house.ann.ask(f"MODE #mute-{tag} +bb m:eve x!*@*", f"MODE #ban-{tag} +be a:bob a:carl")
    yield
    assert "+b m:" in house.eve.ask(f"PRIVMSG #mute-{tag} :muted")[0].last
    assert house.bob.numerics(f"JOIN #ban-{tag}") == ["474"]
    shown = [line.parameters[2] for line in house.ann.ask(f"MODE #mute-{tag} b", f"MODE #ban-{tag} e")]
    assert {"m:eve!*@*", "x!*@*", "a:carl"} < set(shown), shown


def forward_and_registered(house, tag):
    house.ann.join(f"#hall-{tag}", f"#tea-{tag}")
    house.ann.ask(f"MODE #tea-{tag} +RMf #hall-{tag}", f"MODE #hall-{tag} +M")
    yield
    heard = house.eve.ask(f"JOIN #tea-{tag}")
    assert [line.command for line in heard][:2] == ["470", "JOIN"], heard
    assert "+M" in house.eve.ask(f"PRIVMSG #hall-{tag} :hi")[0].last
    [modes] = [line for line in house.ann.ask(f"MODE #tea-{tag}") if line.command == "324"]
    assert modes.parameters[2:] == ["+MRntf", f"#hall-{tag}"], modes


def slow(house, tag):
    house.ann.join(f"#slow-{tag}")
    house.ann.ask(f"MODE #slow-{tag} +W 3600")
    house.eve.join(f"#slow-{tag}")
    house.eve.say(f"#slow-{tag}", "one")
    yield
    [refusal] = [line for line in house.eve.ask(f"PRIVMSG #slow-{tag} :two") if line.command == "404"]
    assert "+W" in refusal.last


def topic_and_list(house, tag):
    def look():
        heard = house.eve.ask(f"TOPIC #topic-{tag}", f"LIST #topic-{tag}", f"MODE #topic-{tag}")
        return [line.parameters for line in heard if line.command in ("322", "329", "332", "333")]

    house.ann.join(f"#topic-{tag}")
    house.ann.ask(f"TOPIC #topic-{tag} :of {tag}")
    house.sync()
    before = look()
    assert len(before) == 4 and before[2][1:] == [f"#topic-{tag}", "1", f"of {tag}"], before
    yield
    assert look() == before


def renamed(house, tag):
    house.ann.join(f"#old-{tag}")
    house.ann.say(f"#old-{tag}", f"said in old {tag}")
    house.sync()
    house.root.send(f"RENAME #old-{tag} #new-{tag} :better so")
    house.ann.find("RENAME", f"#old-{tag}", f"#new-{tag}")
    yield
    assert house.eve.numerics(f"PRIVMSG #old-{tag} :anybody?") == ["403"]
    assert house.ann.names(f"#new-{tag}") == {"@ann"}
    assert texts(history(house.ann, f"#new-{tag}")) == [f"said in old {tag}"]


# ---- Messages


def relayed(house, tag):
    house.bridge.join(f"#relay-{tag}")
    house.bridge.send(f"RELAYMSG #relay-{tag} smt/discord :hi {tag}")
    house.bridge.find("PRIVMSG", f"#relay-{tag}", f"hi {tag}", nick="smt/discord")
    yield
    [line] = [line for line in history(house.bridge, f"#relay-{tag}") if line.command == "PRIVMSG"]
    assert (line.nick, line.last, line.tags["draft/relaymsg"]) == ("smt/discord", f"hi {tag}", "bridge")


def several_lines(house, tag):
    text = f"first of {tag}\n\nthird 三"
    house.ann.join(f"#lines-{tag}")
    [(tags, _, heard)] = messages(house.ann.ask(*batch(f"#lines-{tag}", *text.split("\n"))))
    assert heard == text and tags["msgid"]
    yield
    [(kept, target, heard)] = messages(history(house.ann, f"#lines-{tag}"))
    assert (target, heard) == (f"#lines-{tag}", text)
    assert (kept["msgid"], kept["time"]) == (tags["msgid"], tags["time"])


def reactions(house, tag):
    house.ann.join(f"#react-{tag}")
    house.bob.join(f"#react-{tag}")
    which = say_known(house.ann, f"#react-{tag}", f"what of {tag}?")
    house.sync()
    given = [(f"+draft/{key}", "lol") for key in ("react", "unreact")]
    for key, value in given:
        house.bob.ask(f"@+draft/reply={which};{key}={value} TAGMSG #react-{tag}")
    yield
    lines = [line for line in history(house.ann, f"#react-{tag}") if line.command == "TAGMSG"]
    assert [line.nick for line in lines] == ["bob", "bob"]
    assert {line.tags["+draft/reply"] for line in lines} == {which}
    assert [(key, line.tags.get(key)) for line, (key, _) in zip(lines, given, strict=True)] == given


def redacted(house, tag):
    room, word = f"#redact-{tag}", "xyzzy" + tag.replace(" ", "")
    house.ann.join(room)
    house.bob.join(room)
    own, theirs = (say_known(house.bob, room, f"{word} {which}") for which in ("one", "two"))
    direct = say_known(house.bob, "ann", f"{word} three")
    house.sync()
    house.bob.ask(f"REDACT {room} {own}", f"REDACT ann {direct} :sorry")
    house.ann.ask(f"REDACT {room} {theirs} :off topic")
    yield
    is_nowhere(house.server, word)
    lines = history(house.ann, room)
    assert not texts(lines)
    taken = [(line.nick, line.parameters[1]) for line in lines if line.command == "REDACT"]
    assert taken == [("bob", own), ("ann", theirs)]
    assert f"{word} three" not in texts(history(house.ann, "bob"))
    assert not found(house.ann, f"in={room};text={word}") and not found(house.bob, f"in=ann;text={word}")
    assert house.bob.ask(f"REDACT {room} {own}")[0].matches("FAIL", ("REDACT", "UNKNOWN_MSGID"))


def searched(house, tag):
    house.ann.join(f"#search-{tag}")
    house.ann.ask(f"PRIVMSG #search-{tag} :喝龙井茶 {tag}", f"PRIVMSG bob :plover-{tag} to bob")
    yield
    assert found(house.ann, f"in=#search-{tag};text=龙井") == [f"喝龙井茶 {tag}"]
    assert found(house.bob, f"in=ann;text=plover-{tag}") == [f"plover-{tag} to bob"]


# ---- What is known of people


def read_markers(house, tag):
    when = "2024-01-02T00:00:00.000Z"
    house.ann.join(f"#mark-{tag}")
    marked(house.ann, f"#mark-{tag}", when)
    assert marked(house.bob, f"early-{tag}") == "*"
    yield
    assert marked(house.ann, f"#mark-{tag}") == when
    assert marked(house.ann, f"#mark-{tag}", "2023-01-01T00:00:00.000Z") == when, "never backwards"
    assert marked(house.bob, f"#mark-{tag}") == "*"


def metadata(house, tag):
    house.ann.ask(f"JOIN #meta-{tag}")
    setting(house.ann, "*", f"key-{tag}", f"hers {tag}")
    setting(house.eve, "*", "url", f"eve {tag}")
    setting(house.ann, f"#meta-{tag}", "avatar", f"its {tag}")
    yield
    assert listed(house.bob, "ann")[f"key-{tag}"] == f"hers {tag}"
    assert listed(house.bob, "eve") == {"url": f"eve {tag}"}
    assert listed(house.ann, f"#meta-{tag}") == {"avatar": f"its {tag}"}


def whox(house, tag):
    def look():
        return [line.parameters for line in house.ann.ask("WHO bob %tuhnfar,42", "WHO eve %tuhnfar,42")]

    before = look()
    assert [row[-2] for row in before if row[1] == "42"] == ["bob", "0"], before
    yield
    assert look() == before


def away(house, tag):
    house.bob.ask(f"AWAY :lunch of {tag}")
    early = Irc(house.server).negotiate("draft/pre-away")
    early.send(f"AWAY :not yet {tag}")
    early.enter(f"early-{tag}", "draft/pre-away")
    yield
    for nick, why in (("bob", f"lunch of {tag}"), (f"early-{tag}", f"not yet {tag}")):
        assert [line.last for line in house.ann.ask(f"WHOIS {nick}") if line.command == "301"] == [why]


def watched(house, tag):
    watcher = house.eve
    watcher.ask(f"MONITOR + late-{tag},ann")
    yield
    if house.eve is watcher:
        assert [line.last for line in watcher.ask("MONITOR L") if line.command == "732"] == [f"late-{tag},ann"]
    else:
        assert house.eve.numerics("MONITOR L", f"MONITOR + late-{tag},ann")[:3] == ["733", "730", "731"]
    late = Irc(house.server).enter(f"late-{tag}")
    house.eve.find("730", re.compile(f"^late-{tag}!"))
    late.quit()
    house.eve.find("731", f"late-{tag}")
    house.eve.ask("MONITOR C")


# ---- Accounts


def settings(house, tag):
    stay, playback = ("on", "off") if house.number % 2 else ("off", "on")
    house.bob.ask(f"NS SET STAY {stay}", f"NS SET PLAYBACK {playback}")
    yield
    assert f"STAY: {stay}; PLAYBACK: {playback}" in tells(house.bob, "INFO")


def device_and_password(house, tag):
    ming, old, new = house.ming(), house.passwords[-1], f"sesame-of-{tag.replace(' ', '-')}"
    ming.join(f"#miss-{tag}")
    ming.say(f"#miss-{tag}", f"seen {tag}")
    assert "another now" in tells(ming, f"SET PASSWORD {old} {new}")
    house.passwords.append(new)
    ming.quit()
    house.bob.join(f"#miss-{tag}")
    house.bob.ask(f"PRIVMSG #miss-{tag} :missed {tag}", f"PRIVMSG ming :psst {tag}")
    yield
    assert Person(house.server).negotiate("sasl").sign_in("ming", old).command == "904"
    for missed in ([("bob", f"#miss-{tag}", f"missed {tag}"), ("bob", "ming", f"psst {tag}")], []):
        ming = house.ming()
        assert sorted(without_clock(ming.sync())) == missed
        ming.quit()
    exported = [json.loads(line) for line in house.server.admin_ok("account", "export", "ming").splitlines()]
    assert ["said", f"#miss-{tag}", f"seen {tag}"] in [
        [line["kind"], line.get("room"), line.get("text")] for line in exported
    ]
    assert {"#miss-" + each for each in house.tags} <= {line.get("room") for line in exported}


def founded(house, tag):
    rooms = [f"#{what}-{tag}" for what in ("own", "given", "dropped", "dropping")]
    own, given, dropped, dropping = rooms
    house.ann.join(*rooms)
    house.ann.ask(*(f"CS REGISTER {room}" for room in rooms), f"CS AMODE {own} +v bob")
    assert confirmed(house.ann, f"CS TRANSFER {given} bob") == [f"{given} belongs to bob now"]
    assert confirmed(house.ann, f"CS DROP {dropped}") == [f"{dropped} is registered no more"]
    [asked] = told(house.ann, f"CS DROP {dropping}")
    yield
    assert told(house.eve, f"CS FOUNDER {own}") == [f"{own} belongs to ann"]
    assert told(house.eve, f"CS FOUNDER {given}") == [f"{given} belongs to bob"]
    assert told(house.eve, f"CS FOUNDER {dropped}") == [f"{dropped} is not registered"]
    assert told(house.ann, f"CS AMODE {own}")[0] == "+v bob"
    house.bob.join(own)
    house.sync()
    assert house.ann.names(own) == {"@ann", "+bob"}
    assert told(house.ann, "CS " + asked.partition("say: ")[2]) == [f"{dropping} is registered no more"]


# ---- Moderation


def banned(house, tag):
    network = f"127.9.{house.number}.0/24"
    for line in (
        f"KLINE 1h spam-{tag}*!*@* :flood {tag}",
        f"KLINE sock-{tag}*!*@* :puppet {tag}",
        f"UNKLINE sock-{tag}*!*@*",
        f"DLINE {network} :proxy {tag}",
    ):
        assert " NOTICE root :" in said(house.root, line), line
    yield
    assert f"flood {tag}" in refused(house.server, f"spam-{tag}7")
    assert f"proxy {tag}" in refused(house.server, f"far-{tag}", source=f"127.9.{house.number}.3")
    Irc(house.server).enter(f"sock-{tag}7").quit()
    lines = [" ".join(line.parameters[1:]) for line in house.root.ask("STATS k", "STATS d")]
    for want in (f"K spam-{tag}*!*@* * * flood {tag} (", f"D {network} proxy {tag} ("):
        assert any(line.startswith(want) for line in lines), (want, lines)
    assert not any(f"sock-{tag}" in line for line in lines)
    acts = [each for each in house.server.admin_json("audit", "--by", "root") if "kind" in each]
    assert [each["text"] for each in acts if each.get("text", "").endswith(f" {tag}")] == [
        *(f"{why} {tag}" for why in ("flood", "puppet", "proxy", "raid")),
    ]
    assert [each["by"] for each in acts if each["kind"] == "unbanned"][-1] == "root"


def defcon(house, tag):
    said(house.root, f"DEFCON 4 :raid {tag}")
    yield
    assert re.search(rf"level is 4: .* by root\) raid {tag}$", said(house.root, "DEFCON"))
    line = house.eve.ask("REGISTER * * a-long-password")[0]
    assert line.matches("FAIL", ("REGISTER", "TEMPORARILY_UNAVAILABLE")), line
    assert "level is 5" in said(house.root, "DEFCON 5")


ITEMS = (
    *(lists, forward_and_registered, slow, topic_and_list, renamed),
    *(relayed, several_lines, reactions, redacted, searched),
    *(read_markers, metadata, away, whox, watched),
    *(settings, device_and_password, founded, banned, defcon),
)


def test_all_of_it_across_each_death(serve, place):
    path = place / "qun.conf"
    path.write_text(f"[operator root]\npassword = {SESAME}\n")
    path.chmod(0o600)
    server = serve("--rate", "100000:100000", "--edges", "2", "--config", path, language="en")
    house = House(server)
    for house.number, victim in enumerate(VICTIMS):
        tag = victim.replace(" ", "")
        house.tags = [each.replace(" ", "") for each in VICTIMS[: house.number + 1]]
        # Enough people that some are at either edge.
        many = enter_many(server, 16, prefix=f"{tag}-")
        begun = [item(house, tag) for item in ITEMS]
        for each in begun:
            house.sync()
            next(each)
        lost = house.kill(victim) + [each.nick for each in many if has_ended(each)]
        everybody = len(house.people) + len(many)
        assert len(lost) == {"all": everybody}.get(victim, 0) or victim in server.edges(), (victim, lost)
        assert victim not in server.edges() or 0 < len(lost) < everybody, (victim, lost)
        for each in begun:
            house.sync()
            assert next(each, "over") == "over"
        for each in many:
            each.close()
        server.compare_states()
