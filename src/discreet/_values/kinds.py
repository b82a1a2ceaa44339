"""Which conversion a class gets: decided once per class, from the class alone, never by asking the object.

An object's own answers (`__class__`, `__getattr__`) cannot be trusted; its type can. Types of other packages are
recognised by the names of their bases, so that nothing has to be imported.
"""

from __future__ import annotations

from collections import deque
from collections.abc import ItemsView, KeysView, Mapping, Sequence, ValuesView
from collections.abc import Set as AbstractSet
from datetime import date, datetime, time, timedelta
from types import BuiltinFunctionType, FunctionType, MethodType
from typing import cast

from discreet._values import arrays, objects, scalars
from discreet._values.text import bases_of, qualified_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

LEAF, LIST, SET, DICT = range(4)

if TYPE_CHECKING:
    Kind = tuple[int, Callable[[Any, int], Any]]
    """The shape of the result, and the function that makes it."""

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
    "builtins.range": (LEAF, scalars.as_repr),
    "builtins.generator": (LEAF, scalars.running),
    "builtins.coroutine": (LEAF, scalars.running),
    "builtins.async_generator": (LEAF, scalars.running),
    "types.SimpleNamespace": (DICT, objects.namespace_pairs),
    "argparse.Namespace": (DICT, objects.namespace_pairs),
    "pandas._libs.tslibs.nattype._NaT": (LEAF, scalars.as_repr),  # a datetime that can do nothing of one
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
    if any("get_secret_value" in vars(base) for base in bases) or _is_own_secret(bases):
        return LEAF, scalars.secret
    if BaseException in bases:
        return LEAF, scalars.exception
    library = arrays.library_of(kind)
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


def _is_own_secret(bases: tuple[type, ...]) -> bool:
    return any(base.__name__ == "Secret" and base.__module__.partition(".")[0] == "discreet" for base in bases)


def _from_library(kind: type, bases: tuple[type, ...], library: str) -> Kind | None:
    names = {".".join(qualified_name(base)) for base in bases}
    if "numpy.generic" in names:
        return None if float in bases or str in bases or bytes in bases else (LEAF, scalars.numpy_scalar)
    if any(base in bases for base in (dict, list, tuple, int, float, str, date, timedelta)):
        return None  # torch.Size, pandas.Timestamp, ...: what their base is
    if arrays.is_descriptive(kind):
        return LEAF, scalars.as_repr
    if arrays.is_array(kind):
        return LEAF, arrays.summary
    return (LEAF, scalars.name_only) if library in arrays.DEVICE_LIBRARIES else None


def _structured(kind: Any) -> Kind | None:
    """Classes that declare their fields; read here once, since they are the same for every object."""
    if isinstance(getattr(kind, "__attrs_attrs__", None), tuple):
        return DICT, objects.attrs_fields(kind)
    if isinstance(getattr(kind, "__dataclass_fields__", None), dict):
        # With repr=False the author hides all fields; then the class's `repr` decides what is shown.
        shown = getattr(getattr(kind, "__dataclass_params__", None), "repr", True)
        return (DICT, objects.dataclass_fields(kind)) if shown else (LEAF, scalars.as_repr)
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
        return LEAF, scalars.as_repr
    if issubclass(kind, Mapping):
        return DICT, objects.mapping_pairs
    if issubclass(kind, ItemsView):
        return DICT, objects.item_view_pairs
    if issubclass(kind, (KeysView, ValuesView, Sequence)):
        return LIST, objects.iterable_items
    if issubclass(kind, AbstractSet):
        return SET, objects.iterable_items
    return LEAF, scalars.as_repr
