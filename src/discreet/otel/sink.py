"""The OTLP sink: settings from code, then from the environment, then defaults; and the transport that they ask for."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from discreet._base.imports import missing_library
from discreet._base.version import __version__
from discreet._delivery.export.retry import LONGEST_WAIT
from discreet._delivery.export.sink import ExportSink, Result
from discreet.errors import ConfigurationError
from discreet.otel import settings
from discreet.otel.bridge import Bridge, UntilSdk, set_provider
from discreet.otel.resource import Resource
from discreet.otel.settings import COMPRESSIONS, GENERAL_ENDPOINT, GRPC_DEFAULT, HTTP_DEFAULT, PROTOCOLS, Tls, shown

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from discreet._delivery.sink import Sink
    from discreet._record import Encoder
    from discreet._redaction.redactor import Redactor
    from discreet.otel.transport import Grpc, Http


class OTLP(ExportSink):
    """Records to an OpenTelemetry collector or any other OTLP receiver.

    A setting that is not given comes from the `OTEL_*` variables, then from the specification's defaults: OTLP/HTTP
    with protobuf to `http://localhost:4318/v1/logs`. A given `endpoint` is used as it is; of a given URL the user and
    the password become a header, and never appear in `health()` or in an error. `protocol` is "http/protobuf",
    "http/json" or "grpc" (needs `discreet[otel-grpc]`), `compression` "none" or "gzip". `headers` are secrets.
    `certificate` (authorities to trust), `client_certificate` and `client_key` name files in PEM form; `insecure`
    is for gRPC names without http or https. `resource` holds attributes over those that are detected. `timeout` is
    seconds for one attempt; further keywords are those of every sink that exports (`delay`, `batch_count`, ...).

    Raises `ConfigurationError` for a wrong value given in code and for an endpoint that is not one, and
    `ModuleNotFoundError` with the remedy when an extra is missing.
    """

    def __init__(
        self,
        endpoint: str | None = None,
        *,
        protocol: str | None = None,
        headers: Mapping[str, str] | None = None,
        compression: str | None = None,
        timeout: float | None = None,
        certificate: str | None = None,
        client_certificate: str | None = None,
        client_key: str | None = None,
        insecure: bool | None = None,
        resource: Mapping[str, object] | None = None,
        level: int | str | None = None,
        environ: Mapping[str, str] | None = None,
        **options: Any,
    ) -> None:
        self._environ = environ = dict(os.environ if environ is None else environ)
        variables = settings.exporter(environ)
        self._protocol = _one_of("protocol", protocol or variables.protocol, PROTOCOLS)
        self._gzip = _one_of("compression", compression or variables.compression, COMPRESSIONS) == "gzip"
        self._tls = Tls(
            certificate or variables.certificate,
            client_certificate or variables.client_certificate,
            client_key or variables.client_key,
        )
        self._headers = dict(variables.headers)
        if headers is not None:
            self._headers = {name.lower(): value for name, value in headers.items()}
        self._resource = dict(resource or {})
        self._limits = settings.limits(environ)
        batching = settings.batching(environ)
        if timeout is None and (variables.timeout or batching["timeout"]):
            # The exporter's timeout, but not longer than the processor allows.
            timeout = min(variables.timeout or ExportSink.timeout, batching["timeout"] or LONGEST_WAIT)
        batching["timeout"] = timeout
        options = {name: value for name, value in (batching | options).items() if value is not None}
        address = endpoint or variables.endpoint
        try:
            self._tls.check()
            if self._protocol == "grpc":
                insecure = variables.insecure if insecure is None else insecure
                self._endpoint = settings.grpc_endpoint(address or GRPC_DEFAULT, insecure=insecure)
            else:
                self._endpoint = settings.http_endpoint(address or HTTP_DEFAULT)
            if self._endpoint.authorization is not None:
                self._headers.setdefault("authorization", self._endpoint.authorization)
            self._transport = self._make_transport()
        except ConfigurationError as error:
            code = (("endpoint", endpoint), ("certificate", certificate), ("client_key", client_key))
            given = {name for name, value in (*code, ("client_certificate", client_certificate)) if value}
            raise _as_written(error, given, variables.variables, environ) from None
        super().__init__(level=level, **options)

    def _make_transport(self) -> Grpc | Http:
        """The transport, not yet connected. It is imported here because its libraries belong to the extras."""
        agent = f"discreet-otlp-python/{__version__}"
        try:
            from discreet.otel.transport import Grpc, Http

            if self._protocol == "grpc":
                return Grpc(self._endpoint, self._tls, self._headers, gzip=self._gzip, agent=agent)
            json = self._protocol == "http/json"
            return Http(self._endpoint, self._tls, self._headers, gzip=self._gzip, json=json, agent=agent)
        except ImportError as error:
            if error.name is None or error.name.startswith("discreet") or error.name == "grpc":
                raise
            raise missing_library("OTLP", error.name, "otel", error.name) from error
        except ConfigurationError:
            raise
        except Exception as error:  # protobuf raises where the schema was generated for a newer protobuf
            raise ConfigurationError(
                "protocol",
                self._protocol,
                f"its libraries do not work here ({type(error).__name__})",
                "Update them: pip install -U opentelemetry-proto protobuf",
            ) from error

    @property
    def name(self) -> str:
        """OTLP, and where to."""
        return f"OTLP {self._endpoint.name}"

    @property
    def destination(self) -> str:
        """The receiver's address, without user, password and query."""
        return f"otlp {self._endpoint.name}"

    @property
    def credentials(self) -> Sequence[str]:
        """The headers, also those that name a tenant; the URL's query and user; and the client's certificate."""
        others = (("?", self._endpoint.query), ("!", self._tls.client_key or ""))
        named = [*sorted(self._headers.items()), *(pair for pair in others if pair[1])]
        return [f"{name}={value}" for name, value in named]

    def encoder(self, redactor: Redactor) -> Encoder:
        """One redacted record to one line: its head with resource and scope, and the serialized record."""
        from discreet.otel.encoder import Encoder as LineEncoder

        settings.register_secrets(self._endpoint, self._headers, redactor)
        return LineEncoder(Resource(self._environ, redactor, self._resource), self._limits)

    def send(self, batch: Sequence[bytes], timeout: float) -> Result:
        """One attempt to deliver the batch."""
        return self._transport.send(batch, timeout)

    def disconnect(self) -> None:
        """Drop the connection; the next batch makes another."""
        self._transport.disconnect()


