"""Flask: the WSGI middleware, and unhandled exceptions in the request's own record.

    from discreet.integrations.flask import instrument

    app = Flask(__name__)
    instrument(app)

Without it, `WSGIMiddleware` alone leaves an unhandled exception to Flask's own row, beside the request's record.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from discreet._base.imports import load_library
from discreet._takeover.log_record import duplicate_rows
from discreet.integrations._server import REQUEST_ID_HEADER, annotate, is_about_kept_error, keep_error
from discreet.integrations.wsgi import WSGIMiddleware

if TYPE_CHECKING:
    from collections.abc import Collection

    from flask import Flask

__all__ = ["annotate", "instrument"]

AppT = TypeVar("AppT", bound="Flask")


def instrument(
    app: AppT,
    *,
    request_id_header: str = REQUEST_ID_HEADER,
    trust_incoming: bool = True,
    quiet: Collection[str] = (),
) -> AppT:
    """Record each request of this application, and return it; the options are those of `WSGIMiddleware`.

    Flask answers an unhandled exception with 500 before any middleware can see it. With this, the exception stands in
    the request's record, in place of Flask's own row "Exception on /path [GET]". Calling it again changes nothing.
    """
    library = load_library(__name__, "flask")
    if isinstance(app.wsgi_app, WSGIMiddleware):
        return app
    library.got_request_exception.connect(_keep_error, app)
    app.wsgi_app = WSGIMiddleware(  # type: ignore[method-assign]  # how Flask wants middleware applied
        app.wsgi_app, request_id_header=request_id_header, trust_incoming=trust_incoming, quiet=quiet
    )
    duplicate_rows[app.name] = is_about_kept_error
    return app


def _keep_error(_sender: object, exception: BaseException | None = None, **_: Any) -> None:
    keep_error(exception)
