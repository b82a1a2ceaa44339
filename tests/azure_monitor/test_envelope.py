from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from discreet._record import Source
from discreet.azure.dimensions import GEN_AI

from .ingestion_server import KEY, _strict, check_envelope
from .records import SPAN, TRACE, caught, envelopes, record

Envelope = dict[str, Any]


def read(line: bytes) -> Envelope:
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    found = _strict(line.decode("utf-8", "strict"))
    check_envelope({**found, "iKey": KEY})
    return found


def written(
    *args: Any, environ: dict[str, str] | None = None, resource: dict[str, Any] | None = None, **told: Any
) -> Envelope:
    return read(envelopes(environ, resource=resource)(record(*args, **told)))


def base(*args: Any, **told: Any) -> Envelope:
    return written(*args, **told)["data"]["baseData"]


def properties(**fields: Any) -> Envelope:
    return base(fields=fields)["properties"]


def test_a_record_is_a_message_with_its_severity_and_time():
    found = written("order placed", level=30)
    assert found["name"] == "Microsoft.ApplicationInsights.Message"
    assert found["time"] == "2026-09-21T14:13:20.123456Z"
    assert found["data"]["baseType"] == "MessageData"
    assert found["data"]["baseData"]["message"] == "order placed"
    assert found["data"]["baseData"]["severityLevel"] == 2


@pytest.mark.parametrize(
    ("level", "severity"), [(5, 0), (10, 0), (20, 1), (25, 1), (30, 2), (40, 3), (50, 4), (60, 4), (1000, 4)]
)
def test_levels_are_the_five_severities(level, severity):
    assert base(level=level)["severityLevel"] == severity


def test_the_line_that_waits_on_disk_holds_no_instrumentation_key():
    assert KEY.encode() not in envelopes()(record())


def test_the_trace_is_the_operation():
    tags = written(trace_id=TRACE, span_id=SPAN)["tags"]
    assert tags["ai.operation.id"] == TRACE
    assert tags["ai.operation.parentId"] == SPAN


def test_without_a_trace_there_is_no_operation():
    assert not [tag for tag in written()["tags"] if tag.startswith("ai.operation")]


def test_role_instance_and_version_are_tags():
    tags = written(environ={"OTEL_RESOURCE_ATTRIBUTES": "service.namespace=shop,service.instance.id=pod-7"})["tags"]
    assert tags["ai.cloud.role"] == "shop.checkout"
    assert tags["ai.cloud.roleInstance"] == tags["ai.internal.nodeName"] == "pod-7"
    assert tags["ai.application.ver"] == "1.4.2"
    assert "discreet" in tags["ai.internal.sdkVersion"]


def test_an_instance_that_nobody_named_is_the_host():
    assert written()["tags"]["ai.cloud.roleInstance"] == "web-1"


def test_a_service_that_nobody_named_is_called_like_its_workload():
    record_ = record()
    record_.identity = type(record_.identity)("unknown_service:python", None, None, "web-1", 1)
    found = read(envelopes(resource={"k8s.deployment.name": "checkout-api"})(record_))
    assert found["tags"]["ai.cloud.role"] == "checkout-api"


def test_every_resource_attribute_is_kept():
    given = {"cloud.region": "westeurope", "k8s.namespace.name": "prod", "team": "payments", "replicas": 3}
    found = base(resource=given)["properties"]
    assert found["cloud.region"] == "westeurope"
    assert found["k8s.namespace.name"] == "prod"
    assert found["team"] == "payments"
    assert found["replicas"] == "3"
    assert found["deployment.environment.name"] == "production"


def test_a_secret_in_the_resource_is_masked():
    secret = "gh" + "p_" + "a" * 36
    line = envelopes(resource={"note": f"token {secret}"})(record())
    assert secret.encode() not in line


def test_app_service_pipelines_and_machine_learning_say_where_they_run():
    environ = {
        "AZUREML_RUN_ID": "run_1", "AZUREML_EXPERIMENT_ID": "e", "RANK": "3", "AZUREML_RUN_TOKEN": "ey" + "J" * 60,
        "TF_BUILD": "True", "BUILD_DEFINITIONNAME": "nightly", "BUILD_BUILDID": "77",
    }  # fmt: skip
    line = envelopes(environ)(record())
    found = read(line)["data"]["baseData"]["properties"]
    assert found["azureml.run.id"] == "run_1"
    assert found["azureml.rank"] == "3"
    assert found["cicd.pipeline.name"] == "nightly"
    assert found["cicd.pipeline.run.id"] == "77"
    assert environ["AZUREML_RUN_TOKEN"].encode() not in line


