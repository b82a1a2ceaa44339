"""`baggage`, by the text of W3C Baggage."""

from __future__ import annotations

import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from discreet._context.baggage import MAX_BYTES, MAX_MEMBERS, Baggage, format_baggage, parse_baggage

_token = "!#$%&'*+-.^_`|~0123456789ABCXYZabcxyz"
keys = st.text(_token, min_size=1, max_size=20)
texts = st.text(st.characters(exclude_categories=("Cs",)), max_size=50)

USER = {"userId": "alice", "serverNode": "DF 28", "isProduction": "false"}


def test_the_single_header_of_the_recommendation_is_read():
    assert parse_baggage("userId=alice,serverNode=DF%2028,isProduction=false") == USER


def test_several_headers_are_one_list():
    assert parse_baggage(["userId=alice", b"serverNode=DF%2028,isProduction=false"]) == USER


def test_spaces_and_tabs_around_names_and_values_do_not_count():
    assert parse_baggage(["userId =   alice", "serverNode = DF%2028, isProduction = false"]) == USER
    assert parse_baggage("a \t = \t 1 \t , \t b \t = \t 2 \t ") == {"a": "1", "b": "2"}


def test_values_beyond_ascii_are_percent_encoded_utf8():
    assert parse_baggage("userId=Am%C3%A9lie") == {"userId": "Am\xe9lie"}
    assert format_baggage({"userId": "Am\xe9lie", "serverNode": "DF 28"}) == "userId=Am%C3%A9lie,serverNode=DF%2028"


def test_octets_that_are_not_utf8_become_the_replacement_character():
    assert parse_baggage("a=x%FFy,b=%C3,c=%C3%A9%C3")["a"] == "x\N{REPLACEMENT CHARACTER}y"
    assert parse_baggage("b=%C3") == {"b": "\N{REPLACEMENT CHARACTER}"}


def test_a_percent_sign_that_starts_no_escape_stays():
    assert parse_baggage("a=100%,b=%zz,c=%4") == {"a": "100%", "b": "%zz", "c": "%4"}


def test_a_value_may_contain_equal_signs():
    assert parse_baggage("SomeKey=SomeValue=equals") == {"SomeKey": "SomeValue=equals"}


def test_a_value_may_be_empty():
    assert parse_baggage("a=,b= ") == {"a": "", "b": ""}


def test_a_key_is_not_percent_decoded():
    assert parse_baggage("a%20b=1") == {"a%20b": "1"}


def test_the_later_of_two_members_with_one_key_wins():
    assert parse_baggage("a=1;p,a=2") == {"a": "2"}
    assert parse_baggage("a=1;p,a=2").properties == {}


def test_properties_are_no_part_of_the_value():
    header = "key1=value1;property1;property2, key2 = value2, key3=value3; propertyKey=propertyValue"
    baggage = parse_baggage(header)
    assert baggage == {"key1": "value1", "key2": "value2", "key3": "value3"}
    assert baggage.properties == {"key1": "property1;property2", "key3": "propertyKey=propertyValue"}


def test_properties_are_passed_on():
    header = "key1=value1;property1;property2,key2=value2,key3=value3;propertyKey=propertyValue"
    assert format_baggage(parse_baggage(header)) == header


def test_whitespace_around_properties_does_not_count():
    assert parse_baggage("a \t = \t 1 \t ; \t p \t = \t q \t ; r ").properties == {"a": "p=q;r"}


def test_a_malformed_property_is_left_out_and_its_value_kept():
    baggage = parse_baggage('a=1;;"p";=x;good;bad=a b')
    assert baggage == {"a": "1"}
    assert baggage.properties == {"a": "good"}


@pytest.mark.parametrize(
    "member", ["", " ", "a", "=1", "a b=1", "a=b c", 'a="b"', "a=b\\c", "\xe9=1", "a=\xe9", "a=\n", "(a)=1", "a\x00=1"]
)
def test_a_malformed_member_is_left_out_and_the_others_kept(member):
    assert parse_baggage(f"first=1,{member},last=2") == {"first": "1", "last": "2"}


