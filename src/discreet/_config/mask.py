"""`discreet.mask(text)`: what the redactor would make of a text."""

from __future__ import annotations

from dataclasses import replace

from discreet._config.state import state
from discreet._redaction.policy import Redaction
from discreet._redaction.redactor import Redactor

_DEFAULT = Redaction()
_last: tuple[Redaction, Redactor] | None = None


def mask(text: str) -> str:
    """The text with every secret in it replaced by its marker, under the policy in force.

    Unlike a record's texts it is never shortened.
    """
    global _last  # noqa: PLW0603 - making a redactor costs a hundred times more than using it
    policy = state.settings.redaction if state.settings is not None else _DEFAULT
    key = state.settings.pseudonym_key if state.settings is not None else None
    if _last is None or _last[0] is not policy:
        _last = (policy, Redactor(replace(policy, max_text=None), key))
    return _last[1].text(text)
