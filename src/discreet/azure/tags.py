"""Context tags: who speaks (from the resource) and for whom (from the fields), under Application Insights' names.

The lengths are those of the schema; roles and instances are named as the official exporter names them, so that both
may stand beside each other on one application map.
"""

from __future__ import annotations

import platform
import re
from typing import TYPE_CHECKING

from discreet.azure.limits import cut
from discreet.azure.text import plain_text, quote

if TYPE_CHECKING:
    from collections.abc import Mapping

ROLE, INSTANCE, NODE = "ai.cloud.role", "ai.cloud.roleInstance", "ai.internal.nodeName"
VERSION, SDK = "ai.application.ver", "ai.internal.sdkVersion"
OPERATION_ID, PARENT_ID, OPERATION = "ai.operation.id", "ai.operation.parentId", "ai.operation.name"
SYNTHETIC, LOCATION = "ai.operation.syntheticSource", "ai.location.ip"

LENGTHS: Mapping[str, int] = {
    ROLE: 256, INSTANCE: 256, NODE: 256, VERSION: 1024, SDK: 64, OPERATION: 1024, SYNTHETIC: 1024,
    "ai.user.authUserId": 1024, "ai.user.id": 128, "ai.session.id": 64, LOCATION: 46,
}  # fmt: skip

OF_FIELDS: Mapping[str, str] = {
    "enduser.id": "ai.user.authUserId",
    "enduser.pseudo.id": "ai.user.id",
    "session.id": "ai.session.id",
    "ai.operation.name": OPERATION,
}
"""Fields that are a tag, and then no custom dimension."""

WATCHED = ("client.address", "user_agent.synthetic.type", "user_agent.original", "span_kind")
"""Fields that may give a tag, and stay a custom dimension."""

_ADDRESS = re.compile(r"[0-9]{1,3}(?:\.[0-9]{1,3}){3}|[0-9A-Fa-f:]{2,39}(?:\.[0-9.]+)?")
_WORKLOADS = ("deployment", "replicaset", "statefulset", "job", "cronjob", "daemonset")


def resource_tags(resource: Mapping[str, object], instance: object) -> dict[str, str]:
    """The tags that every record of a process has. `instance` is its id where somebody gave it one."""
    from discreet import __version__

    name = plain_text(resource.get("service.name", "unknown_service:python"))
    namespace = resource.get("service.namespace")
    role = f"{plain_text(namespace)}.{name}" if namespace else name
    if name.startswith("unknown_service"):  # a workload's name says more
        role = next((str(found) for kind in _WORKLOADS if (found := resource.get(f"k8s.{kind}.name"))), role)
    where = resource.get("k8s.pod.name") or instance or resource.get("host.name")
    tags = {ROLE: role, SDK: f"py{platform.python_version()}:discreet{__version__}"}
    if where:
        tags[INSTANCE] = tags[NODE] = plain_text(where)
    version = resource.get("service.version")
    if version:
        tags[VERSION] = plain_text(version)
    return {tag: cut(text, LENGTHS[tag]) for tag, text in tags.items()}


def standing_for(resource: Mapping[str, object], tags: Mapping[str, str]) -> set[str]:
    """Attributes that a tag says word for word, so that they need no custom dimension."""
    same = {"service.name": ROLE, "service.version": VERSION, "service.instance.id": INSTANCE}
    return {key for key, tag in same.items() if key in resource and plain_text(resource[key]) == tags.get(tag)}


def field_tags(found: Mapping[str, object], fields: Mapping[str, object]) -> str:
    """The tags that `found`, a record's watched fields, give; as JSON members with a comma before each."""
    tags: dict[str, str] = {}
    for key, value in found.items():
        tag = OF_FIELDS.get(key)
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
    return "".join(f',"{tag}":{quote(cut(text, LENGTHS[tag]))}' for tag, text in tags.items())
