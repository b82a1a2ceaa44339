"""`discreet.register_secret(value)`: a value that must never leave, however it is spelled."""

from __future__ import annotations

from discreet._redaction.registered import KIND, SHORTEST, registry
from discreet._redaction.secret import Secret
from discreet.errors import ConfigurationError


def register_secret(value: str | bytes | Secret[str], *, kind: str = KIND) -> None:
    """Mask this value wherever it appears from now on, in this process.

    Also where it is percent-encoded, escaped for JSON or XML, in hexadecimal or inside base64. `kind` is what the
    marker says. Raises `ConfigurationError` (which does not show the value) if it has fewer than 8 characters: shorter
    ones stand in too many innocent words.
    """
    text = value.reveal() if isinstance(value, Secret) else value
    if isinstance(text, bytes):
        text = text.decode("utf-8", "surrogateescape")
    try:
        registry.add(text, kind)
    except ValueError:
        raise ConfigurationError(
            "register_secret",
            "…",
            f"fewer than {SHORTEST} characters",
            "Register the whole secret, or use discreet.Secret",
        ) from None
