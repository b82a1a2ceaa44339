"""The WSGI middleware and Flask under real gunicorn, with one thread and with several, and under Flask's own server."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from discreet._context.trace_context import new_request_id

TRACE = "0af7651916cd43dd8448eb211c80319c"
PARENT = "b7ad6b7169203331"


def only_request_record(records):
    found = [record for record in records if record["logger"] == "http.server"]
    assert len(found) == 1, found
    return found[0]


def test_a_request_is_one_wide_record(gunicorn_server, request_id):
    gunicorn_server.client.get(
        "/orders/42?token=abc", headers={"x-request-id": request_id, "traceparent": f"00-{TRACE}-{PARENT}-01"}
    )
    records = gunicorn_server.about(request_id)
    record = only_request_record(records)

    assert [record["logger"] for record in records] == ["third.party", "http.server"]
    assert {record["trace_id"] for record in records} == {TRACE}
    assert record["message"] == "GET /orders/<int:order_id> 200"
    assert record["http.route"] == "/orders/<int:order_id>"
    assert record["url.path"] == "/orders/42"
    assert record["client.address"] == "127.0.0.1"
    assert record["parent_span_id"] == PARENT
    assert (record["span_kind"], record["status"], record["severity"]) == ("server", "ok", "INFO")


def test_gunicorns_own_access_row_is_not_written_beside_it(gunicorn_server, request_id):
    with gunicorn_server.listening() as lines:
        gunicorn_server.client.get("/orders/42", headers={"x-request-id": request_id})
        gunicorn_server.about(request_id)
    assert [line for line in lines if "/orders/42" in line and "http.server" in line]
    assert not [line for line in lines if "gunicorn.access" in line]


def test_the_response_carries_the_request_id_once(gunicorn_server, request_id):
    answer = gunicorn_server.client.get("/orders/1", headers={"x-request-id": request_id})
    assert answer.headers.get_list("x-request-id") == [request_id]


def test_an_exception_is_recorded_once_with_structure_in_the_requests_record(gunicorn_server, request_id):
    with gunicorn_server.listening() as lines:
        answer = gunicorn_server.client.get("/boom", headers={"x-request-id": request_id})
        records = gunicorn_server.about(request_id)

    assert answer.status_code == 500
    assert answer.headers["x-request-id"] == request_id
    assert [record["message"] for record in records] == ["GET /boom 500"]
    assert records[0]["exception"]["type"] == "ValueError"
    assert len([line for line in lines if "Traceback" in line]) == 1


def test_streamed_chunks_have_the_ids_and_the_record_comes_at_the_end(gunicorn_server, request_id):
    gunicorn_server.client.get("/stream", headers={"x-request-id": request_id})
    records = gunicorn_server.about(request_id)
    assert [record["message"] for record in records] == ["chunk", "chunk", "chunk", "GET /stream 200"]
    assert len({record["trace_id"] for record in records}) == 1


def test_a_stream_that_breaks_is_an_error_and_gunicorn_does_not_repeat_it(gunicorn_server, request_id):
    with gunicorn_server.listening() as lines:
        with pytest.raises(httpx.RemoteProtocolError):
            gunicorn_server.client.get("/stream-boom", headers={"x-request-id": request_id})
        record = only_request_record(gunicorn_server.about(request_id))
    assert (record["severity"], record["http.response.status_code"]) == ("ERROR", 200)
    assert record["exception"]["message"] == "in the middle"
    assert len([line for line in lines if "Traceback" in line]) == 1


@pytest.mark.parametrize("path", ["/file", "/memory-file"])
def test_files_arrive_whole_and_are_recorded(gunicorn_server, request_id, path):
    answer = gunicorn_server.client.get(path, headers={"x-request-id": request_id})
    assert len(answer.content) == int(answer.headers["content-length"]) > 0
    record = only_request_record(gunicorn_server.about(request_id))
    assert (record["message"], record["status"]) == (f"GET {path} 200", "ok")


def test_nothing_bound_in_a_request_reaches_the_next_one(gunicorn_server):
    with httpx.Client(base_url=f"http://{gunicorn_server.address}") as client:
        for _ in range(8):
            assert client.get("/context").json()["fields"] == {}


def test_concurrent_requests_keep_their_own_ids(gunicorn_server):
    def ask(mark):
        return mark, gunicorn_server.client.get("/context", headers={"x-request-id": mark}).json()

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(ask, [new_request_id() for _ in range(40)]))
    assert all(answer["request_id"] == mark for mark, answer in answers)
    assert len({answer["trace_id"] for _, answer in answers}) == 40


def test_flasks_own_server_does_not_repeat_the_request_either(werkzeug_server, request_id):
    with werkzeug_server.listening() as lines:
        werkzeug_server.client.get("/stream", headers={"x-request-id": request_id})
        werkzeug_server.about(request_id)
        failing = new_request_id()
        werkzeug_server.client.get("/boom", headers={"x-request-id": failing})
        werkzeug_server.about(failing)
    mine = [line for line in lines if "/stream" in line or "/boom" in line]
    assert len([line for line in mine if "http.server" in line]) == 2
    assert not [line for line in lines if '"werkzeug"' in line or "Exception on" in line]
