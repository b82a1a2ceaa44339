"""Step 3, redact: values inside values, down to the last string.

Mappings are judged by their keys and their values; `{"name": ..., "value": ...}` and `(name, value)` by the name in
them. Under a sensitive key every leaf is masked and the structure stays, so that a reader still sees what was there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from discreet._redaction.audit import audit
from discreet._redaction.engine.secret_values import MARKER, is_harmless, luhn, secret_parts
from discreet._redaction.masking import replace_spans
from discreet._redaction.names import name_rules
from discreet._redaction.secrets import Secret
from discreet._values.attributes import bases_of, class_dict
from discreet._values.scalars import whole

if TYPE_CHECKING:
    from typing import Protocol

    from discreet._record import Plain

    class _Redactor(Protocol):
        """What a walk asks of the redactor that it walks for."""

        declared: frozenset[str]

        def text(self, value: str) -> str: ...
        def key(self, name: str) -> str | None: ...
        def spans(self, text: str) -> list[tuple[int, int, str]]: ...
        def mask(self, kind: str, value: str) -> str: ...
        def is_clean(self, mapping: dict[str, Plain]) -> bool: ...
        def label(self, name: str, *, remember: bool) -> str: ...


_DEPTH = 64
_SHORTEST_CARD = 10**13
_LONGER_THAN_CARDS = 10**16  # cards may be longer, but such numbers are ids far more often
_NODES = 100_000
_ARGUMENTS = 64
_COMMAND = 4096
_NAME_KEYS = ("name", "key", "header", "Name", "Key", "Header")
VALUE_KEYS = frozenset(("value", "Value", "val"))
_PAIRED = ("authorization", "credentials")  # holds who somebody is beside what proves it
IN_PART = ("connection-string", "cookie", "authorization")  # kinds of which a part stays
UNJUDGED = "[REDACTED:unjudged]"


def is_secret(value: object) -> bool:
    """A `Secret`, or one of pydantic's: recognised by its class, so that no instance attribute is run."""
    kind = type(value)
    return issubclass(kind, Secret) or any("get_secret_value" in class_dict(base) for base in bases_of(kind))


class Walk:
    """One walk through a nested value, with its budget."""

    def __init__(self, redactor: _Redactor) -> None:
        self._redactor = redactor
        self._left = _NODES

    def value(self, value: Plain, kind: str | None, depth: int = 0) -> Plain:
        """A plain value, redacted; `kind` if its name is sensitive."""
        self._left -= 1
        if depth > _DEPTH or self._left < 0:
            audit.count("unjudged")
            return UNJUDGED
        if isinstance(value, str):
            return self._redactor.text(value) if kind is None else self._under_key(value, kind)
        if value is None or value is True or value is False:
            return value
        if isinstance(value, dict):
            return self._mapping(value, kind, depth)
        if isinstance(value, list):
            return self._list(value, kind, depth)
        if kind is not None and (kind in self._redactor.declared or not is_harmless(str(value), kind)):
            return self._redactor.mask(kind, str(value))
        return self._number(value) if type(value) is int else value

    def _number(self, value: int) -> Plain:
        """An integer, which may be a payment card."""
        try:
            if not -_SHORTEST_CARD < value < _SHORTEST_CARD and luhn(str(value)) and 0 < value < _LONGER_THAN_CARDS:
                return self._redactor.mask("payment-card", str(value))
        except ValueError:  # more digits than Python writes: an encoder could not write it either
            return whole(value, 0)
        return value

    def _mapping(self, mapping: dict[str, Plain], kind: str | None, depth: int) -> Plain:
        redactor = self._redactor
        if kind is None and redactor.is_clean(mapping) and VALUE_KEYS.isdisjoint(mapping):
            return dict(mapping)
        by_name = kind is None or kind in name_rules().shapes
        named = self._named(mapping) if by_name and not VALUE_KEYS.isdisjoint(mapping) else None
        safe: dict[str, Plain] = {}
        for name, value in mapping.items():
            under = redactor.key(name) if by_name else kind
            if kind in _PAIRED and name.lower() in name_rules().words["identity_words"]:
                under = None
            if named is not None and name in VALUE_KEYS:
                under = named
            label = redactor.label(name, remember=under is None and kind is None)
            while label in safe:  # two secrets as keys become the same marker; neither value may be lost
                label += f"'{len(safe)}"
            safe[label] = self.value(value, under, depth + 1)
        return safe

    def _named(self, mapping: dict[str, Plain]) -> str | None:
        for key in _NAME_KEYS:
            name = mapping.get(key)
            if isinstance(name, str) and len(name) <= 128:
                return self._redactor.key(name)
        return None

    def _list(self, items: list[Plain], kind: str | None, depth: int) -> Plain:
        if kind is None and len(items) == 2:
            name, value = items
            if isinstance(name, str) and isinstance(value, (str, int)) and len(name) <= 128:
                under = self._redactor.key(name)
                if under is not None:
                    return [self._redactor.text(name), self.value(value, under, depth + 1)]
        if kind is None and any(isinstance(item, str) for item in items):
            return self._arguments(items, depth)
        return [self.value(item, kind, depth + 1) for item in items]

    def _arguments(self, items: list[Plain], depth: int) -> Plain:
        """A list that may be a command line: `["--password", "x"]`, `["mysql", "-px"]`."""
        original = items
        words = [item for item in items[:_ARGUMENTS] if isinstance(item, str)]
        options = any(word[:1] == "-" for word in words)
        if options and len(words) == len(items) and sum(map(len, words)) <= _COMMAND:
            items = self._command(words)
        previous: Plain = None
        safe: list[Plain] = []
        for item, before in zip(items, original, strict=True):
            under = None
            if isinstance(previous, str) and previous[:1] == "-" and "=" not in previous and len(previous) <= 128:
                under = self._redactor.key(previous)
            safe.append(self.value(item, under, depth + 1))
            previous = before
        return safe

    def _command(self, words: list[str]) -> list[Plain]:
        """The words without what is a secret only in the light of the words before it."""
        spans = self._redactor.spans(" ".join(words))
        safe: list[Plain] = []
        start = 0
        for word in words:
            end = start + len(word)
            inside = [
                (first - start, last - start, kind) for first, last, kind in spans if start <= first < last <= end
            ]
            safe.append(replace_spans(word, inside, self._redactor.mask) if inside else word)
            start = end + 1
        return safe

    def _under_key(self, value: str, kind: str) -> Plain:
        if is_harmless(value, kind) and not (value and kind in self._redactor.declared and not MARKER.fullmatch(value)):
            return self._redactor.text(value) if kind in name_rules().shapes else value
        if kind == "connection-string":
            # Judged as text, so that host and database stay; masked whole if that finds nothing to mask.
            safe = self._redactor.text(value)
            shows_its_parts = any(sign in value for sign in "=;:/") and "@" not in value
            return safe if safe != value or shows_its_parts else self._redactor.mask(kind, value)
        if kind not in ("cookie", "authorization"):
            return self._redactor.mask(kind, value)
        parts = secret_parts(value, 0, len(value), kind)
        return self._redactor.text(replace_spans(value, parts, self._redactor.mask))
