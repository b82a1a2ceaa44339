"""`configure()`, what the first record of an unconfigured process does instead, and how both are undone.

Here the settings become what a record meets on its way: the redactor, the identity of the process, the encoders.
"""

from __future__ import annotations

import os
import sys
from functools import wraps
from importlib import import_module
from typing import TYPE_CHECKING, Any, ParamSpec, cast

from discreet._base.fork_lock import configuring
from discreet._base.levels import WARNING, levels, parse_level
from discreet._base.statistics import process_statistics
from discreet._call import limits
from discreet._call.logger import active, unconfigured
from discreet._config import lifecycle
from discreet._config import settings as table
from discreet._config.parsing import split_error
from discreet._config.settings import ROWS, Settings, resolve, state
from discreet._config.sinks import RECEIVER_PREFIXES
from discreet._context.opentelemetry import count_redaction
from discreet._delivery.runner import OwnSink, Setup, runner_of, running, takes_records
from discreet._delivery.stream import Stream, descriptor_of
from discreet._encoding.json import encode as encode_json
from discreet._pipeline import ANY, Output, Pipeline, pipeline_in_force
from discreet._record import Identity
from discreet._redaction.audit import audit
from discreet._redaction.names import missing_rules
from discreet._redaction.policy import Redaction
from discreet._redaction.redactor import Redactor
from discreet._redaction.secrets import registry
from discreet.errors import ConfigurationError, DiscreetError, InvalidValueError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from discreet._call.logger import Emitter
    from discreet._config.settings import Level
    from discreet._delivery.runner import Runner
    from discreet._delivery.sink import Sink
    from discreet._encoding.ci import Ci
    from discreet._record import Encoder

# Loaded now: a first import on the way of a record takes a lock that a child forked meanwhile would wait for forever.
_PRELOADED = (limits,)
_THREADS = "discreet.propagation._thread_patches"  # context follows the work; by name, because it is an edge
_P = ParamSpec("_P")
_NOT_CALLED = "nobody called configure()"

configuring.register()  # `lifecycle` has hooks that take the locks of sinks, which this lock comes before
_given_advice: set[str] = set()  # advice is given once per process


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
        what comes in   take_over: records of `logging`, warnings and uncaught exceptions too (the default)

    Calling it again replaces the whole configuration. Raises `ConfigurationError`, which names the value, the setting
    and the remedy; the configuration in force then stays. Raises `DiscreetError` where the rules cannot be read.
    """
    problem = missing_rules()
    if problem is not None:
        raise DiscreetError(problem)
    with configuring:
        install(resolve(given))


def configure_at_first_record(*, inside_host: bool = False) -> Emitter:
    """Nobody configured: from variables, and without touching a host that set up `logging` itself.

    `inside_host` says that a `discreet.stdlib.Handler` asks: the host wants its records here, so ours must not flow
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
                    given["redaction"] = _MASK_EVERYTHING
                if not left_out:
                    _install_what_works(settings or resolve(given, {}, who=_NOT_CALLED, asked=asked))
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


_MASK_EVERYTHING = Redaction(callback=_refuse, loggers={"discreet": Redaction()})
"""While the policy cannot be read: each text becomes `[REDACTED:unjudged]`, but for what discreet itself reports."""


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


def _install_what_works(settings: Settings) -> None:
    """Without a place on disk, or with the stream alone."""
    try:
        install(settings.replace(delivery="direct", spool=False))
    except ConfigurationError:
        install(settings.replace(sinks=(Stream("stderr"),), delivery="direct"))


def install(settings: Settings) -> None:
    """Put these settings in force. Raises `ConfigurationError`; what was in force then stays."""
    import_module("discreet._config.status")  # now: a signal handler that flushes may interrupt a first import
    redactor = redactor_for(settings)
    runners = _runners(settings)
    outputs = _outputs(runners, settings, redactor)
    previous = running.runners
    pipeline = Pipeline(redactor, outputs, identity_of(settings, redactor), with_locals=settings.with_locals)
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
    if settings.take_over:
        from discreet._takeover import aws_lambda, standard_library, uncaught

        standard_library.take_over()
        aws_lambda.install()
        uncaught.install()
        import_module(_THREADS).instrument()
        lifecycle.install_sigterm()
        state.took_over = True
    elif any(runner.is_buffered for runner in runners):  # to die of SIGTERM at once would lose pending lines
        lifecycle.install_sigterm()
    advice = list(settings.advice)
    if redactor.replacement.lacks_key:
        advice.append("DISCREET_PSEUDONYM_KEY is not set: markers stand in for pseudonyms")
    for sentence in advice:
        if sentence not in _given_advice:
            _given_advice.add(sentence)
            _log(30, sentence)


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


def setup_for(settings: Settings) -> Setup:
    """What sinks need to know of the settings."""
    return Setup(
        settings.service,
        settings.exit_timeout,
        settings.spool,
        settings.why.get("spool", "default") != "default",
        settings.state_dir or "",
    )


def identity_of(settings: Settings, redactor: Redactor) -> Identity:
    """Which process makes the records. Its names are redacted like any other text: they come from the environment."""
    names = (settings.service, settings.version, settings.environment, settings.host)
    service, version, environment, host = (None if name is None else redactor.text(name) for name in names)
    return Identity(service, version, environment, host, os.getpid())


