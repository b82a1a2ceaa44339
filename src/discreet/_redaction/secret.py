"""Step 3, redact: a value that cannot be printed by accident."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Generic, NoReturn, TypeVar

    T = TypeVar("T")
    _Base = Generic[T]
else:

    class _Base:
        """Stands in for `Generic` at run time, so that importing this module does not import `typing`."""

        __slots__ = ()

        def __class_getitem__(cls, item: object) -> type:
            return cls


MARKER = "[REDACTED:secret]"


class Secret(_Base["T"] if TYPE_CHECKING else _Base):
    """Holds `value` and shows `[REDACTED:secret]` wherever it is printed, formatted, logged or serialised.

    `reveal()` is the only way to the value, so that a search for it finds every use. Comparing two secrets takes
    the same time wherever they differ. Copies share the value; pickling raises `TypeError`, because a pickle would
    hold the value in the clear.
    """

    __slots__ = ("_value",)

    def __init__(self, value: T) -> None:
        self._value = value

    def reveal(self) -> T:
        """The value itself, in the clear."""
        return self._value

    def __repr__(self) -> str:
        return MARKER

    __str__ = __repr__

    def __format__(self, format_spec: str) -> str:
        return MARKER

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        mine, theirs = self._value, other._value
        if isinstance(mine, str) and isinstance(theirs, str):
            mine, theirs = mine.encode("utf-8", "surrogatepass"), theirs.encode("utf-8", "surrogatepass")
        if isinstance(mine, (bytes, bytearray)) and isinstance(theirs, (bytes, bytearray)):
            from hmac import compare_digest  # not at module level: it loads the ssl bindings

            return compare_digest(mine, theirs)
        return bool(mine == theirs)

    def __hash__(self) -> int:
        return hash((Secret, self._value))

    def __copy__(self) -> Secret[T]:
        return type(self)(self._value)

    def __deepcopy__(self, memo: dict[int, object]) -> Secret[T]:
        return type(self)(self._value)

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("a discreet.Secret does not pickle: the pickle would hold its value in the clear. Pass reveal() on purpose.")
