"""The ASGI middleware by itself: what real servers seldom do, and what is easier seen from inside."""

from __future__ import annotations

import asyncio
import logging

import pytest
from fastapi import APIRouter, FastAPI
from opentelemetry.sdk.trace import TracerProvider
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route

import discreet
from discreet._context.ambient import current
from discreet._takeover import standard_library
from discreet.integrations.asgi import ASGIMiddleware, annotate, route_of

log = discreet.get_logger("app")
START = {"type": "http.response.start", "status": 200, "headers": []}
END = {"type": "http.response.body", "body": b"done"}


def http_scope(path="/", method="GET", headers=(), **more):
    return {
        "type": "http", "method": method, "path": path, "query_string": b"", "http_version": "1.1", "root_path": "",
        "headers": [(name.lower().encode(), value.encode()) for name, value in headers], "client": ("10.0.0.9", 4000),
        **more,
    }  # fmt: skip


class Wire:
    """The server's side of one request."""

    def __init__(self, *incoming):
        self.incoming = list(incoming) or [{"type": "http.request", "body": b"", "more_body": False}]
        self.sent = []

    async def receive(self):
        return self.incoming.pop(0) if self.incoming else {"type": "http.disconnect"}

    async def send(self, message):
        self.sent.append(message)

    @property
    def headers(self):
        return dict(self.sent[0]["headers"])


def serve(app, scope=None, wire=None, **options):
    """One request through the middleware; what was recorded, and what the client got."""
    wire = wire or Wire()
    with discreet.capture() as records:
        try:
            asyncio.run(ASGIMiddleware(app, **options)(scope or http_scope(), wire.receive, wire.send))
        except ValueError:
            log.debug("passed on")
    return records, wire


def answering(*messages):
    async def app(scope, receive, send):
        for message in messages or (START, END):
            await send(message)

    return app


def test_an_application_that_sets_the_request_id_itself_keeps_its_own():
    own = {**START, "headers": [(b"X-Request-ID", b"own")]}
    _, wire = serve(answering(own, END))
    assert wire.sent[0]["headers"] == [(b"X-Request-ID", b"own")]


def test_the_request_id_can_travel_in_another_header():
    scope = http_scope(headers=[("X-Correlation-ID", "abc-1"), ("X-Request-ID", "other")])
    records, wire = serve(answering(), scope, request_id_header="X-Correlation-ID")
    assert records[0]["request_id"] == "abc-1"
    assert wire.headers == {b"x-correlation-id": b"abc-1"}


def test_clients_can_be_mistrusted():
    scope = http_scope(
        headers=[("x-request-id", "abc"), ("traceparent", f"00-{'a' * 32}-{'b' * 16}-01"), ("baggage", "tenant=acme")]
    )
    seen = []

    async def app(scope, receive, send):
        seen.append(current.get().baggage)
        await answering()(scope, receive, send)

    records, _ = serve(app, scope, trust_incoming=False)
    assert records[0]["request_id"] != "abc"
    assert records[0]["trace_id"] != "a" * 32
    assert seen == [{}]


def test_a_quiet_path_is_recorded_at_debug_unless_it_fails():
    async def failing(scope, receive, send):
        raise ValueError

    well, _ = serve(answering(), http_scope("/health"), quiet=["/health"])
    badly, _ = serve(failing, http_scope("/health"), quiet=["/health"])
    assert well[0]["severity"] == "DEBUG"
    assert badly[0]["severity"] == "ERROR"


def test_the_request_starts_from_its_carrier_alone_and_leaves_nothing_behind():
    inside = []

    async def app(scope, receive, send):
        inside.append(dict(current.get().fields))
        discreet.bind_context(leak=True)
        await answering()(scope, receive, send)

    async def two_requests_in_one_task():
        middleware = ASGIMiddleware(app)
        with discreet.context(outer=True):
            for _ in range(2):
                wire = Wire()
                await middleware(http_scope(), wire.receive, wire.send)
            return dict(current.get().fields)

    with discreet.capture() as records:
        after = asyncio.run(two_requests_in_one_task())
    assert inside == [{}, {}]
    assert after == {"outer": True}
    assert records[0]["trace_id"] != records[1]["trace_id"]


