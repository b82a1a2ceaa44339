"""The matrix as Markdown, and its place in docs/reliability.md."""

from __future__ import annotations

import importlib.metadata
import platform
from typing import TYPE_CHECKING

from chaos import peers
from chaos.application import EXIT_TIMEOUT, HOME

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from chaos.outcome import Outcome

PAGE = HOME.parent / "docs" / "reliability.md"
BEGIN, END = "<!-- begin: make chaos -->", "<!-- end: make chaos -->"
_HEAD = (
    "| | | emitted | delivered | later | dropped, by reason | lost without a word | twice | longest call | exit |",
    "|---|---|--:|--:|--:|---|--:|--:|--:|--:|",
)


def markdown(outcomes: Sequence[Outcome]) -> str:
    """Everything between the markers."""
    packages = sorted({name for peer in (*peers.LOCAL, *peers.REMOTE) for name in peer.packages if not peer.is_ours})
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in packages)
    notes = sorted({outcome.note for outcome in outcomes if outcome.note})
    lines = [
        f"Python {platform.python_version()} on {platform.system()}, with an exit budget of {EXIT_TIMEOUT:.0f} s.",
        f"Beside discreet: {versions}.",
        *(f"Where the machine allowed no better: {note}." for note in notes),
        "",
        "**To standard output or a file**",
        "",
        *_HEAD,
        *_rows(outcome for outcome in outcomes if not outcome.scenario.is_remote),
        "",
        "**To an OpenTelemetry collector or Application Insights**",
        "",
        *_HEAD,
        *_rows(outcome for outcome in outcomes if outcome.scenario.is_remote),
    ]
    return "\n".join(lines) + "\n"


def _rows(outcomes: Iterable[Outcome]) -> list[str]:
    rows: list[str] = []
    before = ""
    for outcome in outcomes:
        name = outcome.scenario.name
        rows.append(row(outcome, "" if name == before else name))
        before = name
    return rows


def row(outcome: Outcome, name: str) -> str:
    """One line of the table."""
    reasons = ", ".join(f"{count:,} {reason}" for reason, count in sorted(outcome.dropped.items()))
    lost = f"{outcome.unaccounted:,}"
    if outcome.unaccounted:
        lost = f"**{lost}**" + (" ¹" if outcome.said else "")
    cells = [
        name,
        f"**{outcome.peer.name}**" if outcome.peer.is_ours else outcome.peer.name,
        f"{outcome.emitted:,}",
        f"{outcome.delivered:,}",
        f"{outcome.later:,}" if outcome.peer.keeps else "",
        reasons,
        lost,
        f"{outcome.duplicates:,}" if outcome.duplicates else "0",
        _call(outcome),
        _exit(outcome),
    ]
    return f"| {' | '.join(cells)} |"


def _call(outcome: Outcome) -> str:
    if outcome.never_returned:
        return "**never returned**"
    return f"{outcome.longest * 1000:.0f} ms" if outcome.longest >= 0.0095 else f"{outcome.longest * 1000:.1f} ms"


def _exit(outcome: Outcome) -> str:
    if outcome.exit is None:
        return f"**killed** after {outcome.scenario.deadline:.0f} s"
    return "" if outcome.scenario.kills else f"{outcome.exit:.1f} s"


def publish(text: str) -> None:
    """The table, between its markers in the page."""
    page = PAGE.read_text("utf-8")
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    PAGE.write_text(f"{before}{BEGIN}\n{text}{END}{after}", "utf-8")
