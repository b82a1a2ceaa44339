"""What a log call takes, and what becomes of it."""

from __future__ import annotations

import pickle

import pytest

import discreet

pytestmark = pytest.mark.version_sensitive


@pytest.mark.parametrize(
    ("method", "severity", "number"),
    [
        ("debug", "DEBUG", 5),
        ("info", "INFO", 9),
        ("warning", "WARNING", 13),
        ("error", "ERROR", 17),
        ("critical", "CRITICAL", 21),
    ],
)
def test_each_method_writes_its_severity_and_opentelemetrys_number(sink, method, severity, number):
    getattr(discreet.get_logger("shop"), method)("hello")
    assert (sink.last["severity"], sink.last["severity_number"]) == (severity, number)


def test_keyword_arguments_are_fields_whatever_parameters_are_called(sink):
    discreet.get_logger("shop").info("hello", level=3, msg="m", self="me", args=[1], name="n")
    assert (sink.last["level"], sink.last["msg"], sink.last["self"]) == (3, "m", "me")
    assert (sink.last["args"], sink.last["name"]) == ([1], "n")


def test_a_field_named_like_a_reserved_key_is_kept_under_field(sink):
    discreet.get_logger("shop").info("hello", message="mine", timestamp=1, severity="high", schema="s", service="x")
    assert sink.last["message"] == "hello"
    assert sink.last["field.message"] == "mine"
    assert sink.last["field.timestamp"] == 1
    assert sink.last["field.severity"] == "high"
    assert sink.last["field.schema"] == "s"
    assert sink.last["field.service"] == "x"


def test_a_field_that_takes_the_documented_name_too_is_not_overwritten(sink):
    discreet.get_logger("shop").info("hello", **{"message": "first", "field.message": "second"})
    assert {sink.last["field.message"], sink.last["field.field.message"]} == {"first", "second"}


def test_a_template_is_filled_from_the_fields_and_kept(sink):
    discreet.get_logger("shop").info("paid {amount} by {who}", amount=9.5, who="ann")
    assert sink.last["message"] == "paid 9.5 by ann"
    assert sink.last["template"] == "paid {amount} by {who}"
    assert sink.last["amount"] == 9.5


@pytest.mark.parametrize(
    "template",
    [
        "{",
        "}",
        "{}",
        "{0}",
        "{missing}",
        "{a.__class__}",
        "{a[0]}",
        "{a!r}",
        "{a:>1000000}",
        "{{a}}",
        "{a",
        "a}",
        "{ a }",
        "%s",
        "100%",
    ],
)
def test_what_is_no_plain_name_stays_as_written(sink, template):
    discreet.get_logger("shop").info(template, a=1)
    assert sink.last["message"] == template


def test_a_message_without_placeholders_has_no_template(sink):
    discreet.get_logger("shop").info("plain", a=1)
    assert "template" not in sink.last


def test_positional_arguments_fill_percent_placeholders_as_in_the_standard_library(sink):
    log = discreet.get_logger("shop")
    log.info("%s has %d items", "ann", 3)
    assert (sink.last["message"], sink.last["template"]) == ("ann has 3 items", "%s has %d items")
    log.info("%(who)s came", {"who": "bob"})
    assert sink.last["message"] == "bob came"


def test_arguments_that_do_not_fit_are_shown_and_not_lost(sink):
    discreet.get_logger("shop").info("%d items", "three", 4)
    assert sink.last["message"] == "%d items [arguments: three, 4]"


def test_a_secret_in_an_argument_never_leaves(sink):
    planted = "AKIA" + "Q3EXAMPLE7ZZTEST"
    discreet.get_logger("shop").info("key is %s and %r", planted, {"k": planted})
    assert planted not in sink.text


def test_a_message_of_any_type_is_text(sink):
    log = discreet.get_logger("shop")
    for message, text in [(42, "42"), (None, "None"), (b"bytes", "bytes"), (["a"], "['a']")]:
        log.info(message)
        assert sink.last["message"] == text


def test_an_exception_as_message_is_recorded_as_exception(sink):
    discreet.get_logger("shop").error(ValueError("too small"))
    assert "too small" in sink.last["message"]
    assert sink.last["exception"]["type"] == "ValueError"


