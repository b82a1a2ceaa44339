"""How much was redacted: counted by kind and logger, summed up now and then, never a value."""

from __future__ import annotations

import threading

from opentelemetry import metrics
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader

import discreet
from discreet._redaction import audit as module
from discreet._redaction.audit import Audit

PLANTED = "hunter2-" + "very-secret"


def test_health_counts_redactions_by_kind_and_logger(sink):
    discreet.get_logger("shop").info("x", password=PLANTED)
    discreet.get_logger("shop").info(f"password={PLANTED}")
    discreet.get_logger("bank").info("x", token=PLANTED)
    health = discreet.health()
    assert health["redacted"] == {"password": 2, "token": 1}
    assert health["redacted_by_logger"] == {"shop": 2, "bank": 1}
    assert PLANTED not in repr(health)


def test_the_counts_survive_another_configuration(sink, memory_sink):
    discreet.get_logger("shop").info("x", password=PLANTED)
    discreet.configure(sinks=[memory_sink()], service="s", take_over=False)
    assert discreet.health()["redacted"] == {"password": 1}


def test_a_record_sums_up_what_was_redacted_when_its_time_has_come(sink, monkeypatch):
    clock = [0.0]
    monkeypatch.setattr(module, "monotonic", lambda: clock[0])
    module.audit.forget()
    log = discreet.get_logger("shop")
    log.info("x", password=PLANTED)
    assert len(sink.records) == 1
    clock[0] += module.PERIOD
    log.info("x", password=PLANTED)
    summary = sink.last
    assert (summary["logger"], summary["redacted"]) == ("discreet", [{"kind": "password", "count": 2}])
    clock[0] += module.PERIOD
    log.info("nothing secret")
    log.info("x", token=PLANTED)
    assert sink.last["redacted"] == [{"kind": "token", "count": 1}]
    assert PLANTED not in sink.text


def test_counts_are_exact_under_threads():
    audit = Audit()
    threads = [threading.Thread(target=lambda: [audit.count("password") for _ in range(2000)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert audit.by_kind == {"password": 8000}


def test_a_program_with_endless_loggers_does_not_fill_the_memory(monkeypatch):
    monkeypatch.setattr(module, "_MOST_LOGGERS", 3)
    audit = Audit()
    for number in range(10):
        module.current.logger = f"logger{number}"
        audit.count("password")
    module.current.logger = ""
    assert audit.by_logger == {"logger0": 1, "logger1": 1, "logger2": 1, "(others)": 7}


def test_opentelemetrys_metric_counts_too_where_there_is_one(sink, monkeypatch):
    reader = InMemoryMetricReader()
    provider = MeterProvider(metric_readers=[reader])
    monkeypatch.setattr(metrics, "get_meter_provider", lambda: provider)
    discreet.get_logger("shop").info("x", password=PLANTED)
    data = reader.get_metrics_data()
    (metric,) = data.resource_metrics[0].scope_metrics[0].metrics
    (point,) = metric.data.data_points
    assert (metric.name, point.value, dict(point.attributes)) == (
        "discreet.redactions",
        1,
        {"kind": "password", "logger": "shop"},
    )
