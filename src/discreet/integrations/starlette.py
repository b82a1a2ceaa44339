"""Starlette, and what is built on it: one wide record per request, with the application left the object it is.

app = Starlette(...)
instrument(app)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from discreet._base.imports import load_library
from discreet.integrations._server import REQUEST_ID_HEADER, annotate
from discreet.integrations.asgi import ASGIMiddleware

if TYPE_CHECKING:
    from collections.abc import Collection

    from starlette.applications import Starlette

__all__ = ["annotate", "instrument"]

AppT = TypeVar("AppT", bound="Starlette")


def instrument(
    app: AppT,
    *,
    request_id_header: str = REQUEST_ID_HEADER,
    trust_incoming: bool = True,
    quiet: Collection[str] = (),
) -> AppT:
    """Record each request of this application, and return it; the options are those of `ASGIMiddleware`.

    The middleware goes around the whole stack, outside the handler that answers 500, wherever this call stands:
    before or after routes and other middleware are added. Calling it again changes nothing.
    """
    load_library(__name__, "starlette")

    def wrapped(stack: Any) -> ASGIMiddleware:
        return ASGIMiddleware(stack, request_id_header=request_id_header, trust_incoming=trust_incoming, quiet=quiet)

    build = app.build_middleware_stack
    if not hasattr(build, "__discreet__"):

        def build_middleware_stack() -> ASGIMiddleware:
            return wrapped(build())

        build_middleware_stack.__discreet__ = True  # type: ignore[attr-defined]  # how a second call knows of the first
        app.build_middleware_stack = build_middleware_stack  # type: ignore[method-assign]  # Starlette calls it once
        if app.middleware_stack is not None:  # it has served requests already
            app.middleware_stack = wrapped(app.middleware_stack)
    return app
