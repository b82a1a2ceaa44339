"""An exception without its secrets, for handlers of the host: of the same class as far as anybody can tell.

The copy is an instance of a subclass with the same name and module, so that `isinstance` holds and `except` clauses
work. Its text, arguments, attributes and notes are redacted, its traceback is the real one. Nothing of the class's own
code runs to make it: neither `__new__` nor `__init__`, which may want other arguments.
"""

from __future__ import annotations

from types import GetSetDescriptorType, MemberDescriptorType
from typing import TYPE_CHECKING, Any, cast

from discreet._base.statistics import process_statistics
from discreet._values.attributes import bases_of, class_of
from discreet._values.plain import DEFAULT, exception_message, to_plain
from discreet._values.scalars import PASS_THROUGH, qualified_name

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Protocol

    from discreet._record import Plain

    class Judge(Protocol):
        """The redactor, as far as handlers of others need it."""

        clean: set[str]

        def text(self, value: str) -> str: ...
        def fields(self, mapping: Mapping[str, object]) -> dict[str, Plain]: ...
        def plain(self, value: Plain, key: str | None = None) -> Plain: ...


_MOST_EXCEPTIONS = 100
_MOST_CLASSES = 256
_SMALL = 10**12  # integers below have fewer digits than a payment card
_HEAP_TYPE = 1 << 9  # of a class's flags: it was made by a `class` statement, not in C
_NOT_COPIED = frozenset(
    ("args", "exceptions", "message", "__cause__", "__context__", "__dict__", "__suppress_context__", "__traceback__")
)
_SCALARS = frozenset((str, int, float, bool, type(None)))
_classes: dict[type[BaseException], type[BaseException]] = {}


def redacted_exception(error: BaseException, redactor: Judge) -> BaseException:
    """The very exception, if nothing in it nor in what led to it is secret; else a copy. Never raises."""
    try:
        return _Redaction(redactor).of(error)
    except PASS_THROUGH:
        raise
    except BaseException:  # a hostile class
        return _substitute(error)


def redacted_fields(
    fields: Mapping[str, object], redactor: Judge, safe: Mapping[str, object] | None = None
) -> dict[str, object]:
    """The fields by their redacted names: the very objects where nothing is secret, else what the redactor made of it.

    `safe` is what the redactor made of all of them, if it has done so already.
    """
    judged = redactor.fields(fields) if safe is None else safe
    if len(judged) != len(fields):  # the redactor failed closed on the whole
        return dict(judged)
    kept: dict[str, object] = {}
    for (name, value), (label, plain) in zip(fields.items(), judged.items(), strict=True):
        if label != name:
            kept[label] = plain
        elif type(value) in _SCALARS:
            kept[label] = value if plain is value or (type(plain) is type(value) and plain == value) else plain
        elif issubclass(type(value), BaseException):
            kept[label] = redacted_exception(cast("BaseException", value), redactor)
        else:
            kept[label] = value if to_plain(value) == plain else plain
    return kept


def redacted_value(value: object, redactor: Judge) -> object:
    """The very object, if nothing in it is secret; else what the redactor makes of it."""
    if type(value) is str:
        return redactor.text(value)
    if type(value) in _SCALARS and (type(value) is not int or -_SMALL < value < _SMALL):
        return value
    if issubclass(type(value), BaseException):
        return redacted_exception(cast("BaseException", value), redactor)
    return next(iter(redacted_fields({"value": value}, redactor).values()))


