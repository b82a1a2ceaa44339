"""Exceptions as structure (type, message, notes, frames, causes, contexts and groups), and that as a traceback's text.

`describe` turns an exception into plain data, so that each part is redacted; it never raises, and it limits frames,
causes and members of groups. `render` turns the redacted description into the layout that Python prints. A description
may also have been read from a file: any part may be missing or of another type, and `render` does not fail on that.
"""

from __future__ import annotations

import linecache
import os
import stat
from traceback import walk_tb
from types import BuiltinFunctionType, FunctionType, ModuleType
from typing import cast

from discreet._base.source_paths import is_library
from discreet._values.attributes import bases_of, class_of, stored
from discreet._values.plain import DEFAULT, Limits, exception_message, to_plain
from discreet._values.proxies import resolved
from discreet._values.scalars import PASS_THROUGH, cut, plain_text, qualified_name, type_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from types import FrameType
    from typing import Any, TypeAlias

    from discreet._record import Plain

    Frame: TypeAlias = dict[str, Plain]

OMITTED = "<omitted>"
"""The `type` of an entry in the place of omitted exceptions; its `omitted` is their number, where known."""

_MOST_LEVELS = 10
_MOST_MEMBERS = 15
_MOST_EXCEPTIONS = 100
_MOST_NOTES = 20

_FIRST = 20
_LAST = 30
_LONGEST_CODE = 1_000
_LARGEST_FILE = 4 << 20
_MOST_FILES = 4096

_CAUSE = "The above exception was the direct cause of the following exception:"
_CONTEXT = "During handling of the above exception, another exception occurred:"
_MOST_RENDERED = 40
_LONGEST_LOCAL = 500

LOCALS = Limits(max_depth=6, max_items=100, max_nodes=500, max_repr=1 << 16, chosen=False)
"""All variables of one frame together; a traceback has up to fifty frames."""

_DEFINITIONS = (ModuleType, FunctionType, BuiltinFunctionType, type)

_TRUSTED_LOADERS = frozenset({"_frozen_importlib_external", "_frozen_importlib", "importlib", "zipimport"})
"""Loaders that read source from this machine; others may fetch it over the network."""

_without_source: set[str] = set()

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
        return _Description(with_locals, limits).of(resolved(exc), 0)
    except RecursionError:
        return {"type": type(exc).__name__, "message": "<no stack left to describe it>", "frames": []}


class _Description:
    """One call of `describe`: the options, and which exceptions are described already."""

    __slots__ = ("limits", "seen", "with_locals")

    def __init__(self, with_locals: bool, limits: Limits) -> None:
        self.with_locals = with_locals
        self.limits = limits
        self.seen: dict[int, BaseException] = {}  # keeps the exceptions alive, so that no id is used twice

    def of(self, exc: Any, level: int) -> dict[str, Plain]:
        kind = class_of(exc)
        if not issubclass(kind, BaseException):  # only untyped code can pass one, such as a foreign `exc_info`
            return {"type": type_name(kind), "message": _text(to_plain(exc, self.limits)), "frames": []}
        if id(exc) in self.seen:
            return {"type": "<cycle>", "message": f"{type_name(kind)} is described above", "frames": []}
        if level >= _MOST_LEVELS or len(self.seen) >= _MOST_EXCEPTIONS:
            return {"type": OMITTED, "message": "further exceptions", "frames": []}
        self.seen[id(exc)] = exc
        module, name = qualified_name(kind)
        found: dict[str, Plain] = {"type": name}
        if module != "builtins":
            found["module"] = module
        found["message"] = exception_message(exc, self.limits.max_repr)
        for part in (self._notes, self._frames, self._origin, self._members):
            try:
                part(exc, found, level)
            except PASS_THROUGH:
                raise
            except BaseException:  # one part of a hostile exception must not cost the others
                found.setdefault("frames", [])
        return found

    def _notes(self, exc: BaseException, found: dict[str, Plain], level: int) -> None:
        """Add the notes (PEP 678). They should be a list of strings; the interpreter shows other values too."""
        notes = stored(exc).get("__notes__")
        if notes is None:
            return
        every: list[object] = notes if issubclass(type(notes), (list, tuple)) else [notes]
        shown: list[Plain] = [_text(to_plain(note, self.limits)) for note in every[:_MOST_NOTES]]
        if len(every) > _MOST_NOTES:
            shown.append(f"<{len(every) - _MOST_NOTES} more notes>")
        if shown:
            found["notes"] = shown

    def _frames(self, exc: BaseException, found: dict[str, Plain], level: int) -> None:
        places = list(walk_tb(_traceback_of(exc)))
        hidden = len(places) - _FIRST - _LAST
        frames = [self._frame(frame, line) for frame, line in (places[:_FIRST] if hidden > 0 else places)]
        if hidden > 0:
            frames.append({"file": "<omitted>", "line": 0, "function": f"<{hidden} more frames>", "omitted": hidden})
            frames += [self._frame(frame, line) for frame, line in places[-_LAST:]]
        if issubclass(type(exc), SyntaxError):
            frames.extend(_syntax_frame(cast("SyntaxError", exc)))
        found["frames"] = [*frames]

    def _frame(self, frame: FrameType, line: int | None) -> Frame:
        file = frame.f_code.co_filename
        found: Frame = {"file": file, "line": line or 0, "function": frame.f_code.co_name}
        if line and file not in _without_source and (text := _code_line(frame, file, line)):
            found["code"] = text
        if self.with_locals and not is_library(file):  # a framework's explain nothing, and are long
            found["locals"] = _locals(frame)
        return found

    def _origin(self, exc: BaseException, found: dict[str, Plain], level: int) -> None:
        if (cause := _cause_of(exc)) is not None:
            found["cause"] = self.of(cause, level + 1)
        elif not _suppresses_context(exc) and (context := _context_of(exc)) is not None:
            found["context"] = self.of(context, level + 1)

    def _members(self, exc: BaseException, found: dict[str, Plain], level: int) -> None:
        # Groups are known by name, since Python 3.10 has them only from the `exceptiongroup` package.
        groups = [base for base in bases_of(type(exc)) if base.__name__ == "BaseExceptionGroup"]
        if not any(base.__module__.partition(".")[0] in ("builtins", "exceptiongroup") for base in groups):
            return
        members: Any = getattr(exc, "exceptions", ())
        if not issubclass(type(members), (tuple, list)):
            return
        every: list[object] = members
        shown: list[Plain] = [self.of(member, level + 1) for member in every[:_MOST_MEMBERS]]
        hidden = len(every) - len(shown)
        if hidden > 0:
            message = f"{hidden} more exceptions"
            shown.append({"type": OMITTED, "message": message, "frames": [], "omitted": hidden})
        found["exceptions"] = shown


