"""A record never lands on the line of a progress bar; where there is no terminal, bars become sparse records on request."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import re
import struct
import subprocess
import sys
import termios
import textwrap
import threading

import pytest

from tests.waiting import HANG, NEVER, join

SEQUENCE = re.compile(r"\x1b\[([0-9;?]*)([A-Za-z])")


class Screen:
    """As much of a terminal as bars and lines use: what stands on each line in the end."""

    def __init__(self) -> None:
        self.lines = [""]
        self.row = self.column = 0

    def write(self, text: str) -> None:
        position = 0
        while position < len(text):
            sequence = SEQUENCE.match(text, position)
            if sequence:
                self._control(sequence[1], sequence[2])
                position = sequence.end()
                continue
            self._put(text[position])
            position += 1

    def _put(self, char: str) -> None:
        if char == "\r":
            self.column = 0
        elif char == "\n":
            self.row += 1
            self.column = 0
            if self.row == len(self.lines):
                self.lines.append("")
        else:
            line = self.lines[self.row].ljust(self.column)
            self.lines[self.row] = line[: self.column] + char + line[self.column + 1 :]
            self.column += 1

    def _control(self, number: str, what: str) -> None:
        if what == "A":
            self.row = max(0, self.row - int(number or 1))
        elif what == "K":
            self.lines[self.row] = "" if number == "2" else self.lines[self.row][: self.column]


def on_a_terminal(source: str) -> list[str]:
    """What stands on the terminal when the program has ended."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 100, 0, 0))  # rows and columns
    environ = {**os.environ, "TERM": "xterm", "COLUMNS": "100", "NO_COLOR": "1", "DISCREET_EXIT_TIMEOUT": NEVER}
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(source)], stdin=slave, stdout=slave, stderr=slave, env=environ
    )
    os.close(slave)
    parts = []

    def read():
        try:
            while part := os.read(master, 65_536):
                parts.append(part)
        except OSError:  # how the end of the other side is told
            pass

    reader = threading.Thread(target=read)
    reader.start()
    assert process.wait(HANG) == 0
    join(reader)
    os.close(master)
    screen = Screen()
    screen.write(b"".join(parts).decode())
    return [line.rstrip() for line in screen.lines]


BARS = {
    "tqdm": """
        from tqdm import tqdm
        for number in tqdm(range(3), mininterval=0, ncols=60):
            log.info("record %d", number)
    """,
    "tqdm on stdout, nested": """
        import sys
        from tqdm import tqdm
        for number in tqdm(range(3), mininterval=0, ncols=60, file=sys.stdout):
            for _ in tqdm(range(2), mininterval=0, ncols=60, leave=False, file=sys.stdout):
                pass
            log.info("record %d", number)
    """,
    "tqdm, records of logging": """
        import logging
        from tqdm import trange
        for number in trange(3, mininterval=0, ncols=60):
            logging.getLogger("library").info("record %d", number)
    """,
    "rich": """
        from rich.progress import track
        for number in track(range(3)):
            log.info("record %d", number)
    """,
}


@pytest.mark.parametrize("name", BARS)
def test_each_record_has_a_line_of_its_own_and_the_bar_the_last(name):
    program = 'import discreet\nfrom discreet import log\ndiscreet.configure(environment="dev", service="s")\n'
    shown = on_a_terminal(program + textwrap.dedent(BARS[name]))
    records = [line for line in shown if "record" in line]
    assert [re.search(r"record (\d)", line)[1] for line in records] == ["0", "1", "2"]
    for line in records:
        assert re.match(r"\d\d:\d\d:\d\d\.\d{3}", line)
        assert not re.search(r"\d%|it/s|━", line)
    assert "100%" in [line for line in shown if line][-1]


def test_without_a_terminal_bars_become_sparse_records_on_request(python):
    program = python(
        """
        import discreet
        from tqdm import tqdm

        discreet.configure(format="json", environment="prod", service="test", progress=True)
        for _ in tqdm(range(1000), desc="train", mininterval=0):
            pass
        with tqdm(desc="no total", mininterval=0) as bar:
            for _ in range(1000):
                bar.update()
        """
    )
    assert program.err == b""
    train = [record for record in program.records if record["message"].startswith("train")]
    assert [record["message"] for record in train] == [f"train: {percent}%" for percent in range(0, 101, 10)]
    assert (train[-1]["done"], train[-1]["total"], train[-1]["unit"]) == (1000, 1000, "it")
    assert [r["message"] for r in program.records if r["message"].startswith("no total")] == [
        "no total: 0 it", "no total: 1000 it",
    ]  # fmt: skip


def test_without_the_request_bars_stay_as_they_are(python):
    program = python(
        """
        import discreet
        from tqdm import tqdm

        discreet.configure(format="json", environment="prod", service="test")
        for _ in tqdm(range(3)):
            pass
        """
    )
    assert b"100%" in program.err
    assert program.out == b""


def test_a_bar_in_a_file_of_the_users_stays_a_bar(python, tmp_path):
    program = python(
        f"""
        import discreet
        from tqdm import tqdm

        discreet.configure(format="json", environment="prod", service="test", progress=True)
        with open({str(tmp_path / "bar")!r}, "w") as file:
            for _ in tqdm(range(3), file=file):
                pass
        """
    )
    assert [json.loads(line) for line in program.out.splitlines()] == []
    assert "100%" in (tmp_path / "bar").read_text()
