"""A redaction policy as a JSON file: `DISCREET_REDACTION=policy.json`, or `configure(redaction="policy.json")`.

redaction.schema.json is published for editors and for CI, and its keywords are checked here. What only
`discreet.Redaction` can judge, such as whether a pattern runs in linear time, it judges afterwards.
"""

from __future__ import annotations

import json
import pkgutil
import re
import stat
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, cast

from discreet._redaction.policy import Redaction
from discreet.errors import ConfigurationError, InvalidValueError

if TYPE_CHECKING:
    import os

_MOST_BYTES = 1 << 20


def read_policy(path: str | os.PathLike[str]) -> Redaction:
    """The policy in this file. Raises `InvalidValueError`, naming the key and the remedy."""
    try:
        found = Path(path).stat()  # first: to open a pipe would wait for its writer
        if not stat.S_ISREG(found.st_mode) or found.st_size > _MOST_BYTES:
            raise InvalidValueError("is not a file of at most 1 MiB", "Name a JSON file that holds a policy")
        document = json.loads(
            Path(path).read_text("utf-8-sig"),  # editors on Windows begin a file with a mark
            object_pairs_hook=_without_duplicates,
            parse_constant=_refuse_constant,
        )
    except OSError as error:
        remedy = "Name a JSON file that this user may read"
        raise InvalidValueError(f"cannot be read ({error.strerror})", remedy) from None
    except UnicodeDecodeError:
        raise InvalidValueError("is not text in UTF-8", "Write the file in UTF-8") from None
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise InvalidValueError(f"is not JSON ({where}: {error.msg})", "Correct it there") from None
    except RecursionError:
        raise InvalidValueError("is nested too deeply", "Write a policy as docs/redaction.md shows") from None
    check_document(document)
    try:
        return _policy(document)
    except ConfigurationError as error:
        raise InvalidValueError(f"{error.setting}: {error.problem}", error.remedy) from None


def _policy(document: dict[str, Any]) -> Redaction:
    options = {key: value for key, value in document.items() if key != "$schema"}
    if options.get("max_text") is not None:
        options["max_text"] = int(options["max_text"])  # JSON has but one kind of number
    if "loggers" in options:
        options["loggers"] = {name: _policy(policy) for name, policy in options["loggers"].items()}
    return Redaction(**options)


def check_document(document: object) -> None:
    """Whether this is the document of a policy, by the names and types of its keys. Raises as `read_policy`."""
    schema = json.loads(pkgutil.get_data("discreet._config", "redaction.schema.json") or b"")
    _check_policy(document, schema, schema["$defs"])


def _check_policy(value: object, schema: dict[str, Any], definitions: dict[str, Any], where: str = "") -> None:
    if not isinstance(value, dict):
        remedy = "Write keys such as extra_keys between braces"
        raise InvalidValueError(f"{where or 'the policy'} is not a JSON object", remedy)
    properties = schema["properties"]
    for key, entry in cast("dict[str, object]", value).items():
        path = f"{where}.{key}" if where else key
        if key not in properties:
            raise InvalidValueError(f"{path} is not a key of a policy", _nearest(key, properties))
        rule = definitions.get(key) or properties[key]
        if not (isinstance(entry, dict) if key == "loggers" else _fits(entry, rule)):
            problem, _, remedy = rule["error"].partition(". ")
            raise InvalidValueError(f"{path} {problem}", remedy)
        if key == "loggers":
            for name, policy in cast("dict[str, object]", entry).items():
                _check_policy(policy, rule["additionalProperties"], definitions, f"loggers[{name!r}]")


def _nearest(key: str, known: dict[str, Any]) -> str:
    from difflib import get_close_matches

    near = get_close_matches(key, known, n=1)
    return f"Did you mean {near[0]}?" if near else f"The keys are {', '.join(sorted(known))}"


def _fits(value: object, rule: dict[str, Any]) -> bool:
    """Whether a value is as this rule of the schema says."""
    if "enum" in rule:
        choices: list[object] = rule["enum"]
        return value in choices
    kind: str | list[str] = rule["type"]
    if isinstance(value, list):
        return kind == "array" and all(_fits(item, rule["items"]) for item in cast("list[object]", value))
    if isinstance(value, dict):
        name = re.compile(rule.get("propertyNames", {}).get("pattern", ""))
        entries = cast("dict[str, object]", value).items()
        return kind == "object" and all(
            name.search(key) and _fits(entry, rule["additionalProperties"]) for key, entry in entries
        )
    if isinstance(value, str):
        return kind == "string" and len(value) >= rule.get("minLength", 0)
    if value is None or isinstance(value, bool):
        return ("null" if value is None else "boolean") in kind
    number = cast("float", value)
    return "integer" in kind and number % 1 == 0 and not number < rule["minimum"]


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise InvalidValueError(f"has the key {key} twice", "Leave one of the two")
        found[key] = value
    return found


def _refuse_constant(name: str) -> NoReturn:
    raise InvalidValueError(f"has {name}, which is not JSON", "Write a number")
