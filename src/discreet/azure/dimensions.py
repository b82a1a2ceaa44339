"""What an envelope holds beside its message: custom dimensions, measurements, the name of an event, context tags.

Custom dimensions are texts. The service cuts longer texts than it stores, or refuses the item, without a message
(https://learn.microsoft.com/azure/azure-monitor/service-limits#application-insights). It counts UTF-16 units. What is
cut here says that it was cut. The lengths of tags are those of Application Insights' schema; roles and instances have
the names that the official exporter gives them, so that services with either stand on one application map.
"""

from __future__ import annotations

import json
import platform
import re
from typing import TYPE_CHECKING, NamedTuple, cast
from zlib import crc32

from discreet._base.version import __version__
from discreet._encoding.json import quote, seal
from discreet._encoding.json import value as as_json

if TYPE_CHECKING:
    from collections.abc import Mapping

KEY = 150
ITEM = 1 << 16
"""Bytes of one envelope."""
GEN_AI_VALUE = 256 * 1024
GEN_AI_ITEM = 1 << 20
"""Bytes of an envelope with prompts and answers of a language model in it, for which the service allows more."""

GEN_AI = frozenset({
    "gen_ai.input.messages", "gen_ai.output.messages", "gen_ai.system_instructions", "gen_ai.tool.definitions",
    "gen_ai.tool.call.arguments", "gen_ai.tool.call.result", "gen_ai.evaluation.explanation",
})  # fmt: skip

_NUMBERS_IN_QUOTES = frozenset({'"NaN"', '"Infinity"', '"-Infinity"'})


class Limits(NamedTuple):
    """The most characters of each part of an envelope."""

    message: int = 32_768
    value: int = 8_192
    stack: int = 32_768
    frames: int = 32_768
    """Of the JSON of one exception's frames."""
    exceptions: int = 10


FULL = Limits()
TIGHT = Limits(message=8_192, value=8_192, stack=10_240, frames=2_048, exceptions=5)
"""For an envelope that is too large as a whole; the rest of `ITEM` is for its properties."""
TIGHTEST = Limits(message=1_024, value=8_192, stack=2_048, frames=512, exceptions=3)
"""For an envelope that is too large with `TIGHT`: its characters take several bytes each."""

EVENT_NAMES = ("microsoft.custom_event.name", "otel.event.name", "event_name")
"""Fields that make a record a named event."""
MEASUREMENTS = "microsoft.custom_measurements"

_VALUE_LENGTHS = (8_192, 4_096, 2_048, 1_024, 512, 256, 128)

ROLE, INSTANCE, NODE = "ai.cloud.role", "ai.cloud.roleInstance", "ai.internal.nodeName"
VERSION, SDK = "ai.application.ver", "ai.internal.sdkVersion"
OPERATION, SYNTHETIC, LOCATION = "ai.operation.name", "ai.operation.syntheticSource", "ai.location.ip"

_TAG_LENGTHS: Mapping[str, int] = {
    ROLE: 256, INSTANCE: 256, NODE: 256, VERSION: 1024, SDK: 64, OPERATION: 1024, SYNTHETIC: 1024,
    "ai.user.authUserId": 1024, "ai.user.id": 128, "ai.session.id": 64, LOCATION: 46,
}  # fmt: skip

TAG_OF_FIELD: Mapping[str, str] = {
    "enduser.id": "ai.user.authUserId",
    "enduser.pseudo.id": "ai.user.id",
    "session.id": "ai.session.id",
    "ai.operation.name": OPERATION,
}
"""Fields that become a tag and are then no custom dimension."""

MAY_GIVE_TAG = ("client.address", "user_agent.synthetic.type", "user_agent.original", "span_kind")
"""Fields that may give a tag, and are a custom dimension too."""

_ADDRESS = re.compile(r"[0-9]{1,3}(?:\.[0-9]{1,3}){3}|[0-9A-Fa-f:]{2,39}(?:\.[0-9.]+)?")
_WORKLOADS = ("deployment", "replicaset", "statefulset", "job", "cronjob", "daemonset")


def plain_text(value: object) -> str:
    """A value as the text of a custom dimension: texts as they are, everything else as JSON."""
    if isinstance(value, str):
        return value
    try:
        text = as_json(value)
    except Exception as error:  # one value costs at most itself
        return f"<{type(value).__name__} could not be written: {type(error).__name__}>"
    return text[1:-1] if text in _NUMBERS_IN_QUOTES else text


def units(text: str) -> int:
    """The length of a text as the service counts it."""
    return len(text) if text.isascii() else len(text) + sum(character > "\uffff" for character in text)


def _fits(text: str, most: int) -> bool:
    return len(text) * 2 <= most or units(text) <= most


def cut(text: str, most: int) -> str:
    """`text`; of a text that is too long, its beginning and its length."""
    if _fits(text, most):
        return text
    mark = f"… [cut: {len(text)} characters]"
    return _beginning(text, most - len(mark)) + mark


