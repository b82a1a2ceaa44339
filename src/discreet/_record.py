"""The one value that flows: a record, from the call to the sinks."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import NewType, TypeAlias

    Plain: TypeAlias = "bool | int | float | str | list[Plain] | dict[str, Plain] | None"
    """Plain data: JSON's types. Floats may be NaN or infinite; encoders write these as text."""

    Redacted = NewType("Redacted", "Record")
    """A record that went through the redactor. Encoders take nothing else, so no sink can be reached around it."""

    Encoder: TypeAlias = Callable[[Redacted], bytes]
    """Step 4 in one type: a redacted record to one whole line, newline included."""

RESERVED = (
    "timestamp",
    "severity",
    "severity_number",
    "message",
    "template",
    "logger",
    "trace_id",
    "span_id",
    "request_id",
    "service",
    "version",
    "environment",
    "host",
    "process",
    "thread",
    "task",
    "source",
    "exception",
    "stacktrace",
    "schema",
)
"""The keys discreet owns in a line, in the order it writes them. User fields follow at the top level."""

reserved = frozenset(RESERVED)


def free_key(key: str, taken: Mapping[str, object]) -> str:
    """Where a user field goes that is called like a reserved key: `field.<key>`, until that is free too."""
    while key in reserved or key in taken:
        key = "field." + key
    return key


class Identity(NamedTuple):
    """The service and process that write; the same for every record of a process."""

    service: str | None = None
    version: str | None = None
    environment: str | None = None
    host: str | None = None
    process: int | None = None


class Source(NamedTuple):
    """The line of code that made the record."""

    file: str
    line: int
    function: str


class SafeFields(dict[str, "Plain"]):
    """Redacted fields of a context, with room for their encoded form: a request encodes its context once."""

    __slots__ = ("json",)

    json: str | None


class Record:
    """One event. Steps 1 to 3 fill it in; encoders only read it."""

    __slots__ = (
        "ambient",
        "exception",
        "fields",
        "identity",
        "level",
        "logger",
        "message",
        "request_id",
        "source",
        "span_id",
        "stacktrace",
        "task",
        "template",
        "thread",
        "time_ns",
        "trace_id",
    )

    time_ns: int
    level: int
    logger: str
    message: str
    template: str | None
    fields: Mapping[str, object]
    ambient: Mapping[str, object]
    trace_id: str | None
    span_id: str | None
    request_id: str | None
    thread: str | None
    task: str | None
    source: Source | None
    exception: BaseException | dict[str, Plain] | None
    stacktrace: str | None
    identity: Identity
