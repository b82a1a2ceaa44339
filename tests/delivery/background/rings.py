"""What tests of the ring share."""

from __future__ import annotations

from discreet._delivery.buffered import ring as ring_module
from discreet._delivery.buffered.ring import dead_rings

INFO, WARNING, ERROR, DEBUG = 20, 30, 40, 10


def take(ring):
    found = []
    while lines := ring.take():
        found += lines
        ring.acknowledge(len(lines))
    return found


def abandon(ring):
    """As a kill does: the lock goes, the file stays."""
    ring.leave()


def left_in(folder):
    found = []
    for left in dead_rings(folder):
        found += left.lines
    return found


def put_with_one_torn(ring, monkeypatch):
    real = ring_module.crc32

    def broken(line, start):
        if line == b"broken":
            raise KeyboardInterrupt
        return real(line, start)

    monkeypatch.setattr(ring_module, "crc32", broken)
    for line in (b"before", b"broken", b"after", b"last"):
        try:
            ring.put(line, INFO)
        except KeyboardInterrupt:
            continue
