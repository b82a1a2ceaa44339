"""`make bench`: every peer on the same event in one run, each in its own process, their rounds interleaved.

Interleaving (A B C, A B C, ...) makes a slow minute of the machine everybody's, so ratios stay right where absolute
numbers drift. A ratio is the median over the rounds of this peer's time by the reference's time in the same round.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import chart
import delivery
from events import RECORDS_PER_REQUEST
from peers import NAMES

HERE = Path(__file__).parent
REFERENCE = "structlog_orjson"
FLOOR = "floor"
IMPORT_BASE = "import logging"
STARTS = 5
CASES = ("enabled", "listed", "unseen", "disabled", "failing")
COUNTED = (20, 120)  # requests; the difference of two runs is what a record takes, without start and end


class Peer:
    """A worker process and what it has told so far."""

    def __init__(self, key: str, folder: Path) -> None:
        self.key = key
        # Without a plain environment, a library could find settings in it and the peers would not be alike.
        environment = {"PATH": os.environ.get("PATH", ""), "PYTHONHASHSEED": "0"}
        self._process = subprocess.Popen(
            [sys.executable, "-W", "ignore", str(HERE / "worker.py"), key, str(folder / f"{key}.log")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
        )
        self.first: dict[str, Any] = self._answer()
        self.rounds: dict[str, list[float]] = {case: [] for case in self.first.get("cases", ())}
        self.imports: list[float] = []
        self.system_calls: float | None = None

    def round(self, case: str) -> None:
        assert self._process.stdin
        self._process.stdin.write(case + "\n")
        self._process.stdin.flush()
        self.rounds[case].append(self._answer())

    def stop(self) -> None:
        self._process.communicate()

    def _answer(self) -> Any:
        assert self._process.stdout
        line = self._process.stdout.readline()
        if not line:
            sys.exit(f"{self.key} failed; see above")
        return json.loads(line)


def import_ms(statement: str) -> float:
    """Milliseconds that a statement takes in a fresh interpreter."""
    code = f"import time\nbegan = time.perf_counter_ns()\n{statement}\nprint(time.perf_counter_ns() - began)"
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", code], check=True, capture_output=True, text=True)
    return int(done.stdout) / 1e6


def system_calls(key: str, folder: Path) -> float | None:
    """System calls per record, counted by strace in runs of their own; None where strace does not run."""
    strace = shutil.which("strace")
    if strace is None:
        return None
    counts = []
    for requests in COUNTED:
        trace, log = folder / "trace", folder / f"{key}.counted.log"
        worker = [sys.executable, "-W", "ignore", str(HERE / "worker.py"), key, str(log), str(requests)]
        done = subprocess.run([strace, "-f", "-qq", "-o", str(trace), *worker], check=False, capture_output=True)
        if done.returncode:
            return None
        counts.append(trace.read_bytes().count(b"\n"))
        log.unlink()
    return (counts[1] - counts[0]) / (COUNTED[1] - COUNTED[0]) / RECORDS_PER_REQUEST


def ratio(rounds: list[float], reference: list[float]) -> float:
    return statistics.median(mine / theirs for mine, theirs in zip(rounds, reference, strict=True))


def start(folder: Path) -> list[Peer]:
    """Start every peer several times, in turn; the last ones stay. The first time also compiles and warms the disk."""
    peers: list[Peer] = []
    starts: dict[str, list[dict[str, Any]]] = {key: [] for key in NAMES}
    for number in range(STARTS):
        for peer in peers:
            peer.stop()
        peers.clear()
        for key, seen in starts.items():
            peer = Peer(key, folder)
            if "missing" not in peer.first:
                peers.append(peer)
                seen.append(peer.first)
            elif number == 0:
                print(f"left out: {key} ({peer.first['missing']})")
    for peer in peers:
        for measured in ("first_ms", "memory_mib"):
            peer.first[measured] = statistics.median(first[measured] for first in starts[peer.key])
    return peers


def measure(rounds: int) -> list[Peer]:
    with tempfile.TemporaryDirectory() as folder:
        show("starting every peer")
        peers = start(Path(folder))
        for number in range(rounds):
            show(f"round {number + 1} of {rounds}")
            for case in CASES:
                for peer in peers:
                    if case in peer.rounds:
                        peer.round(case)
            for peer in peers:
                peer.imports.append(import_ms(peer.first["import"]))
        show("counting system calls")
        for peer in peers:
            peer.stop()
            peer.system_calls = system_calls(peer.key, Path(folder))
        show("")
    return peers


def show(progress: str) -> None:
    if sys.stderr.isatty():
        print(f"\r{progress:<40}\r", end="", file=sys.stderr, flush=True)


def summarise(peers: list[Peer]) -> list[dict[str, Any]]:
    by_key = {peer.key: peer for peer in peers}
    base = next(peer for peer in peers if peer.first["import"] == IMPORT_BASE)
    rows = []
    for peer in peers:
        row: dict[str, Any] = {
            "key": peer.key,
            "name": peer.first["name"],
            "import_ms": statistics.median(peer.imports),
            "import_to_logging": ratio(peer.imports, base.imports),
            "first_ms": peer.first["first_ms"],
            "memory_mib": peer.first["memory_mib"],
            "system_calls": peer.system_calls,
        }
        for case, rounds in peer.rounds.items():
            row[f"{case}_us"] = statistics.median(rounds) / 1e3
            for name, key in (("floor", FLOOR), ("structlog", REFERENCE), ("logging", base.key)):
                reference = by_key[key].rounds.get(case)
                row[f"{case}_to_{name}"] = ratio(rounds, reference) if reference else None
        rows.append(row)
    return rows


COLUMNS = (
    # heading, key, unit
    ("enabled", "enabled_us", "{:.1f} us"),
    (": floor", "enabled_to_floor", "{:.1f} x"),
    (": structlog", "enabled_to_structlog", "{:.2f} x"),
    ("listed", "listed_us", "{:.1f} us"),
    (": structlog", "listed_to_structlog", "{:.2f} x"),
    ("unseen", "unseen_us", "{:.1f} us"),
    (": structlog", "unseen_to_structlog", "{:.2f} x"),
    ("disabled", "disabled_us", "{:.3f} us"),
    (": logging", "disabled_to_logging", "{:.2f} x"),
    ("exception", "failing_us", "{:.0f} us"),
    (": structlog", "failing_to_structlog", "{:.2f} x"),
    ("import", "import_ms", "{:.0f} ms"),
    (": logging", "import_to_logging", "{:.2f} x"),
    ("1st line", "first_ms", "{:.0f} ms"),
    ("memory", "memory_mib", "{:.1f} MiB"),
    ("sys. calls", "system_calls", "{:.1f}"),
)


def table(rows: list[dict[str, Any]]) -> str:
    """Times are medians; a column `: peer` is the ratio of the column before it to that peer's, in the same rounds."""
    cells = [["", *(heading for heading, _, _ in COLUMNS)]]
    for row in rows:
        numbers = (row.get(key) for _, key, _ in COLUMNS)
        texts = (form.format(n) if n is not None else "-" for n, (_, _, form) in zip(numbers, COLUMNS, strict=True))
        cells.append([row["name"], *texts])
    widths = [max(len(cell) for cell in column) for column in zip(*cells, strict=True)]
    lines = []
    for name, *numbers in cells:
        aligned = (number.rjust(width) for number, width in zip(numbers, widths[1:], strict=True))
        lines.append("  ".join([name.ljust(widths[0]), *aligned]))
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure discreet against other logging libraries.")
    parser.add_argument("--rounds", type=int, default=21)
    parser.add_argument("--out", type=Path, default=HERE / "out" / "results.json", help="where the numbers go")
    parser.add_argument("--no-chart", action="store_true", help="leave the README's picture as it is")
    parser.add_argument("--only", choices=("calls", "delivery"), help="one of the two tables")
    options = parser.parse_args()

    rows = [] if options.only == "delivery" else summarise(measure(options.rounds))
    delivered = [] if options.only == "calls" else delivery.measure(options.rounds)
    about = {"python": platform.python_version(), "machine": platform.machine(), "rounds": options.rounds}
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps({"about": about, "peers": rows, "delivery": delivered}, indent=2) + "\n", "utf-8")
    if rows:
        print(table(rows))
    if delivered:
        print(f"\n{delivery.table(delivered)}")
    print(f"\nPython {about['python']}, {options.rounds} rounds. Numbers: {options.out}")
    if rows and not options.no_chart:
        print("Chart:", *chart.draw(rows))


if __name__ == "__main__":
    main()
