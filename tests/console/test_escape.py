from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from discreet._base.escape import display_width, escape, split_at_width


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain text, größer, 注文, 🎉", "plain text, größer, 注文, 🎉"),
        ("a\nb\r\tc", "a\\nb\\r\\tc"),
        ("\x1b[31mred\x1b]0;title\x07", "\\x1b[31mred\\x1b]0;title\\x07"),
        ("\x7f\x85\x9b", "\\x7f\\x85\\x9b"),
        ("invoice\u202efdp.exe\u2066\u2069", "invoice\\u202efdp.exe\\u2066\\u2069"),
        ("a\u200bb\u2060c\ufeffd\u00ade", "a\\u200bb\\u2060c\\ufeffd\\xade"),
        ("\u2028\u2029", "\\u2028\\u2029"),
        ("\ud800", "\\ud800"),
        ("\U000e0041", "\\U000e0041"),
    ],
)
def test_what_is_invisible_or_drives_a_terminal_is_written_out(text, shown):
    assert escape(text) == shown


def test_an_emoji_keeps_its_presentation_selector():
    assert escape("❤\ufe0f") == "❤\ufe0f"


@given(st.text(alphabet=st.characters()))
def test_nothing_invisible_survives_and_a_second_pass_changes_nothing(text):
    safe = escape(text)
    assert escape(safe) == safe
    safe.encode("utf-8")
    for character in safe:
        assert unicodedata.category(character) not in ("Cc", "Cs", "Zl", "Zp"), hex(ord(character))
        assert unicodedata.bidirectional(character) not in (
            "LRE",
            "RLE",
            "LRO",
            "RLO",
            "PDF",
            "LRI",
            "RLI",
            "FSI",
            "PDI",
        )


@pytest.mark.parametrize(("text", "columns"), [("abc", 3), ("注文", 4), ("e\u0301", 1), ("🎉!", 3), ("", 0), ("é", 1)])
def test_width_is_counted_in_columns_of_a_terminal(text, columns):
    assert display_width(text) == columns


@given(st.text(), st.integers(1, 40))
def test_splitting_loses_nothing_and_keeps_to_the_width(text, width):
    head, tail = split_at_width(text, width)
    assert head + tail == text
    assert display_width(head) <= max(width, 2)
    assert head or not text
