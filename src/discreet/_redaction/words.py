"""Step 3, redact: the words that rules start at, and which of them a text has.

A log says the same words again and again. So a text is cut into its words, and only those that were never met before
are searched; a substring search of the whole text for each telling word would cost ten times as much.
"""

from __future__ import annotations

TELLING = (
    "activate", "alias", "auth", "basic", "bearer", "certutil", "clave", "code", "community", "configure",
    "confirm", "contrase", "cookie", "cred", "crypt", "cv", "dpw", "eap", "echo", "enable", "expdp", "feishu",
    "googleapis", "haslo", "hook", "iban", "identif", "ifttt", "impdp", "insert", "install", "invite", "isakmp",
    "isql", "key", "kty", "lark", "logged", "login", "magic", "mask", "mnemonic", "ntlm", "otp", "parola", "pass",
    "printf", "psk", "pwd", "rabbitmqctl", "reset", "rman", "schtasks", "secret", "securestring", "senha",
    "server", "sig", "signtool", "sqlldr", "sqlplus", "ssn", "standby", "token", "tpw", "unlock", "user",
    "verify", "vrrp", "wmic", "wort",
)  # fmt: skip
"""Each a lower-case part of a word."""

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

    def _judged(self, words: list[bytes]) -> frozenset[str]:
        told: set[str] = set()
        for word in set(words) - self._innocent:
            text = word.decode()
            parts = [part for part in TELLING if part in text]
            if parts:
                told.update(parts)
            elif len(word) <= _LONGEST:
                if len(self._innocent) >= _MOST_WORDS:
                    self._innocent = set()
                self._innocent.add(word)
        return frozenset(told)
