"""Accounts: `qun admin account`, with a server and without, and what is kept of them in accounts.db."""

import hashlib
import hmac
import json
import sqlite3
import stat
import subprocess
import threading

import irc
import pytest
from plain import Crowd, Plain
from terminal import Terminal
from tools import BINARY, eventually, plain_environment, qun

PASSWORD = "correct horse"

SAID = {
    "added": {"zh": "好了", "en": "Done"},
    "taken": {"zh": "这个名字已经注册过了", "en": "That name is registered already"},
    "unknown": {"zh": "没有注册过这个名字", "en": "That name is not registered"},
    "weak": {"zh": "密码太短，至少要 8 个字", "en": "The password is too short, it takes 8 characters"},
}


def account(server, *words, password=None):
    """`qun admin account WORD…`; the password goes through standard input."""
    option = [] if password is None else ["--password-stdin"]
    line = None if password is None else password + "\n"
    return qun("admin", "--data", server.data, "account", *words, *option, input=line, env=words_env(server))


def words_env(server):
    """In which language `qun admin` speaks."""
    return plain_environment(LANG="en_US.UTF-8" if server.language == "en" else "zh_CN.UTF-8")


def add(server, name, password=PASSWORD):
    return account(server, "add", name, password=password)


def names(server):
    """Who is registered, in order."""
    done = qun("admin", "--data", server.data, "--json", "account", "list")
    assert done.returncode == 0, done.stderr
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert rows[-1] == {"ok": True, "count": len(rows) - 1}
    assert all(row["kind"] == "account" and row["since"] for row in rows[:-1])
    return [row["name"] for row in rows[:-1]]


def kept(server, name):
    """What is kept of an account: (hash, iterations, salt, stored, server)."""
    with sqlite3.connect(f"file:{server.data}/accounts.db?mode=ro", uri=True) as db:
        rows = db.execute(
            "SELECT hash, iterations, salt, stored, server FROM accounts WHERE name = ?", (name,)
        ).fetchall()
    assert len(rows) == 1
    return rows[0]


def is_password(server, name, password):
    """RFC 5802, section 3, computed here from the password alone."""
    _, iterations, salt, stored, its = kept(server, name)
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, iterations)
    client = hmac.digest(salted, b"Client Key", "sha256")
    return hashlib.sha256(client).digest() == stored and hmac.digest(salted, b"Server Key", "sha256") == its


# ---- With a server -------------------------------------------------------------------------------


@pytest.mark.asan
@pytest.mark.parametrize("language", ["zh", "en"])
def test_add_list_drop(serve, language):
    server = serve(language=language)
    done = add(server, "小明")
    assert (done.returncode, done.stdout.strip(), done.stderr) == (0, SAID["added"][language], "")
    assert add(server, "Hong").returncode == 0
    assert names(server) == ["小明", "Hong"]
    done = add(server, "hONG")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.strip() == SAID["taken"][language]
    assert account(server, "drop", "ＨＯＮＧ").returncode == 0
    assert names(server) == ["小明"]
    done = account(server, "drop", "hong")
    assert (done.returncode, done.stderr.strip()) == (1, SAID["unknown"][language])
    # Whoever comes next under that name is another one.
    assert add(server, "Hong").returncode == 0
    assert names(server) == ["小明", "Hong"]


def test_what_is_kept_is_no_password_and_fits_it(serve):
    server = serve()
    assert add(server, "小明", "correct　ｈｏｒｓｅ").returncode == 0
    line, iterations, salt, _, _ = kept(server, "小明")
    assert line.startswith("$argon2id$v=19$m=65536,t=2,p=1$")
    assert (iterations, len(salt)) == (4096, 16)
    assert is_password(server, "小明", "correct horse")
    assert not is_password(server, "小明", "correct horsf")
    assert account(server, "password", "小明", password="better horse").returncode == 0
    assert kept(server, "小明")[2] != salt
    assert is_password(server, "小明", "better horse")
    assert not is_password(server, "小明", "correct horse")
    files = list(server.data.glob("accounts.db*"))
    assert len(files) == 3
    for file in files:
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert file.stat().st_uid == server.data.stat().st_uid
        assert b"horse" not in file.read_bytes()


