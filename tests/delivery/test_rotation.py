"""When a file is rotated, and what the rotated files are called."""

from __future__ import annotations

import json
import os
from datetime import datetime, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

import discreet
from discreet._delivery.file.rotation import Rotation, next_stamp, parse_bytes, parse_every, rotated, stamped_at

DAY = 86_400


def configure(path, **options):
    discreet.configure(sinks=[discreet.File(path, **options)], service="s", environment="prod", take_over=False)


def log(message, **fields):
    discreet.get_logger("x").info(message, **fields)


def at(*time):
    return datetime(*time, tzinfo=timezone.utc).timestamp()


def lines(path):
    return [json.loads(line)["message"] for line in path.read_text().splitlines()]


def all_lines(path):
    return [line for file in rotated(str(path)) for line in lines(path.with_name(os.path.basename(file.path)))] + (
        lines(path) if path.exists() else []
    )


# --- settings


@pytest.mark.parametrize(
    ("value", "size"),
    [(5, 5), ("5", 5), ("100 MB", 100_000_000), ("96MiB", 96 << 20), ("1.5 kb", 1500), (" 2 GiB ", 2 << 30), ("7B", 7)],
)
def test_sizes_are_bytes_or_text_with_a_unit(value, size):
    assert parse_bytes("rotate_bytes", value) == size


@pytest.mark.parametrize("value", [0, -1, "0 MB", "100 M", "MB", "ten", "", 1.5, True, b"1", [1], "0.1B"])
def test_what_is_no_size_is_refused_with_a_remedy(value, tmp_path):
    with pytest.raises(discreet.ConfigurationError, match=r"rotate_bytes=.*not a size.*100 MB"):
        discreet.File(tmp_path / "x", rotate_bytes=value)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("minute", 60), ("hour", 3600), ("day", DAY), ("midnight", DAY), ("Midnight", DAY), ("week", 7 * DAY),
        ("15 minutes", 900), ("6 hours", 21_600), ("2 weeks", 14 * DAY), ("3days", 3 * DAY),
    ],
)  # fmt: skip
def test_periods_are_words_with_or_without_a_number(value, seconds):
    assert parse_every(value) == seconds


@pytest.mark.parametrize("value", ["fortnight", "", "0 days", "-1 day", 5, True, "day 2", "1.5 hours"])
def test_what_is_no_period_is_refused_with_a_remedy(value, tmp_path):
    with pytest.raises(discreet.ConfigurationError, match=r'rotate_every=.*not a period.*"6 hours"'):
        discreet.File(tmp_path / "x", rotate_every=value)


@pytest.mark.parametrize("value", ["7 hours", "25 hours", "50 minutes"])
def test_a_period_that_does_not_divide_a_day_is_refused(value, tmp_path):
    with pytest.raises(discreet.ConfigurationError, match="does not divide a day"):
        discreet.File(tmp_path / "x", rotate_every=value)


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"keep_files": 0}, "keep_files=0: not a number of files"),
        ({"keep_files": True}, "not a number of files"),
        ({"keep_days": 0}, "keep_days=0: not a number of days"),
        ({"keep_days": "30"}, "not a number of days"),
        ({"keep_days": float("nan")}, "not a number of days"),
        ({"keep_bytes": "much"}, "keep_bytes='much': not a size"),
        ({"keep_bytes": "5 MB"}, "keep_bytes=5000000: is less than one rotated file has"),
        ({"compress": "bzip2"}, "compress='bzip2': no such compression"),
    ],
)
def test_what_cannot_be_kept_so_is_refused(options, problem, tmp_path):
    with pytest.raises(discreet.ConfigurationError) as caught:
        discreet.File(tmp_path / "x", rotate_bytes="10 MB", **options)
    assert problem in str(caught.value)


@pytest.mark.parametrize("options", [{"keep_files": 3}, {"keep_days": 1}, {"keep_bytes": 9}, {"compress": "gzip"}])
def test_keeping_or_compressing_without_rotating_is_refused(options, tmp_path):
    with pytest.raises(discreet.ConfigurationError, match="nothing rotates"):
        discreet.File(tmp_path / "x", **options)


def test_a_file_of_which_only_the_path_is_known_is_bounded(tmp_path):
    path = tmp_path / "app.jsonl"
    discreet.configure(file=path, sinks=[], service="s", environment="prod", take_over=False)
    log("first")
    with path.open("ab") as file:  # a hole, which takes no space
        file.truncate(100_000_000)
    log("second")
    assert lines(path) == ["second"]
    assert len(rotated(str(path))) == 1


# --- when


def test_a_file_is_rotated_before_it_would_grow_beyond_its_size(tmp_path):
    path = tmp_path / "app.jsonl"
    configure(path, rotate_bytes=1000)
    for number in range(20):
        log(str(number), pad="p" * 100)
    assert all_lines(path) == [str(number) for number in range(20)]
    files = rotated(str(path))
    assert len(files) >= 3
    assert all(500 < os.path.getsize(file.path) <= 1000 for file in files)


def test_a_line_larger_than_a_whole_file_gets_a_file_of_its_own(tmp_path):
    path = tmp_path / "app.jsonl"
    configure(path, rotate_bytes=500)
    log("small")
    log("large", pad="p" * 900)
    log("small again")
    assert [lines(tmp_path / os.path.basename(file.path)) for file in rotated(str(path))] == [["small"], ["large"]]
    assert lines(path) == ["small again"]


