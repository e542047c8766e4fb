"""The configuration file: checked, read at the start, read again; `qun admin password` for what stands in it."""

import os
import re
import signal

from irc import Irc
from tools import TOP, eventually, plain_environment, qun

ENGLISH = plain_environment(LANG="en_US.UTF-8")


def network(server):
    """What somebody who comes now is told that the network is called."""
    person = Irc(server).enter("new")
    name = person.isupport["NETWORK"]
    person.quit()
    return name


def test_the_example_is_good():
    """tests/unit/test_config.c looks at what it says."""
    done = qun("serve", "--check-config", TOP / "examples" / "qun.conf")
    assert (done.returncode, done.stdout) == (0, f"{TOP}/examples/qun.conf: ok\n")


def test_every_key_of_the_manual_is_known(place):
    """And the manual names every key that there is: the refusal of an unknown one lists them."""
    manual = (TOP / "docs" / "qun.conf.5.scd").read_text()
    for section in ("server", "admin", "access", "limits"):
        (place / "bad").write_text(f"[{section}]\nnonsense = 1\n")
        done = qun("serve", "--check-config", place / "bad")
        known = done.stderr.rstrip().split("there are: ")[1].split(", ")
        told = re.search(rf"^# \[{section}\]\n(.*?)(?=^# )", manual, re.S | re.M)[1]
        assert sorted(re.findall(r"\*([a-z-]+)\* = ", told)) == sorted(known)


def test_a_bad_file_stops_the_start_before_anything_is_made(place):
    (place / "bad").write_text("[server]\nnmae = x.y\n")
    for path, words in (
        (place / "bad", f"{place}/bad:2: there is no key 'nmae' in [server]"),
        (place / "nothing", f"the configuration {place}/nothing: No such file or directory"),
        (place, f"the configuration {place}: it is not a regular file"),
    ):
        done = qun("serve", "--data", place / "data", "--listen", "127.0.0.1:0", "--config", path)
        assert done.returncode == 100 and words in done.stderr, done
        assert not (place / "data").exists()
    os.mkfifo(place / "pipe")
    done = qun("serve", "--check-config", place / "pipe")
    assert done.returncode == 100 and "it is not a regular file" in done.stderr


def test_read_again(serve, place):
    """SIGHUP: what is new holds for who comes, a mistake changes nothing, nobody is dropped."""
    path = place / "qun.conf"
    path.write_text("[server]\nnetwork = Tea\n")
    server = serve("--config", path, "--edges", "1")
    ann = Irc(server).enter("ann")
    assert network(server) == ann.isupport["NETWORK"] == "Tea"

    def reload(text, says):
        path.write_text(text)
        before = len(server.stderr.lines)
        server.process.send_signal(signal.SIGHUP)
        eventually(lambda: any(says in line for line in server.stderr.lines[before:]), says)

    reload("[server]\nnetwork = Coffee\n", f"read the configuration {path} again")
    eventually(lambda: network(server) == "Coffee", "the new name")
    reload("[server]\nnetwork = Milk\nnetwork = Soup\n", "qun.conf:3: network is given twice")
    assert network(server) == "Coffee"
    assert ann.ask("PING here")[0].command == "PONG"
    for name in ("edge 0", "hub", "clerk"):  # Who is started again knows the newest.
        server.kill(name)
        assert network(server) == "Coffee"


def test_without_a_file_a_hangup_stops_the_server(serve):
    serve().stop(signal.SIGHUP)


def test_a_password_for_the_file(place):
    done = qun("admin", "password", "--password-stdin", input="open sesame\n", env=ENGLISH)
    assert done.returncode == 0 and done.stdout.startswith("$argon2id$"), done
    again = qun("admin", "password", "--password-stdin", input="open sesame\n", env=ENGLISH)
    assert again.stdout != done.stdout  # Each has a salt of its own.
    (place / "good").write_text(f"[operator root]\npassword = {done.stdout}")
    assert qun("serve", "--check-config", place / "good").returncode == 0
    short = qun("admin", "password", "--password-stdin", input="sesame\n", env=ENGLISH)
    assert (short.returncode, short.stdout) == (1, "")
    assert "it takes 8 characters" in short.stderr
    assert qun("admin", "password", "more", input="", env=ENGLISH).returncode == 2
