"""What a dead process left in its ring, whole or damaged."""

from __future__ import annotations

import os
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from discreet._delivery.buffered import ring as ring_module
from discreet._delivery.buffered.ring import Ring, dead_rings, ring_files

from .rings import INFO, abandon, left_in, put_with_one_torn

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs file locks")


def test_the_ring_of_a_living_process_is_left_alone(ring, tmp_path):
    ring.put(b"one", INFO)
    assert left_in(tmp_path) == []
    assert len(ring_files(tmp_path)) == 1


def test_what_is_done_is_not_left_again(tmp_path):
    ring = Ring(tmp_path, {"service": "s", "pid": 1}, 4096)
    for number in range(5):
        ring.put(b"%d" % number, INFO)
    abandon(ring)
    for left in dead_rings(tmp_path):
        assert left.description == {"service": "s", "pid": 1}
        left.acknowledge(3)
    for left in dead_rings(tmp_path):
        assert left.lines == [b"3", b"4"]
        left.remove()
    assert ring_files(tmp_path) == []


def test_a_torn_record_among_what_is_done_is_told_then_and_not_again(ring, tmp_path, monkeypatch):
    put_with_one_torn(ring, monkeypatch)
    abandon(ring)
    for left in dead_rings(tmp_path):
        assert (list(left.lines), left.torn) == ([b"before", b"after", b"last"], 1)
        assert [left.acknowledge(1), left.acknowledge(2)] == [0, 1]
        assert left.torn == 0
    for left in dead_rings(tmp_path):
        assert (list(left.lines), left.torn) == ([b"last"], 0)


@given(st.data())
@settings(max_examples=150)
def test_a_changed_byte_costs_its_own_record_and_is_counted(tmp_path_factory, data):
    folder = tmp_path_factory.mktemp("ring")
    ring = Ring(folder, {}, 4096)
    lines = [b"%d" % number + b"x" * 30 for number in range(5)]
    for line in lines:
        ring.put(line, INFO)
    abandon(ring)
    content = bytearray(ring.path.read_bytes())
    at = data.draw(st.integers(0, 5 * 48 - 1))
    if at % 48 == 47:  # padding
        at -= 1
    content[ring_module.HEAD_BYTES + at] ^= data.draw(st.integers(1, 255))
    ring.path.write_bytes(content)
    (left,) = dead_rings(folder)
    assert list(left.lines) == [line for number, line in enumerate(lines) if number != at // 48]
    assert left.torn == 1


@given(st.data())
@settings(max_examples=100)
def test_whatever_the_head_says_nothing_fails(tmp_path_factory, data):
    folder = tmp_path_factory.mktemp("ring")
    ring = Ring(folder, {"service": "s"}, 4096)
    for number in range(5):
        ring.put(b"%d" % number, INFO)
    abandon(ring)
    content = bytearray(ring.path.read_bytes())
    at = data.draw(st.integers(0, 200))
    junk = data.draw(st.binary(min_size=1, max_size=50))
    content[at : at + len(junk)] = junk
    ring.path.write_bytes(content)
    assert set(left_in(folder)) <= {b"%d" % number for number in range(5)}


def test_numbers_that_cannot_be_give_what_frames_there_are(tmp_path):
    ring = Ring(tmp_path, {}, 4096)
    ring.put(b"one", INFO)
    ring._words[0] = 1 << 40
    abandon(ring)
    assert left_in(tmp_path) == [b"one"]


def test_what_is_no_ring_is_left_alone(tmp_path):
    def name(number):
        return tmp_path / f"{number:020d}-1-00000000.ring"

    name(1).symlink_to("/etc/hostname")
    name(2).mkdir()
    os.mkfifo(name(3))
    name(4).write_bytes(b"somebody else's" * 100)
    (tmp_path / "notes.txt").write_text("mine")
    assert list(dead_rings(tmp_path)) == []
    assert len(list(tmp_path.iterdir())) == 5


def test_a_ring_that_never_began_is_empty(tmp_path):
    (tmp_path / f"{1:020d}-1-00000000.ring").write_bytes(b"")
    (left,) = dead_rings(tmp_path)
    assert (left.lines, left.torn) == ((), 0)


def test_a_folder_that_is_not_there_holds_nothing(tmp_path):
    assert list(dead_rings(tmp_path / "nothing")) == []


def test_a_ring_that_says_it_has_no_room_at_all_is_left_alone(tmp_path):
    nothing = ring_module.START.pack(ring_module.MAGIC, ring_module.VERSION, 0, 0)
    (tmp_path / f"{1:020d}-1-00000000.ring").write_bytes(nothing.ljust(ring_module.HEAD_BYTES, b"\0"))
    assert list(dead_rings(tmp_path)) == []
