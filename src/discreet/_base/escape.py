"""Escape text from data so that it cannot control a terminal or a CI runner, and measure its width.

A log line may contain text that an attacker sent. Unescaped, a newline in it looks like a second record, an escape
sequence controls the terminal, and a bidirectional override shows a file name backwards. So every invisible character
is written out.
"""

from __future__ import annotations

import re
import unicodedata

from discreet._base.lazy_pattern import lazy_pattern

_INVISIBLE = (
    "\x00-\x1f\x7f-\x9f"  # C0, DEL, C1 (U+0085 breaks lines, U+009B starts an escape sequence)
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u3164\uffa0"  # soft hyphen, joiners and fillers
    "\u180b-\u180f\ufe00-\ufe0e"  # variation selectors; U+FE0F stays, emoji need it
    "\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff"  # zero width, line separators, bidirectional controls
    "\ud800-\udfff"  # lone surrogates: UTF-8 has no bytes for them
    "\ufff0-\ufffb\ufffe\uffff"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"  # format characters, tags
)
_unsafe = lazy_pattern(f"[{_INVISIBLE}]")


def escape(text: str) -> str:
    """`text` with every control, bidirectional and invisible character written out, as in a Python literal."""
    if _unsafe.search(text) is None:
        return text
    return _unsafe.sub(lambda found: found.group().encode("unicode_escape").decode(), text)


# `##` before `[` or `word[` (TeamCity reads `##teamcity[`), also where our own text could follow with a bracket;
# `::` that could begin a line; GitLab's markers. U+FE0F is the one ignorable character `escape` lets through, and
# runners compare strings by culture, which skips it.
_command = lazy_pattern(
    "#(?=\ufe0f*#[a-zA-Z\ufe0f]*(?:\\[|\\Z))|\\A[\\s\ufe0f]*:(?=\ufe0f*(?::|\\Z))|section_(?=start:|end:)"
)
_visible = {"#": "\\x23", ":": "\\x3a", "_": "\\x5f"}


def escape_for_ci(text: str) -> str:
    r"""As `escape`, and what a CI would take for a command is broken up, visibly: `\x23#vso[`, `\x3a:error::`."""
    safe = escape(text)
    if "#" not in safe and ":" not in safe:
        return safe
    return _command.sub(lambda found: found.group()[:-1] + _visible[found.group()[-1]], safe)


def display_width(text: str) -> int:
    """How many terminal columns `text` takes: two for wide characters (Unicode annex 11), none for combining ones."""
    if text.isascii():
        return len(text)
    return sum(map(_character_width, text))


def _character_width(character: str) -> int:
    if character < "\u0300":
        return 1
    if unicodedata.combining(character) or unicodedata.category(character) in ("Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in ("W", "F") else 1


def split_at_width(text: str, width: int) -> tuple[str, str]:
    """The longest beginning of `text` that takes at most `width` columns (but at least one character), and the rest."""
    if text.isascii():
        cut = max(1, width)
        return text[:cut], text[cut:]
    used = 0
    for position, character in enumerate(text):
        used += _character_width(character)
        if used > width and position:
            return text[:position], text[position:]
    return text, ""


# `##`, also with non-ASCII characters between: some runners skip those when they compare.
_json_command = re.compile(rb"#(?=[\x80-\xff]*#)")


def neutralise_json(line: bytes) -> bytes:
    r"""The same JSON without `##`, which a CI runner may take for a command: the first `#` becomes `\u0023`.

    Done in every environment, because pipelines print files and container logs too. The other command sign, `::`,
    must begin a line, and a JSON line begins with `{`.
    """
    if b"#" not in line:
        return line
    return _json_command.sub(rb"\\u0023", line)
