"""Scenes: what people say, and who hears what of it, line by line.

    ann: JOIN #room
      ann < :ann JOIN #room
      ann < 353 = #room :@ann
      ann < 366 #room
    bob: PRIVMSG ann :hello
      ann < :bob PRIVMSG ann :hello

After each line said, everybody is listened to until all that came of it has come: who is not named has
heard nothing. `...` in a word stands for anything, and alone in a line for all that still comes. Numerics
are written without the name of whom they are for; parameters that are not written do not matter. A
source is a nick, or a whole one where it has an '!'. All that is wrong in a scene is told at once.
"""

import re

import irc


class Heard:
    """What should be heard: a line of a scene."""

    def __init__(self, text):
        self.text = text
        self.is_rest = text == "..."
        if not self.is_rest:
            line = irc.Line(text)
            self.command, self.parameters, self.source = line.command, line.parameters, line.source

    def is_quit(self):
        return not self.is_rest and self.command == "QUIT"

    def fits(self, line):
        own = line.parameters[1:] if line.is_numeric() else line.parameters
        source = line.source if "!" in self.source else line.nick
        return (
            line.command == self.command
            and len(own) >= len(self.parameters)
            and all(map(fits, self.parameters, own))
            and (not self.source or fits(self.source, source))
        )


def fits(pattern, value):
    return re.fullmatch(re.escape(pattern).replace(r"\.\.\.", ".*"), value, re.S) is not None


def steps(script):
    """(who, what is said, {who: what is heard})."""
    found = []
    for row in filter(None, map(str.strip, script.splitlines())):
        if row.startswith("--"):
            continue  # A remark.
        said = re.match(r"(\S+): (.*)", row)
        heard = re.match(r"(\S+) < ?(.*)", row)
        if heard and (not said or heard.end(1) < said.end(1)):
            found[-1][2].setdefault(heard[1], []).append(Heard(heard[2]))
        else:
            assert said, f"what is {row!r}?"
            found.append((said[1], said[2], {}))
    return found


def is_as_written(wanted, lines):
    if wanted and wanted[-1].is_rest:
        wanted, lines = wanted[:-1], lines[: len(wanted) - 1]
    return len(wanted) == len(lines) and all(map(Heard.fits, wanted, lines))


def play(script, **people):
    """Plays it; a failure tells every line that was not heard as it is written."""
    wrong = []
    for who, said, expected in steps(script):
        speaker = people[who]
        speaker.send(said)
        heard = {name: [] for name in people}
        if re.match("QUIT( |$)", said):
            heard[who] = people.pop(who).expect_end()
            # The others hear of it in a moment; whoever has gone cannot say when.
            for name in [name for name in people if any(map(Heard.is_quit, expected.get(name, [])))]:
                heard[name] = people[name].until("QUIT", nick=speaker.nick)
        else:
            heard[who] = speaker.sync()
        for name in [name for name in people if name != who]:
            heard[name] += people[name].sync()
        for name in heard:
            wanted = expected.get(name, [])
            if not is_as_written(wanted, heard[name]):
                want = "\n".join(f"      {each.text}" for each in wanted) or "      (nothing)"
                got = "\n".join(f"      {each.text}" for each in heard[name]) or "      (nothing)"
                wrong.append(f"{who}: {said}\n    {name} should hear\n{want}\n    and heard\n{got}")
        assert set(expected) <= set(heard), f"who is {set(expected) - set(heard)}?"
    assert not wrong, f"{len(wrong)} of it:\n" + "\n".join(wrong)


def enter(server, *names, room=None, capabilities=()):
    """Lets people in, and into a room, one after the other; {name: person}, who have heard all of it."""
    people = {name: irc.Irc(server).enter(name, *capabilities) for name in names}
    for each in people.values():
        if room:
            each.join(room)
    for each in people.values():
        each.sync()
    return people
