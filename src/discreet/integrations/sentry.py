"""Sentry: whole events through the redactor, with the ids of the trace and the request.

    import discreet.integrations.sentry

    discreet.integrations.sentry.install()   # before or after sentry_sdk.init(...)

Records reach Sentry redacted without this. But an event has more than its record: variables of frames, breadcrumbs,
bodies, headers and query strings of requests, spans, Sentry's own logs.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, cast

from discreet._base.imports import missing_library
from discreet._base.statistics import process_statistics
from discreet._context.ambient import current
from discreet._pipeline import pipeline_in_force
from discreet._redaction.redactor import Redactor
from discreet._values.plain import Limits, to_plain

if TYPE_CHECKING:
    from collections.abc import Callable

    Hook = Callable[[Any, Any], Any]

__all__ = ["install"]

_HOOKS = ("before_send", "before_send_transaction", "before_send_log", "before_send_metric", "before_send_span")
_AS_THEY_ARE = ("event_id", "type", "level", "platform", "timestamp", "start_timestamp")
"""What Sentry itself sets, and reads again before it sends."""
_LIMITS = Limits(max_depth=32, max_items=10_000, max_nodes=90_000)


def install() -> None:
    """Put every event of Sentry's through discreet's redactor, from now on; call it before or after `sentry_sdk.init`.

    Hooks that you gave to `sentry_sdk.init` (`before_send` and the like) run first and keep their say. An event that
    cannot be redacted is replaced by one that says only this, and counted in `health()["incidents"]`. Exceptions that
    nobody caught are Sentry's to report where it watches for them. Raises `ModuleNotFoundError` without `sentry-sdk`.
    """
    try:
        import sentry_sdk
        import sentry_sdk.client
    except ModuleNotFoundError as error:
        raise missing_library("discreet.integrations.sentry", "sentry-sdk", "sentry", "sentry_sdk") from error
    client_class: Any = vars(sentry_sdk.client)["_Client"]
    original = client_class.__init__
    if not getattr(original, "__discreet__", False):

        @functools.wraps(original)
        def init(client: Any, *args: Any, **kwargs: Any) -> None:
            original(client, *args, **kwargs)
            _compose(client)

        marked: Any = init
        marked.__discreet__ = True
        client_class.__init__ = init
    client: Any = sentry_sdk.get_client()
    if client.is_active():
        _compose(client)


def _compose(client: Any) -> None:
    """Append our hook to those that the user gave."""
    options: dict[str, Any] = client.options
    for name in _HOOKS:
        experiments: dict[str, Any] = options.get("_experiments") or {}
        given: Any = options.get(name) or experiments.get(name)
        if not getattr(given, "__discreet__", False):
            options[name] = _after(given)
    if client.get_integration("excepthook") is not None:
        from sentry_sdk.integrations.logging import ignore_logger

        ignore_logger("uncaught")  # its own hook reports them


def _after(given: Hook | None) -> Hook:
    def hook(event: Any, hint: Any) -> Any:
        if given is not None:
            event = given(event, hint)
        return event if event is None else _redacted(event, hint)

    marked: Any = hook
    marked.__discreet__ = True
    return hook


def _redacted(event: Any, hint: Any) -> Any:
    try:
        pipeline = pipeline_in_force()
        redactor = Redactor() if pipeline is None else pipeline.redactor
        kept = {name: event[name] for name in _AS_THEY_ARE if name in event}
        judged = redactor.plain(to_plain({name: event[name] for name in event if name not in kept}, _LIMITS))
        safe: dict[str, Any] = {**cast("dict[str, Any]", judged), **kept}  # raises where the whole is unjudged
        if "event_id" in event:
            _add_ids(safe, hint)
    except Exception:  # fail closed, whatever it was
        process_statistics.note("an event for Sentry could not be redacted, and left without its contents")
        if not isinstance(event, dict) or "event_id" not in event:
            return None
        whole = cast("dict[str, Any]", event)
        few = {name: whole[name] for name in _AS_THEY_ARE if name in whole}
        return {**few, "message": "an event could not be redacted"}
    return safe


def _add_ids(event: dict[str, Any], hint: Any) -> None:
    """Set the ids of the record that the event comes from, else of where we are, as tags, which Sentry can search."""
    context = current.get()
    record: Any = cast("dict[str, Any]", hint).get("log_record") if isinstance(hint, dict) else None
    found = {
        "trace_id": getattr(record, "trace_id", None) or (context.span and context.span.trace_id),
        "request_id": getattr(record, "request_id", None) or context.request_id,
    }
    tags: Any = event.get("tags") or {}
    if isinstance(tags, dict):
        known = {name: value for name, value in found.items() if isinstance(value, str)}
        event["tags"] = {**known, **cast("dict[str, Any]", tags)}