def test_what_the_application_binds_stands_in_the_record_too():
    async def app(scope, receive, send):
        discreet.bind_context(tenant="acme")
        await answering()(scope, receive, send)

    records, _ = serve(app)
    assert records[0]["tenant"] == "acme"


def test_fields_can_be_added_to_the_record_from_a_thread_of_the_request():
    async def app(scope, receive, send):
        await asyncio.to_thread(annotate, items=3, status="mine")
        await answering()(scope, receive, send)

    annotate(nobody="listens")
    records, _ = serve(app)
    assert records[0]["items"] == 3
    assert records[0]["status"] == "ok"


def test_a_context_that_was_cleared_costs_the_record_nothing():
    async def app(scope, receive, send):
        discreet.clear_context()
        await answering()(scope, receive, send)

    records, wire = serve(app)
    assert records[0]["request_id"].encode() == wire.headers[b"x-request-id"]
    assert records[0]["span_id"]


def test_a_route_whose_parameter_is_called_like_a_field_stays_a_route():
    app = FastAPI()
    app.get("/jobs/{status}/{span}")(lambda status, span: None)
    records, _ = serve(app, http_scope("/jobs/1/2"))
    assert records[0]["message"] == "GET /jobs/{status}/{span} 200"


def test_the_application_answers_before_us_and_the_exception_goes_on_to_the_server():
    error = ValueError("the very same")

    async def app(scope, receive, send):
        raise error

    async def run():
        wire = Wire()
        with pytest.raises(ValueError, match="the very same") as caught:
            await ASGIMiddleware(app)(http_scope(), wire.receive, wire.send)
        assert caught.value is error
        return wire

    with discreet.capture() as records:
        wire = asyncio.run(run())
    assert [message["type"] for message in wire.sent] == ["http.response.start", "http.response.body"]
    assert wire.sent[0]["status"] == 500
    assert records[0]["http.response.status_code"] == 500


def test_a_server_that_takes_no_answer_still_gets_the_exception():
    class Deaf(Wire):
        async def send(self, message):
            raise RuntimeError

    async def app(scope, receive, send):
        raise ValueError("first")

    records, _ = serve(app, wire=Deaf())
    assert records[0]["exception"]["message"] == "first"


def test_an_exception_that_a_span_inside_recorded_is_only_named():
    async def app(scope, receive, send):
        with discreet.span("charge"):
            raise ValueError("once")

    records, _ = serve(app)
    assert [record["message"] for record in records][:2] == ["charge", "GET / 500"]
    assert "exception" in records[0]
    assert "exception" not in records[1]
    assert records[1]["error_type"] == "ValueError"


def test_a_response_of_500_without_an_exception_is_an_error():
    records, _ = serve(answering({**START, "status": 503}, END))
    assert (records[0]["severity"], records[0]["status"], records[0]["message"]) == ("ERROR", "error", "GET / 503")


@pytest.mark.parametrize(
    "messages",
    [
        [START, {**END, "more_body": True}, END],
        [START, {"type": "http.response.zerocopysend", "file": 3}],
        [START, {"type": "http.response.pathsend", "path": "/x"}],
        [{**START, "trailers": True}, END, {"type": "http.response.trailers", "headers": []}],
        [{"type": "http.response.debug", "info": {}}, START, END],
    ],
    ids=["chunks", "zero copy", "path", "trailers", "debug"],
)
def test_every_way_to_end_a_response_ends_the_record(messages):
    records, _ = serve(answering(*messages))
    assert (records[0]["message"], records[0]["status"], len(records)) == ("GET / 200", "ok", 1)


def test_a_body_whose_trailers_never_came_is_incomplete():
    records, _ = serve(answering({**START, "trailers": True}, END))
    assert (records[0]["status"], records[0]["error_type"]) == ("error", "IncompleteResponse")


