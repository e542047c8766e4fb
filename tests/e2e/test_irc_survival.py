"""IRC: what survives what, with IRC people connected who talk all the while."""

import collections
import os
import random
import select
import signal
import time

import pytest
from irc import Irc, enter_many, say
from plain import Plain, left
from scenes import play
from tools import PATIENCE, eventually

FAST = ("--rate", "100000:100000")
ROOM = "#lobby"


class Talk:
    """IRC people in one room: some of them talk, all of them listen; who loses the connection returns."""

    def __init__(self, server, count, talkers=4):
        self.server = server
        self.people = enter_many(server, count, prefix="p", room=ROOM)
        for each in self.people:
            each.sync()
            each.log.clear()
        self.talkers = talkers
        self.said = collections.Counter()
        self.heard = {each.nick: [] for each in self.people}
        self.shown = {each.nick: [] for each in self.people}  # The last lines, when one has come back;
        self.before = {}  # what one had heard until then.
        self.returned, self.returning = [], {}
        self.told = []

    def nicks(self):
        return [each.nick for each in self.people]

    def turn(self, seconds=0.02):
        """Everybody says a line if their last one was heard by themselves' neighbour; all is read."""
        for index, each in enumerate(self.people[: self.talkers]):
            if not each.is_ended and self.may_speak(index):
                self.said[each.nick] += 1
                try:
                    each.send(f"PRIVMSG {ROOM} :{each.nick} {self.said[each.nick]}")
                except OSError:
                    each.is_ended = True
        sockets = {each.socket: each for each in self.people if not each.is_ended}
        readable, _, _ = select.select(list(sockets), [], [], seconds)
        for each in (sockets[found] for found in readable):
            each.receive()
        for each in self.people:
            self.take(each)
        for each in [each for each in self.people if each.is_ended and not each.buffer]:
            self.come_back(each)

    def may_speak(self, index):
        """A window of eight: what of it the last listener has not heard."""
        nick = self.people[index].nick
        listener = self.people[-1].nick
        last = next((text for who, text in reversed(self.heard[listener]) if who == nick), None)
        return last is None or self.said[nick] - int(last.split()[1]) < 8 or self.lost_since(nick)

    def lost_since(self, nick):
        """What was on its way when a connection ended may never come: once in a second one goes on."""
        now = time.monotonic()
        last, at = self.returning.get(("say", nick), (0, now))
        if last != self.said[nick]:
            self.returning["say", nick] = (self.said[nick], now)
            return False
        return now - at > 1.0

    def take(self, each):
        while b"\n" in each.buffer:
            line = each.next_or_end()
            if line is None:
                return
            self.note(each, line)

    def note(self, each, line):
        if line.command == "PRIVMSG" and line.last.startswith("["):
            self.shown[each.nick].append(line.last.partition("] ")[2])
        elif line.command == "PRIVMSG":
            self.heard[each.nick].append((line.nick, line.last))
        elif line.command in ("QUIT", "PART", "JOIN", "NICK") and line.nick != each.nick:
            self.told.append((each.nick, line.text))

    def come_back(self, each):
        """The same name, the same rooms, at once; no more is known than what a client knows."""
        each.close()
        try:
            again = Irc(self.server)
        except OSError:
            return
        again.send(f"NICK {each.nick}", "USER many 0 * :many")
        try:
            heard = again.until("001")
            while heard[-1].command not in ("376", "422"):
                heard.append(again.next())
        except AssertionError as error:
            if again.is_ended and "433" not in str(error):
                return  # The edge died again.
            raise
        again.send(f"JOIN {ROOM}")
        self.shown[each.nick], self.before[each.nick] = [], len(self.heard[each.nick])
        self.people[self.people.index(each)] = again
        self.returned.append(each.nick)

    def run_until(self, done, seconds=PATIENCE * 2):
        deadline = time.monotonic() + seconds
        while not done():
            assert time.monotonic() < deadline, f"said {self.said}, returned {self.returned}"
            self.turn()

    def more(self, count=20):
        """Until everybody has heard so many more lines of every talker."""
        heard = {nick: len(lines) for nick, lines in self.heard.items()}
        least = count * self.talkers
        self.run_until(lambda: all(len(self.heard[n]) - heard[n] >= least for n in heard))

    def check(self):
        """What anybody heard is in the history once, in that order; and nobody heard it twice."""
        for each in self.people:
            for line in each.sync():
                self.note(each, line)
        kept = [
            entry["text"]
            for entry in self.server.history("--last", "1000000")
            if entry["name"] in self.nicks() and (entry["text"] or "").startswith("p")
        ]
        assert len(kept) == len(set(kept)), "kept twice"
        place = {text: at for at, text in enumerate(kept)}
        for nick, lines in self.heard.items():
            texts = [text for _, text in lines]
            missing = [text for text in texts if text not in place]
            assert not missing, f"{nick} heard what is not in the history: {missing[:5]}"
            missing = [text for text in self.shown[nick] if text not in place]
            assert not missing, f"{nick} was shown what is not in the history: {missing[:5]}"
            own = f"{nick} "
            seen = [text for text in self.shown[nick] if not text.startswith(own)]
            if seen:  # Then all that others have said since, from the next on.
                seen += texts[self.before[nick] :]
                rest = [text for text in kept[place[seen[0]] :] if not text.startswith(own)]
                assert seen == rest[: len(seen)], f"{nick} missed something, or heard it twice"
            places = [place[text] for text in texts]
            assert places == sorted(set(places)), f"{nick} heard out of order, or twice"


