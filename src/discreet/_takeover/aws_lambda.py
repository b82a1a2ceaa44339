"""AWS Lambda: each invocation has a context of its own with its request id, and what its function raises is a record.

Lambda's runtime client prints such an error itself, with nothing in it redacted.
"""

from __future__ import annotations

import functools
import threading
from typing import TYPE_CHECKING, Any

from discreet._base.imports import when_imported
from discreet._base.levels import ERROR, levels
from discreet._call.logger import active
from discreet._context.ambient import Context, current, leave, mark_recorded

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType


class _State:
    in_force = False
    hooked = False


class _Failed(threading.local):
    error: Exception | None = None
    """What the function of this thread's invocation raised."""


_failed = _Failed()


def install() -> None:
    """Extend Lambda's runtime client, if it is or will be loaded."""
    _State.in_force = True
    if not _State.hooked:
        _State.hooked = True
        when_imported("awslambdaric.bootstrap", _extend)


def uninstall() -> None:
    """Leave the runtime client alone from here on."""
    _State.in_force = False


def _extend(bootstrap: ModuleType) -> None:
    module: Any = bootstrap
    handle_event_request, log_error = module.handle_event_request, module.log_error

    @functools.wraps(handle_event_request)
    def handle_in_context(client: Any, request_handler: Any, invoke_id: Any, *args: Any, **kwargs: Any) -> Any:
        if not _State.in_force:
            return handle_event_request(client, request_handler, invoke_id, *args, **kwargs)
        _failed.error = None
        token = current.set(Context({}, request_id=str(invoke_id)))
        try:
            return handle_event_request(client, _noticing(request_handler), invoke_id, *args, **kwargs)
        finally:
            leave(token)

    @functools.wraps(log_error)
    def record_error(error_result: dict[str, Any], log_sink: Any) -> None:
        if not _State.in_force:
            log_error(error_result, log_sink)
            return
        error, _failed.error = _failed.error, None
        fields: dict[str, object] = {"error_type": error_result.get("errorType")}
        if error is None:  # the runtime's own: the function could not be imported, or its result is no JSON
            fields |= {"error": error_result.get("errorMessage"), "stack": error_result.get("stackTrace")}
        elif mark_recorded(error):
            fields["exc_info"] = error
        channel = levels.channel("uncaught")
        active.emitter.emit(channel, ERROR, "uncaught exception in the function", (), fields, None)

    module.handle_event_request, module.log_error = handle_in_context, record_error
    running = getattr(module, "_GLOBAL_AWS_REQUEST_ID", None)
    if running and current.get().request_id is None:  # discreet starts within an invocation
        current.set(current.get().having({"request_id": running}))


def _noticing(function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def noticing(*args: Any, **kwargs: Any) -> Any:
        try:
            return function(*args, **kwargs)
        except Exception as error:
            _failed.error = error
            raise

    return noticing
