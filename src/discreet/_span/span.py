"""Spans: a timed, nested piece of work, and one wide record at its end."""

from __future__ import annotations

import sys
from contextlib import suppress
from time import perf_counter_ns
from typing import TYPE_CHECKING, Any, TypeVar, overload

from discreet._base.levels import ERROR, INFO, levels
from discreet._base.statistics import process_statistics
from discreet._call.logger import active, caller_name
from discreet._context.ambient import Scope, current, enter, mark_recorded, merge, opened_by
from discreet._context.opentelemetry import parent_span, sdk_tracer
from discreet._context.trace_context import new_span_context

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import TracebackType

    from discreet._context.ambient import Context
    from discreet._context.trace_context import SpanContext
    from discreet._span.opentelemetry import SdkSpan

F = TypeVar("F", bound="Callable[..., Any]")


class _Entry(Scope):
    """One entry into a span; the same span object may be entered several times, also by several threads."""

    __slots__ = ("parent_id", "sdk_span", "span", "start_ns")

    def __init__(
        self, owner: span, before: Context, context: SpanContext, parent_id: str | None, sdk_span: SdkSpan | None
    ) -> None:
        super().__init__(owner, before)
        self.span = context
        self.parent_id = parent_id
        self.sdk_span = sdk_span
        self.start_ns = perf_counter_ns()


class span:  # noqa: N801 - reads as the verb it is: `with discreet.span("charge")`
    """Time a piece of work: `with discreet.span("charge", amount=9) as span: span.set(tax=1)`.

    Works as `with` and as `async with`. Records made inside carry the span's ids. When the span ends, it writes one
    record with its name as the message, `duration_ms`, `status` ("ok", "error" or "cancelled"), `parent_span_id` and
    every field that was set. An exception passes through, and is recorded once, by the innermost span. Where the
    application has set up the OpenTelemetry SDK for traces, the span is also a span of the SDK, with the same ids
    and redacted attributes.

    With `raise_severity=True`, an error that is only logged inside raises the severity of the span's record too.
    """

    __slots__ = ("_ended", "_entry", "_fields", "_kind", "_logger", "_name", "_raises", "context")

    context: SpanContext
    """The span's place in its trace; set when it begins (again)."""

    def __init__(
        self, name: str, /, *, span_kind: str = "internal", raise_severity: bool = False, **fields: object
    ) -> None:
        self._name = name
        self._kind = span_kind
        self._fields = fields
        self._raises = raise_severity
        self._ended = False
        self._logger = caller_name(2)
        self._entry: _Entry | None = None

    @property
    def trace_id(self) -> str:
        """The trace's id, 32 hexadecimal digits."""
        return self.context.trace_id

    @property
    def span_id(self) -> str:
        """The span's id, 16 hexadecimal digits."""
        return self.context.span_id

    def set(self, /, **fields: object) -> None:
        """Add fields to the record that ends the span; two dicts under one name become one.

        What comes after that record is lost, and counted as `late_fields` in `health()`.
        """
        if self._ended:
            process_statistics.add_late(len(fields), "a span")
        merge(self._fields, fields)

    def __enter__(self) -> span:
        self._ended = False
        here = current.get()
        parent = here.span
        sdk_span = None
        if "opentelemetry.trace" in sys.modules:
            tracer = sdk_tracer()
            if tracer is not None:
                from discreet._span.opentelemetry import begin

                sdk_span = begin(tracer, self._name, self._kind, parent)
        if sdk_span is not None:
            self.context, parent_id = sdk_span.context, sdk_span.parent_id
        else:
            parent = parent_span(parent)
            self.context = new_span_context() if parent is None else parent.child()
            parent_id = None if parent is None else parent.span_id
        self._entry = _Entry(self, here, self.context, parent_id, sdk_span)
        enter(here.within(self.context), self._entry)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        scope = opened_by(self)
        entry = scope if isinstance(scope, _Entry) else self._entry
        if entry is not None:
            self._end(entry, error)
        self._ended = True
        self._entry = None  # otherwise the span and its entry would keep each other alive
        if scope is not None:
            current.set(scope.before)
            if entry is not None and entry.sdk_span is not None:
                entry.sdk_span.restore()

    def _end(self, entry: _Entry, error: BaseException | None) -> None:
        status = "ok"
        if error is not None and not isinstance(error, GeneratorExit):
            # Cancellation by asyncio or anyio, an interrupt and an exit are not a failure of this piece of work.
            status = "error" if isinstance(error, Exception) else "cancelled"
        failed = status == "error"
        first = failed and error is not None and mark_recorded(error)
        fields: dict[str, object] = {
            **self._fields,
            "span": self._name,
            "span_kind": self._kind,
            "duration_ms": (perf_counter_ns() - entry.start_ns) / 1e6,
            "status": status,
        }
        if entry.parent_id is not None:
            fields["parent_span_id"] = entry.parent_id
        if error is not None:
            fields["error_type"] = type(error).__name__
            if first:
                fields["exc_info"] = error
        level = ERROR if failed else INFO
        if self._raises:
            level = max(level, entry.worst)
        channel = levels.channel(self._logger)
        if channel.threshold <= level:
            active.emitter.emit(channel, level, self._name, (), fields, None, entry.span[:2])
        if entry.sdk_span is not None:
            entry.sdk_span.end(self._logger, self._fields, error, failed=failed, first=first)

    async def __aenter__(self) -> span:
        return self.__enter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.__exit__(kind, error, trace)


@overload
def traced(function: F, /) -> F: ...
@overload
def traced(
    function: None = None, /, *, name: str | None = None, arguments: bool | Sequence[str] = False, **fields: object
) -> Callable[[F], F]: ...
def traced(
    function: F | None = None,
    /,
    *,
    name: str | None = None,
    arguments: bool | Sequence[str] = False,
    **fields: object,
) -> F | Callable[[F], F]:
    """Make a span for each call of a function, coroutine or generator: `@discreet.traced`.

    Arguments are not recorded unless asked for: `arguments=True` for all, or the names of some. The span has the
    function's name unless `name` is given; further keywords are fields of each span.
    """

    def decorate(target: F) -> F:
        import inspect

        from discreet._base.wrapping import wrap

        title = name or getattr(target, "__qualname__", None) or repr(target)
        module = str(getattr(target, "__module__", None) or "root")
        signature = inspect.signature(target) if arguments else None
        wanted = None if isinstance(arguments, bool) else frozenset(arguments)

        def begin(*args: Any, **kwargs: Any) -> span:
            opened = span(title)
            opened._logger = module  # noqa: SLF001 - the function's, not the caller's
            opened.set(**fields)
            if signature is not None:
                with suppress(TypeError):  # the call itself is about to raise the better error
                    given = signature.bind(*args, **kwargs).arguments
                    opened.set(**{f"argument.{key}": given[key] for key in given if wanted is None or key in wanted})
            return opened

        return wrap(target, begin)

    return decorate if function is None else decorate(function)
