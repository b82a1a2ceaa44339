"""What lies in an object, in its `__dict__` and its slots, read without running any code of its class.

No property, no descriptor but a slot's own, no `__getattr__` and no `__getattribute__` is asked: these may compute,
wait, or send a statement to a database.
"""

from __future__ import annotations

from types import GetSetDescriptorType, MemberDescriptorType

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

MISSING = object()

class_of: Callable[[object], type[object]] = type
"""`type`, with a signature: for a value of type Any, type checkers do not know the result otherwise."""


def bases_of(kind: type) -> tuple[type, ...]:
    """The method resolution order, read past any metaclass that would answer with something else."""
    bases: tuple[type, ...] = type.__dict__["__mro__"].__get__(kind)
    return bases


class_dict: Callable[[type], Mapping[str, Any]] = type.__dict__["__dict__"].__get__
"""What a class itself defines, read past any metaclass that would answer with something else."""


def names_of(kind: type) -> set[str]:
    """All that a class and its bases define, except what every object has."""
    return {name for base in bases_of(kind) if base is not object for name in class_dict(base)}


def find(kind: type, name: str) -> Any:
    """What a class or a base defines under a name, as it is: a property, not its value. MISSING if there is nothing."""
    for base in bases_of(kind):
        found = class_dict(base).get(name, MISSING)
        if found is not MISSING:
            return found
    return MISSING


def stored(value: object) -> dict[str, Any]:
    """An object's own `__dict__`; empty if it has none."""
    for base in bases_of(type(value)):
        own: Any = class_dict(base).get("__dict__")
        if type(own) in (GetSetDescriptorType, MemberDescriptorType):  # a property would be the class's own code
            state: dict[str, Any] = own.__get__(value)
            return state
    return {}


def slots_of(kind: type) -> list[str]:
    """The names of the slots that instances have, those of the first base first."""
    return [
        name
        for base in reversed(bases_of(kind))
        for name, member in class_dict(base).items()
        if type(member) is MemberDescriptorType
    ]


def read(value: object, name: str) -> Any:
    """One attribute: what the object stores, or the plain value that its class has. MISSING if there is neither."""
    state = stored(value)
    if name in state:
        return state[name]
    found = find(type(value), name)
    if type(found) is MemberDescriptorType:
        try:
            return found.__get__(value)
        except AttributeError:  # a slot that nothing was put into
            return MISSING
    return MISSING if find(class_of(found), "__get__") is not MISSING else found


def hidden_fields(kind: type) -> set[str]:
    """The fields that a dataclass or a pydantic model keeps out of its `repr`; the latter also what it excludes."""
    hidden = {
        name
        for name, field in declared_by_pydantic(kind).items()
        if getattr(field, "repr", True) is False or getattr(field, "exclude", None) is True
    }
    declared = find(kind, "__dataclass_fields__")
    fields: dict[str, Any] = declared if class_of(declared) is dict else {}
    return hidden.union(name for name, field in fields.items() if getattr(field, "repr", True) is False)


def declared_by_pydantic(kind: Any) -> Mapping[str, Any]:
    """Since 2.10 under a private name, because instances no longer answer to the public one."""
    fields: Any = getattr(kind, "__pydantic_fields__", None) or getattr(kind, "model_fields", None)
    return fields if isinstance(fields, dict) else {}  # pyright: ignore[reportUnknownVariableType]  # names to fields
