"""The public face is what `__all__` says, and what is promised is there."""

from __future__ import annotations

import types

import pytest

import discreet


def test_every_public_name_is_exported_and_every_export_exists() -> None:
    public = {
        name
        for name, value in vars(discreet).items()
        if not name.startswith("_")
        and not isinstance(value, types.ModuleType)
        and name not in {"annotations", "TYPE_CHECKING"}
    }
    lazy = {name for name in discreet.__all__ if name not in vars(discreet)}
    assert public | lazy == set(discreet.__all__)
    assert all(hasattr(discreet, name) for name in discreet.__all__)


def test_exports_are_listed_once() -> None:
    assert len(set(discreet.__all__)) == len(discreet.__all__)


def test_dir_lists_every_export() -> None:
    assert set(discreet.__all__) <= set(dir(discreet))


def test_an_unknown_name_is_an_attribute_error_that_says_so() -> None:
    with pytest.raises(AttributeError, match="no_such_name"):
        getattr(discreet, "no_such_" + "name")
