"""Step 3, redact: the words that rules start at, and which of them a text has.

A log says the same words again and again. So a text is cut into its words, and only those that were never met before
are searched; a substring search of the whole text for each telling word would cost ten times as much.
"""

from __future__ import annotations

from functools import cache

from discreet._base.lazy_pattern import lazy_pattern
from discreet._redaction.engine.detectors import Detector, detectors, lowered

TELLING = (
    "activate", "alias", "auth", "basic", "bearer", "certutil", "clave", "code", "community", "configure", "confirm",
    "contrase", "cookie", "cred", "crypt", "cv", "dpw", "eap", "echo", "enable", "expdp", "feishu", "getconnection",
    "gfzc", "googleapis", "haslo", "hook", "iban", "identif", "ifttt", "impdp", "insert", "install", "invite", "isakmp",
    "isql", "key", "kty", "lark", "logged", "login", "loginmodule", "magic", "mask", "mnemonic", "mysqli", "ntlm",
    "otp", "parola", "pass", "pdo", "printf", "psk", "pwd", "rabbitmqctl", "reset", "rman", "schtasks", "secret",
    "securestring", "senha", "sensitive", "server", "sig", "signtool", "sqlldr", "sqlplus", "ssn", "standby", "token",
    "tpw", "unlock", "unseal", "user", "verif", "vrrp", "wifi", "wmic", "wort",
)  # fmt: skip
"""Each a lower-case part of a word."""

_LINKED = lazy_pattern(r"/(?:reset|verify|magic|token|activate|confirm|invite)")

# What may introduce a secret by itself, and what does so in the company of certain signs.
_ENOUGH = frozenset((
    "pass", "bearer", "basic", "pwd", "otp", "identif", "psk", "isakmp", "rabbitmqctl", "securestring", "kty",
    "standby", "vrrp", "community", "isql", "gfzc", "loginmodule",
))  # fmt: skip
_CALLED = frozenset(("login", "auth", "cred", "crypt"))
_ORACLE = frozenset(("sqlplus", "impdp", "expdp", "sqlldr", "rman"))
_PRINTED = frozenset(("echo", "printf"))
_WINDOWS = frozenset(("schtasks", "signtool", "certutil", "wmic"))
_HOOKED = frozenset(("hook", "alias", "ifttt", "googleapis", "feishu", "lark"))
_WAYS = (
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


class Words:
    """What is known of words so far. Safe to share between threads: to lose a verdict costs only time."""

    def __init__(self) -> None:
        self._innocent: set[bytes] = set()

    def told(self, text: str, encoded: bytes) -> frozenset[str]:
        """The telling parts of its words. `encoded` is the text in ASCII, other characters replaced."""
        if not text.isascii():
            low = text.lower()
            return frozenset(part for part in TELLING if part in low)
        words = encoded.translate(_LETTERS).split()
        if self._innocent.issuperset(words):
            return _NONE
        return self._judged(words)

    def told_by(self, text: str) -> frozenset[str]:
        """The same of a text in ASCII that is not encoded yet."""
        return self.told(text, text.encode("ascii"))

    def _judged(self, words: list[bytes]) -> frozenset[str]:
        unmet = set(words) - self._innocent
        together = b" ".join(unmet).decode()
        parts = [part for part in TELLING if part in together]  # one search for all of them, as most hold none
        if parts:
            unmet = {word for word in unmet if not any(part in word.decode() for part in parts)}
        if len(self._innocent) + len(unmet) > _MOST_WORDS:
            self._innocent = set()
        if len(unmet) <= _MOST_WORDS:
            self._innocent.update(word for word in unmet if len(word) <= _LONGEST)
        return frozenset(parts)


def tells(told: frozenset[str], text: str, low: str) -> bool:
    """Whether the telling words of a text stand as the rules of detectors.json want them."""
    if not told.isdisjoint(_ENOUGH):
        return True
    if "auth" in told and _authorizes(text):
        return True
    for part, ways in _WAYS:
        if part in told:
            for way in ways:
                if way in low:
                    return True
    if "(" in text and ("'" in text or '"' in text) and not told.isdisjoint(_CALLED) and _is_called(low):
        return True
    if "@" in text and not told.isdisjoint(_ORACLE):
        return True
    if "|" in text and not told.isdisjoint(_PRINTED):
        return True
    if "/" in text and (_LINKED.search(low) is not None or (" /" in text and not told.isdisjoint(_WINDOWS))):
        return True
    return "://" in text and not told.isdisjoint(_HOOKED)


def _is_called(low: str) -> bool:
    return "login(" in low or "auth(" in low or "credential" in low or "crypt" in low


def _authorizes(text: str) -> bool:
    """Whether a rule with "auth" in its anchor finds something: as a part of a word it is everywhere."""
    low = lowered(text)
    return any(
        anchor in (low if rule.fold else text) and rule.find(text, low, anchor) for anchor, rule in _auth_anchors()
    )


@cache
def _auth_anchors() -> tuple[tuple[str, Detector], ...]:
    return tuple((anchor, rule) for rule in detectors() for anchor in rule.anchors if "auth" in anchor.lower())
