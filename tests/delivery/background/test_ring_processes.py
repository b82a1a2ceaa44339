"""What a call put in a ring is there, whatever becomes of the process."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from discreet._delivery.buffered.ring import Ring

from .rings import left_in

pytestmark = [
    pytest.mark.version_sensitive,
    pytest.mark.skipif(sys.platform == "win32", reason="needs file locks"),
]


PUT = """
    import faulthandler, mmap, os, sys
    from pathlib import Path
    from discreet._delivery.buffered.ring import Ring
    ring = Ring(Path(sys.argv[1]), {"pid": os.getpid()}, 64 << 20)
    with open(sys.argv[2], "r+b") as file:
        returned = memoryview(mmap.mmap(file.fileno(), 8)).cast("Q")
    number = 0
"""


@pytest.mark.parametrize(
    "end",
    ["os.kill(os.getpid(), 9)", "os._exit(3)", "faulthandler._sigsegv()", "os.abort()"],
    ids=["SIGKILL", "_exit", "segfault", "abort"],
)
def test_every_put_that_returned_is_there_after_the_process_died(python, tmp_path, end):
    folder, counter = tmp_path / "ring", tmp_path / "counter"
    folder.mkdir()
    counter.write_bytes(bytes(8))
    done = python(
        PUT
        + f"""
    while number < 5000:
        ring.put(b"%d" % number + b"x" * (number % 300), 40)
        number += 1
        returned[0] = number
    {end}
    """,
        str(folder),
        str(counter),
    )
    assert done.code != 0
    assert [int(line.rstrip(b"x")) for line in left_in(folder)] == list(range(5000))


def test_every_put_that_returned_is_there_after_a_kill_in_the_middle(tmp_path):
    program = (
        "import os, sys\n"
        "from pathlib import Path\n"
        "from discreet._delivery.buffered.ring import Ring\n"
        "ring = Ring(Path(sys.argv[1]), {}, 64 << 20)\n"
        "for number in range(1_000_000):\n"
        "    ring.put(b'%d' % number + b'x' * (number % 300), 40)\n"
        "    os.write(1, b'%d\\n' % number)\n"
    )
    with subprocess.Popen([sys.executable, "-c", program, str(tmp_path)], stdout=subprocess.PIPE) as child:
        while int(child.stdout.readline()) < 2000:
            pass
        child.kill()
        last = 2000
        for line in child.stdout:
            last = int(line) if line.endswith(b"\n") else last
    found = [int(line.rstrip(b"x")) for line in left_in(tmp_path)]
    assert found == list(range(len(found)))
    assert last < len(found) <= last + 2


def test_a_forked_child_keeps_no_ring_of_its_parent_alive(python, tmp_path):
    done = python(
        """
    import os, sys
    from pathlib import Path
    from discreet._delivery.buffered.ring import Ring
    from discreet._delivery.buffered.ring import dead_rings
    folder = Path(sys.argv[1])
    reader, writer = os.pipe()
    ring = Ring(folder, {}, 4096)
    ring.put(b"parents", 20)
    child = os.fork()
    if child == 0:
        os.close(writer)
        os.read(reader, 1)  # the parent is gone
        found = [line for left in dead_rings(folder) for line in left.lines]
        os.write(1, repr(found).encode())
        os._exit(0)
    os._exit(0)
    """,
        str(tmp_path),
    )
    assert done.out == b"[b'parents']"


def test_a_signal_handler_may_put_amid_any_step_of_a_put(python, tmp_path):
    done = python(
        """
    import signal, sys
    from pathlib import Path
    from discreet._delivery.buffered.ring import Ring
    ring = Ring(Path(sys.argv[1]), {}, 1 << 20)
    depth = handled = made = 0
    found = []
    def handler(*_):
        global depth, handled
        if depth < 2:
            depth += 1
            handled += 1
            assert ring.put(b"handled %d" % handled, 40)
            depth -= 1
    signal.signal(signal.SIGALRM, handler)
    signal.setitimer(signal.ITIMER_REAL, 5e-5, 5e-5)
    while handled < 5000:
        for _ in range(100):
            assert ring.put(b"made %d" % made, 40)
            made += 1
        while lines := ring.take():
            found += lines
            ring.acknowledge(len(lines))
    signal.setitimer(signal.ITIMER_REAL, 0)
    while lines := ring.take():
        found += lines
        ring.acknowledge(len(lines))
    print(len(found) == made + handled, len(set(found)) >= made, ring.torn, ring.pending)
    """,
        str(tmp_path),
        measured=False,
    )
    assert done.out == b"True True 0 0\n", done.err


@pytest.mark.skipif(not os.path.exists("/proc/self/fd"), reason="Linux shows a process's descriptors")
def test_a_closed_ring_keeps_no_descriptor(tmp_path):
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(5):
        ring = Ring(tmp_path, {})
        assert ring.put(b"line\n", 20)
        assert list(ring.take()) == [b"line\n"]
        ring.acknowledge(1)
        ring.close()
        assert not ring.put(b"late\n", 20)
        assert ring.take() == ()
        assert len(os.listdir("/proc/self/fd")) == before
