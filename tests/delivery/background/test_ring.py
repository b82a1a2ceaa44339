"""The ring: lines come out as they went in, while there is room."""

from __future__ import annotations

import errno
import os
import stat
import sys
import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from discreet._delivery.buffered import ring as ring_module
from discreet._delivery.buffered.ring import Ring, dead_rings, ring_files

from .rings import DEBUG, ERROR, INFO, WARNING, abandon, left_in, put_with_one_torn, take

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs file locks")


@given(st.lists(st.lists(st.binary(max_size=900), max_size=4), max_size=30))
@settings(max_examples=60)
def test_lines_come_out_as_they_went_in_around_many_laps(tmp_path_factory, rounds):
    ring = Ring(tmp_path_factory.mktemp("ring"), {}, 4096)
    for lines in rounds:
        kept = [line for line in lines if ring.put(line, ERROR)]
        assert ring.pending == len(kept)
        assert take(ring) == kept
        assert ring.pending == 0
    ring.close()
    assert ring.torn == 0


@given(st.lists(st.tuples(st.binary(max_size=700), st.booleans()), max_size=40))
@settings(max_examples=60)
def test_what_was_not_taken_is_left_to_the_next_process_at_any_point(tmp_path_factory, steps):
    folder = tmp_path_factory.mktemp("ring")
    ring = Ring(folder, {"service": "s"}, 4096)
    waiting = []
    for line, takes in steps:
        if ring.put(line, ERROR):
            waiting.append(line)
        if takes:
            taken = list(ring.take())
            ring.acknowledge(len(taken))
            waiting = waiting[len(taken) :]
    abandon(ring)
    (left,) = dead_rings(folder)
    assert (list(left.lines), left.torn) == (waiting, 0)


def test_a_line_that_was_taken_is_pending_until_it_is_acknowledged(ring):
    ring.put(b"one", INFO)
    assert ring.take() == ring.take() == [b"one"]
    assert ring.pending == 1
    ring.acknowledge(1)
    assert ring.take() == ()


def test_an_acknowledged_line_does_not_come_again_though_the_rest_was_not_acknowledged(ring, tmp_path):
    for line in (b"one", b"two", b"three", b"four"):
        ring.put(line, INFO)
    ring.take()
    ring.acknowledge(1)
    ring.acknowledge(2)
    assert ring.pending == 1
    assert ring.take() == [b"four"]
    abandon(ring)
    assert left_in(tmp_path) == [b"four"]


def test_an_acknowledged_line_makes_room_at_once(ring):
    while ring.put(b"x" * 100, ERROR):
        pass
    ring.take()
    ring.acknowledge(1)
    assert ring.put(b"x" * 100, ERROR)
    assert not ring.put(b"x" * 100, ERROR)


@given(st.lists(st.tuples(st.binary(max_size=700), st.integers(0, 3)), max_size=40))
@settings(max_examples=60)
def test_a_batch_may_be_acknowledged_in_parts_and_left_at_any_point(tmp_path_factory, steps):
    folder = tmp_path_factory.mktemp("ring")
    ring = Ring(folder, {}, 4096)
    waiting = []
    for line, most in steps:
        if ring.put(line, ERROR):
            waiting.append(line)
        lines = ring.take()
        passed = min(most, len(lines))
        assert list(lines[:passed]) == waiting[:passed]
        ring.acknowledge(passed)
        waiting = waiting[passed:]
        assert ring.pending == len(waiting)
    abandon(ring)
    (left,) = dead_rings(folder)
    assert (list(left.lines), left.torn) == (waiting, 0)


def test_a_torn_record_is_counted_once_wherever_a_batch_is_parted(ring, monkeypatch):
    put_with_one_torn(ring, monkeypatch)
    ring.take()
    ring.acknowledge(1)
    assert ring.torn == 0
    ring.acknowledge(1)
    assert (ring.torn, ring.pending) == (1, 1)
    assert take(ring) == [b"last"]
    assert (ring.torn, ring.pending) == (1, 0)


