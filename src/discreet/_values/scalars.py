"""Values that become one scalar: numbers, times, names, bytes, and text that is made from an object.

Nothing here fails on a hostile object, and a cut leaves no half secret. `limit` is the most characters of made-up
text.
"""

from __future__ import annotations

import codecs
import threading
from datetime import datetime, timedelta, timezone

TYPE_CHECKING = False
if TYPE_CHECKING:
    import enum
    import re
    from collections.abc import Callable
    from datetime import date, time
    from typing import Any

    from discreet._record import Plain

PASS_THROUGH = (KeyboardInterrupt, SystemExit, GeneratorExit)
"""The only exceptions that leave a log call: they end the program or the generator, so they must not be swallowed."""

_PRIVATE_KEY_START = "-----BEGIN "
_PRIVATE_KEY_END = "-----END "
_CARD_CHARACTERS = "0123456789- \t\r\n"

SECRET = "[REDACTED:secret]"  # noqa: S105  # the marker, not a secret

_SURE_BITS = 2_120  # always under 640 digits, the lowest limit that an interpreter can be set to
_MOST_BITS = 14_285  # 4300 digits, the most that Python turns to decimal text unless told otherwise
_MOST_DIGITS = 4_300
_SHORTEST_WITH_MAGIC = 32

_running = threading.local()  # its `ids`: objects whose `repr` runs now, since a `__repr__` may log its own object


def qualified_name(kind: type) -> tuple[str, str]:
    """Module and qualified name of a class; `?` for one that does not say."""
    try:
        module, name = kind.__module__, type.__dict__["__qualname__"].__get__(kind)
    except PASS_THROUGH:
        raise
    except BaseException:
        return "?", "?"
    return module if type(module) is str else "?", name if type(name) is str else "?"


def type_name(kind: type) -> str:
    """`module.Class`, and only `Class` for what is built in."""
    module, name = qualified_name(kind)
    return name if module == "builtins" else f"{module}.{name}"


def cut(text: str, limit: int) -> str:
    """Shorten `text` to at most `limit` characters, at a safe place, and say how many are gone."""
    if len(text) <= limit:
        return text
    end = safe_end(text, limit)
    return f"{text[:end]}<{len(text) - end} more characters>"


def safe_end(text: str, limit: int) -> int:
    """Where to cut `text` at or before `limit`, so that no half of a secret is left.

    What remains is judged by the redactor, who would not recognise half of a token, of a PEM block or of a card
    number written in groups. So the cut moves back to white space, past digits, and out of an unfinished PEM block.
    """
    head = text[: max(0, min(limit, len(text) - 1))]
    if head and not head[-1].isspace() and not text[len(head)].isspace():
        kept = head.rsplit(None, 1)
        head = kept[0] if len(kept) == 2 else ""
    begin = head.rfind(_PRIVATE_KEY_START)
    if begin >= 0 and head.find(_PRIVATE_KEY_END, begin) < 0:
        head = head[:begin]
    return len(head.rstrip(_CARD_CHARACTERS))


def plain_text(text: str) -> str:
    """An exact `str` of a subclass, read past any method the subclass overrides."""
    return text if type(text) is str else str.__str__(text)


def representation(value: object, limit: int) -> str:
    """`repr(value)` without an address, a failure or recursion, at most `limit` characters.

    Objects without a `__repr__` of their own are named by their type. If it raises, the text names the type of the
    error; the error's message is left out, because it was not meant to be logged.
    """
    return _converted(value, repr, limit)


def text_of_exception(error: BaseException, limit: int) -> str:
    """`str(error)`, or a marker if that fails."""
    return _converted(error, str, limit)


def _converted(value: object, convert: Callable[[object], str], limit: int) -> str:
    kind, ident = type(value), id(value)
    try:
        running: set[int] = _running.__dict__.setdefault("ids", set())
        if ident in running or (convert is repr and (limit <= 0 or kind.__repr__ is object.__repr__)):
            return f"<{type_name(kind)}>"
        running.add(ident)
        try:
            text = convert(value)
        finally:
            running.discard(ident)
        return cut(plain_text(text), limit)
    except PASS_THROUGH:
        raise
    except BaseException as error:
        return f"<{qualified_name(kind)[1]} {convert.__name__} raised {qualified_name(type(error))[1]}>"


def secret(value: object, limit: int) -> Plain:
    """A value that the application declared secret: it is not read."""
    return SECRET


def whole(value: int, limit: int) -> Plain:
    """An exact `int`.

    One of more than 4300 digits becomes its size: Python refuses to write it, and it is likely a key.
    """
    number = int.__int__(value)
    bits = number.bit_length()
    if bits <= _SURE_BITS:
        return number
    if bits <= _MOST_BITS:
        try:
            if len(str(abs(number))) <= _MOST_DIGITS:
                return number
        except ValueError:
            pass  # this interpreter was set to a lower limit, and an encoder could not write the number either
    return f"<int of {bits} bits>"


def floating(value: float, limit: int) -> Plain:
    """An exact `float`; NaN and infinities are kept, and encoders write them as text."""
    return float.__float__(value)


def text(value: str, limit: int) -> Plain:
    """An exact `str`, never shortened here: the redactor shortens after it has examined the whole."""
    return plain_text(value)


def as_str(value: object, limit: int) -> Plain:
    """Types whose `str` is their exact and usual spelling: Decimal, Fraction, complex, UUID, paths, addresses."""
    return cut(plain_text(str(value)), limit)


