"""A backup made beside the running server, and put back, as docs/OPERATING.md says."""

import os
import shutil
import sqlite3

import pytest
from plain import Crowd, Plain
from server import Refused
from tools import IS_ROOT

FAST = ("--rate", "100000:100000")

BESIDE = ("ring", "log.db-wal", "log.db-shm", "search.db", "search.db-wal", "search.db-shm")


def said(server):
    return [each["text"] for each in server.history() if each["kind"] == "said"]


def talk(members, texts):
    for text in texts:
        members[0].say(text)
    members[1].find(f"{members[0].name}说: {texts[-1]}")


def back_up(server, path):
    """What `sqlite3 log.db ".backup …"` does."""
    there = sqlite3.connect(f"file:{server.data}/log.db?mode=ro", uri=True)
    copy = sqlite3.connect(path)
    there.backup(copy)
    there.close()
    copy.close()


def put_back(server, path, removed=BESIDE, owner_as=None):
    for name in removed:
        (server.data / name).unlink(missing_ok=True)
    target = server.data / "log.db"
    target.unlink()
    shutil.copy(path, target)
    target.chmod(0o600)
    if owner_as:
        status = owner_as.stat()
        os.chown(target, status.st_uid, status.st_gid)


@pytest.fixture
def restored(serve, place):
    """A server that has said more since its backup, and is stopped; the backup; the seqs it gave."""
    server = serve(*FAST)
    members = Crowd(server, ["小明", "小红"])
    talk(members, [f"before {number}" for number in range(200)])
    members[1].send("H 1").find_where(lambda line: "before 199" in line, "the last line")
    # Stored, and not only in the ring.
    server.stop()
    server.restart()
    back_up(server, place / "backup.db")
    talk(members, [f"after {number}" for number in range(200)])
    given = {each["seq"] for each in server.history()}
    server.stop()
    return server, place / "backup.db", given, members


BEFORE = [f"before {number}" for number in range(200)]


@pytest.mark.asan
def test_restore(restored):
    """What was there at the backup is there; members go on; no number that was given comes again."""
    server, backup, given, members = restored
    put_back(server, backup, owner_as=server.data)
    server.restart()
    assert said(server) == BEFORE
    last = max(each["seq"] for each in server.history())
    talk(members, ["again"])
    assert said(server) == [*BEFORE, "again"]
    assert {each["seq"] for each in server.history() if each["seq"] > last}.isdisjoint(given)
    assert len(server.history("--search", "after")) == 0
    assert len(server.history("--search", "before")) == 200


@pytest.mark.asan
def test_restore_beside_the_ring_that_goes_on_after_it(restored):
    """What the copy lacks is still in the ring: nothing at all is lost."""
    server, backup, given, members = restored
    put_back(server, backup, removed=BESIDE[1:], owner_as=server.data)
    server.restart()
    talk(members, ["again"])
    assert said(server) == [*BEFORE, *(f"after {number}" for number in range(200)), "again"]
    assert {each["seq"] for each in server.history()} > given


@pytest.mark.skipif(not IS_ROOT, reason="needs root")
def test_a_copy_of_another_owner_is_refused_with_the_way_out(restored):
    server, backup, _, _ = restored
    put_back(server, backup)
    before = (server.data / "log.db").read_bytes()
    with pytest.raises(Refused) as refused:
        server.restart()
    (line,) = [line for line in refused.value.stderr.splitlines() if "log.db" in line]
    assert "chown" in line and "user 0" in line
    assert (server.data / "log.db").read_bytes() == before
    put_back(server, backup, owner_as=server.data)
    server.restart()
    assert Plain(server).try_to_enter("小刚") == "OK"
