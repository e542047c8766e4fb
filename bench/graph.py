"""Cost per delivery against members, as SVG."""

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 640, 340, 60, 20, 60, 60
COLOURS = {1: "#c33", 64: "#36c"}


def draw(points, machine):
    """`points`: {in_flight: {members: Figure}}, figures in multiples of the floor."""
    members = sorted({count for row in points.values() for count in row})
    highest = max(figure.high for row in points.values() for figure in row.values())
    top = max(1.5, highest * 1.1)

    def x(count):
        return LEFT + (WIDTH - LEFT - RIGHT) * (members.index(count) + 0.5) / len(members)

    def y(ratio):
        return HEIGHT - BOTTOM - (HEIGHT - BOTTOM - TOP) * ratio / top

    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
           'font-family="sans-serif" font-size="12">',
           f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
           f'<text x="{LEFT}" y="20" font-size="14">CPU of all server processes per delivered '
           'datagram,</text>',
           f'<text x="{LEFT}" y="38" font-size="14">as a multiple of bare sendmmsg calls '
           '(dashed)</text>']
    out += axis(top, y)
    for count in members:
        out.append(f'<text x="{x(count):.1f}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle">'
                   f'{count:,} members</text>')
    for index, (in_flight, row) in enumerate(sorted(points.items())):
        out += line(row, COLOURS.get(in_flight, "#393"), lambda c: x(c) + (8 if index else -8), y)
        out.append(f'<text x="{WIDTH - 170}" y="{TOP + 12 + 16 * index}" '
                   f'fill="{COLOURS.get(in_flight, "#393")}">{in_flight} '
                   f'message{"s" if in_flight > 1 else ""} in flight</text>')
    out.append(f'<text x="{LEFT}" y="{HEIGHT - 12}" font-size="10" fill="#666">{machine}; '
               'bars: quartiles of the runs</text>')
    out.append("</svg>\n")
    return "\n".join(out)


def axis(top, y):
    out = []
    step = 0.5 if top < 4 else 1
    for tick in range(int(top / step) + 1):
        value = tick * step
        dash = ' stroke-dasharray="4"' if value == 1 else ""
        out.append(f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y(value):.1f}" '
                   f'y2="{y(value):.1f}" stroke="{"#888" if dash else "#ddd"}"{dash}/>')
        out.append(f'<text x="{LEFT - 8}" y="{y(value) + 4:.1f}" text-anchor="end">'
                   f'{value:g}</text>')
    return out


def line(row, colour, x, y):
    out, points = [], []
    for count, figure in sorted(row.items()):
        at = x(count)
        out.append(f'<line x1="{at:.1f}" x2="{at:.1f}" y1="{y(figure.low):.1f}" '
                   f'y2="{y(figure.high):.1f}" stroke="{colour}" stroke-width="3"/>')
        out.append(f'<circle cx="{at:.1f}" cy="{y(figure.median):.1f}" r="4" fill="{colour}"/>')
        points.append(f'{at:.1f},{y(figure.median):.1f}')
    out.append(f'<polyline points="{" ".join(points)}" fill="none" stroke="{colour}"/>')
    return out
