"""What a class keeps out of sight in its own `__repr__`, or by `repr=False`, stays out of sight wherever it is logged."""

from __future__ import annotations

import collections
import dataclasses
import typing

import attrs
import msgspec
import pydantic
import pytest

import discreet

log = discreet.get_logger("shop")
HIDDEN = "zebra" + "crossing"


@dataclasses.dataclass
class Data:
    note: str

    def __repr__(self):
        return "Own(***)"


@attrs.define
class Attrs:
    note: str

    def __repr__(self):
        return "Own(***)"


class Named(typing.NamedTuple):
    note: str

    def __repr__(self):
        return "Own(***)"


class Model(pydantic.BaseModel):
    note: str

    def __repr__(self):
        return "Own(***)"


class Parts(pydantic.BaseModel):
    note: str

    def __repr_args__(self):
        return []


class Struct(msgspec.Struct):
    note: str

    def __repr__(self):
        return "Own(***)"


def own(base):
    return type("Own", (base,), {"__repr__": lambda self: "Own(***)"})


VALUES = {
    "dataclass": Data(HIDDEN),
    "attrs": Attrs(HIDDEN),
    "NamedTuple": Named(HIDDEN),
    "pydantic": Model(note=HIDDEN),
    "pydantic's parts": Parts(note=HIDDEN),
    "msgspec": Struct(HIDDEN),
    "dict": own(dict)(note=HIDDEN),
    "Counter": own(collections.Counter)([HIDDEN]),
    "list": own(list)([HIDDEN]),
    "UserDict": own(collections.UserDict)(note=HIDDEN),
    "str": own(str)(HIDDEN),
    "int": own(int)(4711),
}


@pytest.mark.parametrize("value", VALUES.values(), ids=VALUES)
def test_the_repr_that_a_class_wrote_is_what_is_shown(value, memory_sink):
    sink = memory_sink(format="json")
    discreet.configure(sinks=[sink], environment="dev", with_locals=True, take_over=False)
    with discreet.context(bound=value):
        log.info("it is {value}", value=value, nested={"a": [value, (value, {"b": value})]})
    shown = sink.last["value"]
    assert shown in ("Own(***)", "Parts()")
    assert sink.last["nested"] == {"a": [shown, [shown, {"b": shown}]]}
    try:
        local = value  # noqa: F841 - shown among the variables
        raise LookupError("no more")
    except LookupError:
        log.exception("failed")
    assert HIDDEN not in sink.text
    assert '"value":4711' not in sink.text


def test_a_text_whose_repr_shows_it_is_shown_as_a_text(sink):
    markup = type("Markup", (str,), {"__repr__": lambda self: f"Markup({str.__repr__(self)})"})
    log.info("x", html=markup("<b>it's</b>"))
    assert sink.last["html"] == "<b>it's</b>"


def test_fields_without_repr_stay_out_and_the_others_are_fields(sink):
    @dataclasses.dataclass
    class WithDataclass:
        shown: int
        hidden: str = dataclasses.field(default=HIDDEN, repr=False)

    @attrs.define
    class WithAttrs:
        shown: int
        hidden: str = attrs.field(default=HIDDEN, repr=False)

    class WithPydantic(pydantic.BaseModel):
        shown: int
        hidden: str = pydantic.Field(HIDDEN, repr=False)

    log.info("x", each=[WithDataclass(1), WithAttrs(1), WithPydantic(shown=1)])
    assert sink.last["each"] == [{"shown": 1}] * 3


def test_a_plain_object_shows_its_public_attributes_and_runs_no_property(sink):
    class Line:
        def __init__(self):
            self.sku = "a-1"

    class Order:
        def __init__(self):
            self.number, self.line, self._private = 7, Line(), HIDDEN

        @property
        def total(self):
            raise AssertionError("a property was run")

        def __getattr__(self, name):
            raise AssertionError("__getattr__ was run")

    log.info("x", order=Order(), orders=[Order()])
    shown = {"number": 7, "line": f"<{__name__}.{Line.__qualname__}>"}
    assert sink.last["order"] == shown
    assert sink.last["orders"] == [shown]
