"""The default line: one flat JSON object (RFC 8259), reserved keys first, then the user's fields.

Published as `schema.json` beside this file. Strict always: NaN and the infinities are strings, integers keep
every digit, no raw control character of any kind, none that reorders text, and nothing that a CI log would take for a
command.
"""

from __future__ import annotations

import json
import time
from json.encoder import encode_basestring
from typing import TYPE_CHECKING, Any, cast

from discreet._base.escape import neutralise_json
from discreet._base.lazy_pattern import lazy_pattern
from discreet._base.levels import STANDARD_LEVELS, severity_name, severity_number
from discreet._record import SafeFields
from discreet._values.attributes import class_of

if TYPE_CHECKING:
    import re
    from collections.abc import Callable, Iterable, Mapping

    from discreet._record import Identity, Plain, Record, Redacted

SCHEMA = "discreet/1"

quote: Callable[[str], str] = encode_basestring
_UNSAFE = lazy_pattern("[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u206f\ud800-\udfff]")
_SHORT = 128  # characters of an encoded list that is remembered
_MOST_KEYS = 4096  # field names are few; a program that makes them up must not fill the memory


class _Quoted(dict[str, str]):
    """Names that come again and again, quoted, between what stands before and after them in a line."""

    def __init__(self, before: str, after: str = "") -> None:
        super().__init__()
        self._before, self._after = before, after

    def __missing__(self, name: str) -> str:
        if len(self) >= _MOST_KEYS:
            self.clear()
        self[name] = text = f"{self._before}{quote(name)}{self._after}"
        return text


class _Lists(dict[tuple["Plain", ...], str]):
    """Short lists of texts, such as tags: to remember one takes a quarter of the time that it takes to encode it."""

    def __missing__(self, items: tuple[Plain, ...]) -> str:
        text = f"[{','.join([value(item) for item in items])}]"
        if len(text) <= _SHORT and all(type(item) is str for item in items):
            if len(self) >= _MOST_KEYS:
                self.clear()
            self[items] = text
        return text


_keys = _Quoted(",", ":")
_loggers = _Quoted(',"logger":')
_threads = _Quoted(',"thread":')
_lists = _Lists()
_severities: dict[int, str] = {}
_identities: dict[Identity, str] = {}
_NS = 1_000_000_000
_second: tuple[int, str] = (0, "")
"""The time one second before the current second, in nanoseconds since 1970, and the current second's text."""


def encode(record: Redacted) -> bytes:
    """One record as one line of JSON, newline included."""
    # Few calls and one long expression: a call costs as much as a field, and text that grows by pieces is copied often.
    time_ns, level, identity, ambient = record.time_ns, record.level, record.identity, record.ambient
    before, time_text = _second
    if not _NS <= time_ns - before < 2 * _NS:
        before, time_text = _time_text(time_ns)
    micros = str(time_ns - before)[1:7]  # six digits behind a 1: no division, and half of what a format costs
    template = "" if record.template is None else f',"template":{quote(record.template)}'
    trace = "" if record.trace_id is None else f',"trace_id":"{record.trace_id}","span_id":"{record.span_id}"'
    request = "" if record.request_id is None else f',"request_id":{quote(record.request_id)}'
    thread = "" if record.thread is None else _threads[record.thread]
    task = "" if record.task is None else f',"task":{quote(record.task)}'
    has_origin = record.source is not None or record.exception is not None or record.stacktrace is not None
    if type(ambient) is SafeFields:  # the fields of a context, which are encoded once for all its records
        context = ambient.json
        if context is None:
            context = ambient.json = _fields(ambient)
    else:
        context = _fields(ambient) if ambient else ""
    return seal(
        f'{{"timestamp":"{time_text}.{micros}Z"{_severities.get(level) or _severity(level)}'
        f',"message":{quote(record.message)}{template}{_loggers[record.logger]}{trace}{request}'
        f"{_identities.get(identity) or _identity(identity)}{thread}{task}{_origin(record) if has_origin else ''}"
        f',"schema":"{SCHEMA}"{context}{_fields(record.fields)}}}\n'
    )


def seal(line: str) -> bytes:
    """The line as UTF-8, without anything that drives a terminal or that a CI takes for a command."""
    if "\x7f" in line or not line.isascii():
        line = _UNSAFE.sub(escaped, line)
    # Asked of the text, since the same question to bytes costs seven times as much.
    return neutralise_json(line.encode()) if "#" in line else line.encode()