@pytest.mark.parametrize(
    ("name", "password", "error"),
    [
        ("小明", "short", "password-weak"),
        ("小明", "x" * 301, "password-invalid"),
        ("小明", "tab\tin the middle", "password-invalid"),
        ("管理员", PASSWORD, "name-invalid"),
        ("a*b", PASSWORD, "name-invalid"),
        ("太" * 33, PASSWORD, "name-invalid"),
    ],
)
def test_what_will_not_do(serve, name, password, error):
    server = serve()
    done = qun(
        *("admin", "--data", server.data, "--json", "account", "add", name, "--password-stdin"),
        input=password + "\n",
    )
    assert done.returncode == 1
    assert json.loads(done.stdout) == {"ok": False, "error": error}
    assert names(server) == []


@pytest.mark.parametrize(
    "words", [("account",), ("account", "make", "x"), ("account", "add"), ("account", "list", "x"), ("account", "drop")]
)
def test_usage(serve, words):
    done = serve().admin(*words)
    assert done.returncode == 2
    assert "account" in done.stderr


def test_nothing_on_standard_input_is_no_password(serve):
    server = serve()
    assert account(server, "add", "小明", password="").returncode == 2
    assert names(server) == []


def test_the_console_lists_and_drops_and_takes_no_password(serve):
    server = serve(keyboard="pipe", language="en")
    server.type("/account list")
    server.stdout.expect("No name is registered yet")
    server.type("/account add ming")
    server.stdout.expect("run qun admin account add")
    assert add(server, "ming").returncode == 0
    server.type("/account list")
    server.stdout.expect("ming  registered ")
    server.type("/account drop ming")
    eventually(lambda: names(server) == [], "the end of the account")


def test_the_password_is_not_shown(serve):
    server = serve()
    command = [BINARY, "admin", "--data", server.data, "account", "add", "小明"]
    terminal = Terminal([str(word) for word in command], LANG="en_US.UTF-8")
    for prompt in ("Password: ", "Once more: "):
        terminal.expect(prompt)
        terminal.type("correct horse\r")
    terminal.expect("Done")
    assert "horse" not in terminal.text()
    terminal.close()
    assert is_password(server, "小明", "correct horse")


# ---- Whose a name is -----------------------------------------------------------------------------


REGISTERED = {"zh": "是注册过的名字", "en": "registered"}


def is_free(server, name):
    """Whether somebody on the plain dialect may have the name; who tried it is gone afterwards."""
    member = Plain(server)
    answer = member.try_to_enter(name)
    if answer == "OK":
        member.quit()
        return True
    assert REGISTERED[server.language] in answer, answer
    return False


@pytest.mark.asan
@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_registered_name_is_nobodys_on_the_plain_dialect(serve, language):
    server = serve(language=language)
    assert add(server, "Ming").returncode == 0
    for name in ("Ming", "mING", "Ｍｉｎｇ"):
        assert not is_free(server, name)
    assert is_free(server, "小红")
    assert account(server, "drop", "ming").returncode == 0
    assert is_free(server, "Ming")


def test_who_has_it_now_keeps_it_until_he_leaves(serve):
    server = serve()
    ming, hong = Crowd(server, ["小明", "小红"])
    assert add(server, "小明").returncode == 0
    ming.say("still here")
    hong.find("小明说: still here")
    ming.quit()
    assert not is_free(server, "小明")


@pytest.mark.asan
def test_the_server_learns_what_was_done_without_it(serve):
    server = serve()
    assert add(server, "小明").returncode == 0
    server.stop()
    assert add(server, "小红").returncode == 0
    assert account(server, "drop", "小明").returncode == 0
    server.restart()
    eventually(lambda: not is_free(server, "小红"), "news of 小红")
    eventually(lambda: is_free(server, "小明"), "news of 小明")
    # The file is lost: nobody is registered.
    server.stop()
    for file in server.data.glob("accounts.db*"):
        file.unlink()
    server.restart()
    eventually(lambda: is_free(server, "小红"), "the loss")


@pytest.mark.parametrize("who", ["hub", "clerk", "console", "everybody"])
def test_names_stay_registered_whoever_dies(serve, who):
    server = serve()
    assert add(server, "小明").returncode == 0
    if who == "everybody":
        server.kill_all()
        server.restart()
    else:
        server.wait_replaced(who, server.kill(who))
    assert not is_free(server, "小明")
    assert account(server, "drop", "小明").returncode == 0
    assert is_free(server, "小明")


# ---- Passwords, from IRC -------------------------------------------------------------------------


def begin_sasl(server):
    client = irc.Irc(server).negotiate("sasl")
    client.send("NICK someone", "USER someone 0 * someone")
    return client


