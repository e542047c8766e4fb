"""WebSocket: what a delivered message costs, beside the same people by TCP; and the memory of an idle one."""
from irc import INDEX, House, all_work, measure, median, messages_of, runs, touched, warm, work

WEB = ("web",)
GOAL = 1.15
MEMORY_GOAL = 1200


def fan_out(report, people, arguments):
    """Two servers, one with people who came by WebSocket, one by TCP, in turns."""
    web, tcp = House(people + 1, how=WEB), House(people + 1)
    for in_flight in (1, 64):
        messages = messages_of(arguments, people, in_flight)
        for size in (64, 400):
            warm(web, messages, in_flight, size)
            warm(tcp, messages, in_flight, size)
            pairs = runs(arguments, lambda: (measure(web, messages, in_flight, size),
                                             measure(tcp, messages, in_flight, size)))
            ours, theirs = ([each for each, _ in side] for side in zip(*pairs))
            report.figure(f"{people:,} readers, {in_flight} in flight, {size} bytes: CPU per delivery",
                          [work(a) / work(b) for a, b in zip(ours, theirs)], "times that of IRC by TCP", GOAL)
            report.note(f"WebSocket {median(map(work, ours)):,.0f} ns, TCP {median(map(work, theirs)):,.0f} ns "
                        f"per delivery, without the {INDEX}")
    web.close()
    tcp.close()


def enter(report, arguments):
    """A thousand connect and register."""
    def once(how):
        house = House(2, is_joined=False, how=how)
        house.load.close()
        house.load = type(house.load)(1000, *how)

        def come():
            house.load.command(f"open {house.server.port}")
            house.load.command("register")

        spent = all_work(house, come)
        house.close()
        return work(spent)

    report.figure("1,000 connect and register: CPU of all processes",
                  [once(WEB) / once(()) for _ in range(3)], "times that of IRC by TCP")


def report_memory(report):
    slope = (touched(15000, WEB) - touched(1000, WEB)) / 14000
    report.figure("memory touched by an idle registered WebSocket, two edges", [slope], "bytes", MEMORY_GOAL)


def web(report, arguments):
    """Fan-out over WebSocket beside TCP, and the memory of an idle one."""
    report.title("web: messages to a room of people who come by WebSocket, history on")
    for people in arguments.members:
        fan_out(report, people, arguments)
    enter(report, arguments)
    report_memory(report)
