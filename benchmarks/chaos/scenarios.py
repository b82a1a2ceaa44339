"""What is done to whom: how an application ends, and what its receiver does meanwhile."""

from __future__ import annotations

import signal
from dataclasses import dataclass
from typing import Any

SOME, MANY = 1_000, 2_000
"""Records: fewer than any of the queues holds (OpenTelemetry's is the smallest, 2,048), so that none is overrun."""


@dataclass(frozen=True)
class Scenario:
    """One row of the table for each peer. `steps` are methods of `child.Application`, with their arguments."""

    name: str
    steps: tuple[tuple[Any, ...], ...]
    is_remote: bool = False
    signal: int | None = None
    """Sent by the experiment once `SOME` calls returned: amid the logging."""
    handler: bool = False
    """The application has its own handler of SIGTERM, which exits."""
    reader: str = "reads"
    collector: str = "answers"
    """answers; down; back (down, then up); hangs; throttles; fails; refuses some. Where it changes, the application
    logs half before and half after."""
    full_disk: bool = False
    out_of_memory: bool = False
    processes: int = 1
    spoil: bool = False
    """What waits on disk is damaged before the next start."""
    deadline: float = 15.0
    """Seconds after which the process hangs."""
    kills: bool = False
    """The process has no chance to do anything at its end: only what is on disk, or in the kernel, survives."""
    stored: bool = False
    """The kill comes when what waits was put on disk, or after so long that it never will be."""
    without: tuple[str, ...] = ()
    """Modules of peers that this is not for."""

    @property
    def takes_nothing(self) -> bool:
        """Nobody takes what waits at the end: an exit lasts as long as it may."""
        return self.reader == "stalled" or self.collector in ("down", "hangs")


_LOG = ("log", MANY)
_HALF = ("log", SOME)
_BURST = ("burst", MANY)
_TWICE = (_HALF, ("wait",), _HALF)
_ENDS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("normal exit", {"steps": (_LOG,)}),
    ("SIGTERM", {"steps": (_BURST, ("wait",)), "signal": signal.SIGTERM}),
    ("SIGTERM, own handler", {"steps": (_BURST, ("wait",)), "signal": signal.SIGTERM, "handler": True}),
    ("SIGKILL", {"steps": (_BURST, ("wait",)), "signal": signal.SIGKILL, "kills": True}),
    ("os._exit", {"steps": (_BURST, ("exit_at_once",)), "kills": True}),
    ("segmentation fault", {"steps": (_BURST, ("segfault",)), "kills": True}),
    ("out of memory", {"steps": (_BURST, ("run_out_of_memory",)), "kills": True, "out_of_memory": True}),
    ("fork storm", {"steps": (("storm",),), "deadline": 20.0}),
)
_STORES = ("opentelemetry_batch",)

LOCAL = (
    *(Scenario(name, **how) for name, how in _ENDS),
    Scenario("slow sink", (_BURST,), reader="slow"),
    Scenario("stalled sink", (_BURST,), reader="stalled", deadline=8.0),
    Scenario("closed pipe", _TWICE, reader="closes"),
    Scenario("full disk", (_LOG,), full_disk=True),
)

REMOTE = (
    *(Scenario(name, is_remote=True, **how) for name, how in _ENDS),
    Scenario("collector down", (_LOG,), is_remote=True, collector="down"),
    Scenario(
        "collector down for long, SIGKILL",
        (_LOG, ("wait",)),
        True,
        signal.SIGKILL,
        collector="down",
        kills=True,
        stored=True,
    ),
    Scenario("collector down, then back", _TWICE, is_remote=True, collector="back"),
    Scenario("collector hangs", (_LOG,), is_remote=True, collector="hangs"),
    Scenario("429 with Retry-After", _TWICE, is_remote=True, collector="throttles"),
    Scenario("503 three times", _TWICE, is_remote=True, collector="fails"),
    Scenario("partial success", (_LOG,), is_remote=True, collector="refuses"),
    Scenario("corrupt spool", (_LOG,), is_remote=True, collector="down", spoil=True, without=_STORES),
    Scenario("two processes, one spool", (_LOG,), is_remote=True, collector="down", processes=2, without=_STORES),
    Scenario("collector down, disk full", (_LOG,), is_remote=True, collector="down", full_disk=True, without=_STORES),
)

ALL = LOCAL + REMOTE
