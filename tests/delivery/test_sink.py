"""A user's own sink: a few methods, and discreet does the rest."""

from __future__ import annotations

import os
import sys
import threading
from dataclasses import dataclass, field

import pytest

import discreet

SECRET = "hunter2-" + "xyzzy"


def configure(*sinks, **options):
    discreet.configure(sinks=sinks, environment="prod", service="test", take_over=False, **options)
    return discreet.get_logger("app")


class Records(discreet.Sink):
    """Keeps the records that it gets."""

    def __init__(self):  # as users write it: without the base's
        self.records = []

    def write_record(self, record):
        self.records.append(record)


def test_a_sink_with_write_record_gets_the_redacted_record_instead_of_a_line():
    sink = Records()
    with discreet.context(tenant="acme"):
        configure(sink).warning("login of {user}", user="bob", password=SECRET)
    (record,) = sink.records
    assert (record.message, record.template, record.level, record.logger) == (
        "login of bob",
        "login of {user}",
        30,
        "app",
    )
    assert dict(record.ambient) == {"tenant": "acme"}
    assert record.fields["user"] == "bob"
    assert SECRET not in repr(dict(record.fields))


def test_levels_choose_the_records_of_such_a_sink_too():
    sink = Records()
    sink.level, sink.below = "warning", "critical"
    log = configure(sink)
    for level in ("info", "warning", "error", "critical"):
        getattr(log, level)(level)
    assert [record.message for record in sink.records] == ["warning", "error"]


def test_records_that_such_a_sink_takes_and_loses_are_counted():
    class Picky(Records):
        def write_record(self, record):
            if record.message == "bad":
                raise OSError(28, "no space")
            super().write_record(record)

    sink = Picky()
    log = configure(sink)
    for message in ("good", "bad", "good"):
        log.info(message)
    (health,) = discreet.health()["sinks"]
    assert (health["sink"], health["emitted"], health["delivered"], health["dropped"]) == ("Picky", 3, 2, {"ENOSPC": 1})
    assert [discreet.flush(), discreet.flush()] == [False, True]


def test_a_sink_gets_one_record_at_a_time():
    class Careful(Records):
        inside = 0

        def write_record(self, record):
            self.inside += 1
            assert self.inside == 1
            super().write_record(record)
            self.inside -= 1

    sink = Careful()
    log = configure(sink)
    threads = [threading.Thread(target=lambda: [log.info("x") for _ in range(200)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(sink.records) == discreet.health()["delivered"] == 800


@pytest.mark.parametrize("delivery", ["direct", "queued", "ring"])
def test_a_record_sink_is_what_it_is_in_any_delivery(delivery):
    sink = Records()
    configure(sink, delivery=delivery).info("hello")
    assert [record.message for record in sink.records] == ["hello"]


@pytest.mark.parametrize("answer", [True, None, False])
def test_flush_says_what_the_sinks_own_flush_says_and_nothing_counts_as_yes(answer):
    class Asked(Records):
        def flush(self, timeout=None):
            return answer

    configure(Asked())
    assert discreet.flush() is (answer is not False)


def test_a_sink_is_flushed_and_closed_by_the_configuration_that_does_not_name_it_any_more():
    class Ending(Records):
        def flush(self):
            self.records.append("flushed")

        def close(self):
            self.records.append("closed")

    sink = Ending()
    configure(sink)
    configure(sink)
    assert sink.records == []
    configure(Records())
    assert sink.records == ["flushed", "closed"]


def test_a_sink_that_is_named_again_goes_on_counting():
    sink = Records()
    for _ in range(3):
        configure(sink).info("hello")
    assert discreet.health()["delivered"] == len(sink.records) == 3


def test_a_patch_of_write_holds_for_as_long_as_it_is_there(memory_sink, monkeypatch):
    sink, patched = memory_sink(), []
    with monkeypatch.context() as patch:
        patch.setattr(sink, "write", patched.append)
        log = configure(sink)
    log.info("unpatched")
    with monkeypatch.context() as patch:
        patch.setattr(memory_sink, "write", lambda self, line: patched.append(line))
        log.info("patched")
    assert (len(sink.lines), len(patched)) == (1, 1)


def test_a_flush_without_a_timeout_may_come_after_the_configuration(memory_sink):
    sink, flushed = memory_sink(), []
    configure(sink)
    sink.flush = lambda: flushed.append("flushed")
    assert discreet.flush()
    assert flushed == ["flushed"]


def test_a_sink_that_has_every_attribute_gets_lines(memory_sink):
    class Proxy(memory_sink):
        def __getattr__(self, name):
            return lambda *_: None

    sink = Proxy()
    configure(sink).info("hello")
    assert len(sink.lines) == discreet.health()["delivered"] == 1


def test_a_sink_that_is_frozen_serves_and_counts_as_the_same_sink():
    @dataclass(frozen=True)
    class Frozen(discreet.Sink):
        lines: list = field(default_factory=list)

        def write(self, line):
            self.lines.append(line)

    sink = Frozen()
    for _ in range(2):
        configure(sink).info("hello")
    assert len(sink.lines) == discreet.health()["sinks"][0]["delivered"] == 2


@pytest.mark.parametrize("deliveries", [("direct", "queued"), ("queued", "direct", "queued"), ("direct", "", "direct")])
def test_each_line_counts_once_whatever_configurations_a_sink_is_used_in(tmp_path, memory_sink, deliveries):
    file, other = discreet.File(tmp_path / "log"), memory_sink()
    for delivery in deliveries:
        configure(*([file, other] if delivery else [other]), delivery=delivery or "direct").info("hello")
    assert discreet.flush()
    written = len((tmp_path / "log").read_bytes().splitlines()) + len(other.lines)
    health = discreet.health()
    assert health["emitted"] == health["delivered"] == written


def test_a_sink_that_is_named_twice_counts_each_line_once(memory_sink):
    sink = memory_sink()
    configure(sink, sink).info("hello")
    assert discreet.health()["delivered"] == len(sink.lines) == 2


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork there")
def test_a_forked_child_counts_for_itself(python):
    done = python(
        """
        import os, discreet
        class Records(discreet.Sink):
            def write_record(self, record):
                os.write(1, record.message.encode() + b"\\n")
        discreet.configure(sinks=[Records()], service="s", environment="prod", take_over=False)
        log = discreet.get_logger("x")
        log.info("parent")
        child = os.fork()
        if child == 0:
            log.info("child")
            assert discreet.health()["emitted"] == discreet.health()["delivered"] == 1
            os._exit(0)
        assert os.waitpid(child, 0)[1] == 0
        """,
        measured=False,
    )
    assert (done.code, done.out) == (0, b"parent\nchild\n"), done.err


def test_a_call_to_a_stream_goes_through_few_functions(tmp_path):
    """Between the pipeline and the system call: the runner, the sink, and what writes a whole line."""
    seen = []

    def profile(frame, event, _):
        if event == "call" and "_delivery" in frame.f_code.co_filename:
            seen.append(frame.f_code.co_name)

    with open(tmp_path / "out", "w", encoding="utf-8") as stream:
        log = configure(discreet.Stream(stream, format="json"))
        log.info("warm", n=1)
        sys.setprofile(profile)
        try:
            log.info("hot", n=2)
        finally:
            sys.setprofile(None)
        configure(Records())
    assert len(seen) <= 3, seen
