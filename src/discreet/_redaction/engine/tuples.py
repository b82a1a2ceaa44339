"""Step 3, redact: names and values in the tuples and maps of Erlang and Elixir.

`{default_pass, <<"...">>}`, `{password,"..."}`, `{:api_key, "..."}`, `#{<<"token">> => <<"...">>}`
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from discreet._base.lazy_pattern import lazy_pattern
from discreet._redaction.engine.values import Span, secret_parts

if TYPE_CHECKING:
    from collections.abc import Callable

_TUPLE = lazy_pattern(
    r"""\{[ ]?[:']?([A-Za-z_][\w.\-]{0,80})'?,[ ]{0,2}(?:<<)?\\{0,2}"([^"\\]{1,1024})|"""
    r"""<<\\{0,2}"([\w.\-]{1,80})\\{0,2}">>[ ]?(?:,|=>)[ ]?(?:<<)?\\{0,2}"([^"\\]{1,1024})"""
)


def holds_tuple(text: str) -> bool:
    """Whether a name and a value stand in some tuple, or in some map."""
    return _TUPLE.search(text) is not None


def tuples(text: str, kind_of: Callable[[str], str | None]) -> list[Span]:
    """Spans of the values whose names are sensitive."""
    found: list[Span] = []
    for pair in _TUPLE.finditer(text):
        kind = kind_of(pair.group(1) or pair.group(3))
        if kind is not None:
            found += secret_parts(text, *pair.span(2 if pair.group(1) else 4), kind)
    return found
