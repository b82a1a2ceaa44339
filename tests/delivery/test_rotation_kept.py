"""Which rotated files are kept, and how they are compressed."""

from __future__ import annotations

import gzip
import json
import os
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import discreet
from discreet._delivery.file.rotation import Keep, Kept, compress, rotated, tidy

from ..waiting import wait_until

DAY = 86_400
NOW = 2_000_000_000.0


def unpacked(path):
    data = Path(path).read_bytes()
    if str(path).endswith(".gz"):
        data = gzip.decompress(data)
    elif str(path).endswith(".zst"):
        data = pytest.importorskip("backports.zstd").decompress(data)
    return data


def make(folder, *ages, size=10):
    """Rotated files of /app.jsonl, oldest first, that many days old."""
    for number, age in enumerate(ages):
        path = folder / f"app.jsonl.20260101T0000{number:02}.000000Z"
        path.write_bytes(b"x" * size)
        os.utime(path, (time.time() - age * DAY,) * 2)
    return str(folder / "app.jsonl")


def names(path):
    return [file.stamp[13:15] for file in rotated(path)]


# --- retention

kept_files = st.lists(
    st.builds(Kept, st.integers(0, 30).map("{:02}".format), st.integers(0, 100), st.floats(NOW - 50 * DAY, NOW))
)
limits = st.builds(
    Keep,
    files=st.none() | st.integers(1, 10),
    days=st.none() | st.floats(0.01, 60),
    bytes=st.none() | st.integers(1, 1000),
)


def fits(keep, files):
    return (
        (keep.files is None or len({file.stamp for file in files}) <= keep.files)
        and (keep.bytes is None or sum(file.size for file in files) <= keep.bytes)
        and (
            keep.days is None
            or all(
                any(other.stamp == file.stamp and NOW - other.changed <= keep.days * DAY for other in files)
                for file in files
            )
        )
    )


@given(limits, kept_files)
def test_what_is_kept_fits_every_limit_is_the_newest_and_is_as_much_as_fits(keep, files):
    surplus = keep.surplus(files, NOW)
    kept = [file for file in files if file.stamp not in surplus]
    assert fits(keep, kept)
    assert all(file.stamp > gone for file in kept for gone in surplus)
    if surplus:
        assert not fits(keep, [*kept, *(file for file in files if file.stamp == max(surplus))])


@given(kept_files)
def test_without_limits_everything_is_kept(files):
    assert Keep().surplus(files, NOW) == set()


def test_the_newest_files_are_kept_by_count(tmp_path):
    path = make(tmp_path, 5, 4, 3, 2, 1)
    tidy(path, Keep(files=2), None)
    assert names(path) == ["03", "04"]


def test_old_files_go_by_the_age_of_their_last_line(tmp_path):
    path = make(tmp_path, 50, 31, 29, 1)
    tidy(path, Keep(days=30), None)
    assert names(path) == ["02", "03"]


def test_the_total_size_is_bounded(tmp_path):
    path = make(tmp_path, 4, 3, 2, 1, size=1000)
    tidy(path, Keep(bytes=2500), None)
    assert names(path) == ["02", "03"]


def test_compressed_files_make_room_for_more_of_them(tmp_path):
    path = make(tmp_path, 4, 3, 2, 1, size=100_000)
    tidy(path, Keep(files=3, bytes=350_000), "gzip")
    assert names(path) == ["01", "02", "03"]
    assert all(file.compressed for file in rotated(path))


def test_files_of_others_are_left_alone(tmp_path):
    path = make(tmp_path, 5, 4)
    for name in ("app.jsonl", "app.jsonl.1", "app.jsonl.old", "app2.jsonl.20260101T000000.000000Z"):
        (tmp_path / name).touch()
    tidy(path, Keep(files=1), "gzip")
    assert len(os.listdir(tmp_path)) == 5


def test_where_no_thread_can_be_started_the_call_removes_and_nothing_is_compressed(tmp_path, monkeypatch):
    monkeypatch.setattr("discreet._base.threads.start", lambda run: False)
    path = make(tmp_path, 3, 2, 1)
    file = discreet.File(path, rotate_bytes=100, keep_files=2, compress="gzip")
    discreet.configure(sinks=[file], service="s", environment="prod", take_over=False)
    for _ in range(3):
        discreet.get_logger("x").info("a record that fills a file")
    assert [entry.compressed for entry in rotated(path)] == [False, False]


def test_a_running_program_removes_what_its_rotations_make_superfluous(tmp_path):
    path = tmp_path / "app.jsonl"
    sink = discreet.File(path, rotate_bytes=300, keep_files=2)
    discreet.configure(sinks=[sink], service="s", environment="prod", take_over=False)
    for number in range(20):
        discreet.get_logger("x").info(str(number))
    wait_until(lambda: len(rotated(str(path))) == 2)


def test_a_start_removes_what_became_too_old(tmp_path):
    path = make(tmp_path, 50, 1)
    sink = discreet.File(path, rotate_every="day", keep_days=30)
    discreet.configure(sinks=[sink], service="s", environment="prod", take_over=False)
    wait_until(lambda: names(path) == ["01"])


