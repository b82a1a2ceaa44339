"""Step 3, redact: the policy, that is what a user may add to or take from the built-in rules."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from discreet._redaction.masking import check_strategies
from discreet._redaction.patterns import check_searched
from discreet.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

MAX_TEXT = 65_536
"""Characters of one string that leave by default."""

PERSONAL = frozenset(("email", "phone", "ip-address"))
"""Kinds that a policy may turn on; detectors.json has their patterns."""


@dataclass(frozen=True)
class Redaction:
    """What is masked beyond the built-in rules, and what is not.

    extra_keys: names whose values are masked, compared without case and separators.
    safe_keys: names whose values are not masked for their name; the values are still judged.
    patterns: kind to regular expression; the whole match is masked, or group 1 where there is one.
        Regular expressions have no look-around and no back-references (see `check_searched`).
    personal: kinds of personal data to mask too: any of "email", "phone", "ip-address". Most logs need them, so none
        is masked by default.
    strategies: kind to what stands in the secret's place: "marker" (the default), "partial" (with the last four
        characters), "drop", or "pseudonym" (see `DISCREET_PSEUDONYM_KEY`; without a key the marker stands in).
    safe_patterns: regular expressions, as in `patterns`, for texts that look like secrets and are none; what they match
        is never masked, unless it was registered.
    environment: whether the values of environment variables with sensitive names are masked wherever they appear.
    loggers: a policy of its own for a logger and those below it.
    callback: called with every string after the rules; returns the text to keep. A slow path: strings are no
        longer cached. If it raises or returns no string, the value becomes `[REDACTED:unjudged]`.
    max_text: characters of one string that leave, after it was judged; None for no limit.
    """

    extra_keys: Iterable[str] = ()
    safe_keys: Iterable[str] = ()
    patterns: Mapping[str, str] = field(default_factory=dict[str, str])
    personal: Iterable[str] = ()
    strategies: Mapping[str, str] = field(default_factory=dict[str, str])
    safe_patterns: Iterable[str] = ()
    environment: bool = True
    loggers: Mapping[str, Redaction] = field(default_factory=dict[str, "Redaction"])
    callback: Callable[[str], str] | None = None
    max_text: int | None = MAX_TEXT

    def __post_init__(self) -> None:
        for setting in ("extra_keys", "safe_keys"):
            given = getattr(self, setting)
            names = (given,) if isinstance(given, (str, bytes)) else tuple(given)
            if isinstance(given, (str, bytes)) or not all(isinstance(name, str) and name for name in names):
                raise ConfigurationError(setting, given, "not a collection of names", 'Write ("name", "other_name")')
            object.__setattr__(self, setting, names)
        kinds = (self.personal,) if isinstance(self.personal, str) else tuple(self.personal)
        if not set(kinds) <= PERSONAL:
            raise ConfigurationError("personal", self.personal, "unknown kind", f"Choose among {sorted(PERSONAL)}.")
        object.__setattr__(self, "personal", kinds)
        for kind, pattern in self.patterns.items():
            check_searched(kind, pattern)
        check_strategies(self.strategies)
        safe = (self.safe_patterns,) if isinstance(self.safe_patterns, str) else tuple(self.safe_patterns)
        for pattern in safe:
            check_searched("safe-pattern", pattern)
        object.__setattr__(self, "safe_patterns", safe)
        for name, policy in self.loggers.items():
            if not isinstance(policy, Redaction) or policy.loggers:
                raise ConfigurationError(
                    f"loggers[{name!r}]", type(policy).__name__, "not a policy", "Use a Redaction without loggers"
                )
        if self.callback is not None and not callable(self.callback):
            raise ConfigurationError("callback", self.callback, "not callable", "Pass a function from str to str")
        limit = self.max_text
        if limit is not None and (isinstance(limit, bool) or not isinstance(limit, int) or limit < 1):
            raise ConfigurationError("max_text", limit, "not a length", "Pass a positive number of characters, or None")
