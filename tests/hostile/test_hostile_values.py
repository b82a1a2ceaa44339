"""Whatever is thrown at a log call: it returns, the line parses strictly, and the statistics say what was lost."""

from __future__ import annotations

import decimal
import math
import sys

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import discreet

pytestmark = pytest.mark.version_sensitive

log = discreet.get_logger("shop")


class RaisingRepr:
    def __repr__(self):
        raise RuntimeError("password=hunter2")


class LoggingRepr:
    def __repr__(self):
        log.info("from a repr")
        return "<logging repr>"


class SelfLoggingRepr:
    def __repr__(self):
        log.info("again", me=self)
        return "<self logging repr>"


class HostileEverything:
    def __getattribute__(self, name):
        raise RuntimeError(name)


class HostileDict(dict):
    def items(self):
        raise RuntimeError("no")

    def __iter__(self):
        raise RuntimeError("no")

    def __len__(self):
        raise RuntimeError("no")


class HostileStr(str):
    def __str__(self):
        raise RuntimeError("no")

    def __hash__(self):
        raise RuntimeError("no")

    def __eq__(self, other):
        raise RuntimeError("no")


class Surrogate:
    def __repr__(self):
        return "\ud800"


class NoText:
    def __repr__(self):
        return 42


class HugeRepr:
    def __repr__(self):
        return "x" * 50_000_000


def recursive():
    loop = []
    loop.append({"loop": loop})
    return loop


def nested(depth):
    value = "bottom"
    for _ in range(depth):
        value = [value]
    return value


def generator():
    yield 1


VALUES = {
    "raising repr": RaisingRepr,
    "hostile everything": HostileEverything,
    "hostile dict": lambda: HostileDict(a=1),
    "hostile str": lambda: HostileStr("x"),
    "surrogate repr": Surrogate,
    "repr of no text": NoText,
    "recursive": recursive,
    "nan": lambda: math.nan,
    "infinity": lambda: [math.inf, -math.inf],
    "10 MB string": lambda: "a b " * 2_500_000,
    "lone surrogate": lambda: "\udfff",
    "null character": lambda: "\x00",
    "200 levels": lambda: nested(200),
    "100000 levels": lambda: nested(100_000),
    "no string keys": lambda: {1: "a", None: "b", (1, 2): "c", b"d": "d", 1.5: "e", RaisingRepr(): "f"},
    "generator": generator,
    "50 MB repr": HugeRepr,
    "huge integer": lambda: 10**5000,
    "wide integer": lambda: 2**70,
    "signalling nan": lambda: decimal.Decimal("sNaN"),
    "type": lambda: type,
    "module": lambda: sys,
    "not implemented": lambda: NotImplemented,
}


@pytest.mark.parametrize("name", VALUES)
def test_any_value_as_field_leaves_in_a_valid_line(sink, name):
    log.info("before {value}", value=VALUES[name](), other=1)
    assert sink.last["other"] == 1
    assert "value" in sink.last
    assert discreet.health()["dropped"] == {}


@pytest.mark.parametrize("name", VALUES)
def test_any_value_as_message_and_argument_leaves_in_a_valid_line(sink, name):
    log.info(VALUES[name]())
    log.info("%s", VALUES[name]())
    with discreet.context(value=VALUES[name]()):
        log.info("x")
    assert len(sink.records) == 3
    assert discreet.health()["dropped"] == {}


@pytest.mark.parametrize("name", VALUES)
def test_any_value_leaves_in_a_console_line(memory_sink, name):
    kept = memory_sink(format="console")
    discreet.configure(sinks=[kept], environment="prod", service="s", take_over=False)
    log.info("x", value=VALUES[name]())
    assert discreet.health()["dropped"] == {}
    assert kept.lines[0].count(b"\n") == 1


