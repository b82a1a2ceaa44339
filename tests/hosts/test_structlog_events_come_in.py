"""structlog, configured before or after discreet or not at all: its events come in once, redacted, with the ids."""

from __future__ import annotations

import asyncio
import io
import logging

import pytest
import structlog

import discreet

SECRET = "abcd" + "1234efgh5678"


@pytest.fixture(autouse=True)
def defaults():
    yield
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()


def of_structlog(sink):
    return [record for record in sink.records if record["logger"] not in ("discreet", "asyncio")]


def to_file(file):
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso"),
            structlog.processors.JSONRenderer(),
        ],
        logger_factory=structlog.WriteLoggerFactory(file),
    )


def test_an_event_is_a_record_with_its_fields_and_nothing_is_printed(taken_over, capfd):
    structlog.get_logger().bind(user="ann").info("signed {in}", password=SECRET, attempts=2)
    (record,) = of_structlog(taken_over)
    assert (record["message"], record["severity"], record["logger"]) == ("signed {in}", "INFO", __name__)
    assert (record["user"], record["attempts"], record["password"]) == ("ann", 2, "[REDACTED:password]")
    assert not {"level", "field.timestamp"} & record.keys()
    assert capfd.readouterr() == ("", "")


def test_it_has_the_ids_and_the_context(taken_over):
    with discreet.span("work") as span, discreet.context(tenant="acme"):
        structlog.get_logger().info("inside")
    inside = of_structlog(taken_over)[0]
    assert (inside["trace_id"], inside["span_id"], inside["tenant"]) == (span.trace_id, span.span_id, "acme")


def test_an_exception_keeps_its_structure(taken_over):
    try:
        raise ValueError(f"token={SECRET}")
    except ValueError:
        structlog.get_logger().exception("failed", order=7)
    (record,) = of_structlog(taken_over)
    assert (record["severity"], record["order"], record["exception"]["type"]) == ("ERROR", 7, "ValueError")
    assert SECRET not in taken_over.text


def test_the_source_is_the_line_that_logged(taken_over):
    structlog.get_logger().warning("here")
    assert of_structlog(taken_over)[0]["source"]["function"] == "test_the_source_is_the_line_that_logged"


def test_what_its_processors_add_and_drop_is_added_and_dropped(taken_over):
    def tidy(_logger, _method, event):
        if event["event"] == "noise":
            raise structlog.DropEvent
        return {**event, "team": "payments"}

    structlog.configure(processors=[tidy, structlog.processors.KeyValueRenderer()])
    structlog.get_logger().info("noise")
    structlog.get_logger().info("signal")
    assert [(r["message"], r["team"]) for r in of_structlog(taken_over)] == [("signal", "payments")]


def test_its_own_file_goes_on_in_its_own_format_redacted(taken_over):
    file = io.StringIO()
    to_file(file)
    structlog.contextvars.bind_contextvars(tenant="acme")
    structlog.get_logger().info("paid", token=SECRET, amount=9)
    written = file.getvalue()
    assert SECRET not in written
    assert '"event": "paid"' in written
    assert '"amount": 9' in written
    assert '"tenant": "acme"' in written
    assert len(of_structlog(taken_over)) == 1


@pytest.mark.parametrize("last", ["renderer", "formatter"])
def test_through_logging_it_comes_once_too_and_the_callers_frame_stays(taken_over, last, tmp_path):
    final = {
        "renderer": structlog.processors.JSONRenderer(),
        "formatter": structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
    }[last]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            structlog.stdlib.add_logger_name,
            structlog.processors.CallsiteParameterAdder([structlog.processors.CallsiteParameter.FUNC_NAME]),
            final,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
    )
    handler = logging.FileHandler(tmp_path / "host.log")
    handler.setFormatter(logging.Formatter("%(funcName)s %(message)s"))
    logging.getLogger("orders").addHandler(handler)
    try:
        structlog.get_logger("orders").warning("paid", token=SECRET)
    finally:
        logging.getLogger("orders").removeHandler(handler)
        handler.close()
    (record,) = of_structlog(taken_over)
    this = "test_through_logging_it_comes_once_too_and_the_callers_frame_stays"
    assert (record["message"], record["logger"], record["func_name"]) == ("paid", "orders", this)
    written = (tmp_path / "host.log").read_text()
    assert written.startswith(f"{this} ")
    assert SECRET not in written
    assert written.count("\n") == 1


def test_its_asynchronous_methods_come_in_with_the_caller_as_their_source(taken_over):
    async def main():
        await structlog.get_logger().awarning("later", n=1)

    asyncio.run(main())
    (record,) = of_structlog(taken_over)
    assert (record["n"], record["source"]["function"]) == (1, "main")


def test_capture_logs_captures_as_before(taken_over):
    with structlog.testing.capture_logs() as captured:
        structlog.get_logger().info("seen", a=1)
    assert captured == [{"a": 1, "event": "seen", "log_level": "info"}]
    assert of_structlog(taken_over) == []


def test_our_levels_cap_and_its_own_still_count(memory_sink):
    sink = memory_sink(format="json")
    discreet.configure(sinks=[sink], service="test", level="info")
    structlog.get_logger().debug("too fine for discreet")
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(40))
    structlog.get_logger().info("too fine for structlog")
    structlog.get_logger().error("seen")
    assert [record["message"] for record in of_structlog(sink)] == ["seen"]


def test_a_logger_that_was_bound_before_discreet_comes_in(memory_sink, capfd):
    bound = structlog.get_logger().bind(early=True)
    sink = memory_sink(format="json")
    discreet.configure(sinks=[sink], service="test")
    bound.info("late")
    assert of_structlog(sink)[0]["early"] is True
    assert capfd.readouterr().out == ""


@pytest.mark.parametrize("chosen", ["off", ["logging", "warnings"]])
def test_where_it_is_not_chosen_it_stays_as_it_is(memory_sink, chosen, capfd):
    sink = memory_sink(format="json")
    discreet.configure(sinks=[sink], service="test", take_over=chosen)
    structlog.get_logger().info("mine")
    assert of_structlog(sink) == []
    assert "mine" in capfd.readouterr().out


def test_after_shutdown_it_is_as_it_was(taken_over, capfd):
    structlog.get_logger().info("before")
    discreet.shutdown()
    structlog.get_logger().info("after")
    assert len(of_structlog(taken_over)) == 1
    assert "after" in capfd.readouterr().out


def test_imported_after_configure_it_comes_in(python):
    program = python(
        """
        import discreet

        discreet.configure(format="json", environment="prod", service="test")
        import structlog

        structlog.get_logger().info("late", password="hunter" + "2hunter2")
        """
    )
    (record,) = program.records
    assert (record["message"], record["password"]) == ("late", "[REDACTED:password]")
