"""The patches by which context and configuration follow work into processes of `multiprocessing`, and of loky.

A process starts with the context of its start, a pool's worker with none, and each job of a pool has the context that
it was submitted in. What a child must know that is not forked travels with its `Process`: `_child_process.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from discreet._context.ambient import current
from discreet.propagation._jobs import in_context
from discreet.propagation._patches import Patch, Patches
from discreet.propagation._thread_patches import context_for

if TYPE_CHECKING:
    from types import ModuleType

_OURS = (
    "discreet.child"  # among what a process inherits of `multiprocessing` itself, which is read before its target is
)
_OF_POOLS = ("apply_async", "_map_async", "imap", "imap_unordered")  # all that a pool does comes by one of these


def instrument() -> None:
    """Let configuration and context follow processes and their jobs from here on. Idempotent."""
    _patches.apply()


def uninstrument() -> None:
    """Undo `instrument`. A patch that another tool has wrapped stays in place, without effect."""
    _patches.undo()


def _patch_processes(module: ModuleType) -> None:
    from discreet.propagation._child_process import ForChild  # here, since it needs `pickle`, which most do not

    def start(self: Any) -> None:
        if not _patches.on:
            patch.original()(self)
            return
        context = context_for(self, module.BaseProcess)
        token = current.set(context)  # which a forked child keeps
        self._config[_OURS] = ForChild(context)
        try:
            patch.original()(self)
        finally:
            self._config.pop(_OURS, None)
            current.reset(token)

    patch = _patches.add(Patch(module.BaseProcess, "start", start))


def _patch_pool(module: ModuleType) -> None:
    for name in _OF_POOLS:
        _patch_submit(module.Pool, name)


def _patch_executor(module: ModuleType) -> None:
    _patch_submit(module.ProcessPoolExecutor, "submit")


def _patch_submit(owner: type, name: str) -> None:
    """Patch a method whose first argument is a job."""

    def submit(self: Any, /, *args: Any, **kwargs: Any) -> Any:
        if not _patches.on:
            pass
        elif args:
            args = (in_context(args[0]), *args[1:])
        else:
            kwargs |= {name: in_context(kwargs[name]) for name in ("fn", "func") if name in kwargs}
        return patch.original()(self, *args, **kwargs)

    patch = _patches.add(Patch(owner, name, submit))


_patches = Patches({
    "multiprocessing.process": _patch_processes,
    "multiprocessing.pool": _patch_pool,
    "concurrent.futures.process": _patch_executor,
    "loky.process_executor": _patch_executor,
    "joblib.externals.loky.process_executor": _patch_executor,
})  # fmt: skip
