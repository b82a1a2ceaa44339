"""What a receiver may answer: refusals of single records, bombs, early answers, answers byte by byte."""

from __future__ import annotations

import gzip
import socket
import threading
import tracemalloc
import zlib
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

import discreet
from discreet._delivery.export.exporter import Unreachable
from discreet._delivery.export.http import Http
from discreet._delivery.export.sink import Result

from ..waiting import HANG
from .receiver import Scripted


@pytest.fixture
def configured(monkeypatch):
    monkeypatch.setenv("DISCREET_SPOOL", "off")

    def configure(sink):
        discreet.configure(sinks=[sink], environment="prod", service="test", level="debug", take_over=False)
        return discreet.get_logger("app")

    return configure


@contextmanager
def saying(*parts: bytes) -> Iterator[str]:
    """The address of a receiver that says these bytes to one request, and hangs up."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(65536)
                for part in parts:
                    connection.sendall(part)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}/"
        thread.join(HANG)


def reply(body: bytes, encoding: str) -> bytes:
    return (
        b"HTTP/1.1 200 OK\r\nContent-Encoding: %s\r\nContent-Length: %d\r\n\r\n" % (encoding.encode(), len(body)) + body
    )


@pytest.mark.parametrize("encoding", ["gzip, gzip", "br", "zstd", "gzip", "deflate"])
def test_a_response_bomb_stays_small(encoding):
    content = b"\0" * (64 << 20)
    body = gzip.compress(gzip.compress(content)) if "," in encoding else zlib.compress(content)
    with saying(reply(body, encoding)) as url:
        tracemalloc.start()
        answer = Http().post(url, b"line\n", {}, HANG)
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert (answer.status, answer.body) == (200, None)
    assert most < 16 << 20


def test_an_answer_in_one_plain_encoding_is_read():
    with saying(reply(gzip.compress(b"{}"), "gzip")) as url:
        assert Http().post(url, b"line\n", {}, HANG).body == b"{}"


@pytest.mark.parametrize("early", ["100 Continue", "102 Processing", "103 Early Hints"])
def test_the_final_answer_counts(early):
    head = f"HTTP/1.1 {early}\r\nLink: </style.css>\r\n\r\n".encode()
    with saying(head * 2 + b"HTTP/1.1 503 Away\r\nContent-Length: 0\r\n\r\n") as url:
        assert Http().post(url, b"line\n", {}, HANG).status == 503


@pytest.mark.parametrize(
    "said",
    [
        b"HTTP/1.1 103 Early Hints\r\n\r\n" * 50,
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nab",
    ],
)
def test_an_answer_that_does_not_end_is_none(said):
    with saying(said) as url, pytest.raises(Unreachable):
        Http().post(url, b"line\n", {}, HANG)


@pytest.mark.parametrize("bad", [{0}, {499}, {0, 1, 250}])
def test_only_the_records_to_blame_are_dropped_after_a_bounded_number_of_attempts(configured, bad):
    def answer(batch: list[bytes]) -> Result:
        if any(b'"number":%d}' % number in line for line in batch for number in bad):
            if len(batch) > 1:
                return Result(0, reason="HTTP 400", split=True, is_content=True)
            return Result(0, {"HTTP 400": 1}, reason="HTTP 400")
        return Result(len(batch))

    sink = Scripted(answer, delay=3600)
    log = configured(sink)
    for number in range(500):
        log.info("record", number=number)
    assert not discreet.flush(HANG)
    found = discreet.health()["sinks"][0]
    assert (found["delivered"], found["dropped"]) == (500 - len(bad), {"HTTP 400": len(bad)})
    assert len(sink.sent) <= 2 * 9 * len(bad) + 1


def test_a_receiver_that_refuses_everything_is_not_asked_about_each_record(configured):
    refused = Result(0, reason="HTTP 400", split=True, is_content=True)
    sink = Scripted(lambda _: refused, delay=3600, batch_count=500)
    log = configured(sink)
    for _ in range(2000):
        log.info("record")
    assert not discreet.flush(HANG)
    assert discreet.health()["sinks"][0]["dropped"] == {"HTTP 400": 2000}
    assert len(sink.sent) <= 60  # thirty for the first batch, three for each one that follows
