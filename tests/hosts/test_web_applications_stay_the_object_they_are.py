"""`discreet.instrument(app)`: one record per request, and the application is still the object that it was."""

from __future__ import annotations

import asyncio
import threading

import pytest
import quart
from fastapi import Depends, FastAPI, Request
from fastapi.testclient import TestClient
from flask import Flask
from litestar import Litestar
from litestar import get as litestar_get
from litestar.testing import TestClient as LitestarClient
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route

import discreet
from discreet.integrations.asgi import annotate
from tests.waiting import join

log = discreet.get_logger("shop")


def requests_of(sink):
    return [record for record in sink.records if record["logger"] == "http.server"]


def fastapi_app():
    app = FastAPI()

    @app.get("/orders/{order_id}")
    def order(order_id: int):
        log.info("inside")
        return {"id": order_id}

    @app.get("/broken")
    def broken():
        raise ValueError("no")

    return app, lambda path: TestClient(app, raise_server_exceptions=False).get(path).status_code


def starlette_app():
    async def order(_request):
        log.info("inside")
        return PlainTextResponse("ok")

    async def broken(_request):
        raise ValueError("no")

    app = Starlette(routes=[Route("/orders/{order_id:int}", order), Route("/broken", broken)])
    return app, lambda path: TestClient(app, raise_server_exceptions=False).get(path).status_code


def litestar_app():
    @litestar_get("/orders/{order_id:int}", sync_to_thread=False)
    def order(order_id: int) -> str:
        log.info("inside")
        return "ok"

    @litestar_get("/broken", sync_to_thread=False)
    def broken() -> str:
        raise ValueError("no")

    app = Litestar([order, broken], logging_config=None)  # its default one stays for the whole process
    client = LitestarClient(app, raise_server_exceptions=False)
    return app, lambda path: client.get(path).status_code


def quart_app():
    app = quart.Quart("shop_quart")

    @app.get("/orders/<int:order_id>")
    async def order(order_id):
        log.info("inside")
        return "ok"

    @app.get("/broken")
    async def broken():
        raise ValueError("no")

    async def get(path):
        response = await app.test_client().get(path)
        return response.status_code

    return app, lambda path: asyncio.run(get(path))


def flask_app():
    app = Flask("shop_flask")

    @app.get("/orders/<int:order_id>")
    def order(order_id):
        log.info("inside")
        return "ok"

    @app.get("/broken")
    def broken():
        raise ValueError("no")

    def get(path):
        with app.test_client() as client, client.get(path, buffered=True) as response:
            return response.status_code

    return app, get


APPS = [fastapi_app, starlette_app, litestar_app, quart_app, flask_app]


@pytest.mark.parametrize("make", APPS)
def test_the_same_object_comes_back_and_a_second_call_changes_nothing(make):
    app, _ = make()
    assert discreet.instrument(app) is app
    assert discreet.instrument(app) is app


@pytest.mark.parametrize("make", APPS)
def test_a_request_is_one_record_with_its_route_and_its_ids_are_on_all_that_is_logged_in_it(make, taken_over):
    app, get = make()
    discreet.instrument(app)
    discreet.instrument(app)
    assert get("/orders/42") == 200
    (request,) = requests_of(taken_over)
    (inside,) = (record for record in taken_over.records if record["message"] == "inside")
    assert inside["trace_id"] == request["trace_id"]
    assert inside["request_id"] == request["request_id"]
    assert request["http.response.status_code"] == 200
    assert request["http.route"].startswith("/orders/")
    assert "order_id" in request["http.route"]


@pytest.mark.parametrize("make", APPS)
def test_an_exception_is_in_the_record_of_its_request_and_nowhere_else(make, taken_over):
    app, get = make()
    discreet.instrument(app)
    assert get("/broken") == 500
    (request,) = requests_of(taken_over)
    assert (request["severity"], request["http.response.status_code"]) == ("ERROR", 500)
    assert request["exception"]["type"] == "ValueError"
    assert [record["logger"] for record in taken_over.records if "exception" in record] == ["http.server"]


@pytest.mark.parametrize("make", APPS)
def test_what_nobody_serves_is_a_record_too(make, taken_over):
    app, get = make()
    discreet.instrument(app)
    assert get("/nothing") == 404
    assert [record["http.response.status_code"] for record in requests_of(taken_over)] == [404]