@pytest.mark.parametrize("form", ["true", "instance", "triple"])
def test_exc_info_takes_the_forms_of_the_standard_library(sink, form):
    try:
        raise KeyError("lost")
    except KeyError as error:
        given = {"true": True, "instance": error, "triple": (type(error), error, error.__traceback__)}[form]
        discreet.get_logger("shop").info("oops", exc_info=given)
    assert sink.last["exception"]["type"] == "KeyError"
    assert "exc_info" not in sink.last


def test_exc_info_of_another_kind_is_a_field_like_any_other(sink):
    discreet.get_logger("shop").info("oops", exc_info="a string")
    assert sink.last["exc_info"] == "a string"


def test_exception_logs_the_exception_being_handled_at_error(sink):
    try:
        raise ValueError("no")
    except ValueError:
        discreet.get_logger("shop").exception("failed", order=7)
    assert sink.last["severity"] == "ERROR"
    assert sink.last["order"] == 7
    assert sink.last["exception"]["message"] == "no"
    assert sink.last["stacktrace"].endswith("ValueError: no")


def test_exception_outside_a_handler_is_an_ordinary_error(sink):
    discreet.get_logger("shop").exception("nothing to see")
    assert sink.last["severity"] == "ERROR"
    assert "exception" not in sink.last


def test_log_takes_a_level_by_name_or_number(sink):
    log = discreet.get_logger("shop")
    log.log("warning", "named")
    log.log(25, "between")
    assert [(r["severity"], r["severity_number"]) for r in sink.records] == [("WARNING", 13), ("INFO", 11)]


def test_log_with_an_unknown_level_is_kept_at_error_and_says_so(sink):
    discreet.get_logger("shop").log("loud", "hello")
    assert (sink.last["severity"], sink.last["invalid_level"]) == ("ERROR", "loud")


def test_bind_adds_fields_to_each_record_and_leaves_the_first_logger_alone(sink):
    log = discreet.get_logger("shop")
    bound = log.bind(component="db").bind(table="orders")
    bound.info("one")
    log.info("two")
    assert (sink.records[0]["component"], sink.records[0]["table"]) == ("db", "orders")
    assert "component" not in sink.records[1]


def test_a_call_overrides_a_bound_field(sink):
    discreet.get_logger("shop").bind(a=1, b=2).info("x", b=3)
    assert (sink.last["a"], sink.last["b"]) == (1, 3)


def test_unbind_takes_fields_away_and_ignores_unknown_ones(sink):
    discreet.get_logger("shop").bind(a=1, b=2).unbind("a", "nothing").info("x")
    assert "a" not in sink.last
    assert sink.last["b"] == 2


def test_new_starts_from_no_fields(sink):
    discreet.get_logger("shop").bind(a=1).new(b=2).info("x")
    assert "a" not in sink.last
    assert sink.last["b"] == 2


def test_get_logger_binds_its_keywords(sink):
    discreet.get_logger("shop", component="cart").info("x")
    assert (sink.last["logger"], sink.last["component"]) == ("shop", "cart")


def test_the_imported_log_is_named_for_the_module_that_imports_it(sink):
    module = {"__name__": "shop.orders"}
    exec("from discreet import log\nlog.info('hello')", module)
    assert sink.last["logger"] == "shop.orders"


def test_get_logger_without_a_name_is_named_for_its_caller(sink):
    discreet.get_logger().info("x")
    assert sink.last["logger"] == __name__


def test_a_logger_pickles_by_name_and_fields(sink):
    again = pickle.loads(pickle.dumps(discreet.get_logger("shop").bind(a=1)))
    again.info("x")
    assert (sink.last["logger"], sink.last["a"]) == ("shop", 1)


def test_warnings_and_above_say_where_they_were_made(sink):
    log = discreet.get_logger("shop")
    log.warning("here")
    assert sink.last["source"]["file"] == __file__
    assert sink.last["source"]["function"] == "test_warnings_and_above_say_where_they_were_made"
    log.info("not here")
    assert "source" not in sink.last


