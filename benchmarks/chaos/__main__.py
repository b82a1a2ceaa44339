"""Runs the matrix, prints its table, writes it into docs/reliability.md; exits with 1 if a promise is broken.

python -m chaos [--only SCENARIO] [--who PEER] [--jobs N]
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from chaos import cell, peers, scenarios, table
from chaos.application import HOME
from chaos.promises import broken

if TYPE_CHECKING:
    from chaos.outcome import Outcome

_OUT = HOME / "out" / "chaos.json"


def main() -> int:
    parser = argparse.ArgumentParser(prog="chaos", description="The kill matrix.")
    parser.add_argument("--only", default="", help="scenarios with this in their name; writes no table")
    parser.add_argument("--who", default="", help="peers with this in their name; writes no table")
    parser.add_argument("--jobs", type=int, default=3, help="experiments at a time: most of them wait")
    chosen = parser.parse_args()
    began = time.monotonic()
    cells = [
        (scenario, peer)
        for scenario in scenarios.ALL
        for peer in (peers.REMOTE if scenario.is_remote else peers.LOCAL)
        if chosen.only in scenario.name and chosen.who in peer.name and peer.module not in scenario.without
    ]
    with ThreadPoolExecutor(chosen.jobs) as pool:
        running = [pool.submit(cell.run, scenario, peer) for scenario, peer in cells]
        outcomes: list[Outcome] = []
        for one in running:
            outcome = one.result()
            outcomes.append(outcome)
            print(table.row(outcome, outcome.scenario.name), file=sys.stderr)
    text = table.markdown(outcomes)
    print(text)
    if not chosen.only and not chosen.who:
        _OUT.parent.mkdir(parents=True, exist_ok=True)
        _OUT.write_text(json.dumps([_plain(outcome) for outcome in outcomes], indent=2) + "\n", "utf-8")
        table.publish(text)
    problems = [(outcome, problem) for outcome in outcomes for problem in broken(outcome)]
    for outcome, problem in problems:
        print(f"BROKEN: {outcome.scenario.name}, {outcome.peer.name}: {problem}", file=sys.stderr)
    print(f"{len(outcomes)} experiments in {time.monotonic() - began:.0f} s, {len(problems)} promises broken")
    return 1 if problems else 0


def _plain(outcome: Outcome) -> dict[str, object]:
    return {
        "scenario": outcome.scenario.name,
        "peer": outcome.peer.name,
        "emitted": outcome.emitted,
        "delivered": outcome.delivered,
        "later": outcome.later,
        "dropped": outcome.dropped,
        "lost_without_a_word": outcome.unaccounted,
        "twice": outcome.duplicates,
        "longest_call_s": outcome.longest,
        "exit_s": outcome.exit,
        "broken": broken(outcome),
    }


if __name__ == "__main__":
    sys.exit(main())
