"""Where an OTLP receiver is, and how to trust it: URLs, gRPC targets, certificates."""

from __future__ import annotations

import base64
import os
import re
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from discreet.errors import ConfigurationError

HTTP_DEFAULT = "http://localhost:4318/v1/logs"
GRPC_DEFAULT = "http://localhost:4317"


_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
_BROKEN = re.compile(r"//[^/?#]*[/?#].*@", re.DOTALL)
"""A password with such a character: a part of it would be taken for the host or the path."""

_AS_HTTP = "Write http://host:4318/v1/logs, or https://"
_AS_GRPC = "Write http://host:4317, https://host:4317 or host:4317"


class Endpoint(NamedTuple):
    """One receiver."""

    target: str
    """A URL for HTTP, host and port (or another gRPC name) for gRPC; without a user or a password."""
    secure: bool
    name: str
    """What may be shown: no user, no password, no query."""
    authorization: str | None
    """Basic credentials that stood in the URL, as a header's value."""
    query: str = ""
    """What of the target may hold a key."""


class Tls(NamedTuple):
    """Files in PEM form: the authorities to trust, and the client's own certificate with its key."""

    certificate: str | None = None
    client_certificate: str | None = None
    client_key: str | None = None

    def check(self) -> None:
        """Raise `ConfigurationError` for a file that cannot be read."""
        for setting, path in zip(self._fields, self, strict=True):
            if path is not None and not os.access(path, os.R_OK):
                raise ConfigurationError(setting, path, "cannot be read", "Name a readable file in PEM form")
        if (self.client_certificate is None) is not (self.client_key is None):
            setting = "client_key" if self.client_certificate is None else "client_certificate"
            raise ConfigurationError(
                setting, getattr(self, setting), "a certificate and its key belong together", "Give both"
            )

    def read(self) -> tuple[bytes | None, bytes | None, bytes | None]:
        """Authorities, key and certificate, as gRPC takes them."""
        return _content(self.certificate), _content(self.client_key), _content(self.client_certificate)


def http_endpoint(text: str) -> Endpoint:
    """A URL for OTLP/HTTP; raises `ConfigurationError`."""
    url = _split(text, _AS_HTTP)
    if url.scheme.lower() not in ("http", "https") or not url.hostname:
        raise _wrong(text, "not a URL of a receiver", _AS_HTTP)
    place = _place(url.hostname, url.port)
    path = url.path or "/"
    query = f"?{url.query}" if url.query else ""
    scheme = url.scheme.lower()
    return Endpoint(
        f"{scheme}://{place}{path}{query}",
        scheme == "https",
        f"{scheme}://{place}{path}",
        _basic(url.netloc),
        url.query,
    )


def grpc_endpoint(text: str, *, insecure: bool) -> Endpoint:
    """A URL or a gRPC name (`host:port`, `dns:///...`, `unix:...`); a scheme of http or https decides about TLS."""
    text = text.strip()
    if not text.lower().startswith(("http://", "https://")):
        if not text or any(mark in text for mark in "@?#"):
            raise _wrong(text, "not a gRPC name", _AS_GRPC)
        return Endpoint(text, not insecure, f"grpc://{text}", None)
    url = _split(text, _AS_GRPC)
    if not url.hostname:
        raise _wrong(text, "no host in it", _AS_GRPC)
    secure = url.scheme.lower() == "https"
    place = _place(url.hostname, url.port or (443 if secure else 80))
    return Endpoint(place, secure, f"grpc://{place}", _basic(url.netloc))


class _Url(NamedTuple):
    scheme: str
    netloc: str
    hostname: str | None
    port: int | None
    path: str
    query: str


def _split(text: str, remedy: str) -> _Url:
    if _BROKEN.search(text):
        raise _wrong(
            text,
            "an `@` after the host",
            "In a user, a password, a path or a query, write @ as %40, / as %2F, ? as %3F and # as %23",
        )
    try:
        url = urlsplit(text.strip())
        return _Url(url.scheme, url.netloc, url.hostname, url.port, url.path, url.query)
    except ValueError:
        raise _wrong(text, "not a URL", remedy) from None


def shown(text: str) -> str:
    """What may be shown of a text that was meant to be a URL: no user, no password, no query, however it is written."""
    text = text.strip()
    scheme = _SCHEME.match(text)
    start = scheme[0] if scheme else ""
    rest = text[len(start) :]
    before, at, after = rest.rpartition("@")
    if at:  # after `?` or `#`, the last `@` may be part of a password as well as of a query
        return f"{start}…" if "?" in before or "#" in before else f"{start}…@{_before_query(after)}"
    return start + _before_query(rest)


def _before_query(text: str) -> str:
    before, *rest = re.split(r"[?#]", text, maxsplit=1)
    return f"{before}?…" if rest else before


def _wrong(text: str, problem: str, remedy: str) -> ConfigurationError:
    return ConfigurationError("endpoint", shown(text), problem, remedy)


def _place(host: str, port: int | None) -> str:
    host = f"[{host}]" if ":" in host else host
    return host if port is None else f"{host}:{port}"


def _basic(netloc: str) -> str | None:
    """RFC 7617, for a URL with `user:password@`."""
    user, at, _ = netloc.rpartition("@")
    return f"Basic {base64.b64encode(unquote(user).encode()).decode()}" if at else None


def _content(path: str | None) -> bytes | None:
    if path is None:
        return None
    with open(path, "rb") as file:
        return file.read()
