"""docs/HTTP.md: what it says in examples is so."""

import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
from tools import PATIENCE

PAGE = Path(__file__).parents[2] / "docs" / "HTTP.md"


def examples():
    """(command, what comes) for each line of a code block that says curl."""
    blocks = re.findall(r"^```\n(.*?)^```$", PAGE.read_text(), re.S | re.M)
    lines = [line for block in blocks for line in block.splitlines() if line.startswith("curl ")]
    return [tuple(part.strip() for part in line.partition(" # ")[::2]) for line in lines]


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_examples(serve):
    server = serve()
    found = examples()
    assert len(found) > 0
    for command, comes in found:
        assert comes, command
        words = [word.replace("127.0.0.1:8888", "{}:{}".format(*server.address)) for word in shlex.split(command)]
        result = subprocess.run(words, capture_output=True, text=True, timeout=PATIENCE, check=False)
        assert result.returncode == 0, (command, result)
        assert comes in result.stdout, (command, result.stdout)
