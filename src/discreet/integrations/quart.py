"""Quart: one wide record per request, with the unhandled exception in it.

app = Quart(__name__)
instrument(app)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from discreet._base.imports import load_library
from discreet._takeover.log_record import duplicate_rows
from discreet.integrations._server import REQUEST_ID_HEADER, annotate, is_about_kept_error, keep_error, serving
from discreet.integrations.asgi import ASGIMiddleware

if TYPE_CHECKING:
    from collections.abc import Collection

    from quart import Quart

__all__ = ["annotate", "instrument"]

AppT = TypeVar("AppT", bound="Quart")


def instrument(
    app: AppT,
    *,
    request_id_header: str = REQUEST_ID_HEADER,
    trust_incoming: bool = True,
    quiet: Collection[str] = (),
) -> AppT:
    """Record each request of this application, and return it; the options are those of `ASGIMiddleware`.

    Quart answers an unhandled exception with 500 before any middleware can see it. With this, the exception stands in
    the request's record, in place of Quart's own row "Exception on request". Calling it again changes nothing.
    """
    library = load_library(__name__, "quart")
    if not isinstance(app.asgi_app, ASGIMiddleware):
        library.got_request_exception.connect(_keep_error, app)
        library.request_started.connect(_keep_route, app)
        application: Any = app  # Quart types it with messages of its own
        application.asgi_app = ASGIMiddleware(
            app.asgi_app,  # type: ignore[arg-type]  # likewise
            request_id_header=request_id_header,
            trust_incoming=trust_incoming,
            quiet=quiet,
        )
        duplicate_rows[app.name] = is_about_kept_error
    return app


def _keep_error(_sender: object, exception: BaseException | None = None, **_: Any) -> None:
    keep_error(exception)


def _keep_route(_sender: object, **_: Any) -> None:
    from quart import request as quarts

    request = serving.get()
    if request is not None and quarts.url_rule is not None:
        request.route = quarts.url_rule.rule
