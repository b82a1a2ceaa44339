"""Step 3, redact: what to mask of a value whose name says that it is a secret.

Some values are harmless whatever their name (null, a placeholder, "expired"). Of others only a part is secret: what
follows the scheme of an Authorization header, the values in a cookie.
"""

from __future__ import annotations

import re

from discreet._base.lazy_pattern import lazy_pattern
from discreet._redaction.engine.checks import VALUE_SHAPES, is_no_status_word, looks_generated
from discreet._redaction.names import name_rules

Span = tuple[int, int, str]

MARKER = lazy_pattern(r"\[REDACTED:[a-z][a-z0-9-]{0,39}(?::[A-Za-z0-9]{4})?\]")
_MASK = lazy_pattern(
    r"\w{0,8}\*{2,}[\w]{0,8}|\w{1,8}\.{3}\w{1,8}|[•x]{3,}|\.{3,}|…+|<[^<>\n]{1,64}>|\[[A-Za-z][^\[\]\n]{0,64}\]|\$\{[^{}\n]{1,128}\}?|\{\{[^{}\n]{0,128}\}{0,2}|"
    r"[xX]{4,}|![A-Za-z][\w:]{1,24}|ENC\[.{0,200}|%[A-Z_][A-Z0-9_]{1,64}%|#\{[A-Za-z_@][^{}\n]{0,128}\}?|<%=[^%\n]{1,128}(?:%>)?|(?:env|ENV|environ|\$env)[:.][A-Za-z_]\w{1,64}|(?:file|ssm|sm|secretsmanager|keyring|keychain|kms|akv|azkv|gcpsm|k8s|doppler|infisical|bws|sops):/{0,3}[A-Za-z_/.~][\w./#:@\-]{1,190}|@Microsoft\.KeyVault\(.{0,200}|(?:vault:|op://|ref\+[a-z]{1,24}://)[\w/.#\-]{1,190}|"
    r"%\([^()\n]{1,64}\)?s?|%[srd]|\$[A-Z_][A-Z0-9_]{1,64}|\$[A-Za-z_]{1,40}(?:\.[A-Za-z_\-]{1,40}){1,6}|\$\([^()\n]{1,128}\)?|"
    r"(?:\{(?:[a-z_]{0,32}|[A-Z_]{1,32}|[A-Za-z_]\w{0,40}[.!\[(][\w.\[\]'\"!()]{1,64})\}[:/@_.\- ]{0,3}){1,6}|"
    r"#+|-+|_+|\(\w{1,32}\)|hmac-sha256:[0-9a-f]{16,64}|TODO|FIXME|TBD|EXAMPLE|example|"
    r"[xX]{3,}(?:-[xX]{3,}){1,8}|[\w.\-]{0,24}?(?:x{10,}|X{10,}|0{10,})|"
    r"(?i:your|my|some|insert|enter|put|replace)[\-_ ](?i:[a-z]{1,16}[\-_ ]){0,4}"
    r"(?i:key|token|password|secret|here|value)"
)
SCHEME = lazy_pattern(
    r"(?:Basic|Bearer|Token|Digest|Negotiate|NTLM|OAuth|Hawk|Signature|SharedKey|SharedKeyLite|SharedAccessSignature|AWS4-HMAC-SHA256|"
    r"ApiKey|ApiKey-v1|Api-Key|Key|GoogleLogin|MAC|DPoP|JWT|Splunk|GenieKey|Klaviyo-API-Key|Discogs|SSWS|Bot|ESSO|FlyV1|HMAC-SHA256|HMAC-SHA1|HMAC|APPCODE|Client|Session|GNAP|SSWS-v1|PVEAPIToken|Zoho-oauthtoken|AWS)"
    r"(?:(?:[ \t]|%20|\+)+|(?:=)|(?::[ \t]*))",
    re.IGNORECASE,
)
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
_DIGEST = lazy_pattern(r"[0-9A-Fa-f]{32,}|[A-Za-z0-9+/]{27,}={0,2}")
_PAIR = lazy_pattern(r"""([A-Za-z0-9_.\-$]{1,128})=(?:\\?"([^"\\]*)\\?"|([^;,&\s"'\\]*))""")

