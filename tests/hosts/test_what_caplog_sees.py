"""pytest's caplog sees what it would without us, also after `configure()`, and the records of our own loggers."""

from __future__ import annotations

import logging

import pytest

import discreet

SECRET = "gh" + "p_" + "a1B2" * 9
MASKED = "[REDACTED:github-token]"


class Order:
    """An object of the application's."""


@pytest.fixture(autouse=True)
def _configured(taken_over):
    """Everything of the process comes in."""


def test_a_record_has_its_message_its_arguments_and_its_level(caplog):
    order = Order()
    logging.getLogger("shop").warning("order %s of %d", order, 2)
    (record,) = caplog.records
    assert record.msg == "order %s of %d"
    assert record.args == (order, 2)
    assert (record.levelname, record.funcName) == (
        "WARNING", "test_a_record_has_its_message_its_arguments_and_its_level"
    )  # fmt: skip
    assert caplog.record_tuples == [("shop", 30, record.getMessage())]


@pytest.mark.parametrize("own", [False, True])
def test_the_exception_is_the_very_one_with_its_traceback(caplog, own):
    error = ValueError("no")
    try:
        raise error
    except ValueError:
        (discreet.get_logger("shop") if own else logging.getLogger("shop")).exception("failed")
    (record,) = caplog.records
    assert record.exc_info == (ValueError, error, error.__traceback__)
    assert "Traceback (most recent call last)" in caplog.text
    assert "ValueError: no" in caplog.text


def test_objects_in_extra_are_the_very_ones(caplog):
    order, tags = Order(), ["a", "b"]
    logging.getLogger("shop").info("placed", extra={"order": order, "tags": tags})
    assert caplog.records[0].order is order
    assert caplog.records[0].tags is tags


def test_levels_open_for_a_block(caplog):
    logger = logging.getLogger("shop.quiet")
    with caplog.at_level(logging.ERROR, logger="shop.quiet"):
        logger.warning("not this")
    with caplog.at_level(logging.DEBUG, logger="shop.quiet"):
        logger.debug("but this")
    assert caplog.messages == ["but this"]


def test_a_single_argument_that_is_a_dict_stays_one(caplog):
    logging.getLogger("shop").info("%(who)s pays", {"who": "alice"})
    assert (caplog.records[0].args, caplog.messages) == ({"who": "alice"}, ["alice pays"])


def test_a_filter_of_one_handler_may_add_what_the_next_one_reads(caplog):
    def mark(record):
        record.request = "r-1"
        return True

    caplog.handler.addFilter(mark)
    try:
        logging.getLogger("shop").info("x")
    finally:
        caplog.handler.removeFilter(mark)
    assert caplog.records[0].request == "r-1"


def test_a_record_of_our_own_logger_is_there_with_its_fields_and_its_place(caplog):
    order = Order()
    with discreet.context(tenant="acme"), discreet.span("work") as span:
        discreet.get_logger("shop").info("order {n} placed", n=7, order=order, name="x")
    (record, _) = caplog.records
    assert (caplog.messages[0], record.name, record.levelname) == ("order 7 placed", "shop", "INFO")
    assert record.order is order
    assert (record.tenant, record.n, record.trace_id) == ("acme", 7, span.trace_id)
    assert vars(record)["field.name"] == "x"
    assert (record.funcName, record.filename) == (
        "test_a_record_of_our_own_logger_is_there_with_its_fields_and_its_place", "test_what_caplog_sees.py"
    )  # fmt: skip


def test_own_records_keep_template_and_arguments(caplog):
    discreet.get_logger("shop").warning("%s of %d", "part", 2)
    assert (caplog.records[0].msg, caplog.records[0].args) == ("%s of %d", ("part", 2))


@pytest.mark.parametrize("own", [False, True])
def test_only_the_argument_that_is_a_secret_is_replaced(caplog, own):
    order = Order()
    (discreet.get_logger("shop") if own else logging.getLogger("shop")).warning("%s with %s", order, SECRET)
    assert caplog.records[0].msg == "%s with %s"
    assert caplog.records[0].args == (order, MASKED)


@pytest.mark.parametrize("own", [False, True])
def test_an_argument_that_only_its_place_makes_a_secret_is_replaced_too(caplog, own):
    planted = "correct" + "-horse-9"
    (discreet.get_logger("shop") if own else logging.getLogger("shop")).warning("%d: password=%s", 1, planted)
    (record,) = caplog.records
    assert record.getMessage() == "1: password=[REDACTED:password]"
    assert record.args == (1, "[REDACTED:password]")


def test_only_the_extra_that_holds_a_secret_is_replaced(caplog):
    order, planted = Order(), "correct" + "-horse-9"
    logging.getLogger("shop").warning("x", extra={"order": order, "password": planted, "note": f"with {SECRET}"})
    (record,) = caplog.records
    assert record.order is order
    assert (record.password, record.note) == ("[REDACTED:password]", f"with {MASKED}")


def test_a_record_is_seen_once_and_other_loggers_of_it_too(caplog, taken_over):
    discreet.get_logger("shop").info("once")
    logging.getLogger("shop").info("once more")
    assert caplog.messages == ["once", "once more"]
    assert [record["message"] for record in taken_over.records] == ["once", "once more"]
