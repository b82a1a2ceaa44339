"""A handler and a formatter for plain `logging`, by code and by `dictConfig`."""

from __future__ import annotations

import json
import logging
import logging.config

import pytest

import discreet
from discreet.stdlib import Formatter

PLANTED = "hunter2-" + "very-secret"


def test_the_formatter_writes_redacted_correlated_json_through_any_handler(python):
    done = python(
        f"""
        import logging, logging.config, discreet
        logging.config.dictConfig({{
            "version": 1,
            "formatters": {{"json": {{"()": "discreet.stdlib.Formatter", "format": "json"}}}},
            "handlers": {{"out": {{"class": "logging.StreamHandler", "stream": "ext://sys.stdout", "formatter": "json"}}}},
            "root": {{"handlers": ["out"], "level": "INFO"}},
        }})
        with discreet.context(tenant="acme", request_id="r"):
            logging.getLogger("app").info("hello %s", "you", extra={{"password": "{PLANTED}"}})
        """,
        DISCREET_SERVICE="shop",
    )
    (record,) = done.records
    assert (record["message"], record["template"], record["service"]) == ("hello you", "hello %s", "shop")
    assert (record["tenant"], record["request_id"]) == ("acme", "r")
    assert PLANTED.encode() not in done.out


def test_the_handler_hands_records_to_discreet(python):
    done = python(
        """
        import logging, logging.config
        logging.config.dictConfig({
            "version": 1,
            "handlers": {"discreet": {"class": "discreet.stdlib.Handler"}},
            "root": {"handlers": ["discreet"], "level": "INFO"},
        })
        logging.getLogger("app").info("hello")
        from discreet import log
        log.info("ours")
        """,
        DISCREET_SERVICE="shop",
    )
    assert [record["message"] for record in done.records] == ["hello", "ours"]


def test_the_handler_makes_no_duplicate_once_discreet_took_over(python):
    done = python(
        """
        import discreet.auto, logging, logging.config
        logging.config.dictConfig({
            "version": 1,
            "handlers": {"discreet": {"class": "discreet.stdlib.Handler"}},
            "root": {"handlers": ["discreet"], "level": "INFO"},
        })
        logging.getLogger("app").info("hello")
        """,
        DISCREET_SERVICE="shop",
    )
    assert [record["message"] for record in done.records] == ["hello"]


def test_the_formatter_writes_for_people_too():
    record = logging.LogRecord("app", 30, __file__, 1, "careful \x1b[31m", (), None)
    text = Formatter("console").format(record)
    assert "careful" in text
    assert "\x1b" not in text
    assert not text.endswith("\n")


def test_the_formatter_refuses_an_unknown_format():
    with pytest.raises(discreet.ConfigurationError, match="Use auto, console, json"):
        Formatter("xml")


def test_the_formatter_shows_exceptions_redacted():
    try:
        raise ValueError(f"password={PLANTED}")
    except ValueError as error:
        record = logging.LogRecord("app", 40, __file__, 1, "failed", (), (type(error), error, error.__traceback__))
    line = Formatter().format(record)
    assert json.loads(line)["exception"]["type"] == "ValueError"
    assert PLANTED not in line
