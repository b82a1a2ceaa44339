"""`configure()`: from code, then the environment, then defaults; and one clear error for what cannot be honoured."""

from __future__ import annotations

import io
import json
import sys

import pytest

import discreet


def configured(**options):
    discreet.configure(take_over=False, **options)
    return discreet.explain()


@pytest.mark.parametrize(
    ("options", "setting", "value", "remedy"),
    [
        ({"level": "loud"}, "level", "loud", "Use trace, debug"),
        ({"level": {"db": "loud"}}, "level", "loud", "Use trace, debug"),
        ({"level": "info,=debug"}, "level", "=debug", "logger=level"),
        ({"level": 3.5}, "level", "3.5", "Use"),
        ({"format": "xml"}, "format", "xml", "Use auto, console, json, otel, ecs, azure, gcp or datadog"),
        ({"service": ""}, "service", "", "as text"),
        ({"environment": 3}, "environment", "3", "as text"),
        ({"sinks": ["stdout"]}, "sinks", "stdout", "discreet.Stream"),
        ({"sinks": [discreet.Stream("stdin")]}, "stream", "stdin", "stdout"),
        ({"sinks": [discreet.Stream(format="xml")]}, "format", "xml", "Use auto"),
        ({"sinks": [discreet.Stream(level="loud")]}, "level", "loud", "Use trace"),
        ({"redaction": {"keys": "x"}}, "redaction", "keys", "discreet.Redaction"),
        ({"with_locals": "maybe"}, "locals", "maybe", "Use on or off"),
    ],
)
def test_a_bad_setting_raises_one_error_with_value_setting_and_remedy(options, setting, value, remedy):
    with pytest.raises(discreet.ConfigurationError) as caught:
        discreet.configure(**options)
    text = str(caught.value)
    assert setting in text
    assert value in text
    assert remedy in text
    assert isinstance(caught.value, (discreet.DiscreetError, ValueError))


@pytest.mark.parametrize(
    ("variable", "value", "remedy"),
    [
        ("DISCREET_LEVEL", "loud", "Use trace, debug"),
        ("DISCREET_FORMAT", "xml", "Use auto"),
        ("DISCREET_STREAM", "stdin", "Use stdout"),
        ("DISCREET_LOCALS", "maybe", "Use on or off"),
    ],
)
def test_a_bad_variable_is_named_in_the_error(monkeypatch, variable, value, remedy):
    monkeypatch.setenv(variable, value)
    with pytest.raises(discreet.ConfigurationError) as caught:
        discreet.configure()
    assert str(caught.value).startswith(f"{variable}={value!r}: ")
    assert remedy in str(caught.value)


