"""Any object as plain data (JSON's types), so that the redactor can examine all of it; and lazy values.

`to_plain` never raises and runs as little foreign code as it can: it does not consume iterators, read device memory,
or call anything but `repr`, and that only on objects it does not know. A marker in `<...>` shows what it leaves out.

Which conversion a class gets is decided once, from the class alone: answers of the object (`__class__`, `__getattr__`)
cannot be trusted. Types of other packages are recognised by the names of their bases, so that nothing gets imported.
"""

from __future__ import annotations

from collections import deque
from collections.abc import ItemsView, KeysView, Mapping, Sequence, ValuesView
from collections.abc import Set as AbstractSet
from datetime import date, datetime, time, timedelta
from types import BuiltinFunctionType, FunctionType, MethodType
from typing import TYPE_CHECKING, NamedTuple, cast

from discreet._values import objects, scalars
from discreet._values.scalars import PASS_THROUGH, bases_of, qualified_name, type_name

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from discreet._record import Plain

    Opener = Callable[[Any, int], tuple[list[Any], int]]
    Kind = tuple[int, Callable[[Any, int], Any]]
    """The shape of the result, and the function that makes it."""

LEAF, LIST, SET, DICT = range(4)


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

_LOW, _HIGH = -(1 << 63), (1 << 63) - 1  # certainly small enough to be written

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
    if kind is str or value is None or kind is bool or kind is float or (kind is int and _LOW <= value <= _HIGH):
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
        if shape != LIST:  # a set has no order: sorted, its lines are easy to compare
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


_BUILT_IN: tuple[tuple[type, int, Callable[[Any, int], Any]], ...] = (
    (str, LEAF, scalars.text),
    (int, LEAF, scalars.whole),
    (float, LEAF, scalars.floating),
    (dict, DICT, objects.dict_pairs),
    (list, LIST, objects.list_items),
    (tuple, LIST, objects.tuple_items),
    (set, SET, objects.set_items),
    (frozenset, SET, objects.frozenset_items),
    (datetime, LEAF, scalars.iso_datetime),
    (date, LEAF, scalars.iso),
    (time, LEAF, scalars.iso),
    (timedelta, LEAF, scalars.seconds),
    (bytes, LEAF, scalars.octets),
    (bytearray, LEAF, scalars.octets),
    (memoryview, LEAF, scalars.view),
    (complex, LEAF, scalars.as_str),
    (deque, LIST, objects.iterable_items),
    (FunctionType, LEAF, scalars.definition),
    (BuiltinFunctionType, LEAF, scalars.definition),
    (MethodType, LEAF, scalars.definition),
)

_BY_NAME: dict[str, Kind] = {
    "enum.Enum": (LEAF, scalars.member),
    "decimal.Decimal": (LEAF, scalars.as_str),
    "fractions.Fraction": (LEAF, scalars.as_str),
    "uuid.UUID": (LEAF, scalars.as_str),
    "pathlib.PurePath": (LEAF, scalars.as_str),
    "pathlib._local.PurePath": (LEAF, scalars.as_str),  # where Python 3.13 defines it
    "ipaddress._IPAddressBase": (LEAF, scalars.as_str),
    "zoneinfo.ZoneInfo": (LEAF, scalars.as_str),
    "collections.UserString": (LEAF, scalars.as_str),
    "re.Pattern": (LEAF, scalars.pattern),
    "array.array": (LEAF, scalars.array),
    "builtins.range": (LEAF, scalars.representation),
    "builtins.generator": (LEAF, scalars.running),
    "builtins.coroutine": (LEAF, scalars.running),
    "builtins.async_generator": (LEAF, scalars.running),
    "types.SimpleNamespace": (DICT, objects.namespace_pairs),
    "argparse.Namespace": (DICT, objects.namespace_pairs),
    "pandas._libs.tslibs.nattype._NaT": (LEAF, scalars.representation),  # a datetime that can do nothing of one
    "django.db.models.query.QuerySet": (LEAF, scalars.name_only),
    "pyspark.sql.dataframe.DataFrame": (LEAF, scalars.name_only),
}

