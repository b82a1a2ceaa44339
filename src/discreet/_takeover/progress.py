"""With `progress=True`: bars of tqdm that would be drawn where there is no terminal become sparse records instead."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from discreet._base.imports import when_imported
from discreet._base.levels import INFO, levels
from discreet._call.logger import active

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

_STEP = 10  # percent between two records
_FIRST_WAIT = 10.0  # seconds until the first record of a bar without a total; each later one takes twice as long
_ATTRIBUTE = "_discreet_next"  # of a bar: the percentage, or the seconds, of its next record; None after the last


class _Tqdm:
    """What was found in tqdm, and whether it is changed."""

    wanted = False
    awaited = False
    display: Callable[..., Any] | None = None


class _Nowhere:
    """What a bar writes to in place of its stream."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        return len(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def install() -> None:
    """Make records of bars from now on, also of those of a tqdm that is imported later."""
    _Tqdm.wanted = True
    if not _Tqdm.awaited:
        _Tqdm.awaited = True
        when_imported("tqdm.std", _change)
    elif "tqdm.std" in sys.modules:
        _change(sys.modules["tqdm.std"])


def uninstall() -> None:
    """Leave tqdm as it was, unless somebody has replaced our function."""
    _Tqdm.wanted = False
    module: Any = sys.modules.get("tqdm.std")
    if module is not None and module.tqdm.display is _display:
        module.tqdm.display = _Tqdm.display


def _change(module: ModuleType) -> None:
    if _Tqdm.wanted and module.tqdm.display is not _display:
        _Tqdm.display, module.tqdm.display = module.tqdm.display, _display


def _display(bar: Any, msg: str | None = None, pos: int | None = None) -> Any:
    assert _Tqdm.display is not None
    if not isinstance(bar.fp, _Nowhere):
        if bar.fp.isatty() or bar.fp not in (sys.stdout, sys.stderr, sys.__stdout__, sys.__stderr__):
            return _Tqdm.display(bar, msg, pos)
        bar.fp = _Nowhere(bar.fp)
    found = bar.format_dict
    done, total, elapsed = found["n"], found["total"], found["elapsed"]
    due = getattr(bar, _ATTRIBUTE, 0.0)
    reached = 100 * done / total if total else elapsed
    ended = bar.disable or (total and done >= total)  # a bar that is closed is disabled first
    if due is None or (reached < due and not ended):
        return True
    later = reached // _STEP * _STEP + _STEP if total else max(_FIRST_WAIT, 2 * elapsed)
    setattr(bar, _ATTRIBUTE, None if ended else later)
    _record(found["prefix"].rstrip(": ") if found["prefix"] else "progress", done, total, elapsed, found)
    return True


def _record(name: str, done: float, total: float | None, elapsed: float, found: dict[str, Any]) -> None:
    channel = levels.channel("progress")
    if channel.threshold <= INFO:
        fields: dict[str, object] = {"done": done, "total": total, "unit": found["unit"]}
        fields["elapsed_s"] = round(elapsed, 3)
        if found["postfix"]:
            fields["postfix"] = found["postfix"]
        share = f"{100 * done / total:.0f}%" if total else f"{done} {found['unit']}"
        active.emitter.emit(channel, INFO, "%s: %s", (name, share), fields, None)
