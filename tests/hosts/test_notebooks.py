"""In a notebook, records appear in the cell that wrote them, and nothing of what runs the notebook beside them."""

from __future__ import annotations

import json
import os
import re
import sys

import nbformat
import pytest
from nbclient import NotebookClient

from ..conftest import FOREIGN, FOREIGN_NAMES
from ..waiting import HANG, run

COLORS = re.compile(r"\x1b\[[0-9;]*m")
PLANTED = "hunter2-" + "secret"
CELLS = {
    "unconfigured": f"""
        from discreet import log
        log.warning("before", password="{PLANTED}")""",
    "configured": """
        import discreet, logging
        discreet.configure(service="analysis", level="debug")
        log.info("configured")""",
    "print": """
        print("one")
        log.info("two")
        print("three")""",
    "logging": """
        logging.getLogger("their.library").debug("theirs")""",
    "asyncio": """
        import asyncio
        await asyncio.sleep(0.001)
        log.info("after a pause")""",
    "thread": """
        import threading
        thread = threading.Thread(target=log.info, args=("from a thread",))
        thread.start()
        thread.join()""",
    "configured again": """
        discreet.configure(service="analysis", level="debug")
        discreet.configure(service="analysis", level="debug")
        log.info("once")""",
    "failed": f"""
        rows, password = 17, "{PLANTED}"
        _private = 1
        try:
            rows / 0
        except ZeroDivisionError:
            log.exception("no result")""",
    "json": """
        discreet.configure(service="analysis", format="json")
        log.info("as JSON", note="snow ☃ man")""",
    "health": """
        found = discreet.health()
        print(found["emitted"] - found["delivered"], found["dropped"])""",
}


@pytest.fixture(scope="module")
def notebook() -> dict[str, dict[str, str]]:
    """A real notebook, run by a real kernel: by cell, what stands under it, by stream and without colours."""
    cells = [nbformat.v4.new_code_cell(source.replace("\n        ", "\n").strip()) for source in CELLS.values()]
    client = NotebookClient(nbformat.v4.new_notebook(cells=cells), kernel_name="python3", timeout=int(HANG))
    environ = {k: v for k, v in os.environ.items() if not k.startswith(FOREIGN) and k not in FOREIGN_NAMES}
    done = client.execute(env=environ)
    shown: dict[str, dict[str, str]] = {}
    for name, cell in zip(CELLS, done.cells, strict=True):
        streams = shown[name] = {"stdout": "", "stderr": ""}
        for output in cell.outputs:
            streams[output.name] += COLORS.sub("", output.text)
    return shown


def test_a_record_appears_in_its_cell_where_nobody_configured(notebook):
    shown = notebook["unconfigured"]
    assert (shown["stdout"], shown["stderr"].count("\n")) == ("", 1)
    assert "before" in shown["stderr"]
    assert "password=[REDACTED:password]" in shown["stderr"]


def test_a_record_appears_in_its_cell_after_configure(notebook):
    assert "INFO" in notebook["configured"]["stdout"]
    assert notebook["configured"]["stdout"].count("configured") == 1


def test_records_and_prints_keep_their_order(notebook):
    before, record, after = notebook["print"]["stdout"].splitlines()
    assert (before, "two" in record, after) == ("one", True, "three")


def test_records_of_libraries_appear_in_the_cell(notebook):
    assert "their.library" in notebook["logging"]["stdout"]
    assert "theirs" in notebook["logging"]["stdout"]


def test_records_of_threads_and_coroutines_appear_in_the_cell(notebook):
    assert "after a pause" in notebook["asyncio"]["stdout"]
    assert "from a thread" in notebook["thread"]["stdout"]


def test_to_configure_again_adds_no_second_copy(notebook):
    assert notebook["configured again"]["stdout"].count("\n") == 1
    assert "once" in notebook["configured again"]["stdout"]


def test_what_runs_the_notebook_adds_no_record_though_the_level_is_debug(notebook):
    lines = {name: streams["stdout"].count("\n") + streams["stderr"].count("\n") for name, streams in notebook.items()}
    one_record = ("unconfigured", "configured", "logging", "asyncio", "thread", "configured again", "json")
    assert {name: lines[name] for name in one_record} == dict.fromkeys(one_record, 1)
    assert "IPKernelApp" not in str(notebook)


def test_a_traceback_shows_the_cells_variables_and_none_of_ipythons(notebook):
    shown = notebook["failed"]["stdout"]
    names = re.findall(r"^\W+(\w+) = ", shown, re.MULTILINE)
    assert {"rows", "password"} <= set(names)
    assert not {"In", "Out", "exit", "quit", "get_ipython"} & set(names)
    assert not [name for name in names if name.startswith("_")]
    assert "rows / 0" in shown
    assert "password = [REDACTED:password]" in shown


def test_a_json_line_stays_one_line_of_a_cell(notebook):
    record = json.loads(notebook["json"]["stdout"])
    assert (record["message"], record["note"], record["service"]) == ("as JSON", "snow ☃ man", "analysis")


def test_nothing_is_lost_and_no_secret_is_shown(notebook):
    assert notebook["health"]["stdout"] == "0 {}\n"
    assert PLANTED not in str(notebook)


def test_an_ipython_prompt_shows_the_record_and_nothing_of_its_own_below_warning(tmp_path):
    source = (
        "import discreet, logging\n"
        "discreet.configure(service='s', format='json', level='debug')\n"
        "logging.getLogger('parso.python.diff').debug('of the prompt')\n"
        "logging.getLogger('parso').warning('wrong')\n"
        "discreet.log.info('mine')\n"
    )
    command = [sys.executable, "-m", "IPython", "--quick", "--no-banner", "-c", source]
    done = run(command, env={**os.environ, "IPYTHONDIR": str(tmp_path)})
    assert done.returncode == 0, done.stderr
    assert [json.loads(line)["message"] for line in done.stdout.splitlines()] == ["wrong", "mine"]


def test_a_level_that_is_given_for_what_runs_the_notebook_counts(tmp_path):
    source = (
        "import discreet, logging\n"
        "discreet.configure(service='s', format='json', level='info,parso=debug')\n"
        "logging.getLogger('parso.python.diff').debug('asked for')\n"
    )
    command = [sys.executable, "-m", "IPython", "--quick", "--no-banner", "-c", source]
    done = run(command, env={**os.environ, "IPYTHONDIR": str(tmp_path)})
    assert [json.loads(line)["message"] for line in done.stdout.splitlines()] == ["asked for"], done.stderr
