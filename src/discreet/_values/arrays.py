"""Arrays, tensors and tables by their metadata, never their values, and without importing their libraries.

A 1000 x 1000 array is 20 MB of JSON, and printing a tensor that lives on a GPU stops the program until the device
has caught up. Shape, element type and device are known to the host, so only these are read.
"""

from __future__ import annotations

import operator
from itertools import islice

from discreet._values.scalars import PASS_THROUGH, bases_of, cut, plain_text, qualified_name, type_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from discreet._record import Plain

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
