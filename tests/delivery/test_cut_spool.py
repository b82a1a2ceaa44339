"""A spool file of which a part was cut off: how many records went with it is counted."""

from __future__ import annotations

import pytest

from discreet._delivery import frames
from discreet._delivery.spool.segment import HEAD
from discreet._delivery.spool.spool import Spool

LINES = [b"line %d\n" % number for number in range(1000)]


def recovered(folder) -> tuple[int, int]:
    spool = Spool(folder)
    delivered = 0
    with spool.drain() as segments:
        for segment in segments:
            delivered += len(segment.lines)
            segment.acknowledge(len(segment.lines))
    return delivered, spool.news().dropped.get("spool corrupt", 0)


@pytest.mark.parametrize("part", [0.999, 0.5, 0.37, 0.01])
def test_the_records_of_a_cut_segment_are_all_accounted_for(tmp_path, part):
    Spool(tmp_path).write(LINES)
    (path,) = tmp_path.glob("*.spool")
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * part)])
    delivered, lost = recovered(tmp_path)
    assert delivered + lost == 1000
    assert lost > 0


def test_a_segment_of_an_earlier_version_is_read_as_before(tmp_path):
    Spool(tmp_path).write(LINES)
    (path,) = tmp_path.glob("*.spool")
    data = path.read_bytes()
    path.write_bytes(data[: HEAD.size] + data[HEAD.size + frames.FRAME + 8 :])
    assert recovered(tmp_path) == (1000, 0)
