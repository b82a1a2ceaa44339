"""`configure()`, and what the first record of an unconfigured process does instead: settings are put in force."""

from __future__ import annotations

import os
import sys
from functools import partial, wraps
from importlib import import_module
from typing import TYPE_CHECKING, Any, ParamSpec

from discreet._base.fork_lock import configuring
from discreet._base.levels import WARNING, levels
from discreet._base.statistics import process_statistics
from discreet._call import limits
from discreet._call.logger import active
from discreet._config import lifecycle
from discreet._config import settings as table
from discreet._config.outputs import identity_of, level_number, outputs_of
from discreet._config.settings import Settings, resolve, state
from discreet._config.sinks import RECEIVER_PREFIXES
from discreet._context.opentelemetry import count_redaction
from discreet._delivery.runner import runner_of, running
from discreet._delivery.stream import Stream
from discreet._pipeline import Output, Pipeline, pipeline_in_force
from discreet._redaction.audit import audit
from discreet._redaction.names import missing_rules
from discreet._redaction.policy import Redaction
from discreet._redaction.redactor import Redactor
from discreet._redaction.secrets import registry
from discreet._values import messages
from discreet.errors import ConfigurationError, DiscreetError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from discreet._call.logger import Emitter
    from discreet._config.settings import Level
    from discreet._context.ambient import Context
    from discreet._delivery.runner import Runner
    from discreet._processors import Processor
    from discreet._record import Record

# Loaded now: a first import on the way of a record takes a lock that a child forked meanwhile would wait for forever.
_PRELOADED = (limits,)
_P = ParamSpec("_P")
_NOT_CALLED = "nobody called configure()"

configuring.register()  # `lifecycle` has hooks that take the locks of sinks, which this lock comes before


def _with_parameters_of(
    options: Callable[_P, dict[str, Any]],
) -> Callable[[Callable[[dict[str, Any]], None]], Callable[_P, None]]:
    """Give a function the parameters of `options`, so that they are written once, beside the settings table."""

    def decorate(function: Callable[[dict[str, Any]], None]) -> Callable[_P, None]:
        @wraps(function)
        def decorated(*args: _P.args, **given: _P.kwargs) -> None:
            function(options(*args, **given))

        decorated.__wrapped__ = options  # type: ignore[assignment]  # where inspect.signature() looks
        return decorated

    return decorate


@_with_parameters_of(table.configure)
def configure(given: dict[str, Any]) -> None:
    """Set discreet up for this process; what is not given comes from variables, then from defaults.

    The parameters are the settings of docs/configuration.md, which `discreet doctor` lists too:

        who logs        service, version, environment
        what            level, format, with_locals
        where to        sinks, or stream; file
        how             delivery, spool, exit_timeout (seconds), state_dir
        secrets         redaction, pseudonym_key
        what comes in   take_over: records of `logging`, warnings and uncaught exceptions too (the default); prints
        what changes    processors

    Calling it again replaces the whole configuration. Raises `ConfigurationError`, which names the value, the setting
    and the remedy; the configuration in force then stays. Raises `DiscreetError` where the rules cannot be read.
    """
    problem = missing_rules()
    if problem is not None:
        raise DiscreetError(problem)
    with configuring:
        install(resolve(given))
        state.by_code = True


