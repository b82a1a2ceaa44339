"""Step 3, redact: the keywords that rules start at, and which of them a text has.

Logs repeat their words. So a text is cut into its words, and only words that were never met before are searched for
keywords; a search of the whole text for each keyword would cost ten times as much.
"""

from __future__ import annotations

from functools import cache

from discreet._base.lazy_pattern import lazy_pattern
from discreet._redaction.engine.detectors import Detector, ascii_lower, detectors

KEYWORDS = (
    "activate", "alias", "auth", "basic", "bearer", "certutil", "clave", "code", "community", "configure", "confirm",
    "contrase", "cookie", "cred", "crypt", "cv", "dpw", "eap", "echo", "enable", "expdp", "feishu", "getconnection",
    "gfzc", "googleapis", "haslo", "hook", "iban", "identif", "ifttt", "impdp", "insert", "install", "invite", "isakmp",
    "isql", "key", "kty", "lark", "logged", "login", "loginmodule", "magic", "mask", "mnemonic", "mysqli", "ntlm",
    "otp", "parola", "pass", "pdo", "printf", "psk", "pwd", "rabbitmqctl", "reset", "rman", "schtasks", "secret",
    "securestring", "senha", "sensitive", "server", "sig", "signtool", "sqlldr", "sqlplus", "ssn", "standby", "token",
    "tpw", "unlock", "unseal", "user", "verif", "vrrp", "wifi", "wmic", "wort",
)  # fmt: skip
"""Each is a part of a word, in lower case."""

_LINKED = lazy_pattern(r"/(?:reset|verify|magic|token|activate|confirm|invite)")

# Keywords that may introduce a secret by themselves; those below need certain signs or phrases beside them.
_SUFFICIENT = frozenset((
    "pass", "bearer", "basic", "pwd", "otp", "identif", "psk", "isakmp", "rabbitmqctl", "securestring", "kty",
    "standby", "vrrp", "community", "isql", "gfzc", "loginmodule",
))  # fmt: skip
_FUNCTION_NAMES = frozenset(("login", "auth", "cred", "crypt"))
_ORACLE = frozenset(("sqlplus", "impdp", "expdp", "sqlldr", "rman"))
_PRINTING = frozenset(("echo", "printf"))
_WINDOWS = frozenset(("schtasks", "signtool", "certutil", "wmic"))
_WEBHOOKS = frozenset(("hook", "alias", "ifttt", "googleapis", "feishu", "lark"))
_SUFFICIENT_WITH = (
    ("code", (" code", "?code=", "&code=", "code%", "codecov")),
    ("cv", (" cv",)),
    ("configure", ("configure set",)),
    ("cred", ("creds", "<credential")),
    ("eap", (": eap",)),
    ("enable", ("enable ",)),
    ("insert", ("insert ",)),
    ("install", ("service install",)),
    ("getconnection", ("getconnection(",)),
    ("key", ("-key", "key-", "?key=", "&key=", "<apikey ", "pragma ", "key content")),
    ("logged", ("logged in ",)),
    ("login", ("login ", "login=")),
    ("mask", ("add-mask", 'masked":')),
    ("ntlm", (": ntlm", "ntlm  ", "ntlm :", "ntlm: ")),
    ("server", ("-server",)),
    ("sig", ("sig=", "signature=", "sig%", "signature%")),
    ("mysqli", ("mysqli(", "mysqli_connect(")),
    ("pdo", ("new pdo(", "pdo->__construct(")),
    ("secret", ("<secret ", '"secret"', "'secret'")),
    ("sensitive", ('sensitive":',)),
    ("token", ("security-token=", "<token ")),
    ("unlock", ("bw unlock",)),
    ("unseal", ("operator unseal ",)),
    ("wifi", ("wifi:",)),
    ("user", ("user/", "username/", "/user:", "createuser", "setuser ", "user default")),
)  # fmt: skip

_LETTERS = bytes(code | 32 if chr(code).isalpha() and code < 128 else 32 for code in range(256))
_MOST_WORDS = 16_384
_LONGEST = 40  # longer ones are no words, and would fill the memory
_NONE: frozenset[str] = frozenset()


class KnownWords:
    """Remembers words without a keyword. Safe to share between threads: to forget a word costs only time."""

    def __init__(self) -> None:
        self._harmless: set[bytes] = set()

    def keywords_in(self, text: str, encoded: bytes) -> frozenset[str]:
        """The keywords in a text. `encoded` is the text in ASCII, with other characters replaced."""
        if not text.isascii():
            low = text.lower()
            return frozenset(part for part in KEYWORDS if part in low)
        words = encoded.translate(_LETTERS).split()
        if self._harmless.issuperset(words):
            return _NONE
        return self._keywords_of_new_words(words)

    def keywords_of(self, text: str) -> frozenset[str]:
        """The keywords in a text in ASCII that is not encoded yet."""
        return self.keywords_in(text, text.encode("ascii"))

    def _keywords_of_new_words(self, words: list[bytes]) -> frozenset[str]:
        new = set(words) - self._harmless
        together = b" ".join(new).decode()
        parts = [part for part in KEYWORDS if part in together]  # one search for all of them, as most hold none
        if parts:
            new = {word for word in new if not any(part in word.decode() for part in parts)}
        if len(self._harmless) + len(new) > _MOST_WORDS:
            self._harmless = set()
        if len(new) <= _MOST_WORDS:
            self._harmless.update(word for word in new if len(word) <= _LONGEST)
        return frozenset(parts)


def keywords_suffice(keywords: frozenset[str], text: str, low: str) -> bool:
    """Whether the keywords of a text stand as the rules of detectors.json need them."""
    if not keywords.isdisjoint(_SUFFICIENT):
        return True
    if "auth" in keywords and _auth_rule_finds_something(text):
        return True
    for part, phrases in _SUFFICIENT_WITH:
        if part in keywords:
            for phrase in phrases:
                if phrase in low:
                    return True
    if (
        "(" in text
        and ("'" in text or '"' in text)
        and not keywords.isdisjoint(_FUNCTION_NAMES)
        and _is_function_call(low)
    ):
        return True
    if "@" in text and not keywords.isdisjoint(_ORACLE):
        return True
    if "|" in text and not keywords.isdisjoint(_PRINTING):
        return True
    if "/" in text and (_LINKED.search(low) is not None or (" /" in text and not keywords.isdisjoint(_WINDOWS))):
        return True
    return "://" in text and not keywords.isdisjoint(_WEBHOOKS)


def _is_function_call(low: str) -> bool:
    return "login(" in low or "auth(" in low or "credential" in low or "crypt" in low


def _auth_rule_finds_something(text: str) -> bool:
    """Whether a rule with "auth" in its anchor finds something. (As a part of a word, "auth" is too common.)."""
    low = ascii_lower(text)
    return any(
        anchor in (low if rule.fold else text) and rule.find(text, low, anchor) for anchor, rule in _auth_anchors()
    )


@cache
def _auth_anchors() -> tuple[tuple[str, Detector], ...]:
    return tuple((anchor, rule) for rule in detectors() for anchor in rule.anchors if "auth" in anchor.lower())
