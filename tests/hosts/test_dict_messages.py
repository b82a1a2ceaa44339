"""A dict as the message, as structlog and others log it, is fields with `event` as the message."""

from __future__ import annotations

import logging

import pytest
import structlog

import discreet

log = discreet.get_logger("shop")


@pytest.mark.parametrize("name", ["event", "message", "msg"])
def test_a_dict_through_logging_is_fields(taken_over, name):
    logging.getLogger("elsewhere").info({name: "paid", "amount": 9, "password": "hunter" + "2hunter2"})
    record = taken_over.last
    assert (record["message"], record["amount"], record["password"]) == ("paid", 9, "[REDACTED:password]")


def test_a_dict_on_our_own_logger_is_fields_too(sink):
    log.info({"event": "paid", "amount": 9}, currency="EUR")
    assert (sink.last["message"], sink.last["amount"], sink.last["currency"]) == ("paid", 9, "EUR")


def test_a_dict_without_a_text_is_fields_alone(sink):
    log.info({"amount": 9, 1: "one"})
    assert (sink.last["message"], sink.last["amount"], sink.last["1"]) == ("", 9, "one")


def test_a_reserved_name_in_it_is_a_field_of_its_own(sink):
    log.info({"event": "paid", "service": "mine"})
    assert sink.last["field.service"] == "mine"


def test_structlog_for_a_formatter_of_logging_comes_as_fields(taken_over):
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.stdlib.add_log_level,
            structlog.stdlib.add_logger_name,
            structlog.processors.TimeStamper(fmt="iso"),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
    )
    try:
        try:
            raise ValueError("no")
        except ValueError:
            structlog.get_logger("orders").exception("failed", amount=9, token="abcd" + "1234efgh5678")
    finally:
        structlog.reset_defaults()
    record = taken_over.last
    assert (record["message"], record["logger"], record["severity"]) == ("failed", "orders", "ERROR")
    assert (record["amount"], record["token"]) == (9, "[REDACTED:token]")
    assert record["exception"]["type"] == "ValueError"
    assert not {"level", "field.logger", "field.timestamp", "_logger", "_name", "exc_info"} & record.keys()
