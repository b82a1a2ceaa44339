"""Scores discreet and its peers on the corpus; prints the table and writes it into docs/redaction.md.

    python benchmarks/redaction/report.py [--only NAME] [--misses N] [--check]

Both seeds are scored: the one that the rules were improved on, and the one held out. Everything is generated at run
time from these seeds, so the numbers can be repeated.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.metadata
import json
import sys
import time
from pathlib import Path
from typing import Any

import corpus
import look_alikes
import system_logs
from score import Score, changed, changed_fields, score, worst

import peers

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "redaction.md"
OUT = ROOT / "benchmarks" / "out" / "redaction.json"
BEGIN, END = "<!-- begin: make redaction-report -->", "<!-- end: make redaction-report -->"
SEEDS = {"tuned": corpus.TUNED, "held out": corpus.HELD_OUT}
_PACKAGES = {"sentry": "sentry-sdk", "discreet_redactor": "discreet"}
_AREAS = 12


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--only", help="score one tool, for example discreet_redactor; writes no table")
    arguments.add_argument("--misses", type=int, default=0, help="list so many misses of the tuned seed")
    chosen = arguments.parse_args()
    results = [measured(name, chosen.misses) for name in peers.NAMES if chosen.only in (None, name)]
    text = table(results)
    print(text)
    if chosen.only is None:
        OUT.parent.mkdir(parents=True, exist_ok=True)
        OUT.write_text(json.dumps(results, indent=2) + "\n", "utf-8")
        publish(text)
    return 0


def measured(name: str, misses: int = 0) -> dict[str, Any]:
    """One tool on both seeds."""
    try:
        module = importlib.import_module(f"peers.{name}")
        scrubber = module.Scrubber()
    except ImportError as error:
        return {"name": name.strip("_").replace("_", "-"), "missing": str(error)}
    result: dict[str, Any] = {"name": module.NAME, "version": _version(name), "seeds": {}}
    for label, seed in SEEDS.items():
        start = time.perf_counter()
        found = score(scrubber, corpus.cases(seed))
        texts, records = look_alikes.texts(seed), look_alikes.records(seed)
        alarms = changed(scrubber, texts) + changed_fields(scrubber, records)
        lines = system_logs.lines(seed)
        touched = changed(scrubber, lines)
        result["seeds"][label] = {
            "cases": found.cases,
            "gone": found.gone,
            "intact": found.intact,
            "look_alikes": len(texts) + len(records),
            "false_alarms": len(alarms),
            "lines": len(lines),
            "changed_lines": len(touched),
            "seconds": round(time.perf_counter() - start, 2),
            "by_kind": {kind: [hits, count] for kind, hits, count in worst(found.kinds, found.kinds_found)},
            "by_shape": {shape: [hits, count] for shape, hits, count in worst(found.shapes, found.shapes_found)},
        }
        if label == "tuned" and misses:
            _list_misses(found, alarms + touched, misses)
    return result


def _version(name: str) -> str:
    return importlib.metadata.version(_PACKAGES.get(name, name.strip("_").replace("_", "-")))


def _list_misses(found: Score, alarms: list[Any], most: int) -> None:
    for what, case, output in found.misses[:most]:
        print(f"{what:7s} {case.kind} | {case.shape}\n    {case.text[:160]!r}\n    {output[:160]!r}", file=sys.stderr)
    for text, output in alarms[:most]:
        print(f"alarm   {str(text)[:160]!r}\n    {str(output)[:160]!r}", file=sys.stderr)


def table(results: list[dict[str, Any]]) -> str:
    """Markdown: every tool, then where discreet stands in each area."""
    lines = []
    for label, seed in SEEDS.items():
        first = next(result["seeds"][label] for result in results if "seeds" in result)
        lines += [
            (
                f"**Seed {seed} ({label})**: {first['cases']} secrets, {first['look_alikes']} look-alikes, "
                f"{first['lines']} lines of ordinary system logs."
            ),
            "",
            "| | secret gone | and the rest intact | false alarms | changed lines in 10,000 |",
            "|---|--:|--:|--:|--:|",
            *(_row(result, label) for result in results),
            "",
        ]
    own = next((result for result in results if result["name"] == "discreet"), None)
    if own is not None:
        lines += [
            "Where discreet misses (held out seed, secret gone and the rest intact):",
            "",
            "| shape | found | of |",
            "|---|--:|--:|",
        ]
        shapes = own["seeds"]["held out"]["by_shape"]
        missed = [(shape, hits, count) for shape, (hits, count) in shapes.items() if hits < count][:_AREAS]
        lines += [f"| {shape} | {hits} | {count} |" for shape, hits, count in missed]
    return "\n".join(lines).rstrip() + "\n"


def _row(result: dict[str, Any], label: str) -> str:
    if "missing" in result:
        return f"| {result['name']} | could not be installed here | | | |"
    seen = result["seeds"][label]
    per_lines = seen["changed_lines"] / seen["lines"] * 10_000
    return (
        f"| {result['name']} {result['version']} | {seen['gone'] / seen['cases']:.1%} | "
        f"{seen['intact'] / seen['cases']:.1%} | {seen['false_alarms'] / seen['look_alikes']:.1%} | {per_lines:,.0f} |"
    )


def publish(text: str) -> None:
    """The table, between its markers in the page."""
    page = PAGE.read_text("utf-8")
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    PAGE.write_text(f"{before}{BEGIN}\n{text}{END}{after}", "utf-8")


if __name__ == "__main__":
    sys.exit(main())
