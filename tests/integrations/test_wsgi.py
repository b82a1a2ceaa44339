"""The WSGI middleware by itself, checked against PEP 3333 by the standard library's validator."""

from __future__ import annotations

import io
import logging
import sys
from wsgiref.util import FileWrapper, setup_testing_defaults
from wsgiref.validate import validator

import pytest
from flask import Flask

import discreet
from discreet._context.ambient import EMPTY, current
from discreet._takeover import standard_library
from discreet.integrations.flask import instrument
from discreet.integrations.wsgi import WSGIMiddleware, annotate

log = discreet.get_logger("app")
PLAIN = [("Content-Type", "text/plain")]


def environment(path="/", **more):
    environ = {"PATH_INFO": path, "SCRIPT_NAME": "", "QUERY_STRING": "", "REMOTE_ADDR": "10.0.0.9"}
    setup_testing_defaults(environ)
    return {**environ, **more}


class Client:
    """The server's side: it keeps what the application said."""

    def __init__(self):
        self.status = None
        self.headers = []
        self.written = []

    def start_response(self, status, headers, exc_info=None):
        self.status, self.headers = status, headers
        return self.written.append


def serve(app, environ=None, **options):
    """One request, iterated and closed as a server does; what was recorded, and what the client got."""
    client = Client()
    with discreet.capture() as records:
        body = validator(WSGIMiddleware(validator(app), **options))(environ or environment(), client.start_response)
        try:
            client.written.extend(body)
        finally:
            body.close()
    return records, client


def hello(environ, start_response):
    start_response("200 OK", PLAIN)
    return [b"hello"]


def test_the_middleware_keeps_the_protocol_on_both_sides():
    records, client = serve(hello, environment("/caf\xc3\xa9", HTTP_X_REQUEST_ID="abc-1"))
    assert client.written == [b"hello"]
    assert dict(client.headers)["x-request-id"] == "abc-1"
    assert records[0]["message"] == "GET /café 200"
    assert records[0]["request_id"] == "abc-1"
    assert records[0]["client.address"] == "10.0.0.9"


def test_a_path_that_was_decoded_already_is_taken_as_it_is():
    body = WSGIMiddleware(hello)(environment("/\u65e5"), Client().start_response)
    with discreet.capture() as records:
        body.close()
    assert records[0]["url.path"] == "/\u65e5"


def test_the_request_starts_from_its_carrier_alone_and_leaves_nothing_behind():
    seen = []

    def app(environ, start_response):
        seen.append(dict(current.get().fields))
        discreet.bind_context(leak=True)
        return hello(environ, start_response)

    with discreet.context(outer=True):
        records, _ = serve(app)
        serve(app)
        assert dict(current.get().fields) == {"outer": True}
    assert seen == [{}, {}]
    assert records[0]["leak"] is True


def test_chunks_are_made_and_closed_inside_the_request_and_nothing_between_them():
    seen = []

    class Chunks:
        def __init__(self):
            self.left = [b"a", b"b"]

        def __iter__(self):
            return self

        def __next__(self):
            seen.append(current.get().request_id)
            if not self.left:
                raise StopIteration
            return self.left.pop()

        def close(self):
            seen.append(current.get().request_id)

    def app(environ, start_response):
        start_response("200 OK", PLAIN)
        return Chunks()

    body = WSGIMiddleware(app)(environment(HTTP_X_REQUEST_ID="r"), Client().start_response)
    for _ in body:
        assert current.get() is EMPTY
    with discreet.capture() as records:
        body.close()
        body.close()
    assert set(seen) == {"r"}
    assert len(records) == 1


def test_a_generator_may_start_the_response_with_its_first_chunk():
    def app(environ, start_response):
        start_response("201 Created", PLAIN)
        yield b"x"

    records, client = serve(app)
    assert (records[0]["message"], client.status) == ("GET / 201", "201 Created")


def test_the_write_callable_is_the_servers():
    def app(environ, start_response):
        write = start_response("200 OK", PLAIN)
        write(b"written")
        return [b""]

    records, client = serve(app)
    assert client.written == [b"written", b""]
    assert records[0]["status"] == "ok"


