"""Step 3, redact: what to mask of a value whose name says that it is a secret.

Some values are no secret whatever their name (null, a placeholder, "expired"); some are only in part (the scheme of
an Authorization header, the attributes of a cookie).
"""

from __future__ import annotations

import re

from discreet._redaction.keys import key_words

Span = tuple[int, int, str]

MARKER = re.compile(r"\[REDACTED:[a-z][a-z0-9-]{0,39}(?::[A-Za-z0-9]{4})?\]")
_MASK = re.compile(
    r"\*{2,}[\w]{0,4}|[•x]{3,}|\.{3,}|…+|<[^<>\n]{1,64}>|\[[A-Za-z][^\[\]\n]{0,64}\]|\$\{[^{}\n]{1,128}\}?|\{\{[^{}\n]{0,128}\}{0,2}|"
    r"[xX]{4,}|![A-Za-z][\w:]{1,24}|ENC\[.{0,200}|%[A-Z_][A-Z0-9_]{1,64}%|@Microsoft\.KeyVault\(.{0,200}|(?:vault:|op://)[\w/.#\-]{1,190}|"
    r"%\([^()\n]{1,64}\)?s?|%[srd]|\$[A-Z_][A-Z0-9_]{1,64}|\$\([^()\n]{1,128}\)?|\{[a-z_]{0,32}\}|#+|-+|_+|\(\w{1,32}\)"
)
SCHEME = re.compile(
    r"(?:Basic|Bearer|Token|Digest|Negotiate|NTLM|OAuth|Hawk|Signature|SharedKey|SharedKeyLite|SharedAccessSignature|AWS4-HMAC-SHA256|"
    r"ApiKey|ApiKey-v1|Api-Key|Key|GoogleLogin|MAC|DPoP|JWT|Splunk|GenieKey|Klaviyo-API-Key|Discogs|SSWS|Bot|ESSO|PVEAPIToken|Zoho-oauthtoken|AWS)"
    r"(?:(?:[ \t]|%20|\+)+|(?:=)|(?::[ \t]*))",
    re.IGNORECASE,
)
PARAMETER_SCHEME = re.compile(
    r"(?:Digest|AWS4-HMAC-SHA256|OAuth|Hawk|Signature|SharedAccessSignature)[ \t]|Token[ \t]{1,4}token=", re.IGNORECASE
)
_PAIR = re.compile(r"""([A-Za-z0-9_.\-$]{1,128})=(?:\\?"([^"\\]*)\\?"|([^;,&\s"'\\]*))""")

_CODE = re.compile(
    r"[A-Za-z_][\w.]{1,64}\([^()\"']{0,64}\)|"
    r"(?:Optional|Union|List|Dict|list|dict|tuple|Annotated)\[[\w\[\], |.]{1,64}\]|SecretStr|"
    r"(?:self|cls|this|settings|config|conf|cfg|os|env|process|args|options|opts|request|req|app|ctx|params|data|ENV)"
    r"(?:\.[A-Za-z_]\w{0,40}|\[[\"']?\w{0,40}[\"']?\]?){1,6}(?:\([\"']?[\w.]{0,40}[\"']?\)?)?(?:\[[\"']?\w{0,40}[\"']?\]?)?|"
    r"\?|\$\d{1,2}|:\w{1,40}|/(?:home|root|srv|app|var|opt|tmp|usr|etc|workspace|builds?)(?:/[\w.\-/]{0,200})?"
)
"""A call that fetches the value, or its type: code that is quoted in a log holds no value."""


def innocent(text: str, kind: str) -> bool:
    """Whether a value is never a secret: empty, null, a boolean, a placeholder, a mask, a word about the secret."""
    bare = text.strip(" \t\"'\\`")
    if not bare:
        return True
    if len(bare) <= 200:
        if MARKER.fullmatch(bare) or _MASK.fullmatch(bare):
            return True
        rules = key_words()
        if bare.rstrip(".,;:!?)]}").lower() in rules.status_words:
            return True
        if kind not in rules.number_kinds and _is_number(bare):
            return True
        if kind == "mnemonic" and bare.isalpha():
            return True  # an assembler's
        if kind == "iban" and len(bare) < 15:
            return True
        if len(bare) <= 3 and not any(char.isalnum() for char in bare):
            return True  # punctuation, as parsers report it
        if kind == "pin":
            return not bare.isdigit()  # a pin of a board or a chip has a name
        return _CODE.fullmatch(bare) is not None
    return False


def is_masked(text: str) -> bool:
    """Whether a value is a marker of ours already."""
    return MARKER.fullmatch(text) is not None


def _is_number(text: str) -> bool:
    return len(text) <= 11 and text.replace(".", "", 1).lstrip("-+").isdigit()


def secret_parts(text: str, start: int, end: int, kind: str) -> list[Span]:
    """The spans to mask of the value `text[start:end]`, whose name says that it is a secret of `kind`."""
    value = text[start:end]
    if innocent(value, kind):
        return []
    if kind == "authorization":
        return _authorization(value, start, end)
    if kind == "cookie":
        if _PAIR.search(value) is None:
            return [(start, end, kind)]
        return _parameters(value, start, key_words().parameters_kept, "cookie")
    if value.endswith(("/aws4_request", "%2Faws4_request")):  # SigV4: the scope after the key id is no secret
        end = start + min(place for place in (value.find("/"), value.find("%2F")) if place >= 0)
        return [] if innocent(text[start:end], kind) else [(start, end, "aws-access-key")]
    return [(start, end, kind)]


_SCHEME_KINDS = {"beare": "bearer-token", "basic": "basic-credentials"}


def _authorization(value: str, start: int, end: int) -> list[Span]:
    """Everything but the scheme; of a scheme with parameters (Digest, SigV4), all parameters but the harmless ones."""
    scheme = SCHEME.match(value)
    if scheme is None:
        return [(start, end, "authorization")]
    offset = scheme.end()
    rest = value[offset:]
    if innocent(rest, "authorization"):
        return []
    head = scheme.group().lower()
    if head.startswith("sharedkey") and ":" in rest:  # Azure: the account is no secret
        offset += rest.index(":") + 1
        return [(start + offset, end, "authorization")]
    if PARAMETER_SCHEME.match(value) and _PAIR.search(rest) is not None:
        return _parameters(rest, start + offset, key_words().credential_parameters_kept, "authorization")
    kind = _SCHEME_KINDS.get(head[:5], "authorization")
    return [(start + offset, end, kind)]


def _parameters(value: str, offset: int, kept: frozenset[str], kind: str) -> list[Span]:
    spans: list[Span] = []
    for pair in _PAIR.finditer(value):
        name = pair.group(1).lower()
        group = 3 if pair.group(2) is None else 2
        part = pair.group(group)
        if name in kept or innocent(part, kind):
            continue
        first, last = pair.span(group)
        if name == "credential" and "/" in part:  # SigV4: the scope after the key id is no secret
            last = first + part.index("/")
            if innocent(value[first:last], kind):
                continue
        spans.append((offset + first, offset + last, kind))
    return spans
