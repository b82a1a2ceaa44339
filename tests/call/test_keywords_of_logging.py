"""`stacklevel`, `stack_info` and `extra` mean on our logger what they mean on those of `logging`."""

from __future__ import annotations

import logging
from types import MappingProxyType

import pytest

import discreet

pytestmark = pytest.mark.version_sensitive

log = discreet.get_logger("shop")


def wrapper(**keywords):
    log.warning("wrapped", **keywords)


def test_stacklevel_makes_a_wrappers_caller_the_source(sink):
    wrapper()
    wrapper(stacklevel=2)
    own, callers = (record["source"]["function"] for record in sink.records)
    assert (own, callers) == ("wrapper", "test_stacklevel_makes_a_wrappers_caller_the_source")
    assert "stacklevel" not in sink.last


def test_a_stacklevel_beyond_the_stack_is_the_outermost_frame_and_loses_nothing(sink):
    wrapper(stacklevel=10**6)
    assert sink.last["message"] == "wrapped"


def test_stacklevel_decides_which_call_site_a_limit_counts(sink):
    limited = log.once

    def helper():
        limited.warning("again", stacklevel=2)

    helper()
    helper()
    assert len(sink.records) == 2


@pytest.mark.parametrize("level", ["debug", "info", "error"])
def test_stack_info_writes_where_the_call_came_from(sink, level):
    getattr(log, level)("here", stack_info=True)
    stack = sink.last["stacktrace"]
    assert stack.startswith("Stack (most recent call last):\n")
    last = stack.rsplit("  File ", 1)[1]
    assert "in test_stack_info_writes_where_the_call_came_from" in last
    assert "getattr(log, level)" in last
    assert "stack_info" not in sink.last


def test_with_an_exception_both_stacks_are_written(sink):
    try:
        raise ValueError("no")
    except ValueError:
        log.exception("failed", stack_info=True)
    text = sink.last["stacktrace"]
    assert text.index("ValueError: no") < text.index("Stack (most recent call last):")


@pytest.mark.parametrize("extra", [{"user": "ann"}, MappingProxyType({"user": "ann"})])
def test_what_extra_holds_are_fields(sink, extra):
    log.info("x", extra=extra, size=3)
    assert (sink.last["user"], sink.last["size"]) == ("ann", 3)
    assert "extra" not in sink.last


def test_a_keyword_comes_before_the_same_name_in_extra(sink):
    log.info("x", extra={"size": 1}, size=2)
    assert sink.last["size"] == 2


def test_a_secret_in_extra_is_masked(sink):
    log.info("x", extra={"password": "hunter" + "2hunter2"})
    assert sink.last["password"] == "[REDACTED:password]"


def test_other_values_of_these_names_are_fields(sink):
    log.info("x", extra="more", stacklevel="deep", stack_info="none")
    assert (sink.last["extra"], sink.last["stacklevel"], sink.last["stack_info"]) == ("more", "deep", "none")


def test_an_extra_that_cannot_be_read_costs_no_record(sink):
    class Broken(dict):
        def items(self):
            raise RuntimeError("no")

    log.info("kept", extra=Broken(a=1), size=3)
    (record,) = sink.records
    assert (record["message"], record["size"], record["extra"]) == ("kept", 3, "<Broken raised RuntimeError>")


@pytest.mark.parametrize(("alias", "severity"), [("warn", "WARNING"), ("fatal", "CRITICAL"), ("trace", "TRACE")])
def test_names_that_other_loggers_have_work(sink, alias, severity):
    getattr(log, alias)("x")
    assert sink.last["severity"] == severity


@pytest.mark.parametrize("name", ["setLevel", "addHandler", "isEnabledFor", "contextualize"])
def test_a_method_of_another_library_is_refused_with_the_way_to_do_it_here(name):
    with pytest.raises(AttributeError, match=rf"has no {name}: use \S+"):
        getattr(log, name)


def test_logging_itself_agrees(taken_over):
    def inner():
        logging.getLogger("elsewhere").warning("x", stacklevel=2, stack_info=True, extra={"user": "ann"})

    inner()
    record = taken_over.last
    assert record["source"]["function"] == "test_logging_itself_agrees"
    assert record["stacktrace"].startswith("Stack (most recent call last):")
    assert record["user"] == "ann"
