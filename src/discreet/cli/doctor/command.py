"""`discreet doctor`: what is configured and why, what is hooked, and whether redaction works here."""

from __future__ import annotations

import json
import os
import platform
import shutil
import sys
import textwrap
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import discreet
from discreet._base.diagnostics import counted
from discreet._base.engine import ENGINE
from discreet._base.escape import display_width, escape
from discreet._config.configure import install
from discreet._config.settings import VARIABLES, resolve, unknown_variables
from discreet._config.status import describe
from discreet._encoding.console.style import Palette, color_count, wants_color
from discreet._pipeline import pipeline_in_force
from discreet.cli.doctor import checks as doctor_checks
from discreet.cli.doctor import delivery
from discreet.cli.doctor import log as doctor_log
from discreet.errors import ConfigurationError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Sequence

    from discreet.cli.doctor.checks import Check
    from discreet.cli.doctor.delivery import Waiting

_UNSENT = " is set, but nothing is sent there: "  # a sink that was asked for, and lacks its extra
_DESCRIPTION = """\
Show which settings a service started here would get, who decided each, what discreet hooks into, whether its sinks
can be written to, and whether a planted secret of every kind is redacted. A collector or Azure, if one is set up, is
sent one record. Exits with 1 if something is wrong. With --log it also counts, by kind and by logger, what was redacted
in logs that exist already.
"""


def add(subparsers: argparse._SubParsersAction[Any]) -> None:
    """Register the subcommand."""
    parser = subparsers.add_parser("doctor", help="show what is configured, and why", description=_DESCRIPTION)
    parser.add_argument("--json", action="store_true", help="the same for programs")
    parser.add_argument(
        "--log",
        metavar="FILE",
        action="append",
        default=[],
        help="count what was redacted in this log too (also gzip and zstd; - is stdin; repeatable)",
    )
    parser.add_argument("--offline", action="store_true", help="send nothing to remote sinks")
    parser.add_argument("--color", choices=("auto", "always", "never"), default="auto", help="default: on a terminal")
    parser.set_defaults(command=run)


def run(arguments: argparse.Namespace) -> int:
    """Examine, print, and return 1 if anything is wrong."""
    report = examine(offline=arguments.offline)
    if arguments.log:
        counted = doctor_log.redacted(arguments.log)
        report["log"] = counted.as_data()
        report["ok"] = report["ok"] and not counted.problems
    if arguments.json:
        print(json.dumps(report, indent=2))
    else:
        colored = wants_color(sys.stdout) if arguments.color == "auto" else arguments.color == "always"
        print("\n".join(_Page(Palette(color_count() if colored else 0)).lines(report)))
    return 0 if report["ok"] else 1


def examine(*, offline: bool = False) -> dict[str, Any]:
    """Configure this process as a service here would be, and look at the result."""
    report: dict[str, Any] = {
        "ok": False,
        "discreet": discreet.__version__,
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "engine": ENGINE,
    }
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")  # its words on stderr say less than the report
    try:
        settings = resolve()
        with doctor_checks.leaving_no_files(settings.sinks):
            # Advice belongs in the report, not among the records; what waits on disk is the service's to deliver; and
            # whether things can be taken over is checked also where a setting switches that off.
            files = tuple(map(doctor_checks.harmless, settings.sinks))
            install(replace(settings, sinks=files, advice=(), delivery="direct", spool=False, take_over=True))
            pipeline = pipeline_in_force()
            assert pipeline is not None
            pipeline.outputs = ()  # what libraries log during a test is neither ours to print nor to send
            sinks = doctor_checks.sinks(settings, pipeline, offline=offline)
    except ConfigurationError as error:
        return {**report, "problem": str(error)}
    place = settings.place
    report["settings"] = describe(settings)
    report["place"] = {"profile": place.profile, "ci": place.ci, "cloud": place.cloud, "notebook": place.notebook}
    report["hooks"] = _as_data(doctor_checks.hooks())
    report["sinks"] = _as_data(sinks)
    report["delivery"] = _as_data(delivery.checks(settings))
    report["waiting"] = _as_data(delivery.waiting(settings))
    report["redaction"] = _as_data(doctor_checks.redaction(pipeline.redactor))
    report["advice"] = list(settings.advice)
    report["unknown_variables"] = unknown = unknown_variables(os.environ)
    unsent = [advice for advice in settings.advice if _UNSENT in advice]
    checks = [check for part in ("hooks", "sinks", "delivery", "redaction") for check in report[part]]
    report["ok"] = not unknown and not unsent and all(check["ok"] for check in checks)
    return report


def _as_data(checks: Sequence[Check | Waiting]) -> list[dict[str, Any]]:
    return [check._asdict() for check in checks]


