"""`discreet doctor`: the settings and who decided each, the hooks, the sinks, and whether redaction works here."""

from __future__ import annotations

import json
import os
import platform
import re
from collections import Counter
from itertools import chain
from typing import TYPE_CHECKING, Any, cast

from discreet._base.diagnostics import counted
from discreet._base.engine import ENGINE
from discreet._base.escape import display_width, escape
from discreet._base.version import __version__
from discreet._config.configure import install
from discreet._config.settings import VARIABLES, resolve, unknown_variables
from discreet._config.status import describe
from discreet._delivery.file.sink import File
from discreet._pipeline import pipeline_in_force
from discreet.cli.doctor import checks
from discreet.cli.inputs import inputs
from discreet.cli.options import add_color, add_repeatable
from discreet.cli.terminal import Page
from discreet.errors import ConfigurationError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Sequence

    from discreet.cli.doctor.checks import Check, Pending

_UNSENT = " is set, but nothing is sent there: "  # a sink that was asked for, and lacks its extra
_MARKER = re.compile(rb"\[REDACTED:([^\s:\[\]\"\\]{1,64})[\]:]")
_NO_LOGGER = "(none)"

DESCRIPTION = """\
Show the settings that a service would have if it started here, and who decided each; which hooks discreet has in
place; whether its sinks can be written to; and whether a secret of every kind is redacted. A collector or Azure, if
one is set up, receives one record as a test. Exits with 1 if something is wrong.
"""
EPILOG = """\
examples:
  discreet doctor
  discreet doctor --offline --json              for programs, without a test record
  discreet doctor --log app.log                 what was redacted in this log, by kind and by logger
"""


def add_options(parser: argparse.ArgumentParser) -> None:
    """What to check, and how to show it."""
    parser.add_argument("--json", action="store_true", help="print the report as JSON")
    add_repeatable(
        parser,
        "--log",
        metavar="FILE",
        help="count what was redacted in this log, which gzip or zstd may have compressed; - is standard input",
    )
    parser.add_argument("--offline", action="store_true", help="send nothing to remote sinks")
    add_color(parser)


def run(arguments: argparse.Namespace) -> int:
    """Examine, print, and return 1 if anything is wrong."""
    report = examine(offline=arguments.offline)
    if arguments.log:
        report["log"] = _count_markers(arguments.log)
        report["ok"] = report["ok"] and not report["log"]["problems"]
    print(json.dumps(report, indent=2) if arguments.json else "\n".join(_Page(arguments.color).lines(report)))
    return 0 if report["ok"] else 1


def examine(*, offline: bool = False) -> dict[str, Any]:
    """Configure this process as a service here would be, and look at the result."""
    report: dict[str, Any] = {
        "ok": False,
        "discreet": __version__,
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "engine": ENGINE,
    }
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")  # gRPC would log errors on stderr that the report explains better
    try:
        settings = resolve()
        with checks.leaving_no_files(settings.sinks):
            # Advice belongs in the report, not in a record. Only the service itself delivers what is pending on disk.
            # Taking over is tried also where a setting switches it off.
            # Rotation and retention would remove and compress old files as soon as a file sink is opened.
            sinks = tuple(
                File(sink.path, format=sink.format, level=sink.level) if isinstance(sink, File) else sink
                for sink in settings.sinks
            )
            install(settings.replace(sinks=sinks, advice=(), delivery="direct", spool=False, take_over=True))
            pipeline = pipeline_in_force()
            assert pipeline is not None
            pipeline.outputs = ()  # libraries log during the tests: print and send none of it
            found = checks.sinks(settings, pipeline, offline=offline)
    except ConfigurationError as error:
        return {**report, "problem": str(error)}
    place = settings.place
    report["settings"] = describe(settings)
    report["place"] = {"profile": place.profile, "ci": place.ci, "cloud": place.cloud, "notebook": place.notebook}
    report["hooks"] = _as_data(checks.hooks())
    report["sinks"] = _as_data(found)
    report["delivery"] = _as_data(checks.delivery(settings))
    report["pending"] = _as_data(checks.pending(settings))
    report["redaction"] = _as_data(checks.redaction(pipeline.redactor))
    report["advice"] = list(settings.advice)
    report["unknown_variables"] = unknown = unknown_variables(os.environ)
    unsent = [advice for advice in settings.advice if _UNSENT in advice]
    made = [check for part in ("hooks", "sinks", "delivery", "redaction") for check in report[part]]
    report["ok"] = not unknown and not unsent and all(check["ok"] for check in made)
    return report


def _as_data(found: Sequence[Check | Pending]) -> list[dict[str, Any]]:
    return [each._asdict() for each in found]


def _count_markers(names: Sequence[str]) -> dict[str, Any]:
    """Count the markers in these files, most frequent first, in the words of `discreet.health()`.

    The files may be compressed; `-` is standard input. What a strategy replaced without a marker is not counted.
    """
    lines = 0
    by_kind: Counter[str] = Counter()
    by_logger: Counter[str] = Counter()
    with inputs(names) as (opened, problems):
        for chunk in chain.from_iterable(each.chunks(len) for each in opened):
            for line in chunk.removesuffix(b"\n").split(b"\n"):
                lines += 1
                kinds = _MARKER.findall(line)
                if kinds:
                    by_kind.update(kind.decode("utf-8", "backslashreplace") for kind in kinds)
                    by_logger[_logger(line)] += len(kinds)
    return {
        "lines": lines,
        "redacted": dict(by_kind.most_common()),
        "redacted_by_logger": dict(by_logger.most_common()),
        "problems": [str(problem) for problem in problems],
    }


