"""Spans: timed, nested, one wide record at the end."""

from __future__ import annotations

import asyncio
import logging

import pytest

import discreet
from discreet._context.ambient import current

pytestmark = pytest.mark.version_sensitive

log = discreet.get_logger("shop")


def test_a_span_ends_in_one_wide_record(sink):
    with discreet.span("charge", amount=9) as span:
        span.set(tax=1)
    (record,) = sink.records
    assert (record["message"], record["span"], record["span_kind"]) == ("charge", "charge", "internal")
    assert (record["amount"], record["tax"], record["status"]) == (9, 1, "ok")
    assert record["duration_ms"] >= 0
    assert (record["trace_id"], record["span_id"]) == (span.trace_id, span.span_id)
    assert record["logger"] == __name__
    assert "parent_span_id" not in record


def test_records_inside_carry_its_ids_and_records_after_do_not(sink):
    with discreet.span("charge") as span:
        log.info("in")
    log.info("out")
    assert (sink.records[0]["trace_id"], sink.records[0]["span_id"]) == (span.trace_id, span.span_id)
    assert "trace_id" not in sink.records[2]


def test_an_inner_span_is_a_child_in_the_same_trace(sink):
    with discreet.span("outer") as outer, discreet.span("inner") as inner:
        pass
    assert inner.trace_id == outer.trace_id
    assert sink.records[0]["parent_span_id"] == outer.span_id
    assert inner.span_id != outer.span_id


def test_context_stays_bound_inside_a_span(sink):
    with discreet.context(tenant="acme", request_id="r"), discreet.span("work"):
        log.info("x")
    assert all((r["tenant"], r["request_id"]) == ("acme", "r") for r in sink.records)


def test_an_exception_passes_through_and_is_recorded_once_by_the_innermost_span(sink):
    with pytest.raises(ValueError, match="no"), discreet.span("outer"), discreet.span("inner"):
        raise ValueError("no")
    inner, outer = sink.records
    assert (inner["status"], inner["severity"], inner["exception"]["message"]) == ("error", "ERROR", "no")
    assert (outer["status"], outer["error_type"]) == ("error", "ValueError")
    assert "exception" not in outer


def test_a_cancelled_span_is_no_error(sink):
    async def main():
        async def work():
            async with discreet.span("work"):
                await asyncio.Event().wait()

        task = asyncio.create_task(work())
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())
    assert (sink.last["status"], sink.last["severity"]) == ("cancelled", "INFO")


def test_a_span_of_a_disabled_logger_still_gives_its_records_their_ids(sink):
    discreet.set_level(__name__, "off")
    with discreet.span("work") as span:
        log.info("x")
    assert [record["span_id"] for record in sink.records] == [span.span_id]


def test_a_traced_function_is_a_span_and_keeps_its_name(sink):
    @discreet.traced
    def charge(amount):
        """Take the money."""
        return amount * 2

    assert charge(4) == 8
    assert charge.__doc__ == "Take the money."
    assert sink.last["span"].endswith("charge")
    assert sink.last["logger"] == __name__
    assert "argument.amount" not in sink.last


def test_arguments_are_recorded_by_choice_and_redacted(sink):
    @discreet.traced(name="charge", arguments=("amount", "password", "absent"), team="billing")
    def charge(amount, card, *, password):
        return amount

    charge(4, "card", password="hunter2-" + "secret")
    assert (sink.last["argument.amount"], sink.last["span"], sink.last["team"]) == (4, "charge", "billing")
    assert sink.last["argument.password"].startswith("[REDACTED")
    assert "argument.card" not in sink.last


def test_all_arguments_may_be_asked_for(sink):
    @discreet.traced(arguments=True)
    def charge(amount, card="none"):
        return amount

    charge(4)
    assert sink.last["argument.amount"] == 4
    with pytest.raises(TypeError, match="amount"):
        charge()


