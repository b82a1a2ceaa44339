"""Levels: parsed from one variable, found by the longest name, changed at run time."""

from __future__ import annotations

import pytest

import discreet
from discreet._base import levels
from discreet._base.levels import parse_level, parse_levels, severity_number, severity_text


def names(sink):
    return [record["message"] for record in sink.records]


def configure(sink_type, level):
    kept = sink_type(format="json")
    discreet.configure(sinks=[kept], environment="prod", service="t", level=level, take_over=False)
    return kept


def test_a_level_by_name_covers_the_loggers_below_it(memory_sink):
    sink = configure(memory_sink, "warning,shop=debug,shop.db=error")
    for name in ("other", "shop", "shop.cart", "shop.db", "shop.db.pool", "shopping"):
        discreet.get_logger(name).info(name)
    assert names(sink) == ["shop", "shop.cart"]


def test_levels_may_be_given_as_a_mapping(memory_sink):
    sink = configure(memory_sink, {"": "error", "shop": "info"})
    discreet.get_logger("shop").info("yes")
    discreet.get_logger("x").info("no")
    assert names(sink) == ["yes"]


def test_off_silences_a_logger(memory_sink):
    sink = configure(memory_sink, "info,noisy=off")
    discreet.get_logger("noisy").critical("no")
    assert names(sink) == []


def test_a_level_changes_at_run_time_for_loggers_that_exist(memory_sink):
    sink = configure(memory_sink, "info")
    log = discreet.get_logger("db.pool")
    log.debug("before")
    discreet.set_level("db", "debug")
    log.debug("after")
    discreet.set_level(None, "critical")
    discreet.get_logger("other").error("no")
    assert names(sink) == ["after"]


def test_a_temporary_level_ends_by_itself(memory_sink, monkeypatch):
    clock = [100.0]
    monkeypatch.setattr("time.monotonic", lambda: clock[0])
    sink = configure(memory_sink, "info")
    log = discreet.get_logger("db")
    discreet.set_level("db", "debug", ttl=600)
    log.debug("during")
    clock[0] += 601
    log.debug("after")
    assert names(sink) == ["during"]
    assert levels.levels.temporary == {}
    assert log._channel.threshold == 20


def test_a_temporary_quiet_ends_by_itself_too(memory_sink, monkeypatch):
    clock = [100.0]
    monkeypatch.setattr("time.monotonic", lambda: clock[0])
    sink = configure(memory_sink, "info")
    log = discreet.get_logger("db")
    discreet.set_level("db", "error", ttl=60)
    log.info("hushed")
    assert not log.is_enabled_for("info")
    clock[0] += 61
    log.info("again")
    assert names(sink) == ["again"]


def test_a_permanent_level_ends_a_temporary_one(memory_sink):
    sink = configure(memory_sink, "info")
    discreet.set_level("db", "debug", ttl=600)
    discreet.set_level("db", "warning")
    discreet.get_logger("db").info("no")
    assert names(sink) == []


@pytest.mark.parametrize("bad", ["loud", "", True, None, 3.5, "debug=", "10000"])
def test_set_level_refuses_what_is_no_level_and_names_the_remedy(bad):
    with pytest.raises(discreet.ConfigurationError, match="level") as caught:
        discreet.set_level("db", bad)
    assert "Use trace, debug" in str(caught.value)


@pytest.mark.parametrize("ttl", [0, -1, float("nan")])
def test_set_level_refuses_a_time_to_live_that_is_none(ttl):
    with pytest.raises(discreet.ConfigurationError, match="ttl"):
        discreet.set_level("db", "debug", ttl=ttl)


def test_is_enabled_for_tells_whether_a_record_would_be_written(sink):
    discreet.set_level("db", "warning")
    log = discreet.get_logger("db")
    assert not log.is_enabled_for("info")
    assert log.is_enabled_for(30)


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ("info", (20, {})),
        (" Debug , a.b = WARN ,", (10, {"a.b": 30})),
        ("a=debug", (None, {"a": 10})),
        ("25", (25, {})),
        ("", (None, {})),
    ],
)
def test_the_level_variable_is_parsed(spec, expected):
    assert parse_levels(spec) == expected


@pytest.mark.parametrize("spec", ["loud", "info,debug", "=debug", "a=loud"])
def test_a_bad_level_variable_says_what_is_wrong(spec):
    with pytest.raises(ValueError, match=r"not a level|names no logger|two default levels"):
        parse_levels(spec)


def test_numbers_as_in_logging_are_levels():
    assert parse_level(15) == 15
    assert parse_level("15") == 15


def test_severity_numbers_keep_the_order_of_levels_in_between():
    numbers = [severity_number(level) for level in range(60)]
    assert numbers == sorted(numbers)
    assert [severity_number(level) for level in (5, 10, 20, 30, 40, 50)] == [1, 5, 9, 13, 17, 21]


def test_severity_text_is_the_nearest_standard_level_below():
    assert [severity_text(level) for level in (5, 10, 19, 25, 35, 45, 60)] == [
        "TRACE", "DEBUG", "DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL",
    ]  # fmt: skip
