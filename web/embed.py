"""Puts the page's files into C: as they are, and compressed if that is smaller, each with its ETag.

    embed.py [--brotli BROTLI] OUT FILE…

The same files give the same bytes: nothing of when and where they were made is in them.
"""

import argparse
import gzip
import hashlib
import subprocess
from pathlib import Path

TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".ico": "image/x-icon",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".webmanifest": "application/manifest+json",
    ".woff2": "font/woff2",
}

HEAD = '/* Made of the files in web/ by web/embed.py. */\n#include "site_assets.h"\n'


def brotli(program, data):
    return subprocess.run([program, "-q", "11", "-c", "-"], input=data, stdout=subprocess.PIPE, check=True).stdout


def array(name, data):
    rows = (", ".join(map(str, data[at : at + 24])) for at in range(0, len(data), 24))
    return f"static const unsigned char {name}[] = {{\n\t" + ",\n\t".join(rows) + "\n};\n"


def form(name, data):
    tag = hashlib.sha256(data).hexdigest()[:32]
    return f'{{{{(const char *){name}, {len(data)}}}, "\\"{tag}\\""}}'


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--brotli")
    parser.add_argument("out")
    parser.add_argument("files", nargs="+")
    arguments = parser.parse_args()
    text, rows = HEAD, []
    for number, path in enumerate(map(Path, arguments.files)):
        plain = path.read_bytes()
        forms = {"plain": plain, "gzip": gzip.compress(plain, 9, mtime=0)}
        if arguments.brotli:
            forms["brotli"] = brotli(arguments.brotli, plain)
        kept = {how: data for how, data in forms.items() if how == "plain" or len(data) < len(plain)}
        text += "".join(array(f"{how}_{number}", data) for how, data in kept.items())
        where = "/" if path.name == "index.html" else "/" + path.name
        fields = "".join(f"\n\t .{how} = {form(f'{how}_{number}', data)}," for how, data in kept.items())
        rows.append(f'\t{{.path = "{where}", .type = "{TYPES[path.suffix]}",{fields}}},\n')
    text += "const struct site_asset site_assets[] = {\n" + "".join(rows) + "};\n"
    text += "const unsigned site_assets_count = sizeof(site_assets) / sizeof(site_assets[0]);\n"
    Path(arguments.out).write_text(text)


main()