def test_the_less_important_leave_room_for_the_more_important(ring):
    kept = {}
    for level in (DEBUG, INFO, WARNING, ERROR):
        kept[level] = 0
        while ring.put(b"x" * 16, level):
            kept[level] += 1
    assert kept == {DEBUG: 89, INFO: 19, WARNING: 13, ERROR: 7}


def test_a_line_larger_than_the_ring_is_refused(ring):
    assert not ring.put(b"x" * 5000, ERROR)
    assert ring.put(b"x" * 4000, ERROR)


def test_a_full_ring_takes_lines_again_when_some_were_taken(ring):
    while ring.put(b"x" * 100, INFO):
        pass
    assert ring.is_half_full
    take(ring)
    assert not ring.is_half_full
    assert ring.put(b"x" * 100, INFO)


def test_the_file_has_its_blocks_from_the_start_and_is_the_users_own(ring):
    found = ring.path.stat()
    assert stat.S_IMODE(found.st_mode) == 0o600
    assert found.st_blocks * 512 >= 4096 + 4096


def test_a_disk_without_room_fails_at_the_start_and_leaves_no_file(tmp_path, monkeypatch):
    def full(fd, size):
        raise OSError(errno.ENOSPC, "no space left on device")

    monkeypatch.setattr(ring_module, "allocate", full)
    with pytest.raises(OSError, match="no space"):
        Ring(tmp_path, {})
    assert ring_files(tmp_path) == []


def test_blocks_are_written_where_the_system_cannot_reserve_them(tmp_path, monkeypatch):
    monkeypatch.delattr(os, "posix_fallocate")
    ring = Ring(tmp_path, {}, 3 << 20)
    assert ring.path.stat().st_blocks * 512 >= 3 << 20
    ring.close()


def test_an_empty_ring_is_removed_when_it_is_closed_and_one_with_records_is_not(tmp_path):
    Ring(tmp_path, {}, 4096).close()
    assert ring_files(tmp_path) == []
    ring = Ring(tmp_path, {}, 4096)
    ring.put(b"one", INFO)
    ring.close()
    assert not ring.put(b"late", ERROR)
    assert left_in(tmp_path) == [b"one"]


def test_many_threads_put_while_one_takes(tmp_path):
    ring = Ring(tmp_path, {}, 1 << 16)
    done = threading.Event()
    found = []

    def put(number):
        for index in range(2000):
            while not ring.put(b"%d %d" % (number, index), ERROR):
                pass

    def taking():
        while not done.is_set() or ring.pending:
            lines = ring.take()
            if lines:
                found.extend(tuple(map(int, line.split())) for line in lines)
                ring.acknowledge(len(lines))

    taker = threading.Thread(target=taking)
    putters = [threading.Thread(target=put, args=(number,)) for number in range(4)]
    [thread.start() for thread in (taker, *putters)]
    [thread.join() for thread in putters]
    done.set()
    taker.join()
    ring.close()
    for number in range(4):
        assert [index for who, index in found if who == number] == list(range(2000))
    assert ring.torn == 0


def test_a_put_inside_a_put_has_a_place_of_its_own(ring, monkeypatch):
    """As when a signal handler or a finalizer logs while its own thread is in there."""
    real = ring_module.crc32
    nested = []

    def interrupted(line, start):
        if not nested:
            nested.append(line)
            assert ring.put(b"inner", INFO)
            assert ring.take() == (), "nothing is taken before the outer one is whole"
        return real(line, start)

    monkeypatch.setattr(ring_module, "crc32", interrupted)
    assert ring.put(b"outer", INFO)
    assert take(ring) == [b"outer", b"inner"]


def test_a_put_that_a_signal_handler_broke_off_is_counted_as_torn(ring, monkeypatch):
    real = ring_module.crc32

    def broken(line, start):
        if line == b"broken":
            raise KeyboardInterrupt
        return real(line, start)

    monkeypatch.setattr(ring_module, "crc32", broken)
    for line in (b"before", b"broken", b"after", b"broken"):
        try:
            ring.put(line, INFO)
        except KeyboardInterrupt:
            continue
    assert take(ring) == [b"before", b"after"]
    assert (ring.torn, ring.pending) == (2, 0)
