"""`discreet.mask(text)`: what the redactor would make of a text."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

from discreet._redaction.engine import Redactor
from discreet._redaction.policy import Redaction
from discreet._state import state


def mask(text: str) -> str:
    """The text with every secret in it replaced by its marker, under the policy in force.

    Unlike a record's texts it is never shortened.
    """
    return _redactor(state.settings.redaction if state.settings is not None else None).text(text)


@lru_cache(maxsize=1)
def _redactor(policy: Redaction | None) -> Redactor:
    return Redactor(replace(policy or Redaction(), max_text=None))
