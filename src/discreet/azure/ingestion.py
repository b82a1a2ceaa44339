"""The Application Insights sink: envelopes to `POST /v2.1/track`, as newline-delimited JSON, gzip-compressed."""

from __future__ import annotations

import gzip
import hashlib
import os
import re
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from discreet._delivery.export.http import Http
from discreet._delivery.export.sink import ExportSink, Result
from discreet._redaction.secrets import registry
from discreet.azure.answers import REDIRECTS, of_track
from discreet.azure.connection import VARIABLE, host_of, parse_connection_string
from discreet.azure.entra import Token, check_credential, credential_from_environment
from discreet.azure.envelope import Envelopes
from discreet.azure.official import provider_exports_to_azure
from discreet.errors import ConfigurationError
from discreet.otel.bridge import Bridge, UntilSdk
from discreet.otel.resource import Resource, host_attributes

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from discreet._delivery.sink import Sink
    from discreet._record import Encoder
    from discreet._redaction.redactor import Redactor

_PATH = "/v2.1/track"
_LEVEL = 1  # envelopes repeat themselves, so that zlib's fastest level leaves little
_MOST_REDIRECTS = 3

_HOST = re.compile(r"[a-z0-9.:-]+")  # what is odd in a name is read in different ways by different libraries
# Where the service may send us, by cloud: telemetry of one cloud is not to end in another.
_CLOUDS = (
    (".services.visualstudio.com", ".applicationinsights.azure.com", ".monitor.azure.com"),  # public
    (".applicationinsights.azure.us", ".monitor.azure.us"),
    (".applicationinsights.azure.cn", ".monitor.azure.cn"),
)


class ApplicationInsights(ExportSink):
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
        level: int | str | None = None,
        environ: Mapping[str, str] | None = None,
        **options: Any,
    ) -> None:
        self._environ = dict(os.environ if environ is None else environ)
        text = connection_string if connection_string is not None else self._environ.get(VARIABLE, "")
        setting = "connection_string" if connection_string is not None else VARIABLE
        if not text.strip():
            raise ConfigurationError(
                setting, "", "is empty", "Copy it from the overview page of the Application Insights resource"
            )
        self._connection = parse_connection_string(text, setting)
        self._token: Token | None = None
        if credential is not None:
            check_credential(credential, self._connection.endpoint)
            self._token = Token(credential, self._connection.audience)
        self._resource = dict(resource or {})
        self._base = self._connection.endpoint
        self._head = b'{"iKey":"' + self._connection.key.reveal().encode() + b'",'
        self._client = Http()
        super().__init__(level=level, **options)

    @property
    def name(self) -> str:
        """Application Insights, and its host."""
        return f"Application Insights {host_of(self._connection.endpoint)}"

    @property
    def destination(self) -> str:
        """Host and resource; of the instrumentation key only a checksum, so that two resources are two."""
        key = hashlib.sha256(self._connection.key.reveal().encode()).hexdigest()[:12]
        return f"application-insights {self._connection.endpoint.partition('://')[2]} {key}"

    @property
    def endpoint(self) -> str:
        """Where records are sent now: the connection string's endpoint, or where that has sent us."""
        return self._base

    def encoder(self, redactor: Redactor) -> Encoder:
        """One redacted record to one envelope, without the instrumentation key; that is masked from here on."""
        registry.add(self._connection.key.reveal(), "instrumentation-key")
        resource = Resource(self._environ, redactor, self._resource)
        return Envelopes(resource, has_instance=self._has_instance())

    def _has_instance(self) -> bool:
        """Whether somebody named this instance: the host, or the user. A random id would be a new one at each start."""
        from discreet._config.environment import resource_attributes

        places = (self._resource, resource_attributes(self._environ), host_attributes(self._environ))
        return any(place.get("service.instance.id") for place in places)

    def send(self, batch: Sequence[bytes], timeout: float) -> Result:
        """One attempt. Raises `OSError` where there was no answer."""
        status, headers, body = self.track(batch, timeout)
        return of_track(status, headers, body, batch) if status else Result(0, retry=batch, reason=body.decode())

    def track(self, lines: Sequence[bytes], timeout: float) -> tuple[int, Mapping[str, str], bytes]:
        """POST envelopes, following redirects; status 0 and the reason if Entra ID gave no token."""
        until = time.monotonic() + timeout
        headers = {
            "content-type": "application/x-json-stream",
            "content-encoding": "gzip",
            "accept": "application/json",
            "user-agent": _agent(),
        }
        if self._token is not None:
            try:
                headers["authorization"] = self._token.header()
            except Exception as error:  # whatever a credential raises, its records wait
                return 0, {}, f"Entra ID: {type(error).__name__}".encode()
        head = self._head  # in place of the `{` that each line begins with
        body = gzip.compress(head + head.join([line[1:] for line in lines]), _LEVEL, mtime=0)
        answer = self._client.post(self._base + _PATH, body, headers, timeout)
        for _ in range(_MOST_REDIRECTS):
            if answer.status not in REDIRECTS:
                break
            base = redirected(self._base, answer.headers.get("location", ""))
            if base is None or base == self._base:
                break
            self._base = base
            answer = self._client.post(base + _PATH, body, headers, max(0.1, until - time.monotonic()))
        if answer.status == 401 and self._token is not None:
            self._token.forget()
        return answer.status, answer.headers, answer.body

    def disconnect(self) -> None:
        """Drop the connection, and go back to the connection string's own endpoint."""
        self._base = self._connection.endpoint
        self._client.disconnect()


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


def _agent() -> str:
    from discreet._base.version import __version__

    return f"discreet-azure-python/{__version__}"


def from_environment(environ: Mapping[str, str]) -> Sink | None:
    """The sink that `APPLICATIONINSIGHTS_CONNECTION_STRING` asks for.

    Where the application's own OpenTelemetry pipeline exports to Azure already (the azure-monitor-opentelemetry
    distribution), records go into that one instead, so that nothing arrives twice; also if it is set up later.
    """
    if not environ.get(VARIABLE, "").strip():
        return None
    if provider_exports_to_azure():
        return Bridge()
    return _UntilDistribution(credential=credential_from_environment(environ), environ=environ)


class _UntilDistribution(UntilSdk, ApplicationInsights):
    def serves(self, provider: object) -> bool:
        """Only where it is Azure that it exports to."""
        return provider_exports_to_azure()
