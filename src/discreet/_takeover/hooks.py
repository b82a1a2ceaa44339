"""What nobody caught: exceptions from `sys`, threads and finalizers, and warnings, as records.

asyncio reports its own through the logger `asyncio`, which the bridge in `stdlib.py` takes.
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
from discreet._values.plain import DEFAULT
from discreet._values.text import exception_message

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType, TracebackType


class _Previous:
    """The hooks that were there before ours."""

    excepthook: Callable[..., object] | None = None
    threads: Callable[..., object] | None = None
    unraisable: Callable[..., object] | None = None
    showwarning: Callable[..., None] | None = None


def install() -> None:
    """Put our hooks in place, once; hooks of others stay in the chain, Python's own printing does not."""
    if sys.excepthook is not _excepthook:
        _Previous.excepthook = _foreign(sys.excepthook, sys.__excepthook__)
        sys.excepthook = _excepthook
    if threading.excepthook is not _thread_excepthook:
        _Previous.threads = _foreign(threading.excepthook, threading.__excepthook__)
        threading.excepthook = _thread_excepthook
    if sys.unraisablehook is not _unraisablehook:
        _Previous.unraisable = _foreign(sys.unraisablehook, sys.__unraisablehook__)
        sys.unraisablehook = _unraisablehook
    cover_multiprocessing()
    if warnings.showwarning is not _showwarning:
        _Previous.showwarning = warnings.showwarning
        warnings.showwarning = _showwarning


def uninstall() -> None:
    """Take ours out, where nobody has put another in front."""
    if sys.excepthook is _excepthook:
        sys.excepthook = _Previous.excepthook or sys.__excepthook__
    if threading.excepthook is _thread_excepthook:
        threading.excepthook = _Previous.threads or threading.__excepthook__
    if sys.unraisablehook is _unraisablehook:
        sys.unraisablehook = _Previous.unraisable or sys.__unraisablehook__
    if warnings.showwarning is _showwarning and _Previous.showwarning is not None:
        warnings.showwarning = _Previous.showwarning


def cover_multiprocessing() -> None:
    """A process of `multiprocessing` prints what its target raises, raw, before any hook sees it: take it there.

    A child that was forked calls this again, since its parent may have loaded the module after it configured.
    """
    module = sys.modules.get("multiprocessing.process")
    if module is None and not any("multiprocessing" in argument for argument in sys.orig_argv):
        return
    from multiprocessing.process import BaseProcess

    beginning: Any = BaseProcess  # where a child begins is not in its type
    original = beginning._bootstrap
    if getattr(original, "__discreet__", False):
        return

    @functools.wraps(original)
    def bootstrap(process: Any, *args: Any, **kwargs: Any) -> Any:
        process.run = functools.partial(_run_in_process, process.run)
        return original(process, *args, **kwargs)

    marked: Any = bootstrap
    marked.__discreet__ = True
    beginning._bootstrap = bootstrap


def _run_in_process(run: Callable[[], None]) -> None:
    try:
        run()
    except Exception as error:
        _record(ERROR, "uncaught exception in a process", error)
        raise SystemExit(1) from None  # the exit code that the traceback would have come with


def _redactor() -> Redactor:
    pipeline = pipeline_in_force()
    return Redactor() if pipeline is None else pipeline.redactor


def _foreign(hook: Callable[..., object], pythons: Callable[..., object]) -> Callable[..., object] | None:
    return None if hook is pythons else hook


def _record(level: int, message: str, error: BaseException | None, **fields: object) -> None:
    """One record; if no stream took it, Python's own words on stderr too, redacted: who started it sees it crash."""
    if error is not None:
        fields["exc_info"] = error
    before = _streamed()
    active.emitter.emit(levels.channel("uncaught"), level, message, (), fields, _origin(error))
    if error is not None and _streamed() == before:
        _print_redacted(error)


def _streamed() -> int:
    pipeline = pipeline_in_force()
    sinks = () if pipeline is None else pipeline.sinks
    return sum(sink.statistics.delivered for sink in sinks if isinstance(sink, Stream))


def _origin(error: BaseException | None) -> FrameType | None:
    """The frame that raised: where an annotation should point."""
    trace = error.__traceback__ if error is not None else None
    if trace is None:
        return None
    while trace.tb_next is not None:
        trace = trace.tb_next
    return trace.tb_frame


def _excepthook(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        _print_redacted(error)
        return
    _record(CRITICAL, "uncaught exception", error)
    if _Previous.excepthook is not None:
        _Previous.excepthook(kind, error, trace)


def _print_redacted(error: BaseException) -> None:
    """What Python prints, for an interrupt too: that is no failure to record, but it may have interrupted one."""
    lines = _redactor().text(render(describe(error))).split("\n")
    text = "\n".join(map(escape_for_ci, lines))
    with suppress(OSError, ValueError, AttributeError):  # no stderr, or a closed one
        sys.stderr.write(text + "\n")


def _thread_excepthook(args: threading.ExceptHookArgs) -> None:
    if args.exc_type is SystemExit:  # a thread's way to end, as Python's own hook has it
        return
    name = args.thread.name if args.thread is not None else None
    _record(ERROR, "uncaught exception in a thread", args.exc_value, uncaught_in=name)
    if _Previous.threads is not None:
        _Previous.threads(args)


def _unraisablehook(args: sys.UnraisableHookArgs) -> None:
    named = args.object if isinstance(args.object, (FunctionType, MethodType, type)) else type(args.object)
    where = getattr(named, "__qualname__", None)
    _record(ERROR, args.err_msg or "exception ignored", args.exc_value, ignored_in=where)
    if _Previous.unraisable is not None:
        _Previous.unraisable(args)


def _showwarning(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    text = exception_message(message, DEFAULT.max_repr) if isinstance(message, Warning) else message
    if file is not None:  # the caller wants text in a file of its own
        if _Previous.showwarning is not None:
            _Previous.showwarning(_redactor().text(text), category, filename, lineno, file, line)
        return
    channel = levels.channel("py.warnings")
    if channel.threshold <= WARNING:
        fields: dict[str, object] = {"category": category.__name__, "warned_at": f"{filename}:{lineno}"}
        active.emitter.emit(channel, WARNING, text, (), fields, None)
