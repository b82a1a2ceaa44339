"""Litestar: one wide record per request, with the exception behind a 500, which Litestar logs in debug mode only.

app = Litestar(...)
instrument(app)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from discreet._base.imports import load_library
from discreet._takeover.log_record import duplicate_rows
from discreet.integrations._server import REQUEST_ID_HEADER, annotate, is_about_kept_error, keep_error
from discreet.integrations.asgi import ASGIMiddleware

if TYPE_CHECKING:
    from collections.abc import Collection

    from litestar import Litestar
    from litestar.types import Scope

__all__ = ["annotate", "instrument"]

AppT = TypeVar("AppT", bound="Litestar")


def instrument(
    app: AppT,
    *,
    request_id_header: str = REQUEST_ID_HEADER,
    trust_incoming: bool = True,
    quiet: Collection[str] = (),
) -> AppT:
    """Record each request of this application, and return it; the options are those of `ASGIMiddleware`.

    Calling it again changes nothing.
    """
    load_library(__name__, "litestar")
    if not isinstance(app.asgi_handler, ASGIMiddleware):
        application: Any = app  # Litestar types it with messages of its own
        application.asgi_handler = ASGIMiddleware(
            app.asgi_handler,  # type: ignore[arg-type]  # likewise
            request_id_header=request_id_header,
            trust_incoming=trust_incoming,
            quiet=quiet,
        )
        application.after_exception.append(_keep_error)
        duplicate_rows["litestar"] = is_about_kept_error
    return app


async def _keep_error(error: Exception, _scope: Scope) -> None:
    if getattr(error, "status_code", 500) >= 500:  # an HTTPException is an answer
        keep_error(error)
