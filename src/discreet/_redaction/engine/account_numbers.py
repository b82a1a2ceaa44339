"""Step 3, redact: payment cards, bank accounts and social security numbers in text.

These numbers have no literal to anchor at. They must not be a part of a longer number, of a UUID or of a decimal, which
takes a look to both sides, and the shared rule language has no such look. So these rules are code.
"""

from __future__ import annotations

import re

from discreet._base.lazy_pattern import lazy_pattern
from discreet._redaction.engine.checks import luhn, mod97, us_ssn
from discreet._redaction.engine.detectors import inside_word

_table = bytearray(b"." * 256)
for _code in range(128):
    _char = chr(_code)
    if _char.isalnum():
        _table[_code] = ord("0" if _char.isdigit() else "X" if _char.isupper() else "x")
    elif _char in " -_":
        _table[_code] = _code
    elif _char == "~":
        _table[_code] = ord("_")  # tokens have it between their letters
CHARACTER_CLASSES = bytes(_table)
"""Digits become 0, letters X and x; separators of digit groups stay (~ becomes _); anything else becomes a dot."""


_DIGITS = lazy_pattern(r"\d{3,}")
_GROUPED_CARD = lazy_pattern(r"\d{4}([ \-])(?:\d{4}[ \-]\d{4}[ \-]\d{1,7}|\d{6}[ \-]\d{4,5})")
_CARD_WORD = lazy_pattern(r"card|\bpan\b|\bcc\b|visa|unionpay|maestro|primary account", re.IGNORECASE)
_SSN = lazy_pattern(r"\d{3}-\d{2}-\d{4}")
_IBAN = lazy_pattern(r"[A-Z]{2}\d{2}(?:[A-Z0-9]{11,30}|(?: [A-Z0-9]{4}){2,7}(?: [A-Z0-9]{1,3})?)")


def may_hold_number(shapes: str) -> bool:
    """Digits grouped as on a card, in a social security number or, after two capitals, in a bank account."""
    if "0000" not in shapes and "XX00" not in shapes:
        return False
    return (
        "0000000000000" in shapes
        or "XX00" in shapes
        or ("0000 0000" in shapes and ("0000 0000 0" in shapes or "0000 000000 " in shapes))
        or ("00-0000" in shapes and ("0000-0000-0" in shapes or "0000-000000-" in shapes or "000-00-0000" in shapes))
    )


def find_numbers(text: str) -> list[tuple[int, int, str]]:
    """Spans of numbers that name a person or an account."""
    found: list[tuple[int, int, str]] = []
    if text.isascii() and not may_hold_number(text.encode("ascii").translate(CHARACTER_CLASSES).decode("ascii")):
        return found
    for run in _DIGITS.finditer(text):
        start, end = run.span()
        length = end - start
        if length >= 13:
            alone = length <= 19 and _stands_alone(text, start, end)
            if alone and luhn(run.group()) and _card_length(text, start, end):
                found.append((start, end, "payment-card"))
        elif length == 4:
            grouped = _GROUPED_CARD.match(text, start)
            if grouped and _stands_alone(text, *grouped.span()) and luhn(grouped.group()):
                found.append((*grouped.span(), "payment-card"))
        elif length == 3:
            ssn = _SSN.match(text, start)
            if ssn and _stands_alone(text, *ssn.span()) and us_ssn(ssn.group()):
                found.append((*ssn.span(), "us-ssn"))
    for account in _IBAN.finditer(text):
        start, end = account.span()
        for candidate in (end, *_shorter(text, start, end)):
            if _stands_alone(text, start, candidate) and mod97(text[start:candidate]):
                found.append((start, candidate, "iban"))
                break
    return found


def _card_length(text: str, start: int, end: int) -> bool:
    """13 and 17 to 19 digits are rare on cards and common as ids: then something before has to speak of a card."""
    return 14 <= end - start <= 16 or _CARD_WORD.search(text, max(0, start - 48), start) is not None


def _shorter(text: str, start: int, end: int) -> list[int]:
    """Ends at each space: a capitalised word after a grouped number looks like its next group."""
    return [place for place in range(end - 1, start + 14, -1) if text[place] == " "]


def _stands_alone(text: str, start: int, end: int) -> bool:
    before = text[start - 1 : start] if start else ""
    if inside_word(text, start) or before in ("_", "$"):
        return False
    if before in ("-", ".") and (text[max(0, start - 2) : start - 1].isalnum() or text[start - 2 : start - 1] == "_"):
        return False
    after = text[end : end + 1]
    if after.isalnum() or after == "_":
        return False
    return not (after in ("-", ".") and text[end + 1 : end + 2].isalnum()) or (
        after == "." and text[end + 1 : end + 2].isupper()
    )
