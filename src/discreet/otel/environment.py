"""The `OTEL_*` variables for logs, with the specification's defaults.

Sources: specification, configuration/sdk-environment-variables.md and protocol/exporter.md. A wrong number or word is
reported on stderr and the default is used, as the specification requires; an empty value counts as not set. Headers
are secrets: no message here quotes a value.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from discreet._base.diagnostics import report_problem
from discreet._context.baggage import percent_decode
from discreet._delivery.export.sink import LONGEST
from discreet._encoding.schemas.otel import Limits

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

T = TypeVar("T")

PROTOCOLS = ("http/protobuf", "http/json", "grpc")
COMPRESSIONS = ("none", "gzip")
_HEADER_NAME = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")  # RFC 9110, section 5.6.2: a token
_HEADER_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]*")  # RFC 9110, section 5.5: no control characters

GENERAL_ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT"
_CHECKED_LATER = ("endpoint", "certificate", "client_key", "client_certificate")

_reported: set[str] = set()  # each problem is reported once per process


@dataclass(frozen=True)
class Exporter:
    """The exporter's settings. None and an empty text: not set."""

    endpoint: str = ""
    """If it comes from the general variable, the path of logs is appended already."""
    protocol: str = "http/protobuf"
    headers: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    timeout: float | None = None
    """Seconds."""
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

    def given(name: str) -> list[tuple[str, str]]:
        """The variables of a setting that are not empty, each with its text."""
        variables = (f"OTEL_EXPORTER_OTLP_LOGS_{name}", f"OTEL_EXPORTER_OTLP_{name}")
        texts = [(variable, environ.get(variable, "").strip()) for variable in variables]
        return [(variable, text) for variable, text in texts if text]

    def first(name: str) -> tuple[str, str]:
        return next(iter(given(name)), ("", ""))

    def read(name: str, parse: Callable[[str], T], default: T, wanted: str) -> T:
        for variable, text in given(name):
            try:
                return parse(text)
            except ValueError:
                _warn(f"{variable} is not {wanted}, and is ignored")
        return default

    protocol = read("PROTOCOL", _one_of(PROTOCOLS), "http/protobuf", "one of " + ", ".join(PROTOCOLS))
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
        timeout=read("TIMEOUT", _milliseconds, None, "a number of milliseconds"),
        compression=read("COMPRESSION", _one_of(COMPRESSIONS), "none", "one of " + ", ".join(COMPRESSIONS)),
        certificate=first("CERTIFICATE")[1] or None,
        client_key=first("CLIENT_KEY")[1] or None,
        client_certificate=first("CLIENT_CERTIFICATE")[1] or None,
        insecure=_boolean(*first("INSECURE")),
        variables={name: first(name.upper())[0] for name in _CHECKED_LATER if given(name.upper())},
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
    delay = _number(environ, "OTEL_BLRP_SCHEDULE_DELAY", least=0)
    timeout = _number(environ, "OTEL_BLRP_EXPORT_TIMEOUT", least=0)
    return {
        "delay": None if delay is None else min(delay / 1000, LONGEST),
        "timeout": None if not timeout else min(timeout / 1000, LONGEST),  # 0 means no limit
        "queue_count": queue,
        "batch_count": batch,
    }


def limits(environ: Mapping[str, str]) -> Limits:
    """The limits of attributes: `OTEL_LOGRECORD_ATTRIBUTE_*_LIMIT` before `OTEL_ATTRIBUTE_*_LIMIT`."""

    def read(name: str) -> int | None:
        own = _number(environ, f"OTEL_LOGRECORD_ATTRIBUTE_{name}_LIMIT", least=0)
        general = _number(environ, f"OTEL_ATTRIBUTE_{name}_LIMIT", least=0)
        return general if own is None else own

    count = read("COUNT")
    return Limits(Limits().most if count is None else count, read("VALUE_LENGTH"))


def _number(environ: Mapping[str, str], name: str, *, least: int) -> int | None:
    text = environ.get(name, "").strip()
    if not text:
        return None
    try:
        number = int(text)
    except ValueError:
        number = least - 1
    if number < least:
        _warn(f"{name} is not a whole number from {least} up, and is ignored")
        return None
    return number


def _milliseconds(text: str) -> float | None:
    number = int(text)
    if number < 0:
        raise ValueError(text)
    return min(number / 1000, LONGEST) or None  # 0 means no limit; then the sink's default is used


def _one_of(words: tuple[str, ...]) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if text.lower() not in words:
            raise ValueError(text)
        return text.lower()

    return parse


def _boolean(variable: str, text: str) -> bool:
    if text.lower() not in ("", "true", "false"):
        _warn(f"{variable} is neither true nor false, and counts as false")
    return text.lower() == "true"


def _warn(text: str) -> None:
    if text not in _reported:
        _reported.add(text)
        report_problem(text)
