"""A record in OTLP: the same in protobuf, as JSON and in the file format."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest

import discreet
from discreet._encoding.schemas.otel import Limits, OtelEncoder
from discreet._record import Identity, Record, SafeFields, Source
from discreet._redaction.secrets import registry
from discreet.otel.encoder import Encoder, Templates, json_request, log_record, request
from discreet.otel.resource import Resource

from .receiver import Receiver, attributes_of, from_json, value_of

USUAL = Limits()
RESOURCE = {"service.name": "shop", "process.pid": 7}


def through_protobuf(record: Any, limits: Limits) -> ExportLogsServiceRequest:
    return ExportLogsServiceRequest.FromString(request([Encoder(lambda _: RESOURCE, limits)(record)]))


def through_json(record: Any, limits: Limits) -> ExportLogsServiceRequest:
    return from_json(json_request([Encoder(lambda _: RESOURCE, limits)(record)]))


def through_file(record: Any, limits: Limits) -> ExportLogsServiceRequest:
    line = OtelEncoder(lambda _: RESOURCE, limits)(record)
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    return from_json(line)


WAYS = [through_protobuf, through_json, through_file]


@pytest.fixture(params=WAYS, ids=lambda way: way.__name__)
def sent(request: pytest.FixtureRequest) -> Callable[..., Any]:
    """The one `LogRecord` that a receiver reads."""

    def send(record: Any, limits: Limits = USUAL) -> Any:
        message = request.param(record, limits)
        Receiver._check(message)
        [resource] = message.resource_logs
        [scope] = resource.scope_logs
        [found] = scope.log_records
        return found

    return send


def plain(**given: Any) -> Any:
    """A record made by hand, for what no call produces."""
    record = Record()
    defaults: dict[str, Any] = {
        "time_ns": 1_700_000_000_123_456_789,
        "level": 20,
        "logger": "shop",
        "message": "m",
        "template": None,
        "fields": {},
        "ambient": {},
        "trace_id": None,
        "span_id": None,
        "request_id": None,
        "thread": None,
        "task": None,
        "source": None,
        "exception": None,
        "stacktrace": None,
        "identity": Identity("shop"),
    }
    for name, value in (defaults | given).items():
        setattr(record, name, value)
    return record


def test_time_severity_and_body_have_their_own_fields(sent, record):
    made = record("order placed", level="warning")
    found = sent(made)
    assert found.time_unix_nano == found.observed_time_unix_nano == made.time_ns
    assert (found.severity_number, found.severity_text) == (13, "WARNING")
    assert value_of(found.body) == "order placed"


@pytest.mark.parametrize(
    ("level", "number", "text"),
    [
        (5, 1, "TRACE"),
        (10, 5, "DEBUG"),
        (15, 7, "DEBUG"),
        (20, 9, "INFO"),
        (25, 11, "INFO"),
        (40, 17, "ERROR"),
        (50, 21, "CRITICAL"),
    ],
)
def test_every_level_has_a_number_also_those_between_and_below(sent, level, number, text):
    found = sent(plain(level=level))
    assert (found.severity_number, found.severity_text) == (number, text)


def test_attributes_keep_their_types(sent, record):
    given = {
        "text": "a",
        "whole": 42,
        "part": 1.5,
        "yes": True,
        "no": False,
        "none": None,
        "list": [1, "a", [None, 2.5]],
        "map": {"a": {"b": [True]}},
        "empty": {},
        "nothing": [],
    }
    assert {key: attributes_of(sent(record("m", **given)))[key] for key in given} == given


def test_integers_are_exact_up_to_64_bits_and_text_beyond(sent, record):
    found = attributes_of(sent(record("m", most=2**63 - 1, least=-(2**63), more=2**63, nested=[2**70])))
    assert found["most"] == 2**63 - 1
    assert found["least"] == -(2**63)
    assert found["more"] == str(2**63)
    assert found["nested"] == [str(2**70)]


def test_what_is_no_number_stays_a_double(sent, record):
    found = attributes_of(sent(record("m", nan=math.nan, up=math.inf, down=-math.inf)))
    assert math.isnan(found["nan"])
    assert (found["up"], found["down"]) == (math.inf, -math.inf)


def test_bytes_stay_bytes(sent):
    assert attributes_of(sent(plain(fields={"raw": b"\x00\xff"})))["raw"] == b"\x00\xff"


def test_lone_surrogates_are_written_out_wherever_they_stand(sent, record):
    found = sent(
        plain(message="m\ud800", logger="l\udc80", fields={"k\udcff": "v\udc80", "n": [{"x\ud801": "y\ud802"}]})
    )
    assert value_of(found.body) == "m\\ud800"
    assert attributes_of(found) == {"k\\udcff": "v\\udc80", "n": [{"x\\ud801": "y\\ud802"}]}


def test_keys_that_become_the_same_text_stay_two(sent):
    found = attributes_of(sent(plain(fields={"k\ud800": 1, "k\\ud800": 2, "in": {"\udc80": 1, "\\udc80": 2}})))
    assert sorted(found.values(), key=str)[:2] == [1, 2]
    assert sorted(found["in"].values()) == [1, 2]


def test_a_structure_that_is_too_deep_ends_in_text(sent):
    deep: Any = "bottom"
    for _ in range(60):
        deep = [deep]
    found = attributes_of(sent(plain(fields={"deep": deep})))["deep"]
    while isinstance(found, list):
        [found] = found
    assert "bottom" in found


def test_ids_and_flags_of_the_active_span(sent, record):
    with discreet.span("charge") as span:
        found = sent(record("inside"))
    assert (found.trace_id.hex(), found.span_id.hex()) == (span.trace_id, span.span_id)
    assert found.flags == span.context.flags


def test_a_record_without_a_span_has_no_ids(sent, record):
    found = sent(record())
    assert (found.trace_id, found.span_id, found.flags) == (b"", b"", 0)


@pytest.mark.parametrize("name", ["event_name", "otel.event.name"])
def test_a_named_event_has_its_name_in_its_own_field(sent, record, name):
    found = sent(record("m", **{name: "shop.order.placed"}))
    assert found.event_name == "shop.order.placed"
    assert name not in attributes_of(found)


def test_an_event_name_that_is_no_text_is_an_attribute(sent, record):
    found = sent(record("m", event_name=7))
    assert found.event_name == ""
    assert attributes_of(found)["event_name"] == 7


def test_an_exception_has_the_attributes_of_the_conventions(sent, record):
    class PaymentError(Exception):
        pass

    try:
        raise PaymentError("declined")
    except PaymentError:
        found = attributes_of(sent(record("failed", level="exception")))
    assert found["exception.type"] == f"{__name__}.{PaymentError.__qualname__}"
    assert found["exception.message"] == "declined"
    assert "PaymentError: declined" in found["exception.stacktrace"]


def test_the_type_of_a_builtin_exception_is_its_bare_name(sent, record):
    try:
        raise KeyError("x")
    except KeyError:
        found = attributes_of(sent(record("failed", level="exception")))
    assert found["exception.type"] == "KeyError"


def test_the_users_attributes_win_over_those_of_the_record(sent, record):
    mine = {"exception.type": "mine", "code.line.number": -1, "thread.name": "T", "exception.message": ["m"]}
    try:
        raise KeyError("x")
    except KeyError:
        found = attributes_of(sent(record("failed", level="exception", **mine)))
    assert {key: found[key] for key in mine} == mine


def test_the_context_and_its_request_are_attributes(sent, record):
    with discreet.context(tenant="acme", request_id="r-1"):
        found = attributes_of(sent(record("m {order}", order=1)))
    assert found["tenant"] == "acme"
    assert found["request_id"] == "r-1"
    assert found["thread.name"] == "MainThread"
    assert found["template"] == "m {order}"


def test_the_end_of_a_span_carries_what_it_measured(sent):
    fields = {
        "span": "charge",
        "span_kind": "internal",
        "duration_ms": 1.5,
        "status": "ok",
        "parent_span_id": "0" * 15 + "1",
    }
    found = sent(plain(fields=fields, trace_id="a" * 32, span_id="b" * 16))
    assert attributes_of(found) == fields
    assert found.span_id.hex() == "b" * 16


def test_attributes_over_the_limit_are_counted_and_the_exception_stays(sent):
    error = {"type": "E", "message": "m"}
    found = sent(plain(exception=error, fields={f"f{n}": n for n in range(200)}))
    attributes = attributes_of(found)
    assert len(attributes) == 128
    assert found.dropped_attributes_count == 74
    assert attributes["exception.type"] == "E"


def test_texts_are_cut_at_the_limit_also_inside_structures(sent):
    given = {"a": "x" * 10, "b": ["y" * 10, {"c": "z" * 10}], "n": 10**10, "raw": b"12345"}
    found = sent(plain(message="m" * 10, fields=given), Limits(length=3))
    assert attributes_of(found) == {"a": "xxx", "b": ["yyy", {"c": "zzz"}], "n": 10**10, "raw": b"123"}
    assert value_of(found.body) == "m" * 10, "the limit is for attributes only"


def test_a_limit_of_no_attributes_leaves_none(sent, record):
    found = sent(record("m", a=1), Limits(most=0))
    assert attributes_of(found) == {}
    assert found.dropped_attributes_count == 2


def test_a_time_before_1970_is_unknown_and_costs_nothing_else():
    found = through_protobuf(plain(time_ns=-5, fields={"a": 1}), Limits())
    assert attributes_of(found.resource_logs[0].scope_logs[0].log_records[0]) == {"a": 1}


def test_ids_that_are_none_are_left_out():
    found = through_protobuf(plain(trace_id="xyz", span_id="1", fields={"a": 1}), Limits())
    assert found.resource_logs[0].scope_logs[0].log_records[0].trace_id == b""


texts = st.text(st.characters(), max_size=12)
leaves = st.none() | st.booleans() | st.integers() | st.integers(-(2**64), 2**64) | st.floats() | texts
values = st.recursive(
    leaves, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4), max_leaves=12
)
maps = st.dictionaries(
    st.text(st.characters(), max_size=6) | st.sampled_from(["event_name", "task", "thread.name", "template"]),
    values,
    max_size=6,
)


def same(one: Any, other: Any) -> bool:
    """Equal, and of the same types; NaN is NaN."""
    return json.dumps(one, sort_keys=True, default=repr) == json.dumps(other, sort_keys=True, default=repr)


@given(maps, maps, texts, st.sampled_from([None, "t", "t\ud800"]))
def test_all_ways_say_the_same_of_any_record_and_no_value_costs_another(fields, ambient, message, thread):
    ambient = {key: value for key, value in ambient.items() if key not in fields}
    record = plain(fields=fields, ambient=SafeFields(ambient), message=message, thread=thread)
    found = [way(record, Limits()).resource_logs[0].scope_logs[0].log_records[0] for way in WAYS]
    assert same(attributes_of(found[0]), attributes_of(found[1]))
    assert same(attributes_of(found[0]), attributes_of(found[2]))
    assert len({value_of(one.body) for one in found}) == 1
    assert len({one.event_name for one in found}) == 1
    names = {key for key in (*fields, *ambient) if key.isascii()} - {"event_name", "otel.event.name"}
    assert names <= attributes_of(found[0]).keys()


@given(st.lists(st.sampled_from("abcd"), unique=True), maps, st.data())
def test_the_quick_way_and_the_careful_one_agree(names, ambient, data):
    encoder = Encoder(lambda _: RESOURCE, USUAL)
    context = SafeFields({key: value for key, value in ambient.items() if key not in names})
    for _ in range(4):  # the same names again and again, so that it uses what it remembers
        record = plain(
            fields={name: data.draw(values) for name in names},
            ambient=context,
            message=data.draw(texts),
            thread="t",
            template="x {y}",
            request_id="r",
            trace_id=data.draw(st.sampled_from([None, "a" * 32])),
            span_id="b" * 16,
        )
        careful = log_record(record, USUAL)
        [resource] = ExportLogsServiceRequest.FromString(request([encoder(record)])).resource_logs
        [one] = resource.scope_logs[0].log_records
        assert same(attributes_of(one), attributes_of(careful))
        assert (one.severity_number, one.severity_text) == (careful.severity_number, careful.severity_text)
        assert (one.event_name, value_of(one.body)) == (careful.event_name, value_of(careful.body))
        assert (one.trace_id, one.span_id, one.flags) == (careful.trace_id, careful.span_id, careful.flags)


def test_many_large_records_do_not_stay_in_memory():
    templates = Templates()
    for size in (10, 1 << 20, 10):
        templates.fill(plain(), {"text": "x" * size})
    [[template]] = templates._idle.values()
    assert template.written < 1000


def test_threads_encode_at_the_same_time_without_mixing_their_records():
    encoder = Encoder(lambda _: RESOURCE, USUAL)

    def encode(thread: int) -> list[bytes]:
        return [encoder(plain(fields={"thread": thread, "number": number})) for number in range(300)]

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(encode, range(8)))
    for thread, lines in enumerate(found):
        [resource] = ExportLogsServiceRequest.FromString(request(lines)).resource_logs
        told = [attributes_of(record) for record in resource.scope_logs[0].log_records]
        assert told == [{"thread": thread, "number": number} for number in range(300)]


class Hostile:
    def __repr__(self) -> str:
        raise RuntimeError("no")

    __str__ = __repr__


@pytest.mark.parametrize("value", [Hostile(), {1: 2}, {"a": Hostile()}, [object()], (1, 2), {1, 2}])
def test_a_value_that_is_not_plain_costs_at_most_itself(sent, value):
    found = attributes_of(sent(plain(fields={"bad": value, "good": 1})))
    assert found["good"] == 1
    assert "bad" in found


def test_one_request_names_each_resource_and_each_scope_once():
    encoder = Encoder(lambda identity: {"service.name": identity.service}, Limits())
    one, two = Identity("one"), Identity("two")
    lines = [
        encoder(plain(logger=logger, identity=identity, message=str(number)))
        for number, (logger, identity) in enumerate([("a", one), ("b", one), ("a", one), ("a", two), ("a", one)])
    ]
    found = ExportLogsServiceRequest.FromString(request(lines))
    Receiver._check(found)
    told = {
        (attributes_of(resource.resource)["service.name"], scope.scope.name): [
            value_of(r.body) for r in scope.log_records
        ]
        for resource in found.resource_logs
        for scope in resource.scope_logs
    }
    assert told == {("one", "a"): ["0", "2", "4"], ("one", "b"): ["1"], ("two", "a"): ["3"]}
    assert all(resource.schema_url for resource in found.resource_logs)


def test_a_large_request_is_framed_right():
    encoder = Encoder(lambda _: RESOURCE, Limits())
    lines = [
        encoder(plain(message="x" * size, logger=f"l{size % 7}"))
        for size in (0, 1, 100, 127, 128, 16_383, 16_384, 300_000)
    ]
    found = ExportLogsServiceRequest.FromString(request(lines))
    assert sum(len(scope.log_records) for scope in found.resource_logs[0].scope_logs) == len(lines)


def test_a_secret_that_is_registered_later_leaves_the_resource_too(redactor):
    secret = "Zq8" + "tR" * 8
    given = Resource({}, redactor, {"team": f"x {secret} y"})
    encoder = Encoder(given, Limits())
    file = OtelEncoder(given, Limits())
    encoder(plain()), file(plain())
    registry.add(secret)
    assert secret.encode() not in encoder(plain())
    assert secret.encode() not in file(plain())


@pytest.mark.parametrize("make", [Encoder, OtelEncoder])
def test_a_resource_that_was_read_before_a_secret_was_registered_is_not_used_afterwards(make):
    secret = "Zq9" + "tR" * 8
    speaker = Identity("shop")
    read: list[str] = []

    def resource_of(identity: Identity) -> dict[str, object]:
        read.append("once")
        if len(read) > 1:
            return {"team": "masked by now"}
        registry.add(secret)  # as another thread may do meanwhile, and then log
        encoder(plain(identity=speaker))
        return {"team": secret}

    encoder = make(resource_of, Limits())
    encoder(plain(identity=speaker))
    assert secret.encode() not in encoder(plain(identity=speaker))


def test_a_source_has_the_attributes_of_the_conventions(sent):
    found = attributes_of(sent(plain(source=Source("/app/shop.py", 7, "charge"))))
    assert found == {"code.file.path": "/app/shop.py", "code.line.number": 7, "code.function.name": "charge"}


def test_a_stack_without_an_exception_has_a_name_of_its_own(sent):
    assert attributes_of(sent(plain(stacktrace="File x"))) == {"code.stacktrace": "File x"}
