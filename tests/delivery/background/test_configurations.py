"""One configuration after another, and places that do not serve."""

from __future__ import annotations

import io
import json
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

import discreet
from discreet._delivery.buffered import ring as ring_module

from .helpers import BOTH, configure, numbers

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="rings need file locks")


@BOTH
def test_no_record_is_lost_while_threads_log_and_another_configures(delivery, tmp_path):
    log = configure(discreet.File(tmp_path / "0.log"), delivery)
    made = [0] * 3
    stop = threading.Event()

    def write(number):
        while not stop.is_set():
            log.info("x", who=number, number=made[number])
            made[number] += 1
            stop.wait(0.0001)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(3)]
    [thread.start() for thread in threads]
    for number in range(40):
        configure(discreet.File(tmp_path / f"{number % 3}.log"), ("direct", delivery)[number % 4 > 0])
    stop.set()
    [thread.join() for thread in threads]
    discreet.flush()
    configure(discreet.Stream(io.StringIO()), "direct")
    lines = [line for path in tmp_path.glob("*.log") for line in path.read_bytes().splitlines()]
    assert sorted((r["who"], r["number"]) for r in map(json.loads, lines)) == [
        (who, number) for who in range(3) for number in range(made[who])
    ]
    assert discreet.health()["dropped"] == {}


@BOTH
def test_the_same_file_may_be_configured_again_in_any_way(delivery, tmp_path):
    sink = discreet.File(tmp_path / "log")
    for number, way in enumerate((delivery, delivery, "direct", "direct", delivery, "direct")):
        configure(sink, way).info("x", number=number)
    discreet.flush()
    assert numbers((tmp_path / "log").read_bytes().splitlines()) == list(range(6))
    assert discreet.health()["dropped"] == {}


def test_a_ring_that_has_no_room_on_disk_falls_back_to_the_queue_and_says_so(tmp_path, monkeypatch, capfd):
    def full(fd, size):
        raise OSError(28, "no space left on device")

    monkeypatch.setattr(ring_module, "allocate", full)
    log = configure(discreet.File(tmp_path / "log"), "ring")
    log.info("x", number=1)
    discreet.flush()
    assert numbers((tmp_path / "log").read_bytes().splitlines()) == [1]
    assert capfd.readouterr().err.count("has no ring (ENOSPC)") == 1


def test_a_platform_without_file_locks_is_told_what_to_use(tmp_path, monkeypatch):
    monkeypatch.setattr("discreet._delivery.locks.available", False)
    with pytest.raises(discreet.ConfigurationError, match="Use queued"):
        configure(discreet.File(tmp_path / "log"), "ring")


def test_a_ring_without_any_folder_is_a_queue_and_says_so(python: Any, tmp_path: Path) -> None:
    (tmp_path / "home").write_text("no folder")
    blocked = str(tmp_path / "home")
    done = python(
        """
        import tempfile
        tempfile.tempdir = None
        import discreet
        from discreet._delivery import folder
        folder._usual = lambda: []
        discreet.configure(delivery="ring", service="shop", format="json")
        discreet.get_logger("shop").info("hello")
        """,
        DISCREET_STATE_DIR="",
        XDG_STATE_HOME=blocked,
    )
    assert done.code == 0, done.err
    assert [record["message"] for record in done.records] == ["hello"]
    assert b"no folder for a ring" in done.err


def test_a_wrong_state_folder_costs_an_unconfigured_process_no_other_setting(python: Any, tmp_path: Path) -> None:
    done = python(
        "import discreet; discreet.get_logger('shop').info('hello')",
        DISCREET_STATE_DIR="/proc/none",
        XDG_STATE_HOME=str(tmp_path / "state"),
        DISCREET_DELIVERY="ring",
        DISCREET_SERVICE="shop",
        DISCREET_FORMAT="json",
    )
    assert [(record["message"], record["service"]) for record in done.records if record["severity"] == "INFO"] == [
        ("hello", "shop")
    ]
    assert any("DISCREET_STATE_DIR" in record["message"] for record in done.records)
    assert (tmp_path / "state" / "discreet" / "ring").is_dir()  # the default serves
