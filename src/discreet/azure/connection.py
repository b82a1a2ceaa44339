"""Where records go and who may send them: connection strings, which are secret, and tokens of Microsoft Entra ID.

A connection string is `Key=value` pairs joined by `;`, as the portal shows them on the resource's overview page. Known
are `InstrumentationKey`, `IngestionEndpoint`, `EndpointSuffix` with `Location`, `AADAudience` and `Authorization`
(https://learn.microsoft.com/azure/azure-monitor/app/connection-strings); all others are ignored.
"""

from __future__ import annotations

import gzip
import os
import re
import time
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

from discreet._base.imports import missing_library
from discreet._base.version import __version__
from discreet._delivery.export.http import Answer, Http
from discreet._delivery.export.sink import ExportSink
from discreet._redaction.secrets import Secret
from discreet.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import NoReturn

VARIABLE = "APPLICATIONINSIGHTS_CONNECTION_STRING"
GLOBAL_ENDPOINT = "https://dc.services.visualstudio.com"
"""Where telemetry goes when the connection string names no endpoint."""

AUTHENTICATION = "APPLICATIONINSIGHTS_AUTHENTICATION_STRING"
AUDIENCE = "https://monitor.azure.com/"
"""Azure Monitor in the public cloud. A scope is an audience and `/.default`, the second slash included."""

RETRYABLE = frozenset({401, 403, 408, 429, *range(500, 1000)})
"""401 and 403 too: it takes minutes until a new role assignment has effect, and until then no record is lost."""

_LEVEL = 1  # records repeat themselves, so that zlib's fastest level leaves little
_EARLY = 300.0  # a token is renewed this many seconds before it expires
_KEY = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", re.IGNORECASE)
_LOOPBACK = re.compile(r"localhost|127(?:\.\d{1,3}){3}|::1")
_REMEDY = "Copy the connection string again from the overview page of the Application Insights resource"


class Connection(NamedTuple):
    """The content of a connection string."""

    key: Secret[str]
    """The instrumentation key, which names the resource."""
    endpoint: str
    """Where to send records: scheme and host, and a path if there is one, without a slash at the end."""
    audience: str = ""
    """The audience of Entra ID tokens, in a cloud other than the public one."""


def parse_connection_string(text: str, setting: str = VARIABLE) -> Connection:
    """Read a connection string; raises `ConfigurationError`, which never shows a part of it."""

    def refuse(problem: str, remedy: str = _REMEDY) -> NoReturn:
        raise ConfigurationError(setting, Secret(text), problem, remedy)

    found: dict[str, str] = {}
    for number, part in enumerate(text.strip().strip("\"'").split(";"), 1):
        if not part.strip():
            continue  # a semicolon at the end is allowed
        name, equals, value = part.partition("=")
        if not equals:
            refuse(f"part {number} has no `=`")
        found[name.strip().lower()] = value.strip()
    if found.get("authorization", "ikey").lower() != "ikey":
        refuse("the only Authorization of a connection string is ikey", "Entra ID is asked for by `credential=`")
    key = found.get("instrumentationkey", "")
    if not key:
        refuse("there is no InstrumentationKey in it")
    if not _KEY.fullmatch(key):
        refuse("its InstrumentationKey is no UUID")
    endpoint = found.get("ingestionendpoint", "")
    suffix = found.get("endpointsuffix", "")
    if not endpoint and suffix:
        location = found.get("location", "")
        endpoint = f"https://{location + '.' if location else ''}dc.{suffix}"
    try:
        return Connection(
            Secret(key.lower()), clean_endpoint(endpoint or GLOBAL_ENDPOINT), found.get("aadaudience", "")
        )
    except ValueError as error:
        return refuse(f"its IngestionEndpoint {error}")


def clean_endpoint(url: str) -> str:
    """`url` without a slash at its end; raises `ValueError` if records cannot be sent there."""
    try:
        parts = urlsplit(url)
        port_is_fine = parts.port is None or parts.port > 0
    except ValueError:
        raise ValueError("is no URL") from None
    if parts.scheme not in ("https", "http") or not parts.hostname or not port_is_fine:
        raise ValueError("is no https:// URL")
    if "@" in url or parts.query or parts.fragment:  # a `/`, `?` or `#` in a password would end the host
        raise ValueError("has more than a host and a path")
    return f"{parts.scheme}://{parts.netloc}{parts.path}".rstrip("/")


