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
    from collections.abc import Mapping

# A plain name in single braces: no attribute, no index, no format spec. Doubled braces are no placeholder.
_PLACEHOLDER = re.compile(r"(\{\{)|\{([A-Za-z_][A-Za-z0-9_]*)\}")

_dict: Any = dict  # whose methods are called below, past what a subclass overrides

_BARE = lazy_pattern(r"(?:%[sdr]|\{[A-Za-z_][A-Za-z0-9_]*\}|[^A-Za-z0-9%{}])*")


def fill(template: str, fields: Mapping[str, object]) -> str:
    """Fill `{name}` from the redacted fields; a missing name or a single brace is kept as written."""

    def value(match: re.Match[str]) -> str:
        name = match[2]
        if name is None or name not in fields:
            return match[0]
        found = fields[name]
        return found if type(found) is str else str(found)

    return _PLACEHOLDER.sub(value, template)


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
