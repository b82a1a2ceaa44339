"""The errors discreet raises, and when.

    DiscreetError
      ConfigurationError    a setting, or an option of a sink or a policy, that cannot be honoured
    InvalidValueError       a value that is none of those allowed, where no setting is concerned

A log call raises none of them: `discreet.health()` counts what goes wrong there.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


class DiscreetError(Exception):
    """Base of every error that discreet raises on purpose."""


class ConfigurationError(DiscreetError, ValueError):
    """A setting cannot be honoured; the message names the setting, its value and the remedy.

    A secret that was put in the wrong place is masked in the message; `value` is what was given.
    It is a `ValueError` too, so that code which validates settings of any library catches it.
    """

    def __init__(self, setting: str, value: object, problem: str, remedy: str) -> None:
        self.setting = setting
        self.value = value
        self.problem = problem
        self.remedy = remedy
        super().__init__(f"{mask(setting)}={_shown(value)}: {mask(problem)}. {mask(remedy)}")


class InvalidValueError(ValueError):
    """What is wrong with a value, and the remedy; never the value, which whoever knows the setting adds."""

    def __init__(self, problem: str, remedy: str) -> None:
        self.problem = problem
        self.remedy = remedy
        super().__init__(f"{problem}. {remedy}")


def _hide(_text: str) -> str:
    return "…"


mask: Callable[[str], str] = _hide
"""Masks the secrets in messages. The package hands the function in, because redaction imports this module."""


def _shown(value: object) -> str:
    """The value as the user wrote it, masked, then shortened: what is cut off a secret would hide the rest of it.

    A `repr` that raises must not hide the real error.
    """
    try:
        text = mask(repr(value))
    except Exception:  # any user object may be here
        text = f"<{type(value).__name__}>"
    return text if len(text) <= 200 else text[:200] + "…"
