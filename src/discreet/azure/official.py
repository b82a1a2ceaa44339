"""Whether the official exporter is active in this process: then our own sink would send every record twice."""

from __future__ import annotations

import sys

from discreet.otel.handover import set_provider

_EXPORTER = "azure.monitor.opentelemetry.exporter"
_SDK = ("opentelemetry.sdk", "azure.monitor", "microsoft.opentelemetry")
_MOST_OBJECTS = 200


def provider_exports_to_azure() -> bool:
    """Whether the OpenTelemetry `LoggerProvider` of this process exports to Azure Monitor. Imports nothing."""
    return _EXPORTER in sys.modules and _reaches_exporter(set_provider())


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
