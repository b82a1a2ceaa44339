"""The ASGI middleware under real uvicorn, on asyncio's loop, with both of its HTTP parsers."""

from __future__ import annotations

import socket

import httpx
import pytest

from discreet._context.trace_context import new_request_id

from ..waiting import HANG

TRACE = "0af7651916cd43dd8448eb211c80319c"
PARENT = "b7ad6b7169203331"


def only_request_record(records):
    found = [record for record in records if record["logger"] == "http.server"]
    assert len(found) == 1, found
    return found[0]


def test_a_request_is_one_wide_record(uvicorn_server, request_id):
    uvicorn_server.client.get("/orders/42?token=abc", headers={"x-request-id": request_id})
    record = only_request_record(uvicorn_server.about(request_id))

    assert record["message"] == "GET /orders/{order_id} 200"
    assert record["severity"] == "INFO"
    assert record["http.request.method"] == "GET"
    assert record["http.route"] == "/orders/{order_id}"
    assert record["url.path"] == "/orders/42"
    assert record["http.response.status_code"] == 200
    assert record["client.address"] == "127.0.0.1"
    assert record["span_kind"] == "server"
    assert record["status"] == "ok"
    assert record["duration_ms"] > 0


def test_uvicorns_own_access_row_is_not_written_beside_it(uvicorn_server, request_id):
    uvicorn_server.client.get("/orders/42", headers={"x-request-id": request_id})
    records = uvicorn_server.about(request_id)

    assert [record["logger"] for record in records] == ["third.party", "http.server"]
    assert not [line for line in uvicorn_server.lines if "uvicorn.access" in line and "/orders/42" in line]


def test_the_query_string_is_written_nowhere(uvicorn_server, request_id):
    secret = "s3cr" + "et-in-a-query"
    uvicorn_server.client.get(f"/orders/42?page={secret}", headers={"x-request-id": request_id})
    uvicorn_server.about(request_id)
    assert secret not in "\n".join(uvicorn_server.lines)


def test_the_trace_of_the_caller_continues(uvicorn_server, request_id):
    uvicorn_server.client.get(
        "/orders/42", headers={"x-request-id": request_id, "traceparent": f"00-{TRACE}-{PARENT}-01"}
    )
    records = uvicorn_server.about(request_id)

    assert {record["trace_id"] for record in records} == {TRACE}
    assert only_request_record(records)["parent_span_id"] == PARENT
    assert PARENT not in {record["span_id"] for record in records}


def test_the_response_carries_the_request_id(uvicorn_server, request_id):
    given = uvicorn_server.client.get("/orders/1", headers={"x-request-id": request_id})
    made = uvicorn_server.client.get("/orders/1")
    assert given.headers["x-request-id"] == request_id
    assert len(made.headers["x-request-id"]) == 32


def test_a_dangerous_request_id_is_replaced(uvicorn_server):
    answer = uvicorn_server.client.get("/context", headers={"x-request-id": "a b;rm"}).json()
    assert answer["request_id"] != "a b;rm"
    assert len(answer["request_id"]) == 32


@pytest.mark.parametrize("path", ["/boom", "/bare-boom"])
def test_an_exception_is_recorded_once_with_structure_and_the_client_still_gets_the_id(
    uvicorn_server, request_id, path
):
    with uvicorn_server.listening() as lines:
        answer = uvicorn_server.client.get(path, headers={"x-request-id": request_id})
        record = only_request_record(uvicorn_server.about(request_id))

    assert answer.status_code == 500
    assert answer.headers["x-request-id"] == request_id
    assert record["severity"] == "ERROR"
    assert record["status"] == "error"
    assert record["exception"]["type"] == "ValueError"
    assert len([line for line in lines if "Traceback" in line]) == 1
    assert not [line for line in lines if "Exception in ASGI application" in line or '"uvicorn.access"' in line]


def test_a_client_error_is_recorded_at_info(uvicorn_server, request_id):
    uvicorn_server.client.get("/missing", headers={"x-request-id": request_id})
    record = only_request_record(uvicorn_server.about(request_id))
    assert (record["severity"], record["status"], record["message"]) == ("INFO", "ok", "GET /missing 404")


def test_a_path_that_no_route_has_is_recorded_as_it_is(uvicorn_server, request_id):
    uvicorn_server.client.get("/nothing/here", headers={"x-request-id": request_id})
    record = only_request_record(uvicorn_server.about(request_id))
    assert record["message"] == "GET /nothing/here 404"
    assert "http.route" not in record