def cut_middle(text: str, most: int) -> str:
    """`text`; of a stack that is too long, its beginning with the callers and its end with the line that raised."""
    if _fits(text, most):
        return text
    mark = f"\n… [cut here: {len(text)} characters]\n"
    room = most - len(mark)
    return _beginning(text, room // 3) + mark + _beginning(text[::-1], room - room // 3)[::-1]


def cut_key(key: str) -> str:
    """A property's name, never empty; of a name that is too long, its beginning and a checksum, to keep it unique."""
    if not key:
        return "<empty>"
    if _fits(key, KEY):
        return key
    mark = f"…{crc32(key.encode('utf-8', 'surrogatepass')):08x}"
    return _beginning(key, KEY - len(mark)) + mark


def _beginning(text: str, most: int) -> str:
    beginning = text[: max(0, most)]
    over = units(beginning) - most
    while over > 0:
        beginning = beginning[:-1] if over == 1 else beginning[: -(over // 2)]
        over = units(beginning) - most
    return beginning


def dimension(key: str, value: object, most: int) -> str:
    """One member of the JSON object, with a comma before it."""
    if key in GEN_AI and most == FULL.value:
        most = GEN_AI_VALUE
    return f",{quote(cut_key(key))}:{quote(cut(plain_text(value), most))}"


def fitting(properties: Mapping[str, object], room: int) -> dict[str, object]:
    """The dimensions, with values cut until all fit; if that is not enough, as many as fit and how many are missing."""
    texts = {key: plain_text(value) for key, value in properties.items()}
    for most in _VALUE_LENGTHS:
        shorter: dict[str, object] = {key: cut(text, most) for key, text in texts.items()}
        if sum(_size(key, text) for key, text in shorter.items()) <= room:
            return shorter
    kept: dict[str, object] = {}
    room -= 100
    for key, text in texts.items():
        shown = cut(text, _VALUE_LENGTHS[-1])
        room -= _size(key, shown)
        if room < 0:
            break
        kept[key] = shown
    kept["discreet.left_out"] = f"{len(texts) - len(kept)} custom dimensions: there is no room for them in one envelope"
    return kept


def _size(key: str, value: object) -> int:
    return len(seal(dimension(key, value, GEN_AI_VALUE)))


def measurements(special: Mapping[str, object]) -> str:
    """`microsoft.custom_measurements`, an object of numbers or its JSON; empty if the field is anything else."""
    given = special.get(MEASUREMENTS)
    if isinstance(given, str):
        try:
            given = json.loads(given)
        except (ValueError, RecursionError):
            return ""
    if not isinstance(given, dict) or not given:
        return ""
    numbers: list[str] = []
    for key, value in cast("dict[str, object]", given).items():
        if type(value) not in (int, float) or value - value != 0 or abs(cast("float", value)) > 1e308:  # type: ignore[operator]  # a number
            return ""
        numbers.append(f"{quote(cut_key(key))}:{value!r}")
    return f',"measurements":{{{",".join(numbers)}}}'


def event_field(fields: Mapping[str, object]) -> str:
    """The field that has the name of the event; empty if the record is not a named event."""
    return next((name for name in EVENT_NAMES if isinstance(value := fields.get(name), str) and value), "")


def resource_tags(resource: Mapping[str, object], instance: object) -> dict[str, str]:
    """The tags of every record of a process. `instance` is the instance id, if somebody gave one."""
    name = plain_text(resource.get("service.name", "unknown_service:python"))
    namespace = resource.get("service.namespace")
    role = f"{plain_text(namespace)}.{name}" if namespace else name
    if name.startswith("unknown_service"):  # the name of a Kubernetes workload is better
        role = next((str(found) for kind in _WORKLOADS if (found := resource.get(f"k8s.{kind}.name"))), role)
    where = resource.get("k8s.pod.name") or instance or resource.get("host.name")
    tags = {ROLE: role, SDK: f"py{platform.python_version()}:discreet{__version__}"}
    if where:
        tags[INSTANCE] = tags[NODE] = plain_text(where)
    version = resource.get("service.version")
    if version:
        tags[VERSION] = plain_text(version)
    return {tag: cut(text, _TAG_LENGTHS[tag]) for tag, text in tags.items()}


def in_tags(resource: Mapping[str, object], tags: Mapping[str, str]) -> set[str]:
    """The resource attributes whose value is a tag already, so that they need no custom dimension."""
    same = {"service.name": ROLE, "service.version": VERSION, "service.instance.id": INSTANCE}
    return {key for key, tag in same.items() if key in resource and plain_text(resource[key]) == tags.get(tag)}


def field_tags(special: Mapping[str, object], fields: Mapping[str, object]) -> str:
    """The tags that a record's special fields give, as JSON members with a comma before each."""
    tags: dict[str, str] = {}
    for key, value in special.items():
        tag = TAG_OF_FIELD.get(key)
        if tag is not None:
            tags[tag] = plain_text(value)
        elif key == "client.address" and isinstance(value, str) and _ADDRESS.fullmatch(value):
            tags[LOCATION] = value
        elif (key == "user_agent.synthetic.type" and value in ("bot", "test")) or (
            key == "user_agent.original" and isinstance(value, str) and "AlwaysOn" in value
        ):
            tags[SYNTHETIC] = "True"
        elif key == "span_kind" and value == "server" and OPERATION not in tags and "span" in fields:
            tags[OPERATION] = plain_text(fields["span"])
    return "".join(f',"{tag}":{quote(cut(text, _TAG_LENGTHS[tag]))}' for tag, text in tags.items())
