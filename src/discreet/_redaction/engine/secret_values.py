"""Step 3, redact: what to mask of a value whose name says that it is a secret.

Some values are harmless whatever their name (null, a placeholder, "expired"). Of others only a part is secret: what
follows the scheme of an Authorization header, the values in a cookie.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from discreet._base.lazy_pattern import end_of_match, lazy_pattern
from discreet._redaction.engine.checks import CHECKS, DIGEST, is_no_status_word, looks_generated
from discreet._redaction.names import any_of, name_rules

Span = tuple[int, int, str]
"""Where a secret starts and ends, and its kind."""
Spans = Iterator[Span]
KindOf = Callable[[str], "str | None"]
"""Which kind of secret is a value under this name? None: the name is harmless."""

MARKER = lazy_pattern(r"\[REDACTED:[a-z][a-z0-9-]{0,39}(?::[A-Za-z0-9]{4})?\]")
PARAMETER_SCHEME = lazy_pattern(
    r"(?:Digest|AWS4-HMAC-SHA256|OAuth|Hawk|Signature|SharedAccessSignature)[ \t]|Token[ \t]{1,4}token=|"
    r"""[A-Za-z][\w\-]{2,30}[ \t]{1,4}[A-Za-z_]{2,20}=(?:\\?"[^"\n\\]{0,512}\\?"|[^=\s,;"]{1,512}={0,2})[,;&]""",
    re.IGNORECASE,
)
_ANY_SCHEME = lazy_pattern(r"[\w\-]{1,40}[ \t]{1,4}")
_USER = lazy_pattern(r"[A-Za-z][\w.\-@]{1,63}[:/][ ]?")
_PREFIX = lazy_pattern(
    r"base64:|hex:|plain:|raw:|0[xX](?=[0-9A-Fa-f]{32}|\[REDACTED:)|\{[A-Za-z][\w\-]{1,16}\}|"
    r"(?:Bearer|Basic|Token|FlyV1|ApiKey|JWT|DPoP)[ \t]{1,2}|oauth:"
)
_PAIR = lazy_pattern(r"""([A-Za-z0-9_.\-$]{1,128})=(?:\\?"([^"\\]*)\\?"|([^;,&\s"'\\]*))""")

_REFERRED = frozenset(("secret", "credentials", "token", "password", "secret-key", "private-key", "cookie", "api-key"))


def is_harmless(text: str, kind: str) -> bool:
    """Whether a value is never a secret: empty, null, a boolean, a placeholder, a mask, a word about the secret."""
    stripped = text.strip(" \t\"'\\`")
    if not stripped:
        return True
    if len(stripped) <= 200:
        rules = name_rules()
        if MARKER.fullmatch(stripped) or any_of("harmless_values").fullmatch(stripped):
            return True
        if stripped.rstrip(".,;:!?)]}").lower() in rules.words["status_words"]:
            return True
        is_number = len(stripped) <= 11 and stripped.replace(".", "", 1).lstrip("-+").isdigit()
        if is_number and kind not in rules.words["number_kinds"]:
            return True
        if len(stripped) <= 3 and not any(char.isalnum() for char in stripped):
            return True  # punctuation, as parsers report it
        if kind == "pin":
            return not stripped.isdigit()  # a pin of a board or a chip has a name
        if _is_word_of(kind, stripped):
            return True
        if kind in _REFERRED and any_of("references").fullmatch(stripped):
            return True
    shape = name_rules().shapes.get(kind)
    return shape is not None and not CHECKS[shape](stripped)


def _is_word_of(kind: str, text: str) -> bool:
    """Words that are no secret of this kind: a token of a parser, the name of an error or of credentials."""
    if kind in ("token", "otp"):
        return len(text) <= 16 and text.replace("_", "").isalpha() and (text.islower() or text.isupper())
    if kind == "credentials":
        return text.replace("-", "").isalpha() and text.islower()
    if kind == "authorization":  # who authenticates, or how: auth="Container"
        return len(text) <= 16 and text.isalpha() and (text[1:].islower() or text.isupper())
    return (kind == "mnemonic" and text.isalpha()) or (kind == "iban" and len(text) < 15)  # an assembler's mnemonic