def escaped(match: re.Match[str]) -> str:
    """A character that must not stand in a line as it is, as JSON escapes it."""
    code = ord(match[0])
    # A lone surrogate is no character: it is shown as text, since strict parsers refuse its escape too.
    return f"\\\\u{code:04x}" if 0xD800 <= code <= 0xDFFF else f"\\u{code:04x}"


def timestamp(time_ns: int) -> str:
    """RFC 3339, UTC, microseconds."""
    before, text = _second
    if not _NS <= time_ns - before < 2 * _NS:
        before, text = _time_text(time_ns)
    return f"{text}.{str(time_ns - before)[1:7]}Z"


def _time_text(time_ns: int) -> tuple[int, str]:
    """Date and time up to the second; remembered, because many records share one."""
    global _second  # noqa: PLW0603 - the text of the current second, replaced whole
    second = time_ns // _NS
    _second = found = ((second - 1) * _NS, time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(second)))
    return found


def _severity(level: int) -> str:
    text = f',"severity":"{severity_name(level)}","severity_number":{severity_number(level)}'
    if level in STANDARD_LEVELS:  # others may still get a name of their own
        _severities[level] = text
    return text


def _identity(identity: Identity) -> str:
    names = ("service", "version", "environment", "host", "process")
    known = zip(names, identity, strict=True)
    text = "".join(f',"{name}":{value(item)}' for name, item in known if item is not None)
    if len(_identities) > 100:
        _identities.clear()
    _identities[identity] = text
    return text


def _origin(record: Record) -> str:
    """Where it was made, and what went wrong there."""
    source = record.source
    parts = ""
    if source is not None:
        parts = f',"source":{{"file":{quote(source.file)},"line":{source.line},"function":{quote(source.function)}}}'
    if record.exception is not None:
        parts += f',"exception":{value(record.exception)}'
    if record.stacktrace is not None:
        parts += f',"stacktrace":{quote(record.stacktrace)}'
    return parts


def _fields(fields: Mapping[str, Any]) -> str:
    text = ""  # not `text +=`, and no list of parts: with few fields, each costs a fifth more
    keys = _keys
    for key, item in fields.items():
        kind = class_of(item)
        if kind is str:
            text = f"{text}{keys[key]}{quote(item)}"
        elif kind is int:
            text = f"{text}{keys[key]}{item}"
        elif kind is float and item - item == 0:
            text = f"{text}{keys[key]}{item!r}"
        elif kind is list and item and class_of(item[0]) is str:
            try:
                text = f"{text}{keys[key]}{_lists[tuple(item)]}"
            except TypeError:  # a list or a dict inside
                text = f"{text}{keys[key]}{_container(item)}"
        else:
            text = f"{text}{keys[key]}{value(item)}"
    return text


def value(item: object) -> str:
    """Any plain value as JSON."""
    kind = type(item)
    if kind is str:
        return quote(cast("str", item))
    if kind is int:
        return int.__repr__(cast("int", item))
    if item is None:
        return "null"
    if kind is bool:
        return "true" if item else "false"
    if type(item) is float and item - item == 0:  # neither NaN nor an infinity
        return float.__repr__(item)
    return _container(item)


def _chunks_of() -> Callable[[object, int], Iterable[str]]:
    """One encoder for all lists and dicts; `JSONEncoder.encode` would make a new one in each call."""
    encoder = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"), check_circular=False)
    make: Any = getattr(json.encoder, "c_make_encoder", None)
    if make is None:  # Python without its C accelerators
        return lambda item, _level: encoder.iterencode(item)
    chunks: Callable[[object, int], Iterable[str]] = make(
        None, encoder.default, encode_basestring, None, ":", ",", encoder.sort_keys, encoder.skipkeys, False
    )
    return chunks


_chunks = _chunks_of()


def _container(item: object) -> str:
    try:
        return "".join(_chunks(item, 0))
    except ValueError:  # an infinity or NaN inside
        return "".join(_chunks(_finite(cast("Plain", item)), 0))


def _finite(item: Plain) -> Plain:
    """NaN and the infinities as the strings that Python and JavaScript both read back as numbers."""
    if isinstance(item, float):
        return item if item - item == 0 else "Infinity" if item > 0 else "-Infinity" if item < 0 else "NaN"
    if isinstance(item, dict):
        return {key: _finite(inner) for key, inner in item.items()}
    if isinstance(item, list):
        return [_finite(inner) for inner in item]
    return item
