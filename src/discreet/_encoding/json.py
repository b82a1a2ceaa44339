"""The default line: one flat JSON object (RFC 8259), reserved keys first, then the user's fields.

Published as `schema.json` beside this file. Strict always: NaN and the infinities are strings, integers keep
every digit, no raw control character of any kind, and nothing that a CI log would take for a command.
"""

from __future__ import annotations

import json
import re
import time
from json.encoder import encode_basestring
from typing import TYPE_CHECKING, cast

from discreet._base.escape import neutralise_json
from discreet._base.levels import severity_number, severity_text
from discreet._record import SafeFields

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from discreet._record import Identity, Plain, Record, Redacted

SCHEMA = "discreet/1"

quote: Callable[[str], str] = encode_basestring
_nested = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"), check_circular=False).encode
_UNSAFE = re.compile("[\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_MOST_KEYS = 4096  # field names are few; a program that makes them up must not fill the memory

_keys: dict[str, str] = {}
_second: tuple[int, str] = (-1, "")


def encode(record: Redacted) -> bytes:
    """One record as one line of JSON, newline included."""
    line = (
        f'{{"timestamp":"{timestamp(record.time_ns)}"{_severity(record.level)},"message":{quote(record.message)}'
        f"{_optional(record)}{_identity(record.identity)}{_where(record)}"
        f',"schema":"{SCHEMA}"{_ambient(record.ambient)}{_fields(record.fields)}}}\n'
    )
    return seal(line)


def seal(line: str) -> bytes:
    """Last look at a line: nothing that drives a terminal or a CI, nothing that is not UTF-8."""
    if "\x7f" in line or not line.isascii():
        line = _UNSAFE.sub(_escaped, line)
    return neutralise_json(line.encode())


def _escaped(match: re.Match[str]) -> str:
    code = ord(match[0])
    # A lone surrogate is no character: it is shown as text, since strict parsers refuse its escape too.
    return f"\\\\u{code:04x}" if 0xD800 <= code <= 0xDFFF else f"\\u{code:04x}"


def timestamp(time_ns: int) -> str:
    """RFC 3339, UTC, microseconds."""
    global _second  # noqa: PLW0603 - the text of the current second, replaced whole
    second, rest = divmod(time_ns, 1_000_000_000)
    known, text = _second
    if known != second:
        text = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(second))
        _second = (second, text)
    return f"{text}.{rest // 1000:06d}Z"


_severities: dict[int, str] = {}


def _severity(level: int) -> str:
    text = _severities.get(level)
    if text is None:
        text = f',"severity":"{severity_text(level)}","severity_number":{severity_number(level)}'
        if len(_severities) < _MOST_KEYS:
            _severities[level] = text
    return text


def _optional(record: Record) -> str:
    parts = ""
    if record.template is not None:
        parts = f',"template":{quote(record.template)}'
    parts += f',"logger":{quote(record.logger)}'
    if record.trace_id is not None:
        parts += f',"trace_id":"{record.trace_id}","span_id":"{record.span_id}"'
    if record.request_id is not None:
        parts += f',"request_id":{quote(record.request_id)}'
    return parts


_identities: dict[Identity, str] = {}


def _identity(identity: Identity) -> str:
    text = _identities.get(identity)
    if text is None:
        names = ("service", "version", "environment", "host", "process")
        known = [(name, getattr(identity, name)) for name in names]
        text = "".join(f',"{name}":{value(item)}' for name, item in known if item is not None)
        if len(_identities) > 100:
            _identities.clear()
        _identities[identity] = text
    return text


def _where(record: Record) -> str:
    parts = f',"thread":{quote(record.thread)}' if record.thread is not None else ""
    if record.task is not None:
        parts += f',"task":{quote(record.task)}'
    source = record.source
    if source is not None:
        parts += f',"source":{{"file":{quote(source.file)},"line":{source.line},"function":{quote(source.function)}}}'
    if record.exception is not None:
        parts += f',"exception":{value(record.exception)}'
    if record.stacktrace is not None:
        parts += f',"stacktrace":{quote(record.stacktrace)}'
    return parts


def _ambient(fields: Mapping[str, object]) -> str:
    """The context's fields; a request encodes them once."""
    if not fields:
        return ""
    if not isinstance(fields, SafeFields):
        return _fields(fields)
    if fields.json is None:
        fields.json = _fields(fields)
    return fields.json


def _fields(fields: Mapping[str, object]) -> str:
    parts = ""
    for key, item in fields.items():
        name = _keys.get(key)
        if name is None:
            name = _key(key)
        parts += f"{name}{quote(item)}" if type(item) is str else f"{name}{value(item)}"
    return parts


def _key(key: str) -> str:
    name = f",{quote(key)}:"
    if len(_keys) >= _MOST_KEYS:
        _keys.clear()
    _keys[key] = name
    return name


def value(item: object) -> str:
    """Any plain value as JSON."""
    if type(item) is str:
        return quote(item)
    if type(item) is int:
        return int.__repr__(item)
    if item is None:
        return "null"
    if type(item) is float and item - item == 0:  # neither NaN nor an infinity
        return float.__repr__(item)
    if type(item) is bool:
        return "true" if item else "false"
    try:
        return _nested(item)
    except ValueError:
        return _nested(_finite(cast("Plain", item)))


def _finite(item: Plain) -> Plain:
    """NaN and the infinities as the strings that Python and JavaScript both read back as numbers."""
    if isinstance(item, float):
        return item if item - item == 0 else "Infinity" if item > 0 else "-Infinity" if item < 0 else "NaN"
    if isinstance(item, dict):
        return {key: _finite(inner) for key, inner in item.items()}
    if isinstance(item, list):
        return [_finite(inner) for inner in item]
    return item
