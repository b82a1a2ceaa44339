"""One attempt at a time: what is sent, and what each answer means for each record of the batch."""

from __future__ import annotations

import pytest

from discreet._redaction.redactor import Redactor
from discreet.azure import ApplicationInsights
from discreet.azure.ingestion import redirected
from discreet.errors import ConfigurationError

from ..waiting import HANG
from .ingestion_server import KEY, Answer, IngestionServer, serving
from .records import envelopes, record


@pytest.fixture
def sink(server) -> ApplicationInsights:
    return ApplicationInsights(server.connection_string, environ={})


def batch(count: int) -> list[bytes]:
    encode = envelopes()
    return [encode(record(f"record {number}")) for number in range(count)]


def test_a_batch_is_one_compressed_request_with_the_key_in_each_envelope(server, sink):
    result = sink.send(batch(3), HANG)
    assert (result.delivered, dict(result.rejected), list(result.retry)) == (3, {}, [])
    (request,) = server.requests
    assert request.path == "/v2.1/track"
    assert request.headers["content-encoding"] == "gzip"
    assert [item["iKey"] for item in request.items] == [KEY] * 3
    assert not server.refused


def test_of_a_partial_success_only_what_may_pass_later_is_sent_again(server, sink):
    lines = batch(6)
    server.script.append(Answer(206, {"retry-after": "7"}, refuse={0: 400, 2: 429, 3: 500, 5: 402}))
    result = sink.send(lines, HANG)
    assert result.delivered == 2
    assert list(result.retry) == [lines[2], lines[3]]
    assert result.rejected == {"HTTP 400": 1, "quota exceeded (HTTP 402)": 1}
    assert result.after == 7


def test_what_the_service_samples_out_is_not_sent_again(server, sink):
    server.script.append(Answer(206, refuse={1: 500}, message="Telemetry sampled out."))
    result = sink.send(batch(2), HANG)
    assert result.rejected == {"sampled out by the service": 1}
    assert not result.retry


def test_refusals_that_the_answer_does_not_name_are_counted(server, sink):
    server.script.append(Answer(206, body=b'{"itemsReceived":3,"itemsAccepted":1,"errors":[]}'))
    result = sink.send(batch(3), HANG)
    assert (result.delivered, result.rejected) == (1, {"not accepted": 2})


@pytest.mark.parametrize("status", [401, 403, 408, 429, 500, 502, 503, 504, 520])
def test_what_may_pass_later_is_all_sent_again(server, sink, status):
    lines = batch(2)
    server.script.append(Answer(status, {"retry-after": "3"}))
    result = sink.send(lines, HANG)
    assert (result.delivered, list(result.retry), result.after) == (0, lines, 3)
    assert result.reason == f"HTTP {status}"


@pytest.mark.parametrize("status", [404, 405])
def test_what_will_never_pass_is_counted_and_not_sent_again(server, sink, status):
    server.script.append(Answer(status))
    assert sink.send(batch(2), HANG).rejected == {f"HTTP {status}": 2}


@pytest.mark.parametrize("status", [402, 439])
def test_a_quota_that_is_used_up_is_counted_as_such(server, sink, status):
    server.script.append(Answer(status, body=b"not json"))
    assert sink.send(batch(2), HANG).rejected == {f"quota exceeded (HTTP {status})": 2}


def test_a_batch_that_is_too_large_is_to_be_split_and_a_record_that_is_too_large_is_counted(server, sink):
    server.script.extend([Answer(413), Answer(413)])
    assert sink.send(batch(2), HANG).split
    assert sink.send(batch(1), HANG).rejected == {"HTTP 413": 1}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"[]",
        b'{"itemsAccepted":"x"}',
        b'{"itemsAccepted":1e999}',
        b"9" * 100_000,
        b'{"itemsAccepted":9,"errors":[{}]}',
    ],
)
@pytest.mark.parametrize("status", [200, 206])
def test_a_yes_that_cannot_be_read_is_none(server, sink, body, status):
    server.script.append(Answer(status, body=body))
    assert len(sink.send(batch(2), HANG).retry) == 2


def test_a_400_names_the_records_that_are_to_blame_and_the_others_are_sent_again(server, sink):
    body = b'{"itemsReceived":3,"itemsAccepted":0,"errors":[{"index":1,"statusCode":400,"message":"bad"}]}'
    lines = batch(3)
    server.script.append(Answer(400, body=body))
    result = sink.send(lines, HANG)
    assert (result.rejected, list(result.retry)) == ({"HTTP 400": 1}, [lines[0], lines[2]])


def test_a_wrong_key_is_refused_record_by_record(server):
    other = ApplicationInsights(server.connection_string.replace(KEY, "0" * 8 + KEY[8:-2] + "bb"), environ={})
    assert other.send(batch(2), HANG).rejected == {"HTTP 400": 2}


