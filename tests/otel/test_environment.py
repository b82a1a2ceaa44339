"""The `OTEL_*` variables, as the specification defines them."""

from __future__ import annotations

import pytest

from discreet._base.diagnostics import Reporter
from discreet.errors import ConfigurationError
from discreet.otel import OTLP, from_environment, settings


@pytest.fixture(autouse=True)
def nothing_reported_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "_reporter", Reporter())


def test_the_defaults_are_the_specifications():
    sink = OTLP(environ={})
    assert sink.destination == "otlp http://localhost:4318/v1/logs"
    assert sink.timeout == 10
    assert settings.exporter({}).protocol == "http/protobuf"
    assert settings.limits({}) == (128, None)


@pytest.mark.parametrize(
    ("variables", "url"),
    [
        ({"ENDPOINT": "http://collector:4318"}, "http://collector:4318/v1/logs"),
        ({"ENDPOINT": "http://collector:4318/mycollector/"}, "http://collector:4318/mycollector/v1/logs"),
        ({"LOGS_ENDPOINT": "http://collector:4318"}, "http://collector:4318/"),
        ({"LOGS_ENDPOINT": "https://c.example/v1/logs/", "ENDPOINT": "http://other"}, "https://c.example/v1/logs/"),
        ({"ENDPOINT": "https://c.example", "LOGS_ENDPOINT": ""}, "https://c.example/v1/logs"),
    ],
)
def test_the_general_endpoint_gets_the_logs_path_and_the_logs_own_is_used_as_it_is(variables, url):
    sink = OTLP(environ={f"OTEL_EXPORTER_OTLP_{name}": value for name, value in variables.items()})
    assert sink.destination == f"otlp {url}"


@pytest.mark.parametrize(
    ("endpoint", "insecure", "target"),
    [
        ("http://collector:4317", "", ("collector:4317", False)),
        ("https://collector:4317/ignored", "true", ("collector:4317", True)),
        ("collector:4317", "", ("collector:4317", True)),
        ("collector:4317", "TRUE", ("collector:4317", False)),
        ("", "", ("localhost:4317", False)),
        ("http://[::1]:4317", "", ("[::1]:4317", False)),
    ],
)
def test_grpc_takes_names_and_urls_and_a_scheme_decides_about_tls(endpoint, insecure, target):
    environ = {
        "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc",
        "OTEL_EXPORTER_OTLP_ENDPOINT": endpoint,
        "OTEL_EXPORTER_OTLP_INSECURE": insecure,
    }
    assert OTLP(environ=environ)._endpoint[:2] == target


def test_the_logs_own_variables_come_before_the_general_ones():
    general = {
        "PROTOCOL": "grpc",
        "COMPRESSION": "gzip",
        "TIMEOUT": "1000",
        "CERTIFICATE": "a",
        "CLIENT_KEY": "b",
        "CLIENT_CERTIFICATE": "c",
        "HEADERS": "a=1",
        "INSECURE": "true",
    }
    own = {
        "PROTOCOL": "http/json",
        "COMPRESSION": "none",
        "TIMEOUT": "2000",
        "CERTIFICATE": "d",
        "CLIENT_KEY": "e",
        "CLIENT_CERTIFICATE": "f",
        "HEADERS": "b=2",
        "INSECURE": "false",
    }
    environ = {f"OTEL_EXPORTER_OTLP_{name}": value for name, value in general.items()}
    found = settings.exporter(environ)
    assert (found.protocol, found.compression, found.timeout, dict(found.headers)) == ("grpc", "gzip", 1.0, {"a": "1"})
    assert (found.certificate, found.client_key, found.client_certificate, found.insecure) == ("a", "b", "c", True)
    environ |= {f"OTEL_EXPORTER_OTLP_LOGS_{name}": value for name, value in own.items()}
    found = settings.exporter(environ)
    assert (found.protocol, found.compression, found.timeout, dict(found.headers)) == (
        "http/json",
        "none",
        2.0,
        {"b": "2"},
    )
    assert (found.certificate, found.client_key, found.client_certificate, found.insecure) == ("d", "e", "f", False)


