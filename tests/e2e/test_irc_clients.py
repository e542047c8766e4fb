"""IRC clients that people use, as Debian has them: WeeChat and irssi, each in a tmux.

They talk with the other clients that people use: `nc -u` and `qun join`."""

import contextlib
import os
import re
import shutil
import signal
import subprocess

import joined
import pytest
import tools
from irc import Irc
from server import Stream
from test_irc_accounts import add_account
from tools import eventually

FAST = ("--rate", "100000:100000")
LONG = "".join(chr(0x4E00 + number * 7) for number in range(400))  # No two characters alike.


class Client:
    """A program in a tmux of its own: typed at, and read through the logs that it writes."""

    def __init__(self, server, place, nick, sasl=None):
        self.home, self.nick = place / f"{self.PROGRAM}-{nick}", nick
        self.home.mkdir()
        self.socket = str(self.home / "tmux")
        self.tmux("new-session", "-d", "-x", "200", "-y", "50", *self.command(*server.address, sasl))
        self.pids = self.tmux("display-message", "-p", "#{pane_pid} #{pid}").split()

    def tmux(self, *words):
        environment = tools.plain_environment(HOME=str(self.home), TZ="UTC", TERM="xterm")
        command = ["tmux", "-u", "-S", self.socket, "-f", "/dev/null", *words]
        done = subprocess.run(command, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def do(self, text):
        """Types a line. What is longer than a terminal takes at once is typed in pieces."""
        for start in range(0, len(text), 100):
            self.tmux("send-keys", "-l", text[start : start + 100])
        self.tmux("send-keys", "Enter")

    def wait_ready(self):
        """Until it would take a command."""
        eventually(
            lambda: re.search(self.READY, self.describe()),
            lambda: f"{self.PROGRAM} to be connected\n{self.describe()}",
        )
        return self

    def say(self, room, text):
        self.do(f"/msg {room} {text}")

    def log(self, target):
        path = self.home / f"{target}.log"
        return path.read_text(errors="replace").splitlines() if path.exists() else []

    def describe(self):
        return self.tmux("capture-pane", "-p")

    def close(self):
        for pid in map(int, self.pids):  # First the program; then its tmux has nothing left to do.
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)
            eventually(lambda: self.is_gone(pid), f"the end of {self.PROGRAM} and its tmux")

    @staticmethod
    def is_gone(pid):
        with contextlib.suppress(ChildProcessError):
            os.waitpid(pid, os.WNOHANG)  # Orphans are ours.
        return not os.path.exists(f"/proc/{pid}")


class WeeChat(Client):
    PROGRAM = "weechat"
    READY = r"\[\w+\(i\)\]"  # It has been told of its own mode, which it sets last.

    def command(self, host, port, sasl):
        commands = [
            # What is typed faster than it looks is no paste, about which it would ask.
            "/set weechat.look.paste_max_lines -1",
            "/set logger.file.flush_delay 0",
            f"/set logger.file.path {self.home}",
            "/set logger.mask.irc $channel.log",
            f"/server add qun {host}/{port}",
            f"/set irc.server.qun.nicks {self.nick}",
            "/set irc.server.qun.usermode +i",
            "/set irc.server.qun.anti_flood_prio_high 0",
            "/set irc.server.qun.anti_flood_prio_low 0",
            "/set irc.server.qun.autoreconnect_delay 1",
        ]
        if sasl:
            commands += [
                f"/set irc.server.qun.sasl_mechanism {sasl[2].lower()}",
                f"/set irc.server.qun.sasl_username {sasl[0]}",
                f"/set irc.server.qun.sasl_password {sasl[1]}",
            ]
        words = [word for command in [*commands, "/connect qun"] for word in ("-r", command)]
        return [self.PROGRAM, "--dir", str(self.home), *words]

    def lines(self, target):
        """(who, text) of what was said there."""
        fields = [line.split("\t", 2) for line in self.log(target)]
        return [(who.lstrip("@+"), text) for _, who, text in (each for each in fields if len(each) == 3)]


class Irssi(Client):
    PROGRAM = "irssi"
    READY = r"\[\w+\(\+i\)\]"  # It has been told of its own mode, which it sets last.

    def command(self, host, port, sasl):
        login = ""
        if sasl:
            login = f'sasl_username = "{sasl[0]}"; sasl_password = "{sasl[1]}"; sasl_mechanism = "{sasl[2]}";'
        (self.home / "config").write_text(
            f"""
            servers = ( {{ address = "{host}"; port = "{port}"; chatnet = "qun"; autoconnect = "yes"; }} );
            chatnets = {{ qun = {{ type = "IRC"; nick = "{self.nick}"; {login} cmdmax = "100"; cmdspeed = "1"; }}; }};
            settings = {{
              core = {{ nick = "{self.nick}"; user_name = "someone"; real_name = "{self.nick}";
                        recode = "no"; server_reconnect_time = "1s"; }};
              "fe-common/core" = {{ autolog = "yes"; autolog_path = "{self.home}/$0.log";
                                    autolog_level = "ALL"; term_charset = "UTF-8"; }};
            }};
            """
        )
        return [self.PROGRAM, f"--home={self.home}"]

    def lines(self, target):
        found = []
        for line in self.log(target):
            _, _, rest = line.partition(" <")
            who, bracket, text = rest.partition("> ")
            if bracket:
                found.append((who.strip(" @+"), text))
        return found


CLIENTS = {"weechat": WeeChat, "irssi": Irssi}