def secret_parts(text: str, start: int, end: int, kind: str) -> list[Span]:
    """The spans to mask of the value `text[start:end]`, whose name says that it is a secret of `kind`."""
    value = text[start:end]
    if is_harmless(value, kind):
        return []
    if kind == "authorization":
        return _authorization(value, start, end)
    if kind == "cookie":
        if _PAIR.search(value) is None:
            return [(start, end, kind)]
        return _parameters(value, start, name_rules().words["parameters_kept"], "cookie")
    if kind == "signature":
        return [(start + digest.start(), start + digest.end(), kind) for digest in DIGEST.finditer(value)]
    start += _known_length(value, kind)
    value = text[start:end]
    if is_harmless(value, kind) or value.endswith(("/goog4_request", "%2Fgoog4_request")):
        return []  # the last two: an e-mail address and a scope
    if value.endswith(("/aws4_request", "%2Faws4_request")):  # SigV4: the scope after the key id is no secret
        end = start + min(place for place in (value.find("/"), value.find("%2F")) if place >= 0)
        return [] if is_harmless(text[start:end], kind) else [(start, end, "aws-access-key")]
    return [(start, end, kind)]


def _known_length(value: str, kind: str) -> int:
    """The length of what stands before the secret: the name of a user, or how the secret is encoded or sent."""
    if kind == "credentials" and not value.endswith("4_request"):
        user = end_of_match(_USER, value)
        rest = value[user:]
        return user if user and rest and (is_harmless(rest, kind) or looks_generated(rest)) else 0
    prefix = end_of_match(_PREFIX, value)
    return prefix if len(value) - prefix >= 4 else 0


_SCHEME_KINDS = {"beare": "bearer-token", "basic": "basic-credentials"}
_OF_SCHEMES = frozenset(("tokens", "authentication", "authorization", "scheme", "challenge"))


def _is_token(text: str) -> bool:
    """Whether a word after a scheme is a token, rather than a word about tokens."""
    if len(text) < 8 or not text.isalpha() or len(set(text.lower())) < 3:
        return False
    return is_no_status_word(text) and text.lower() not in _OF_SCHEMES


def _authorization(value: str, start: int, end: int) -> list[Span]:
    """Everything but the scheme; of a scheme with parameters (Digest, SigV4), all parameters but the harmless ones."""
    scheme = any_of("schemes", re.IGNORECASE).match(value)
    if scheme is None and PARAMETER_SCHEME.match(value) is not None:
        scheme = _ANY_SCHEME.match(value)
    if scheme is None:
        return [(start, end, "authorization")]
    offset = scheme.end()
    rest = value[offset:]
    if is_harmless(rest, "authorization") and not _is_token(rest):
        return []
    head = scheme.group().lower()
    for owned, sign in (("sharedkey", ":"), ("pveapitoken", "=")):  # Azure, Proxmox: whose it is stands before it
        if head.startswith(owned) and sign in rest:
            return [(start + offset + rest.index(sign) + 1, end, "authorization")]
    if PARAMETER_SCHEME.match(value) and _PAIR.search(rest) is not None:
        return _parameters(rest, start + offset, name_rules().words["credential_parameters_kept"], "authorization")
    kind = _SCHEME_KINDS.get(head[:5], "authorization")
    return [(start + offset, end, kind)]


def _parameters(value: str, offset: int, kept: frozenset[str], kind: str) -> list[Span]:
    spans: list[Span] = []
    for pair in _PAIR.finditer(value):
        name = pair.group(1).lower()
        group = 3 if pair.group(2) is None else 2
        part = pair.group(group)
        if name in kept or is_harmless(part, kind) or part.endswith("/goog4_request"):
            continue  # the last: an e-mail address and a scope
        first, last = pair.span(group)
        if name == "credential" and "/" in part:  # SigV4: the scope after the key id is no secret
            last = first + part.index("/")
            if is_harmless(value[first:last], kind):
                continue
        spans.append((offset + first, offset + last, kind))
    return spans
