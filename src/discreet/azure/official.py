"""Whether the official exporter is active in this process: then our own sink would send every record twice."""

from __future__ import annotations

import sys
from typing import Any

_EXPORTER = "azure.monitor.opentelemetry.exporter"
_SDK = ("opentelemetry.sdk", "azure.monitor", "microsoft.opentelemetry")
_MOST_OBJECTS = 200


def provider_exports_to_azure() -> bool:
    """Whether the OpenTelemetry `LoggerProvider` of this process exports to Azure Monitor. Imports nothing."""
    if _EXPORTER not in sys.modules:
        return False
    logs: Any = sys.modules.get("opentelemetry._logs")
    if logs is None:
        return False
    try:
        provider = logs.get_logger_provider()
    except Exception:  # another version, or half imported
        return False
    return _reaches_exporter(provider)


def _reaches_exporter(provider: object) -> bool:
    """Whether the exporter is among the objects that the provider is made of.

    Processors keep exporters in attributes whose names change between versions, so all attributes are searched.
    """
    waiting, seen = [provider], {id(provider)}
    while waiting and len(seen) < _MOST_OBJECTS:
        found = waiting.pop()
        module = type(found).__module__
        if module.startswith(_EXPORTER) and hasattr(found, "export"):
            return True
        if isinstance(found, (list, tuple)):
            parts: list[object] = list(found)  # pyright: ignore[reportUnknownArgumentType]  # anything may be in it
        elif module.startswith(_SDK):
            try:
                parts = list(vars(found).values())
            except TypeError:  # an object with slots
                continue
        else:
            continue
        for part in parts:
            if id(part) not in seen:
                seen.add(id(part))
                waiting.append(part)
    return False
