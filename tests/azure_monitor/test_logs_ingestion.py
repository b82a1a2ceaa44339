from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from discreet._redaction.redactor import Redactor
from discreet.azure import LogsIngestion
from discreet.errors import ConfigurationError

from ..waiting import HANG
from .ingestion_server import Answer, _strict, serving
from .records import SPAN, TRACE, caught, record
from .test_envelope import fail, plain

RULE = "dcr-" + "0" * 31 + "a"


class Credential:
    asked = 0

    def get_token(self, scope: str, **_: Any) -> Any:
        assert scope == "https://monitor.azure.com//.default"
        self.asked += 1
        return SimpleNamespace(token="good", expires_on=1 << 40)


def sink_to(url: str, **options: Any) -> LogsIngestion:
    return LogsIngestion(url, RULE, "Custom-Discreet", credential=Credential(), environ={}, **options)


def encoder(sink: LogsIngestion) -> Any:
    return sink.encoder(Redactor())


@pytest.fixture
def rows():
    return encoder(sink_to("https://nowhere.ingest.monitor.azure.com"))


def test_rows_arrive_as_one_compressed_array_with_a_token():
    with serving(token="good") as server:
        sink = sink_to(server.url)
        encode = encoder(sink)
        result = sink.send([encode(record("one")), encode(record("two"))], HANG)
        assert result.delivered == 2
        assert [row["message"] for row in server.accepted] == ["one", "two"]
        (request,) = server.requests
        assert request.path == f"/dataCollectionRules/{RULE}/streams/Custom-Discreet?api-version=2023-01-01"
        assert request.headers["content-encoding"] == "gzip"


def test_a_row_has_a_column_for_what_discreet_owns_and_one_for_all_fields(rows):
    row = _strict(
        rows(
            record(
                "placed",
                level=30,
                trace_id=TRACE,
                span_id=SPAN,
                request_id="r1",
                fields={"a.b": {"c": 1}},
                ambient={"tenant": "acme"},
            )
        ).decode()
    )
    assert row["TimeGenerated"] == "2026-09-21T14:13:20.123456Z"
    assert (row["severity"], row["severity_number"], row["logger"]) == ("WARNING", 13, "shop.orders")
    assert (row["trace_id"], row["span_id"], row["request_id"]) == (TRACE, SPAN, "r1")
    assert row["fields"] == {"a.b": {"c": 1}, "tenant": "acme"}
    assert row["service"] == "checkout"
    assert row["resource"]["deployment.environment.name"] == "production"


def test_an_exception_keeps_its_structure_and_its_text(rows):
    row = _strict(rows(record("failed", error=caught(fail))).decode())
    assert row["exception"]["cause"]["type"] == "KeyError"
    assert "direct cause" in row["stacktrace"]


def test_what_is_too_long_for_a_column_says_so(rows):
    row = _strict(rows(record("m" * 70_000, fields={"big": "v" * 70_000})).decode())
    assert row["message"].endswith("… [cut: 70000 characters]")
    assert "… [cut:" in row["fields"]


@given(st.text(st.characters(exclude_categories=())), st.dictionaries(st.text(max_size=20), plain, max_size=5))
def test_whatever_a_record_holds_its_row_is_strict_json(message, fields):
    line = encoder(sink_to("https://nowhere.ingest.monitor.azure.com"))(record(message, fields=fields))
    assert line.count(b"\n") == 1
    _strict(line.decode("utf-8", "strict"))


@pytest.mark.parametrize("status", [401, 403, 408, 429, 500, 503])
def test_what_may_pass_later_is_sent_again(status):
    with serving() as server:
        server.script.append(Answer(status, {"retry-after": "4"}))
        result = sink_to(server.url).send([b"{}\n"], HANG)
        assert (list(result.retry), result.after, result.reason) == ([b"{}\n"], 4, f"HTTP {status}")


@pytest.mark.parametrize("status", [400, 404])
def test_what_will_never_pass_is_counted(status):
    with serving() as server:
        server.script.append(Answer(status))
        assert sink_to(server.url).send([b"{}\n"], HANG).rejected == {f"HTTP {status}": 1}


def test_a_call_that_is_too_large_is_to_be_split():
    with serving() as server:
        sink = sink_to(server.url)
        encode = encoder(sink)
        line = encode(record("m" * 16_000))
        assert sink.send([line] * 80, HANG).split
        assert sink.batch_bytes <= 1_000_000


def test_the_variables_of_azures_examples_serve():
    environ = {
        "DATA_COLLECTION_ENDPOINT": "https://a.ingest.monitor.azure.com",
        "LOGS_DCR_RULE_ID": RULE,
        "LOGS_DCR_STREAM_NAME": "Custom-Discreet",
    }
    sink = LogsIngestion(credential=Credential(), environ=environ)
    assert sink.destination == f"logs-ingestion a.ingest.monitor.azure.com {RULE} Custom-Discreet"


@pytest.mark.parametrize("rest", ["one?two@host", "one:two@host", "one/two@host", "host?one"])
def test_a_wrong_endpoint_is_refused_without_a_part_of_its_password_or_query(rest):
    with pytest.raises(ConfigurationError) as refused:
        sink_to(f"https://{rest}")
    assert "one" not in str(refused.value)
    assert "two" not in str(refused.value)


@pytest.mark.parametrize(
    ("given_", "problem"),
    [
        ({"endpoint": ""}, "DATA_COLLECTION_ENDPOINT"),
        ({"endpoint": "ftp://x"}, "no https:// URL"),
        ({"endpoint": "http://elsewhere"}, "https://"),
        ({"rule": "my-rule"}, "immutable id"),
        ({"stream": "Discreet_CL"}, "no stream"),
        ({"credential": None}, "get_token"),
    ],
)
def test_wrong_settings_are_refused_with_the_remedy(given_, problem):
    settings = {
        "endpoint": "https://a.b",
        "rule": RULE,
        "stream": "Custom-D",
        "credential": Credential(),
        "environ": {},
        **given_,
    }
    with pytest.raises(ConfigurationError, match=problem):
        LogsIngestion(**settings)
