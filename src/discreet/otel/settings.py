"""The settings of the OTLP sink: the `OTEL_*` variables for logs, the receiver's address, and the secrets among them.

Sources: specification, configuration/sdk-environment-variables.md and protocol/exporter.md. A wrong number or word is
reported on stderr and the default is used, as the specification requires; an empty value counts as not set. No message
here quotes a value. The secrets are masked in every record, because an HTTP client may log the URL with its query.
"""

from __future__ import annotations

import base64
import os
import re
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from discreet._base.diagnostics import Reporter
from discreet._context.baggage import percent_decode
from discreet._delivery.export.retry import LONGEST_WAIT
from discreet._encoding.schemas.otel import Limits
from discreet._redaction.secrets import registry
from discreet.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from discreet._redaction.redactor import Redactor

PROTOCOLS = ("http/protobuf", "http/json", "grpc")
COMPRESSIONS = ("none", "gzip")
_HEADER_NAME = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")  # RFC 9110, section 5.6.2: a token
_HEADER_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]*")  # RFC 9110, section 5.5: no control characters

GENERAL_ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT"
_CHECKED_LATER = ("endpoint", "certificate", "client_key", "client_certificate")

_reporter = Reporter()  # each problem is reported once per process


@dataclass(frozen=True)
class Exporter:
    """The exporter's settings. None and an empty text: not set."""

    endpoint: str = ""
    """If it comes from the general variable, the path of logs is appended already."""
    protocol: str = "http/protobuf"
    headers: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    timeout: float | None = None
    """Seconds; in the variable, 0 means no limit, and the sink's default is used."""
    compression: str = "none"
    certificate: str | None = None
    client_key: str | None = None
    client_certificate: str | None = None
    insecure: bool = False
    variables: Mapping[str, str] = field(default_factory=dict[str, str])
    """The variable that each setting comes from, for the errors of settings that are checked later."""


def disabled(environ: Mapping[str, str]) -> bool:
    """Whether the variables switch the export of logs off."""
    exporters = [name.strip().lower() for name in environ.get("OTEL_LOGS_EXPORTER", "").split(",") if name.strip()]
    return _boolean("OTEL_SDK_DISABLED", environ.get("OTEL_SDK_DISABLED", "").strip()) or (
        bool(exporters) and "otlp" not in exporters
    )


def exporter(environ: Mapping[str, str]) -> Exporter:
    """The exporter's settings: `OTEL_EXPORTER_OTLP_LOGS_*` before `OTEL_EXPORTER_OTLP_*`."""

    def names(name: str) -> tuple[str, str]:
        return f"OTEL_EXPORTER_OTLP_LOGS_{name}", f"OTEL_EXPORTER_OTLP_{name}"

    def first(name: str) -> tuple[str, str]:
        return next(_given(environ, *names(name)), ("", ""))

    def choice(name: str, words: tuple[str, ...]) -> str:
        """The first of these words is the default."""
        found = _read(environ, names(name), lambda text: words.index(text.lower()), f"one of {', '.join(words)}")
        return words[found or 0]

    protocol = choice("PROTOCOL", PROTOCOLS)
    variable, endpoint = first("ENDPOINT")
    if variable == GENERAL_ENDPOINT and protocol != "grpc":  # the base of all signals: the path of logs is appended
        base, question, query = endpoint.partition("?")
        endpoint = base.rstrip("/") + "/v1/logs" + question + query
    headers_variable, text = first("HEADERS")
    found, wrong = headers(text)
    if wrong:
        _warn(f"{headers_variable} has {wrong} entries that are not name=value, and they are ignored")
    return Exporter(
        endpoint=endpoint,
        protocol=protocol,
        headers=found,
        timeout=_seconds(_number(environ, *names("TIMEOUT"))) or None,
        compression=choice("COMPRESSION", COMPRESSIONS),
        certificate=first("CERTIFICATE")[1] or None,
        client_key=first("CLIENT_KEY")[1] or None,
        client_certificate=first("CLIENT_CERTIFICATE")[1] or None,
        insecure=_boolean(*first("INSECURE")),
        variables={name: variable for name in _CHECKED_LATER if (variable := first(name.upper())[0])},
    )


