"""`discreet doctor`: how lines travel, where they wait, what waits there; it delivers and changes none of it."""

from __future__ import annotations

import gzip
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from discreet._delivery.buffered.ring import Ring
from discreet._delivery.folder import place
from discreet._delivery.spool.spool import Spool

from ..otel.receiver import receiving
from .conftest import Cli

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="rings and spools need file locks")

ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT"
Doctor = Callable[..., dict[str, Any]]


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, environ: dict[str, str]) -> Path:
    folder = tmp_path / "state"
    monkeypatch.setenv("DISCREET_STATE_DIR", str(folder))
    environ.update(DISCREET_STATE_DIR=str(folder), DISCREET_SERVICE="shop")
    return folder


@pytest.fixture
def doctor(cli: Cli, environ: dict[str, str], state: Path) -> Doctor:
    def examine(**variables: str) -> dict[str, Any]:
        done = cli("doctor", "--json", env={**environ, **variables})
        return {**json.loads(done.stdout), "code": done.returncode, "stderr": done.stderr}

    return examine


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def ring(count: int, *, alive: bool = False) -> Ring:
    about = {"service": "shop", "target": "stdout", "kind": "stream", "pid": 4711, "started": 1.7e9}
    made = Ring(place("ring", "shop", "stdout"), about, 1 << 20)
    for number in range(count):
        made.put(b'{"number":%d}\n' % number, 20)
    if not alive:
        made.leave()
    return made


def spool(count: int, destination: str) -> None:
    assert Spool(place("spool", "shop", destination)).write([b"%d\n" % number for number in range(count)]) == count


def named(report: dict[str, Any], name: str) -> dict[str, Any]:
    (check,) = (check for check in report["delivery"] if check["name"] == name)
    return check


@pytest.mark.parametrize("mode", ["direct", "queued", "ring"])
def test_the_way_of_delivery_is_shown_with_who_chose_it(doctor: Doctor, mode: str) -> None:
    report = doctor(DISCREET_DELIVERY=mode)
    assert report["code"] == 0
    assert named(report, mode)["note"].endswith("(DISCREET_DELIVERY)")


def test_the_budget_of_the_exit_is_shown_where_something_waits(doctor: Doctor) -> None:
    assert "2.5 s" in named(doctor(DISCREET_DELIVERY="queued", DISCREET_EXIT_TIMEOUT="2.5"), "exit")["note"]


@pytest.mark.parametrize(("word", "shown"), [("on", "waits on disk"), ("off", "waits in memory only")])
def test_a_remote_sink_says_where_its_records_wait(doctor: Doctor, word: str, shown: str) -> None:
    with receiving() as receiver:
        report = doctor(**{ENDPOINT: receiver.url.removesuffix("/v1/logs"), "DISCREET_SPOOL": word})
    assert shown in named(report, "spool")["note"]


def test_the_state_folder_is_all_that_is_made(doctor: Doctor, state: Path, tmp_path: Path) -> None:
    report = doctor(DISCREET_DELIVERY="ring", DISCREET_FILE=str(tmp_path / "logs" / "app.log"))
    assert named(report, str(state))["note"].startswith("writable")
    assert list(tmp_path.rglob("*")) == [state]


def test_a_state_folder_that_cannot_be_had_is_wrong(doctor: Doctor, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    report = doctor(DISCREET_DELIVERY="ring", DISCREET_STATE_DIR=str(tmp_path / "file" / "below"))
    found = named(report, "state folder")
    assert (report["code"], found["ok"]) == (1, False)
    assert "Not a directory" in found["note"]
    assert "DISCREET_STATE_DIR" in found["remedy"]


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="root may write everywhere")
def test_a_state_folder_that_cannot_be_written_is_wrong(doctor: Doctor, state: Path) -> None:
    state.mkdir(mode=0o500)
    found = named(doctor(DISCREET_DELIVERY="ring"), str(state))
    assert (found["ok"], found["note"]) == (False, "cannot be written to")
    assert "DISCREET_STATE_DIR" in found["remedy"]


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() != 0, reason="only root can give a folder away")
def test_a_state_folder_of_another_user_is_wrong(doctor: Doctor, state: Path) -> None:
    state.mkdir(mode=0o700)
    os.chown(state, 4711, 4711)
    found = named(doctor(DISCREET_DELIVERY="ring"), "state folder")
    assert (found["ok"], "belongs to another user" in found["note"]) == (False, True)


def test_what_a_dead_process_left_is_counted_and_stays(doctor: Doctor, state: Path) -> None:
    ring(3)
    before = contents(state)
    report = doctor(DISCREET_DELIVERY="ring")
    (waiting,) = report["pending"]
    assert (report["code"], waiting["records"]) == (0, 3)
    assert waiting["where"].startswith("ring shop-stdout")
    assert "discreet recover" in waiting["remedy"]
    assert contents(state) == before


def test_the_ring_of_a_living_process_is_not_counted(doctor: Doctor) -> None:
    alive = ring(3, alive=True)
    assert doctor(DISCREET_DELIVERY="ring")["pending"] == []
    alive.leave()


def test_what_waits_in_a_spool_is_counted_and_stays_though_its_receiver_is_back(doctor: Doctor, state: Path) -> None:
    with receiving() as receiver:
        spool(4, f"otlp {receiver.url}")
        before = contents(state)
        report = doctor(**{ENDPOINT: receiver.url.removesuffix("/v1/logs")})
        assert len(receiver.records) == 1  # the test's own
    (waiting,) = report["pending"]
    assert (report["code"], waiting["records"]) == (0, 4)
    assert waiting["where"].startswith("spool shop-otlp")
    assert contents(state) == before


def test_what_waits_is_shown_to_people_with_who_delivers_it(cli: Cli, environ: dict[str, str], state: Path) -> None:
    ring(1)
    spool(1200, "elsewhere")
    done = cli("doctor", env=environ)
    assert "! 1 record in ring shop-stdout" in done.stdout
    assert "! 1,200 records in spool shop-elsewhere" in done.stdout
    assert "delivered by its service, once the receiver is back" in done.stdout


def test_old_rotated_files_are_neither_removed_nor_compressed(doctor: Doctor, tmp_path: Path) -> None:
    for number in range(12):  # two more than the service would keep
        (tmp_path / f"app.log.20200101T0000{number:02}.000000Z").write_text("old\n")
    (tmp_path / "app.log.20190101T000000.000000Z.gz").write_bytes(gzip.compress(b"older\n"))
    before = contents(tmp_path)
    assert doctor(DISCREET_FILE=str(tmp_path / "app.log"))["code"] == 0
    assert contents(tmp_path) == before
