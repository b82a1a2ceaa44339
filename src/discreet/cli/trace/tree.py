"""`discreet trace`: the records of one request as a tree of spans, each with its records, by time.

The record that ends a span describes it. Three things go wrong in real logs, and none may lose a record:

- The record that ends a span is missing (the process died, its file was not given): the span is inferred from the
  records inside it, and shown as unfinished.
- The parent is missing (a caller that logs elsewhere): the span becomes a root. If several spans have the same missing
  parent, a placeholder becomes the root.
- Clocks differ between machines: a span cannot begin before its parent, so the times of its machine are moved.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from operator import attrgetter
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from discreet._record import Record

SPAN_FIELDS = frozenset({"span", "span_kind", "parent_span_id", "duration_ms", "status"})


@dataclass(eq=False, slots=True)
class Span:
    """A span with its records and children. Times are nanoseconds since the epoch, clocks already corrected."""

    span_id: str
    record: Record | None = None
    """The record that ends the span; None for an unfinished or missing span."""
    parent_id: str | None = None
    start: int = 0
    end: int = 0
    events: list[Record] = field(default_factory=list)
    children: list[Span] = field(default_factory=list)
    moved: int = 0
    """By how many nanoseconds its times were moved to correct the machine's clock."""

    @property
    def machine(self) -> str:
        """The machine whose clock gave the times: the host, or the service where no host is named."""
        record = self.record or (self.events[0] if self.events else None)
        return "" if record is None else record.identity.host or record.identity.service or ""

    @property
    def absent(self) -> bool:
        """Whether no record belongs to it: a caller that logs elsewhere."""
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
        self._complete()
        times = [time for span in self.spans() for time in (span.start, span.end)]
        times += [record.time_ns for record in self.outside]
        self.start = min(times)
        self.end = max(times)

    def spans(self) -> Iterable[Span]:
        """Every span, parents before children."""
        return _with_descendants(self.roots)

    def _build(self) -> None:
        spans: dict[str, Span] = {}
        for record in sorted(self.records, key=lambda record: record.time_ns):
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
            if span.record is not None:
                took = cast("float", span.record.fields["duration_ms"])
                span.end = span.record.time_ns
                span.start = span.end - (int(took * 1_000_000) if 0 <= took < 1e12 else 0)  # else it makes no sense
            else:
                span.start, span.end = span.events[0].time_ns, span.events[-1].time_ns
            if span.parent_id is None:
                self.roots.append(span)
            elif span.parent_id in spans:
                spans[span.parent_id].children.append(span)
            else:
                callers.setdefault(span.parent_id, Span(span.parent_id)).children.append(span)
        for caller in callers.values():  # above a single child no placeholder is needed: its row names the caller
            self.roots.append(caller if len(caller.children) > 1 else caller.children[0])
        self._break_cycles(spans)

    def _break_cycles(self, spans: dict[str, Span]) -> None:
        """Spans that are each other's parents are under no root: the earliest of them becomes one."""
        reached = {id(span) for span in self.spans()}
        for span in sorted(spans.values(), key=attrgetter("start")):
            if id(span) in reached:
                continue
            parent = spans[span.parent_id] if span.parent_id is not None else span
            parent.children.remove(span)
            self.roots.append(span)
            reached.update(id(inner) for inner in _with_descendants([span]))

    def _complete(self) -> None:
        """Stretch unfinished spans over their children, correct clocks from the roots down, sort by time."""
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
            span.children.sort(key=attrgetter("start"))
        self.roots.sort(key=attrgetter("start"))


def ends_span(record: Record) -> bool:
    """Whether this is the record that a span writes at its end, with its name and duration."""
    duration = record.fields.get("duration_ms")
    timed = isinstance(duration, (int, float)) and not isinstance(duration, bool)
    return timed and isinstance(record.fields.get("span"), str)


def _with_descendants(spans: Sequence[Span]) -> Iterable[Span]:
    """Each span before its children. Not recursive: a trace may be nested deeper than Python may recurse."""
    pending = list(reversed(spans))
    while pending:
        span = pending.pop()
        yield span
        pending.extend(reversed(span.children))


def _correct(child: Span, parent: Span, corrections: dict[str, int]) -> None:
    """If `child` would begin before its parent, move all times of its machine, so that it is in the middle of it."""
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