def from_environment(environ: Mapping[str, str]) -> Sink | None:
    """The sink that the `OTEL_*` variables ask for; None where they switch the export of logs off.

    If the application sets up the OpenTelemetry SDK for logs, these variables configure that SDK. Then records go into
    the SDK, from the moment when it is set up.
    """
    if settings.disabled(environ):
        return None
    return Bridge() if set_provider() is not None else _OTLPUntilSdk(environ=environ)


class _OTLPUntilSdk(UntilSdk, OTLP):
    pass


def _one_of(setting: str, value: str, words: tuple[str, ...]) -> str:
    if value not in words:
        raise ConfigurationError(setting, value, "not known", f"Use {', '.join(words[:-1])} or {words[-1]}")
    return value


def _as_written(
    error: ConfigurationError,
    given: Collection[str],
    variables: Mapping[str, str],
    environ: Mapping[str, str],
) -> ConfigurationError:
    """The same error under the name that the user wrote: the variable, with its text, or the parameter."""
    setting = "certificate" if error.setting == "ca_file" else error.setting
    value, remedy, variable = error.value, error.remedy, variables.get(setting)
    if variable is not None and setting not in given:
        value = environ[variable].strip()
        value = shown(value) if setting == "endpoint" else value
        remedy = remedy.replace("/v1/logs", "") if variable == GENERAL_ENDPOINT else remedy  # it is appended
        setting = variable
    return ConfigurationError(setting, value, error.problem, remedy)
