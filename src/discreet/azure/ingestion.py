"""The Application Insights sink: envelopes to `POST /v2.1/track`, as newline-delimited JSON, gzip-compressed.

The service answers 200 and 206 with `{"itemsReceived", "itemsAccepted", "errors": [{"index", "statusCode",
"message"}]}` (swagger v2.1 of the ingestion API).
"""

from __future__ import annotations

import hashlib
import json
import re
import sys
import time
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

from discreet._config.environment import resource_attributes
from discreet._delivery.export.exporter import Result
from discreet._redaction.secrets import registry
from discreet.azure import connection
from discreet.azure.connection import AzureSink, Token, host_of
from discreet.azure.envelope import Envelopes
from discreet.errors import ConfigurationError
from discreet.otel.bridge import Bridge, UntilSdk, set_provider
from discreet.otel.resource import Resource, host_attributes

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from discreet._delivery.export.http import Answer
    from discreet._delivery.sink import Sink
    from discreet._record import Encoder
    from discreet._redaction.redactor import Redactor

_PATH = "/v2.1/track"
_CONTENT_TYPE = "application/x-json-stream"
_MOST_REDIRECTS = 3

_HOST = re.compile(r"[a-z0-9.:-]+")  # what is odd in a name is read in different ways by different libraries
# Where the service may send us, by cloud: telemetry of one cloud is not to end in another.
_CLOUDS = (
    (".services.visualstudio.com", ".applicationinsights.azure.com", ".monitor.azure.com"),  # public
    (".applicationinsights.azure.us", ".monitor.azure.us"),
    (".applicationinsights.azure.cn", ".monitor.azure.cn"),
)

_EXPORTER = "azure.monitor.opentelemetry.exporter"
_SDK = ("opentelemetry.sdk", "azure.monitor", "microsoft.opentelemetry")
_MOST_OBJECTS = 200

QUOTA = frozenset({402, 439})
REDIRECTS = frozenset({307, 308})


class ApplicationInsights(AzureSink):
    """Records to an Application Insights resource: traces, exceptions and custom events.

    `connection_string` is a secret and comes from `APPLICATIONINSIGHTS_CONNECTION_STRING` when it is not given.
    `credential` is a credential of azure-identity, for resources that want Entra ID; without one nothing but the
    ingestion endpoint is ever asked. `resource` holds resource attributes over those that are detected. Further
    keywords are those of every sink that exports (`delay`, `timeout`, `batch_count`, ...).

    Raises `ConfigurationError` for a connection string that is none, without showing it.
    """

    def __init__(
        self,
        connection_string: str | None = None,
        *,
        credential: Any = None,
        resource: Mapping[str, object] | None = None,
        environ: Mapping[str, str] | None = None,
        **options: Any,
    ) -> None:
        super().__init__(environ, resource, **options)
        text = connection_string if connection_string is not None else self._environ.get(connection.VARIABLE, "")
        setting = "connection_string" if connection_string is not None else connection.VARIABLE
        if not text.strip():
            raise ConfigurationError(
                setting, "", "is empty", "Copy it from the overview page of the Application Insights resource"
            )
        self._connection = connection.parse_connection_string(text, setting)
        if credential is not None:
            connection.check_credential(credential, self._connection.endpoint)
            self._token = Token(credential, self._connection.audience)
        self.endpoint = self._connection.endpoint  # later perhaps another one, to which this one redirected
        self._head = b'{"iKey":"' + self._connection.key.reveal().encode() + b'",'

    @property
    def name(self) -> str:
        """Application Insights, and its host."""
        return f"Application Insights {host_of(self._connection.endpoint)}"

    @property
    def destination(self) -> str:
        """Host and resource; of the instrumentation key only a checksum, so that two resources are two."""
        key = hashlib.sha256(self._connection.key.reveal().encode()).hexdigest()[:12]
        return f"application-insights {self._connection.endpoint.partition('://')[2]} {key}"

    def encoder(self, redactor: Redactor) -> Encoder:
        """One redacted record to one envelope, without the instrumentation key; that is masked from here on."""
        registry.add(self._connection.key.reveal(), "instrumentation-key")
        # Only an id that the host or the user gave becomes a tag: a random one would be new at each start.
        sources = (self._resource, resource_attributes(self._environ), host_attributes(self._environ))
        has_instance = any(attributes.get("service.instance.id") for attributes in sources)
        return Envelopes(Resource(self._environ, redactor, self._resource), has_instance=has_instance)

    def send(self, batch: Sequence[bytes], timeout: float) -> Result:
        """One attempt. Raises `OSError` where there was no answer."""
        answer = self.track(batch, timeout)
        status = answer.status
        found = problems_of(answer.body, len(batch)) if status in (200, 206, 400) or status in QUOTA else None
        if found is not None and (status != 400 or found[1]):  # a 400 for the request as a whole names no record
            return _partial(status, *found, answer.after, batch)
        if 200 <= status < 300:
            return answer.unreadable(batch)
        if status not in QUOTA:
            return answer.refusal(batch, connection.RETRYABLE | REDIRECTS)
        return Result(0, {_quota(status): len(batch)}, reason=f"HTTP {status}")

    def track(self, lines: Sequence[bytes], timeout: float) -> Answer:
        """POST envelopes, following redirects."""
        until = time.monotonic() + timeout
        head = self._head  # in place of the `{` that each line begins with
        body = head + head.join([line[1:] for line in lines])
        answer = self._post(self.endpoint + _PATH, body, _CONTENT_TYPE, timeout)
        for _ in range(_MOST_REDIRECTS):
            if answer.status not in REDIRECTS:
                break
            base = redirected(self.endpoint, answer.headers.get("location", ""))
            if base is None or base == self.endpoint:
                break
            self.endpoint = base
            answer = self._post(base + _PATH, body, _CONTENT_TYPE, max(0.1, until - time.monotonic()))
        return answer

    def disconnect(self) -> None:
        """Drop the connection, and go back to the connection string's own endpoint."""
        self.endpoint = self._connection.endpoint
        super().disconnect()


