from __future__ import annotations

import io
import os
import pty

import pytest

from discreet._encoding.console.style import color_count, terminal_width, wants_color


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.mark.parametrize(
    ("environ", "on_terminal", "elsewhere"),
    [
        ({}, True, False),
        ({"NO_COLOR": "1"}, False, False),
        ({"NO_COLOR": ""}, True, False),
        ({"FORCE_COLOR": "1"}, True, True),
        ({"FORCE_COLOR": "0"}, False, False),
        ({"FORCE_COLOR": ""}, True, False),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, False, False),
        ({"TERM": "dumb"}, False, False),
        ({"TERM": "dumb", "FORCE_COLOR": "1"}, True, True),
    ],
)
def test_colours_follow_the_conventions(environ, on_terminal, elsewhere):
    assert wants_color(Terminal(), environ) is on_terminal
    assert wants_color(io.StringIO(), environ) is elsewhere


def test_the_process_environment_is_the_default(monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert wants_color(io.StringIO())
    monkeypatch.setenv("TERM", "xterm-256color")
    assert color_count() == 256


def test_a_closed_stream_wants_none():
    stream = io.StringIO()
    stream.close()
    assert wants_color(stream, {}) is False


@pytest.mark.parametrize(
    ("environ", "count"),
    [
        ({}, 16),
        ({"TERM": "xterm"}, 16),
        ({"TERM": "screen-256color"}, 256),
        ({"COLORTERM": "truecolor"}, 256),
        ({"FORCE_COLOR": "3"}, 256),
    ],
)
def test_the_terminal_says_how_many_colours_it_has(environ, count):
    assert color_count(environ) == count


def test_only_a_terminal_has_a_width(tmp_path):
    assert terminal_width(io.StringIO()) is None
    assert terminal_width(None) is None
    with (tmp_path / "file").open("w") as file:
        assert terminal_width(file) is None
    controller, terminal = pty.openpty()
    try:
        import fcntl
        import struct
        import termios

        fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 97, 0, 0))
        with os.fdopen(terminal, "wb", closefd=False) as stream:
            assert terminal_width(stream) == 97
    finally:
        os.close(terminal)
        os.close(controller)