def test_a_server_that_cannot_be_reached_is_an_os_error(sink, server):
    server.close()
    with pytest.raises(OSError):  # noqa: PT011 - whatever the client makes of it
        sink.send(batch(1), HANG)


def test_a_service_that_hangs_up_or_is_silent_is_an_operating_systems_error(sink, server):
    server.script.extend([Answer(drop=True), Answer(hang=True)])
    for _ in range(2):
        with pytest.raises(OSError):  # noqa: PT011 - as above
            sink.send(batch(1), 0.3)


# --- redirects


@pytest.mark.parametrize("status", [307, 308])
def test_a_redirect_is_followed_and_remembered(server, sink, status):
    with serving() as other:
        server.script.append(Answer(status, {"location": f"{other.url}/v2.1/track"}))
        assert sink.send(batch(1), HANG).delivered == 1
        assert sink.send(batch(1), HANG).delivered == 1
        assert len(server.requests) == 1
        assert len(other.accepted) == 2


def test_after_a_failure_the_connection_strings_own_endpoint_is_asked_again(server, sink):
    with serving() as other:
        server.script.append(Answer(307, {"location": other.url + "/v2.1/track"}))
        sink.send(batch(1), HANG)
    sink.disconnect()
    assert sink.send(batch(1), HANG).delivered == 1
    assert len(server.accepted) == 1


def test_redirects_in_a_circle_end_and_lose_nothing(server, sink):
    lines = batch(1)
    with serving() as other:
        for here, there in ((server, other), (other, server)):
            here.script.extend([Answer(307, {"location": there.url + "/v2.1/track"})] * 5)
        result = sink.send(lines, HANG)
        assert list(result.retry) == lines
        assert len(server.requests) + len(other.requests) == 4


PUBLIC = "https://westeurope-5.in.applicationinsights.azure.com"


@pytest.mark.parametrize(
    ("here", "location", "there"),
    [
        (
            PUBLIC,
            "https://northeurope-2.in.applicationinsights.azure.com/v2.1/track",
            "https://northeurope-2.in.applicationinsights.azure.com",
        ),
        ("https://dc.services.visualstudio.com", f"{PUBLIC}/v2.1/track", PUBLIC),
        (PUBLIC, f"{PUBLIC}:8443/base/v2.1/track", f"{PUBLIC}:8443/base"),
        (PUBLIC, "https://evil.example/v2.1/track", None),
        (PUBLIC, "https://evilapplicationinsights.azure.com/v2.1/track", None),
        (PUBLIC, "https://x.applicationinsights.azure.us/v2.1/track", None),
        (PUBLIC, f"http{PUBLIC[5:]}/v2.1/track", None),
        (PUBLIC, "https://u:p@northeurope.applicationinsights.azure.com/v2.1/track", None),
        (PUBLIC, "/v2.1/track", None),
        (PUBLIC, "https://[broken", None),
        (PUBLIC, "https://evil.example\\.applicationinsights.azure.com/v2.1/track", None),
        ("https://gateway.internal", "https://x.applicationinsights.azure.com/v2.1/track", None),
    ],
)
def test_a_redirect_leads_only_to_the_same_clouds_telemetry_endpoints(here, location, there):
    assert redirected(here, location) == there


def test_a_redirect_elsewhere_is_not_followed_and_the_records_wait(server, sink):
    lines = batch(1)
    server.script.append(Answer(307, {"location": "http://evil.example/v2.1/track"}))
    assert list(sink.send(lines, HANG).retry) == lines
    assert len(server.requests) == 1


# --- names and settings


def test_neither_name_nor_destination_shows_the_key(sink):
    for text in (sink.name, sink.destination, repr(sink)):
        assert KEY not in text


def test_a_record_that_tells_the_connection_string_does_not_tell_the_key(sink, server):
    sink.encoder(Redactor())
    told = Redactor().text(f"connecting with {server.connection_string}")
    assert KEY not in told
    assert "[REDACTED:instrumentation-key]" in told


def test_two_resources_have_two_destinations(server):
    other = server.connection_string.replace(KEY, KEY[:-2] + "bb")
    assert (
        ApplicationInsights(other, environ={}).destination
        != ApplicationInsights(server.connection_string, environ={}).destination
    )


def test_no_connection_string_at_all_is_refused_with_the_remedy():
    with pytest.raises(ConfigurationError, match="overview page"):
        ApplicationInsights(environ={})


def test_nothing_but_the_endpoint_is_ever_asked(server: IngestionServer, asked: set[str]):
    sink = ApplicationInsights(
        server.connection_string, environ={"WEBSITE_SITE_NAME": "s", "KUBERNETES_SERVICE_HOST": "10.0.0.1"}
    )
    assert sink.send(batch(1), HANG).delivered == 1
    sink.disconnect()
    assert asked == {"127.0.0.1"}
