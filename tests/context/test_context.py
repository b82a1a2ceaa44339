"""Ambient fields: bound for what happens inside, and nowhere else."""

from __future__ import annotations

import asyncio
import threading

import pytest

import discreet
from discreet._context.ambient import current

pytestmark = pytest.mark.version_sensitive

log = discreet.get_logger("shop")


def test_fields_are_on_every_record_inside_and_none_after(sink):
    with discreet.context(tenant="acme"):
        log.info("in")
    log.info("out")
    assert sink.records[0]["tenant"] == "acme"
    assert "tenant" not in sink.records[1]


def test_inner_fields_win_and_the_outer_come_back(sink):
    with discreet.context(a=1, b=1):
        with discreet.context(b=2):
            log.info("inner")
        log.info("outer")
    assert (sink.records[0]["a"], sink.records[0]["b"]) == (1, 2)
    assert sink.records[1]["b"] == 1


def test_a_call_overrides_the_context_and_a_bound_field_does_too(sink):
    with discreet.context(a=1, b=1):
        log.bind(a=2).info("x", b=2)
    assert (sink.last["a"], sink.last["b"]) == (2, 2)


def test_request_id_is_the_records_own_key(sink):
    with discreet.context(request_id="r-1", tenant="acme"):
        log.info("x")
    assert sink.last["request_id"] == "r-1"


def test_a_context_field_named_like_a_reserved_key_is_kept_under_field(sink):
    with discreet.context(message="mine", service="theirs"):
        log.info("x")
        log.info("y", message="other")
    assert (sink.records[0]["field.message"], sink.records[0]["field.service"]) == ("mine", "theirs")
    assert sink.records[1]["field.message"] == "other"


def test_async_with_works_the_same(sink):
    async def main():
        async with discreet.context(tenant="acme"):
            log.info("x")

    asyncio.run(main())
    assert sink.last["tenant"] == "acme"


def test_tasks_inherit_and_do_not_disturb_each_other(sink):
    async def worker(name):
        with discreet.context(worker=name):
            await asyncio.sleep(0)
            log.info("x", expected=name)

    async def main():
        with discreet.context(tenant="acme"):
            await asyncio.gather(*(worker(f"w{number}") for number in range(20)))

    asyncio.run(main())
    assert all(r["worker"] == r["expected"] and r["tenant"] == "acme" for r in sink.records)
    assert len(sink.records) == 20


def test_the_task_name_is_on_records_made_in_a_task(sink):
    async def main():
        asyncio.current_task().set_name("importer")
        log.info("x")

    asyncio.run(main())
    assert sink.last["task"] == "importer"
    log.info("y")
    assert "task" not in sink.last


def test_a_decorated_function_runs_inside(sink):
    @discreet.context(job="nightly")
    def work(x):
        log.info("x")
        return x + 1

    assert work(1) == 2
    assert work.__name__ == "work"
    assert sink.last["job"] == "nightly"


def test_a_decorated_function_may_call_itself(sink):
    @discreet.context(job="nightly")
    def work(depth):
        if depth:
            work(depth - 1)
        log.info("x", depth=depth)

    work(3)
    assert all(record["job"] == "nightly" for record in sink.records)
    log.info("after")
    assert "job" not in sink.last


def test_a_decorated_coroutine_runs_inside(sink):
    @discreet.context(job="nightly")
    async def work():
        await asyncio.sleep(0)
        log.info("x")

    asyncio.run(work())
    assert sink.last["job"] == "nightly"


def test_a_decorated_generator_keeps_its_context_and_does_not_leak_it(sink):
    @discreet.context(job="stream")
    def items():
        for number in range(2):
            log.info("inside")
            got = yield number
            if got:
                log.info("sent", got=got)
        return "done"

    steps = items()
    next(steps)
    log.info("outside")
    steps.send("hello")
    assert ["job" in record for record in sink.records] == [True, False, True, True]


def test_a_decorated_generator_passes_exceptions_and_results_through():
    @discreet.context(job="stream")
    def items():
        try:
            yield 1
        except KeyError:
            yield 2
        return 3

    def outer():
        return (yield from items())

    steps = outer()
    assert next(steps) == 1
    assert steps.throw(KeyError("x")) == 2
    try:
        next(steps)
    except StopIteration as stop:
        assert stop.value == 3


def test_a_decorated_generator_that_is_closed_cleans_up_inside(sink):
    @discreet.context(job="stream")
    def items():
        try:
            yield 1
        finally:
            log.info("cleaning")

    steps = items()
    next(steps)
    steps.close()
    assert sink.last["job"] == "stream"