def as_written(value: object, limit: int) -> Plain:
    """A text, number or bytes whose class writes its own `repr`: that `repr`, if it keeps the value out of sight."""
    kind, written = type(value), representation(value, limit)
    read = next(read for base, read in _READ if issubclass(kind, base))
    plain: Plain = read(value, limit)
    return plain if str(plain) in written or repr(plain)[1:-1] in written else written


def name_only(value: object, limit: int) -> Plain:
    """Types whose parts or `repr` may block: to read them would query a database, compute or wait for a device."""
    return f"<{type_name(type(value))}>"


def name_and_length(value: object, limit: int) -> Plain:
    """As `name_only`, with the length where the items lie in a built-in container."""
    base: Any = next((base for base in (list, dict, set) if issubclass(type(value), base)), None)
    return name_only(value, limit) if base is None else f"<{type_name(type(value))} of {base.__len__(value)}>"


def iso_datetime(value: datetime, limit: int) -> Plain:
    """RFC 3339 with the value's own offset (`Z` for UTC); a naive one stays without offset, its zone is unknown."""
    offset = value.utcoffset()
    if offset is not None and offset % timedelta(minutes=1):  # RFC 3339 section 5.6: offsets are whole minutes
        value, offset = value.astimezone(timezone.utc), timedelta(0)
    written = plain_text(value.isoformat())
    if offset == timedelta(0) and written.endswith("+00:00"):
        return written[:-6] + "Z"
    return written


def iso(value: date | time, limit: int) -> Plain:
    """ISO 8601 of a date or a time of day."""
    return plain_text(value.isoformat())


def seconds(value: timedelta, limit: int) -> Plain:
    """A duration in seconds, as a number: OpenTelemetry's unit for durations."""
    return float(value.total_seconds())


def member(value: enum.Enum, limit: int) -> Plain:
    """An enum's value if that is a scalar, else the member's name."""
    inner = value._value_
    if inner is None or type(inner) is bool:
        return inner
    if isinstance(inner, str):
        return plain_text(inner)
    if isinstance(inner, int):
        return whole(inner, limit)
    if isinstance(inner, float):
        return floating(inner, limit)
    return cut(plain_text(str(value._name_)), limit)


def octets(value: bytes | bytearray, limit: int) -> Plain:
    """The text, if the bytes are UTF-8 without NUL, so that the redactor can judge it; else only size and kind."""
    base: Any = bytes if isinstance(value, bytes) else bytearray
    return _octets(bytes(base.__getitem__(value, slice(limit + 1))), base.__len__(value), limit)


def view(value: memoryview, limit: int) -> Plain:
    """As `octets`; of a large view only the beginning is copied."""
    size = value.nbytes
    if size <= limit:
        return _octets(value.tobytes(), size, limit)
    if value.c_contiguous:
        return _octets(bytes(value.cast("B")[: limit + 1]), size, limit)
    return f"<{size} bytes>"


def _octets(head: bytes, size: int, limit: int) -> str:
    if 0 not in head:  # NUL is legal UTF-8, but means UTF-16 or a binary format, which no detector can read
        try:
            decoded, _ = codecs.utf_8_decode(head, "strict", size <= limit)
        except UnicodeDecodeError:
            pass
        else:
            if size <= limit:
                return decoded
            kept = decoded[: safe_end(decoded, limit)]
            return f"{kept}<{size - len(kept.encode())} more bytes>"
    if size < _SHORTEST_WITH_MAGIC:  # four bytes would reveal much of a short one
        return f"<{size} bytes>"
    return f"<{size} bytes starting {head[:4].hex()}>"


def definition(value: Any, limit: int) -> Plain:
    """A class, function or method: `module.qualified.name`."""
    if isinstance(value, type):
        return type_name(value)
    name = value.__qualname__
    module = getattr(value, "__module__", None)
    if type(module) is str and module != "builtins":
        name = f"{module}.{name}"
    return cut(plain_text(name), limit)


def running(value: Any, limit: int) -> Plain:
    """A generator or coroutine by its name; running it would change the program."""
    kind = type(value).__name__.replace("_", " ")
    return f"<{kind} {plain_text(value.__qualname__)}>"


def pattern(value: re.Pattern[Any], limit: int) -> Plain:
    """The text of a regular expression."""
    source = value.pattern
    return cut(source, limit) if isinstance(source, str) else octets(source, limit)


def numpy_scalar(value: Any, limit: int) -> Plain:
    """The Python number inside; dates and durations as the standard library's would be written."""
    name = type(value).__name__
    if name == "datetime64":
        return plain_text(str(value))
    if name == "timedelta64":
        try:
            return float(value / type(value)(1, "s"))
        except TypeError:  # months and years have no length in seconds
            return plain_text(str(value))
    item: Any = value.item()
    if item is None or type(item) is bool or type(item) is float:
        return item
    if type(item) is int:
        return whole(item, limit)
    if name.startswith(("longdouble", "float")):
        return float(value)
    return representation(item, limit)


def array(value: Any, limit: int) -> Plain:
    """`array.array`: type and size without the contents, as for the arrays of other libraries."""
    return {"type": "array.array", "shape": [len(value)], "dtype": str(value.typecode)}


_READ: tuple[tuple[type, Callable[[Any, int], Plain]], ...] = (
    (str, text),
    (int, whole),
    (float, floating),
    (bytes, octets),
    (bytearray, octets),
)
