"""Objects that stand for another one (werkzeug's, Django's, wrapt's, weak references, lazy texts), and that other one.

They answer `__class__` with the class of what they stand for, so that `isinstance()` believes them while `type()` does
not. C code and exact comparisons of types do not believe them either, and fail.
"""

from __future__ import annotations

from weakref import CallableProxyType, ProxyType

from discreet._values.attributes import MISSING, bases_of, class_dict, class_of, names_of, read, slots_of, stored
from discreet._values.scalars import plain_text, type_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

_WEAK = (ProxyType, CallableProxyType)
_CAST = "_proxy____cast"  # Django's `lazy`, hence `gettext_lazy`, which claims no other class
_CALLED = ("_get_current_object", _CAST)
_CONVERSIONS: dict[type, tuple[str, Callable[[Any], object]]] = {
    str: ("__str__", lambda value: plain_text(str(value))),
    int: ("__int__", int),
    float: ("__float__", float),
    bool: ("__bool__", bool),
    bytes: ("__bytes__", bytes),
}


def is_proxy(kind: type) -> bool:
    """Whether objects of this class may claim another class than theirs."""
    if kind in _WEAK:
        return True
    return any(
        base is not object and ("__class__" in class_dict(base) or _CAST in class_dict(base)) for base in bases_of(kind)
    )


def behind(value: Any) -> object:
    """What a proxy stands for, or the proxy's name in `<...>`. Raises whatever the proxy raises, such as "unbound"."""
    kind = class_of(value)
    if kind in _WEAK:
        return value.__init__.__self__
    defined = names_of(kind)
    for name in _CALLED:
        if name in defined:
            return getattr(value, name)()
    if "__wrapped__" in defined:
        return value.__wrapped__
    claimed = value.__class__
    method, convert = _CONVERSIONS.get(claimed, ("", None))
    if convert is not None and method in defined:
        return convert(value)
    # A proxy that has fetched it holds it: one object, and no second, of exactly the class that it claims.
    held = [part for part in _parts(value) if type(part) is claimed]
    return held[0] if len(held) == 1 and claimed is not kind else f"<{type_name(kind)}>"


def _parts(value: object) -> list[object]:
    slots = [read(value, name) for name in slots_of(type(value))]
    return [*stored(value).values(), *(part for part in slots if part is not MISSING)]


def resolved(value: object) -> object:
    """The object behind a proxy, and behind that one; the value itself if it is none, or if asking fails."""
    for _ in range(8):
        if not is_proxy(type(value)):
            break
        try:
            value = behind(value)
        except Exception:  # unbound: there is nothing behind it now
            break
    return value
