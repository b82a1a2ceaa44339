"""Fill a message's placeholders from fields or arguments. No placeholder reads attributes, and nothing here raises."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, cast

from discreet._base.lazy_pattern import lazy_pattern
from discreet._values.attributes import class_of
from discreet._values.plain import printable, text_of
from discreet._values.proxies import resolved
from discreet._values.scalars import PASS_THROUGH

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

# A plain name in single braces: no attribute, no index. Doubled braces are no placeholder. A format specification is
# one of numbers and text, as Python's documentation has it, with at most three digits: a message may come from outside,
# and must not ask for a million spaces.
_NAME = r"\{([A-Za-z_][A-Za-z0-9_]*)(?::((?:.?[<>=^])?[-+ ]?z?#?0?\d{0,3}[,_]?(?:\.\d{1,3})?[A-Za-z%]?))?\}"
_PLACEHOLDER = re.compile(r"(\{\{)|" + _NAME)

_dict: Any = dict  # whose methods are called below, past what a subclass overrides

_BARE = lazy_pattern(r"(?:%[sdr]|\{[A-Za-z_][^{}]*\}|[^A-Za-z0-9%{}])*")
_MARKED = "[REDACTED"  # no format may cut what stands in a secret's place

unknown_name: list[Callable[[str, str, Mapping[str, object]], None]] = []
"""Called with a template, a name in it and the fields, of which none has that name."""


def fill(template: str, fields: Mapping[str, object]) -> str:
    """Fill `{name}` and `{name:.2f}` from the redacted fields; a missing name or a single brace is kept as written."""

    def value(match: re.Match[str]) -> str:
        name = match[2]
        if name is None:
            return match[0]
        if name not in fields:
            for observer in unknown_name:
                observer(template, name, fields)
            return match[0]
        found = fields[name]
        if match.end(2) + 1 != match.end():
            return _formatted(found, match[3])
        return found if type(found) is str else str(found)

    return _PLACEHOLDER.sub(value, template)


def _formatted(value: object, specification: str) -> str:
    """A redacted value as a format specification wants it, or plainly where it does not fit."""
    plain = value if type(value) is str else str(value)
    if plain.startswith(_MARKED):
        return plain
    try:
        return format(value, specification)
    except (ValueError, TypeError, OverflowError):
        return plain


def event_of(message: Mapping[object, object], fields: Mapping[str, object]) -> tuple[object, dict[str, object]]:
    """A dict as a message, as structlog and others log it: the text it has, and all else in it as fields."""
    items = cast("Callable[[object], Iterable[tuple[object, object]]]", dict.items)  # a subclass may have its own
    found = {key if type(key) is str else text_of(key): value for key, value in items(message)}
    text: object = ""
    for name in ("event", "message", "msg"):
        if name in found:
            text = found.pop(name)
            break
    return text if type(text) is str else text_of(text), {**found, **fields}


def names_in(template: str) -> set[str]:
    """The names that `fill` would fill in."""
    return {match[2] for match in _PLACEHOLDER.finditer(template) if match[2] is not None}


def interpolate(template: str, args: tuple[object, ...]) -> str:
    """`%`-arguments as `logging` fills them; arguments that do not fit are appended instead of lost."""
    try:
        first = resolved(args[0]) if len(args) == 1 else None
        if issubclass(class_of(first), dict) and _dict.__len__(first):
            return template % _printable_items(first)  # the standard library's "%(name)s" form
        return template % tuple(map(printable, args))
    except PASS_THROUGH:
        raise
    except BaseException:  # any argument's __str__ may be behind this
        shown = ", ".join(text_of(argument) for argument in args)
        return f"{template} [arguments: {shown}]"


def _printable_items(mapping: Any) -> dict[object, object]:
    if printable(mapping) is mapping:
        return cast("dict[object, object]", mapping)
    return {key: printable(item) for key, item in _dict.items(mapping)}


def says_something(template: str) -> bool:
    """Whether a template has words of its own: `"%s %s"` has none, and is not worth a `template` key."""
    return _BARE.fullmatch(template) is None
