"""Round trips a second against clients, as SVG: a line for each form, its floor thin beside it."""

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 680, 380, 70, 20, 62, 60
COLOURS = {"select": "#c33", "process": "#36c", "thread": "#292", "epoll": "#a4a"}


def draw(rows, machine):
    """`rows`: with model, clients, and rate: the robot's and the floor's."""
    counts = sorted({row.clients for row in rows})
    top = 1.1 * max(max(row.rate) for row in rows)

    def x(clients):
        return LEFT + (WIDTH - LEFT - RIGHT) * (counts.index(clients) + 0.5) / len(counts)

    def y(rate):
        return HEIGHT - BOTTOM - (HEIGHT - BOTTOM - TOP) * rate / top

    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
           'font-family="sans-serif" font-size="12">',
           f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
           f'<text x="{LEFT}" y="20" font-size="14">Round trips a second against clients</text>',
           f'<text x="{LEFT}" y="36" fill="#666">往返次数/秒 · dashed: the bare echo loop of the same '
           'form 虚线: 同样做法的裸循环</text>']
    for tick in ticks(top):
        out.append(f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y(tick):.1f}" y2="{y(tick):.1f}" '
                   'stroke="#ddd"/>')
        out.append(f'<text x="{LEFT - 8}" y="{y(tick) + 4:.1f}" text-anchor="end">{tick:,}</text>')
    for clients in counts:
        out.append(f'<text x="{x(clients):.1f}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle">'
                   f'{clients:,}</text>')
    models = [model for model in COLOURS if any(row.model == model for row in rows)]
    for index, model in enumerate(models):
        mine = sorted((row for row in rows if row.model == model), key=lambda row: row.clients)
        for side, stroke in ((1, 'stroke-width="1" stroke-dasharray="3"'), (0, 'stroke-width="2.5"')):
            points = " ".join(f"{x(row.clients):.1f},{y(row.rate[side]):.1f}" for row in mine)
            out.append(f'<polyline points="{points}" fill="none" stroke="{COLOURS[model]}" {stroke}/>')
        out.append(f'<text x="{LEFT + 10 + 90 * index}" y="54" fill="{COLOURS[model]}" '
                   f'font-weight="bold">{model}</text>')
    out.append(f'<text x="{LEFT}" y="{HEIGHT - 12}" font-size="10" fill="#666">{machine}</text>')
    out.append("</svg>\n")
    return "\n".join(out)


def ticks(top):
    """Round numbers from 0 up, at most eight."""
    step = 1
    while top / step > 8:
        step = {"1": 2, "2": 5, "5": 10}[str(step)[0]] * 10 ** (len(str(step)) - 1)
    return range(0, int(top) + 1, step)
