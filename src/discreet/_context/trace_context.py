"""Step 2, CONTEXT: which trace and which request a record belongs to, read from and written to carriers.

The formats are those of https://www.w3.org/TR/trace-context/ (level 1) and https://www.w3.org/TR/trace-context-2/
(which adds the random flag and widens the tracestate keys; where they differ, level 2 is followed). A carrier is
a set of headers or an environment. Reading never raises: what is malformed restarts the trace.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from discreet._base.lazy_pattern import lazy_pattern
from discreet._context.baggage import Baggage, format_baggage, header_texts, parse_baggage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, MutableMapping

SAMPLED = 0x01
RANDOM = 0x02  # at least the right-most 7 bytes of the trace id are random
KNOWN_FLAGS = SAMPLED | RANDOM

MAX_STATE_MEMBERS = 32
# Valid members with their commas come to 16,447 characters; the rest is room for whitespace between them.
_MAX_STATE_LENGTH = 32_768
_MAX_PARENT_LENGTH = 8_192

_TRACEPARENT = lazy_pattern(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?", re.DOTALL)
_STATE_MEMBER = lazy_pattern(r"([a-z0-9][a-z0-9_\-*/@]{0,255})=[ -+\--<>-~]{0,255}[!-+\--<>-~]")
_REQUEST_ID = lazy_pattern(r"[A-Za-z0-9._~+/=:@\-]{1,128}")
_NO_TRACE = "0" * 32
_NO_SPAN = "0" * 16

TRACEPARENT, TRACESTATE, BAGGAGE, REQUEST_ID = "traceparent", "tracestate", "baggage", "x-request-id"
_NAMES = frozenset({TRACEPARENT, TRACESTATE, BAGGAGE, REQUEST_ID})


class SpanContext(NamedTuple):
    """A place in a trace: what `traceparent` and `tracestate` say together. Immutable."""

    trace_id: str
    """32 lower-case hexadecimal digits, not all zero."""
    span_id: str
    """16 lower-case hexadecimal digits, not all zero."""
    flags: int = SAMPLED | RANDOM
    """Trace flags, as received. Only the known ones are written again."""
    state: str = ""
    """The `tracestate` to pass on, without optional whitespace; empty if there is none."""

    @property
    def sampled(self) -> bool:
        """Whether the caller may have recorded this trace."""
        return bool(self.flags & SAMPLED)

    def child(self) -> SpanContext:
        """A new span in the same trace. Flags and tracestate stay as they are, as the recommendation demands."""
        return SpanContext(self.trace_id, new_span_id(), self.flags, self.state)


class Carrier(NamedTuple):
    """What an entry point reads from a request, task or process: parent span, baggage and request id."""

    parent: SpanContext | None
    baggage: Baggage
    request_id: str | None


def new_trace_id() -> str:
    """32 random hexadecimal digits, never all zero.

    Straight from the operating system: half a microsecond, and two forked processes cannot repeat each other.
    """
    trace_id = os.urandom(16).hex()
    return trace_id if trace_id != _NO_TRACE else new_trace_id()


def new_span_id() -> str:
    """16 random hexadecimal digits, never all zero."""
    span_id = os.urandom(8).hex()
    return span_id if span_id != _NO_SPAN else new_span_id()


def new_span_context() -> SpanContext:
    """The first span of a new trace: sampled, because a record is written for it, and truly random."""
    return SpanContext(new_trace_id(), new_span_id())


def new_request_id() -> str:
    """32 random hexadecimal digits.

    Not a sortable id: records carry their time already, and ids that start with a clock look alike
    when a console shows only their first characters.
    """
    return os.urandom(16).hex()


def accept_request_id(value: object) -> str | None:
    """An inbound `X-Request-ID` if it can do no harm in a log, otherwise None.

    That is 1 to 128 characters out of `A-Z a-z 0-9 . _ ~ + / = : @ -`, so no line break, no escape
    sequence, and no list of several ids.
    """
    texts = set(header_texts(value))
    text = texts.pop() if len(texts) == 1 else ""
    return text if _REQUEST_ID.fullmatch(text) else None


def parse_traceparent(value: object) -> SpanContext | None:
    """Read a `traceparent` header; None means the trace starts again.

    There must be exactly one value. A version above 00 is read by its first 55 characters if more follows
    after a dash, and of its flags only `sampled` is believed. Version ff and all-zero ids are invalid.
    """
    texts = header_texts(value)
    if len(texts) != 1 or len(texts[0]) > _MAX_PARENT_LENGTH:
        return None
    match = _TRACEPARENT.fullmatch(texts[0])
    if match is None:
        return None
    version, trace_id, span_id, flag_digits, rest = match.groups()
    if version == "ff" or trace_id == _NO_TRACE or span_id == _NO_SPAN:
        return None
    if rest is not None and (version == "00" or "," in rest):  # a comma is how gateways join repeated headers
        return None
    flags = int(flag_digits, 16)
    return SpanContext(trace_id, span_id, flags if version == "00" else flags & SAMPLED)


def format_traceparent(context: SpanContext) -> str:
    """Write a `traceparent` value of version 00, with the flags that version knows."""
    return f"00-{context.trace_id}-{context.span_id}-{context.flags & KNOWN_FLAGS:02x}"


def parse_tracestate(values: object) -> str:
    """Read `tracestate`: one header or a list of them, combined in order. Empty means nothing to pass on.

    One malformed member, a repeated key, or more than 32 members invalidate the whole. Members stay
    as they were received; the optional whitespace and the empty members between them go.
    """
    text = ",".join(header_texts(values))
    if not text or len(text) > _MAX_STATE_LENGTH:
        return ""
    members: dict[str, str] = {}
    for part in text.split(","):
        member = part.strip(" \t")
        if not member:
            continue
        match = _STATE_MEMBER.fullmatch(member)
        if match is None or match[1] in members or len(members) == MAX_STATE_MEMBERS:
            return ""
        members[match[1]] = member
    return ",".join(members.values())


def extract(carrier: Mapping[str, object] | Iterable[tuple[bytes | str, object]]) -> Carrier:
    """Read the headers of a request or message: a mapping, or pairs as ASGI has them.

    Names match in any case, names and values may be text or bytes. A repeated `traceparent` restarts
    the trace. A carrier that cannot be read is an empty one.
    """
    found: dict[str, list[object]] = {}
    try:
        items: Any = getattr(carrier, "items", None)  # not isinstance: header classes are seldom registered mappings
        pairs: Any = carrier if items is None else items()
        for name, value in pairs:
            lowered = name.decode("latin-1").lower() if isinstance(name, bytes) else str.lower(name)
            if lowered in _NAMES:
                values = cast("list[object]", value) if isinstance(value, (list, tuple)) else [value]
                found.setdefault(lowered, []).extend(values)
    except Exception:  # not a carrier, or an object whose own methods raise
        found = {}
    return _carrier(found)


def extract_environ(environ: Mapping[str, str]) -> Carrier:
    """Read `TRACEPARENT`, `TRACESTATE` and `BAGGAGE`, by which OpenTelemetry links a process to its parent."""
    names = (TRACEPARENT, TRACESTATE, BAGGAGE)
    return _carrier({name: [environ[name.upper()]] for name in names if name.upper() in environ})


def _carrier(found: Mapping[str, list[object]]) -> Carrier:
    parent = parse_traceparent(found.get(TRACEPARENT))
    if parent is not None and TRACESTATE in found:  # without a valid traceparent, tracestate must not be read
        parent = SpanContext(*parent[:3], parse_tracestate(found[TRACESTATE]))
    return Carrier(parent, parse_baggage(found.get(BAGGAGE)), accept_request_id(found.get(REQUEST_ID)))


def inject(
    carrier: MutableMapping[Any, Any] | list[Any],
    span: SpanContext | None,
    request_id: str | None = None,
    baggage: Mapping[str, str] | None = None,
) -> bool:
    """Write `traceparent`, `tracestate`, `x-request-id` and `baggage` into outgoing headers; False if that fails.

    What is given replaces what was there under any spelling of the name, so that nothing goes out twice;
    what is None or empty is left alone. A value that would not be valid to read is not written. Headers
    that cannot be changed stay as they are: a request must not fail for want of a correlation id.
    """
    outgoing = _outgoing(span, baggage)
    accepted = accept_request_id(request_id)
    if accepted is not None:
        outgoing[REQUEST_ID] = accepted
    try:
        if isinstance(carrier, list):
            kept = [pair for pair in carrier if _lowered(pair[0]) not in outgoing]
            as_name, as_value = (_like(part) for part in (carrier[0][:2] if carrier else ("", "")))
            carrier[:] = [*kept, *((as_name(name), as_value(value)) for name, value in outgoing.items() if value)]
            return True
        names = list(carrier)
        for name in names:
            if _lowered(name) in outgoing:
                del carrier[name]
        first = names[0] if names else ""
        as_name, as_value = _like(first), _like(b"" if isinstance(first, bytes) else "")
        for name, value in outgoing.items():
            if value:
                carrier[as_name(name)] = as_value(value)
    except Exception:
        return False
    return True


def _lowered(name: object) -> str:
    """The name of a header in small letters; empty for what is no name."""
    if isinstance(name, bytes):
        name = name.decode("latin-1")
    return name.lower() if isinstance(name, str) else ""


def _like(example: object) -> Callable[[str], str | bytes]:
    return str.encode if isinstance(example, bytes) else str


def inject_environ(
    environ: MutableMapping[str, str], span: SpanContext | None, baggage: Mapping[str, str] | None = None
) -> None:
    """Write `TRACEPARENT`, `TRACESTATE` and `BAGGAGE` into the environment of a process to be started."""
    for name, value in _outgoing(span, baggage).items():
        environ.pop(name.upper(), None)
        if value:
            environ[name.upper()] = value


def _outgoing(span: SpanContext | None, baggage: Mapping[str, str] | None) -> dict[str, str]:
    """The headers to replace; an empty value means that only the old one goes."""
    outgoing: dict[str, str] = {}
    if span is not None:
        traceparent = format_traceparent(span)
        if parse_traceparent(traceparent) is not None:
            # An old tracestate belongs to the traceparent that is being replaced.
            outgoing = {TRACEPARENT: traceparent, TRACESTATE: parse_tracestate(span.state)}
    header = format_baggage(baggage) if baggage else ""
    if header:
        outgoing[BAGGAGE] = header
    return outgoing
