"""IRC: history against a model. Two sessions of one account and another person, each with other capabilities,
say lines and batches of lines, react and take that back, by turns and at random, while processes die; what
each hears, and whatever slice each asks for, is what the model says."""

import os
import random

import pytest
from irc import Irc
from test_irc_accounts import add_account, scram

PASSWORD = "open-sesame"
BASE = ("message-tags", "server-time", "batch", "echo-message", "standard-replies", "draft/chathistory")
REDACT, EVENTS, LINES, SEARCH = (
    "draft/message-redaction",
    "draft/event-playback",
    "draft/multiline",
    "soju.im/search",
)
# Who each session is, and what it can, besides BASE.
SESSIONS = {
    "phone": ("ming", (REDACT, EVENTS, LINES, SEARCH)),
    "desk": ("ming", (SEARCH,)),
    "mei": ("mei", (REDACT, LINES, SEARCH)),
    "tablet": ("mei", (EVENTS,)),
}
WORDS = ("龙井", "咖啡", "tea", "Coffee")
VICTIMS = ("hub", "scribe", "clerk", "console", "edge 0", "edge 1", "all")


class Event:
    """Of a room or a conversation: a message (NOTICE or PRIVMSG), TAGMSG or REDACT."""

    def __init__(self, command, nick, text="", tags=(), of=None, lines=()):
        """`lines`: as they were said, those that go on with the one before them too."""
        self.lines = lines or (text,)
        self.command, self.nick, self.text, self.tags, self.of = command, nick, text, dict(tags), of
        self.msgid, self.is_gone = None, False

    def is_message(self):
        return self.command in ("PRIVMSG", "NOTICE")

    def seen(self, can):
        """As a client with these capabilities is shown it."""
        text = self.text
        if LINES not in can:  # Line by line, without those that are blank.
            text = "\n".join(line for line in self.lines if line)
        return (self.command, self.nick, self.msgid, text or (self.of.msgid if self.of else ""), self.tags)


def observe(lines):
    """What was heard, in the form of Event.seen(); a line without a msgid goes on with the message before it."""
    found, opened = [], {}
    for line in lines:
        name = line.parameters[0][1:] if line.command == "BATCH" else line.tags.get("batch")
        tags = {key: value for key, value in line.tags.items() if key.startswith("+")}
        if line.command == "BATCH" and line.parameters[1:2] == ["draft/multiline"]:
            opened[name] = [line, ""]
        elif line.command == "BATCH" and name in opened:
            first, text = opened.pop(name)
            found.append((first.command, first.nick, first.tags["msgid"], text[1:], tags))
        elif name in opened:
            joint = "" if "draft/multiline-concat" in line.tags else "\n"
            opened[name][1] += joint + line.last
            opened[name][0].command = line.command
        elif line.command in ("PRIVMSG", "NOTICE") and "msgid" in line.tags:
            found.append((line.command, line.nick, line.tags["msgid"], line.last, tags))
        elif line.command in ("PRIVMSG", "NOTICE") and line.nick in ("ming", "mei"):
            command, nick, msgid, text, tags = found.pop()
            assert (command, nick) == (line.command, line.nick)
            found.append((command, nick, msgid, text + "\n" + line.last, tags))
        elif line.command == "TAGMSG":
            found.append(("TAGMSG", line.nick, line.tags["msgid"], "", tags))
        elif line.command == "REDACT":
            found.append(("REDACT", line.nick, line.tags["msgid"], line.parameters[1], tags))
    assert not opened
    return found


def window(events, limit, is_backward):
    """The last, or first, of them that fit: REDACT is told, and counts for nothing."""
    taken, counted = [], 0
    for event in reversed(events) if is_backward else events:
        if counted == limit:
            break
        taken.append(event)
        counted += event.command != "REDACT"
    return taken[::-1] if is_backward else taken


