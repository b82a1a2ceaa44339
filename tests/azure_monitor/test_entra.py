from __future__ import annotations

import sys
import types
from typing import Any, NamedTuple

import pytest

from discreet.azure import ApplicationInsights
from discreet.azure.connection import Token, credential_from_environment
from discreet.errors import ConfigurationError

from ..waiting import HANG
from .ingestion_server import Answer, serving
from .records import OFFLINE, envelopes, record


class AccessToken(NamedTuple):
    token: str
    expires_on: int


class Credential:
    """A credential in code, as a user may write one: it counts how often it is asked."""

    def __init__(self, *answers: Any) -> None:
        self.answers = list(answers)
        self.scopes: list[str] = []

    def get_token(self, *scopes: str, **_: Any) -> Any:
        self.scopes.extend(scopes)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_a_token_is_kept_until_shortly_before_its_end():
    clock, credential = Clock(), Credential(AccessToken("a", 5000), AccessToken("b", 9000))
    token = Token(credential, "", clock=clock)
    assert token.header() == token.header() == "Bearer a"
    clock.now = 4600.0
    assert token.header() == "Bearer a"
    clock.now = 4701.0
    assert token.header() == "Bearer b"
    assert credential.scopes == ["https://monitor.azure.com//.default"] * 2


def test_a_token_that_cannot_be_renewed_early_serves_until_its_end():
    clock = Clock()
    token = Token(Credential(AccessToken("a", 5000), RuntimeError("no network")), "", clock=clock)
    token.header()
    clock.now = 4800.0
    assert token.header() == "Bearer a"
    clock.now = 5001.0
    with pytest.raises(RuntimeError):
        token.header()


def test_the_credentials_own_wish_when_to_renew_is_followed():
    told = types.SimpleNamespace(token="a", expires_on=90_000, refresh_on=2000)
    clock, credential = Clock(), Credential(told)
    token = Token(credential, "", clock=clock)
    token.header()
    clock.now = 2001.0
    token.header()
    assert len(credential.scopes) == 2


def test_the_audience_of_another_cloud_is_honoured():
    credential = Credential(AccessToken("a", 1 << 40))
    with serving(token="a") as server:
        text = server.connection_string + ";AADAudience=https://monitor.azure.us/"
        sink = ApplicationInsights(text, credential=credential, environ={})
        assert sink.send([envelopes()(record())], HANG).delivered == 1
    assert credential.scopes == ["https://monitor.azure.us//.default"]


def test_a_token_that_is_not_taken_is_asked_for_anew():
    credential = Credential(AccessToken("old", 1 << 40), AccessToken("new", 1 << 40))
    with serving(token="new") as server:
        sink = ApplicationInsights(server.connection_string, credential=credential, environ={})
        line = envelopes()(record())
        assert sink.send([line], HANG).reason == "HTTP 401"
        assert sink.send([line], HANG).delivered == 1


def test_records_wait_while_there_is_no_token():
    credential = Credential(RuntimeError("se" + "cret reason"))
    with serving() as server:
        sink = ApplicationInsights(server.connection_string, credential=credential, environ={})
        result = sink.send([b"{}\n"], HANG)
        assert list(result.retry) == [b"{}\n"]
        assert result.reason == "Entra ID: RuntimeError"
        assert not server.requests


def test_a_token_never_travels_in_the_clear():
    text = OFFLINE.replace("https://", "http://")
    with pytest.raises(ConfigurationError, match="https://"):
        ApplicationInsights(text, credential=Credential(AccessToken("a", 1)), environ={})


def test_what_gives_no_token_is_refused():
    with pytest.raises(ConfigurationError, match="get_token"):
        ApplicationInsights(OFFLINE, credential="a-token", environ={})


def test_without_being_asked_no_credential_is_made(asked):
    assert credential_from_environment({"AZURE_CLIENT_ID": "x"}) is None
    assert not asked


@pytest.mark.parametrize(
    "text", ["Authorization=AAD", "authorization=aad;ClientId=11111111-1111-1111-1111-111111111111;"]
)
def test_the_environment_asks_for_entra_id_without_probing_anything(text, asked):
    credential = credential_from_environment({"APPLICATIONINSIGHTS_AUTHENTICATION_STRING": text})
    assert callable(credential.get_token)
    assert not asked


def test_another_way_to_authenticate_is_refused():
    with pytest.raises(ConfigurationError, match="Authorization=AAD"):
        credential_from_environment({"APPLICATIONINSIGHTS_AUTHENTICATION_STRING": "Authorization=Basic;Password=x"})


def test_a_missing_azure_identity_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "azure.identity", None)
    with pytest.raises(ModuleNotFoundError, match=r"discreet\[azure\]"):
        credential_from_environment({"APPLICATIONINSIGHTS_AUTHENTICATION_STRING": "Authorization=AAD"})


def test_a_quota_answer_is_no_question_of_tokens():
    credential = Credential(AccessToken("a", 1 << 40))
    with serving(token="a") as server:
        server.script.append(Answer(402))
        sink = ApplicationInsights(server.connection_string, credential=credential, environ={})
        sink.send([envelopes()(record())], HANG)
        sink.send([envelopes()(record())], HANG)
    assert len(credential.scopes) == 1
