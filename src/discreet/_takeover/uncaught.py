"""Hooks for what nobody caught: exceptions of the program, of threads, of processes, of finalizers, and warnings.

asyncio logs its own through the logger `asyncio`, which `standard_library.py` takes.
"""

from __future__ import annotations

import functools
import sys
import threading
import warnings
from contextlib import suppress
from types import FunctionType, MethodType
from typing import TYPE_CHECKING, Any, TextIO

from discreet._base.escape import escape_for_ci
from discreet._base.levels import CRITICAL, ERROR, WARNING, levels
from discreet._call.logger import active
from discreet._delivery.stream import Stream
from discreet._pipeline import pipeline_in_force
from discreet._redaction.redactor import Redactor
from discreet._values.exceptions import describe, render
from discreet._values.plain import DEFAULT, exception_message

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType, TracebackType


class _Calling(threading.local):
    """What the previous hook handles now; if that hook wraps ours, it calls ours again, which must then do nothing."""

    subject: object = None


_calling = _Calling()
_previous: dict[Callable[..., None], Callable[..., object]] = {}
"""By our hook: the one that was there before it."""


def install(*, exceptions: bool = True, warnings: bool = True) -> None:
    """Put our hooks in place, once; they call the hooks of others, but not Python's own, which print."""
    for module, name, hook in _HOOKS:
        found = getattr(module, name)
        if not (warnings if hook is showwarning else exceptions):
            _put_back(module, name, hook)
        elif found is not hook:
            _previous[hook] = found
            setattr(module, name, hook)
    if exceptions:
        cover_multiprocessing()


def uninstall() -> None:
    """Put the previous hooks back, where nobody has replaced ours."""
    for module, name, hook in _HOOKS:
        _put_back(module, name, hook)


def _put_back(module: ModuleType, name: str, hook: Callable[..., None]) -> None:
    if getattr(module, name) is hook:
        setattr(module, name, _previous[hook])


def cover_multiprocessing() -> None:
    """Record what the target of a `multiprocessing.Process` raises, where the module would print it unredacted.

    No hook sees these exceptions. A child that was forked calls this again, since its parent may have loaded the
    module after it configured.
    """
    module = sys.modules.get("multiprocessing.process")
    if module is None and not any("multiprocessing" in argument for argument in sys.orig_argv):
        return
    from multiprocessing.process import BaseProcess

    process_class: Any = BaseProcess  # `_bootstrap`, the first function that a child runs, is not in its stub
    original = process_class._bootstrap
    if getattr(original, "__discreet__", False):
        return

    @functools.wraps(original)
    def bootstrap(process: Any, *args: Any, **kwargs: Any) -> Any:
        process.run = functools.partial(_run_in_process, process.run)
        return original(process, *args, **kwargs)

    marked: Any = bootstrap
    marked.__discreet__ = True
    process_class._bootstrap = bootstrap


def _run_in_process(run: Callable[[], None]) -> None:
    try:
        run()
    except Exception as error:
        _record(ERROR, "uncaught exception in a process", error)
        raise SystemExit(1) from None  # the exit code that `multiprocessing` gives such a process


def _redactor() -> Redactor:
    pipeline = pipeline_in_force()
    return Redactor() if pipeline is None else pipeline.redactor


def _call_previous(ours: Callable[..., None], subject: object, *args: object) -> None:
    """Call the hook that was there before ours, unless it is Python's own, which prints."""
    hook = _previous.get(ours)
    if hook in (None, sys.__excepthook__, threading.__excepthook__, sys.__unraisablehook__):
        return
    before, _calling.subject = _calling.subject, subject
    try:
        hook(*args)
    finally:
        _calling.subject = before


def _record(level: int, message: str, error: BaseException | None, **fields: object) -> None:
    """Write one record; if no stream took it, print what Python would print, redacted, so that the crash is seen."""
    if error is not None:
        fields["exc_info"] = error
    trace = None if error is None else error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    frame = None if trace is None else trace.tb_frame  # the one that raised, which an annotation should point at
    before = _delivered_to_streams()
    active.emitter.emit(levels.channel("uncaught"), level, message, (), fields, frame)
    if error is not None and _delivered_to_streams() == before:
        _print_redacted(error)


def _delivered_to_streams() -> int:
    pipeline = pipeline_in_force()
    runners = () if pipeline is None else pipeline.runners
    return sum(runner.statistics.delivered for runner in runners if isinstance(runner.sink, Stream))


def excepthook(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """`sys.excepthook` of ours."""
    if error is _calling.subject:
        return
    if issubclass(kind, KeyboardInterrupt):
        _print_redacted(error)
        return
    _record(CRITICAL, "uncaught exception", error)
    _call_previous(excepthook, error, kind, error, trace)


def _print_redacted(error: BaseException) -> None:
    """Print what Python would print, redacted. An interrupt is only printed: it is not a failure of the program."""
    lines = _redactor().text(render(describe(error))).split("\n")
    text = "\n".join(map(escape_for_ci, lines))
    with suppress(OSError, ValueError, AttributeError):  # no stderr, or a closed one
        sys.stderr.write(text + "\n")


def thread_excepthook(args: threading.ExceptHookArgs) -> None:
    """`threading.excepthook` of ours."""
    if args is _calling.subject or args.exc_type is SystemExit:  # SystemExit just ends a thread
        return
    name = args.thread.name if args.thread is not None else None
    _record(ERROR, "uncaught exception in a thread", args.exc_value, uncaught_in=name)
    _call_previous(thread_excepthook, args, args)


def unraisablehook(args: sys.UnraisableHookArgs) -> None:
    """`sys.unraisablehook` of ours."""
    if args is _calling.subject:
        return
    owner = args.object if isinstance(args.object, (FunctionType, MethodType, type)) else type(args.object)
    where = getattr(owner, "__qualname__", None)
    _record(ERROR, args.err_msg or "exception ignored", args.exc_value, ignored_in=where)
    _call_previous(unraisablehook, args, args)


def showwarning(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    """`warnings.showwarning` of ours."""
    if message is _calling.subject:
        return
    text = exception_message(message, DEFAULT.max_repr) if isinstance(message, Warning) else message
    if file is not None:  # the caller wants the text in a file of its own
        text = _redactor().text(text)
        _call_previous(showwarning, text, text, category, filename, lineno, file, line)
        return
    channel = levels.channel("py.warnings")
    if channel.threshold <= WARNING:
        fields: dict[str, object] = {"category": category.__name__, "warned_at": f"{filename}:{lineno}"}
        active.emitter.emit(channel, WARNING, text, (), fields, None)


_HOOKS: tuple[tuple[ModuleType, str, Callable[..., None]], ...] = (
    (sys, "excepthook", excepthook),
    (threading, "excepthook", thread_excepthook),
    (sys, "unraisablehook", unraisablehook),
    (warnings, "showwarning", showwarning),
)
