"""Any object as plain data (JSON's types), so that the redactor can examine all of it.

`to_plain` never raises and runs as little foreign code as it can: it reads what lies in an object, asks proxies for
what is behind them, and calls a `__repr__` that a class wrote. It does not consume iterators, walk containers that it
does not know, read device memory or ask a database. A marker in `<...>` shows what it leaves out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, cast

from discreet._values import managed, scalars
from discreet._values.attributes import class_of, find
from discreet._values.kinds import (
    DECLARED,
    DICT,
    EXCEPTION,
    INSIDE,
    LEAF,
    PROXY,
    SET,
    UNDECLARED,
    WRITTEN,
    kind_of,
)
from discreet._values.proxies import resolved
from discreet._values.scalars import PASS_THROUGH, qualified_name, type_name

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
    chosen: bool = True
    """Whether somebody chose this value to be logged. One that merely was in a frame is read with more care: no proxy
    is asked, which may run the application's code, and objects that declare no fields are named."""


DEFAULT = Limits()

CYCLE = "<cycle>"
RECURSION = "<recursion limit>"
MORE = "<more>"

_LOW, _HIGH = -(1 << 63), (1 << 63) - 1  # certainly small enough to be written


def to_plain(value: Any, limits: Limits = DEFAULT) -> Plain:
    """`value` as plain data; never raises, save KeyboardInterrupt, SystemExit and GeneratorExit."""
    kind = class_of(value)
    if kind is str or value is None or kind is bool or kind is float or (kind is int and _LOW <= value <= _HIGH):
        return value  # type: ignore[no-any-return]  # its type was just compared with those of Plain
    try:
        return _Walk(limits).convert(value, 0)
    except RecursionError:  # called with no stack left at all
        return RECURSION


def text_of(message: object) -> str:
    """A message that is no string, as text."""
    if issubclass(type(message), str):  # isinstance() would ask the object itself
        return str.__str__(cast("str", message))
    plain = to_plain(message)
    return plain if isinstance(plain, str) else str(plain)


class _Walk:
    """One conversion: how much of the limits remains, and the containers that are being converted."""

    __slots__ = ("inside", "is_opened", "limits", "nodes", "text")

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.nodes = limits.max_nodes
        self.text = 4 * limits.max_repr
        self.inside: set[int] = set()
        self.is_opened = not limits.chosen  # objects inside an opened one are named: nobody asked for all of a graph

    def convert(self, value: Any, depth: int) -> Plain:
        """Convert what is not plain already. Callers test that themselves, since most values are."""
        kind = class_of(value)
        try:
            shape, make = kind_of(kind)
            if LEAF < shape <= DICT:
                return self._container(value, shape, make, depth)
            if shape > DICT:
                return self._instance(value, shape, make, depth)
            return self._leaf(value, make)
        except RecursionError:
            return RECURSION
        except PASS_THROUGH:
            raise
        except BaseException as error:
            return f"<{qualified_name(kind)[1]} raised {qualified_name(type(error))[1]}>"

    def _leaf(self, value: object, make: Callable[[Any, int], Any]) -> Plain:
        plain: Plain = make(value, min(self.limits.max_repr, self.text))
        if type(plain) is str and type(value) is not str:
            self.text = max(0, self.text - len(plain))
        return plain

    def _instance(self, value: object, shape: int, make: Callable[[Any, int], Any], depth: int) -> Plain:
        """What is more than its class: an exception, what stands for or holds something else, and objects."""
        if shape == EXCEPTION:
            return self._leaf(value, exception_text)
        if shape == PROXY and self.is_opened:
            return scalars.name_only(value, 0)
        if shape in (INSIDE, PROXY):
            if depth >= self.limits.max_depth:
                return f"<{type_name(type(value))} below {depth} levels>"
            return self._list([make(value, self.limits.max_items)], depth + 1)[0]
        parts = managed.parts_of(value, whole=not self.is_opened)
        if parts is None:
            if shape == WRITTEN:
                return self._leaf(value, make)
            if shape == DECLARED:
                return self._container(value, DICT, make, depth)
            if self.is_opened:
                return scalars.name_only(value, 0)
        else:
            pairs = list(parts.items())
            make = lambda _, most: (pairs[:most], len(pairs))  # noqa: E731 - an opener of these
        before, self.is_opened = self.is_opened, True
        try:
            return self._container(value, DICT, make, depth) or scalars.name_only(value, 0)
        finally:
            self.is_opened = before

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
        if shape == SET:  # it has no order: sorted, its lines are easy to compare
            items.sort(key=lambda item: (type(item).__name__, item if isinstance(item, (int, float)) else 0, str(item)))
        if hidden > 0:
            items.append(f"<{hidden} more>")
        return items

    def _list(self, items: list[Any], depth: int) -> list[Plain]:
        result: list[Plain] = []
        for item in items:
            kind = class_of(item)
            if kind is str or (kind is int and _LOW <= item <= _HIGH) or kind is float or item is None or kind is bool:
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
            if kind is str or (kind is int and _LOW <= item <= _HIGH) or kind is float or item is None or kind is bool:
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


