"""A handler and a formatter for plain `logging`, by code and by `dictConfig`."""

from __future__ import annotations

import json
import logging
import logging.config

import pytest

import discreet
from discreet.stdlib import Formatter

pytestmark = pytest.mark.version_sensitive

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
    assert [record["message"] for record in done.told] == ["hello", "ours"]


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


def test_a_record_that_cannot_be_read_is_reported_as_lost_and_not_printed(strict):
    formatter = Formatter()
    line = formatter.format(logging.makeLogRecord({"msg": "x", "levelno": 40, "created": float("nan")}))
    assert strict(line.encode() + b"\n")["message"] == "a record could not be made"


def test_a_formatter_of_a_forked_child_names_the_child(python):
    done = python(
        """
    import logging, os, sys
    from discreet.stdlib import Formatter
    handler = logging.StreamHandler(sys.stdout); handler.setFormatter(Formatter())
    logging.getLogger().addHandler(handler)
    child = os.fork()
    if child == 0:
        logging.warning("%s", os.getpid()); sys.stdout.flush(); os._exit(0)
    os.waitpid(child, 0)
    """
    )
    (record,) = done.records
    assert str(record["process"]) == record["message"]


HOST = """
    import logging, logging.config, sys, discreet
    logging.config.dictConfig({
        "version": 1,
        "handlers": {"ours": {"class": "discreet.stdlib.Handler"}},
        "root": {"level": "INFO", "handlers": ["ours"]},
    })
"""


def test_beside_the_handler_discreets_own_loggers_write_each_record_once(python):
    done = python(
        HOST + '    discreet.get_logger("a").info("ours")\n    logging.getLogger("b").info("theirs")\n',
        DISCREET_FORMAT="json",
        DISCREET_SERVICE="s",
    )
    assert [record["message"] for record in done.records] == ["ours", "theirs"]
    assert done.err == b""


def test_a_handler_that_the_host_adds_later_gets_no_record_back(python):
    done = python(
        """
    import logging, sys, discreet
    from discreet.stdlib import Handler
    logging.basicConfig(stream=sys.stderr, level="INFO", format="%(message)s")
    discreet.get_logger("a").info("into the host")
    logging.getLogger().handlers[:] = [Handler()]
    for n in range(2):
        discreet.get_logger("a").info("ours {n}", n=n)
    """,
        DISCREET_FORMAT="json",
        DISCREET_SERVICE="s",
    )
    assert done.err == b"into the host\n"
    assert [(record["message"], record["n"]) for record in done.records] == [("ours 0", 0), ("ours 1", 1)]


def test_the_formatter_writes_discreets_own_records_whole(python):
    done = python(
        """
    import logging, sys, discreet
    from discreet.stdlib import Formatter
    handler = logging.StreamHandler(sys.stdout); handler.setFormatter(Formatter())
    logging.basicConfig(handlers=[handler], level="INFO")
    with discreet.context(request_id="r-1"), discreet.span("work") as span:
        try:
            1 / 0
        except ZeroDivisionError:
            discreet.get_logger("a").exception("failed {n}", n=1)
    """
    )
    failed, work = done.records
    assert (failed["template"], failed["exception"]["type"]) == ("failed {n}", "ZeroDivisionError")
    assert failed["trace_id"] == work["trace_id"]
    assert not [key for key in (*failed, *work) if key.startswith("field.")]
