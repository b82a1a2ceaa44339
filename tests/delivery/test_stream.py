"""Lines on stdout and stderr, and what happens when they cannot be written."""

from __future__ import annotations

import contextlib
import io
import json
import os
import sys
import threading

import pytest

import discreet

PROGRAM = """
    import os, sys, discreet
    discreet.configure(format="json", service="s", environment="prod")
    log = discreet.get_logger("x")
"""


def test_lines_and_prints_keep_their_order(python):
    done = python(PROGRAM + '    print("before")\n    log.info("hello")\n    print("after")\n')
    before, line, after = done.out.splitlines()
    assert (before, json.loads(line)["message"], after) == (b"before", "hello", b"after")


def test_redirected_stdout_is_followed(capsys):
    discreet.configure(format="json", service="s", environment="prod", take_over=False)
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        discreet.get_logger("x").info("inside")
    discreet.get_logger("x").info("outside")
    assert json.loads(out.getvalue())["message"] == "inside"
    assert json.loads(capsys.readouterr().out)["message"] == "outside"


def test_each_record_is_one_write_of_one_whole_line(python, tmp_path):
    done = python(
        PROGRAM
        + """
    real, sizes = os.write, []
    def counting(fd, data):
        if fd == 1:
            sizes.append(bytes(data))
        return real(fd, data)
    os.write = counting
    for number in range(3):
        log.info("hello", big="x" * 2000)
    assert len(sizes) == 3 and all(s.endswith(b"\\n") and s.count(b"\\n") == 1 for s in sizes)
    """
    )
    assert (done.code, len(done.records)) == (0, 3)


def test_a_closed_stdout_is_counted_and_the_program_goes_on(python):
    done = python(
        PROGRAM
        + """
    sys.stdout.close()
    log.info("lost")
    log.info("lost too")
    os.write(2, repr(discreet.health()["dropped"]).encode())
    """
    )
    assert done.code == 0
    assert b"{'EBADF': 2}" in done.err
    assert done.err.count(b"could not be written to stdout: EBADF") == 1


def test_no_stdout_at_all_is_counted(python):
    done = python(
        PROGRAM
        + '    sys.stdout = None\n    log.info("lost")\n    os.write(2, repr(discreet.health()["dropped"]).encode())'
    )
    assert b"{'EBADF': 1}" in done.err


def test_a_closed_pipe_is_counted_and_does_not_kill(python):
    done = python(
        PROGRAM
        + """
    reader, writer = os.pipe()
    os.dup2(writer, 1)
    os.close(reader)
    log.info("lost")
    os.write(2, repr(discreet.health()["dropped"]).encode())
    os.dup2(2, 1)
    """
    )
    assert done.code == 0
    assert b"{'EPIPE': 1}" in done.err


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="Linux has /dev/full")
def test_a_full_disk_is_counted():
    with open("/dev/full", "w") as full:
        sink = discreet.Stream(full, format="json")
        discreet.configure(sinks=[sink], service="s", environment="prod", take_over=False)
        discreet.get_logger("x").info("lost")
        assert discreet.health()["dropped"] == {"ENOSPC": 1}
        assert discreet.health()["delivered"] == 0


def test_a_full_disk_as_stdout_costs_neither_the_program_nor_its_exit_code(python, tmp_path):
    done = python(
        PROGRAM
        + """
    full = os.open("/dev/full", os.O_WRONLY)
    os.dup2(full, 1)
    for _ in range(3):
        log.info("lost")
    os.write(2, repr(discreet.health()["dropped"]).encode())
    """
    )
    assert done.code == 0
    assert b"{'ENOSPC': 3}" in done.err


def test_a_line_larger_than_the_pipe_arrives_whole(python):
    done = python(PROGRAM + '    log.info("big", blob=["y" * 1000 for _ in range(900)])\n')
    assert len(done.out) > 800_000
    assert len(done.records[0]["blob"]) == 900


def test_a_non_blocking_pipe_whose_reader_is_slow_still_gets_whole_lines():
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    chunks: list[bytes] = []

    def read() -> None:
        while chunk := os.read(reader, 4096):
            chunks.append(chunk)

    thread = threading.Thread(target=read)
    thread.start()
    with open(writer, "w", encoding="utf-8") as stream:
        discreet.configure(
            sinks=[discreet.Stream(stream, format="json")], service="s", environment="prod", take_over=False
        )
        for number in range(20):
            discreet.get_logger("x").info("big", number=number, blob=["z" * 500 for _ in range(100)])
    thread.join()
    os.close(reader)
    lines = b"".join(chunks).splitlines()
    assert [json.loads(line)["number"] for line in lines] == list(range(20))


