"""Step 3, redact: the redactor. Nothing reaches an encoder without passing here.

Three doors: `text` for one string, `fields` for the fields of a record, `plain` for nested values that are plain
already. All fail closed: what cannot be judged becomes `[REDACTED:unjudged]`.
"""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING

from discreet._base.diagnostics import Reporter
from discreet._redaction.audit import audit
from discreet._redaction.engine.detectors import Detector, personal
from discreet._redaction.engine.find_secrets import find_secrets, merge_overlaps
from discreet._redaction.engine.prefilter import Prefilter
from discreet._redaction.engine.secret_values import is_harmless
from discreet._redaction.masking import Replacement, replace_spans
from discreet._redaction.names import Keys, missing_rules
from discreet._redaction.policy import Redaction
from discreet._redaction.secrets import MARKER, registry
from discreet._redaction.walk import IN_PART, UNJUDGED, VALUE_KEYS, Walk, is_secret
from discreet._values.attributes import class_of
from discreet._values.deferred import resolve
from discreet._values.plain import to_plain

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from typing import Any

    from discreet._record import Plain
    from discreet._redaction.secrets import Secret

_CACHED_TEXTS = 4096
_CACHED_LISTS = 256
_CACHED_LENGTH = 512  # longer strings rarely repeat, and would fill the memory
_BEYOND = 8192  # characters judged past those that leave, so that a secret at the cut is recognised whole
_ROUNDS = 4
_FEW_ITEMS = 64  # longer lists and dicts are walked; a command line is looked at as a whole up to there
_SMALL = 10**12  # integers below have fewer digits than a payment card
_SCALARS = frozenset((str, int, float, bool, type(None)))