def is_told_of(talk, nick):
    return [line for _, line in talk.told if f":{nick}!" in line]


@pytest.mark.asan
@pytest.mark.parametrize("name", ["hub", "scribe", "clerk", "console"])
def test_kill_what_holds_no_connection(serve, name, is_long):
    """Connections stay, nobody hears of it, nothing is lost."""
    server = serve(*FAST, "--edges", "2")
    talk = Talk(server, 200 if is_long else 20)
    for _ in range(3):
        talk.more(5)
        pid = server.kill(name)
        talk.more(5)
        server.wait_replaced(name, pid)
    assert not talk.returned and not talk.told, (talk.returned, talk.told)
    talk.check()


@pytest.mark.asan
def test_kill_an_edge(serve, is_long):
    """Its people lose the connection and return under their names; the room hears nothing of it."""
    server = serve(*FAST, "--edges", "2")
    talk = Talk(server, 200 if is_long else 20)
    talk.more(5)
    pid = server.kill("edge 0")
    server.wait_replaced("edge 0", pid)
    talk.more(5)
    assert talk.returned, "nobody was on that edge"
    assert len(talk.returned) < len(talk.people), "the other edge's people lost theirs, too"
    for nick in talk.nicks():
        assert not is_told_of(talk, nick), talk.told
    assert {name.lstrip("@") for name in talk.people[0].names(ROOM)} == set(talk.nicks())
    talk.check()
    assert all(talk.shown[nick] for nick in talk.returned), "somebody was shown nothing of what they missed"


@pytest.mark.asan
def test_who_returns_finds_the_room_as_it_is(serve):
    """As who joins it: in the form that its capabilities ask for, the last lines only where it cannot ask."""
    server = serve(*FAST, "--edges", "1")
    new = ("extended-join", "no-implicit-names", "draft/chathistory", "batch", "message-tags", "server-time")
    Irc(server).enter("ann").ask("JOIN #tea", "TOPIC #tea :of tea")
    Irc(server).enter("bob", *new).ask("JOIN #tea", "PRIVMSG #tea :hello", "AWAY :out")
    pid = server.kill("edge 0")
    server.wait_replaced("edge 0", pid)
    ann = Irc(server).enter("ann")
    play(
        """
        ann: MODE ann +w
          ann < :ann!~someone@... JOIN #tea
          ann < 332 #tea :of tea
          ann < 333 #tea ann ...
          ann < 353 = #tea :@ann bob
          ann < 366 #tea
          ann < :bob PRIVMSG #tea :[...] hello
          ann < :ann MODE ann +w
        """,
        ann=ann,
    )
    bob = Irc(server).enter("bob", *new)
    play(
        """
        bob: MODE bob +w
          bob < :bob!~someone@... JOIN #tea * bob
          bob < 332 #tea :of tea
          bob < 333 #tea ann ...
          bob < :bob MODE bob +w
        """,
        ann=ann,
        bob=bob,
    )


