"""What the READMEs show is what happens."""

import os
import re
import subprocess

from tools import BINARY, PATIENCE, TOP

READMES = ("README.md", "README.zh-CN.md")


def commands(page):
    """The command lines of a page's blocks, without the remarks behind them."""
    blocks = re.findall(r"^```\n(.*?)^```", (TOP / page).read_text(), re.M | re.S)
    lines = [line.split("  #")[0].strip() for block in blocks for line in block.splitlines()]
    return [line for line in lines if re.match(r"(script|build)/\w+", line)]


def test_the_readmes_show_what_two_people_see():
    env = {**os.environ, "QUN_BINARY": str(BINARY)}
    done = subprocess.run(
        ["/usr/bin/python3", TOP / "docs" / "transcript.py", "--check"],
        capture_output=True, text=True, env=env, timeout=20 * PATIENCE,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_both_readmes_have_the_same_commands():
    english, chinese = (commands(page) for page in READMES)
    assert english and english == chinese


def test_the_transcript_runs_the_readmes_commands():
    shown = (TOP / "docs" / "TRANSCRIPT.md").read_text()
    for command in commands("README.md"):
        # This is one of the tests; `docs/walkthrough.py --test` shows them as well.
        assert command == "script/test" or f"$ {command}\n" in shown, f"docs/TRANSCRIPT.md does not show `{command}`"
