"""What waits on disk: nothing is lost or torn, whatever happens to the processes and the files."""

from __future__ import annotations

import errno
import os
import signal
import stat
import subprocess
import sys
import textwrap
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from discreet._delivery import frames
from discreet._delivery.spool.segment import survey
from discreet._delivery.spool.spool import Spool, segment

from ..waiting import communicate

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs file locks")


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "spool"


def lines(first, count=1, size=0):
    return [b"%d " % number + b"x" * size for number in range(first, first + count)]


def drained(spool):
    """Everything that waits, delivered."""
    found = []
    with spool.drain() as segments:
        for one in segments:
            found += one.lines
            one.acknowledge(len(one.lines))
    return found


def files(folder):
    return sorted(path for path in folder.iterdir() if path.name.endswith(".spool"))


def program(folder, source):
    """A process of its own that has a spool."""
    start = f"import os, sys, time\nfrom pathlib import Path\nfrom discreet._delivery.spool.spool import Spool\nspool = Spool(Path({str(folder)!r}))\n"
    return subprocess.Popen(
        [sys.executable, "-c", start + textwrap.dedent(source)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )


# --- the way of a record


@given(st.lists(st.lists(st.binary(max_size=200), max_size=5), max_size=5))
@settings(max_examples=50)
def test_any_lines_come_back_as_they_were_and_in_order(tmp_path_factory, batches):
    spool = Spool(tmp_path_factory.mktemp("spool"))
    for batch in batches:
        assert spool.write(batch) == len(batch)
    assert drained(spool) == [line for batch in batches for line in batch]
    assert files(spool.folder) == []


def test_batches_of_one_process_share_a_segment(folder):
    spool = Spool(folder)
    for number in range(10):
        spool.write(lines(number))
    assert len(files(folder)) == 1
    assert drained(spool) == lines(0, 10)


def test_a_segment_does_not_grow_without_end(folder):
    spool = Spool(folder)
    assert spool.write(lines(0, 30, 100_000)) == 30
    assert len(files(folder)) == 3
    assert drained(spool) == lines(0, 30, 100_000)


def test_files_and_folder_are_the_users_own(folder):
    Spool(folder).write(lines(0))
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}


def test_what_was_not_done_comes_again_and_only_that(folder):
    spool = Spool(folder)
    spool.write(lines(0, 5))
    with spool.drain() as segments:
        next(segments).acknowledge(3)
    assert (drained(spool), spool.pending) == (lines(3, 2), 0)


def test_done_counts_from_the_start_and_never_back(folder):
    spool = Spool(folder)
    spool.write(lines(0, 5))
    with spool.drain() as segments:
        one = next(segments)
        one.acknowledge(3)
        one.acknowledge(1)
        one.acknowledge(3)
    assert spool.pending == 2


def test_what_is_written_while_a_segment_is_drained_waits_in_another(folder):
    spool = Spool(folder)
    spool.write(lines(0))
    with spool.drain() as segments:
        one = next(segments)
        spool.write(lines(1))
        one.acknowledge(1)
    assert drained(spool) == lines(1)


def test_one_drains_at_a_time(folder):
    one, other = Spool(folder), Spool(folder)
    one.write(lines(0))
    with one.drain() as segments:
        assert list(other.drain().__enter__()) == []
        assert len(list(segments)) == 1
    assert drained(other) == lines(0)


def test_the_oldest_comes_first_whoever_wrote_it(folder):
    spools = [Spool(folder) for _ in range(3)]
    for number, spool in enumerate(spools):
        spool.write(lines(number))
    assert drained(spools[1]) == lines(0, 3)


def test_a_folder_that_was_removed_is_made_again(folder):
    spool = Spool(folder)
    os.rmdir(folder)
    assert spool.write(lines(0)) == 1
    assert drained(spool) == lines(0)


# --- counts


