"""What redaction costs: a clean record beside encoding it and beside other scrubbers, and how cost grows with size.

`make bench` runs it after the table of log calls. Nothing asserts these numbers: they are ratios within one run.
"""

from __future__ import annotations

import json
import math
import re
import statistics
import sys
from importlib import import_module
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).parent))

from discreet._redaction.engine.detectors import detectors
from discreet._redaction.policy import Redaction
from discreet._redaction.redactor import Redactor
from peers import NAMES

if TYPE_CHECKING:
    from collections.abc import Callable

ROUNDS, RECORDS = 25, 60
SIZES = (16_384, 65_536, 262_144, 1_048_576)

WORST: dict[str, str] = {
    "equals signs": "=",
    "quotes": "\"'",
    "url beginnings": "a://a:",
    "JWT beginnings": "eyJ",
    "digits": "4111 1111 ",
    "PEM beginnings": "-----BEGIN PRIVATE KEY-----\n",
    "names": "password ",
    "assignments": "password=x ",
    "token anchors": "ghp_sk-AKIA",
    "percent signs": "%41%3d",
    "base64": "QUtJQUFCQ0RF",
    "options": "--password -p -u ",
    "drawn lines": "x" * 600 + "\n└ ",
    "words and commas": "ab,cd.",
}
"""What a text is made of that asks the most of the rules."""


def clean(number: int) -> dict[str, Any]:
    """A record of some 300 bytes that holds no secret, and whose strings nobody has seen before."""
    return {
        "order_id": number,
        "customer": f"customer {number} of the shop",
        "path": f"/orders/{number}/items/{number % 7}",
        "sku": f"SKU-{number:07d}",
        "note": f"placed from the web shop by a returning customer, visit {number}, nothing special about it",
        "agent": f"Mozilla/5.0 (X11; Linux x86_64) Gecko/{20100101 + number}",
        "amount": 9.99 + number,
        "region": f"eu-west-{number % 3}",
        "currency": "EUR",
        "retried": False,
    }


def alternation() -> Callable[[dict[str, Any]], object]:
    """The naive scrubber: one regular expression of every literal, over the record's JSON."""
    anchors = sorted({re.escape(anchor) for rule in detectors() for anchor in rule.anchors})
    search = re.compile("|".join(anchors), re.IGNORECASE).search
    return lambda record: search(json.dumps(record))


def timed(work: Callable[[dict[str, Any]], object], first: int) -> float:
    """Seconds for one round of new records."""
    records = [clean(number) for number in range(first, first + RECORDS)]
    began = perf_counter()
    for record in records:
        work(record)
    return perf_counter() - began


def ratios() -> None:
    """Each scrubber's cost as a multiple of `json.dumps`, round by round, so that the machine's drift is everybody's."""
    workers: dict[str, Callable[[dict[str, Any]], object]] = {"json.dumps": json.dumps, "re alternation": alternation()}
    for name in NAMES:
        module = import_module(f"peers.{name}")
        workers[module.NAME] = module.Scrubber().fields
    rounds: dict[str, list[float]] = {name: [] for name in workers}
    first = 1_000_000
    for _ in range(ROUNDS):
        for name, work in workers.items():
            first += RECORDS
            rounds[name].append(timed(work, first))
    size = len(json.dumps(clean(1_000_000)))
    print(f"A clean record of {size} bytes, every string new: cost as a multiple of json.dumps")
    for name, times in rounds.items():
        ratio = statistics.median(own / base for own, base in zip(times, rounds["json.dumps"], strict=True))
        print(f"  {name:16} {ratio:8.2f}")


def growth() -> None:
    """The exponent of cost over size, fitted over sizes up to 1 MB: 1 is linear."""
    redactor = Redactor(Redaction(max_text=None))
    print(
        f"Growth of cost with size, {SIZES[0] // 1024} KiB to {SIZES[-1] // 1024} KiB: exponent (1 is linear), at 1 MiB"
    )
    for name, unit in WORST.items():
        points: list[tuple[float, float]] = []
        for size in SIZES:
            text = "100% " + (unit * (size // len(unit) + 1))[:size]  # the sign makes it worth decoding
            began = perf_counter()
            redactor.text(text)
            points.append((math.log(size), math.log(perf_counter() - began)))
        slope = statistics.linear_regression([x for x, _ in points], [y for _, y in points]).slope
        print(f"  {name:16} {slope:5.2f} {math.exp(points[-1][1]):7.2f} s")


if __name__ == "__main__":
    ratios()
    growth()
