"""`configure()`, and what the first record of an unconfigured process does instead."""

from __future__ import annotations

import os
import sys
import threading
from dataclasses import replace
from importlib import import_module
from typing import TYPE_CHECKING

from discreet._base.levels import WARNING, levels, parse_level
from discreet._base.statistics import process_statistics
from discreet._call import limits
from discreet._call.logger import active
from discreet._config import lifecycle
from discreet._config import settings as _settings
from discreet._config.assembly import encoder_for, identity_of, redactor_for, setup_for
from discreet._config.exporters import PREFIXES
from discreet._config.state import state
from discreet._delivery.buffered.sink import around
from discreet._delivery.sink import running
from discreet._delivery.stream import Stream
from discreet._pipeline import ANY, Output, Pipeline, pipeline_in_force
from discreet.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from os import PathLike
    from types import ModuleType

    from discreet._call.logger import Emitter
    from discreet._config.settings import Settings
    from discreet._delivery.sink import Sink
    from discreet._redaction.policy import Redaction

# Loaded now: a first import on the way of a record takes a lock that a child forked meanwhile would wait for forever.
_PRELOADED = (limits,)
PATCHES = ("discreet.propagation.threads",)
"""Modules that make context follow the work, by name: the core does not know the edges. Each has `instrument()`."""

_lock = threading.RLock()
_said: set[str] = set()  # advice is given once per process


def _renew_lock() -> None:
    """In a forked child: the thread that was configuring is not here to free the lock."""
    global _lock  # noqa: PLW0603 - the lock itself cannot be reset
    _lock = threading.RLock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew_lock)


def configure(
    *,
    level: str | int | Mapping[str, str | int] | None = None,
    format: str | None = None,  # noqa: A002 - the setting's name
    service: str | None = None,
    version: str | None = None,
    environment: str | None = None,
    sinks: Sequence[Sink] | None = None,
    file: str | PathLike[str] | None = None,
    delivery: str | None = None,
    redaction: Redaction | None = None,
    with_locals: bool | None = None,
    take_over: bool = True,
) -> None:
    """Set discreet up for this process; what is not given comes from the environment, then from defaults.

    With `take_over` (the default) everything comes in: the standard library's loggers, warnings and uncaught
    exceptions. Calling it again replaces the whole configuration. Raises `ConfigurationError`, which names the
    value, the setting and the remedy; the configuration in force then stays.
    """
    with _lock:
        settings = _settings.resolve(
            level=level,
            format=format,
            service=service,
            version=version,
            environment=environment,
            sinks=sinks,
            file=file,
            delivery=delivery,
            redaction=redaction,
            with_locals=with_locals,
        )
        _install(settings, take_over=take_over)


def configure_at_first_record(*, inside_host: bool = False) -> Emitter:
    """Nobody configured: from the environment, and without touching a host that set up `logging` itself.

    `inside_host` says that a `discreet.stdlib.Handler` asks: the host wants its records here, so ours must not flow
    back into it.

    A wrong setting must not cost the application its first log call: it is reported, and defaults serve.
    """
    with _lock:
        if pipeline_in_force() is not None and not (inside_host and state.hosted):
            return active.emitter
        logging = sys.modules.get("logging")
        problem = None
        try:
            settings = _settings.resolve()
        except ConfigurationError as error:
            problem = str(error)
            settled = ("DISCREET_", *PREFIXES)
            kept = {key: value for key, value in os.environ.items() if not key.startswith(settled)}
            settings = _settings.resolve(environ=kept)
        if logging is not None and logging.getLogger().handlers and not (inside_host or _sends_here(logging)):
            _into_host(settings)
        else:
            try:
                _install(settings, take_over=False)
            except ConfigurationError as error:  # no folder for what waits, or a file that cannot be written
                problem = str(error)
                _install_what_works(settings)
        if problem is not None:
            _say(40, "configuration ignored: {problem}", problem=problem)
        return active.emitter


def _install_what_works(settings: Settings) -> None:
    """Without a place on disk, or with the stream alone."""
    try:
        _install(replace(settings, delivery="direct", spool=False), take_over=False)
    except ConfigurationError:
        _install(replace(settings, sinks=(Stream(),), delivery="direct"), take_over=False)


