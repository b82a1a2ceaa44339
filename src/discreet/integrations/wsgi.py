"""WSGI: one wide record per request, and ids on everything that is logged inside, streamed chunks included.

    application = WSGIMiddleware(application)
    app.wsgi_app = WSGIMiddleware(app.wsgi_app)  # Flask

For Flask, `discreet.integrations.flask` does this and a little more.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from contextvars import Context, copy_context
from typing import TYPE_CHECKING, Any

from discreet._context.ambient import current
from discreet._takeover.log_record import duplicate_rows
from discreet.integrations._server import (
    Middleware,
    Request,
    annotate,
    leave_out_gunicorn_rows,
    requests_are_recorded,
    serving,
)

if TYPE_CHECKING:
    import logging
    from collections.abc import Iterator

Environ = dict[str, Any]
StartResponse = Callable[..., Any]
App = Callable[[Environ, StartResponse], Iterable[bytes]]

__all__ = ["WSGIMiddleware", "annotate"]

_REQUEST_ID = "discreet.request_id"


class _Responding(threading.local):
    """The request that this thread's server is answering, also between two chunks, when no context is set."""

    request: Request | None = None


_responding = _Responding()


class WSGIMiddleware(Middleware[App]):
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

    def _leave_out_server_rows(self) -> None:
        leave_out_gunicorn_rows(f"{{{_REQUEST_ID}}}e")  # the atom of the entry in `environ`
        duplicate_rows["werkzeug"] = _is_access_row

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Serve one request."""
        if _REQUEST_ID in environ:
            return self.app(environ, start_response)
        names = ("traceparent", "tracestate", "baggage", self._header)
        keys = [(name, "HTTP_" + name.upper().replace("-", "_")) for name in names]
        request = self._request(
            str(environ.get("REQUEST_METHOD", "GET")),
            _path(environ),
            environ.get("REMOTE_ADDR") or None,
            [(name, environ[key]) for name, key in keys if key in environ],
        )
        environ[_REQUEST_ID] = request.request_id
        _responding.request = request
        context = copy_context()
        context.run(current.set, request.context)
        context.run(serving.set, request)
        try:
            chunks = context.run(self.app, environ, self._observed(start_response, request, environ))
        except BaseException as error:
            context.run(_fail, request, error)
            _responding.request = None
            raise
        return _body(chunks, request, context, environ)

    def _observed(self, start_response: StartResponse, request: Request, environ: Environ) -> StartResponse:
        """The server's `start_response`; it notes the status and adds the request id to the headers."""

        def start(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            digits = str(status)[:3]
            request.status = int(digits) if digits.isdecimal() else None
            request.route = _flask_route(environ) or request.route
            request.join_opentelemetry()
            if not any(name.lower() == self._header for name, _ in headers):
                headers = [*headers, (self._header, request.request_id)]
            if exc_info is None:
                return start_response(status, headers)
            request.error = exc_info[1]
            return start_response(status, headers, exc_info)

        return start


class _Body:
    """The body of one response: each chunk is produced, and the end is recorded, inside the request's context."""

    def __init__(self, chunks: Iterable[bytes], request: Request, context: Context, *, iterated: bool = True) -> None:
        self._chunks = chunks
        # Read here, before `close` is replaced on the object itself.
        self._close: Callable[[], object] | None = getattr(chunks, "close", None)
        self._iterator: Iterator[bytes] | None = None
        self._request = request
        self._context = context
        self._started = False
        self._exhausted = not iterated

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        try:
            return self._context.run(self._next_chunk)
        except StopIteration:
            self._exhausted = True
            raise
        except BaseException as error:
            self._context.run(_fail, self._request, error)
            raise

    def _next_chunk(self) -> bytes:
        if self._iterator is None:
            self._iterator = iter(self._chunks)
        chunk = next(self._iterator)
        self._started = True
        return chunk

    def close(self) -> None:
        """The server has finished: close the application's iterable, then write the record."""
        try:
            if self._close is not None:
                self._context.run(self._close)
        except BaseException as error:
            self._context.run(_fail, self._request, error)
            raise
        finally:
            self._context.run(self._record)
            if _responding.request is self._request:
                _responding.request = None

    def _record(self) -> None:
        request = self._request
        if request.status is None or request.status >= 500 or request.error is not None:
            request.record("error", **({} if request.status else {"error_type": "NoResponse"}))
        elif self._started and not self._exhausted and request.method != "HEAD":
            request.disconnected = True  # the server asked for no more chunks, because the client has left
            request.record("cancelled", f"{request.status} cancelled")
        else:
            request.record("ok")


class _SizedBody(_Body):
    """A body that came as a list: servers derive Content-Length from a length of 1 (PEP 3333)."""

    def __len__(self) -> int:
        chunks: Any = self._chunks
        return len(chunks)


def _fail(request: Request, error: BaseException) -> None:
    request.error = error
    request.record("error" if isinstance(error, Exception) else "cancelled")
    request.attach_context(error)


def _body(chunks: Iterable[bytes], request: Request, context: Context, environ: Environ) -> Iterable[bytes]:
    """The iterable for the server."""
    wrapper: Any = environ.get("wsgi.file_wrapper")
    if isinstance(wrapper, type) and isinstance(chunks, wrapper):
        # Servers send files by a system call if they get their own wrapper back: only its `close` is replaced.
        file_body = _Body(chunks, request, context, iterated=False)
        try:
            chunks.close = file_body.close  # type: ignore[attr-defined]  # PEP 3333 lets a wrapper have one
        except AttributeError:  # a wrapper with slots: its chunks are produced like all others
            return _Body(chunks, request, context)
        return chunks
    kind = _SizedBody if isinstance(chunks, (list, tuple)) else _Body
    return kind(chunks, request, context)


def _path(environ: Environ) -> str:
    """SCRIPT_NAME and PATH_INFO; WSGI gives their bytes as latin-1 text."""
    raw = f"{environ.get('SCRIPT_NAME', '')}{environ.get('PATH_INFO', '')}"
    try:
        return raw.encode("latin-1").decode("utf-8", "replace")
    except UnicodeEncodeError:  # a test client that has decoded it already
        return raw


def _flask_route(environ: Environ) -> str | None:
    """The rule that Flask matched, such as `/orders/<int:id>`. It can be read while Flask answers. Never raises."""
    try:
        rule: object = environ["werkzeug.request"].url_rule.rule
    except Exception:  # not Flask, or no rule matched
        return None
    return rule if isinstance(rule, str) else None


def is_responding() -> bool:
    """Whether this thread's server is answering a request that gets a record."""
    return _responding.request is not None


def _is_access_row(record: logging.LogRecord) -> bool:
    """Whether werkzeug's row is the access row of the request that this thread answers."""
    row: object = record.msg
    return is_responding() and isinstance(row, str) and " - - [" in row and requests_are_recorded()