def test_a_decorated_async_generator_keeps_its_context_and_does_not_leak_it(sink):
    @discreet.context(job="stream")
    async def items():
        try:
            for number in range(3):
                await asyncio.sleep(0)
                log.info("inside")
                yield number
        finally:
            log.info("inside")

    async def main():
        steps = items()
        async for number in steps:
            log.info("outside")
            if number == 1:
                break
        await steps.aclose()
        return [item async for item in items()]

    assert asyncio.run(main()) == [0, 1, 2]
    assert all(("job" in record) == (record["message"] == "inside") for record in sink.records)
    assert len(sink.records) == 9


def test_bind_unbind_and_clear_change_the_ambient_context(sink):
    discreet.bind_context(a=1, b=2, request_id="r")
    log.info("one")
    discreet.unbind_context("a", "request_id", "unknown")
    log.info("two")
    discreet.clear_context()
    log.info("three")
    one, two, three = sink.records
    assert (one["a"], one["b"], one["request_id"]) == (1, 2, "r")
    assert ("a" in two, two["b"], "request_id" in two) == (False, 2, False)
    assert "b" not in three


def test_a_value_that_changes_is_written_as_it_is_when_the_record_is_made(sink):
    seen = []
    with discreet.context(seen=seen):
        log.info("one")
        seen.append("x")
        log.info("two")
    assert [record["seen"] for record in sink.records] == [[], ["x"]]


def test_a_lazy_value_in_the_context_is_computed_for_each_record(sink):
    count = iter(range(10))
    with discreet.context(n=discreet.lazy(lambda: next(count))):
        log.info("one")
        log.info("two")
    assert [record["n"] for record in sink.records] == [0, 1]


def test_a_secret_in_the_context_never_leaves(sink):
    planted = "hunter2-" + "very-secret"
    with discreet.context(password=planted, nested={"api_key": planted}):
        log.info("x")
    assert planted not in sink.text


def test_a_context_left_from_another_task_does_not_raise(sink):
    async def items():
        with discreet.context(a=1):
            yield 1
            yield 2

    async def main():
        steps = items()
        await asyncio.create_task(steps.__anext__())
        await asyncio.create_task(steps.aclose())

    asyncio.run(main())


def test_a_request_id_that_cannot_be_text_does_not_break_the_with(sink):
    class Hostile:
        def __str__(self):
            raise RuntimeError("no")

    with discreet.context(request_id=Hostile()):
        log.info("x")
    assert sink.last["request_id"] == "<Hostile>"


def test_a_decorated_async_generator_takes_what_its_consumer_sends_and_throws(sink):
    @discreet.context(job="stream")
    async def items():
        try:
            got = yield 1
            log.info("inside", got=got)
            yield 2
        except KeyError:
            log.info("inside")
            yield 3

    async def main():
        steps = items()
        first = await steps.__anext__()
        second = await steps.asend("hello")
        third = await steps.athrow(KeyError("x"))
        return [first, second, third]

    assert asyncio.run(main()) == [1, 2, 3]
    assert all(record["job"] == "stream" for record in sink.records)
    assert sink.records[0]["got"] == "hello"


def fields_here():
    return dict(current.get().fields)


def test_one_context_object_may_be_shared_by_threads_whatever_the_order():
    shared = discreet.context(tenant="acme")
    both, first_left = threading.Barrier(2), threading.Event()
    left = {}

    def first():
        with shared:
            both.wait()
        left["first"] = fields_here()
        first_left.set()

    def second():
        with shared:
            both.wait()
            first_left.wait()
        left["second"] = fields_here()

    threads = [threading.Thread(target=first), threading.Thread(target=second)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert left == {"first": {}, "second": {}}


def test_generators_that_are_read_in_turn_leave_nothing_behind():
    def items(name):
        with discreet.context(**{name: 1}):
            yield 1

    assert list(zip(items("a"), items("b"), strict=True)) == [(1, 1)]
    assert fields_here() == {}


def test_a_task_that_outlives_a_with_keeps_its_context():
    async def main():
        go_on = asyncio.Event()

        async def work():
            await go_on.wait()
            with discreet.context(inner=1):
                pass
            return fields_here()

        with discreet.context(tenant="acme"):
            task = asyncio.create_task(work())
            await asyncio.sleep(0)
        go_on.set()
        return await task

    assert asyncio.run(main()) == {"tenant": "acme"}


def test_clearing_inside_a_with_lasts_until_its_end():
    with discreet.context(a=1):
        with discreet.context(b=2):
            discreet.clear_context()
            assert fields_here() == {}
        assert fields_here() == {"a": 1}