def test_kill_all_but_the_keeper(serve, is_long):
    server = serve(*FAST, "--edges", "2")
    talk = Talk(server, 200 if is_long else 20)
    talk.more(5)
    for name, pid in server.children().items():
        if name != "keeper":
            os.kill(pid, signal.SIGKILL)
    talk.more(5)
    assert sorted(set(talk.returned)) == sorted(talk.nicks())
    assert {name.lstrip("@") for name in talk.people[0].names(ROOM)} == set(talk.nicks())
    talk.check()


def test_kill_everything_and_start_again(serve, is_long):
    server = serve(*FAST, "--edges", "2")
    talk = Talk(server, 200 if is_long else 20)
    talk.more(5)
    server.kill_all()
    server.restart()
    talk.more(5)
    assert {name.lstrip("@") for name in talk.people[0].names(ROOM)} == set(talk.nicks())
    talk.check()


@pytest.mark.long
def test_who_does_not_return_has_left(serve):
    """After an edge's death a name waits for half a minute; only then the room hears, once, that it is gone."""
    server = serve(*FAST, "--edges", "2")
    people = {each.nick: each for each in enter_many(server, 16, room=ROOM)}
    ming = Plain(server).enter("小明")
    for each in people.values():
        each.sync()
    pid = server.kill("edge 0")
    began = time.monotonic()
    server.wait_replaced("edge 0", pid)
    cut = [nick for nick, each in people.items() if is_cut(each)]
    watcher = next(each for nick, each in people.items() if nick not in cut)
    assert len(cut) >= 2, "everybody was on the other edge"
    lost, back = cut[0], cut[1:]
    for nick in back:
        people[nick] = Irc(server).enter(nick)
    other = Irc(server, "127.0.7.7")  # From another address the name is not to be had.
    other.send("USER o 0 * :o", f"NICK {lost}")
    assert other.find("433").parameters[1] == lost
    heard = watcher.until("QUIT", nick=lost, seconds=PATIENCE + 40) + watcher.sync()
    assert 25 < time.monotonic() - began
    assert [line.nick for line in heard if line.command in ("QUIT", "JOIN", "PART")] == [lost], heard
    ming.find_where(lambda heard: heard == left(lost), "its end")
    other.send(f"NICK {lost}")
    other.find("001")


def is_cut(person):
    try:
        person.sync()
    except (AssertionError, OSError):
        return True
    return False


@pytest.mark.asan
def test_each_in_turn(serve, is_long):
    server = serve(*FAST, "--edges", "2")
    talk = Talk(server, 200 if is_long else 12)
    names = ["scribe", "hub", "edge 0", "clerk", "console", "edge 1", "hub"]
    random.shuffle(names)
    print(names)
    for name in names:
        talk.more(2)
        pid = server.kill(name)
        server.wait_replaced(name, pid)
    talk.more(5)
    eventually(lambda: len(server.edges()) == 2, "both edges")
    talk.check()


# ---- The ring is overtaken ----


def stop(server, name):
    """It stands still when this returns."""
    pid = server.send_signal(name, signal.SIGSTOP)
    eventually(lambda: any(p.pid == pid and p.state == "T" for p in server.processes()), f"{name} to stop")
    return pid