def redirected(here: str, location: str) -> str | None:
    """Where to send from now on, or None if we will not go there.

    The same host, or another of the same cloud's telemetry endpoints; never from https to http, since envelopes and
    tokens would follow.
    """
    try:
        target = urlsplit(location)
        host = (target.hostname or "").lower()
    except ValueError:
        return None
    if not _HOST.fullmatch(host) or target.scheme != urlsplit(here).scheme or target.username or target.password:
        return None
    current = host_of(here)
    if host != current and not any(current.endswith(cloud) and host.endswith(cloud) for cloud in _CLOUDS):
        return None
    return f"{target.scheme}://{target.netloc}{target.path.removesuffix(_PATH).rstrip('/')}"


def from_environment(environ: Mapping[str, str]) -> Sink | None:
    """The sink that `APPLICATIONINSIGHTS_CONNECTION_STRING` asks for.

    Where the application's own OpenTelemetry pipeline exports to Azure already (the azure-monitor-opentelemetry
    distribution), records go into that one instead, so that nothing arrives twice; also if it is set up later.
    """
    if not environ.get(connection.VARIABLE, "").strip():
        return None
    if provider_exports_to_azure():
        return Bridge()
    return _UntilDistribution(credential=connection.credential_from_environment(environ), environ=environ)


class _UntilDistribution(UntilSdk, ApplicationInsights):
    def serves(self, provider: object) -> bool:
        """Only where it is Azure that it exports to."""
        return provider_exports_to_azure()


def provider_exports_to_azure() -> bool:
    """Whether the OpenTelemetry `LoggerProvider` of this process exports to Azure Monitor. Imports nothing."""
    return _EXPORTER in sys.modules and _reaches_exporter(set_provider())


def _reaches_exporter(provider: object) -> bool:
    """Whether the exporter is among the objects that the provider is made of.

    Processors keep exporters in attributes whose names change between versions, so all attributes are searched.
    """
    waiting, seen = [provider], {id(provider)}
    while waiting and len(seen) < _MOST_OBJECTS:
        found = waiting.pop()
        module = type(found).__module__
        if module.startswith(_EXPORTER) and hasattr(found, "export"):
            return True
        if isinstance(found, (list, tuple)):
            parts: list[object] = list(found)  # pyright: ignore[reportUnknownArgumentType]  # anything may be in it
        elif module.startswith(_SDK):
            try:
                parts = list(vars(found).values())
            except TypeError:  # an object with slots
                continue
        else:
            continue
        for part in parts:
            if id(part) not in seen:
                seen.add(id(part))
                waiting.append(part)
    return False


class Problem(NamedTuple):
    """One record that was not accepted."""

    position: int
    """Its index in the batch."""
    status: int
    message: str


def problems_of(body: bytes | None, count: int) -> tuple[int, list[Problem]] | None:
    """How many of `count` were accepted, and which records were not; None if the answer does not say it."""
    try:
        found: Any = json.loads(body or b"")
        accepted = int(found["itemsAccepted"])
        errors: list[Any] = found.get("errors") or []
        problems: dict[int, Problem] = {}
        for error in errors:
            index = int(error["index"])
            if 0 <= index < count:
                problems[index] = Problem(index, int(error.get("statusCode") or 0), str(error.get("message") or ""))
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError):
        return None
    return max(0, min(accepted, count)), list(problems.values())


def _partial(
    status: int, accepted: int, problems: list[Problem], after: float | None, batch: Sequence[bytes]
) -> Result:
    """The result by the index of each problem: some records are sent again, the others are counted by reason."""
    retry: list[bytes] = []
    rejected: dict[str, int] = {}
    for problem in problems:
        if "sampled out" in problem.message.lower():
            why = "sampled out by the service"
        elif problem.status in connection.RETRYABLE:
            retry.append(batch[problem.position])
            continue
        else:
            why = _quota(problem.status) if problem.status in QUOTA else f"HTTP {problem.status}"
        rejected[why] = rejected.get(why, 0) + 1
    unknown = len(batch) - accepted - len(problems)
    if unknown > 0 and status == 400 and not accepted:  # nothing was stored, because of those that are named
        named = {problem.position for problem in problems}
        retry = [line for position, line in enumerate(batch) if position not in named or line in retry]
    elif unknown > 0:  # the answer does not say which records: to send all again would store the others twice
        why = _quota(status) if status in QUOTA else "not accepted"
        rejected[why] = rejected.get(why, 0) + unknown
    delivered = len(batch) - len(retry) - sum(rejected.values())
    reason = f"HTTP {status}" if retry or rejected else ""
    return Result(delivered, rejected, retry, after if retry else None, reason)


def _quota(status: int) -> str:
    return f"quota exceeded (HTTP {status})"
