"""OpenTelemetry's own handler for `logging`, on which Azure's is built, gets each record once where it is not ours."""

from __future__ import annotations

import logging
import warnings

import pytest
from opentelemetry.sdk import _logs
from opentelemetry.sdk._logs import export

import discreet


@pytest.fixture
def exported():
    memory = getattr(export, "InMemoryLogRecordExporter", None) or export.InMemoryLogExporter
    exporter, provider = memory(), _logs.LoggerProvider(shutdown_on_exit=False)
    provider.add_log_record_processor(export.SimpleLogRecordProcessor(exporter))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        handler = _logs.LoggingHandler(logger_provider=provider)
    logging.getLogger().addHandler(handler)
    yield lambda: [item.log_record for item in exporter.get_finished_logs()]
    logging.getLogger().removeHandler(handler)
    provider.shutdown()


def test_each_record_is_exported_once_with_its_exception_and_fields(taken_over, exported):
    secret = "gh" + "p_" + "a1B2" * 9
    try:
        raise ValueError(f"refused {secret}")
    except ValueError:
        logging.getLogger("shop").exception("failed", extra={"order": 7})
        discreet.get_logger("shop").exception("failed too", order=8)
    records = exported()
    assert [record.attributes["order"] for record in records] == [7, 8]
    for record, message in zip(records, ("failed", "failed too"), strict=True):
        assert str(record.body).startswith(message)
        assert record.attributes["exception.type"] == "ValueError"
        assert record.attributes["exception.message"] == "refused [REDACTED:github-token]"
        assert secret not in str(dict(record.attributes))
