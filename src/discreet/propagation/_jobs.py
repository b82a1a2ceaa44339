"""A pool's job together with the context that it was submitted in: for pools of threads, and of processes."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from discreet._context.ambient import EMPTY, Context, Scope, current, enter, opened_by
from discreet._pipeline import pipeline_in_force
from discreet._redaction.record import judged_context
from discreet._redaction.redactor import Redactor

if TYPE_CHECKING:
    from collections.abc import Callable


def in_context(job: Callable[..., Any]) -> Callable[..., Any]:
    """The job, to be run elsewhere in the context of this call, and in no other."""
    return job if type(job) is _JobInContext else _JobInContext(current.get(), job)


class _JobInContext:
    """Called by a worker thread, which does not keep the context after the job; or sent to a worker process."""

    __slots__ = ("_context", "_job")

    def __init__(self, context: Context, job: Callable[..., Any]) -> None:
        self._context = context
        self._job = job

    def __call__(self, /, *args: Any, **kwargs: Any) -> Any:
        token = current.set(self._context)
        try:
            return self._job(*args, **kwargs)
        finally:
            current.reset(token)

    def __reduce__(self) -> tuple[type[_JobOfWorker], tuple[object, ...]]:
        return _JobOfWorker, (self._job, travelling(self._context))


class _JobOfWorker(functools.partial[Any]):
    """A job that a worker process has just received: its context is in force until the worker drops the job.

    It is entered here and not around a call, since a Python function around the job would stand in the traceback
    that the submitter gets, and in the text of it.
    """

    _owner: object

    def __new__(cls, job: Callable[..., Any], context: Context) -> _JobOfWorker:
        self = super().__new__(cls, job)
        self._owner = object()
        enter(context, Scope(self._owner, EMPTY))
        return self

    def __del__(self) -> None:
        if opened_by(self._owner) is not None:  # else the worker has begun its next job already
            current.set(EMPTY)


def travelling(context: Context) -> Context:
    """The context as it may leave this process: plain and redacted fields. Never raises."""
    fields: dict[str, object] = {}
    if context.fields:
        pipeline = pipeline_in_force()
        redactor = Redactor() if pipeline is None else pipeline.redactor
        try:
            fields = dict(judged_context(context, redactor))
        except Exception:  # the ids are worth more than the fields, and the job more than both
            fields = {}
    return Context(fields, context.span, context.request_id, context.baggage)
