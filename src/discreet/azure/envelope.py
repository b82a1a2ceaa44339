"""The encoder for Application Insights: a redacted record as one telemetry envelope, without the instrumentation key.

The sink adds the key when it sends the envelope, so that the spool holds no part of the connection string. The
envelope is written as text, because that is fast: the tags and dimensions of the resource are prepared once, the
names of fields are kept, and the fields of a context are written once for all records of the context.
"""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, Any, cast

from discreet._base.levels import severity_name
from discreet._encoding.json import quote, seal, timestamp
from discreet._redaction.secrets import registry
from discreet._values.exceptions import OMITTED
from discreet.azure import dimensions as dims
from discreet.azure.dimensions import cut

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from discreet._record import Identity, Plain, Redacted

_LONGEST_EVENT_NAME = 512
_LONGEST_NAME = 1024
_KEY_LENGTH = 64
"""Bytes that the instrumentation key adds to an envelope when it is sent."""
_MOST_NAMES = 4096  # field names are few; a program that generates names must not fill the memory
_SPECIAL = frozenset((*dims.EVENT_NAMES, dims.MEASUREMENTS, *dims.TAG_OF_FIELD, *dims.MAY_GIVE_TAG))
_OWN_NAMES = frozenset((
    "logger_name", "request_id", "thread.name", "task", "template", "message", "severity", "code.stacktrace",
    "code.file.path", "code.function.name", "code.line.number",
))  # fmt: skip


class Envelopes:
    """The encoder. `resource_of` gives the redacted resource attributes of an identity.

    `has_instance` says whether somebody gave the process an instance id, so that it can be a tag.
    """

    def __init__(self, resource_of: Callable[[Identity], Mapping[str, Plain]], *, has_instance: bool = False) -> None:
        self._resource_of = resource_of
        self._has_instance = has_instance
        self._prepared_for: tuple[object, object] = (None, None)
        self._tags = self._resource_json = ""
        self._resource: Mapping[str, Plain] = {}
        self._used_names: frozenset[str] = _OWN_NAMES
        self._names_json: dict[str, str] = {}
        self._context_json: tuple[object, str] = (None, "")

    def __call__(self, record: Redacted) -> bytes:
        """One envelope as one line of JSON. A bad value costs at most its own dimension."""
        identity, epoch = self._prepared_for
        if identity is not record.identity or epoch is not registry.epoch:
            self._prepare(record.identity)
        try:
            line = self._quick(record)
        except Exception:  # one of the values is bad: the careful way finds it and keeps the others
            line = None
        return self._careful(record) if line is None else line

    def _prepare(self, identity: Identity) -> None:
        """Write the resource: again after a fork, or after a secret was registered that the resource may hold."""
        epoch = registry.epoch
        resource = self._resource_of(identity)
        instance = resource.get("service.instance.id") if self._has_instance else None
        tags = dims.resource_tags(resource, instance)
        tagged = dims.in_tags(resource, tags)
        self._resource = {key: value for key, value in resource.items() if key not in tagged and value is not None}
        self._tags = ",".join([f"{quote(tag)}:{quote(text)}" for tag, text in tags.items()])
        self._resource_json = _joined(self._resource, dims.FULL)
        self._used_names = _OWN_NAMES | self._resource.keys()
        self._context_json = (None, "")
        self._prepared_for = (identity, epoch)

    def _quick(self, record: Redacted) -> bytes | None:
        """The envelope of an ordinary record; None for a record that needs the careful way."""
        if record.exception is not None or not self._used_names.isdisjoint(record.fields):
            return None
        own_json = self._dimensions(_own(record))
        context_json = self._context(record.ambient) if record.ambient else ""
        fields_json = self._dimensions(record.fields) if record.fields else ""
        if own_json is None or context_json is None or fields_json is None:
            return None
        message = record.message
        if not message or len(message) > dims.FULL.message // 2:
            return None
        line = (
            f'{{"name":"Microsoft.ApplicationInsights.Message","time":"{timestamp(record.time_ns)}"'
            f',"tags":{{{self._tags}{_operation(record)}}}'
            f',"data":{{"baseType":"MessageData","baseData":{{"ver":2,"message":{quote(message)}'
            f',"severityLevel":{severity_level(record.level)}'
            f',"properties":{{{own_json[1:]}{self._resource_json}{context_json}{fields_json}}}}}}}}}\n'
        )
        encoded = seal(line)
        return encoded if len(encoded) <= dims.ITEM - _KEY_LENGTH else None

    def _context(self, ambient: Mapping[str, object]) -> str | None:
        """The dimensions of a context, which is mostly the context of the record before; None if some are special."""
        known, written = self._context_json
        if known is ambient:
            return written
        found = self._dimensions(ambient) if self._used_names.isdisjoint(ambient) else None
        if found is not None:
            self._context_json = (ambient, found)
        return found

    def _dimensions(self, fields: Mapping[str, object]) -> str | None:
        parts = ""
        names = self._names_json
        for key, item in fields.items():
            name = names.get(key)
            if name is None:
                if key in _SPECIAL:
                    return None
                if len(names) >= _MOST_NAMES:
                    names.clear()
                name = names[key] = f",{quote(dims.cut_key(key))}:"
            kind = type(item)
            if kind is int:
                parts += f'{name}"{item}"'
            elif kind is float and item - item == 0:  # type: ignore[operator]  # neither NaN nor an infinity
                parts += f'{name}"{item!r}"'
            else:
                text = cast("str", item) if kind is str else dims.plain_text(item)
                if len(text) > 4096:
                    text = cut(text, dims.GEN_AI_VALUE if key in dims.GEN_AI else dims.FULL.value)
                parts += f"{name}{quote(text)}"
        return parts

    def _careful(self, record: Redacted) -> bytes:
        """The envelope of any record: with an exception, an event, tags from fields, equal names, or too much text."""
        special, properties = self._special_and_properties(record)
        most = (dims.GEN_AI_ITEM if not dims.GEN_AI.isdisjoint(properties) else dims.ITEM) - _KEY_LENGTH
        encoded = self._written(record, special, properties, dims.FULL)
        if len(encoded) <= most:
            return encoded
        limits = dims.TIGHT
        empty = self._written(record, special, {}, limits)
        if len(empty) > most // 2:
            limits = dims.TIGHTEST
            empty = self._written(record, special, {}, limits)
        return self._written(record, special, dims.fitting(properties, most - len(empty)), limits)

    def _special_and_properties(self, record: Redacted) -> tuple[dict[str, object], dict[str, object]]:
        """The fields that mean more than a dimension, and the dimensions: fields over ours, ours over the resource."""
        fields: dict[str, object] = {**record.ambient, **record.fields}
        special = {key: fields[key] for key in fields.keys() & _SPECIAL}
        for key in dims.TAG_OF_FIELD:
            fields.pop(key, None)
        own = _own(record)
        event = dims.event_field(special)
        if record.exception is not None:
            own["message"] = record.message
        elif event:
            del fields[event]
            own["message"], own["severity"] = record.message, severity_name(record.level)
        if dims.MEASUREMENTS in special and dims.measurements(special):
            fields.pop(dims.MEASUREMENTS, None)
        return special, {**self._resource, **own, **fields}

    def _written(
        self, record: Redacted, special: Mapping[str, object], properties: Mapping[str, object], limits: dims.Limits
    ) -> bytes:
        kind, data = _data(record, special, limits)
        tags = self._tags + _operation(record) + dims.field_tags(special, {**record.ambient, **record.fields})
        written = _joined(properties, limits)[1:]
        measured = dims.measurements(special)
        return seal(
            f'{{"name":"Microsoft.ApplicationInsights.{kind}","time":"{timestamp(record.time_ns)}"'
            f',"tags":{{{tags}}},"data":{{"baseType":"{kind}Data","baseData":{{"ver":2,{data}'
            f',"properties":{{{written}}}{measured}}}}}}}\n'
        )


