"""Whether a function of the host does nothing but print, as the names in its code tell. The function is not run.

Handlers are written whose `emit` calls `print`, `click.echo` or `tqdm.write`. What such a handler may do beside that
(send an alert) must never be lost, so that one name which is not known here makes the answer no.
"""

from __future__ import annotations

import builtins
import logging
import sys
from types import CodeType, FunctionType, MethodType, ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_HARMLESS = vars(logging.makeLogRecord({})).keys() | {
    "acquire", "bool", "center", "decode", "dict", "emit", "encode", "end", "endswith", "err", "flush", "format",
    "formatException", "formatTime", "formatter", "get", "getMessage", "getattr", "handleError", "hasattr", "int",
    "isatty", "isinstance", "items", "join", "keys", "len", "level", "ljust", "lock", "lower", "lstrip", "max",
    "min", "release", "replace", "repr", "rjust", "rstrip", "split", "splitlines", "startswith", "str", "strip",
    "style", "super", "terminator", "title", "tuple", "upper", "write", "writelines", "__class__", "__name__",
}  # fmt: skip
"""Names of methods and functions that only make text, or hand it on to a stream that is judged by itself."""
_TEXT_MODULES = ("click", "colorama", "colorlog", "logging", "rich", "sys", "termcolor", "time", "tqdm", "typer")
"""Libraries whose functions write to the console at most."""
_PRINTING = {
    "click": ("echo", "secho"), "typer": ("echo", "secho"), "tqdm": ("write",), "rich": ("print",),
    "sys": ("stdout", "stderr", "__stdout__", "__stderr__"),
}  # fmt: skip
"""Their functions and streams that do."""
_PLAIN = (str, int, float, bool, type(None), dict, list, tuple, set, frozenset)
_MOST_FUNCTIONS = 20


class _UnknownError(Exception):
    """There is a name that could stand for anything."""


def only_prints(function: object, owner: object, is_console: Callable[[object], bool]) -> bool | None:
    """Whether a method of `owner` prints: True. False: it does not, nor anything else; None: it may do something else.

    `is_console` judges the streams that the owner has.
    """
    try:
        return _prints(function, owner, is_console, set())
    except Exception:  # not known, or an object with properties of its own
        return None


def write_method(stream: object) -> object:
    """The function behind `stream.write`, as its class has it; None where there is none. Nothing of it is run."""
    for kind in stream.__mro__ if isinstance(stream, type) else type(stream).__mro__:
        found = vars(kind).get("write")
        if found is not None:
            return getattr(found, "__func__", found)  # of a class method
    return None


def _prints(function: object, owner: object, is_console: Callable[[object], bool], seen: set[CodeType]) -> bool:
    function = getattr(function, "__func__", function)
    if type(function) is not FunctionType or len(seen) > _MOST_FUNCTIONS:
        raise _UnknownError
    if function.__code__ in seen:
        return False
    seen.add(function.__code__)
    values = [(name, value) for name in _names(function.__code__) for value in _values(name, function, owner)]
    libraries = {library for _, value in values if (library := _library(value)) is not None}
    printing = {name for library in libraries for name in _PRINTING.get(library, ())}
    found = False
    for name, value in values:
        if name in printing or (name == "print" and value is print):
            found = True
        elif _library(value) is not None:
            found = found or getattr(value, "__name__", name) in printing
        elif type(value) in (FunctionType, MethodType):
            found = _prints(value, owner, is_console, seen) or found
        elif name in _HARMLESS or name.isupper() or type(value) in _PLAIN or _is_error(value):
            continue
        elif is_console(stream_of(value)):
            found = True
        else:
            raise _UnknownError
    return found


def stream_of(value: object) -> object:
    """The stream that a `rich.console.Console` writes to; a stream itself; None for anything else."""
    if any(kind.__module__ == "rich.console" for kind in type(value).__mro__):
        attributes = vars(value)
        return attributes.get("_file") or (sys.stderr if attributes.get("stderr") else sys.stdout)
    return None if isinstance(value, type) or write_method(value) is None else value


_MISSING = object()


def _values(name: str, function: FunctionType, owner: object) -> list[object]:
    """What a name in the code may stand for: an attribute of the function's owner, or something global."""
    classes = owner.__mro__ if isinstance(owner, type) else type(owner).__mro__
    own = [getattr(owner, "__dict__", {}), *(vars(kind) for kind in classes if kind.__module__ != "logging")]
    everywhere = (function.__globals__, vars(builtins))
    found = [next((names[name] for names in where if name in names), _MISSING) for where in (own, everywhere)]
    return [value for value in found if value is not _MISSING] or [_MISSING]


def _is_error(value: object) -> bool:
    return isinstance(value, type) and issubclass(value, BaseException)


def _library(value: object) -> str | None:
    """The library that a global belongs to, if it is one whose functions write to the console at most."""
    if isinstance(value, ModuleType):
        name = value.__name__
    elif isinstance(value, (type, FunctionType)):
        name = value.__module__
    else:
        name = type(value).__module__
        name = "" if name.startswith(("logging", "rich")) else name  # these hand a text on to anything
    library = name.partition(".")[0]
    return library if library in _TEXT_MODULES else None


def _names(code: CodeType) -> Iterator[str]:
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names(constant)
