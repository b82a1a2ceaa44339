"""A disk that is full, read-only or forbidden: counted, said once, and forgotten as soon as it works again."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import tempfile

import pytest

import discreet

ROTATIONS = pytest.mark.parametrize("options", [{}, {"rotate_bytes": "1 GB"}], ids=["plain", "rotating"])


def configure(path, **options):
    discreet.configure(sinks=[discreet.File(path, **options)], service="s", environment="prod", take_over=False)


def log(message, **fields):
    discreet.get_logger("x").info(message, **fields)


@pytest.fixture
def small_disk(tmp_path):
    """A disk of 64 KB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k", "none", str(folder)], capture_output=True, check=False
    )
    if made.returncode:
        pytest.skip("only root may mount a small disk")
    yield folder
    discreet.configure(sinks=[], service="s", environment="prod", take_over=False)
    subprocess.run(["umount", "-l", str(folder)], check=True)


@ROTATIONS
def test_a_full_disk_is_counted_said_once_and_recovered_from(small_disk, options, capfd):
    path = small_disk / "app.jsonl"
    ballast = small_disk / "ballast"
    configure(path, **options)
    log("before")
    with ballast.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while file.write(b"b" * 4096):
            pass
    for _ in range(3):
        log("lost", pad=["p" * 900] * 20)
    ballast.unlink()
    log("after")
    health = discreet.health()
    assert (health["delivered"], health["dropped"]) == (2, {"ENOSPC": 3})
    whole = [line for line in path.read_bytes().splitlines() if line.endswith(b"}")]
    assert [json.loads(line)["message"] for line in whole] == ["before", "after"]
    assert capfd.readouterr().err.count("ENOSPC") == 1


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="Linux has /dev/full")
@ROTATIONS
def test_a_file_that_is_linked_to_a_full_device_is_counted_and_recovered_from(tmp_path, options):
    path = tmp_path / "app.jsonl"
    path.symlink_to("/dev/full")
    configure(path, **options)
    log("lost")
    assert discreet.health()["dropped"] == {"ENOSPC": 1}
    log("lost")
    assert discreet.health()["dropped"] == {"ENOSPC": 2}


def test_a_file_at_the_limit_of_its_size_is_counted_and_the_line_after_it_starts_anew(python, tmp_path):
    pytest.importorskip("resource")
    path = tmp_path / "app.jsonl"
    done = python(
        """
        import resource, sys, discreet
        discreet.configure(sinks=[discreet.File(sys.argv[1])], service="s", environment="prod")
        log = discreet.get_logger("x")
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, resource.RLIM_INFINITY))
        for _ in range(10):
            log.info("x", pad="p" * 100)
        lost = discreet.health()["dropped"]
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        log.info("whole")
        assert list(lost) == ["EFBIG"], lost
        print(discreet.health()["delivered"])
        """,
        str(path),
        DISCREET_STREAM="none",
    )
    assert done.code == 0, done.err
    lines = path.read_bytes().splitlines()
    whole = [line for line in lines if line.endswith(b"}")]
    assert len(whole) == int(done.out)
    assert len(lines) == len(whole) + 1
    assert json.loads(lines[-1])["message"] == "whole"


@ROTATIONS
def test_a_line_that_an_earlier_process_left_torn_stays_alone(tmp_path, options):
    path = tmp_path / "app.jsonl"
    path.write_bytes(b'{"whole":1}\n{"torn":')
    configure(path, **options)
    log("first")
    log("second")
    lines = path.read_bytes().splitlines()
    assert lines[:2] == [b'{"whole":1}', b'{"torn":']
    assert [json.loads(line)["message"] for line in lines[2:]] == ["first", "second"]


@ROTATIONS
def test_a_read_only_disk_is_counted_and_recovered_from(small_disk, tmp_path, options, capfd):
    logs, writable = tmp_path / "logs", tmp_path / "writable"
    writable.mkdir()
    logs.symlink_to(writable)
    configure(logs / "app.jsonl", **options)
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    logs.unlink()
    logs.symlink_to(small_disk)
    (writable / "app.jsonl").unlink()
    log("lost")
    log("lost")
    assert discreet.health()["dropped"] == {"EROFS": 2}
    subprocess.run(["mount", "-o", "remount,rw", str(small_disk)], check=True)
    log("after")
    assert json.loads((small_disk / "app.jsonl").read_text())["message"] == "after"
    assert capfd.readouterr().err.count("EROFS") == 1


def test_a_folder_that_became_a_file_is_counted_and_recovered_from(tmp_path):
    path = tmp_path / "logs" / "app.jsonl"
    configure(path)
    path.unlink()
    path.parent.rmdir()
    path.parent.write_text("in the way")
    log("lost")
    reasons = discreet.health()["dropped"]
    assert sum(reasons.values()) == 1
    path.parent.unlink()
    log("after")
    assert json.loads(path.read_text())["message"] == "after"
    assert discreet.health()["dropped"] == reasons


@pytest.mark.skipif(os.name != "posix", reason="as POSIX has rights")
def test_a_folder_that_forbids_renaming_lets_the_file_grow(python):
    with tempfile.TemporaryDirectory() as folder:  # pytest's own cannot be reached by another user
        path = os.path.join(folder, "app.jsonl")
        done = python(
            """
            import os, sys, discreet
            path = sys.argv[1]
            sink = discreet.File(path, rotate_bytes=100)
            discreet.configure(sinks=[sink], service="s", environment="prod", take_over=False)
            os.chmod(os.path.dirname(path), 0o555)
            if os.geteuid() == 0:
                os.setuid(65534)
            for number in range(5):
                discreet.get_logger("x").info(str(number))
            assert discreet.health()["dropped"] == {}, discreet.health()
            """,
            path,
        )
        os.chmod(folder, 0o700)
        assert done.code == 0, done.err
        with open(path) as file:
            assert [json.loads(line)["message"] for line in file] == list("01234")
    assert done.err.count(b"cannot be rotated (EACCES)") == 1