def test_what_another_took_is_transferred_and_recovered(folder):
    ours, other = Spool(folder), Spool(folder)
    ours.write(lines(0, 5))
    with other.drain() as segments:
        one = next(segments)
        assert one.name.owner == ours.owner != other.owner
        one.acknowledge(2)
    assert (ours.news().transferred, ours.pending) == (2, 3)
    assert other.news().recovered == 2
    drained(other)
    assert (ours.news(), ours.pending) == ((0, 3, {}), 0)
    assert (other.news().recovered, other.pending) == (3, 0)


def test_our_own_is_neither(folder):
    spool = Spool(folder)
    spool.write(lines(0, 5))
    assert spool.pending == 5
    drained(spool)
    assert (spool.news(), spool.pending) == ((0, 0, {}), 0)


def test_beyond_its_size_the_oldest_goes_and_is_counted(folder):
    spool = Spool(folder, max_bytes=3 << 20)
    spool.write(lines(0, 40, 100_000))
    assert sum(path.stat().st_size for path in files(folder)) <= 3 << 20
    kept = spool.pending
    assert spool.news().dropped == {"spool full": 40 - kept}
    assert drained(spool) == lines(40 - kept, kept, 100_000)


def test_a_record_larger_than_the_spool_is_not_stored(folder):
    spool = Spool(folder, max_bytes=1000)
    assert spool.write([b"small", b"x" * 2000, b"small"]) == 1
    assert drained(spool) == [b"small"]


def test_what_is_being_drained_is_not_given_up_for_room(folder):
    spool = Spool(folder, max_bytes=1000)
    spool.write([b"x" * 900])
    with spool.drain() as segments:
        one = next(segments)
        assert spool.write([b"y" * 900]) == 0
        one.acknowledge(1)
    assert spool.write([b"y" * 900]) == 1


def test_what_is_too_old_expires_and_is_counted(folder):
    old = Spool(folder)
    old.write(lines(0, 3))
    spool = Spool(folder, max_age=-1)
    assert drained(spool) == []
    assert (spool.news(), old.news().transferred) == ((3, 0, {"spool expired": 3}), 3)
    old.write(lines(0, 2))
    spool.write(lines(2))
    assert spool.news().dropped == {"spool expired": 2}


def test_a_clock_that_was_set_forward_costs_nothing_that_waits(folder, monkeypatch):
    before = Spool(folder)
    before.write(lines(0, 3))
    seconds, nanoseconds, years = time.time, time.time_ns, 40 * 365 * 86400
    monkeypatch.setattr(time, "time", lambda: seconds() + years)
    monkeypatch.setattr(time, "time_ns", lambda: nanoseconds() + years * 10**9)
    assert before.write(lines(3)) == 1
    after = Spool(folder)
    assert after.write(lines(4)) == 1
    assert drained(after) == lines(0, 5)
    assert before.news().dropped == after.news().dropped == {}


def test_the_survey_counts_everybodys_and_changes_nothing(folder):
    assert survey(folder) == (0, 0)
    Spool(folder).write([b"abc", b"de"])
    spool = Spool(folder)
    spool.write([b"f"])
    (folder / "notes.txt").write_text("mine")
    assert survey(folder) == survey(folder) == (3, 6)
    assert len(drained(spool)) == 3


# --- files that are not what they should be


