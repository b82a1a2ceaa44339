"""`discreet trace`: the records of one request as a tree of spans, each with its records, by time.

A span is known by the record that ends it. Three things go wrong in real logs, and none may lose a record:

- The record that ends a span is missing (the process died, its file was not given): the span is made up from the
  records that name it, and called unfinished.
- The parent is missing (a caller that logs elsewhere): the span is a root, or one of several under a stand-in.
- Clocks differ between machines: a span cannot begin before its parent, so its machine's times are moved.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from discreet._record import Record

SPAN_FIELDS = frozenset({"span", "span_kind", "parent_span_id", "duration_ms", "status"})


class Span:
    """A span with what happened inside. Times are nanoseconds since the epoch, `moved` ones already corrected."""

    __slots__ = ("children", "end", "events", "moved", "parent_id", "record", "span_id", "start")

    def __init__(self, span_id: str) -> None:
        self.span_id = span_id
        self.record: Record | None = None
        """The record that ends the span; None for a span made up from others."""
        self.parent_id: str | None = None
        self.start = 0
        self.end = 0
        self.events: list[Record] = []
        self.children: list[Span] = []
        self.moved = 0
        """By how many nanoseconds the machine's clock was corrected."""

    @property
    def machine(self) -> str:
        """Whose clock it was: the host, or the service where no host is named."""
        record = self.record or (self.events[0] if self.events else None)
        return "" if record is None else record.identity.host or record.identity.service or ""

    @property
    def absent(self) -> bool:
        """Whether no record is its own: a caller that logs elsewhere."""
        return self.record is None and not self.events

    @property
    def failed(self) -> bool:
        """Whether it ended in an error."""
        return self.record is not None and (self.record.fields.get("status") == "error" or self.record.level >= 40)


class Trace:
    """The whole request: its roots (one, unless records are missing) and the records outside every span."""

    def __init__(self, records: Sequence[Record]) -> None:
        self.records = records
        self.roots: list[Span] = []
        self.outside: list[Record] = []
        self._build()
        self._settle()
        times = [time for span in self.spans() for time in (span.start, span.end)]
        times += [record.time_ns for record in self.outside]
        self.start = min(times)
        self.end = max(times)

    def spans(self) -> Iterable[Span]:
        """Every span, parents before children."""
        waiting = list(reversed(self.roots))
        while waiting:
            span = waiting.pop()
            yield span
            waiting.extend(reversed(span.children))

    def _build(self) -> None:
        spans: dict[str, Span] = {}
        for record in sorted(self.records, key=_time):
            if record.span_id is None:
                self.outside.append(record)
                continue
            span = spans.setdefault(record.span_id, Span(record.span_id))
            if ends_span(record) and span.record is None:
                span.record = record
                parent = record.fields.get("parent_span_id")
                span.parent_id = parent if isinstance(parent, str) and parent != span.span_id else None
            else:
                span.events.append(record)
        callers: dict[str, Span] = {}
        for span in spans.values():
            span.start, span.end = _extent(span)
            if span.parent_id is None:
                self.roots.append(span)
            elif span.parent_id in spans:
                spans[span.parent_id].children.append(span)
            else:
                callers.setdefault(span.parent_id, Span(span.parent_id)).children.append(span)
        for caller in callers.values():  # one child needs no stand-in above it: its row says who called
            self.roots.append(caller if len(caller.children) > 1 else caller.children[0])
        self._break_cycles(spans)

    def _break_cycles(self, spans: dict[str, Span]) -> None:
        """Spans that are each other's parents hang on nothing: the earliest of them becomes a root."""
        reached = {id(span) for span in self.spans()}
        for span in sorted(spans.values(), key=_start):
            if id(span) in reached:
                continue
            parent = spans[span.parent_id] if span.parent_id is not None else span
            parent.children.remove(span)
            self.roots.append(span)
            waiting = [span]
            while waiting:
                here = waiting.pop()
                reached.add(id(here))
                waiting.extend(here.children)

    def _settle(self) -> None:
        """Stretch made-up spans over their children, order everything by time, correct clocks from the top down."""
        for span in reversed(list(self.spans())):
            if span.record is None and span.children:
                first = min(child.start for child in span.children)
                last = max(child.end for child in span.children)
                span.start = min(span.start, first) if span.events else first
                span.end = max(span.end, last)
        corrections: dict[str, int] = {}
        for span in self.spans():
            for child in span.children:
                _correct(child, span, corrections)
            span.children.sort(key=_start)
        self.roots.sort(key=_start)


def ends_span(record: Record) -> bool:
    """Whether this is the one record that tells a span's name and duration."""
    duration = record.fields.get("duration_ms")
    timed = isinstance(duration, (int, float)) and not isinstance(duration, bool)
    return timed and isinstance(record.fields.get("span"), str)


def duration_ns(record: Record) -> int:
    """How long the span took; 0 for a number that is none."""
    duration = record.fields.get("duration_ms")
    if isinstance(duration, (int, float)) and 0 <= duration < 1e12:
        return int(duration * 1_000_000)
    return 0


def _extent(span: Span) -> tuple[int, int]:
    if span.record is not None:
        return span.record.time_ns - duration_ns(span.record), span.record.time_ns
    times = [record.time_ns for record in span.events]
    return (min(times), max(times)) if times else (0, 0)


def _correct(child: Span, parent: Span, corrections: dict[str, int]) -> None:
    """Move a machine whose span would begin before it was asked for, into the middle of that span."""
    if child.machine == parent.machine:
        moved = parent.moved
    else:
        if child.machine not in corrections and child.start < parent.start:
            spare = (parent.end - parent.start) - (child.end - child.start)
            corrections[child.machine] = parent.start + max(0, spare) // 2 - child.start
        moved = corrections.get(child.machine, 0)
    child.moved = moved
    child.start += moved
    child.end += moved


def _time(record: Record) -> int:
    return record.time_ns


def _start(span: Span) -> int:
    return span.start