def test_a_program_that_seldom_rotates_removes_what_becomes_too_old(tmp_path, monkeypatch):
    from discreet._delivery.file import rotating

    monkeypatch.setattr(rotating, "_AGE_INTERVAL", 0.0)
    path = tmp_path / "app.jsonl"
    sink = discreet.File(path, rotate_bytes="1 GB", keep_days=30)
    discreet.configure(sinks=[sink], service="s", environment="prod", take_over=False)
    make(tmp_path, 50, 1)
    discreet.get_logger("x").info("an hour later")
    wait_until(lambda: names(str(path)) == ["01"])


def test_a_file_that_cannot_be_removed_is_said_and_hurts_nobody(tmp_path, capfd):
    path = make(tmp_path, 5, 4, 3)
    (tmp_path / "app.jsonl.20260101T000000.000000Z").unlink()
    (tmp_path / "app.jsonl.20260101T000000.000000Z").mkdir()
    tidy(path, Keep(files=1), None)
    assert "rotated files of app.jsonl were left as they are: E" in capfd.readouterr().err


# --- compression


@pytest.mark.parametrize(("kind", "suffix"), [("gzip", ".gz"), ("zstd", ".zst")])
def test_rotated_files_are_compressed_and_keep_their_lines_age_and_privacy(tmp_path, kind, suffix):
    path = tmp_path / "app.jsonl"
    sink = discreet.File(path, rotate_bytes=1000, compress=kind)
    discreet.configure(sinks=[sink], service="s", environment="prod", take_over=False)
    for number in range(20):
        discreet.get_logger("x").info(str(number), pad="p" * 100)
    wait_until(lambda: all(file.path.endswith(suffix) for file in rotated(str(path))))
    files = [*(Path(file.path) for file in rotated(str(path))), path]
    found = [json.loads(line)["message"] for file in files for line in unpacked(file).splitlines()]
    assert found == [str(number) for number in range(20)]
    assert [file.stat().st_mode & 0o007 for file in files] == [0] * len(files)
    assert all(abs(file.stat().st_mtime - path.stat().st_mtime) < DAY for file in files)


def test_a_compressed_file_is_as_old_as_its_last_line(tmp_path):
    path = make(tmp_path, 20)
    before = os.stat(rotated(path)[0].path).st_mtime_ns
    assert compress(path, "gzip") == 1
    (file,) = rotated(path)
    assert (os.stat(file.path).st_mtime_ns, unpacked(file.path)) == (before, b"x" * 10)


def test_what_a_process_left_half_compressed_is_compressed_by_the_next(tmp_path):
    path = make(tmp_path, 2, 1)
    (tmp_path / "app.jsonl.20260101T000000.000000Z.gz.tmp").write_bytes(b"\x1f\x8b half")
    sink = discreet.File(path, rotate_bytes="1 MB", compress="gzip")
    discreet.configure(sinks=[sink], service="s", environment="prod", take_over=False)
    wait_until(lambda: all(file.compressed for file in rotated(path)))
    assert [unpacked(file.path) for file in rotated(path)] == [b"x" * 10] * 2
    wait_until(lambda: not list(tmp_path.glob("*.tmp")))


def test_what_a_process_compressed_but_did_not_remove_is_removed(tmp_path):
    path = make(tmp_path, 1)
    (file,) = rotated(path)
    Path(file.path + ".gz").write_bytes(gzip.compress(b"x" * 10))
    compress(path, "zstd")
    assert [os.path.basename(file.path)[-3:] for file in rotated(path)] == [".gz"]


def test_a_compression_that_fails_leaves_the_uncompressed_file_and_nothing_else(tmp_path, monkeypatch, capfd):
    path = make(tmp_path, 1)

    def full(*_):
        raise OSError(28, "no space")

    monkeypatch.setattr(os, "fsync", full)
    tidy(path, Keep(), "gzip")
    assert os.listdir(tmp_path) == ["app.jsonl.20260101T000000.000000Z"]
    assert "ENOSPC" in capfd.readouterr().err


@pytest.mark.skipif(os.name != "posix", reason="as POSIX has locks")
def test_a_file_that_another_process_compresses_is_left_to_it(tmp_path):
    import fcntl

    path = make(tmp_path, 2, 1)
    with open(rotated(path)[0].path, "rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        assert compress(path, "gzip") == 1
    assert [file.compressed for file in rotated(path)] == [False, True]


@pytest.mark.skipif(os.name != "posix", reason="as POSIX has links")
def test_a_link_in_a_rotated_files_place_is_not_followed_and_the_others_are_compressed(tmp_path):
    precious = tmp_path / "precious"
    precious.write_text("mine")
    path = make(tmp_path, 2, 1)
    first = rotated(path)[0].path
    os.unlink(first)
    os.symlink(precious, first)
    with pytest.raises(OSError, match="links"):
        compress(path, "gzip")
    assert [file.compressed for file in rotated(path)] == [False, True]
    assert precious.read_text() == "mine"


def test_zstd_that_is_not_installed_is_refused_with_a_remedy(tmp_path, monkeypatch):
    def missing(name, package=None):
        raise ImportError(name)

    monkeypatch.setattr("discreet._base.compression.import_module", missing)
    with pytest.raises(discreet.ConfigurationError, match=r'pip install "discreet\[zstd\]"'):
        discreet.File(tmp_path / "x", rotate_bytes=10, compress="zstd")
