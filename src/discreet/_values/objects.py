"""Values with parts: how each kind is opened into a list of items or of pairs, without running more code than needed.

An opener takes the value and how many parts are wanted, and returns these with the number of parts there are.
Subclasses of the built-in containers are read through the built-in type, past whatever the subclass overrides.

Arrays, tensors and tables are described by their metadata, never their values, and without importing their libraries:
a 1000 x 1000 array is 20 MB of JSON, and printing a tensor that lives on a GPU stops the program until the device has
caught up. Shape, element type and device are known to the host, so only these are read.
"""

from __future__ import annotations

import operator
import sys
from itertools import islice

from discreet._values.scalars import PASS_THROUGH, SECRET, bases_of, cut, plain_text, qualified_name, type_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import Any, TypeVar

    from discreet._record import Plain

    T = TypeVar("T")
    Pairs = list[tuple[object, object]]
    Opener = Callable[[Any, int], tuple[Pairs, int]]

_ATTEMPTS = 5
_MISSING = object()

# Methods of the classes themselves are called below, and a checker would ask each time what is inside.
_dict: Any = dict
_list: Any = list
_tuple: Any = tuple
_set: Any = set
_frozenset: Any = frozenset


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
    return _snapshot(lambda: _dict.items(value), most), _dict.__len__(value)


def list_items(value: list[object], most: int) -> tuple[list[object], int]:
    return _list.__getitem__(value, slice(most)), _list.__len__(value)


def tuple_items(value: tuple[object, ...], most: int) -> tuple[list[object], int]:
    return list(_tuple.__getitem__(value, slice(most))), _tuple.__len__(value)


def set_items(value: set[object], most: int) -> tuple[list[object], int]:
    return _snapshot(lambda: _set.__iter__(value), most), _set.__len__(value)


def frozenset_items(value: frozenset[object], most: int) -> tuple[list[object], int]:
    return list(islice(_frozenset.__iter__(value), most)), _frozenset.__len__(value)


def iterable_items(value: Any, most: int) -> tuple[list[object], int]:
    """Deques, views and other sequences: iterated, at most one item further than wanted."""
    items: list[object] = _snapshot(lambda: value, most + 1)
    return items[:most], _length(value, len(items))


def mapping_pairs(value: Mapping[object, object], most: int) -> tuple[Pairs, int]:
    pairs: Pairs = [(key, item) for key, item in _snapshot(value.items, most + 1)]
    return pairs[:most], _length(value, len(pairs))


def _length(value: Any, seen: int) -> int:
    try:
        return max(seen, len(value))
    except PASS_THROUGH:
        raise
    except BaseException:  # `len` fails: there are at least as many parts as were read
        return seen


def namespace_pairs(value: object, most: int) -> tuple[Pairs, int]:
    """Objects that only hold attributes (`SimpleNamespace`, `argparse.Namespace`)."""
    return dict_pairs(object.__getattribute__(value, "__dict__"), most)


def named_items(names: Iterable[str]) -> Opener:
    """A named tuple, or a database row that knows the names of its columns."""
    columns = list(names)

    def pairs_of(value: Any, most: int) -> tuple[Pairs, int]:
        items: list[object] = list(_tuple.__iter__(value) if issubclass(type(value), tuple) else value)
        pairs: Pairs = list(zip(columns, items, strict=False))
        return pairs[:most], len(pairs)

    return pairs_of


def attributes(names: Iterable[str]) -> Opener:
    """A class that declares its fields. One that was never set is left out, one that fails says so."""
    declared = list(names)

    def pairs_of(value: Any, most: int) -> tuple[Pairs, int]:
        pairs = [(name, _attribute(value, name)) for name in declared]
        present: Pairs = [pair for pair in pairs if pair[1] is not _MISSING]
        return present[:most], len(present)

    return pairs_of


def _attribute(value: object, name: str) -> object:
    try:
        return getattr(value, name, _MISSING)
    except PASS_THROUGH:
        raise
    except BaseException as error:
        return f"<attribute raised {qualified_name(type(error))[1]}>"


def dataclass_fields(kind: Any) -> Opener:
    """A dataclass's fields but those with `repr=False`, which their author keeps out of sight."""
    hidden = _hidden_by_pydantic(kind)
    fields: Any = sys.modules["dataclasses"].fields(kind)
    return attributes(field.name for field in fields if field.repr and field.name not in hidden)


def attrs_fields(kind: Any) -> Opener:
    """An attrs class's attributes: `repr=False` leaves one out, and a function given as `repr` writes it."""
    declared: Any = kind.__attrs_attrs__
    writers: dict[object, object] = {field.name: field.repr for field in declared if field.repr is not False}
    read = attributes([str(name) for name in writers])

    def pairs_of(value: Any, most: int) -> tuple[Pairs, int]:
        pairs, total = read(value, most)
        return [(name, _written(writers[name], item)) for name, item in pairs], total

    return pairs_of


