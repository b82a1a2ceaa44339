"""By whatever way a handler of the host reaches the console, a record is one line there, and nothing else is lost."""

from __future__ import annotations

import codecs
import contextlib
import importlib
import io
import logging
import logging.handlers
import os
import queue
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

import click
import pytest
import rich.console
import rich.logging
import tqdm
import tqdm.contrib.logging
from flask.logging import wsgi_errors_stream

import discreet

pytestmark = pytest.mark.version_sensitive

SECRET = "gh" + "p_" + "a1B2" * 9


BY_ABSL_ITSELF = "WARNING: Logging before flag parsing goes to stderr."


class ClickHandler(logging.Handler):
    """As `click-log` and many programs have it."""

    _use_stderr = True

    def emit(self, record: logging.LogRecord) -> None:
        try:
            click.echo(self.format(record), err=self._use_stderr)
        except Exception:
            self.handleError(record)


class TqdmHandler(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        try:
            tqdm.tqdm.write(self.format(record))
            self.flush()
        except Exception:
            self.handleError(record)


class PrintHandler(logging.Handler):
    """Prints in colour, by a method of its own."""

    COLORS = {"INFO": "\x1b[32m"}

    def colored(self, record: logging.LogRecord) -> str:
        return f"{self.COLORS.get(record.levelname, '')}{self.format(record)}\x1b[0m"

    def emit(self, record: logging.LogRecord) -> None:
        print(self.colored(record), file=sys.stderr, flush=True)  # noqa: T201 - what such handlers do


class SecondConsole(rich.logging.RichHandler):
    def emit(self, record: logging.LogRecord) -> None:
        record.msg = f"[bold]{record.msg}"
        super().emit(record)


class ConsoleOfItsOwn(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.console = rich.console.Console(stderr=True)

    def emit(self, record: logging.LogRecord) -> None:
        self.console.print(self.format(record))


class Colorful(logging.StreamHandler):  # type: ignore[type-arg]  # Python 3.10 knows no type here
    def emit(self, record: logging.LogRecord) -> None:
        self.stream.write(paint(self.format(record)) + self.terminator)


def paint(text: str) -> str:
    return "\x1b[1m" + text + os.linesep.strip("\n") + "\x1b[0m"


class Unbuffered:
    """AWS Lambda's and many scripts'."""

    def __init__(self, stream: Any) -> None:
        self.stream = stream

    def write(self, text: str) -> None:
        self.stream.write(text)
        self.stream.flush()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stream, name)


class Late:
    """Looks `sys.stderr` up at each write."""

    def write(self, text: str) -> None:
        sys.stderr.write(text)

    def flush(self) -> None:
        sys.stderr.flush()


class Forwarding(logging.Handler):
    """Hands records on to a handler of its own, by a way that nobody knows."""

    def __init__(self, inner: logging.Handler) -> None:
        super().__init__()
        self.to = [inner]

    def emit(self, record: logging.LogRecord) -> None:
        for handler in self.to:
            handler.emit(record)


def to_stderr() -> logging.Handler:
    return logging.StreamHandler(sys.stderr)


def through_rich_file_proxy() -> logging.Handler:
    from rich.file_proxy import FileProxy

    return logging.StreamHandler(FileProxy(rich.console.Console(), sys.stdout))


def absl_logging() -> Any:
    """Imported within a test: its handler would close pytest's own stderr otherwise."""
    return importlib.import_module("absl.logging")


wrappers: list[io.TextIOWrapper] = []
"""They would close stderr when they are collected."""


def through_text_wrapper() -> logging.Handler:
    wrappers.append(io.TextIOWrapper(sys.stderr.buffer, write_through=True))
    return logging.StreamHandler(wrappers[-1])


def through_memory(target: logging.Handler) -> logging.Handler:
    return logging.handlers.MemoryHandler(1, flushLevel=logging.DEBUG, target=target)


SHAPES: dict[str, Callable[[], logging.Handler]] = {
    "StreamHandler()": logging.StreamHandler,
    "StreamHandler(sys.stdout)": lambda: logging.StreamHandler(sys.stdout),
    "the process's first stderr": lambda: logging.StreamHandler(sys.__stderr__),
    "logging.lastResort": lambda: logging.lastResort or to_stderr(),
    "FileHandler of /dev/stdout": lambda: logging.FileHandler("/dev/stdout"),
    "FileHandler of /dev/stderr, opened late": lambda: logging.FileHandler("/dev/stderr", delay=True),
    "WatchedFileHandler of /proc/self/fd/1": lambda: logging.handlers.WatchedFileHandler("/proc/self/fd/1"),
    "a TextIOWrapper of stderr's buffer": through_text_wrapper,
    "codecs.getwriter": lambda: logging.StreamHandler(codecs.getwriter("utf-8")(sys.stdout.buffer)),
    "a StreamReaderWriter": lambda: logging.StreamHandler(
        codecs.StreamReaderWriter(sys.stdout.buffer, codecs.getreader("utf-8"), codecs.getwriter("utf-8"))
    ),
    "a descriptor opened again": lambda: logging.StreamHandler(open(1, "w", closefd=False)),  # noqa: SIM115 - the descriptor stays open
    "a copy of a descriptor": lambda: logging.StreamHandler(os.fdopen(os.dup(2), "w")),
    "an unbuffered wrapper": lambda: logging.StreamHandler(Unbuffered(sys.stdout)),
    "a wrapper that looks sys.stderr up": lambda: logging.StreamHandler(Late()),
    "Flask's wsgi_errors_stream": lambda: logging.StreamHandler(wsgi_errors_stream),
    "rich's file proxy": through_rich_file_proxy,
    "a subclass with colours": Colorful,
    "RichHandler": rich.logging.RichHandler,
    "RichHandler to stderr": lambda: rich.logging.RichHandler(console=rich.console.Console(stderr=True)),
    "a subclass of RichHandler": SecondConsole,
    "a console of rich": ConsoleOfItsOwn,
    "absl": lambda: absl_logging().ABSLHandler(absl_logging().PythonFormatter()),
    "absl's PythonHandler": lambda: absl_logging().PythonHandler(),
    "tqdm.contrib": tqdm.contrib.logging._TqdmLoggingHandler,
    "tqdm.write": TqdmHandler,
    "click.echo": ClickHandler,
    "print": PrintHandler,
    "MemoryHandler": lambda: through_memory(to_stderr()),
    "MemoryHandler to RichHandler": lambda: through_memory(rich.logging.RichHandler()),
    "MemoryHandler to MemoryHandler": lambda: through_memory(through_memory(to_stderr())),
    "a handler that hands on": lambda: Forwarding(to_stderr()),
}


@contextlib.contextmanager
def attached(handler: logging.Handler, name: str = "lib") -> Iterator[logging.Logger]:
    logger = logging.getLogger(name)
    logger.addHandler(handler)
    try:
        yield logger
    finally:
        logger.removeHandler(handler)


def configure(**settings: Any) -> None:
    discreet.configure(service="s", environment="prod", **settings)


@pytest.mark.parametrize("before", [True, False], ids=["configured after", "configured before"])
@pytest.mark.parametrize("shape", SHAPES)
def test_a_record_is_one_row(shape, before, capfd):
    if not before:
        configure()
    handler = SHAPES[shape]()
    with attached(handler) as logger:
        if before:
            configure()
        logger.warning("only once")
        logger.warning("and %s", "again")
        handler.flush()
    while wrappers:
        wrappers.pop().detach()
    rows = [row for row in "".join(capfd.readouterr()).splitlines() if not row.startswith(BY_ABSL_ITSELF)]
    assert [row.count("only once") + row.count("and again") for row in rows] == [1, 1]
    assert all(row.startswith('{"timestamp"') for row in rows)


@pytest.mark.parametrize("before", [True, False], ids=["configured after", "configured before"])
def test_a_queue_to_the_console_makes_one_row_and_other_listeners_get_theirs(before, capfd):
    kept = io.StringIO()
    rows: queue.SimpleQueue[Any] = queue.SimpleQueue()
    listener = logging.handlers.QueueListener(
        rows, to_stderr(), rich.logging.RichHandler(), ClickHandler(), logging.StreamHandler(kept)
    )
    if not before:
        configure()
    listener.start()
    with attached(logging.handlers.QueueHandler(rows)) as logger:
        if before:
            configure()
        logger.warning("it was %s", SECRET)
        listener.stop()
    assert kept.getvalue() == "it was [REDACTED:github-token]\n"
    assert "".join(capfd.readouterr()).count("it was [REDACTED:github-token]") == 1


def test_a_queue_that_a_thread_of_the_program_empties_makes_one_row(capfd):
    rows: queue.SimpleQueue[Any] = queue.SimpleQueue()
    target = to_stderr()

    def work() -> None:
        while (record := rows.get()) is not None:
            target.handle(record)

    configure()
    thread = threading.Thread(target=work)
    thread.start()
    with attached(logging.handlers.QueueHandler(rows)) as logger:
        logger.warning("only once")
    rows.put(None)
    thread.join()
    assert "".join(capfd.readouterr()).count("only once") == 1


def test_tqdms_redirection_makes_one_row(capfd):
    configure()
    with attached(to_stderr()) as logger, tqdm.contrib.logging.logging_redirect_tqdm([logger]):
        logger.warning("only once")
    assert "".join(capfd.readouterr()).count("only once") == 1


class Alerting(logging.StreamHandler):  # type: ignore[type-arg]  # as above
    """Derived from StreamHandler, as many tutorials do, to send alerts; and it writes to the console too."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[str] = []

    def send(self, text: str) -> None:
        self.sent.append(text)

    def emit(self, record: logging.LogRecord) -> None:
        self.send(self.format(record))
        super().emit(record)
        self.stream.write("sent\n")


def test_a_console_handler_that_also_sends_alerts_goes_on_sending_them_redacted(capfd):
    configure()
    handler = Alerting()
    with attached(handler) as logger:
        logger.error("it was %s", SECRET)
    assert handler.sent == ["it was [REDACTED:github-token]"]
    rows = "".join(capfd.readouterr()).splitlines()
    assert len(rows) == 1
    assert handler.stream is sys.stderr


class AlertingRich(rich.logging.RichHandler):
    sent: list[str]

    def emit(self, record: logging.LogRecord) -> None:
        self.sent.append(record.getMessage())
        super().emit(record)


def test_a_rich_handler_that_also_sends_alerts_goes_on_sending_them(capfd):
    configure()
    handler = AlertingRich()
    handler.sent = []
    with attached(handler) as logger:
        logger.error("down")
    assert handler.sent == ["down"]
    assert len("".join(capfd.readouterr()).splitlines()) == 1


class Sending(logging.Handler):
    """Prints only when it cannot send."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        try:
            self.sent.append(self.format(record))
        except Exception:
            print("could not send", file=sys.stderr)  # noqa: T201 - as above


def test_a_handler_that_prints_only_its_own_troubles_is_no_console(capfd):
    configure()
    handler = Sending()
    with attached(handler) as logger:
        logger.error("down")
    assert handler.sent == ["down"]


def test_files_keep_their_rows_whatever_writes_them(tmp_path, capfd):
    class Tee:
        def __init__(self, *streams: Any) -> None:
            self.streams = streams

        def write(self, text: str) -> None:
            for stream in self.streams:
                stream.write(text)

        def flush(self) -> None:
            for stream in self.streams:
                stream.flush()

    paths = [tmp_path / name for name in ("plain", "rich", "tee", "memory")]
    files = [path.open("w") for path in paths[:3]]
    handlers: list[logging.Handler] = [
        logging.StreamHandler(files[0]),
        rich.logging.RichHandler(console=rich.console.Console(file=files[1])),
        logging.StreamHandler(Tee(sys.stdout, files[2])),
        through_memory(logging.FileHandler(paths[3])),
    ]
    configure()
    with contextlib.ExitStack() as stack:
        for handler in handlers:
            logger = stack.enter_context(attached(handler))
        logger.warning("kept")
    for file in files:
        file.close()
    assert [path.read_text().count("kept") for path in paths] == [1, 1, 1, 1]


def test_a_file_that_discreet_writes_itself_has_one_row_for_each_record(tmp_path):
    path = tmp_path / "app.log"
    handlers = [logging.FileHandler(path), logging.handlers.RotatingFileHandler(path, delay=True)]
    configure(stream="none", file=path)
    for handler in handlers:
        with attached(handler) as logger:
            logger.warning("only once")
        handler.close()
    assert [line.startswith('{"timestamp"') for line in path.read_text().splitlines()] == [True, True]


def test_a_handler_is_judged_anew_when_its_stream_or_target_changes(capfd):
    kept = io.StringIO()
    streaming = logging.StreamHandler(sys.stderr)
    buffering = logging.handlers.MemoryHandler(1, target=logging.StreamHandler(sys.stderr))
    configure()
    with attached(streaming) as logger, attached(buffering):
        logger.warning("first")
        streaming.setStream(kept)
        buffering.setTarget(logging.StreamHandler(kept))
        logger.warning("second")
        streaming.setStream(sys.stderr)
        logger.warning("third")
    assert kept.getvalue() == "second\nsecond\nthird\n"
    assert len("".join(capfd.readouterr()).splitlines()) == 3


def test_the_console_is_the_hosts_again_after_a_reset(capfd):
    from discreet.testing import reset

    configure()
    with attached(to_stderr()) as logger:
        logger.warning("by discreet")
        reset()
        logger.warning("by the host")
    assert capfd.readouterr().err == "by the host\n"
    assert logging.Handler.handle.__module__ == "logging"
    assert logging.StreamHandler.emit.__code__.co_filename == logging.__file__


def test_a_fatal_record_of_absl_still_ends_the_program(python):
    done = python(
        """
        import absl.logging, discreet
        discreet.configure(service="s", environment="prod")
        absl.logging.use_absl_handler()
        absl.logging.error("down")
        absl.logging.fatal("the end")
        """
    )
    assert done.code not in (0, 1)
    assert [record["message"] for record in done.records] == ["down", "the end"]
