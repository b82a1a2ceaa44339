"""Step 4 for Application Insights: a redacted record as one telemetry envelope, without the instrumentation key.

The key joins the envelope when it is sent, so that what waits on disk holds no part of the connection string. The
envelope is written as text, piece by piece: what a process says of itself is prepared once, names of fields are
remembered, and a context is written once for all records that are made in it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from discreet._base.levels import severity_text
from discreet._encoding.json import timestamp
from discreet._redaction.secrets import registry
from discreet.azure.dimensions import EVENT_NAMES, MEASUREMENTS, dimension, event_name, fitting, measurements
from discreet.azure.exceptions import exceptions_json
from discreet.azure.limits import FULL, GEN_AI, GEN_AI_ITEM, GEN_AI_VALUE, ITEM, TIGHT, TIGHTEST, Limits, cut, cut_key
from discreet.azure.tags import OF_FIELDS, WATCHED, field_tags, resource_tags, standing_for
from discreet.azure.text import plain_text, quote, seal

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from discreet._record import Identity, Plain, Redacted

_LONGEST_EVENT_NAME = 512
_KEY_LENGTH = 64
"""Bytes that the instrumentation key adds to an envelope when it is sent."""
_MOST_KEYS = 4096  # field names are few; a program that makes them up must not fill the memory
_SPECIAL = frozenset((*EVENT_NAMES, MEASUREMENTS, *OF_FIELDS, *WATCHED))
_OWN = frozenset((
    "logger_name", "request_id", "thread.name", "task", "template", "message", "severity", "code.stacktrace",
    "code.file.path", "code.function.name", "code.line.number",
))  # fmt: skip


class Envelopes:
    """The encoder. `resource_of` gives the redacted resource attributes of an identity, `instance_of` its own id."""

    def __init__(self, resource_of: Callable[[Identity], Mapping[str, Plain]], *, has_instance: bool = False) -> None:
        self._resource_of = resource_of
        self._has_instance = has_instance
        self._spoken_for: tuple[object, object] = (None, None)
        self._tags = self._static = ""
        self._resource: Mapping[str, Plain] = {}
        self._taken: frozenset[str] = _OWN
        self._names: dict[str, str] = {}
        self._around: tuple[object, str] = (None, "")

    def __call__(self, record: Redacted) -> bytes:
        """One envelope as one line of JSON. A bad value costs at most its own dimension."""
        spoken_for = self._spoken_for
        if spoken_for[0] is not record.identity or spoken_for[1] is not registry.epoch:
            self._introduce(record.identity)
        try:
            line = self._quick(record)
        except Exception:  # whatever it is about a value, the careful way finds it and keeps the others
            line = None
        if line is None:
            line = self._careful(record)
        return line

    def _introduce(self, identity: Identity) -> None:
        """Another process after a fork, or a secret was registered that the resource may hold."""
        epoch = registry.epoch
        resource = self._resource_of(identity)
        instance = resource.get("service.instance.id") if self._has_instance else None
        tags = resource_tags(resource, instance)
        said = standing_for(resource, tags)
        self._resource = {key: value for key, value in resource.items() if key not in said and value is not None}
        self._tags = ",".join([f"{quote(tag)}:{quote(text)}" for tag, text in tags.items()])
        self._static = "".join([dimension(key, value, FULL.value) for key, value in self._resource.items()])
        self._taken = _OWN | self._resource.keys()
        self._around = (None, "")
        self._spoken_for = (identity, epoch)

    # --- the quick way: nothing about the record is out of the ordinary --------------------------------------------

    def _quick(self, record: Redacted) -> bytes | None:
        fields, around = record.fields, record.ambient
        if record.exception is not None or not self._taken.isdisjoint(fields):
            return None
        written = ""
        if around:
            known = self._around
            if known[0] is around:
                written = known[1]
            else:
                if not self._taken.isdisjoint(around):
                    return None
                found = self._dimensions(around)
                if found is None:
                    return None
                written = found
                self._around = (around, written)
        if fields:
            found = self._dimensions(fields)
            if found is None:
                return None
            written += found
        message = record.message
        if not message or len(message) > FULL.message // 2:
            return None
        line = (
            f'{{"name":"Microsoft.ApplicationInsights.Message","time":"{timestamp(record.time_ns)}"'
            f',"tags":{{{self._tags}{_operation(record)}}}'
            f',"data":{{"baseType":"MessageData","baseData":{{"ver":2,"message":{quote(message)}'
            f',"severityLevel":{severity_level(record.level)}'
            f',"properties":{{"logger_name":{quote(record.logger)}{_where(record)}{self._static}{written}}}}}}}}}\n'
        )
        encoded = seal(line)
        return encoded if len(encoded) <= ITEM - _KEY_LENGTH else None

    def _dimensions(self, fields: Mapping[str, object]) -> str | None:
        parts = ""
        names = self._names
        for key, item in fields.items():
            name = names.get(key)
            if name is None:
                if key in _SPECIAL:
                    return None
                name = self._learn(key)
            kind = type(item)
            if kind is str:
                text = cast("str", item)
                if len(text) > 4096:
                    text = cut(text, GEN_AI_VALUE if key in GEN_AI else FULL.value)
                parts += f"{name}{quote(text)}"
            elif kind is int:
                parts += f'{name}"{item}"'
            elif kind is float and item - item == 0:  # type: ignore[operator]  # neither NaN nor an infinity
                parts += f'{name}"{item!r}"'
            else:
                parts += f"{name}{quote(cut(plain_text(item), GEN_AI_VALUE if key in GEN_AI else FULL.value))}"
        return parts

    def _learn(self, key: str) -> str:
        name = f",{quote(cut_key(key))}:"
        if len(self._names) >= _MOST_KEYS:
            self._names.clear()
        self._names[key] = name
        return name

    # --- the careful way: exceptions, events, tags from fields, names that clash, texts that are too long ----------

    def _careful(self, record: Redacted) -> bytes:
        """The same from a merged set of dimensions; what is too large as a whole is written tighter."""
        special, properties = self._sorted(record)
        most = (GEN_AI_ITEM if not GEN_AI.isdisjoint(properties) else ITEM) - _KEY_LENGTH
        encoded = self._written(record, special, properties, FULL)
        if len(encoded) <= most:
            return encoded
        limits = TIGHT
        empty = self._written(record, special, {}, limits)
        if len(empty) > most // 2:
            limits = TIGHTEST
            empty = self._written(record, special, {}, limits)
        return self._written(record, special, fitting(properties, most - len(empty)), limits)

    def _sorted(self, record: Redacted) -> tuple[dict[str, object], dict[str, object]]:
        """What is (also) no dimension, and the dimensions: a field over ours, ours over the resource."""
        fields: dict[str, object] = {**record.ambient, **record.fields}
        special = {key: fields[key] for key in fields.keys() & _SPECIAL}
        for key in OF_FIELDS:
            fields.pop(key, None)
        event = event_name(special)
        if event and record.exception is None:
            key = next(key for key in EVENT_NAMES if special.get(key) == event)
            del fields[key]
        if MEASUREMENTS in special and measurements(special):
            fields.pop(MEASUREMENTS, None)
        own: dict[str, object] = {"logger_name": record.logger}
        told = {"request_id": record.request_id, "thread.name": record.thread, "task": record.task}
        own.update((key, value) for key, value in told.items() if value is not None)
        if record.template is not None:
            own["template"] = record.template
        if record.source is not None:
            own["code.file.path"] = record.source.file
            own["code.function.name"] = record.source.function
            own["code.line.number"] = record.source.line
        if record.exception is not None:
            own["message"] = record.message
        elif event:
            own["message"], own["severity"] = record.message, severity_text(record.level)
        if record.exception is None and record.stacktrace is not None:
            own["code.stacktrace"] = record.stacktrace
        return special, {**self._resource, **own, **fields}

    def _written(
        self, record: Redacted, special: Mapping[str, object], properties: Mapping[str, object], limits: Limits
    ) -> bytes:
        kind, data = _data(record, special, limits)
        tags = self._tags + _operation(record) + field_tags(special, {**record.ambient, **record.fields})
        written = "".join([dimension(key, value, limits.value) for key, value in properties.items()])[1:]
        measured = measurements(special)
        return seal(
            f'{{"name":"Microsoft.ApplicationInsights.{kind}","time":"{timestamp(record.time_ns)}"'
            f',"tags":{{{tags}}},"data":{{"baseType":"{kind}Data","baseData":{{"ver":2,{data}'
            f',"properties":{{{written}}}{measured}}}}}}}\n'
        )


def severity_level(level: int) -> int:
    """Verbose 0, Information 1, Warning 2, Error 3, Critical 4."""
    return 0 if level < 20 else min(level // 10 - 1, 4)


def _data(record: Redacted, special: Mapping[str, object], limits: Limits) -> tuple[str, str]:
    """The kind of envelope, and what is particular to it."""
    level = f'"severityLevel":{severity_level(record.level)}'
    if isinstance(record.exception, dict):
        exceptions = exceptions_json(cast("dict[str, Any]", record.exception), record.stacktrace, limits)
        return "Exception", f'"exceptions":{exceptions},{level}'
    name = event_name(special)
    if name:
        return "Event", f'"name":{quote(cut(name, _LONGEST_EVENT_NAME))}'
    return "Message", f'"message":{quote(cut(record.message, limits.message) or "n/a")},{level}'


def _operation(record: Redacted) -> str:
    if record.trace_id is None:
        return ""
    return f',"ai.operation.id":"{record.trace_id}","ai.operation.parentId":"{record.span_id}"'


def _where(record: Redacted) -> str:
    """Dimensions of ours, for the quick way."""
    parts = ""
    request_id = record.request_id
    if request_id is not None:
        shown = request_id if len(request_id) <= 4096 else cut(request_id, FULL.value)
        parts = f',"request_id":{quote(shown)}'
    if record.thread is not None:
        parts += f',"thread.name":{quote(record.thread)}'
    if record.task is not None:
        parts += f',"task":{quote(record.task)}'
    if record.template is not None:
        parts += dimension("template", record.template, FULL.value)
    source = record.source
    if source is not None:
        parts += (
            f',"code.file.path":{quote(source.file)},"code.function.name":{quote(source.function)}'
            f',"code.line.number":"{source.line}"'
        )
    if record.stacktrace is not None:
        parts += dimension("code.stacktrace", record.stacktrace, FULL.value)
    return parts