def test_numbers_beyond_64_bits_survive_and_nan_is_a_string(sink):
    log.info("x", wide=2**70, negative=-(2**70), nan=math.nan, inf=[math.inf, {"a": -math.inf}])
    assert (sink.last["wide"], sink.last["negative"]) == (2**70, -(2**70))
    assert (sink.last["nan"], sink.last["inf"]) == ("NaN", ["Infinity", {"a": "-Infinity"}])


def test_a_raising_repr_does_not_leak_its_message(sink):
    log.info("x", value=RaisingRepr())
    assert "hunter2" not in sink.text


def test_a_repr_that_logs_gives_both_records(sink):
    log.info("outer", value=LoggingRepr())
    assert [record["message"] for record in sink.records] == ["from a repr", "outer"]


def test_a_repr_that_logs_itself_ends_and_is_counted(sink):
    log.info("outer", value=SelfLoggingRepr())
    assert sink.last["message"] == "outer"
    health = discreet.health()
    assert health["delivered"] == len(sink.lines)
    assert health["dropped"].get("recursion", 0) + health["delivered"] >= 2


def test_a_value_that_interrupts_is_not_swallowed(sink):
    class Interrupting:
        def __repr__(self):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        log.info("x", value=Interrupting())
    log.info("goes on")
    assert sink.last["message"] == "goes on"


def test_deep_recursion_of_the_caller_costs_no_exception(sink):
    def deeper(depth):
        log.info("x", depth=depth)
        return deeper(depth + 1)

    with pytest.raises(RecursionError):
        deeper(0)
    health = discreet.health()
    log.info("after")
    assert sink.last["message"] == "after"
    assert health["delivered"] == len(sink.lines) - 1


plain = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.binary()
    | st.dates()
    | st.uuids()
    | st.decimals(),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text() | st.integers() | st.none(), inner, max_size=4)
        | st.tuples(inner, inner)
        | st.frozensets(st.integers(), max_size=3)
    ),
    max_leaves=12,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(fields=st.dictionaries(st.text(), plain, max_size=6), message=st.text())
def test_arbitrary_fields_leave_in_one_strict_line_and_none_is_lost(memory_sink, fields, message):
    kept = memory_sink(format="json")
    discreet.configure(sinks=[kept], environment="prod", service="s", take_over=False)
    log.info(message, **fields)
    (record,) = kept.records
    own = {"timestamp", "severity", "severity_number", "message", "logger", "service", "environment", "host",
           "process", "thread", "schema", "template", "exception", "stacktrace", "request_id"}  # fmt: skip
    assert len(record.keys() - own) + ("request_id" in record) >= len(fields.keys() - {"exc_info"})


@given(message=st.text(), name=st.text(min_size=1), args=st.lists(plain, max_size=3))
def test_arbitrary_messages_templates_and_arguments_never_raise(message, name, args):
    with discreet.capture() as records:
        discreet.get_logger(name).info(message, *args, field=1)
        with discreet.context(**{name: message}):
            log.info("{" + name + "}")
    assert len(records) == 2


def test_a_record_that_cannot_be_made_is_marked_and_not_lost(sink, monkeypatch):
    from discreet._redaction.redactor import Redactor

    real, calls = Redactor.fields, []

    def failing_once(self, mapping):
        calls.append(1)
        if len(calls) == 1:
            raise LookupError("password=hunter2")
        return real(self, mapping)

    monkeypatch.setattr(Redactor, "fields", failing_once)
    log.warning("lost", a=1)
    assert (sink.last["message"], sink.last["reason"]) == ("a record could not be made", "LookupError")
    assert (sink.last["severity"], sink.last["logger"]) == ("WARNING", "shop")


def test_a_record_that_fails_twice_is_counted(sink, monkeypatch):
    from discreet._redaction.redactor import Redactor

    monkeypatch.setattr(Redactor, "text", lambda self, value: 1 / 0)
    log.info("lost")
    assert discreet.health()["dropped"] == {"internal ZeroDivisionError": 1}
