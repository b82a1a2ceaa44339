"""Step 2, context: one ContextVar that holds one immutable value.

A `Context` holds the ambient fields, the span, the request id and the baggage. It is never changed, only replaced by
another one. An entry point (a request, a task, a job) builds a new one from its carrier only.
"""

from __future__ import annotations

from contextvars import ContextVar

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from contextvars import Token
    from types import TracebackType
    from typing import Any, TypeVar

    from discreet._context.trace_context import SpanContext
    from discreet._record import SafeFields

    F = TypeVar("F", bound=Callable[..., Any])


class Context:
    """What is added to every record made here. Immutable, except for `safe`: a cache of the redacted fields."""

    __slots__ = ("baggage", "fields", "request", "request_id", "safe", "scope", "span")

    def __init__(
        self,
        fields: Mapping[str, object],
        span: SpanContext | None = None,
        request_id: str | None = None,
        baggage: Mapping[str, str] | None = None,
        scope: Scope | None = None,
        request: object = None,
    ) -> None:
        self.fields = fields
        self.span = span
        self.request_id = request_id
        self.baggage: Mapping[str, str] = baggage if baggage is not None else {}
        self.safe: tuple[object, object, SafeFields] | None = None
        self.scope = scope
        self.request = request
        """The request being served, whose record `annotate` adds to. It does not leave the process."""

    def having(self, fields: Mapping[str, object]) -> Context:
        """This context with more fields. `request_id` is not a field but the id of the request."""
        merged = {**self.fields, **fields}
        given = merged.pop("request_id", None)
        request_id = self.request_id if given is None else _text(given)
        return Context(merged, self.span, request_id, self.baggage, self.scope, self.request)

    def within(self, span: SpanContext) -> Context:
        """This context with another span."""
        inner = Context(self.fields, span, self.request_id, self.baggage, self.scope, self.request)
        inner.safe = self.safe
        return inner

    def __reduce__(self) -> tuple[type[Context], tuple[object, ...]]:
        return Context, (self.fields, self.span, self.request_id, self.baggage)


class Scope:
    """One open `with`: its owner, and the context before it, whose own scope encloses this one."""

    __slots__ = ("before", "owner", "worst")

    def __init__(self, owner: object, before: Context) -> None:
        self.owner = owner
        self.before = before
        self.worst = 0
        """The highest level from ERROR up of the records made inside, in whatever thread or task."""


EMPTY = Context({})
current: ContextVar[Context] = ContextVar("discreet", default=EMPTY)


def current_trace_id() -> str | None:
    """The id of the active trace, or None."""
    span = current.get().span
    return None if span is None else span.trace_id


def _text(value: object) -> str:
    try:
        return str(value)
    except Exception:  # a hostile __str__ must not break the caller's `with`
        return f"<{type(value).__name__}>"


class context:  # noqa: N801 - reads as the verb it is: `with discreet.context(tenant="acme")`
    """Bind fields for everything that happens inside.

    Works as `with`, as `async with`, and as a decorator of functions, coroutines and generators. The fields
    follow asyncio tasks by themselves, and threads and processes through `discreet.propagation`. `request_id`
    is special: it becomes the record's own `request_id`.
    """

    __slots__ = ("_fields",)

    def __init__(self, /, **fields: object) -> None:
        self._fields = fields

    def __enter__(self) -> context:
        here = current.get()
        enter(self._inside(here), Scope(self, here))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        scope = opened_by(self)
        if scope is not None:
            current.set(scope.before)

    async def __aenter__(self) -> context:
        return self.__enter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.__exit__(kind, error, trace)

    def __call__(self, function: F) -> F:
        from discreet._base.wrapping import wrap

        return wrap(function, lambda *_args, **_kwargs: self._again())

    def _inside(self, here: Context) -> Context:
        return here.having(self._fields)

    def _again(self) -> context:
        return type(self)(**self._fields)


class entry(context):  # noqa: N801 - as above
    """A request, a task or a job begins: `start` takes the place of the whole context, which comes back at the end."""

    __slots__ = ("_start",)

    def __init__(self, start: Context = EMPTY, /) -> None:
        self._start = start

    def _inside(self, here: Context) -> Context:
        start = self._start
        return Context(start.fields, start.span, start.request_id, start.baggage)

    def _again(self) -> entry:
        return entry(self._start)


def enter(inner: Context, scope: Scope) -> None:
    """Make `inner` the current context. Whoever leaves `scope` restores the context before it."""
    inner.scope = scope
    current.set(inner)


def opened_by(owner: object) -> Scope | None:
    """The innermost open scope of `owner` in this thread or task; leaving it leaves all scopes inside it too.

    It is found through the current context, not stored in the owner: threads and tasks may share an owner, and scopes
    may end out of order (two generators that are read in turn). None if the scope has already ended with an enclosing
    one, or was opened in another thread or task: then there is nothing to restore.
    """
    scope = current.get().scope
    while scope is not None and scope.owner is not owner:
        scope = scope.before.scope
    return scope


def leave(token: Token[Context]) -> None:
    """Restore the context before an entry point, unless it is left in another task or thread than it was entered in."""
    try:
        current.reset(token)
    except ValueError:
        return


def bind_context(**fields: object) -> None:
    """Add fields to all further records of this request, task or job; outside of one, of this thread.

    They end with it: where discreet sees its end (docs/integrations.md has the list), else with the `with`, or the
    function under `@discreet.context()`, that this is called in.
    """
    current.set(current.get().having(fields))


def unbind_context(*names: str) -> None:
    """Remove fields from the ambient context; unknown names are ignored."""
    here = current.get()
    fields = {key: value for key, value in here.fields.items() if key not in names}
    request_id = None if "request_id" in names else here.request_id
    current.set(Context(fields, here.span, request_id, here.baggage, here.scope, here.request))


def clear_context() -> None:
    """Remove all fields, the span and the request id. An enclosing `with` still restores what was before it."""
    scope = current.get().scope
    current.set(EMPTY if scope is None else Context({}, scope=scope))


def note_severity(scope: Scope | None, level: int) -> None:
    """Tell each open `with` that a record of this level was made inside it."""
    while scope is not None:
        scope.worst = max(scope.worst, level)
        scope = scope.before.scope


def merge(fields: dict[str, object], more: Mapping[str, object]) -> None:
    """Add fields to those of a wide record. Two dicts under one name become one, so that neither part is lost."""
    for name, value in more.items():
        known = fields.get(name)
        fields[name] = {**known, **value} if type(known) is dict and type(value) is dict else value


def mark_recorded(error: BaseException) -> bool:
    """Mark the exception as recorded, by an attribute of its own; False if it was recorded before."""
    try:
        if getattr(error, "__discreet_recorded__", False) is True:
            return False
        error.__discreet_recorded__ = True  # type: ignore[attr-defined]  # an attribute of our own
    except Exception:  # with slots, or with a `__getattr__` that raises: it is recorded more than once, nothing is lost
        return True
    return True