def test_a_stalled_reader_costs_a_bounded_wait_and_the_next_line_starts_anew(monkeypatch):
    from discreet._delivery import descriptor as fd

    monkeypatch.setattr(fd, "PATIENCE", 0.01)
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    with open(writer, "w", encoding="utf-8") as stream:
        sink = discreet.Stream(stream, format="json")
        discreet.configure(sinks=[sink], service="s", environment="prod", take_over=False)
        discreet.get_logger("x").info("too big for the pipe", blob=["z" * 1000 for _ in range(900)])
        assert sum(discreet.health()["dropped"].values()) == 1
        os.set_blocking(reader, False)
        with contextlib.suppress(BlockingIOError):
            while os.read(reader, 1 << 20):
                pass
        discreet.get_logger("x").info("whole")
        line = os.read(reader, 1 << 20)
    os.close(reader)
    assert line.startswith(b"\n")
    assert json.loads(line)["message"] == "whole"


def test_many_threads_never_tear_a_line(python):
    done = python(
        PROGRAM
        + """
    import threading
    def work(n):
        for i in range(200):
            log.info("x", n=n, i=i, pad="p" * (i * 7 % 500))
    threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
    [t.start() for t in threads]; [t.join() for t in threads]
    assert discreet.health()["delivered"] == 1600, discreet.health()
    """
    )
    assert done.code == 0, done.err
    assert sorted((r["n"], r["i"]) for r in done.records) == [(n, i) for n in range(8) for i in range(200)]


def test_a_sink_that_raises_is_counted_under_the_errors_name_and_the_others_still_get_the_record(memory_sink):
    class Broken(discreet.Sink):
        def write(self, line):
            raise RuntimeError(line)

    kept = memory_sink(format="json")
    discreet.configure(sinks=[Broken(format="json"), kept], service="s", environment="prod", take_over=False)
    discreet.get_logger("x").info("hello")
    assert kept.last["message"] == "hello"
    assert discreet.health()["dropped"] == {"RuntimeError": 1}
    assert discreet.health()["delivered"] == 1


def test_a_sink_must_say_how_it_writes():
    with pytest.raises(NotImplementedError):
        discreet.Sink().write(b"x")


def test_the_health_name_each_sink(tmp_path):
    discreet.configure(
        sinks=[discreet.Stream("stderr", format="json"), discreet.Stream(sys.stderr), discreet.File(tmp_path / "a")],
        service="s", environment="prod", take_over=False,
    )  # fmt: skip
    assert [sink["sink"] for sink in discreet.health()["sinks"]] == [
        "stderr",
        type(sys.stderr).__name__,
        str(tmp_path / "a"),
    ]


def test_what_a_program_put_in_the_place_of_stdout_needs_nothing_but_write(monkeypatch):
    class Tee:
        text = ""

        def write(self, text):
            self.text += text

    tee = Tee()
    monkeypatch.setattr(sys, "stdout", tee)
    discreet.configure(format="json", service="s", environment="prod", take_over=False)
    discreet.get_logger("x").info("hello")
    discreet.flush()
    assert json.loads(tee.text)["message"] == "hello"
    assert discreet.health()["dropped"] == {}


# --- sys.stdout replaced by something that logs


LOOP = """
import logging, sys, discreet
class Logging:
    def __init__(self, level=logging.INFO, {attribute}=logging.getLogger("printed")):
        self.level, self.{attribute} = level, {attribute}
    def write(self, text):
        for line in text.rstrip().splitlines():
            self.{attribute}.log(self.level, line.rstrip())
    def flush(self):
        pass
discreet.configure(format="json", service="s", environment="prod", level="{level}", delivery="{delivery}")
sys.stdout = Logging()
log = discreet.get_logger("x")
for number in range(20): log.warning("record", number=number)
print("by hand")
assert discreet.flush(10)
health = discreet.health()
assert health["emitted"] == health["delivered"], health
"""


@pytest.mark.parametrize("delivery", ["direct", "queued", "ring"])
@pytest.mark.parametrize("attribute", ["logger", "where"])
def test_lines_are_written_once_though_stdout_logs_what_it_is_given(python, delivery, attribute):
    done = python(LOOP.format(delivery=delivery, attribute=attribute, level="info"))
    assert done.code == 0, done.err
    records = [record["number"] for record in done.records if record["message"] == "record"]
    assert records == list(range(20))
    assert [record["message"] for record in done.records if record["logger"] == "printed"] == ["by hand"]


def test_lines_are_not_lost_in_a_stdout_that_logs_below_the_level(python):
    done = python(LOOP.format(delivery="direct", attribute="logger", level="warning"))
    assert done.code == 0, done.err
    assert [record["number"] for record in done.records] == list(range(20))


def test_a_record_of_another_text_made_while_a_stream_is_written_is_no_echo(capsys):
    class Telling(io.StringIO):
        def write(self, text):
            if "outer" in text:
                discreet.get_logger("x").info("inner")
            return super().write(text)

    stream = Telling()
    discreet.configure(sinks=[discreet.Stream(stream, format="json")], service="s", environment="prod")
    discreet.get_logger("x").info("outer")
    assert [json.loads(line)["message"] for line in stream.getvalue().splitlines()] == ["inner", "outer"]
