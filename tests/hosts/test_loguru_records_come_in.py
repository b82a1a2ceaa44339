"""loguru: its records come in once, redacted, with the ids; its files go on; its console is discreet's."""

from __future__ import annotations

import json
import logging
import sys

import pytest
from loguru import logger

import discreet

SECRET = "abcd" + "1234efgh5678"


@pytest.fixture(autouse=True)
def fresh():
    """loguru's handlers are those of the whole process."""
    logger.remove()
    logger.add(sys.stderr)
    yield
    logger.remove()


def of_loguru(sink):
    return [record for record in sink.records if record["logger"] != "discreet"]


def test_a_record_comes_in_with_what_was_bound_and_nothing_is_printed(taken_over, capfd):
    logger.bind(user="ann", password=SECRET).info("signed {} {name}", "in", name="twice")
    (record,) = of_loguru(taken_over)
    assert (record["message"], record["severity"], record["logger"]) == ("signed in twice", "INFO", __name__)
    assert (record["user"], record["password"], record["name"]) == ("ann", "[REDACTED:password]", "twice")
    assert capfd.readouterr() == ("", "")


def test_it_has_the_ids_the_context_and_the_line_that_logged(taken_over):
    with discreet.span("work") as span, discreet.context(tenant="acme"):
        logger.warning("inside")
    inside = of_loguru(taken_over)[0]
    assert (inside["trace_id"], inside["tenant"]) == (span.trace_id, "acme")
    assert inside["source"]["function"] == "test_it_has_the_ids_the_context_and_the_line_that_logged"


def test_its_own_levels_keep_their_names(taken_over):
    logger.success("done")
    logger.trace("step")
    assert [record["severity"] for record in of_loguru(taken_over)] == ["SUCCESS"]  # TRACE is below DEBUG


def test_an_exception_keeps_its_structure(taken_over):
    try:
        raise ValueError(f"token={SECRET}")
    except ValueError:
        logger.exception("failed")
    (record,) = of_loguru(taken_over)
    assert (record["severity"], record["exception"]["type"]) == ("ERROR", "ValueError")
    assert SECRET not in taken_over.text


def test_several_handlers_make_one_record(taken_over, tmp_path):
    logger.add(sys.stdout)
    logger.add(tmp_path / "own.log")
    logger.info("once")
    assert len(of_loguru(taken_over)) == 1


@pytest.mark.parametrize("options", [{}, {"serialize": True}, {"diagnose": True, "backtrace": True}, {"enqueue": True}])
def test_its_own_file_goes_on_redacted(taken_over, tmp_path, options):
    logger.add(tmp_path / "own.log", **options)

    def fail(token):
        raise ValueError("token=" + token)

    try:
        fail(SECRET)
    except ValueError:
        logger.bind(password=SECRET, order=7).exception("failed {}", "twice")
    logger.info("password={}", SECRET)
    logger.complete()
    logger.remove()
    written = (tmp_path / "own.log").read_text("utf-8")
    assert SECRET not in written
    assert "failed twice" in written
    assert "ValueError" in written
    if options.get("serialize"):
        first, second = map(json.loads, written.splitlines())
        assert (first["record"]["extra"]["order"], second["record"]["message"]) == (7, "password=[REDACTED:password]")


def test_a_function_as_a_sink_gets_the_very_objects_where_nothing_is_secret(taken_over):
    seen = []
    logger.add(lambda message: seen.append(message.record["extra"]))
    thing = object()
    logger.bind(thing=thing, password=SECRET).info("x")
    assert seen[0]["thing"] is thing
    assert seen[0]["password"] == "[REDACTED:password]"


def test_the_level_and_the_filter_of_its_console_still_decide(taken_over, tmp_path):
    logger.remove()
    logger.add(sys.stderr, level="WARNING", filter=lambda record: "noise" not in record["message"])
    logger.add(tmp_path / "all.log", level="DEBUG")
    logger.info("too fine")
    logger.warning("noise")
    logger.warning("signal")
    assert [record["message"] for record in of_loguru(taken_over)] == ["signal"]
    assert (tmp_path / "all.log").read_text().count("\n") == 3


def test_without_a_console_all_that_its_handlers_take_comes_in(taken_over, tmp_path):
    logger.remove()
    logger.add(tmp_path / "all.log", level="INFO")
    logger.debug("too fine")
    logger.info("seen")
    assert [record["message"] for record in of_loguru(taken_over)] == ["seen"]


def test_a_bridge_from_logging_to_loguru_makes_one_record(taken_over):
    class InterceptHandler(logging.Handler):
        def emit(self, record):
            logger.opt(depth=6, exception=record.exc_info).log(record.levelname, record.getMessage())

    handler = InterceptHandler()
    logging.getLogger().addHandler(handler)
    try:
        logging.getLogger("library").warning("password=%s", SECRET)
    finally:
        logging.getLogger().removeHandler(handler)
    assert [record["message"] for record in of_loguru(taken_over)] == ["password=[REDACTED:password]"]


def test_a_bridge_from_loguru_to_logging_makes_one_record(taken_over):
    class PropagateHandler(logging.Handler):
        def emit(self, record):
            logging.getLogger(record.name).handle(record)

    logger.add(PropagateHandler(), format="{message}")
    logger.warning("once")
    assert [record["message"] for record in of_loguru(taken_over)] == ["once"]


def test_where_it_is_not_chosen_it_stays_as_it_is(memory_sink, capfd):
    logger.remove()
    logger.add(sys.stderr, format="{message}")
    sink = memory_sink(format="json")
    discreet.configure(sinks=[sink], service="test", take_over="logging")
    logger.info("mine")
    assert of_loguru(sink) == []
    assert capfd.readouterr().err == "mine\n"


def test_after_shutdown_it_is_as_it_was(taken_over, tmp_path, capfd):
    logger.remove()
    logger.add(sys.stderr, format="{message}")
    logger.add(tmp_path / "own.log", format="{message}")
    logger.info("before")
    discreet.shutdown()
    logger.info("after")
    assert capfd.readouterr().err.splitlines()[-1] == "after"
    assert (tmp_path / "own.log").read_text() == "before\nafter\n"


def test_imported_after_configure_it_comes_in(python):
    program = python(
        """
        import discreet

        discreet.configure(format="json", environment="prod", service="test")
        from loguru import logger

        logger.info("password={}", "hunter" + "2hunter2")
        """
    )
    assert [record["message"] for record in program.records] == ["password=[REDACTED:password]"]
    assert program.err == b""
