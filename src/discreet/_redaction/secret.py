"""Step 3, redact: a value that cannot be printed by accident."""

from __future__ import annotations

from typing import Generic, NoReturn, TypeVar, cast

T = TypeVar("T")

MARKER = "[REDACTED:secret]"


class Secret(Generic[T]):
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
        mine: object = self._value
        theirs: object = cast("Secret[object]", other).reveal()
        mine_bytes, their_bytes = _as_bytes(mine), _as_bytes(theirs)
        if mine_bytes is None or their_bytes is None:
            return bool(mine == theirs)
        from hmac import compare_digest  # late: it loads OpenSSL, and few programs compare secrets

        return compare_digest(mine_bytes, their_bytes)

    def __hash__(self) -> int:
        return hash((Secret, self._value))

    def __copy__(self) -> Secret[T]:
        return type(self)(self._value)

    def __deepcopy__(self, memo: dict[int, object]) -> Secret[T]:
        return type(self)(self._value)

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError(
            "a discreet.Secret does not pickle: the pickle would hold its value in clear. Pickle reveal() instead."
        )


def _as_bytes(value: object) -> bytes | None:
    if isinstance(value, str):
        return value.encode("utf-8", "surrogatepass")
    return bytes(value) if isinstance(value, (bytes, bytearray)) else None
