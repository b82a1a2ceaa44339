"""Step 3, redact: does a name say that its value is a secret?

A name is split into words, and each word is compared as a whole. Stop words on either side make the name harmless
(`password_policy`, `has_token`). Which words those are is data: names.json.
"""

from __future__ import annotations

import json
import os
import re
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

_CASE_CHANGE = r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])"
_WORD = r"[^\W_]+"
_KIND = r"[a-z][a-z0-9-]{0,39}\Z"
_MAX_NAME = 160  # of longer names the end counts, where the word that matters stands
_CACHED_NAMES = 4096


class NameRules:
    """The tables of names.json, whose head explains each."""

    def __init__(self, data: dict[str, Any]) -> None:
        tables: list[dict[str, str]] = [
            {word: kind for kind, words in data[table].items() for word in words}
            for table in ("strong", "last", "exact", "pairs")
        ]
        self.strong, self.last, self.exact, self.pairs = tables
        self.longest = max(phrase.count(" ") + 1 for phrase in self.pairs)
        self.shapes: dict[str, str] = data["shapes"]
        self.words = {table: frozenset[str](data[table]) for table in data if isinstance(data[table], list)}
        self.keywords: dict[str, list[str]] = data["keywords"]


@cache
def read_rules(file: str) -> bytes:
    """One file in the folder `rules`. A redactor reads all of them when it is made.

    Later, the process may be out of file descriptors, in another root directory, or about to end.
    """
    loader: Any = __spec__.loader  # which also reads from a zip archive, or from a frozen program
    data: bytes = loader.get_data(os.path.join(os.path.dirname(__file__), "rules", file))
    return data


@cache
def load_rules(file: str) -> dict[str, Any]:
    """The data of one file in the folder `rules`; parsed at first use, because a program may never need it."""
    found: dict[str, Any] = json.loads(read_rules(file))
    return found


def missing_rules() -> str | None:
    """What is wrong with the files in the folder `rules`, if one cannot be read."""
    for file in ("names.json", "detectors.json"):
        try:
            read_rules(file)
        except (OSError, AttributeError) as error:  # missing, or a loader that has no files
            why = f"{file} of the package discreet cannot be read ({type(error).__name__})"
            return f"{why}. Pack its data files with your program"
    return None


@cache
def name_rules() -> NameRules:
    """Load the data once, on first use."""
    return NameRules(load_rules("names.json"))


@cache
def any_of(table: str, flags: int = 0) -> re.Pattern[str]:
    """Any of the regular expressions in a table of names.json. Compiled at first use."""
    return re.compile("|".join(load_rules("names.json")[table]), flags)


def split(name: str) -> list[str]:
    """The words of a name, lower-case, without trailing digits: `newAPIKey2` is new, api, key."""
    if not name.islower() and not name.isupper():
        name = re.sub(_CASE_CHANGE, " ", name)
    words = [word.rstrip("0123456789") for word in re.findall(_WORD, name.lower())]
    return [word for word in words if word]


def _normal(name: str) -> str:
    """A name in lower case without separators: extra and safe keys are compared in this form."""
    return "".join(re.findall(_WORD, name.lower()))


class Keys:
    """Judges names: which kind of secret is a value under this name, if any? Remembers a bounded number of verdicts."""

    def __init__(self, extra: Iterable[str] = (), safe: Iterable[str] = ()) -> None:
        self._rules = name_rules()
        kinds = {name: "-".join(split(name)) for name in extra}  # internal_id is of the kind internal-id
        self._extra = {_normal(name): kind if re.match(_KIND, kind) else "key" for name, kind in kinds.items()}
        self.declared = frozenset(self._extra.values())
        """Kinds of the user's own names: any value under such a name is a secret, also a number or a word."""
        self._safe = frozenset(map(_normal, safe))
        self.verdicts: dict[str, str | None] = {}

    def kind(self, name: str) -> str | None:
        """The kind, for example `password`; None if the name is harmless."""
        try:
            return self.verdicts[name]
        except KeyError:
            pass
        if name.isdigit():  # the number of a process or a line: there are too many to remember
            return None if name in self._safe else self._extra.get(name)
        verdict = self._judge(name[-_MAX_NAME:])
        if len(self.verdicts) >= _CACHED_NAMES:
            self.verdicts.clear()
        if len(name) <= _MAX_NAME:
            self.verdicts[name] = verdict
        return verdict

    def _judge(self, name: str) -> str | None:
        plain = _normal(name)
        if plain in self._safe:
            return None
        if plain in self._extra:
            return self._extra[plain]
        words = split(name)
        if not words:
            return None
        rules = self._rules
        if len(words) == 1 and words[0] in rules.exact:
            return rules.exact[words[0]]
        found = self._last_key_word(words)
        if found is None:
            last = split(name.rpartition(".")[2]) if "." in name else ()  # server.pin is a pin
            return rules.exact.get(last[0]) if len(last) == 1 else None
        kind, start, end, at_end_only = found
        if any(word in rules.words["stop_after"] for word in words[end:]):
            return None
        before = words[:start]
        if any(word in rules.words["stop_before"] for word in before):
            return None
        if at_end_only and (end != len(words) or any(word in rules.words["stop_before_last"] for word in before)):
            return None
        return kind

    def _last_key_word(self, words: list[str]) -> tuple[str, int, int, bool] | None:
        """The key word nearest to the end of the name: its kind, where it starts and ends, and whether it is weak."""
        rules = self._rules
        for end in range(len(words), 0, -1):
            for length in range(min(rules.longest, end), 1, -1):
                kind = rules.pairs.get(" ".join(words[end - length : end]))
                if kind is not None:
                    return kind, end - length, end, False
            word = words[end - 1]
            kind = rules.strong.get(word)
            if kind is not None:
                return kind, end - 1, end, False
            kind = rules.last.get(word)
            if kind is not None:
                return kind, end - 1, end, True
        return None
