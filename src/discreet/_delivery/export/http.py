"""One POST over urllib3: no retry, no redirect, no cookie; what an answer means is decided elsewhere."""

from __future__ import annotations

import http.client
import io
import os
import queue
import ssl
import time
import urllib.request
import zlib
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import unquote, urlsplit

from discreet._base.diagnostics import reason_of
from discreet._delivery.export.exporter import Result, Unreachable
from discreet._delivery.export.retry import parse_retry_after
from discreet.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Container, Mapping, Sequence

    import urllib3

_MOST_BYTES = 4 << 20  # of an answer; nothing that is read of it is longer
_CHUNK = 64 << 10
_MOST_BEFORE = 20  # answers before the final one
_abandoned: list[object] = []  # connections of a parent process; even to collect them could close or lock something


class Answer(NamedTuple):
    """What came back. Header names are found in any case. Status 0: nothing was sent, for this reason."""

    status: int
    headers: Mapping[str, str]
    body: bytes | None
    """None: it cannot be read, since it is too long, or encoded in a way that was not asked for."""
    reason: str = ""

    @property
    def after(self) -> float | None:
        """Seconds that the receiver asked us to wait."""
        return parse_retry_after(self.headers.get("retry-after"))

    def refusal(self, batch: Sequence[bytes], retryable: Container[int]) -> Result:
        """The result where the receiver took nothing of the batch; with a retryable status it may take it later."""
        reason = self.reason or f"HTTP {self.status}"
        if not self.status or self.status in retryable:
            return Result(0, retry=batch, after=self.after, reason=reason)
        if self.status in (400, 413, 422) and len(batch) > 1:
            return Result(0, reason=reason, split=True, is_content=self.status != 413)
        return Result(0, {reason: len(batch)}, reason=reason)

    def unreadable(self, batch: Sequence[bytes]) -> Result:
        """The result where the status says yes, and the rest is not what this receiver says: a proxy's page, perhaps.

        So nobody knows whether the records arrived, and they are sent again.
        """
        return Result(0, retry=batch, after=self.after, reason=f"HTTP {self.status} with an answer that cannot be read")


class Http:
    """Connections for one sender thread, kept alive between requests. Proxies are taken from the environment.

    Files are in PEM format. Raises `ModuleNotFoundError` without urllib3, and `ConfigurationError` for a file that
    cannot be read.
    """

    def __init__(
        self, *, ca_file: str | None = None, client_certificate: str | None = None, client_key: str | None = None
    ) -> None:
        import urllib3  # an extra's: only who sends over HTTP needs it

        "x".encode("idna")  # imported now: a child that is forked during an import could never import it
        self._context = _context(ca_file, client_certificate, client_key)
        self._urllib3 = urllib3
        self.deadline = 0.0
        """When the answer to the request that is being sent has to be there."""
        self._process = os.getpid()
        self._managers: dict[str | None, urllib3.PoolManager] = {}

    def post(self, url: str, body: bytes, headers: Mapping[str, str], timeout: float) -> Answer:
        """The answer, whatever its status. Raises `Unreachable` where there is none within `timeout` seconds."""
        deadline = self.deadline = time.monotonic() + timeout
        errors = self._urllib3.exceptions
        try:
            response = self._manager(url).request(
                "POST",
                url,
                body=body,
                headers={**headers, "accept-encoding": "identity"},
                timeout=self._urllib3.Timeout(total=timeout),
                retries=False,
                redirect=False,
                preload_content=False,
                decode_content=False,  # a few kilobytes can hold gigabytes: it is done here, up to a limit
            )
            try:
                content = _decoded(_read(response, deadline), response.headers.get("content-encoding", ""))
            except BaseException:
                response.close()
                raise
            response.release_conn()
            return Answer(response.status, response.headers, content)
        except (errors.HTTPError, OSError) as error:
            raise Unreachable(_reason(error)) from error

    def _manager(self, url: str) -> urllib3.PoolManager:
        proxy = _proxy(url)
        manager = self._managers.get(proxy)
        if manager is None:
            options: dict[str, Any] = {"num_pools": 4, "maxsize": 1, "ssl_context": self._context}
            manager = (
                self._urllib3.PoolManager(**options)
                if proxy is None
                else self._urllib3.ProxyManager(proxy, proxy_headers=_authorization(self._urllib3, proxy), **options)
            )
            pools: Any = {"http": self._urllib3.HTTPConnectionPool, "https": self._urllib3.HTTPSConnectionPool}
            for scheme, pool in pools.items():
                connection = type("Connection", (pool.ConnectionCls,), {"response_class": _response_class(self)})
                pools[scheme] = type("Pool", (pool,), {"QueueCls": Shelf, "ConnectionCls": connection})
            manager.pool_classes_by_scheme = pools
            self._managers[proxy] = manager
        return manager

    def disconnect(self) -> None:
        """Close all connections; the next request makes another. A forked child must call this before it sends."""
        managers, self._managers = self._managers, {}
        if self._process == os.getpid():
            for manager in managers.values():
                manager.clear()
        else:
            self._process = os.getpid()
            _abandoned.append(managers)