def _written(write: object, item: object) -> object:
    if not callable(write):
        return item
    try:
        return plain_text(str(write(item)))
    except PASS_THROUGH:
        raise
    except BaseException:  # the author wanted it masked, so without the mask it does not leave
        return SECRET


def pydantic_fields(kind: Any) -> Opener:
    """The values a pydantic model stores; no validator, serializer or computed field is run.

    Fields declared `repr=False` or `exclude=True` are left out.
    """
    hidden = _hidden_by_pydantic(kind)
    names = [name for name in _declared_by_pydantic(kind) if name not in hidden]

    def pairs_of(value: Any, most: int) -> tuple[Pairs, int]:
        stored: dict[str, object] = object.__getattribute__(value, "__dict__")
        pairs: Pairs = [(name, stored[name]) for name in names if name in stored]
        extra: Any = getattr(value, "__pydantic_extra__", None)
        if type(extra) is dict:
            pairs.extend(_dict.items(extra))
        return pairs[:most], len(pairs)

    return pairs_of


def _declared_by_pydantic(kind: Any) -> Mapping[str, Any]:
    """Since 2.10 under a private name, because instances no longer answer to the public one."""
    fields: Any = getattr(kind, "__pydantic_fields__", None) or getattr(kind, "model_fields", None)
    return fields if isinstance(fields, dict) else {}  # pyright: ignore[reportUnknownVariableType]  # names to fields


def _hidden_by_pydantic(kind: type) -> set[str]:
    return {
        name
        for name, field in _declared_by_pydantic(kind).items()
        if getattr(field, "repr", True) is False or getattr(field, "exclude", None) is True
    }


DEVICE_LIBRARIES = frozenset({"torch", "tensorflow", "jax", "jaxlib", "cupy", "mlx", "cudf", "dask", "xarray"})
"""Top-level packages whose objects with a shape or columns are summarised, and whose others are named by type only:
their `repr` may read device memory or compute."""

ARRAY_LIBRARIES = DEVICE_LIBRARIES | {"numpy", "pandas", "polars", "pyarrow", "scipy", "sparse", "modin"}
"""All packages whose objects with a shape or columns are summarised."""

_DESCRIPTIVE = frozenset({"dtype", "DType", "Dtype", "device", "Device", "layout", "memory_format", "TensorShape"})
_MOST_COLUMNS = 20
_MOST_AXES = 32
_LONGEST = 200


def library_of(kind: type) -> str | None:
    """The array library that a class or one of its bases comes from."""
    for base in bases_of(kind):
        root = qualified_name(base)[0].partition(".")[0]
        if root in ARRAY_LIBRARIES:
            return root
    return None


def is_array(kind: type) -> bool:
    """Whether the class describes something with a shape, or columns."""
    return any("shape" in vars(base) or "columns" in vars(base) or "dtype" in vars(base) for base in bases_of(kind))


def is_descriptive(kind: type) -> bool:
    """Whether this is a data type or a device: small, on the host, and its `repr` is its name."""
    return any(base.__name__ in _DESCRIPTIVE for base in bases_of(kind))


def summary(value: object, limit: int) -> Plain:
    """`{"type", "shape", "dtype", "device", "name", "columns"}`, each where the object has it."""
    kind = type(value)
    root, name = qualified_name(kind)[0].partition(".")[0], qualified_name(kind)[1]
    found: dict[str, Plain] = {"type": f"{root}.{name}" if root in ARRAY_LIBRARIES else type_name(kind)}
    for attribute, read in _READERS:
        try:
            plain = read(value)
        except PASS_THROUGH:
            raise
        except BaseException:  # an attribute that cannot be read is one that this object does not have
            continue
        if plain is not None:
            found[attribute] = plain
    return found


def _shape(value: Any) -> Plain:
    """The axes; one whose size is not known yet (symbolic, lazy) is None."""
    axes: list[Any] = list(islice(iter(value.shape), _MOST_AXES))
    return [operator.index(axis) if hasattr(axis, "__index__") else None for axis in axes]


def _dtype(value: Any) -> Plain:
    dtype = value.dtype
    return None if dtype is None else cut(plain_text(str(dtype)), _LONGEST)


def _device(value: Any) -> Plain:
    device = value.device
    return None if device is None or callable(device) else cut(plain_text(str(device)), _LONGEST)


def _name(value: Any) -> Plain:
    name = value.name
    return cut(plain_text(name), _LONGEST) if isinstance(name, str) else None


def _columns(value: Any) -> Plain:
    if type(value).__name__ == "LazyFrame":  # asking for its columns would plan the query
        return None
    columns: Any = getattr(value, "columns", None)
    if columns is None or callable(columns):
        return None
    if type(value).__module__.startswith("pyarrow"):
        columns = value.column_names  # there, `columns` is the data
    return [cut(plain_text(str(column)), _LONGEST) for column in islice(iter(columns), _MOST_COLUMNS)]


_READERS = (("shape", _shape), ("dtype", _dtype), ("device", _device), ("name", _name), ("columns", _columns))