def test_a_cancelled_request_is_a_warning_unless_the_client_left():
    async def app(scope, receive, send):
        raise asyncio.CancelledError

    async def leaving(scope, receive, send):
        await receive()
        raise asyncio.CancelledError

    def run(app, wire):
        with discreet.capture() as records, pytest.raises(asyncio.CancelledError):
            asyncio.run(ASGIMiddleware(app)(http_scope(), wire.receive, wire.send))
        return records[0]

    shutdown, left = run(app, Wire()), run(leaving, Wire({"type": "http.disconnect"}))
    assert (shutdown["severity"], shutdown["status"], shutdown["message"]) == (
        "WARNING",
        "cancelled",
        "GET / cancelled",
    )
    assert (left["severity"], left["status"]) == ("INFO", "cancelled")


def test_a_client_that_leaves_while_it_is_written_to_is_no_error():
    class Broken(Wire):
        async def send(self, message):
            if message["type"] == "http.response.body":
                raise BrokenPipeError
            await super().send(message)

    wire = Broken()
    with discreet.capture() as records, pytest.raises(BrokenPipeError):
        asyncio.run(ASGIMiddleware(answering())(http_scope(), wire.receive, wire.send))
    assert (records[0]["severity"], records[0]["status"]) == ("INFO", "cancelled")


def test_starlettes_client_disconnect_is_no_error():
    class ClientDisconnect(Exception):
        pass

    async def app(scope, receive, send):
        raise ClientDisconnect

    async def late(scope, receive, send):
        await answering()(scope, receive, send)
        raise ClientDisconnect

    for application in (app, late):
        with discreet.capture() as records, pytest.raises(ClientDisconnect):
            asyncio.run(ASGIMiddleware(application)(http_scope(), Wire().receive, Wire().send))
        assert len(records) == 1
        assert "exception" not in records[0]


def test_the_lifespan_passes_through_untouched():
    seen = []

    async def app(scope, receive, send):
        seen.append((scope, receive, send))

    scope, wire = {"type": "lifespan"}, Wire()
    receive, send = wire.receive, wire.send
    asyncio.run(ASGIMiddleware(app)(scope, receive, send))
    assert seen == [(scope, receive, send)]


def test_two_middlewares_around_each_other_make_one_record():
    records, wire = serve(ASGIMiddleware(answering()))
    assert len(records) == 1
    assert len(wire.sent[0]["headers"]) == 1


def test_records_can_be_switched_off_by_their_logger():
    wire = Wire()
    with discreet.capture() as records:
        discreet.set_level("http.server", "off")
        asyncio.run(ASGIMiddleware(answering())(http_scope(), wire.receive, wire.send))
    assert records == []
    assert b"x-request-id" in wire.headers


def test_a_server_that_logs_the_exception_afterwards_finds_the_ids_on_it():
    async def app(scope, receive, send):
        raise ValueError("boom")

    async def run():
        wire = Wire()
        try:
            await ASGIMiddleware(app)(http_scope(headers=[("x-request-id", "late-1")]), wire.receive, wire.send)
        except ValueError:
            logging.getLogger("another.server").exception("application failed")

    standard_library.take_over()
    try:
        with discreet.capture() as records:
            asyncio.run(run())
    finally:
        standard_library.give_back()
    by_logger = {record["logger"]: record for record in records}
    assert by_logger["another.server"]["request_id"] == "late-1"
    assert by_logger["another.server"]["trace_id"] == by_logger["http.server"]["trace_id"]


def test_an_active_opentelemetry_span_is_the_parent():
    tracer = TracerProvider().get_tracer("test")
    with tracer.start_as_current_span("outside") as span:
        records, _ = serve(answering())
        context = span.get_span_context()
    assert records[0]["trace_id"] == f"{context.trace_id:032x}"
    assert records[0]["parent_span_id"] == f"{context.span_id:016x}"


def test_an_opentelemetry_span_that_begins_inside_gives_the_record_its_trace():
    tracer = TracerProvider().get_tracer("test")

    async def app(scope, receive, send):
        with tracer.start_as_current_span("inside"):
            log.info("inside")
            await answering()(scope, receive, send)

    records, _ = serve(app)
    assert records[0]["message"] == "inside"
    assert records[0]["trace_id"] == records[1]["trace_id"]


def plain(request):
    return PlainTextResponse("ok")


def routes_of(app, *paths, root=""):
    found = []
    for path in paths:
        records, _ = serve(app, http_scope(path, root_path=root))
        found.append(records[-1].get("http.route"))
    return found


