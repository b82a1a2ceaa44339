"""Step 3, redact: the question asked of every text: can there be anything in it at all?

Most texts hold nothing, so a "no" must be cheap, and it must be right: whatever `find` would find, the gate lets
through (a test compares the two). A "yes" costs only time. The tests look for what every rule needs: a name before a
separator, digits in groups, a telling word, or a long run of token characters that is not just a hexadecimal id.
Substring searches and byte tables are used because, on short texts, they cost a tenth of a regular expression.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from discreet._redaction.anchors import Anchors
from discreet._redaction.columns import HEADS, columns
from discreet._redaction.detectors import Detector, detectors
from discreet._redaction.encoded import may_be_quoted, percent_runs, quoted_texts, runs
from discreet._redaction.names import names_a_secret
from discreet._redaction.numbers import KINDS, numbered, numbers
from discreet._redaction.scan import lowered
from discreet._redaction.sentences import INTRODUCING, sentences
from discreet._redaction.userinfo import userinfo
from discreet._redaction.words import Words

if TYPE_CHECKING:
    from collections.abc import Callable

_RUNS = bytes(ord("x") if chr(code) in "0Xx_-" else ord(".") for code in range(256))
_RUN = "x" * 16  # no token that detectors.json recognises by its form has a shorter run
_HEXADECIMAL = "0123456789abcdef-"
_GLUE = (".", ":", "*")  # between the prefix of a token and its hexadecimal part
_LINKED = re.compile(r"/(?:reset|verify|magic|token|activate|confirm|invite)").search
_SUBMITTED = re.compile(r"\]:(?:\d{2,5}|submission) [^\s:]{1,128}:").search
_PORT = re.compile(r":(?:5432|5433|6432|\*):").search
_CELL = re.compile(r"\w[ \t]{0,40}\|[ \t]{0,8}\S").search


# What of words.TELLING opens the gate by itself, and what does so in the company of certain signs.
_ENOUGH = frozenset((
    "pass", "bearer", "basic", "pwd", "otp", "identif", "psk", "isakmp", "rabbitmqctl", "securestring", "kty",
    "standby", "vrrp", "community", "isql",
))  # fmt: skip
_CALLED = frozenset(("login", "auth", "cred", "crypt"))
_ORACLE = frozenset(("sqlplus", "impdp", "expdp", "sqlldr", "rman"))
_PRINTED = frozenset(("echo", "printf"))
_WINDOWS = frozenset(("schtasks", "signtool", "certutil", "wmic"))
_HOOKED = frozenset(("hook", "alias", "ifttt", "googleapis", "feishu", "lark"))
_WAYS = (
    ("code", (" code", "?code=", "&code=", "code%")),
    ("cv", (" cv",)),
    ("configure", ("configure set",)),
    ("cred", ("creds",)),
    ("eap", (": eap",)),
    ("enable", ("enable ",)),
    ("insert", ("insert ",)),
    ("install", ("service install",)),
    ("key", ("-key", "key-", "?key=", "&key=")),
    ("logged", ("logged in ",)),
    ("login", ("login ", "login=")),
    ("mask", ("add-mask",)),
    ("ntlm", (": ntlm",)),
    ("server", ("-server",)),
    ("sig", ("sig=", "signature=", "sig%", "signature%")),
    ("token", ("security-token=",)),
    ("unlock", ("bw unlock",)),
    ("user", ("user/", "username/", "/user:", "createuser", "setuser ", "user default")),
)  # fmt: skip


@cache
def _inner_anchors() -> tuple[str, ...]:
    """Anchors in the middle of padded base64, whose slashes and pluses break it into short runs."""
    return tuple(anchor for rule in detectors() if rule.lead and "+/]" in rule.source for anchor in rule.anchors)


@cache
def _auth_anchors() -> tuple[tuple[str, bool], ...]:
    """Those with "auth" in them, which as a part of a word is everywhere; and whether case does not matter."""
    return tuple((anchor, rule.fold) for rule in detectors() for anchor in rule.anchors if "auth" in anchor.lower())


@cache
def _forms() -> Anchors:
    """The anchors of what is recognised by its own form."""
    return Anchors(rule for rule in detectors() if not rule.structure)


class Gate:
    """Answers for one policy: `kind_of` judges names, `extra` are the user's own detectors."""

    def __init__(self, kind_of: Callable[[str], str | None], extra: tuple[Detector, ...] = ()) -> None:
        self._kind_of = kind_of
        self._searches = tuple(re.compile(detector.source).search for detector in extra)
        self.sees_edges = any(sign in detector.source for detector in extra for sign in ("^", "$", r"\A", r"\Z"))
        """Whether a user's pattern may tell a text from the same text between two lines."""
        self._innocent_names: set[str] = set()
        self._words = Words()

    def may_hold_secret(self, text: str) -> bool:
        """False only if `find` would find nothing."""
        verdict = self._in_clear(text)
        if verdict:
            return True
        if "%" in text and any(self._in_clear(meaning) for meaning, _ in percent_runs(text)):
            return True
        if may_be_quoted(text) and any(self._in_clear(meaning) for meaning, _ in quoted_texts(text)):
            return True
        return verdict is None and any(self._in_clear(meaning) for _, _, meaning in runs(text))

    def _in_clear(self, text: str) -> bool | None:
        """As it is written, not decoded. None: nothing, but there are runs that may be encoded text."""
        if _separated(text) and names_a_secret(text, self._kind_of, self._innocent_names):
            return True
        if self._searches and any(search(text) is not None for search in self._searches):
            return True
        encoded = text.encode("ascii", "replace")
        table = encoded.translate(KINDS)
        shapes = table.decode("ascii")  # searching a str is several times faster than searching bytes
        if numbered(shapes) and numbers(text):
            return True
        if ("-" in shapes and _optioned(shapes)) or _signed(text):
            return True
        told = self._words.told(text, encoded)
        if (told or not text.isascii()) and (tells(told, text, text.lower()) or self._worded(told, text)):
            return True
        long = table.translate(_RUNS).decode("ascii")
        return _RUN in long and _of_form(text, long)

    def _worded(self, told: frozenset[str], text: str) -> bool:
        """Secrets that a table's head or the words of a sentence introduce."""
        if "\n" in text and not told.isdisjoint(HEADS) and columns(text, self._kind_of):
            return True
        return (not text.isascii() or not told.isdisjoint(INTRODUCING)) and bool(sentences(text, self._kind_of))