class _Page:
    """The report for people."""

    def __init__(self, palette: Palette) -> None:
        self.paint = palette.paint
        self.width = shutil.get_terminal_size((100, 24)).columns
        utf = (sys.stdout.encoding or "").lower().startswith("utf")
        self.good, self.bad, self.dot = ("✓", "✗", "·") if utf else ("ok", "FAIL", "-")

    def lines(self, report: dict[str, Any]) -> Iterator[str]:
        name = self.paint(f"discreet {report['discreet']}", "message")
        yield f"{name} {self.dot} {report['python']} {self.dot} {report['engine']} engine"
        if "problem" in report:
            yield ""
            yield f"{self._mark(ok=False)} {self.paint(escape(report['problem']), 'bad')}"
            return
        yield from self._settings(report["settings"])
        yield from self._checks("sinks", report["sinks"])
        yield from self._checks("delivery", report["delivery"])
        if report["waiting"]:
            yield from self._waiting(report["waiting"])
        yield from self._checks("hooked", report["hooks"])
        yield from self._redaction(report["redaction"])
        yield from self._variables(report)
        if "log" in report:
            yield from self._log(report["log"])
        yield ""
        verdict = "all is well" if report["ok"] else self.paint("something is wrong: see above", "bad")
        yield f"{self._mark(ok=report['ok'])} {verdict}"

    def _settings(self, settings: dict[str, dict[str, Any]]) -> Iterator[str]:
        yield self._title("settings")
        shown = {
            name: "not set" if entry["value"] is None else escape(str(entry["value"]))
            for name, entry in settings.items()
        }
        column = min(36, max(map(display_width, shown.values())))
        for name, value in shown.items():
            pad = " " * (column - display_width(value))
            why = "" if value == "not set" else escape(settings[name]["why"])
            yield f"  {self.paint(f'{name:<13}', 'key')} {value}{pad}  {self.paint(why, 'quiet')}".rstrip()

    def _checks(self, title: str, checks: list[dict[str, Any]]) -> Iterator[str]:
        yield self._title(title)
        column = max((len(escape(check["name"])) for check in checks if not check["remedy"]), default=0)
        for check in checks:
            if check["remedy"]:
                yield f"  {self._mark(ok=check['ok'])} {escape(check['name'])}"
                yield from self._below(check["note"], "bad")
                yield from self._below(check["remedy"], "message")
                continue
            note = self.paint(escape(check["note"]), "quiet" if check["ok"] else "bad")
            yield f"  {self._mark(ok=check['ok'])} {escape(check['name']):<{column}}  {note}"

    def _below(self, text: str, style: str) -> Iterator[str]:
        """Text that may be long, in lines of its own."""
        width = max(40, self.width - 4)
        for line in textwrap.wrap(escape(text), width, break_long_words=False, break_on_hyphens=False):
            yield f"    {self.paint(line, style)}"

    def _waiting(self, waiting: list[dict[str, Any]]) -> Iterator[str]:
        """No fault: it may be on its way just now."""
        yield self._title("waits on disk")
        for place in waiting:
            count = counted(place["records"], "record")
            yield f"  {self.paint('!', 'warn')} {count} in {escape(place['where'])}"
            yield from self._below("delivered by " + place["remedy"], "quiet")

    def _redaction(self, checks: list[dict[str, Any]]) -> Iterator[str]:
        """All kinds in columns: what matters is that none is missing."""
        passed = sum(check["ok"] for check in checks)
        yield self._title(f"redaction, tried out: {passed} of {len(checks)} planted kinds masked")
        column = max(len(check["name"]) for check in checks) + 4
        across = max(1, (self.width - 2) // column)
        for start in range(0, len(checks), across):
            cells = [
                f"{self._mark(ok=check['ok'])} {self.paint(check['name'], 'value' if check['ok'] else 'bad')}"
                + " " * (column - 2 - len(check["name"]))
                for check in checks[start : start + across]
            ]
            yield "  " + "".join(cells).rstrip()

    def _variables(self, report: dict[str, Any]) -> Iterator[str]:
        if report["advice"]:
            yield self._title("advice")
            for advice in report["advice"]:
                wrong = _UNSENT in advice or any(advice.startswith(name) for name in report["unknown_variables"])
                yield f"  {self._mark(ok=False) if wrong else self.paint('!', 'warn')} {escape(advice)}"
        yield self._title("variables")
        column = max(map(len, VARIABLES))
        for name, row in VARIABLES.items():
            style = "key" if os.environ.get(name, "").strip() else "quiet"
            meaning = self.paint(f"{row.meaning}: {row.values}".replace("`", ""), "quiet")
            yield f"  {self.paint(f'{name:<{column}}', style)}  {meaning}"

    def _log(self, log: dict[str, Any]) -> Iterator[str]:
        """Two short tables: by kind, by logger."""
        total = sum(log["redacted"].values())
        yield self._title(f"redacted in the log: {total:,} in {log['lines']:,} lines")
        for title, counts in (("by kind", log["redacted"]), ("by logger", log["redacted_by_logger"])):
            if counts:
                yield f"  {self.paint(title, 'quiet')}"
            for name, count in counts.items():
                yield f"  {count:>9,}  {self.paint(escape(name), 'value')}"
        for problem in log["problems"]:
            yield f"  {self._mark(ok=False)} {escape(problem)}"

    def _title(self, text: str) -> str:
        return "\n" + self.paint(text, "message")

    def _mark(self, *, ok: bool) -> str:
        return self.paint(self.good, "good") if ok else self.paint(self.bad, "bad")