class Shown:
    """A text that takes the place of an argument in `%`, `{}` and messages of exceptions."""

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = text

    def __repr__(self) -> str:
        return self.text


_NOT_PRINTED = (scalars.name_only, scalars.name_and_length, scalars.secret, scalars.as_written)
_SCALARS = (str, int, float, bool, type(None))
_MOST_PRINTED = 1_000  # parts that are looked at


def printable(value: object) -> object:
    """What `str()` may be called on instead of `value`: the value itself, the one behind a proxy, or a text for it.

    To print a value prints what it holds, too. So a text takes the place of all that holds what an ORM manages, a
    container that is not walked, a failing proxy, or a secret.
    """
    if any(type(value) is kind for kind in _SCALARS):
        return value
    value = resolved(value)
    try:
        if _prints(value, [_MOST_PRINTED], 0):
            return value
    except PASS_THROUGH:
        raise
    except BaseException:  # a class that cannot be examined
        pass
    plain = to_plain(value)
    return plain if type(plain) in (int, float) else Shown(plain if type(plain) is str else str(plain))


def _prints(value: Any, left: list[int], depth: int) -> bool:
    """Whether `str(value)` runs nothing but what classes wrote as their own text, and shows nothing that is hidden."""
    kind = class_of(value)
    if any(kind is scalar for scalar in _SCALARS):
        return True
    left[0] -= 1
    if left[0] < 0 or depth > DEFAULT.max_depth:
        return False
    shape, make = kind_of(kind)
    if shape == EXCEPTION:
        inner: object = () if find(kind, "__str__") not in _PRINTS_ARGUMENTS else _arguments(value)
        return _prints(inner, left, depth + 1)
    if shape == INSIDE:
        return _prints(make(value, _MOST_PRINTED), left, depth + 1)
    if make in _NOT_PRINTED or shape == PROXY:
        return False
    if shape >= WRITTEN and managed.parts_of(value, whole=False) is not None:
        return False
    if shape in (LEAF, WRITTEN, UNDECLARED):
        return True
    parts, total = make(value, _MOST_PRINTED)
    if shape in (DICT, DECLARED):
        parts = [part for pair in parts for part in pair]
    return total <= _MOST_PRINTED and all(_prints(part, left, depth + 1) for part in parts)


_PRINTS_ARGUMENTS = (BaseException.__str__, KeyError.__str__, OSError.__str__)
_arguments: Callable[[BaseException], tuple[object, ...]] = BaseException.__dict__["args"].__get__


def exception_text(error: BaseException, limit: int) -> str:
    """`Type: message`, as the last line of a traceback."""
    name, message = type_name(type(error)), exception_message(error, limit)
    return f"{name}: {message}" if message else name


def exception_message(error: BaseException, limit: int) -> str:
    """`str(error)`, or a marker if that fails. What is shown of them replaces arguments that must not be printed."""
    write = find(type(error), "__str__")
    if write in _PRINTS_ARGUMENTS:
        given = _arguments(error)
        shown = tuple(map(printable, given))
        if any(new is not old for new, old in zip(shown, given, strict=True)):
            text = str(shown[0]) if len(shown) == 1 and write is BaseException.__str__ else repr(shown)
            return scalars.cut(text, limit)
    return scalars.text_of_exception(error, limit)