_CODE = lazy_pattern(
    r"[A-Za-z_][\w.]{1,64}\([^()\"']{0,64}\)|"
    r"(?:Optional|Union|List|Dict|list|dict|tuple|Annotated)\[[\w\[\], |.]{1,64}\]|SecretStr|"
    r"(?:self|cls|this|settings|config|conf|cfg|os|env|process|args|options|opts|request|req|app|ctx|params|data|ENV)"
    r"(?:\.[A-Za-z_]\w{0,40}|\[[\"']?\w{0,40}[\"']?\]?){1,6}(?:\([\"']?[\w.]{0,40}[\"']?\)?)?(?:\[[\"']?\w{0,40}[\"']?\]?)?|"
    r"\?|\$\d{1,2}|:\w{1,40}|@[a-z_]{1,40}|HTTP/\d(?:\.\d)?|(?:var|local|data|module|each|self|aws_\w{1,60}|"
    r"random_\w{1,60}|google_\w{1,60}|azurerm_\w{1,60})"
    r"(?:\.[A-Za-z_][\w\-]{0,63}(?:\[[^\[\]]{0,40}\])?){1,5}|"
    r"&?(?:'\w{1,20} )?(?:mut )?(?:std::|core::|crate::)?(?:str|String|string|string_view|bytes?|\[\]byte|\[u8\]|"
    r"Vec<u8>|char\*?|"
    r"(?:Option|Box|Arc|Rc|Optional|Promise|Cow|Secret)<[\w<>:&' ,]{1,64}>|SecretString)[);,?]{0,3}|"
    r"/(?:home|root|srv|app|var|opt|tmp|usr|etc|workspace|builds?)(?:/[\w.\-/]{0,200})?"
)
"""Code that fetches the value, or names its type. Code that a log quotes holds no value."""


_NAMED_KINDS = frozenset(
    ("secret", "credentials", "token", "password", "secret-key", "private-key", "cookie", "api-key")
)
_REFERENCE = lazy_pattern(
    r"(?:[a-z][a-z\-]{1,40}\d{0,2}/){1,6}[a-z][a-z\-]{1,60}\d{0,2}|(?:[A-Za-z_]{2,40}\.){1,8}[A-Z][A-Za-z]{2,60}|"
    r"ssh-(?:rsa|ed25519|dss)|(?:ecdsa|rsa)-sha2-\w{1,16}|[\w.\-]{1,64}:/(?:[\w.\-]{1,64}/){1,8}[\w.\-]{1,64}|"
    r"[a-z]{2,16}(?:[\-_][a-z]{2,16}){0,4}[\-_](?:password|passwd|secrets?|token|credentials?|creds|key|keys)|"
    r"[a-z]{2,16}(?:[A-Z][a-z]{1,16}){0,3}(?:Password|Secret|Token|ApiKey|Credentials)|"
    r"[A-Z]{2,16}(?:_[A-Z]{2,16}){0,4}_(?:PASSWORD|SECRET|TOKEN|KEY|CREDENTIALS)|"
    r"(?:[A-Z][a-z]{1,20}){1,6}(?:Credentials?|Error|Exception|Client|Provider|Factory|Manager|Handler|Resolver|"
    r"Generator|Validator|Filter|Store)"
)
"""Where a secret is kept (prod/db/main), what it is called (db-password), or a class that handles it."""


def is_harmless(text: str, kind: str) -> bool:
    """Whether a value is never a secret: empty, null, a boolean, a placeholder, a mask, a word about the secret."""
    stripped = text.strip(" \t\"'\\`")
    if not stripped:
        return True
    if len(stripped) <= 200:
        if MARKER.fullmatch(stripped) or _MASK.fullmatch(stripped):
            return True
        rules = name_rules()
        if stripped.rstrip(".,;:!?)]}").lower() in rules.status_words:
            return True
        if kind not in rules.number_kinds and _is_number(stripped):
            return True
        if len(stripped) <= 3 and not any(char.isalnum() for char in stripped):
            return True  # punctuation, as parsers report it
        if kind == "pin":
            return not stripped.isdigit()  # a pin of a board or a chip has a name
        if _is_word_of(kind, stripped) or _CODE.fullmatch(stripped) is not None:
            return True
        if kind in _NAMED_KINDS and _REFERENCE.fullmatch(stripped) is not None:
            return True
    shape = name_rules().shapes.get(kind)
    return shape is not None and not VALUE_SHAPES[shape](stripped)


def is_masked(text: str) -> bool:
    """Whether a value is a marker of ours already."""
    return MARKER.fullmatch(text) is not None


