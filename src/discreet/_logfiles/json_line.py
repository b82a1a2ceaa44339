"""Logs that were written already: one line of JSON, judged by the same rules as the fields of a record.

Only the values and names that change are written anew, in their places. The rest of the line stays as it was, byte
for byte: the order, the spaces, the escapes and every digit of its numbers.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, NamedTuple, cast

if TYPE_CHECKING:
    from collections.abc import Iterator

    from discreet._record import Plain
    from discreet._redaction.redactor import Redactor

_TOKEN = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|[{}\[\]]|[^\s"{}\[\],:]+', re.DOTALL)
_MOST_DIGITS = 4000  # Python converts no longer numbers; what is judged is never written
_VALUE_NAMES = frozenset(("value", "Value", "val"))  # beside a name, which says what they are
_SURROGATE = re.compile("[\ud800-\udfff]")


class Change(NamedTuple):
    """What stands at `start` to `end` of the line, and what belongs there."""

    start: int
    end: int
    before: Plain
    after: Plain


def parsed(line: str) -> Plain:
    """The value of a line; raises ValueError or RecursionError if it is no JSON."""
    return cast("Plain", json.loads(line, object_pairs_hook=_every_pair, parse_int=_integer))


def changes(line: str, value: Plain, redactor: Redactor) -> list[Change]:
    """What has to change in a line whose value is `value`, in order."""
    safe = redacted(value, redactor)
    if safe == value:
        return []
    walk = _Walk(line)
    try:
        walk.value(value, safe)
    except (ValueError, StopIteration):  # a policy that leaves fields out: the line cannot keep its shape
        return [Change(0, len(line), value, safe)]
    return walk.found


def redacted(value: Plain, redactor: Redactor) -> Plain:
    """What `Redactor.plain` makes of it; quicker for what most lines are, since it judges their strings together."""
    if not isinstance(value, dict) or not _VALUE_NAMES.isdisjoint(value):
        return redactor.plain(value)
    flat = {name: inner for name, inner in value.items() if not isinstance(inner, (dict, list))}
    judged = redactor.fields(flat)
    if len(judged) != len(flat):
        return redactor.plain(value)
    following = iter(judged.items())
    safe: dict[str, Plain] = {}
    for name, inner in value.items():
        if isinstance(inner, (dict, list)):
            nested = redactor.plain({name: inner})
            if not isinstance(nested, dict):
                return nested
            label, kept = next(iter(nested.items()))
        else:
            label, kept = next(following)
        while label in safe:  # as in the redactor: two secrets as names become the same marker
            label += f"'{len(safe)}"
        safe[label] = kept
    return safe


def spliced(line: str, found: list[Change]) -> str:
    """The line with every change made."""
    parts: list[str] = []
    position = 0
    for change in found:
        parts += (line[position : change.start], _written(change.after, line[change.start : change.end]))
        position = change.end
    parts.append(line[position:])
    return "".join(parts)


def _written(value: Plain, instead_of: str) -> str:
    text = json.dumps(value, ensure_ascii=instead_of.isascii())
    if not text.isascii() and _SURROGATE.search(text) and not _SURROGATE.search(instead_of):
        return json.dumps(value)  # half a character, escaped before: in clear it would be no UTF-8
    return text


def _every_pair(pairs: list[tuple[str, Plain]]) -> dict[str, Plain]:
    """All pairs of an object, also those whose name comes twice: each of them would be read by somebody."""
    found: dict[str, Plain] = dict(pairs)
    if len(found) == len(pairs):
        return found
    found = {}
    for name, value in pairs:
        label = name
        while label in found:
            label = f"{name}'{len(found)}"
        found[label] = value
    return found


def _integer(digits: str) -> int:
    return int(digits[:_MOST_DIGITS])


class _Walk:
    """Follows the value before and after redaction through the tokens of the line."""

    def __init__(self, line: str) -> None:
        self._tokens: Iterator[re.Match[str]] = _TOKEN.finditer(line)
        self.found: list[Change] = []

    def value(self, before: Plain, after: Plain) -> None:
        token = next(self._tokens)
        if isinstance(before, dict) and isinstance(after, dict):
            for (name, inner), (safe_name, safe) in zip(before.items(), after.items(), strict=True):
                self._scalar(next(self._tokens), name, safe_name)
                self.value(inner, safe)
            next(self._tokens)
        elif isinstance(before, list) and isinstance(after, list):
            for inner, safe in zip(before, after, strict=True):
                self.value(inner, safe)
            next(self._tokens)
        elif isinstance(before, (dict, list)):  # the redactor could not visit it, and masked the whole
            self.found.append(Change(token.start(), self._closing(), before, after))
        else:
            self._scalar(token, before, after)

    def _scalar(self, token: re.Match[str], before: Plain, after: Plain) -> None:
        if after is not before and after != before:
            self.found.append(Change(*token.span(), before, after))

    def _closing(self) -> int:
        depth = 1
        while True:
            token = next(self._tokens)
            depth += (token.group() in "{[") - (token.group() in "}]")
            if not depth:
                return token.end()