def test_fastapi_is_still_fastapi_with_its_state_and_its_overrides(taken_over):
    def setting():
        return "real"

    app = discreet.instrument(FastAPI())  # before any route exists
    app.state.started = 7

    @app.get("/")
    def root(request: Request, value: str = Depends(setting)):
        return [request.app.state.started, value]

    app.dependency_overrides[setting] = lambda: "test"
    assert isinstance(app, FastAPI)  # what `fastapi dev` looks for in a module
    assert TestClient(app).get("/").json() == [7, "test"]
    assert len(requests_of(taken_over)) == 1


def test_middleware_and_mounts_that_come_later_are_inside(taken_over):
    inner = discreet.instrument(Starlette(routes=[Route("/leaf", lambda _request: PlainTextResponse("ok"))]))
    app = discreet.instrument(Starlette(routes=[Mount("/inner", inner)], middleware=[Middleware(GZipMiddleware)]))
    app.add_middleware(GZipMiddleware)
    assert TestClient(app).get("/inner/leaf").headers["x-request-id"] == requests_of(taken_over)[0]["request_id"]
    assert [record["http.route"] for record in requests_of(taken_over)] == ["/inner/leaf"]


def test_an_application_that_has_served_already_is_instrumented_from_then_on(taken_over):
    app, get = starlette_app()
    assert get("/orders/1") == 200
    discreet.instrument(app)
    assert get("/orders/2") == 200
    assert [record["url.path"] for record in requests_of(taken_over)] == ["/orders/2"]


def test_an_answer_that_the_500_handler_makes_has_the_request_id(taken_over):
    app, _ = starlette_app()
    discreet.instrument(app)
    response = TestClient(app, raise_server_exceptions=False).get("/broken")
    assert response.headers["x-request-id"] == requests_of(taken_over)[0]["request_id"]


def test_a_thread_annotates_the_request_that_started_it(taken_over):
    app = discreet.instrument(Flask("threads"))

    @app.get("/")
    def root():
        thread = threading.Thread(target=annotate, kwargs={"from_thread": 1})
        thread.start()
        join(thread)
        annotate(user={"id": 1})
        annotate(user={"plan": "free"})
        return "ok"

    with app.test_client() as client, client.get("/", buffered=True):
        pass
    (request,) = requests_of(taken_over)
    assert (request["from_thread"], request["user"]) == (1, {"id": 1, "plan": "free"})


def test_an_annotation_after_the_record_is_counted(taken_over):
    late = threading.Event()
    app = discreet.instrument(Flask("late"))
    threads = []

    def annotate_late():
        late.wait()
        annotate(too="late")

    @app.get("/")
    def root():
        threads.append(threading.Thread(target=annotate_late))
        threads[0].start()
        return "ok"

    before = discreet.health()["late_fields"]
    with app.test_client() as client, client.get("/", buffered=True):
        pass
    late.set()
    join(*threads)
    assert discreet.health()["late_fields"] == before + 1


def test_the_options_are_those_of_the_middleware(memory_sink):
    sink = memory_sink(format="json")
    discreet.configure(sinks=[sink], service="test", level="debug")
    app, get = fastapi_app()
    discreet.instrument(app, quiet={"/orders/1"}, request_id_header="x-correlation-id", trust_incoming=False)
    get("/orders/1")
    assert requests_of(sink)[0]["severity"] == "DEBUG"


def test_what_cannot_be_changed_in_place_is_refused_with_the_way_to_wrap_it():
    async def app(scope, receive, send):
        pass

    with pytest.raises(discreet.ConfigurationError, match=r"ASGIMiddleware\(app\)"):
        discreet.instrument(app)


def test_with_litestars_own_logging_each_row_comes_once_structured_and_redacted(python):
    program = python(
        """
        import logging

        from litestar import Litestar, get
        from litestar.testing import TestClient

        import discreet


        @get("/", sync_to_thread=False)
        def root() -> str:
            logging.getLogger("litestar").error("from the framework, password=%s", "hunter" + "2hunter2")
            raise ValueError("no")


        discreet.configure(format="json", environment="prod", service="test")
        app = discreet.instrument(Litestar([root]))
        with TestClient(app, raise_server_exceptions=False) as client:
            client.get("/")
        """
    )
    rows = [record for record in program.records if record["logger"] == "litestar"]
    assert [row["message"] for row in rows] == ["from the framework, password=[REDACTED:password]"]
    assert [record["exception"]["type"] for record in program.records if "exception" in record] == ["ValueError"]
    assert b"from the framework" not in program.err
    assert b"hunter2hunter2" not in program.out + program.err
