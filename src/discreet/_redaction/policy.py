"""Step 3, redact: the policy, which is what a user adds to or takes from the built-in rules.

A user's pattern has to be in the shared rule language: regular expressions that every engine of discreet can run in
linear time.
"""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import TYPE_CHECKING

from discreet._base.frozen import Frozen
from discreet._base.lazy_pattern import lazy_pattern
from discreet._redaction.masking import check_strategies
from discreet.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from typing import Any

MAX_TEXT = 65_536
"""Characters of one string that leave by default."""

PERSONAL = frozenset(("email", "phone", "ip-address"))
"""Kinds of personal data that a policy may turn on; detectors.json has their patterns."""


_NOTHING: Mapping[str, Any] = MappingProxyType({})


class Redaction(Frozen):
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

    A policy does not change; `replace`, or `copy.replace`, makes another one of it. Wrong arguments raise
    `ConfigurationError`.
    """

    extra_keys: tuple[str, ...]
    safe_keys: tuple[str, ...]
    patterns: dict[str, str]
    personal: tuple[str, ...]
    strategies: dict[str, str]
    safe_patterns: tuple[str, ...]
    environment: bool
    loggers: dict[str, Redaction]
    callback: Callable[[str], str] | None
    max_text: int | None

    def __init__(
        self,
        extra_keys: Iterable[str] = (),
        safe_keys: Iterable[str] = (),
        patterns: Mapping[str, str] = _NOTHING,
        personal: Iterable[str] = (),
        strategies: Mapping[str, str] = _NOTHING,
        safe_patterns: Iterable[str] = (),
        environment: bool = True,
        loggers: Mapping[str, Redaction] = _NOTHING,
        callback: Callable[[str], str] | None = None,
        max_text: int | None = MAX_TEXT,
    ) -> None:
        kinds, texts = _tuple(personal), _tuple(safe_patterns)
        if not set(kinds) <= PERSONAL:
            raise ConfigurationError("personal", personal, "unknown kind", f"Choose among {sorted(PERSONAL)}.")
        for kind, pattern in (*patterns.items(), *(("safe-pattern", text) for text in texts)):
            check_searched(kind, pattern)
        check_strategies(strategies)
        for name, policy in loggers.items():
            if not isinstance(policy, Redaction) or policy.loggers:
                raise ConfigurationError(
                    f"loggers[{name!r}]", type(policy).__name__, "not a policy", "Use a Redaction without loggers"
                )
        if callback is not None and not callable(callback):
            raise ConfigurationError("callback", callback, "not callable", "Pass a function from str to str")
        if max_text is not None and (isinstance(max_text, bool) or not isinstance(max_text, int) or max_text < 1):
            remedy = "Pass a positive number of characters, or None"
            raise ConfigurationError("max_text", max_text, "not a length", remedy)
        super().__init__(
            extra_keys=_names("extra_keys", extra_keys),
            safe_keys=_names("safe_keys", safe_keys),
            patterns=dict(patterns),
            personal=kinds,
            strategies=dict(strategies),
            safe_patterns=texts,
            environment=environment,
            loggers=dict(loggers),
            callback=callback,
            max_text=max_text,
        )


def _tuple(given: Iterable[str]) -> tuple[str, ...]:
    return (given,) if isinstance(given, str) else tuple(given)


def _names(setting: str, given: Iterable[str]) -> tuple[str, ...]:
    names = () if isinstance(given, (str, bytes)) else tuple(given)
    if isinstance(given, (str, bytes)) or not all(isinstance(name, str) and name for name in names):
        raise ConfigurationError(setting, given, "not a collection of names", 'Write ("name", "other_name")')
    return names


_KIND = lazy_pattern(r"[a-z][a-z0-9-]{0,39}\Z")
_BOUNDED_LARGE = 1000
_PART = lazy_pattern(
    r"([*+]|\{(\d*)(,?)(\d*)\})|"  # a quantifier
    r"\((?:\?(?:P<\w+>|[aiLmsux]*(?:-[imsx]+)?:?))?|"  # the beginning of a group
    r"\[\^?\]?(?:\\.?|[^\]\\])*\]?|\\.?|.",  # a class of characters, an escape, anything else
    re.DOTALL,
)
_UNSHARED = (
    (lazy_pattern(r"\(\?<?[=!]"), "look-around", "Match the surrounding text too and put the secret in group 1"),
    (lazy_pattern(r"\(\?P=|\\[1-9]"), "a back-reference", "Repeat the sub-expression instead"),
    (lazy_pattern(r"\(\?\("), "a conditional", "Write one pattern per case"),
    (lazy_pattern(r"\(\?>|[*+?}]\+"), "a possessive or atomic group", "Use a plain quantifier with an upper bound"),
    (lazy_pattern(r"\(\?#"), "a comment", "Write the comment beside the pattern"),
    (lazy_pattern(r"\\[ZGKXR]"), "an escape that only one engine knows", r"Use \A, \b or $ instead"),
)


def check_pattern(kind: str, regex: str) -> re.Pattern[str]:
    """Compile a user's pattern, or raise `ConfigurationError` saying why it is outside the shared subset.

    The subset is what every engine of discreet runs in linear time: no look-around, no back-references, no
    conditionals, no unbounded repetition inside a repetition.
    """
    setting = f"patterns[{kind!r}]"
    if not isinstance(kind, str) or not _KIND.match(kind):
        raise ConfigurationError(
            "patterns", kind, "not a kind", "Use lower-case letters, digits and dashes: 'customer-id'."
        )
    if not isinstance(regex, str):
        raise ConfigurationError(setting, regex, "not a regular expression", "Pass its text")
    stripped = re.sub(r"\\\\", "  ", regex)  # an escaped backslash starts no escape
    for unshared, name, remedy in _UNSHARED:
        if unshared.search(stripped):
            raise ConfigurationError(setting, regex, f"{name} is outside the shared rule language", f"{remedy}.")
    try:
        compiled = re.compile(regex)
    except (re.error, OverflowError, RecursionError) as error:
        reason = str(error).partition("'")[0].rstrip()  # it goes on with a word of the pattern
        raise ConfigurationError(setting, regex, f"invalid regular expression: {reason}", "Correct it.") from None
    if _unbounded(stripped)[0]:
        raise ConfigurationError(
            setting,
            regex,
            "a repetition inside an unbounded repetition",
            "Give the inner and the outer one upper bounds: {1,64}.",
        )
    if compiled.match("") is not None:
        raise ConfigurationError(setting, regex, "matches the empty text", "Require at least one character.")
    return compiled


def check_searched(kind: str, regex: str) -> re.Pattern[str]:
    r"""As `check_pattern`, for a pattern that is searched for from every character of a text.

    From each it must give up soon: an unbounded repetition may only end the pattern. `\w+@x` reads a long word anew
    from each of its letters, `\w{1,64}@x` does not.
    """
    compiled = check_pattern(kind, regex)
    if _unbounded(re.sub(r"\\\\", "  ", regex))[1]:
        raise ConfigurationError(
            f"patterns[{kind!r}]",
            regex,
            "an unbounded repetition that something follows",
            "Give it an upper bound: {1,64} in place of +, {0,64} in place of *.",
        )
    return compiled


def _unbounded(regex: str) -> tuple[bool, bool]:
    """Of repetitions without bound: whether one (or one with a large bound) is inside another; whether one is followed.

    Followed: anything of the pattern comes after it.
    """
    nested = followed = repeating = closed = False  # repeating: such a repetition has just ended
    groups = [(False, False, False)]  # of each open one: repeating before it, at the end of an alternative, anywhere
    for part, unbounded in _parts(regex):
        inside, closed = closed, False
        before, at_end, anywhere = groups[-1]
        if part == "*":
            nested = nested or (unbounded and inside)
            groups[-1] = (before, at_end, anywhere or unbounded)
            repeating = repeating or unbounded
        elif part == "|":
            groups[-1] = (before, at_end or repeating, anywhere)
            repeating = before
        elif part == ")" and len(groups) > 1:
            repeating, closed = at_end or repeating, anywhere
            groups.pop()
            groups[-1] = (*groups[-1][:2], groups[-1][2] or anywhere)
        elif part != "?":
            followed = followed or repeating
            if part == "(":
                groups.append((repeating, False, False))
    return nested, followed


def _parts(regex: str) -> Iterator[tuple[str, bool]]:
    """The parts of a pattern: `(`, `)`, `|`, `?`, `*` for other quantifiers (True: unbounded), `x` for the rest."""
    for part in _PART.finditer(regex):
        quantifier, low, comma, high = part.groups()
        if quantifier:
            most = high if comma else low
            yield "*", not most or int(most) > _BOUNDED_LARGE
        else:
            first = part.group()[0]
            yield (first if first in "()|?" else "x"), False
