"""Step 2, CONTEXT: W3C Baggage, the user's own key-value pairs that travel with a request.

The rules are those of https://www.w3.org/TR/baggage/. Nothing here raises, whatever arrives: a member
that does not follow the grammar is left out, and the others stay.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from discreet._base.lazy_pattern import lazy_pattern

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_MEMBERS = 64
MAX_BYTES = 8192

# `token` of RFC 9110: the only characters a key may have. A percent sign in a key is just a percent sign.
_KEY = lazy_pattern(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
# `baggage-octet`: visible ASCII without double quote, comma, semicolon and backslash.
_VALUE = lazy_pattern(r"[!#-+\--:<-\[\]-~]*")
# What a value may not show as it is: everything else, and the percent sign, which would read as an escape.
_UNSAFE = lazy_pattern(r"[^!#$&-+\--:<-\[\]-~]+")
_ESCAPES = lazy_pattern(r"(?:%[0-9A-Fa-f]{2})+")
_WHITESPACE = " \t"


class Baggage(dict[str, str]):
    """Decoded baggage: a dict of values, and the properties that came with them.

    Properties (`key=value;property;name=value`) mean nothing to us. `properties` keeps their text by
    key, so that baggage which is only passed on goes out as it came in.
    """

    __slots__ = ("properties",)

    def __init__(self, values: Mapping[str, str] | None = None, properties: Mapping[str, str] | None = None) -> None:
        super().__init__(values or {})
        self.properties: dict[str, str] = dict(properties or {})

    def __reduce__(self) -> tuple[type[Baggage], tuple[dict[str, str], dict[str, str]]]:
        return Baggage, (dict(self), self.properties)


def header_texts(value: object) -> list[str]:
    """The header values in `value`, without the spaces and tabs around them; an empty list if it holds none.

    Takes one `str` or bytes value, or a list or tuple of them (a header that was sent several times).
    One item of another kind makes the whole unreadable.
    """
    try:
        if isinstance(value, (list, tuple)):
            return [_header_text(item) for item in cast("list[object] | tuple[object, ...]", value)]
        return [_header_text(value)]
    except Exception:  # not a header value, or an object whose own methods raise
        return []


def _header_text(value: object) -> str:
    # The methods of `str` and `bytes` themselves: a subclass may have replaced its own.
    if isinstance(value, str):
        return str.strip(value, _WHITESPACE)
    if isinstance(value, (bytes, bytearray)):
        # latin-1 keeps every octet; what is not ASCII then fails the grammars.
        return bytes(value).decode("latin-1").strip(_WHITESPACE)
    raise TypeError(type(value))


def percent_decode(text: str) -> str:
    """Undo percent-encoding; octets that are not UTF-8 become U+FFFD, as the recommendation demands."""
    if "%" not in text:
        return text
    return _ESCAPES.sub(lambda run: bytes.fromhex(run[0].replace("%", "")).decode("utf-8", "replace"), text)


def percent_encode(text: str) -> str:
    """Percent-encode what a baggage value may not contain. A lone surrogate, which has no UTF-8, becomes `?`."""
    return _UNSAFE.sub(lambda run: "".join(f"%{octet:02X}" for octet in run[0].encode("utf-8", "replace")), text)


def parse_baggage(value: object) -> Baggage:
    """Read a `baggage` header: text, bytes, or a list of them when it was sent several times.

    Keeps at most 64 members and 8192 bytes, from the left, never half a member. Of two members with
    the same key, the later one wins. A malformed member or property is left out.
    """
    baggage = Baggage()
    text = ",".join(header_texts(value))
    if len(text) > MAX_BYTES:
        text = text[: max(text.rfind(",", 0, MAX_BYTES + 1), 0)]
    for member in text.split(",", MAX_MEMBERS)[:MAX_MEMBERS]:
        pair, *properties = member.split(";")
        key, equals, encoded = (part.strip(_WHITESPACE) for part in pair.partition("="))
        if not equals or not _KEY.fullmatch(key) or not _VALUE.fullmatch(encoded):
            continue
        baggage[key] = percent_decode(encoded)
        kept = [tidy for tidy in map(_tidy_property, properties) if tidy]
        baggage.properties.pop(key, None)
        if kept:
            baggage.properties[key] = ";".join(kept)
    return baggage


def _tidy_property(text: str) -> str:
    """A property without its optional whitespace, or nothing if it is malformed."""
    name, equals, value = (part.strip(_WHITESPACE) for part in text.partition("="))
    return name + equals + value if _KEY.fullmatch(name) and _VALUE.fullmatch(value) else ""


def format_baggage(baggage: Mapping[str, str]) -> str:
    """Write a `baggage` header value; empty when nothing can be written.

    Values are percent-encoded. Whole members are left out that have a key outside the grammar, a value
    that is not text, or no room within 64 members and 8192 bytes. Properties of a `Baggage` are kept.
    """
    members: list[str] = []
    size = -1  # the first member has no comma before it
    try:
        properties = baggage.properties if isinstance(baggage, Baggage) else {}
        for key, value in baggage.items():
            member = _format_member(key, value, properties)
            if member and size + 1 + len(member) <= MAX_BYTES:
                members.append(member)
                size += 1 + len(member)
                if len(members) == MAX_MEMBERS:
                    break
    except Exception:  # a mapping whose own methods raise: what was read until then is still true
        pass
    return ",".join(members)


def _format_member(key: object, value: object, properties: Mapping[str, str]) -> str:
    if not isinstance(key, str) or not isinstance(value, str) or not _KEY.fullmatch(key):
        return ""
    # More than this cannot fit; encoding 10 MB to find that out would stall the request.
    if len(key) + len(value) >= MAX_BYTES:
        return ""
    attached = properties.get(key)
    tail = ";" + attached if attached else ""
    return str.__str__(key) + "=" + percent_encode(str.__str__(value)) + tail
