"""Who is put through it, each set up as its own documentation says.

A module has these functions (and, of local ones, is_whole(line): whether it arrived as it was written):
begin(options) sets it up; log(number) makes one record; flush(timeout) waits until all is delivered, if it can;
statistics() is what it says became of the records, None if it keeps no statistics.
"""

from __future__ import annotations

from typing import Any, NamedTuple


class Peer(NamedTuple):
    """One row of each scenario."""

    name: str
    module: str
    options: dict[str, Any]
    packages: tuple[str, ...]
    keeps: bool = False
    """Whether it keeps on disk what it could not deliver, for the next start."""

    @property
    def is_ours(self) -> bool:
        return self.packages == ("discreet",)


_OURS = ("discreet",)
LOCAL = (
    Peer("discreet direct", "discreet_local", {"delivery": "direct"}, _OURS),
    Peer("discreet queued", "discreet_local", {"delivery": "queued"}, _OURS),
    Peer("discreet ring", "discreet_local", {"delivery": "ring"}, _OURS, keeps=True),
    Peer("logging QueueHandler", "queue_handler", {}, ()),
    Peer("loguru enqueue=True", "loguru_enqueue", {}, ("loguru",)),
)
REMOTE = (
    Peer("discreet OTLP", "discreet_remote", {"protocol": "otlp"}, _OURS, keeps=True),
    Peer("discreet Application Insights", "discreet_remote", {"protocol": "azure"}, _OURS, keeps=True),
    Peer(
        "OpenTelemetry SDK",
        "opentelemetry_batch",
        {"protocol": "otlp"},
        ("opentelemetry-sdk", "opentelemetry-exporter-otlp-proto-http"),
    ),
    Peer(
        "Azure exporter",
        "azure_exporter",
        {"protocol": "azure"},
        ("azure-monitor-opentelemetry-exporter",),
        keeps=True,
    ),
)
