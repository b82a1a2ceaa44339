"""Errors to stderr, all else to stdout: for hosts that know the level of a line by its stream alone."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

import discreet
from discreet import Stream
from discreet._config.settings import resolve
from discreet.errors import ConfigurationError

PROGRAM = """
import discreet
discreet.configure(service="shop", level="debug")
for level in ("debug", "info", "warning", "error", "critical"):
    getattr(discreet.log, level)(level)
discreet.log.log(39, "almost")
"""


def messages(lines: bytes) -> list[str]:
    return [json.loads(line)["message"] for line in lines.splitlines()]


@pytest.mark.parametrize("delivery", ["direct", "queued", "ring"])
def test_split_writes_errors_to_stderr_and_all_else_to_stdout(python: Callable[..., Any], delivery: str) -> None:
    done = python(PROGRAM, DISCREET_STREAM="split", DISCREET_DELIVERY=delivery, DISCREET_ENV="prod")
    assert messages(done.out) == ["debug", "info", "warning", "almost"]
    assert messages(done.err) == ["error", "critical"]


def test_on_app_service_the_streams_are_split_by_themselves(python: Callable[..., Any]) -> None:
    done = python(PROGRAM, WEBSITE_SITE_NAME="shop")
    assert messages(done.out) == ["debug", "info", "warning", "almost"]
    assert messages(done.err) == ["error", "critical"]


@pytest.mark.parametrize(
    ("environ", "names"),
    [
        ({"WEBSITE_SITE_NAME": "shop"}, ["stdout", "stderr"]),
        ({"WEBSITE_SITE_NAME": "shop", "DISCREET_STREAM": "stdout"}, ["stdout"]),
        ({"WEBSITE_SITE_NAME": "shop", "FUNCTIONS_WORKER_RUNTIME": "python"}, ["stdout"]),
        ({"CONTAINER_APP_NAME": "shop"}, ["stdout"]),
        ({"DISCREET_STREAM": "split"}, ["stdout", "stderr"]),
    ],
)
def test_who_gets_split_streams(environ: dict[str, str], names: list[str]) -> None:
    assert [sink.name for sink in resolve(environ=environ).sinks] == names


def test_the_reason_is_told() -> None:
    assert resolve(environ={"WEBSITE_SITE_NAME": "shop"}).why["sinks"] == "default for azure-app-service"


def test_a_stream_can_end_below_any_level(memory_sink: Any) -> None:
    sink = memory_sink(format="json")
    sink.below = "warning"
    discreet.configure(sinks=[sink], service="shop", take_over=False)
    log = discreet.get_logger("shop")
    log.info("in")
    log.warning("out")
    assert [record["message"] for record in sink.records] == ["in"]


def test_a_wrong_level_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="loud"):
        discreet.configure(sinks=[Stream(below="loud")], take_over=False)
