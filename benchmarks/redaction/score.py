"""Scoring: is the secret gone, did the rest survive, and what was changed that should not have been."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Protocol

from marks import Case

MARKS = re.compile(
    r"\[REDACTED:[a-z0-9-]+\]|\[Scrubbed due to '[^']*'\]|\[Filtered\]|\$\$_posthog_redacted[a-z_]*\$\$|<REDACTED[^>]*>|\*{3,}"
)
_WINDOW = 5  # so many characters in a row of a longer secret are a leak


class Scrubber(Protocol):
    """A tool under test: one text, or the fields of one record."""

    def text(self, text: str) -> str: ...
    def fields(self, fields: dict[str, Any]) -> Any: ...


@dataclass
class Score:
    """Counts of one tool over one seed."""

    cases: int = 0
    gone: int = 0
    intact: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    shapes: Counter[str] = field(default_factory=Counter)
    kinds_found: Counter[str] = field(default_factory=Counter)
    shapes_found: Counter[str] = field(default_factory=Counter)
    misses: list[tuple[str, Case, str]] = field(default_factory=list)


def score(scrubber: Scrubber, cases: Iterable[Case]) -> Score:
    result = Score()
    for case in cases:
        output = after(scrubber, case)
        gone = is_gone(case, output)
        intact = gone and survives(case, output)
        result.cases += 1
        result.gone += gone
        result.intact += intact
        result.kinds[case.kind] += 1
        result.shapes[case.shape] += 1
        if intact:
            result.kinds_found[case.kind] += 1
            result.shapes_found[case.shape] += 1
        else:
            result.misses.append(("damage" if gone else "leak", case, output))
    return result


def after(scrubber: Scrubber, case: Case) -> str:
    if case.fields is None:
        return scrubber.text(case.text)
    return "\n".join(strings(scrubber.fields(case.fields)))


def strings(value: Any) -> list[str]:
    """Every text in a structure, names too. A text that is JSON counts as what it holds."""
    if isinstance(value, dict):
        return [text for key, item in value.items() for text in (*strings(key), *strings(item))]
    if isinstance(value, (list, tuple)):
        return [text for item in value for text in strings(item)]
    if isinstance(value, bytes):
        return [value.decode("utf-8", "replace")]
    return [value if isinstance(value, str) else json.dumps(value, default=repr)]


def is_gone(case: Case, output: str) -> bool:
    """No secret, and of a secret of ten characters or more no five in a row that the rest of the text lacks."""
    rest = MARKS.sub("\0", output)
    around = "\0".join(case.survivors)
    for value in case.secrets:
        if value in rest and value not in around:
            return False
        if len(value) < 2 * _WINDOW:
            continue
        for start in range(len(value) - _WINDOW + 1):
            window = value[start : start + _WINDOW]
            if window in rest and window not in around and window not in _boilerplate(case):
                return False
    return True


def _boilerplate(case: Case) -> str:
    return " ".join(case.survivors) if case.fields is None else case.text.replace(case.secrets[0], "")


def survives(case: Case, output: str) -> bool:
    """Everything around the secrets, in order (of fields: in any order)."""
    position = 0
    for part in case.survivors:
        found = output.find(part, position)
        if found < 0:
            return False
        position = 0 if case.fields is not None else found + len(part)
    return True


def changed(scrubber: Scrubber, texts: Iterable[str]) -> list[tuple[str, str]]:
    """The texts that do not come back as they were."""
    return [(text, output) for text in texts if (output := scrubber.text(text)) != text]


def changed_fields(scrubber: Scrubber, records: Iterable[dict[str, Any]]) -> list[tuple[Any, Any]]:
    return [(record, output) for record in records if (output := scrubber.fields(record)) != record]


def worst(total: Counter[str], found: Counter[str], key: Callable[[str], str] = str) -> list[tuple[str, int, int]]:
    """Groups by how much of them was missed."""
    groups: Counter[str] = Counter()
    hits: Counter[str] = Counter()
    for name, count in total.items():
        groups[key(name)] += count
        hits[key(name)] += found[name]
    rows = [(name, hits[name], count) for name, count in groups.items()]
    return sorted(rows, key=lambda row: (row[1] / row[2], -row[2], row[0]))
