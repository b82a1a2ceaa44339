"""Azure Functions: the ids of an invocation, its threads, and who gets the records."""

from __future__ import annotations

import asyncio
import inspect
import logging
import sys
import threading
from types import ModuleType, SimpleNamespace

import pytest

import discreet
from discreet._delivery.runner import runner_of, running
from discreet.azure import ApplicationInsights
from discreet.azure import functions as functions_module
from discreet.azure.functions import invocation, invocations

from .records import OFFLINE, SPAN, TRACE

INVOCATION = "11111111-2222-3333-4444-555555555555"


class Context:
    """As `azure.functions.Context` is."""

    def __init__(self) -> None:
        self.invocation_id = INVOCATION
        self.function_name = "orders"
        self.trace_context = SimpleNamespace(trace_parent=f"00-{TRACE}-{SPAN}-01", trace_state="a=b", attributes={})
        self.thread_local_storage = threading.local()


@pytest.fixture(autouse=True)
def cold(monkeypatch):
    monkeypatch.setattr(functions_module._FirstInvocation, "done", False)


def test_records_of_an_invocation_carry_its_ids(sink):
    with invocation(Context()):
        discreet.get_logger("app").info("placed", id=1)
    last = sink.last
    assert last["trace_id"] == TRACE
    assert last["span_id"] == SPAN
    assert last["request_id"] == last["faas.invocation_id"] == INVOCATION
    assert last["faas.name"] == "orders"
    assert last["id"] == 1


def test_only_the_first_invocation_is_a_cold_start(sink):
    log = discreet.get_logger("app")
    for _ in range(2):
        with invocation(Context()):
            log.info("placed")
    assert [record.get("faas.coldstart") for record in sink.records] == [True, None]


def test_nothing_of_an_invocation_leaks_into_the_next(sink):
    log = discreet.get_logger("app")
    with discreet.context(left="over"), invocation(Context()):
        discreet.bind_context(mine=1)
        log.info("inside")
    log.info("outside")
    assert "left" not in sink.records[0]
    assert "mine" not in sink.records[1]
    assert "trace_id" not in sink.records[1]


def test_a_function_without_a_context_argument_needs_none(sink):
    @invocations
    def orders(req: str) -> str:
        discreet.get_logger("app").info("placed")
        return req

    assert "context" in inspect.signature(orders).parameters
    assert orders(req="r", context=Context()) == "r"
    assert sink.last["faas.invocation_id"] == INVOCATION


def test_a_function_that_takes_the_context_still_gets_it(sink):
    @invocations
    def orders(req: str, context: Context) -> str:
        return context.invocation_id

    assert list(inspect.signature(orders).parameters) == ["req", "context"]
    assert orders(req="r", context=Context()) == INVOCATION


def test_async_functions_are_functions_too(sink):
    @invocations
    async def orders(req: str) -> None:
        await asyncio.sleep(0)
        discreet.get_logger("app").info("placed")

    assert inspect.iscoroutinefunction(orders)
    asyncio.run(orders(req="r", context=Context()))
    assert sink.last["trace_id"] == TRACE


def test_an_exception_passes_through(sink):
    @invocations
    def orders() -> None:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        orders(context=Context())


def test_a_thread_that_enters_is_known_to_the_worker(sink):
    context, seen = Context(), []

    def work() -> None:
        with invocation(context):
            seen.append(context.thread_local_storage.invocation_id)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [INVOCATION]
    assert sink.records == []


def test_a_thread_of_an_invocation_carries_its_ids(taken_over):
    with invocation(Context()):
        thread = threading.Thread(target=lambda: discreet.get_logger("app").info("in a thread"))
        thread.start()
        thread.join()
    assert taken_over.last["faas.invocation_id"] == INVOCATION


@pytest.mark.parametrize("context", [None, object(), SimpleNamespace(invocation_id=3, trace_context=None)])
def test_a_context_of_another_version_costs_its_ids_only(sink, context):
    with invocation(context):
        discreet.get_logger("app").info("placed")
    assert sink.last["message"] == "placed"


# --- the worker's own handler


@pytest.fixture
def worker():
    """A root handler of a class in the worker's module, as the worker installs it at its start."""
    module = ModuleType("azure_functions_worker.dispatcher")
    told: list[str] = []

    class AsyncLoggingHandler(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            told.append(record.getMessage())

    AsyncLoggingHandler.__module__ = module.__name__
    handler = AsyncLoggingHandler()
    logging.getLogger().addHandler(handler)
    yield told
    logging.getLogger().removeHandler(handler)


def log_once() -> None:
    with invocation(Context()):
        logging.getLogger("app").warning("mine")
        logging.getLogger("azure_functions_worker.x").warning("the host's")


def test_while_discreet_sends_them_the_worker_gets_no_records_of_the_application(taken_over, worker, monkeypatch):
    also = runner_of(ApplicationInsights(OFFLINE, environ={}))
    monkeypatch.setattr(running, "runners", (*running.runners, also))
    log_once()
    assert worker == ["the host's"]
    assert [record["message"] for record in taken_over.records if record["logger"] == "app"] == ["mine"]


def test_otherwise_the_worker_gets_them_all(taken_over, worker):
    log_once()
    assert worker == ["mine", "the host's"]


def test_the_workers_handler_gets_one_filter_for_any_number_of_invocations(worker):
    for _ in range(3):
        with invocation(Context()):
            pass
    handlers = [each for each in logging.getLogger().handlers if type(each).__name__ == "AsyncLoggingHandler"]
    assert [len(handler.filters) for handler in handlers] == [1]


def test_no_package_of_the_worker_is_imported(sink):
    with invocation(Context()):
        assert "azure_functions_worker" not in sys.modules