def _separated(text: str) -> bool:
    return "=" in text or ":" in text or ">" in text or "%3" in text or ("," in text and ("'" in text or '"' in text))


_OPTIONS = (" -x", " -X", " --", ".-x", ".-X", ".--")


def _optioned(shapes: str) -> bool:
    if shapes[0] == "-":
        return True
    if " -" in shapes or ".-" in shapes:
        for sign in _OPTIONS:
            if sign in shapes:
                return True
    return False


def _of_form(text: str, long: str) -> bool | None:
    """Whether a run of token characters has the form of a secret; None: it may be encoded text."""
    start = long.find(_RUN)
    verdict: bool | None = False
    formed: bool | None = None  # not looked for yet
    while start >= 0:
        end = long.find(".", start + 16)
        if end < 0:
            end = len(text)
        run = text[start:end]
        if run.strip(_HEXADECIMAL):
            if formed is None:
                formed = _formed(text)
            if formed:
                return True
            verdict = None
        elif _is_introduced(run, text[max(0, start - 16) : start]):
            return True
        elif "-" not in run:
            verdict = None
        start = long.find(_RUN, end)
    return verdict


def _is_introduced(run: str, before: str) -> bool:
    """Whether a hexadecimal run may be a part of a token, rather than a mere id."""
    if run.startswith("fc-") or (before[-1:] in _GLUE and (before[-2:-1].isalnum() or before[-2:-1] == "*")):
        return True
    low = before.lower()
    return "-" not in run and ("key" in low or "token" in low or "secret" in low)


def _formed(text: str) -> bool:
    """Whether it holds something that is recognised by its own form."""
    low = lowered(text)
    return any(detector.find(text, low, anchor) for anchor, detector in _forms().standing_in(text, low))


def _signed(text: str) -> bool:
    """Signs that start rules of detectors.json without any word."""
    if "@" in text and ":" in text and ("://" in text or ":thin:" in text or ":oci" in text or userinfo(text)):
        return True
    if "|" in text and (_CELL(text) is not None or "|s:" in text):
        return True
    if "<" in text and ("<<<" in text or "<-" in text):
        return True
    if "\t" in text and ("\tTRUE\t" in text or "\tFALSE\t" in text):
        return True
    if "/" in text:
        low = text.lower()
        if "/p:" in low or "net user" in low or "log in " in low or ("@" in text and ".py" in low):
            return True
    if ("=" in text or "+" in text) and any(anchor in text for anchor in _inner_anchors()):
        return True
    if "*" in text and (" * " in text or ":*:" in text):
        return True
    if "└" in text:
        return True
    return ":" in text and (
        _PORT(text) is not None or (";s:" in text) or ("]:" in text and _SUBMITTED(text) is not None)
    )


def tells(told: frozenset[str], text: str, low: str) -> bool:
    """Whether the telling words of a text stand as the rules of detectors.json want them."""
    if not told.isdisjoint(_ENOUGH):
        return True
    if "auth" in told and any(anchor in (low if fold else text) for anchor, fold in _auth_anchors()):
        return True
    for part, ways in _WAYS:
        if part in told:
            for way in ways:
                if way in low:
                    return True
    if "(" in text and (("'" in text or '"' in text) and not told.isdisjoint(_CALLED)):
        return True
    if "@" in text and not told.isdisjoint(_ORACLE):
        return True
    if "|" in text and not told.isdisjoint(_PRINTED):
        return True
    if "/" in text and (_LINKED(low) is not None or (" /" in text and not told.isdisjoint(_WINDOWS))):
        return True
    return "://" in text and not told.isdisjoint(_HOOKED)
