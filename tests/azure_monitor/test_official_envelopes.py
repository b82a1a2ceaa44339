"""Our envelopes beside those of the official exporter, for the same calls, field by field.

Whatever differs has to stand in `DELIBERATE`, with the reason; and whatever stands there has to differ somewhere.
"""

from __future__ import annotations

import json
import logging
import re
import sys
import warnings
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import pytest

import discreet
from discreet._delivery.runner import runner_of
from discreet._pipeline import Output, pipeline_in_force
from discreet._redaction.redactor import Redactor
from discreet.azure import ApplicationInsights
from discreet.testing import reset

from .ingestion_server import KEY, check_envelope
from .records import OFFLINE

pytest.importorskip("azure.monitor.opentelemetry.exporter", reason="the official exporter is not installed here")

from azure.monitor.opentelemetry.exporter import AzureMonitorLogExporter
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import SimpleLogRecordProcessor
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider

RESOURCE = {
    "service.name": "checkout",
    "service.namespace": "shop",
    "service.version": "1.4.2",
    "service.instance.id": "pod-7",
    "deployment.environment.name": "production",
    "cloud.region": "westeurope",
}
QUIET = {
    "APPLICATIONINSIGHTS_CONTROLPLANE_DISABLED": "true",
    "APPLICATIONINSIGHTS_STATSBEAT_DISABLED_ALL": "true",
    "APPLICATIONINSIGHTS_SDKSTATS_DISABLED": "true",
    "APPLICATIONINSIGHTS_STATSBEAT_DISABLED": "true",
}


class Difference(NamedTuple):
    """Where (a pattern of `case/path`), and why."""

    where: str
    why: str


# Paths are of the envelope with `data.baseData` called `base`.
DELIBERATE = [
    Difference(r".*/tags\.ai\.internal\.sdkVersion", "it names the SDK that made the envelope"),
    Difference(r".*/tags\.ai\.device\..*", "a server is no device; its host is the dimension host.name"),
    Difference(r".*/base\.kind", "a name of their model for what baseType says"),
    Difference(r".*/base\.measurements", "an empty object says nothing"),
    Difference(r".*/time", "microseconds always; theirs leaves them out when they are zero, and the calls are two"),
    Difference(
        r".*/base\.properties\.(telemetry\.sdk|process|host|os|container)\..*", "all resource attributes are kept"
    ),
    Difference(r".*/base\.properties\.(deployment\.environment\.name|cloud\.region|service\..*)", "likewise"),
    Difference(r".*/base\.properties\.(thread\.name|task)", "which thread and task it was"),
    Difference(r".*/base\.properties\.template", "the template groups records whose values differ"),
    Difference(r".*/base\.properties\.code\..*", "where it was logged, from WARNING up; theirs knows only the file"),
    Difference(
        r"no span/tags\.ai\.operation\..*", "no operation is better than one of 32 zeros, which joins strangers"
    ),
    Difference(
        r"values/base\.properties\.(flag|nothing|nested|listed)", "JSON, which KQL reads; theirs is Python's repr"
    ),
    Difference(r"values/base\.properties\.long", "what is cut says so"),
    Difference(r"secrets/base\.properties\.password", "secrets do not leave the process"),
    Difference(r"secrets/base\.message", "likewise"),
    Difference(r"long name/base\.properties\..*", "a long name is shortened; theirs drops the field"),
    Difference(r"long message/base\.message", "what is cut says so"),
    Difference(r"padded message/base\.message", "white space is part of the message"),
    Difference(r"exception/base\.exceptions\[0\]\.message", "what the exception says; the log message is a dimension"),
    Difference(r"exception/base\.exceptions\[0\]\.(id|parsedStack.*)", "parsed frames, which the portal groups by"),
    Difference(r"exception/base\.exceptions\[0\]\.stack", "rendered from the redacted structure, without markers"),
    Difference(r"exception/base\.exceptions\[1\].*", "causes are exceptions of their own"),
    Difference(r"exception/base\.properties\.message", "the log message"),
    Difference(r"(exception|event)/tags\..*", "theirs lost the tags of exceptions and events in 1.0.0b58"),
    Difference(r"event/base\.properties\.(message|severity)", "an event has no column for them"),
    Difference(r"otel event/name", "OpenTelemetry's event names make events; theirs are messages"),
    Difference(r"otel event/(data\.baseType|base\.name|base\.message|base\.severityLevel)", "likewise"),
    Difference(r"otel event/base\.properties\.(message|severity|otel\.event\.name)", "likewise"),
    Difference(r"otel event/tags\..*", "likewise"),
]


def raise_two() -> None:
    try:
        {}["x"]
    except KeyError as error:
        raise ValueError("no such order") from error


def fail(log: logging.Logger) -> None:
    try:
        raise_two()
    except ValueError:
        log.exception("could not place")


