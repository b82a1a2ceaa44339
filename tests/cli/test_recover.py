"""`discreet recover`: what killed processes left, and nothing of the living."""

from __future__ import annotations

import sys

import pytest

from discreet._delivery.buffered.ring import Ring, ring_files
from discreet._delivery.folder import place
from discreet._delivery.spool.spool import Spool
from discreet.cli import main

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="rings need file locks")


@pytest.fixture(autouse=True)
def state(tmp_path, monkeypatch):
    monkeypatch.setenv("DISCREET_STATE_DIR", str(tmp_path / "state"))
    return tmp_path / "state"


def ring(count, *, alive=False, **about):
    about = {"service": "shop", "target": "stdout", "kind": "stream", "pid": 4711, "started": 1.7e9, **about}
    made = Ring(place("ring", about["service"], about["target"]), about, 1 << 20)
    for number in range(count):
        made.put(b'{"number":%d}\n' % number, 20)
    if not alive:
        made.leave()
    return made


LINES = b'{"number":0}\n{"number":1}\n{"number":2}\n'


def test_records_for_a_stream_go_to_standard_output_and_are_gone_then(capfdbinary):
    ring(3)
    assert main(["recover"]) == 0
    out, err = capfdbinary.readouterr()
    assert out == LINES
    assert err == (
        b"discreet: 3 records of shop (process 4711, started 2023-11-14 22:13:20Z) delivered to standard output\n"
    )
    assert main(["recover"]) == 0
    out, err = capfdbinary.readouterr()
    assert out == b""
    assert b"nothing waits" in err


def test_records_for_a_file_are_appended_to_it(tmp_path, capfdbinary):
    target = tmp_path / "app.log"
    target.write_bytes(b"before\n")
    ring(3, kind="file", target=str(target))
    assert main(["recover"]) == 0
    assert target.read_bytes() == b"before\n" + LINES
    assert capfdbinary.readouterr().out == b""


def test_everything_goes_where_it_is_told_to(tmp_path, capfdbinary):
    ring(3, kind="file", target=str(tmp_path / "app.log"))
    assert main(["recover", "--to", "-"]) == 0
    assert capfdbinary.readouterr().out == LINES
    ring(3)
    assert main(["recover", "--to", str(tmp_path / "found.log")]) == 0
    assert (tmp_path / "found.log").read_bytes() == LINES
    assert not (tmp_path / "app.log").exists()


def test_a_dry_run_changes_nothing(capfdbinary):
    made = ring(3)
    ring(0)
    content = made.path.read_bytes()
    assert main(["recover", "--dry-run"]) == 0
    out, err = capfdbinary.readouterr()
    assert out == b""
    assert b"3 records of shop" in err
    assert made.path.read_bytes() == content
    assert len(ring_files(made.path.parent)) == 2


def test_the_living_are_left_alone(capfdbinary):
    made = ring(3, alive=True)
    assert main(["recover"]) == 0
    out, err = capfdbinary.readouterr()
    assert (out, b"left alone: 1" in err) == (b"", True)
    assert made.pending == 3
    made.leave()


def test_an_empty_ring_is_removed(capfdbinary):
    made = ring(0)
    assert main(["recover"]) == 0
    assert ring_files(made.path.parent) == []


def test_torn_records_are_said(capfdbinary):
    made = ring(3)
    content = bytearray(made.path.read_bytes())
    content[4096 + 20] ^= 1
    made.path.write_bytes(content)
    assert main(["recover"]) == 0
    out, err = capfdbinary.readouterr()
    assert out == LINES.split(b"\n", 1)[1]
    assert b"2 records of shop" in err
    assert b"1 torn by its end" in err


def test_what_cannot_be_delivered_stays_and_is_bad_news(tmp_path, capfdbinary):
    (tmp_path / "file").write_text("")
    made = ring(3, kind="file", target=str(tmp_path / "file" / "app.log"))
    assert main(["recover"]) == 1
    assert b"3 records of shop" in capfdbinary.readouterr().err
    assert len(ring_files(made.path.parent)) == 1


def test_what_waits_in_spools_is_said_and_left_there(capfdbinary):
    spool = Spool(place("spool", "shop", "https://collector:4318"))
    spool.write([b"one", b"two"])
    assert main(["recover"]) == 0
    out, err = capfdbinary.readouterr()
    assert out == b""
    assert b"2 records (6 bytes) in the spool shop-https-collector-4318-" in err
    assert spool.pending == 2


def test_another_state_folder_may_be_given(tmp_path, capfdbinary, monkeypatch):
    ring(3)
    monkeypatch.delenv("DISCREET_STATE_DIR")
    assert main(["recover", "--state-dir", str(tmp_path / "state")]) == 0
    assert capfdbinary.readouterr().out == LINES


def test_a_state_folder_that_is_not_there_is_no_answer(tmp_path, capfdbinary):
    assert main(["recover", "--state-dir", str(tmp_path / "nothing")]) == 1
    assert b"no such folder" in capfdbinary.readouterr().err
    assert not (tmp_path / "nothing").exists()
