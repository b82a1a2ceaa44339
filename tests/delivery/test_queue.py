"""The queue in memory: order, bounds, and what goes first when it is full."""

from __future__ import annotations

import signal
import sys
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from discreet._delivery.buffered.queue import Queue

LEVELS = st.sampled_from([0, 5, 10, 20, 25, 30, 40, 50, 60])


def queue(**options):
    made = Queue(**options)
    return made, made.dropped


def test_lines_come_out_in_the_order_they_came_whatever_their_level():
    made, _ = queue()
    lines = [b"%d" % number for number in range(60)]
    for number, line in enumerate(lines):
        made.put(line, (number * 7 % 6) * 10)
    assert made.take(25, 1000) + made.take(100, 1000) == lines


def test_a_batch_has_at_most_so_many_bytes_but_at_least_one_line():
    made, _ = queue()
    for line in (b"x" * 100, b"y" * 10, b"z" * 10):
        made.put(line, 20)
    assert made.take(10, 50) == [b"x" * 100]
    assert made.take(10, 15) == [b"y" * 10]


def test_a_full_queue_gives_up_the_oldest_line_of_the_lowest_level_below_the_newcomers():
    made, lost = queue(count=4)
    for line, level in ((b"info", 20), (b"debug 1", 10), (b"debug 2", 10), (b"error", 40)):
        assert made.put(line, level)
    assert made.put(b"warning", 30)
    assert lost == {"shed debug": 1}
    assert made.take(9, 999) == [b"info", b"debug 2", b"error", b"warning"]


def test_a_newcomer_that_is_no_more_important_than_what_waits_is_refused():
    made, lost = queue(count=2)
    assert made.put(b"a", 20)
    assert made.put(b"b", 30)
    assert not made.put(b"c", 20)
    assert not made.put(b"d", 10)
    assert lost == {}
    assert made.take(9, 999) == [b"a", b"b"]


def test_nothing_is_given_up_for_a_line_that_would_not_fit_all_the_same():
    made, lost = queue(size=100)
    made.put(b"d" * 40, 10)
    made.put(b"e" * 50, 40)
    assert not made.put(b"x" * 60, 50 - 10)
    assert not made.put(b"x" * 101, 50)
    assert lost == {}
    assert made.put(b"x" * 50, 40)
    assert lost == {"shed debug": 1}


@given(st.lists(st.tuples(st.sampled_from("ppppt"), LEVELS, st.integers(1, 40), st.integers(1, 5))))
def test_it_is_never_larger_than_it_may_be_and_every_line_is_taken_shed_or_refused(steps):
    made, lost = queue(count=8, size=120)
    waiting, refused, taken, put = [], 0, 0, 0
    for number, (what, level, size, count) in enumerate(steps):
        if what == "p":
            put += 1
            line = (b"%d," % number) * size
            if made.put(line, level):
                waiting.append(line)
            else:
                refused += 1
        else:
            batch = made.take(count, 100)
            assert [line for line in waiting if line in batch] == batch
            waiting = waiting[waiting.index(batch[-1]) + 1 :] if batch else waiting
            taken += len(batch)
        assert made.count <= 8
        assert made.size <= 120
        assert put == made.count + taken + refused + sum(lost.values())
    rest = made.take(999, 9999)
    assert made.count == made.size == 0
    assert put == len(rest) + taken + refused + sum(lost.values())
    made.acknowledge(made.pending)
    assert (made.oldest, made.pending) == (made.accepted + 1, 0)


def test_threads_that_put_and_take_at_once_lose_nothing():
    made, lost = queue(count=10**6, size=10**9)
    found, stop = [], threading.Event()

    def take():
        while not stop.is_set() or made.count:
            found.extend(made.take(50, 10**6))

    taker = threading.Thread(target=take)
    putters = [
        threading.Thread(target=lambda n=n: [made.put(b"%d %d" % (n, i), 10 * (i % 6)) for i in range(3000)])
        for n in range(3)
    ]
    for thread in (taker, *putters):
        thread.start()
    for thread in putters:
        thread.join()
    stop.set()
    taker.join()
    assert not lost
    assert len(set(found)) == len(found) == 9000
    for n in range(3):
        mine = [line for line in found if line.startswith(b"%d " % n)]
        assert mine == [b"%d %d" % (n, i) for i in range(3000)]


@pytest.mark.skipif(sys.platform == "win32", reason="no timers there")
def test_a_signal_handler_may_put_while_its_own_thread_is_inside():
    made, lost = queue(count=50)
    fired = refused = put = taken = 0

    def handler(*_):
        nonlocal fired, refused
        fired += 1
        if not made.put(b"from the handler", 40):
            refused += 1

    before = signal.signal(signal.SIGALRM, handler)
    signal.setitimer(signal.ITIMER_REAL, 0.0005, 0.0005)
    try:
        while fired < 300:
            put += 1
            if not made.put(b"line", 10 * (put % 5)):
                refused += 1
            if not put % 100:
                batch = made.take(30, 10**6)
                taken += len(batch)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    taken += len(made.take(1000, 10**6))
    assert made.count == 0
    assert fired + put == taken + refused + sum(lost.values())