class _Parts:
    """What was found in one exception, redacted."""

    __slots__ = ("args", "attributes", "changed", "linked", "message", "notes")

    def __init__(self, error: BaseException, redactor: Judge) -> None:
        text = exception_message(error, DEFAULT.max_repr)
        self.message = redactor.text(text)
        args: tuple[object, ...] = _get(error, "args")
        self.args = tuple(redacted_value(argument, redactor) for argument in args)
        attributes = {key: value for key, value in vars(error).items() if key != "__notes__"}
        own = {key: value for key, value in attributes.items() if key[:2] != "__"}
        self.attributes = {**attributes, **redacted_fields(own, redactor)} if own else attributes
        if own.keys() - self.attributes.keys() or len(self.attributes) < len(attributes):
            self.attributes = redacted_fields(own, redactor)  # a name was a secret
        notes: Any = vars(error).get("__notes__")
        self.notes = redacted_value(notes, redactor)
        same_args = all(map(_is, self.args, args))
        if self.message != text and (same_args or _shown(self.args, redactor) is None):
            self.args = (self.message,)  # what is secret shows only when the arguments stand together
            same_args = False
        same_attributes = self.attributes.keys() == attributes.keys() and all(
            map(_is, self.attributes.values(), attributes.values())
        )
        self.changed = not (self.message == text and same_args and same_attributes and self.notes is notes)
        self.linked = linked(error)


class _Redaction:
    """One exception with all that led to it; causes may form circles."""

    def __init__(self, redactor: Judge) -> None:
        self.redactor = redactor
        self.found: dict[int, tuple[BaseException, _Parts]] = {}
        self.copies: dict[int, BaseException] = {}
        self.stale: set[int] = set()
        """Those that have to be replaced, by their id."""

    def of(self, error: BaseException) -> BaseException:
        self._collect(error)
        # An exception is replaced if it changes, or anything that leads to a change hangs on it.
        stale = {key for key, (_, parts) in self.found.items() if parts.changed}
        grown = True
        while grown:
            leading = {
                key
                for key, (_, parts) in self.found.items()
                if key not in stale and any(id(other) in stale or id(other) not in self.found for other in parts.linked)
            }
            stale |= leading
            grown = bool(leading)
        self.stale = stale
        return self._copy(error)

    def _collect(self, error: BaseException) -> None:
        waiting = [error]
        while waiting and len(self.found) < _MOST_EXCEPTIONS:
            here = waiting.pop(0)
            if id(here) not in self.found:
                parts = _Parts(here, self.redactor)
                self.found[id(here)] = here, parts
                waiting += parts.linked

    def _copy(self, error: BaseException) -> BaseException:
        if id(error) in self.found and id(error) not in self.stale:
            return error
        made = self.copies.get(id(error))
        if made is not None:
            return made
        found = self.found.get(id(error))
        if found is None:  # beyond those that were read
            made = self.copies[id(error)] = RuntimeError("<further exceptions>")
            return made
        parts = found[1]
        try:
            made = self._group(error) if _members(error) else self._same_class(error, parts)
        except PASS_THROUGH:
            raise
        except BaseException:  # a class that cannot be had without its own code
            made = _substitute(error, parts.message)
        self.copies[id(error)] = made
        for name in ("__cause__", "__context__"):
            origin = _get(error, name)
            if isinstance(origin, BaseException):
                setattr(made, name, self._copy(origin))
        made.__suppress_context__ = bool(_get(error, "__suppress_context__"))
        made.__traceback__ = _get(error, "__traceback__")
        return made

    def _same_class(self, error: BaseException, parts: _Parts) -> BaseException:
        kind = type(error)
        made = _blank(kind, parts.args)
        for base in bases_of(kind):
            for name, member in vars(base).items():
                if type(member) in (MemberDescriptorType, GetSetDescriptorType) and name not in _NOT_COPIED:
                    _copy_member(member, error, made, self.redactor)
        _finish(made, parts)
        return made

    def _group(self, error: Any) -> BaseException:
        """A group of the redacted members. `derive` is what a class of groups offers for this (PEP 654)."""
        parts = self.found[id(error)][1]
        members = [self._copy(member) for member in _members(error)]
        derived = error.derive(members)
        title = self.redactor.text(str(error.message))
        made = _blank(cast("type[BaseException]", type(derived)), (title, members))
        _finish(made, parts)
        return made


