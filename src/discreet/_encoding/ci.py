"""Step 4, encode: the console format in continuous integration, where a line of output can be a command.

Warnings and errors become the CI's annotations. Text from data must not become a command: an application under test
logs input of others, and a runner executes `::add-mask::` or `##vso[task.setvariable ...]` wherever it reads them.

GitHub Actions   `::error file=,line=,title=::text`; a command begins a line (after white space) with `::`, or
                 stands anywhere as `##[name]`. The runner prints the text as a highlighted line.
Azure Pipelines  `##vso[task.logissue type=error;sourcepath=;linenumber=;]text`, anywhere in a line; `##[name]`
                 formats. The agent prints the text as a highlighted line.
GitLab CI        no annotations; `section_start:` and `section_end:` fold what is between them.

So an annotation is the command followed by the record's console line; the traceback follows as ordinary lines.
"""

from __future__ import annotations

import itertools
import os
from typing import TYPE_CHECKING

from discreet._base.escape import escape_for_ci
from discreet._base.levels import ERROR, WARNING, severity_name
from discreet._encoding.console.line import WIDE, ConsoleEncoder, trace_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Literal, TypeAlias

    from discreet._record import Record, Redacted

    Ci: TypeAlias = Literal["github", "azure", "gitlab", "other"]


_GITHUB = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A"})
_GITHUB_PROPERTY = {**_GITHUB, ord(":"): "%3A", ord(","): "%2C"}
_AZURE = {**_GITHUB, ord("%"): "%AZP25"}
_AZURE_PROPERTY = {**_AZURE, ord("]"): "%5D", ord(";"): "%3B"}


class CiEncoder(ConsoleEncoder):
    """The console format for one CI; it never wraps.

    `workspace` is the folder of the checkout: annotations name files relative to it, and only files in it.
    """

    splits_lines = False  # a line of data could be a command

    def __init__(
        self,
        ci: Ci,
        *,
        color: bool = False,
        colors: int = 16,
        services: bool = False,
        workspace: str | None = None,
    ) -> None:
        super().__init__(color=color, colors=colors, services=services)
        self._ci = ci
        self._workspace = workspace
        self._clean = escape_for_ci
        self._sections = itertools.count(1)

    def __call__(self, record: Redacted, prefix: str = "") -> bytes:
        """The record's annotation or line, and its traceback's lines."""
        if self._ci in ("github", "azure") and record.level >= WARNING:
            layout = self.layout()
            layout.put(self._annotation(record))
            layout.end_line()
            self._traceback(record, layout)
            return layout.text().encode("utf-8", "backslashreplace")
        block = super().__call__(record, prefix)
        if self._ci == "gitlab" and block.count(b"\n") > 1:
            return self._section(record, block)
        return block

    def _annotation(self, record: Record) -> str:
        """One line: the command, and the console line without columns and colours (annotations show neither)."""
        kind = "error" if record.level >= ERROR else "warning"
        fields = ["".join(text for text, _ in chunk) for chunk in self._chunks(record, WIDE)]
        parts = [
            self._time(record.time_ns),
            severity_name(record.level),
            self._clean(record.identity.service or "") if self.services else "",
            self._clean(record.logger),
            self._clean(record.message),
            *fields,
            self._clean(trace_of(record)),
        ]
        text = " ".join(part for part in parts if part)
        file, line = self._place(record)
        if self._ci == "github":
            return github_command(kind, text, {"file": file, "line": line, "title": self._clean(record.logger)})
        return azure_command(kind, text, {"sourcepath": file, "linenumber": line})

    def _place(self, record: Record) -> tuple[str, str]:
        """File and line to annotate: the call's, else where the exception was raised; empty if outside the checkout."""
        if record.source is not None:
            return self._in_checkout(record.source.file, record.source.line)
        frames = record.exception.get("frames") if isinstance(record.exception, dict) else None
        for frame in reversed(frames if isinstance(frames, list) else []):
            if isinstance(frame, dict):
                file, line = self._in_checkout(str(frame.get("file") or ""), frame.get("line"))
                if file:
                    return file, line
        return "", ""

    def _in_checkout(self, file: str, line: object) -> tuple[str, str]:
        path = file
        if self._workspace and os.path.isabs(file):
            path = os.path.relpath(file, self._workspace).replace(os.sep, "/")
            if path.startswith("../"):
                return "", ""
        return (self._clean(path), str(line)) if path and isinstance(line, int) and line > 0 else ("", "")

    def _section(self, record: Record, block: bytes) -> bytes:
        """A foldable section whose header is the record's line; open for errors, closed for the rest.

        Its markers: docs.gitlab.com, "Create custom collapsible sections".
        """
        seconds = max(0, record.time_ns // 1_000_000_000)
        name = f"discreet_{os.getpid()}_{next(self._sections)}"
        folded = "" if record.level >= ERROR else "[collapsed=true]"
        start = f"\x1b[0Ksection_start:{seconds}:{name}{folded}\r\x1b[0K"
        end = f"\x1b[0Ksection_end:{seconds}:{name}\r\x1b[0K\n"
        return start.encode() + block + end.encode()


def github_command(kind: str, text: str, properties: Mapping[str, str]) -> str:
    """A workflow command, escaped as GitHub's toolkit escapes (`@actions/core`, command.ts)."""
    listed = ",".join(f"{key}={value.translate(_GITHUB_PROPERTY)}" for key, value in properties.items() if value)
    return f"::{kind}{' ' if listed else ''}{listed}::{text.translate(_GITHUB)}"


def azure_command(kind: str, text: str, properties: Mapping[str, str]) -> str:
    """A `task.logissue` command, escaped as the Azure Pipelines agent unescapes (logging commands, "Formatting")."""
    listed = "".join(f"{key}={value.translate(_AZURE_PROPERTY)};" for key, value in properties.items() if value)
    return f"##vso[task.logissue type={kind};{listed}]{text.translate(_AZURE)}"
