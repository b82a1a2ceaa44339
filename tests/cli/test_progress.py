"""How far a long command has come: on a terminal only."""

from __future__ import annotations

import io

import pytest

from discreet.cli.terminal import Progress, size_text


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_progress_is_drawn_on_a_terminal_only_and_taken_away() -> None:
    terminal, pipe = Terminal(), io.StringIO()
    for stream in (terminal, pipe):
        progress = Progress(1000, stream=stream)
        progress.update(500)
        progress.clear()
    assert "50%  500 B of 1.0 kB" in terminal.getvalue()
    assert terminal.getvalue().endswith("\r\x1b[K")
    assert pipe.getvalue() == ""


def test_progress_of_a_pipe_shows_what_was_done() -> None:
    terminal = Terminal()
    Progress(stream=terminal).update(2_500_000)
    assert terminal.getvalue().startswith("\r2.5 MB  ")


@pytest.mark.parametrize(("size", "text"), [(0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (123_456_789, "123 MB")])
def test_sizes_are_written_for_people(size: int, text: str) -> None:
    assert size_text(size) == text
