"""Step 3, redact: secrets that words introduce rather than a sign.

"the password for bob is ...", "Passwort lautet ...", "changed password from '...' to '...'", `auth_pass ...`,
`config set user.password ...`, "use this password to go on:" and the value on a line of its own. After a name that
`kind_of` calls sensitive, the next words are read; which words may stand between is data (names.json).
"""

from __future__ import annotations

import re

from discreet._base.lazy_pattern import end_of_match, lazy_pattern
from discreet._redaction.engine.secret_values import (
    KindOf,
    Span,
    Spans,
    is_credential_like,
    is_harmless,
    is_uuid,
    looks_generated,
    looks_mixed,
    looks_random,
)
from discreet._redaction.names import any_of, name_rules

_LONG_RUN = lazy_pattern(r"[A-Za-z0-9_\-+=]{24,}")
_KEY = lazy_pattern(r"[A-Za-z0-9_+/.~]{16,512}={0,2}")
_HEXADECIMAL_KEY = lazy_pattern(r"[0-9a-f]{32,128}")
_QUOTED_PHRASE = lazy_pattern(
    r"""[ \t]{0,8}\\?["'`\u201c\u2018\u00ab\u201e]([A-Za-z]{3,16}(?:[ ][A-Za-z]{3,16}){2,11}\d{0,4}[!.?]?)"""
    r"""\\?["'`\u201d\u2019\u00bb\u201c]"""
)
_LEADER_SIGNS = lazy_pattern(r"[.·…]{2,64}[ \t]?:[ \t]{0,4}|[ \t]?[→⇒➜⟶»][ \t]{0,4}")
_LETTERS = lazy_pattern(r"[a-z]{10,40}")
_END_OF_SENTENCE = lazy_pattern(
    r"\S(?:\s{0,3}\Z|[ \t]{0,3}\r?\n| (?:and|but|on|for|until|till)\s)|[.,;!](?:\s|\Z)|[\"'](?:[,}\]]|\Z)"
)
_BROKEN = lazy_pattern(r"""\\?["'](?:[,}\]:]|\\n)""")


def _is_sentence(phrase: str) -> bool:
    """Whether words make a sentence: a word of grammar is among them, or two words about passwords."""
    rules = name_rules()
    words = phrase.lower().rstrip(".!?0123456789").split()
    about = sum(word in rules.words["status_words"] or word in rules.strong for word in words)
    return about > 1 or any(word in rules.words["between"] or word in rules.words["grammar"] for word in words)


def _keyword_places(text: str) -> list[tuple[int, int]]:
    """Where the keywords of sentences stand, in order."""
    if not text.isascii():
        return [keywords.span() for keywords in any_of("sentence_keywords", re.IGNORECASE).finditer(text)]
    # In ASCII, several searches for literals cost a tenth of one regular expression.
    low = text.lower()
    places: list[tuple[int, int]] = []
    for part in name_rules().words["sentence_keywords"]:
        place = low.find(part)
        while place >= 0:
            places.append((place, place + len(part)))
            place = low.find(part, place + 1)
    return sorted(places)


_NAME_BACK = lazy_pattern(r"[\w.\-/:]{0,64}")
_NAME_ON = lazy_pattern(r"[\w.\-]{0,48}")
_WORD = lazy_pattern(r"[ \t]{0,64}(\S{1,512})")
_BLANK = lazy_pattern(r"(?:[ \t]{0,8}\r?\n){1,3}[ \t]{0,16}(\S{6,512})[ \t]{0,8}(?:\r?\n|\Z)")
_QUOTED = lazy_pattern(
    r"""[ \t]{0,8}(?:\\?["'`\u201c\u2018\u00ab\u201e])"""
    r"""([^\s"'`\u201c\u201d\u2018\u2019\u00ab\u00bb\\]{3,256})\\?["'`\u201d\u2019\u00bb\u201c]"""
)
_LEADER = lazy_pattern(r"[.·_\-=~>]{2,64}|\d|\d{1,2}:|[-=]>?|→")
_MOST_WORDS = 12
_KINDS = frozenset(("password", "secret", "token", "api-key", "access-key", "secret-key", "private-key", "credentials"))
_NO_SENTENCE = frozenset("=(/@&[<>,|\\%;")
_REACH = 200  # characters of a line that are looked at
_KEY_KINDS = frozenset(("api-key", "access-key", "secret-key", "private-key"))
_STRIPPED = "\"'`\u201c\u201d\u2018\u2019\u00ab\u00bb<([{"
_CLOSING = "\"'`\u201c\u201d\u2018\u2019\u00ab\u00bb>)]}.,;:!?"


