"""Which conversion a class gets: decided once per class, from the class alone, never by asking the object.

Objects can answer anything (`__class__`, `__getattr__`); their real type cannot lie. Types of other packages are told
by the names of their bases, so nothing has to be imported to recognise them.
"""

from __future__ import annotations

from collections import deque
from collections.abc import ItemsView, KeysView, Mapping, Sequence, ValuesView
from collections.abc import Set as AbstractSet
from datetime import date, datetime, time, timedelta
from types import BuiltinFunctionType, FunctionType, MethodType
from typing import cast

from . import _values_arrays as arrays
from . import _values_leaves as leaves
from . import _values_objects as objects
from ._values_text import bases_of, qualified_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

LEAF, LIST, SET, DICT = range(4)

if TYPE_CHECKING:
    Kind = tuple[int, Callable[[Any, int], Any]]
    """What comes out, and the leaf or opener that makes it."""

_BUILT_IN: tuple[tuple[type, int, Callable[[Any, int], Any]], ...] = (
    (str, LEAF, leaves.text),
    (int, LEAF, leaves.whole),
    (float, LEAF, leaves.floating),
    (dict, DICT, objects.dict_pairs),
    (list, LIST, objects.list_items),
    (tuple, LIST, objects.tuple_items),
    (set, SET, objects.set_items),
    (frozenset, SET, objects.frozenset_items),
    (datetime, LEAF, leaves.iso_datetime),
    (date, LEAF, leaves.iso),
    (time, LEAF, leaves.iso),
    (timedelta, LEAF, leaves.seconds),
    (bytes, LEAF, leaves.octets),
    (bytearray, LEAF, leaves.octets),
    (memoryview, LEAF, leaves.view),
    (complex, LEAF, leaves.as_str),
    (deque, LIST, objects.iterable_items),
    (FunctionType, LEAF, leaves.definition),
    (BuiltinFunctionType, LEAF, leaves.definition),
    (MethodType, LEAF, leaves.definition),
)

_BY_NAME: dict[str, Kind] = {
    "enum.Enum": (LEAF, leaves.member),
    "decimal.Decimal": (LEAF, leaves.as_str),
    "fractions.Fraction": (LEAF, leaves.as_str),
    "uuid.UUID": (LEAF, leaves.as_str),
    "pathlib.PurePath": (LEAF, leaves.as_str),
    "pathlib._local.PurePath": (LEAF, leaves.as_str),  # where Python 3.13 defines it
    "ipaddress._IPAddressBase": (LEAF, leaves.as_str),
    "zoneinfo.ZoneInfo": (LEAF, leaves.as_str),
    "collections.UserString": (LEAF, leaves.as_str),
    "re.Pattern": (LEAF, leaves.pattern),
    "array.array": (LEAF, leaves.array),
    "builtins.range": (LEAF, leaves.as_repr),
    "builtins.generator": (LEAF, leaves.running),
    "builtins.coroutine": (LEAF, leaves.running),
    "builtins.async_generator": (LEAF, leaves.running),
    "types.SimpleNamespace": (DICT, objects.namespace_pairs),
    "argparse.Namespace": (DICT, objects.namespace_pairs),
    "pandas._libs.tslibs.nattype._NaT": (LEAF, leaves.as_repr),  # a datetime that can do nothing of one
    "django.db.models.query.QuerySet": (LEAF, leaves.name_only),
    "pyspark.sql.dataframe.DataFrame": (LEAF, leaves.name_only),
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
        return LEAF, leaves.definition
    if any("get_secret_value" in vars(base) for base in bases) or _is_own_secret(bases):
        return LEAF, leaves.secret
    if BaseException in bases:
        return LEAF, leaves.exception
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
        return None if float in bases or str in bases or bytes in bases else (LEAF, leaves.numpy_scalar)
    if any(base in bases for base in (dict, list, tuple, int, float, str, date, timedelta)):
        return None  # torch.Size, pandas.Timestamp, ...: what their base is
    if arrays.is_descriptive(kind):
        return LEAF, leaves.as_repr
    if arrays.is_array(kind):
        return LEAF, arrays.summary
    return (LEAF, leaves.name_only) if library in arrays.DEVICE_LIBRARIES else None


def _structured(kind: Any) -> Kind | None:
    """Classes that declare their fields; read here once, since they are the same for every object."""
    if isinstance(getattr(kind, "__attrs_attrs__", None), tuple):
        return DICT, objects.attrs_fields(kind)
    if isinstance(getattr(kind, "__dataclass_fields__", None), dict):
        # With repr=False the author took all fields out of sight; whatever `repr` there is says what to show.
        shown = getattr(getattr(kind, "__dataclass_params__", None), "repr", True)
        return (DICT, objects.dataclass_fields(kind)) if shown else (LEAF, leaves.as_repr)
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
        return LEAF, leaves.as_repr
    if issubclass(kind, Mapping):
        return DICT, objects.mapping_pairs
    if issubclass(kind, ItemsView):
        return DICT, objects.item_view_pairs
    if issubclass(kind, (KeysView, ValuesView, Sequence)):
        return LIST, objects.iterable_items
    if issubclass(kind, AbstractSet):
        return SET, objects.iterable_items
    return LEAF, leaves.as_repr
