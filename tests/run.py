#!/usr/bin/python3
"""Runs all tests of qun, one suite after the other, and counts them.

    script/test [--long] [PART [ARGUMENT…]]

PART is one of

    format   every tracked C file is laid out as .clang-format says; every test file has its row
    unit     unit tests and the replay of the fuzzing corpora, ordinary build      [test name…]
    asan     the same with ASan and UBSan, and the end-to-end tests marked "asan"  [test name…]
    tsan     the unit tests of the suite "tsan", with ThreadSanitizer              [test name…]
    fuzz     each fuzzer for some seconds, starting from its corpus                [fuzzer name…]
    e2e      the end-to-end tests, ordinary build                                  [pytest argument…]
    web      the page in Debian's Chromium                                         [test file…]

and all of them if it is left out: the daily size, less than 15 minutes on two cores. --long runs the
long sizes: it reaches the unit tests as QUN_LONG=1 and the end-to-end tests as --long.

The last line of the output is `N passed, N failed`, over all suites; what was skipped is said with its
suite.
The exit code is 0 if something ran and nothing failed.
"""

import argparse
import concurrent.futures
import fcntl
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent
CORES = os.cpu_count() or 1

# A suite that hangs is ended after so many seconds, and a fuzzer runs for so many: daily, long.
SUITE_SECONDS = {False: 720, True: 6 * 3600}
FUZZ_SECONDS = {False: 5, True: 120}


class Count:
    """How many tests passed, failed, and were skipped."""

    def __init__(self, passed=0, failed=0, skipped=0):
        self.passed, self.failed, self.skipped = passed, failed, skipped

    def __add__(self, other):
        return Count(
            self.passed + other.passed, self.failed + other.failed, self.skipped + other.skipped
        )

    def __str__(self):
        skipped = f", {self.skipped} skipped" if self.skipped else ""
        return f"{self.passed} passed, {self.failed} failed{skipped}"


PASS = Count(passed=1)
FAIL = Count(failed=1)
SKIP = Count(skipped=1)


class CannotBuild(Exception):
    """A build failed; its output has been shown. The suite counts as one failed test."""


def say(text):
    print(text, flush=True)


def run(command, seconds=None, show=False, env=None):
    """Runs a command with nothing to read; returns its exit code (None: out of time) and output.

    Its processes form a group, and whatever is left of the group afterwards is killed."""
    child = subprocess.Popen(
        [str(word) for word in command],
        cwd=TOP,
        env={**os.environ, **(env or {})},
        stdin=subprocess.DEVNULL,
        stdout=None if show else subprocess.PIPE,
        stderr=None if show else subprocess.STDOUT,
        start_new_session=True,
    )
    RUNNING.add(child.pid)
    try:
        output, _ = child.communicate(timeout=seconds)
        code = child.returncode
    except subprocess.TimeoutExpired:
        kill_group(child.pid)
        output, _ = child.communicate()
        code = None
    kill_group(child.pid)
    RUNNING.discard(child.pid)
    return code, (output or b"").decode(errors="replace")


RUNNING = set()


def kill_group(leader):
    try:
        os.killpg(leader, signal.SIGKILL)
    except ProcessLookupError:
        pass


def on_end(number, frame):
    """Nothing that was started here outlives an interrupted run."""
    for leader in list(RUNNING):
        kill_group(leader)
    os._exit(128 + number)


def run_or_fail(command, env=None):
    code, output = run(command, env=env)
    if code != 0:
        say(output.rstrip())
        raise CannotBuild
    return output


# ---- Builds --------------------------------------------------------------------------------------


