"""Which conversion a class gets.

Decided once, from the class alone: answers of an object (`__class__`, `__getattr__`) cannot be trusted. Types of other
packages are recognised by the names of their bases, so that nothing gets imported.
"""

from __future__ import annotations

import gc
import sys
from collections import OrderedDict, deque
from datetime import date, datetime, time, timedelta
from types import BuiltinFunctionType, FunctionType, MappingProxyType, MethodType
from typing import TYPE_CHECKING, cast

from discreet._values import managed, objects, proxies, scalars
from discreet._values.attributes import bases_of, class_dict, class_of, find, names_of, stored
from discreet._values.scalars import qualified_name

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TypeAlias

    Kind: TypeAlias = tuple[int, Callable[[Any, int], Any]]
    """What comes out, and the function that makes it."""

LEAF, LIST, SET, DICT, EXCEPTION, INSIDE, PROXY, WRITTEN, DECLARED, UNDECLARED = range(10)
"""A scalar or text; containers; what holds or stands for another value; objects with a `__repr__` of their own, with
declared fields, and with neither. An instance of the last three may turn out to be an ORM's."""


def _data(value: object, most: int) -> object:
    return stored(value)["data"]


def _target(value: object, most: int) -> object:
    return gc.get_referents(value)[0]  # the mapping, which its proxy shows nobody


def _chained(value: object, most: int) -> object:
    merged: dict[object, object] = {}
    for mapping in reversed(stored(value)["maps"]):
        shape, make = kind_of(class_of(mapping))
        while shape == INSIDE:
            mapping = make(mapping, most)  # noqa: PLW2901 - what is inside takes its place
            shape, make = kind_of(class_of(mapping))
        if shape != DICT:
            raise TypeError("not a mapping in memory")
        merged.update(make(mapping, most)[0])
    return merged


_empty: dict[str, str] = {}
_ordered: OrderedDict[str, str] = OrderedDict()
_VIEWS: tuple[type, ...] = tuple(map(class_of, (_empty.keys(), _empty.values(), _ordered.keys(), _ordered.values())))
_PAIRS = class_of(_empty.items())

_BUILT_IN: tuple[tuple[type, int, Callable[[Any, int], Any]], ...] = (
    (str, LEAF, scalars.text),
    (int, LEAF, scalars.whole),
    (float, LEAF, scalars.floating),
    (bytes, LEAF, scalars.octets),
    (bytearray, LEAF, scalars.octets),
    (dict, DICT, objects.dict_pairs),
    *((base, LIST, objects.items_of(base)) for base in (list, tuple, deque, *_VIEWS)),
    *((base, SET, objects.items_of(base)) for base in (set, frozenset)),
    (_PAIRS, DICT, objects.items_of(_PAIRS)),
    (datetime, LEAF, scalars.iso_datetime),
    (date, LEAF, scalars.iso),
    (time, LEAF, scalars.iso),
    (timedelta, LEAF, scalars.seconds),
    (memoryview, LEAF, scalars.view),
    (complex, LEAF, scalars.as_str),
    (MappingProxyType, INSIDE, _target),
    (FunctionType, LEAF, scalars.definition),
    (BuiltinFunctionType, LEAF, scalars.definition),
    (MethodType, LEAF, scalars.definition),
)
_SCALARS = (str, int, float, bytes, bytearray)