def headers(text: str) -> tuple[dict[str, str], int]:
    """The headers in `name=value,name=value`, percent-encoded as W3C Baggage, and the number of wrong entries."""
    found: dict[str, str] = {}
    wrong = 0
    for pair in text.split(","):
        if not pair.strip():
            continue
        name, equals, value = pair.partition("=")
        name, value = percent_decode(name.strip()).lower(), percent_decode(value.strip())
        if equals and _HEADER_NAME.fullmatch(name) and _HEADER_VALUE.fullmatch(value):
            found[name] = value
        else:
            wrong += 1
    return found, wrong


def batching(environ: Mapping[str, str]) -> dict[str, float | None]:
    """The settings in `OTEL_BLRP_*` as options of the sink; None: not set. `timeout` is the most for one export."""
    queue = _number(environ, "OTEL_BLRP_MAX_QUEUE_SIZE", least=1)
    batch = _number(environ, "OTEL_BLRP_MAX_EXPORT_BATCH_SIZE", least=1)
    if queue is not None and batch is not None and batch > queue:
        _warn("OTEL_BLRP_MAX_EXPORT_BATCH_SIZE is larger than OTEL_BLRP_MAX_QUEUE_SIZE; the smaller of them is used")
        batch = queue
    return {
        "delay": _seconds(_number(environ, "OTEL_BLRP_SCHEDULE_DELAY")),
        "timeout": _seconds(_number(environ, "OTEL_BLRP_EXPORT_TIMEOUT")) or None,  # 0 means no limit
        "queue_count": queue,
        "batch_count": batch,
    }


def limits(environ: Mapping[str, str]) -> Limits:
    """The limits of attributes: `OTEL_LOGRECORD_ATTRIBUTE_*_LIMIT` before `OTEL_ATTRIBUTE_*_LIMIT`."""

    def read(name: str) -> int | None:
        return _number(environ, f"OTEL_LOGRECORD_ATTRIBUTE_{name}_LIMIT", f"OTEL_ATTRIBUTE_{name}_LIMIT")

    count = read("COUNT")
    return Limits(Limits().most if count is None else count, read("VALUE_LENGTH"))


def _given(environ: Mapping[str, str], *names: str) -> Iterator[tuple[str, str]]:
    """Those of the variables that are not empty, each with its text."""
    return ((name, text) for name in names if (text := environ.get(name, "").strip()))


def _read(environ: Mapping[str, str], names: Sequence[str], parse: Callable[[str], int], wanted: str) -> int | None:
    """The number that the first of these variables gives; None if none is set. A wrong one is reported and ignored."""
    for name, text in _given(environ, *names):
        try:
            return parse(text)
        except ValueError:
            _warn(f"{name} is not {wanted}, and is ignored")
    return None


def _number(environ: Mapping[str, str], *names: str, least: int = 0) -> int | None:
    def parse(text: str) -> int:
        if int(text) < least:
            raise ValueError(text)
        return int(text)

    return _read(environ, names, parse, f"a whole number from {least} up")


def _seconds(milliseconds: int | None) -> float | None:
    return None if milliseconds is None else min(milliseconds / 1000, LONGEST_WAIT)


def _boolean(variable: str, text: str) -> bool:
    if text.lower() not in ("", "true", "false"):
        _warn(f"{variable} is neither true nor false, and counts as false")
    return text.lower() == "true"


def _warn(text: str) -> None:
    _reporter.once(text, text)


HTTP_DEFAULT = "http://localhost:4318/v1/logs"
GRPC_DEFAULT = "http://localhost:4317"

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
_QUERY = re.compile(r"[?#].*", re.DOTALL)
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
    if "?" in before or "#" in before:  # an `@` after these may be in a password or in a query
        return f"{start}…"
    return f"{start}{'…@' if at else ''}{_QUERY.sub('?…', after)}"


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