def test_routes_are_named_by_their_template_with_every_prefix():
    inner, outer, sub, app = APIRouter(prefix="/inner"), APIRouter(prefix="/v1"), FastAPI(), FastAPI()
    inner.get("/deep/{a}")(lambda a: None)
    outer.get("/items/{b}")(lambda b: None)
    outer.include_router(inner)
    sub.get("/parts/{c}")(lambda c: None)
    app.include_router(outer, prefix="/api")
    app.mount("/sub", sub)
    app.router.routes.append(Mount("/{tenant}", routes=[Route("/notes/{d}", plain)]))

    assert routes_of(app, "/api/v1/items/1", "/api/v1/inner/deep/1", "/sub/parts/1", "/acme/notes/1") == [
        "/api/v1/items/{b}",
        "/api/v1/inner/deep/{a}",
        "/sub/parts/{c}",
        "/{tenant}/notes/{d}",
    ]


def test_the_root_path_of_the_server_is_no_part_of_the_route():
    app = Starlette(routes=[Mount("/m", routes=[Route("/x/{id:int}", plain)])])
    assert routes_of(app, "/proxy/m/x/3", root="/proxy") == ["/m/x/{id}"]


class Old:
    """What Starlette before 1.0 left in the scope: a router and the endpoint, but no route."""

    def __init__(self, *routes):
        self.routes = routes


def test_older_starlette_is_read_by_its_endpoint():
    def other(request):
        return PlainTextResponse("other")

    router = Old(Route("/a/{id}", plain), Mount("/m", routes=[Route("/b/{id}", other)]))
    assert route_of({"router": router, "endpoint": plain}, "") == "/a/{id}"
    assert route_of({"router": router, "endpoint": other, "root_path": "/m"}, "") == "/m/b/{id}"


def test_an_endpoint_with_two_routes_is_not_guessed():
    router = Old(Route("/a", plain), Route("/b", plain))
    assert route_of({"router": router, "endpoint": plain}, "") is None


@pytest.mark.parametrize("scope", [{}, {"route": object()}, {"route": 1, "fastapi": 3}, {"endpoint": plain}])
def test_a_scope_without_a_readable_route_has_none(scope):
    assert route_of(scope, "") is None


def ws_scope():
    return {"type": "websocket", "path": "/ws", "headers": [], "client": None}


def connection(app, *incoming):
    wire = Wire(*incoming)
    with discreet.capture() as records:
        try:
            asyncio.run(ASGIMiddleware(app)(ws_scope(), wire.receive, wire.send))
        except BaseException as error:
            log.debug(type(error).__name__)
    return records[0], wire


def test_a_websocket_that_is_denied_with_a_response_is_recorded_with_its_status():
    record, wire = connection(answering({"type": "websocket.http.response.start", "status": 401, "headers": []}))
    assert (record["message"], record["http.response.status_code"]) == ("WEBSOCKET /ws 401", 401)
    assert b"x-request-id" in wire.headers


def test_a_websocket_that_was_never_answered_is_an_error():
    record, _ = connection(answering({"type": "websocket.other"}))
    assert record["status"] == "error"


def test_a_websocket_that_the_server_cancels_is_a_warning():
    async def app(scope, receive, send):
        await send({"type": "websocket.accept"})
        raise asyncio.CancelledError

    record, _ = connection(app)
    assert (record["severity"], record["status"]) == ("WARNING", "cancelled")


def test_a_websocket_whose_client_is_gone_when_written_to_is_no_error():
    async def app(scope, receive, send):
        await send({"type": "websocket.accept"})
        raise OSError

    class Broken(Wire):
        async def send(self, message):
            if message["type"] == "websocket.accept":
                return
            raise BrokenPipeError

    async def writing(scope, receive, send):
        await send({"type": "websocket.accept"})
        await send({"type": "websocket.send", "text": "x"})

    failing, _ = connection(app)
    wire = Broken()
    with discreet.capture() as records, pytest.raises(BrokenPipeError):
        asyncio.run(ASGIMiddleware(writing)(ws_scope(), wire.receive, wire.send))
    assert failing["status"] == "error"
    assert records[0]["status"] == "ok"
