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
from discreet._redaction.columns import columns, may_be_head
from discreet._redaction.detectors import Detector, detectors
from discreet._redaction.encoded import percent_runs, quoted_texts, runs
from discreet._redaction.names import names_a_secret
from discreet._redaction.numbers import KINDS, numbered, numbers
from discreet._redaction.scan import lowered
from discreet._redaction.sentences import sentences, speaks_of_secrets
from discreet._redaction.userinfo import userinfo

if TYPE_CHECKING:
    from collections.abc import Callable

_RUNS = bytes(ord("x") if chr(code) in "0Xx_-" else ord(".") for code in range(256))
_RUN = "x" * 16  # no token that detectors.json recognises by its form has a shorter run
_HEXADECIMAL = "0123456789abcdef-"
_GLUE = (".", ":", "*")  # between the prefix of a token and its hexadecimal part
_ORACLE = re.compile("sqlplus|impdp|expdp|sqlldr|rman").search
_LINKED = re.compile(r"/(?:reset|verify|magic|token|activate|confirm|invite)").search
_SUBMITTED = re.compile(r"\]:(?:\d{2,5}|submission) [^\s:]{1,128}:").search
_CALLED = re.compile(r"maker\.ifttt|chat\.googleapis|open\.(?:feishu|lark)").search
_CELL = re.compile(r"\w[ \t]{0,40}\|[ \t]{0,8}\S").search


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

    def may_hold_secret(self, text: str) -> bool:
        """False only if `find` would find nothing."""
        verdict = self._in_clear(text)
        if verdict:
            return True
        if "%" in text and any(self._in_clear(meaning) for meaning, _ in percent_runs(text)):
            return True
        if any(self._in_clear(meaning) for meaning, _ in quoted_texts(text)):
            return True
        return verdict is None and any(self._in_clear(meaning) for _, _, meaning in runs(text))

    def _in_clear(self, text: str) -> bool | None:
        """As it is written, not decoded. None: nothing, but there are runs that may be encoded text."""
        if _separated(text) and names_a_secret(text, self._kind_of, self._innocent_names):
            return True
        if any(search(text) is not None for search in self._searches):
            return True
        table = text.encode("ascii", "replace").translate(KINDS)
        shapes = table.decode("ascii")  # searching a str is several times faster than searching bytes
        if numbered(shapes) and numbers(text):
            return True
        low = text.lower()
        if ("-" in shapes and _optioned(shapes)) or _telling(text, low) or self._worded(text, low):
            return True
        long = table.translate(_RUNS).decode("ascii")
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

    def _worded(self, text: str, low: str) -> bool:
        """Secrets that words, a table's head or an @ introduce."""
        if "@" in text and ":" in text and userinfo(text):
            return True
        if "└" in text:
            return True
        if "\n" in low and may_be_head(low) and columns(text, self._kind_of):
            return True
        return speaks_of_secrets(low) and bool(sentences(text, self._kind_of))


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


def _telling(text: str, low: str) -> bool:
    """Words and signs that start the rules of detectors.json which need neither a separator nor a long run."""
    if "pass" in low or "bearer" in low or "basic" in low or "pwd" in low or " code" in low or "otp" in low:
        return True
    if "auth" in low and any(anchor in (low if fold else text) for anchor, fold in _auth_anchors()):
        return True
    if " cv" in low or "identified" in low or "configure set" in low or ("|" in text and _CELL(text) is not None):
        return True
    if ("=" in text or "+" in text) and any(anchor in text for anchor in _inner_anchors()):
        return True
    if "(" in text and ("insert " in low or (("'" in text or '"' in text) and _called(low))):
        return True
    if "=" in text and _in_query(low):
        return True
    if "%3" in text and ("sig%" in low or "signature%" in low or "code%" in low):
        return True
    return _of_a_tool(text, low) or ("/" in text and _with_slash(text, low)) or (":" in text and _with_colon(text, low))


def _called(low: str) -> bool:
    return "login(" in low or "auth(" in low or "credential" in low or "crypt" in low


def _in_query(low: str) -> bool:
    if "sig=" in low or "signature=" in low or "security-token=" in low or "login=" in low:
        return True
    return "?code=" in low or "&code=" in low or "?key=" in low or "&key=" in low


def _of_a_tool(text: str, low: str) -> bool:
    """Words of command lines and configurations."""
    if "<" in text and ("<<<" in text or "<-" in text):
        return True
    if "|" in text and ("echo " in low or "printf " in low or "|s:" in text):
        return True
    if "*" in text and " * " in text:
        return True
    if "login " in low or "LOGIN " in text or "\tTRUE\t" in text or "\tFALSE\t" in text or "creds" in low:
        return True
    if "enable " in low or "community" in low or "-server" in low or "psk" in low or "-key" in low or "key-" in low:
        return True
    if "createuser" in low or "isakmp" in low or "standby " in low or "vrrp " in low or "identify" in low:
        return True
    if "rabbitmqctl" in low or "isql " in low or "service install" in low or "bw unlock" in low:
        return True
    return ">" in text and ("setuser " in low or "user default" in low)


def _with_slash(text: str, low: str) -> bool:
    if "net user" in low or "log in " in low or "logged in " in low or "user/" in low or "username/" in low:
        return True
    if " /" in text and ("schtasks" in low or "signtool" in low or "certutil" in low or "wmic" in low):
        return True
    if "@" in text and (".py" in low or _ORACLE(low) is not None):
        return True
    return _LINKED(low) is not None


def _with_colon(text: str, low: str) -> bool:
    if "@" in text and ("://" in text or ":thin:" in text or ":oci" in text):
        return True
    if "://" in text and ("hook" in low or "otpauth" in low or "alias set" in low or _CALLED(low) is not None):
        return True
    if ":5432:" in text or ":5433:" in text or ":6432:" in text or ":*:" in text:
        return True
    if ";s:" in text or ": eap" in low or ": xauth" in low or "securestring" in low or "kty" in low:
        return True
    if "]:" in text and _SUBMITTED(text) is not None:
        return True
    return (
        "/user:" in low or "stats auth" in low or "add-mask" in low or ": ntlm" in low or "/p:" in low or "/pass" in low
    )
