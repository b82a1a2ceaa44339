"""The rule language: the regular expressions that every engine of discreet runs in linear time."""

from __future__ import annotations

import re

from discreet._base.lazy_pattern import lazy_pattern
from discreet.errors import ConfigurationError

_KIND = lazy_pattern(r"[a-z][a-z0-9-]{0,39}\Z")
_BOUNDED_LARGE = 1000
_COUNTED = lazy_pattern(r"\{(\d*)(,?)(\d*)\}")

_GROUP = lazy_pattern(r"\(\?(?:P<\w+>|[aiLmsux]*(?:-[imsx]+)?:?)")
_UNSHARED = (
    (lazy_pattern(r"\(\?<?[=!]"), "look-around", "Match the surrounding text too and put the secret in group 1"),
    (lazy_pattern(r"\(\?P="), "a back-reference", "Repeat the sub-expression instead"),
    (lazy_pattern(r"\\[1-9]"), "a back-reference", "Repeat the sub-expression instead"),
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
    bare = re.sub(r"\\\\", "  ", regex)  # an escaped backslash starts no escape
    for unshared, name, remedy in _UNSHARED:
        if unshared.search(bare):
            raise ConfigurationError(setting, regex, f"{name} is outside the shared rule language", f"{remedy}.")
    try:
        compiled = re.compile(regex)
    except (re.error, OverflowError, RecursionError) as error:
        raise ConfigurationError(setting, regex, f"invalid regular expression: {error}", "Correct it.") from None
    if _nested_unbounded(bare):
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
    if _unbounded_before_end(re.sub(r"\\\\", "  ", regex)):
        raise ConfigurationError(
            f"patterns[{kind!r}]",
            regex,
            "an unbounded repetition that something follows",
            "Give it an upper bound: {1,64} in place of +, {0,64} in place of *.",
        )
    return compiled


def _unbounded_before_end(regex: str) -> bool:
    """Whether anything of the pattern comes after something that repeats without bound."""
    entered: list[bool] = []  # per open group: whether such a repetition stands before it
    ended: list[bool] = []  # per open group: whether one of its alternatives ends with one
    open_ended = False
    position = 0
    while position < len(regex):
        char = regex[position]
        length, unbounded = _quantifier(regex, position)
        if length:
            open_ended = open_ended or unbounded
            length += regex[position + length : position + length + 1] == "?"
        elif char == "|":
            if ended:
                ended[-1] = ended[-1] or open_ended
            open_ended = entered[-1] if entered else False
        elif char == ")" and entered:
            open_ended = ended.pop() or open_ended
            entered.pop()
        elif char != "?" and open_ended:
            return True
        elif char == "(":
            entered.append(open_ended)
            ended.append(False)
            prefix = _GROUP.match(regex, position)
            length = prefix.end() - position if prefix else 1
        elif char == "[":
            length = _class_end(regex, position) - position
        elif char == "\\":
            length = 2
        position += max(length, 1)
    return False


def _nested_unbounded(regex: str) -> bool:
    """Whether a group that itself repeats without bound is repeated without (or with a large) bound."""
    stack = [False]  # per open group: does it repeat something without bound
    position = 0
    closed: bool | None = None  # what the group that has just ended repeats
    while position < len(regex):
        char = regex[position]
        group, closed = closed, None
        if char == "\\":
            position += 2
            continue
        if char == "[":
            position = _class_end(regex, position)
            continue
        if char == "(":
            stack.append(False)
        elif char == ")" and len(stack) > 1:
            closed = stack.pop()
            stack[-1] = stack[-1] or closed
        else:
            length, unbounded = _quantifier(regex, position)
            if unbounded and group:
                return True
            if unbounded:
                stack[-1] = True
            position += max(length, 1)
            continue
        position += 1
    return False


def _class_end(regex: str, start: int) -> int:
    position = start + 1
    if regex[position : position + 1] == "^":
        position += 1
    if regex[position : position + 1] == "]":
        position += 1
    while position < len(regex) and regex[position] != "]":
        position += 2 if regex[position] == "\\" else 1
    return position + 1


def _quantifier(regex: str, position: int) -> tuple[int, bool]:
    """Length of the quantifier at `position` (0: none) and whether it has no useful upper bound."""
    if regex[position] in "*+":
        return 1, True
    counted = _COUNTED.match(regex, position)
    if counted is None:
        return 0, False
    low, comma, high = counted.groups()
    most = high if comma else low
    return len(counted.group()), not most or int(most) > _BOUNDED_LARGE
