"""Values with parts: lists, sets, mappings, and the limits on them."""

from __future__ import annotations

import array
import collections
import json
import os
import sqlite3
import threading
import time
import types
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet

import pytest

from discreet._values.plain import Limits, to_plain

pytestmark = pytest.mark.version_sensitive


@pytest.mark.parametrize("value", [[1, "a"], (1, "a"), collections.deque([1, "a"]), collections.UserList([1, "a"])])
def test_sequences_become_lists(value):
    assert to_plain(value) == [1, "a"]


@pytest.mark.parametrize("kind", [set, frozenset])
def test_sets_become_sorted_lists(kind):
    assert to_plain(kind(["b", "a", "c"])) == ["a", "b", "c"]
    assert to_plain(kind([10, 9, -1])) == [-1, 9, 10]


def test_a_set_of_several_kinds_has_one_order():
    assert to_plain({"b", 2, None, ("x",), 1.5, "a"}) == to_plain({None, "a", 1.5, ("x",), "b", 2})


@pytest.mark.parametrize(
    "value",
    [
        {"a": 1},
        collections.OrderedDict(a=1),
        collections.defaultdict(int, a=1),
        collections.Counter("a"),
        collections.ChainMap({"a": 1}, {"a": 2}),
        collections.UserDict(a=1),
        types.MappingProxyType({"a": 1}),
        types.SimpleNamespace(a=1),
        {"a": 1}.items(),
    ],
)
def test_mappings_become_dicts(value):
    assert to_plain(value) == {"a": 1}


def test_keys_and_values_of_a_dict_become_lists_in_their_order():
    assert to_plain({"b": 1, "a": 2}.keys()) == ["b", "a"]
    assert to_plain({"b": 1, "a": 0}.values()) == [1, 0]


def test_the_environment_is_a_mapping():
    assert to_plain(os.environ)["PATH"] == os.environ["PATH"]


def test_a_default_dict_gains_no_key():
    value = collections.defaultdict(list)
    to_plain(value)
    assert not value


def test_keys_that_are_no_strings_become_their_text():
    keys = {None: 0, True: 1, 2: 2, 1.5: 3, (1, "a"): 4, b"raw": 5}
    assert list(to_plain(keys)) == ["null", "true", "2", "1.5", "[1, 'a']", "raw"]
    assert to_plain({False: 0}) == {"false": 0}


def test_keys_of_the_same_text_are_both_kept():
    assert to_plain({1: "a", "1": "b", "1_2": "c"}) == {"1": "a", "1_2": "b", "1_2_3": "c"}
    assert to_plain({"1": "a", "1_2": "b", 1: "c", "1_4": "d"}) == {"1": "a", "1_2": "b", "1_3": "c", "1_4": "d"}
    assert to_plain({"1": "a", "1_3": "b", 1: "c"}) == {"1": "a", "1_3": "b", "1_4": "c"}


def test_a_named_tuple_becomes_a_dict():
    point = collections.namedtuple("Point", "x y")
    assert to_plain(point(1, [2])) == {"x": 1, "y": [2]}


def test_a_tuple_of_the_system_without_field_names_is_a_list():
    assert to_plain(time.gmtime(0)) == [1970, 1, 1, 0, 0, 0, 3, 1, 0]


def test_a_row_of_sqlite_becomes_a_dict():
    connection = sqlite3.connect(":memory:")
    connection.row_factory = sqlite3.Row
    assert to_plain(connection.execute("SELECT 'ann' AS user, 2 AS age").fetchone()) == {"user": "ann", "age": 2}
    connection.close()


def test_containers_of_users_are_named_and_not_walked():
    def run(self, *arguments):
        raise AssertionError("the container was walked")

    body = dict.fromkeys(("__getitem__", "__iter__", "__len__", "__contains__", "__repr__", "items", "keys"), run)
    for base in (Mapping, Sequence, AbstractSet, object):
        container = type("Container", (base,), {**body, "__module__": __name__})
        assert to_plain(container()) == f"<{__name__}.Container>"
        assert to_plain([{"a": container()}]) == [{"a": f"<{__name__}.Container>"}]


def test_subclasses_are_read_through_the_type_they_extend():
    class Liar(dict):
        def items(self):
            raise ValueError

        def __iter__(self):
            raise ValueError

        def __len__(self):
            raise ValueError

    class ListLiar(list):
        __len__ = __iter__ = __getitem__ = None

    assert to_plain(Liar(a=1)) == {"a": 1}
    assert to_plain(ListLiar([1])) == [1]