def _joined(properties: Mapping[str, object], limits: dims.Limits) -> str:
    return "".join([dims.dimension(key, value, limits.value) for key, value in properties.items()])


def severity_level(level: int) -> int:
    """Verbose 0, Information 1, Warning 2, Error 3, Critical 4."""
    return 0 if level < 20 else min(level // 10 - 1, 4)


def _data(record: Redacted, special: Mapping[str, object], limits: dims.Limits) -> tuple[str, str]:
    """The kind of envelope, and the members that only this kind has."""
    level = f'"severityLevel":{severity_level(record.level)}'
    if isinstance(record.exception, dict):
        exceptions = exceptions_json(cast("dict[str, Any]", record.exception), record.stacktrace, limits)
        return "Exception", f'"exceptions":{exceptions},{level}'
    event = dims.event_field(special)
    if event:
        return "Event", f'"name":{quote(cut(str(special[event]), _LONGEST_EVENT_NAME))}'
    return "Message", f'"message":{quote(cut(record.message, limits.message) or "n/a")},{level}'


def _operation(record: Redacted) -> str:
    if record.trace_id is None:
        return ""
    return f',"ai.operation.id":"{record.trace_id}","ai.operation.parentId":"{record.span_id}"'


def _own(record: Redacted) -> dict[str, object]:
    """The dimensions that the record itself gives."""
    own: dict[str, object] = {"logger_name": record.logger}
    if record.request_id is not None:
        own["request_id"] = record.request_id
    if record.thread is not None:
        own["thread.name"] = record.thread
    if record.task is not None:
        own["task"] = record.task
    if record.template is not None:
        own["template"] = record.template
    source = record.source
    if source is not None:
        own["code.file.path"] = source.file
        own["code.function.name"] = source.function
        own["code.line.number"] = source.line
    if record.exception is None and record.stacktrace is not None:
        own["code.stacktrace"] = record.stacktrace
    return own


def exceptions_json(description: Mapping[str, Any], stack: str | None, limits: dims.Limits) -> str:
    """The `exceptions` of an `ExceptionData` as JSON: one entry per exception, the outermost first.

    `outerId` names the entry's outer exception. Frames are parsed, newest first, because the portal shows them,
    searches them and groups failures by them. The first entry also has the whole traceback as text.
    """
    every = list(_walk(description, 0, count(1)))
    entries = [
        _entry(number, outer, found, stack if number == 1 else None, limits)
        for number, (outer, found) in enumerate(every[: limits.exceptions], 1)
    ]
    left_out = len(every) - len(entries)
    if left_out > 0:
        note = {"type": OMITTED, "message": f"{left_out} more exceptions; the stack of the first has their text"}
        entries.append(_entry(len(entries) + 1, 1, note, None, limits))
    return f"[{','.join(entries)}]"


def _walk(description: Mapping[str, Any], outer: int, numbers: Iterator[int]) -> Iterator[tuple[int, Any]]:
    """Each exception and the number of its outer exception: first its cause or context, then members of a group."""
    number = next(numbers)
    yield outer, description
    cause, members = description.get("cause"), description.get("exceptions")
    inner: list[object] = [cause if isinstance(cause, dict) else description.get("context")]
    if isinstance(members, list):
        inner += cast("list[object]", members)
    for found in inner:
        if isinstance(found, dict):
            yield from _walk(cast("dict[str, Any]", found), number, numbers)


def _entry(number: int, outer: int, found: Mapping[str, Any], stack: str | None, limits: dims.Limits) -> str:
    """One exception as JSON. Built-in classes have no module; notes (PEP 678) are part of the message."""
    frames, complete = _frames(found.get("frames"), limits)
    parts = f'{{"id":{number}' + (f',"outerId":{outer}' if outer else "")
    kind, module, notes = found.get("type"), found.get("module"), found.get("notes")
    parts += f',"typeName":{quote(cut(f"{module}.{kind}" if module else str(kind), _LONGEST_NAME))}'
    lines = [found.get("message") or "", *(cast("list[object]", notes) if isinstance(notes, list) else ())]
    message = "\n".join(str(line) for line in lines if line) or "n/a"  # the service refuses an empty message
    parts += f',"message":{quote(cut(message, limits.message))}'
    if stack is not None:
        shown = dims.cut_middle(stack, limits.stack)
        complete = complete and shown is stack
        parts += f',"stack":{quote(shown)}'
    elif not frames:
        parts += ',"stack":""'  # the schema requires a stack or frames
    if frames:
        parts += f',"parsedStack":[{frames}]'
    return f'{parts},"hasFullStack":{"true" if complete else "false"}}}'


def _frames(found: object, limits: dims.Limits) -> tuple[str, bool]:
    """The frames as JSON, newest first as level 0, and whether none is missing."""
    if not isinstance(found, list):
        return "", False
    texts: list[str] = []
    complete = True
    for frame in cast("list[object]", found)[::-1]:
        if isinstance(frame, dict):
            known = cast("dict[str, Any]", frame)
            complete = complete and "omitted" not in known
            texts.append(_frame(known))
    size = sum(map(len, texts)) + 12 * len(texts)
    if size > limits.frames:
        texts = _without_middle(texts, limits.frames)
        complete = False
    return ",".join([f'{{"level":{level},{text}' for level, text in enumerate(texts)]), complete


def _frame(frame: Mapping[str, Any]) -> str:
    line, file = frame.get("line"), frame.get("file")
    parts = f'"method":{quote(cut(str(frame.get("function") or "<unknown>"), _LONGEST_NAME))}'
    if isinstance(file, str) and "omitted" not in frame:
        parts += f',"fileName":{quote(cut(file, _LONGEST_NAME))}'
    if type(line) is int and line > 0:
        parts += f',"line":{line}'
    return parts + "}"


def _without_middle(texts: list[str], most: int) -> list[str]:
    """As many of the newest and the oldest frames as fit, and between them how many are missing."""
    room = most - 60
    newest: list[str] = []
    oldest: list[str] = []
    rest = list(texts)
    while rest:
        take_newest = len(newest) <= 2 * len(oldest)
        text = rest[0] if take_newest else rest[-1]
        room -= len(text) + 12
        if room < 0:
            break
        (newest if take_newest else oldest).append(rest.pop(0 if take_newest else -1))
    return [*newest, f'"method":{quote(f"<{len(rest)} more frames>")}}}', *oldest[::-1]]
