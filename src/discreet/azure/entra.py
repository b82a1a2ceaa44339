"""Tokens of Microsoft Entra ID, from a credential of azure-identity or any other object with its `get_token`."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from discreet._base.extras import missing_library
from discreet._redaction.secrets import Secret
from discreet.azure.connection import is_loopback
from discreet.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

AUTHENTICATION = "APPLICATIONINSIGHTS_AUTHENTICATION_STRING"
AUDIENCE = "https://monitor.azure.com/"
"""Azure Monitor in the public cloud. A scope is an audience and `/.default`, the second slash included."""

_EARLY = 300.0  # a token is renewed this many seconds before it expires


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
                self._ask(now)
            except Exception:
                if self._text is None or now >= self._expires:
                    raise
                self._renew_at = now + 30.0  # the old token is still good: try again later
        assert self._text is not None
        return f"Bearer {self._text.reveal()}"

    def _ask(self, now: float) -> None:
        found = self._credential.get_token(self._scope)
        self._expires = float(found.expires_on)
        refresh = getattr(found, "refresh_on", None)
        self._renew_at = min(float(refresh), self._expires) if refresh else max(now, self._expires - _EARLY)
        self._text = Secret(str(found.token))

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
    if not endpoint.startswith("https://") and not is_loopback(endpoint):
        raise ConfigurationError(
            "credential", endpoint, "a token must not travel over http", "Use an endpoint that begins with https://"
        )


def credential_from_environment(environ: Mapping[str, str]) -> Any:
    """The credential that `APPLICATIONINSIGHTS_AUTHENTICATION_STRING` asks for; None if it is not set."""
    text = environ.get(AUTHENTICATION, "").strip()
    if not text:
        return None
    found: dict[str, str] = {}
    for part in text.split(";"):
        name, _, value = part.partition("=")
        if name.strip():
            found[name.strip().lower()] = value.strip()
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
