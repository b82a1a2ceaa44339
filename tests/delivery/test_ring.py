"""The ring on disk: what a call put there is there, whatever becomes of the process."""

from __future__ import annotations

import errno
import os
import stat
import subprocess
import sys
import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from discreet._delivery.background import ring as ring_module
from discreet._delivery.background.leftovers import files, leftovers
from discreet._delivery.background.ring import Ring

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs file locks")

INFO, WARNING, ERROR, DEBUG = 20, 30, 40, 10


@pytest.fixture
def ring(tmp_path):
    made = Ring(tmp_path, {"service": "s"}, 4096)
    yield made
    made.close()


def take(ring):
    found = []
    while lines := ring.peek():
        found += lines
        ring.taken()
    return found


def abandon(ring):
    """As a kill does: the lock goes, the file stays."""
    ring.leave()


def left_in(folder):
    found = []
    for left in leftovers(folder):
        found += left.lines
    return found


@given(st.lists(st.lists(st.binary(max_size=900), max_size=4), max_size=30))
@settings(max_examples=60)
def test_lines_come_out_as_they_went_in_around_many_laps(tmp_path_factory, rounds):
    ring = Ring(tmp_path_factory.mktemp("ring"), {}, 4096)
    for lines in rounds:
        kept = [line for line in lines if ring.put(line, ERROR)]
        assert ring.waiting == len(kept)
        assert take(ring) == kept
        assert ring.waiting == 0
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
            taken = list(ring.peek())
            ring.taken()
            waiting = waiting[len(taken) :]
    abandon(ring)
    (left,) = leftovers(folder)
    assert (list(left.lines), left.torn) == (waiting, 0)


def test_a_line_that_was_looked_at_stays_until_it_is_taken(ring):
    ring.put(b"one", INFO)
    assert ring.peek() == ring.peek() == [b"one"]
    assert ring.waiting == 1
    ring.taken()
    assert ring.peek() == ()


def test_what_was_passed_does_not_come_again_though_the_rest_was_not_taken(ring, tmp_path):
    for line in (b"one", b"two", b"three", b"four"):
        ring.put(line, INFO)
    ring.peek()
    ring.passed(1)
    ring.passed(2)
    assert ring.waiting == 1
    assert ring.peek() == [b"four"]
    abandon(ring)
    assert left_in(tmp_path) == [b"four"]


def test_what_was_passed_makes_room_at_once(ring):
    while ring.put(b"x" * 100, ERROR):
        pass
    ring.peek()
    ring.passed(1)
    assert ring.put(b"x" * 100, ERROR)
    assert not ring.put(b"x" * 100, ERROR)


@given(st.lists(st.tuples(st.binary(max_size=700), st.integers(0, 3)), max_size=40))
@settings(max_examples=60)
def test_a_batch_may_be_passed_in_parts_and_left_at_any_point(tmp_path_factory, steps):
    folder = tmp_path_factory.mktemp("ring")
    ring = Ring(folder, {}, 4096)
    waiting = []
    for line, most in steps:
        if ring.put(line, ERROR):
            waiting.append(line)
        lines = ring.peek()
        passed = min(most, len(lines))
        assert list(lines[:passed]) == waiting[:passed]
        ring.passed(passed)
        waiting = waiting[passed:]
        assert ring.waiting == len(waiting)
    abandon(ring)
    (left,) = leftovers(folder)
    assert (list(left.lines), left.torn) == (waiting, 0)


def test_a_torn_record_is_counted_once_wherever_a_batch_is_parted(ring, monkeypatch):
    put_with_one_torn(ring, monkeypatch)
    ring.peek()
    ring.passed(1)
    assert ring.torn == 0
    ring.passed(1)
    assert (ring.torn, ring.waiting) == (1, 1)
    assert take(ring) == [b"last"]
    assert (ring.torn, ring.waiting) == (1, 0)


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
    assert files(tmp_path) == []


def test_blocks_are_written_where_the_system_cannot_reserve_them(tmp_path, monkeypatch):
    monkeypatch.delattr(os, "posix_fallocate")
    ring = Ring(tmp_path, {}, 3 << 20)
    assert ring.path.stat().st_blocks * 512 >= 3 << 20
    ring.close()


def test_an_empty_ring_is_removed_when_it_is_closed_and_one_with_records_is_not(tmp_path):
    Ring(tmp_path, {}, 4096).close()
    assert files(tmp_path) == []
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
        while not done.is_set() or ring.waiting:
            lines = ring.peek()
            if lines:
                found.extend(tuple(map(int, line.split())) for line in lines)
                ring.taken()

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
            assert ring.peek() == (), "nothing is taken before the outer one is whole"
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
    assert (ring.torn, ring.waiting) == (2, 0)


# --- what is left


def test_the_ring_of_a_living_process_is_left_alone(ring, tmp_path):
    ring.put(b"one", INFO)
    assert left_in(tmp_path) == []
    assert len(files(tmp_path)) == 1


def test_what_is_done_is_not_left_again(tmp_path):
    ring = Ring(tmp_path, {"service": "s", "pid": 1}, 4096)
    for number in range(5):
        ring.put(b"%d" % number, INFO)
    abandon(ring)
    for left in leftovers(tmp_path):
        assert left.description == {"service": "s", "pid": 1}
        left.done(3)
    for left in leftovers(tmp_path):
        assert left.lines == [b"3", b"4"]
        left.remove()
    assert files(tmp_path) == []


def test_a_torn_record_among_what_is_done_is_told_then_and_not_again(ring, tmp_path, monkeypatch):
    put_with_one_torn(ring, monkeypatch)
    abandon(ring)
    for left in leftovers(tmp_path):
        assert (list(left.lines), left.torn) == ([b"before", b"after", b"last"], 1)
        assert [left.done(1), left.done(2)] == [0, 1]
        assert left.torn == 0
    for left in leftovers(tmp_path):
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
    (left,) = leftovers(folder)
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
    assert list(leftovers(tmp_path)) == []
    assert len(list(tmp_path.iterdir())) == 5


def test_a_ring_that_never_began_is_empty(tmp_path):
    (tmp_path / f"{1:020d}-1-00000000.ring").write_bytes(b"")
    (left,) = leftovers(tmp_path)
    assert (left.lines, left.torn) == ((), 0)


def test_a_folder_that_is_not_there_holds_nothing(tmp_path):
    assert list(leftovers(tmp_path / "nothing")) == []


# --- processes


PUT = """
    import faulthandler, mmap, os, sys
    from pathlib import Path
    from discreet._delivery.background.ring import Ring
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
        "from discreet._delivery.background.ring import Ring\n"
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
    from discreet._delivery.background.ring import Ring
    from discreet._delivery.background.leftovers import leftovers
    folder = Path(sys.argv[1])
    reader, writer = os.pipe()
    ring = Ring(folder, {}, 4096)
    ring.put(b"parents", 20)
    child = os.fork()
    if child == 0:
        os.close(writer)
        os.read(reader, 1)  # the parent is gone
        found = [line for left in leftovers(folder) for line in left.lines]
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
    from discreet._delivery.background.ring import Ring
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
        while lines := ring.peek():
            found += lines
            ring.taken()
    signal.setitimer(signal.ITIMER_REAL, 0)
    while lines := ring.peek():
        found += lines
        ring.taken()
    print(len(found) == made + handled, len(set(found)) >= made, ring.torn, ring.waiting)
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
        assert list(ring.peek()) == [b"line\n"]
        ring.taken()
        ring.close()
        assert not ring.put(b"late\n", 20)
        assert ring.peek() == ()
        assert len(os.listdir("/proc/self/fd")) == before
