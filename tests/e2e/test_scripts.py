"""script/bootstrap and who calls it: what is installed, and what is said where nothing can be."""

import re
import shutil
import subprocess
import time

import pytest
from server import Server
from tools import BUILD, IS_ROOT, IS_SANITIZED, TOP, plain_environment

# A machine with a few packages too few: what dpkg-query would say of all others.
DPKG_QUERY = r"""#!/bin/sh
shift 2
for package in "$@"; do
	case " MISSING " in
	*" $package "*) ;;
	*) echo "installed $package" ;;
	esac
done
"""

APT_GET = r"""#!/bin/sh
echo "$*" >>"PLACE/asked"
exit CODE
"""

SUDO = "#!/bin/sh\nexit 1\n"


@pytest.fixture
def machine(place):
    """machine("PACKAGE …", …): an environment in which these are missing."""

    def make(missing, apt_get=100, sudo=SUDO):
        tools = place / "tools"
        shutil.rmtree(tools, ignore_errors=True)
        (place / "asked").unlink(missing_ok=True)
        tools.mkdir()
        texts = {
            "dpkg-query": DPKG_QUERY.replace("MISSING", missing),
            "apt-get": APT_GET.replace("PLACE", str(place)).replace("CODE", str(apt_get)),
            "sudo": sudo,
        }
        for name, text in texts.items():
            (tools / name).write_text(text)
            (tools / name).chmod(0o755)
        place.chmod(0o777)
        return plain_environment(PATH=f"{tools}:/usr/bin:/bin:/usr/sbin:/sbin")

    return make


def script(name, *words, env, wrap=()):
    return subprocess.run(
        [*wrap, TOP / "script" / name, *words], capture_output=True, text=True, env=env, timeout=60,
        stdin=subprocess.DEVNULL,
    )


def asked(place):
    found = place / "asked"
    return found.read_text() if found.exists() else ""


def as_user():
    return ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups") if IS_ROOT else ()


BUILD_NEEDS = ("gcc", "meson", "libsqlite3-dev")
TEST_NEEDS = ("python3-pytest", "strace", "clang")


@pytest.mark.parametrize("name", ["bootstrap", "build", "server", "test", "bench"])
def test_without_root_and_sudo_one_line_says_what_is_missing(machine, place, name):
    """And it stops there."""
    env = machine("libsqlite3-dev scdoc")
    done = script(name, env=env, wrap=as_user())
    assert done.returncode != 0
    assert done.stdout == ""
    lines = done.stderr.splitlines()
    assert [line for line in lines if line.startswith("apt-get")] == [
        "apt-get install scdoc libsqlite3-dev"
    ]
    assert len(lines) <= 2
    assert asked(place) == "", "somebody tried to install"


@pytest.mark.skipif(not IS_ROOT, reason="needs root")
@pytest.mark.parametrize("name", ["server", "test"])
def test_without_a_network_one_line_says_what_is_missing(machine, place, name):
    """apt-get is there and cannot get anything."""
    done = script(name, env=machine("libsqlite3-dev"))
    assert done.returncode != 0
    assert done.stderr.splitlines()[-1] == "apt-get install libsqlite3-dev"
    assert "install -y" in asked(place) and "libsqlite3-dev" in asked(place)


@pytest.mark.skipif(not IS_ROOT, reason="needs root")
def test_as_root_what_is_missing_is_installed(machine, place):
    done = script("bootstrap", env=machine("libsqlite3-dev", apt_get=0))
    assert done.returncode == 0
    assert re.search(r"install -y .*libsqlite3-dev$", asked(place).strip())


def test_sudo_that_asks_for_no_password_is_used(machine, place):
    sudo = '#!/bin/sh\nshift\nexec "$@"\n'
    done = script("bootstrap", env=machine("libsqlite3-dev", apt_get=0, sudo=sudo), wrap=as_user())
    assert done.returncode == 0, done.stderr
    assert "libsqlite3-dev" in asked(place)


def test_the_server_asks_for_nothing_that_only_tests_need(machine, place):
    """script/bootstrap (which script/server and script/build call) and script/bootstrap --test."""
    env = machine(" ".join([*BUILD_NEEDS, *TEST_NEEDS]))
    for name in ("server", "build", "bootstrap"):
        line = script(name, env=env, wrap=as_user()).stderr.splitlines()[-1]
        assert set(line.split()[2:]) == set(BUILD_NEEDS), line
    for name, words in {"bootstrap": ("--test",), "test": (), "bench": ()}.items():
        line = script(name, *words, env=env, wrap=as_user()).stderr.splitlines()[-1]
        assert set(line.split()[2:]) == {*BUILD_NEEDS, *TEST_NEEDS}, line


@pytest.mark.skipif(IS_SANITIZED, reason="builds the ordinary build")
def test_quick_when_nothing_is_missing(machine):
    """A second build, and so a second start, takes a moment."""
    env = machine("")
    assert script("build", env=env).returncode == 0
    began = time.monotonic()
    done = script("build", env=env)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert time.monotonic() - began < 5


@pytest.mark.skipif(IS_SANITIZED or BUILD != TOP / "build", reason="starts the ordinary build")
def test_arguments_of_the_server_are_those_of_serve(serve):
    """script/server --listen … is build/qun serve --listen …, from whatever folder."""
    start = Server.command
    try:
        Server.command = lambda self: [str(TOP / "script/server"), *start(self)[2:]]
        server = serve("--edges", "1")
    finally:
        Server.command = start
    assert server.edges() == ["edge 0"]
    assert "qun: keeper" in {each.name for each in server.processes()}
