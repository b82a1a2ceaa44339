"""A job of a process pool has the context of whoever submitted it, under each way to start a process."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import Any

import pytest

pytestmark = pytest.mark.version_sensitive

PROGRAM = """
import concurrent.futures, json, multiprocessing, sys, traceback
import discreet
from discreet._context.ambient import current

def tenant(*_): return current.get().fields.get("tenant")
def binding(_):
    discreet.bind_context(tenant="left behind")
    return None
def failing(_): raise ValueError("a reason")
def seed(queue): queue.put(tenant())

def outcome(call):
    try: return call()
    except Exception as error: return [type(error).__name__, str(error).partition(" at 0x")[0], str(error.__cause__)]

def main(method):
    found = {}
    context = multiprocessing.get_context(method)
    queue = context.SimpleQueue()
    with discreet.context(tenant="of the pool's maker"):
        pool = context.Pool(1, seed, (queue,))
    found["seed"] = queue.get()
    done = []
    ways = {
        "apply": lambda: pool.apply(tenant),
        "apply_async": lambda: pool.apply_async(func=tenant, callback=lambda _: done.append(tenant())).get(),
        "map": lambda: pool.map(tenant, [1])[0],
        "map_async": lambda: pool.map_async(tenant, [1]).get()[0],
        "starmap": lambda: pool.starmap(tenant, [(1, 2)])[0],
        "imap": lambda: list(pool.imap(tenant, [1]))[0],
        "imap in chunks": lambda: list(pool.imap(tenant, [1, 2], 2))[0],
        "imap_unordered": lambda: list(pool.imap_unordered(func=tenant, iterable=[1]))[0],
    }
    executor = concurrent.futures.ProcessPoolExecutor(1, mp_context=context)
    ways |= {"submit": lambda: executor.submit(tenant).result(), "Executor.map": lambda: list(executor.map(tenant, [1]))[0]}
    for name, way in ways.items():
        with discreet.context(tenant=name):
            inside = way()
        pool.apply(binding, (1,))
        executor.submit(binding, 1).result()
        found[name] = [inside, way()]
    with discreet.context(lock=__import__("threading").Lock(), tenant="has a lock"):
        found["lock"] = pool.apply(tenant)
    found["callbacks"] = len(done)
    found["failing"] = [outcome(lambda: pool.apply(failing, (1,))), outcome(lambda: executor.submit(failing, 1).result())]
    found["lambda"] = outcome(lambda: pool.apply(lambda: 1))
    found["argument"] = outcome(lambda: executor.submit(tenant, lambda: 1).result())[:2]
    pool.close(); pool.join(); executor.shutdown()
    print(json.dumps(found))

if __name__ == "__main__":
    if sys.argv[2] == "with":
        discreet.configure(service="s", environment="prod", stream="none")
    main(sys.argv[1])
"""
METHODS = ["spawn"] if sys.platform == "win32" else ["fork", "spawn", "forkserver"]


@pytest.mark.parametrize("method", METHODS)
def test_each_way_to_submit_a_job_and_nothing_of_the_job_before(method: str, python: Callable[..., Any]) -> None:
    done = python(PROGRAM, method, "with", measured=False)
    assert done.code == 0, done.err
    found = json.loads(done.out)
    without = json.loads(python(PROGRAM, method, "without", measured=False).out)
    assert found.pop("seed") is None
    assert found.pop("callbacks") == 2
    assert found.pop("lock") == "has a lock"
    for name in (
        "failing",
        "lambda",
        "argument",
    ):  # errors, and the text of their tracebacks, are what they always were
        assert found.pop(name) == without[name]
    assert len(found) == 10
    assert found == {name: [name, None] for name in found}


JOBLIB = """
import discreet, joblib
def tenant():  # joblib sends the function itself, which must not refer to a ContextVar
    from discreet._context.ambient import current
    return current.get().fields.get("tenant")
if __name__ == "__main__":
    discreet.configure(service="s", environment="prod", stream="none")
    for name in ("first", "second"):
        with discreet.context(tenant=name):
            assert joblib.Parallel(n_jobs=2)(joblib.delayed(tenant)() for _ in range(4)) == [name] * 4
    assert joblib.Parallel(n_jobs=2)(joblib.delayed(tenant)() for _ in range(4)) == [None] * 4
"""


def test_joblib_whose_workers_serve_many_requests(python: Callable[..., Any]) -> None:
    done = python(JOBLIB, measured=False)
    assert done.code == 0, (done.out, done.err)