def _text(plain: Plain) -> str:
    return plain if isinstance(plain, str) else plain_text(str(plain))


def _syntax_frame(error: SyntaxError) -> list[Frame]:
    """The place that a SyntaxError is about, which no frame has reached."""
    try:
        file, line, code = error.filename, error.lineno, error.text
    except PASS_THROUGH:
        raise
    except BaseException:  # a subclass with properties that fail
        return []
    has_file, has_line = issubclass(type(file), str), issubclass(type(line), int)  # isinstance() would ask the object
    if not has_file and not has_line:
        return []
    place: Frame = {
        "file": str.__str__(file or "") if has_file else "<unknown>",
        "line": int.__int__(line or 0) if has_line else 0,
        "function": "<syntax error>",
    }
    if code is not None and issubclass(type(code), str) and (text := str.__str__(code).strip()):
        place["code"] = cut(text, _LONGEST_CODE)
    return [place]


def _code_line(frame: FrameType, file: str, line: int) -> str:
    """One line of source. `linecache` keeps files that were read; files without source are remembered here."""
    try:
        entry = linecache.cache.get(file)
        if (entry is None or len(entry) == 1) and not _prepare(frame, file):
            return ""
        text = linecache.getline(file, line).strip()
        if entry is None and file not in linecache.cache:  # it was there, but could not be read
            _give_up(file)
    except PASS_THROUGH:
        raise
    except BaseException:  # no source is no reason to lose the exception
        return ""
    return text if len(text) <= _LONGEST_CODE else cut(text, _LONGEST_CODE)


def _prepare(frame: FrameType, file: str) -> bool:
    """Whether `linecache` may read this file: a regular one of reasonable size, or a trusted loader's."""
    try:
        status = os.stat(file)
        if stat.S_ISREG(status.st_mode) and status.st_size <= _LARGEST_FILE:
            return True
    except (OSError, ValueError):
        loader = frame.f_globals.get("__loader__")
        origin = (loader if isinstance(loader, type) else type(loader)).__module__
        if origin.partition(".")[0] in _TRUSTED_LOADERS and linecache.lazycache(file, frame.f_globals):
            return True
    _give_up(file)
    return False


def stack_text(frame: FrameType | None) -> str:
    """Where a call came from, as Python prints it: the outermost frame first. At most as many frames as a traceback."""
    rows: list[str] = []
    while frame is not None and len(rows) < _FIRST + _LAST:
        file, line = frame.f_code.co_filename, frame.f_lineno
        code = _code_line(frame, file, line)
        rows.append(f'  File "{file}", line {line}, in {frame.f_code.co_name}' + (f"\n    {code}" if code else ""))
        frame = frame.f_back
    return "\n".join(["Stack (most recent call last):", *(["  ..."] if frame is not None else []), *reversed(rows)])


def _give_up(file: str) -> None:
    if len(_without_source) >= _MOST_FILES:
        _without_source.clear()
    _without_source.add(file)


