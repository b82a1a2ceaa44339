"""Levels with a name that `logging` knows keep it."""

from __future__ import annotations

import logging

import pytest

import discreet

log = discreet.get_logger("shop")


@pytest.fixture(autouse=True)
def notice(monkeypatch):
    """A level between two standard ones, as applications add it."""
    monkeypatch.setattr(logging, "_levelToName", dict(logging._levelToName))
    monkeypatch.setattr(logging, "_nameToLevel", dict(logging._nameToLevel))
    logging.addLevelName(25, "NOTICE")


@pytest.mark.parametrize("level", ["NOTICE", "notice", 25])
def test_a_level_that_logging_knows_is_logged_at_by_name_and_keeps_its_name(sink, level):
    log.log(level, "x")
    assert (sink.last["severity"], sink.last["severity_number"]) == ("NOTICE", 11)


def test_a_record_of_logging_keeps_it_too(taken_over):
    logging.getLogger("elsewhere").log(25, "x")
    assert taken_over.last["severity"] == "NOTICE"


def test_the_console_shows_it(memory_sink):
    sink = memory_sink(format="console")
    discreet.configure(sinks=[sink], level="info")
    log.log("notice", "x")
    assert "NOTICE" in sink.text


def test_a_setting_takes_it(memory_sink, monkeypatch):
    monkeypatch.setenv("DISCREET_LEVEL", "notice,quiet=NOTICE")
    sink = memory_sink(format="json")
    discreet.configure(sinks=[sink], service="test")
    log.info("below")
    log.log(25, "at")
    assert [record["message"] for record in sink.records] == ["at"]
    assert discreet.explain()["level"]["value"] == "notice, quiet=notice"


@pytest.mark.parametrize("name", ["\x1b[33mNOTICE\x1b[0m", 'N"', "N\n", "N" * 100, ""])
def test_a_name_that_is_no_word_leaves_the_standard_one(sink, name):
    logging.addLevelName(25, name)
    log.log(25, "x")
    assert sink.last["severity"] == "INFO"


def test_a_standard_level_keeps_its_standard_name(sink):
    logging.addLevelName(logging.WARNING, "WARN")
    log.warning("x")
    assert sink.last["severity"] == "WARNING"


def test_a_name_that_comes_after_a_record_of_the_level_counts_from_then_on(sink):
    log.log(26, "before")
    logging.addLevelName(26, "LATER")
    log.log(26, "after")
    assert [record["severity"] for record in sink.records] == ["INFO", "LATER"]


def test_a_name_that_nobody_knows_is_an_error_that_says_what_to_do():
    with pytest.raises(discreet.ConfigurationError, match="addLevelName"):
        discreet.configure(level="attention")
