"""What a benchmark has found: figures with their spread beside their goals, and tables.

A figure is the median of several runs; its spread are the quartiles. A goal that lies inside the
spread is undecided, not met.
"""
import re
import statistics


def quartiles(values):
    values = sorted(values)
    if len(values) == 1:
        return values[0], values[0], values[0]
    low, middle, high = statistics.quantiles(values, n=4, method="inclusive")
    return low, middle, high


def number(value):
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.2f}" if abs(value) < 10 else f"{value:.1f}"


class Figure:
    """`values` in `unit`, one per run; `goal` is an upper bound, or a lower one if not `is_bound_above`."""

    def __init__(self, what, values, unit, goal=None, is_bound_above=True):
        self.what = what
        self.unit = unit
        self.goal = goal
        self.is_bound_above = is_bound_above
        self.runs = len(values)
        self.low, self.median, self.high = quartiles(values)

    @property
    def spread(self):
        return f"{number(self.low)} to {number(self.high)}" if self.runs > 1 else ""

    @property
    def goal_words(self):
        if self.goal is None:
            return ""
        return f"at {'most' if self.is_bound_above else 'least'} {self.goal:,g}"

    @property
    def verdict(self):
        if self.goal is None:
            return ""
        low, high = (self.low, self.high) if self.is_bound_above else (-self.high, -self.low)
        goal = self.goal if self.is_bound_above else -self.goal
        if high <= goal:
            return "met"
        return "missed" if low > goal else "undecided"

    def line(self):
        spread = f" ({self.spread})" if self.spread else ""
        goal = f"; {self.goal_words}: {self.verdict}" if self.goal is not None else ""
        return f"  {self.what}: {number(self.median)} {self.unit}{spread}{goal}"

    def row(self):
        cells = (self.what, f"{number(self.median)} {self.unit}", self.spread, self.goal_words,
                 self.verdict)
        return "| " + " | ".join(cells) + " |"


class Report:
    """Prints what comes as it comes, and keeps it for the page: a section for each benchmark."""

    def __init__(self, machine):
        self.machine = machine
        self.sections = {}
        print(f"on {machine}", flush=True)

    def begin(self, name):
        self.figures, self.tables = [], []
        self.sections[name] = (self.figures, self.tables)

    def title(self, words):
        print(words, flush=True)

    def figure(self, *arguments, **options):
        figure = Figure(*arguments, **options)
        self.figures.append(figure)
        print(figure.line(), flush=True)
        return figure

    def note(self, words):
        print(f"    {words}", flush=True)

    def table(self, title, head, rows):
        self.tables.append((title, head, rows))

    def markdown(self, name):
        figures, tables = self.sections[name]
        out = [f"On {self.machine}:", "", "| what | median | spread | goal | |",
               "| --- | ---: | --- | --- | --- |", *(figure.row() for figure in figures)]
        for title, head, rows in tables:
            out += ["", title, "", "| " + " | ".join(head) + " |", "|" + " ---: |" * len(head)]
            out += ["| " + " | ".join(row) + " |" for row in rows]
        return "\n".join(out) + "\n"

    def publish(self, page):
        """Writes each section to its place in the page; what did not run stays as it is."""
        for name, (figures, _) in self.sections.items():
            if figures:
                put(page, name, self.markdown(name))


def put(page, mark, text):
    """Writes it between the page's marks of that name."""
    marks = re.compile(rf"(<!-- {mark}: [^\n]*-->\n).*?(<!-- end of {mark} -->)", re.S)
    before = page.read_text()
    if not marks.search(before):
        raise SystemExit(f"{page} has no place for: {mark}")
    page.write_text(marks.sub(lambda m: f"{m[1]}\n{text}\n{m[2]}", before))
