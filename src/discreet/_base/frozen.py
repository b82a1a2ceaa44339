"""Objects that hold values and do not change."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from typing import NoReturn

F = TypeVar("F", bound="Frozen")


class Frozen:
    """Has the values that it was made with, by name: it is equal to another with the same, and shows them.

    It serves in place of a frozen dataclass for what every process needs at its start: `dataclasses` takes nearly as
    long to import as `logging`, and a named tuple compiles each of its annotations.
    """

    def __init__(self, **values: Any) -> None:
        vars(self).update(values)

    def replace(self: F, **changes: Any) -> F:  # noqa: PYI019 - Self needs Python 3.11
        """Another object with these values changed. `copy.replace` (Python 3.13) calls it too."""
        return type(self)(**{**vars(self), **changes})

    __replace__ = replace

    def __eq__(self, other: object) -> bool:
        return vars(self) == vars(other) if type(other) is type(self) else NotImplemented

    __hash__ = None  # type: ignore[assignment]  # the values may be dictionaries

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in vars(self).items())})"

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError(f"a {type(self).__name__} does not change. Make another one with replace({name}=...)")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError(f"a {type(self).__name__} does not change: {name} cannot be deleted")
