"""The queries of docs/azure.md, read by the official KQL parser with the tables they are about."""

from __future__ import annotations

import json
import os
import re
import shutil
from pathlib import Path

import pytest

from ..waiting import run

ROOT = Path(__file__).parents[2]
QUERIES = re.findall(r"^```kusto\n(.*?)^```", (ROOT / "docs" / "azure.md").read_text("utf-8"), re.DOTALL | re.MULTILINE)
PACKAGE = "@kusto/language-service-next"
HOMES = [str(ROOT / ".tools" / "kusto" / "node_modules"), *os.environ.get("NODE_PATH", "").split(os.pathsep)]

_COMMON = (
    "TimeGenerated: datetime, OperationId: string, ParentId: string, OperationName: string, AppRoleName: string, "
    "AppRoleInstance: string, AppVersion: string, Properties: dynamic, Measurements: dynamic, UserId: string, Type: string"
)
TABLES = {
    "AppTraces": f"({_COMMON}, Message: string, SeverityLevel: int)",
    "AppExceptions": f"({_COMMON}, ProblemId: string, ExceptionType: string, OuterMessage: string, OuterType: string, "
    "InnermostMessage: string, InnermostType: string, Details: dynamic, SeverityLevel: int)",
    "AppEvents": f"({_COMMON}, Name: string)",
    "ContainerAppConsoleLogs": "(TimeGenerated: datetime, ContainerAppName: string, RevisionName: string, Log: string, "
    "Stream: string)",
    "ContainerLogV2": "(TimeGenerated: datetime, PodNamespace: string, PodName: string, LogMessage: dynamic, "
    "LogLevel: string, LogSource: string)",
    "Discreet_CL": "(TimeGenerated: datetime, severity: string, severity_number: int, message: string, logger: string, "
    "service: string, trace_id: string, fields: dynamic, exception: dynamic, resource: dynamic)",
}


def problems(queries: list[str]) -> list[list[str]]:
    node = shutil.which("node")
    if node is None:
        pytest.skip("Node.js is not here to run the official KQL parser")
    home = next((home for home in HOMES if home and (Path(home) / PACKAGE).is_dir()), None)
    if home is None:
        pytest.skip("the official KQL parser is not here: run `make kusto`, which needs npm and its registry")
    done = run(
        [node, str(Path(__file__).parent / "kusto" / "parse.js")],
        input=json.dumps({"tables": TABLES, "queries": queries}).encode(),
        env={**os.environ, "NODE_PATH": home},
    )
    assert done.returncode == 0, done.stderr
    found: list[list[str]] = json.loads(done.stdout)
    return found


def test_every_query_of_the_docs_is_one():
    assert len(QUERIES) >= 10
    found = dict(zip(QUERIES, problems(QUERIES), strict=True))
    assert {query: wrong for query, wrong in found.items() if wrong} == {}


def test_the_parser_would_tell():
    wrong = [
        "AppTraces | wher x == 1",
        "AppTraces | where Severity > 1",
        "Traces | take 1",
        "AppTraces | extend a = nofn(1)",
    ]
    assert all(problems(wrong))
