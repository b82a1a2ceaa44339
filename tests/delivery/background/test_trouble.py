"""Lines that cannot be written: full disks and worse."""

from __future__ import annotations

import errno
import io
import os
import sys

import pytest

import discreet
from discreet._delivery.runner import runner_of

from .helpers import BOTH, configure, health, numbers

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="rings need file locks")


@BOTH
def test_a_record_that_cannot_be_written_is_counted_and_those_behind_it_arrive(delivery, tmp_path):
    class Picky(discreet.File):
        def write(self, line):
            if b'"number":3,' in line or b'"number":3}' in line:
                raise RuntimeError("three")
            super().write(line)

    log = configure(Picky(tmp_path / "log"), delivery)
    for number in range(6):
        log.info("x", number=number)
    discreet.flush()
    assert numbers((tmp_path / "log").read_bytes().splitlines()) == [0, 1, 2, 4, 5]
    assert (health()["delivered"], health()["dropped"]) == (5, {"RuntimeError": 1})


@BOTH
@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="Linux has /dev/full")
def test_a_full_disk_is_counted(delivery):
    with open("/dev/full", "w") as full:
        log = configure(discreet.Stream(full, format="json"), delivery)
        for _ in range(10):
            log.info("lost")
        discreet.flush()
        assert (health()["delivered"], health()["dropped"]) == (0, {"ENOSPC": 10})
        configure(discreet.Stream(io.StringIO()), "direct")


class Full(discreet.File):
    """A file on a disk where only short lines still fit."""

    room = 0

    def __init__(self, path):
        super().__init__(path)
        self.tried = []

    def write(self, line):
        self.tried.append(line.count(b"\n"))
        if len(line) > self.room:
            raise OSError(errno.ENOSPC, "no space left on device")
        super().write(line)


@BOTH
def test_on_a_full_disk_lines_as_long_as_one_that_failed_alone_are_not_tried_in_the_same_batch(delivery, tmp_path):
    sink = Full(tmp_path / "log")
    log = configure(sink, delivery)
    with runner_of(sink).lock:  # the thread waits, so that all is one batch behind the first
        for number in range(100, 300):
            log.info("x", number=number)
    discreet.flush()
    assert (health()["delivered"], health()["dropped"]) == (0, {"ENOSPC": 200})
    assert len(sink.tried) < 10


@BOTH
def test_on_a_full_disk_a_shorter_line_that_still_fits_is_written(delivery, tmp_path):
    sink = Full(tmp_path / "log")
    sink.room = 1000
    log = configure(sink, delivery)
    with runner_of(sink).lock:
        for number in range(100, 120):
            log.info("x", number=number, pad="p" * (0 if number == 110 else 1000))
    discreet.flush()
    assert numbers((tmp_path / "log").read_bytes().splitlines()) == [110]
    assert (health()["delivered"], health()["dropped"]) == (1, {"ENOSPC": 19})


@BOTH
def test_when_a_full_disk_has_room_again_the_next_batch_arrives(delivery, tmp_path):
    sink = Full(tmp_path / "log")
    log = configure(sink, delivery)
    for number in range(3):
        log.info("x", number=number)
    discreet.flush()
    sink.room = 1 << 20
    for number in range(3, 6):
        log.info("x", number=number)
    discreet.flush()
    assert numbers((tmp_path / "log").read_bytes().splitlines()) == [3, 4, 5]