def host_of(url: str) -> str:
    """The host of a URL in lower case, without the port."""
    return (urlsplit(url).hostname or "").lower()


class AzureSink(ExportSink):
    """What the sinks for Azure have in common: requests, and tokens where there is a credential."""

    def __init__(
        self, environ: Mapping[str, str] | None, resource: Mapping[str, object] | None, **options: Any
    ) -> None:
        super().__init__(**options)
        self._environ = dict(os.environ if environ is None else environ)
        self._resource = dict(resource or {})
        self._token: Token | None = None
        self._client = Http()

    def _post(self, url: str, body: bytes, content_type: str, timeout: float) -> Answer:
        """One compressed request. Without a token, which its credential did not give, the status is 0."""
        headers = {
            "content-type": content_type,
            "content-encoding": "gzip",
            "accept": "application/json",
            "user-agent": f"discreet-azure-python/{__version__}",
        }
        if self._token is not None:
            try:
                headers["authorization"] = self._token.header()
            except Exception as error:  # a credential may raise anything; the records are sent later
                return Answer(0, {}, b"", f"Entra ID: {type(error).__name__}")
        answer = self._client.post(url, gzip.compress(body, _LEVEL, mtime=0), headers, timeout)
        if answer.status == 401 and self._token is not None:
            self._token.forget()
        return answer

    def disconnect(self) -> None:
        """Drop the connection."""
        self._client.disconnect()


class Token:
    """One credential's token for one audience, kept until shortly before it expires; used by the sender's thread.

    Two threads at once may ask the credential twice, which is harmless: the credential has a cache of its own.
    """

    def __init__(self, credential: Any, audience: str, *, clock: Callable[[], float] = time.time) -> None:
        self._credential = credential
        self._scope = f"{audience or AUDIENCE}/.default"
        self._clock = clock
        self._text: Secret[str] | None = None
        self._expires = self._renew_at = 0.0

    def header(self) -> str:
        """The value of `Authorization`. Raises what the credential raises, unless the token at hand is still good."""
        now = self._clock()
        if self._text is None or now >= self._renew_at:
            try:
                found = self._credential.get_token(self._scope)
                self._expires = float(found.expires_on)
                refresh = getattr(found, "refresh_on", None)
                self._renew_at = min(float(refresh), self._expires) if refresh else max(now, self._expires - _EARLY)
                self._text = Secret(str(found.token))
            except Exception:
                if self._text is None or now >= self._expires:
                    raise
                self._renew_at = now + 30.0  # the old token is still good: try again later
        assert self._text is not None
        return f"Bearer {self._text.reveal()}"

    def forget(self) -> None:
        """Ask for another token next time, because the receiver refused this one."""
        self._text = None


def check_credential(credential: object, endpoint: str) -> None:
    """Raise `ConfigurationError` for an object that gives no tokens, and for an endpoint without encryption."""
    if not callable(getattr(credential, "get_token", None)):
        raise ConfigurationError(
            "credential",
            type(credential).__name__,
            "has no get_token",
            "Pass a credential of azure-identity, such as DefaultAzureCredential()",
        )
    if not endpoint.startswith("https://") and not _LOOPBACK.fullmatch(host_of(endpoint)):
        raise ConfigurationError(
            "credential", endpoint, "a token must not travel over http", "Use an endpoint that begins with https://"
        )


def credential_from_environment(environ: Mapping[str, str]) -> Any:
    """The credential that `APPLICATIONINSIGHTS_AUTHENTICATION_STRING` asks for; None if it is not set."""
    text = environ.get(AUTHENTICATION, "").strip()
    if not text:
        return None
    pairs = [part.partition("=") for part in text.split(";")]
    found = {name.strip().lower(): value.strip() for name, _, value in pairs if name.strip()}
    if found.get("authorization", "").upper() != "AAD":
        raise ConfigurationError(
            AUTHENTICATION,
            Secret(text),
            "does not ask for Entra ID",
            "Write Authorization=AAD, or Authorization=AAD;ClientId=... for a user-assigned identity",
        )
    try:
        from azure.identity import DefaultAzureCredential
    except ImportError as error:
        raise missing_library("Entra ID", "azure-identity", "azure", "azure.identity") from error
    client = found.get("clientid")
    return DefaultAzureCredential(managed_identity_client_id=client) if client else DefaultAzureCredential()
