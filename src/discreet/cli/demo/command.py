"""`discreet demo`: three real services under real servers, logging as one; then the proof that nothing leaked."""

from __future__ import annotations

import shutil
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from discreet._encoding.console.style import Palette, color_count, wants_color
from discreet.cli.demo import proof as demo_proof
from discreet.cli.demo import secrets
from discreet.cli.demo import services as demo_services
from discreet.errors import DiscreetError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from discreet.cli.demo.services import Answer

_NEEDED = ("fastapi", "flask", "gunicorn", "httpx", "jsonschema", "sqlalchemy", "uvicorn")

_DESCRIPTION = """\
Start three services on this machine (FastAPI under uvicorn, Flask under gunicorn, and one that knows nothing of
discreet, under discreet run), send five requests with made-up secrets in them, and show what was logged: the
console view, the request that failed as a tree, and the proof that every line is valid, that each request has one
trace, and that no secret was written. Exits with 1 if a proof fails. Takes a few seconds.
"""
_SERVICES = """\
  gateway     FastAPI under uvicorn        from discreet import log
  inventory   Flask under gunicorn         SQLAlchemy on SQLite, a thread pool
  payments    Flask under gunicorn         knows only logging: discreet run -- gunicorn ..."""


def add(subparsers: argparse._SubParsersAction[Any]) -> None:
    """Register the subcommand."""
    parser = subparsers.add_parser("demo", help="watch three real services log as one", description=_DESCRIPTION)
    parser.add_argument(
        "--out", metavar="FOLDER", type=Path, help="where to keep the logs (default: a new one in /tmp)"
    )
    parser.add_argument("--color", choices=("auto", "always", "never"), default="auto", help="default: on a terminal")
    parser.set_defaults(command=run)


def run(arguments: argparse.Namespace) -> int:
    """Run it, show it, prove it."""
    missing = [name for name in _NEEDED if find_spec(name) is None]
    if missing:
        raise DiscreetError(f'the demo needs {", ".join(missing)}. Install it with: pip install "discreet[demo]"')
    folder = _folder(arguments.out)
    planted = secrets.make_up()
    show = _Show(arguments.color)
    show.title("Three services")
    print(_SERVICES, flush=True)
    with demo_services.running(folder, planted) as gateway:
        answers = demo_services.send_requests(gateway, planted)
    show.title("Five requests, each with a secret in it")
    for answer in answers:
        show.answer(answer)
    files = [str(path) for path in sorted(folder.glob("*.json"))]
    show.command(f"discreet pretty {folder}/*.json")
    show.run("pretty", files)
    failed = next((answer.request_id for answer in answers if answer.status >= 500), "")
    show.command(f"discreet trace {failed[:8]} {folder}/*.json")
    found = show.run("trace", [failed, *files])
    return show.proof(demo_proof.prove(folder, answers, planted), folder) or found


def _folder(wanted: Path | None) -> Path:
    if wanted is None:
        return Path(tempfile.mkdtemp(prefix="discreet-demo-"))
    wanted.mkdir(parents=True, exist_ok=True)
    if any(wanted.iterdir()):
        raise DiscreetError(f"{wanted} is not empty. Name a new folder for the demo's logs")
    return wanted.resolve()


class _Show:
    """What the demo prints around the output of the other commands."""

    def __init__(self, color: str) -> None:
        self.color = color
        colored = wants_color(sys.stdout) if color == "auto" else color == "always"
        self.paint = Palette(color_count() if colored else 0).paint
        utf = (sys.stdout.encoding or "").lower().startswith("utf")
        self.rule, self.good, self.bad = ("─", "✓", "✗") if utf else ("-", "ok", "FAIL")

    def title(self, text: str) -> None:
        width = min(100, shutil.get_terminal_size((100, 24)).columns)
        line = self.rule * max(3, width - len(text) - 4)
        print(
            f"\n{self.paint(self.rule * 2, 'quiet')} {self.paint(text, 'message')} {self.paint(line, 'quiet')}\n",
            flush=True,
        )

    def command(self, text: str) -> None:
        self.title(f"$ {text}")

    def answer(self, answer: Answer) -> None:
        role = "bad" if answer.status >= 500 else "good"
        status, what = self.paint(str(answer.status), role), self.paint(answer.what, "quiet")
        print(f"  {status}  {answer.method:<4} {answer.path:<8}  {what}")

    def run(self, command: str, arguments: Sequence[str]) -> int:
        """Another command of ours, as its own command line would run it."""
        from discreet.cli import main

        sys.stdout.flush()
        return main([command, "--color", self.color, *arguments])

    def proof(self, claims: Sequence[demo_proof.Claim], folder: Path) -> int:
        self.title("Proof")
        for claim in claims:
            mark = self.paint(self.bad, "bad") if claim.against else self.paint(self.good, "good")
            print(f"  {mark} {claim.text}")
            for reason in demo_proof.shortened(claim.against):
                print(f"      {self.paint(reason, 'bad')}")
        print(f"\n  The lines themselves: {folder}/*.json")
        return 1 if any(claim.against for claim in claims) else 0