@given(st.data())
@settings(max_examples=100)
def test_a_segment_cut_anywhere_gives_the_whole_records_before_the_cut(tmp_path_factory, data):
    folder = tmp_path_factory.mktemp("spool")
    Spool(folder).write(lines(0, 5, 3))
    (path,) = files(folder)
    content = path.read_bytes()
    cut = data.draw(st.integers(0, len(content)))
    os.truncate(path, cut)
    begin = len(content) - 5 * (frames.FRAME + 5)
    whole = max(0, (cut - begin) // (frames.FRAME + 5))
    spool = Spool(folder)
    assert drained(spool) == lines(0, whole, 3)
    # Of a file whose count is cut off, nobody knows how many records it had.
    lost = 5 - whole if cut >= begin else int(cut not in (0, segment.HEAD.size))
    assert spool.news().dropped == ({"spool corrupt": lost} if lost else {})
    assert files(folder) == []


@given(st.data())
@settings(max_examples=200)
def test_a_changed_byte_costs_its_own_record_and_is_counted(tmp_path_factory, data):
    folder = tmp_path_factory.mktemp("spool")
    Spool(folder).write(lines(0, 5, 3))
    (path,) = files(folder)
    content = bytearray(path.read_bytes())
    begin = len(content) - 5 * (frames.FRAME + 5)
    at = data.draw(st.integers(begin, len(content) - 1))
    content[at] ^= data.draw(st.integers(1, 255))
    path.write_bytes(content)
    spool = Spool(folder)
    hit = (at - begin) // (frames.FRAME + 5)
    assert drained(spool) == [line for number, line in enumerate(lines(0, 5, 3)) if number != hit]
    assert spool.news() == (5, 0, {"spool corrupt": 1})


def test_a_torn_record_of_ours_is_lost_from_what_we_wait_for(folder):
    spool = Spool(folder)
    spool.write(lines(0, 3))
    (path,) = files(folder)
    os.truncate(path, path.stat().st_size - 1)
    assert drained(spool) == lines(0, 2)
    assert (spool.news(), spool.pending) == ((0, 0, {"spool corrupt": 1}), 0)


@given(st.binary(min_size=1, max_size=300))
@settings(max_examples=100)
def test_a_segment_of_any_bytes_harms_nobody(tmp_path_factory, content):
    folder = tmp_path_factory.mktemp("spool")
    (folder / segment.new_name("1-00000000").text).write_bytes(content)
    spool = Spool(folder)
    spool.write(lines(0))
    assert drained(spool) == lines(0)
    assert spool.news().dropped == {"spool corrupt": 1}
    assert files(folder) == []


def test_what_is_no_segment_is_set_aside_and_counted_once(folder):
    spool = Spool(folder)
    names = [segment.new_name(f"{number}-00000000").text for number in range(4)]
    (folder / names[0]).symlink_to("/etc/hostname")
    (folder / names[1]).mkdir()
    os.mkfifo(folder / names[2])
    (folder / names[3]).write_bytes(b"somebody else's, and long enough to have a head")
    spool.write(lines(0))
    assert drained(spool) == lines(0)
    assert drained(spool) == []
    assert spool.news().dropped == {"spool corrupt": 4}
    assert sorted(path.name for path in folder.iterdir()) == [*(f"{name}.corrupt" for name in names), "drain.lock"]


def test_files_with_other_names_are_left_alone(folder):
    spool = Spool(folder)
    (folder / "notes.txt").write_text("mine")
    spool.write(lines(0))
    assert drained(spool) == lines(0)
    assert (folder / "notes.txt").read_text() == "mine"
    assert spool.news().dropped == {}


def test_what_was_set_aside_makes_room_too(folder):
    spool = Spool(folder, max_bytes=1000)
    (folder / segment.new_name("1-00000000").text).write_bytes(b"?" * 900)
    assert drained(spool) == []
    assert spool.write([b"x" * 500]) == 1
    assert [path.suffix for path in folder.iterdir() if path.name != "drain.lock"] == [".spool"]


def test_a_full_disk_keeps_the_whole_records_that_fitted(folder):
    child = program(
        folder,
        """
        import resource
        resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000))
        print(spool.write([b"x" * 1000] * 20), spool.write([b"y"]), spool.pending)
        """,
    )
    out = communicate(child)[0]
    assert (out, child.returncode) == (b"9 1 10\n", 0)
    spool = Spool(folder)
    assert drained(spool) == [b"x" * 1000] * 9 + [b"y"]
    assert spool.news().dropped == {}


# --- processes


def test_what_a_killed_process_stored_is_there_to_the_last_returned_write(folder):
    writer = program(
        folder,
        """
        for number in range(1_000_000):
            spool.write([b"%d first" % number, b"%d second" % number])
            os.write(1, b"%d\\n" % number)
        """,
    )
    returned = 0
    while returned < 300:
        returned = int(writer.stdout.readline())
    writer.kill()
    for line in writer.stdout:
        returned = int(line) if line.endswith(b"\n") else returned
    assert writer.wait() == -signal.SIGKILL
    writer.stdin.close()
    writer.stdout.close()
    spool = Spool(folder)
    found = drained(spool)
    assert found[: 2 * returned + 2] == [b"%d %s" % (n, w) for n in range(returned + 1) for w in (b"first", b"second")]
    assert len(found) <= 2 * returned + 4
    assert spool.news().dropped.get("spool corrupt", 0) <= 1


def test_two_drainers_and_two_writers_deliver_everything_once(folder):
    writers = [
        program(folder, f"for n in range(300): spool.write([b'{name} %d' % n])\nprint(spool.pending >= 0)")
        for name in "ab"
    ]
    drainers = [
        program(
            folder,
            """
            import select
            last = False
            while True:
                last = last or bool(select.select([0], [], [], 0)[0])
                found = 0
                with spool.drain() as segments:
                    for one in segments:
                        for number, line in enumerate(one.lines, 1):
                            os.write(1, line + b"\\n")
                            one.acknowledge(number)
                            found += 1
                if last and not found and not any(p.name.endswith(".spool") for p in spool.folder.iterdir()):
                    break
            """,
        )
        for _ in range(2)
    ]
    for writer in writers:
        assert communicate(writer)[0] == b"True\n"
    outs = [communicate(drainer)[0] for drainer in drainers]
    found = sorted(b"".join(outs).splitlines())
    assert found == sorted(b"%c %d" % (name, n) for name in b"ab" for n in range(300))


def test_a_killed_drainer_frees_its_locks(folder):
    spool = Spool(folder)
    spool.write(lines(0, 3))
    drainer = program(
        folder,
        """
        with spool.drain() as segments:
            one = next(segments)
            one.acknowledge(1)
            os.write(1, b"here\\n")
            sys.stdin.read()
        """,
    )
    assert drainer.stdout.readline() == b"here\n"
    assert drained(spool) == []
    drainer.kill()
    drainer.communicate()
    assert drained(spool) == lines(1, 2)
    assert spool.news().transferred == 1


def test_a_forked_child_has_neither_the_records_nor_the_locks_of_its_parent(folder):
    child = program(
        folder,
        """
        spool.write([b"parents"])
        reader, writer = os.pipe()
        with spool.drain() as segments:
            one = next(segments)
            pid = os.fork()
            if pid == 0:
                os.read(reader, 1)
                assert spool.pending == 0
                assert spool.write([b"childs"]) == 1
                os._exit(0)
        other = Spool(spool.folder)
        with other.drain() as segments:  # while the child lives
            print([line for one in segments for line in one.lines])
        os.write(writer, b"x")
        assert os.waitpid(pid, 0)[1] == 0
        print(spool.pending, spool.owner)
        """,
    )
    out = communicate(child)[0].splitlines()
    assert child.returncode == 0
    assert out[0] == b"[b'parents']"
    assert out[1].startswith(b"1 %d-" % child.pid)
    assert drained(Spool(folder)) == [b"parents", b"childs"]


# --- frames


@given(st.binary(max_size=500), st.integers(1, 8))
def test_reading_any_bytes_as_frames_never_fails(data, align):
    found = frames.read(data, align=align)
    assert len(found.lines) == len(found.sequences)


def test_a_drain_that_cannot_look_leaves_the_folder_to_others(tmp_path, monkeypatch):
    spool, other = Spool(tmp_path), Spool(tmp_path)
    spool.write([b"line"])

    def found():
        raise OSError(errno.EMFILE, "too many open files")

    with monkeypatch.context() as patch:
        patch.setattr(spool._listing, "found", found)
        with pytest.raises(OSError, match="too many"), spool.drain():
            pass
    with other.drain() as segments:
        assert [list(segment.lines) for segment in segments] == [[b"line"]]
