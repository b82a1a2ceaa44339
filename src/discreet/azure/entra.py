"""Tokens of Microsoft Entra ID, from any credential of azure-identity (or any object with its `get_token`)."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from discreet._redaction.secrets import Secret
from discreet.azure.connection import is_loopback
from discreet.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

AUTHENTICATION = "APPLICATIONINSIGHTS_AUTHENTICATION_STRING"
AUDIENCE = "https://monitor.azure.com/"
"""Azure Monitor in the public cloud. A scope is an audience and `/.default`, the second slash included."""

_EARLY = 300.0  # seconds before its end that a token is renewed


class Token:
    """One credential's token for one audience; asked for on the sender's thread, and kept until shortly before its end.

    Losing a race between threads costs one more question to the credential, which keeps its own cache.
    """

    def __init__(self, credential: Any, audience: str, *, clock: Callable[[], float] = time.time) -> None:
        self._credential = credential
        self._scope = f"{audience or AUDIENCE}/.default"
        self._clock = clock
        self._text: Secret[str] | None = None
        self._ends = self._renewed = 0.0

    def header(self) -> str:
        """The value of `Authorization`. Raises what the credential raises, unless the token at hand is still good."""
        now = self._clock()
        if self._text is None or now >= self._renewed:
            try:
                self._ask(now)
            except Exception:
                if self._text is None or now >= self._ends:
                    raise
                self._renewed = now + 30.0  # it could not be renewed early; there is time to try again
        assert self._text is not None
        return f"Bearer {self._text.reveal()}"

    def _ask(self, now: float) -> None:
        found = self._credential.get_token(self._scope)
        self._ends = float(found.expires_on)
        refresh = getattr(found, "refresh_on", None)
        self._renewed = min(float(refresh), self._ends) if refresh else max(now, self._ends - _EARLY)
        self._text = Secret(str(found.token))

    def forget(self) -> None:
        """The receiver did not take it: ask for another one next time."""
        self._text = None


def check_credential(credential: object, endpoint: str) -> None:
    """Refuse what cannot give a token, and endpoints where a token would travel in the clear."""
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
    """The credential that `APPLICATIONINSIGHTS_AUTHENTICATION_STRING` asks for; None without it, and nothing probed."""
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
        raise ModuleNotFoundError(
            'Entra ID needs azure-identity, which is not installed. Install it with: pip install "discreet[azure]"',
            name="azure.identity",
        ) from error
    client = found.get("clientid")
    return DefaultAzureCredential(managed_identity_client_id=client) if client else DefaultAzureCredential()
