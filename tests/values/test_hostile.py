"""Objects that fight back: nothing they do makes `to_plain` raise, and their errors' messages do not leak."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from discreet._values.plain import Limits, exception_message, to_plain
from discreet._values.scalars import cut, representation

pytestmark = pytest.mark.version_sensitive


class Loud(BaseException):
    """As the panics of Rust extensions: no Exception, but nothing that should end the program."""


def raising(error):
    def fail(self, *arguments):
        raise error

    return fail


METHODS = (
    "__repr__", "__str__", "__eq__", "__hash__", "__iter__", "__len__", "__getattr__", "__getattribute__", "__bool__",
    "__format__", "__dir__", "__contains__", "__getitem__", "__index__", "__int__", "__float__", "items", "keys",
)  # fmt: skip


BASES = [
    (object, ()),
    (dict, ({"a": 1},)),
    (list, ([1],)),
    (tuple, ((1,),)),
    (set, ([1],)),
    (frozenset, ([1],)),
    (str, ("a",)),
    (int, (1,)),
    (float, (1.0,)),
    (bytes, (b"a",)),
    (bytearray, (b"a",)),
    (Exception, ("hunter2",)),
    (Mapping, ()),
]
ERRORS = [ValueError("hunter2"), MemoryError("hunter2"), RecursionError("hunter2"), Loud("hunter2")]


def hostile(base, arguments, error):
    body = dict.fromkeys(METHODS, raising(error))
    body["__class__"] = property(raising(error))
    return type("Hostile", (base,), body)(*arguments)


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize(("base", "arguments"), BASES, ids=lambda part: getattr(part, "__name__", ""))
def test_a_hostile_object_becomes_plain_data(base, arguments, error):
    assert "hunter2" not in json.dumps(to_plain(hostile(base, arguments, error)))
    assert "hunter2" not in json.dumps(to_plain([{"a": hostile(base, arguments, error)}]))


def test_a_hostile_key_becomes_text():
    class Key:
        def __repr__(self):
            raise ValueError("hunter2")

    assert to_plain({Key(): 1}) == {f"<{Key.__qualname__} repr raised ValueError>": 1}


def test_a_repr_that_is_no_string_or_a_subclass_of_it():
    class Wrong:
        def __repr__(self):
            return 1

    class Sub(str):
        __slots__ = ()

    class Right:
        def __repr__(self):
            return Sub("fine")

    assert to_plain(Wrong()).endswith("repr raised TypeError>")
    assert type(to_plain(Right())) is str


def test_a_hostile_metaclass_is_survived():
    class Meta(type):
        def __hash__(cls):
            raise ValueError("hunter2")

        def __getattribute__(cls, name):
            raise ValueError("hunter2")

        @property
        def __mro__(cls):
            raise ValueError("hunter2")

    class Thing(metaclass=Meta):
        pass

    assert "hunter2" not in json.dumps(to_plain(Thing()))


def test_a_class_with_odd_names_is_survived():
    class Odd:
        __module__ = 5

    assert to_plain(Odd()) == f"<?.{Odd.__qualname__}>"


def test_attribute_declarations_that_lie_are_survived():
    liars = [
        type("Liar", (), {"__dataclass_fields__": {}}),
        type("Liar", (), {"__attrs_attrs__": (1,)}),
        type("Liar", (), {"model_fields": {"a": 1}}),
        type("Liar", (), {"__pydantic_fields__": {"a": 1}, "__slots__": ()}),
        type("Liar", (), {"__struct_fields__": ("a",)}),
        type("Liar", (list,), {"_fields": (1,)}),
        type("Liar", (tuple,), {"_fields": ("a", "b")}),
    ]
    for liar in liars:
        json.dumps(to_plain(liar()))


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit, GeneratorExit])
def test_what_ends_the_program_passes(error):
    @attrs.define
    class Written:
        a: int = attrs.field(default=1, repr=raising(error))

    class Meta(type):
        __module__ = property(raising(error))

    class Named(metaclass=Meta):
        pass

    for value in (Written(), Named(), type("Ends", (), {"__repr__": raising(error)})()):
        with pytest.raises(error):
            to_plain(value)
    with pytest.raises(error):
        exception_message(type("Ends", (Exception,), {"__str__": raising(error)})(), 10)


def test_a_repr_that_converts_its_own_object_does_not_recurse():
    class Logging:
        def __repr__(self):
            return f"Logging({to_plain(self)})"

    class LoggingError(Exception):
        def __str__(self):
            return f"inner {exception_message(self, 1000)}"

    assert to_plain(Logging()) == f"Logging(<{__name__}.{Logging.__qualname__}>)"
    assert exception_message(LoggingError(), 1000) == f"inner <{__name__}.{LoggingError.__qualname__}>"


def test_with_no_stack_left_there_is_still_an_answer():
    answers = []

    def down():
        try:
            down()
        except RecursionError:
            answers.append(to_plain([["a"], object()]))
            answers.append(to_plain({1: {2: 3}}))
            raise

    with pytest.raises(RecursionError):
        down()
    json.dumps(answers)


def test_many_classes_made_on_the_fly_are_not_kept():
    from discreet._values import kinds

    for _ in range(kinds._MOST_KNOWN + 10):
        to_plain(type("Brief", (), {})())
    assert len(kinds._known) <= kinds._MOST_KNOWN


def test_a_cut_leaves_no_half_of_a_token():
    token = "gh" + "p_" + "a" * 36
    text = "x " * 10 + token + " more"
    for limit in range(1, len(text)):
        kept = cut(text, limit)
        assert token in kept or "gh" not in kept


def test_a_cut_leaves_no_half_of_a_card_number_or_a_key():
    card = "paid with 4111 1111 1111 1111 today and more"
    assert cut(card, 22) == "paid with<35 more characters>"
    key = "key\n-----BEGIN " + "PRIVATE KEY-----\nMIIE abc\nMIIE def\n-----END " + "PRIVATE KEY-----\n and more text"
    assert cut(key, 45) == "key<" + str(len(key) - 3) + " more characters>"
    assert cut(key, len(key) - 4).startswith(key[:-20])


def test_a_text_without_white_space_is_dropped_whole_when_cut():
    assert cut("a" * 100, 50) == "<100 more characters>"
    assert cut("", 0) == ""


def test_no_room_left_names_the_type():
    assert representation(1.5j, 0) == "<complex>"


class Noisy:
    def __init__(self, text):
        self.text = text

    def __repr__(self):
        return self.text


scalars = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary() | st.decimals()
    | st.datetimes() | st.timedeltas() | st.uuids() | st.complex_numbers() | st.fractions()
    | st.text(st.characters(categories=["Cs"])) | st.integers(min_value=10**4290, max_value=10**4310)
)  # fmt: skip
keys = st.none() | st.booleans() | st.integers() | st.text() | st.binary() | st.floats() | st.tuples(st.integers())
values = st.recursive(
    scalars
    | st.builds(lambda of, error: hostile(*of, error), st.sampled_from(BASES), st.sampled_from(ERRORS))
    | st.builds(Noisy, st.text()),
    lambda inner: (
        st.lists(inner)
        | st.lists(inner).map(tuple)
        | st.dictionaries(keys, inner)
        | st.frozensets(keys)
        | inner.map(lambda item: iter([item]))
    ),
    max_leaves=50,
)


def depth(plain):
    if isinstance(plain, dict):
        return 1 + max((depth(item) for item in plain.values()), default=0)
    if isinstance(plain, list):
        return 1 + max((depth(item) for item in plain), default=0)
    assert type(plain) in (str, int, float, bool, type(None))
    return 0


@given(values)
def test_anything_becomes_data_that_json_writes(value):
    plain = to_plain(value)
    json.dumps(plain, allow_nan=True)
    assert depth(plain) <= Limits().max_depth + 1


@given(values, st.integers(0, 4), st.integers(0, 5), st.integers(0, 20), st.integers(0, 50))
def test_limits_of_any_size_are_kept(value, levels, items, nodes, text):
    plain = to_plain(value, Limits(max_depth=levels, max_items=items, max_nodes=nodes, max_repr=text))
    json.dumps(plain)
    assert depth(plain) <= levels + 1


@given(
    st.text() | st.lists(st.sampled_from(["a", " ", "1", "-----BEGIN ", "-----END "])).map("".join), st.integers(0, 60)
)
def test_a_cut_is_a_beginning_and_never_longer_than_allowed(text, limit):
    kept = cut(text, limit)
    if len(text) <= limit:
        assert kept == text
    else:
        beginning, _, count = kept.rpartition("<")
        assert text.startswith(beginning)
        assert len(beginning) <= limit
        assert int(count.split()[0]) == len(text) - len(beginning)


def test_an_interpreter_with_another_limit_for_digits_is_respected():
    if not hasattr(sys, "set_int_max_str_digits"):  # Python 3.10.0 to 3.10.6 have no such limit
        return
    before = sys.get_int_max_str_digits()
    try:
        sys.set_int_max_str_digits(640)
        assert to_plain(10**1000) == "<int of 3322 bits>"
        assert to_plain(10**630) == 10**630
        sys.set_int_max_str_digits(0)
        assert to_plain(10**4300) == "<int of 14285 bits>"
    finally:
        sys.set_int_max_str_digits(before)
