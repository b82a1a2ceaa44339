"""What `discreet doctor` says of a connection."""

from __future__ import annotations

from typing import Any

import pytest

import discreet
from discreet.azure import ApplicationInsights, LogsIngestion, check

from ..waiting import HANG
from .ingestion_server import KEY, Answer, serving
from .test_logs_ingestion import RULE, sink_to


def test_a_connection_that_works_leaves_nothing_to_say(server):
    assert check(ApplicationInsights(server.connection_string, environ={}), environ={}) == []
    assert server.named("discreet doctor tested this connection")


@pytest.mark.parametrize(
    ("answer", "remedy"),
    [
        (Answer(401), "AUTHENTICATION_STRING"),
        (Answer(403), "Monitoring Metrics Publisher"),
        (Answer(402), "daily cap"),
        (Answer(404), "connection string again"),
        (Answer(408), "check the network"),
        (Answer(429), "log less"),
        (Answer(500), "azure.status.microsoft"),
        (Answer(503), "problem of its own"),
        (Answer(307, {"location": "https://evil.example/"}), "sends elsewhere"),
        (Answer(200, body=b"<html>login</html>"), "proxy"),
        (Answer(418), "Check the address"),
    ],
)
def test_each_wrong_answer_is_explained_with_the_remedy(server, answer, remedy):
    server.script.append(answer)
    (told,) = check(ApplicationInsights(server.connection_string, environ={}), environ={})
    assert remedy in told
    assert KEY not in told


def test_a_wrong_key_is_reported(server):
    text = server.connection_string.replace(KEY, KEY[:-2] + "bb")
    (told,) = check(ApplicationInsights(text, environ={}), environ={})
    assert "instrumentation key was refused" in told


def test_a_server_that_cannot_be_reached_is_reported(server):
    server.close()
    (told,) = check(ApplicationInsights(server.connection_string, environ={}), environ={}, timeout=HANG)
    assert "127.0.0.1 cannot be reached (ECONNREFUSED)" in told


def test_a_standard_output_that_functions_sends_too_is_reported(server):
    sink = ApplicationInsights(server.connection_string, environ={})
    (told,) = check(sink, environ={"FUNCTIONS_WORKER_RUNTIME": "python"})
    assert "DISCREET_STREAM=none" in told
    assert check(sink, environ={"FUNCTIONS_WORKER_RUNTIME": "python", "DISCREET_STREAM": "none"}) == []


@pytest.mark.parametrize(
    ("status", "remedy"),
    [(401, "audience="), (403, "on the data collection rule"), (404, "rule="), (503, "problem of its own")],
)
def test_the_logs_ingestion_api_is_tested_too(status, remedy):
    with serving(token="good") as server:
        sink = sink_to(server.url)
        assert check(sink, environ={}) == []
        server.script.append(Answer(status))
        (told,) = check(sink, environ={})
        assert remedy in told


class Nobody:
    def get_token(self, scope: str, **_: Any) -> Any:
        raise PermissionError(scope)


def test_where_there_is_no_token_the_ways_to_one_are_named(server):
    logs = LogsIngestion(server.url, RULE, "Custom-Discreet", credential=Nobody(), environ={})
    for sink in (ApplicationInsights(server.connection_string, credential=Nobody(), environ={}), logs):
        (told,) = check(sink, environ={})
        for way in ("PermissionError: no token", "az login", "managed identity", "AZURE_CLIENT_ID"):
            assert way in told


def test_of_other_sinks_there_is_nothing_to_say():
    assert check(discreet.Stream("stdout")) == []
