"""The way of a record through a queue or a ring, to a stream or a file."""

from __future__ import annotations

import io
import os
import sys

import pytest

import discreet
from discreet._delivery.buffered import ring as ring_module

from ...waiting import HANG
from .helpers import BOTH, START, Pipe, configure, health, numbers, runner_in_force

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="rings need file locks")


@BOTH
def test_lines_arrive_in_order_and_the_statistics_balance(delivery, tmp_path):
    log = configure(discreet.File(tmp_path / "log"), delivery)
    for number in range(1000):
        log.info("x", number=number)
        if number % 100 == 0:
            health()
    assert discreet.flush() is not False
    assert numbers((tmp_path / "log").read_bytes().splitlines()) == list(range(1000))
    assert (health()["delivered"], health()["pending"], health()["delivery"]) == (1000, 0, delivery)


@BOTH
def test_the_environment_asks_for_it(delivery, python):
    done = python(
        START + '    log.info("hello")\n    print(discreet.health()["sinks"][0]["delivery"])',
        DISCREET_DELIVERY=delivery,
    )
    assert b'"message":"hello"' in done.out
    assert delivery.encode() in done.out


@BOTH
def test_what_a_program_printed_is_not_flushed_amid_its_print(delivery):
    pipe = Pipe()
    stream = io.TextIOWrapper(pipe.stream.detach(), encoding="utf-8")
    log = configure(discreet.Stream(stream, format="json"), delivery)
    stream.write("half of what it pri")
    log.info("x", number=1)
    assert numbers([os.read(pipe.reader, 1 << 16)]) == [1]
    stream.write("nts")
    configure(discreet.Stream(io.StringIO()), "direct")
    stream.close()
    os.close(pipe.reader)


@BOTH
def test_streams_without_a_descriptor_get_their_lines_too(delivery):
    stream = io.StringIO()
    log = configure(discreet.Stream(stream, format="json"), delivery)
    for number in range(20):
        log.info("x", number=number)
    discreet.flush()
    assert numbers(stream.getvalue().splitlines()) == list(range(20))


def test_other_sinks_are_left_as_they_are(memory_sink):
    kept = memory_sink(format="json")
    configure(kept, "ring").info("hello")
    assert kept.last["message"] == "hello"


def test_direct_is_what_it_was(tmp_path):
    configure(discreet.File(tmp_path / "log"), "direct").info("hello", number=1)
    assert numbers((tmp_path / "log").read_bytes().splitlines()) == [1]


@BOTH
def test_colours_and_console_format_are_those_of_the_stream(delivery, capsys):
    discreet.configure(
        sinks=[discreet.Stream(format="console")], delivery=delivery, service="s", environment="dev", take_over=False
    )
    discreet.get_logger("x").info("hello")
    discreet.flush()
    assert "hello" in capsys.readouterr().out


@BOTH
def test_a_stalled_reader_never_blocks_a_call_and_nothing_is_torn(delivery, monkeypatch):
    monkeypatch.setattr(ring_module.Ring.__init__, "__defaults__", (1 << 20,))
    pipe = Pipe()
    log = configure(discreet.Stream(pipe.stream, format="json"), delivery)
    made = 0
    while not health()["dropped"]:
        for _ in range(500):
            log.info("x", number=made, pad="p" * 200)
            made += 1
    log.error("important", number=-1)
    assert discreet.health()["dropped"].keys() <= {"ring full", "queue full", "shed info"}
    chunks, thread = pipe.read_in_background()
    assert discreet.flush() is not True  # some were lost
    found = health()
    configure(discreet.Stream(io.StringIO()), "direct")
    pipe.stream.close()
    thread.join()
    os.close(pipe.reader)
    arrived = numbers(b"".join(chunks).splitlines())
    assert found["emitted"] == made + 1
    assert found["delivered"] == len(arrived) == made + 1 - sum(found["dropped"].values())
    assert -1 in arrived


@BOTH
def test_flush_returns_in_time_and_tells_the_truth(delivery):
    pipe = Pipe()
    log = configure(discreet.Stream(pipe.stream, format="json"), delivery)
    runner = runner_in_force()
    for number in range(2000):
        log.info("x", number=number, pad="p" * 200)
    assert runner.flush(0.05) is False
    assert health()["pending"] > 0
    chunks, thread = pipe.read_in_background()
    assert runner.flush(HANG) is True
    assert health()["pending"] == 0
    configure(discreet.Stream(io.StringIO()), "direct")
    pipe.stream.close()
    thread.join()
    os.close(pipe.reader)
    assert numbers(b"".join(chunks).splitlines()) == list(range(2000))


@BOTH
def test_of_a_tight_loop_everything_arrives_in_order_but_what_is_counted_as_lost(delivery):
    pipe = Pipe()
    chunks, thread = pipe.read_in_background()
    log = configure(discreet.Stream(pipe.stream, format="json"), delivery)
    for number in range(30_000):
        log.info("x", number=number)
    discreet.flush()
    found = health()
    configure(discreet.Stream(io.StringIO()), "direct")
    pipe.stream.close()
    thread.join()
    os.close(pipe.reader)
    arrived = numbers(b"".join(chunks).splitlines())
    assert arrived == sorted(set(arrived))
    assert len(arrived) == found["delivered"] == 30_000 - sum(found["dropped"].values())