SECRET = "hunter" + "2hunter2"
CASES: dict[str, Callable[[logging.Logger], None]] = {
    "message": lambda log: log.info("order A-1 placed", extra={"order.id": "A-1", "amount": 12.5, "count": 3}),
    "arguments": lambda log: log.info("order %s placed", "A-1"),
    "debug": lambda log: log.debug("dbg"),
    "warning": lambda log: log.warning("warn"),
    "critical": lambda log: log.critical("crit"),
    "user": lambda log: log.info("hello", extra={"enduser.id": "u1", "session.id": "s1", "client.address": "10.1.2.3"}),
    "values": lambda log: log.info(
        "v", extra={"flag": True, "nothing": None, "nested": {"a": [1, 2]}, "listed": ["a", "b"], "long": "y" * 9000}
    ),
    "secrets": lambda log: log.info("password=" + SECRET, extra={"password": SECRET}),
    "long name": lambda log: log.info("n", extra={"n" * 151: 1}),
    "long message": lambda log: log.info("m" * 33_000),
    "padded message": lambda log: log.info("  indented\n"),
    "exception": fail,
    "event": lambda log: log.info("placed", extra={"microsoft.custom_event.name": "OrderPlaced", "order.id": "A-1"}),
    "otel event": lambda log: log.info("placed", extra={"otel.event.name": "shop.order.placed"}),
    "no span": lambda log: log.info("outside"),
}


@pytest.fixture
def official(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Callable[[logging.Logger], None]], dict[str, Any]]]:
    """The envelope that the official exporter makes of a call."""
    for name, value in QUIET.items():
        monkeypatch.setenv(name, value)
    made: list[Any] = []

    class Exporter(AzureMonitorLogExporter):
        def export(self, batch: Any, **_: Any) -> Any:
            made.extend(self._log_to_envelope(each) for each in batch)

    exporter = Exporter(connection_string=OFFLINE, disable_offline_storage=True)
    provider = LoggerProvider(resource=Resource(RESOURCE), shutdown_on_exit=False)
    provider.add_log_record_processor(SimpleLogRecordProcessor(exporter))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from opentelemetry.sdk._logs import LoggingHandler

        handler = LoggingHandler(logger_provider=provider)

    def run(call: Callable[[logging.Logger], None]) -> dict[str, Any]:
        made.clear()
        log = logging.getLogger("shop.orders")
        log.addHandler(handler)
        log.setLevel(1)
        try:
            call(log)
        finally:
            log.removeHandler(handler)
            log.setLevel(0)
        (envelope,) = made
        return json.loads(json.dumps(envelope.as_dict(), default=str))

    yield run
    exporter.shutdown()


def of_discreet(call: Callable[[logging.Logger], None]) -> dict[str, Any]:
    """The envelope that discreet makes of the same call."""
    lines: list[bytes] = []

    class Keeping(discreet.Sink):
        def write(self, line: bytes) -> None:
            lines.append(line)

    keeping = Keeping(format="json")
    discreet.configure(sinks=[keeping], environment="production", service="checkout", version="1.4.2", level="debug")
    pipeline = pipeline_in_force()
    assert pipeline is not None
    sink = ApplicationInsights(OFFLINE, resource=RESOURCE, environ={})
    pipeline.outputs = (Output(0, sink.encoder(Redactor()), runner_of(keeping)),)
    call(logging.getLogger("shop.orders"))
    (line,) = lines
    envelope = {**json.loads(line), "iKey": KEY}
    check_envelope(envelope)
    return envelope


def flat(found: Any, path: str = "") -> dict[str, Any]:
    if isinstance(found, dict) and found:
        pairs = {key: f"{path}.{key}" if path else key for key in found}
        return {inner: value for key in found for inner, value in flat(found[key], pairs[key]).items()}
    if isinstance(found, list) and found:
        return {inner: value for i, item in enumerate(found) for inner, value in flat(item, f"{path}[{i}]").items()}
    return {path.replace("data.baseData", "base"): found}


def differences(case: str, official: Callable[..., dict[str, Any]]) -> dict[str, tuple[Any, Any]]:
    call = CASES[case]
    reset()  # else their handler would get what discreet has redacted
    if case == "no span":
        theirs, ours = official(call), of_discreet(call)
    else:
        tracer = TracerProvider(shutdown_on_exit=False).get_tracer("test")
        with tracer.start_as_current_span("work"):
            theirs, ours = official(call), of_discreet(call)
    missing = "<not there>"
    left, right = flat(theirs), flat(ours)
    paths = {path: (left.get(path, missing), right.get(path, missing)) for path in left.keys() | right.keys()}
    return {f"{case}/{path}": pair for path, pair in paths.items() if pair[0] != pair[1]}


@pytest.mark.parametrize("case", CASES)
def test_our_envelope_differs_from_the_official_one_only_on_purpose(case, official):
    unexplained = {
        where: pair
        for where, pair in differences(case, official).items()
        if not any(re.fullmatch(each.where, where) for each in DELIBERATE)
    }
    assert not unexplained


def test_every_difference_in_the_table_is_there(official):
    found = [where for case in CASES for where in differences(case, official)]
    stale = [each for each in DELIBERATE if not any(re.fullmatch(each.where, where) for where in found)]
    version = sys.modules["azure.monitor.opentelemetry.exporter._version"].VERSION
    assert not stale, f"with {version} there is no such difference"
