"""The end of discreet within a process that goes on: what is pending is delivered, and everything is put back."""

from __future__ import annotations

from importlib import import_module

from discreet._base.fork_lock import configuring
from discreet._base.levels import levels
from discreet._call.logger import active, unconfigured
from discreet._config import lifecycle
from discreet._config.settings import state
from discreet._delivery.runner import running
from discreet._values import messages


def shutdown(timeout: float | None = 5.0) -> bool:
    """Deliver what is pending within `timeout` seconds (None: however long), then leave the process as it was before.

    `logging`, structlog, loguru, warnings, `print` and hooks are put back, and sinks are closed. Returns what `flush`
    would. The next log call of discreet's own configures anew, from the environment. Never raises.
    """
    flushed = lifecycle.flush(timeout)
    undo()
    return flushed


def undo() -> None:
    """Undo what `configure()` or the first record did: close sinks, take hooks and handlers out, open all levels.

    What is registered for the exit and for forks of the process stays, and finds no sink.
    """
    from discreet._takeover import libraries, prints, progress

    with configuring:
        runners, running.runners = running.runners, ()  # first: a sink that is in force is not closed
        for runner in runners:
            runner.retire()
        state.settings, state.hosted, state.took_over, state.by_code = None, False, False, False
        active.emitter, active.located = unconfigured, 0
        libraries.give_back()
        prints.uninstall()
        progress.uninstall()
        messages.unknown_name.clear()
        for name in (lifecycle.THREADS, *lifecycle.WORK):
            import_module(name).uninstrument()
        lifecycle.uninstall_sigterm()
        levels.replace(0, 0, {})
        state.given_advice.clear()