# Every module has a logger, and it explains no failure.
_LOGGERS = ("discreet._call.logger", "discreet._call.limits", "logging")
# In a cell, names that begin with an underscore, and these, hold what was typed and what was shown before.
_IPYTHON = ("In", "Out", "exit", "get_ipython", "quit")


def _locals(frame: FrameType) -> Plain:
    """The variables of a frame. A module's own are mostly its definitions, which say nothing about the failure."""
    try:
        variables = dict(frame.f_locals)
    except PASS_THROUGH:
        raise
    except BaseException as error:
        return f"<reading them raised {type(error).__name__}>"
    skipped = _DEFINITIONS if frame.f_code.co_name == "<module>" else ()
    hidden, private = ((), "__") if "_ih" not in variables else (_IPYTHON, "_")
    shown = {
        name: value
        for name, value in variables.items()
        if type(name) is str
        and not name.startswith(private)
        and name not in hidden
        and not issubclass(type(value), skipped)
        and qualified_name(class_of(value))[0] not in _LOGGERS
    }
    return to_plain(shown, LOCALS)


def render(description: Mapping[str, object]) -> str:
    """The traceback as text, oldest cause first, without a final newline. Never raises."""
    return "\n".join(_exception(description, 0, 0))


def _mapping(value: object) -> Mapping[str, object] | None:
    return cast("dict[str, object]", value) if isinstance(value, dict) else None


def _list(value: object) -> list[object] | None:
    return cast("list[object]", value) if isinstance(value, list) else None


def _exception(description: Mapping[str, object], level: int, margin: int) -> Iterator[str]:
    bar = _bar(margin)
    if level > _MOST_RENDERED:
        yield bar + "..."
        return
    for key, sentence in (("cause", _CAUSE), ("context", _CONTEXT)):
        origin = _mapping(description.get(key))
        if origin is not None:
            yield from _exception(origin, level + 1, margin)
            yield from (bar, bar + sentence, bar)
            break
    members = _list(description.get("exceptions"))
    if members is not None:
        yield from _group(description, members, level, margin)
        return
    for line in _own_lines(description, "Traceback"):
        yield bar + line


def _group(description: Mapping[str, object], members: list[object], level: int, margin: int) -> Iterator[str]:
    """A group and its members, indented and numbered as Python does since 3.11."""
    bar = _bar(margin or 1)
    for index, line in enumerate(_own_lines(description, "Exception Group Traceback")):
        opens = margin == 0 and index == 0 and line.endswith("(most recent call last):")
        yield ("  + " if opens else bar) + line
    inner = (margin or 1) + 1
    indent = "  " * (margin or 1)
    last: Mapping[str, object] | None = None
    for number, item in enumerate(members, 1):
        corner = "+-+" if number == 1 else "  +"
        last = _mapping(item)
        title = "..." if last is not None and "omitted" in last else number
        yield f"{indent}{corner}---------------- {title} ----------------"
        if last is not None:
            yield from _exception(last, level + 1, inner)
        else:
            yield f"{_bar(inner)}{item}"
    if last is None or _list(last.get("exceptions")) is None:  # a group that comes last has drawn the line
        yield f"{indent}  +------------------------------------"


def _bar(margin: int) -> str:
    """Members of groups stand behind a bar, two columns deeper for each group around them."""
    return "  " * margin + "| " if margin else ""


def _own_lines(description: Mapping[str, object], title: str) -> list[str]:
    lines: list[str] = []
    found = description.get("frames")
    frames = _list(found)
    if frames:
        if len(frames) > 1 or (_mapping(frames[0]) or {}).get("function") != "<syntax error>":
            lines.append(f"{title} (most recent call last):")
        for frame in frames:
            _add_frame(frame, lines)
    elif found and frames is None:
        lines.append(f"  {found}")
    name, module, message = description.get("type", "<unknown>"), description.get("module"), description.get("message")
    full = f"{module}.{name}" if module and module != "__main__" else f"{name}"
    lines.extend((f"{full}: {message}" if message not in (None, "") else full).split("\n"))
    notes = description.get("notes")
    for note in () if notes is None else _list(notes) or (notes,):
        lines.extend(str(note).split("\n"))
    return lines


def _add_frame(item: object, lines: list[str]) -> None:
    frame = _mapping(item)
    if frame is None:
        lines.append(f"  {item}")
        return
    if "omitted" in frame:
        lines.append(f"  ... {frame['omitted']} more frames ...")
        return
    function, code = frame.get("function"), frame.get("code")
    place = f'  File "{frame.get("file")}", line {frame.get("line")}'
    lines.append(place if function == "<syntax error>" else f"{place}, in {function}")
    if code:
        lines.append(f"    {code}")
    found = frame.get("locals")
    values = _mapping(found)
    if values is not None:
        for name, value in values.items():
            text = repr(value)
            lines.append(f"    {name} = {text[:_LONGEST_LOCAL]}{'...' if len(text) > _LONGEST_LOCAL else ''}")
    elif found:
        lines.append(f"    {found}")
