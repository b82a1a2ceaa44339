"""`discreet demo`: the proof. What the services wrote is read and compared with what the demo promises."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

from discreet._testing.leaks import leaks
from discreet.cli.schema import SCHEMA

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from discreet.cli.demo.services import Answer


class Claim(NamedTuple):
    """A statement that must be true, and the counter-examples that were found."""

    text: str
    against: Sequence[str]


def prove(folder: Path, answers: Sequence[Answer], planted: Mapping[str, str]) -> list[Claim]:
    """Everything that the demo promises."""
    contents = {path.name: path.read_bytes() for path in sorted(folder.iterdir()) if path.is_file()}
    records, broken = _valid(contents)
    return [
        Claim(f"{len(records)} lines of 3 services, each valid against the schema", broken),
        _one_trace(records, answers),
        _no_secret(planted, contents),
        Claim(
            "nothing printed but records: no traceback, no line in a server's own format",
            [
                f"{name} has {len(content)} bytes"
                for name, content in contents.items()
                if name.endswith(".stderr") and content
            ],
        ),
    ]


def _valid(contents: Mapping[str, bytes]) -> tuple[list[dict[str, Any]], list[str]]:
    from jsonschema import Draft202012Validator

    validator: Any = Draft202012Validator(json.loads(SCHEMA.read_text("utf-8")))
    records: list[dict[str, Any]] = []
    broken: list[str] = []
    for name, content in contents.items():
        if not name.endswith(".json"):
            continue
        for number, line in enumerate(content.splitlines(), 1):
            try:
                record = json.loads(line, parse_constant=_refuse)
            except ValueError:
                broken.append(f"{name}:{number} is not JSON")
                continue
            # Only the place in the line is named, not the value: an invalid line may contain anything.
            broken += [f"{name}:{number} breaks {error.json_path}" for error in validator.iter_errors(record)]
            records.append(record)
    return records, broken


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")


def _one_trace(records: Iterable[Mapping[str, Any]], answers: Sequence[Answer]) -> Claim:
    traces: dict[str, set[str]] = {answer.request_id: set() for answer in answers}
    processes: set[int] = set()
    against: list[str] = []
    for record in records:
        if "request_id" in record:
            traces.setdefault(record["request_id"], set()).add(record.get("trace_id", "none"))
            processes.add(record["process"])
        elif "trace_id" in record:
            against.append("a record has a trace id and no request id")
        elif record.get("thread", "").startswith("ThreadPoolExecutor"):
            against.append("a record made on a thread pool has lost its request")
    against += [f"request {request} has {len(ids)} trace ids" for request, ids in traces.items() if len(ids) != 1]
    if len(traces) != len(answers):
        against.append(f"{len(traces)} request ids for {len(answers)} requests")
    if len({trace for ids in traces.values() for trace in ids}) != len(answers):
        against.append("requests share a trace id")
    return Claim(f"{len(answers)} requests, one trace id for each across {len(processes)} processes", against)


def _no_secret(planted: Mapping[str, str], contents: Mapping[str, bytes]) -> Claim:
    size = sum(map(len, contents.values()))
    text = f"{len(planted)} planted secrets, none in {size:,} bytes of {len(contents)} files (plain, encoded, base64)"
    return Claim(
        text, sorted({f"{leak.what} in {leak.place}" for leak in leaks(contents, planted, None, any_secret=False)})
    )
