"""What an answer of Azure's ingestion endpoints means for each record of a batch.

Protocol: the `track` operation of the Application Insights ingestion API (swagger v2.1), which answers 200 and 206
with `{"itemsReceived", "itemsAccepted", "errors": [{"index", "statusCode", "message"}]}`.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

from discreet._delivery.export.retry import parse_retry_after
from discreet._delivery.export.sink import Result

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

RETRYABLE = frozenset({401, 403, 408, 429, 500, 502, 503, 504})
"""401 and 403 too: it takes minutes until a new role assignment has effect, and until then no record is lost."""
QUOTA = frozenset({402, 439})
REDIRECTS = frozenset({307, 308})


class Problem(NamedTuple):
    """One record that was not accepted."""

    position: int
    """Its index in the batch."""
    status: int
    message: str


def problems_of(body: bytes, count: int) -> tuple[int, list[Problem]] | None:
    """How many of `count` were accepted, and which records were not; None if the answer does not say it."""
    try:
        found: Any = json.loads(body)
        accepted = int(found["itemsAccepted"])
        errors: list[Any] = found.get("errors") or []
        problems: dict[int, Problem] = {}
        for error in errors:
            index = int(error["index"])
            if 0 <= index < count:
                problems[index] = Problem(index, int(error.get("statusCode") or 0), str(error.get("message") or ""))
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError):
        return None
    return max(0, min(accepted, count)), list(problems.values())


def of_track(status: int, headers: Mapping[str, str], body: bytes, batch: Sequence[bytes]) -> Result:
    """The result for an answer to POST /v2.1/track."""
    count = len(batch)
    if status in (200, 206) or status in QUOTA:
        found = problems_of(body, count)
        if found is None:
            return Result(0, {_quota(status): count}, reason=f"HTTP {status}") if status in QUOTA else Result(count)
        return _partial(status, *found, parse_retry_after(headers.get("retry-after")), batch)
    return _refused(status, headers, batch, retry=status in REDIRECTS)


def of_logs(status: int, headers: Mapping[str, str], batch: Sequence[bytes]) -> Result:
    """The result for an answer of the Logs Ingestion API: it stored all records, or none."""
    return Result(len(batch)) if 200 <= status < 300 else _refused(status, headers, batch)


def _refused(status: int, headers: Mapping[str, str], batch: Sequence[bytes], *, retry: bool = False) -> Result:
    """The result for an answer that stored nothing."""
    reason = f"HTTP {status}"
    if retry or status in RETRYABLE or status >= 500:
        return Result(0, retry=batch, after=parse_retry_after(headers.get("retry-after")), reason=reason)
    if status == 413 and len(batch) > 1:
        return Result(0, reason=reason, split=True)
    return Result(0, {reason: len(batch)}, reason=reason)


def _partial(
    status: int, accepted: int, problems: list[Problem], after: float | None, batch: Sequence[bytes]
) -> Result:
    """The result by the index of each problem: some records are sent again, the others are counted by reason."""
    retry: list[bytes] = []
    rejected: dict[str, int] = {}
    for problem in problems:
        if "sampled out" in problem.message.lower():
            why = "sampled out by the service"
        elif problem.status in RETRYABLE or problem.status >= 500:
            retry.append(batch[problem.position])
            continue
        else:
            why = _quota(problem.status) if problem.status in QUOTA else f"HTTP {problem.status}"
        rejected[why] = rejected.get(why, 0) + 1
    unknown = len(batch) - accepted - len(problems)
    if unknown > 0:  # the answer does not say which records: to send all again would store the others twice
        why = _quota(status) if status in QUOTA else "not accepted"
        rejected[why] = rejected.get(why, 0) + unknown
    delivered = len(batch) - len(retry) - sum(rejected.values())
    reason = f"HTTP {status}" if retry or rejected else ""
    return Result(delivered, rejected, retry, after if retry else None, reason)


def _quota(status: int) -> str:
    return f"quota exceeded (HTTP {status})"