class Build:
    """A build directory: set up as its options say, and built no further than a suite needs."""

    def __init__(self, name, options=(), env=None):
        self.path, self.env = TOP / name, env
        self.options = {"tests": "enabled", **dict(options)}

    def introspect(self, what):
        return json.loads(run_or_fail(["meson", "introspect", what, self.path]))

    def configure(self):
        flags = [f"-D{name}={value}" for name, value in self.options.items()]
        if not (self.path / "build.ninja").exists():
            shutil.rmtree(self.path / "meson-private", ignore_errors=True)
            run_or_fail(["meson", "setup", self.path, *flags], env=self.env)
            return
        present = {option["name"]: option["value"] for option in self.introspect("--buildoptions")}
        if any(str(present.get(name)).lower() != value for name, value in self.options.items()):
            run_or_fail(["meson", "configure", self.path, *flags])

    def make(self, choose_targets):
        """Builds the targets that choose_targets(self) names."""
        with open(TOP / "meson.build") as lock:  # The same lock as script/build's.
            fcntl.flock(lock, fcntl.LOCK_EX)
            self.configure()
            # Targets are known once ninja has brought its own file up to date.
            run_or_fail(["ninja", "-C", self.path, "build.ninja"])
            targets = choose_targets(self)
            if targets:
                run_or_fail(["ninja", "--quiet", "-C", self.path, *targets])

    def tests(self, suite):
        return [test for test in self.introspect("--tests") if f"qun:{suite}" in test["suite"]]

    def test_programs(self, suite):
        programs = {Path(test["cmd"][0]).relative_to(self.path) for test in self.tests(suite)}
        return sorted(str(program) for program in programs)

    def programs(self, folder):
        """The programs of a folder of the tree, by path in the build directory."""
        targets = self.introspect("--targets")
        programs = [target["filename"][0] for target in targets if target["type"] == "executable"]
        paths = sorted(str(Path(program).relative_to(self.path)) for program in programs)
        return [path for path in paths if path.startswith(f"{folder}/")]

    def fuzzers(self):
        return [path for path in self.programs("tests/fuzz") if Path(path).name.startswith("fuzz_")]


ORDINARY = Build("build")
ASAN = Build("build-asan", {"b_sanitize": "address,undefined", "b_lundef": "false"})
TSAN = Build("build-tsan", {"b_sanitize": "thread", "b_lundef": "false"})
FUZZ = Build(
    "build-fuzz",
    {"fuzz": "true", "b_sanitize": "address,undefined", "b_lundef": "false"},
    env={"CC": "clang"},
)

SANITIZER_FLAGS = "halt_on_error=1:abort_on_error=1:print_stacktrace=1:print_summary=1"


def sanitizer_env(extra=""):
    return {
        "ASAN_OPTIONS": f"{SANITIZER_FLAGS}:detect_stack_use_after_return=1{extra}",
        "UBSAN_OPTIONS": f"{SANITIZER_FLAGS}{extra}",
        "TSAN_OPTIONS": f"{SANITIZER_FLAGS}:second_deadlock_stack=1{extra}",
    }


# ---- Unit tests ----------------------------------------------------------------------------------


def count_program(result):
    """Counts one program of `meson test`: as many tests as cmocka says it ran, or one."""
    output = result.get("stdout", "") + result.get("stderr", "")

    def cmocka(word):
        return sum(int(n) for n in re.findall(rf"\[  {word}  \] (\d+) test\(s\)", output))

    count = Count(cmocka("PASSED"), cmocka("FAILED"), cmocka("SKIPPED"))
    if result["result"] in ("OK", "EXPECTEDFAIL"):
        return count if count.passed + count.skipped else PASS
    if result["result"] == "SKIP":
        return count if count.skipped else SKIP
    # It failed, whatever it says of itself: a leak is found after the last test has passed.
    return count if count.failed else count + FAIL