def by_format(sink: Sink, settings: Settings, redactor: Redactor) -> Encoder:
    """The encoder for the sink's own format, else for the configured one."""
    name = format_of(sink, settings)
    if name == "json":
        return encode_json
    if name == "console":
        return _console(sink, settings)
    if name == "otel":
        # Imported by name: the core does not know the edges.
        file_encoder: Encoder = import_module("discreet.otel.resource").file_encoder(redactor)
        return file_encoder
    if name == "gcp":
        from discreet._encoding.schemas.gcp import GcpEncoder

        return GcpEncoder()
    encode: Encoder = import_module(f"discreet._encoding.schemas.{name}").encode
    return encode


def format_of(sink: Sink, settings: Settings) -> str:
    """The name of the format that this sink gets."""
    return sink.format if sink.format != "auto" else settings.format


def _console(sink: Sink, settings: Settings) -> Encoder:
    from discreet._encoding.ci import CiEncoder
    from discreet._encoding.console.line import ConsoleEncoder, color_count, terminal_width, wants_color

    stream = sink.stream() if isinstance(sink, Stream) else None
    color = stream is not None and wants_color(stream, os.environ)
    ci = settings.place.ci
    if ci is not None:
        # A file gets no annotations. The CI may print it all the same, so what looks like a command is broken up.
        kind = cast("Ci", ci) if stream is not None else "other"
        workspace = os.environ.get("GITHUB_WORKSPACE") or os.environ.get("BUILD_SOURCESDIRECTORY")
        return CiEncoder(kind, color=color, colors=color_count(), workspace=workspace)
    if stream is None:
        return ConsoleEncoder()
    # The descriptor of a notebook's stream is that of another terminal.
    width = (lambda: terminal_width(stream)) if descriptor_of(stream) >= 0 else None
    return ConsoleEncoder(color=color, colors=color_count(), width=width)


def _outputs(runners: Sequence[Runner], settings: Settings, redactor: Redactor) -> tuple[Output, ...]:
    """Open the sinks and choose their encoders; if one fails, close those again that this call opened."""
    setup = setup_for(settings)
    opened: list[Runner] = []
    outputs: list[Output] = []
    try:
        for runner in runners:
            runner.open(setup)
            opened.append(runner)
        for runner in runners:
            sink = runner.sink
            own = sink.encoder(redactor) if isinstance(sink, OwnSink) else None
            encode = None if takes_records(sink) else own or by_format(sink, settings, redactor)
            where = f" for sink {runner.name}"
            level = 0 if sink.level is None else _level(sink.level, where)
            below = ANY if sink.below is None else _level(sink.below, where)
            outputs.append(Output(level, encode, runner, below))
    except Exception as error:
        for runner in opened:
            if runner not in running.runners:
                runner.retire()
        if isinstance(error, ConfigurationError):
            raise _as_given(error, settings) from error.__cause__
        raise
    return tuple(outputs)


def _as_given(error: ConfigurationError, settings: Settings) -> ConfigurationError:
    """The error under the name that the setting was given by: the variable's, or the one in code."""
    if error.setting == "file" and error.value != str(settings.file):
        return error  # about one of the sinks that code gave
    for name in ("file", "delivery", "state_dir"):  # the settings that a sink can refuse
        variable = ROWS[name].variable
        if error.setting in (name, variable):
            source = variable if settings.why[name] == variable else name
            return ConfigurationError(source, error.value, *split_error(error))
    return error


def undo() -> None:
    """Undo what `configure()` or the first record did: close sinks, take hooks and handlers out, open all levels.

    What is registered for the exit and for forks of the process stays, and finds no sink.
    """
    from discreet._takeover import aws_lambda, standard_library, uncaught

    with configuring:
        runners, running.runners = running.runners, ()  # first: a sink that is in force is not closed
        for runner in runners:
            runner.retire()
        state.settings, state.hosted, state.took_over = None, False, False
        active.emitter, active.located = unconfigured, 0
        standard_library.give_back()
        aws_lambda.uninstall()
        uncaught.uninstall()
        import_module(_THREADS).uninstrument()
        lifecycle.uninstall_sigterm()
        levels.replace(0, 0, {})
        _given_advice.clear()


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


def _level(given: int | str, where: str = "") -> int:
    try:
        return parse_level(given)
    except InvalidValueError as error:
        raise ConfigurationError("level", given, error.problem + where, error.remedy) from None


def _log(level: int, message: str, **fields: object) -> None:
    """Make a record of discreet's own, through the pipeline that was just set up."""
    channel = levels.channel("discreet")
    if channel.threshold <= level:
        active.emitter.emit(channel, level, message, (), fields, None)


def set_level(name: str | None, level: Level, *, ttl: float | None = None) -> None:
    """Change the level of a logger and its children at run time; with `ttl`, for that many seconds.

    `None` or "root" is the default of every logger without a level of its own. Raises `ConfigurationError`.
    """
    number = _level(level)
    if ttl is not None and not ttl > 0:
        raise ConfigurationError("ttl", ttl, "not a time to live", "Give seconds above 0, or leave it out")
    with configuring:
        levels.set(name, number, ttl)
