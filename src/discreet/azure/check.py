"""The connection test of `discreet doctor`: one record to where the records go, and what is wrong in words."""

from __future__ import annotations

import json
import os
import time
from typing import TYPE_CHECKING

from discreet._base.diagnostics import reason_of
from discreet._encoding.json import timestamp
from discreet.azure.answers import in_words, problems_of
from discreet.azure.connection import host_of
from discreet.azure.ingestion import ApplicationInsights
from discreet.azure.logs_ingestion import LogsIngestion
from discreet.azure.official import provider_exports_to_azure

if TYPE_CHECKING:
    from collections.abc import Mapping

    from discreet._delivery.sink import Sink

MESSAGE = "discreet doctor tested this connection"

_UNREACHABLE = (
    "Check the address in the connection string, the firewall, and HTTPS_PROXY where there is a proxy; "
    "with private link, whether this network resolves the name"
)
_UNKNOWN_IDENTITY = (
    "no token. On your own machine, run az login; elsewhere give the process a managed identity, or set "
    "AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET"
)
_NO_RULE = "the rule, its stream or the table is not there. Check rule=, stream= and endpoint="
_OF_RULES = {  # where the data collection rule's answers mean something else
    400: _NO_RULE,
    401: "the token was not accepted. Check the credential's tenant, and audience= in other clouds than the public",
    403: "the identity may not write there. Assign it the role Monitoring Metrics Publisher on the data collection "
    "rule; a new assignment takes some minutes",
    404: _NO_RULE,
}


def check(sink: Sink, *, environ: Mapping[str, str] | None = None, timeout: float = 10.0) -> list[str]:
    """What keeps records from arriving, each with its remedy; empty when one was just accepted. Holds no secret."""
    environ = os.environ if environ is None else environ
    try:
        if isinstance(sink, ApplicationInsights):
            return [*_insights(sink, timeout), *_twice(environ)]
        if isinstance(sink, LogsIngestion):
            return _logs(sink, timeout)
    except OSError as error:
        reason = str(getattr(error, "reason", "")) or reason_of(error)
        return [f"{sink.name} cannot be reached ({reason}). {_UNREACHABLE}"]
    except Exception as error:  # a test that fails must not fail the doctor
        return [f"{sink.name} could not be tested: {type(error).__name__}"]
    return []


def _insights(sink: ApplicationInsights, timeout: float) -> list[str]:
    before = sink.endpoint
    data = {"baseType": "MessageData", "baseData": {"ver": 2, "message": MESSAGE, "severityLevel": 0}}
    envelope = {
        "name": "Microsoft.ApplicationInsights.Message",
        "time": timestamp(time.time_ns()),
        "tags": {"ai.cloud.role": "discreet doctor"},
        "data": data,
    }
    status, _headers, body = sink.track([json.dumps(envelope).encode() + b"\n"], timeout)
    if not status:
        return [f"{body.decode()}: {_UNKNOWN_IDENTITY}"]
    found = problems_of(body, 1)
    if status in (200, 206) and found is not None:
        return [in_words(problem.status) for problem in found[1]]
    if status == 200:
        return [f"{host_of(sink.endpoint)} answered, but not as Application Insights does. Is a proxy in the way?"]
    if status in (307, 308):
        return [
            f"{host_of(before)} sends elsewhere, and not to an address of the same cloud. Check the IngestionEndpoint"
        ]
    return [in_words(status)]


def _logs(sink: LogsIngestion, timeout: float) -> list[str]:
    row = {"TimeGenerated": timestamp(time.time_ns()), "severity": "DEBUG", "severity_number": 5, "message": MESSAGE}
    receipt = sink.send([json.dumps(row).encode() + b"\n"], timeout)
    if receipt.delivered:
        return []
    if receipt.reason.startswith("HTTP "):
        status = int(receipt.reason[5:])
        told = _OF_RULES.get(status)
        return [f"{receipt.reason}: {told}" if told else in_words(status)]
    return [f"{receipt.reason}: {_UNKNOWN_IDENTITY}"]


def _twice(environ: Mapping[str, str]) -> list[str]:
    """Ways by which records arrive a second time."""
    found: list[str] = []
    if provider_exports_to_azure():
        found.append(
            "the official exporter is set up in this process too, so that records arrive twice. Call "
            "configure_azure_monitor() before discreet.configure(), which then leaves delivery to it"
        )
    if environ.get("FUNCTIONS_WORKER_RUNTIME") and environ.get("DISCREET_STREAM", "").strip().lower() != "none":
        found.append(
            "the Functions host sends standard output to Application Insights as well. Set DISCREET_STREAM=none"
        )
    return found
