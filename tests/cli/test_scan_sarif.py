"""`discreet scan --sarif`: SARIF 2.1.0 as its specification, and as GitHub's code scanning, want it."""

from __future__ import annotations

import gzip
import json
import os
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from .conftest import Cli

PASSWORD = "hunter2" + "xyz"
GITHUB = "gh" + "p_" + "aB3" * 12


def exactly(**properties: Any) -> dict[str, Any]:
    """An object with these properties, all of them and no other."""
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def array(of: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": of}


TEXT = {"type": "string", "minLength": 1}
MESSAGE = exactly(text=TEXT)
INDEX = {"type": "integer", "minimum": 0}
PLACE = {"type": "integer", "minimum": 1}
LEVEL = {"enum": ["none", "note", "warning", "error"]}
URI = {"type": "string", "minLength": 1, "pattern": r"^[A-Za-z0-9\-._~!$&'()*+,;=:@/%]+$"}
REGION = exactly(startLine=PLACE, startColumn=PLACE, endLine=PLACE, endColumn=PLACE)
ARTIFACT = exactly(uri=URI, uriBaseId={"const": "SRCROOT"}) | {"required": ["uri"]}

RESULT = exactly(
    ruleId=TEXT,
    ruleIndex=INDEX,
    level=LEVEL,
    message=MESSAGE,
    # One place: code scanning reads the first, and shows none without it.
    locations=array(exactly(physicalLocation=exactly(artifactLocation=ARTIFACT, region=REGION)))
    | {"minItems": 1, "maxItems": 1},
    partialFingerprints={"type": "object", "additionalProperties": TEXT, "minProperties": 1},
)
RULE = exactly(
    id=TEXT,
    name=TEXT | {"maxLength": 255},
    shortDescription=exactly(text=TEXT | {"maxLength": 1024}),
    fullDescription=exactly(text=TEXT | {"maxLength": 1024}),
    help=MESSAGE,
    defaultConfiguration=exactly(level=LEVEL),
    properties={"type": "object", "properties": {"tags": array(TEXT) | {"uniqueItems": True}}, "required": ["tags"]},
)
RUN = exactly(
    tool=exactly(
        driver=exactly(
            name=TEXT,
            semanticVersion={"type": "string", "pattern": r"^\d+\.\d+\.\d+"},
            rules=array(RULE) | {"uniqueItems": True},
        )
    ),
    invocations=array(
        exactly(
            executionSuccessful={"type": "boolean"},
            toolExecutionNotifications=array(exactly(level=LEVEL, message=MESSAGE)),
        )
    ),
    originalUriBaseIds=exactly(SRCROOT=exactly(uri={"type": "string", "pattern": "^file:///.*/$"})),
    columnKind={"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
    results=array(RESULT),
)
# The part of the published schema that we write. What it leaves optional is required here where code scanning needs it,
# and nothing else is allowed, as there.
LOG = exactly(version={"const": "2.1.0"}, runs=array(RUN) | {"minItems": 1}) | {
    "required": ["$schema", "version", "runs"]
}
LOG["properties"]["$schema"] = {"type": "string", "pattern": r"^https://.*/sarif-schema-2\.1\.0\.json$"}


def sarif(cli: Cli, *arguments: str, **options: Any) -> dict[str, Any]:
    """The run, after everything that holds for every log was seen to."""
    text = cli("scan", "--sarif", *arguments, **options).stdout
    assert PASSWORD not in text
    log = json.loads(text)
    json.dumps(log, ensure_ascii=False).encode("utf-8", "strict")  # no half character, which strict readers refuse
    jsonschema.validate(log, LOG, cls=jsonschema.Draft7Validator)
    (run,) = log["runs"]
    assert isinstance(run, dict)
    rules = run["tool"]["driver"]["rules"]
    assert len({rule["id"] for rule in rules}) == len(rules)
    assert all(rules[result["ruleIndex"]]["id"] == result["ruleId"] for result in run["results"])
    return run


def test_a_finding_has_its_rule_its_place_and_a_fingerprint(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(f"fine\nlogin password={PASSWORD} ok, token={GITHUB}\n")
    first, second = sarif(cli, "a.txt")["results"]
    assert (first["ruleId"], second["ruleId"]) == ("password", "github-token")
    place = first["locations"][0]["physicalLocation"]
    assert place["artifactLocation"] == {"uri": "a.txt", "uriBaseId": "SRCROOT"}
    assert place["region"] == {"startLine": 2, "startColumn": 16, "endLine": 2, "endColumn": 16 + len(PASSWORD)}
    assert first["partialFingerprints"] != second["partialFingerprints"]


def test_secrets_of_every_shape_make_a_valid_log(cli: Cli, tmp_path: Path) -> None:
    key = "-----BEGIN PRIVATE" + " KEY-----\nMII" + "EvQ9aZ" * 10 + "\n-----END PRIVATE" + " KEY-----\n"
    (tmp_path / "b.log").write_text(
        f'{{"{GITHUB}": 1, "pin": 481516, "password": ""}}\n{key}mysql -p{PASSWORD} \U0001f600\n'
    )
    run = sarif(cli, "--pattern", "customer-id=CUST-[0-9]{6}", "b.log", "-", input="CUST-123456")
    assert {"private-key", "customer-id"} <= {result["ruleId"] for result in run["results"]}
    assert run["results"][-1]["locations"][0]["physicalLocation"]["artifactLocation"] == {"uri": "stdin"}


def test_a_path_is_relative_to_where_the_command_ran_and_written_as_a_uri(cli: Cli, tmp_path: Path) -> None:
    names = ["a b#%.txt", "ü.txt", "deep/c.txt"]
    (tmp_path / "here" / "deep").mkdir(parents=True)
    for name in names:
        (tmp_path / "here" / name).write_text(f"password={PASSWORD}\n")
    (tmp_path / "outside.txt").write_text(f"password={PASSWORD}\n")
    run = sarif(cli, str(tmp_path / "here"), str(tmp_path / "outside.txt"), cwd=tmp_path / "here")
    found = [result["locations"][0]["physicalLocation"]["artifactLocation"] for result in run["results"]]
    uris = ["a%20b%23%25.txt", "%C3%BC.txt", "deep/c.txt"]
    assert found == [{"uri": uri, "uriBaseId": "SRCROOT"} for uri in uris] + [
        {"uri": (tmp_path / "outside.txt").as_uri()}
    ]


def test_what_was_not_scanned_is_named(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "cut.gz").write_bytes(gzip.compress(os.urandom(5000).hex().encode())[:-20])
    (tmp_path / "picture.png").write_bytes(b"\x89PNG\0")
    (invocation,) = sarif(cli, ".")["invocations"]
    assert invocation["executionSuccessful"] is False
    assert {note["level"] for note in invocation["toolExecutionNotifications"]} == {"error", "note"}


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere names are Unicode")
def test_a_name_that_is_no_utf8_makes_a_valid_log(cli: Cli, tmp_path: Path) -> None:
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff.txt")).write_text(f"password={PASSWORD}\n")
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff.png")).write_bytes(b"\0")
    (result,) = sarif(cli, ".")["results"]
    assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "%FF.txt"


def test_of_nothing_is_a_run_without_results(cli: Cli, tmp_path: Path) -> None:
    run = sarif(cli, ".")
    assert (run["results"], run["tool"]["driver"]["rules"]) == ([], [])
    assert run["invocations"][0]["executionSuccessful"] is True
