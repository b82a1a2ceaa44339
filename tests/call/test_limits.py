"""`once`, `every` and `sample`: fewer records, and a count of what was held back."""

from __future__ import annotations

import pytest

import discreet


def test_once_writes_a_call_site_once(sink):
    log = discreet.get_logger("shop")
    for number in range(5):
        log.once.warning("deprecated", number=number)
    assert [record["number"] for record in sink.records] == [0]
    assert discreet.health()["suppressed"] == 4


def test_once_tells_two_call_sites_and_two_messages_apart(sink):
    log = discreet.get_logger("shop")
    log.once.info("a")
    log.once.info("a")
    for message in ("b", "c", "b"):
        log.once.info(message)
    assert [record["message"] for record in sink.records] == ["a", "a", "b", "c"]


def test_every_writes_a_call_site_once_per_interval_and_counts_the_rest(sink, monkeypatch):
    clock = [0.0]
    monkeypatch.setattr("discreet._call.limits.monotonic", lambda: clock[0])
    limited = discreet.get_logger("shop").every(5)
    for second in range(12):
        clock[0] = float(second)
        limited.info("tick", second=second)
    assert [(r["second"], r.get("suppressed")) for r in sink.records] == [(0, None), (5, 4), (10, 4)]


def test_a_limit_stays_when_fields_are_bound(sink):
    log = discreet.get_logger("shop")
    for _ in range(2):
        log.once.bind(a=1).new(b=2).bind(c=3).unbind("c").info("x")
    assert len(sink.records) == 1
    assert sink.last["b"] == 2


@pytest.mark.parametrize(("rate", "expected"), [(0, 0), (1, 50)])
def test_sample_keeps_nothing_at_zero_and_everything_at_one(sink, rate, expected):
    log = discreet.get_logger("shop").sample(rate)
    for _ in range(50):
        log.info("x")
    assert len(sink.records) == expected


def test_sample_keeps_a_share(sink, monkeypatch):
    draws = iter([0.05, 0.5, 0.09, 0.2])
    monkeypatch.setattr(
        "discreet._call.limits.os.urandom", lambda size: int(next(draws) * 256**7).to_bytes(size, "big")
    )
    log = discreet.get_logger("shop").sample(0.1)
    for number in range(4):
        log.info("x", number=number)
    assert [record["number"] for record in sink.records] == [0, 2]


def test_sample_decides_for_the_whole_trace(sink):
    log = discreet.get_logger("shop").sample(0.5)
    for _ in range(40):
        with discreet.span("work"):
            before = len(sink.records)
            for _ in range(5):
                log.info("x")
            assert len(sink.records) - before in (0, 5)


def test_a_limit_remembers_a_bounded_number_of_call_sites(sink, monkeypatch):
    from discreet._call import limits

    monkeypatch.setattr(limits, "_MOST_SITES", 10)
    log = discreet.get_logger("shop")
    for number in range(50):
        log.once.info(f"message {number}")
        log.every(60).info(f"message {number}")
    assert len(limits._seen) == 10
    assert len(limits._last) == 10


def test_a_limited_logger_respects_the_level(sink):
    discreet.set_level("shop", "warning")
    discreet.get_logger("shop").once.info("x")
    assert sink.records == []
    assert discreet.health()["suppressed"] == 0


def test_a_message_that_denies_its_class_is_limited_like_any_other(sink):
    class Denier:
        @property
        def __class__(self):
            raise ValueError("no")

    for _ in range(2):
        discreet.get_logger("x").once.info(Denier())
    assert len(sink.records) == 1
