"""From the call to the service: the sink in force, its sender, and the server that holds it to the protocol."""

from __future__ import annotations

import os

import discreet
from discreet.azure import ApplicationInsights

from .ingestion_server import KEY, Answer


def connect(server, **options) -> ApplicationInsights:
    sink = ApplicationInsights(server.connection_string, environ={}, delay=0.05, **options)
    discreet.configure(sinks=[sink], environment="prod", service="checkout", level="debug", take_over=False)
    return sink


def test_records_arrive_redacted_with_their_trace(server):
    connect(server)
    log = discreet.get_logger("shop")
    secret = "gh" + "p_" + "a" * 36
    with discreet.span("place") as span:
        log.info("order placed", id="A-1", token=secret)
    discreet.flush()
    found = server.named("order placed")
    assert found["tags"]["ai.operation.id"] == span.trace_id
    assert found["data"]["baseData"]["properties"]["id"] == "A-1"
    assert secret not in str(server.requests)
    assert not server.refused


def test_records_that_the_service_accepts_later_arrive_once(server):
    server.script.extend([Answer(503, {"retry-after": "0"}), Answer(206, refuse={0: 500})])
    connect(server)
    discreet.get_logger("shop").info("order placed")
    server.wait_for(lambda: len(server.accepted) == 1)
    discreet.flush()
    assert discreet.health()["sinks"][0]["delivered"] == 1
    assert server.named("order placed")


def test_what_the_service_refuses_is_counted_with_the_reason(server):
    server.script.append(Answer(206, refuse={0: 400}))
    connect(server)
    discreet.get_logger("shop").info("order placed")
    discreet.flush()
    assert discreet.health()["sinks"][0]["dropped"] == {"HTTP 400": 1}


def test_a_call_that_is_too_large_for_the_service_is_halved(server):
    server.script.append(Answer(413))
    connect(server)
    log = discreet.get_logger("shop")
    for number in range(4):
        log.info("order {number}", number=number)
    server.wait_for(lambda: len(server.accepted) == 4)


def test_nothing_but_the_endpoint_is_asked_by_a_program(server, python):
    program = """
    import socket
    asked = set()
    look_up, connect = socket.getaddrinfo, socket.socket.connect
    def looking(host, *rest, **options):
        asked.add(str(host))
        return look_up(host, *rest, **options)
    def connecting(self, address):
        asked.add(str(address[0]))
        return connect(self, address)
    socket.getaddrinfo, socket.socket.connect = looking, connecting
    import discreet
    from discreet import log
    discreet.configure()
    log.info("order placed", id=1)
    discreet.flush()
    print(sorted(asked))
    """
    kept = {"DISCREET_STATE_DIR": os.environ["DISCREET_STATE_DIR"], "DISCREET_STREAM": "none"}
    done = python(program, APPLICATIONINSIGHTS_CONNECTION_STRING=server.connection_string, **kept)
    assert done.out.decode().strip() == "['127.0.0.1']", done.err.decode()
    assert server.named("order placed")["iKey"] == KEY
