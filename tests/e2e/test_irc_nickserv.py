"""NickServ, as people expect it, and over the death of everything. A password costs time: few of them."""

import re

from irc import Irc
from plain import Plain
from test_irc_accounts import add_account

FAST = ("--rate", "100000:100000")


def tells(person, order):
    """All that NickServ says to an order, in one."""
    heard = person.ask(f"PRIVMSG NickServ :{order}")
    return " / ".join(line.last for line in heard if line.command == "NOTICE" and line.nick == "NickServ")


def test_an_account_from_its_beginning_to_its_end(serve):
    server = serve(*FAST)
    # Nobody's orders.
    bob = Irc(server).enter("bob")
    assert "IDENTIFY" in tells(bob, "HELP") and "SET" in tells(bob, "HELP")
    for command in ("DROP", "GHOST", "IDENTIFY", "INFO", "RECOVER", "REGISTER", "SESSIONS", "SET"):
        assert f"Say: {command}" in tells(bob, f"HELP {command}")
    for order in ("SET STAY on", "SET PASSWORD a b", "SESSIONS", "DROP", "DROP 00000000 open-sesame"):
        assert "Sign in first" in tells(bob, order), order
    assert "not yours" in tells(bob, "GHOST ann")
    assert "not registered" in tells(bob, "INFO ann")
    assert "Something is missing" in tells(bob, "REGISTER")

    # An account, and what others see of it.
    ann = Irc(server).enter("ann", user="ann@phone")
    assert "yours now" in tells(ann, "REGISTER open-sesame")
    assert "ann is registered, and here" in tells(bob, "INFO ann")
    assert "Device" not in tells(bob, "INFO ann")
    assert "STAY: default (off); PLAYBACK: on / " in tells(ann, "INFO") + " / "
    assert "Device: phone" in tells(ann, "INFO")
    assert tells(ann, "SESSIONS").split() == ["phone:", "this", "connection"]
    assert "not yours" in tells(bob, "GHOST ann")
    assert ann.ask("WHOIS ann"), "she is still there"

    # Settings.
    assert "no such setting" in tells(ann, "SET STAY maybe")
    assert "You stay" in tells(ann, "SET STAY on")
    assert "only when" in tells(ann, "SET PLAYBACK off")
    assert "STAY: on; PLAYBACK: off" in tells(ann, "INFO")

    # Another connection of hers; it ends the first.
    other = Irc(server).enter("ann", account=("ann", "open-sesame"))
    assert tells(other, "SESSIONS").count("connect") == 2
    assert tells(other, "GHOST") == "Your other connections end: 1"
    ann.expect_end()
    assert tells(other, "SESSIONS").count("connect") == 1

    # Who is called by a name since before it was registered has to leave.
    early = Plain(server)
    early.enter("cat")
    add_account(server, "cat", "open-sesame")
    assert "not yours" in tells(bob, "GHOST cat")
    assert "signed in" in tells(bob, "IDENTIFY cat open-sesame")
    assert "has to leave" in tells(bob, "GHOST cat")
    assert bob.ask("NICK cat")[0].matches("NICK", ("cat",), "bob")
    early.find("你被请出了聊天室: 名字是注册过的 / the name is registered")

    # Another password, with the old one.
    assert "not the right one" in tells(other, "SET PASSWORD wrong-password other-sesame")
    assert "another now" in tells(other, "SET PASSWORD open-sesame other-sesame")
    assert Irc(server).negotiate("sasl").sign_in("ann", "open-sesame").command == "904"

    # What the administrator sees of it, and sets.
    other.join("#tea")
    other.sync()
    shown = server.admin_json("account", "show", "ANN")
    assert shown[0]["name"] == "ann" and shown[0]["since"] > 0 and shown[0]["present"], shown
    assert (shown[0]["stay"], shown[0]["absent"]) == ("on", False), shown
    kinds = {(row["kind"], row["name"]) for row in shown[1:-1]}
    assert kinds == {("connection", ""), ("device", ""), ("device", "phone"), ("founded", "#tea")}, shown
    server.admin_ok("account", "set", "ann", "stay", "off")
    assert "STAY: off" in tells(other, "INFO")
    server.admin_ok("account", "set", "ann", "stay", "on")
    for words in (("show", "nobody"), ("set", "nobody", "stay", "on"), ("set", "ann", "stay", "maybe")):
        assert server.admin("account", *words).returncode != 0, words

    # Each process dies between what was set and what is told; a password is another's after the clerk's death.
    for name in ("hub", "scribe", "clerk"):
        pid = server.kill(name)
        server.wait_replaced(name, pid)
        assert "STAY: on; PLAYBACK: off" in tells(other, "INFO"), name
    assert "another now" in tells(other, "SET PASSWORD other-sesame other-sesame")

    # Everything dies.
    server.kill_all()
    server.restart()
    bob = Irc(server).enter("bob")
    assert "here" in tells(bob, "INFO ann")
    ann = Irc(server).enter("ann", account=("ann", "other-sesame"))
    assert "STAY: on; PLAYBACK: off" in tells(ann, "INFO")
    assert "as the server has it" in tells(ann, "SET STAY default")

    # The end, said twice.
    told = tells(ann, "DROP")
    code = re.search(r"DROP ([0-9a-f]{8}) password", told).group(1)
    assert "cannot be taken back" in tells(ann, "DROP 0000000g other-sesame")
    assert "not the right one" in tells(ann, f"DROP {code} open-sesame")
    assert "nobody's account any more" in tells(ann, f"DROP {code} other-sesame")
    assert "not registered" in tells(bob, "INFO ann")
    assert "Sign in first" in tells(ann, "SET STAY on")
    bob.join("#tea")
    ann.quit()
    bob.find("QUIT", nick="ann")
    Plain(server).enter("ann")