def test_an_app_service_instance_is_the_role_instance():
    found = written(
        environ={"WEBSITE_SITE_NAME": "shop-api", "WEBSITE_INSTANCE_ID": "abc123", "REGION_NAME": "westeurope"}
    )
    assert found["tags"]["ai.cloud.roleInstance"] == "abc123"
    assert found["data"]["baseData"]["properties"]["cloud.platform"] == "azure.app_service"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("A-1", "A-1"), (12.5, "12.5"), (3, "3"), (True, "true"), (False, "false"), (None, "null"), (10**40, "1" + "0" * 40),
        ({"a": [1, 2], "b": None}, '{"a":[1,2],"b":null}'), ([], "[]"), (float("nan"), "NaN"), (float("-inf"), "-Infinity"),
        ('line\nbreak "quoted" \x00 \u2028 é 🎉', 'line\nbreak "quoted" \x00 \u2028 é 🎉'),
    ],
)  # fmt: skip
def test_values_are_readable_text_and_nested_ones_json(value, text):
    assert properties(field=value)["field"] == text


def test_what_the_record_says_of_itself_are_dimensions():
    found = base(
        request_id="r-1",
        thread="worker",
        task="Task-1",
        template="order {id}",
        source=Source("/app/shop.py", 30, "place"),
    )["properties"]
    assert found["logger_name"] == "shop.orders"
    assert found["request_id"] == "r-1"
    assert found["thread.name"] == "worker"
    assert found["task"] == "Task-1"
    assert found["template"] == "order {id}"
    assert found["code.file.path"] == "/app/shop.py"
    assert found["code.line.number"] == "30"
    assert found["code.function.name"] == "place"


def test_a_field_wins_over_what_we_say_and_that_over_the_resource():
    found = base(
        fields={"logger_name": "mine", "team": "mine"}, resource={"team": "theirs"}, ambient={"tenant": "acme"}
    )
    assert found["properties"]["logger_name"] == "mine"
    assert found["properties"]["team"] == "mine"
    assert found["properties"]["tenant"] == "acme"


def test_the_fields_of_a_span_are_dimensions_and_a_server_span_names_the_operation():
    fields = {
        "span": "GET /orders/{id}",
        "span_kind": "server",
        "duration_ms": 12.5,
        "status": "ok",
        "parent_span_id": SPAN,
    }
    found = written(fields=fields, trace_id=TRACE, span_id=SPAN)
    assert found["tags"]["ai.operation.name"] == "GET /orders/{id}"
    told = found["data"]["baseData"]["properties"]
    assert {key: told[key] for key in fields} == {**fields, "duration_ms": "12.5"}


def test_users_sessions_and_clients_are_tags():
    fields = {"enduser.id": "u1", "enduser.pseudo.id": "p1", "session.id": "s1", "client.address": "10.1.2.3"}
    found = written(fields=fields)
    assert found["tags"]["ai.user.authUserId"] == "u1"
    assert found["tags"]["ai.user.id"] == "p1"
    assert found["tags"]["ai.session.id"] == "s1"
    assert found["tags"]["ai.location.ip"] == "10.1.2.3"
    assert "enduser.id" not in found["data"]["baseData"]["properties"]


def test_a_masked_client_is_no_place():
    assert "ai.location.ip" not in written(fields={"client.address": "[REDACTED:ip]"})["tags"]


@pytest.mark.parametrize("name", ["microsoft.custom_event.name", "otel.event.name", "event_name"])
def test_a_named_event_is_an_event(name):
    found = written("placed it", fields={name: "OrderPlaced", "id": "A-1"}, level=30)
    assert found["data"]["baseType"] == "EventData"
    assert found["data"]["baseData"]["name"] == "OrderPlaced"
    told = found["data"]["baseData"]["properties"]
    assert name not in told
    assert told["id"] == "A-1"
    assert told["message"] == "placed it"
    assert told["severity"] == "WARNING"


