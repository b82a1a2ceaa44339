"""`configure()`: from code, then the environment, then defaults; and one clear error for what cannot be honoured."""

from __future__ import annotations

import inspect
import io
import json
import sys

import pytest

import discreet
from discreet.testing import reset


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
        ({"take_over": 2}, "take_over", "2", "Use on or off"),
        ({"take_over": "logbook"}, "take_over", "logbook", "structlog or loguru"),
        ({"exit_timeout": 10**400}, "exit_timeout", "1000", "Give seconds"),
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
    assert found["with_locals"] == {"value": "off", "why": "default for prod"}


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
    assert discreet.explain()["with_locals"]["value"] == "on"


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


def test_a_service_in_production_without_a_name_gives_one_warning_naming_the_variable(memory_sink, monkeypatch):
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "10.0.0.1")
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


def test_what_earlier_sinks_delivered_and_lost_stays_in_the_statistics(memory_sink):
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


def test_each_plain_setting_can_be_given_in_code(monkeypatch, tmp_path):
    for name, value in {"STATE_DIR": "/nowhere", "SPOOL": "on", "EXIT_TIMEOUT": "9", "STREAM": "none"}.items():
        monkeypatch.setenv(f"DISCREET_{name}", value)
    found = configured(
        stream="stderr", spool=False, exit_timeout=2, state_dir=tmp_path, pseudonym_key="k1:" + "ab12" * 8, service="s"
    )
    for name, value in {
        "stream": "stderr", "spool": "off", "exit_timeout": "2 s", "state_dir": str(tmp_path),
        "pseudonym_key": "set (not shown)", "sinks": "stderr",
    }.items():  # fmt: skip
        assert found[name] == {"value": value, "why": "configure()"}


def test_a_ring_lies_in_the_state_folder_that_code_gives(tmp_path, capfd):
    discreet.configure(delivery="ring", state_dir=tmp_path / "here", service="s", take_over=False)
    discreet.get_logger("x").info("hello")
    assert discreet.flush(30)
    assert [path.name for path in (tmp_path / "here").iterdir()] == ["ring"]


@pytest.mark.parametrize(
    ("options", "setting", "remedy"),
    [
        ({"spool": "maybe"}, "spool", "Use on or off"),
        ({"exit_timeout": -1}, "exit_timeout", "seconds"),
        ({"exit_timeout": True}, "exit_timeout", "seconds"),
        ({"state_dir": ""}, "state_dir", "path of a folder"),
        ({"delivery": "fast"}, "delivery", "Use direct, queued or ring"),
        ({"take_over": "maybe"}, "take_over", "Use on or off"),
        ({"stream": "stderr", "sinks": []}, "stream", "leave one of the two out"),
        ({"pseudonym_key": b"0123456789abcdef"}, "pseudonym_key", "as text"),
    ],
)
def test_a_bad_value_in_code_is_named_as_code_names_it(options, setting, remedy):
    with pytest.raises(discreet.ConfigurationError, match=remedy) as caught:
        discreet.configure(**options)
    assert caught.value.setting == setting


def test_a_pseudonym_key_is_never_shown(monkeypatch, tmp_path):
    key = "k1:" + "c0ffee" * 6
    for wrong in (key[:12], key[:12].encode()):
        with pytest.raises(discreet.ConfigurationError) as caught:
            discreet.configure(pseudonym_key=wrong)
        assert str(wrong)[:11] not in str(caught.value)
    monkeypatch.setenv("DISCREET_PSEUDONYM_KEY", key)
    found = configured(sinks=[], service="s")
    assert found["pseudonym_key"] == {"value": "set (not shown)", "why": "DISCREET_PSEUDONYM_KEY"}
    assert key not in str(found)


