"""What nobody caught becomes a record; nothing of it is printed raw."""

from __future__ import annotations

import json
import sys
import warnings

import pytest

import discreet

pytestmark = pytest.mark.version_sensitive

PLANTED = "hunter2-" + "very-secret"
START = """
    import discreet, sys, threading, warnings, asyncio
    discreet.configure(format="json", service="s", environment="prod")
"""


def test_an_uncaught_exception_is_one_redacted_record_and_exit_code_1(python):
    done = python(START + f'    raise ValueError("password={PLANTED}")\n')
    (record,) = done.records
    assert done.code == 1
    assert (record["severity"], record["message"], record["logger"]) == ("CRITICAL", "uncaught exception", "uncaught")
    assert record["exception"]["type"] == "ValueError"
    assert record["source"]["file"].endswith("program.py")
    assert PLANTED.encode() not in done.out + done.err
    assert done.err == b""


def test_a_keyboard_interrupt_is_pythons_own_affair(python):
    done = python(START + "    raise KeyboardInterrupt\n")
    assert done.out == b""
    assert b"KeyboardInterrupt" in done.err


def test_an_uncaught_exception_in_a_thread_is_a_record(python):
    done = python(
        START
        + f"""
    def work():
        raise ValueError("password={PLANTED}")
    thread = threading.Thread(target=work, name="worker-7")
    thread.start(); thread.join()
    quiet = threading.Thread(target=sys.exit)
    quiet.start(); quiet.join()
    """
    )
    (record,) = done.records
    assert (record["uncaught_in"], record["exception"]["type"]) == ("worker-7", "ValueError")
    assert PLANTED.encode() not in done.out + done.err


def test_an_unraisable_exception_is_a_record(python):
    done = python(
        START
        + f"""
    class Fragile:
        def __del__(self):
            raise ValueError("password={PLANTED}")
    Fragile()
    """
    )
    (record,) = done.records
    assert record["exception"]["type"] == "ValueError"
    assert record["ignored_in"].endswith("__del__")
    assert PLANTED.encode() not in done.out + done.err


def test_a_task_nobody_awaited_is_a_record(python):
    done = python(
        START
        + f"""
    import gc
    async def fail():
        raise ValueError("password={PLANTED}")
    async def main():
        task = asyncio.create_task(fail())
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        del task
        gc.collect()
    asyncio.run(main())
    """
    )
    (record,) = done.records
    assert (record["logger"], record["exception"]["type"]) == ("asyncio", "ValueError")
    assert PLANTED.encode() not in done.out + done.err


def test_a_warning_is_a_record(python):
    done = python(
        START
        + f'    warnings.simplefilter("always"); warnings.warn("old way, password={PLANTED}", DeprecationWarning, stacklevel=1)\n'
    )
    assert done.code == 0
    (record,) = done.records
    assert (record["logger"], record["category"], record["severity"]) == (
        "py.warnings",
        "DeprecationWarning",
        "WARNING",
    )
    assert record["warned_at"].endswith("program.py:4")
    assert PLANTED.encode() not in done.out + done.err


def test_a_warning_meant_for_a_file_goes_there(python, tmp_path):
    path = tmp_path / "warnings.txt"
    done = python(
        START + f'    warnings.showwarning(UserWarning("x"), UserWarning, "a.py", 1, open({str(path)!r}, "w"))\n'
    )
    assert done.out == b""
    assert "UserWarning: x" in path.read_text()


def test_hooks_of_others_stay_in_the_chain(python):
    done = python(
        """
    import sys, threading, discreet
    sys.excepthook = lambda *args: print("theirs", args[0].__name__)
    threading.excepthook = lambda args: print("thread", args.exc_type.__name__)
    sys.unraisablehook = lambda args: print("unraisable", args.exc_type.__name__)
    discreet.configure(sinks=[], service="s")
    discreet.configure(sinks=[], service="s")
    thread = threading.Thread(target=lambda: 1 / 0)
    thread.start(); thread.join()
    class Fragile:
        def __del__(self):
            raise KeyError
    Fragile()
    raise ValueError
    """
    )
    assert done.out.decode().split("\n")[:3] == ["thread ZeroDivisionError", "unraisable KeyError", "theirs ValueError"]


def test_hooks_that_wrap_ours_before_configure_is_called_again_are_called_once(python):
    done = python(
        START
        + """
    def wrapping(hook, name):
        def wrapper(*args):
            print("seen by a tool:", name)
            hook(*args)
        return wrapper
    sys.excepthook = wrapping(sys.excepthook, "crash")
    threading.excepthook = wrapping(threading.excepthook, "thread")
    sys.unraisablehook = wrapping(sys.unraisablehook, "finalizer")
    discreet.configure(format="json", service="s", environment="prod")
    class Fragile:
        def __del__(self):
            raise ValueError("in a finalizer")
    Fragile()
    thread = threading.Thread(target=lambda: 1 / 0)
    thread.start(); thread.join()
    raise ValueError("at the end")
    """
    )
    lines = done.out.decode().splitlines()
    assert [line for line in lines if line.startswith("seen")] == [
        "seen by a tool: finalizer",
        "seen by a tool: thread",
        "seen by a tool: crash",
    ]
    records = [json.loads(line) for line in lines if line.startswith("{")]
    assert [record["exception"]["type"] for record in records] == ["ValueError", "ZeroDivisionError", "ValueError"]


