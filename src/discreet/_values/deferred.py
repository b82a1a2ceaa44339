"""Values that are computed only if their record is emitted."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


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