def test_a_stream_is_recorded_at_its_end_and_every_chunk_has_the_ids(uvicorn_server, request_id):
    uvicorn_server.client.get("/stream", headers={"x-request-id": request_id})
    records = uvicorn_server.about(request_id)
    assert [record["message"] for record in records] == ["chunk", "chunk", "chunk", "GET /stream 200"]
    assert len({record["trace_id"] for record in records}) == 1


def test_a_stream_that_breaks_is_an_error_although_its_status_was_sent(uvicorn_server, request_id):
    with pytest.raises(httpx.RemoteProtocolError):
        uvicorn_server.client.get("/stream-boom", headers={"x-request-id": request_id})
    record = only_request_record(uvicorn_server.about(request_id))
    assert (record["severity"], record["http.response.status_code"]) == ("ERROR", 200)
    assert record["exception"]["message"] == "in the middle"


def test_a_client_that_leaves_is_recorded_as_a_cancelled_request(uvicorn_server, request_id):
    with uvicorn_server.client.stream("GET", "/endless", headers={"x-request-id": request_id}) as answer:
        next(answer.iter_raw())
    record = only_request_record(uvicorn_server.about(request_id))
    assert (record["severity"], record["status"]) == ("INFO", "cancelled")
    assert record["message"] == "GET /endless 200 cancelled"
    assert "exception" not in record


def test_a_background_task_keeps_the_ids(uvicorn_server, request_id):
    uvicorn_server.client.get("/background", headers={"x-request-id": request_id})
    uvicorn_server.wait(lambda lines: any(request_id in line and "in the background" in line for line in lines))
    assert [record["message"] for record in uvicorn_server.about(request_id)] == [
        "GET /background 200",
        "in the background",
    ]


def test_a_failing_background_task_is_recorded_once_with_the_ids(uvicorn_server, request_id):
    with uvicorn_server.listening() as lines:
        uvicorn_server.client.get("/background-boom", headers={"x-request-id": request_id})
        uvicorn_server.wait(
            lambda lines: any(request_id in line and "failed after its response" in line for line in lines)
        )
    records = uvicorn_server.about(request_id)
    assert [record["severity"] for record in records] == ["INFO", "ERROR"]
    assert records[1]["exception"]["message"] == "after the response"
    assert len([line for line in lines if "Traceback" in line]) == 1


def test_a_handler_in_a_worker_thread_has_the_ids(uvicorn_server, request_id):
    uvicorn_server.client.get("/threaded/7", headers={"x-request-id": request_id})
    messages = [record["message"] for record in uvicorn_server.about(request_id)]
    assert messages == ["in a worker thread", "GET /threaded/{order_id} 200"]


def test_a_request_that_is_never_answered_is_an_error(uvicorn_server, request_id):
    uvicorn_server.client.get("/silent", headers={"x-request-id": request_id})
    record = only_request_record(uvicorn_server.about(request_id))
    assert (record["severity"], record["error_type"]) == ("ERROR", "IncompleteResponse")


def raw_request(method: str, path: str, request_id: str, body: bytes = b"") -> bytes:
    head = (
        f"{method} {path} HTTP/1.1\r\nhost: test\r\nx-request-id: {request_id}\r\ncontent-length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def read_responses(connection: socket.socket, ends: list[bytes]) -> bytes:
    received = b""
    while not all(end in received for end in ends):
        data = connection.recv(65536)
        assert data, received
        received += data
    return received


@pytest.mark.parametrize("pipelined", [True, False], ids=["pipelined", "in turn"])
def test_a_get_after_a_large_post_on_one_connection_starts_from_its_own_carrier(uvicorn_server, pipelined):
    # asyncio resumes reading in the context of the request that paused it: the next one starts inside that.
    host, port = uvicorn_server.address.split(":")
    first, second = new_request_id(), new_request_id()
    post = raw_request("POST", "/upload", first, b"x" * 300_000)
    get = raw_request("GET", "/context", second)
    with socket.create_connection((host, int(port)), timeout=HANG) as connection:
        if pipelined:
            connection.sendall(post + get)
        else:
            connection.sendall(post)
            read_responses(connection, [b'"size":300000', first.encode()])
            connection.sendall(get)
        received = read_responses(connection, [f'"request_id":"{second}"'.encode()])
    answer = received[received.rindex(b'{"fields"') :]

    assert b'"fields":{}' in answer
    posted, got = uvicorn_server.about(first), uvicorn_server.about(second)
    assert {record["trace_id"] for record in posted}.isdisjoint(record["trace_id"] for record in got)
    assert [record["message"] for record in got] == ["asked", "GET /context 200"]
    assert not any("uploading" in record for record in got)
