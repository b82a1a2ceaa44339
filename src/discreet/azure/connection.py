"""The connection string of an Application Insights resource; all of it is treated as a secret.

Format: `Key=value` pairs joined by `;`, as the portal shows them on the resource's overview page. Known are
`InstrumentationKey`, `IngestionEndpoint`, `EndpointSuffix` with `Location`, `AADAudience` and `Authorization`
(https://learn.microsoft.com/azure/azure-monitor/app/connection-strings); all others are ignored.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

from discreet._redaction.secrets import Secret
from discreet.errors import ConfigurationError

if TYPE_CHECKING:
    from typing import NoReturn

VARIABLE = "APPLICATIONINSIGHTS_CONNECTION_STRING"
GLOBAL_ENDPOINT = "https://dc.services.visualstudio.com"
"""Where telemetry goes when the connection string names no endpoint."""

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


def is_loopback(url: str) -> bool:
    """Whether a URL leads to this machine."""
    return _LOOPBACK.fullmatch(host_of(url)) is not None
