"""Everything the standard library logs becomes a record, once."""

from __future__ import annotations

import io
import logging
import logging.config
import logging.handlers
import queue
import sys
import threading

import pytest

import discreet
from discreet.stdlib import Handler
from discreet.testing import reset

pytestmark = pytest.mark.version_sensitive


@pytest.fixture(autouse=True)
def clean_logging():
    """Whatever handlers a test adds are gone after it."""
    yield
    for logger in [logging.getLogger(), *logging.Logger.manager.loggerDict.values()]:
        if isinstance(logger, logging.Logger):
            for handler in list(logger.handlers):
                if not type(handler).__module__.startswith("_pytest"):
                    logger.removeHandler(handler)
            logger.propagate = True
            logger.disabled = False


def test_a_third_party_logger_becomes_a_record_with_its_extra(taken_over):
    logging.getLogger("httpx").warning("HTTP %s %d", "GET", 200, extra={"host_name": "a"})
    record = taken_over.last
    assert record["message"] == "HTTP GET 200"
    assert record["template"] == "HTTP %s %d"
    assert record["logger"] == "httpx"
    assert record["host_name"] == "a"
    assert record["source"]["function"] == "test_a_third_party_logger_becomes_a_record_with_its_extra"


def test_a_record_has_the_context_in_which_it_was_logged(taken_over):
    with discreet.context(tenant="acme", request_id="r-1"), discreet.span("work") as span:
        logging.getLogger("lib").info("x")
    first = taken_over.records[0]
    assert (first["tenant"], first["request_id"], first["trace_id"]) == ("acme", "r-1", span.trace_id)


def test_exc_info_and_stack_info_come_along(taken_over):
    try:
        raise ValueError("no")
    except ValueError:
        logging.getLogger("lib").exception("failed")
    assert taken_over.last["exception"]["type"] == "ValueError"
    logging.getLogger("lib").warning("where", stack_info=True)
    assert "test_exc_info_and_stack_info_come_along" in taken_over.last["stacktrace"]


def test_secrets_are_redacted_in_message_arguments_extra_and_exception(taken_over):
    planted = "hunter2-" + "very-secret"
    try:
        raise ValueError(f"password={planted}")
    except ValueError:
        logging.getLogger("lib").exception("password=%s", planted, extra={"api_key": planted})
    assert planted not in taken_over.text


def test_the_level_variable_governs_the_standard_librarys_loggers_too(memory_sink):
    kept = memory_sink(format="json")
    discreet.configure(sinks=[kept], environment="prod", service="s", level="warning,sqlalchemy=debug,noisy=off")
    logging.getLogger("other").info("no")
    logging.getLogger("sqlalchemy.engine").debug("yes")
    logging.getLogger("noisy").critical("no")
    discreet.set_level("other", "info")
    logging.getLogger("other").info("now")
    assert [record["message"] for record in kept.records] == ["yes", "now"]


def test_a_temporary_level_opens_and_closes_a_standard_logger(taken_over, monkeypatch):
    clock = [0.0]
    monkeypatch.setattr("time.monotonic", lambda: clock[0])
    discreet.set_level("db", "error", ttl=60)
    logging.getLogger("db").info("hushed")
    clock[0] += 61
    logging.getLogger("db").info("again")
    assert [record["message"] for record in taken_over.records] == ["again"]


def test_levels_return_to_their_parents_when_configured_away(memory_sink):
    for level in ("info,db=debug", "info"):
        kept = memory_sink(format="json")
        discreet.configure(sinks=[kept], environment="prod", service="s", level=level)
        logging.getLogger("db").debug("x")
    assert kept.records == []


def test_console_handlers_of_others_fall_silent_whenever_they_were_added(taken_over, capfd):
    early = logging.StreamHandler(sys.stderr)
    logging.getLogger("uvicorn").addHandler(early)
    logging.getLogger("uvicorn").propagate = False
    logging.basicConfig(force=True)
    logging.getLogger("uvicorn").warning("once")
    logging.getLogger("lib").warning("once")
    assert [record["message"] for record in taken_over.records] == ["once", "once"]
    assert capfd.readouterr() == ("", "")