def test_what_is_given_in_code_comes_before_the_environment():
    environ = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://environment", "OTEL_EXPORTER_OTLP_TIMEOUT": "1000"}
    sink = OTLP("http://code/", timeout=3, environ=environ)
    assert sink.destination == "otlp http://code/"
    assert sink.timeout == 3


def test_headers_are_read_as_baggage_is():
    found, wrong = settings.headers("Api-Key=a%20b%3D, x = y=z ,,broken,bad name=1,crlf=a%0D%0Ab")
    assert found == {"api-key": "a b=", "x": "y=z"}
    assert wrong == 3


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("OTEL_EXPORTER_OTLP_TIMEOUT", "soon"),
        ("OTEL_EXPORTER_OTLP_TIMEOUT", "-1"),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "carrier pigeon"),
        ("OTEL_EXPORTER_OTLP_LOGS_COMPRESSION", "brotli"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "hunter2"),
        ("OTEL_EXPORTER_OTLP_INSECURE", "yes"),
        ("OTEL_BLRP_SCHEDULE_DELAY", "x"),
        ("OTEL_BLRP_EXPORT_TIMEOUT", "1.5"),
        ("OTEL_BLRP_MAX_QUEUE_SIZE", "0"),
        ("OTEL_BLRP_MAX_EXPORT_BATCH_SIZE", "-3"),
        ("OTEL_ATTRIBUTE_COUNT_LIMIT", "many"),
        ("OTEL_LOGRECORD_ATTRIBUTE_VALUE_LENGTH_LIMIT", "-1"),
        ("OTEL_SDK_DISABLED", "1"),
    ],
)
def test_a_wrong_value_is_reported_once_by_the_variables_name_and_the_default_is_used(name, value, capfd):
    usual = OTLP(environ={})
    sink = from_environment({name: value})
    from_environment({name: value})
    assert sink is not None
    told = capfd.readouterr().err
    assert told.count(name) == 1
    assert value not in told.replace(name, "") or len(value) < 3
    for attribute in ("timeout", "delay", "batch_count", "queue_count", "destination", "_limits", "_gzip", "_headers"):
        assert getattr(sink, attribute) == getattr(usual, attribute)


@pytest.mark.parametrize(
    ("environ", "told"),
    [
        (
            {"ENDPOINT": "localhost:4318"},
            "ENDPOINT='localhost:4318': not a URL of a receiver. Write http://host:4318, or",
        ),
        ({"ENDPOINT": "ftp://a", "LOGS_ENDPOINT": "ftp://b"}, "LOGS_ENDPOINT='ftp://b': "),
        ({"LOGS_ENDPOINT": "ftp://b/"}, "http://host:4318/v1/logs"),
        ({"ENDPOINT": "dns:a@b", "PROTOCOL": "grpc"}, "ENDPOINT='…@b': not a gRPC name"),
        ({"ENDPOINT": "ftp://me:word@host/"}, "ENDPOINT='ftp://…@host/': "),
        ({"CERTIFICATE": "/nowhere"}, "CERTIFICATE='/nowhere': cannot be read"),
        ({"LOGS_CERTIFICATE": __file__}, f"LOGS_CERTIFICATE={__file__!r}: cannot be used"),
        ({"CLIENT_KEY": __file__}, f"CLIENT_KEY={__file__!r}: a certificate and its key belong together"),
        ({"CLIENT_CERTIFICATE": __file__, "CLIENT_KEY": __file__}, f"CLIENT_CERTIFICATE={__file__!r}: cannot be used"),
    ],
)
def test_a_wrong_variable_is_refused_by_its_name_with_what_stands_in_it(environ, told):
    with pytest.raises(ConfigurationError) as caught:
        from_environment({f"OTEL_EXPORTER_OTLP_{name}": value for name, value in environ.items()})
    assert str(caught.value).startswith("OTEL_EXPORTER_OTLP_")
    assert told in str(caught.value)


