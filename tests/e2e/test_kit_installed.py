"""The kit as somebody else's program finds it: installed, by pkg-config alone."""

import os
import re
import shutil
import subprocess

import pytest
from tools import BUILD, TOP

PROGRAM = r"""
#include <stdio.h>

#include <mp_array.h>
#include <mp_errors.h>
#include <mp_event.h>
#include <mp_lock.h>
#include <mp_mapping.h>
#include <mp_pipe.h>
#include <mp_process.h>
#include <mp_queue.h>
#include <mp_semaphore.h>
#include <mp_spawn.h>
#include <mp_thread.h>
#include <mp_type.h>
#include <mp_value.h>

static struct mp_value *sum;

static int add(void *argument) {
	for (int i = 0; i < 1000; i++) {
		MP_WITH_LOCK(mp_value_lock(sum)) {
			mp_value_set_int32(sum, mp_value_get_int32(sum) + *(int *)argument);
		}
	}
	return 0;
}

int main(void) {
	int two = 2;
	struct mp_process children[2];
	sum = mp_value_create(MP_INT32);
	for (int i = 0; i < 2; i++) {
		mp_process_init(&children[i], add, &two);
		mp_process_start(&children[i]);
	}
	for (int i = 0; i < 2; i++) {
		mp_process_join(&children[i], MP_FOREVER, NULL);
		mp_process_finish(&children[i]);
	}
	printf("%d %s\n", mp_value_get_int32(sum), mp_strerror(MP_TIMEOUT));
	return 0;
}
"""


def run(*words, **settings):
    result = subprocess.run(words, capture_output=True, text=True, **settings)
    assert result.returncode == 0, f"{words}: {result.stdout}{result.stderr}"
    return result.stdout


@pytest.fixture
def installed(place):
    """A copy of the build as it is, installed under `place`; nothing is built for it."""
    if not shutil.which("pkg-config"):
        pytest.skip("there is no pkg-config")
    prefix = place / "prefix"
    run(
        "meson", "install", "-C", str(BUILD), "--no-rebuild", "--tags", "devel", "--destdir", str(prefix),
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
    )
    return prefix


def pkg_config(installed, *words):
    (found,) = installed.rglob("qunmp.pc")
    env = {
        **os.environ,
        "PKG_CONFIG_LIBDIR": str(found.parent),
        "PKG_CONFIG_SYSROOT_DIR": str(installed),
    }
    return run("pkg-config", *words, "qunmp", env=env).split()


def test_a_program_is_built_against_the_installed_kit(installed, place):
    (place / "program.c").write_text(PROGRAM)
    flags = pkg_config(installed, "--cflags", "--libs")
    compiler = os.environ.get("CC", "cc").split()
    for standard in ("gnu17", "c17"):
        run(
            *compiler, f"-std={standard}", "-Wall", "-Wextra", "-Werror", "-o", str(place / "program"),
            str(place / "program.c"), *flags,
        )
        assert run(str(place / "program")) == "4000 the time ran out\n"


def test_what_is_installed_is_the_kit_and_its_manual(installed):
    files = {path.name: path for path in installed.rglob("*") if path.is_file()}
    assert "libqunmp.a" in files
    headers = {name for name in files if name.endswith(".h")}
    included = set(re.findall(r'#include "(mp_\w+\.h)"', "".join(files[h].read_text() for h in headers)))
    assert included <= headers
    assert set(re.findall(r"#include <(mp_\w+\.h)>", PROGRAM)) == headers
    for name in headers:  # Each begins with what it is.
        assert files[name].read_text().startswith("/*"), name


def test_the_version_is_the_trees(installed):
    version = re.search(r"version: '([^']+)'", (TOP / "meson.build").read_text())[1]
    assert pkg_config(installed, "--modversion") == [version]