@pytest.fixture(params=list(CLIENTS))
def client_of(request, place):
    kind = CLIENTS[request.param]
    if shutil.which(kind.PROGRAM) is None:
        pytest.skip(f"{kind.PROGRAM} is not installed")
    clients = []

    def start(server, nick, **settings):
        clients.append(kind(server, place, nick, **settings))
        return clients[-1]

    yield start
    for each in clients:
        each.close()


class Netcat:
    """`nc -u`, with nothing before and behind it."""

    def __init__(self, server):
        host, port = server.address
        command = ["nc", "-u", host, str(port)]
        self.child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.screen = Stream(os.dup(self.child.stdout.fileno()))

    def do(self, line):
        self.child.stdin.write(f"{line}\n".encode())
        self.child.stdin.flush()

    def hear(self, text):
        self.screen.expect_raw(text)

    def close(self):
        self.child.kill()
        self.child.communicate()


def hear(client, target, who, text):
    """Waits until it has shown that line, which may have been cut into several."""

    def look():
        lines = client.lines(target)
        whole = "".join(said for speaker, said in lines if speaker == who)
        return text in whole

    eventually(look, lambda: f"{who} to be heard with {text!r} in {client.log(target)}\n{client.describe()}")


def test_join_and_talk(serve, place, client_of):
    """With `nc -u` and `qun join`; a text of 400 Chinese characters there and back."""
    server = serve(*FAST)
    with joined.clients() as start, contextlib.closing(Netcat(server)) as ming:
        ming.do("L 小明")
        ming.hear("OK")
        hong = start(server, "小红", state=place / "state").wait_in()
        client = client_of(server, "weigh")
        client.wait_ready()
        client.do("/join #lobby")
        ming.hear("weigh 进入了聊天室")
        hong.hear("weigh 进入了聊天室")
        ming.do("C 小明 你好")
        hear(client, "#lobby", "小明", "你好")
        hong.say("我也在")
        hear(client, "#lobby", "小红", "我也在")
        client.say("#lobby", "大家好")
        ming.hear("weigh说: 大家好")
        hong.hear("weigh说: 大家好")
        hong.say(LONG)
        hear(client, "#lobby", "小红", LONG)
        client.say("#lobby", LONG)  # It cuts that by itself.
        eventually(lambda: LONG in "".join(said_by(hong, "weigh")), lambda: f"all of it in {hong.out.lines}")
        client.do("/quit")
        ming.hear("weigh 退出了聊天室")
        hong.hear("weigh 退出了聊天室")


def said_by(who_hears, name):
    start = f"{name}说: "
    return [line.removeprefix(start) for line in who_hears.out.lines if line.startswith(start)]


def wait_scrollback(client, first, last):
    """The last that it has shown are these, each with its time before it, in the order in which they were said."""
    wanted = [f"第 {number} 句" for number in range(first, last)]

    def look():
        lines = [text for who, text in client.lines("#lobby") if who == "ann"][-len(wanted) :]
        return [re.sub(r"^\[\d\d:\d\d\] ", "", text, count=1) for text in lines if text.startswith("[")] == wanted

    eventually(look, lambda: f"{wanted} in {client.log('#lobby')}\n{client.describe()}")


def test_scrollback(serve, client_of):
    """Who joins, and who returns, sees the last lines, with what was said while they were away."""
    server = serve(*FAST, "--edges", "1")
    ann = Irc(server).enter("ann")
    ann.join("#lobby")
    ann.ask(*[f"PRIVMSG #lobby :第 {number} 句" for number in range(30)])
    client = client_of(server, "weigh")
    client.wait_ready()
    client.do("/join #lobby")
    wait_scrollback(client, 10, 30)
    client.do("/disconnect")
    ann.find("QUIT", nick="weigh")
    ann.ask(*[f"PRIVMSG #lobby :第 {number} 句" for number in range(30, 35)])
    client.do("/connect qun")
    eventually(lambda: ann.numerics("WHOIS weigh")[0] == "311", "the client to be back")
    client.wait_ready()
    client.do("/join #lobby")
    wait_scrollback(client, 15, 35)


def test_return_by_itself(serve, client_of):
    """When its edge has died: under its name, into its room, where it sees what was said meanwhile."""
    server = serve(*FAST, "--edges", "1")
    ann = Irc(server).enter("ann")
    client = client_of(server, "weigh")
    client.wait_ready()
    ann.join("#tea")
    client.do("/join #tea")
    ann.find("JOIN", "#tea", nick="weigh")
    pid = server.kill("edge 0")
    server.wait_replaced("edge 0", pid)
    ann = Irc(server).enter("ann")
    assert ann.names("#tea") == {"@ann", "weigh"}
    ann.ask("PRIVMSG #tea :在吗")
    hear(client, "#tea", "ann", "在吗")
    client.say("#tea", "在")
    ann.find("PRIVMSG", "#tea", "在", nick="weigh")
    assert "JOIN" not in [line.command for line in ann.log if line.nick == "weigh"]


@pytest.mark.parametrize("mechanism", ["PLAIN", "SCRAM-SHA-256"])
def test_sign_in(serve, client_of, mechanism, request):
    if "irssi" in request.node.name and mechanism != "PLAIN":
        pytest.skip("Debian's irssi has no SCRAM")
    server = serve(*FAST)
    add_account(server, "weigh", "open-sesame")
    client_of(server, "weigh", sasl=("weigh", "open-sesame", mechanism))
    ann = Irc(server).enter("ann")
    eventually(
        lambda: any(line.matches("330", ("weigh", "weigh")) for line in ann.ask("WHOIS weigh")),
        "the client to be signed in",
    )
