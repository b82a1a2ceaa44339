"""The kill matrix of `make chaos` in short: discreet alone, in the scenarios that have broken something before."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

if sys.platform == "win32":
    pytest.skip("processes are forked, killed and limited here", allow_module_level=True)

_HOME = Path(__file__).resolve().parents[2] / "benchmarks"


def _load() -> dict[str, ModuleType]:
    """The matrix is a package beside the others' benchmarks, not an installed one."""
    sys.path.insert(0, str(_HOME))
    try:
        names = ("cell", "outcome", "peers", "promises", "scenarios", "table")
        return {name: importlib.import_module(f"chaos.{name}") for name in names}
    finally:
        sys.path.remove(str(_HOME))


_CHAOS = _load()
cell, peers, promises, scenarios = (_CHAOS[name] for name in ("cell", "peers", "promises", "scenarios"))
PATIENCE = 20  # no busy machine may fail a test: only a hang takes twenty times what `make chaos` allows
_PEERS = {peer.name.removeprefix("discreet "): peer for peer in (*peers.LOCAL, *peers.REMOTE)}


def measured(scenario: str, who: str) -> Any:
    """What became of the records; the promises are the same as in the long form, but for those about time."""
    peer = _PEERS[who]
    group = scenarios.REMOTE if peer in peers.REMOTE else scenarios.LOCAL
    outcome = cell.run(next(one for one in group if one.name == scenario), peer, PATIENCE)
    assert promises.broken(outcome, timed=False) == [], outcome.said
    assert outcome.emitted
    return outcome


@pytest.mark.parametrize(
    ("how", "who"),
    [
        ("SIGKILL", "direct"),
        ("segmentation fault", "direct"),
        ("SIGKILL", "ring"),
        ("os._exit", "ring"),
        ("segmentation fault", "ring"),
        ("out of memory", "ring"),
    ],
)
def test_direct_and_ring_lose_nothing_that_a_call_returned_from(how, who):
    outcome = measured(how, who)
    assert outcome.delivered + outcome.later == outcome.emitted


@pytest.mark.parametrize(
    ("how", "who"),
    [
        ("normal exit", "queued"),
        ("normal exit", "OTLP"),
        ("SIGTERM", "queued"),
        ("SIGTERM", "ring"),
        ("SIGTERM", "OTLP"),
        ("SIGTERM", "Application Insights"),
        ("SIGTERM, own handler", "ring"),
        ("SIGTERM, own handler", "OTLP"),
    ],
)
def test_at_an_end_in_order_every_record_arrives_or_is_counted(how, who):
    outcome = measured(how, who)
    assert outcome.delivered == outcome.emitted


@pytest.mark.parametrize("who", ["ring", "OTLP"])
def test_a_fork_storm_hangs_nowhere_and_loses_nothing(who):
    outcome = measured("fork storm", who)
    assert outcome.delivered + outcome.later == outcome.emitted


def test_with_a_stalled_reader_a_queue_counts_what_it_loses():
    outcome = measured("stalled sink", "queued")
    assert outcome.dropped == {"exit": outcome.emitted - outcome.delivered}


def test_with_a_stalled_reader_a_ring_keeps_what_was_not_read():
    outcome = measured("stalled sink", "ring")
    assert outcome.later > 0
    assert outcome.delivered + outcome.later == outcome.emitted


@pytest.mark.parametrize(("how", "reason"), [("closed pipe", "EPIPE"), ("full disk", None)])
def test_what_nobody_takes_is_counted(how, reason):
    outcome = measured(how, "ring")
    assert sum(outcome.dropped.values()) == outcome.lost > 0
    assert reason in {*outcome.dropped, None}


@pytest.mark.parametrize("how", ["collector down", "collector hangs", "two processes, one spool"])
def test_what_waited_on_disk_comes_with_the_next_start(how):
    outcome = measured(how, "OTLP")
    assert outcome.later == outcome.emitted


@pytest.mark.parametrize("how", ["429 with Retry-After", "collector down, then back"])
def test_a_receiver_that_comes_back_gets_everything_once(how):
    outcome = measured(how, "Application Insights")
    assert outcome.delivered + outcome.later == outcome.emitted


@pytest.mark.parametrize("who", ["OTLP", "Application Insights"])
def test_a_partial_success_costs_what_was_refused(who):
    outcome = measured("partial success", who)
    assert sum(outcome.dropped.values()) == outcome.lost == 5


def test_a_damaged_spool_costs_the_damaged_records():
    outcome = measured("corrupt spool", "OTLP")
    assert outcome.dropped == {"spool corrupt": outcome.lost}
    assert outcome.lost == 2


# --- the matrix itself


def _made_up(**found: Any) -> Any:
    statistics = {
        "slot": 0,
        "emitted": 10,
        "delivered": 10,
        "pending": 0,
        "dropped": {},
        "transferred": 0,
        "recovered": 0,
    }
    statistics["sinks"] = []
    statistics.update(found.pop("statistics", {}))
    scenario = scenarios.LOCAL[0]
    values = {"emitted": 10, "returned": 10, "delivered": 10, **found}
    return _CHAOS["outcome"].Outcome(scenario, _PEERS["ring"], statistics=[statistics], **values)


def test_an_outcome_that_keeps_all_promises_breaks_none():
    assert promises.broken(_made_up()) == []


@pytest.mark.parametrize(
    "found",
    [
        {"missing": 1},
        {"dropped": {"exit": 1}},
        {"duplicates": 1},
        {"torn": 1},
        {"hung": 1},
        {"exit": None},
        {"exit": 60.0},
        {"longest": 5.0},
        {"never_returned": True},
        {"too_early": 1},
        {"returned": 11},
        {"statistics": {"delivered": 9}},
        {"statistics": {"delivered": 11, "pending": -1}},
    ],
)
def test_a_broken_promise_is_found(found):
    assert promises.broken(_made_up(**found))


def test_a_row_of_the_table_says_what_was_lost_and_whether_anything_was_said():
    outcome = _made_up(delivered=7, missing=3, lost=3, dropped={"EPIPE": 1}, said="trouble")
    row = _CHAOS["table"].row(outcome, "a scenario")
    assert row.startswith("| a scenario | **discreet ring** | 10 | 7 | 0 | 1 EPIPE | **2** ¹ |")
