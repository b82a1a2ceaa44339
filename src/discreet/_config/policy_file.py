"""A redaction policy as a JSON file: `DISCREET_REDACTION=policy.json`, or `configure(redaction="policy.json")`.

redaction.schema.json says the same for editors and for CI; a test holds both to the same verdicts. What only
`discreet.Redaction` can judge, such as whether a pattern runs in linear time, it judges afterwards.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn, cast

from discreet._redaction.masking import STRATEGIES
from discreet._redaction.policy import PERSONAL, Redaction
from discreet.errors import ConfigurationError

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Mapping, Sequence

_TOP = "the policy"
_KIND = re.compile(r"[a-z][a-z0-9-]{0,39}")


def read_policy(path: str | os.PathLike[str]) -> Redaction:
    """The policy in this file. Raises `ValueError` or `TypeError`, naming the key and the remedy."""
    try:
        with open(path, encoding="utf-8") as file:
            document = json.load(file, object_pairs_hook=_without_duplicates, parse_constant=_refuse_constant)
    except OSError as error:
        raise ValueError(f"cannot be read ({error.strerror}). Name a JSON file that this user may read") from None
    except UnicodeDecodeError:
        raise ValueError("is not text in UTF-8. Write the file in UTF-8") from None
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise ValueError(f"is not JSON ({where}: {error.msg}). Correct it there") from None
    except RecursionError:
        raise ValueError("is nested too deeply. Write a policy as docs/redaction.md shows") from None
    check_document(document)
    try:
        return _policy(document)
    except ConfigurationError as error:
        raise ValueError(f"{error.setting}: {error.problem}. {error.remedy}") from None


def check_document(document: object) -> None:
    """Whether this is the document of a policy, by the names and types of its keys. Raises as `read_policy`."""
    _check_policy(document, _TOP, _TOP_KEYS)


def _policy(document: dict[str, Any]) -> Redaction:
    options = {key: value for key, value in document.items() if key != "$schema"}
    if options.get("max_text") is not None:
        options["max_text"] = int(options["max_text"])  # JSON has but one kind of number
    if "loggers" in options:
        options["loggers"] = {name: _policy(policy) for name, policy in options["loggers"].items()}
    return Redaction(**options)


def _check_policy(value: object, where: str, keys: Mapping[str, _Check]) -> None:
    if not isinstance(value, dict):
        raise TypeError(f"{where} is not a JSON object. Write keys such as extra_keys between braces")
    inside = "" if where == _TOP else f"{where}."
    for key, entry in cast("dict[str, object]", value).items():
        if key == "loggers" and where == _TOP:
            _check_loggers(entry)
        elif key not in keys:
            known = (*keys, "loggers") if where == _TOP else tuple(keys)
            raise ValueError(f"{inside}{key} is not a key of a policy. {_nearest(key, known)}")
        elif not keys[key].accepts(entry):
            raise ValueError(f"{inside}{key} is not {keys[key].expected}. {keys[key].remedy}")


def _check_loggers(value: object) -> None:
    if not isinstance(value, dict):
        raise TypeError("loggers is not a JSON object. Write a policy for each logger's name")
    for name, policy in cast("dict[str, object]", value).items():
        _check_policy(policy, f"loggers[{name!r}]", _KEYS)


def _nearest(key: str, known: Sequence[str]) -> str:
    from difflib import get_close_matches

    near = get_close_matches(key, known, n=1)
    return f"Did you mean {near[0]}?" if near else f"The keys are {', '.join(sorted(known))}"


def _every_item(value: object, accepts: Callable[[object], bool]) -> bool:
    return isinstance(value, list) and all(map(accepts, cast("list[object]", value)))


def _every_value(value: object, accepts: Callable[[object], bool]) -> bool:
    return isinstance(value, dict) and all(map(accepts, cast("dict[str, object]", value).values()))


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_length(value: object) -> bool:
    if value is None:
        return True
    return isinstance(value, (int, float)) and not isinstance(value, bool) and value >= 1 and value % 1 == 0


@dataclass(frozen=True)
class _Check:
    """What a key of a policy may hold."""

    accepts: Callable[[object], bool]
    expected: str
    remedy: str


_NAMES = _Check(
    lambda value: _every_item(value, lambda name: isinstance(name, str) and name != ""),
    "a list of names",
    'Write ["name", "other_name"]',
)
_KEYS = {
    "extra_keys": _NAMES,
    "safe_keys": _NAMES,
    "patterns": _Check(
        lambda value: _every_value(value, _is_text) and all(map(_KIND.fullmatch, cast("dict[str, str]", value))),
        "an object of regular expressions by kind",
        'Write {"customer-id": "C-[0-9]{6}"}; a kind has lower-case letters, digits and dashes',
    ),
    "personal": _Check(
        lambda value: _every_item(value, lambda kind: _is_text(kind) and kind in PERSONAL),
        "a list of kinds of personal data",
        f"Choose among {', '.join(sorted(PERSONAL))}",
    ),
    "strategies": _Check(
        lambda value: _every_value(value, lambda name: name in STRATEGIES),
        "an object of strategies by kind",
        f"Write one of {', '.join(STRATEGIES)} for each kind",
    ),
    "safe_patterns": _Check(
        lambda value: _every_item(value, _is_text), "a list of regular expressions", "Write each as text"
    ),
    "environment": _Check(lambda value: isinstance(value, bool), "true or false", "Write true or false"),
    "max_text": _Check(_is_length, "a number of characters", "Write a whole number above 0, or null for no limit"),
}
_TOP_KEYS = {**_KEYS, "$schema": _Check(_is_text, "text", "Write the address of the schema, or leave it out")}


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise ValueError(f"has the key {key} twice. Leave one of the two")
        found[key] = value
    return found


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"has {name}, which is not JSON. Write a number")
