"""Lines appended to a file."""

from __future__ import annotations

import json
import os
import stat

import discreet


def configure(path, **options):
    discreet.configure(sinks=[discreet.File(path, **options)], service="s", environment="prod", take_over=False)


def test_lines_are_appended_to_what_is_there(tmp_path):
    path = tmp_path / "app.jsonl"
    path.write_text('{"old":1}\n')
    configure(path)
    discreet.get_logger("x").info("new")
    first, second = path.read_text().splitlines()
    assert first == '{"old":1}'
    assert json.loads(second)["message"] == "new"


def test_a_missing_folder_is_made(tmp_path):
    configure(tmp_path / "a" / "b" / "app.jsonl")
    discreet.get_logger("x").info("hello")
    assert (tmp_path / "a" / "b" / "app.jsonl").exists()


def test_the_file_is_not_for_everybody(tmp_path):
    configure(tmp_path / "app.jsonl")
    assert stat.S_IMODE(os.stat(tmp_path / "app.jsonl").st_mode) & 0o007 == 0


def test_a_file_may_be_written_for_people(tmp_path):
    configure(tmp_path / "app.log", format="console")
    discreet.get_logger("x").info("hello", n=1)
    text = (tmp_path / "app.log").read_text()
    assert "hello" in text
    assert "\x1b" not in text


def test_several_processes_append_whole_lines_to_one_file(python, tmp_path):
    path = tmp_path / "app.jsonl"
    done = python(
        f"""
        import multiprocessing, discreet
        def work(n):
            for i in range(200):
                discreet.get_logger("x").info("x", n=n, i=i, pad="p" * (i * 7 % 900))
        if __name__ == "__main__":
            discreet.configure(sinks=[discreet.File({str(path)!r})], service="s", environment="prod")
            context = multiprocessing.get_context("fork")
            workers = [context.Process(target=work, args=(n,)) for n in range(4)]
            [w.start() for w in workers]; [w.join() for w in workers]
        """
    )
    assert done.code == 0, done.err
    records = [json.loads(line) for line in path.read_text().splitlines()]
    assert sorted((r["n"], r["i"]) for r in records) == [(n, i) for n in range(4) for i in range(200)]
    assert len({r["process"] for r in records}) == 4


def test_records_after_close_are_counted(tmp_path):
    file = discreet.File(tmp_path / "app.jsonl")
    discreet.configure(sinks=[file], service="s", environment="prod", take_over=False)
    file.close()
    file.close()
    discreet.get_logger("x").info("lost")
    assert discreet.health()["dropped"] == {"EBADF": 1}
