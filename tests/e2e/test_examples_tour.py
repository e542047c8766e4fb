"""The guided tour of examples/: what it lists is there, and what it shows is what one sees."""

import os
import re
import shutil
import subprocess

import pytest
from tools import TOP

TOURS = ["README.md", "README.zh-CN.md"]

# The programs that the lessons name.
LESSONS = [
    "shm_value_semaphore",
    "semaphore",
    "thread_demo1",
    "mythread",
    "thread_communication",
    "thread_no_lock",
    "thread_lock",
    "thread_GIL",
]

# Larger, since each is a whole program with a partner.
LONGER = {"chat_server": 180, "chat_client": 160}


@pytest.fixture(params=TOURS)
def tour(request):
    return (TOP / "examples" / request.param).read_text()


def examples():
    return {path.stem: path for path in (TOP / "examples").glob("*.c")}


def test_every_example_is_listed(tour):
    listed = set(re.findall(r"\]\((\w+)\.c\)", tour))
    assert listed == set(examples())
    assert set(LESSONS) <= listed


def test_every_example_is_built_and_run():
    rows = (TOP / "examples" / "meson.build").read_text()
    assert set(re.findall(r"'name': '(\w+)'", rows)) == set(examples())
    not_run = set(re.findall(r"'name': '(\w+)', 'tested': false", rows))
    assert not_run == set(LONGER)  # test_chat_server.py and test_clients.py run these.


def test_every_example_is_short_and_opens_with_two_columns():
    for name, path in examples().items():
        text = path.read_text()
        lines = len(text.splitlines())
        assert 20 <= lines <= LONGER.get(name, 100), f"{name}: {lines} lines"
        opening = text[: text.index("*/")]
        head = re.search(r"^ \*     Python.*?  +(C|the kit)\b", opening, re.MULTILINE)
        assert head, f"{name} opens without its two columns"
        if name in LESSONS:
            assert f"{name}.py" in opening, f"{name} does not say which program it answers"


def blocks(tour, command):
    return [block for block in re.findall(r"```\n(.*?)```", tour, re.DOTALL) if command in block]


def names_in(text):
    """The processes that somebody sees there; top cuts names short, pstree has threads in braces."""
    text = re.sub(r"^\$ .*|\{.*?\}", "", text, flags=re.MULTILINE)
    return sorted(re.findall(r"qun: (\w+(?: \d+)?)", text))


@pytest.mark.parametrize("command", ["ps", "pstree", "top"])
def test_the_processes_are_what_one_sees(serve, tour, command):
    if not shutil.which(command):
        pytest.skip(f"there is no {command}")
    keeper = serve("--edges", 2).pid
    words = {
        "ps": ["ps", "-o", "pid,ppid,user,stat,ni,args", "-p", f"{keeper}", "--ppid", f"{keeper}"],
        "pstree": ["pstree", "-p", f"{keeper}"],
        "top": ["top", "-b", "-n", "1", "-p", f"{keeper},{children(keeper)}"],
    }[command]
    seen = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    (shown,) = blocks(tour, f"$ {command} ")
    assert len(names_in(shown)) == 7
    assert names_in(shown) == names_in(seen)
    assert shown.count("{") == seen.count("{")
    if command == "ps":
        assert re.search(r" SNl +5 qun: clerk", shown)
        if os.nice(0) == 0:  # Else all are nice.
            assert re.search(r" SNl +5 qun: clerk", seen)


def children(pid):
    out = subprocess.run(["pgrep", "-d,", "-P", f"{pid}"], capture_output=True, text=True, check=True)
    return out.stdout.strip()
