"""The settings table, `configure()`, their types and docs/configuration.md say the same."""

from __future__ import annotations

import inspect
import re
import runpy
from pathlib import Path
from typing import get_args

import pytest

import discreet
from discreet._base import levels
from discreet._config import parsing
from discreet._config import settings as table
from discreet._config.settings import ROWS, VARIABLES, resolve

DOCS = Path(__file__).parents[2] / "docs"
PAGE = DOCS / "configuration.md"


def test_the_page_has_a_row_for_each_variable_and_for_no_other() -> None:
    rows = [line for line in PAGE.read_text("utf-8").splitlines() if line.startswith("|")]
    found = [name for row in rows for name in re.findall(r"`(DISCREET_\w+)`", row)]
    assert sorted(found) == sorted(VARIABLES)


def test_the_table_on_the_page_is_the_one_that_the_settings_make() -> None:
    page = PAGE.read_text("utf-8")
    assert runpy.run_path(str(DOCS / "settings_table.py"))["with_table"](page) == page, "run: make settings-table"


def test_each_page_that_a_setting_names_has_that_place() -> None:
    for row in ROWS.values():
        if row.page:
            name, _, place = row.page.partition("#")
            titles = re.findall(r"^#+ (.+)$", (DOCS / name).read_text("utf-8"), re.MULTILINE)
            assert not place or place in {re.sub(r"[^\w -]", "", title).lower().replace(" ", "-") for title in titles}


def test_configure_takes_each_setting_by_its_name_and_nothing_else() -> None:
    assert list(inspect.signature(table.configure).parameters) == list(ROWS)
    assert inspect.signature(discreet.configure).parameters == inspect.signature(table.configure).parameters


def test_the_types_name_the_values_that_are_taken() -> None:
    assert set(get_args(parsing.LevelName)) == set(levels.LEVEL_NUMBERS)
    for name, literal in {
        "format": parsing.Format, "delivery": parsing.DeliveryMode, "stream": parsing.StreamName,
        "level": parsing.LevelName,
    }.items():  # fmt: skip
        for value in get_args(literal):
            resolve({name: value}, {})
        with pytest.raises(discreet.ConfigurationError):
            resolve({name: "no such " + "value"}, {})
        if name != "level":
            assert ROWS[name].values == parsing.either(get_args(literal))


def test_all_plain_data_can_be_given_by_a_variable_too() -> None:
    assert [name for name, row in ROWS.items() if not row.variable] == ["sinks", "processors"]


def test_the_settings_in_force_have_a_value_for_each_row_and_can_be_replaced_but_not_changed() -> None:
    settings = resolve({"service": "shop"}, {})
    assert list(ROWS) == [name for name in table.Settings.__annotations__ if name in ROWS]
    assert all(hasattr(settings, name) for name in table.Settings.__annotations__)
    assert settings.replace(service="bank").service == "bank"
    with pytest.raises(AttributeError, match="does not change"):
        settings.service = "bank"
