"""Foreign schemas: each line has the fields that the schema's owner publishes, and nothing of the record is lost.

The fields are those of the pages named beside them, as of 2026.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

import discreet

Write = Callable[..., dict[str, Any]]

# ECS reference 8.11, "Fields": the ones a logger may fill, with their types; and "Logging library specification".
ECS = {
    "@timestamp": str, "log.level": str, "message": str, "ecs.version": str, "event": dict, "log": dict, "service": dict,
    "host": dict, "process": dict, "trace": dict, "span": dict, "http": dict, "error": dict,
    "discreet": dict, "discreet_exception": dict,
}  # fmt: skip
# Cloud Logging, "Structured logging": special fields. LogEntry, "LogSeverity". Error Reporting, "Format errors in logs".
GCP_SEVERITIES = {"DEFAULT", "DEBUG", "INFO", "NOTICE", "WARNING", "ERROR", "CRITICAL", "ALERT", "EMERGENCY"}
# Datadog, "Attributes and aliasing": reserved and standard attributes; "Status remapper": the statuses.
DATADOG_STATUSES = {"emergency", "alert", "critical", "error", "warning", "notice", "info", "debug", "ok"}
# Azure Monitor, table ContainerLogV2: LogLevel.
AZURE_LEVELS = {"CRITICAL", "ERROR", "WARNING", "INFO", "DEBUG", "TRACE", "UNKNOWN"}

FORMATS = ("ecs", "gcp", "datadog", "azure")
SECRET = "correct" + "horse" + "9!"


@pytest.fixture
def write(memory_sink: Any, monkeypatch: pytest.MonkeyPatch) -> Write:
    monkeypatch.setenv("GOOGLE_CLOUD_PROJECT", "shop-prod")

    def write(name: str, number: int = 40, /, **fields: Any) -> dict[str, Any]:
        sink = memory_sink(format=name)
        discreet.configure(sinks=[sink], level=1, service="shop", version="1.2", environment="staging", take_over=False)
        with discreet.context(request_id="r-1", tenant="acme"), discreet.span("pay"):
            try:
                raise LookupError("no account")
            except LookupError as error:
                caught = {"exc_info": error} if number >= 40 else {}
                discreet.get_logger("shop.api").log(number, "failed for {order_id}", order_id=42, **caught, **fields)
        return dict(sink.records[0])

    return write


def test_ecs_has_the_fields_of_the_elastic_common_schema(write: Write) -> None:
    record = write("ecs")
    assert {key: type(value) for key, value in record.items()} == {key: ECS[key] for key in record}
    assert list(record)[:3] == ["@timestamp", "log.level", "message"]
    assert record["log.level"] == "error"
    assert record["service"] == {"name": "shop", "version": "1.2", "environment": "staging"}
    assert record["error"]["type"] == "LookupError"
    assert "Traceback" in record["error"]["stack_trace"]
    assert record["log"]["logger"] == "shop.api"
    assert record["log"]["origin"]["file"]["name"].endswith("test_foreign.py")
    assert len(record["trace"]["id"]) == 32
    assert record["http"]["request"]["id"] == "r-1"
    assert record["discreet"]["order_id"] == 42
    assert record["discreet"]["tenant"] == "acme"


def test_gcp_has_the_special_fields_of_cloud_logging(write: Write) -> None:
    record = write("gcp")
    assert record["severity"] in GCP_SEVERITIES
    assert record["logging.googleapis.com/trace"].startswith("projects/shop-prod/traces/")
    assert len(record["logging.googleapis.com/spanId"]) == 16
    assert isinstance(record["logging.googleapis.com/sourceLocation"]["line"], str)
    assert record["serviceContext"] == {"service": "shop", "version": "1.2"}
    assert record["@type"].endswith("ReportedErrorEvent")
    assert record["stack_trace"].startswith("Traceback")
    assert record["time"].endswith("Z")


def test_datadog_has_its_reserved_attributes(write: Write) -> None:
    record = write("datadog")
    assert record["status"] == "error"
    assert record["ddsource"] == "python"
    assert record["dd"]["trace_id"] == str(int(record["trace_id"][16:], 16))
    assert record["dd"]["span_id"] == str(int(record["span_id"], 16))
    assert (record["dd"]["service"], record["dd"]["env"], record["dd"]["version"]) == ("shop", "staging", "1.2")
    assert record["error"]["kind"] == "LookupError"
    assert "Traceback" in record["error"]["stack"]
    assert record["logger"]["name"] == "shop.api"


def test_azure_has_a_level_that_its_tables_know(write: Write) -> None:
    record = write("azure")
    assert next(iter(record)) == "level"
    assert record["level"] == record["severity"] == "ERROR"
    assert record["order_id"] == 42


@pytest.mark.parametrize("level", [5, 10, 20, 25, 30, 40, 45, 50, 60])
def test_every_level_has_a_severity_that_the_receiver_knows(write: Write, level: int) -> None:
    assert write("gcp", level)["severity"] in GCP_SEVERITIES
    assert write("datadog", level)["status"] in DATADOG_STATUSES
    assert write("azure", level)["level"] in AZURE_LEVELS


@pytest.mark.parametrize("name", FORMATS)
def test_nothing_of_the_record_is_lost(write: Write, name: str) -> None:
    text = json.dumps(write(name))
    for part in (
        "failed for 42",
        "failed for {order_id}",
        "shop.api",
        "r-1",
        "acme",
        "LookupError",
        "no account",
        "staging",
    ):
        assert part in text, part


@pytest.mark.parametrize("name", FORMATS)
def test_a_field_called_like_a_key_of_the_schema_stands_beside_it(write: Write, name: str) -> None:
    keys = ("message", "severity", "level", "host", "time", "timestamp", "service", "status", "error", "dd", "template")
    record = write(name, **{key: f"mine {key}" for key in keys if key != "message"})
    assert "failed for 42" in record["message"]
    text = json.dumps(record)
    for key in keys[1:]:
        assert f"mine {key}" in text, key


@pytest.mark.parametrize("name", FORMATS)
def test_a_secret_is_masked_and_no_control_character_gets_through(write: Write, name: str) -> None:
    record = write(name, password=SECRET, note="\x1b[31m##vso[task.complete]\x00\ud800")
    text = json.dumps(record)
    assert SECRET not in text
    assert "[REDACTED:password]" in text


@pytest.mark.parametrize("name", [*FORMATS, "otel"])
def test_the_environment_chooses_the_format(python: Any, name: str) -> None:
    done = python("import discreet; discreet.log.info('hello', a=1)", DISCREET_FORMAT=name, DISCREET_SERVICE="shop")
    assert len(done.records) == 1
    assert "hello" in json.dumps(done.records[0])
