"""A command whose output another program reads: records go to stderr, and discreet says nothing of itself."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from ..waiting import communicate, run

PLANTED = "hunter2-" + "secret"

COMMAND = f"""
    import click
    from discreet import log

    @click.command()
    @click.option("--rows", type=int)
    def export(rows):
        log.info("exporting", rows=rows, password="{PLANTED}")
        for row in range(rows):
            click.echo(f"{{row}},{{row * row}}")
        log.warning("done")

    export()
"""


def test_a_click_program_writes_its_data_alone_to_stdout(python):
    done = python(COMMAND, "--rows", "3")
    assert done.out == b"0,0\n1,1\n2,4\n"
    assert [record["message"] for record in done.told] == ["exporting", "done"]
    assert done.err.count(b"\n") == 2
    assert PLANTED.encode() not in done.err


def test_a_program_on_the_command_line_says_nothing_of_discreet():
    done = run([sys.executable, "-c", "import discreet; discreet.log.info('hello'); print('data')"])
    assert (done.stdout, done.stderr.count(b"\n")) == (b"data\n", 1)
    assert b'"hello"' in done.stderr


def test_a_filter_passes_bytes_on_unchanged():
    program = (
        "import sys, discreet\n"
        "data = sys.stdin.buffer.read()\n"
        "discreet.log.info('filtering', size=len(data))\n"
        "sys.stdout.buffer.write(data)\n"
        "discreet.log.info('filtered')\n"
    )
    data = bytes(range(256)) * 50
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen([sys.executable, "-c", program], **pipes) as process:
        out, err = communicate(process, data)
    assert (out, err.count(b"\n")) == (data, 2)


@pytest.mark.parametrize(
    "variable", [{"DISCREET_STREAM": "stdout"}, {"DISCREET_FORMAT": "json"}, {"DISCREET_FILE": "records.log"}]
)
def test_a_variable_that_asks_for_records_gets_them_on_stdout(python, tmp_path, monkeypatch, variable):
    monkeypatch.chdir(tmp_path)
    done = python("import discreet\ndiscreet.log.info('hello')\n", DISCREET_SERVICE="tool", **variable)
    assert ([record["message"] for record in done.records], done.err) == (["hello"], b"")


def test_other_variables_do_not_move_records_to_stdout(python):
    done = python(COMMAND, "--rows", "1", DISCREET_LEVEL="warning", DISCREET_SERVICE="shop", DISCREET_ENV="staging")
    assert done.out == b"0,0\n"
    assert [(record["message"], record["environment"]) for record in done.told] == [("done", "staging")]


def test_what_is_wrong_is_said_on_stderr_too_and_loses_only_itself(python):
    done = python(
        COMMAND,
        "--rows",
        "1",
        DISCREET_LEVEL="inof",
        DISCREET_SERVICE="shop",
        DISCREET_LOCALS="maybe",
        DISCREET_COLOUR="1",
    )
    assert done.out == b"0,0\n"
    *reports, exporting, last = done.told
    said = "\n".join(report["message"] for report in reports)
    assert all(name in said for name in ("DISCREET_LEVEL", "DISCREET_LOCALS", "DISCREET_COLOUR"))
    assert (exporting["message"], exporting["service"], last["message"]) == ("exporting", "shop", "done")


def test_records_are_for_people_where_stderr_is_the_terminal(tmp_path):
    pty = pytest.importorskip("pty")
    terminal, end = pty.openpty()
    program = "import discreet; discreet.log.info('hello', n=1); print('data')"
    environ = {**os.environ, "NO_COLOR": "1", "TERM": "xterm"}
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=end, env=environ) as process:
        out, _ = communicate(process)
    os.close(end)
    shown = os.read(terminal, 4096).decode()
    os.close(terminal)
    assert out == b"data\n"
    assert "INFO" in shown
    assert "hello" in shown
    assert "{" not in shown


@pytest.mark.parametrize(
    ("program", "environ", "advised"),
    [
        ("tool.py", {}, 0),
        ("gunicorn", {}, 1),
        ("celery", {}, 1),
        ("tool.py", {"KUBERNETES_SERVICE_HOST": "10.0.0.1"}, 1),
        ("gunicorn", {"DISCREET_SERVICE": "shop"}, 0),
    ],
)
def test_a_name_for_the_service_is_asked_for_only_where_a_service_runs(python, program, environ, advised):
    done = python(f"import sys, discreet\nsys.argv[0] = {program!r}\ndiscreet.log.info('hello')\n", **environ)
    assert done.err.count(b"DISCREET_SERVICE is not set") == advised
    assert [record["message"] for record in done.told][-1:] == ["hello"]


def test_configure_and_auto_write_to_stdout(python):
    for start in ("import discreet; discreet.configure()", "import discreet.auto, discreet"):
        done = python(f"{start}\ndiscreet.log.info('hello')\n", DISCREET_SERVICE="shop")
        assert ([record["message"] for record in done.records], done.err) == (["hello"], b"")
