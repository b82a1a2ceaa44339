"""`discreet run`: what happens in each process of the program, before its first line.

discreet is configured, as `import discreet.auto` would. When a web server's module is imported later, the method that
loads the application is wrapped, so that the finished application gets our middleware: one record per request, with
ids. An application that has the middleware already is left alone.
"""

from __future__ import annotations

import inspect
import os
import sys
from typing import TYPE_CHECKING, Any

from discreet._base.imports import when_imported

if TYPE_CHECKING:
    from types import ModuleType

_PARENT_SERVICE = "_DISCREET_RUN_SERVICE"
"""The service's name, for workers of `multiprocessing`, whose command line does not show the program."""


def start() -> None:
    """Configure from the environment, and patch web servers when they are imported. Raises `ConfigurationError`."""
    from discreet._config.configure import install
    from discreet._config.settings import resolve

    argv = sys.argv
    name = len(sys.orig_argv) - len(argv)  # where `python -m shop.worker` has the module's name
    if argv[:1] == ["-m"] and name >= 0:  # this early in the start, `sys.argv` has `-m` in its place
        sys.argv = [sys.orig_argv[name], *argv[1:]]
    try:
        settings = resolve()
    finally:
        sys.argv = argv
    parents = os.environ.get(_PARENT_SERVICE)
    if parents is not None:
        service = parents if "--multiprocessing-fork" in argv else settings.service
        settings = settings.replace(service=service, advice=())  # only the first process gives advice
    install(settings)
    os.environ[_PARENT_SERVICE] = settings.service
    when_imported("uvicorn.config", _uvicorn)
    when_imported("gunicorn.app.base", _gunicorn)


def _uvicorn(module: ModuleType) -> None:
    original = module.Config.load

    def load(config: Any) -> None:
        original(config)
        # uvicorn's outermost layer puts the real client's address in place: our middleware belongs inside it.
        outer = config.loaded_app
        if type(outer).__name__ == "ProxyHeadersMiddleware":
            outer.app = _around_asgi(outer.app)
        else:
            config.loaded_app = _around_asgi(outer)

    module.Config.load = load


def _gunicorn(module: ModuleType) -> None:
    original = module.BaseApplication.wsgi

    def wsgi(application: Any) -> Any:
        if application.callable is None:
            app = original(application)
            call = getattr(app, "__call__", None)  # noqa: B004 - not whether it can be called, but how
            is_asgi = inspect.iscoroutinefunction(app) or inspect.iscoroutinefunction(call)
            application.callable = _around_asgi(app) if is_asgi else _around_wsgi(app)
        return application.callable

    module.BaseApplication.wsgi = wsgi


def _around_asgi(app: Any) -> Any:
    from discreet.integrations.asgi import ASGIMiddleware

    return app if _has(app, ASGIMiddleware) else ASGIMiddleware(app)


def _around_wsgi(app: Any) -> Any:
    from discreet.integrations.wsgi import WSGIMiddleware

    flask = sys.modules.get("flask")
    if flask is not None and isinstance(app, flask.Flask):
        from discreet.integrations.flask import instrument

        instrument(app)  # Flask handles exceptions itself; only this lets the middleware see them
    return app if _has(app, WSGIMiddleware) else WSGIMiddleware(app)


def _has(app: Any, middleware: type) -> bool:
    """Whether an application has the middleware: outermost, added as in Starlette and FastAPI, or as `wsgi_app`."""
    added = getattr(app, "user_middleware", ())
    return (
        isinstance(app, middleware)
        or isinstance(getattr(app, "wsgi_app", None), middleware)
        or any(getattr(entry, "cls", None) is middleware for entry in added)
    )