def test_an_error_that_the_application_answers_itself_is_recorded_with_its_exception():
    def app(environ, start_response):
        try:
            raise ValueError("answered")
        except ValueError:
            start_response("500 Oops", PLAIN, sys.exc_info())
        return [b"sorry"]

    records, _ = serve(app)
    assert (records[0]["severity"], records[0]["exception"]["message"]) == ("ERROR", "answered")


def test_an_exception_passes_on_to_the_server_and_is_recorded_once():
    def app(environ, start_response):
        raise ValueError("boom")

    with discreet.capture() as records, pytest.raises(ValueError, match="boom"):
        WSGIMiddleware(app)(environment(HTTP_X_REQUEST_ID="late"), Client().start_response)
    assert (records[0]["message"], records[0]["exception"]["type"]) == ("GET / error", "ValueError")
    assert len(records) == 1


def test_gunicorns_row_about_that_exception_is_left_out_and_any_other_finds_the_ids():
    def app(environ, start_response):
        raise ValueError("boom")

    standard_library.take_over()
    try:
        with discreet.capture() as records:
            try:
                WSGIMiddleware(app)(environment(HTTP_X_REQUEST_ID="late"), Client().start_response)
            except ValueError:
                logging.getLogger("gunicorn.error").exception("Error handling request")
                logging.getLogger("mod_wsgi").exception("Error handling request")
            logging.getLogger("gunicorn.error").error("something else")
    finally:
        standard_library.give_back()
    assert [record["logger"] for record in records] == ["http.server", "mod_wsgi", "gunicorn.error"]
    assert records[1]["request_id"] == "late"


def test_an_exception_that_carries_nothing_costs_only_the_ids():
    class Slotted(Exception):
        __slots__ = ()

        def __setattr__(self, name, value):
            raise AttributeError(name)

    def app(environ, start_response):
        raise Slotted

    with discreet.capture() as records, pytest.raises(Slotted):
        WSGIMiddleware(app)(environment(), Client().start_response)
    assert records[0]["exception"]["type"].endswith("Slotted")


def test_a_worker_that_is_stopped_in_the_middle_is_a_cancelled_request():
    def app(environ, start_response):
        raise SystemExit(1)

    with discreet.capture() as records, pytest.raises(SystemExit):
        WSGIMiddleware(app)(environment(), Client().start_response)
    assert (records[0]["severity"], records[0]["status"]) == ("WARNING", "cancelled")


def test_an_exception_in_close_is_recorded():
    class Chunks(list):
        def close(self):
            raise ValueError("closing")

    def app(environ, start_response):
        start_response("200 OK", PLAIN)
        return Chunks([b"x"])

    body = WSGIMiddleware(app)(environment(), Client().start_response)
    with discreet.capture() as records, pytest.raises(ValueError, match="closing"):
        body.close()
    assert [record["exception"]["message"] for record in records] == ["closing"]


def test_a_body_that_is_closed_halfway_is_a_cancelled_request():
    def app(environ, start_response):
        start_response("200 OK", PLAIN)
        yield b"a"
        yield b"b"

    with discreet.capture() as records:
        body = WSGIMiddleware(app)(environment(), Client().start_response)
        next(iter(body))
        body.close()
    assert (records[0]["message"], records[0]["severity"]) == ("GET / 200 cancelled", "INFO")


def test_an_application_that_never_starts_its_response_is_an_error():
    with discreet.capture() as records:
        WSGIMiddleware(lambda environ, start_response: [])(environment(), Client().start_response).close()
    assert (records[0]["status"], records[0]["error_type"]) == ("error", "NoResponse")


def test_a_list_keeps_its_length():
    body = WSGIMiddleware(hello)(environment(), Client().start_response)
    assert len(body) == 1
    body.close()


def test_the_servers_file_wrapper_stays_itself_and_its_close_ends_the_record():
    file = io.BytesIO(b"content")

    def app(environ, start_response):
        start_response("200 OK", PLAIN)
        return environ["wsgi.file_wrapper"](file)

    with discreet.capture() as records:
        body = WSGIMiddleware(app)(environment(**{"wsgi.file_wrapper": FileWrapper}), Client().start_response)
        assert type(body) is FileWrapper
        body.close()
    assert file.closed
    assert (records[0]["message"], records[0]["status"]) == ("GET / 200", "ok")


