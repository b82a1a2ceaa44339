"""What an answer of the ingestion endpoint means: for each record of a batch, and in words for whoever reads the logs.

Protocol: the `track` operation of the Application Insights ingestion API (swagger v2.1), which answers 200 and 206
with `{"itemsReceived", "itemsAccepted", "errors": [{"index", "statusCode", "message"}]}`.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from discreet._delivery.export.retry import parse_retry_after
from discreet._delivery.export.sink import Receipt

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

RETRYABLE = frozenset({401, 403, 408, 429, 500, 502, 503, 504})
"""401 and 403 too: a role that was just assigned takes minutes to be known, and nothing is lost in the meantime."""
QUOTA = frozenset({402, 439})
REDIRECTS = frozenset({307, 308})

_STATUS = "look at https://azure.status.microsoft"
_WAITS = "Records wait and are sent again. If it lasts"
_IN_WORDS: Mapping[int, str] = {
    400: "the envelope or its instrumentation key was refused. Copy the connection string again from the portal",
    401: "Entra ID is wanted, or the token was not accepted. Pass credential=..., or set "
    "APPLICATIONINSIGHTS_AUTHENTICATION_STRING=Authorization=AAD",
    403: "the identity may not write there. Assign it the role Monitoring Metrics Publisher on the resource; "
    "a new assignment takes some minutes",
    402: "the resource's daily cap is reached. Raise the cap, or wait for the day to end",
    404: "nothing takes telemetry at this address. Copy the connection string again from the portal",
    408: f"the service took too long. {_WAITS}, check the network and HTTPS_PROXY, and {_STATUS}",
    413: "one record is too large for the service. Log less in one record",
    429: f"the service asks to slow down. {_WAITS}, log less (DISCREET_LEVEL=warning), or raise the limit of what you "
    "send to; a service with much to say may need a resource of its own",
    439: "the resource's quota is used up. Raise it, or log less",
}


class Problem(NamedTuple):
    """One record that was not accepted."""

    place: int
    """Its index in the batch."""
    status: int
    message: str


def in_words(status: int) -> str:
    """What is wrong, and the remedy."""
    told = _IN_WORDS.get(status)
    if told is None and status >= 500:
        told = f"the service has a problem of its own. {_WAITS}, {_STATUS}"
    elif told is None:
        told = "not an answer of Azure Monitor. Check the address, and whether a proxy is in the way"
    return f"HTTP {status}: {told}"


def problems_of(body: bytes, count: int) -> tuple[int, list[Problem]] | None:
    """How many of `count` were accepted, and which were not; None if the answer does not say so."""
    try:
        found: Any = json.loads(body)
        accepted = int(found["itemsAccepted"])
        errors: list[Any] = found.get("errors") or []
        problems: dict[int, Problem] = {}
        for error in errors:
            place = int(error["index"])
            if 0 <= place < count:
                problems[place] = Problem(place, int(error.get("statusCode") or 0), str(error.get("message") or ""))
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError):
        return None
    return max(0, min(accepted, count)), list(problems.values())


def of_track(status: int, headers: Mapping[str, str], body: bytes, batch: Sequence[bytes]) -> Receipt:
    """The receipt for an answer to POST /v2.1/track."""
    count = len(batch)
    after = parse_retry_after(headers.get("retry-after"))
    reason = f"HTTP {status}"
    if status in (200, 206) or status in QUOTA:
        found = problems_of(body, count)
        if found is None:
            return Receipt(0, {_quota(status): count}, reason=reason) if status in QUOTA else Receipt(count)
        return _partial(status, *found, after, batch)
    if status in RETRYABLE or status >= 500 or status in REDIRECTS:
        return Receipt(0, retry=batch, after=after, reason=reason)
    if status == 413 and count > 1:
        return Receipt(0, reason=reason, split=True)
    return Receipt(0, {reason: count}, reason=reason)


def _partial(
    status: int, accepted: int, problems: list[Problem], after: float | None, batch: Sequence[bytes]
) -> Receipt:
    """By index: what may pass later is sent again, the rest is counted with its reason."""
    retry: list[bytes] = []
    rejected: dict[str, int] = {}
    for problem in problems:
        if _is_sampled(problem.message):
            why = "sampled out by the service"
        elif problem.status in RETRYABLE or problem.status >= 500:
            retry.append(batch[problem.place])
            continue
        else:
            why = _quota(problem.status) if problem.status in QUOTA else f"HTTP {problem.status}"
        rejected[why] = rejected.get(why, 0) + 1
    unnamed = len(batch) - accepted - len(problems)
    if unnamed > 0:  # refused, and the answer does not say which: to send all again would store the others twice
        why = _quota(status) if status in QUOTA else "not accepted"
        rejected[why] = rejected.get(why, 0) + unnamed
    delivered = len(batch) - len(retry) - sum(rejected.values())
    reason = f"HTTP {status}" if retry or rejected else ""
    return Receipt(delivered, rejected, retry, after if retry else None, reason)


def _quota(status: int) -> str:
    return f"quota exceeded (HTTP {status})"


def _is_sampled(message: str) -> bool:
    return "sampled out" in message.lower()


def of_logs(status: int, headers: Mapping[str, str], batch: Sequence[bytes]) -> Receipt:
    """The receipt for an answer of the Logs Ingestion API: 204, or nothing was stored."""
    count, reason = len(batch), f"HTTP {status}"
    if 200 <= status < 300:
        return Receipt(count)
    if status in RETRYABLE or status >= 500:
        after = parse_retry_after(headers.get("retry-after"))
        return Receipt(0, retry=batch, after=after, reason=reason)
    if status == 413 and count > 1:
        return Receipt(0, reason=reason, split=True)
    return Receipt(0, cast("Mapping[str, int]", {reason: count}), reason=reason)