def run_meson_tests(build, suite, names, long, env=None, slowness=1, prefix=()):
    known = {test["name"] for test in build.tests(suite)}
    for name in names:
        if name not in known:
            say(f"no test {name} in suite {suite}; there are: {' '.join(sorted(known))}")
            return FAIL
    if not known:
        return Count()
    log = build.path / "meson-logs" / "testlog.json"
    log.unlink(missing_ok=True)
    command = [*prefix, "meson", "test", "-C", build.path, "--no-rebuild", "--suite", suite]
    command += ["--timeout-multiplier", slowness * (30 if long else 1)]
    env = {**(env or {}), "QUN_LONG": "1" if long else ""}
    code, output = run([*command, *names], seconds=SUITE_SECONDS[long], env=env)

    total = Count()
    if log.exists():
        for line in log.read_text(errors="replace").splitlines():
            result = json.loads(line)
            count = count_program(result)
            total += count
            if count.failed:
                say(f"---- {result['name']}: {result['result']}")
                say((result.get("stdout", "") + result.get("stderr", "")).rstrip())
    if (code != 0 and not total.failed) or not total.passed + total.failed + total.skipped:
        say(output.rstrip())
        say(f"meson test: {'out of time' if code is None else f'exit code {code}'}")
        total += FAIL
    return total


def part_unit(args, long):
    # The benchmarks are run by hand, but they shall always compile.
    ORDINARY.make(lambda build: [*build.test_programs("unit"), *build.programs("bench")])
    return run_meson_tests(ORDINARY, "unit", args, long)


def part_asan(args, long):
    ASAN.make(lambda build: [*end_to_end_targets(build), *build.test_programs("unit")])
    total = run_meson_tests(ASAN, "unit", args, long, env=sanitizer_env(), slowness=3)
    if not args:
        total += run_asan_e2e(long)
    return total


def part_tsan(args, long):
    # GCC 12's runtime cannot live with as many random address bits as newer kernels give.
    prefix = ["setarch", "-R"] if run(["setarch", "-R", "true"])[0] == 0 else []
    TSAN.make(lambda build: build.test_programs("tsan"))
    env = sanitizer_env()
    total = run_meson_tests(TSAN, "tsan", args, long, env=env, slowness=5, prefix=prefix)
    if not args:  # The one program of ours that has threads.
        TSAN.make(lambda build: ["qun"])
        threads = ["tests/e2e/test_robot.py", "-m", "asan", "-k", "thread"]
        total += run_pytest(TSAN, threads, long, env=env, prefix=prefix)
    return total


# ---- Fuzzers -------------------------------------------------------------------------------------


def fuzzer_name(program):
    return Path(program).name.removeprefix("fuzz_")


def run_fuzzer(program, seconds):
    """One fuzzer from its corpus on; what it finds new stays in the build directory."""
    name = fuzzer_name(program)
    found, crashes = FUZZ.path / "corpus" / name, FUZZ.path / "crashes" / name
    shutil.rmtree(crashes, ignore_errors=True)
    crashes.mkdir(parents=True)
    found.mkdir(parents=True, exist_ok=True)
    corpus = Path("tests/fuzz/corpus") / name
    command = [FUZZ.path / program, f"-max_total_time={seconds}", "-timeout=10"]
    command += ["-rss_limit_mb=2048", f"-artifact_prefix={crashes}/", found]
    command += [corpus] if (TOP / corpus).exists() else []
    code, output = run(command, seconds=seconds * 2 + 60, env=sanitizer_env())
    if code == 0:
        return PASS
    say(f"---- fuzzer {name}: {'out of time' if code is None else f'exit code {code}'}")
    say("\n".join(output.splitlines()[-60:]))
    for crash in sorted(crashes.iterdir()):
        say(f"input: {crash.relative_to(TOP)}; once mended, keep it in {corpus}/")
    return FAIL


def part_fuzz(args, long):
    FUZZ.make(lambda build: build.fuzzers())
    programs = {fuzzer_name(program): program for program in FUZZ.fuzzers()}
    for name in args:
        if name not in programs:
            say(f"no fuzzer {name}; there are: {' '.join(programs)}")
            return FAIL
    chosen = [programs[name] for name in args or programs]
    with concurrent.futures.ThreadPoolExecutor(max_workers=min(CORES, 4)) as pool:
        return sum(pool.map(lambda each: run_fuzzer(each, FUZZ_SECONDS[long]), chosen), Count())