@pytest.mark.parametrize("restarted", [False, True])
def test_the_first_line_of_a_new_day_begins_a_new_file_also_after_a_restart(tmp_path, restarted):
    path = tmp_path / "app.jsonl"
    configure(path, rotate_every="day")
    log("yesterday")
    os.utime(path, (0, path.stat().st_mtime - DAY))
    if restarted:
        discreet.configure(sinks=[], service="s", environment="prod", take_over=False)
        configure(path, rotate_every="day")
    for number in range(3):
        log(f"today {number}")
    assert lines(path) == ["today 0", "today 1", "today 2"]
    assert all_lines(path)[0] == "yesterday"


def test_a_file_system_whose_clock_lags_behind_does_not_rotate_again_and_again(tmp_path):
    path = tmp_path / "app.jsonl"
    configure(path, rotate_every="week")
    log("last week")
    for number in range(5):
        os.utime(path, (0, path.stat().st_mtime - 7 * DAY))
        log(str(number))
    assert len(rotated(str(path))) == 1
    assert lines(path) == list("01234")


def test_an_empty_file_is_not_rotated(tmp_path):
    path = tmp_path / "app.jsonl"
    path.touch()
    os.utime(path, (0, 0))
    configure(path, rotate_every="hour", rotate_bytes=10)
    log("hello")
    assert rotated(str(path)) == []


@pytest.mark.parametrize(
    ("seconds", "before", "after"),
    [
        (60, at(2026, 3, 29, 0, 59, 59), at(2026, 3, 29, 1, 0)),  # an hour that Europe skips
        (3600, at(2026, 10, 25, 0, 59, (59.0).__int__()), at(2026, 10, 25, 1, 0)),  # one that it has twice
        (DAY, at(2026, 10, 25, 23, 59, 59), at(2026, 10, 26)),
        (7 * DAY, at(2026, 11, 22, 23, 59, 59), at(2026, 11, 23)),  # a Monday
        (21_600, at(2026, 1, 1, 5, 59, 59), at(2026, 1, 1, 6)),
    ],
)
def test_periods_begin_at_full_hours_midnights_and_mondays_of_utc(seconds, before, after):
    every = Rotation(seconds=seconds)
    assert every.due(1, before, 1, after)
    assert not every.due(1, after, 1, after + seconds - 1)
    assert not every.due(1, before - 1, 1, before)


@given(st.integers(0, 4_000_000_000), st.sampled_from([60, 3600, 21_600, DAY, 7 * DAY]))
def test_every_period_is_exactly_as_long_as_it_says(time, seconds):
    every = Rotation(seconds=seconds)
    assert every.period(time + seconds) == every.period(time) + 1


def test_a_clock_that_goes_back_rotates_nothing():
    assert not Rotation(seconds=60).due(1, at(2026, 1, 1, 1), 1, at(2026, 1, 1))


# --- names


@given(st.lists(st.floats(0, 4e9), min_size=1))
def test_names_sort_by_rotation_and_never_collide_however_the_clock_jumps(times):
    stamps = [""]
    for time in times:
        stamps.append(next_stamp(time, stamps[-1]))
    assert stamps == sorted(set(stamps))
    assert [stamped_at(stamp).strftime("%Y%m%dT%H%M%S.%fZ") for stamp in stamps[1:]] == stamps[1:]


def test_only_our_own_names_are_rotated_files(tmp_path):
    path = tmp_path / "app.jsonl"
    ours = ["app.jsonl.20261123T001500.000001Z", "app.jsonl.20261123T001500.000002Z.gz"]
    others = [
        "app.jsonl", "app.jsonl.1", "app.jsonl-20261123", "app.jsonl.20261123T001500.000003Z.gz.tmp",
        "other.jsonl.20261123T001500.000001Z", "app.jsonl.20269923T001500.000001Z", "app.jsonl.2026", "xapp.jsonl",
    ]  # fmt: skip
    for name in [*ours, *others]:
        (tmp_path / name).touch()
    assert [os.path.basename(file.path) for file in rotated(str(path))] == ours


@pytest.mark.skipif(os.name != "posix", reason="as POSIX has links")
def test_a_link_stays_and_what_it_points_to_is_rotated(tmp_path):
    (tmp_path / "data").mkdir()
    path = tmp_path / "app.jsonl"
    path.symlink_to(tmp_path / "data" / "real.jsonl")
    configure(path, rotate_bytes=10)
    log("first")
    log("second")
    assert path.is_symlink()
    assert all_lines(tmp_path / "data" / "real.jsonl") == ["first", "second"]


@pytest.mark.skipif(os.name != "posix", reason="as POSIX has modes")
def test_rotated_files_are_not_for_everybody(tmp_path):
    path = tmp_path / "app.jsonl"
    path.touch()
    path.chmod(0o666)
    before = os.umask(0)
    try:
        configure(path, rotate_bytes=10)
        log("first")
        log("second")
    finally:
        os.umask(before)
    assert [file.stat().st_mode & 0o007 for file in tmp_path.iterdir()] == [0, 0]
    assert path.stat().st_mode & 0o777 == 0o640