def find_in_sentences(text: str, kind_of: KindOf) -> Spans:
    """Spans of the values that words introduce."""
    floor = 0
    for first, last in _keyword_places(text):
        if first < floor:
            continue
        start = first - end_of_match(_NAME_BACK, text[max(0, first - 64) : first][::-1])
        end = end_of_match(_NAME_ON, text, last)
        while text[end - 1] in ".-":
            end -= 1
        floor = end
        if text[start] == "/" and text[start - 1 : start] in ("=", " ", "'", '"') and "." in text[start:end]:
            continue  # a file
        name = text[start:end].replace(":", "/").rpartition("/")[2]
        kind = _kind(text, end - len(name), name, kind_of)
        if kind in _KINDS and text[start] != "-" and name not in ("PASS", "Pass"):  # options are pairs
            reader = _Reader(text, start, end, name, kind or "secret")
            floor = max(reader.read(), end)
            yield from reader.found


def _kind(text: str, start: int, name: str, kind_of: KindOf) -> str | None:
    before = text[max(0, start - 24) : start].split() if text[start - 1 : start] == " " else ()
    previous = before[-1].strip(_STRIPPED + _CLOSING).lower() if before else ""
    rules = name_rules()
    if previous in rules.words["stop_before_last"] or previous in ("public", "no", "without", "ssh"):
        return None
    phrase = kind_of(f"{previous} {name}") if previous.isalpha() else None
    return kind_of(name) if phrase is None else phrase


