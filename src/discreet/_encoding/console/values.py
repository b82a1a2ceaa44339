"""Fields in the console format, each as `key=value`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, cast

from discreet._base.lazy_pattern import lazy_pattern

if TYPE_CHECKING:
    import re

Token = tuple[str, str]
"""Escaped text, and the role that determines its colour."""

Clean = Callable[[str], str]
"""Escapes text from data (see escape.py)."""

_needs_quotes = lazy_pattern(r'[\s"=]|\A\Z')
_needs_quotes_inside = lazy_pattern(r'[\s"=,:\[\]{}]|\A\Z')
_marker = lazy_pattern(r"\[REDACTED:[a-z0-9-]+\]")
_STATUS_KEYS = frozenset(("status", "status_code", "http_status", "http.status_code", "http.response.status_code"))
_IN_A_REQUESTS_MESSAGE = ("http.request.method", "http.route", "url.path", "http.response.status_code")
_SLOW = 1000  # milliseconds
_MOST = 1e15  # milliseconds; beyond that it is no duration but a mistake, shown as the number it is
_DEEPEST = 40  # deeper values are unreadable, and the interpreter's stack is limited


def field_tokens(key: str, value: object, clean: Clean, role: str) -> list[Token]:
    """One field; `role` colours its key."""
    if key == "duration_ms" and isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value < _MOST:
        return [("duration", role), ("=", "quiet"), (duration(value), "warn" if value >= _SLOW else "value")]
    return [(_quoted(str(key), clean, _needs_quotes), role), ("=", "quiet"), (text_of(value, clean), _role(key, value))]


def text_of(value: object, clean: Clean) -> str:
    """A plain value on one line: scalars as they are, strings quoted only if needed, containers like compact JSON."""
    if isinstance(value, str):
        return _quoted(value, clean, _needs_quotes)
    return _nested(value, clean, 0)


def duration(milliseconds: float) -> str:
    """Milliseconds with the unit people say: `840µs`, `12.3ms`, `1.24s`, `2m03s`, `1h02m`."""
    if milliseconds < 1:
        return f"{milliseconds * 1000:.0f}µs"
    if milliseconds < 1000:
        return f"{milliseconds:.1f}ms" if milliseconds < 99.95 else f"{milliseconds:.0f}ms"
    seconds = milliseconds / 1000
    if seconds < 59.995:
        return f"{seconds:.2f}s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}m{rest:02d}s" if minutes < 60 else f"{minutes // 60}h{minutes % 60:02d}m"


def ordered(fields: Mapping[str, object], message: str) -> Iterator[tuple[str, object]]:
    """The fields in the order in which they are shown: a span's status and duration first.

    Of a span's fields the console omits its kind and its parent's id, and those that its message contains already (its
    name; method, route, path and status of a request). JSON keeps them all.
    """
    if "span" not in fields or "duration_ms" not in fields:
        yield from fields.items()
        return
    told = {"span_kind", "parent_span_id"}
    words = message.split()
    if str(fields["span"]) in message:
        told.add("span")
    told.update(key for key in _IN_A_REQUESTS_MESSAGE if str(fields.get(key)) in words)
    for key in ("status", "duration_ms"):
        if key in fields:
            told.add(key)
            yield key, fields[key]
    for key, value in fields.items():
        if key not in told:
            yield key, value


def _role(key: str, value: object) -> str:
    if isinstance(value, str) and _marker.fullmatch(value):
        return "masked"
    if key not in _STATUS_KEYS:
        return "value"
    if isinstance(value, int) and not isinstance(value, bool):
        return "bad" if 500 <= value < 600 else "warn" if 400 <= value < 500 else "value"
    return "bad" if value == "error" else "value"


def _quoted(text: str, clean: Clean, needs_quotes: re.Pattern[str]) -> str:
    safe = clean(text)
    if needs_quotes.search(safe) is None or _marker.fullmatch(safe):
        return safe
    inner = safe.replace('"', '\\"')
    return f'"{inner}"'


def _nested(value: object, clean: Clean, depth: int) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return _number(value)
    if depth >= _DEEPEST:
        return "…"
    if isinstance(value, dict):
        items = cast("dict[object, object]", value).items()
        pairs = (
            f"{_quoted(str(key), clean, _needs_quotes_inside)}: {_nested(item, clean, depth + 1)}"
            for key, item in items
        )
        return "{" + ", ".join(pairs) + "}"
    if isinstance(value, (list, tuple)):
        listed = cast("list[object]", value)
        return "[" + ", ".join(_nested(item, clean, depth + 1) for item in listed) + "]"
    return _quoted(str(value), clean, _needs_quotes_inside)


def _number(value: float) -> str:
    try:
        text = repr(value)
        # Nobody reads the sixteenth digit of 0.30000000000000004; JSON has it.
        return f"{value:.6g}" if isinstance(value, float) and len(text) > 12 else text
    except ValueError:  # an integer longer than the interpreter converts to decimal (4,300 digits)
        return hex(value) if isinstance(value, int) else "nan"