def _logger(line: bytes) -> str:
    """The logger in a line of JSON, behind whatever a container engine put before it."""
    try:
        record = json.loads(line[max(0, line.find(b"{")) :])
    except (ValueError, RecursionError):
        return _NO_LOGGER
    logger = cast("dict[str, object]", record).get("logger") if isinstance(record, dict) else None
    return logger if isinstance(logger, str) and logger else _NO_LOGGER


class _Page(Page):
    """The report for people."""

    def lines(self, report: dict[str, Any]) -> Iterator[str]:
        """Every line, from the version to the verdict."""
        name = self.paint(f"discreet {report['discreet']}", "message")
        yield f"{name} {self.dot} {report['python']} {self.dot} {report['engine']} engine"
        if "problem" in report:
            yield ""
            yield f"{self.mark(ok=False)} {self.paint(escape(report['problem']), 'bad')}"
            return
        yield from self._settings(report["settings"])
        yield from self._checks("sinks", report["sinks"])
        yield from self._checks("delivery", report["delivery"])
        if report["pending"]:  # this is not wrong: their process may be about to deliver them
            yield self.title("waits on disk")
        for place in report["pending"]:
            yield f"  {self.paint('!', 'warn')} {counted(place['records'], 'record')} in {escape(place['where'])}"
            yield from self.wrapped("delivered by " + place["remedy"], "quiet")
        yield from self._checks("hooks", report["hooks"])
        yield from self._redaction(report["redaction"])
        yield from self._variables(report)
        if "log" in report:
            yield from self._log(report["log"])
        yield ""
        verdict = "all is well" if report["ok"] else self.paint("something is wrong: see above", "bad")
        yield f"{self.mark(ok=report['ok'])} {verdict}"

    def _settings(self, settings: dict[str, dict[str, Any]]) -> Iterator[str]:
        yield self.title("settings")
        shown = {
            name: "not set" if entry["value"] is None else escape(str(entry["value"]))
            for name, entry in settings.items()
        }
        column = min(36, max(map(display_width, shown.values())))
        for name, value in shown.items():
            pad = " " * (column - display_width(value))
            why = "" if value == "not set" else escape(settings[name]["why"])
            yield f"  {self.paint(f'{name:<13}', 'key')} {value}{pad}  {self.paint(why, 'quiet')}".rstrip()

    def _checks(self, title: str, found: list[dict[str, Any]]) -> Iterator[str]:
        """One line for each check; a problem with its remedy takes lines of its own."""
        yield self.title(title)
        column = max((len(escape(check["name"])) for check in found if not check["remedy"]), default=0)
        for check in found:
            name, mark = escape(check["name"]), self.mark(ok=check["ok"])
            if check["remedy"]:
                yield f"  {mark} {name}"
                yield from self.wrapped(check["note"], "bad")
                yield from self.wrapped(check["remedy"], "message")
            else:
                note = self.paint(escape(check["note"]), "quiet" if check["ok"] else "bad")
                yield f"  {mark} {name:<{column}}  {note}"

    def _redaction(self, kinds: list[dict[str, Any]]) -> Iterator[str]:
        """How many kinds were masked, and their names: first those that were not."""
        yield self.title("redaction (a made-up secret of every kind was redacted, then searched for)")
        for by_name, how in ((False, "by their form"), (True, "by the name of their field")):
            group = [kind for kind in kinds if kind["name"].startswith("key: ") == by_name]
            missed = [kind["name"].removeprefix("key: ") for kind in group if not kind["ok"]]
            masked = [kind["name"].removeprefix("key: ") for kind in group if kind["ok"]]
            yield f"  {self.mark(ok=not missed)} {len(masked)} of {len(group)} kinds that are recognised {how}"
            if missed:
                yield from self.wrapped("not masked: " + ", ".join(missed), "bad")
            yield from self.wrapped(", ".join(masked), "quiet")

    def _variables(self, report: dict[str, Any]) -> Iterator[str]:
        if report["advice"]:
            yield self.title("advice")
            for advice in report["advice"]:
                wrong = _UNSENT in advice or any(advice.startswith(name) for name in report["unknown_variables"])
                yield f"  {self.mark(ok=False) if wrong else self.paint('!', 'warn')} {escape(advice)}"
        yield self.title("variables")
        column = max(map(len, VARIABLES))
        for name, row in VARIABLES.items():
            style = "key" if os.environ.get(name, "").strip() else "quiet"
            meaning = self.paint(f"{row.meaning}: {row.values}".replace("`", ""), "quiet")
            yield f"  {self.paint(f'{name:<{column}}', style)}  {meaning}"

    def _log(self, log: dict[str, Any]) -> Iterator[str]:
        """Two short tables: by kind, by logger."""
        total = sum(log["redacted"].values())
        yield self.title(f"redacted in the log: {total:,} in {log['lines']:,} lines")
        for title, counts in (("by kind", log["redacted"]), ("by logger", log["redacted_by_logger"])):
            if counts:
                yield f"  {self.paint(title, 'quiet')}"
            for name, count in counts.items():
                yield f"  {count:>9,}  {self.paint(escape(name), 'value')}"
        for problem in log["problems"]:
            yield f"  {self.mark(ok=False)} {escape(problem)}"