class Model:
    def __init__(self, server, seed):
        self.server, self.chance = server, random.Random(seed)
        self.events = {"#tea": [], "direct": []}
        self.number = 0
        self.people = {}
        self.story = []  # what was done, for who looks at a failure
        self.come()
        for each in ("phone", "mei"):
            self.people[each].join("#tea")
        self.hush()

    # ---- People

    def come(self):
        for each in self.people.values():
            each.close()
        for device, (name, can) in SESSIONS.items():
            each = self.people[device] = Irc(self.server).negotiate(*BASE, *can, "sasl")
            each.send(f"NICK {name}", f"USER {name}@{device} 0 * :{name}")
            assert scram(each, name, PASSWORD)  # Cheaper for the server than PLAIN.
            each.send("CAP END")
            each.until("001")
        self.hush()

    def hush(self):
        for _ in range(2):
            for each in self.people.values():
                each.sync()

    def target(self, device, place):
        return "#tea" if place == "#tea" else "mei" if SESSIONS[device][0] == "ming" else "ming"

    def nick(self, device):
        return SESSIONS[device][0]

    # ---- Deeds

    def do(self, device, place, event, *lines):
        """Says the lines; all hear the event, under one msgid."""
        self.story.append((device, place, event.command, event.text or lines[0]))
        heard = observe(self.people[device].ask(*lines))
        if event.command == "REDACT" and REDACT not in SESSIONS[device][1]:
            raise AssertionError("that session cannot")
        assert [each[0] for each in heard] == [event.command], self.tell(heard)
        event.msgid = heard[0][2]
        self.events[place].append(event)
        for other, each in self.people.items():
            got = heard if other == device else observe(each.sync())
            can = SESSIONS[other][1]
            wanted = [] if event.command == "REDACT" and REDACT not in can else [event.seen(can)]
            assert got == wanted, self.tell(other, got, wanted)

    def say(self, device, place):
        self.number += 1
        text = f"{self.number} {self.chance.choice(WORDS)} {self.chance.choice(WORDS)}"
        command = self.chance.choice(("PRIVMSG", "PRIVMSG", "NOTICE"))
        event = Event(command, self.nick(device), text)
        self.do(device, place, event, f"{command} {self.target(device, place)} :{text}")

    def say_lines(self, device, place):
        if LINES not in SESSIONS[device][1]:
            return
        self.number += 1
        lines = [f"{self.number} {self.chance.choice(WORDS)}"]
        lines += self.chance.choices(("", "龙井", "and", f"tea {self.number}"), k=self.chance.randrange(1, 6))
        target, text, said = self.target(device, place), "", []
        command = self.chance.choice(("PRIVMSG", "NOTICE"))
        for index, line in enumerate(lines):
            is_joint = index > 0 and line != "" and self.chance.random() < 0.3
            text += ("" if is_joint or index == 0 else "\n") + line
            concat = ";draft/multiline-concat" if is_joint else ""
            said.append(f"@batch=b{concat} {command} {target} :{line}")
        event = Event(command, self.nick(device), text, lines=lines)
        self.do(device, place, event, f"BATCH +b draft/multiline {target}", *said, "BATCH -b")

    def react(self, device, place):
        to = [event for event in self.events[place] if event.is_message() and not event.is_gone]
        if not to:
            return
        key = self.chance.choice(("+draft/react", "+draft/unreact"))
        tags = {"+draft/reply": self.chance.choice(to).msgid, key: self.chance.choice(("lol", "茶"))}
        event = Event("TAGMSG", self.nick(device), tags=tags)
        words = ";".join(f"{name}={value}" for name, value in tags.items())
        self.do(device, place, event, f"@{words} TAGMSG {self.target(device, place)}")

    def redact(self, device, place):
        """One of one's own; or one tries another's, and may only in the room of which one is operator."""
        which = [event for event in self.events[place] if event.command != "REDACT" and not event.is_gone]
        if REDACT not in SESSIONS[device][1] or not which:
            return
        event = self.chance.choice(which)
        line = f"REDACT {self.target(device, place)} {event.msgid}"
        if event.nick == self.nick(device) or (place == "#tea" and self.nick(device) == "ming"):
            self.do(device, place, Event("REDACT", self.nick(device), of=event), line)
            event.is_gone = True
            return
        [refused] = self.people[device].ask(line)
        assert refused.matches("FAIL", ("REDACT", "REDACT_FORBIDDEN")), self.tell(refused)

    def kill(self, victim):
        self.story.append(("kill", victim))
        if victim == "all":
            self.server.kill_all()
            self.server.restart()
            self.come()
        elif victim.startswith("edge"):
            pid = self.server.kill(victim)
            self.server.wait_replaced(victim, pid)
            self.come()
        else:  # What is said next finds it dead.
            self.server.kill(victim)

    # ---- Looks

    def shown(self, place, can):
        return [
            event
            for event in self.events[place]
            if not event.is_gone
            and (event.command != "TAGMSG" or EVENTS in can)
            and (event.command != "REDACT" or (EVENTS in can and REDACT in can))
        ]

    def slices(self, device, place, arguments, wanted):
        can = SESSIONS[device][1]
        command = "SEARCH" if arguments.startswith("in=") else "CHATHISTORY"
        heard = self.people[device].ask(f"{command} {arguments}")
        assert [heard[0].command, heard[-1].command] == ["BATCH", "BATCH"], self.tell(arguments, heard)
        got, expected = observe(heard[1:-1]), [event.seen(can) for event in wanted]
        assert got == expected, self.tell(device, arguments, got, expected)

    def look(self, device, place):
        """Slices of one, from its whole and from anywhere in it: what was taken back has its place still."""
        can, target = SESSIONS[device][1], self.target(device, place)
        all_of_it, shown = self.events[place], self.shown(place, can)
        self.slices(device, place, f"LATEST {target} * 100", window(shown, 100, True))
        if not all_of_it:
            return

        def between(first, last):
            return [event for event in all_of_it[max(0, first) : max(0, last)] if event in shown]

        count = len(all_of_it)
        a, b = sorted(self.chance.choices(range(count), k=2))
        limit = self.chance.randrange(1, 9)
        at, to = (f"msgid={all_of_it[index].msgid}" for index in (a, b))
        for arguments, wanted in (
            (f"LATEST {target} {at} {limit}", window(between(a + 1, count), limit, True)),
            (f"BEFORE {target} {at} {limit}", window(between(0, a), limit, True)),
            (f"AFTER {target} {at} {limit}", window(between(a + 1, count), limit, False)),
            (f"BETWEEN {target} {at} {to} {limit}", window(between(a + 1, b), limit, False)),
            (f"BETWEEN {target} {to} {at} {limit}", window(between(a + 1, b), limit, True)),
        ):
            self.slices(device, place, arguments, wanted)
        if SEARCH in can:
            word = self.chance.choice(WORDS)
            found = [
                event
                for event in all_of_it
                if event.is_message() and not event.is_gone and word.lower() in event.text.lower()
            ]
            if word in ("龙井", "咖啡"):  # Words of letters have to be whole: joined ones are not.
                self.slices(device, place, f"in={target};text={word};limit={limit}", found[-limit:])
            by = [event for event in all_of_it if event.is_message() and not event.is_gone and event.nick == "mei"]
            self.slices(device, place, f"in={target};from=mei;limit={limit}", by[-limit:])

    def look_all(self):
        for device in self.people:
            for place in self.events:
                self.look(device, place)

    def turn(self):
        device, place = self.chance.choice(list(self.people)), self.chance.choice(list(self.events))
        deeds = (self.say, self.say_lines, self.react, self.redact, self.look)
        self.chance.choices(deeds, weights=(4, 4, 3, 2, 2))[0](device, place)

    def tell(self, *what):
        return "\n".join(map(repr, (*what, *self.story[-12:])))


@pytest.mark.asan
def test_history_is_what_the_model_says(serve, tmp_path, is_long):
    path = tmp_path / "qun.conf"
    path.write_text("[accounts]\nstay = yes\n")
    path.chmod(0o600)
    server = serve("--rate", "100000:100000", "--edges", "2", "--config", path)
    for name in ("ming", "mei"):
        add_account(server, name, PASSWORD)
    seed = int(os.environ.get("QUN_SEED", random.randrange(1 << 30)))
    print("QUN_SEED =", seed)
    model = Model(server, seed)
    for round_ in range(12 if is_long else 1):
        victims = list(VICTIMS)
        model.chance.shuffle(victims)
        if not is_long:
            victims.remove(model.chance.choice(("edge 0", "edge 1")))
        for victim in victims:
            for _ in range(40 if is_long else 7):
                model.turn()
            model.kill(victim)
            model.look(model.chance.choice(list(model.people)), model.chance.choice(list(model.events)))
        model.look_all()
    server.compare_states()
