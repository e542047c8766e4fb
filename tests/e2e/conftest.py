"""Fixtures of the end-to-end tests.

    serve(OPTION…, …)   starts a server and, after the test, finds it clean: exit 0 in two seconds,
                        no orphan, no zombie, no report of a sanitizer, all states the same
    crowd_of(server)    the session dialect's members of a server, none yet
    place               a folder for this test, removed afterwards
    is_long             whether the sizes written in the issues are to be run (--long)
"""

import os

import irc
import plain
import pytest
import sessions
import tools
from server import Server


def pytest_addoption(parser):
    parser.addoption("--long", action="store_true", help="the sizes written in the issues")


def pytest_configure(config):
    config.addinivalue_line("markers", "asan: also runs on the build with ASan and UBSan")
    config.addinivalue_line("markers", "long: runs only with --long")
    tools.become_subreaper()


def pytest_collection_modifyitems(config, items):
    if not tools.BINARY.exists():
        raise pytest.UsageError(f"{tools.BINARY} is not there; build it or set QUN_BINARY")
    if not config.getoption("--long"):
        for item in items:
            if item.get_closest_marker("long"):
                item.add_marker(pytest.mark.skip(reason="only with --long"))


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """A failure shows what the servers of the test have said."""
    report = (yield).get_result()
    if report.failed:
        for server in getattr(item, "servers", ()):
            report.sections.append(("server", server.describe()))


@pytest.fixture
def is_long(request):
    return request.config.getoption("--long")


@pytest.fixture
def place():
    made = tools.make_place()
    yield made
    if "QUN_KEEP" not in os.environ:
        tools.remove_place(made)


@pytest.fixture
def serve(request, place):
    servers = request.node.servers = []

    def start(*options, **settings):
        server = Server.__new__(Server)
        try:
            server.__init__(place, *options, **settings)
        except AssertionError:
            if getattr(server, "process", None) is not None and server.process.poll() is None:
                server.kill_all()
            raise
        servers.append(server)
        return server

    yield start
    errors = []
    for server in servers:
        try:
            server.finish()
        except AssertionError as error:
            errors.append(str(error))
    assert not errors, "\n".join(errors)


@pytest.fixture
def crowd_of():
    crowds = []

    def make(server):
        crowds.append(sessions.Crowd(server.address))
        return crowds[-1]

    yield make
    for crowd in crowds:
        crowd.close()


@pytest.fixture(autouse=True)
def members_leave():
    """Sockets of a test do not outlive it."""
    yield
    irc.close_all()
    listening = plain.ears()
    for member in list(listening.members.values()):
        member.close()


@pytest.fixture(params=["zh", "en"])
def language(request):
    return request.param