class _Reader:
    """Reads on word by word after one name."""

    def __init__(self, text: str, start: int, end: int, name: str, kind: str) -> None:
        self._text = text
        self._end = end
        self._kind = kind
        self._compound = not name.isalpha() or not (name.islower() or name[1:].islower())
        reach = max(0, start - _REACH)
        line = text[max(reach, text.rfind("\n", reach, start) + 1) : start].strip(" \t")
        self._configured = self._compound and len(line) < 3
        self._commanded = any_of("set_commands").search(text, max(0, start - 80), start) is not None
        closing = text[end : end + 1]
        self._position = end + (closing in ('"', "'", "`") and text[start - 1 : start] == closing)
        self._identified = kind == "token" and any_of("presenting").search(text, max(0, start - 32), start) is not None
        self._has_owner = False  # whether a word said for what or for whom the secret is
        self._colon = False
        self._introduced = 0  # so many of the next words may still be the value
        self.found: list[Span] = []

    def read(self) -> int:
        """Collects what the next words introduce; returns where to go on reading."""
        text = self._text
        sign = text[self._position : self._position + 9].lstrip(" \t")[:2]
        if sign[:1] in ("=", ":") and sign not in (":", ":\n", ":\r"):
            return self._end  # a pair
        if text[self._position : self._position + 1] in _NO_SENTENCE:
            return self._end
        after_sign = end_of_match(_LEADER_SIGNS, text, self._position)
        if after_sign == self._position and text[self._position : self._position + 1] == ":":
            after_sign += 1
        self._colon, self._position = after_sign > self._position, after_sign
        for count in range(_MOST_WORDS):
            if self._alone(count):
                return self._position
            again = any_of("announcing").match(text, self._position)
            if again is not None:
                self._position, self._introduced = again.end(), 1
            if not self._quoted(count) and not self._word(count):
                break
        return self._end

    def _take(self, start: int, end: int) -> None:
        if self._text[start : start + 2] in ("0x", "0X") and _HEXADECIMAL_KEY.fullmatch(self._text, start + 2, end):
            start += 2  # it says how the rest is written
        self.found.append((start, end, self._kind))
        self._introduced, self._colon = 0, False

    def _is_ordinary(self, value: str) -> bool:
        """Whether a value is an id, a number, a file name or an address, or never a secret of this kind."""
        return any_of("ordinary_values", re.IGNORECASE).fullmatch(value) is not None or is_harmless(value, self._kind)

    def _alone(self, count: int) -> bool:
        """A value on a line of its own, after a colon or after a command that prints it."""
        read = not count and any_of("read_commands").search(self._text, max(0, self._end - 300), self._end) is not None
        alone = _BLANK.match(self._text, self._position) if self._colon or read else None
        if alone is None:
            return False
        if looks_random(alone.group(1)) and not self._is_ordinary(alone.group(1)):
            self._take(*alone.span(1))
        self._position = alone.end(1)
        return True

    def _quoted(self, count: int) -> bool:
        """A value in quotes, where one is expected."""
        quoted = _QUOTED.match(self._text, self._position)
        announced = self._introduced > 0 or self._colon
        if quoted is None:  # words, but no sentence: `passphrase set to "lantern ripple pepper violin"`
            expected = announced and self._kind == "password"
            phrase = _QUOTED_PHRASE.match(self._text, self._position) if expected else None
            return phrase is not None and not _is_sentence(phrase.group(1)) and self._take_quoted(phrase)
        value = quoted.group(1)
        if count < 2 and self._names_key(value):
            return self._take_quoted(quoted)
        if not announced and not (self._commanded and count < 2):
            return False
        chosen = looks_random(value) or any(char in "!@#$%^&*~" for char in value)
        return chosen and not self._is_ordinary(value) and self._take_quoted(quoted)

    def _names_key(self, value: str) -> bool:
        """Whether a value may follow at once: `invalid aws_secret_access_key "..." supplied`."""
        if self._kind not in _KEY_KINDS and not (self._compound and self._kind in ("password", "token")):
            return False
        return is_uuid(value) or (_KEY.fullmatch(value) is not None and looks_mixed(value))

    def _take_quoted(self, quoted: re.Match[str]) -> bool:
        self._take(*quoted.span(1))
        self._position = quoted.end()
        return True

    def _word(self, count: int) -> bool:
        """Read one word, which is the value or may stand before it. False: stop reading."""
        matched = _WORD.match(self._text, self._position)
        if matched is None:
            return False
        word = matched.group(1)
        stripped = word.lstrip(_STRIPPED)
        first = matched.end() - len(stripped)
        broken = _BROKEN.search(stripped)  # the end of the string that the sentence stands in: `x","ts":1` is x
        stripped = stripped[: broken.start() if broken else None].rstrip(_CLOSING)
        low = stripped.lower()
        gap = matched.start(1) - self._position
        rules = name_rules()
        if "[REDACTED" in word or "-----" in word or not (count or gap or self._colon):
            return False
        if count == 0 and low in rules.words["stop_after"] and low not in rules.words["between"]:
            return False  # the word makes the name another one: password policy
        self._position = matched.end()
        if _LEADER.fullmatch(word) and count < 2 and word != ":":
            self._introduced = 2 if word[0] in ".-=→" else self._introduced
            self._commanded = self._commanded or word.rstrip(":").isdigit()
        elif low in rules.words["introducing"] or word in rules.words["introducing"]:
            self._introduced, self._colon = 2, word.endswith(":")
        elif self._accepts(stripped, count, gap):
            self._take(first, first + len(stripped))
        else:
            return self._goes_on(word, low, count)
        return True

    def _goes_on(self, word: str, low: str, count: int) -> bool:
        if word[-1] in ".!?;" and len(word) > 1 and any_of("announcing").match(self._text, self._position - 1) is None:
            return False
        if (
            low not in name_rules().words["between"]
            and word[0] not in "[(<"
            and (not 0 < count < 4 or self._introduced)
        ):
            return False
        self._has_owner = self._has_owner or low in ("for", "of")
        self._colon = word.endswith(":")
        self._introduced = 1 if self._colon else max(0, self._introduced - 1)
        return True

    def _accepts(self, value: str, count: int, gap: int) -> bool:
        """Whether a word is a value. Without words that introduce it, it has to look more like a secret."""
        if len(value) < 5 or value[0] == "-" or is_harmless(value, self._kind) or "…" in value:
            return False
        introduced = self._colon or self._introduced > 0
        if is_uuid(value):
            return introduced or self._commanded or (self._identified and not count)
        if not count and self._compound and self._kind in _KEY_KINDS and _HEXADECIMAL_KEY.fullmatch(value):
            return True
        owned = self._introduced and self._has_owner and self._kind == "password"
        if owned and _LETTERS.fullmatch(value) and not any_of("english_words").fullmatch(value):
            return _END_OF_SENTENCE.match(self._text, self._position - 1) is not None
        stripped = value.rstrip("=") if _KEY.fullmatch(value) is not None else value  # without padding
        if any_of("ordinary_values", re.IGNORECASE).fullmatch(stripped) or not value.strip("0123456789abcdef"):
            return introduced and _LONG_RUN.fullmatch(value) is not None
        if introduced:
            return looks_generated(value) or (looks_mixed(value) and len(value) > 7) or is_credential_like(value)
        if count:
            return self._commanded and count < 2 and looks_random(value)
        if self._commanded or self._configured or gap > 1:
            return looks_random(value) or (gap > 1 and "-" in value and self._kind == "password")
        if self._kind == "password" or self._compound:
            return looks_generated(value) and len(value) > 5
        return len(value) >= 16 and looks_mixed(value)