def test_a_file_wrapper_that_cannot_be_watched_is_iterated():
    class Fixed:
        __slots__ = ("_file",)

        def __init__(self, file):
            self._file = file

        def __iter__(self):
            return iter([self._file.read()])

    def app(environ, start_response):
        start_response("200 OK", PLAIN)
        return environ["wsgi.file_wrapper"](io.BytesIO(b"content"))

    with discreet.capture() as records:
        body = WSGIMiddleware(app)(environment(**{"wsgi.file_wrapper": Fixed}), Client().start_response)
        assert list(body) == [b"content"]
        body.close()
    assert records[0]["status"] == "ok"


def test_clients_can_be_mistrusted_and_the_header_chosen():
    trace = {"HTTP_TRACEPARENT": f"00-{'a' * 32}-{'b' * 16}-01"}
    trusted, client = serve(
        hello, environment(HTTP_X_CORRELATION_ID="c-1", **trace), request_id_header="X-Correlation-ID"
    )
    mistrusted, _ = serve(hello, environment(HTTP_X_REQUEST_ID="c-1", **trace), trust_incoming=False)
    assert (trusted[0]["request_id"], trusted[0]["trace_id"]) == ("c-1", "a" * 32)
    assert dict(client.headers)["x-correlation-id"] == "c-1"
    assert mistrusted[0]["request_id"] != "c-1"
    assert mistrusted[0]["trace_id"] != "a" * 32


def test_a_quiet_path_is_recorded_at_debug():
    records, _ = serve(hello, environment("/health"), quiet={"/health"})
    assert records[0]["severity"] == "DEBUG"


def test_two_middlewares_around_each_other_make_one_record():
    with discreet.capture() as records:
        WSGIMiddleware(WSGIMiddleware(hello))(environment(), Client().start_response).close()
    assert len(records) == 1


@pytest.fixture
def flask_app():
    app = Flask("shop_under_test")
    instrument(app)
    instrument(app)
    return app


def test_flask_routes_exceptions_and_annotations_stand_in_one_record(flask_app):
    @flask_app.get("/orders/<int:number>")
    def order(number):
        annotate(number=number)
        raise ValueError("boom")

    standard_library.take_over()
    try:
        with discreet.capture() as records:
            answer = flask_app.test_client().get("/orders/3")
            answer.close()  # what a server does; the test client leaves it to the test
    finally:
        standard_library.give_back()
    assert answer.status_code == 500
    assert [record["message"] for record in records] == ["GET /orders/<int:number> 500"]
    assert records[0]["exception"]["message"] == "boom"
    assert records[0]["number"] == 3


def test_flask_keeps_its_own_row_when_records_of_requests_are_off(flask_app):
    @flask_app.get("/boom")
    def boom():
        raise ValueError("boom")

    standard_library.take_over()
    try:
        with discreet.capture() as records:
            discreet.set_level("http.server", "off")
            flask_app.test_client().get("/boom")
            flask_app.logger.error("another row")
    finally:
        standard_library.give_back()
    assert [record["message"] for record in records] == ["Exception on /boom [GET]", "another row"]


def test_flask_with_exceptions_that_propagate_records_them_too(flask_app):
    @flask_app.get("/boom")
    def boom():
        raise ValueError("boom")

    flask_app.testing = True
    with discreet.capture() as records, pytest.raises(ValueError, match="boom"):
        flask_app.test_client().get("/boom")
    assert [record["exception"]["message"] for record in records] == ["boom"]


def test_an_exception_outside_of_a_watched_request_is_flasks_own_affair(flask_app):
    @flask_app.get("/boom")
    def boom():
        raise ValueError("boom")

    inner = flask_app.wsgi_app.app
    flask_app.wsgi_app = inner
    with discreet.capture() as records:
        assert flask_app.test_client().get("/boom").status_code == 500
    assert not [record for record in records if record["logger"] == "http.server"]
