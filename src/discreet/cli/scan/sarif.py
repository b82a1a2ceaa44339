"""`discreet scan --sarif`: SARIF 2.1.0 (OASIS), which code hosts show beside the lines."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any
from urllib.parse import quote

from discreet import __version__

if TYPE_CHECKING:
    from discreet.cli.scan.report import Located, Totals

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_HELP = "Replace the secret at its issuer and remove it here. If it is none, write discreet:allow in its line."
_WORD_OF_A_LETTER = re.compile(r"\b[a-z]")


class Sarif:
    """One run. Results are written as they come; the rules, which are the kinds, follow them."""

    def __init__(self, out: IO[str]) -> None:
        self._out = out
        self._between = "\n"
        self._rules: dict[str, int] = {}
        out.write(f'{{"$schema": {json.dumps(_SCHEMA)}, "version": "2.1.0", "runs": [{{\n"results": [')

    def found(self, located: Located) -> None:
        """One result."""
        finding = located.finding
        result = {
            "ruleId": finding.kind,
            "ruleIndex": self._rules.setdefault(finding.kind, len(self._rules)),
            "level": "error",
            "message": {"text": f"A secret ({finding.kind}) stands here. Its value is not shown."},
            "locations": [
                {
                    "physicalLocation": {
                        "artifactLocation": _artifact(located.file),
                        "region": {
                            "startLine": finding.line,
                            "startColumn": finding.column,
                            "endLine": finding.end_line,
                            "endColumn": finding.end_column,
                        },
                    }
                }
            ],
            # GitHub goes by a hash of the line, which the action that uploads adds; it would be one of the secret.
            "partialFingerprints": {"discreetFinding/v1": located.fingerprint},
        }
        self._out.write(f"{self._between}{json.dumps(result)}")
        self._between = ",\n"

    def end(self, totals: Totals) -> None:
        """The tool with its rules, and what was not judged."""
        notes = [{"level": "error", "message": {"text": _unicode(str(error))}} for error in totals.failed]
        notes += [
            {"level": "note", "message": {"text": _unicode(f"not judged: {skipped.reason}: {skipped.file}")}}
            for skipped in totals.skipped
        ]
        rest: dict[str, Any] = {
            "tool": {
                "driver": {
                    "name": "discreet",
                    "semanticVersion": __version__,
                    "rules": [_rule(kind) for kind in self._rules],
                }
            },
            "invocations": [{"executionSuccessful": not totals.failed, "toolExecutionNotifications": notes}],
            "originalUriBaseIds": {"SRCROOT": {"uri": Path.cwd().as_uri() + "/"}},
            "columnKind": "unicodeCodePoints",
        }
        self._out.write(f"\n],\n{json.dumps(rest)[1:]}]}}\n")


def _rule(kind: str) -> dict[str, Any]:
    name = _WORD_OF_A_LETTER.sub(lambda letter: letter.group().upper(), kind).replace("-", "")
    words = kind.replace("-", " ")
    return {
        "id": kind,
        "name": name,
        "shortDescription": {"text": f"Secret in clear: {words}"},
        "fullDescription": {"text": f"The text holds what looks like a secret of the kind {words}."},
        "help": {"text": _HELP},
        "defaultConfiguration": {"level": "error"},
        "properties": {"tags": ["security", "secret"], "precision": "high", "security-severity": "8.0"},
    }


def _unicode(text: str) -> str:
    """A name that is no UTF-8 has half characters here, which strict readers of JSON refuse."""
    return text.encode("utf-8", "backslashreplace").decode()


def _artifact(file: str) -> dict[str, str]:
    """Relative to where the command ran if it lies there, so that a code host finds the file in its checkout."""
    if file == "<stdin>":
        return {"uri": "stdin"}
    path = os.path.normpath(file)
    if os.path.isabs(path):
        inside = os.path.relpath(path) if os.path.splitdrive(path)[0] == os.path.splitdrive(os.getcwd())[0] else ".."
        if inside.startswith(".."):
            return {"uri": Path(path).as_uri()}
        path = inside
    return {"uri": quote(path.replace(os.sep, "/"), safe="/", errors="surrogateescape"), "uriBaseId": "SRCROOT"}
