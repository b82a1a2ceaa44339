"""What a record costs to a receiver on loopback: processor time of the whole sending process, until it was sent.

Every sender and every receiver is a process of its own; rounds are interleaved as in run.py. A sender is only measured
if its first records arrive with all nine values, and each round only counts if every record of it has arrived.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import events
from senders import NAMES

HERE = Path(__file__).parent
QUIET = {
    # What the exporter would tell Microsoft about itself: this is about records, and nothing leaves the machine.
    "APPLICATIONINSIGHTS_STATSBEAT_DISABLED_ALL": "true",
    "APPLICATIONINSIGHTS_SDKSTATS_DISABLED": "true",
    "APPLICATIONINSIGHTS_CONTROLPLANE_DISABLED": "true",
}


class Process:
    """A child that answers each line with one of JSON."""

    def __init__(self, name: str, *arguments: str, **environment: str) -> None:
        self._name = name
        self._process = subprocess.Popen(
            [sys.executable, "-W", "ignore", str(HERE / f"{name}.py"), *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={"PATH": os.environ.get("PATH", ""), "PYTHONHASHSEED": "0", **environment},
        )
        self.first = self._answer()

    def ask(self, question: str) -> Any:
        assert self._process.stdin
        self._process.stdin.write(question + "\n")
        self._process.stdin.flush()
        return self._answer()

    def stop(self) -> None:
        self._process.communicate()

    def _answer(self) -> Any:
        assert self._process.stdout
        line = self._process.stdout.readline()
        if not line:
            sys.exit(f"{self._name} failed; see above")
        return json.loads(line)


class Way:
    """A sender, and the receiver that only it sends to."""

    def __init__(self, key: str, folder: Path) -> None:
        self.key = key
        folder.mkdir()
        fifo = folder / "pipe"
        os.mkfifo(fifo)
        self.receiver = Process("receiving", _kind(key), str(fifo))
        state = str(folder / "state")
        self.sender = Process("sending", key, self.receiver.first, state, DISCREET_STATE_DIR=state, **QUIET)
        self.rounds: list[dict[str, float]] = []
        if "missing" not in self.sender.first:
            self._check()
            self.round()  # the first one warms up
            self.rounds.clear()

    def _check(self) -> None:
        (request,) = events.requests(0, 1)
        self._seen(len(request.orders))
        arrived = self.receiver.ask("values")
        for found, order in zip(arrived, request.orders, strict=True):
            missing = {str(value) for value in (*request.context.values(), *order, events.MESSAGE)} - {*found}
            if missing:
                sys.exit(f"{self.key}: {missing} did not arrive: {found}")

    def round(self) -> None:
        """One more round, per record."""
        told = self.sender.ask("round")
        seen = self._seen(told["records"])
        of = told["records"]
        self.rounds.append(
            {
                "call_us": told["calls_ns"] / of / 1e3,
                "cpu_us": told["cpu_ns"] / of / 1e3,
                "bytes": seen["bytes"] / of,
                "per_request": of / seen["requests"],
            }
        )

    def _seen(self, expected: int) -> dict[str, int]:
        seen: dict[str, int] = self.receiver.ask(f"seen {expected}")
        if seen["records"] != expected:
            sys.exit(f"{self.key}: {seen['records']} records arrived of {expected}")
        return seen

    def stop(self) -> None:
        self.sender.stop()
        self.receiver.stop()


def _kind(key: str) -> str:
    return next((kind for kind in ("otlp", "azure") if key.endswith(kind)), "pipe")


def measure(rounds: int) -> list[dict[str, Any]]:
    with tempfile.TemporaryDirectory() as folder:
        ways = []
        for key in NAMES:
            way = Way(key, Path(folder, key))
            if "missing" in way.sender.first:
                print(f"left out: {key} ({way.sender.first['missing']})")
                way.stop()
            else:
                ways.append(way)
        for _ in range(rounds):
            for way in ways:
                way.round()
        for way in ways:
            way.stop()
    return summarise(ways)


def summarise(ways: list[Way]) -> list[dict[str, Any]]:
    by_key = {way.key: way for way in ways}
    rows = []
    for way in ways:
        row: dict[str, Any] = {"key": way.key, "name": way.sender.first["name"]}
        row |= {what: statistics.median(each[what] for each in way.rounds) for what in way.rounds[0]}
        peer = by_key.get(way.sender.first["peer"])
        for what in ("call", "cpu"):
            pairs = zip(way.rounds, peer.rounds if peer else (), strict=False)
            ratios = [mine[f"{what}_us"] / theirs[f"{what}_us"] for mine, theirs in pairs]
            row[f"{what}_to_peer"] = statistics.median(ratios) if ratios else None
            row[f"{what}_to_peer_range"] = [min(ratios), max(ratios)] if ratios else None
        rows.append(row)
    return rows


def table(rows: list[dict[str, Any]]) -> str:
    """Medians; a column `: peer` is the ratio to the line below that sends the same way, in the same rounds."""
    lines = [f"{'to a receiver on loopback':<32}{'CPU':>9}{': peer':>9}{'call':>10}{': peer':>9}{'sent':>8}"]
    for row in rows:
        ratios = {name: f"{row[name]:.2f} x" if row[name] else "-" for name in ("cpu_to_peer", "call_to_peer")}
        lines.append(
            f"{row['name']:<32}{row['cpu_us']:>6.1f} us{ratios['cpu_to_peer']:>9}"
            f"{row['call_us']:>7.1f} us{ratios['call_to_peer']:>9}{row['bytes']:>6.0f} B"
        )
    return "\n".join(lines)
