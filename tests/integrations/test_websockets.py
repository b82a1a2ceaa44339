"""Websockets under real uvicorn: one record per connection."""

from __future__ import annotations

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect


def only_connection_record(server, request_id):
    found = [record for record in server.about(request_id) if record["logger"] == "http.server"]
    assert len(found) == 1
    return found[0]


def talk(server, request_id, *messages, code=1000):
    """Say these things in a room; the headers of the handshake."""
    with connect(f"ws://{server.address}/rooms/7?token=x", additional_headers={"x-request-id": request_id}) as socket:
        try:
            for message in messages:
                socket.send(message)
                socket.recv()
        except ConnectionClosed:
            pass
        else:
            socket.close(code)
        assert socket.response is not None
        return socket.response.headers


def test_a_connection_is_one_record_with_its_route_and_close_code(uvicorn_server, request_id):
    talk(uvicorn_server, request_id, "hello", "bye")
    record = only_connection_record(uvicorn_server, request_id)
    assert record["message"] == "WEBSOCKET /rooms/{room} 4001"
    assert record["websocket.close_code"] == 4001
    assert record["http.route"] == "/rooms/{room}"
    assert record["url.path"] == "/rooms/7"
    assert (record["severity"], record["status"]) == ("INFO", "ok")


def test_what_is_logged_inside_has_the_ids(uvicorn_server, request_id):
    talk(uvicorn_server, request_id, "bye")
    assert "joined" in [record["message"] for record in uvicorn_server.about(request_id)]


def test_the_handshake_answers_with_the_request_id(uvicorn_server, request_id):
    assert talk(uvicorn_server, request_id, "bye")["x-request-id"] == request_id


def test_a_client_that_leaves_is_no_error(uvicorn_server, request_id):
    with uvicorn_server.listening() as lines:
        talk(uvicorn_server, request_id, "hello", code=1001)
        record = only_connection_record(uvicorn_server, request_id)
    assert (record["severity"], record["websocket.close_code"]) == ("INFO", 1001)
    assert not [line for line in lines if "Traceback" in line or '"severity":"ERROR"' in line]


def test_an_exception_ends_the_connection_and_is_recorded_once(uvicorn_server, request_id):
    with uvicorn_server.listening() as lines:
        talk(uvicorn_server, request_id, "boom")
        record = only_connection_record(uvicorn_server, request_id)
    assert (record["severity"], record["websocket.close_code"]) == ("ERROR", 1011)
    assert record["exception"]["type"] == "ValueError"
    assert len([line for line in lines if "Traceback" in line]) == 1


def test_a_refused_handshake_is_recorded_with_its_status(uvicorn_server, request_id):
    with (
        pytest.raises(InvalidStatus),
        connect(f"ws://{uvicorn_server.address}/closed", additional_headers={"x-request-id": request_id}),
    ):
        pass
    record = only_connection_record(uvicorn_server, request_id)
    assert (record["message"], record["http.response.status_code"]) == ("WEBSOCKET /closed 403", 403)
    assert "websocket.close_code" not in record


def test_uvicorns_own_row_for_the_handshake_is_not_written_beside_it(uvicorn_server, request_id):
    with uvicorn_server.listening() as lines:
        talk(uvicorn_server, request_id, "bye")
        uvicorn_server.about(request_id)
    assert not [line for line in lines if "[accepted]" in line]
