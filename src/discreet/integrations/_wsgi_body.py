"""The body of one WSGI response, from its first chunk to `close()`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from contextvars import Context

    from discreet.integrations._request import Request


class Body:
    """An application's chunks; each is produced, and the end is recorded, inside the request's context."""

    def __init__(
        self,
        chunks: Iterable[bytes],
        request: Request,
        inside: Context,
        ended: Callable[[], None],
        *,
        iterated: bool = True,
    ) -> None:
        self._chunks = chunks
        # Taken before anybody replaces it on the object itself.
        self._close: Callable[[], object] | None = getattr(chunks, "close", None)
        self._iterator: Iterator[bytes] | None = None
        self._request = request
        self._inside = inside
        self._ended = ended
        self._begun = False
        self._exhausted = not iterated

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        try:
            return self._inside.run(self._step)
        except StopIteration:
            self._exhausted = True
            raise
        except BaseException as error:
            self._inside.run(self._fail, error)
            raise

    def _step(self) -> bytes:
        if self._iterator is None:
            self._iterator = iter(self._chunks)
        chunk = next(self._iterator)
        self._begun = True
        return chunk

    def _fail(self, error: BaseException) -> None:
        self._request.error = error
        self._request.record("error" if isinstance(error, Exception) else "cancelled")
        self._request.leave_with(error)

    def close(self) -> None:
        """The server is done: close the application's iterable, then record."""
        try:
            if self._close is not None:
                self._inside.run(self._close)
        except BaseException as error:
            self._inside.run(self._fail, error)
            raise
        finally:
            self._inside.run(self._finish)
            self._ended()

    def _finish(self) -> None:
        request = self._request
        if request.status is None or request.status >= 500 or request.error is not None:
            request.record("error", **({} if request.status else {"error_type": "NoResponse"}))
        elif self._begun and not self._exhausted and request.method != "HEAD":
            request.disconnected = True  # the server stopped asking: nobody listens
            request.record("cancelled", f"{request.status} cancelled")
        else:
            request.record("ok")


class SizedBody(Body):
    """A body that came as a list: servers derive Content-Length from a length of 1 (PEP 3333)."""

    def __len__(self) -> int:
        chunks: Any = self._chunks
        return len(chunks)