def test_generators_and_iterators_are_named_and_not_used_up():
    def numbers():
        yield 1

    running, plain_iterator, mapped = numbers(), iter([1]), map(str, [1])
    assert to_plain(running).startswith("<generator test_generators")
    assert to_plain([plain_iterator, mapped]) == ["<list_iterator>", "<map>"]
    assert (list(running), list(plain_iterator), list(mapped)) == ([1], [1], ["1"])


def test_an_iterator_that_claims_to_be_a_mapping_is_not_used_up():
    class Cursor(Mapping):
        def __next__(self):
            raise AssertionError

        __getitem__ = __iter__ = __len__ = __next__

    assert to_plain(Cursor()).endswith("Cursor>")


def test_coroutines_are_named():
    async def work():
        pass

    async def stream():
        yield

    coroutine = work()
    assert to_plain(coroutine).endswith("work>")
    assert to_plain(stream()).startswith("<async generator ")
    coroutine.close()


def test_a_standard_library_array_is_summarised():
    assert to_plain(array.array("i", [1, 2])) == {"type": "array.array", "shape": [2], "dtype": "i"}


def test_a_cycle_ends_in_a_marker():
    loop = [1]
    loop.append(loop)
    mapping = {"a": loop}
    mapping["self"] = mapping
    assert to_plain(mapping) == {"a": [1, "<cycle>"], "self": "<cycle>"}


def test_the_same_object_twice_is_no_cycle():
    shared = [1]
    assert to_plain([shared, shared]) == [[1], [1]]


def test_two_hundred_levels_end_in_a_marker():
    value = []
    for _ in range(200):
        value = [{"a": value}]
    text = json.dumps(to_plain(value))
    assert text.count("[") == 8
    assert "<list below 16 levels>" in text


def test_ten_thousand_levels_end_in_a_marker():
    value = ()
    for _ in range(10_000):
        value = (value,)
    assert "below 3 levels" in str(to_plain(value, Limits(max_depth=3)))
    assert json.dumps(to_plain(value, Limits(max_depth=100_000)), default=str).count("recursion limit") == 1


@pytest.mark.parametrize(
    ("value", "marker"),
    [
        (list(range(10)), "<7 more>"),
        (tuple(range(10)), "<7 more>"),
        (set(range(10)), "<7 more>"),
        (frozenset(range(10)), "<7 more>"),
        (collections.deque(range(10)), "<7 more>"),
    ],
)
def test_a_long_container_is_shortened_and_says_by_how_much(value, marker):
    plain = to_plain(value, Limits(max_items=3))
    assert len(plain) == 4
    assert plain[-1] == marker


@pytest.mark.parametrize("kind", [dict, collections.UserDict, lambda items: dict(items).items()])
def test_a_long_mapping_is_shortened_and_says_by_how_much(kind):
    plain = to_plain(kind({"a": 1, "b": 2, "c": 3}), Limits(max_items=1))
    assert plain == {"a": 1, "<more>": "<2 more>"}
    assert to_plain({"<more>": 1, "b": 2}, Limits(max_items=1)) == {"<more>": 1, "<more>_2": "<1 more>"}


def test_all_containers_together_have_a_limit():
    plain = to_plain([[0] * 10 for _ in range(100)], Limits(max_nodes=150))
    assert sum(len(item) for item in plain) < 250
    assert plain[-1] == ["<10 more>"]


def test_references_that_multiply_are_bounded():
    value = [0] * 10
    for _ in range(12):
        value = [value] * 10
    assert len(json.dumps(to_plain(value))) < 1_000_000


def test_containers_that_another_thread_changes_are_read_all_the_same():
    changing = {n: n for n in range(500)}
    group = set(range(500))
    stop = threading.Event()

    def change():
        n = 500
        while not stop.is_set():
            n += 1
            changing[n] = n
            group.add(n)
            changing.pop(n - 500, None)
            group.discard(n - 500)

    thread = threading.Thread(target=change)
    thread.start()
    try:
        for _ in range(200):
            json.dumps(to_plain([changing, group]))
    finally:
        stop.set()
        thread.join()


def test_a_subclass_of_a_container_that_writes_its_own_repr_shows_that():
    for base in (dict, list, tuple, set, frozenset, collections.deque, collections.OrderedDict, collections.UserDict):
        assert to_plain(type("Own", (base,), {"__repr__": lambda self: "Own(***)"})()) == "Own(***)"
        assert to_plain({"a": [type("Plain", (base,), {})()]}) in ({"a": [[]]}, {"a": [{}]})
