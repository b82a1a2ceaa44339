"""Messages that are filled in again: a record with the same names of fields as the one before only changes the values.

To make a message with its attributes takes longer than all else of encoding it; a form halves the cost of a record.
A message keeps the memory of every text it ever held, so a form is thrown away before that is much.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord

from discreet.otel.protobuf import put, put_ids

if TYPE_CHECKING:
    from collections.abc import Mapping

    from opentelemetry.proto.common.v1.common_pb2 import AnyValue

    from discreet._record import Redacted

_MOST_BYTES = 1 << 16
"""What a form may have written until it is thrown away."""

_MOST_SHAPES = 256  # programs have few; one that makes up names must not fill the memory


class Form:
    """A `LogRecord` with attributes of certain names, to be filled in by one thread at a time."""

    __slots__ = ("_body", "_message", "_traced", "_values", "written")

    def __init__(self, names: tuple[str, ...]) -> None:
        self._message = LogRecord()
        self._body = self._message.body
        self._values: list[AnyValue] = [self._message.attributes.add(key=name).value for name in names]
        self._traced = False
        self.written = 0

    def fill(self, record: Redacted, fields: Mapping[str, object]) -> bytes:
        """The serialized record: time, body, ids and the values of `fields`. Raises for what takes more care."""
        message = self._message
        message.time_unix_nano = message.observed_time_unix_nano = record.time_ns
        self._body.string_value = record.message
        if record.trace_id is not None or self._traced:
            message.trace_id = message.span_id = b""
            message.flags = 0
            put_ids(message, record)
            self._traced = True
        for target, value in zip(self._values, fields.values(), strict=True):
            kind = type(value)
            if kind is str:
                target.string_value = cast("str", value)
            elif kind is int:
                target.int_value = cast("int", value)
            elif kind is float:
                target.double_value = cast("float", value)
            else:
                target.Clear()
                put(target, value)
        written = message.SerializeToString()
        self.written += len(written)
        return written


class Forms:
    """Forms by the names of their attributes. Whoever takes one has it alone until it is back."""

    def __init__(self) -> None:
        self._idle: dict[tuple[str, ...], list[Form]] = {}

    def fill(self, record: Redacted, fields: Mapping[str, object]) -> bytes:
        """As `Form.fill`; a form that failed is not used again."""
        names = tuple(fields)
        idle = self._idle.get(names)
        if idle is None:
            if len(self._idle) >= _MOST_SHAPES:
                self._idle.clear()
            idle = self._idle.setdefault(names, [])
        try:
            form = idle.pop()
        except IndexError:  # all are in use: by other threads, or below us on the stack
            form = Form(names)
        written = form.fill(record, fields)
        if form.written < _MOST_BYTES:
            idle.append(form)
        return written
