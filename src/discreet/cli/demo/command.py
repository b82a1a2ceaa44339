"""`discreet demo`: three real services under real servers, logging as one; then the proof that nothing leaked."""

from __future__ import annotations

import json
import tempfile
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from discreet._base.diagnostics import shortened
from discreet._testing.leaks import leaks
from discreet._testing.made_up import made_up
from discreet.cli.demo import services
from discreet.cli.options import add_color
from discreet.cli.schema import SCHEMA
from discreet.cli.terminal import Page
from discreet.errors import DiscreetError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Mapping, Sequence

    from discreet.cli.demo.services import Answer

_NEEDED = ("fastapi", "flask", "gunicorn", "httpx", "jsonschema", "sqlalchemy", "uvicorn")
_MOST_REASONS = 5

DESCRIPTION = """\
Start three services on this machine: FastAPI under uvicorn, Flask under gunicorn, and one that knows nothing of
discreet, under `discreet run`. Send them five requests with made-up secrets, one of which fails. Then show what was
logged as the console shows it, the failed request as a tree, and the proof: every line is valid, each request has one
trace, and no secret was written. Exits with 1 if a proof fails. Takes a few seconds.
"""
EPILOG = ""
_SERVICES = """\
  gateway     FastAPI under uvicorn        from discreet import log
  inventory   Flask under gunicorn         SQLAlchemy on SQLite, a thread pool
  payments    Flask under gunicorn         knows only logging: discreet run -- gunicorn ..."""


def add_options(parser: argparse.ArgumentParser) -> None:
    """Where to keep the logs."""
    parser.add_argument(
        "--out", metavar="FOLDER", type=Path, help="a new folder for the logs (default: one in the temporary folder)"
    )
    add_color(parser)


def run(arguments: argparse.Namespace) -> int:
    """Run the services, show what they logged, prove what it promises."""
    from discreet.cli import main

    missing = [name for name in _NEEDED if find_spec(name) is None]
    if missing:
        raise DiscreetError(f'the demo needs {", ".join(missing)}. Install it with: pip install "discreet[demo]"')
    folder = _folder(arguments.out)
    planted = {
        "bearer token": made_up("bearer-token"),
        "password": made_up("password"),
        "API key": made_up("api-key"),
        "card number": made_up("payment-card"),
        "database password": made_up("secret"),
    }
    page = Page(arguments.color)
    _heading(page, "Three services")
    print(_SERVICES, flush=True)
    with services.running(folder, planted["database password"]) as started:
        answers = services.send_requests(started, planted)
    _heading(page, "Five requests, each with a secret in it")
    for answer in answers:
        status = page.paint(str(answer.status), "bad" if answer.status >= 500 else "good")
        print(f"  {status}  {answer.method:<4} {answer.path:<8}  {page.paint(answer.what, 'quiet')}")
    files = [str(path) for path in sorted(folder.glob("*.json"))]
    _heading(page, f"$ discreet pretty {folder}/*.json")
    main(["pretty", "--color", arguments.color, *files])
    failed = next((answer.request_id for answer in answers if answer.status >= 500), "")
    _heading(page, f"$ discreet trace {failed[:8]} {folder}/*.json")
    drawn = main(["trace", "--color", arguments.color, failed, *files])
    _heading(page, "Proof")
    claims = prove(folder, answers, planted)
    for claim in claims:
        print(f"  {page.mark(ok=not claim.against)} {claim.text}")
        for reason in shortened(claim.against, _MOST_REASONS):
            print(f"      {page.paint(reason, 'bad')}")
    print(f"\n  The lines themselves: {folder}/*.json")
    return 1 if any(claim.against for claim in claims) else drawn


def _folder(wanted: Path | None) -> Path:
    if wanted is None:
        return Path(tempfile.mkdtemp(prefix="discreet-demo-"))
    wanted.mkdir(parents=True, exist_ok=True)
    if any(wanted.iterdir()):
        raise DiscreetError(f"{wanted} is not empty. Name a new folder for the demo's logs")
    return wanted.resolve()


def _heading(page: Page, text: str) -> None:
    line = page.rule * max(3, min(100, page.width) - len(text) - 4)
    quiet = (page.paint(page.rule * 2, "quiet"), page.paint(line, "quiet"))
    print(f"\n{quiet[0]} {page.paint(text, 'message')} {quiet[1]}\n", flush=True)


class Claim(NamedTuple):
    """A statement that must be true, and the counter-examples that were found."""

    text: str
    against: list[str]


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
                record = json.loads(line, parse_constant=int)  # which refuses NaN and Infinity
            except ValueError:
                broken.append(f"{name}:{number} is not JSON")
                continue
            # Only the place in the line is named, not the value: an invalid line may contain anything.
            broken += [f"{name}:{number} breaks {error.json_path}" for error in validator.iter_errors(record)]
            records.append(record)
    return records, broken


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
    return Claim(text, sorted({f"{leak.what} in {leak.place}" for leak in leaks(contents, planted, any_secret=False)}))
