"""`discreet demo`: three real services under real servers, logging as one; then the proof that nothing leaked."""

from __future__ import annotations

import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from discreet._testing.made_up import made_up
from discreet.cli.demo import services
from discreet.cli.demo.proof import Claim, prove
from discreet.cli.options import add_color
from discreet.cli.terminal import Page, shortened
from discreet.errors import DiscreetError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

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
    show = _Show(arguments.color)
    show.heading("Three services")
    print(_SERVICES, flush=True)
    with services.running(folder, planted["database password"]) as started:
        answers = services.send_requests(started, planted)
    show.heading("Five requests, each with a secret in it")
    show.answers(answers)
    files = [str(path) for path in sorted(folder.glob("*.json"))]
    show.heading(f"$ discreet pretty {folder}/*.json")
    show.run("pretty", files)
    failed = next((answer.request_id for answer in answers if answer.status >= 500), "")
    show.heading(f"$ discreet trace {failed[:8]} {folder}/*.json")
    drawn = show.run("trace", [failed, *files])
    show.heading("Proof")
    claims = prove(folder, answers, planted)
    show.claims(claims)
    print(f"\n  The lines themselves: {folder}/*.json")
    return 1 if any(claim.against for claim in claims) else drawn


def _folder(wanted: Path | None) -> Path:
    if wanted is None:
        return Path(tempfile.mkdtemp(prefix="discreet-demo-"))
    wanted.mkdir(parents=True, exist_ok=True)
    if any(wanted.iterdir()):
        raise DiscreetError(f"{wanted} is not empty. Name a new folder for the demo's logs")
    return wanted.resolve()


class _Show(Page):
    """What the demo prints, and the output of the other commands."""

    def __init__(self, color: str) -> None:
        super().__init__(color)
        self.color = color

    def heading(self, text: str) -> None:
        line = self.rule * max(3, min(100, self.width) - len(text) - 4)
        quiet = (self.paint(self.rule * 2, "quiet"), self.paint(line, "quiet"))
        print(f"\n{quiet[0]} {self.paint(text, 'message')} {quiet[1]}\n", flush=True)

    def answers(self, answers: Sequence[Answer]) -> None:
        for answer in answers:
            status = self.paint(str(answer.status), "bad" if answer.status >= 500 else "good")
            print(f"  {status}  {answer.method:<4} {answer.path:<8}  {self.paint(answer.what, 'quiet')}")

    def run(self, command: str, arguments: Sequence[str]) -> int:
        """Another command of `discreet`, as from the command line."""
        from discreet.cli import main

        sys.stdout.flush()
        return main([command, "--color", self.color, *arguments])

    def claims(self, claims: Sequence[Claim]) -> None:
        for claim in claims:
            print(f"  {self.mark(ok=not claim.against)} {claim.text}")
            for reason in shortened(claim.against, _MOST_REASONS):
                print(f"      {self.paint(reason, 'bad')}")