# ---- End-to-end tests ----------------------------------------------------------------------------


def end_to_end_targets(build):
    return ["product", *build.programs("examples")]


def count_pytest(report):
    count = Count()
    for suite in ElementTree.parse(report).getroot().iter("testsuite"):
        tests, skipped = int(suite.get("tests")), int(suite.get("skipped"))
        failed = int(suite.get("failures")) + int(suite.get("errors"))
        count += Count(max(0, tests - skipped - failed), failed, skipped)
    return count


def names_tests(args):
    """Whether files are named to pytest, and not only as what an option means."""
    meant = {word for option, word in zip(args, args[1:]) if option in ("--ignore", "--deselect")}
    return any(word.startswith("tests/") and word not in meant for word in args)


def run_pytest(build, args, long, env=None, prefix=()):
    """Runs tests/e2e against the binary of a build; its output is shown as it comes."""
    if not any((TOP / "tests/e2e").glob("**/test_*.py")):
        return Count()
    report = build.path / "e2e.xml"
    report.unlink(missing_ok=True)
    command = [*prefix, "/usr/bin/python3", "-m", "pytest", "-q", "--color=no", "-rs"]
    if not names_tests(args):
        command += ["tests/e2e"]
    command += ["-p", "no:cacheprovider", f"--junitxml={report}"]
    if has_xdist() and not any(word in ("-s", "--pdb", "-n") for word in args):
        # They mostly wait: for a client's patience, a network that loses, a clock that runs out.
        command += ["-n", str(2 * CORES)]
    command += ["--long"] if long else []
    env = {
        **(env or {}),
        "QUN_BINARY": str(build.path / "qun"),
        "QUN_BUILD": str(build.path),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    code, _ = run([*command, *args], seconds=SUITE_SECONDS[long], show=True, env=env)
    count = count_pytest(report) if report.exists() else Count()
    # 0: all passed; 1: some failed, and are counted; 5: none was chosen.
    if code not in (0, 1, 5) or (code == 1 and not count.failed):
        say(f"pytest: {'out of time' if code is None else f'exit code {code}'}")
        count += FAIL
    return count


def has_xdist():
    return run(["/usr/bin/python3", "-c", "import xdist"])[0] == 0


def run_asan_e2e(long):
    """The tests marked "asan". A report of any process fails, though the keeper hides the death.

    Leaks are left to the unit tests: a process that gave up its privileges cannot be searched."""
    logs = ASAN.path / "reports"
    shutil.rmtree(logs, ignore_errors=True)
    logs.mkdir()
    logs.chmod(0o1777)  # The processes of a server that was started as root write here, too.
    env = sanitizer_env(f":detect_leaks=0:log_path={logs}/report")
    total = run_pytest(ASAN, ["-m", "asan"], long, env=env)
    for report in sorted(logs.iterdir()):
        say(f"---- {report.relative_to(TOP)}")
        say(report.read_text(errors="replace").rstrip())
        total += FAIL
    return total


def part_e2e(args, long):
    run_or_fail(["script/build"])
    ORDINARY.make(lambda build: [*end_to_end_targets(build), *build.programs("bench")])
    return run_pytest(ORDINARY, args, long)


# ---- The page in a browser ------------------------------------------------------------------------

WEB = TOP / "tests/web"


def install_for_web():
    """What drives the browser, from npm: as package-lock.json says, once."""
    done = WEB / "node_modules/.package-lock.json"
    if not done.exists() or done.stat().st_mtime < (WEB / "package-lock.json").stat().st_mtime:
        words = ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
        run_or_fail(["npm", "ci", "--prefix", WEB, *words])


def part_web(args, long):
    run_or_fail(["script/build"])
    install_for_web()
    files = args or sorted(str(file.relative_to(TOP)) for file in WEB.glob("*.test.mjs"))
    command = ["node", "--test", "--test-reporter=tap", "--test-timeout=240000", f"--test-concurrency={CORES}", *files]
    env = {"QUN_BINARY": str(ORDINARY.path / "qun"), "QUN_LONG": "1" if long else ""}
    code, output = run(command, seconds=SUITE_SECONDS[long], env=env)

    def told(word):
        return sum(int(n) for n in re.findall(rf"^# {word} (\d+)$", output, re.M))

    count = Count(told("pass"), told("fail") + told("cancelled"), told("skipped"))
    for line in re.findall(r"^ *# (the page .*)$", output, re.M):
        say(line)
    if code != 0:
        say(output.rstrip())
        count += Count() if count.failed else FAIL
    return count


# ---- Layout and order ----------------------------------------------------------------------------


def tracked(*patterns):
    command = ["git", "-c", "safe.directory=*", "ls-files", "--", *patterns]
    code, output = run(command)
    if code == 0:
        return [line for line in output.splitlines() if (TOP / line).exists()]
    # A tree without git: what was unpacked is what there is.
    return sorted(
        str(path.relative_to(TOP))
        for folder in ("src", "tests", "bench", "examples")
        for pattern in patterns
        for path in (TOP / folder).rglob(pattern.split("/")[-1])
    )


def check_layout():
    program = shutil.which("clang-format-14") or shutil.which("clang-format") or "clang-format"
    code, version = run([program, "--version"])
    if code != 0 or not re.search(r"version 14\.", version):
        say("the layout is checked with clang-format 14, which is not here")
        return SKIP
    files = tracked("*.c", "*.h")
    if not files:
        return Count()
    code, output = run([program, "--dry-run", "-Werror", *files])
    if code == 0:
        return PASS
    wrong = dict.fromkeys(re.findall(r"^([^:\n]+):\d+:\d+: error", output, re.MULTILINE))
    say(output.rstrip() if not wrong else f"to mend: {program} -i {' '.join(wrong)}")
    return FAIL


def check_rows(folder, prefix):
    """A test file that no row names would never run, and nobody would notice."""
    rows = (TOP / folder / "meson.build").read_text()
    names = set(re.findall(r"'name':\s*'([^']+)'", rows))
    files = tracked(f"{folder}/{prefix}*.c")
    lost = [file for file in files if Path(file).stem.removeprefix(prefix) not in names]
    for file in lost:
        say(f"{file} has no row in {folder}/meson.build")
    return FAIL if lost else PASS


def part_format(args, long):
    total = check_layout()
    total += check_rows("tests/unit", "test_")
    total += check_rows("tests/fuzz", "fuzz_")
    return total


# ---- All -----------------------------------------------------------------------------------------

PARTS = {
    "format": part_format,
    "unit": part_unit,
    "asan": part_asan,
    "tsan": part_tsan,
    "fuzz": part_fuzz,
    "e2e": part_e2e,
    "web": part_web,
}


def run_part(name, args, long):
    say(f"== {name}")
    try:
        count = PARTS[name](args, long)
    except CannotBuild:
        say(f"{name}: cannot be built")
        count = FAIL
    say(f"== {name}: {count}")
    return count


def main():
    parser = argparse.ArgumentParser(
        prog="script/test", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--long", action="store_true", help="the long sizes")
    parser.add_argument("part", nargs="?", choices=PARTS, metavar="PART")
    parser.add_argument("arguments", nargs=argparse.REMAINDER, metavar="ARGUMENT")
    chosen = parser.parse_args()
    long, arguments = chosen.long, chosen.arguments
    if "--long" in arguments:
        arguments.remove("--long")
        long = True

    signal.signal(signal.SIGINT, on_end)
    signal.signal(signal.SIGTERM, on_end)
    total = Count()
    for name in [chosen.part] if chosen.part else PARTS:
        total += run_part(name, arguments, long)
    if total.passed + total.failed == 0:
        say("nothing ran")
    say(f"{total.passed} passed, {total.failed} failed")
    return 0 if total.passed and not total.failed else 1


if __name__ == "__main__":
    sys.exit(main())