class _WithoutSecrets:
    """What the copies show of themselves."""

    __slots__ = ()

    def __init_subclass__(cls) -> None:
        """Keep a class's own `__init_subclass__`, which may register or refuse the copy's, from running."""

    def __str__(self) -> str:
        return cast("str", cast("Any", self).discreet_text)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({cast('Any', self).discreet_text!r})"

    def __reduce__(self) -> Any:
        error = cast("Any", self)
        attributes: dict[str, object] = dict(vars(self))
        return _restored, (bases_of(type(self))[2], error.args, error.discreet_text, attributes)


def _class_for(kind: type[BaseException]) -> type[BaseException]:
    made = _classes.get(kind)
    if made is None:
        body = {"__slots__": ("discreet_text",), "__module__": kind.__module__, "__qualname__": kind.__qualname__}
        # `type.__new__` itself: a metaclass of the class's own may register what it makes.
        made = type.__new__(type(kind), kind.__name__, (_WithoutSecrets, kind), body)
        if len(_classes) >= _MOST_CLASSES:
            _classes.clear()
        _classes[kind] = made
    return made


def _blank(kind: type[BaseException], args: tuple[object, ...]) -> BaseException:
    """An instance made by the part of its class that is written in C, which stores the arguments."""
    sub = _class_for(kind)
    solid: Any = next(base for base in bases_of(kind) if not base.__flags__ & _HEAP_TYPE)
    made: BaseException = solid.__new__(sub, *args)
    try:
        if kind.__init__ is solid.__init__:
            solid.__init__(made, *args)
    except Exception:  # a message alone where, say, a UnicodeError wants five arguments
        pass
    return made


def _restored(
    kind: type[BaseException], args: tuple[object, ...], text: str, attributes: dict[str, object]
) -> BaseException:
    """A copy in another process."""
    made: Any = _blank(kind, args)
    made.discreet_text = text
    made.__dict__.update(attributes)
    return cast("BaseException", made)


def _finish(made: Any, parts: _Parts) -> None:
    made.discreet_text = parts.message
    if not _members(made):
        made.args = parts.args
    made.__dict__.update(parts.attributes)
    if parts.notes is not None:
        notes: Any = parts.notes
        made.__notes__ = notes if type(notes) is list else [notes]


def _copy_member(member: Any, error: BaseException, made: BaseException, redactor: Judge) -> None:
    """An attribute that is not in the `__dict__`, as the errno and the file name of an OSError; plain values only."""
    try:
        value = member.__get__(error)
        if type(value) in _SCALARS:
            member.__set__(made, redacted_value(value, redactor))
    except PASS_THROUGH:
        raise
    except BaseException:  # not set, or it cannot be
        return


def _shown(args: tuple[object, ...], redactor: Judge) -> str | None:
    """What Python shows of these arguments; None if that holds a secret still."""
    plain = to_plain(args[0] if len(args) == 1 else args)
    text = plain if isinstance(plain, str) else str(plain)
    return text if redactor.text(text) == text else None


def _substitute(error: BaseException, message: str | None = None) -> BaseException:
    """In the place of an exception that cannot be built without its secrets; counted."""
    process_statistics.note("an exception could not be redacted: other handlers got a RuntimeError")
    name = ".".join(qualified_name(type(error)))
    made = RuntimeError(name if message is None else f"{name}: {message}")
    made.__traceback__ = _get(error, "__traceback__")
    return made


def linked(error: BaseException) -> list[BaseException]:
    """Its cause, its context and the members of a group."""
    found = (_get(error, "__cause__"), _get(error, "__context__"), *_members(error))
    return [other for other in found if isinstance(other, BaseException)]


def _members(error: Any) -> tuple[BaseException, ...]:
    """The members of an exception group, also of one of the package `exceptiongroup` (Python 3.10)."""
    if not any(base.__name__ == "BaseExceptionGroup" for base in bases_of(class_of(error))):
        return ()
    members: Any = getattr(error, "exceptions", ())
    return tuple(cast("tuple[BaseException, ...]", members)) if isinstance(members, (tuple, list)) else ()


def _get(error: BaseException, name: str) -> Any:
    """An attribute, read past anything that the class defines under its name."""
    return BaseException.__dict__[name].__get__(error)


def _is(one: object, other: object) -> bool:
    return one is other
