"""The connection string of an Application Insights resource, which is treated as the secret it stands beside.

Format: `Key=value` pairs joined by `;`, as the portal shows them on the resource's overview page. Known are
`InstrumentationKey`, `IngestionEndpoint`, `EndpointSuffix` with `Location`, `AADAudience` and `Authorization`
(https://learn.microsoft.com/azure/azure-monitor/app/connection-strings); all others are left alone.
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
    """What a connection string says."""

    key: Secret[str]
    """The instrumentation key, which says whose telemetry it is."""
    endpoint: str
    """Where to send it: scheme and host, and a path if there is one, without a slash at the end."""
    audience: str = ""
    """Whom tokens of Entra ID are made for, in a cloud that is not the public one."""


def parse_connection_string(text: str, setting: str = VARIABLE) -> Connection:
    """Read a connection string; raises `ConfigurationError`, which never shows a part of it."""

    def refuse(problem: str, remedy: str = _REMEDY) -> NoReturn:
        raise ConfigurationError(setting, Secret(text), problem, remedy)

    found: dict[str, str] = {}
    for number, part in enumerate(text.strip().strip("\"'").split(";"), 1):
        if not part.strip():
            continue  # a semicolon at the end is no mistake
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
    """`url` without a slash at its end; raises `ValueError` if it is no address to send to."""
    try:
        parts = urlsplit(url)
        port_is_fine = parts.port is None or parts.port > 0
    except ValueError:
        raise ValueError("is no URL") from None
    if parts.scheme not in ("https", "http") or not parts.hostname or not port_is_fine:
        raise ValueError("is no https:// URL")
    if "@" in url or parts.query or parts.fragment:  # also where a character of a password ends the host
        raise ValueError("has more than a host and a path")
    return f"{parts.scheme}://{parts.netloc}{parts.path}".rstrip("/")


def host_of(url: str) -> str:
    """The host of a URL, in small letters, without its port."""
    return (urlsplit(url).hostname or "").lower()


def is_loopback(url: str) -> bool:
    """Whether a URL stays on this machine."""
    return _LOOPBACK.fullmatch(host_of(url)) is not None
