"""The application's OpenTelemetry, if it has imported it: active span, tracer, metrics. Nothing is imported here."""

from __future__ import annotations

import sys
from functools import lru_cache
from typing import Any

from discreet._context.trace_context import SpanContext


def active_ids() -> tuple[str, str] | None:
    """Trace and span id in hexadecimal of the current valid span, or None."""
    try:
        context = sys.modules["opentelemetry.trace"].get_current_span().get_span_context()
        if not context.is_valid:
            return None
        return f"{context.trace_id:032x}", f"{context.span_id:016x}"
    except Exception:  # another version, or only half imported: use our own ids
        return None


def parent_span(parent: SpanContext | None) -> SpanContext | None:
    """The span that a new span is a child of: `parent`, unless an OpenTelemetry span of another trace is active."""
    ids = active_ids() if "opentelemetry.trace" in sys.modules else None
    if ids is not None and (parent is None or parent.trace_id != ids[0]):
        return SpanContext(*ids)
    return parent


@lru_cache(1)
def _tracer_of(provider: Any) -> Any:
    return provider.get_tracer("discreet")


def sdk_tracer() -> Any:
    """The tracer of the application's own SDK; None where it has none set up for traces."""
    try:
        provider = sys.modules["opentelemetry.trace"].get_tracer_provider()
        # With the API alone, spans go nowhere.
        return _tracer_of(provider) if hasattr(provider, "add_span_processor") else None
    except Exception:  # another version: use a span of our own
        return None


def ids_of(context: Any) -> SpanContext:
    """Convert OpenTelemetry's span context to ours."""
    header = context.trace_state.to_header() if context.trace_state else ""
    return SpanContext(f"{context.trace_id:032x}", f"{context.span_id:016x}", int(context.trace_flags) & 0xFF, header)


def server_span() -> tuple[SpanContext, str | None] | None:
    """The active span, if an instrumentation made it for the request that is being served; and its parent's id."""
    try:
        span = sys.modules["opentelemetry.trace"].get_current_span()
        kind = getattr(span, "kind", None)
        if getattr(kind, "name", "") != "SERVER" or not span.is_recording():
            return None
        return ids_of(span.get_span_context()), None if span.parent is None else f"{span.parent.span_id:016x}"
    except Exception:  # as above
        return None


@lru_cache(1)
def _counter_of(provider: Any) -> Any:
    return provider.get_meter("discreet").create_counter(
        "discreet.redactions", unit="{redaction}", description="Secrets masked in log records"
    )


def count_redaction(kind: str, logger: str) -> None:
    """Count in OpenTelemetry's metric `discreet.redactions`, once that module is loaded."""
    try:
        _counter_of(sys.modules["opentelemetry.metrics"].get_meter_provider()).add(1, {"kind": kind, "logger": logger})
    except Exception:  # another version, or a provider that is shutting down: `health()` counts too
        return
