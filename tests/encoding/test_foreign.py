"""Foreign schemas: each line has the fields that the schema's owner publishes, and nothing of the record is lost.

The fields are those of the pages named beside them, as of 2026.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any

import pytest

import discreet

Write = Callable[..., dict[str, Any]]

# elastic/ecs-logging, spec/spec.json and spec/README.md: order of the first keys; ECS reference 8.11, "Fields": the ones
# that we fill, with their types (keyword and text: str; long: int).
ECS = {
    "@timestamp": str, "log.level": str, "message": str, "ecs.version": str,
    "log.logger": str, "log.origin.file.name": str, "log.origin.file.line": int, "log.origin.function": str,
    "event.dataset": str, "event.severity": int, "event.duration": int, "event.outcome": str,
    "service.name": str, "service.version": str, "service.environment": str, "host.hostname": str,
    "process.pid": int, "process.thread.name": str, "trace.id": str, "span.id": str,
    "http.request.id": str, "http.request.method": str, "http.response.status_code": int, "url.path": str,
    "client.address": str, "error.type": str, "error.message": str, "error.stack_trace": str,
}  # fmt: skip
# Cloud Logging, "Structured logging": special fields in the payload; LogEntry: LogSeverity, LogEntrySourceLocation,
# HttpRequest. Error Reporting, "Format errors in logs".
GCP = {
    "severity", "message", "time", "httpRequest", "@type", "stack_trace", "serviceContext",
    "logging.googleapis.com/trace", "logging.googleapis.com/spanId", "logging.googleapis.com/trace_sampled",
    "logging.googleapis.com/sourceLocation", "logging.googleapis.com/labels",
}  # fmt: skip
GCP_SEVERITIES = {"DEFAULT", "DEBUG", "INFO", "NOTICE", "WARNING", "ERROR", "CRITICAL", "ALERT", "EMERGENCY"}
GCP_HTTP = {"requestMethod", "requestUrl", "status", "remoteIp", "latency"}
# Datadog, "Default Standard Attributes": reserved, source code and HTTP; "Status remapper": the statuses.
DATADOG = {
    "timestamp": str, "status": str, "message": str, "ddsource": str, "service": str, "dd.trace_id": str,
    "dd.span_id": str, "dd.service": str, "dd.env": str, "dd.version": str, "logger.name": str,
    "logger.thread_name": str, "error.kind": str, "error.message": str, "error.stack": str, "http.request_id": str,
    "http.method": str, "http.status_code": int, "http.url_details.path": str, "duration": int,
    "otel.trace_id": str, "otel.span_id": str, "otel.severity_number": int,
}  # fmt: skip
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


def flat(content: dict[str, Any], wanted: Iterable[str], before: str = "") -> dict[str, Any]:
    """The leaves that have one of the wanted names, by their dotted name; and all others under their topmost key."""
    leaves: dict[str, Any] = {}
    for key, value in content.items():
        name = f"{before}{key}"
        if name not in wanted and isinstance(value, dict) and any(other.startswith(f"{name}.") for other in wanted):
            leaves.update(flat(value, wanted, f"{name}."))
        else:
            leaves[name] = value
    return leaves


REQUEST = {
    "http.request.method": "GET", "url.path": "/pay", "http.response.status_code": 503, "client.address": "10.0.0.9",
    "span": "GET /pay", "span_kind": "server", "duration_ms": 12.5, "status": "error",
}  # fmt: skip


def test_ecs_has_the_fields_of_the_elastic_common_schema(write: Write) -> None:
    record = write("ecs", **REQUEST)
    assert list(record)[:4] == ["@timestamp", "log.level", "message", "ecs.version"]
    leaves = flat(record, ECS)
    discreet_only = leaves.pop("discreet")
    assert {key: type(value) for key, value in leaves.items()} == ECS
    assert leaves["log.level"] == "error"
    assert (leaves["event.duration"], leaves["event.outcome"]) == (12_500_000, "failure")
    assert leaves["service.environment"] == "staging"
    assert leaves["error.type"] == "LookupError"
    assert leaves["error.stack_trace"].startswith("Traceback")
    assert leaves["log.origin.file.name"].endswith("test_foreign.py")
    assert leaves["http.request.id"] == "r-1"
    assert discreet_only["fields"] == {"tenant": "acme", "order_id": 42, **REQUEST}


def test_ecs_takes_only_what_its_mapping_takes(write: Write) -> None:
    wrong = {
        "http.request.method": "GET",
        "url.path": {"a": 1},
        "http.response.status_code": "x",
        "duration_ms": "long",
    }
    record = write("ecs", 20, **wrong)
    assert set(record).isdisjoint({"url", "client"})
    assert record["http"] == {"request": {"id": "r-1", "method": "GET"}}
    assert record["discreet"]["fields"] == {"tenant": "acme", "order_id": 42, **wrong}


def test_ecs_reports_a_stack_without_an_exception_as_no_error(write: Write) -> None:
    assert "error" not in write("ecs", 20)


def test_gcp_has_the_special_fields_of_cloud_logging(write: Write) -> None:
    record = write("gcp", **REQUEST)
    assert set(record) >= GCP
    assert record["severity"] == "ERROR"
    assert record["logging.googleapis.com/trace"].startswith("projects/shop-prod/traces/")
    assert len(record["logging.googleapis.com/spanId"]) == 16
    assert record["logging.googleapis.com/trace_sampled"] is True
    assert {type(value) for value in record["logging.googleapis.com/sourceLocation"].values()} == {str}
    assert {type(value) for value in record["logging.googleapis.com/labels"].values()} == {str}
    assert record["logging.googleapis.com/labels"]["logger"] == "shop.api"
    assert record["serviceContext"] == {"service": "shop", "version": "1.2"}
    assert record["@type"].endswith("ReportedErrorEvent")
    assert record["stack_trace"].startswith("Traceback (most recent call last):\n")
    assert record["time"].endswith("Z")
    assert record["httpRequest"].keys() == GCP_HTTP
    assert (record["httpRequest"]["status"], record["httpRequest"]["latency"]) == (503, "0.012500000s")


def test_gcp_has_a_severity_between_info_and_warning(write: Write) -> None:
    assert [write("gcp", level)["severity"] for level in (5, 20, 24, 25, 29, 30, 50, 90)] == [
        "DEBUG", "INFO", "INFO", "NOTICE", "NOTICE", "WARNING", "CRITICAL", "CRITICAL",
    ]  # fmt: skip


def test_gcp_without_a_project_still_tells_the_trace(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GOOGLE_CLOUD_PROJECT")
    record = write("gcp", 20)
    assert len(record["logging.googleapis.com/trace"]) == 32
    assert "@type" not in record
    assert "httpRequest" not in record


def test_datadog_has_its_reserved_and_standard_attributes(write: Write) -> None:
    leaves = flat(write("datadog", **REQUEST), DATADOG)
    assert {key: type(leaves[key]) for key in DATADOG} == DATADOG
    assert (leaves["status"], leaves["ddsource"]) == ("error", "python")
    assert leaves["dd.trace_id"] == str(int(leaves["otel.trace_id"][16:], 16))
    assert leaves["dd.span_id"] == str(int(leaves["otel.span_id"], 16))
    assert (leaves["dd.service"], leaves["dd.env"], leaves["dd.version"]) == ("shop", "staging", "1.2")
    assert leaves["duration"] == 12_500_000
    assert leaves["field.status"] == "error"


@pytest.mark.parametrize("key", ["host", "hostname"])
def test_datadogs_agent_says_which_host_it_is(write: Write, key: str) -> None:
    record = write("datadog", **{key: "mine"})
    assert key not in record
    assert record[f"field.{key}" if key == "hostname" else "field.host"] == "mine"


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


def test_an_encoder_leaves_the_record_as_it_is(memory_sink: Any) -> None:
    sinks = [memory_sink(format="azure"), memory_sink(format="json")]
    discreet.configure(sinks=sinks, service="shop", take_over=False)
    discreet.get_logger("shop").info("hello", level=3)
    assert sinks[0].last["field.level"] == sinks[1].last["level"] == 3


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
