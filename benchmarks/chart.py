"""Draws the README's picture: the time of one record for each peer, in units of structlog with orjson."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib import pyplot as plt

IMAGES = Path(__file__).parent.parent / "docs" / "images"
LONGEST = 4.0  # bars end here, and the number beside them tells; otherwise the slowest would squash all others
REDACT = ("discreet_stream", "discreet_json", "logfire_json")  # the others write whatever they are given
GREY, QUIET, OWN = "#768390", "#a9b4bf", "#2f81f7"  # each readable on a light and on a dark page


def draw(rows: list[dict[str, Any]]) -> list[Path]:
    """Write benchmark.svg and benchmark.png, and return where they are."""
    mpl.use("svg")
    mpl.rcParams.update({"svg.hashsalt": "discreet", "font.size": 11, "text.color": GREY})  # the same bytes each time
    rows = sorted(rows, key=lambda row: row["enabled_to_structlog"], reverse=True)
    figure, axes = plt.subplots(figsize=(8.4, 0.4 * len(rows) + 1.1))
    for place, row in enumerate(rows):
        ratio = row["enabled_to_structlog"]
        own = row["key"].startswith("discreet")
        colour = OWN if own else QUIET
        bar = {"height": 0.66, "color": colour}
        if ratio < LONGEST:
            axes.barh(place, ratio, **bar)
            text = f"{ratio:.2f} x"
        else:
            axes.barh(place, LONGEST * 0.95, **bar)
            axes.barh(place, LONGEST * 0.04, left=LONGEST * 0.96, **bar)  # a gap says that the bar goes on
            text = f"{ratio:.0f} x"
        note = "   redacts secrets" if row["key"] in REDACT else ""
        style = {"va": "center", "color": OWN if own else GREY, "weight": "bold" if own else "normal"}
        axes.text(min(ratio, LONGEST) + 0.05, place, text + note, **style)
        axes.text(-0.06, place, row["name"], ha="right", **style)
    axes.set_xlim(0, LONGEST * 1.15)
    axes.set_ylim(-0.6, len(rows) - 0.4)
    axes.axis("off")
    axes.set_title(
        "Time to write one record with nine fields to a file (structlog + orjson = 1; shorter is better)",
        loc="right",
        fontsize=10.5,
        color=GREY,
    )
    IMAGES.mkdir(parents=True, exist_ok=True)
    paths = [IMAGES / "benchmark.svg", IMAGES / "benchmark.png"]
    figure.savefig(paths[0], transparent=True, bbox_inches="tight", metadata={"Date": None})
    figure.savefig(paths[1], transparent=True, bbox_inches="tight", dpi=160)
    plt.close(figure)
    return paths
