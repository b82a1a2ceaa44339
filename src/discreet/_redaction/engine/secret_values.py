"""Step 3, redact: is a value a secret, and what of it is to be masked?

First the named checks that tell a secret from a look-alike: each takes the matched text and answers whether it can be
what its rule names. detectors.json and names.json use them by name; a regular expression cannot count, so these few
rules are code. Then the values whose name says that they are a secret: some are harmless whatever their name (null, a
placeholder, "expired"); of others only a part is secret (what follows the scheme of an Authorization header, the values
in a cookie).
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Callable, Iterator

from discreet._base.lazy_pattern import end_of_match, lazy_pattern
from discreet._redaction.names import any_of, name_rules

Span = tuple[int, int, str]
"""Where a secret starts and ends, and its kind."""
Spans = Iterator[Span]
KindOf = Callable[[str], "str | None"]
"""Which kind of secret is a value under this name? None: the name is harmless."""

_ASCII_LOWER = {upper: upper + 32 for upper in range(ord("A"), ord("Z") + 1)}


def ascii_lower(text: str) -> str:
    """In lower case; every character keeps its position."""
    return text.lower() if text.isascii() else text.translate(_ASCII_LOWER)


def luhn(text: str) -> bool:
    """Payment card numbers: 13 to 19 digits, an issuer's prefix and the Luhn sum (ISO/IEC 7812-1, annex B)."""
    digits = [int(c) for c in text if "0" <= c <= "9"]
    if not 13 <= len(digits) <= 19 or not _card_prefix(digits):
        return False
    total = 0
    for position, digit in enumerate(reversed(digits)):
        doubled = digit * 2 if position % 2 else digit
        total += doubled - 9 if doubled > 9 else doubled
    return total % 10 == 0


def _card_prefix(digits: list[int]) -> bool:
    count = len(digits)
    first4 = digits[0] * 1000 + digits[1] * 100 + digits[2] * 10 + digits[3]
    first2 = first4 // 100
    if digits[0] == 4:
        return count in (13, 16, 19)
    if 51 <= first2 <= 55 or 2221 <= first4 <= 2720:
        return count == 16
    if first2 in (34, 37):
        return count == 15
    if first4 == 6011 or first2 in (62, 64, 65) or 3528 <= first4 <= 3589:
        return count >= 16
    return count >= 14 and (first2 in (36, 38) or 3000 <= first4 <= 3059)


def mod97(text: str) -> bool:
    """International bank account numbers: the remainder of ISO 13616 is 1."""
    compact = "".join(text.split()).upper()
    if not 15 <= len(compact) <= 34 or not compact.isascii() or not compact.isalnum():
        return False
    rotated = compact[4:] + compact[:4]
    return int("".join(str(int(c, 36)) for c in rotated)) % 97 == 1


def us_ssn(text: str) -> bool:
    """US social security numbers that were ever issued: area not 000, 666 or 9xx; group and serial not zero."""
    area, _, rest = text.partition("-")
    group, _, serial = rest.partition("-")
    return area not in ("000", "666") and area[:1] != "9" and group != "00" and serial != "0000"


def _decoded(text: str) -> bytes | None:
    """What stands in base64 of either alphabet, with or without padding; None if nothing does."""
    try:
        return binascii.a2b_base64(text.replace("-", "+").replace("_", "/") + "=" * (-len(text) % 4))
    except ValueError:
        return None


