"""The connection test of `discreet doctor`: it sends one record, and says what is wrong and what to do about it."""

from __future__ import annotations

import json
import os
import time
from typing import TYPE_CHECKING

from discreet._base.diagnostics import reason_of
from discreet._encoding.json import timestamp
from discreet.azure.connection import host_of
from discreet.azure.ingestion import ApplicationInsights, problems_of, provider_exports_to_azure
from discreet.azure.logs_ingestion import LogsIngestion

if TYPE_CHECKING:
    from collections.abc import Mapping

    from discreet._delivery.runner import OwnSink

MESSAGE = "discreet doctor tested this connection"

_STATUS_PAGE = "look at https://azure.status.microsoft"
_KEPT = "Records wait and are sent again. If it lasts"
_REMEDIES: Mapping[int, str] = {
    400: "the envelope or its instrumentation key was refused. Copy the connection string again from the portal",
    401: "Entra ID is wanted, or the token was not accepted. Pass credential=..., or set "
    "APPLICATIONINSIGHTS_AUTHENTICATION_STRING=Authorization=AAD",
    403: "the identity may not write there. Assign it the role Monitoring Metrics Publisher on the resource; "
    "a new assignment takes some minutes",
    402: "the resource's daily cap is reached. Raise the cap, or wait for the day to end",
    404: "nothing takes telemetry at this address. Copy the connection string again from the portal",
    408: f"the service took too long. {_KEPT}, check the network and HTTPS_PROXY, and {_STATUS_PAGE}",
    413: "one record is too large for the service. Log less in one record",
    429: f"the service asks to slow down. {_KEPT}, log less (DISCREET_LEVEL=warning), or raise the limit of what you "
    "send to; a service that logs very much may need a resource of its own",
    439: "the resource's quota is used up. Raise it, or log less",
}
_UNREACHABLE = (
    "Check the address in the connection string, the firewall, and HTTPS_PROXY where there is a proxy; "
    "with private link, whether this network resolves the name"
)
_UNKNOWN_IDENTITY = (
    "no token. On your own machine, run az login; elsewhere give the process a managed identity, or set "
    "AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET"
)
_NO_RULE = "the rule, its stream or the table is not there. Check rule=, stream= and endpoint="
_RULE_REMEDIES = {  # for the answers that mean something else from a data collection rule
    400: _NO_RULE,
    401: "the token was not accepted. Check the credential's tenant, and audience= in other clouds than the public",
    403: "the identity may not write there. Assign it the role Monitoring Metrics Publisher on the data collection "
    "rule; a new assignment takes some minutes",
    404: _NO_RULE,
}


def check(sink: OwnSink, *, environ: Mapping[str, str] | None = None, timeout: float = 10.0) -> list[str]:
    """The reasons why records do not arrive, each with its remedy; empty if the test record was accepted.

    `timeout` is in seconds. No text holds a secret.
    """
    environ = os.environ if environ is None else environ
    try:
        if isinstance(sink, ApplicationInsights):
            return [*_application_insights(sink, timeout), *_duplicates(environ)]
        if isinstance(sink, LogsIngestion):
            return _logs_ingestion(sink, timeout)
    except OSError as error:
        reason = str(getattr(error, "reason", "")) or reason_of(error)
        return [f"{sink.name} cannot be reached ({reason}). {_UNREACHABLE}"]
    except Exception as error:  # a test that fails must not fail the doctor
        return [f"{sink.name} could not be tested: {type(error).__name__}"]
    return []


def _application_insights(sink: ApplicationInsights, timeout: float) -> list[str]:
    before = sink.endpoint
    envelope = {
        "name": "Microsoft.ApplicationInsights.Message",
        "time": timestamp(time.time_ns()),
        "tags": {"ai.cloud.role": "discreet doctor"},
        "data": {"baseType": "MessageData", "baseData": {"ver": 2, "message": MESSAGE, "severityLevel": 0}},
    }
    status, _, body, reason = sink.track([json.dumps(envelope).encode() + b"\n"], timeout)
    if not status:
        return [f"{reason}: {_UNKNOWN_IDENTITY}"]
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


def _logs_ingestion(sink: LogsIngestion, timeout: float) -> list[str]:
    row = {"TimeGenerated": timestamp(time.time_ns()), "severity": "DEBUG", "severity_number": 5, "message": MESSAGE}
    result = sink.send([json.dumps(row).encode() + b"\n"], timeout)
    if result.delivered:
        return []
    if result.reason.startswith("HTTP "):
        status = int(result.reason[5:])
        remedy = _RULE_REMEDIES.get(status)
        return [f"{result.reason}: {remedy}" if remedy else in_words(status)]
    return [f"{result.reason}: {_UNKNOWN_IDENTITY}"]


def _duplicates(environ: Mapping[str, str]) -> list[str]:
    """The ways in which records arrive twice."""
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


def in_words(status: int) -> str:
    """What an answer with this status means, and the remedy."""
    words = _REMEDIES.get(status)
    if words is None and status >= 500:
        words = f"the service has a problem of its own. {_KEPT}, {_STATUS_PAGE}"
    elif words is None:
        words = "not an answer of Azure Monitor. Check the address, and whether a proxy is in the way"
    return f"HTTP {status}: {words}"
