"""What is imported when: the core and the file format need nothing of OpenTelemetry's, and a missing extra is named."""

from __future__ import annotations

import subprocess
import sys

import pytest

import discreet
from discreet._redaction.redactor import Redactor
from discreet.otel.resource import file_encoder

from .receiver import attributes_of, from_json
from .test_record import plain


def run(program: str) -> str:
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


FOREIGN = "print([n for n in ('google.protobuf', 'opentelemetry', 'urllib3', 'grpc') if n in sys.modules])"


@pytest.mark.parametrize(
    "imported", ["discreet", "discreet.otel", "discreet.otel.resource", "discreet._encoding.schemas.otel"]
)
def test_nothing_foreign_is_imported_before_it_is_used(imported):
    assert run(f"import sys, {imported}; {FOREIGN}") == "[]"


@pytest.mark.parametrize(
    ("missing", "protocol", "extra"),
    [
        ("opentelemetry", "http/protobuf", "discreet[otel]"),
        ("google.protobuf", "http/json", "discreet[otel]"),
        ("urllib3", "http/protobuf", "discreet[otel]"),
        ("grpc", "grpc", "discreet[otel-grpc]"),
    ],
)
def test_a_missing_extra_is_named(missing, protocol, extra):
    told = run(
        f"import sys; sys.modules[{missing!r}] = None\n"
        f"from discreet.otel import OTLP\n"
        f"try: OTLP(protocol={protocol!r}, environ={{}})\n"
        f"except ModuleNotFoundError as error: print(error)"
    )
    assert extra in told


def test_the_file_formats_encoder_knows_the_resource_and_the_limits(monkeypatch):
    monkeypatch.setenv("OTEL_RESOURCE_ATTRIBUTES", "team=blue")
    monkeypatch.setenv("OTEL_ATTRIBUTE_COUNT_LIMIT", "1")
    discreet.configure(sinks=[], service="shop", take_over=False)
    line = file_encoder(Redactor())(plain(fields={"a": 1, "b": 2}))
    [resource] = from_json(line).resource_logs
    assert attributes_of(resource.resource)["team"] == "blue"
    [record] = resource.scope_logs[0].log_records
    assert record.dropped_attributes_count == 1
