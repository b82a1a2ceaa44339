"""ExportSink sinks that the environment asks for."""

import os
import subprocess
import sys

import pytest

from discreet._config.sinks import receivers_from
from discreet.azure import ApplicationInsights
from discreet.otel import OTLP


def test_nothing_is_sent_anywhere_unless_a_variable_asks_for_it():
    assert receivers_from({}) == ([], [])


@pytest.mark.parametrize(
    "environ",
    [
        {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9"},
        {"OTEL_EXPORTER_OTLP_LOGS_ENDPOINT": "http://127.0.0.1:9/v1/logs"},
        {"OTEL_LOGS_EXPORTER": "otlp"},
    ],
)
def test_an_otlp_variable_asks_for_the_otlp_sink(environ):
    sinks, advice = receivers_from(environ)
    assert [isinstance(sink, OTLP) for sink in sinks] == [True]
    assert advice == []


@pytest.mark.parametrize("off", [{"OTEL_LOGS_EXPORTER": "none"}, {"OTEL_SDK_DISABLED": "true"}])
def test_opentelemetrys_own_switches_turn_the_otlp_sink_off(off):
    assert receivers_from({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9", **off}) == ([], [])


def test_a_connection_string_alone_asks_for_application_insights():
    key = "-".join(["0" * 8, "0" * 4, "0" * 4, "0" * 4, "0" * 12])
    sinks, _ = receivers_from({"APPLICATIONINSIGHTS_CONNECTION_STRING": f"InstrumentationKey={key}"})
    assert [isinstance(sink, ApplicationInsights) for sink in sinks] == [True]


def test_a_missing_package_is_advice_that_says_what_to_install(monkeypatch):
    for name in [name for name in sys.modules if name.startswith("discreet.otel")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "opentelemetry.proto.logs.v1.logs_pb2", None)
    monkeypatch.setitem(sys.modules, "opentelemetry.proto", None)
    sinks, advice = receivers_from({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9"})
    assert sinks == []
    assert len(advice) == 1
    assert 'pip install "discreet[otel]"' in advice[0]


def test_a_wrong_connection_string_costs_no_log_call():
    program = "import discreet; discreet.get_logger('shop').info('hello')"
    environ = {**os.environ, "APPLICATIONINSIGHTS_CONNECTION_STRING": "nonsense", "DISCREET_FORMAT": "json"}
    done = subprocess.run([sys.executable, "-c", program], env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert '"message":"hello"' in done.stdout
    assert "APPLICATIONINSIGHTS_CONNECTION_STRING" in done.stdout
    assert "nonsense" not in done.stdout + done.stderr
