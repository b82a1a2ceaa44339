"""With the OpenTelemetry SDK set up for traces, `discreet.span` is a span of those traces too."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import opentelemetry.trace as provided
import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF
from opentelemetry.trace import SpanKind, StatusCode, set_tracer_provider
from opentelemetry.util._once import Once

import discreet
from discreet._context.ambient import Context, current
from discreet._context.trace_context import new_span_context
from discreet.integrations.asgi import ASGIMiddleware
from discreet.integrations.wsgi import WSGIMiddleware

from ..waiting import join

log = discreet.get_logger("shop")
SECRET = "correct" + "horse" + "9!"


@pytest.fixture
def exporter(monkeypatch: pytest.MonkeyPatch) -> Iterator[InMemorySpanExporter]:
    monkeypatch.setattr(provided, "_TRACER_PROVIDER", None)
    monkeypatch.setattr(provided, "_TRACER_PROVIDER_SET_ONCE", Once())
    made = InMemorySpanExporter()
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(made))
    set_tracer_provider(provider)
    yield made
    provider.shutdown()


@pytest.fixture(autouse=True)
def nothing_is_left_open(exporter: InMemorySpanExporter) -> Iterator[None]:
    yield
    assert not trace.get_current_span().get_span_context().is_valid


def by_name(exporter: InMemorySpanExporter) -> dict[str, Any]:
    spans = exporter.get_finished_spans()
    named = {span.name: span for span in spans}
    assert len(named) == len(spans), "each span ends once"
    return named


def ids(span: Any) -> tuple[str, str]:
    return f"{span.context.trace_id:032x}", f"{span.context.span_id:016x}"


def parent_of(span: Any) -> str | None:
    return None if span.parent is None else f"{span.parent.span_id:016x}"


def test_a_span_is_a_span_of_the_sdk_and_its_record_has_its_ids(sink, exporter):
    with discreet.span("charge", span_kind="client", amount=9) as span:
        log.info("inside")
        span.set(tax=1.5)
    theirs = by_name(exporter)["charge"]
    assert ids(theirs) == (span.trace_id, span.span_id)
    assert theirs.kind is SpanKind.CLIENT
    assert dict(theirs.attributes) == {"amount": 9, "tax": 1.5}
    assert theirs.status.status_code is StatusCode.UNSET
    assert [(record["trace_id"], record["span_id"]) for record in sink.records] == [ids(theirs)] * 2
    assert (sink.last["span"], sink.last["amount"], sink.last["status"]) == ("charge", 9, "ok")


def test_spans_nest_among_spans_of_the_sdk(sink, exporter):
    begin = trace.get_tracer("theirs").start_as_current_span
    with begin("request"), discreet.span("outer"), begin("query"), discreet.span("inner"):
        pass
    spans = by_name(exporter)
    parents = {name: parent_of(span) for name, span in spans.items()}
    assert parents == {
        "request": None,
        "outer": ids(spans["request"])[1],
        "query": ids(spans["outer"])[1],
        "inner": ids(spans["query"])[1],
    }
    assert {record["span"]: record["parent_span_id"] for record in sink.records} == {
        "inner": parents["inner"],
        "outer": parents["outer"],
    }


def test_attributes_and_the_name_are_redacted(sink, exporter):
    with discreet.span(f"login password={SECRET}", password=SECRET, deep={"token": SECRET}, ok=[1, 2]):
        pass
    (span,) = exporter.get_finished_spans()
    assert SECRET not in span.to_json()
    assert span.attributes["password"] == "[REDACTED:password]"
    assert span.attributes["ok"] == (1, 2)
    assert '"token"' in span.attributes["deep"]


def test_values_that_are_no_attributes_become_text(sink, exporter, caplog):
    with discreet.span("x", big=2**70, mixed=[1, "a"], nothing=None, lazy=discreet.lazy(lambda: 7), lone="\ud800"):
        pass
    attributes = by_name(exporter)["x"].attributes
    assert dict(attributes) == {"big": str(2**70), "mixed": '[1, "a"]', "lazy": 7, "lone": "\\ud800"}
    assert not [record for record in caplog.records if record.name.startswith("opentelemetry")]


def test_an_exception_is_recorded_once_and_redacted(sink, exporter):
    with pytest.raises(LookupError), discreet.span("outer"), discreet.span("inner"):
        raise LookupError(f"password={SECRET}")
    spans = by_name(exporter)
    (event,) = spans["inner"].events
    assert event.name == "exception"
    assert event.attributes["exception.type"] == "LookupError"
    assert event.attributes["exception.message"] == "password=[REDACTED:password]"
    assert "Traceback" in event.attributes["exception.stacktrace"]
    assert not spans["outer"].events
    for span in spans.values():
        assert span.status.status_code is StatusCode.ERROR
        assert span.attributes["error.type"] == "LookupError"
        assert SECRET not in span.to_json()


def test_a_cancelled_span_is_no_error(sink, exporter):
    async def work() -> None:
        async with discreet.span("work"):
            await asyncio.sleep(3600)

    async def main() -> None:
        task = asyncio.create_task(work())
        await asyncio.sleep(0)
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task

    asyncio.run(main())
    span = by_name(exporter)["work"]
    assert span.status.status_code is StatusCode.UNSET
    assert not span.events


def test_a_traced_generator_keeps_its_span_to_itself(sink, exporter):
    @discreet.traced
    def numbers():
        yield trace.get_current_span()
        yield trace.get_current_span()

    steps = numbers()
    first = next(steps)
    assert not trace.get_current_span().get_span_context().is_valid
    assert next(steps) is first
    steps.close()
    (span,) = exporter.get_finished_spans()
    assert span.context == first.get_span_context()


def test_a_traced_async_generator_ends_its_span(sink, exporter):
    @discreet.traced(name="numbers")
    async def numbers():
        for number in range(3):
            yield number

    async def main() -> list[int]:
        return [number async for number in numbers()]

    assert asyncio.run(main()) == [0, 1, 2]
    assert list(by_name(exporter)) == ["numbers"]


def test_spans_that_end_out_of_order_leave_none_behind_and_log_no_error(sink, exporter, caplog):
    def opening(name):
        with discreet.span(name):
            yield

    one, other = opening("one"), opening("other")
    next(one)
    next(other)
    one.close()
    other.close()
    assert not trace.get_current_span().get_span_context().is_valid
    assert set(by_name(exporter)) == {"one", "other"}
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]


def test_a_span_that_another_thread_ends_logs_no_error(sink, exporter, caplog):
    span = discreet.span("moved")
    opener = threading.Thread(target=span.__enter__)
    opener.start()
    join(opener)
    span.__exit__(None, None, None)
    assert list(by_name(exporter)) == ["moved"]
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]


def test_tasks_have_spans_of_their_own(sink, exporter):
    async def work(name: str) -> None:
        async with discreet.span(name):
            await asyncio.sleep(0)
            with discreet.span(f"{name}.inner"):
                await asyncio.sleep(0)

    async def main() -> None:
        with discreet.span("main"):
            await asyncio.gather(work("a"), work("b"))

    asyncio.run(main())
    spans = by_name(exporter)
    assert {name: parent_of(span) for name, span in spans.items()} == {
        "main": None,
        "a": ids(spans["main"])[1],
        "b": ids(spans["main"])[1],
        "a.inner": ids(spans["a"])[1],
        "b.inner": ids(spans["b"])[1],
    }


def test_where_only_our_context_went_our_span_is_the_parent(sink, exporter):
    around = new_span_context()
    token = current.set(Context({}, around))
    try:
        with discreet.span("inside") as span:
            pass
    finally:
        current.reset(token)
    theirs = by_name(exporter)["inside"]
    assert (span.trace_id, parent_of(theirs)) == (around.trace_id, around.span_id)


def test_a_span_that_is_not_sampled_still_has_a_record_and_passes_that_on(sink, monkeypatch):
    monkeypatch.setattr(provided, "_TRACER_PROVIDER", TracerProvider(sampler=ALWAYS_OFF, shutdown_on_exit=False))
    with discreet.span("quiet") as span:
        assert not span.context.sampled
    assert (sink.last["span"], sink.last["span_id"]) == ("quiet", span.span_id)


def test_an_sdk_that_is_switched_off_changes_nothing(sink, monkeypatch):
    monkeypatch.setenv("OTEL_SDK_DISABLED", "true")
    monkeypatch.setattr(provided, "_TRACER_PROVIDER", TracerProvider(shutdown_on_exit=False))
    with discreet.span("outer") as outer, discreet.span("inner") as inner:
        pass
    assert sink.records[0]["parent_span_id"] == outer.span_id
    assert inner.trace_id == outer.trace_id


def test_an_sdk_that_raises_costs_neither_work_nor_record(sink, monkeypatch):
    class Broken(SimpleSpanProcessor):
        def on_start(self, span: Any, parent_context: Any = None) -> None:
            raise OSError("full")

    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(Broken(InMemorySpanExporter()))
    monkeypatch.setattr(provided, "_TRACER_PROVIDER", provider)
    with discreet.span("work"):
        log.info("inside")
    assert [record["message"] for record in sink.records] == ["inside", "work"]


def test_the_api_alone_imports_nothing_and_changes_nothing(python):
    done = python(
        """
        import sys
        import discreet
        import opentelemetry.trace
        before = {name for name in sys.modules if name.startswith("opentelemetry")}
        discreet.configure(service="shop")
        with discreet.span("work"):
            discreet.log.info("inside")
        assert {name for name in sys.modules if name.startswith("opentelemetry")} == before
        assert "discreet._span.opentelemetry" not in sys.modules
        """
    )
    assert done.code == 0, done.err
    assert done.records[0]["span_id"] == done.records[1]["span_id"]


# --- requests


async def _answer(scope: Any, receive: Any, send: Any) -> None:
    with discreet.span("inside"):
        await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"done"})


SCOPE = {
    "type": "http", "method": "GET", "path": "/", "query_string": b"", "http_version": "1.1", "headers": [], "client": None,
}  # fmt: skip


async def _drop(message: Any) -> None:
    return None


def test_a_request_that_opentelemetry_serves_has_no_second_server_span(sink, exporter):
    async def serve() -> None:
        with trace.get_tracer("theirs").start_as_current_span("GET /", kind=SpanKind.SERVER):
            await ASGIMiddleware(_answer)(dict(SCOPE), None, _drop)  # type: ignore[arg-type]

    asyncio.run(serve())
    spans = by_name(exporter)
    assert set(spans) == {"GET /", "inside"}
    inside, request = sink.records
    assert (request["trace_id"], request["span_id"]) == ids(spans["GET /"])
    assert "parent_span_id" not in request
    assert inside["parent_span_id"] == request["span_id"] == parent_of(spans["inside"])


def test_a_request_that_opentelemetry_serves_further_in_has_that_spans_ids(sink, exporter):
    def app(environ: Any, start_response: Any) -> list[bytes]:
        with trace.get_tracer("theirs").start_as_current_span("GET /", kind=SpanKind.SERVER), discreet.span("inside"):
            pass
        with trace.get_tracer("theirs").start_as_current_span("answer", kind=SpanKind.SERVER):
            start_response("200 OK", [])
        return [b"done"]

    environ = {"REQUEST_METHOD": "GET", "PATH_INFO": "/", "SCRIPT_NAME": "", "QUERY_STRING": ""}
    body: Any = WSGIMiddleware(app)(environ, lambda *_: None)
    list(body)
    body.close()
    assert ids(by_name(exporter)["answer"]) == (sink.last["trace_id"], sink.last["span_id"])


def test_a_request_that_only_we_serve_is_the_parent_of_what_is_inside(sink, exporter):
    asyncio.run(ASGIMiddleware(_answer)(dict(SCOPE), None, _drop))  # type: ignore[arg-type]
    inside, request = sink.records
    assert set(by_name(exporter)) == {"inside"}
    assert inside["trace_id"] == request["trace_id"]
    assert inside["parent_span_id"] == request["span_id"]
