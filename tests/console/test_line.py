from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

import discreet
from discreet._encoding.ci import CiEncoder
from discreet._encoding.console.line import ConsoleEncoder, shorten
from discreet._encoding.console.style import duration

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


def test_a_line_is_time_severity_logger_message_fields_context_and_short_trace_id(record):
    line = ConsoleEncoder()(record(fields={"order_id": 42}, ambient={"tenant": "acme"}, trace_id=TRACE)).decode()
    assert re.fullmatch(
        r"\d\d:\d\d:\d\d\.207 INFO +app\.orders +order placed +order_id=42 tenant=acme  4bf92f35\n", line
    )


def test_the_date_is_shown_on_request(record):
    assert re.match(rb"2026-09-2\d \d\d:\d\d:\d\d\.207 INFO", ConsoleEncoder(dates=True)(record()))


def test_a_time_beyond_the_calendar_is_shown_as_seconds(record):
    assert ConsoleEncoder()(record(time_ns=10**30)).startswith(b"1000000000000000000000.000 INFO")


def test_messages_and_fields_of_neighbouring_lines_are_aligned(record):
    encode = ConsoleEncoder(width=160)
    one = encode(record("short", fields={"key": 1}, logger="a")).decode()
    two = encode(record("注文が完了", fields={"key": 1}, level=50, logger="some.where.else")).decode()
    wide = sum(1 for character in two if ord(character) > 0x2E80)
    assert one.index("short") == two.index("注")
    assert one.index("key=") == two.index("key=") + wide


@pytest.mark.parametrize("level", [5, 10, 20, 30, 40, 50])
def test_every_severity_has_its_own_colour_and_the_text_is_the_same_without(record, bare, level):
    item = record(level=level, fields={"a": 1}, trace_id=TRACE)
    colored = {n: ConsoleEncoder(color=True, colors=n)(item) for n in (16, 256)}
    assert bare(colored[16]) == bare(colored[256]) == ConsoleEncoder()(item).decode()
    assert b"\x1b[38;5;" in colored[256]
    assert b"38;5" not in colored[16]


def test_without_colour_there_is_no_escape_sequence(record, failure):
    assert b"\x1b" not in ConsoleEncoder()(record(level=50, exception=failure, trace_id=TRACE))


def test_a_request_id_stands_in_for_a_missing_trace(record):
    assert ConsoleEncoder()(record(request_id="0123456789abcdef")).endswith(b"  01234567\n")


def test_the_trace_id_stands_at_the_right_edge_of_a_terminal(record):
    line = ConsoleEncoder(width=120)(record(trace_id=TRACE)).decode()
    assert len(line) == 121
    assert line.endswith(" 4bf92f35\n")


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("plain", "k=plain"),
        ("two words", 'k="two words"'),
        ("", 'k=""'),
        ('say "hi"', 'k="say \\"hi\\""'),
        ("a=b", 'k="a=b"'),
        ("[REDACTED:aws-access-key]", "k=[REDACTED:aws-access-key]"),
        (None, "k=null"),
        (True, "k=true"),
        (1.5, "k=1.5"),
        (float("nan"), "k=nan"),
        ({"a": [1, "x y"], "b": {}, "c,d": None}, 'k={a: [1, "x y"], b: {}, "c,d": null}'),
        (["a\nb"], "k=[a\\nb]"),
    ],
)
def test_values_are_compact_and_quoted_only_where_that_helps(record, value, shown):
    assert shown in ConsoleEncoder()(record(fields={"k": value})).decode()


def test_an_integer_of_any_length_is_shown(record):
    assert b"k=0x1" in ConsoleEncoder()(record(fields={"k": 16**6000}))


def test_values_nested_without_end_are_cut_visibly(record):
    value: object = 1
    for _ in range(300):
        value = [value]
    assert "[…]" in ConsoleEncoder()(record(fields={"k": value})).decode()


@pytest.mark.parametrize(
    ("milliseconds", "shown"),
    [(0.5, "500µs"), (12.31, "12.3ms"), (250, "250ms"), (1240.5, "1.24s"), (123_000, "2m03s"), (3_720_000, "1h02m")],
)
def test_durations_have_the_unit_people_say(record, milliseconds, shown):
    assert duration(milliseconds) == shown
    assert f"duration={shown}" in ConsoleEncoder()(record(fields={"duration_ms": milliseconds})).decode()


@pytest.mark.parametrize("value", [float("inf"), float("nan"), -1, "soon", True, 10**400])
def test_what_is_no_duration_is_shown_as_it_is(record, value):
    assert b"duration_ms=" in ConsoleEncoder()(record(fields={"duration_ms": value}))


@pytest.mark.parametrize(
    ("fields", "color"),
    [
        ({"status": 503}, "\x1b[1;31m503"),
        ({"http.response.status_code": 404}, "\x1b[33m404"),
        ({"status": "error"}, "\x1b[1;31merror"),
        ({"status": 200}, "=\x1b[0m200"),
        ({"status": "ok"}, "=\x1b[0mok"),
        ({"count": 503}, "=\x1b[0m503"),
        ({"duration_ms": 1500}, "\x1b[33m1.50s"),
    ],
)
def test_only_trouble_is_coloured(record, fields, color):
    assert color in ConsoleEncoder(color=True)(record(fields=fields)).decode()