def test_dict_config_after_discreet_does_not_duplicate(taken_over, capfd):
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "handlers": {"console": {"class": "logging.StreamHandler", "stream": "ext://sys.stdout"}},
            "loggers": {"app": {"handlers": ["console"], "level": "INFO", "propagate": False}},
        }
    )
    logging.getLogger("app").info("once")
    assert [record["message"] for record in taken_over.records] == ["once"]
    assert capfd.readouterr().out == ""


def test_other_handlers_still_get_their_records_redacted(taken_over):
    planted = "hunter2-" + "very-secret"
    out = io.StringIO()
    handler = logging.StreamHandler(out)
    handler.setFormatter(logging.Formatter("%(levelname)s %(message)s %(api_key)s"))
    logging.getLogger("lib").addHandler(handler)
    try:
        raise ValueError(f"password={planted}")
    except ValueError:
        logging.getLogger("lib").exception("token %s", {"password": planted}, extra={"api_key": planted})
    assert out.getvalue().startswith("ERROR token")
    assert "ValueError" in out.getvalue()
    assert planted not in out.getvalue()


def test_the_handlers_own_level_still_counts(taken_over):
    out = io.StringIO()
    handler = logging.StreamHandler(out)
    handler.setLevel("ERROR")
    logging.getLogger("lib").addHandler(handler)
    logging.getLogger("lib").info("quiet")
    assert out.getvalue() == ""
    assert taken_over.last["message"] == "quiet"


def test_pytests_caplog_still_sees_records(taken_over, caplog):
    logging.getLogger("lib").warning("seen %d", 1)
    assert caplog.messages == ["seen 1"]


def test_a_record_that_does_not_format_is_kept(taken_over):
    logging.getLogger("lib").info("%d", "x")
    assert taken_over.last["message"] == "%d [arguments: x]"


def test_uvicorns_coloured_copy_of_the_message_is_left_out(taken_over):
    logging.getLogger("uvicorn.error").info("Started", extra={"color_message": "\x1b[1mStarted"})
    assert "color_message" not in taken_over.last


def test_resetting_gives_logging_back(taken_over):
    from discreet.testing import reset

    reset()
    assert logging.getLogger().level == logging.WARNING
    assert logging.Logger.callHandlers.__module__ == "logging"


SECRET = "gh" + "p_" + "a1B2" * 9


class Rows(logging.Handler):
    """A handler that the host keeps, with a format that asks for attributes of its own."""

    def __init__(self, layout):
        super().__init__()
        self.setFormatter(logging.Formatter(layout))
        self.rows = []

    def emit(self, record):
        self.rows.append(self.format(record))


@pytest.fixture
def host_handler():
    handlers = []

    def add(layout="%(message)s"):
        handlers.append(Rows(layout))
        logging.getLogger().addHandler(handlers[-1])
        return handlers[-1]

    yield add
    for handler in handlers:
        logging.getLogger().removeHandler(handler)


def test_a_hosts_formatter_finds_every_attribute_it_asks_for(taken_over, host_handler):
    host = host_handler("%(request_id)s %(service)s %(message)s")
    logging.getLogger("lib").info("hello", extra={"request_id": "r-1", "service": "shop"})
    assert host.rows == ["r-1 shop hello"]


def test_a_stack_is_redacted_everywhere(taken_over, host_handler):
    host = host_handler()

    def connect(**_):
        logging.getLogger("lib").info("where", stack_info=True)

    exec(f"connect(password={SECRET!r})  # {SECRET}", {"connect": connect})
    logging.getLogger("lib").handle(logging.makeLogRecord({"name": "lib", "levelno": 40, "stack_info": SECRET}))
    assert "stacktrace" in taken_over.last
    assert SECRET not in taken_over.text + "".join(host.rows)


