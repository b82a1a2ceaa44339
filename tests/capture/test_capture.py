"""`discreet.capture()`: what a test sees of what the code under test logged."""

from __future__ import annotations

import contextlib
import logging

import discreet


def test_records_are_collected_redacted_and_not_delivered(sink):
    planted = "hunter2-" + "secret"
    with discreet.capture() as records:
        discreet.get_logger("shop").info("paid {amount}", amount=3, password=planted)
    assert records.messages == ["paid 3"]
    assert records[0]["password"].startswith("[REDACTED")
    assert planted not in records.text
    assert sink.lines == []


def test_every_level_is_seen_unless_one_is_named(sink):
    log = discreet.get_logger("shop")
    discreet.set_level("shop", "error")
    with discreet.capture() as records:
        log.debug("a")
    with discreet.capture("warning") as warnings:
        log.info("b")
        log.warning("c")
    assert (records.messages, warnings.messages) == (["a"], ["c"])


def test_the_configuration_comes_back(sink):
    log = discreet.get_logger("shop")
    discreet.set_level("shop", "error")
    with discreet.capture():
        pass
    log.info("no")
    log.error("yes")
    assert [record["message"] for record in sink.records] == ["yes"]


def test_it_works_before_anybody_configured(capfd):
    with discreet.capture() as records:
        discreet.get_logger("shop").info("hello")
    assert records.messages == ["hello"]
    assert capfd.readouterr() == ("", "")


def test_the_standard_library_is_captured_where_discreet_took_over(taken_over):
    with discreet.capture() as records:
        logging.getLogger("lib").debug("theirs")
    assert records.messages == ["theirs"]
    assert taken_over.lines == []


def test_captures_that_end_in_another_order_than_they_began_give_the_configuration_back(sink):
    first, second = discreet.capture(), discreet.capture()
    with contextlib.ExitStack() as open_captures:
        first.__enter__()
        open_captures.enter_context(second)
        first.__exit__(None, None, None)
    discreet.get_logger("x").info("hello")
    assert sink.last["message"] == "hello"


def test_a_configuration_made_inside_stays(sink, memory_sink):
    later = memory_sink(format="json")
    with discreet.capture() as records:
        discreet.configure(sinks=[later], service="s", environment="prod", take_over=False)
        discreet.get_logger("x").info("hello")
    discreet.get_logger("x").info("again")
    assert [record["message"] for record in later.records] == ["hello", "again"]
    assert records == []