def test_a_span_shows_its_outcome_first_and_leaves_out_what_the_message_says(record):
    fields = {"amount": 9, "span": "charge", "span_kind": "internal", "parent_span_id": "ab" * 8}
    line = ConsoleEncoder()(record("charge", fields={**fields, "duration_ms": 12.31, "status": "ok"})).decode()
    assert line.rstrip().endswith("status=ok duration=12.3ms amount=9")
    other = ConsoleEncoder()(record("paid", fields={"span": "charge", "duration_ms": 1.0})).decode()
    assert "duration=1.0ms span=charge" in other


def test_warnings_tell_where_they_come_from(record, source):
    assert b" pay.py:88" in ConsoleEncoder()(record(level=30, source=source))
    assert b"pay.py" not in ConsoleEncoder()(record(level=20, source=source))


def test_each_service_keeps_its_colour(record):
    encode = ConsoleEncoder(color=True, colors=256, services=True)
    colors = {}
    for name in ("gateway", "orders", "worker", "billing"):
        found = {
            re.search(rf"\x1b\[(38;5;\d+)m{name}", encode(record(m, identity=discreet_identity(name))).decode())[1]
            for m in "ab"
        }
        assert len(found) == 1
        colors[name] = found.pop()
    assert len(set(colors.values())) > 1
    assert b" -  " in ConsoleEncoder(services=True)(record(identity=discreet_identity(None)))


def discreet_identity(service):
    from discreet._record import Identity

    return Identity(service=service)


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("app.orders", "app.orders"),
        ("sqlalchemy.engine.Engine", "s.engine.Engine"),
        ("a_very_long.package_name.and_module_name_here", "…odule_name_here"),
        ("注文サービスの名前", "…ビスの名前"),
    ],
)
def test_long_logger_names_are_shortened_from_the_left(name, shown):
    columns = 12 if shown.endswith("名前") else 16
    assert shorten(name, columns) == shown


def test_a_configured_console_sink_writes_these_lines(memory_sink):
    kept = memory_sink(format="console")
    discreet.configure(sinks=[kept], environment="prod", service="test", level="trace", take_over=False)
    with discreet.context(tenant="acme"):
        discreet.log.info("paid {amount}", amount=9)
    try:
        raise ValueError("no")
    except ValueError:
        discreet.log.exception("failed")
    first, second = kept.lines
    assert re.search(rb"INFO .*paid 9 +amount=9 tenant=acme\n", first)
    assert b"  \xe2\x94\x82 ValueError: no\n" in second


def test_a_requests_record_does_not_say_twice_what_its_message_says(record):
    fields = {
        "span": "GET /orders/{id}", "duration_ms": 12.0, "status": "ok", "http.request.method": "GET",
        "http.route": "/orders/{id}", "url.path": "/orders/7", "http.response.status_code": 200,
    }  # fmt: skip
    text = ConsoleEncoder()(record("GET /orders/{id} 200", fields=fields)).decode()
    assert "url.path=/orders/7" in text
    assert "http." not in text


def test_a_masked_value_has_a_colour_of_its_own(record):
    text = ConsoleEncoder(color=True)(record(fields={"password": "[REDACTED:password]", "user": "ada"})).decode()
    assert "\x1b[35m[REDACTED:password]\x1b[0m" in text


def test_the_date_stands_between_records_of_different_days(record):
    encode = ConsoleEncoder()
    day = 86_400 * 1_000_000_000
    first, same, next_day = (encode(record(time_ns=time)).decode() for time in (20 * day, 20 * day + 1, 21 * day))
    assert (first.count("\n"), same.count("\n"), next_day.count("\n")) == (1, 1, 2)
    assert next_day.startswith("── 1970-01-2")
    assert next_day.splitlines()[1].endswith("order placed")


def test_lines_that_have_the_date_themselves_need_none_between(record):
    encode = ConsoleEncoder(dates=True)
    day = 86_400 * 1_000_000_000
    assert [encode(record(time_ns=time)).decode().count("\n") for time in (20 * day, 21 * day)] == [1, 1]


def test_text_of_several_lines_stands_below_the_record_behind_a_gutter(record):
    fields = {"query": "SELECT *\nFROM orders", "rows": 3}
    shown = ConsoleEncoder()(record("slow query\nsee below", fields=fields)).decode().splitlines()
    assert shown[0].split() == ["14:13:20.207", "INFO", "app.orders", "slow", "query", "rows=3"]
    assert shown[1:] == ["  │ see below", "  │ query:", "  │   SELECT *", "  │   FROM orders"]


@given(st.text(), st.text())
def test_no_line_of_a_text_looks_like_a_record(record, message, value):
    first, *others = ConsoleEncoder()(record(message, fields={"k": value})).decode().split("\n")
    assert first.startswith("14:13:20.207 INFO ")
    assert all(line.startswith("  │") for line in others[:-1])
    assert others[-1] == ""


def test_in_ci_line_breaks_stay_escaped_since_a_line_could_be_a_command(record):
    shown = CiEncoder("other")(record("two\n::error::lines", fields={"k": "a\n##[error]b"})).decode()
    assert shown.count("\n") == 1
