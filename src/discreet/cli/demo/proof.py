"""`discreet demo`: the proof. What was written is read again and held against what was promised."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

from discreet.cli.demo import secrets
from discreet.cli.schema import SCHEMA

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from discreet.cli.demo.services import Answer

_MOST_SHOWN = 5


class Claim(NamedTuple):
    """Something that must be true, and what speaks against it."""

    text: str
    against: Sequence[str]


def prove(folder: Path, answers: Sequence[Answer], planted: Mapping[str, str]) -> list[Claim]:
    """Everything the demo promises, each with the counter-examples found."""
    contents = {path.name: path.read_bytes() for path in sorted(folder.iterdir()) if path.is_file()}
    records, broken = _valid(contents)
    return [
        Claim(f"{len(records)} lines of 3 services, each valid against the schema", broken),
        _one_trace(records, answers),
        _secrets(planted, contents),
        Claim(
            "nothing printed beside the records: no traceback, no line of a server's own",
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
            # The reason names the rule, not the value: a broken line may hold anything.
            broken += [f"{name}:{number} breaks {error.json_path}" for error in validator.iter_errors(record)]
            records.append(record)
    return records, broken


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no JSON")


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


def _secrets(planted: Mapping[str, str], contents: Mapping[str, bytes]) -> Claim:
    size = sum(map(len, contents.values()))
    text = f"{len(planted)} planted secrets, none in {size:,} bytes of {len(contents)} files (plain, encoded, base64)"
    return Claim(text, secrets.found(planted, contents))


def shortened(against: Sequence[str]) -> list[str]:
    """As many counter-examples as a reader can use."""
    more = [f"and {len(against) - _MOST_SHOWN} more"] if len(against) > _MOST_SHOWN else []
    return [*against[:_MOST_SHOWN], *more]
