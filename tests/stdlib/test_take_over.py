"""Everything the standard library logs becomes a record, once."""

from __future__ import annotations

import io
import logging
import logging.config
import sys

import pytest

import discreet


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


def test_it_carries_the_context_it_was_logged_in(taken_over):
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