class Redactor:
    """Applies one policy. Safe to share between threads: its caches hold only verdicts, and losing one costs time."""

    def __new__(cls, policy: Redaction | None = None, key: Secret[str] | None = None) -> Redactor:
        """Without its rules a redactor can judge nothing: whoever makes one then gets one that masks everything."""
        kind: type[Redactor] = cls if missing_rules() is None else Blind
        return object.__new__(kind)

    def __init__(self, policy: Redaction | None = None, key: Secret[str] | None = None) -> None:
        self.policy = policy if policy is not None else Redaction()
        patterns = {kind: personal()[kind] for kind in self.policy.personal} | dict(self.policy.patterns)
        self._extra = tuple(Detector.of_user(kind, pattern) for kind, pattern in patterns.items())
        keys = Keys(self.policy.extra_keys, self.policy.safe_keys)
        self.key = keys.kind
        """Says which kind of secret values under a name are, or None."""
        self._prefilter = Prefilter(keys.kind, self._extra, (*self.policy.extra_keys, *self.policy.safe_keys))
        self._safe = tuple(re.compile(pattern) for pattern in self.policy.safe_patterns)
        self.pseudonym_key = key
        self.replacement = Replacement(self.policy.strategies, None if key is None else key.reveal())
        self.declared = keys.declared
        self._most_joined = sys.maxsize if self.policy.max_text is None else self.policy.max_text
        if self.policy.callback is not None:  # it sees each text by itself
            self._most_joined = -1
        self._epoch: object = None
        self._forget()

    def text(self, value: str) -> str:
        """The text with a typed marker in place of every secret, shortened to the policy's `max_text`."""
        if self._epoch is not registry.epoch:
            self._forget()
        clean = self.clean
        if value in clean:
            return value
        try:
            return self._judged(value, clean)
        except Exception:  # fail closed, whatever it was
            audit.count("unjudged")
            return UNJUDGED

    def fields(self, mapping: Mapping[str, object]) -> dict[str, Plain]:
        """The fields of a record as plain, redacted values. Never raises."""
        if self._epoch is not registry.epoch:
            self._forget()
        safe: dict[str, Plain] = {}
        unseen: list[str] = []  # strings that are judged together at the end
        unjudged: list[str] = []  # the fields that hold them
        known = self._clean_names
        clean = self.clean
        try:
            for name, value in mapping.items():
                if name not in known:
                    if type(value) is str and name in self._masked_names:
                        safe[name] = self._masked(value, self._masked_names[name])
                    else:
                        self._field(name, value, safe)
                    clean = self.clean  # to read the value may have registered a secret
                    continue
                kind = type(value)
                if kind is str:
                    if value not in clean:
                        unseen.append(value)  # type: ignore[arg-type]  # a str
                        unjudged.append(name)
                elif (
                    kind is not float  # by identity, because a class may bring its own hash and comparison
                    and (kind is not int or not -_SMALL < value < _SMALL)  # type: ignore[operator]  # an int
                    and value is not None
                    and kind is not bool
                ):
                    before = len(unseen)
                    safe[name] = self._nested(value, unseen)
                    clean = self.clean
                    if len(unseen) > before:
                        unjudged.append(name)
                    continue
                safe[name] = value  # type: ignore[assignment]  # a plain scalar
            if unseen and not self._all_clean(unseen, clean):
                for name in unjudged:
                    safe[name] = self._raw(safe[name])
            return safe
        except Exception:  # one name or value must not cost the others
            return self._each_alone(mapping)

    def _each_alone(self, mapping: Mapping[str, object]) -> dict[str, Plain]:
        safe: dict[str, Plain] = {}
        try:
            for name, value in mapping.items():
                self._field(name, value, safe)
        except Exception:  # fail closed: a mapping that cannot be read gives nothing more away
            audit.count("unjudged")
            safe["fields"] = UNJUDGED
        return safe

    def _nested(self, value: Any, unseen: list[str]) -> Plain:
        """A value under an innocent name. A short list or dict of scalars needs no walk, only a look at its strings.

        Those of them that were not seen before are added to `unseen`, for the caller to judge.
        """
        kind = class_of(value)
        if kind is dict:
            pairs: dict[str, Plain] = value.copy()  # another thread may change the original
            names = self._clean_names
            for name in pairs:  # by type first: only the hash of an exact str cannot run foreign code
                if type(name) is not str or name not in names or name in VALUE_KEYS:
                    return self._raw(value)
            return pairs if self._are_clean_scalars(pairs.values(), unseen) else self._raw(value)
        if kind is list or kind is tuple:
            known = self._clean_lists
            items: list[Plain] = list(value)
            texts: tuple[Plain, ...] | None = None
            for item in items:
                if type(item) is not str:  # as above
                    break
            else:
                texts = tuple(items)
                if texts in known:  # a third of what the rest costs
                    return items
            before = len(unseen)
            named = len(items) == 2 and type(items[0]) is str and self.key(items[0]) is not None
            if not named and self._are_clean_scalars(items, unseen, "-"):
                if texts is not None and len(unseen) == before:
                    if len(known) >= _CACHED_LISTS:
                        known.clear()
                    known.add(texts)
                return items
        return self._raw(value)

    def _raw(self, value: object, kind: str | None = None) -> Plain:
        """Any object as a plain, redacted value; `kind` if its name is sensitive."""
        try:
            value = resolve(value)
            if is_secret(value):
                audit.count("secret")
                return MARKER
            if type(value) is not str:  # by type alone, since a proxy may claim to be one
                value = to_plain(value)
            return Walk(self).value(value, kind)
        except Exception:  # fail closed
            audit.count("unjudged")
            return UNJUDGED

    def _are_clean_scalars(self, items: Collection[Plain], unseen: list[str], option: str | None = None) -> bool:
        """Whether these are few, and clean if the strings are that go to `unseen`. None may begin with `option`.

        In a list, such a string may be an option of a command line, and the next one its secret.
        """
        if len(items) > _FEW_ITEMS:
            return False
        new: list[str] = []
        clean = self.clean
        for item in items:
            kind = type(item)
            if kind is str:
                if item not in clean:
                    new.append(item)  # type: ignore[arg-type]  # a str
                if item[:1] == option:  # type: ignore[index]  # a str
                    return False
            elif kind is int:
                if not -_SMALL < item < _SMALL:  # type: ignore[operator]  # an int
                    return False
            elif kind is not float and item is not None and kind is not bool:
                return False
        unseen += new
        return True

    def plain(self, value: Plain, key: str | None = None) -> Plain:
        """A nested value, redacted; `key` is the name it stands under."""
        try:
            return Walk(self).value(value, None if key is None else self.key(key))
        except Exception:  # fail closed
            audit.count("unjudged")
            return UNJUDGED

    def spans(self, text: str) -> list[tuple[int, int, str]]:
        """Where the secrets of a text are: (start, end, kind), in order, without overlap."""
        spans = find_secrets(text, self.key, self._extra) if self._prefilter.may_hold_secret(text) else []
        if spans and self._safe:
            allowed = [match.span() for pattern in self._safe for match in pattern.finditer(text)]
            spans = [span for span in spans if not any(first <= span[0] and span[1] <= last for first, last in allowed)]
        if registry.holds(text):
            ranked = [(start, end, 0, kind) for start, end, kind in registry.find(text)]
            spans = merge_overlaps([*ranked, *((start, end, 1, kind) for start, end, kind in spans)], text)
        return spans

    @property
    def counts(self) -> dict[str, int]:
        """Redactions of this process so far, by kind."""
        return audit.by_kind

    def mask(self, kind: str, value: str) -> str:
        """What stands in the place of a secret; counts it."""
        audit.count(kind)
        return self.replacement(kind, value)

    def is_clean(self, mapping: dict[str, Plain]) -> bool:
        """Whether every name and every value of a mapping is known to be clean, as those of a repeated frame are."""
        if self._epoch is not registry.epoch:
            self._forget()
        known, clean = self._clean_names, self.clean
        for name, value in mapping.items():
            kind = type(value)
            if name not in known or (value not in clean if kind is str else kind not in _SCALARS):
                return False
            if kind is int and not -_SMALL < value < _SMALL:  # type: ignore[operator]  # an int
                return False
        return True

    def label(self, name: str, *, remember: bool) -> str:
        """A name, redacted. With `remember`, a clean one is known from now on; values under it are judged alone."""
        known = self._clean_names
        label = self.text(name)
        if remember and label == name and len(name) <= _CACHED_LENGTH:
            if len(known) >= _CACHED_TEXTS:
                known.clear()
            known[name] = None
        return label

    def _forget(self) -> None:
        """A value was registered: what was found clean before may not be now.

        Another thread may still judge by the old values: it adds to the old set. The epoch is read first and set last,
        so that no thread takes an old set for an up-to-date one, and a value registered meanwhile is noticed.
        """
        epoch = registry.epoch
        self.clean: set[str] = set()
        """Texts that were found clean; up to date after a call of `fields` or `text`."""
        self._clean_names: dict[str, None] = {}
        self._masked_names: dict[str, str] = {}
        """Clean names, each with its kind, under which a text is masked as a whole."""
        self._clean_lists: set[tuple[Plain, ...]] = set()
        self._epoch = epoch

    def _field(self, name: object, value: object, safe: dict[str, Plain]) -> None:
        """A field whose name has not been found clean before."""
        text = name if type(name) is str else str(to_plain(name))
        kind = self.key(text)
        label = self.label(text, remember=kind is None)
        if kind is not None and kind not in IN_PART and label is name and len(self._masked_names) < _CACHED_TEXTS:
            self._masked_names[label] = kind
        while label in safe:  # two secrets as names become the same marker; neither value may be lost
            label += f"'{len(safe)}"
        safe[label] = self._raw(value, kind)

    def _masked(self, value: str, kind: str) -> Plain:
        """A text under a name of this kind, without a walk: seven functions fewer, and half the time."""
        if kind in self.declared or is_harmless(value, kind):
            return self._raw(value, kind)
        audit.count(kind)
        return self.replacement(kind, value) if self.policy.strategies else f"[REDACTED:{kind}]"

    def _all_clean(self, texts: Collection[str], clean: set[str]) -> bool:
        """One look at all new strings of a record together, because most records hold nothing.

        They are remembered in `clean`, the set as it was before this look.
        """
        joined = "\n".join(texts)
        length = len(joined)
        if length > self._most_joined or (len(texts) > 1 and self._prefilter.sees_line_ends):
            return False
        try:
            if self._prefilter.may_hold_secret(joined, joined=True) or registry.holds(joined):
                return False
        except Exception:  # each text on its own then, failing closed on its own
            audit.count("unjudged")
            return False
        if length <= _CACHED_LENGTH and len(clean) < _CACHED_TEXTS:  # as `_remember` does, without a call
            clean.update(texts)
        else:
            _remember(clean, texts, length)
        return True

    def _judged(self, value: str, clean: set[str]) -> str:
        limit, callback = self.policy.max_text, self.policy.callback
        window = value if limit is None or len(value) <= limit + _BEYOND else value[: limit + _BEYOND]
        spans = self.spans(window)
        if not spans and callback is None and window is value and (limit is None or len(value) <= limit):
            _remember(clean, (value,), len(value))
            return value
        if limit is not None and len(value) > limit:
            window, spans = _shortened(value, window, spans, limit)
        result = replace_spans(window, spans, self.mask)
        for _ in range(_ROUNDS if spans else 0):
            # A marker is a new neighbour: what stood glued to a secret may be recognised only now.
            spans = self.spans(result)
            if not spans:
                break
            result = replace_spans(result, spans, self.mask)
        if callback is not None:
            result = callback(result)
            if type(result) is not str:
                raise TypeError("the redaction callback returned no string")
        return result


