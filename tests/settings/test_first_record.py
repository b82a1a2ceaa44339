"""The first record of a process that nobody configured."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.version_sensitive


def test_the_first_record_configures_from_the_environment(python):
    done = python(
        """
        from discreet import log
        log.info("hello", n=1)
        log.debug("not in production")
        """,
        DISCREET_SERVICE="shop",
    )
    assert [(r["message"], r["service"], r["n"]) for r in done.records] == [("hello", "shop", 1)]
    assert done.err == b""


def test_a_wrong_variable_costs_neither_the_call_nor_the_record(python):
    done = python(
        """
        from discreet import log
        log.info("hello")
        """,
        DISCREET_SERVICE="shop",
        DISCREET_LEVEL="loud",
    )
    assert done.code == 0
    messages = [record["message"] for record in done.records]
    assert messages[-1] == "hello"
    assert any("DISCREET_LEVEL='loud'" in message for message in messages)


def test_each_wrong_variable_is_reported_once_and_the_others_still_count(python, tmp_path):
    done = python(
        """
        import discreet
        discreet.get_logger("shop").info("hello")
        discreet.get_logger("shop").debug("hidden")
        told = {name: entry["why"] for name, entry in discreet.explain().items()}
        assert told["level"] == "default for prod" and told["exit_timeout"] == "default", told
        assert told["service"] == "DISCREET_SERVICE" and told["format"] == "DISCREET_FORMAT", told
        assert told["take_over"] == "nobody called configure()", told
        """,
        DISCREET_SERVICE="shop",
        DISCREET_FORMAT="ecs",
        DISCREET_LEVEL="loud",
        DISCREET_EXIT_TIMEOUT="soon",
        DISCREET_REDACTION=str(tmp_path / "missing.json"),
        DISCREET_FILE=str(tmp_path),
        OTEL_EXPORTER_OTLP_ENDPOINT="nonsense",
    )
    assert done.code == 0, done.err
    *reports, hello = done.records
    assert (hello["message"], hello["service"]["name"]) == ("hello", "shop")
    named = [report["message"].removeprefix("setting ignored: ").partition("=")[0] for report in reports]
    assert sorted(named) == [
        "DISCREET_EXIT_TIMEOUT", "DISCREET_FILE", "DISCREET_LEVEL", "DISCREET_REDACTION", "OTEL_EXPORTER_OTLP_ENDPOINT",
    ]  # fmt: skip


def test_a_file_that_cannot_be_written_costs_neither_the_call_nor_the_record(python, tmp_path):
    done = python(
        """
        from discreet import log
        log.info("hello")
        """,
        DISCREET_SERVICE="shop",
        DISCREET_FILE=str(tmp_path),
    )
    assert done.code == 0
    messages = [record["message"] for record in done.records]
    assert messages[-1] == "hello"
    assert any("cannot be opened" in message for message in messages)


def test_import_auto_takes_over_and_refuses_a_wrong_variable(python):
    source = """
        import discreet.auto, logging
        logging.getLogger("lib").warning("theirs")
        """
    done = python(source, DISCREET_SERVICE="shop")
    assert [record["message"] for record in done.records] == ["theirs"]
    done = python(source, DISCREET_LEVEL="loud")
    assert done.code == 1
    assert b"ConfigurationError: DISCREET_LEVEL='loud': " in done.err


def test_importing_writes_nothing_and_hooks_nothing(python):
    done = python(
        """
        import sys, threading
        before = (sys.excepthook, sys.unraisablehook, threading.excepthook, set(threading.enumerate()))
        import discreet
        assert before == (sys.excepthook, sys.unraisablehook, threading.excepthook, set(threading.enumerate()))
        assert "asyncio" not in sys.modules and "logging" not in sys.modules
        """
    )
    assert (done.code, done.out, done.err) == (0, b"", b"")


def test_a_host_that_configured_logging_keeps_its_handlers_and_gets_our_records(python):
    planted = "hunter2-" + "secret"
    done = python(
        f"""
        import logging, sys
        logging.basicConfig(stream=sys.stdout, level="INFO", format="%(levelname)s|%(name)s|%(message)s")
        handlers = list(logging.getLogger().handlers)
        import discreet
        log = discreet.get_logger("shop")
        log.debug("hidden")
        with discreet.context(request_id="r-1"):
            log.info("paid {{amount}}", amount=3, password="{planted}")
        try:
            raise ValueError("password={planted}")
        except ValueError:
            log.exception("failed")
        logging.getLogger("theirs").info("plain")
        assert logging.getLogger().handlers == handlers
        assert discreet.health()["delivered"] == 2, discreet.health()
        """
    )
    lines = done.out.decode().splitlines()
    assert lines[0] == "INFO|shop|paid 3 amount=3 password=[REDACTED:password] request_id=r-1"
    assert lines[1] == "ERROR|shop|failed"
    assert "Traceback (most recent call last):" in lines[2]
    assert lines[-1] == "INFO|theirs|plain"
    assert planted.encode() not in done.out + done.err
    assert done.err == b""


def test_a_host_with_a_structured_formatter_gets_fields_as_attributes(python):
    done = python(
        """
        import json, logging, sys
        class Json(logging.Formatter):
            def format(self, record):
                return json.dumps({"m": record.getMessage(), "n": record.n, "rid": record.request_id,
                                   "taken": record.__dict__["field.name"]})
        handler = logging.StreamHandler(sys.stdout)
        handler.setFormatter(Json())
        logging.basicConfig(handlers=[handler], level="INFO")
        import discreet
        discreet.get_logger("shop").info("paid", n=3, request_id="r", name="ann")
        """
    )
    assert done.out == b'{"m": "paid", "n": 3, "rid": "r", "taken": "ann"}\n'


def test_inside_a_host_no_value_forges_a_row(python):
    done = python(
        """
    import logging, sys, discreet
    logging.basicConfig(stream=sys.stdout, level="INFO", format="%(levelname)s %(message)s")
    discreet.get_logger("app").info("hi\\nERROR forged", user="a\\nERROR forged")
    """
    )
    assert done.out == b'INFO hi\\nERROR forged user="a\\nERROR forged"\n'


def test_a_logger_that_the_host_disabled_loses_nothing_silently(python):
    done = python(
        """
    import logging, sys, discreet
    logging.basicConfig(stream=sys.stdout, level="INFO", format="%(message)s")
    discreet.get_logger("app").info("first")
    logging.getLogger("app").disabled = True
    discreet.get_logger("app").info("second")
    assert discreet.health()["dropped"] == {"disabled logger": 1}
    """
    )
    assert (done.code, done.out) == (0, b"first\n"), done.err


def test_explain_says_that_the_host_decides(python):
    done = python(
        """
    import logging, sys, discreet
    logging.basicConfig(stream=sys.stdout, level="INFO", format="%(message)s")
    discreet.get_logger("app").info("first")
    told = discreet.explain()
    assert (told["sinks"]["value"], told["level"]["value"]) == ("logging", "the host's"), told
    """
    )
    assert done.code == 0, done.err


def test_a_hosts_formatter_learns_where_each_record_was_made(python):
    done = python(
        """
        import logging, sys
        logging.basicConfig(stream=sys.stdout, level="INFO", format="%(filename)s:%(lineno)d %(message)s")
        from discreet import log
        log.info("first")
        log.info("second")
        """
    )
    assert done.out.decode().splitlines() == ["program.py:5 first", "program.py:6 second"]


def test_a_bad_pseudonym_key_costs_neither_the_call_nor_the_record(python):
    done = python("from discreet import log\nlog.info('hello')\n", DISCREET_SERVICE="s", DISCREET_PSEUDONYM_KEY="short")
    assert done.code == 0
    assert done.records[-1]["message"] == "hello"
    assert b"DISCREET_PSEUDONYM_KEY" in done.out