def test_an_exception_that_is_only_text_any_more_is_kept_and_redacted(taken_over, host_handler):
    host = host_handler()
    came = {"name": "lib", "msg": "failed", "levelno": 40, "exc_text": f"Traceback:\nValueError: {SECRET}"}
    logging.getLogger("lib").handle(logging.makeLogRecord(came))
    assert taken_over.last["stacktrace"] == "Traceback:\nValueError: [REDACTED:github-token]"
    assert host.rows == ["failed\nTraceback:\nValueError: [REDACTED:github-token]"]


def test_a_secret_in_a_threads_or_loggers_name_reaches_no_handler(taken_over, host_handler):
    host = host_handler("%(threadName)s %(name)s")
    thread = threading.Thread(target=logging.getLogger(SECRET).info, args=("x",), name=SECRET)
    thread.start()
    thread.join()
    assert host.rows == ["[REDACTED:github-token] [REDACTED:github-token]"]
    assert SECRET not in taken_over.text


def test_a_message_that_denies_its_class_does_not_reach_the_application(taken_over, host_handler):
    class Denier:
        @property
        def __class__(self):
            raise ValueError("no")

    host = host_handler()
    logging.getLogger("lib").info(Denier())
    assert "Denier" in taken_over.last["message"]
    assert "Denier" in host.rows[0]


def test_a_record_with_attributes_of_other_types_is_a_valid_line(taken_over):
    odd = {"name": 3, "msg": "x", "levelno": 40, "lineno": '1},"forged":{"a":1', "pathname": None, "threadName": 7}
    alone = logging.getLogger("alone")
    alone.propagate = False  # pytest's own handler would refuse it
    alone.handle(logging.makeLogRecord(odd))
    assert taken_over.last["source"] == {"file": "", "line": 0, "function": ""}
    assert "forged" not in taken_over.last


def test_a_record_that_cannot_be_read_is_counted(taken_over, host_handler, capfd):
    host = host_handler()
    logging.getLogger("lib").handle(logging.makeLogRecord({"name": "lib", "levelno": 40, "created": float("nan")}))
    assert host.rows == []
    assert discreet.health()["dropped"] == {"logging ValueError": 2}


def test_a_queue_that_brings_a_record_back_makes_no_second_line(taken_over):
    rows = queue.SimpleQueue()
    listener = logging.handlers.QueueListener(rows, Handler())
    logger = logging.getLogger("lib")
    handler = logging.handlers.QueueHandler(rows)
    logger.addHandler(handler)
    listener.start()
    try:
        logger.info("once")
    finally:
        listener.stop()
        logger.removeHandler(handler)
    assert [record["message"] for record in taken_over.records] == ["once"]


def test_a_tracker_that_wrapped_logging_before_goes_on_redacted(memory_sink, monkeypatch, host_handler):
    seen = []
    original = logging.Logger.callHandlers

    def wrapped(logger, record):
        original(logger, record)
        seen.append(record.getMessage())

    monkeypatch.setattr(logging.Logger, "callHandlers", wrapped)
    host = host_handler()
    discreet.configure(sinks=[memory_sink()], service="s", environment="prod")
    logging.getLogger("lib").error("it was %s", SECRET)
    reset()
    assert logging.Logger.callHandlers is wrapped
    assert seen == host.rows == ["it was [REDACTED:github-token]"]


def test_a_tracker_that_wrapped_logging_between_two_calls_of_configure_sees_each_record_once(
    memory_sink, monkeypatch, host_handler
):
    seen = []
    sink = memory_sink()
    host = host_handler()
    discreet.configure(sinks=[sink], service="s", environment="prod")
    ours = logging.Logger.callHandlers

    def wrapped(logger, record):
        seen.append(record.getMessage())
        ours(logger, record)

    monkeypatch.setattr(logging.Logger, "callHandlers", wrapped)
    discreet.configure(sinks=[sink], service="s", environment="prod")
    logging.getLogger("lib").error("it was %s", SECRET)
    assert [record["message"] for record in sink.records] == ["it was [REDACTED:github-token]"]
    assert seen == host.rows == ["it was [REDACTED:github-token]"]
    reset()
    logging.getLogger("lib").error("afterwards")
    assert seen[1:] == host.rows[1:] == ["afterwards"]
