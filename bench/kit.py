"""The parts of the kit beside the bare calls that do the same (mp.c)."""
import itertools
import json
import statistics
import subprocess

from figures import Figure, number, put
from robot import table
from target import BENCH, DOCS

HEADS = {
    "MODELS.md": ["with the kit", "ns of CPU", "ns by the clock", "bare", "ns of CPU",
                  "ns by the clock", "CPU, times"],
    "MODELS.zh-CN.md": ["用工具箱", "CPU 纳秒", "时钟纳秒", "裸调用", "CPU 纳秒", "时钟纳秒", "CPU 倍数"],
}

# The lesson's table: what is measured stands in {}: 64 bytes from process to process.
EXCHANGE = {
    "MODELS.md": [
        ["", "pipe", "queue", "shared memory"],
        ["reading and writing", "at two ends", "first in, first out", "overwrites the memory"],
        ["64 bytes, each a second", "{pipe}", "{queue}", "{shared array}"],
        ["costs", "a system call at each end", "two locks, a copy in and out; a system call if "
         "somebody has to be waked", "a lock, and the copy"],
        ["for", "parent and child, a conversation; goes into poll and epoll", "work from several to "
         "several", "a state that all look at; who needs an order brings a lock or an event"],
    ],
    "MODELS.zh-CN.md": [
        ["", "管道", "消息队列", "共享内存"],
        ["读写方式", "两端读写", "先进先出", "覆盖内存"],
        ["每秒多少次 64 字节", "{pipe}", "{queue}", "{shared array}"],
        ["开销", "两端各一次系统调用", "两把锁，拷进拷出；需要叫醒别人时一次系统调用", "一把锁，和拷贝"],
        ["用途", "父子进程，一问一答；可以放进 poll 和 epoll", "多对多地分派工作",
         "大家都看的一个状态；需要次序的，自己加锁或事件"],
    ],
}


def run(report, arguments):
    """The kit's parts beside the bare calls."""
    report.title(f"mp: CPU of all processes for one, beside the bare calls; {arguments.pairs} pairs")
    rows, speeds = [], {}
    with subprocess.Popen([BENCH / "mp", str(arguments.pairs), str(arguments.percent)], stdout=subprocess.PIPE, text=True) as mp:
        pairs = map(json.loads, mp.stdout)
        for what, group in itertools.groupby(pairs, key=lambda pair: pair["what"]):
            group = list(group)
            rows.append(tell(report, what, group))
            seconds = statistics.median(pair["clock_ns"] for pair in group) / 1e9
            speeds.setdefault(what.split(",")[0], f"{1 / seconds:,.0f}")
    if mp.returncode != 0:
        raise SystemExit("bench/mp ended before its time")
    if arguments.publish:
        for page, head in HEADS.items():
            put(DOCS / page, "kit", f"{report.machine}.\n\n" + table(head, rows))
            lines = [[cell.format(**speeds) for cell in line] for line in EXCHANGE[page]]
            put(DOCS / page, "exchange", table(lines[0], lines[1:], "---"))


def tell(report, what, pairs):
    """Prints a row; its cells for the page."""
    beneath = pairs[0]["beneath"]
    ratio = Figure(what, [pair["cpu_ns"] / pair["bare_cpu_ns"] for pair in pairs],
                   f"times the CPU of {beneath}")
    report.title(ratio.line())

    def middle(name):
        return f"{number(statistics.median(pair[name] for pair in pairs))}"

    report.note(f"{middle('cpu_ns')} ns of CPU, {middle('clock_ns')} by the clock; bare "
                f"{middle('bare_cpu_ns')}, {middle('bare_clock_ns')}")
    return [what, middle("cpu_ns"), middle("clock_ns"), beneath, middle("bare_cpu_ns"),
            middle("bare_clock_ns"), f"{number(ratio.median)} ({ratio.spread})"]
