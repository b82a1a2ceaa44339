"""Lines appended to a file."""

from __future__ import annotations

import json
import os
import stat
import threading

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


def test_no_record_is_lost_or_written_elsewhere_while_threads_write_and_another_configures(tmp_path):
    made = [0] * 3
    stop = threading.Event()
    log = discreet.get_logger("x")
    configure(tmp_path / "0.jsonl")

    def write(number):
        while not stop.is_set():
            log.info("x", pad="p" * 500)
            made[number] += 1

    threads = [threading.Thread(target=write, args=(number,)) for number in range(3)]
    [thread.start() for thread in threads]
    foreign = tmp_path / "foreign"
    for number in range(200):
        configure(tmp_path / f"{number % 4}.jsonl")
        with foreign.open("ab") as file:  # takes the descriptor that a closed sink gave back
            file.write(b"mine\n")
    stop.set()
    [thread.join() for thread in threads]
    lines = [line for path in tmp_path.glob("*.jsonl") for line in path.read_text().splitlines()]
    assert set(foreign.read_text().splitlines()) == {"mine"}
    assert len([json.loads(line) for line in lines]) == sum(made)
    health = discreet.health()
    assert (health["delivered"], health["dropped"]) == (sum(made), {})
