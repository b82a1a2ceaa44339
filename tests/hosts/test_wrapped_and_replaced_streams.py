"""Text goes where `print` goes, whatever stands in the place of stdout, and whatever its `fileno()` says."""

from __future__ import annotations

import codecs
import contextlib
import io
import json
import os
import sys

import click.testing
import pytest
import rich.console
import rich.progress

import discreet

from ..waiting import run

log = discreet.get_logger("app")


def configure(**options) -> None:
    discreet.configure(service="s", environment="prod", format="json", take_over=False, **options)


def said(text: str) -> list[str]:
    return [json.loads(line)["message"] for line in text.splitlines()]


class Delegating:
    """As colorama, notebooks and IDEs do: what is written goes elsewhere, all else is the wrapped stream's."""

    def __init__(self, wrapped: object) -> None:
        self._wrapped = wrapped
        self.text = ""

    def __getattr__(self, name: str) -> object:
        return getattr(self._wrapped, name)

    def write(self, text: str) -> int:
        self.text += text
        return len(text)


class Subclass(io.TextIOWrapper):
    text = ""

    def write(self, text: str) -> int:
        self.text += text
        return len(text)


def test_what_wraps_a_stream_and_passes_its_descriptor_on_gets_the_text(capfd, monkeypatch, tmp_path):
    with open(tmp_path / "terminal", "w", encoding="utf-8") as terminal:
        monkeypatch.setattr(sys, "stdout", Delegating(terminal))
        assert sys.stdout.fileno() == terminal.fileno()
        configure()
        log.info("hello")
        assert said(sys.stdout.text) == ["hello"]
        assert (tmp_path / "terminal").read_bytes() == b""


def test_a_subclass_of_pythons_own_stream_gets_the_text(monkeypatch, tmp_path):
    with Subclass(open(tmp_path / "log", "wb"), encoding="utf-8") as stream:
        monkeypatch.setattr(sys, "stdout", stream)
        configure()
        log.info("hello")
        assert said(stream.text) == ["hello"]
        monkeypatch.undo()


def test_a_write_that_was_put_on_pythons_own_stream_gets_the_text(python):
    done = python(
        """
        import sys, discreet
        texts = []
        sys.stdout.write = texts.append
        discreet.configure(service="s", format="json")
        discreet.get_logger("app").info("hello")
        del sys.stdout.write
        print(len(texts), "hello" in texts[0])
        """
    )
    assert done.out == b"1 True\n", done.err


@pytest.mark.parametrize("wrap", [codecs.getwriter("utf-8"), lambda raw: io.TextIOWrapper(raw, encoding="utf-8")])
def test_a_writer_around_the_bytes_of_a_file_loses_nothing_and_keeps_nothing_back(tmp_path, wrap):
    path = tmp_path / "log"
    with path.open("wb") as raw:
        stream = wrap(raw)
        configure(sinks=[discreet.Stream(stream)])
        stream.write('{"message": "by hand"}\n')
        log.info("hello")
        assert said(path.read_text("utf-8")) == ["by hand", "hello"]
        discreet.configure(sinks=[], take_over=False)
        stream.detach() if isinstance(stream, io.TextIOWrapper) else None


def test_a_stream_that_is_put_in_the_place_of_stdout_after_configure_is_followed(capsys):
    configure()
    log.info("one")
    kept = io.StringIO()
    with contextlib.redirect_stdout(kept):
        log.info("two")
    log.info("three")
    assert (said(capsys.readouterr().out), said(kept.getvalue())) == (["one", "three"], ["two"])


def test_pytests_capture_of_descriptors_sees_records_in_their_place(capfd):
    configure()
    sys.stdout.write('{"message": "by hand"}\n')
    log.info("one")
    os.write(1, b'{"message": "by the system"}\n')
    assert said(capfd.readouterr().out) == ["by hand", "one", "by the system"]


def test_clicks_test_runner_sees_records_in_their_place():
    @click.command()
    def command() -> None:
        configure()
        click.echo('{"message": "by hand"}')
        log.info("one")
        click.echo('{"message": "then"}')

    assert said(click.testing.CliRunner().invoke(command).output) == ["by hand", "one", "then"]


def test_a_record_during_a_progress_display_of_rich_is_printed_above_it():
    screen = io.StringIO()
    console = rich.console.Console(file=screen, force_terminal=True, width=1000)
    configure()
    with rich.progress.Progress(console=console, auto_refresh=False) as progress:
        progress.add_task("working", total=3)
        progress.refresh()
        log.info("hello")
        progress.refresh()
    line = next(line for line in screen.getvalue().splitlines() if "hello" in line)
    assert "working" not in line.rpartition("\r")[2]


def _raise(*_: object) -> None:
    raise RuntimeError("hostile")


class Hostile:
    encoding = property(_raise)
    closed = property(_raise)
    isatty = fileno = write = flush = _raise


class WithoutWrite:
    encoding = "utf-8"


class BadFlush(io.StringIO):
    flush = _raise


@pytest.mark.parametrize("written_as", ["json", "console"])
@pytest.mark.parametrize("stream", [Hostile(), WithoutWrite(), BadFlush(), 17])
def test_a_stream_that_cannot_be_written_costs_nothing_but_a_count(monkeypatch, capfd, stream, written_as):
    monkeypatch.setattr(sys, "stdout", stream)
    discreet.configure(service="s", environment="prod", format=written_as, take_over=False)
    log.info("lost")
    log.info("lost")
    assert sum(discreet.health()["dropped"].values()) == 2
    discreet.flush(1)
    assert capfd.readouterr().err.count("could not be written to stdout") == 1


def test_a_closed_or_missing_stream_costs_nothing_but_a_count(monkeypatch):
    configure()
    closed = io.StringIO()
    closed.close()
    for stream in (closed, None):
        monkeypatch.setattr(sys, "stdout", stream)
        log.info("lost")
    assert discreet.health()["dropped"] == {"EBADF": 2}


def test_unbuffered_python_still_writes_each_line_in_one_call():
    program = (
        "import os, sys, discreet\n"
        "discreet.configure(service='s', format='json')\n"
        "real, sizes = os.write, []\n"
        "os.write = lambda fd, data: sizes.append(fd) or real(fd, data)\n"
        "discreet.log.info('hello', note='x' * 5000)\n"
        "assert sizes == [1], sizes\n"
    )
    done = run([sys.executable, "-u", "-c", program])
    assert (done.returncode, said(done.stdout.decode())) == (0, ["hello"]), done.stderr
