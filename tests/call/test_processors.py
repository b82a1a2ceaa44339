"""`configure(processors=[...])`: functions of the user that see each record before it is redacted."""

from __future__ import annotations

import logging

import pytest

import discreet

log = discreet.get_logger("shop")


def configured(memory_sink, *processors, **settings):
    sink = memory_sink(format="json")
    discreet.configure(sinks=[sink], environment="prod", service="test", processors=processors, **settings)
    return sink


def test_a_processor_adds_renames_and_drops(memory_sink):
    def tidy(record):
        if record.message == "health check":
            return None
        record.fields["team"] = "payments"
        record.fields["customer.id"] = record.fields.pop("customer", None)
        return record

    sink = configured(memory_sink, tidy)
    log.info("paid", customer=7)
    log.info("health check")
    (record,) = sink.records
    assert (record["team"], record["customer.id"]) == ("payments", 7)
    assert "customer" not in record


def test_what_was_dropped_is_counted_under_the_processors_name(memory_sink):
    def nothing(record):
        return None

    configured(memory_sink, nothing)
    log.info("x")
    log.info("y")
    (counts,) = (c for name, c in discreet.health()["processors"].items() if name.endswith("nothing"))
    assert counts == {"dropped": 2, "failed": 0}


def test_it_runs_before_redaction(memory_sink):
    secret = "hunter" + "2hunter2"

    def add(record):
        record.fields["password"] = secret
        record.message += f" password={secret}"
        return record

    sink = configured(memory_sink, add)
    log.info("x")
    assert secret not in sink.text
    assert sink.last["password"] == "[REDACTED:password]"


def test_the_fields_of_the_context_are_among_the_fields(memory_sink):
    def drop_tenant(record):
        record.fields.pop("tenant")
        return record

    sink = configured(memory_sink, drop_tenant)
    with discreet.context(tenant="acme", region="eu"):
        log.info("x")
    assert sink.last["region"] == "eu"
    assert "tenant" not in sink.last


def test_level_message_and_logger_can_be_changed(memory_sink):
    def change(record):
        record.level, record.message, record.logger = "error", "hello {name}", "renamed"
        return record

    sink = configured(memory_sink, change)
    log.info("x", name="ann")
    assert (sink.last["severity"], sink.last["message"], sink.last["logger"]) == ("ERROR", "hello ann", "renamed")


def test_ids_and_the_exception_can_be_read_but_not_changed(memory_sink):
    seen = []

    def look(record):
        seen.append((record.trace_id, record.span_id, record.request_id, record.exception))
        with pytest.raises(AttributeError):
            record.trace_id = "0" * 32
        return record

    configured(memory_sink, look)
    error = ValueError("no")
    with discreet.context(request_id="r-1"), discreet.span("work") as span:
        log.error("x", exc_info=error)
    assert seen[0] == (span.trace_id, span.span_id, "r-1", error)


def test_they_run_in_order(memory_sink):
    def first(record):
        record.fields["steps"] = ["first"]
        return record

    def second(record):
        record.fields["steps"].append("second")
        return record

    sink = configured(memory_sink, first, second)
    log.info("x")
    assert sink.last["steps"] == ["first", "second"]


@pytest.mark.parametrize("result", [ValueError, "text", 1])
def test_one_that_raises_or_returns_something_else_costs_only_its_own_changes(memory_sink, result, capfd):
    def broken(record):
        record.fields.clear()
        record.message, record.level = "gone", "critical"
        if result is ValueError:
            raise ValueError("no")
        return result

    sink = configured(memory_sink, broken)
    log.info("paid", amount=9)
    log.info("paid", amount=10)
    assert [(r["message"], r["severity"], r["amount"]) for r in sink.records] == [
        ("paid", "INFO", 9),
        ("paid", "INFO", 10),
    ]
    (counts,) = (c for name, c in discreet.health()["processors"].items() if name.endswith("broken"))
    assert counts == {"dropped": 0, "failed": 2}
    assert capfd.readouterr().err.count("a processor, raised") == 1


def test_one_that_logs_itself_does_not_go_on_forever(memory_sink):
    def talks(record):
        log.info("seen")
        return record

    sink = configured(memory_sink, talks)
    log.info("x")
    assert any(record["message"] == "x" for record in sink.records)


def test_records_of_logging_and_of_spans_pass_it_too(memory_sink):
    seen = []

    def look(record):
        seen.append((record.message, record.args))
        return record

    configured(memory_sink, look)
    logging.getLogger("uvicorn.access").info("%s %s", "GET", "/health")
    with discreet.span("work"):
        pass
    assert ("%s %s", ("GET", "/health")) in seen
    assert "work" in [message for message, _ in seen]


def test_what_is_no_function_is_refused():
    with pytest.raises(discreet.ConfigurationError, match=r"processors.*not callable"):
        discreet.configure(processors=["drop"])


def test_explain_names_them(memory_sink):
    def tidy(record):
        return record

    configured(memory_sink, tidy)
    assert discreet.explain()["processors"]["value"].endswith("tidy")