def test_an_event_of_the_context_is_one_too():
    assert written(ambient={"event_name": "Ambient"})["data"]["baseData"]["name"] == "Ambient"


def test_measurements_are_numbers():
    found = base(fields={"microsoft.custom_measurements": {"items": 3, "weight": 1.5}})
    assert found["measurements"] == {"items": 3, "weight": 1.5}
    assert "microsoft.custom_measurements" not in found["properties"]


def test_measurements_that_are_none_stay_a_dimension():
    found = base(fields={"microsoft.custom_measurements": {"items": "three"}})
    assert "measurements" not in found
    assert found["properties"]["microsoft.custom_measurements"] == '{"items":"three"}'


# --- exceptions


def fail() -> None:
    try:
        {}["x"]
    except KeyError as error:
        raise ValueError("no such order") from error


def test_an_exception_has_its_frames_newest_first():
    found = written("failed", error=caught(fail), level=40)["data"]
    assert found["baseType"] == "ExceptionData"
    outer, inner = found["baseData"]["exceptions"]
    assert outer["typeName"] == "ValueError"
    assert outer["message"] == "no such order"
    assert outer["parsedStack"][0]["method"] == "fail"
    assert outer["parsedStack"][0]["fileName"] == __file__
    assert outer["parsedStack"][-1]["method"] == "caught"
    assert outer["hasFullStack"] is True
    assert "direct cause" in outer["stack"]
    assert inner["typeName"] == "KeyError"
    assert (outer["id"], inner["id"], inner["outerId"]) == (1, 2, 1)
    assert found["baseData"]["properties"]["message"] == "failed"
    assert found["baseData"]["severityLevel"] == 3


def test_members_of_a_group_belong_to_the_group():
    group = type("BaseExceptionGroup", (Exception,), {"__module__": "exceptiongroup"})  # as the package for 3.10 has it
    error = group("several")
    error.exceptions = (caught(fail), TypeError("second"))
    found = base(error=error)["exceptions"]
    assert [(each.get("outerId"), each["typeName"]) for each in found] == [
        (None, "exceptiongroup.BaseExceptionGroup"), (1, "ValueError"), (2, "KeyError"), (1, "TypeError"),
    ]  # fmt: skip


def test_a_class_is_named_with_its_module():
    assert base(error=json.JSONDecodeError("m", "d", 0))["exceptions"][0]["typeName"] == "json.decoder.JSONDecodeError"


def test_notes_are_part_of_what_an_exception_says():
    error = ValueError("no such order")
    error.__notes__ = ["asked by the nightly job"]
    assert base(error=error)["exceptions"][0]["message"] == "no such order\nasked by the nightly job"


def test_an_exception_that_says_nothing_is_not_refused():
    assert base(error=ValueError())["exceptions"][0]["message"] == "n/a"


def test_a_chain_without_end_says_how_many_are_left_out():
    error: BaseException = ValueError("first")
    description: dict[str, Any] = {"type": "ValueError", "message": "deepest", "frames": []}
    for number in range(20):
        description = {"type": "ValueError", "message": str(number), "frames": [], "cause": description}
    found = base(exception=description, stacktrace=str(error))["exceptions"]
    assert len(found) == 11
    assert "11 more" in found[-1]["message"]


def test_a_stack_that_is_too_long_keeps_its_beginning_and_its_end_and_says_that_it_was_cut():
    frames = [{"file": "/app/" + "f" * 300 + ".py", "line": n + 1, "function": f"f{n}"} for n in range(200)]
    stack = "begins here\n" + "x" * 70_000 + "\nValueError: ends here"
    found = base(exception={"type": "ValueError", "message": "m", "frames": frames}, stacktrace=stack)["exceptions"][0]
    assert found["stack"].startswith("begins here")
    assert found["stack"].endswith("ends here")
    assert f"cut here: {len(stack)} characters" in found["stack"]
    methods = [frame["method"] for frame in found["parsedStack"]]
    assert methods[0] == "f199"
    assert methods[-1] == "f0"
    assert any("more frames" in method for method in methods)
    assert found["hasFullStack"] is False


