"""The address of an OTLP receiver: URLs, gRPC targets, certificates; and the secrets among these settings.

These secrets are masked in every record, because an HTTP client may log the URL with its query.
"""

from __future__ import annotations

import base64
import os
import re
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from discreet._redaction.secrets import registry
from discreet.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from discreet._redaction.redactor import Redactor

HTTP_DEFAULT = "http://localhost:4318/v1/logs"
GRPC_DEFAULT = "http://localhost:4317"

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
_UNESCAPED_PASSWORD = re.compile(r"//[^/?#]*[/?#].*@", re.DOTALL)
"""A URL with `/`, `?` or `#` in its password, so that a part of the password would count as the host or the path."""

_AS_HTTP = "Write http://host:4318/v1/logs, or https://"
_AS_GRPC = "Write http://host:4317, https://host:4317 or host:4317"


class Endpoint(NamedTuple):
    """One receiver."""

    target: str
    """A URL for HTTP, host and port (or another gRPC name) for gRPC; without a user or a password."""
    secure: bool
    name: str
    """The address without user, password and query, which may be shown."""
    authorization: str | None
    """The user and password of the URL, as the value of the header `authorization`."""
    query: str = ""
    """The query of the URL, which may hold a key."""


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
        """The content of the files in the order of gRPC: authorities, key, certificate."""
        paths = (self.certificate, self.client_key, self.client_certificate)
        authorities, key, certificate = (None if path is None else Path(path).read_bytes() for path in paths)
        return authorities, key, certificate


def http_endpoint(text: str) -> Endpoint:
    """A URL for OTLP/HTTP; raises `ConfigurationError`."""
    url = _split(text, _AS_HTTP)
    if url.scheme.lower() not in ("http", "https") or not url.hostname:
        raise _wrong(text, "not a URL of a receiver", _AS_HTTP)
    place, path, query = _place(url.hostname, url.port), url.path or "/", f"?{url.query}" if url.query else ""
    scheme = url.scheme.lower()
    name = f"{scheme}://{place}{path}"
    return Endpoint(f"{name}{query}", scheme == "https", name, _basic(url.netloc), url.query)


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


def _split(text: str, remedy: str) -> SplitResult:
    if _UNESCAPED_PASSWORD.search(text):
        raise _wrong(
            text,
            "an `@` after the host",
            "In a user, a password, a path or a query, write @ as %40, / as %2F, ? as %3F and # as %23",
        )
    try:
        url = urlsplit(text.strip())
        _ = url.port  # raises for a wrong port
    except ValueError:
        raise _wrong(text, "not a URL", remedy) from None
    return url


def shown(text: str) -> str:
    """The part of a URL that may be shown: without user, password and query, even if the URL is malformed."""
    text = text.strip()
    scheme = _SCHEME.match(text)
    start = scheme[0] if scheme else ""
    rest = text[len(start) :]
    before, at, after = rest.rpartition("@")
    if at:  # an `@` after `?` or `#` may be in a password or in a query
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
    """Basic authentication (RFC 7617) for a URL with `user:password@`."""
    user, at, _ = netloc.rpartition("@")
    return f"Basic {base64.b64encode(unquote(user).encode()).decode()}" if at else None


_KEY_LIKE = re.compile(r"(?=[A-Za-z]*\d)(?=\d*[A-Za-z])[A-Za-z0-9]{8}")
"""Letters and digits in one word, which keys have and names of tenants do not."""
_SHORTEST_KEY = 16
"""Characters of a value that counts as a key although its name is not that of a secret."""


def register_secrets(endpoint: Endpoint, headers: Mapping[str, str], redactor: Redactor) -> None:
    """Mask the credentials from now on: values with the name of a secret, and values that look like a key."""
    for name, value in _credentials(endpoint, headers):
        kind = redactor.key(name)
        if kind is None and len(value) >= _SHORTEST_KEY and _KEY_LIKE.search(value):
            kind = "api-key"
        registry.add_environment({name: value}, {name: kind}.get)


def _credentials(endpoint: Endpoint, headers: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for name, value in headers.items():
        scheme, _, credential = value.rpartition(" ")  # a scheme such as Bearer is not a secret
        yield name, credential
        if scheme.strip().lower() == "basic":  # RFC 7617
            with suppress(ValueError):
                yield "password", base64.b64decode(credential, validate=True).decode().partition(":")[2]
    for part in endpoint.query.split("&"):
        name, _, raw = part.partition("=")
        yield name, raw
        yield from parse_qsl(part)
