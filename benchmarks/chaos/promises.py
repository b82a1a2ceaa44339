"""What has to hold in every cell that is discreet's. docs/reliability.md says it to users."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chaos.application import EXIT_TIMEOUT

if TYPE_CHECKING:
    from collections.abc import Callable

    from chaos.outcome import Outcome

_SLACK = 2.0  # seconds on a busy machine
_LONGEST = 1.0  # seconds that a call which never waits may take there


def broken(outcome: Outcome, *, timed: bool = True) -> list[str]:
    """The promises that this outcome breaks. Without `timed`, for machines too busy to judge, of times only hanging."""
    if not outcome.peer.is_ours:
        return []
    promises = (*_PROMISES, *_TIMED) if timed else _PROMISES
    return [problem for promise in promises for problem in promise(outcome)]


def _delivery(outcome: Outcome) -> str:
    return str(outcome.peer.options.get("delivery", "remote"))


def _statistics_balance(outcome: Outcome) -> list[str]:
    return [
        f"the statistics of process {statistics['slot']} do not balance: {_shown(statistics)}"
        for statistics in outcome.statistics
        for part in (statistics, *statistics["sinks"])
        if not _balances(part)
    ][:1]


def _balances(statistics: dict[str, Any]) -> bool:
    gone = (
        statistics["delivered"]
        + statistics["pending"]
        + sum(statistics["dropped"].values())
        + statistics["transferred"]
    )
    return bool(statistics["emitted"] == gone and statistics["pending"] >= 0)


def _shown(statistics: dict[str, Any]) -> str:
    names = ("emitted", "delivered", "pending", "dropped", "transferred", "recovered")
    return ", ".join(f"{name} {statistics[name]}" for name in names)


def _nothing_lost_without_a_word(outcome: Outcome) -> list[str]:
    volatile = outcome.scenario.kills and _delivery(outcome) in ("queued", "remote") and not outcome.scenario.stored
    if volatile or not outcome.unaccounted:
        return []
    return [f"{outcome.unaccounted} records lost without a word"]


def _what_is_counted_as_lost_is_lost(outcome: Outcome) -> list[str]:
    """But for a call that a signal handler's SystemExit ended: it did not return, and may be counted."""
    counted = sum(outcome.dropped.values())
    too_many = counted > outcome.missing + outcome.scenario.handler
    return [f"{counted} counted as lost, {outcome.missing} are"] if too_many else []


def _every_call_is_in_the_statistics(outcome: Outcome) -> list[str]:
    """Where every process lived to write its statistics; and again, perhaps, the call that SystemExit ended."""
    scenario = outcome.scenario
    if scenario.kills or outcome.exit is None or outcome.hung or (scenario.signal and not scenario.handler):
        return []
    entered = sum(statistics["emitted"] - statistics["recovered"] for statistics in outcome.statistics)
    if 0 <= entered - outcome.returned <= scenario.handler:
        return []
    return [f"{outcome.returned} calls returned, {entered} are in the statistics"]


def _is_to_wait(outcome: Outcome) -> bool:
    """Direct delivery to a reader that stalls waits, as `print` does."""
    return _delivery(outcome) == "direct" and outcome.scenario.reader == "stalled"


def _nothing_hangs(outcome: Outcome) -> list[str]:
    hangs = (outcome.exit is None or outcome.never_returned) and not _is_to_wait(outcome)
    return ["the process hung"] if hangs else []


def _exits_in_time(outcome: Outcome) -> list[str]:
    late = outcome.exit is not None and outcome.exit > EXIT_TIMEOUT + _SLACK
    return [f"the exit took {outcome.exit:.1f} s, its budget is {EXIT_TIMEOUT:.0f} s"] if late else []


def _calls_do_not_wait(outcome: Outcome) -> list[str]:
    waited = _delivery(outcome) != "direct" and outcome.longest > _LONGEST
    return [f"a call took {outcome.longest:.1f} s"] if waited else []


def _no_child_hangs(outcome: Outcome) -> list[str]:
    return [f"{outcome.hung} forked children hung"] if outcome.hung else []


def _lines_are_whole(outcome: Outcome) -> list[str]:
    return [f"{outcome.torn} lines arrived damaged"] if outcome.torn else []


def _nothing_comes_twice(outcome: Outcome) -> list[str]:
    """But after a kill, which may come between delivering a batch and noting that."""
    twice = outcome.duplicates and not outcome.scenario.kills
    return [f"{outcome.duplicates} records came twice"] if twice else []


def _retry_after_is_honoured(outcome: Outcome) -> list[str]:
    return [f"{outcome.too_early} requests came before Retry-After allowed"] if outcome.too_early else []


_PROMISES: tuple[Callable[[Outcome], list[str]], ...] = (
    _statistics_balance,
    _nothing_lost_without_a_word,
    _what_is_counted_as_lost_is_lost,
    _every_call_is_in_the_statistics,
    _nothing_hangs,
    _no_child_hangs,
    _lines_are_whole,
    _nothing_comes_twice,
    _retry_after_is_honoured,
)
_TIMED: tuple[Callable[[Outcome], list[str]], ...] = (_exits_in_time, _calls_do_not_wait)