def configure_at_first_record(*, inside_host: bool = False) -> Emitter:
    """Nobody configured: from variables, and without touching a host that set up `logging` itself.

    `inside_host`: a `discreet.stdlib.Handler` asks. The host wants its records here, so ours must not flow
    back into it.

    A wrong variable must not cost the application its first log call, nor its other settings: each is reported, and
    the default serves in its place.
    """
    with configuring:
        if pipeline_in_force() is not None and not (inside_host and state.hosted):
            return active.emitter
        environ = dict(os.environ)
        given: dict[str, Any] = {} if _lambda_has_all_handlers() else {"take_over": False}
        asked = any(environ.get(name, "").strip() for name in table.ASKING)
        problems: list[Exception] = []
        settings: Settings | None = None
        while True:
            try:
                settings = resolve(given, environ, who=_NOT_CALLED, asked=asked)
                if not inside_host and _host_has_handlers():
                    _install_into_host(settings)
                else:
                    install(settings)
                break
            except Exception as error:  # a log call never raises
                problems.append(error)
                left_out = _leave_out(error, environ)
                unread = "DISCREET_REDACTION" not in environ or (settings is None and not left_out)
                if unread and os.environ.get("DISCREET_REDACTION"):
                    given["redaction"] = MASK_EVERYTHING
                if not left_out:
                    install_what_works(settings or resolve(given, {}, who=_NOT_CALLED, asked=asked))
                    break
        installed = pipeline_in_force()
        if installed is not None and not asked:
            installed.sums_up = False  # a process that did not ask for our lines hears only what is wrong
        for problem in problems:
            _log(40, "setting ignored: {problem}", problem=str(problem))
        if "redaction" in given:
            _log(40, "every text is masked: correct what DISCREET_REDACTION names, or unset it, then start again")
        return active.emitter


def _refuse(_text: str) -> str:
    raise ValueError("the policy is not known")


MASK_EVERYTHING = Redaction(callback=_refuse, loggers={"discreet": Redaction()})
"""While the policy cannot be known: each text becomes `[REDACTED:unjudged]`, but for what discreet itself reports."""


def _leave_out(error: Exception, environ: dict[str, str]) -> bool:
    """Remove the variable that an error is about, or all about receivers; False if there is none to remove."""
    if not isinstance(error, ConfigurationError):
        return False
    if error.setting in environ:
        del environ[error.setting]
        return True
    about_receivers = [name for name in environ if name.startswith(RECEIVER_PREFIXES)]
    for name in about_receivers:
        del environ[name]
    return bool(about_receivers)


def install_what_works(settings: Settings) -> None:
    """Without a place on disk, or with the stream alone."""
    try:
        install(settings.replace(delivery="direct", spool=False))
    except ConfigurationError:
        install(settings.replace(sinks=(Stream("stderr"),), delivery="direct"))


def install(settings: Settings) -> None:
    """Put these settings in force. Raises `ConfigurationError`; what was in force then stays."""
    from discreet._config import status  # now: a signal handler that flushes may interrupt a first import

    redactor = redactor_for(settings)
    runners = _runners(settings)
    outputs = outputs_of(runners, settings, redactor)
    previous = running.runners
    pipeline = Pipeline(
        redactor,
        outputs,
        identity_of(settings, redactor),
        with_locals=settings.with_locals,
        processors=_processing(settings.processors),
    )
    state.settings, running.runners, state.hosted = settings, runners, False
    active.emitter, active.located = pipeline, WARNING
    level, chosen = settings.level, not settings.why["level"].startswith("default")
    levels.replace(level.default, level.elsewhere, dict(level.named), chosen=chosen)
    kept = [*runners, *(runner_of(runner.sink) for runner in runners)]
    replaced = [runner for runner in previous if runner not in kept]
    for runner in previous:
        process_statistics.past.update((runner.statistics, runner_of(runner.sink).statistics))
    lifecycle.deliver_now(replaced)  # so that they send side by side
    for runner in replaced:
        runner.retire()
    lifecycle.install()
    follow_work()
    if settings.take_over or state.took_over:
        from discreet._takeover import libraries

        libraries.take_over(settings.take_over)
        import_module(lifecycle.THREADS).instrument()
        lifecycle.install_sigterm()
        state.took_over = bool(settings.take_over)
    elif any(runner.is_buffered for runner in runners):  # to die of SIGTERM at once would lose pending lines
        lifecycle.install_sigterm()
    for name in ("prints", "progress"):
        module = f"discreet._takeover.{name}"
        if getattr(settings, name) or module in sys.modules:
            found: Any = import_module(module)
            (found.install if getattr(settings, name) else found.uninstall)()
    messages.unknown_name[:] = [status.report_unknown_name] if settings.place.profile == "dev" else []
    advice = list(settings.advice)
    if redactor.replacement.lacks_key:
        advice.append("DISCREET_PSEUDONYM_KEY is not set: markers stand in for pseudonyms")
    for sentence in advice:
        if sentence not in state.given_advice:
            state.given_advice.add(sentence)
            _log(30, sentence)