def test_a_file_that_cannot_be_written_raises_at_configure(tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("")
    with pytest.raises(discreet.ConfigurationError, match="cannot be opened") as caught:
        discreet.configure(file=blocked / "app.jsonl")
    assert str(blocked) in str(caught.value)


def test_a_failed_configure_leaves_the_configuration_in_force(sink, tmp_path):
    with pytest.raises(discreet.ConfigurationError):
        discreet.configure(sinks=[discreet.File(tmp_path / "a.jsonl"), discreet.File(tmp_path)])
    discreet.get_logger("shop").info("still here")
    assert sink.last["message"] == "still here"


def test_code_wins_over_the_environment_and_the_environment_over_defaults(monkeypatch):
    monkeypatch.setenv("DISCREET_LEVEL", "error")
    monkeypatch.setenv("DISCREET_SERVICE", "from-env")
    monkeypatch.setenv("DISCREET_FORMAT", "json")
    found = configured(service="from-code", sinks=[])
    assert (found["service"]["value"], found["service"]["why"]) == ("from-code", "configure()")
    assert (found["format"]["value"], found["format"]["why"]) == ("json", "DISCREET_FORMAT")
    assert found["level"]["value"] == "error"
    assert found["locals"] == {"value": "off", "why": "default"}


def test_every_setting_has_a_variable(monkeypatch, tmp_path, capfd):
    for name, value in {
        "DISCREET_LEVEL": "info,db=debug",
        "DISCREET_FORMAT": "json",
        "DISCREET_ENV": "staging",
        "DISCREET_SERVICE": "shop",
        "DISCREET_VERSION": "1.2.3",
        "DISCREET_STREAM": "stderr",
        "DISCREET_FILE": str(tmp_path / "logs" / "app.jsonl"),
        "DISCREET_LOCALS": "on",
    }.items():
        monkeypatch.setenv(name, value)
    discreet.configure(take_over=False)
    discreet.get_logger("db").debug("x")
    line = json.loads((tmp_path / "logs" / "app.jsonl").read_text())
    assert (line["service"], line["version"], line["environment"]) == ("shop", "1.2.3", "staging")
    assert json.loads(capfd.readouterr().err) == line
    assert discreet.explain()["locals"]["value"] == "on"


def test_stream_none_leaves_only_the_file(monkeypatch, tmp_path, capfd):
    monkeypatch.setenv("DISCREET_STREAM", "none")
    discreet.configure(file=tmp_path / "a.jsonl", take_over=False, service="s")
    discreet.get_logger("x").info("hello")
    assert capfd.readouterr().out == ""
    assert "hello" in (tmp_path / "a.jsonl").read_text()


def test_stdout_serves_where_the_only_sink_that_was_asked_for_cannot_be_had(monkeypatch, capfd):
    monkeypatch.setenv("DISCREET_STREAM", "none")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:4318")
    monkeypatch.setitem(sys.modules, "discreet.otel", None)  # as without the extra
    discreet.configure(take_over=False, service="s")
    discreet.get_logger("x").info("hello")
    out = capfd.readouterr().out
    assert "hello" in out
    assert "pip install" in out


def test_a_misspelt_variable_is_reported_with_its_nearest_name(monkeypatch, memory_sink):
    monkeypatch.setenv("DISCREET_LEVLE", "debug")
    kept = memory_sink(format="json")
    discreet.configure(sinks=[kept], service="s", take_over=False)
    assert kept.last["severity"] == "WARNING"
    assert kept.last["message"] == "DISCREET_LEVLE is not a setting; did you mean DISCREET_LEVEL?"


def test_production_without_a_service_name_gives_one_warning_naming_the_variable(memory_sink):
    kept = memory_sink(format="json")
    discreet.configure(sinks=[kept], environment="prod", take_over=False)
    assert [r["severity"] for r in kept.records] == ["WARNING"]
    assert "DISCREET_SERVICE" in kept.last["message"]


def test_development_gives_no_such_warning(memory_sink):
    kept = memory_sink(format="json")
    discreet.configure(sinks=[kept], environment="dev", take_over=False)
    assert kept.records == []


def test_development_opens_debug_for_the_application_and_production_does_not(memory_sink):
    for environment, expected in [("dev", ["debug"]), ("prod", [])]:
        kept = memory_sink(format="json")
        discreet.configure(sinks=[kept], environment=environment, service="s", take_over=False)
        discreet.get_logger("x").debug("debug")
        assert [record["message"] for record in kept.records] == expected


def test_development_shows_locals_in_tracebacks_redacted_and_production_none(memory_sink):
    def fail():
        password = "hunter2-" + "secret"
        basket = ["apple"]
        raise ValueError(len(password), len(basket))

    for environment in ("dev", "prod"):
        kept = memory_sink(format="json")
        discreet.configure(sinks=[kept], environment=environment, service="s", take_over=False)
        try:
            fail()
        except ValueError:
            discreet.get_logger("x").exception("failed")
        shown = kept.last["exception"]["frames"][-1].get("locals")
        if environment == "dev":
            assert shown["basket"] == ["apple"]
            assert "hunter2" not in kept.text
        else:
            assert shown is None


def test_several_sinks_each_have_their_own_level_and_format(memory_sink):
    everything, errors, pretty = (
        memory_sink(format="json"),
        memory_sink(format="json", level="error"),
        memory_sink(format="console"),
    )
    discreet.configure(sinks=[everything, errors, pretty], environment="prod", service="s", take_over=False)
    log = discreet.get_logger("shop")
    log.info("fine")
    log.error("bad")
    assert [len(everything.lines), len(errors.lines), len(pretty.lines)] == [2, 1, 2]
    assert errors.last["message"] == "bad"
    assert b"fine" in pretty.lines[0]
    assert not pretty.lines[0].startswith(b"{")


def test_configuring_again_replaces_everything_for_loggers_that_exist(memory_sink):
    log = discreet.get_logger("shop")
    first, second = memory_sink(format="json"), memory_sink(format="json")
    discreet.configure(sinks=[first], environment="prod", service="one", take_over=False)
    log.info("a")
    discreet.configure(sinks=[second], environment="prod", service="two", level="warning", take_over=False)
    log.info("b")
    log.warning("c")
    assert [r["message"] for r in first.records] == ["a"]
    assert [(r["message"], r["service"]) for r in second.records] == [("c", "two")]


def test_a_context_bound_before_is_judged_by_the_policy_configured_after(memory_sink):
    kept = memory_sink(format="json")
    with discreet.context(nickname="jo"):
        discreet.configure(sinks=[kept], environment="prod", service="s", take_over=False)
        discreet.get_logger("x").info("a")
        discreet.configure(
            sinks=[kept], environment="prod", service="s", take_over=False,
            redaction=discreet.Redaction(extra_keys=("nickname",)),
        )  # fmt: skip
        discreet.get_logger("x").info("b")
    assert kept.records[0]["nickname"] == "jo"
    assert kept.records[1]["nickname"].startswith("[REDACTED")


def test_a_sink_that_stays_is_not_closed(tmp_path):
    file = discreet.File(tmp_path / "a.jsonl")
    for service in ("one", "two"):
        discreet.configure(sinks=[file], environment="prod", service=service, take_over=False)
        discreet.get_logger("x").info(service)
    assert [json.loads(line)["service"] for line in (tmp_path / "a.jsonl").read_text().splitlines()] == ["one", "two"]


def test_a_stream_of_ones_own_gets_lines(memory_sink):
    out = io.StringIO()
    discreet.configure(sinks=[discreet.Stream(out, format="json")], environment="prod", service="s", take_over=False)
    discreet.get_logger("x").info("hello")
    assert json.loads(out.getvalue())["message"] == "hello"


def test_a_service_name_with_a_secret_in_it_is_masked(memory_sink):
    kept = memory_sink(format="json")
    planted = "AKIA" + "Q3EXAMPLE7ZZTEST"
    discreet.configure(sinks=[kept], environment="prod", service=f"shop {planted}", take_over=False)
    discreet.get_logger("x").info("hello")
    assert planted not in kept.text


def test_what_earlier_sinks_delivered_and_lost_stays_in_the_books(memory_sink):
    class Broken(discreet.Sink):
        def write(self, line):
            raise OSError(28, "full")

    log = discreet.get_logger("x")
    for sink in (memory_sink(), Broken(), memory_sink()):
        discreet.configure(sinks=[sink], service="s", environment="prod", take_over=False)
        log.info("one each")
    health = discreet.health()
    assert (health["delivered"], health["dropped"]) == (2, {"ENOSPC": 1})
    assert [sink["delivered"] for sink in health["sinks"]] == [1]


def test_a_sink_that_fails_to_close_does_not_stop_the_next_configuration(memory_sink, capfd):
    class Stubborn(discreet.Sink):
        def write(self, line):
            pass

        def close(self):
            raise RuntimeError("no")

    discreet.configure(sinks=[Stubborn()], service="s", environment="prod")
    kept = memory_sink(format="json")
    discreet.configure(sinks=[kept], service="s", environment="prod")
    discreet.get_logger("x").info("hello")
    assert kept.last["message"] == "hello"
    assert capfd.readouterr().err == "discreet: Stubborn could not be closed: RuntimeError\n"


@pytest.mark.parametrize("setting", ["level", "format"])
def test_a_secret_in_the_wrong_setting_is_masked_in_the_error(setting):
    secret = "gh" + "p_" + "a1B2" * 9
    with pytest.raises(discreet.ConfigurationError) as caught:
        discreet.configure(**{setting: secret})
    assert secret not in str(caught.value)
    assert "[REDACTED:github-token]" in str(caught.value)
    assert caught.value.value == secret


def test_explain_masks_what_came_from_the_environment(monkeypatch, memory_sink):
    secret = "gh" + "p_" + "a1B2" * 9
    monkeypatch.setenv("DISCREET_ENV", secret)
    monkeypatch.setenv("DISCREET_SERVICE", secret)
    discreet.configure(sinks=[memory_sink()])
    assert secret not in str(discreet.explain())


def test_a_path_cannot_drive_the_terminal_through_a_complaint(tmp_path, capfd):
    file = discreet.File(tmp_path / "a\n\x1b[31m.log")
    discreet.configure(sinks=[file], service="s", environment="prod", take_over=False)
    file.close()
    discreet.get_logger("x").info("lost")
    complaint = capfd.readouterr().err
    assert complaint.count("\n") == 1
    assert "\x1b" not in complaint


def test_nothing_is_left_to_import_for_a_signal_handler_that_flushes(python):
    done = python("""
    import sys, discreet
    discreet.configure(service="s", take_over=False)
    before = set(sys.modules)
    discreet.flush(), discreet.health()
    print(sorted(set(sys.modules) - before))
    """)
    assert done.out.splitlines()[-1:] == [b"[]"]
