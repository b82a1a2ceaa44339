"""Step 3 for a whole record: every place that can hold data, before any sink."""

from __future__ import annotations

from typing import TYPE_CHECKING

from discreet._record import SafeFields, Source, free_key, reserved
from discreet._redaction.secrets import registry
from discreet._values.exceptions import describe, render
from discreet._values.messages import fill, interpolate, names_in, says_something
from discreet._values.plain import text_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from discreet._context.ambient import Context
    from discreet._record import Plain, Record, Redacted
    from discreet._redaction.redactor import Redactor

_SCALARS = (str, int, float, bool, type(None))


def redact(  # noqa: C901, PLR0912 - one function on purpose: each call that it would make is paid for with each record
    record: Record, context: Context | None, args: tuple[object, ...], redactor: Redactor, *, with_locals: bool
) -> Redacted:
    """Judge the fields, then the message made from the judged fields, then everything else that is text.

    With `context`, its fields become the record's ambient ones, except those that the record says itself.
    """
    fields = record.fields
    if not reserved.isdisjoint(fields):
        fields = clear_of_reserved(fields)
    safe = redactor.fields(fields)
    record.fields = safe
    if context is not None and context.fields:
        judged = context.safe
        if judged is not None and judged[0] is redactor and judged[1] is registry.epoch:
            record.ambient = judged[2]
        else:
            record.ambient = judged_context(context, redactor)
        ambient = record.ambient
        for name in safe:  # half of what `isdisjoint` takes for a few
            if name in ambient:
                record.ambient = {key: value for key, value in ambient.items() if key not in safe}
                break
    clean = redactor.clean  # most of what follows is the same in every record
    text = redactor.text
    message = record.message
    if args or type(message) is not str or (safe and "{" in message):
        _message(record, args, safe, redactor)
    elif message not in clean:
        record.message = text(message)
    if record.logger not in clean:
        record.logger = text(record.logger)
    if record.request_id is not None and record.request_id not in clean:
        record.request_id = text(record.request_id)
    if record.thread is not None and record.thread not in clean:
        record.thread = text(record.thread)
    if record.task is not None and record.task not in clean:
        record.task = text(record.task)
    source = record.source
    if source is not None and not (source.file in clean and source.function in clean):
        record.source = Source(text(source.file), source.line, text(source.function))
    if record.exception is not None:
        stack = record.stacktrace
        record.exception, record.stacktrace = judged_exception(record.exception, redactor, with_locals=with_locals)
        if stack is not None:  # that of the call, which `stack_info` asked for
            record.stacktrace += "\n\n" + text(stack)
    elif record.stacktrace is not None:
        record.stacktrace = text(record.stacktrace)
    return record  # type: ignore[return-value]  # from here on it is redacted: no other line makes this type


def _message(record: Record, args: tuple[object, ...], fields: dict[str, Plain], redactor: Redactor) -> None:
    """A message that is filled from arguments or fields, or is no string."""
    template = record.message
    if type(template) is not str:
        template = text_of(template)
    if args:
        message = redactor.text(interpolate(template, args))
    elif fields and "{" in template:
        filled = fill(template, fields)
        message = redactor.text(filled)
        if message != filled:
            _mask_named_by_template(template, filled, message, fields, redactor)
    else:
        record.message = redactor.text(template)
        return
    record.message = message
    if says_something(template):
        safe = redactor.text(template)
        record.template = safe if safe != message else None


def _mask_named_by_template(
    template: str, filled: str, message: str, fields: dict[str, Plain], redactor: Redactor
) -> None:
    """Mask fields that only the template marks as secret: `t` in `token={t}`."""
    spans = redactor.spans(filled)
    for name in names_in(template):
        text = str(fields.get(name, ""))
        kinds = [kind for start, end, kind in spans if text in filled[start:end] or filled[start:end] in text]
        if kinds and text not in message:
            fields[name] = redactor.mask(kinds[0], text)


def judged_exception(
    error: BaseException | dict[str, Plain], redactor: Redactor, *, with_locals: bool
) -> tuple[dict[str, Plain], str]:
    """An exception as structure, and as the text that is made of it; both redacted."""
    description = error if isinstance(error, dict) else describe(error, with_locals=with_locals)
    judged = redactor.plain(description)
    # Anything but a dict means that the redactor failed closed on the whole of it.
    safe: dict[str, Plain] = judged if isinstance(judged, dict) else {"type": type(error).__name__, "message": judged}
    return safe, redactor.text(render(safe))


def judged_context(context: Context, redactor: Redactor) -> SafeFields:
    """The context's fields, judged; remembered for the next record, unless a value could change."""
    fields = context.fields
    if not reserved.isdisjoint(fields):
        fields = clear_of_reserved(fields)
    steady = all(any(type(value) is kind for kind in _SCALARS) for value in fields.values())
    epoch = registry.epoch  # before they are judged: another thread may register a secret meanwhile
    safe = SafeFields(redactor.fields(fields))
    safe.json = None
    if steady:  # what can change is judged each time
        context.safe = (redactor, epoch, safe)
    return safe


def clear_of_reserved(fields: Mapping[str, object]) -> dict[str, object]:
    """User fields that are called like a reserved key move to `field.<key>`; none is lost."""
    cleared = {key: value for key, value in fields.items() if key not in reserved}
    for key, value in fields.items():
        if key in reserved:
            cleared[free_key(key, cleared)] = value
    return cleared