def test_a_stack_without_an_exception_is_a_dimension():
    assert base(stacktrace="Stack (most recent call last): ...")["properties"]["code.stacktrace"].startswith("Stack")


# --- limits


def test_a_long_value_is_cut_and_ends_with_its_length():
    found = properties(body="y" * 20_000)["body"]
    assert len(found) == 8192
    assert found.endswith("… [cut: 20000 characters]")


def test_characters_beyond_the_basic_plane_count_twice_as_the_service_counts():
    found = properties(body="🎉" * 8000)["body"]
    assert found.endswith("… [cut: 8000 characters]")


def test_a_long_message_is_cut_and_ends_with_its_length():
    assert base("m" * 40_000)["message"].endswith("… [cut: 40000 characters]")


def test_long_names_with_the_same_beginning_stay_different():
    found = properties(**{"k" * 200: 1, "k" * 201: 2})
    assert sorted(value for key, value in found.items() if key.startswith("kkk")) == ["1", "2"]


def test_an_empty_message_is_not_refused():
    assert base("")["message"] == "n/a"


def test_prompts_and_answers_are_kept_longer():
    name = min(GEN_AI)
    assert len(properties(**{name: "p" * 100_000})[name]) == 100_000


def test_an_envelope_that_is_too_large_is_written_tighter_with_every_dimension():
    found = base("m" * 30_000, fields={f"f{n}": "v" * 8000 for n in range(20)})
    values = [value for key, value in found["properties"].items() if key[0] == "f"]
    assert len(values) == 20
    assert all(value.endswith("… [cut: 8000 characters]") for value in values)


@pytest.mark.parametrize("character", ["\x00", "漢", "🎉", "\\"])
def test_characters_of_many_bytes_leave_room_for_all_parts(character):
    description: dict[str, Any] = {"type": "T", "message": character * 20_000, "frames": []}
    for _ in range(8):
        description = {"type": "T", "message": character * 20_000, "frames": [], "cause": description}
    found = base(exception=description, stacktrace=character * 40_000, fields={"id": "A-1", "body": character * 9000})
    assert found["properties"]["id"] == "A-1"
    base(character * 33_000, fields={f"f{n}": character * 8000 for n in range(20)})


def test_more_dimensions_than_there_is_room_for_are_counted():
    found = base(fields={f"field{n}": "v" * 100 for n in range(3000)})["properties"]
    kept = sum(key.startswith("field") for key in found)
    assert 200 < kept < 3000
    assert found["discreet.left_out"].startswith(f"{3000 - kept} custom dimensions")


# --- bad values


class Hostile:
    def __repr__(self) -> str:
        raise RuntimeError


def test_a_bad_value_costs_only_its_own_field():
    found = properties(good=1, bad=Hostile(), deep=[[Hostile()]], surrogate="\ud800", other="fine")
    assert found["good"] == "1"
    assert found["other"] == "fine"
    assert "could not be written" in found["bad"]
    assert found["surrogate"] == "\\ud800"


plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(exclude_categories=())),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
names = st.text(st.characters(exclude_categories=()), max_size=200) | st.sampled_from(
    [
        "event_name",
        "enduser.id",
        "session.id",
        "client.address",
        "microsoft.custom_measurements",
        "logger_name",
        "span_kind",
    ]
)


@given(
    st.text(st.characters(exclude_categories=())),
    st.dictionaries(names, plain, max_size=6),
    st.dictionaries(names, plain, max_size=3),
)
def test_whatever_a_record_holds_its_envelope_is_one_the_service_takes(message, fields, ambient):
    ambient = {key: value for key, value in ambient.items() if key not in fields}
    read(envelopes()(record(message, fields=fields, ambient=ambient)))


@given(st.recursive(
    st.fixed_dictionaries({"type": plain, "message": plain, "frames": st.lists(st.dictionaries(st.sampled_from(["file", "line", "function"]), plain), max_size=3) | plain}),
    lambda inner: st.fixed_dictionaries({"type": plain, "cause": inner, "exceptions": st.lists(inner, max_size=3)}), max_leaves=6,
))  # fmt: skip
def test_whatever_an_exception_holds_its_envelope_is_one_the_service_takes(description):
    read(envelopes()(record(exception=description, stacktrace="s")))
