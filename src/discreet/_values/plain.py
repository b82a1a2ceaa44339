"""Any object as plain data (JSON's types), so that the redactor can examine all of it; and lazy values.

`to_plain` never raises and runs as little foreign code as it can: it does not consume iterators, read device memory,
or call anything but `repr`, and that only on objects it does not know. A marker in `<...>` shows what it leaves out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from discreet._values.kinds import DICT, LEAF, LIST, kind_of
from discreet._values.text import PASS_THROUGH, qualified_name, type_name

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from discreet._record import Plain

    Opener = Callable[[Any, int], tuple[list[Any], int]]


class Limits(NamedTuple):
    """How much of one value is kept. Beyond each, a marker says what is missing."""

    max_depth: int = 16
    """Containers inside containers."""
    max_items: int = 1_000
    """Items of one container."""
    max_nodes: int = 10_000
    """Items of all containers together."""
    max_repr: int = 1 << 20
    """Characters of text made here (`repr`, decoded bytes, messages); four times as many for all such text of a value.
    Large on purpose: the redactor shortens after it has judged. A `str` is not shortened here at all."""


DEFAULT = Limits()

CYCLE = "<cycle>"
RECURSION = "<recursion limit>"
MORE = "<more>"

_LEAST, _MOST = -(1 << 63), (1 << 63) - 1  # certainly small enough to be written

class_of: Callable[[object], type[object]] = type
"""`type`, with a signature: for a value of type Any, type checkers do not know the result otherwise."""


class Lazy:
    """A value that is computed only if its record is emitted; made by `discreet.lazy`."""

    __slots__ = ("compute",)

    def __init__(self, compute: Callable[[], object]) -> None:
        self.compute = compute


def lazy(compute: Callable[[], object]) -> Lazy:
    """`log.debug("state", tree=discreet.lazy(dump_tree))`: `dump_tree` runs only if the record is emitted.

    It runs in the calling thread, once per record. If it raises, the field says so and the record still leaves.
    """
    return Lazy(compute)


def resolve(value: object) -> object:
    """The value behind a lazy one."""
    if type(value) is not Lazy:
        return value
    try:
        return value.compute()
    except Exception as error:  # the caller's function: its failure is a value, its message may hold data
        return f"<lazy value raised {type(error).__name__}>"


def to_plain(value: Any, limits: Limits = DEFAULT) -> Plain:
    """`value` as plain data; never raises, save KeyboardInterrupt, SystemExit and GeneratorExit."""
    kind = class_of(value)
    if kind is str or value is None or kind is bool or kind is float or (kind is int and _LEAST <= value <= _MOST):
        return value  # type: ignore[no-any-return]  # its type was just compared with those of Plain
    try:
        return _Walk(limits).convert(value, 0)
    except RecursionError:  # called with no stack left at all
        return RECURSION


class _Walk:
    """One conversion: how much of the limits remains, and the containers that are being converted."""

    __slots__ = ("inside", "limits", "nodes", "text")

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.nodes = limits.max_nodes
        self.text = 4 * limits.max_repr
        self.inside: set[int] = set()

    def convert(self, value: Any, depth: int) -> Plain:
        """Convert what is not plain already. Callers test that themselves, since most values are."""
        kind = class_of(value)
        try:
            shape, make = kind_of(kind)
            if shape != LEAF:
                return self._container(value, shape, make, depth)
            plain: Plain = make(value, min(self.limits.max_repr, self.text))
            if type(plain) is str and kind is not str:
                self.text = max(0, self.text - len(plain))
            return plain
        except RecursionError:
            return RECURSION
        except PASS_THROUGH:
            raise
        except BaseException as error:
            return f"<{qualified_name(kind)[1]} raised {qualified_name(type(error))[1]}>"

    def _container(self, value: object, shape: int, opener: Opener, depth: int) -> Plain:
        if depth >= self.limits.max_depth:
            return f"<{type_name(type(value))} below {depth} levels>"
        ident = id(value)
        if ident in self.inside:
            return CYCLE
        parts, total = opener(value, min(self.limits.max_items, self.nodes))
        self.nodes -= len(parts)
        hidden = total - len(parts)
        self.inside.add(ident)
        try:
            if shape == DICT:
                return self._dict(parts, hidden, depth + 1)
            items = self._list(parts, depth + 1)
        finally:
            self.inside.discard(ident)
        if shape != LIST:
            _sort(items)
        if hidden > 0:
            items.append(f"<{hidden} more>")
        return items

    def _list(self, items: list[Any], depth: int) -> list[Plain]:
        result: list[Plain] = []
        for item in items:
            kind = class_of(item)
            if (
                kind is str
                or (kind is int and _LEAST <= item <= _MOST)
                or kind is float
                or item is None
                or kind is bool
            ):
                result.append(item)
            else:
                result.append(self.convert(item, depth))
        return result

    def _dict(self, pairs: list[tuple[Any, Any]], hidden: int, depth: int) -> dict[str, Plain]:
        result: dict[str, Plain] = {}
        for key, item in pairs:
            name = key if type(key) is str else self._key(key, depth)
            if name in result:
                name = _free(name, result)
            kind = class_of(item)
            if (
                kind is str
                or (kind is int and _LEAST <= item <= _MOST)
                or kind is float
                or item is None
                or kind is bool
            ):
                result[name] = item
            else:
                result[name] = self.convert(item, depth)
        if hidden > 0:
            result[_free(MORE, result) if MORE in result else MORE] = f"<{hidden} more>"
        return result

    def _key(self, key: object, depth: int) -> str:
        """A key as JSON writes it (`null`, `true`, `1`); one that is a container, as the text of that container."""
        if key is None:
            return "null"
        if type(key) is bool:
            return "true" if key else "false"
        plain = self.convert(key, depth)
        return plain if type(plain) is str else str(plain)


def _free(key: str, taken: dict[str, Plain]) -> str:
    """Another name for a key whose text is taken: both of `1` and `"1"` are kept."""
    number = len(taken) + 1  # not from 2 on: a thousand keys of the same text must not take a million steps
    while f"{key}_{number}" in taken:
        number += 1
    return f"{key}_{number}"


def _sort(items: list[Plain]) -> None:
    """Sort the items of a set, so that lines are easy to compare."""
    items.sort(key=lambda item: (type(item).__name__, item if isinstance(item, str) else "", _number(item), str(item)))


def _number(item: Plain) -> float:
    return item if isinstance(item, (int, float)) else 0.0
