"""Where an OTLP receiver is, and how to trust it: URLs, gRPC targets, certificates."""

from __future__ import annotations

import base64
import os
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from discreet.errors import ConfigurationError

HTTP_DEFAULT = "http://localhost:4318/v1/logs"
GRPC_DEFAULT = "http://localhost:4317"


class Endpoint(NamedTuple):
    """One receiver."""

    target: str
    """A URL for HTTP, host and port (or another gRPC name) for gRPC; without a user or a password."""
    secure: bool
    name: str
    """What may be shown: no user, no password, no query."""
    authorization: str | None
    """Basic credentials that stood in the URL, as a header's value."""


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
            raise ConfigurationError(
                "client_certificate", self.client_certificate, "a certificate and its key belong together", "Give both"
            )

    def read(self) -> tuple[bytes | None, bytes | None, bytes | None]:
        """Authorities, key and certificate, as gRPC takes them."""
        return _content(self.certificate), _content(self.client_key), _content(self.client_certificate)


def http_endpoint(text: str) -> Endpoint:
    """A URL for OTLP/HTTP; raises `ConfigurationError`."""
    url = _split(text)
    if url.scheme.lower() not in ("http", "https") or not url.hostname:
        raise _wrong(text, "not a URL of a receiver", "Write http://host:4318/v1/logs, or https://")
    place = _place(url.hostname, url.port)
    path = url.path or "/"
    query = f"?{url.query}" if url.query else ""
    scheme = url.scheme.lower()
    return Endpoint(
        f"{scheme}://{place}{path}{query}", scheme == "https", f"{scheme}://{place}{path}", _basic(url.netloc)
    )


def grpc_endpoint(text: str, *, insecure: bool) -> Endpoint:
    """A URL or a gRPC name (`host:port`, `dns:///...`, `unix:...`); a scheme of http or https decides about TLS."""
    if not text.lower().startswith(("http://", "https://")):
        if not text or "@" in text:
            raise _wrong(text, "not a gRPC name", "Write http://host:4317, https://host:4317 or host:4317")
        return Endpoint(text, not insecure, f"grpc://{text}", None)
    url = _split(text)
    if not url.hostname:
        raise _wrong(text, "no host in it", "Write http://host:4317, or https://")
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


def _split(text: str) -> _Url:
    try:
        url = urlsplit(text.strip())
        return _Url(url.scheme, url.netloc, url.hostname, url.port, url.path, url.query)
    except ValueError:
        raise _wrong(text, "not a URL", "Write http://host:4318/v1/logs, or https://") from None


def _wrong(text: str, problem: str, remedy: str) -> ConfigurationError:
    # A URL may hold a password or a key: only what comes before them is shown.
    shown = text.partition("?")[0].rpartition("@")[2]
    return ConfigurationError("endpoint", shown, problem, remedy)


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
