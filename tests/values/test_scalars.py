"""Single values: what each becomes as plain data."""

from __future__ import annotations

import datetime as dt
import enum
import fractions
import ipaddress
import math
import pathlib
import re
import uuid
import zoneinfo
from collections import UserString
from decimal import Decimal

import pytest
from pydantic import SecretBytes, SecretStr

import discreet
from discreet._values.plain import Limits, to_plain

pytestmark = pytest.mark.version_sensitive


class Text(str):
    __slots__ = ()

    def __str__(self):
        raise ValueError


class Number(int):
    def __int__(self):
        raise ValueError


class Real(float):
    def __float__(self):
        raise ValueError


@pytest.mark.parametrize("value", [None, True, False, 0, -1, 2**63, 1.5, "", "text", "\ud800", "a\x00b"])
def test_plain_values_stay_what_they_are(value):
    assert to_plain(value) is value or to_plain(value) == value
    assert type(to_plain(value)) is type(value)


@pytest.mark.parametrize(("value", "kind"), [(Text("a"), str), (Number(3), int), (Real(1.5), float)])
def test_subclasses_of_scalars_become_exact_without_asking_them(value, kind):
    plain = to_plain(value)
    assert type(plain) is kind
    assert plain == value


def test_not_a_number_and_infinity_stay_floats_for_the_encoders_to_spell():
    assert math.isnan(to_plain(float("nan")))
    assert to_plain(float("-inf")) == -math.inf


def test_an_integer_of_4300_digits_stays_an_integer():
    assert to_plain(10**4299) == 10**4299
    assert to_plain(-(10**4300 - 1)) == -(10**4300 - 1)


@pytest.mark.parametrize("value", [10**4300, -(10**4300), 1 << 1_000_000], ids=["first", "negative", "huge"])
def test_an_integer_too_long_to_be_written_becomes_its_size(value):
    assert to_plain(value) == f"<int of {value.bit_length()} bits>"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Decimal("1.10"), "1.10"),
        (Decimal("NaN"), "NaN"),
        (fractions.Fraction(1, 3), "1/3"),
        (1 + 2j, "(1+2j)"),
        (uuid.UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        (pathlib.PurePosixPath("/srv/a"), "/srv/a"),
        (pathlib.PureWindowsPath("C:/a"), "C:\\a"),
        (pathlib.Path("a"), "a"),
        (ipaddress.ip_address("10.0.0.1"), "10.0.0.1"),
        (ipaddress.ip_network("10.0.0.0/8"), "10.0.0.0/8"),
        (zoneinfo.ZoneInfo("UTC"), "UTC"),
        (UserString("own"), "own"),
        (re.compile("a+"), "a+"),
        (re.compile(b"a+"), "a+"),
        (range(3), "range(0, 3)"),
    ],
)
def test_exact_spellings_become_text(value, text):
    assert to_plain(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (dt.datetime(2024, 5, 6, 7, 8, 9), "2024-05-06T07:08:09"),
        (dt.datetime(2024, 5, 6, 7, 8, 9, 10, dt.timezone.utc), "2024-05-06T07:08:09.000010Z"),
        (
            dt.datetime(2024, 5, 6, tzinfo=dt.timezone(dt.timedelta(hours=5, minutes=30))),
            "2024-05-06T00:00:00+05:30",
        ),
        (dt.datetime(1900, 1, 1, 12, tzinfo=dt.timezone(dt.timedelta(seconds=1172))), "1900-01-01T11:40:28Z"),
        (dt.date(2024, 5, 6), "2024-05-06"),
        (dt.time(7, 8), "07:08:00"),
    ],
)
def test_dates_and_times_are_written_as_rfc_3339(value, text):
    assert to_plain(value) == text


def test_a_duration_becomes_seconds():
    assert to_plain(dt.timedelta(minutes=1, microseconds=5)) == 60.000005