def is_jose_header(text: str) -> bool:
    """JSON Web Tokens: the first part decodes to a JSON object that names an algorithm (RFC 7515, section 4)."""
    start = text.find("eyJ")
    head = text[start : start + 400].split(".", 1)[0]
    decoded = _decoded(head[: len(head) // 4 * 4])
    if decoded is None:
        return text.count(".") >= 2
    return any(name in decoded for name in (b'"alg"', b'"typ"', b'"enc"', b'"kid"', b'"jku"', b'"x5t"'))


def is_encoded_jose_header(text: str) -> bool:
    """The same header under one more layer of base64."""
    decoded = _decoded(text[: min(len(text), 400) // 4 * 4])
    return decoded is not None and is_jose_header(decoded.decode("ascii", "replace"))


def is_discord_token(text: str) -> bool:
    """Discord bot tokens: the first part is the base64 of a decimal id."""
    decoded = _decoded(text.split(".", 1)[0])
    return decoded is not None and decoded.isdigit()


def looks_mixed(text: str) -> bool:
    """A generated value rather than words: at least two digits among letters, or both cases thoroughly mixed."""
    if sum(c.isdigit() for c in text) >= 2:
        return not text.isdigit()
    upper = sum(c.isupper() for c in text[1:])
    lower = sum(c.islower() for c in text)
    return upper > 3 and lower > 3 and "_" not in text and text.count("-") <= 1


def is_credential(text: str) -> bool:
    """After an authentication scheme: a credential, not the next word of a sentence."""
    if "=" in text.rstrip("="):
        return False  # the next field
    return len(text) >= 24 or not text.rstrip(".").replace("-", "").isalpha() or not _one_case(text)


def is_basic_pair(text: str) -> bool:
    """Basic credentials decode to `user:password` (RFC 7617)."""
    decoded = _decoded(text.split("%", 1)[0].rstrip("="))
    return is_credential(text) if decoded is None else b":" in decoded


def is_no_word(text: str) -> bool:
    """Base64 of something, rather than the name of a mechanism or a word."""
    if len(text) < 20 and (text.isupper() or text.islower()):
        return False
    return any(c.isdigit() for c in text) or "=" in text or not (_one_case(text) or text.islower())


def looks_generated(text: str) -> bool:
    """In a sentence: letters and digits mixed, as no word and no plain number is."""
    digits = sum(c.isdigit() for c in text)
    unit = text.lstrip("0123456789")
    if text[:1].isdigit() and unit.isalpha() and unit.islower() and digits < 4:
        return False  # 8chars, 12days
    return (
        0 < digits < len(text)
        and any(c.isalpha() for c in text)
        and not (text.startswith(("/", "http", "0x")) or (text[0] == "v" and text[1:2].isdigit()))
    )


def looks_random(text: str) -> bool:
    """Either of the two: more than a word or a number."""
    return looks_generated(text) or looks_mixed(text)


def is_no_status_word(text: str) -> bool:
    """A lone English word is not a password where prose is likely."""
    return text.rstrip(".,;)").lower() not in name_rules().words["status_words"]


def is_chosen_password(text: str) -> bool:
    """Chosen as a password by somebody: not a word about passwords, and not a name such as `db-creds`."""
    return is_no_status_word(text) and (any(c.isdigit() for c in text) or not _one_case(text))


def _one_case(text: str) -> bool:
    return text[1:].islower() or text.isupper()


_UUID = lazy_pattern(r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")
_CREDENTIAL = lazy_pattern(r"[A-Za-z0-9_\-+/=.~%:]{20,4096}")
_PADDED = lazy_pattern(r"[A-Za-z0-9+/_\-]{21,}={1,2}|[A-Za-z0-9+/_\-]{40,}")
DIGEST = lazy_pattern(r"[0-9A-Fa-f]{32,}|[A-Za-z0-9+/]{27,}={0,2}")


def is_credential_like(text: str) -> bool:
    """Generated: 20 characters at least, of both cases and digits; no UUID, no hexadecimal id, no words."""
    if _CREDENTIAL.fullmatch(text) is None or not text.strip("0123456789abcdefABCDEF-"):
        return False
    if not (any(map(str.isdigit, text)) and any(map(str.islower, text)) and any(map(str.isupper, text))):
        return False
    parts = re.split(r"[\-_.:/]", text)
    return any(len(part) > 5 and not part.isdigit() and not (part.isalpha() and _one_case(part)) for part in parts)


def is_uuid(text: str) -> bool:
    """A UUID."""
    return _UUID.fullmatch(text) is not None


def is_padded_key(text: str) -> bool:
    """A key in base64: padded, or long and of mixed characters."""
    if _PADDED.fullmatch(text) is None or not looks_mixed(text) or _is_id(text):
        return False
    return text.endswith("=") or (any(map(str.islower, text)) and any(map(str.isupper, text)))


def _is_id(text: str) -> bool:
    """Words, numbers and hexadecimal digits between dashes, as cache keys and UUIDs are."""
    return all(
        (part.isalpha() and _one_case(part)) or not part.strip("0123456789abcdefABCDEF")
        for part in re.split(r"[\-_]", text)
    )


CHECKS: dict[str, Callable[[str], bool]] = {
    "basic-pair": is_basic_pair,
    "chosen": is_chosen_password,
    "credential": is_credential,
    "credential-like": is_credential_like,
    "digest": lambda text: DIGEST.search(text) is not None,
    "discord-snowflake": is_discord_token,
    "encoded-jose-header": is_encoded_jose_header,
    "generated": looks_generated,
    "jose-header": is_jose_header,
    "mixed": looks_mixed,
    # In a protocol's dialogue: a password rather than CRAM-MD5, a mechanism, or the answer FAILED.
    "no-mechanism": lambda text: looks_generated(text) and not text.isupper(),
    # A user or group id, a port or a port mapping is no password.
    "not-number": lambda text: not text.replace(":", "").isdigit(),
    "not-prose": is_no_status_word,
    "not-word": is_no_word,
    # As servers generate session ids; no UUID, no number.
    "opaque": lambda text: len(text) >= 20 and text.isalnum() and looks_generated(text),
    "padded": is_padded_key,
    "uuid": is_uuid,
}
"""By the name that detectors.json and names.json use."""


MARKER = lazy_pattern(r"\[REDACTED:[a-z][a-z0-9-]{0,39}(?::[A-Za-z0-9]{4})?\]")
_ANY_SCHEME = lazy_pattern(r"[\w\-]{1,40}[ \t]{1,4}")
_USER = lazy_pattern(r"[A-Za-z][\w.\-@]{1,63}[:/][ ]?")
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
        if len(stripped) <= 3 and not any(map(str.isalnum, stripped)):
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
    prefix = end_of_match(any_of("value_prefixes"), value)
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
    if scheme is None and any_of("parameter_schemes").match(value) is not None:
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
    if any_of("parameter_schemes").match(value) and _PAIR.search(rest) is not None:
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
