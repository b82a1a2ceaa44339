"""Secrets among the settings: keys in headers and in the URL, which are masked wherever a record quotes them.

An HTTP client's own records quote the URL with its query.
"""

from __future__ import annotations

import base64
import re
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from discreet._redaction.secrets import registry

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from discreet._redaction.redactor import Redactor
    from discreet.otel.endpoint import Endpoint

_MADE = re.compile(r"(?=[A-Za-z]*\d)(?=\d*[A-Za-z])[A-Za-z0-9]{8}")
"""Letters and digits in one word, as keys have them and names of tenants do not."""
_SHORTEST = 16
"""Characters of a value whose name says nothing."""


def register(endpoint: Endpoint, headers: Mapping[str, str], redactor: Redactor) -> None:
    """Mask what lets us in, from now on: what is named as a secret, and what looks like a key whatever its name."""
    for name, value in _values(endpoint, headers):
        kind = redactor.key(name)
        if kind is None and len(value) >= _SHORTEST and _MADE.search(value):
            kind = "api-key"
        registry.add_environment({name: value}, {name: kind}.get)


def _values(endpoint: Endpoint, headers: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for name, value in headers.items():
        scheme, _, credential = value.rpartition(" ")  # a scheme such as Bearer is nobody's secret
        yield name, credential
        if scheme.strip().lower() == "basic":
            yield "password", _password(credential)
    for part in endpoint.query.split("&"):
        name, _, raw = part.partition("=")
        yield name, raw
        yield from parse_qsl(part)


def _password(credential: str) -> str:
    """Of RFC 7617; empty if it is none."""
    try:
        return base64.b64decode(credential, validate=True).decode().partition(":")[2]
    except ValueError:
        return ""
