"""Exceptions as structure: type, message, notes, frames, causes, contexts and groups, so that each part is redacted.

`describe` makes plain data of an exception and never raises; `_exceptions_text.render` turns that data, once it is
redacted, into the traceback text people know. Both bound what they take: frames, causes and members of groups.
"""

from __future__ import annotations

from typing import cast

from discreet._values.frames import frames_of, stack, syntax_frame
from discreet._values.plain import DEFAULT, Limits, class_of, to_plain
from discreet._values.stacktrace import render
from discreet._values.text import PASS_THROUGH, bases_of, exception_message, plain_text, qualified_name, type_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from discreet._record import Plain

__all__ = ["OMITTED", "describe", "render", "stack"]

OMITTED = "<omitted>"
"""The `type` of an entry that stands for exceptions left out; its `omitted` is their number where that is known."""

_MOST_LEVELS = 10
_MOST_MEMBERS = 15
_MOST_EXCEPTIONS = 100
_MOST_NOTES = 20

# Read past anything that a class of exceptions defines under these names.
_cause_of = BaseException.__dict__["__cause__"].__get__
_context_of = BaseException.__dict__["__context__"].__get__
_suppresses_context = BaseException.__dict__["__suppress_context__"].__get__
_traceback_of = BaseException.__dict__["__traceback__"].__get__


def describe(exc: BaseException, *, with_locals: bool = False, limits: Limits = DEFAULT) -> dict[str, Plain]:
    """`exc` with all that led to it, as plain data. Never raises.

    Keys: `type`, `module` (not for built-in types), `message`, `notes`, `frames` (newest last; each `file`, `line`,
    `function`, `code` where the source is at hand, `locals` only on request), `cause` or `context` as the traceback
    would show them, `exceptions` for a group. Entries that stand for omitted ones say so in `omitted`.
    """
    try:
        return _Description(with_locals, limits).of(exc, 0)
    except RecursionError:
        return {"type": type(exc).__name__, "message": "<no stack left to describe it>", "frames": []}


class _Description:
    """One call of `describe`: the options, and which exceptions are described already."""

    __slots__ = ("limits", "seen", "with_locals")

    def __init__(self, with_locals: bool, limits: Limits) -> None:
        self.with_locals = with_locals
        self.limits = limits
        self.seen: dict[int, BaseException] = {}  # keeps them alive, so that an id stays one exception's

    def of(self, exc: Any, level: int) -> dict[str, Plain]:
        kind = class_of(exc)
        if not issubclass(kind, BaseException):  # only untyped code can pass one, such as a foreign `exc_info`
            return {"type": type_name(kind), "message": _text(to_plain(exc, self.limits)), "frames": []}
        if id(exc) in self.seen:
            return {"type": "<cycle>", "message": f"{type_name(kind)} is described above", "frames": []}
        if level >= _MOST_LEVELS or len(self.seen) >= _MOST_EXCEPTIONS:
            return {"type": OMITTED, "message": "further exceptions", "frames": []}
        self.seen[id(exc)] = exc
        found = _head(exc, self.limits)
        for part in (self._notes, self._frames, self._origin, self._members):
            try:
                part(exc, found, level)
            except PASS_THROUGH:
                raise
            except BaseException:  # one part of a hostile exception must not cost the others
                found.setdefault("frames", [])
        return found

    def _notes(self, exc: BaseException, found: dict[str, Plain], level: int) -> None:
        """PEP 678: a list of strings; anything else is shown as what it is, as the interpreter does."""
        notes: Any = getattr(exc, "__notes__", None)
        if notes is None:
            return
        if not isinstance(notes, (list, tuple)):
            found["notes"] = [_text(to_plain(notes, self.limits))]
            return
        every = cast("list[object]", notes)
        shown: list[Plain] = [_text(to_plain(note, self.limits)) for note in every[:_MOST_NOTES]]
        if len(every) > _MOST_NOTES:
            shown.append(f"<{len(every) - _MOST_NOTES} more notes>")
        if shown:
            found["notes"] = shown

    def _frames(self, exc: BaseException, found: dict[str, Plain], level: int) -> None:
        frames = frames_of(_traceback_of(exc), with_locals=self.with_locals)
        if issubclass(type(exc), SyntaxError):
            frames.extend(syntax_frame(cast("SyntaxError", exc)))
        found["frames"] = [*frames]

    def _origin(self, exc: BaseException, found: dict[str, Plain], level: int) -> None:
        cause: BaseException | None = _cause_of(exc)
        if cause is not None:
            found["cause"] = self.of(cause, level + 1)
            return
        context: BaseException | None = _context_of(exc)
        if context is not None and not _suppresses_context(exc):
            found["context"] = self.of(context, level + 1)

    def _members(self, exc: BaseException, found: dict[str, Plain], level: int) -> None:
        if not _is_group(type(exc)):
            return
        members: Any = getattr(exc, "exceptions", ())
        if not isinstance(members, (tuple, list)):
            return
        every = cast("list[object]", members)
        shown: list[Plain] = [self.of(member, level + 1) for member in every[:_MOST_MEMBERS]]
        hidden = len(every) - len(shown)
        if hidden > 0:
            message = f"{hidden} more exceptions"
            shown.append({"type": OMITTED, "message": message, "frames": [], "omitted": hidden})
        found["exceptions"] = shown


def _head(exc: BaseException, limits: Limits) -> dict[str, Plain]:
    module, name = qualified_name(type(exc))
    head: dict[str, Plain] = {"type": name}
    if module != "builtins":
        head["module"] = module
    head["message"] = exception_message(exc, limits.max_repr)
    return head


def _text(plain: Plain) -> str:
    return plain if isinstance(plain, str) else plain_text(str(plain))


def _is_group(kind: type) -> bool:
    """Told by name, since Python 3.10 has exception groups only from the `exceptiongroup` package."""
    return any(
        base.__name__ == "BaseExceptionGroup" and base.__module__.partition(".")[0] in ("builtins", "exceptiongroup")
        for base in bases_of(kind)
    )
