"""Draws the README's pictures from what programs really print: `make pictures`.

`python docs/pictures/render.py NAME COMMAND...` draws one more: docs/images/NAME.svg and .png of that command.
"""

from __future__ import annotations

import io
import os
import pty
import re
import shlex
import struct
import subprocess
import sys
from fcntl import ioctl
from pathlib import Path
from termios import TIOCSWINSZ

import matplotlib as mpl
import resvg_py
from rich.console import Console
from rich.terminal_theme import TerminalTheme
from rich.text import Text

HERE = Path(__file__).parent
IMAGES = HERE.parent / "images"
FONTS = Path(mpl.get_data_path()) / "fonts" / "ttf"  # DejaVu, so that a PNG looks the same wherever it is drawn
TRACE_COLUMNS = 120
COLUMNS = 116  # at the width of a README (900 pixels), letters of 13 pixels

# The program under the name that it would have in its package. Its paths stay relative to the current folder.
ORDERS = [sys.executable, "-c", "import runpy; runpy.run_path('shop/orders.py', run_name='shop.orders')"]

# Made up and put together here, so that nobody, person or scanner, finds a secret in this repository.
_PASSWORD = "correct" + "-horse" * 2
SECRETS = {
    "BANK_URL": f"https://shop:{_PASSWORD}@bank.example",
    "DATABASE_URL": f"postgresql://shop:{_PASSWORD}@db/orders",
    "PASSWORD": _PASSWORD,
    "CARD": " ".join(("4111", *["1111"] * 3)),
}


def _colors(text: str) -> list[tuple[int, int, int]]:
    return [tuple(bytes.fromhex(color)) for color in text.split()]


# Background and letters, then the terminal's eight colours: black red green yellow blue magenta cyan white.
THEME = TerminalTheme(
    *_colors("0d1117 e6edf3"),
    normal=_colors("484f58 ff7b72 3fb950 d29922 58a6ff bc8cff 39c5cf b1bac4"),
    bright=_colors("6e7681 ffa198 56d364 e3b341 79c0ff d2a8ff 56d4dd ffffff"),
)

# As rich's own, without the font that it would fetch, and with a quiet window.
LETTERS = 21  # rich's lines are 24.4 high for letters of 20; one more, and the lines of a tree touch each other
FAMILY = "ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', 'Liberation Mono', monospace"
FRAME = f"""\
<svg class="terminal" viewBox="0 0 {{width}} {{height}}" xmlns="http://www.w3.org/2000/svg">
    <style>
    .{{unique_id}}-matrix {{{{
        font-family: {FAMILY};
        font-size: {LETTERS}px;
        white-space: pre;
    }}}}
    .{{unique_id}}-title {{{{
        font-family: {FAMILY};
        font-size: 17px;
        opacity: 0.6;
    }}}}
    {{styles}}
    </style>
    <defs>
    {{lines}}
    </defs>
    {{chrome}}
    <g transform="translate({{terminal_x}}, {{terminal_y}})">
    {{backgrounds}}
    <g class="{{unique_id}}-matrix">
    {{matrix}}
    </g>
    </g>
</svg>
"""

_JSON = re.compile(
    r"""(?P<key>"(?:[^"\\]|\\.)*")(?=:)
      | (?P<string>"(?:[^"\\]|\\.)*")
      | (?P<bare>-?\d[\d.eE+-]*|true|false|null)
      | (?P<mark>[{}\[\]:,]+)""",
    re.VERBOSE,
)
_JSON_STYLES = {"key": "color(110)", "string": "color(252)", "bare": "color(180)", "mark": "color(243)"}
_MARKER = re.compile(r"\[REDACTED:[\w-]+\]")
_SEVERITIES = {"INFO": "color(71)", "WARNING": "bold color(214)", "ERROR": "bold color(203)"}  # the console's