def test_a_crash_is_shown_readably_in_development(python):
    done = python(
        """
    import discreet
    discreet.configure(service="s", environment="dev")
    def charge():
        amount = 0
        return 1 / amount
    charge()
    """
    )
    text = done.out.decode()
    assert "uncaught exception" in text
    assert "ZeroDivisionError" in text
    assert "return 1 / amount" in text


def test_warnings_obey_the_level(memory_sink):
    kept = memory_sink(format="json")
    discreet.configure(sinks=[kept], service="s", environment="prod", level="error")
    warnings.showwarning(UserWarning("careful"), UserWarning, "f.py", 1)
    assert kept.lines == []


def test_a_warning_for_a_file_is_redacted_too(python):
    done = python(
        """
    import sys, warnings, discreet
    discreet.configure(service="s", environment="prod")
    warnings.showwarning(UserWarning("postgres://shop:" + "hunter2secret@db/x"), UserWarning, "f.py", 1, sys.stderr)
    """
    )
    assert done.err == b"f.py:1: UserWarning: postgres://shop:[REDACTED:url-password]@db/x\n"


def test_a_warning_that_cannot_be_shown_raises_nothing(taken_over):
    class Hostile(UserWarning):
        def __str__(self):
            raise ValueError("no")

    warnings.showwarning(Hostile(), Hostile, "f.py", 1)
    assert taken_over.last["message"].endswith("Hostile str raised ValueError>")


def test_an_interrupt_shows_no_secret_of_the_failure_that_it_interrupted(python):
    done = python(
        """
    import discreet
    discreet.configure(service="s", environment="prod")
    try:
        raise ValueError("postgres://shop:" + "terces2retnuh"[::-1] + "@db/x")
    except ValueError:
        raise KeyboardInterrupt
    """
    )
    assert b"hunter2secret" not in done.err
    assert done.err.endswith(b"KeyboardInterrupt\n")


def test_a_crash_that_no_sink_takes_is_printed_redacted(python):
    done = python(
        """
    import discreet
    discreet.configure(sinks=[], service="s", environment="prod")
    raise ValueError("postgres://shop:" + "hunter2secret@db/x")
    """
    )
    assert done.err.splitlines()[-1] == b"ValueError: postgres://shop:[REDACTED:url-password]@db/x"


def test_an_object_without_attributes_may_be_behind_an_ignored_exception(taken_over):
    class Hidden:
        def __getattr__(self, name):
            raise KeyError(name)

    class Ignored:
        exc_type, exc_value, exc_traceback, err_msg, object = ValueError, ValueError("x"), None, None, Hidden()

    sys.unraisablehook(Ignored())
    assert taken_over.last["ignored_in"].endswith("Hidden")


def test_a_crash_that_no_sink_takes_drives_neither_terminal_nor_ci(python):
    done = python(
        """
    import discreet
    discreet.configure(sinks=[], service="s", environment="prod")
    raise ValueError("\\n::error::forged\\n##[group]\\x1b[2J")
    """
    )
    assert done.err.splitlines()[-2:] == [rb"\x3a:error::forged", rb"\x23#[group]\x1b[2J"]


@pytest.mark.parametrize("loaded", ["before", "after"])
def test_an_uncaught_exception_in_a_forked_process_is_a_record(python, loaded):
    early = "    import multiprocessing\n" if loaded == "before" else ""
    done = python(
        early
        + START
        + f"""
    import multiprocessing
    def work():
        raise ValueError("password={PLANTED}")
    process = multiprocessing.get_context("fork").Process(target=work)
    process.start(); process.join()
    assert process.exitcode == 1, process.exitcode
    """
    )
    assert done.code == 0, done.err
    (record,) = done.records
    assert (record["message"], record["exception"]["type"]) == ("uncaught exception in a process", "ValueError")
    assert PLANTED.encode() not in done.out + done.err
    assert b"Traceback" not in done.err


def test_a_crash_that_only_a_file_took_is_shown_on_stderr_too(python, tmp_path):
    done = python(
        f"""
    import discreet
    discreet.configure(sinks=[discreet.File({str(tmp_path / "a.jsonl")!r})], service="s", environment="prod")
    raise ValueError("password={PLANTED}")
    """
    )
    assert b"ValueError" in done.err
    assert PLANTED.encode() not in done.err + (tmp_path / "a.jsonl").read_bytes()