@pytest.mark.asan
def test_an_edge_is_overtaken(serve):
    """What was said meanwhile is heard, in all rooms and to oneself; each label is answered once."""
    server = serve(*FAST, "--edges", "2", "--ring", "1")
    wants = ("labeled-response", "batch", "message-tags", "standard-replies", "away-notify", "setname")
    people = [Irc(server).enter(f"p{number}", *wants, "draft/metadata-3") for number in range(16)]
    for each in people:
        each.join("#tea", "#den")
        each.ask("METADATA * SUB status")
    people[0].ask(say("MODE", "#den", "+" + 15 * "o", *(each.nick for each in people[1:])))
    for each in people:
        each.sync()
    hub = stop(server, "hub")
    newcomers = [Irc(server) for _ in range(8)]
    for number, each in enumerate(newcomers):
        each.send(f"NICK new{number}", "USER new 0 * :new", "PING x")
    for each in people:  # CAP is answered at once: what stands before it has been passed on then.
        each.send("@label=mine PRIVMSG nobody :hello?", "CAP LIST")
        each.find("CAP", ..., "LIST")
    edge = stop(server, "edge 1")
    os.kill(hub, signal.SIGCONT)
    readable, _, _ = select.select([each.socket for each in people], [], [], PATIENCE)
    speaker = next(each for each in people if each.socket in readable)
    assert speaker.next().matches("401", ("nobody",))
    others = [each for each in people if each is not speaker]
    speaker.ask("AWAY :at lunch", "SETNAME :Somebody else", "METADATA * SET status :hungry", "RENAME #den #lair")
    for number in range(400):  # Half as much again as the ring holds.
        speaker.send(f"@+x={'y' * 4000} PRIVMSG #tea :{number}")
        if number % 50 == 49:
            speaker.sync()
    speaker.ask(*[f"PRIVMSG {each.nick} :to you alone" for each in others])
    os.kill(edge, signal.SIGCONT)
    lost = missed = 0
    for each in others:
        heard = each.sync()
        said = [line.parameters for line in heard if line.command == "PRIVMSG"]
        assert said == [["#tea", str(number)] for number in range(400)] + [[each.nick, "to you alone"]]
        assert [line.last for line in heard if line.command == "AWAY"] == ["at lunch"]
        assert [line.last for line in heard if line.command == "SETNAME"] == ["Somebody else"]
        # Whoever does not know RENAME is somewhere else now.
        moved = [(line.command, line.parameters[0]) for line in heard if line.command in ("PART", "JOIN")]
        assert moved == [("PART", "#den"), ("JOIN", "#lair")], each
        # Metadata as it is set, or that there is some to ask for; and who joins anew is told of who is there.
        news = [line.parameters[1] for line in heard if line.command in ("761", "774")]
        assert set(news) in ({speaker.nick}, {speaker.nick, "*ALL"}), news
        missed += "*ALL" in news
        [answer] = [line for line in heard if line.tags.get("label") == "mine"]
        lost += answer.matches("FAIL", ("PRIVMSG", "ANSWER_LOST"))
        assert answer.command in ("401", "FAIL"), answer
    assert lost > 0 and missed > 0
    # Who was coming in is in, or is told to try again, and may.
    for number, each in enumerate(newcomers):
        while (line := each.next()).command not in ("001", "ERROR"):
            pass
        if line.command == "ERROR":
            assert "try again" in line.last
            Irc(server).enter(f"new{number}")


def test_the_queue_to_the_hub_is_full(serve):
    """A command that is passed on in parts has one answer, with its label."""
    server = serve(*FAST, "--edges", "1")
    wants = ("labeled-response", "batch", "message-tags")
    people = [Irc(server).enter(f"p{number}", *wants) for number in range(40)]
    hub = stop(server, "hub")
    for each in people:
        for number in range(20):
            targets = ",".join(f"nobody{target}" for target in range(7))
            each.send(f"@label=l{number};+x={'y' * 2000} PRIVMSG {targets} :hello?")
    os.kill(hub, signal.SIGCONT)
    for each in people:
        heard = each.sync()
        labels = [line.tags["label"] for line in heard if "label" in line.tags]
        assert labels == [f"l{number}" for number in range(20)], each
        opened = {line.parameters[0][1:] for line in heard if "label" in line.tags}
        refused = [line.tags["batch"] for line in heard if line.command == "401"]
        assert len(refused) == 140 and set(refused) == opened
