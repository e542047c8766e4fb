"""A terminal's cells as a picture: SVG, each character at its place whatever the font."""

from html import escape

WIDE, HIGH = 8.4, 18
BACK, FRONT = "#1c1f24", "#d6d9de"
FONT = "'DejaVu Sans Mono','Noto Sans Mono CJK SC','Sarasa Mono SC',Menlo,Consolas,monospace"
SIXTEEN = (
    "#000000 #cc3333 #3a8a3a #b58900 #3465a4 #8b4f9f #1f8a8a #d3d7cf "
    "#555753 #ef4444 #5faf5f #fce94f #729fcf #ad7fa8 #34e2e2 #eeeeec"
).split()
LEVELS = (0, 95, 135, 175, 215, 255)


def colour(number):
    if number < 16:
        return SIXTEEN[number]
    if number >= 232:
        return "#" + f"{8 + 10 * (number - 232):02x}" * 3
    cube = number - 16
    return "#" + "".join(f"{LEVELS[each]:02x}" for each in (cube // 36, cube // 6 % 6, cube % 6))


def colours(style):
    front = FRONT if style.front is None else colour(style.front)
    back = BACK if style.back is None else colour(style.back)
    return (back, front) if style.reverse else (front, back)


def runs(row):
    """[(column, [text…], style)…]: neighbours with one style."""
    found = []
    for column, cell in enumerate(row):
        if not found or found[-1][2] != cell.style:
            found.append((column, [], cell.style))
        found[-1][1].append(cell.text)
    return found


def words(column, texts):
    """[(column, text)…]: letters of ASCII together, all others, whose width fonts differ in, alone."""
    found = []
    was_ascii = False
    for at, text in enumerate(texts, column):
        is_ascii = text.isascii() and text.strip() != ""
        if is_ascii and was_ascii:
            found[-1] = (found[-1][0], found[-1][1] + text)
        elif text.strip():
            found.append((at, text))
        was_ascii = is_ascii
    return found


def draw_run(y, column, texts, style):
    front, back = colours(style)
    out = []
    if back != BACK:
        wide = len(texts) * WIDE
        place = f'x="{column * WIDE:.1f}" y="{y}" width="{wide:.1f}" height="{HIGH}"'
        out.append(f'<rect {place} fill="{back}"/>')
    parts = "".join(
        f'<tspan x="{at * WIDE:.1f}">{escape(text)}</tspan>' for at, text in words(column, texts)
    )
    if parts:
        more = ' font-weight="bold"' if style.bold else ""
        more += ' opacity="0.62"' if style.dim else ""
        out.append(f'<text y="{y + 13.5}" fill="{front}"{more}>{parts}</text>')
    return out


def svg(cells, cursor=None):
    rows, columns = len(cells), len(cells[0])
    edge = 10
    wide, high = columns * WIDE + 2 * edge, rows * HIGH + 2 * edge
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{wide:.0f}" height="{high}" '
        f'viewBox="{-edge} {-edge} {wide:.0f} {high}" font-family="{FONT}" font-size="14">',
        f'<rect x="{-edge}" y="{-edge}" width="{wide:.0f}" height="{high}" rx="6" fill="{BACK}"/>',
    ]
    for number, row in enumerate(cells):
        for column, texts, style in runs(row):
            out += draw_run(number * HIGH, column, texts, style)
    if cursor:
        row, column = cursor
        out.append(
            f'<rect x="{column * WIDE:.1f}" y="{row * HIGH}" width="{WIDE}" height="{HIGH}" '
            f'fill="{FRONT}" opacity="0.7"/>'
        )
    return "\n".join([*out, "</svg>", ""])