def printed(command: list[str], columns: int = COLUMNS, **variables: str) -> str:
    """What a command prints on a terminal of so many columns, its errors too."""
    ours, theirs = pty.openpty()
    ioctl(theirs, TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
    with subprocess.Popen(command, cwd=HERE, env=_environment(variables), stdout=theirs, stderr=theirs) as child:
        os.close(theirs)
        output = b"".join(iter(lambda: _read(ours), b""))
    os.close(ours)
    if child.returncode:
        raise SystemExit(f"{shlex.join(command)} ended with {child.returncode}:\n{output.decode()}")
    return output.decode().replace("\r\n", "\n")


def piped(command: list[str], **variables: str) -> str:
    """What a command prints into a pipe, as a container's log reader gets it."""
    child = subprocess.run(
        command, cwd=HERE, env=_environment(variables), stdout=subprocess.PIPE, check=True, encoding="utf-8"
    )
    return child.stdout.replace(f'"host":"{os.uname().nodename}"', '"host":"web-1"')  # whoever draws stays unnamed


def _environment(variables: dict[str, str]) -> dict[str, str]:
    """Little of the present environment: a CI's or a shell's settings would change the pictures."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "PYTHONPATH") if name in os.environ}
    return {**kept, **SECRETS, "TERM": "xterm-256color", "FORCE_COLOR": "1", **variables}


def _read(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, 65536)
    except OSError:  # how Linux says that the other side of a terminal has closed
        return b""


def json_lines(output: str, columns: int = COLUMNS) -> list[Text]:
    """JSON records as a terminal shows them, but broken between fields and coloured, so that one can read them."""
    lines: list[Text] = []
    for record in output.splitlines():
        text = Text(record)
        for found in _JSON.finditer(record):
            text.stylize(_JSON_STYLES[found.lastgroup or ""], *found.span())
        for found in re.finditer(r'(?<="severity":")\w+', record):
            text.stylize(_SEVERITIES.get(found[0], ""), *found.span())
        for found in re.finditer(r'(?<=\d,"message":")[^"]+', record):
            text.stylize("bold color(231)", *found.span())
        for found in _MARKER.finditer(record):
            text.stylize("color(214)", *found.span())
        start, indent = 0, ""
        while start < len(record):
            end = start + columns - len(indent)
            if end < len(record):
                end = _best_break(record, start, end)
            lines.append(Text(indent) + text[start:end])
            start, indent = end, "  "
    return lines


def _best_break(record: str, start: int, end: int) -> int:
    """Where to go on in the next line: after a comma between fields, otherwise after a space, otherwise anywhere."""
    for pattern in (r',(?=["{])', r"\\n| "):
        places = [found.end() for found in re.finditer(pattern, record[start:end])]
        if places and places[-1] > (end - start) * 0.6:
            return start + places[-1]
    return end


def draw(name: str, lines: list[Text], title: str, columns: int = COLUMNS) -> list[Path]:
    """Write lines as a terminal's window, name.svg and name.png, and return where they are."""
    console = Console(file=io.StringIO(), record=True, width=columns + 2, highlight=False, legacy_windows=False)
    for line in lines:
        console.print(Text(" ") + line, no_wrap=True, overflow="ignore", crop=True)  # with a margin on either side
    svg = console.export_svg(
        title=title,
        theme=THEME,
        code_format=FRAME,
        font_aspect_ratio=0.602 * LETTERS / 20,  # DejaVu's and Menlo's; browsers adjust the spacing of other fonts
        unique_id=name,
    )
    svg = re.sub("[ \t]+$", "", svg, flags=re.MULTILINE)
    png = resvg_py.svg_to_bytes(
        svg_string=svg,
        width=2 * 900,
        skip_system_fonts=True,
        font_files=[str(FONTS / f"DejaVuSansMono{face}.ttf") for face in ("", "-Bold", "-Oblique")],
        font_family="DejaVu Sans Mono",
        monospace_family="DejaVu Sans Mono",
    )
    IMAGES.mkdir(parents=True, exist_ok=True)
    paths = [IMAGES / f"{name}.svg", IMAGES / f"{name}.png"]
    paths[0].write_text(svg, encoding="utf-8")
    paths[1].write_bytes(bytes(png))
    return paths


def terminal_lines(output: str) -> list[Text]:
    """Coloured output, line by line."""
    return [Text.from_ansi(line) for line in output.rstrip("\n").split("\n")]


def failing_trace() -> str:
    """The request that fails in `discreet demo`, as `discreet trace` draws it."""
    demo = [sys.executable, "-m", "discreet", "demo"]
    shown = re.search(r"discreet trace (\w+) (\S+)/\*\.json", printed(demo, NO_COLOR="1"))
    if shown is None:
        raise SystemExit("The demo named no trace.")
    files = sorted(str(path) for path in Path(shown[2]).glob("*.json"))
    return printed([sys.executable, "-m", "discreet", "trace", shown[1], *files], TRACE_COLUMNS)


def main() -> None:
    """Draw one picture of the given command, or the README's."""
    if len(sys.argv) > 2:
        name, *command = sys.argv[1:]
        paths = draw(name, terminal_lines(printed(command)), shlex.join(command))
    else:
        named = {"DISCREET_SERVICE": "shop", "DISCREET_VERSION": "1.4.2"}
        console = printed(ORDERS, DISCREET_ENV="dev", **named)
        records = piped(ORDERS, DISCREET_ENV="prod", **named)
        for secret in SECRETS.values():
            if secret in console or secret in records:
                raise SystemExit("A planted secret would be in the pictures; nothing is drawn.")
        paths = draw("console", terminal_lines(console), "in development")
        paths += draw("json", json_lines(records), "in production")
        paths += draw("trace", terminal_lines(failing_trace()), "discreet trace", TRACE_COLUMNS)
    for path in paths:
        print(f"{path.relative_to(HERE.parent.parent)}  {path.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