class Colour(enum.Enum):
    RED = "red"
    ONE = 1
    HALF = 0.5
    NOTHING = None
    PAIR = (1, 2)


class Answer(enum.Enum):
    YES = True


class Level(enum.IntEnum):
    HIGH = 9


class Word(str, enum.Enum):
    A = "a"


class Access(enum.Flag):
    READ = 1
    WRITE = 2


def test_an_enum_becomes_its_value_if_that_is_a_scalar():
    found = [to_plain(member) for member in (Colour.RED, Colour.ONE, Colour.HALF, Colour.NOTHING, Level.HIGH, Word.A)]
    assert found == ["red", 1, 0.5, None, 9, "a"]
    assert {type(item) for item in found} == {str, int, float, type(None)}
    assert to_plain(Access.READ | Access.WRITE) == 3
    assert to_plain(Answer.YES) is True


def test_an_enum_of_something_else_becomes_its_name():
    assert to_plain(Colour.PAIR) == "PAIR"


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_bytes_that_are_text_become_text_so_that_they_can_be_judged(kind):
    assert to_plain(kind("grün".encode())) == "grün"


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_binary_data_becomes_size_and_first_bytes(kind):
    assert to_plain(kind(b"\x89PNG" + b"\xff" * 100)) == "<104 bytes starting 89504e47>"


def test_short_binary_data_shows_none_of_itself():
    assert to_plain(b"\xff\xfe key") == "<6 bytes>"


def test_text_of_two_bytes_a_letter_counts_as_binary_since_no_detector_reads_it():
    assert to_plain("hunter2".encode("utf-16-le")) == "<14 bytes>"


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_large_bytes_are_cut_at_white_space(kind):
    data = b"word " * 100 + b"\xc3\xa4" * 100
    assert to_plain(kind(data), Limits(max_repr=601)) == "word " * 99 + "word<201 more bytes>"


def test_a_view_that_is_not_contiguous_is_read_or_named():
    strided = memoryview(b"a-b-c-")[::2]
    assert to_plain(strided) == "abc"
    assert to_plain(strided, Limits(max_repr=2)) == "<3 bytes>"


def test_a_released_view_says_so():
    view = memoryview(b"abc")
    view.release()
    assert to_plain(view) == "<memoryview raised ValueError>"


@pytest.mark.parametrize(
    "secret",
    [SecretStr("hunter2"), SecretBytes(b"hunter2"), discreet.Secret("hunter2")],
    ids=["SecretStr", "SecretBytes", "Secret"],
)
def test_declared_secrets_are_never_read(secret):
    assert to_plain(secret) == "[REDACTED:secret]"
    assert to_plain([secret]) == ["[REDACTED:secret]"]
    assert to_plain({"a": {"b": secret}}) == {"a": {"b": "[REDACTED:secret]"}}


def test_a_text_that_declares_itself_secret_is_one():
    class Token(str):
        __slots__ = ()

        def get_secret_value(self):
            return "hunter2"

    assert to_plain(Token("hunter2")) == "[REDACTED:secret]"
    assert to_plain({Token("hunter2"): 1}) == {"[REDACTED:secret]": 1}


def test_classes_and_functions_become_their_qualified_names():
    assert to_plain(int) == "int"
    assert to_plain(Decimal) == "decimal.Decimal"
    assert to_plain(Colour) == f"{__name__}.Colour"
    assert to_plain(re.compile) == "re.compile"
    assert to_plain(len) == "len"
    assert to_plain("".join) == "str.join"
    assert to_plain(Colour.RED.__str__).endswith(".__str__")


def test_an_exception_becomes_the_last_line_of_its_traceback():
    assert to_plain(ValueError("bad")) == "ValueError: bad"
    assert to_plain(KeyError("k")) == "KeyError: 'k'"
    assert to_plain(re.error("bad")).endswith("rror: bad")
    assert to_plain(RuntimeError()) == "RuntimeError"
