"""Text made from objects: names of types, `repr` that cannot fail, and a cut that leaves no half secret behind."""

from __future__ import annotations

import threading

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

PASS_THROUGH = (KeyboardInterrupt, SystemExit, GeneratorExit)
"""The only exceptions that leave a log call: they end the program or the generator, so they must not be swallowed."""

_PRIVATE_KEY_START = "-----BEGIN "
_PRIVATE_KEY_END = "-----END "
_CARD_CHARACTERS = "0123456789- \t\r\n"


class _Running(threading.local):
    """The objects whose `repr` is running in this thread: a `__repr__` that logs its own object must not recurse."""

    def __init__(self) -> None:
        self.ids: set[int] = set()


_running = _Running()


def bases_of(kind: type) -> tuple[type, ...]:
    """The method resolution order, read past any metaclass that would answer with something else."""
    bases: tuple[type, ...] = type.__dict__["__mro__"].__get__(kind)
    return bases


def qualified_name(kind: type) -> tuple[str, str]:
    """Module and qualified name of a class; `?` for one that does not say."""
    try:
        module, name = kind.__module__, type.__dict__["__qualname__"].__get__(kind)
    except PASS_THROUGH:
        raise
    except BaseException:
        return "?", "?"
    return module if type(module) is str else "?", name if type(name) is str else "?"


def type_name(kind: type) -> str:
    """`module.Class`, and only `Class` for what is built in."""
    module, name = qualified_name(kind)
    return name if module == "builtins" else f"{module}.{name}"


def cut(text: str, limit: int) -> str:
    """Shorten `text` to at most `limit` characters, at a safe place, and say how many are gone."""
    if len(text) <= limit:
        return text
    end = safe_end(text, limit)
    return f"{text[:end]}<{len(text) - end} more characters>"


def safe_end(text: str, limit: int) -> int:
    """Where to cut `text` at or before `limit`, so that no half of a secret is left.

    What remains is judged by the redactor, who would not recognise half of a token, of a PEM block or of a card
    number written in groups. So the cut moves back to white space, past digits, and out of an unfinished PEM block.
    """
    head = text[: max(0, min(limit, len(text) - 1))]
    if head and not head[-1].isspace() and not text[len(head)].isspace():
        kept = head.rsplit(None, 1)
        head = kept[0] if len(kept) == 2 else ""
    begin = head.rfind(_PRIVATE_KEY_START)
    if begin >= 0 and head.find(_PRIVATE_KEY_END, begin) < 0:
        head = head[:begin]
    return len(head.rstrip(_CARD_CHARACTERS))


def plain_text(text: str) -> str:
    """An exact `str` of a subclass, read past any method the subclass overrides."""
    return text if type(text) is str else str.__str__(text)


def representation(value: object, limit: int) -> str:
    """`repr(value)` without an address, a failure or recursion, at most `limit` characters.

    Objects without a `__repr__` of their own are named by their type. If it raises, the text names the type of the
    error; the error's message is left out, because it was not meant to be logged.
    """
    return _converted(value, repr, limit)


def exception_message(error: BaseException, limit: int) -> str:
    """`str(error)`, or a marker if that fails."""
    return _converted(error, str, limit)


def _converted(value: object, convert: Callable[[object], str], limit: int) -> str:
    kind, ident = type(value), id(value)
    try:
        if ident in _running.ids or (convert is repr and (limit <= 0 or kind.__repr__ is object.__repr__)):
            return f"<{type_name(kind)}>"
        _running.ids.add(ident)
        try:
            text = convert(value)
        finally:
            _running.ids.discard(ident)
        return cut(plain_text(text), limit)
    except PASS_THROUGH:
        raise
    except BaseException as error:
        return f"<{qualified_name(kind)[1]} {convert.__name__} raised {qualified_name(type(error))[1]}>"