def _is_word_of(kind: str, text: str) -> bool:
    """Words that are no secret of this kind: a token of a parser, the name of an error or of credentials."""
    if kind in ("token", "otp"):
        return len(text) <= 16 and text.replace("_", "").isalpha() and (text.islower() or text.isupper())
    if kind == "credentials":
        return text.replace("-", "").isalpha() and text.islower()
    if kind == "authorization":  # who authenticates, or how: auth="Container"
        return len(text) <= 16 and text.isalpha() and (text[1:].islower() or text.isupper())
    return (kind == "mnemonic" and text.isalpha()) or (kind == "iban" and len(text) < 15)  # an assembler's mnemonic


def _is_number(text: str) -> bool:
    return len(text) <= 11 and text.replace(".", "", 1).lstrip("-+").isdigit()


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
        return _parameters(value, start, name_rules().parameters_kept, "cookie")
    if kind == "signature":
        return [(start + digest.start(), start + digest.end(), kind) for digest in _DIGEST.finditer(value)]
    start += _known_length(value, kind)
    value = text[start:end]
    if is_harmless(value, kind) or value.endswith(
        ("/goog4_request", "%2Fgoog4_request")
    ):  # an e-mail address and a scope
        return []
    if value.endswith(("/aws4_request", "%2Faws4_request")):  # SigV4: the scope after the key id is no secret
        end = start + min(place for place in (value.find("/"), value.find("%2F")) if place >= 0)
        return [] if is_harmless(text[start:end], kind) else [(start, end, "aws-access-key")]
    return [(start, end, kind)]


def _known_length(value: str, kind: str) -> int:
    """The length of what stands before the secret: the name of a user, or how the secret is encoded or sent."""
    if kind == "credentials" and not value.endswith("4_request"):
        user = _USER.match(value)
        rest = value[user.end() :] if user is not None else ""
        return len(value) - len(rest) if rest and (is_harmless(rest, kind) or looks_generated(rest)) else 0
    prefix = _PREFIX.match(value)
    return prefix.end() if prefix is not None and len(value) - prefix.end() >= 4 else 0


_SCHEME_KINDS = {"beare": "bearer-token", "basic": "basic-credentials"}


_OF_SCHEMES = frozenset({"tokens", "authentication", "authorization", "scheme", "challenge"})


def _is_token(text: str) -> bool:
    """Whether a word after a scheme is a token, rather than a word about tokens."""
    plain = text.lower()
    return (
        len(set(plain)) > 2
        and len(text) >= 8
        and text.isalpha()
        and is_no_status_word(text)
        and plain not in _OF_SCHEMES
    )


def _authorization(value: str, start: int, end: int) -> list[Span]:
    """Everything but the scheme; of a scheme with parameters (Digest, SigV4), all parameters but the harmless ones."""
    scheme = SCHEME.match(value)
    if scheme is None and PARAMETER_SCHEME.match(value) is not None:
        scheme = _ANY_SCHEME.match(value)
    if scheme is None:
        return [(start, end, "authorization")]
    offset = scheme.end()
    rest = value[offset:]
    if is_harmless(rest, "authorization") and not _is_token(rest):
        return []
    head = scheme.group().lower()
    if head.startswith("sharedkey") and ":" in rest:  # Azure: the account is no secret
        offset += rest.index(":") + 1
        return [(start + offset, end, "authorization")]
    if head.startswith("pveapitoken") and "=" in rest:  # Proxmox: user, realm and the token's name are none
        offset += rest.index("=") + 1
        return [(start + offset, end, "authorization")]
    if PARAMETER_SCHEME.match(value) and _PAIR.search(rest) is not None:
        return _parameters(rest, start + offset, name_rules().credential_parameters_kept, "authorization")
    kind = _SCHEME_KINDS.get(head[:5], "authorization")
    return [(start + offset, end, kind)]


def _parameters(value: str, offset: int, kept: frozenset[str], kind: str) -> list[Span]:
    spans: list[Span] = []
    for pair in _PAIR.finditer(value):
        name = pair.group(1).lower()
        group = 3 if pair.group(2) is None else 2
        part = pair.group(group)
        if name in kept or is_harmless(part, kind):
            continue
        first, last = pair.span(group)
        if part.endswith("/goog4_request"):  # an e-mail address and a scope
            continue
        if name == "credential" and "/" in part:  # SigV4: the scope after the key id is no secret
            last = first + part.index("/")
            if is_harmless(value[first:last], kind):
                continue
        spans.append((offset + first, offset + last, kind))
    return spans