def _no_kind(name: str) -> str | None:
    return None


class Blind(Redactor):
    """Masks every text, because the rules cannot be read, and says so once."""

    _reporter = Reporter()

    def __init__(self, policy: Redaction | None = None, key: Secret[str] | None = None) -> None:
        self._reporter.once("rules", f"every text is masked: {missing_rules()}")
        self.policy = Redaction()
        self.pseudonym_key = None
        self.replacement = Replacement({}, None)
        self.key = _no_kind
        self.declared = frozenset[str]()
        self.clean = set()

    def text(self, value: str) -> str:
        """A marker, whatever the text is."""
        audit.count("unjudged")
        return UNJUDGED

    def fields(self, mapping: Mapping[str, object]) -> dict[str, Plain]:
        """One field in the place of all."""
        return {"fields": self.text("")} if mapping else {}

    def plain(self, value: Plain, key: str | None = None) -> Plain:
        """A marker, whatever the value is."""
        return self.text("")

    def spans(self, text: str) -> list[tuple[int, int, str]]:
        """The whole text."""
        return [(0, len(text), "unjudged")]


def _remember(clean: set[str], texts: Collection[str], together: int) -> None:
    if len(clean) >= _CACHED_TEXTS:
        clean.clear()
    clean.update(texts if together <= _CACHED_LENGTH else (text for text in texts if len(text) <= _CACHED_LENGTH))


def _shortened(
    value: str, window: str, spans: list[tuple[int, int, str]], limit: int
) -> tuple[str, list[tuple[int, int, str]]]:
    """Cut at the limit, but never inside a secret: one that reaches over the cut is masked whole."""
    cut = limit
    kept: list[tuple[int, int, str]] = []
    for span in spans:
        if span[0] >= cut:
            break
        kept.append(span)
        cut = max(cut, span[1])
    return f"{window[:cut]}…[+{len(value) - cut} characters]", kept
