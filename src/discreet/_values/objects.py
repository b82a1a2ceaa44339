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

from discreet._values.attributes import (
    MISSING,
    bases_of,
    declared_by_pydantic,
    hidden_fields,
    read,
    slots_of,
    stored,
)
from discreet._values.scalars import PASS_THROUGH, SECRET, cut, plain_text, qualified_name, type_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any, TypeVar

    from discreet._record import Plain

    T = TypeVar("T")
    Pairs = list[tuple[object, object]]
    Opener = Callable[[Any, int], tuple[Pairs, int]]

_ATTEMPTS = 5

# Methods of the classes themselves are called below, and a checker would ask each time what is inside.
_dict: Any = dict
_tuple: Any = tuple


def _snapshot(parts: Callable[[], Iterable[T]], most: int) -> list[T]:
    """Up to `most` parts of a container that another thread may be changing meanwhile."""
    for _ in range(_ATTEMPTS):
        try:
            return list(islice(iter(parts()), most))
        except RuntimeError as error:
            if isinstance(error, RecursionError):
                raise
    raise RuntimeError("changed during iteration")


def dict_pairs(value: dict[Any, object], most: int) -> tuple[Pairs, int]:
    return _snapshot(lambda: _dict.items(value), most), _dict.__len__(value)


def items_of(base: Any) -> Callable[[Any, int], tuple[list[object], int]]:
    """The items of a list, set, deque, view, ... as the built-in type `base` has them."""
    return lambda value, most: (_snapshot(lambda: base.__iter__(value), most), base.__len__(value))


def pairs_of_items(items: Callable[[Any], Iterable[tuple[object, object]]]) -> Opener:
    """The pairs of a mapping of a known library, which has them in memory."""

    def pairs_of(value: Any, most: int) -> tuple[Pairs, int]:
        pairs = _snapshot(lambda: items(value), sys.maxsize)
        return pairs[:most], len(pairs)

    return pairs_of


def namespace_pairs(value: object, most: int) -> tuple[Pairs, int]:
    """Objects that only hold attributes (`SimpleNamespace`, `argparse.Namespace`)."""
    return dict_pairs(stored(value), most)


def named_items(names: Iterable[str]) -> Opener:
    """A named tuple."""
    columns = list(names)

    def pairs_of(value: Any, most: int) -> tuple[Pairs, int]:
        pairs: Pairs = list(zip(columns, _tuple.__iter__(value), strict=False))
        return pairs[:most], len(pairs)

    return pairs_of


def attributes(names: Iterable[str]) -> Opener:
    """A class that declares its fields. One that was never set, or that its class computes, is left out."""
    declared = list(names)

    def pairs_of(value: Any, most: int) -> tuple[Pairs, int]:
        pairs = [(name, read(value, name)) for name in declared]
        present: Pairs = [pair for pair in pairs if pair[1] is not MISSING]
        return present[:most], len(present)

    return pairs_of


def public_attributes(kind: type) -> Opener:
    """An object that declares nothing: the attributes that it has, but for those that begin with an underscore."""
    slots = [name for name in slots_of(kind) if name[:1] != "_"]
    read_slots = attributes(slots)

    def pairs_of(value: Any, most: int) -> tuple[Pairs, int]:
        state = dict_pairs(stored(value), sys.maxsize)[0]
        pairs = [(name, item) for name, item in state if type(name) is str and name[:1] != "_"]
        pairs += read_slots(value, len(slots))[0]  # type: ignore[arg-type]  # names and values
        return pairs[:most], len(pairs)  # type: ignore[return-value]  # as above

    return pairs_of


def dataclass_fields(kind: Any) -> Opener:
    """A dataclass's fields but those with `repr=False`, which their author keeps out of sight."""
    hidden = hidden_fields(kind)
    fields: Any = sys.modules["dataclasses"].fields(kind)
    return attributes(field.name for field in fields if field.name not in hidden)


def attrs_fields(kind: Any) -> Opener:
    """An attrs class's attributes: `repr=False` leaves one out, and a function given as `repr` writes it."""
    declared: Any = kind.__attrs_attrs__
    writers: dict[object, object] = {field.name: field.repr for field in declared if field.repr is not False}
    opened = attributes([str(name) for name in writers])

    def pairs_of(value: Any, most: int) -> tuple[Pairs, int]:
        pairs, total = opened(value, most)
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
    hidden = hidden_fields(kind)
    names = [name for name in declared_by_pydantic(kind) if name not in hidden]

    def pairs_of(value: Any, most: int) -> tuple[Pairs, int]:
        state = stored(value)
        pairs: Pairs = [(name, state[name]) for name in names if name in state]
        extra = read(value, "__pydantic_extra__")
        if type(extra) is dict:
            pairs.extend(_dict.items(extra))
        return pairs[:most], len(pairs)

    return pairs_of


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
    for attribute, reader in _READERS:
        try:
            plain = reader(value)
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
