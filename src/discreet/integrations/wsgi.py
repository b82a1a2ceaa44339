"""WSGI: one wide record per request, and ids on everything that is logged inside, streamed chunks included.

    application = WSGIMiddleware(application)
    app.wsgi_app = WSGIMiddleware(app.wsgi_app)  # Flask

For Flask, `discreet.integrations.flask` does this and a little more.
"""

from __future__ import annotations

import threading
from contextvars import copy_context
from typing import TYPE_CHECKING, Any

from discreet._context.ambient import current
from discreet._context.trace_context import Carrier, accept_request_id, extract
from discreet._takeover.records import repeats
from discreet.integrations._request import (
    REQUEST_ID_HEADER,
    Request,
    access_is_told,
    annotate,
    serving,
    silence_gunicorn,
)
from discreet.integrations._wsgi_body import Body, SizedBody

if TYPE_CHECKING:
    import logging
    from collections.abc import Callable, Collection, Iterable
    from contextvars import Context

    Environ = dict[str, Any]
    StartResponse = Callable[..., Any]
    App = Callable[[Environ, StartResponse], Iterable[bytes]]

__all__ = ["WSGIMiddleware", "annotate"]

_MARK = "discreet.request_id"


class _Answering(threading.local):
    """The request that this thread's server is writing out, also between two chunks, when no context is set."""

    request: Request | None = None


_answering = _Answering()


class WSGIMiddleware:
    """Wraps a WSGI application; `app` is the wrapped one.

    Each request runs in a `contextvars` context of its own, from the call over every chunk to `close()`, and starts
    from its carrier alone, so that a worker thread keeps nothing of it. The response carries the request id, unless
    the application set one. Exceptions pass on to the server.

    request_id_header: where the request id comes in and goes out.
    trust_incoming: False ignores what clients send, for applications that face the internet directly.
    quiet: paths (as in `url.path`) whose requests are recorded at DEBUG if they go well: health checks.

    While discreet has taken over `logging`, rows of gunicorn and werkzeug that say the same are left out: the access
    row and the row for an exception that is in our record already.
    """

    def __init__(
        self,
        app: App,
        *,
        request_id_header: str = REQUEST_ID_HEADER,
        trust_incoming: bool = True,
        quiet: Collection[str] = (),
    ) -> None:
        self.app = app
        self._header = request_id_header.lower()
        self._trust = trust_incoming
        self._quiet = frozenset(quiet)
        silence_gunicorn(f"{{{_MARK}}}e")  # the entry in `environ`
        repeats["werkzeug"] = _is_access_row

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Serve one request."""
        if _MARK in environ:
            return self.app(environ, start_response)
        path = _path(environ)
        request = Request(
            str(environ.get("REQUEST_METHOD", "GET")),
            path,
            environ.get("REMOTE_ADDR") or None,
            self._carrier(environ),
            quiet=path in self._quiet,
        )
        environ[_MARK] = request.request_id
        _answering.request = request
        inside = copy_context()
        inside.run(_begin, request)
        try:
            chunks = inside.run(self.app, environ, self._watched(start_response, request, environ))
        except BaseException as error:
            inside.run(_fail, request, error)
            _answering.request = None
            raise
        return _body(chunks, request, inside, environ)

    def _watched(self, start_response: StartResponse, request: Request, environ: Environ) -> StartResponse:
        """The server's `start_response`, with the request id in the headers and our eyes on the rest."""

        def start(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            request.status = _code(status)
            request.route = _flask_route(environ) or request.route
            request.join_opentelemetry()
            if not any(name.lower() == self._header for name, _ in headers):
                headers = [*headers, (self._header, request.request_id)]
            if exc_info is None:
                return start_response(status, headers)
            request.error = exc_info[1]
            return start_response(status, headers, exc_info)

        return start

    def _carrier(self, environ: Environ) -> Carrier | None:
        if not self._trust:
            return None
        names = ("traceparent", "tracestate", "baggage")
        headers = {name: environ[f"HTTP_{name.upper()}"] for name in names if f"HTTP_{name.upper()}" in environ}
        given = environ.get("HTTP_" + self._header.upper().replace("-", "_"))
        carrier = extract(headers)
        return Carrier(carrier.parent, carrier.baggage, accept_request_id(given))


def _begin(request: Request) -> None:
    current.set(request.context)
    serving.set(request)


def _fail(request: Request, error: BaseException) -> None:
    request.error = error
    request.record("error" if isinstance(error, Exception) else "cancelled")
    request.leave_with(error)


def _body(chunks: Iterable[bytes], request: Request, inside: Context, environ: Environ) -> Iterable[bytes]:
    """What the server iterates: the application's chunks, each produced inside the request's context."""

    def ended() -> None:
        if _answering.request is request:
            _answering.request = None

    wrapper: Any = environ.get("wsgi.file_wrapper")
    if isinstance(wrapper, type) and isinstance(chunks, wrapper):
        # Servers send files by a system call if they get their own wrapper back, so it only learns to close twice.
        file_body = Body(chunks, request, inside, ended, iterated=False)
        try:
            chunks.close = file_body.close  # type: ignore[attr-defined]  # PEP 3333 lets a wrapper have one
        except AttributeError:  # a wrapper with slots: its chunks then go the way of all others
            return Body(chunks, request, inside, ended)
        return chunks
    kind = SizedBody if isinstance(chunks, (list, tuple)) else Body
    return kind(chunks, request, inside, ended)


def _path(environ: Environ) -> str:
    """SCRIPT_NAME and PATH_INFO, which WSGI hands over as bytes in the clothes of latin-1."""
    raw = f"{environ.get('SCRIPT_NAME', '')}{environ.get('PATH_INFO', '')}"
    try:
        return raw.encode("latin-1").decode("utf-8", "replace")
    except UnicodeEncodeError:  # a test client that decoded it already
        return raw


def _code(status: str) -> int | None:
    digits = str(status)[:3]
    return int(digits) if digits.isdecimal() else None


def _flask_route(environ: Environ) -> str | None:
    """The rule that Flask matched, readable while it answers."""
    try:
        rule: object = environ["werkzeug.request"].url_rule.rule
    except Exception:  # not Flask, or no rule matched
        return None
    return rule if isinstance(rule, str) else None


def _is_access_row(record: logging.LogRecord) -> bool:
    """Whether werkzeug's row is the access row of the request that this thread answers."""
    row: object = record.msg
    return _answering.request is not None and isinstance(row, str) and " - - [" in row and access_is_told()
