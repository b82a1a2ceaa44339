"""`discreet.mask(text)`: what the redactor would make of a text."""

from __future__ import annotations

from discreet._redaction.engine import Redactor
from discreet._redaction.policy import Redaction


def mask(text: str) -> str:
    """The text with every secret in it replaced by its marker, under the policy in force."""
    from discreet._configure import state

    redactor = state.pipeline.redactor if state.pipeline is not None else Redactor(Redaction())
    return redactor.text(text)