@pytest.mark.parametrize("value", [None, 7, object(), ["a=1", None], {"a": "1"}, "", b""])
def test_what_is_not_a_header_value_is_empty_baggage(value):
    assert parse_baggage(value) == {}


def test_64_members_are_read_and_no_more():
    header = ",".join(f"k{index}={index}" for index in range(70))
    assert list(parse_baggage(header)) == [f"k{index}" for index in range(64)]


def test_8192_bytes_are_read_to_the_last_one():
    header = "a=1," + "b=" + "x" * (MAX_BYTES - 6)
    assert len(header) == MAX_BYTES
    assert list(parse_baggage(header)) == ["a", "b"]


def test_beyond_8192_bytes_no_half_member_is_read():
    assert parse_baggage("a=1,b=" + "x" * MAX_BYTES) == {"a": "1"}
    assert parse_baggage("a=" + "x" * 10_000_000) == {}
    assert parse_baggage("a=" + "x" * (MAX_BYTES - 2) + ",b=1") == {"a": "x" * (MAX_BYTES - 2)}


def test_what_a_value_may_not_contain_is_percent_encoded():
    assert format_baggage({"k": "\t \"';=asdf!@#$%^&*()\\,"}) == "k=%09%20%22'%3B=asdf!@#$%25^&*()%5C%2C"


def test_a_member_with_a_key_outside_the_grammar_is_not_written():
    assert format_baggage({"a b": "1", "": "2", "\xe9": "3", "a\n": "4", "good": "5"}) == "good=5"


def test_a_value_that_is_not_text_is_not_written():
    assert format_baggage({"a": 1, 2: "b", "good": "5"}) == "good=5"  # type: ignore[dict-item]  # wrong types on purpose


def test_a_lone_surrogate_is_written_as_a_question_mark():
    assert format_baggage({"a": "x\ud800y"}) == "a=x%3Fy"


def test_no_more_than_64_members_are_written():
    assert len(format_baggage({f"k{index}": "v" for index in range(100)}).split(",")) == MAX_MEMBERS


def test_a_member_that_does_not_fit_is_left_out_whole_and_smaller_ones_follow():
    assert format_baggage({"a": "1", "big": "x" * MAX_BYTES, "wide": "\xe9" * 2000, "b": "2"}) == "a=1,b=2"


def test_a_header_of_exactly_8192_bytes_is_written():
    baggage = {"a": "1", "b": "x" * (MAX_BYTES - 6)}
    assert len(format_baggage(baggage)) == MAX_BYTES
    assert format_baggage({**baggage, "b": "x" * (MAX_BYTES - 5)}) == "a=1"


def test_a_mapping_that_raises_writes_what_it_gave_until_then():
    class Bomb(dict):
        def items(self):
            yield "a", "1"
            raise RuntimeError

    assert format_baggage(Bomb()) == "a=1"


def test_baggage_crosses_to_another_process_with_its_properties():
    baggage = pickle.loads(pickle.dumps(parse_baggage("a=1;p")))
    assert baggage == {"a": "1"}
    assert baggage.properties == {"a": "p"}


def test_interrupting_is_not_swallowed():
    class Interrupt(dict):
        def items(self):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        format_baggage(Interrupt())


@given(st.text() | st.binary() | st.lists(st.text() | st.binary() | st.none()) | st.text(",;=% ab"))
def test_nothing_raises_and_what_is_read_can_be_written(value):
    baggage = parse_baggage(value)
    again = parse_baggage(format_baggage(baggage))
    assert again == baggage
    assert again.properties == baggage.properties


@given(st.dictionaries(keys, texts, max_size=10))
def test_every_text_survives_a_round_trip(values):
    assert parse_baggage(format_baggage(values)) == values


@given(st.dictionaries(st.text(), st.text() | st.integers() | st.binary()))
def test_writing_never_raises_and_keeps_within_the_limits(values):
    written = format_baggage(values)
    assert written.isascii()
    assert len(written) <= MAX_BYTES


def test_empty_baggage_writes_nothing():
    assert format_baggage({}) == format_baggage(Baggage()) == ""
