"""Values with parts: how each kind is opened into a list of items or of pairs, without running more code than needed.

An opener takes the value and how many parts are wanted, and returns these with the number of parts there are.
Subclasses of the built-in containers are read through the built-in type, past whatever the subclass overrides.
"""

from __future__ import annotations

import sys
from itertools import islice

from ._values_leaves import SECRET
from ._values_text import PASS_THROUGH, plain_text, qualified_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import Any, TypeVar

    T = TypeVar("T")
    Pairs = list[tuple[object, object]]

_ATTEMPTS = 5
_MISSING = object()


def _snapshot(parts: Callable[[], Iterable[T]], most: int) -> list[T]:
    """Up to `most` parts of a container that another thread may be changing meanwhile."""
    for _ in range(_ATTEMPTS):
        try:
            return list(islice(iter(parts()), most))
        except RuntimeError as error:
            if isinstance(error, RecursionError):
                raise
    raise RuntimeError("changed during iteration")


def dict_pairs(value: dict[object, object], most: int) -> tuple[Pairs, int]:
    return _snapshot(lambda: dict.items(value), most), dict.__len__(value)


def list_items(value: list[object], most: int) -> tuple[list[object], int]:
    return list.__getitem__(value, slice(most)), list.__len__(value)


def tuple_items(value: tuple[object, ...], most: int) -> tuple[list[object], int]:
    return list(tuple.__getitem__(value, slice(most))), tuple.__len__(value)


def set_items(value: set[object], most: int) -> tuple[list[object], int]:
    return _snapshot(lambda: set.__iter__(value), most), set.__len__(value)


def frozenset_items(value: frozenset[object], most: int) -> tuple[list[object], int]:
    return list(islice(frozenset.__iter__(value), most)), frozenset.__len__(value)


def iterable_items(value: Any, most: int) -> tuple[list[object], int]:
    """Deques, views and other sequences: iterated, at most one item further than wanted."""
    items: list[object] = _snapshot(lambda: value, most + 1)
    return items[:most], _length(value, len(items))


def mapping_pairs(value: Mapping[object, object], most: int) -> tuple[Pairs, int]:
    pairs: Pairs = [(key, item) for key, item in _snapshot(lambda: value.items(), most + 1)]
    return pairs[:most], _length(value, len(pairs))


def item_view_pairs(value: Any, most: int) -> tuple[Pairs, int]:
    pairs: Pairs = [(key, item) for key, item in _snapshot(lambda: value, most + 1)]
    return pairs[:most], _length(value, len(pairs))


def _length(value: Any, seen: int) -> int:
    try:
        return max(seen, int(len(value)))
    except PASS_THROUGH:
        raise
    except BaseException:  # a length that cannot be told; what was seen is the least it can be
        return seen


def namedtuple_pairs(value: Any, most: int) -> tuple[Pairs, int]:
    names = type(value)._fields
    items = list(value) if not isinstance(value, tuple) else list(tuple.__iter__(value))
    pairs: Pairs = list(zip(names, items))
    return pairs[:most], len(pairs)


def namespace_pairs(value: object, most: int) -> tuple[Pairs, int]:
    """Objects that are nothing but their attributes (`SimpleNamespace`, `argparse.Namespace`)."""
    return dict_pairs(object.__getattribute__(value, "__dict__"), most)


def _attributes(value: object, names: Iterable[str], most: int) -> tuple[Pairs, int]:
    """The named attributes; one that was never set is left out, one that fails says so."""
    pairs: Pairs = []
    for name in names:
        try:
            item: object = getattr(value, name, _MISSING)
        except PASS_THROUGH:
            raise
        except BaseException as error:
            item = f"<attribute raised {qualified_name(type(error))[1]}>"
        if item is not _MISSING:
            pairs.append((name, item))
    return pairs[:most], len(pairs)


def dataclass_pairs(value: Any, most: int) -> tuple[Pairs, int]:
    """A dataclass's fields but those with `repr=False`, which their author keeps out of sight."""
    hidden = _hidden_by_pydantic(type(value))
    fields = sys.modules["dataclasses"].fields(type(value))
    return _attributes(value, [f.name for f in fields if f.repr and f.name not in hidden], most)


def attrs_pairs(value: Any, most: int) -> tuple[Pairs, int]:
    """An attrs class's attributes: `repr=False` leaves one out, and a function given as `repr` writes it."""
    pairs: Pairs = []
    for attribute in type(value).__attrs_attrs__:
        if attribute.repr is False:
            continue
        [*found], _ = _attributes(value, (attribute.name,), most)
        for name, item in found:
            pairs.append((name, _written(attribute.repr, item)))
    return pairs[:most], len(pairs)


def _written(write: object, item: object) -> object:
    if not callable(write):
        return item
    try:
        return plain_text(str(write(item)))
    except PASS_THROUGH:
        raise
    except BaseException:  # the author wanted it masked, so without the mask it does not leave
        return SECRET


def struct_pairs(value: Any, most: int) -> tuple[Pairs, int]:
    """msgspec's Struct."""
    return _attributes(value, type(value).__struct_fields__, most)


def pydantic_pairs(value: Any, most: int) -> tuple[Pairs, int]:
    """A pydantic model's stored values, without validators, serializers and computed fields; not those that are
    declared `repr=False` or `exclude=True`."""
    hidden = _hidden_by_pydantic(type(value))
    stored: dict[str, object] = object.__getattribute__(value, "__dict__")
    pairs: Pairs = [(name, stored[name]) for name in _pydantic_fields(type(value)) if name in stored and name not in hidden]
    extra = getattr(value, "__pydantic_extra__", None)
    if type(extra) is dict:
        pairs.extend(extra.items())
    return pairs[:most], len(pairs)


def _pydantic_fields(kind: Any) -> Mapping[str, Any]:
    fields: Mapping[str, Any] = getattr(kind, "__pydantic_fields__", None) or getattr(kind, "model_fields", None) or {}
    return fields


def _hidden_by_pydantic(kind: type) -> set[str]:
    def shown(field: Any) -> bool:
        return getattr(field, "repr", True) is not False and getattr(field, "exclude", None) is not True

    return {name for name, field in _pydantic_fields(kind).items() if not shown(field)}