class Shelf:
    """Where a pool keeps its one idle connection, without a lock.

    One thread uses it, and a child that was forked while that thread held a lock would wait for it at its exit.
    """

    def __init__(self, maxsize: int = 0) -> None:
        self._maxsize = maxsize
        self._kept: list[Any] = []

    def put(self, item: Any, block: bool = True, timeout: float | None = None) -> None:
        """Keep an item. Raises `queue.Full`."""
        if 0 < self._maxsize <= len(self._kept):
            raise queue.Full
        self._kept.append(item)

    def get(self, block: bool = True, timeout: float | None = None) -> Any:
        """The item that was kept last. Raises `queue.Empty`."""
        try:
            return self._kept.pop()
        except IndexError:
            raise queue.Empty from None

    def qsize(self) -> int:
        """How many items there are."""
        return len(self._kept)


def _read(response: Any, deadline: float) -> bytes | None:
    """The body, as far as anybody needs it; a receiver that sends it byte by byte does not hold us up."""
    parts: list[bytes] = []
    size = 0
    while part := response.read1(_CHUNK, decode_content=False):
        parts.append(part)
        size += len(part)
        if size > _MOST_BYTES:
            response.close()  # the rest stays unread, so the connection is of no more use
            return None
        if time.monotonic() > deadline:
            raise TimeoutError
    return b"".join(parts)


def _decoded(body: bytes | None, encoding: str) -> bytes | None:
    """The body without its one encoding; None for what is not plainly that, or becomes too long."""
    encoding = encoding.strip().lower()
    if body is None or not body or encoding in ("", "identity"):
        return body
    if encoding not in ("gzip", "x-gzip", "deflate"):
        return None
    decoder = zlib.decompressobj(wbits=zlib.MAX_WBITS | 32)  # gzip or zlib, as its head says
    try:
        content = decoder.decompress(body, _MOST_BYTES)
    except zlib.error:
        return None
    return content if decoder.eof else None


class _TimedReader(io.RawIOBase):
    """What a connection's socket receives, until a deadline: a receiver that drips its answer cannot outlast that."""

    def __init__(self, raw: Any, connection: Any, deadline: float) -> None:
        self._raw = raw
        self._connection = connection
        self._deadline = deadline

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        self._connection.settimeout(left)
        received: int | None = self._raw.readinto(buffer)
        return received

    def close(self) -> None:
        if not self.closed:
            self._raw.close()
        super().close()


def _response_class(client: Http) -> type[http.client.HTTPResponse]:
    class Response(http.client.HTTPResponse):
        """The final answer: those that come before it (100 Continue, 103 Early Hints) say nothing about the request."""

        def __init__(self, sock: Any, *args: Any, **options: Any) -> None:
            super().__init__(sock, *args, **options)
            if isinstance(self.fp, io.BufferedReader):
                self.fp = io.BufferedReader(_TimedReader(self.fp.detach(), sock, client.deadline))

        def _read_status(self) -> tuple[str, int, str]:
            for _ in range(_MOST_BEFORE):
                read: Any = super()
                found: tuple[str, int, str] = read._read_status()  # noqa: SLF001 - http.client's own loop skips 100 alone
                if not 100 <= found[1] < 200 or found[1] == 101:
                    return found
                http.client.parse_headers(self.fp)
            raise http.client.HTTPException("no final answer")

    return Response


def _context(ca_file: str | None, client_certificate: str | None, client_key: str | None) -> ssl.SSLContext:
    setting, value = "ca_file", ca_file
    try:
        context = ssl.create_default_context(cafile=ca_file)
        if client_certificate is not None:
            setting, value = "client_certificate", client_certificate
            context.load_cert_chain(client_certificate, client_key, password=_no_password)
    except (OSError, ValueError) as error:
        problem = f"cannot be used ({getattr(error, 'strerror', None) or type(error).__name__})"
        raise ConfigurationError(setting, value, problem, "Name a readable file in PEM format") from None
    return context


def _no_password() -> str:
    raise ValueError  # OpenSSL would ask for it on the terminal


def _proxy(url: str) -> str | None:
    """As the rest of the system has it: HTTPS_PROXY and its likes, unless NO_PROXY names the host."""
    parts = urlsplit(url)
    proxies = urllib.request.getproxies()
    proxy = proxies.get(parts.scheme) or proxies.get("all")
    if not proxy or urllib.request.proxy_bypass(parts.netloc.rpartition("@")[2]):
        return None
    return proxy if "://" in proxy else f"http://{proxy}"


def _authorization(module: Any, proxy: str) -> Mapping[str, str] | None:
    parts = urlsplit(proxy)
    if parts.username is None:
        return None
    user = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
    found: Mapping[str, str] = module.make_headers(proxy_basic_auth=user)
    return found


def _reason(error: BaseException) -> str:
    """The system's name for what went wrong, from the innermost error that has one; nothing of its text."""
    reason = ""
    here: BaseException | None = error
    while here is not None:
        if isinstance(here, ssl.SSLError):
            return type(here).__name__  # its number is OpenSSL's
        if isinstance(here, OSError):
            reason = reason_of(here)
        inner = getattr(here, "reason", None)
        here = inner if isinstance(inner, BaseException) else here.__cause__ or here.__context__
    if not reason or reason in ("OSError", "timeout"):
        reason = type(error).__name__
    return "timeout" if "Timeout" in reason else reason