def test_a_traced_coroutine_and_generators_are_spans(sink):
    @discreet.traced(name="coroutine")
    async def coroutine():
        await asyncio.sleep(0)
        return 1

    @discreet.traced(name="generator")
    def generator():
        log.info("step")
        yield 1
        log.info("step")

    @discreet.traced(name="async generator")
    async def async_generator():
        yield 1
        log.info("step")

    async def main():
        assert await coroutine() == 1
        return [item async for item in async_generator()]

    assert asyncio.run(main()) == [1]
    assert list(generator()) == [1]
    ends = [record for record in sink.records if "span" in record]
    assert [record["span"] for record in ends] == ["coroutine", "async generator", "generator"]
    steps = [record for record in sink.records if record["message"] == "step"]
    assert [step["span_id"] for step in steps] == [ends[1]["span_id"], ends[2]["span_id"], ends[2]["span_id"]]


def test_an_exception_that_takes_no_mark_is_still_recorded(sink):
    class Slotted(Exception):
        __slots__ = ()

        def __setattr__(self, name, value):
            raise AttributeError(name)

    with pytest.raises(Slotted), discreet.span("work"):
        raise Slotted
    assert sink.last["exception"]["type"].endswith("Slotted")


def test_spans_that_end_out_of_order_leave_nothing_behind(sink):
    first, second = discreet.span("first"), discreet.span("second")
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    second.__exit__(None, None, None)
    assert current.get().span is None
    assert [record["span"] for record in sink.records] == ["first", "second"]
    assert sink.records[1]["parent_span_id"] == sink.records[0]["span_id"]


def test_a_span_object_may_be_entered_again_and_is_then_another_span(sink):
    again = discreet.span("again")
    with again, again:
        pass
    inner, outer = sink.records
    assert inner["parent_span_id"] == outer["span_id"] != inner["span_id"]
    assert current.get().span is None


def test_an_exception_that_hides_its_attributes_passes_through_a_span(sink):
    class Hidden(Exception):
        def __getattr__(self, name):
            raise KeyError(name)

    with pytest.raises(Hidden), discreet.span("work"):
        raise Hidden("boom")
    assert sink.last["exception"]["message"] == "boom"


def test_any_name_is_a_field_of_a_span(sink):
    with discreet.span("work", self=1) as span:
        span.set(self=2)
    assert sink.last["self"] == 2


def test_with_raise_severity_an_error_that_is_logged_inside_raises_the_severity_of_the_spans_record(sink):
    with discreet.span("import", raise_severity=True):
        log.error("one row is broken")
    assert (sink.last["message"], sink.last["severity"], sink.last["status"]) == ("import", "ERROR", "ok")


def test_by_default_it_does_not_and_a_warning_never_does(sink):
    with discreet.span("import"):
        log.error("one row is broken")
    assert sink.last["severity"] == "INFO"
    with discreet.span("import", raise_severity=True):
        log.warning("one row is odd")
    assert sink.last["severity"] == "INFO"


def test_an_error_of_logging_in_a_task_inside_raises_it_too(taken_over):
    async def work():
        logging.getLogger("library").error("broken")

    async def main():
        with discreet.span("import", raise_severity=True):
            await asyncio.create_task(work())

    asyncio.run(main())
    assert taken_over.last["severity"] == "ERROR"


def test_dicts_under_one_name_become_one(sink):
    with discreet.span("work", user={"id": 1}) as span:
        span.set(user={"plan": "free"})
        span.set(user={"plan": "paid"}, size=1)
    assert (sink.last["user"], sink.last["size"]) == ({"id": 1, "plan": "paid"}, 1)


def test_a_field_that_comes_after_the_record_is_counted_and_reported_once(sink, capfd):
    with discreet.span("work") as span:
        pass
    before = discreet.health()["late_fields"]
    span.set(rows=1, columns=2)
    span.set(rows=3)
    assert discreet.health()["late_fields"] == before + 3
    assert capfd.readouterr().err.count("after the record of a span") <= 1