def _install(settings: Settings, *, take_over: bool) -> None:
    import_module("discreet._config.status")  # now: a signal handler that flushes may interrupt a first import
    settings = replace(settings, sinks=around(settings.sinks, settings.delivery))
    redactor, setup = redactor_for(settings), setup_for(settings)
    opened: list[Sink] = []
    try:
        for sink in settings.sinks:
            sink.open()
            sink.prepare(setup)
            sink.retired = False
            opened.append(sink)
        outputs = tuple(
            Output(_level(sink, sink.level, 0), encode, sink, _level(sink, sink.below, ANY))
            for sink, encode in ((sink, encoder_for(sink, settings, redactor)) for sink in settings.sinks)
        )
    except Exception:
        for sink in opened:
            if sink not in running.sinks:
                sink.retire()
        raise
    previous = running.sinks
    pipeline = Pipeline(redactor, outputs, identity_of(settings, redactor), with_locals=settings.with_locals)
    state.settings, running.sinks, state.hosted = settings, settings.sinks, False
    active.emitter, active.located = pipeline, WARNING
    wanted = settings.levels
    levels.replace(wanted.default, wanted.elsewhere, dict(wanted.named))
    inner = [getattr(other, "inner", None) for other in settings.sinks]
    retiring = [sink for sink in previous if not any(sink is other for other in (*settings.sinks, *inner))]
    lifecycle.hurry(retiring)  # so that they send side by side
    for sink in retiring:
        process_statistics.past.append(sink.statistics)
        sink.retire()
    lifecycle.install()
    if take_over:
        from discreet._takeover import bridge as _stdlib_bridge
        from discreet._takeover import hooks

        _stdlib_bridge.take_over()
        hooks.install()
        for patch in PATCHES:
            import_module(patch).instrument()
        lifecycle.install_sigterm()
        state.took_over = True
    elif any(sink.ends_itself for sink in settings.sinks):  # lines wait: to die of SIGTERM as ever would lose them
        lifecycle.install_sigterm()
    advices = list(settings.advice)
    if redactor.replacement.lacks_key:
        advices.append("DISCREET_PSEUDONYM_KEY is not set: markers stand in for pseudonyms")
    for advice in advices:
        if advice not in _said:
            _said.add(advice)
            _say(30, advice)


def _into_host(settings: Settings) -> None:
    """Keep the host's handlers and levels: records that pass them are the host's to write."""
    from discreet._takeover.host import HostPipeline, HostSink

    redactor = redactor_for(settings)
    sink = HostSink()
    pipeline = HostPipeline(sink, redactor, identity_of(settings, redactor), with_locals=settings.with_locals)
    state.settings, running.sinks, state.hosted = settings, (sink,), True
    active.emitter, active.located = pipeline, 0
    levels.replace(0, 0, {})
    lifecycle.install()


def _sends_here(logging: ModuleType) -> bool:
    """Whether the host gave any of its loggers a handler of ours."""
    ours = sys.modules.get("discreet.stdlib")
    loggers = [logging.getLogger(), *logging.Logger.manager.loggerDict.values()]
    return ours is not None and any(
        isinstance(handler, ours.Handler) for logger in loggers for handler in getattr(logger, "handlers", ())
    )


def _level(sink: Sink, given: int | str | None, default: int) -> int:
    try:
        return default if given is None else parse_level(given)
    except ValueError as error:
        raise ConfigurationError("level", given, f"sink {sink.name}", str(error)) from None


def _say(level: int, message: str, **fields: object) -> None:
    """A record of discreet's own, through the pipeline that was just set up."""
    channel = levels.channel("discreet")
    if channel.threshold <= level:
        active.emitter.emit(channel, level, message, (), fields, None)


def set_level(name: str | None, level: str | int, *, ttl: float | None = None) -> None:
    """Change the level of a logger and its children at run time; with `ttl`, for that many seconds.

    `None` or "root" is the default of every logger without a level of its own. Raises `ConfigurationError`.
    """
    try:
        number = parse_level(level)
    except ValueError as error:
        problem, _, remedy = str(error).partition(". ")
        raise ConfigurationError("level", level, problem, remedy) from None
    if ttl is not None and not ttl > 0:
        raise ConfigurationError("ttl", ttl, "not a time to live", "Give seconds above 0, or leave it out")
    with _lock:
        levels.set(name, number, ttl)
