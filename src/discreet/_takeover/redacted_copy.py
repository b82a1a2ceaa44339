"""A record of `logging` for handlers that are not ours: the very record, or a copy whose secrets are replaced."""

from __future__ import annotations

import copy
import linecache
from traceback import walk_tb
from typing import TYPE_CHECKING, Any, cast

from discreet._takeover.redacted_exception import linked, redacted_exception, redacted_fields, redacted_value
from discreet._takeover.taken import STANDARD_ATTRIBUTES, TAKEN_BY
from discreet._values.exceptions import describe, render
from discreet._values.plain import text_of

if TYPE_CHECKING:
    import logging

    from discreet._record import Plain, Redacted
    from discreet._takeover.redacted_exception import Judge

_MORE_LINES = 10
_TEXTS = (
    "name", "levelname", "pathname", "filename", "module", "funcName",
    "threadName", "processName", "taskName", "exc_text", "stack_info",
)  # fmt: skip


def redacted_copy(record: logging.LogRecord, safe: Redacted, redactor: Judge, token: str) -> logging.LogRecord:
    """The record for handlers that are not ours; `safe` is what our own sinks got of it.

    Every attribute that another formatter may use keeps its name. Objects without secrets stay the very objects.
    """
    given = vars(record)
    changed = _changed_texts(given, redactor)
    msg, args = judged_message(record.msg, record.args, safe.message, redactor)
    if msg is not record.msg or args is not record.args:
        changed["msg"], changed["args"] = msg, args
    if "message" in given and given["message"] != safe.message:
        changed["message"] = safe.message
    extra = {name: value for name, value in given.items() if name not in STANDARD_ATTRIBUTES}
    kept = redacted_fields(extra, redactor) if extra else extra
    if kept.keys() != extra.keys() or any(kept[name] is not extra[name] for name in extra):
        changed.update(kept)
    if record.exc_info:
        changed.update(_changed_exception(record.exc_info, redactor))
    if not changed:
        given[TAKEN_BY] = token
        return record
    copied = copy.copy(record)
    for name in extra.keys() - kept.keys():
        del copied.__dict__[name]
    copied.__dict__.update(changed)
    copied.__dict__[TAKEN_BY] = token
    return copied


def _changed_texts(given: dict[str, Any], redactor: Judge) -> dict[str, object]:
    changed: dict[str, object] = {}
    for name in _TEXTS:
        value = given.get(name)
        if not value or (type(value) is str and value in redactor.clean):
            continue
        text = _text(value, redactor)
        if text != value and type(value) is not int:
            changed[name] = text
    return changed


def _text(value: object, redactor: Judge) -> str:
    return redactor.text(value if isinstance(value, str) else text_of(value))


def _changed_exception(exc_info: object, redactor: Judge) -> dict[str, object]:
    error = exception_in(exc_info)
    if error is None:
        # No exception was handled; or it is something that `logging` would fail on.
        nothing = isinstance(exc_info, tuple) and not any(cast("tuple[object, ...]", exc_info))
        return {} if nothing else {"exc_info": None}
    changed: dict[str, object] = {}
    shown = redacted_exception(error, redactor)
    if shown is not error:
        changed["exc_info"] = (type(shown), shown, shown.__traceback__)
        changed["exc_text"] = None  # a formatter that came before may have rendered the original
    traceback = text_where_source_is_secret(error, redactor)
    if traceback is not None:
        changed["exc_text"] = traceback
    return changed


def exception_in(exc_info: object) -> BaseException | None:
    """The exception in what `logging` takes as `exc_info`."""
    found: object = exc_info
    if isinstance(exc_info, tuple):
        triple = cast("tuple[object, ...]", exc_info)
        found = triple[1] if len(triple) == 3 else None
    return cast("BaseException", found) if issubclass(type(found), BaseException) else None


def judged_message(
    msg: object, args: object, message: str, redactor: Judge
) -> tuple[object, tuple[object, ...] | dict[str, object] | None]:
    """`msg` and `args` of the record for others. `message` is the whole message, redacted.

    They stay as they are where each is clean and so is what they make together: `token=%s` tells only once it is
    filled. Else secret arguments are replaced, if that gives the redacted message; if not, the message stands alone.
    """
    if not args:
        if type(msg) is str:
            return (msg if msg == message else message), args  # type: ignore[return-value]  # an empty one
        kept = redacted_value(msg, redactor)
        return (msg if kept is msg and _filled(msg, ()) == message else message), args  # type: ignore[return-value]
    if type(msg) is str and redactor.text(msg) == msg:
        safe = _judged_args(args, redactor)
        if _filled(msg, safe) == message:
            return msg, safe
        if isinstance(safe, tuple):  # what is secret only in its place
            for index in range(len(safe)):
                spot = (*safe[:index], _placeholder(msg, safe, index, message), *safe[index + 1 :])
                if spot[index] is not None and _filled(msg, spot) == message:
                    return msg, spot
    return message, None


def _judged_args(args: object, redactor: Judge) -> tuple[object, ...] | dict[str, object]:
    """The arguments; the very tuple or dict if none holds a secret."""
    if isinstance(args, dict):
        fields = cast("dict[str, object]", args)
        kept = redacted_fields(fields, redactor)
        same = kept.keys() == fields.keys() and all(kept[name] is fields[name] for name in fields)
        return fields if same else kept
    given = cast("tuple[object, ...]", args if isinstance(args, tuple) else (args,))
    safe = tuple(redacted_value(value, redactor) for value in given)
    return given if all(one is other for one, other in zip(safe, given, strict=True)) else safe


def _filled(msg: object, args: tuple[object, ...] | dict[str, object]) -> str | None:
    try:
        return str(msg) % args if args else str(msg)
    except Exception:  # arguments that do not fit, or whose own code fails
        return None


def _placeholder(msg: str, args: tuple[object, ...], index: int, message: str) -> str | None:
    """What stands in the redacted message where this argument would."""
    mark = "\0"
    before, found, after = (_filled(msg, (*args[:index], mark, *args[index + 1 :])) or "").partition(mark)
    if not found or not message.startswith(before) or not message.endswith(after):
        return None
    return message[len(before) : len(message) - len(after)]


def text_where_source_is_secret(error: BaseException, redactor: Judge) -> str | None:
    """The redacted traceback, if it would show a secret that stands in the source or in the name of a file.

    For all others, a formatter renders the traceback itself, in its own way.
    """
    waiting, seen = [error], set[int]()
    while waiting:
        here = waiting.pop()
        if id(here) in seen:
            continue
        seen.add(id(here))
        for frame, line in walk_tb(here.__traceback__):
            code = frame.f_code
            shown = [code.co_filename, code.co_name]
            # Of a statement of several lines, newer Pythons show more than the first.
            shown += linecache.getlines(code.co_filename, frame.f_globals)[max(0, line - 1) : line + _MORE_LINES]
            if any(text not in redactor.clean and redactor.text(text) != text for text in shown):
                return redactor.text(render(judged_description(error, redactor)))
        waiting += linked(here)
    return None


def judged_description(error: BaseException, redactor: Judge) -> dict[str, Any]:
    """The exception as structure, redacted."""
    judged = redactor.plain(cast("Plain", describe(error)))
    return judged if isinstance(judged, dict) else {"type": type(error).__name__, "message": judged}
