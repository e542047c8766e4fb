"""Data folders of earlier versions: they open, everything is there, and the way back is kept."""

import os
import sqlite3
from pathlib import Path

import pytest
from plain import Plain
from server import Refused

BESIDE = ("ring", "log.db-wal", "log.db-shm", "search.db", "search.db-wal", "search.db-shm")
OLD = Path(__file__).parent / "old"


def put_old(server, dump):
    """The log of an earlier version takes the place of a stopped server's."""
    for name in BESIDE:
        (server.data / name).unlink(missing_ok=True)
    target = server.data / "log.db"
    owner = target.stat()
    target.unlink()
    made = sqlite3.connect(target)
    made.executescript((OLD / dump).read_text())
    made.close()
    target.chmod(0o600)
    os.chown(target, owner.st_uid, owner.st_gid)


@pytest.mark.asan
def test_schema_1(serve):
    server = serve("--edges", "1")
    server.stop()
    put_old(server, "log-v1.sql")
    server.restart()
    server.stderr.expect(r"log\.db was brought up from schema 1; the old file is kept as log\.db\.v1")
    said = [(each["name"], each["text"]) for each in server.history() if each["kind"] == "said"]
    assert said == [("小明", "你好"), ("ann", "hello")]
    people = [each["name"] for each in server.admin_json("who") if "face" in each]
    assert people == ["小明", "ann"]
    assert Plain(server).try_to_enter("坏人").startswith("抱歉，你被禁止")
    new = Plain(server).enter("小红")
    new.say("new")
    new.send("H 3").find_where(lambda line: "ann说: hello" in line, "what was said before")
    server.stop()
    copy = sqlite3.connect(f"file:{server.data}/log.db.v1?mode=ro", uri=True)
    assert copy.execute("PRAGMA user_version").fetchone() == (1,)
    assert copy.execute("SELECT text FROM entries WHERE seq = 3").fetchone() == ("你好",)
    copy.close()
    server.restart()
    assert "brought up" not in server.stderr.text


def test_a_newer_schema_is_left_alone(serve):
    server = serve()
    server.stop()
    db = sqlite3.connect(server.data / "log.db")
    db.execute("PRAGMA user_version = 99")
    db.close()
    before = (server.data / "log.db").read_bytes()
    with pytest.raises(Refused) as refused:
        server.restart()
    assert refused.value.code == 100
    assert "newer version of qun" in refused.value.stderr
    assert (server.data / "log.db").read_bytes() == before
