"""`discreet.instrument(app)`: find the integration for a web application by its class."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, TypeVar

from discreet.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Collection

AppT = TypeVar("AppT")

_INTEGRATIONS = {
    "fastapi.applications.FastAPI": "fastapi",
    "starlette.applications.Starlette": "starlette",
    "litestar.app.Litestar": "litestar",
    "quart.app.Quart": "quart",
    "flask.app.Flask": "flask",
    "django.core.handlers.wsgi.WSGIHandler": "django",
    "django.core.handlers.asgi.ASGIHandler": "django",
}
"""By class: the module of `discreet.integrations`."""


def instrument(
    app: AppT,
    *,
    request_id_header: str = "x-request-id",
    trust_incoming: bool = True,
    quiet: Collection[str] = (),
) -> AppT:
    """Record each request of a web application, and give all that is logged during it the request's ids.

    The application is changed in place and returned: FastAPI, Starlette, Litestar, Quart, Flask, or the WSGI or ASGI
    application of Django. Call it once, anywhere after the application is made; calling it again changes nothing.

    request_id_header: where the request id comes in and goes out.
    trust_incoming: False ignores what clients send, for applications that face the internet directly.
    quiet: paths (as in `url.path`) whose requests are recorded at DEBUG if they go well: health checks.

    Raises `ConfigurationError` for any other application; that one has to be wrapped.
    """
    for base in type(app).__mro__:
        name = _INTEGRATIONS.get(f"{base.__module__}.{base.__qualname__}")
        if name is not None:  # imported by name: the core does not know the edges
            integration = import_module(f"discreet.integrations.{name}")
            instrumented: AppT = integration.instrument(
                app, request_id_header=request_id_header, trust_incoming=trust_incoming, quiet=quiet
            )
            return instrumented
    raise ConfigurationError(
        "instrument(app)",
        f"{type(app).__module__}.{type(app).__qualname__}",
        "not an application that can be changed in place",
        "Wrap it: app = ASGIMiddleware(app), of discreet.integrations.asgi, or WSGIMiddleware, of ...wsgi",
    )
