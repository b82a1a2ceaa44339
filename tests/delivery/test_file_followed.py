"""A file that something else rotates, removes or replaces while it is written to."""

from __future__ import annotations

import json
import os
import shutil
import stat
import subprocess
import threading

import pytest

import discreet

posix = pytest.mark.skipif(os.name != "posix", reason="as POSIX has files")


def configure(path, **options):
    discreet.configure(sinks=[discreet.File(path, **options)], service="s", environment="prod", take_over=False)


def log(message):
    discreet.get_logger("x").info(message)


def messages(path):
    return [json.loads(line)["message"] for line in path.read_text().splitlines()]


@pytest.fixture(params=[{}, {"rotate_bytes": "1 GB"}], ids=["plain", "rotating"])
def path(request, tmp_path):
    found = tmp_path / "logs" / "app.jsonl"
    configure(found, **request.param)
    log("first")
    return found


@posix
def test_the_line_after_a_rename_goes_to_a_new_file(path):
    path.rename(path.with_suffix(".1"))
    log("second")
    assert (messages(path.with_suffix(".1")), messages(path)) == (["first"], ["second"])


@posix
def test_the_file_that_logrotate_created_is_used(path):
    path.rename(path.with_suffix(".1"))
    path.touch(0o640)
    log("second")
    assert messages(path) == ["second"]


def test_a_truncated_copy_goes_on_at_its_start(path):
    shutil.copy(path, path.with_suffix(".1"))
    os.truncate(path, 0)
    log("second")
    assert (messages(path.with_suffix(".1")), messages(path)) == (["first"], ["second"])


@posix
def test_a_deleted_file_is_made_anew(path):
    path.unlink()
    log("second")
    assert messages(path) == ["second"]
    assert discreet.health()["dropped"] == {}


@posix
def test_a_deleted_folder_is_made_anew(path):
    shutil.rmtree(path.parent)
    log("second")
    assert messages(path) == ["second"]


@posix
def test_a_link_in_the_files_place_is_followed(path, tmp_path):
    other = tmp_path / "other.jsonl"
    path.unlink()
    path.symlink_to(other)
    log("second")
    assert messages(other) == ["second"]


@posix
def test_in_a_folder_for_everybody_a_link_is_not_followed(path, tmp_path, capfd):
    other = tmp_path / "precious"
    path.parent.chmod(0o1777)
    path.unlink()
    path.symlink_to(other)
    log("second")
    assert not other.exists()
    assert discreet.health()["dropped"] == {"ELOOP": 1}
    path.unlink()
    log("third")
    assert messages(path) == ["third"]
    assert capfd.readouterr().err.count("ELOOP") == 1


@posix
@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root gives files away")
def test_in_a_folder_for_everybody_somebody_elses_file_is_refused(tmp_path):
    folder = tmp_path / "public"
    folder.mkdir()
    folder.chmod(0o777)
    (folder / "app.jsonl").touch(0o666)
    os.chown(folder / "app.jsonl", 65534, 65534)
    with pytest.raises(discreet.ConfigurationError, match="belongs to somebody else"):
        configure(folder / "app.jsonl")


@posix
def test_a_program_that_goes_to_another_folder_keeps_its_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    configure("app.jsonl")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    log("hello")
    assert messages(tmp_path / "app.jsonl") == ["hello"]


@posix
def test_a_program_that_gave_up_its_rights_keeps_its_file(python, tmp_path):
    done = python(
        """
        import os, sys, discreet
        path = sys.argv[1]
        discreet.configure(sinks=[discreet.File(path)], service="s", environment="prod", take_over=False)
        os.chmod(os.path.dirname(path), 0)
        if os.geteuid() == 0:
            os.setuid(65534)
        discreet.get_logger("x").info("still here")
        assert discreet.health()["dropped"] == {}, discreet.health()
        """,
        str(tmp_path / "logs" / "app.jsonl"),
    )
    (tmp_path / "logs").chmod(0o700)
    assert done.code == 0, done.err
    assert messages(tmp_path / "logs" / "app.jsonl") == ["still here"]


@posix
def test_a_file_that_was_moved_and_cannot_be_replaced_yet_still_gets_its_lines(path, monkeypatch):
    moved = path.with_suffix(".1")
    path.rename(moved)
    path.mkdir()  # stands in the way
    log("second")
    assert messages(moved) == ["first", "second"]
    path.rmdir()
    log("third")
    assert messages(path) == ["third"]


@posix
def test_a_file_that_everybody_could_read_is_closed_to_them(tmp_path):
    path = tmp_path / "app.jsonl"
    path.touch()
    path.chmod(0o664)
    configure(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o660


@posix
@pytest.mark.skipif(not os.path.exists("/dev/stdout"), reason="Linux and macOS have /dev/stdout")
def test_what_stdout_was_redirected_to_is_neither_rotated_nor_changed(python, tmp_path):
    out = tmp_path / "out"
    out.touch()
    out.chmod(0o644)
    done = python(
        """
        import os, sys, discreet
        os.dup2(os.open(sys.argv[1], os.O_WRONLY | os.O_APPEND), 1)
        discreet.configure(sinks=[discreet.File("/dev/stdout", rotate_bytes=10)], service="s", environment="prod")
        for number in range(3):
            discreet.get_logger("x").info(str(number))
        """,
        str(out),
    )
    assert done.code == 0, done.err
    assert messages(out) == ["0", "1", "2"]
    assert stat.S_IMODE(out.stat().st_mode) == 0o644


def _logrotate(path, tmp_path, how):
    program = shutil.which("logrotate", path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
    if program is None:
        pytest.skip("logrotate is not installed")
    conf = tmp_path / "logrotate.conf"
    conf.write_text(f"{path} {{\n rotate 50\n size 1\n missingok\n {how}\n}}\n")
    conf.chmod(0o600)

    def rotate():
        subprocess.run([program, "-f", "-s", str(tmp_path / "state"), str(conf)], check=True, capture_output=True)

    return rotate


def _renaming(path, tmp_path, how):
    count = iter(range(1000))

    def rotate():
        if path.exists():
            path.rename(path.with_name(f"{path.name}.{next(count)}"))

    return rotate


@posix
@pytest.mark.parametrize("how", ["nocreate", "create 0640"])
@pytest.mark.parametrize("tool", [_logrotate, _renaming])
def test_no_line_is_lost_while_logrotate_renames(tool, how, tmp_path):
    folder = tmp_path / "logs"
    folder.mkdir(0o750)
    path = folder / "app.jsonl"
    rotate = tool(path, tmp_path, how)
    configure(path)
    made = [0] * 2
    stop = threading.Event()

    def work(number):
        while not stop.is_set():
            log(f"{number}-{made[number]}")
            made[number] += 1

    threads = [threading.Thread(target=work, args=(number,)) for number in range(2)]
    [thread.start() for thread in threads]
    try:
        for _ in range(10):
            rotate()
    finally:
        stop.set()
        [thread.join() for thread in threads]
    found = [message for file in folder.iterdir() for message in messages(file)]
    assert sorted(found) == sorted(f"{number}-{count}" for number in range(2) for count in range(made[number]))
    assert discreet.health()["dropped"] == {}
