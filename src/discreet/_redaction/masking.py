"""Step 3, redact: what stands in a secret's place.

    marker      [REDACTED:payment-card]         the default
    partial     [REDACTED:payment-card:1111]    with the last four characters, where there are enough of them
    drop        nothing
    pseudonym   [email:7f3a9c21d04b]            the same for the same value, in every service that has the key

A pseudonym is a keyed BLAKE2b digest: whoever has the key can follow one user through the logs and can check a guess;
without it nobody can do either. `DISCREET_PSEUDONYM_KEY` holds the key, or `id:key`. The id then stands in each
pseudonym (`[email:k2:7f3a9c21d04b]`), so that a log shows under which key it was written, also after a change.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from discreet._base.lazy_pattern import lazy_pattern
from discreet.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

STRATEGIES = ("marker", "partial", "drop", "pseudonym")
KEY_VARIABLE = "DISCREET_PSEUDONYM_KEY"

_SHOWN = 4
_FEWEST_HIDDEN = 8  # characters that stay hidden beside the four that are shown
_DIGEST = 6  # bytes: among a million users, two share a pseudonym with a chance of one in six hundred
_SHORTEST_KEY = 16
_KEY_ID = lazy_pattern(r"[a-z0-9]{1,8}\Z")


class Replacement:
    """Chooses what to write in the place of a secret, by its kind."""

    def __init__(self, strategies: Mapping[str, str], key: str | None = None) -> None:
        self._strategies = dict(strategies)
        self._key_id, self._key = _split(key) if key else ("", b"")
        self.lacks_key = not self._key and "pseudonym" in self._strategies.values()
        """Whether pseudonyms were asked for but no key was given: markers are written instead."""
        if self._key:
            from hashlib import blake2b  # here, because it loads OpenSSL, and few processes make pseudonyms

            self._hash = blake2b(digest_size=_DIGEST, key=self._key)

    def __call__(self, kind: str, value: str) -> str:
        """What stands in the place of this value."""
        strategy = self._strategies.get(kind, "marker") if self._strategies else "marker"
        if strategy == "drop":
            return ""
        if strategy == "partial" and len(value) >= _SHOWN + _FEWEST_HIDDEN:
            shown = value[-_SHOWN:]
            if shown.isalnum() and shown.isascii():
                return f"[REDACTED:{kind}:{shown}]"
        if strategy == "pseudonym" and self._key:
            digest = self._hash.copy()
            digest.update(f"{kind}\0{value}".encode("utf-8", "surrogatepass"))
            name = f"{self._key_id}:" if self._key_id else ""
            return f"[{kind}:{name}{digest.hexdigest()}]"
        return f"[REDACTED:{kind}]"


def replace_spans(text: str, spans: list[tuple[int, int, str]], replacement: Callable[[str, str], str]) -> str:
    """The text with `replacement(kind, value)` in place of each span."""
    parts: list[str] = []
    position = 0
    for start, end, kind in spans:
        parts.append(text[position:start])
        parts.append(replacement(kind, text[start:end]))
        position = end
    parts.append(text[position:])
    return "".join(parts)


def check_strategies(strategies: Mapping[str, str]) -> None:
    """Raise `ConfigurationError` for an unknown strategy."""
    for kind, strategy in strategies.items():
        if strategy not in STRATEGIES:
            raise ConfigurationError(
                f"strategies[{kind!r}]", strategy, "no such strategy", "Use marker, partial, drop or pseudonym"
            )


def check_key(key: str) -> str:
    """The key as it was given, or `ConfigurationError` (which does not show it)."""
    key_id, secret = _split(key)
    if len(secret) < _SHORTEST_KEY or (key_id and _KEY_ID.match(key_id) is None):
        raise ConfigurationError(
            KEY_VARIABLE,
            "(hidden)",
            f"not a key of at least {_SHORTEST_KEY} characters (after an id of up to 8 letters and digits and a colon)",
            'Make one with `python -c "import secrets; print(secrets.token_hex(32))"`',
        )
    return key


def _split(key: str) -> tuple[str, bytes]:
    key_id, _, secret = key.partition(":") if ":" in key else ("", "", key)
    from hashlib import blake2b

    raw = secret.encode("utf-8", "surrogatepass")
    return key_id, raw if len(raw) <= blake2b.MAX_KEY_SIZE else blake2b(raw).digest()
