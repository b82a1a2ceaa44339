"""A record that an encoder fails on is written without the parts that the encoder fails on, never lost as a whole."""

from __future__ import annotations

from copy import copy
from typing import TYPE_CHECKING

from discreet._base.statistics import process_statistics

if TYPE_CHECKING:
    from collections.abc import Mapping

    from discreet._record import Encoder, Plain, Redacted

_PARTS = (
    ("trace_id", "span_id"),
    ("request_id",),
    ("template",),
    ("thread",),
    ("task",),
    ("source",),
    ("exception",),
    ("stacktrace",),
)
"""What a record may be without; two names where one means nothing without the other."""


def encode_or_salvage(record: Redacted, encode: Encoder) -> bytes:
    """The line of a record, as a whole or else without what cannot be encoded. Raises if nothing of it can be."""
    try:
        return encode(record)
    except Exception as error:  # whatever it is: each part is tried alone
        return salvage(record, encode, error)


def salvage(record: Redacted, encode: Encoder, error: Exception) -> bytes:
    """The line of a record that `encode` has failed on; where it fails on a part, a marker that names the error.

    Raises what `encode` raises if it can write none of the record.
    """
    line = _without_failures(record, encode, f"<could not be encoded: {type(error).__name__}>")
    process_statistics.note(f"a part of a record could not be encoded: {type(error).__name__}")
    return line


def _without_failures(record: Redacted, encode: Encoder, marker: str) -> bytes:
    bare = copy(record)
    bare.fields = bare.ambient = {}
    for names in _PARTS:
        for name in names:
            setattr(bare, name, None)
    if not _is_encoded(bare, encode):
        bare.message = marker
    found = copy(bare)
    for names in _PARTS:
        parts = {name: getattr(record, name) for name in names}
        if not _is_encoded(_having(bare, parts), encode):
            parts = dict.fromkeys(names)
            if "exception" in parts:
                parts["exception"] = {"type": marker, "message": marker, "frames": []}
        found = _having(found, parts)
    found.ambient = _fields(record.ambient, bare, encode, marker)
    found.fields = _fields(record.fields, bare, encode, marker)
    return encode(found)


def _fields(fields: Mapping[str, object], bare: Redacted, encode: Encoder, marker: str) -> dict[str, Plain]:
    safe: dict[str, Plain] = {}
    for name, value in fields.items():
        for shown in (value, marker):  # with neither of them, it is the name that cannot be written
            if _is_encoded(_having(bare, {"fields": {name: shown}}), encode):
                safe[name] = shown  # type: ignore[assignment]  # a redacted record has plain values
                break
    return safe


def _having(record: Redacted, parts: Mapping[str, object]) -> Redacted:
    other = copy(record)
    for name, part in parts.items():
        setattr(other, name, part)
    return other


def _is_encoded(record: Redacted, encode: Encoder) -> bool:
    try:
        encode(record)
    except Exception:  # which one it is was told by the first attempt
        return False
    return True
