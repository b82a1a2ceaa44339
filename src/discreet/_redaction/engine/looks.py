"""Step 3, redact: where a sentence may speak of a secret, and what its words look like."""

from __future__ import annotations

import re

from discreet._base.lazy_pattern import lazy_pattern
from discreet._redaction.names import key_words

_TELLING = lazy_pattern(
    r"pass|pwd|secret|token|key|cred|psk\b|bindpw|rootpw|senha|wort|contrase|clave|lösenord|haslo|hasło|parola|пароль|密码|密碼|パスワード",
    re.IGNORECASE,
)
INTRODUCING = frozenset((
    "pass", "secret", "token", "key", "pwd", "cred", "wort", "clave", "contrase", "senha", "parola", "haslo", "psk",
    "tpw", "dpw",
))  # fmt: skip
"""A text in ASCII in which something is found has one of these as a part of some word."""
COMMANDS = lazy_pattern(
    r"(?:^|[\s.:\-])(?:set|put|write|add|setx|create|config|login|store|update|replace)"
    r"(?:[ \t]{1,4}(?:-{1,2}[\w\-]{1,24}|[\w.\-/]{1,40}))?[ \t]{1,4}(?:[\"'])?\Z",
    re.IGNORECASE,
)
READING = lazy_pattern(
    r"(?:^|\n)[^\n]{0,32}[$#>] [^\n]{0,160}\b(?:get|read|show|print|cat|decrypt|view|access|reveal)\b[^\n]{0,160}\Z",
    re.IGNORECASE,
)
IDENTIFIED = lazy_pattern(
    r"(?:^|[\s(\"'])(?:with|using|use|uses|used|invalid|expired|revoked|presented|supplied|rejected|accepted|bearer|api|auth|access)"
    r"(?: the| an| a| this| your| my| our)? \Z",
    re.IGNORECASE,
)
"""What stands before a name whose value follows at once: a command that sets it, one that prints it, a verb."""

UNLIKE = lazy_pattern(
    r"[\w\-]+(?:\.[\w\-]+)*\.[a-z]{2,6}(?::\d+)?|\d+(?:[.:]\d+){1,3}\S*|\d+[a-z]{1,3}|\d{4}-\d\d-\d\d\S*|\d\d:\d\d\S*|(?-i:[a-z]{1,12}[\-_]\d{1,4})|"
    r"(?:sha|md|aes|rsa|hs|rs|es|ps|base|utf|oauth|oauth2|http|ed|p|sha3|bcrypt|argon)-?\d{1,5}(?:-\w{1,8})?|[A-Z]{2,10}-\d{1,6}|0x[0-9a-f]+|"
    r"(?-i:[a-z][a-z0-9_.\-]*(?:/[a-z0-9_.\-]+)+)|[\w\-]+(?::[\w\-*]+){1,6}|[^\s@]+@[\w\-]+(?:\.[\w\-]+)+|[\w.\-]+\[\d+\]|#\d+|\S*(?:://|\(|\{|=)\S*|/\S*|\w+/\w+(?:/\S*)?",
    re.IGNORECASE,
)
"""Ids, numbers, file names, addresses: no value, although letters and digits are mixed."""

LONG = lazy_pattern(r"[A-Za-z0-9_\-+=]{24,}")
KEY = lazy_pattern(r"[A-Za-z0-9_+/.~]{16,512}={0,2}")
HEXADECIMAL_KEY = lazy_pattern(r"[0-9a-f]{32,128}")
QUOTED_PHRASE = lazy_pattern(
    r"""[ \t]{0,8}\\?["'`\u201c\u2018\u00ab\u201e]([A-Za-z]{3,16}(?:[ ][A-Za-z]{3,16}){2,11}\d{0,4}[!.?]?)"""
    r"""\\?["'`\u201d\u2019\u00bb\u201c]"""
)
DRAWN = lazy_pattern(r"[.·…]{2,64}[ \t]?:[ \t]{0,4}|[ \t]?[→⇒➜⟶»][ \t]{0,4}")
AGAIN = lazy_pattern(
    r"""\.?\s{1,4}(?:the |your )?(?:new|temporary|generated|initial) """
    r"""(?:value|password|one|secret|token)(?: is)?:[ \t]{1,4}""",
    re.IGNORECASE,
)
_LETTERS = lazy_pattern(r"[a-z]{10,40}")
_ENGLISH = lazy_pattern(
    r"\w+(?:ed|ing|able|ible|ial|ual|nal|ic|ive|ent|ant|ous|ary|ory|less|ful|ly|ete|ect|tion|ment|ness|where|thing|text|case|word|self|ough|long|short)"
)
_END_OF_SENTENCE = lazy_pattern(
    r"\S(?:\s{0,3}\Z|[ \t]{0,3}\r?\n| (?:and|but|on|for|until|till)\s)|[.,;!](?:\s|\Z)|[\"'](?:[,}\]]|\Z)"
)
_BROKEN = lazy_pattern(r"""\\?["'](?:[,}\]:]|\\n)""")


def is_made_of_words(value: str) -> bool:
    """Ten lower-case letters at least that end like no word that says something about a password."""
    return _LETTERS.fullmatch(value) is not None and _ENGLISH.fullmatch(value) is None


def is_sentence(phrase: str) -> bool:
    """Whether words say something: one that only grammar needs is among them, or two that speak of passwords."""
    rules = key_words()
    words = phrase.lower().rstrip(".!?0123456789").split()
    about = sum(word in rules.status_words or word in rules.strong for word in words)
    return about > 1 or any(word in rules.between or word in rules.grammar for word in words)


def ends_sentence(text: str, position: int) -> bool:
    """Whether nothing more is said after the word whose last character stands here."""
    return _END_OF_SENTENCE.match(text, position) is not None


def ends_reading(word: str, low: str, count: int) -> bool:
    """Whether a word says that no value follows: a marker, a PEM line, or what makes the name another one."""
    if "[REDACTED" in word or "-----" in word:
        return True
    return count == 0 and low in key_words().stop_after - key_words().between


def within_string(word: str) -> str:
    """The word up to the end of the string that the sentence stands in: `x","ts":1` is x."""
    broken = _BROKEN.search(word)
    return word if broken is None else word[: broken.start()]


def telling(text: str) -> list[tuple[int, int]]:
    """Where the words that introduce stand, in order."""
    if not text.isascii():
        return [told.span() for told in _TELLING.finditer(text)]
    low = text.lower()
    places: list[tuple[int, int]] = []
    for part in INTRODUCING:  # in ASCII, several searches for literals cost a tenth of one regular expression
        place = low.find(part)
        while place >= 0:
            places.append((place, place + len(part)))
            place = low.find(part, place + 1)
    places.sort()
    return places