@pytest.mark.asan
def test_signing_in_and_wrong_passwords(serve):
    """Three mistakes are free; then one has to wait, with the right password as well; the wait is short."""
    server = serve()
    assert add(server, "Ming").returncode == 0
    client = begin_sasl(server)
    assert client.sign_in("ming", PASSWORD).command == "903"
    client.close()
    for _ in range(4):
        client = begin_sasl(server)
        assert client.sign_in("ming", "wrong horse").command == "904"
        client.close()

    def sign_in():
        client = begin_sasl(server)
        came = client.sign_in("ming", PASSWORD).command
        client.close()
        return came == "903"

    eventually(sign_in, "the end of the wait")
    # Another name was never in the way.
    assert add(server, "Hong").returncode == 0
    client = begin_sasl(server)
    assert client.sign_in("hong", PASSWORD).command == "903"
    client.close()


def test_the_clerk_dies_while_somebody_signs_in(serve):
    """The edge asks the new one: nobody hears that a right password is wrong."""
    server = serve()
    assert add(server, "Ming").returncode == 0
    for _ in range(3):
        client = begin_sasl(server)
        client.send("AUTHENTICATE PLAIN")
        client.find("AUTHENTICATE", "+")
        client.send("AUTHENTICATE " + irc.plain_response("Ming", PASSWORD))
        pid = server.kill("clerk")
        client.find("903")
        server.wait_replaced("clerk", pid)
        client.close()


# ---- Without a server ----------------------------------------------------------------------------


@pytest.mark.asan
def test_without_a_server(serve):
    server = serve()
    server.stop()
    assert add(server, "小明").returncode == 0
    assert add(server, "小明").returncode == 1
    assert add(server, "小红").returncode == 0
    assert names(server) == ["小明", "小红"]
    assert account(server, "password", "小明", password="better horse").returncode == 0
    assert account(server, "drop", "小红").returncode == 0
    assert account(server, "drop", "小红").returncode == 1
    assert stat.S_IMODE((server.data / "accounts.db").stat().st_mode) == 0o600
    # Whoever made the file: it is the server's.
    server.restart()
    assert is_password(server, "小明", "better horse")
    assert add(server, "小兰").returncode == 0
    assert names(server) == ["小明", "小兰"]


def test_no_folder_is_no_server(place):
    done = qun("admin", "--data", place / "nothing", "account", "list")
    assert done.returncode == 3


# ---- What goes wrong -----------------------------------------------------------------------------


def test_a_file_that_others_can_read_is_not_used(serve):
    server = serve()
    assert add(server, "小明").returncode == 0
    server.stop()
    path = server.data / "accounts.db"
    path.chmod(0o644)
    server.restart()
    done = add(server, "小红")
    assert done.returncode == 1
    server.stderr.expect(r"accounts\.db: chmod 600 it")
    path.chmod(0o600)
    assert add(server, "小红").returncode == 0
    assert names(server) == ["小明", "小红"]


def test_the_clerk_dies_in_the_middle(serve):
    """Whoever heard that a name is registered finds it registered, once."""
    server = serve()
    answers = {}

    def register():
        for number in range(12):
            answers[f"n{number}"] = add(server, f"n{number}")

    thread = threading.Thread(target=register)
    thread.start()
    for _ in range(4):
        count = len(answers)
        eventually(lambda: len(answers) > count or not thread.is_alive(), "the next answer")
        pid = server.kill("clerk")
        server.wait_replaced("clerk", pid)
    thread.join()
    assert {name: done.returncode for name, done in answers.items()} == dict.fromkeys(answers, 0)
    assert names(server) == [f"n{number}" for number in range(12)]


def test_everything_dies(serve):
    server = serve()
    assert add(server, "小明").returncode == 0
    server.kill_all()
    server.restart()
    assert names(server) == ["小明"]
    assert is_password(server, "小明", PASSWORD)


def test_the_console_dies(serve):
    server = serve()
    assert add(server, "小明").returncode == 0
    pid = server.kill("console")
    server.wait_replaced("console", pid)
    assert add(server, "小红").returncode == 0
    assert names(server) == ["小明", "小红"]


def test_many_at_once(serve):
    """More than the admin socket takes at a time: each is registered once, whoever is told to wait."""
    server = serve()
    running = [
        subprocess.Popen(
            [BINARY, "admin", "--data", server.data, "account", "add", f"n{number}", "--password-stdin"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        for number in range(12)
    ]
    codes = [each.communicate(PASSWORD.encode() + b"\n") and each.returncode for each in running]
    assert codes == [0] * 12
    assert sorted(names(server)) == sorted(f"n{number}" for number in range(12))
