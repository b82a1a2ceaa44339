"""Instances that an ORM manages: class, identity and what is loaded, so that reading them never asks the database.

Their attributes load what is missing, and may first write what is pending; their `__repr__` reads attributes. So only
what lies in the instance is read. They are known by what their ORM puts there: SQLAlchemy (and SQLModel), Django,
peewee, Tortoise.
"""

from __future__ import annotations

from discreet._values.attributes import MISSING, bases_of, find, hidden_fields, read, stored
from discreet._values.scalars import qualified_name, type_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    State = dict[str, Any]

_PACKAGES = ("sqlalchemy.orm.", "sqlalchemy.ext.", "django.db.", "peewee.", "playhouse.", "tortoise.", "pony.")


def is_of_orm(kind: type) -> bool:
    """Whether a class, or a base of it, comes from an ORM: a manager, a query, a collection of related instances."""
    return any(f"{qualified_name(base)[0]}.".startswith(_PACKAGES) for base in bases_of(kind))


def parts_of(value: object, *, whole: bool) -> dict[str, Any] | None:
    """`type`, `identity` (where known) and, of the `whole`, what is `loaded`; None if no ORM manages the object."""
    state = stored(value)
    kind = type(value)
    if "_sa_instance_state" in state:
        loaded, identity = state, _sqlalchemy_identity(kind, stored(state["_sa_instance_state"]))
    else:
        orm = next((orm for orm in _BY_META if orm[0] in state), None)
        meta = MISSING if orm is None else find(kind, "_meta")
        if orm is None or meta is MISSING:
            return None
        loaded = state["__data__"] if orm[0] == "__data__" else state
        name = orm[1](meta)
        identity = {name: loaded[name]} if loaded.get(name) is not None else {}
    found: dict[str, Any] = {"type": type_name(kind)}
    if identity:
        found["identity"] = identity
    if whole:
        hidden = hidden_fields(kind)
        found["loaded"] = {name: item for name, item in loaded.copy().items() if name[:1] != "_" and name not in hidden}
    return found


_BY_META: tuple[tuple[str, Callable[[Any], Any]], ...] = (
    ("_state", lambda meta: read(read(meta, "pk"), "attname")),  # Django
    ("__data__", lambda meta: read(read(meta, "primary_key"), "name")),  # peewee
    ("_saved_in_db", lambda meta: read(meta, "pk_attr")),  # Tortoise
)
"""What an ORM puts into each instance, and how the name of the primary key is found in the class's `_meta`."""


def _sqlalchemy_identity(kind: type, state: State) -> State:
    """The identity that the session knows the instance by, under the names of the primary key's columns."""
    key: Any = state.get("key")
    if key is None:
        return {}
    columns = stored(find(kind, "__mapper__")).get("primary_key", ())
    names = [str(stored(column).get("key")) for column in columns]
    values: tuple[object, ...] = key[1]
    if len(names) != len(values):
        names = [f"key_{number}" for number in range(len(values))]
    return dict(zip(names, values, strict=True))
