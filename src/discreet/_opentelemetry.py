"""The ids of OpenTelemetry's active span, if the application uses OpenTelemetry. Never imports it."""

from __future__ import annotations

import sys
from typing import Any


def active_ids() -> tuple[str, str] | None:
    """Trace and span id in hexadecimal of the current valid span, or None."""
    try:
        context = sys.modules["opentelemetry.trace"].get_current_span().get_span_context()
        if not context.is_valid:
            return None
        return f"{context.trace_id:032x}", f"{context.span_id:016x}"
    except Exception:  # another version, or half imported: our own ids are good too
        return None


_counters: dict[int, Any] = {}


def count_redaction(kind: str, logger: str) -> None:
    """Count in OpenTelemetry's metric `discreet.redactions`, where the application has metrics set up."""
    metrics = sys.modules.get("opentelemetry.metrics")
    if metrics is None:
        return
    try:
        provider = metrics.get_meter_provider()
        counter = _counters.get(id(provider))
        if counter is None:
            _counters.clear()
            counter = provider.get_meter("discreet").create_counter(
                "discreet.redactions", unit="{redaction}", description="Secrets masked in log records"
            )
            _counters[id(provider)] = counter
        counter.add(1, {"kind": kind, "logger": logger})
    except Exception:  # another version, or a provider that is shutting down: `health()` counts too
        return
