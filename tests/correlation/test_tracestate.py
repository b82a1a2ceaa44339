"""`tracestate`, by the text of W3C Trace Context."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from discreet._context.trace_context import parse_tracestate

_key_characters = string.ascii_lowercase + string.digits + "_-*/@"
_value_characters = "".join(chr(code) for code in range(0x21, 0x7F) if chr(code) not in ",=")
keys = st.builds(
    str.__add__,
    st.sampled_from(string.ascii_lowercase + string.digits),
    st.text(_key_characters, max_size=255),
)
values = st.builds(str.__add__, st.text(_value_characters + " ", max_size=255), st.sampled_from(_value_characters))
whitespace = st.text(" \t", max_size=3)


@pytest.mark.parametrize(
    "value",
    [
        "congo=t61rcWkgMzE",
        "rojo=00f067aa0ba902b7,congo=t61rcWkgMzE",
        "vendorname1=opaqueValue1,vendorname2=opaqueValue2",
        "congo=congosSecondPosition,rojo=rojosFirstPosition",
        _key_characters + "=" + " " + _value_characters,
        "1a=1",
        "special@vendor@tenant=1",
        "foo@=1,bar=2",
        "foo@@bar=1,bar=2",
        "z" * 256 + "=1",
        "t" * 242 + "@v=1",
        "a=" + "x" * 256,
    ],
)
def test_a_valid_value_is_kept_verbatim(value):
    assert parse_tracestate(value) == value


@pytest.mark.parametrize(
    "value", ["foo=1 \t , \t bar=2, \t baz=3", "foo=1\t \t,\t \tbar=2,\t \tbaz=3 ", "\tfoo=1,bar=2,baz=3\t"]
)
def test_spaces_and_tabs_around_members_are_left_out(value):
    assert parse_tracestate(value) == "foo=1,bar=2,baz=3"


def test_leading_spaces_belong_to_a_value():
    assert parse_tracestate("foo=  1,bar= 2") == "foo=  1,bar= 2"


@pytest.mark.parametrize("value", ["", " ", ",", " , ,\t", ["", " "], []])
def test_empty_members_are_accepted_and_come_to_nothing(value):
    assert parse_tracestate(value) == ""


def test_empty_members_do_not_harm_the_others():
    assert parse_tracestate(",foo=1,, bar=2,") == "foo=1,bar=2"
    assert parse_tracestate(["foo=1", ""]) == parse_tracestate(["", "foo=1"]) == "foo=1"


def test_several_headers_are_one_list_in_their_order():
    assert parse_tracestate(["foo=1,bar=2", b"rojo=1,congo=2", "baz=3"]) == "foo=1,bar=2,rojo=1,congo=2,baz=3"


@pytest.mark.parametrize("value", ["foo=1,foo=1", "foo=1,foo=2", ["foo=1", "foo=1"], ["foo=1", "foo=2"]])
def test_a_repeated_key_invalidates_the_whole(value):
    assert parse_tracestate(value) == ""


@pytest.mark.parametrize(
    "member",
    [
        "foo =1",
        "FOO=1",
        "foo.bar=1",
        "@foo=1",
        "_foo=1",
        "=1",
        "foo",
        "foo=",
        "foo=bar=baz",
        "foo=b\tar",
        "foo=b\nar",
        "foo=caf\xe9",
        "f\xf6o=1",
        "z" * 257 + "=1",
        "a=" + "x" * 257,
    ],
)
def test_a_malformed_member_invalidates_the_whole(member):
    assert parse_tracestate(f"bar=2,{member}") == ""


def test_32_members_are_kept_and_33_invalidate_the_whole():
    members = [f"bar{index:02}={index:02}" for index in range(1, 34)]
    assert parse_tracestate([",".join(members[:20]), ",".join(members[20:32])]) == ",".join(members[:32])
    assert parse_tracestate(members) == ""


def test_the_longest_valid_value_is_kept():
    value = ",".join(f"{index:02}" + "k" * 254 + "=" + "v" * 256 for index in range(32))
    assert parse_tracestate(value) == value


def test_a_prohibitively_large_value_is_dropped():
    assert parse_tracestate("," * 10_000_000 + "a=1") == ""


@pytest.mark.parametrize("value", [None, 7, object(), ["foo=1", None], {"foo": "1"}])
def test_what_is_not_a_header_value_is_dropped(value):
    assert parse_tracestate(value) == ""


@given(st.text() | st.binary() | st.lists(st.text() | st.binary() | st.none()))
def test_nothing_raises_and_what_is_kept_is_valid(value):
    kept = parse_tracestate(value)
    assert parse_tracestate(kept) == kept


@given(st.dictionaries(keys, values, max_size=32), whitespace, whitespace)
def test_every_value_of_the_grammar_survives(members, before, after):
    written = [f"{key}={value}" for key, value in members.items()]
    assert parse_tracestate(f"{before},{after}".join(written)) == ",".join(written)
