"""The first record of a process that nobody configured."""

from __future__ import annotations

import os

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
    assert [(r["message"], r["service"], r["n"]) for r in done.told] == [("hello", "shop", 1)]
    assert done.err.count(b"\n") == 1


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
    messages = [record["message"] for record in done.told]
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
        DISCREET_FILE=str(tmp_path),
        OTEL_EXPORTER_OTLP_ENDPOINT="nonsense",
    )
    assert done.code == 0, done.err
    *reports, hello = done.records
    assert (hello["message"], hello["service"]["name"]) == ("hello", "shop")
    named = [report["message"].removeprefix("setting ignored: ").partition("=")[0] for report in reports]
    assert sorted(named) == [
        "DISCREET_EXIT_TIMEOUT", "DISCREET_FILE", "DISCREET_LEVEL", "OTEL_EXPORTER_OTLP_ENDPOINT",
    ]  # fmt: skip


def test_while_the_policy_cannot_be_read_every_text_is_masked_and_it_is_said_once_why(python, tmp_path):
    policy = tmp_path / "policy.json"
    policy.write_text('{"extra_keys": ["colour"],}', "utf-8")
    planted = "blue-" + "value"
    done = python(
        f"""
        import discreet
        log = discreet.get_logger("shop")
        for _ in range(2):
            log.info("paint it {planted} %s", "{planted}", colour="{planted}", n=1, nested=["{planted}"])
        """,
        DISCREET_SERVICE="shop",
        DISCREET_REDACTION=str(policy),
        DISCREET_FORMAT="nonsense",
    )
    assert done.code == 0, done.err
    assert planted.encode() not in done.out + done.err
    *reports, _, last = done.records
    assert [report["message"].partition("=")[0] for report in reports] == [
        "setting ignored: DISCREET_FORMAT",
        "setting ignored: DISCREET_REDACTION",
        "every text is masked: correct what DISCREET_REDACTION names, or unset it, then start again",
    ]
    assert "is not JSON (line 1, column" in reports[1]["message"]
    assert last["message"] == "[REDACTED:unjudged]"


def test_a_record_that_cannot_configure_is_counted_and_the_call_returns(python):
    done = python(
        """
        import os, discreet
        from discreet._call.logger import active
        configure, error = active.configure, OSError(24, "Too many open files")
        def fail():
            raise error
        active.configure = fail
        log = discreet.get_logger("shop")
        log.info("one")
        log.info("two")
        active.configure = configure
        log.info("three")
        assert discreet.health()["dropped"] == {"configuring OSError": 2}, discreet.health()
        """,
        DISCREET_SERVICE="shop",
    )
    assert done.code == 0, done.err
    assert done.err.startswith(b"discreet: a record was lost: configuring OSError\n{")
    assert [record["message"] for record in done.told] == ["three"]


@pytest.mark.parametrize("before", ["del sys.argv", "sys.argv = []", "sys.argv = [None]"])
def test_the_first_record_is_written_without_usual_arguments(python, before):
    done = python(f"import sys, discreet\n{before}\ndiscreet.get_logger('shop').info('hello')\n")
    assert [record["message"] for record in done.told][-1:] == ["hello"], done.err


def test_a_first_record_while_the_interpreter_shuts_down_raises_nothing(python):
    done = python(
        """
        import discreet
        log = discreet.get_logger("shop")
        class Closing:
            def __del__(self):
                log.info("closed")
        kept = Closing()
        """
    )
    assert (done.code, b"Traceback" in done.err) == (0, False), done.err


@pytest.mark.skipif(not hasattr(os, "fork"), reason="forks")
def test_a_child_forked_while_a_thread_logs_the_first_record_logs_too(python):
    done = python(
        """
        import os, threading, discreet
        from discreet._call.logger import active
        log = discreet.get_logger("shop")
        configure, begun = active.configure, threading.Event()
        from discreet._base.fork_lock import configuring
        def begin():
            with configuring:
                begun.set()
                return configure()
        active.configure = begin
        thread = threading.Thread(target=log.info, args=("parent",))
        thread.start()
        begun.wait()
        child = os.fork()
        log.info("child" if child == 0 else "after")
        if child == 0:
            os._exit(0)
        assert os.waitpid(child, 0)[1] == 0
        thread.join()
        """,
        measured=False,
        DISCREET_SERVICE="shop",
    )
    assert done.code == 0, done.err
    assert sorted(record["message"] for record in done.told) == ["after", "child", "parent"]


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
    assert done.told[-1]["message"] == "hello"
    assert b"DISCREET_PSEUDONYM_KEY" in done.err
