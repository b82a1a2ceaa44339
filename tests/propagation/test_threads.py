"""Context follows work into threads and pools, and no further."""

from __future__ import annotations

import asyncio
import concurrent.futures
import functools
import gc
import logging.handlers
import queue
import subprocess
import sys
import threading
import weakref
from concurrent.futures import ThreadPoolExecutor

import pytest

import discreet
from discreet._context.ambient import current
from discreet.propagation import _thread_patches, threads

pytestmark = pytest.mark.version_sensitive


@pytest.fixture(autouse=True)
def unpatched():
    threads.uninstrument()
    yield
    threads.uninstrument()


@pytest.fixture
def instrumented(unpatched):
    threads.instrument()


def fields():
    return dict(current.get().fields)


def in_thread(make=threading.Thread):
    """The fields that a thread finds which is started here."""
    found = []
    thread = make(target=lambda: found.append(fields()))
    thread.start()
    thread.join()
    return found[0]


def test_a_plain_thread_starts_empty_until_instrumented():
    with discreet.context(tenant="acme"):
        assert in_thread() == {}


def test_a_thread_has_the_context_in_which_it_was_started(instrumented):
    with discreet.context(tenant="acme"):
        assert in_thread() == {"tenant": "acme"}
    assert in_thread() == {}


def test_a_thread_has_the_context_of_its_start_not_of_its_making(instrumented):
    found = []
    with discreet.context(made=True):
        thread = threading.Thread(target=lambda: found.append(fields()))
    with discreet.context(started=True):
        thread.start()
    thread.join()
    assert found == [{"started": True}]


def test_a_subclass_that_overrides_run_is_covered(instrumented):
    class Own(threading.Thread):
        def __init__(self, target):
            super().__init__()
            self.job = target

        def run(self):
            self.job()

    with discreet.context(tenant="acme"):
        assert in_thread(Own) == {"tenant": "acme"}


def test_a_timer_is_covered(instrumented):
    with discreet.context(tenant="acme"):
        assert in_thread(lambda target: threading.Timer(0, target)) == {"tenant": "acme"}


def test_a_partial_counts_as_the_function_that_it_calls(instrumented):
    with discreet.context(tenant="acme"):
        assert in_thread(lambda target: threading.Thread(target=functools.partial(target))) == {"tenant": "acme"}


def test_an_uncaught_exception_of_a_thread_is_reported_with_the_context(instrumented, monkeypatch):
    found = []
    monkeypatch.setattr(threading, "excepthook", lambda args: found.append(fields()))

    def fail():
        raise ValueError

    with discreet.context(tenant="acme"):
        thread = threading.Thread(target=fail)
        thread.start()
    thread.join()
    assert found == [{"tenant": "acme"}]


def test_a_thread_that_a_library_keeps_for_itself_gets_nothing(instrumented):
    seen = []

    class Handler(logging.Handler):
        def emit(self, record):
            seen.append(fields())

    rows = queue.Queue()
    listener = logging.handlers.QueueListener(rows, Handler())
    with discreet.context(tenant="acme"):
        listener.start()
    rows.put(logging.LogRecord("x", 20, "", 0, "row", (), None))
    listener.stop()
    assert seen == [{}]


def test_a_pools_job_has_the_context_in_which_it_was_submitted(instrumented):
    with ThreadPoolExecutor(1) as pool:
        with discreet.context(tenant="first"):
            first = pool.submit(fields)
        with discreet.context(tenant="second"):
            second = pool.submit(fields)
        third = pool.submit(fields)
        mapped = pool.map(lambda _: fields(), [0])
    assert [first.result(), second.result(), third.result(), *mapped] == [
        {"tenant": "first"},
        {"tenant": "second"},
        {},
        {},
    ]


def test_a_job_leaves_nothing_in_the_worker_thread(instrumented):
    def bind():
        discreet.bind_context(leak=True)

    with ThreadPoolExecutor(1) as pool:
        with discreet.context(tenant="first"):
            pool.submit(bind).result()
        assert pool.submit(fields).result() == {}


def test_jobs_take_arguments_of_any_name_and_raise_as_ever(instrumented):
    def job(*args, **kwargs):
        return args, kwargs

    def fail():
        raise ValueError("mine")

    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(job, 1, self=2, fn=3).result() == ((1,), {"self": 2, "fn": 3})
        with pytest.raises(ValueError, match="mine"):
            pool.submit(fail).result()


