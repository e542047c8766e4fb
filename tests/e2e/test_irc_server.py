"""IRC: the server, what it says of itself, and its operators."""

import calendar
import re
import time

import pytest
import tools
from irc import Irc
from scenes import enter, play

FAST = ("--rate", "100000:100000")


@pytest.mark.asan
def test_ping(serve):
    server = serve(*FAST)
    people = enter(server, "ann")
    play(
        """
        ann: PING token
          ann < PONG ... token
        ann: PING :two words
          ann < PONG ... :two words
        ann: PING
          ann < 409
        ann: PONG anything
        """,
        **people,
    )
    assert people["ann"].ask("PING x")[0].parameters[0] == people["ann"].server_name


def test_the_end_of_the_server_is_told(serve):
    """By a signal, and by the administrator: whoever is there hears why, in or not, and then the end."""
    server = serve(*FAST)
    ann, out = Irc(server).enter("ann"), Irc(server)
    out.send("NICK out", "PING x")
    out.find("PONG")
    server.stop()
    for each in (ann, out):
        [*_, last] = each.expect_end()
        assert last.command == "ERROR" and "leaving" in last.last, last
    server.restart()
    ann, out = Irc(server).enter("ann"), Irc(server)
    out.send("NICK out", "PING x")
    out.find("PONG")
    server.admin_ok("close", "下课")
    for each in (ann, out):
        [*_, notice, last] = each.expect_end()
        assert notice.command == "NOTICE" and "下课" in notice.last and "!" not in notice.source, notice
        assert last.command == "ERROR" and "下课" in last.last, last
    server.wait_gone()
    assert server.exit_code == 0


def test_what_it_says_of_itself(serve):
    server = serve(*FAST)
    ann = Irc(server).enter("ann")
    version = tools.qun("--version").stdout.split()[-1]
    heard = ann.ask("VERSION")
    assert heard[0].command == "351" and version in heard[0].text and ann.server_name in heard[0].text
    assert {line.command for line in heard[1:]} <= {"005"}
    [now] = ann.ask("TIME")
    assert now.command == "391" and now.parameters[1] == ann.server_name
    heard = ann.ask("INFO")
    assert heard[-1].command == "374" and {line.command for line in heard[:-1]} == {"371"}
    heard = ann.ask("LINKS")
    assert [line.command for line in heard] in (["364", "365"], ["365"])
    heard = ann.ask("MOTD")
    assert heard[-1].command in ("376", "422")
    heard = ann.ask("ADMIN")
    assert heard[0].command in ("256", "423")
    for line in ("VERSION", "TIME", "INFO", "MOTD", "ADMIN"):
        assert ann.ask(f"{line} no.such.server")[0].command == "402", line
        assert ann.ask(f"{line} {ann.server_name}")[0].command != "402", line
    heard = ann.ask("STATS u")
    assert [line.command for line in heard] == ["242", "219"]
    assert ann.ask("STATS")[-1].command in ("461", "219")


ALIASES = ("CS", "NS", "HELPOP")


def test_help(serve):
    server = serve(*FAST)
    ann = Irc(server).enter("ann")
    heard = ann.ask("HELP")
    assert [heard[0].command, heard[-1].command] == ["704", "706"], heard
    topics = " ".join(line.last for line in heard[1:-1]).split()
    assert {"JOIN", "PRIVMSG", "CAP", "NS"} <= set(topics) and topics == sorted(topics)
    # Each command has a text that says how it is used, whole in one line.
    for topic in topics:
        start, end = ann.ask(f"HELP {topic.lower()}")
        assert (start.command, end.command) == ("704", "706"), topic
        assert start.last.startswith(f"{topic} ") or start.last.startswith(f"{topic}: ") or topic in ALIASES, start
        assert end.parameters[1] == start.parameters[1] and len(start.text) < 500, start
    heard = ann.ask("HELP JOIN")
    assert [heard[0].command, heard[-1].command] == ["704", "706"] and heard[0].parameters[1].upper() == "JOIN"
    assert ann.ask("HELP nosuchthing")[0].command == "524"


def test_who_is_no_operator(serve):
    server = serve(*FAST)
    people = enter(server, "ann", "bob")
    play(
        """
        ann: KILL bob :no
          ann < 481
        ann: REHASH
          ann < 481
        ann: WALLOPS :no
          ann < 481
        ann: OPER
          ann < 461 OPER
        ann: OPER root
          ann < 461 OPER
        ann: NOTICE $* :no
        """,
        **people,
    )
    assert people["ann"].ask("OPER root wrong")[0].command in ("464", "491")


def test_time_is_the_servers(serve):
    server = serve(*FAST)
    people = enter(server, "ann", "bob", room="#tea", capabilities=("server-time", "message-tags"))
    before = time.time()
    people["ann"].say("#tea", "now")
    [line] = people["bob"].sync()
    after = time.time()
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", line.tags["time"])
    whole, milli = line.tags["time"][:-1].split(".")
    told = calendar.timegm(time.strptime(whole, "%Y-%m-%dT%H:%M:%S")) + int(milli) / 1000
    assert before - 0.002 <= told <= after + 0.002