def _processing(processors: Sequence[Processor]) -> Callable[[Record, Context, tuple[object, ...]], bool] | None:
    if not processors:
        return None
    from discreet._processors import process  # which few processes need

    return partial(process, tuple(processors))


def follow_work() -> None:
    """Let each request, job and child process have its own context, and children what is in force here."""
    for name in lifecycle.WORK:
        import_module(name).instrument()


def _runners(settings: Settings) -> tuple[Runner, ...]:
    runners = tuple(map(runner_of, settings.sinks))
    if settings.delivery == "direct":
        return runners
    from discreet._delivery.buffered.runner import with_buffers  # which few processes need

    return with_buffers(runners, settings.delivery)


def redactor_for(settings: Settings) -> Redactor:
    """The redactor for these settings, which knows the secrets in environment variables too.

    From here on OpenTelemetry's counter observes the audit.
    """
    audit.observers = {**audit.observers, "opentelemetry.metrics": count_redaction}
    redactor = Redactor(settings.redaction, settings.pseudonym_key)
    if settings.redaction.environment:
        registry.add_environment(os.environ, redactor.key)
    return redactor


def _install_into_host(settings: Settings) -> None:
    """Keep the host's handlers and levels: records that pass them are the host's to write."""
    from discreet._takeover.host_handlers import HostPipeline, HostSink

    redactor = redactor_for(settings)
    runner = runner_of(HostSink())
    outputs = (Output(0, None, runner),)  # the host's own levels decide
    pipeline = HostPipeline(redactor, outputs, identity_of(settings, redactor), with_locals=settings.with_locals)
    state.settings, running.runners, state.hosted = settings, (runner,), True
    active.emitter, active.located = pipeline, 0
    levels.replace(0, 0, {})
    lifecycle.install()
    follow_work()


def _host_has_handlers() -> bool:
    """Whether the application set `logging` up itself, and not to send its records here."""
    logging, ours = sys.modules.get("logging"), sys.modules.get("discreet.stdlib")
    if logging is None or not logging.getLogger().handlers or _lambda_has_all_handlers():
        return False
    return ours is None or not any(isinstance(handler, ours.Handler) for handler in _host_handlers(logging))


def _host_handlers(logging: Any) -> list[Any]:
    loggers = [logging.getLogger(), *logging.Logger.manager.loggerDict.values()]
    return [handler for logger in loggers for handler in getattr(logger, "handlers", ())]


def _lambda_has_all_handlers() -> bool:
    """Whether nobody but AWS Lambda's runtime set `logging` up: it prints records as they are, so they come in here."""
    if "awslambdaric.bootstrap" not in sys.modules:
        return False
    handlers = _host_handlers(sys.modules["logging"])
    return bool(handlers) and all(type(handler).__module__ == "awslambdaric.bootstrap" for handler in handlers)


def _log(level: int, message: str, **fields: object) -> None:
    """Make a record of discreet's own, through the pipeline that was just set up."""
    channel = levels.channel("discreet")
    if channel.threshold <= level:
        active.emitter.emit(channel, level, message, (), fields, None)


def set_level(name: str | None, level: Level, *, ttl: float | None = None) -> None:
    """Change the level of a logger and its children at run time; with `ttl`, for that many seconds.

    `None` or "root" is the default of every logger without a level of its own. Raises `ConfigurationError`.
    """
    number = level_number(level)
    if ttl is not None and not ttl > 0:
        raise ConfigurationError("ttl", ttl, "not a time to live", "Give seconds above 0, or leave it out")
    with configuring:
        levels.set(name, number, ttl)