def test_a_folder_for_state_that_cannot_be_used_is_named_as_it_was_given(monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    for options, setting in (({"state_dir": tmp_path / "file"}, "state_dir"), ({}, "DISCREET_STATE_DIR")):
        monkeypatch.setenv("DISCREET_STATE_DIR", str(tmp_path / "file"))
        with pytest.raises(discreet.ConfigurationError) as caught:
            discreet.configure(delivery="ring", service="s", **options)
        assert caught.value.setting == setting


def test_an_unknown_setting_is_refused():
    with pytest.raises(TypeError, match="levle"):
        discreet.configure(levle="info")


def test_explain_has_every_setting_and_who_decided_it(monkeypatch):
    monkeypatch.delenv("DISCREET_STATE_DIR")
    found = configured(service="s", sinks=[])
    assert list(found) == list(inspect.signature(discreet.configure).parameters)
    assert all(entry["why"] for entry in found.values())
    assert found["exit_timeout"] == {"value": "5 s", "why": "default"}
    assert found["redaction"] == {"value": "the built-in rules", "why": "default"}
    assert found["state_dir"]["value"] is None


def test_explain_shows_a_level_that_was_changed_at_run_time():
    configured(service="s", sinks=[], environment="prod")
    discreet.set_level("db", "debug")
    assert discreet.explain()["level"]["value"] == "info, db=debug"


def test_taking_over_can_be_switched_off_by_a_variable(monkeypatch, memory_sink):
    before = sys.excepthook
    monkeypatch.setenv("DISCREET_TAKE_OVER", "off")
    discreet.configure(sinks=[memory_sink()], service="s")
    assert sys.excepthook is before
    assert discreet.explain()["take_over"] == {"value": "off", "why": "DISCREET_TAKE_OVER"}
    discreet.configure(sinks=[memory_sink()], service="s", take_over=True)
    assert sys.excepthook is not before


def test_after_a_reset_nothing_of_a_configuration_is_left(memory_sink):
    import logging
    import signal
    import warnings

    def everything():
        return (
            sys.excepthook, sys.unraisablehook, warnings.showwarning, logging.Logger.callHandlers,
            signal.getsignal(signal.SIGTERM),
        )  # fmt: skip

    before = everything()
    discreet.configure(sinks=[memory_sink()], service="s", level="error")
    assert all(one is not other for one, other in zip(before, everything(), strict=True))
    reset()
    assert everything() == before
    assert discreet.explain() == {}
    assert discreet.health()["sinks"] == []


def test_the_level_of_a_sink_is_not_mistaken_for_the_levels_variable(monkeypatch, memory_sink):
    monkeypatch.setenv("DISCREET_LEVEL", "info")
    with pytest.raises(discreet.ConfigurationError) as caught:
        discreet.configure(sinks=[memory_sink(level="loud")])
    assert caught.value.setting == "level"


def test_a_file_in_code_is_not_mistaken_for_the_files_variable(monkeypatch, tmp_path):
    monkeypatch.setenv("DISCREET_FILE", str(tmp_path / "app.jsonl"))
    with pytest.raises(discreet.ConfigurationError) as caught:
        discreet.configure(sinks=[discreet.File(tmp_path)])
    assert caught.value.setting == "file"


def test_sinks_may_come_from_an_iterator_and_an_empty_version_is_none():
    sink = Remembering()
    discreet.configure(sinks=iter([sink]), version="", spool=0, with_locals=1)
    discreet.get_logger("shop").info("hello")
    assert b"hello" in sink.lines[-1]
    assert b"version" not in sink.lines[-1]


class Remembering(discreet.Sink):
    def __init__(self, **options):
        super().__init__(**options)
        self.lines = []

    def write(self, line):
        self.lines.append(line)


@pytest.mark.parametrize("before", ["x. ", "password=", "x" * 180 + " "])
@pytest.mark.parametrize(
    "call",
    [
        lambda text: discreet.configure(level=text),
        lambda text: discreet.configure(format=text),
        lambda text: discreet.set_level("shop", text),
        lambda text: discreet.configure(sinks=[Remembering(level=text)]),
    ],
)
def test_an_error_shows_no_secret_of_a_wrong_value(call, before):
    planted = "ghp_" + "a1B2" * 9
    with pytest.raises(discreet.ConfigurationError) as caught:
        call(before + planted)
    assert planted[:8] not in str(caught.value)
    assert "Use " in str(caught.value)
