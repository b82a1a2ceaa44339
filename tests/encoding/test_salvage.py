"""An encoder that fails on a part of a record costs that part alone, and text that turns around is escaped."""

from __future__ import annotations

import json
import logging

import pytest

import discreet
from discreet._encoding import json as json_encoder
from discreet._encoding.schemas import foreign, otel
from discreet.stdlib import Formatter

log = discreet.get_logger("shop")
FORMATS = ["json", "ecs", "gcp", "datadog", "azure", "otel", "console"]
MARKER = "could not be encoded: LookupError"


@pytest.fixture
def fragile(monkeypatch):
    """Encoders that cannot write the text `break`."""

    def failing(real):
        def quote(text, *rest, **options):
            if text == "break":
                raise LookupError("hunter2")
            return real(text, *rest, **options)

        return quote

    for module in (json_encoder, foreign, otel):
        monkeypatch.setattr(module, "quote", failing(module.quote))


@pytest.mark.parametrize("name", ["json", "gcp", "datadog", "azure", "otel"])
def test_a_field_that_cannot_be_encoded_is_marked_and_the_rest_is_written(name, fragile, memory_sink):
    sink = memory_sink(format=name)
    discreet.configure(sinks=[sink], environment="prod", service="test", take_over=False)
    with discreet.context(tenant="acme"), discreet.span("work"):
        log.warning("order {number}", number=7, bad="break", good="fine")
    line = sink.lines[0].decode()
    json.loads(line)
    for part in ("order 7", "shop", "acme", "fine", MARKER):
        assert part in line
    assert "hunter2" not in line
    health = discreet.health()
    assert (health["dropped"], health["incidents"]) == ({}, {"a part of a record could not be encoded: LookupError": 1})


def test_a_message_and_an_exception_that_cannot_be_encoded_are_marked(fragile, sink):
    log.info("break", order=7)
    assert MARKER in sink.last["message"]
    assert sink.last["order"] == 7


def test_a_formatter_of_logging_salvages_too(fragile):
    record = logging.makeLogRecord({"msg": "order", "levelno": 30, "name": "shop", "bad": "break", "good": 1})
    found = json.loads(Formatter().format(record))
    assert (found["message"], found["good"]) == ("order", 1)
    assert MARKER in found["bad"]


@pytest.mark.parametrize("name", FORMATS)
def test_characters_that_reorder_text_are_escaped_in_every_format(name, memory_sink):
    sink = memory_sink(format=name)
    discreet.configure(sinks=[sink], environment="prod", service="test", take_over=False)
    turning = [chr(code) for code in (0x61C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A))]
    for character in turning:
        log.info(f"invoice{character}fdp.exe", **{f"file{character}": [f"a{character}b"]}, emoji="👩\u200d🚀")
    text = sink.text
    assert not set(turning) & set(text)
    assert "\\u202e" in text
    if name == "json":
        assert sink.records[0]["message"] == f"invoice{turning[0]}fdp.exe"
        assert "👩\u200d🚀" in text
