"""OTLP/HTTP against a receiver that holds senders to the protocol: what is sent, and what each answer means."""

from __future__ import annotations

import base64
import logging
import socket
import stat
import sys
from typing import Any

import pytest

import discreet
import discreet.testing
from discreet._config.outputs import setup_for
from discreet._config.settings import resolve
from discreet._delivery.export.sink import Unreachable
from discreet._delivery.runner import runner_of
from discreet._encoding.schemas.otel import Limits
from discreet._redaction.secrets import registry
from discreet.errors import ConfigurationError
from discreet.otel import OTLP
from discreet.otel.encoder import Encoder

from ..waiting import HANG
from . import certificates
from .receiver import Answer, receiving, value_of
from .test_record import RESOURCE, plain


def lines(count: int = 3) -> list[bytes]:
    encoder = Encoder(lambda _: RESOURCE, Limits())
    return [encoder(plain(message=f"number {number}")) for number in range(count)]


@pytest.fixture(params=["http/protobuf", "http/json"])
def protocol(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.mark.parametrize("compression", ["none", "gzip"])
def test_a_batch_arrives_in_order(receiver, protocol, compression):
    batch = lines(600)
    sink = OTLP(receiver.url, protocol=protocol, compression=compression)
    result = sink.send(batch, HANG)
    assert (result.delivered, dict(result.rejected), list(result.retry)) == (600, {}, [])
    assert [value_of(record.body) for record in receiver.wait_for(600)] == [f"number {n}" for n in range(600)]
    assert receiver.received[0].path == "/v1/logs"
    assert receiver.received[0].headers["user-agent"].startswith("discreet")
    assert ("content-encoding" in receiver.received[0].headers) is (compression == "gzip")
    sink.disconnect()


def test_one_connection_serves_many_batches_and_another_follows_disconnect(receiver, protocol):
    sink = OTLP(receiver.url, protocol=protocol)
    for _ in range(3):
        sink.send(lines(), HANG)
    assert receiver.connections == 1
    sink.disconnect()
    sink.send(lines(), HANG)
    assert receiver.connections == 2
    sink.disconnect()


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_these_answers_mean_try_again(receiver, protocol, status):
    receiver.answer = Answer(status, headers={"Retry-After": "7"})
    batch = lines()
    result = OTLP(receiver.url, protocol=protocol).send(batch, HANG)
    assert (result.delivered, list(result.retry), result.after) == (0, batch, 7)
    assert result.reason == f"HTTP {status}"


@pytest.mark.parametrize("status", [401, 403, 404, 408, 500, 501, 301, 307])
def test_all_other_answers_mean_never_again(receiver, protocol, status):
    receiver.answer = Answer(status, headers={"Location": "/elsewhere"})
    result = OTLP(receiver.url, protocol=protocol).send(lines(), HANG)
    assert (result.delivered, dict(result.rejected), list(result.retry)) == (0, {f"HTTP {status}": 3}, [])
    assert not result.split


def test_too_large_a_batch_is_to_be_split_and_one_record_that_is_too_large_is_not(receiver, protocol):
    receiver.answer = Answer(413)
    sink = OTLP(receiver.url, protocol=protocol)
    assert sink.send(lines(2), HANG).split
    result = sink.send(lines(1), HANG)
    assert not result.split
    assert dict(result.rejected) == {"HTTP 413": 1}


def test_a_partial_success_is_counted_and_reported_and_never_sent_again(receiver, protocol, capfd):
    receiver.answer = Answer(rejected=2, message=f"two are too old ({protocol})")
    result = OTLP(receiver.url, protocol=protocol).send(lines(5), HANG)
    assert (result.delivered, dict(result.rejected), list(result.retry)) == (3, {"partial success": 2}, [])
    assert f"two are too old ({protocol})" in capfd.readouterr().err


def test_a_receivers_message_is_redacted_before_it_is_shown(receiver, capfd):
    secret = "gh" + "p_" + "a1B2" * 9
    receiver.answer = Answer(rejected=1, message=f"refused: token={secret}")
    OTLP(receiver.url).send(lines(), HANG)
    told = capfd.readouterr().err
    assert "refused" in told
    assert secret not in told


def test_more_rejected_than_sent_is_no_more_than_all(receiver):
    receiver.answer = Answer(rejected=99)
    assert dict(OTLP(receiver.url).send(lines(), HANG).rejected) == {"partial success": 3}


@pytest.mark.parametrize("body", [b"\xff\xfe not what it should be", b"<html>Log in to this network</html>"])
def test_a_yes_that_cannot_be_read_is_none(receiver, protocol, body):
    receiver.answer = Answer(body=body)
    batch = lines()
    result = OTLP(receiver.url, protocol=protocol).send(batch, HANG)
    assert (list(result.retry), result.reason) == (batch, "HTTP 200 with an answer that cannot be read")


@pytest.mark.parametrize("status", [400, 422])
def test_a_batch_that_is_refused_for_its_content_is_to_be_split(receiver, protocol, status):
    receiver.answer = Answer(status)
    sink = OTLP(receiver.url, protocol=protocol)
    result = sink.send(lines(2), HANG)
    assert (result.split, result.is_content) == (True, True)
    assert dict(sink.send(lines(1), HANG).rejected) == {f"HTTP {status}": 1}


def test_of_an_endless_answer_no_more_is_read_than_is_of_use(receiver):
    receiver.answer = Answer(body=b"x" * (16 << 20))
    sink = OTLP(receiver.url)
    assert len(sink.send(lines(), HANG).retry) == 3
    sink.disconnect()


def test_a_receiver_that_is_not_there_is_a_connection_error():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        sink = OTLP(f"http://127.0.0.1:{taken.getsockname()[1]}/v1/logs")
        with pytest.raises(Unreachable):
            sink.send(lines(), HANG)


@pytest.mark.parametrize("answer", [Answer(drop=True), Answer(hang=True)], ids=["hangs up", "hangs"])
def test_no_answer_is_a_connection_error(receiver, answer):
    receiver.answer = answer
    sink = OTLP(receiver.url)
    with pytest.raises(Unreachable):
        sink.send(lines(), 0.3)
    sink.disconnect()


def test_headers_are_sent_and_never_shown(receiver):
    secret = "s3cr" + "et-value"
    sink = OTLP(receiver.url, headers={"X-Api-Key": secret})
    sink.send(lines(), HANG)
    assert receiver.received[0].headers["x-api-key"] == secret
    assert secret not in f"{sink.name} {sink.destination} {runner_of(sink).health()} {sink!r}"


def test_the_credential_in_a_header_is_masked_where_a_record_quotes_it(receiver, tmp_path):
    secret = "9f8a7c6b5d4e3f2a" + "1b0c9d8e7f6a5b4c"
    file = tmp_path / "log"
    sink = OTLP(receiver.url, headers={"Authorization": f"Bearer {secret}", "X-Tenant": "warehouse-north"})
    try:
        discreet.configure(service="s", sinks=[sink, discreet.File(file)], take_over=False)
        discreet.get_logger("x").warning("the header of warehouse-north ends in " + secret)
        assert discreet.flush(HANG)
        assert secret not in file.read_text()
        assert "warehouse-north" in file.read_text()
    finally:
        discreet.configure(service="s", sinks=[], take_over=False)
        registry.forget()


def test_user_and_password_of_a_url_become_a_header_and_are_never_shown(receiver):
    secret = "pass" + "w0rd"
    sink = OTLP(receiver.url.replace("//", f"//me:{secret}@") + f"?key={secret}")
    sink.send(lines(), HANG)
    assert receiver.received[0].headers["authorization"] == "Basic bWU6cGFzc3cwcmQ="
    assert receiver.received[0].path == f"/v1/logs?key={secret}"
    assert secret not in f"{sink.name} {sink.destination} {runner_of(sink).health()}"


@pytest.mark.parametrize(
    ("given", "setting"),
    [
        ({"endpoint": "collector:4318"}, "endpoint"),
        ({"endpoint": "ftp://collector"}, "endpoint"),
        ({"endpoint": "http://[::1"}, "endpoint"),
        ({"endpoint": "http://host:notaport/"}, "endpoint"),
        ({"protocol": "http"}, "protocol"),
        ({"compression": "br"}, "compression"),
    ],
)
def test_a_wrong_setting_in_code_is_refused_by_name(given: dict[str, Any], setting):
    with pytest.raises(ConfigurationError) as caught:
        OTLP(**given)
    assert caught.value.setting == setting


def test_a_password_with_special_characters_travels_percent_encoded(receiver):
    sink = OTLP(receiver.url.replace("//", "//me:%2F%3F%23%40@"), environ={})
    sink.send(lines(), HANG)
    assert receiver.received[0].headers["authorization"] == "Basic bWU6Lz8jQA=="


def test_one_refused_record_is_one_record(receiver, capfd):
    receiver.answer = Answer(rejected=1, message="no room for this one")
    OTLP(receiver.url, environ={}).send(lines(1), HANG)
    assert "refused 1 record of a batch: no room for this one" in capfd.readouterr().err


@pytest.mark.parametrize("protocol", ["http/protobuf", "grpc"])
@pytest.mark.parametrize("setting", ["certificate", "client_certificate", "client_key"])
def test_files_that_cannot_be_read_are_refused_by_name(tmp_path, protocol, setting):
    with pytest.raises(ConfigurationError) as caught:
        OTLP("https://localhost:1", protocol=protocol, **{setting: str(tmp_path / "none.pem")})
    assert caught.value.setting == setting


def test_tls_trusts_the_given_authority_and_no_other(tmp_path):
    files = certificates.make(tmp_path)
    with receiving(files) as receiver:
        trusting = OTLP(receiver.url, certificate=files.authority)
        assert trusting.send(lines(), HANG).delivered == 3
        trusting.disconnect()
        with pytest.raises(Unreachable):
            OTLP(receiver.url).send(lines(), HANG)


def test_mutual_tls_shows_the_clients_certificate(tmp_path):
    files = certificates.make(tmp_path)
    with receiving(files, mutual=True) as receiver:
        known = OTLP(
            receiver.url, certificate=files.authority, client_certificate=files.certificate, client_key=files.key
        )
        assert known.send(lines(), HANG).delivered == 3
        known.disconnect()
        with pytest.raises(Unreachable):
            OTLP(receiver.url, certificate=files.authority).send(lines(), HANG)


@pytest.mark.skipif(sys.platform == "win32", reason="needs file locks")
@pytest.mark.parametrize(
    "other",
    [
        {"headers": {"tenant": "b"}},
        {"headers": {"tenant": "a", "authorization": "Bearer " + "y" * 20}},
        {"headers": {"tenant": "a"}, "endpoint": "http://127.0.0.1:9/?key=one"},
        {"headers": {"tenant": "a"}, "endpoint": "http://me:word@127.0.0.1:9/"},
    ],
)
def test_records_that_wait_for_one_tenant_or_key_are_kept_apart_from_those_of_another(other, tmp_path):
    settings = resolve({"service": "s", "state_dir": tmp_path}, {})

    def place(endpoint="http://127.0.0.1:9/", **options):
        sink = OTLP(endpoint, environ={}, **options)
        runner_of(sink).open(setup_for(settings))
        return runner_of(sink).pending.spool.folder

    first = place(headers={"tenant": "a"})
    assert place(headers={"tenant": "a"}) == first
    assert place(**other) != first


@pytest.mark.skipif(sys.platform == "win32", reason="needs file locks")
def test_of_a_credential_nothing_is_stored_that_could_be_tried_without_the_salt(tmp_path):
    names = []
    for state in ("one", "two"):
        settings = resolve({"service": "s", "state_dir": tmp_path / state}, {})
        sink = OTLP("http://127.0.0.1:9/", headers={"api-key": "weak"}, environ={})
        runner_of(sink).open(setup_for(settings))
        names.append(runner_of(sink).pending.spool.folder.name)
        salt = tmp_path / state / "salt"
        assert stat.S_IMODE(salt.stat().st_mode) == 0o600
        assert len(salt.read_bytes()) == 32
    assert names[0] != names[1]
    assert "weak" not in names[0]


MADE = "k3y" + "A1b2C3d4" * 3


@pytest.mark.parametrize(
    ("endpoint", "headers"),
    [
        ("?api-key={}", {}),
        ("?p={}", {}),
        ("", {"X-Ingestion": "{}"}),
        ("", {"Authorization": "Basic " + base64.b64encode(f"me:{MADE}".encode()).decode()}),
    ],
)
def test_a_key_in_the_url_or_in_a_header_is_masked_in_what_the_http_client_says(receiver, tmp_path, endpoint, headers):
    file = tmp_path / "log"
    client = logging.getLogger("urllib3")
    client.setLevel(logging.DEBUG)
    given = {name: value.format(MADE) for name, value in headers.items()}
    sink = OTLP(receiver.url + endpoint.format(MADE), headers=given, environ={})
    try:
        discreet.configure(service="s", level="debug", sinks=[sink, discreet.File(file)])
        discreet.get_logger("x").warning("it ends in " + MADE)
        assert discreet.flush(HANG)
        discreet.get_logger("x").info("health", health=discreet.health())
        said = file.read_text()
        assert "urllib3" in said
        assert "/v1/logs" in said
        assert MADE not in said
    finally:
        client.setLevel(logging.NOTSET)
        discreet.testing.reset()


def test_names_of_tenants_and_streams_are_not_masked(receiver, tmp_path):
    file = tmp_path / "log"
    sink = OTLP(receiver.url + "?stream=orders-of-the-north", headers={"X-Scope": "warehouse-north-2"}, environ={})
    try:
        discreet.configure(service="s", sinks=[sink, discreet.File(file)], take_over=False)
        discreet.get_logger("x").warning("orders-of-the-north of warehouse-north-2")
        assert "orders-of-the-north of warehouse-north-2" in file.read_text()
    finally:
        discreet.testing.reset()