def test_run_in_executor_and_to_thread_carry_context(instrumented):
    async def run():
        with discreet.context(tenant="acme"):
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(None, fields), await asyncio.to_thread(fields)

    assert asyncio.run(run()) == ({"tenant": "acme"}, {"tenant": "acme"})


@pytest.mark.parametrize("patched", [True, False])
def test_the_explicit_pool_needs_no_patch_and_bears_one(patched):
    if patched:
        threads.instrument()
    try:
        with threads.ThreadPoolExecutor(1) as pool, discreet.context(tenant="acme"):
            assert pool.submit(fields).result() == {"tenant": "acme"}
            assert list(pool.map(lambda _: fields(), [0])) == [{"tenant": "acme"}]
    finally:
        threads.uninstrument()


def test_detached_work_carries_nothing(instrumented):
    with discreet.context(tenant="acme"):
        with threads.detached():
            assert in_thread() == {}
        assert fields() == {"tenant": "acme"}


def test_a_finished_thread_is_not_kept_alive(instrumented):
    class Marker:
        pass

    marker = Marker()
    alive = weakref.ref(marker)
    with discreet.context(marker=marker):
        thread = threading.Thread(target=fields)
        thread.start()
    thread.join()
    gc.disable()  # no cycle: reference counts alone have to free it
    try:
        del thread, marker
        assert alive() is None
    finally:
        gc.enable()


def test_instrumenting_twice_and_undoing_once_restores_everything():
    def methods():
        return (
            threading.Thread.start,
            threading.Thread._bootstrap_inner,
            concurrent.futures.ThreadPoolExecutor.submit,
        )

    before = methods()
    threads.instrument()
    threads.instrument()
    assert methods() != before
    threads.uninstrument()
    assert methods() == before


def test_a_patch_that_another_tool_wrapped_falls_silent_and_can_come_back(monkeypatch):
    threads.instrument()
    ours = threading.Thread.start

    def wrapped(self):
        ours(self)

    monkeypatch.setattr(threading.Thread, "start", wrapped)
    threads.uninstrument()
    with discreet.context(tenant="acme"):
        assert in_thread() == {}
        threads.instrument()
        assert in_thread() == {"tenant": "acme"}
    monkeypatch.undo()
    threads.uninstrument()


def test_a_thread_cannot_be_started_twice(instrumented):
    thread = threading.Thread(target=fields)
    thread.start()
    thread.join()
    with pytest.raises(RuntimeError):
        thread.start()


def test_interpreters_that_give_threads_a_context_of_their_own_are_served_too(instrumented, monkeypatch):
    # As Python 3.14 does it: `start` honours `_context`, and `run` runs inside.
    class Later(threading.Thread):
        _context = None

        def run(self):
            self._context.run(super().run)

    monkeypatch.setattr(_thread_patches, "_RUNS_IN_CONTEXT", True)
    monkeypatch.setattr(
        _thread_patches, "sys", type("sys", (), {"flags": type("flags", (), {"thread_inherit_context": 0})})
    )
    with discreet.context(tenant="acme"):
        assert in_thread(Later) == {"tenant": "acme"}


def test_importing_it_patches_nothing():
    code = (
        "import threading, concurrent.futures.thread as pool; before = threading.Thread.start, pool.ThreadPoolExecutor.submit;"
        "import discreet.propagation.threads;"
        "assert before == (threading.Thread.start, pool.ThreadPoolExecutor.submit)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("first", ["import concurrent.futures.thread", "pass"])
def test_a_pool_has_the_context_whether_its_module_was_imported_before_or_after(first):
    code = f"""
{first}
import sys, discreet
discreet.configure(stream="none")
print("concurrent.futures.thread" in sys.modules)
from concurrent.futures import ThreadPoolExecutor
from discreet._context.ambient import current
with discreet.context(tenant="acme"), ThreadPoolExecutor(1) as pool:
    print(pool.submit(lambda: dict(current.get().fields)).result())
"""
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.splitlines() == [str(first != "pass"), "{'tenant': 'acme'}"]


def test_a_pool_whose_module_is_imported_after_the_patches_were_undone_is_left_alone():
    code = """
from discreet.propagation import _thread_patches as patches
patches.instrument()
patches.uninstrument()
from concurrent.futures import ThreadPoolExecutor
assert ThreadPoolExecutor.submit.__module__ == "concurrent.futures.thread"
patches.instrument()
assert ThreadPoolExecutor.submit.__module__ == patches.__name__
"""
    subprocess.run([sys.executable, "-c", code], check=True)
