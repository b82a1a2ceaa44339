"""Containers whose items are somewhere else are named; those that have them in memory are walked."""

from __future__ import annotations

import collections
import dbm
import shelve
import sqlite3
import types
from collections.abc import Sequence

import multidict
import pytest
import requests
from starlette.datastructures import Headers, QueryParams
from werkzeug.datastructures import CombinedMultiDict, MultiDict
from werkzeug.datastructures import Headers as WerkzeugHeaders

import discreet

log = discreet.get_logger("shop")


def test_a_lazy_sequence_is_named_and_never_decoded(sink):
    class Rows(Sequence):
        def __getitem__(self, index):
            raise AssertionError("decoded")

        __repr__ = __len__ = __iter__ = __getitem__

    log.info("rows {rows}", rows=Rows(), nested=[Rows()])
    name = f"<{__name__}.{Rows.__qualname__}>"
    assert (sink.last["rows"], sink.last["nested"], sink.last["message"]) == (name, [name], f"rows {name}")


def test_files_of_keys_are_named(sink, tmp_path):
    with shelve.open(str(tmp_path / "shelf")) as shelf, dbm.open(str(tmp_path / "keys"), "c") as keys:
        shelf["a"] = "decoded"
        log.info("x", shelf=shelf, keys=keys)
    assert "Shelf>" in sink.last["shelf"]
    assert "dbm" in sink.last["keys"]
    assert "decoded" not in sink.text


def test_what_can_be_read_once_is_named_and_not_used_up(sink, tmp_path):
    cursor = sqlite3.connect(":memory:").execute("SELECT 1")
    with (tmp_path / "file").open("w") as file:
        each = {"zip": zip([1], [2], strict=True), "map": map(str, [1]), "iterator": iter([1]), "cursor": cursor}
        log.info("x", file=file, **each)
    assert sink.last["zip"] == "<zip>"
    assert sink.last["cursor"] == "<sqlite3.Cursor>"
    assert sink.last["file"] == "<_io.TextIOWrapper>"
    assert [len(list(item)) for item in each.values()] == [1, 1, 1, 1]


@pytest.mark.parametrize(
    "value",
    [
        collections.OrderedDict(a="1"),
        collections.ChainMap({"a": "1"}, {"a": "2"}),
        collections.ChainMap(collections.UserDict(a="1")),
        collections.UserDict(a="1"),
        types.MappingProxyType({"a": "1"}),
        Headers({"a": "1"}),
        QueryParams("a=1"),
        WerkzeugHeaders({"a": "1"}),
        CombinedMultiDict([MultiDict({"a": "1"})]),
        multidict.CIMultiDict(a="1"),
        requests.structures.CaseInsensitiveDict(a="1"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_mappings_in_memory_are_walked(value, sink):
    log.info("x", value=value, password=value)
    assert sink.last["value"] == {"a": "1"}
    assert sink.last["password"] != {"a": "1"}
