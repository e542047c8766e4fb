"""Known IRC servers, of the distribution's packages, set up to slow nobody down."""
import os
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path

NGIRCD = """[Global]
Name = known.example
Info = beside
AdminInfo1 = nobody
Listen = 127.0.0.1
Ports = {port}
{user}
[Limits]
ConnectRetry = 60
MaxConnections = 0
MaxConnectionsIP = 0
MaxJoins = 0
MaxNickLength = 20
MaxPenaltyTime = 0
PingTimeout = 600
[Options]
DNS = no
Ident = no
PAM = no
SyslogFacility = local1
"""

INSPIRCD = """<server name="known.example" description="beside" id="1AA" network="known">
<admin name="nobody" nick="nobody" email="nobody@known.example">
<bind address="127.0.0.1" port="{port}" type="clients">
<connect name="all" allow="*" threshold="1000000" commandrate="100000000" fakelag="no" timeout="60"
 pingfreq="600" hardsendq="100M" softsendq="10M" recvq="1M" localmax="20000" globalmax="20000"
 limit="20000" resolvehostnames="no" useident="no" modes="">
<cidr ipv4clone="32" ipv6clone="128">
<performance softlimit="20000" somaxconn="4096" quietbursts="yes" netbuffersize="10240">
<options defaultmodes="not">
<files motd="/dev/null">
<pid file="{folder}/pid">
<log method="file" type="* -USERINPUT -USEROUTPUT" level="default" target="{folder}/log">
"""


def free_port():
    with socket.socket() as it:
        it.bind(("127.0.0.1", 0))
        return it.getsockname()[1]


class Known:
    """It runs in a folder of its own until closed."""

    def __init__(self, name, text, command):
        program = shutil.which(name, path=os.environ["PATH"] + ":/usr/sbin")
        if program is None:
            raise SystemExit(f"there is no {name}: install the package {name}")
        self.folder = Path(tempfile.mkdtemp(prefix="qun-bench-"))
        self.folder.chmod(0o755)
        self.port = free_port()
        page = self.folder / "conf"
        user = "ServerUID = nobody\nServerGID = nogroup" if os.geteuid() == 0 else ""
        page.write_text(text.format(port=self.port, folder=self.folder, user=user))
        self.process = subprocess.Popen([program, *command(page)], stdin=subprocess.DEVNULL,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.pid = self.process.pid
        self._wait(name)

    def _wait(self, name):
        for _ in range(200):
            if self.process.poll() is not None:
                break
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except ConnectionRefusedError:
                time.sleep(0.05)
        self.close()
        raise SystemExit(f"{name} did not start")

    def close(self):
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait(20)
        shutil.rmtree(self.folder, ignore_errors=True)


def ngircd():
    return Known("ngircd", NGIRCD, lambda page: ["--nodaemon", "--config", str(page)])


def inspircd():
    is_root = ["--runasroot"] if os.geteuid() == 0 else []
    return Known("inspircd", INSPIRCD, lambda page: ["--nofork", *is_root, "--config", str(page)])


# How to start each, and with how many readers: ngircd closes who has not read 32 KB, which is sooner
# than a thousand have heard of each other.
SERVERS = {"ngircd": (ngircd, (100,)), "inspircd": (inspircd, (100, 1000))}
