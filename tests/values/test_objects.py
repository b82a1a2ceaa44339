"""Objects that declare their fields, and those that only have a `repr`."""

from __future__ import annotations

import argparse
import dataclasses
import types
from collections import OrderedDict
from typing import Any

import attrs
import msgspec
import pydantic
import pydantic.dataclasses
import pytest

from discreet._values.plain import Limits, to_plain

pytestmark = pytest.mark.version_sensitive


@dataclasses.dataclass
class Point:
    x: int
    y: Any = None
    hidden: str = dataclasses.field(default="hunter2", repr=False)


def test_a_dataclass_becomes_its_fields_without_those_its_repr_hides():
    assert to_plain(Point(1, Point(2))) == {"x": 1, "y": {"x": 2, "y": None}}


def test_a_dataclass_with_slots_and_an_unset_field_shows_what_is_set():
    @dataclasses.dataclass(slots=True)
    class Partial:
        a: int
        b: int

    value = Partial.__new__(Partial)
    value.a = 1
    assert to_plain(value) == {"a": 1}


def test_a_dataclass_whose_author_wanted_no_repr_shows_no_field():
    @dataclasses.dataclass(repr=False)
    class Quiet:
        password: str

    @dataclasses.dataclass(repr=False)
    class Masked:
        password: str

        def __repr__(self):
            return "Masked(***)"

    assert to_plain(Quiet("hunter2")).endswith("Quiet>")
    assert to_plain(Masked("hunter2")) == "Masked(***)"


def test_fields_are_read_without_running_what_reads_attributes():
    @dataclasses.dataclass
    class Odd:
        a: int
        b: int = 2

        def __getattribute__(self, name):
            if name == "a":
                raise LookupError
            return object.__getattribute__(self, name)

    assert to_plain(Odd(1)) == {"a": 1, "b": 2}


def test_a_dataclass_class_is_no_instance():
    assert to_plain(Point) == f"{__name__}.Point"


def test_an_attrs_object_becomes_its_attributes_as_its_repr_would_show_them():
    def broken(value):
        raise ValueError(value)

    @attrs.define
    class User:
        name: str
        token: str = attrs.field(repr=lambda value: "***")
        password: str = attrs.field(repr=False)
        key: str = attrs.field(repr=broken)

    assert to_plain(User("ann", "t", "hunter2", "k")) == {"name": "ann", "token": "***", "key": "[REDACTED:secret]"}


def test_a_pydantic_model_becomes_its_stored_values_without_running_its_code():
    class Account(pydantic.BaseModel):
        model_config = pydantic.ConfigDict(extra="allow")
        name: str
        token: pydantic.SecretStr
        hidden: str = pydantic.Field("hunter2", repr=False)
        excluded: str = pydantic.Field("hunter2", exclude=True)

        @pydantic.computed_field
        def computed(self) -> str:
            raise AssertionError

        @pydantic.field_serializer("name")
        def serialize(self, value):
            raise AssertionError

    plain = to_plain(Account(name="ann", token="hunter2", more=1))
    assert plain == {"name": "ann", "token": "[REDACTED:secret]", "more": 1}


def test_a_pydantic_model_made_without_validation_shows_what_it_has():
    class Account(pydantic.BaseModel):
        name: str
        age: int

    assert to_plain(Account.model_construct(name="ann")) == {"name": "ann"}


def test_a_pydantic_dataclass_hides_what_its_fields_hide():
    @pydantic.dataclasses.dataclass
    class Account:
        name: str
        hidden: str = pydantic.Field("hunter2", repr=False)

    assert to_plain(Account("ann")) == {"name": "ann"}


def test_a_struct_of_msgspec_becomes_its_fields():
    class Item(msgspec.Struct):
        a: int
        b: list[int]

    assert to_plain(Item(1, [2])) == {"a": 1, "b": [2]}


def test_a_dict_that_is_a_dataclass_too_is_read_as_a_dict():
    @dataclasses.dataclass
    class Output(OrderedDict):
        loss: float = 0.0

    value = Output()
    value["loss"] = 1.0
    assert to_plain(value) == {"loss": 1.0}


def test_namespaces_become_their_attributes():
    assert to_plain(argparse.Namespace(a=1)) == {"a": 1}
    assert to_plain(types.SimpleNamespace(a={"b": 1})) == {"a": {"b": 1}}


def test_an_unknown_object_is_shown_by_its_repr():
    class Shown:
        def __repr__(self):
            return "Shown(1)"

    assert to_plain([Shown()]) == ["Shown(1)"]


def test_an_object_without_repr_is_named_without_its_address():
    class Plain:
        pass

    assert to_plain(Plain()) == f"<{__name__}.{Plain.__qualname__}>"
    assert to_plain(object()) == "<object>"


def test_a_query_that_would_ask_the_database_is_only_named():
    def ask(self):
        raise AssertionError

    query = type("QuerySet", (), {"__module__": "django.db.models.query", "__repr__": ask, "__iter__": ask})
    assert to_plain(query()) == "<django.db.models.query.QuerySet>"
    assert to_plain(type("Users", (query,), {})()).endswith("Users>")


def test_a_long_repr_is_cut_and_says_by_how_much():
    class Long:
        def __repr__(self):
            return "word " * 100

    assert to_plain(Long(), Limits(max_repr=12)) == "word word<491 more characters>"


def test_a_repr_of_fifty_megabytes_is_cut():
    class Huge:
        def __repr__(self):
            return "ab " * 17_000_000

    assert len(to_plain(Huge())) <= (1 << 20) + 40


def test_many_long_reprs_share_one_budget():
    class Long:
        def __repr__(self):
            return "word " * 200

    plain = to_plain([Long() for _ in range(100)], Limits(max_repr=1000))
    assert sum(map(len, plain)) < 20_000
    assert plain[-1].endswith("Long>")
