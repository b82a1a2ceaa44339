"""The levels and filters of console handlers still decide what is shown, though discreet writes it."""

from __future__ import annotations

import logging
import logging.handlers
import queue
import sys
from typing import Any

import pytest

import discreet
from discreet.testing import reset

pytestmark = pytest.mark.version_sensitive


@pytest.fixture
def add():
    added = []

    def attach(handler: logging.Handler, name: str = "lib") -> logging.Handler:
        logging.getLogger(name).addHandler(handler)
        added.append((logging.getLogger(name), handler))
        return handler

    yield attach
    for logger, handler in added:
        logger.removeHandler(handler)
        if logger.name != "root":
            logger.setLevel(logging.NOTSET)


def console(level: int | str = logging.NOTSET) -> logging.Handler:
    handler = logging.StreamHandler(sys.stderr)
    handler.setLevel(level)
    return handler


def messages(sink: Any) -> list[str]:
    return [record["message"] for record in sink.records]


def without_health(record: logging.LogRecord) -> bool:
    return "/health" not in record.getMessage()


def test_a_filter_on_the_console_handler_still_leaves_rows_out(taken_over, add):
    add(console()).addFilter(without_health)
    logging.getLogger("lib").info("GET /health")
    logging.getLogger("lib").info("GET /orders")
    assert messages(taken_over) == ["GET /orders"]


def test_the_level_of_the_console_handler_counts_and_not_the_loggers(taken_over, add):
    add(console("WARNING"))
    logging.getLogger("lib").setLevel(logging.DEBUG)
    for level in ("debug", "info", "warning"):
        getattr(logging.getLogger("lib"), level)(level)
    assert messages(taken_over) == ["warning"]


def test_a_record_is_shown_if_any_console_handler_would_show_it(taken_over, add):
    add(console("ERROR"))
    add(console("INFO"), "lib.inner")
    logging.getLogger("lib.inner").info("inner")
    logging.getLogger("lib").info("outer")
    assert messages(taken_over) == ["inner"]


def test_what_a_filter_changes_is_changed(taken_over, add):
    def enrich(record: logging.LogRecord) -> bool:
        record.tenant = "acme"
        record.msg = record.msg.replace("raw", "cooked")
        return True

    add(console()).addFilter(enrich)
    logging.getLogger("lib").info("raw")
    assert (taken_over.last["message"], taken_over.last["tenant"]) == ("cooked", "acme")


@pytest.mark.skipif(sys.version_info < (3, 12), reason="filters return records from Python 3.12 on")
def test_a_filter_may_return_another_record(taken_over, add):
    add(console()).addFilter(lambda record: logging.makeLogRecord({**vars(record), "msg": "another"}))
    logging.getLogger("lib").info("one")
    assert messages(taken_over) == ["another"]


def test_a_filter_that_raises_costs_no_record(taken_over, add):
    def broken(_record: logging.LogRecord) -> bool:
        raise KeyError("request")

    add(console()).addFilter(broken)
    logging.getLogger("lib").info("kept")
    assert messages(taken_over) == ["kept"]


def test_each_filter_is_asked_once_for_each_record(taken_over, add):
    asked = []

    class Alerts(logging.StreamHandler):  # type: ignore[type-arg]  # Python 3.10 knows no type here
        def __init__(self) -> None:
            super().__init__()
            self.sent: list[str] = []

        def emit(self, record: logging.LogRecord) -> None:
            self.sent.append(record.getMessage())

    def once(record: logging.LogRecord) -> bool:
        asked.append(record.getMessage())
        return asked.count(record.getMessage()) == 1

    handler = Alerts()
    add(handler).addFilter(once)
    for text in ("a", "a", "b"):
        logging.getLogger("lib").info(text)
    assert messages(taken_over) == handler.sent == ["a", "b"]
    assert asked == ["a", "a", "b"]


def test_a_filter_behind_a_queue_or_a_buffer_decides(taken_over, add):
    behind = console("WARNING")
    behind.addFilter(without_health)
    rows: queue.SimpleQueue[Any] = queue.SimpleQueue()
    listener = logging.handlers.QueueListener(rows, behind, respect_handler_level=True)
    listener.start()
    add(logging.handlers.QueueHandler(rows))
    add(logging.handlers.MemoryHandler(1, target=behind), "buffered")
    for name in ("lib", "buffered"):
        logging.getLogger(name).warning("GET /health")
        logging.getLogger(name).info("info")  # a buffer does not ask its target's level
        logging.getLogger(name).warning("GET /orders")
    listener.stop()
    assert messages(taken_over) == ["GET /orders", "info", "GET /orders"]


def test_the_root_loggers_default_does_not_decide(memory_sink, add):
    kept = memory_sink(format="json")
    add(console(), "")
    discreet.configure(sinks=[kept], service="s", environment="prod")
    logging.getLogger("lib").info("shown")
    assert messages(kept) == ["shown"]


def test_a_level_that_the_host_gave_a_logger_decides(taken_over, add):
    add(console())
    logging.getLogger("lib").setLevel(logging.ERROR)
    logging.getLogger("lib").warning("no")
    logging.getLogger("lib").error("yes")
    assert messages(taken_over) == ["yes"]


def test_a_chosen_level_caps_what_the_host_opened(memory_sink, add):
    kept = memory_sink(format="json")
    add(console())
    logging.getLogger("lib").setLevel(logging.DEBUG)
    discreet.configure(sinks=[kept], service="s", environment="prod", level="info,lib.inner=error")
    logging.getLogger("lib").debug("no")
    logging.getLogger("lib.inner").warning("no")
    logging.getLogger("lib").info("yes")
    assert messages(kept) == ["yes"]


def test_a_level_that_nobody_chose_leaves_a_logger_as_open_as_the_host_made_it(memory_sink, add):
    kept = memory_sink(format="json")
    add(console())
    logging.getLogger("lib").setLevel(logging.DEBUG)
    discreet.configure(sinks=[kept], service="s", environment="prod")
    logging.getLogger("lib").debug("yes")
    logging.getLogger("other").debug("no")
    assert messages(kept) == ["yes"]


def test_the_levels_of_loggers_are_the_hosts_again_after_a_reset(memory_sink):
    root, lib = logging.getLogger(), logging.getLogger("lib")
    before = root.level
    root.setLevel(logging.ERROR)
    lib.setLevel(logging.INFO)
    discreet.configure(sinks=[memory_sink()], service="s", environment="prod", level="debug,lib=trace")
    assert (root.level, lib.level) == (logging.DEBUG, 5)
    reset()
    found = (root.level, lib.level)
    root.setLevel(before)
    lib.setLevel(logging.NOTSET)
    assert found == (logging.ERROR, logging.INFO)
