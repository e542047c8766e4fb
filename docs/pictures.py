#!/usr/bin/env python3
"""Makes the pictures of `qun join` anew: docs/join-*.svg, screens of the end-to-end tests."""

import os
import subprocess
import sys
from pathlib import Path

DOCS = Path(__file__).resolve().parent
TEST = "tests/e2e/test_join_screen.py::test_pictures"

if __name__ == "__main__":
    done = subprocess.run(
        [DOCS.parent / "script" / "test", "e2e", TEST],
        env={**os.environ, "QUN_PICTURES": str(DOCS)},
    )
    sys.exit(done.returncode)