_known: dict[type, Kind] = {}
_MOST_KNOWN = 1024


def kind_of(kind: type) -> Kind:
    """The conversion for a class. May raise whatever a hostile metaclass raises."""
    found = _known.get(kind)
    if found is None:
        found = _decide(kind)
        if len(_known) >= _MOST_KNOWN:  # classes made on the fly must not be kept alive without end
            _known.clear()
        _known[kind] = found
    return found


def _decide(kind: type) -> Kind:
    bases = bases_of(kind)
    if type in bases:
        return LEAF, scalars.definition
    for base in bases:
        is_own = base.__name__ == "Secret" and base.__module__.partition(".")[0] == "discreet"
        if is_own or "get_secret_value" in vars(base):
            return LEAF, scalars.secret
    if BaseException in bases:
        return LEAF, scalars.exception
    library = objects.library_of(kind)
    if library is not None:
        found = _from_library(kind, bases, library)
        if found is not None:
            return found
    for base in bases:
        named = _BY_NAME.get(".".join(qualified_name(base)))
        if named is not None:
            return named
    if dict not in bases and (structured := _structured(kind)) is not None:
        return structured
    for base, shape, make in _BUILT_IN:
        if base in bases:
            return shape, make
    return _by_protocol(kind)


def _from_library(kind: type, bases: tuple[type, ...], library: str) -> Kind | None:
    names = {".".join(qualified_name(base)) for base in bases}
    if "numpy.generic" in names:
        return None if float in bases or str in bases or bytes in bases else (LEAF, scalars.numpy_scalar)
    if any(base in bases for base in (dict, list, tuple, int, float, str, date, timedelta)):
        return None  # torch.Size, pandas.Timestamp, ...: what their base is
    if objects.is_descriptive(kind):
        return LEAF, scalars.representation
    if objects.is_array(kind):
        return LEAF, objects.summary
    return (LEAF, scalars.name_only) if library in objects.DEVICE_LIBRARIES else None


def _structured(kind: Any) -> Kind | None:
    """Classes that declare their fields; read here once, since they are the same for every object."""
    if isinstance(getattr(kind, "__attrs_attrs__", None), tuple):
        return DICT, objects.attrs_fields(kind)
    if isinstance(getattr(kind, "__dataclass_fields__", None), dict):
        # With repr=False the author hides all fields; then the class's `repr` decides what is shown.
        shown = getattr(getattr(kind, "__dataclass_params__", None), "repr", True)
        return (DICT, objects.dataclass_fields(kind)) if shown else (LEAF, scalars.representation)
    if isinstance(getattr(kind, "__pydantic_fields__", getattr(kind, "model_fields", None)), dict):
        return DICT, objects.pydantic_fields(kind)
    declared: Any = getattr(kind, "__struct_fields__", None)
    if _are_names(declared):
        return DICT, objects.attributes(declared)
    named: Any = getattr(kind, "_fields", None)
    if _are_names(named) and issubclass(kind, (tuple, Sequence)):
        return DICT, objects.named_items(named)
    return None


def _are_names(fields: Any) -> bool:
    return isinstance(fields, tuple) and all(isinstance(name, str) for name in cast("tuple[object, ...]", fields))


def _by_protocol(kind: type) -> Kind:
    """Containers that only say so; an iterator is never one, since reading it would use it up."""
    if any("__next__" in vars(base) for base in bases_of(kind)):
        return LEAF, scalars.representation
    if issubclass(kind, Mapping):
        return DICT, objects.mapping_pairs
    if issubclass(kind, ItemsView):
        return DICT, objects.iterable_items  # of pairs
    if issubclass(kind, (KeysView, ValuesView, Sequence)):
        return LIST, objects.iterable_items
    if issubclass(kind, AbstractSet):
        return SET, objects.iterable_items
    return LEAF, scalars.representation