def test_a_lazy_value_is_computed_once_and_only_for_an_emitted_record(sink):
    calls = []

    def expensive():
        calls.append(1)
        return {"n": len(calls)}

    discreet.set_level("shop", "info")
    log = discreet.get_logger("shop")
    log.debug("no", tree=discreet.lazy(expensive))
    assert calls == []
    log.info("yes", tree=discreet.lazy(expensive))
    assert calls == [1]
    assert sink.last["tree"] == {"n": 1}


def test_a_lazy_value_that_raises_costs_only_its_own_field(sink):
    discreet.get_logger("shop").info("x", a=discreet.lazy(lambda: 1 / 0), b=2)
    assert sink.last["a"] == "<lazy value raised ZeroDivisionError>"
    assert sink.last["b"] == 2


def test_a_request_id_given_at_the_call_is_the_records_own(sink):
    discreet.get_logger("shop").info("x", request_id="r-7")
    assert sink.last["request_id"] == "r-7"
    assert "field.request_id" not in sink.last


def test_reserved_keys_come_first_and_in_their_order(sink):
    from discreet._record import RESERVED

    with discreet.context(request_id="r", tenant="acme"), discreet.span("s"):
        discreet.get_logger("shop").warning("x {a}", a=1)
    keys = list(sink.records[0])
    reserved = [key for key in keys if key in RESERVED]
    assert reserved == [key for key in RESERVED if key in keys]
    assert keys[: len(reserved)] == reserved


@pytest.mark.parametrize("template", ["%s %s", "%s: %r", "{a} -> {b}"])
def test_a_template_of_placeholders_alone_is_left_out(sink, template):
    discreet.get_logger("shop").info(template, *(("x", "y") if "%" in template else ()), a="x", b="y")
    assert "template" not in sink.last


def test_exc_info_that_cannot_be_compared_is_a_field_like_any_other(sink):
    class Incomparable:
        def __eq__(self, other):
            raise ValueError("no")

        __hash__ = None

    discreet.get_logger("x").info("hello", exc_info=Incomparable(), kept=1)
    assert (sink.last["message"], sink.last["kept"]) == ("hello", 1)


def test_exc_info_without_an_exception_says_nothing(sink):
    for nothing in (None, False, True, 0, 1, (None, None, None)):
        discreet.get_logger("x").info("hello", exc_info=nothing)
        assert "exception" not in sink.last
        assert "exc_info" not in sink.last


@pytest.mark.parametrize(
    ("template", "message"),
    [
        ("loss {loss:.4f}", "loss 0.1235"),
        ("{count:>6}|", "    42|"),
        ("{count:,}", "42"),
        ("{name:<5}|", "ann  |"),
        ("{share:.1%}", "25.0%"),
        ("{name:d}", "ann"),  # does not fit: plain
        ("{loss:>1000000}", "{loss:>1000000}"),  # as written: it would fill the memory
        ("{loss:.{missing}f}", "{loss:.{missing}f}"),
    ],
)
def test_a_placeholder_may_have_a_format_specification(sink, template, message):
    discreet.get_logger("train").info(template, loss=0.12345, count=42, name="ann", share=0.25)
    assert sink.last["message"] == message


def test_a_format_specification_cuts_no_marker_in_pieces(sink):
    discreet.get_logger("shop").info("with {password:.4}", password="hunter" + "2hunter2")
    assert sink.last["message"] == "with [REDACTED:password]"


def test_in_dev_a_placeholder_that_nearly_is_a_field_is_reported_once(memory_sink):
    sink = memory_sink(format="json")
    discreet.configure(sinks=[sink], environment="dev")
    for _ in range(2):
        discreet.get_logger("shop").info("hello {nme}", name="ann")
    (advice,) = (record for record in sink.records if record["logger"] == "discreet")
    assert "did you mean name?" in advice["message"]
    assert [record["message"] for record in sink.records].count("hello {nme}") == 2


def test_elsewhere_it_is_not(sink):
    discreet.get_logger("shop").info("hello {nme}", name="ann")
    assert len(sink.records) == 1
