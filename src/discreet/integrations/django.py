"""Django: one wide record per request, with its route and the exception behind a 500.

    application = get_wsgi_application()  # or get_asgi_application()
    instrument(application)

In `wsgi.py` or `asgi.py`, wherever Django's own `application` is made.
"""

from __future__ import annotations

import sys
from functools import partial, wraps
from importlib import import_module
from typing import TYPE_CHECKING, Any, TypeVar, cast

from discreet._base.imports import load_library
from discreet._takeover.log_record import duplicate_rows
from discreet.integrations._server import (
    REQUEST_ID_HEADER,
    annotate,
    is_about_kept_error,
    keep_error,
    requests_are_recorded,
    serving,
)
from discreet.integrations.asgi import ASGIMiddleware
from discreet.integrations.wsgi import WSGIMiddleware, is_responding

if TYPE_CHECKING:
    import logging
    from collections.abc import Collection

__all__ = ["annotate", "instrument"]

AppT = TypeVar("AppT")

_MIDDLEWARE = "_discreet_middleware"  # of an application: what serves its requests


def instrument(
    app: AppT,
    *,
    request_id_header: str = REQUEST_ID_HEADER,
    trust_incoming: bool = True,
    quiet: Collection[str] = (),
) -> AppT:
    """Record each request of this application, and return it; the options are those of `ASGIMiddleware`.

    Django answers an unhandled exception with 500 before anybody outside can see it. With this, the exception stands in
    the request's record. Rows of `django.request` and `django.server` that say the same are left out, but still reach
    handlers such as `AdminEmailHandler`. Calling it again changes nothing.
    """
    load_library(__name__, "django")
    asgi: Any = import_module("django.core.handlers.asgi")
    wsgi: Any = import_module("django.core.handlers.wsgi")
    signals: Any = import_module("django.core.signals")
    if _MIDDLEWARE in vars(app):
        return app
    is_async = isinstance(app, asgi.ASGIHandler)
    kind: Any = asgi.ASGIHandler if is_async else wsgi.WSGIHandler
    options: dict[str, Any] = {
        "request_id_header": request_id_header, "trust_incoming": trust_incoming, "quiet": quiet,
    }  # fmt: skip
    # The class keeps its name and identity, since Django's signals are sent by it: only what it does is changed.
    original = getattr(kind.__call__, "__wrapped__", None)
    if original is None:
        original = kind.__call__
        kind.__call__ = _through_middleware(original, is_async=is_async)
    middleware: Any = ASGIMiddleware if is_async else WSGIMiddleware
    handler = cast("Any", app)
    handler.resolve_request = partial(_resolve, handler.resolve_request)
    setattr(handler, _MIDDLEWARE, middleware(partial(original, app), **options))
    signals.got_request_exception.connect(_keep_error)
    duplicate_rows["django.request"] = _repeats_the_record
    duplicate_rows["django.server"] = _is_access_row
    return app


def _through_middleware(original: Any, *, is_async: bool) -> Any:
    @wraps(original)
    def call(self: object, *args: Any) -> Any:
        return vars(self).get(_MIDDLEWARE, partial(original, self))(*args)

    @wraps(original)
    async def call_async(self: object, *args: Any) -> Any:
        return await vars(self).get(_MIDDLEWARE, partial(original, self))(*args)

    return call_async if is_async else call


def _resolve(resolve: Any, request: Any) -> Any:
    """Django's `resolve_request`; it notes the route."""
    match = resolve(request)
    served = serving.get()
    if served is not None:
        served.route = f"/{match.route}"
    return match


def _keep_error(**_: Any) -> None:
    keep_error(sys.exc_info()[1])


def _repeats_the_record(record: logging.LogRecord) -> bool:
    """Whether a row only says which status a request got, or has the exception that the request's record has."""
    if record.exc_info:
        return is_about_kept_error(record)
    return serving.get() is not None and hasattr(record, "status_code") and requests_are_recorded()


def _is_access_row(record: logging.LogRecord) -> bool:
    """Whether the development server's row is the access row of a request that has a record."""
    return hasattr(record, "status_code") and is_responding() and requests_are_recorded()