def test_what_was_given_in_code_goes_by_its_name_in_code(tmp_path):
    environ = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://host:4318", "OTEL_EXPORTER_OTLP_CERTIFICATE": "/nowhere"}
    with pytest.raises(ConfigurationError, match=r"^certificate='.*/none'"):
        OTLP(certificate=str(tmp_path / "none"), environ=environ)
    with pytest.raises(ConfigurationError, match=r"^certificate='.*\.py': cannot be used"):
        OTLP(certificate=__file__, environ=environ)


def test_empty_values_count_as_none(capfd):
    names = (
        "OTEL_EXPORTER_OTLP_TIMEOUT",
        "OTEL_EXPORTER_OTLP_PROTOCOL",
        "OTEL_BLRP_MAX_QUEUE_SIZE",
        "OTEL_SDK_DISABLED",
    )
    assert from_environment(dict.fromkeys(names, " ")) is not None
    assert capfd.readouterr().err == ""


def test_the_batch_processors_settings_are_the_queues():
    environ = {
        "OTEL_BLRP_SCHEDULE_DELAY": "250",
        "OTEL_BLRP_EXPORT_TIMEOUT": "4000",
        "OTEL_BLRP_MAX_QUEUE_SIZE": "100",
        "OTEL_BLRP_MAX_EXPORT_BATCH_SIZE": "50",
    }
    sink = OTLP(environ=environ)
    assert (sink.delay, sink.timeout, sink.queue_count, sink.batch_count) == (0.25, 4.0, 100, 50)


def test_the_shorter_timeout_counts():
    environ = {"OTEL_BLRP_EXPORT_TIMEOUT": "30000", "OTEL_EXPORTER_OTLP_TIMEOUT": "2000"}
    assert OTLP(environ=environ).timeout == 2
    assert OTLP(environ={"OTEL_EXPORTER_OTLP_LOGS_TIMEOUT": "20000"}).timeout == 20


def test_a_batch_is_never_larger_than_its_queue(capfd):
    found = settings.batching({"OTEL_BLRP_MAX_QUEUE_SIZE": "10", "OTEL_BLRP_MAX_EXPORT_BATCH_SIZE": "20"})
    assert (found["queue_count"], found["batch_count"]) == (10, 10)
    assert "OTEL_BLRP_MAX_EXPORT_BATCH_SIZE" in capfd.readouterr().err


@pytest.mark.parametrize(
    ("variables", "limits"),
    [
        ({"OTEL_ATTRIBUTE_COUNT_LIMIT": "5", "OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT": "6"}, (5, 6)),
        ({"OTEL_ATTRIBUTE_COUNT_LIMIT": "5", "OTEL_LOGRECORD_ATTRIBUTE_COUNT_LIMIT": "7"}, (7, None)),
        ({"OTEL_LOGRECORD_ATTRIBUTE_VALUE_LENGTH_LIMIT": "0", "OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT": "6"}, (128, 0)),
        ({"OTEL_LOGRECORD_ATTRIBUTE_COUNT_LIMIT": "wrong", "OTEL_ATTRIBUTE_COUNT_LIMIT": "5"}, (5, None)),
    ],
)
def test_limits_of_log_records_come_before_the_general_ones(variables, limits):
    assert settings.limits(variables) == limits


@pytest.mark.parametrize(
    ("variables", "wanted"),
    [
        ({}, True),
        ({"OTEL_SDK_DISABLED": "TRUE"}, False),
        ({"OTEL_SDK_DISABLED": "false"}, True),
        ({"OTEL_LOGS_EXPORTER": "none"}, False),
        ({"OTEL_LOGS_EXPORTER": "console"}, False),
        ({"OTEL_LOGS_EXPORTER": "console, OTLP"}, True),
    ],
)
def test_the_sink_is_made_unless_the_environment_says_no(variables, wanted):
    assert (from_environment(variables) is not None) is wanted