_BY_NAME: dict[str, Kind] = {
    "enum.Enum": (LEAF, scalars.member),
    "decimal.Decimal": (LEAF, scalars.as_str),
    "fractions.Fraction": (LEAF, scalars.as_str),
    "uuid.UUID": (LEAF, scalars.as_str),
    "pathlib.PurePath": (LEAF, scalars.as_str),
    "pathlib._local.PurePath": (LEAF, scalars.as_str),  # where Python 3.13 defines it
    "ipaddress._IPAddressBase": (LEAF, scalars.as_str),
    "zoneinfo.ZoneInfo": (LEAF, scalars.as_str),
    "re.Pattern": (LEAF, scalars.pattern),
    "array.array": (LEAF, scalars.array),
    "builtins.range": (LEAF, scalars.representation),
    "builtins.generator": (LEAF, scalars.running),
    "builtins.coroutine": (LEAF, scalars.running),
    "builtins.async_generator": (LEAF, scalars.running),
    "types.SimpleNamespace": (DICT, objects.namespace_pairs),
    "argparse.Namespace": (DICT, objects.namespace_pairs),
    "pandas._libs.tslibs.nattype._NaT": (LEAF, scalars.representation),  # a datetime that can do nothing of one
    # A double has a class for each instance and a `__class__` on request, but nothing behind it.
    "unittest.mock.NonCallableMock": (LEAF, scalars.representation),
    # With `__iter__`, and yet no containers.
    "_asyncio.Future": (LEAF, scalars.representation),
    "asyncio.futures.Future": (LEAF, scalars.representation),
    "requests.models.Response": (LEAF, scalars.representation),
    "types.GenericAlias": (LEAF, scalars.representation),
    "typing._GenericAlias": (LEAF, scalars.representation),
    "collections.UserDict": (INSIDE, _data),
    "collections.UserList": (INSIDE, _data),
    "collections.UserString": (INSIDE, _data),
    "collections.ChainMap": (INSIDE, _chained),
    "werkzeug.datastructures.structures.CombinedMultiDict": (DICT, objects.pairs_of_items(lambda many: many.items())),
    "sqlite3.Row": (DICT, objects.pairs_of_items(lambda row: zip(row.keys(), row, strict=True))),
    "sqlalchemy.engine.row.Row": (DICT, objects.pairs_of_items(lambda row: row._mapping.items())),  # noqa: SLF001 - public, says SQLAlchemy
}

_MAPPINGS = frozenset({
    "os._Environ",
    "starlette.datastructures.Headers", "starlette.datastructures.QueryParams",
    "starlette.datastructures.ImmutableMultiDict",
    "werkzeug.datastructures.headers.Headers", "werkzeug.datastructures.structures.MultiDict",
    "multidict._multidict.MultiDict", "multidict._multidict.MultiDictProxy",
    "multidict._multidict_py.MultiDict", "multidict._multidict_py.MultiDictProxy",
    "httpx.Headers", "httpx.QueryParams", "httpx._models.Headers", "httpx._urls.QueryParams",
    "requests.structures.CaseInsensitiveDict", "urllib3._collections.HTTPHeaderDict",
    "django.utils.datastructures.MultiValueDict", "django.utils.datastructures.CaseInsensitiveMapping",
    "sqlalchemy.engine.row.RowMapping",
})  # fmt: skip
"""Mappings of other libraries that have all their items in memory. A `dict` among them is read as one."""

_CONTAINER = frozenset({"__iter__", "__len__", "__getitem__", "__aiter__", "__next__", "__anext__"})
_TEXT = frozenset({"__str__", "__len__", "__getitem__", "__contains__", "__add__"})
"""What makes a class a kind of text, if it writes them all: babel's and flask-babel's lazy ones, for example."""

_KEEP_FIELDS = frozenset({"pydantic", "sqlmodel", "msgspec"})
"""Packages whose own `__repr__`, inherited by all models, shows the fields."""

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


