"""The record in a line of JSON, whatever a container engine put before it: what `pretty` and `trace` read.

A line may come from anywhere, so each part is checked before it counts as one of discreet's.
"""

from __future__ import annotations

import json
import re
from contextlib import suppress
from datetime import datetime, timezone
from typing import TYPE_CHECKING, NamedTuple, cast

from discreet._base.levels import parse_level
from discreet._encoding.console.style import text_of
from discreet._logfiles.json_line import CONTAINER_PREFIX
from discreet._record import RESERVED, Identity, Record, Source

if TYPE_CHECKING:
    from collections.abc import Mapping

    from discreet._record import Plain, Redacted

_SCHEMA = "discreet/"
_RESERVED = frozenset(RESERVED)
_TIMESTAMP = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d):(\d\d)(?:\.(\d{1,9})\d*)?(?:Z|([+-]\d\d):?(\d\d))", re.ASCII
)
_PREFIX = re.compile(rb"\s*" + CONTAINER_PREFIX.encode())  # without the colours that docker compose gives it
_COLOR = re.compile(rb"\x1b\[[0-9;]*m")


class Line(NamedTuple):
    """A line that holds a record."""

    prefix: str
    """What stands before the JSON object."""
    values: dict[str, object]
    """The JSON object itself."""
    record: Redacted


def parse_line(line: bytes) -> Redacted | None:
    """The record in a line; None if it holds none of discreet's."""
    found = read_line(line)
    return None if found is None else found.record


def read_line(line: bytes) -> Line | None:
    """The record in a line, and how the line holds it; None if it holds none of discreet's."""
    start = line.find(b"{")
    if start < 0 or b'"schema"' not in line:
        return None
    before = _COLOR.sub(b"", line[:start])
    if _PREFIX.fullmatch(before) is None:
        return None
    try:
        # It starts with a brace, so it is an object if it is anything.
        values = cast("dict[str, object]", json.loads(line[start:]))
    except (ValueError, RecursionError):  # not JSON, not UTF-8, a number without end, or nested without end
        return None
    record = _record(values)
    return None if record is None else Line(before.decode("ascii", "replace").lstrip(), values, record)


def _record(values: dict[str, object]) -> Redacted | None:
    schema, timestamp, severity, message = map(values.get, ("schema", "timestamp", "severity", "message"))
    if not isinstance(schema, str) or not schema.startswith(_SCHEMA):
        return None
    level = None
    with suppress(ValueError):
        level = parse_level(severity if isinstance(severity, str) else "")
    time_ns = parse_timestamp(timestamp) if isinstance(timestamp, str) else None
    if level is None or time_ns is None or not isinstance(message, str):
        return None
    record = Record()
    record.time_ns = time_ns
    record.level = level
    record.message = message
    for name in ("template", "trace_id", "span_id", "request_id", "thread", "task", "stacktrace"):
        setattr(record, name, text_at(values, name))
    record.logger = text_at(values, "logger") or ""
    record.source = _source(values.get("source"))
    exception = values.get("exception")
    record.exception = cast("dict[str, Plain]", exception) if isinstance(exception, dict) else None
    process = values.get("process")
    record.identity = Identity(
        service=text_at(values, "service"),
        version=text_at(values, "version"),
        environment=text_at(values, "environment"),
        host=text_at(values, "host"),
        process=process if isinstance(process, int) else None,
    )
    record.fields = {key: value for key, value in values.items() if key not in _RESERVED}
    record.ambient = {}
    # The line was redacted before it was written.
    return cast("Redacted", record)


def parse_timestamp(text: str) -> int | None:
    """RFC 3339 to nanoseconds since the epoch; None if `text` is no such time."""
    found = _TIMESTAMP.fullmatch(text)
    if found is None:
        return None
    year, month, day, hour, minute, second = map(int, found.group(1, 2, 3, 4, 5, 6))
    try:
        seconds = int(datetime(year, month, day, hour, minute, tzinfo=timezone.utc).timestamp()) + second
    except ValueError:  # the 31st of February
        return None
    if second > 60:  # 60 is a leap second
        return None
    if found[8] is not None:
        offset = abs(int(found[8])) * 3600 + int(found[9]) * 60
        seconds += offset if found[8][0] == "-" else -offset
    return seconds * 1_000_000_000 + int((found[7] or "0").ljust(9, "0"))


def text_at(values: Mapping[str, object], key: str) -> str | None:
    """A value as text: a string as it is, anything else as the console shows it; None if the key is missing."""
    value = values.get(key)
    return value if value is None or isinstance(value, str) else text_of(value, str)


def _source(value: object) -> Source | None:
    if not isinstance(value, dict):
        return None
    file, line, function = map(cast("dict[str, object]", value).get, ("file", "line", "function"))
    if not isinstance(file, str) or not isinstance(line, int):
        return None
    return Source(file, line, function if isinstance(function, str) else "")
