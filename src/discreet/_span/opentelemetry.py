"""A `discreet.span` as a span of the application's own OpenTelemetry SDK. Loaded only where an SDK is set up.

The SDK gets redacted data only. What it raises never reaches the application.
"""

from __future__ import annotations

import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Any, cast

from discreet._call.logger import active
from discreet._context.opentelemetry import ids_of
from discreet._encoding.schemas.otel import LEAST, MOST, as_text, clean, clean_keys, of_one_type
from discreet._pipeline import pipeline_in_force
from discreet._redaction.record import judged_exception
from discreet._values.deferred import resolve

if TYPE_CHECKING:
    from collections.abc import Mapping

    from discreet._context.trace_context import SpanContext
    from discreet._record import Plain
    from discreet._redaction.redactor import Redactor

_KINDS = ("internal", "server", "client", "producer", "consumer")


class SdkSpan:
    """One span of the SDK, current from `begin` until `restore`."""

    __slots__ = ("_before", "_span", "context", "parent_id")

    context: SpanContext
    """Its place in the trace."""
    parent_id: str | None

    def __init__(self, span: Any, before: Any, context: SpanContext, parent_id: str | None) -> None:
        self._span = span
        self._before = before
        self.context = context
        self.parent_id = parent_id

    def restore(self) -> None:
        """Make the context from before the span current again.

        This does not use `detach`, which logs an error and leaves an ended span behind if spans end in another order
        or in another task. A context that was attached inside the span and is still current ends with the span.
        """
        with suppress(Exception):
            sys.modules["opentelemetry.context"].attach(self._before)

    def end(
        self, logger: str, fields: Mapping[str, object], error: BaseException | None, *, failed: bool, first: bool
    ) -> None:
        """End the span. `failed`: the error is the span's own; `first`: no inner span has recorded the error."""
        pipeline = pipeline_in_force()
        try:
            if pipeline is not None and self._span.is_recording():
                redactor = pipeline.redactor_of(logger)
                self._span.set_attributes(attributes(redactor.fields({key: resolve(fields[key]) for key in fields})))
                if error is not None and failed:
                    self._fail(error, redactor, first=first)
        except Exception:  # fail closed: what cannot be redacted does not leave the process
            self._span.set_attribute("discreet.incomplete", True)
        finally:
            with suppress(Exception):
                self._span.end()

    def _fail(self, error: BaseException, redactor: Redactor, *, first: bool) -> None:
        trace = sys.modules["opentelemetry.trace"]
        kind = type(error)
        name = kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
        status = name = clean(redactor.text(name))
        if first:
            description, text = judged_exception(error, redactor, with_locals=False)
            message = description.get("message")
            status = clean(f"{name}: {message}") if message else name
            self._span.add_event(
                "exception",
                {
                    "exception.type": name,
                    "exception.message": clean(str(message or "")),
                    "exception.stacktrace": clean(text),
                },
            )
        self._span.set_attribute("error.type", name)
        self._span.set_status(trace.Status(trace.StatusCode.ERROR, status))


def begin(tracer: Any, name: str, kind: str, ours: SpanContext | None) -> SdkSpan | None:
    """Start a span of the SDK and make it current; None where the SDK makes none: it is switched off, or raises.

    Its parent is OpenTelemetry's active span. Without an active span the parent is `ours`, discreet's current span:
    in a thread that only discreet's context follows, or in a request that only discreet knows.
    """
    try:
        trace, contexts = sys.modules["opentelemetry.trace"], sys.modules["opentelemetry.context"]
        before = contexts.get_current()
        parent = trace.get_current_span(before).get_span_context()
        start_context = before
        if not parent.is_valid and ours is not None:
            parent = trace.SpanContext(
                int(ours.trace_id, 16),
                int(ours.span_id, 16),
                is_remote=False,
                trace_flags=trace.TraceFlags(ours.flags & 0xFF),
                trace_state=trace.TraceState.from_header([ours.state]) if ours.state else None,
            )
            start_context = trace.set_span_in_context(trace.NonRecordingSpan(parent), before)
        sdk_kind = trace.SpanKind[kind.upper()] if kind in _KINDS else trace.SpanKind.INTERNAL
        if pipeline_in_force() is None:
            active.configure()
        pipeline = pipeline_in_force()
        redacted = "span" if pipeline is None else clean(pipeline.redactor.text(name))
        span = tracer.start_span(redacted, context=start_context, kind=sdk_kind)
        context = span.get_span_context()
        if not context.is_valid or context.span_id == parent.span_id:
            return None
        contexts.attach(trace.set_span_in_context(span, before))
        return SdkSpan(span, before, ids_of(context), f"{parent.span_id:016x}" if parent.is_valid else None)
    except Exception:  # another version, a sampler that raises: then discreet makes a span of its own
        return None


def attributes(fields: dict[str, Plain]) -> dict[str, Any]:
    """Redacted fields as span attributes, which are texts, numbers, booleans and lists of one of these types."""
    cleaned = clean_keys(cast("dict[str, object]", fields)).items()
    return {key: _attribute(value) for key, value in cleaned if value is not None}


def _attribute(value: object) -> object:
    if _is_simple(value):
        return clean(value) if isinstance(value, str) else value
    if isinstance(value, list):
        items = cast("list[object]", value)
        same = of_one_type(items) if all(map(_is_simple, items)) else None
        return as_text(items) if same is None else [clean(item) if isinstance(item, str) else item for item in same]
    return as_text(value)


def _is_simple(value: object) -> bool:
    kind = type(value)
    return kind in (str, bool, float) or (kind is int and LEAST <= cast("int", value) <= MOST)