def _decide(kind: type) -> Kind:  # noqa: C901, PLR0912 - one line for each kind of class, in the order that counts
    bases = bases_of(kind)
    if type in bases:
        return LEAF, scalars.definition
    for base in bases:
        is_own = base.__name__ == "Secret" and base.__module__.partition(".")[0] == "discreet"
        if is_own or "get_secret_value" in class_dict(base):
            return LEAF, scalars.secret
    if BaseException in bases:
        return EXCEPTION, scalars.name_only
    library = objects.library_of(kind)
    if library is not None:
        found = _from_library(kind, bases, library)
        if found is not None:
            return found
    if library is None and any(base in bases for base in _SCALARS) and _writes_repr(kind) and not _is_enum(bases):
        return LEAF, scalars.as_written
    is_written = False  # by a class that is derived from a known one
    for base in bases:
        name = ".".join(qualified_name(base))
        found = _BY_NAME.get(name)
        if found is None and name in _MAPPINGS:
            found = DICT, objects.dict_pairs if dict in bases else objects.pairs_of_items(cast("Any", base).items)
        if found is not None:
            return (WRITTEN, scalars.representation) if is_written and found[0] != LEAF else found
        is_written = is_written or "__repr__" in class_dict(base)
    if managed.is_of_orm(kind):
        return WRITTEN, scalars.name_and_length
    if dict not in bases and (structured := _structured(kind)) is not None:
        return structured
    for base, shape, make in _BUILT_IN:
        if base in bases:
            is_masked = shape in (LIST, SET, DICT) and library is None and _writes_repr(kind)
            return (WRITTEN, scalars.representation) if is_masked else (shape, make)
    if proxies.is_proxy(kind):
        return PROXY, lambda value, _: proxies.behind(value)
    names = names_of(kind)
    if names >= _TEXT:
        return LEAF, scalars.as_str
    if not names.isdisjoint(_CONTAINER):
        return LEAF, scalars.name_only
    if find(kind, "__repr__") is not object.__repr__:
        return WRITTEN, scalars.representation
    if qualified_name(kind)[0].partition(".")[0] in sys.stdlib_module_names - {"__main__"}:
        return LEAF, scalars.name_only
    return UNDECLARED, objects.public_attributes(kind)


def _is_enum(bases: tuple[type, ...]) -> bool:
    return any(qualified_name(base) == ("enum", "Enum") for base in bases)


def _writes_repr(kind: type) -> bool:
    """Whether somebody wrote the class's `__repr__`: not Python, not a decorator, and not a base of all models."""
    for base in bases_of(kind):
        written = class_dict(base).get("__repr__") or class_dict(base).get("__repr_args__")
        if written is not None:
            package = qualified_name(base)[0].partition(".")[0]
            if package in _KEEP_FIELDS or (package in sys.stdlib_module_names and package != "__main__"):
                return False
            return not _is_generated(written)
    return False


def _is_generated(written: Any) -> bool:
    """Whether `dataclasses`, attrs or `collections.namedtuple` made a `__repr__`."""
    origin = getattr(written, "__globals__", {}).get("__name__")
    code = getattr(getattr(written, "__wrapped__", written), "__code__", None)
    file = "" if code is None else code.co_filename
    in_string = file == "<string>" and origin in ("dataclasses", "reprlib")
    return in_string or origin == "collections" or file.startswith("<attrs generated")


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
    is_quiet = False  # who asks for no `repr` hides all fields
    if isinstance(getattr(kind, "__attrs_attrs__", None), tuple):
        is_quiet = find(kind, "__repr__") is object.__repr__
        opener = objects.attrs_fields(kind)
    elif isinstance(getattr(kind, "__dataclass_fields__", None), dict):
        is_quiet = not getattr(getattr(kind, "__dataclass_params__", None), "repr", True)
        opener = objects.dataclass_fields(kind)
    elif isinstance(getattr(kind, "__pydantic_fields__", getattr(kind, "model_fields", None)), dict):
        opener = objects.pydantic_fields(kind)
    elif _are_names(getattr(kind, "__struct_fields__", None)):
        opener = objects.attributes(kind.__struct_fields__)
    elif _are_names(getattr(kind, "_fields", None)) and tuple in bases_of(kind):
        opener = objects.named_items(find(kind, "_fields"))
    else:
        return None
    return (WRITTEN, scalars.representation) if is_quiet or _writes_repr(kind) else (DECLARED, opener)


def _are_names(fields: Any) -> bool:
    return isinstance(fields, tuple) and all(isinstance(name, str) for name in cast("tuple[object, ...]", fields))
