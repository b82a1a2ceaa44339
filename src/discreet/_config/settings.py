"""The settings table: each setting is one row of `ROWS`. Code decides first, then the variable, then the default.

From the table derive what `configure()` accepts, the list of variables, `discreet.explain()`, `discreet doctor`, and
the table in docs/configuration.md. To add a setting, write a row in `ROWS`, a line in `Settings`
and a parameter in `configure`, then run `make settings-table`.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any, NamedTuple

from discreet._base.frozen import Frozen
from discreet._base.levels import DEBUG, INFO, WARNING
from discreet._config import environment as _environment
from discreet._config import parsing
from discreet._config.parsing import DELIVERY_MODES, FORMATS, LIBRARIES, STREAMS, LevelSettings, either, one_of
from discreet._config.sinks import choose_sinks
from discreet._redaction.policy import Redaction
from discreet.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from discreet._config.environment import Environment
    from discreet._config.parsing import DeliveryMode, Format, LevelName, Library, StreamName
    from discreet._delivery.sink import Sink
    from discreet._processors import Processor
    from discreet._redaction.secrets import Secret

    Level = LevelName | str | int

EXIT_TIMEOUT = 5.0


def configure(
    *,
    service: str | None = None,
    version: str | None = None,
    environment: str | None = None,
    level: Level | Mapping[str, Level] | None = None,
    format: Format | None = None,  # noqa: A002 - the setting's name
    with_locals: bool | None = None,
    sinks: Sequence[Sink] | None = None,
    stream: StreamName | None = None,
    file: str | os.PathLike[str] | None = None,
    delivery: DeliveryMode | None = None,
    spool: bool | None = None,
    exit_timeout: float | None = None,
    state_dir: str | os.PathLike[str] | None = None,
    redaction: Redaction | str | os.PathLike[str] | None = None,
    pseudonym_key: str | Secret[str] | None = None,
    take_over: bool | Library | Sequence[Library] | None = None,
    processors: Sequence[Processor] | None = None,
    prints: bool | None = None,
    progress: bool | None = None,
) -> dict[str, Any]:
    """The parameters of `discreet.configure()`, which takes them from here; returns those that were given, by name."""
    version = version or None  # builds that know none give an empty one
    return {name: value for name, value in locals().items() if value is not None}


class Surroundings(NamedTuple):
    """What a default may depend on."""

    environ: Mapping[str, str]
    place: Environment
    asked: bool
    """Whether somebody asked for our lines, in code or by `ASKING`; else stdout is the program's alone."""


class Default:
    """What serves where nobody gave a value: `find` gives it and the reason for it, `words` are for the docs."""

    def __init__(self, find: Callable[[Surroundings], tuple[Any, str]], words: str) -> None:
        self.find = find
        self.words = words


class Row(NamedTuple):
    """What the table knows of a setting beside its name and type."""

    variable: str
    """Empty: this setting can only be given in code."""
    parse: Callable[[Any], Any]
    """Makes the value of what was given. A result of None lets the default serve."""
    default: Default
    meaning: str
    """What it is, as Markdown, as the values and the words for the default are."""
    values: str
    page: str = ""
    """The page below docs/, and the place in it, that says more."""


def _always(value: object, words: str) -> Default:
    return Default(lambda _: (value, "default"), words)


def _by_profile(words: str, *, dev: object, ci: object, prod: object) -> Default:
    values = {"dev": dev, "ci": ci, "prod": prod}
    return Default(lambda here: (values[here.place.profile], f"default for {here.place.profile}"), words)


def _service(here: Surroundings) -> tuple[str, str]:
    return _environment.service_name(here.environ, *_program())


def _program() -> tuple[list[str], object]:
    return [*map(str, getattr(sys, "argv", ()))], sys.modules.get("__main__")


def _version(here: Surroundings) -> tuple[str | None, str]:
    return _environment.service_version(here.environ) or (None, "not set")


def _stream(here: Surroundings) -> tuple[str, str]:
    # App Service takes the level of a line from the stream that it came by, and from nothing else.
    if here.place.cloud == "azure-app-service":
        return "split", "default for azure-app-service"
    return ("stdout", "default") if here.asked else ("stderr", "nobody called configure()")


# fmt: off
ROWS: Mapping[str, Row] = {
    "service": Row(
        "DISCREET_SERVICE", parsing.parse_name,
        Default(_service, "`OTEL_SERVICE_NAME`, the cloud's name for it, or the program's"),
        meaning="the name of the service, on every record", values="a name",
    ),
    "version": Row(
        "DISCREET_VERSION", parsing.parse_name,
        Default(_version, "`service.version` of `OTEL_RESOURCE_ATTRIBUTES`, or what a cloud or a build says"),
        meaning="the version of the service, on every record", values="a name",
    ),
    "environment": Row(
        "DISCREET_ENV", parsing.parse_name, Default(lambda here: (here.place.name, here.place.reason), "detected"),
        meaning="where the service runs, on every record",
        values="`dev`, `ci`, `prod`, or a name of yours such as `staging`, which behaves as prod",
    ),
    "level": Row(
        "DISCREET_LEVEL", parsing.parse_levels,
        _by_profile(
            "info; in dev debug for discreet's loggers, info for those of `logging`",
            dev=LevelSettings(DEBUG, INFO), ci=LevelSettings(), prod=LevelSettings(),
        ),
        meaning="the lowest level that is recorded, also by logger",
        values="a level, or levels such as `info,sqlalchemy=debug,httpx=warning,noisy=off`",
        page="configuration.md#levels-while-it-runs",
    ),
    "format": Row(
        "DISCREET_FORMAT", parsing.parse_format,
        _by_profile("auto: json in prod, console in dev and ci", dev="console", ci="console", prod="json"),
        meaning="how lines are written", values=either(FORMATS), page="formats.md",
    ),
    "with_locals": Row(
        "DISCREET_LOCALS", parsing.parse_switch, _by_profile("on in dev, else off", dev=True, ci=False, prod=False),
        meaning="whether tracebacks show local variables, redacted by name and by value", values="on or off",
    ),
    "sinks": Row(
        "", parsing.parse_sinks, _always((), "the stream, the file, and the receivers that variables ask for"),
        meaning="where lines go", values="`discreet.Stream`, `discreet.File` and others",
        page="configuration.md#sinks",
    ),
    "stream": Row(
        "DISCREET_STREAM", one_of("stream", STREAMS),
        Default(_stream, "stdout; stderr where nobody configures; on Azure App Service split"),
        meaning="the standard stream that gets every record; split writes errors to stderr and all else to stdout",
        values=either(STREAMS),
    ),
    "file": Row(
        "DISCREET_FILE", os.fspath, _always(None, "none"),
        meaning="a file that gets every record as JSON too; rotated at 100 MB, the ten newest are kept",
        values="a path", page="files.md",
    ),
    "delivery": Row(
        "DISCREET_DELIVERY", one_of("way to deliver", DELIVERY_MODES), _always("direct", "direct"),
        meaning="how lines get to the stream and the file", values=either(DELIVERY_MODES),
        page="reliability.md#which-delivery",
    ),
    "spool": Row(
        "DISCREET_SPOOL", parsing.parse_switch, _always(True, "on"),
        meaning="whether records are kept on disk while their receiver cannot be reached; off: in memory only",
        values="on or off",
    ),
    "exit_timeout": Row(
        "DISCREET_EXIT_TIMEOUT", parsing.parse_seconds, _always(EXIT_TIMEOUT, "5"),
        meaning="how long the exit of a process may take to deliver what is pending", values="seconds",
    ),
    "state_dir": Row(
        "DISCREET_STATE_DIR", parsing.parse_folder,
        _always(None, "`$XDG_STATE_HOME/discreet`, else `~/.local/state/discreet`, else among the temporary files"),
        meaning="the folder for records that are not delivered yet", values="a path",
    ),
    "redaction": Row(
        "DISCREET_REDACTION", parsing.parse_redaction, _always(Redaction(), "the built-in rules"),
        meaning="what is masked beyond the built-in rules, and what is not",
        values="the path of a JSON file; in code also a `discreet.Redaction`", page="redaction.md#as-a-file",
    ),
    "pseudonym_key": Row(
        "DISCREET_PSEUDONYM_KEY", parsing.parse_pseudonym_key, _always(None, "none: markers stand in for pseudonyms"),
        meaning="the key that pseudonyms are made with", values="a key, or `id:key`", page="redaction.md",
    ),
    "take_over": Row(
        "DISCREET_TAKE_OVER", parsing.parse_libraries, _always(LIBRARIES, "on: all of them"),
        meaning="whose records `configure()` lets in too",
        values=f"on, off, or some of {either(LIBRARIES)}", page="configuration.md",
    ),
    "processors": Row(
        "", parsing.parse_processors, _always((), "none"),
        meaning="functions that see each record before redaction, and change or drop it",
        values="functions from a `discreet.Record` to it or to None", page="configuration.md#processors",
    ),
    "prints": Row(
        "DISCREET_PRINTS", parsing.parse_switch, _always(False, "off"),
        meaning="whether `print` makes records instead of printing", values="on or off",
    ),
    "progress": Row(
        "DISCREET_PROGRESS", parsing.parse_switch, _always(False, "off"),
        meaning="whether progress bars of tqdm make a record now and then where there is no terminal",
        values="on or off",
    ),
}
# fmt: on
"""The table: the rows by the setting's name."""

VARIABLES: Mapping[str, Row] = {row.variable: row for row in ROWS.values() if row.variable}
"""The same by the variable: every one that discreet reads for itself."""

ASKING = ("DISCREET_STREAM", "DISCREET_FORMAT", "DISCREET_FILE")
"""The variables that ask for our lines, as `configure()` does."""


class Settings(Frozen):
    """The value of each setting, once `resolve` has found it."""

    service: str
    version: str | None
    environment: str
    level: LevelSettings
    format: str
    with_locals: bool
    sinks: tuple[Sink, ...]
    stream: str | None
    file: str | os.PathLike[str] | None
    delivery: str
    spool: bool
    exit_timeout: float
    state_dir: str | None
    redaction: Redaction
    pseudonym_key: Secret[str] | None
    take_over: tuple[str, ...]
    processors: tuple[Processor, ...]
    prints: bool
    progress: bool

    place: Environment
    """Where this process runs."""
    host: str | None
    """What this machine is called."""
    why: Mapping[str, str]
    """Who decided each setting: "configure()", the variable, or the reason for the default."""
    advice: tuple[str, ...] = ()
    """What the user should know."""


def resolve(
    given: Mapping[str, Any] | None = None,
    environ: Mapping[str, str] | None = None,
    *,
    who: str = "configure()",
    asked: bool = True,
) -> Settings:
    """Find the value of every setting, or raise one `ConfigurationError`.

    `given` is what code gives, by the setting's name, and `who` gave it, as `Settings.why` says. `environ` has the
    variables, by default those of the process. `asked` is as in `Surroundings`.
    """
    given = {} if given is None else given
    environ = os.environ if environ is None else environ
    if "environment" in given:
        environ = {**environ, "DISCREET_ENV": _parsed("environment", given["environment"], parsing.parse_name)}
    stream = given.get("stream") or environ.get("DISCREET_STREAM", "").strip() or ("stdout" if asked else "stderr")
    place = _environment.detect(
        environ,
        stdout_isatty=_isatty(sys.stdout),
        stderr_isatty=_isatty(sys.stderr),
        stream="stderr" if stream == "stderr" else "stdout",
    )
    here = Surroundings(environ, place, asked)

    values: dict[str, Any] = {}
    why: dict[str, str] = {}
    for name, row in ROWS.items():
        if name == "stream" and "sinks" in given:
            _refuse_stream(given)
            values[name], why[name] = None, "sinks are given"
        else:
            values[name], why[name] = _find(name, row, given, here, who)
    # What runs a notebook stays silent below WARNING, unless the user names it.
    level: LevelSettings = values["level"]
    values["level"] = level._replace(named=dict.fromkeys(_environment.shell_loggers(), WARNING) | dict(level.named))
    sinks = values["sinks"] if "sinks" in given else None  # as parsed: what was given may be an iterator
    values["environment"] = place.name  # "dev" is written "development"
    if "environment" not in given:
        why["environment"] = place.reason
    if "sinks" not in given:
        why["sinks"] = why["stream"]
    values["sinks"], reasons, missing = choose_sinks(sinks, values["stream"], values["file"], environ)
    why["sinks"] = ", ".join([why["sinks"], *([why["file"]] if values["file"] is not None else ()), *reasons])
    advice = [f"{name} is not a setting{nearest(name, VARIABLES)}" for name in unknown_variables(environ)]
    guessed = "service" not in given and _environment.given_service_name(environ) is None
    # A command is run in a container as well, and says nothing of itself.
    hosted = place.cloud is not None and (asked or place.cloud not in ("docker", "podman"))
    if guessed and place.profile == "prod" and (hosted or _environment.is_server(*_program())):
        advice.append("DISCREET_SERVICE is not set: records carry a guessed service name")
    return Settings(**values, place=place, host=_environment.host_name(), why=why, advice=(*advice, *missing))


def _find(name: str, row: Row, given: Mapping[str, Any], here: Surroundings, who: str) -> tuple[Any, str]:
    """The value of one setting and who decided it."""
    text = here.environ.get(row.variable, "").strip() if row.variable else ""
    value, source = None, ""
    if name in given:
        value, source = _parsed(name, given[name], row.parse), who
    elif text:
        value, source = _parsed(row.variable, text, row.parse), row.variable
    return row.default.find(here) if value is None else (value, source)


def _parsed(setting: str, value: object, parse: Callable[[Any], Any]) -> Any:
    try:
        return parse(value)
    except ConfigurationError as error:
        own = ROWS[setting].variable if setting in ROWS else setting
        known = setting if error.setting == own else error.setting
        raise ConfigurationError(known, error.value, error.problem, error.remedy) from None
    except (ValueError, TypeError) as error:
        raise ConfigurationError(setting, value, *parsing.split_error(error)) from None


def _refuse_stream(given: Mapping[str, Any]) -> None:
    if "stream" in given:
        remedy = "Give discreet.Stream(...) among the sinks, or leave one of the two out"
        raise ConfigurationError("stream", given["stream"], "sinks are given too", remedy)


def unknown_variables(environ: Mapping[str, str]) -> list[str]:
    """Variables that look like settings of discreet and are none."""
    return sorted(name for name in environ if name.startswith("DISCREET_") and name not in VARIABLES)


def nearest(name: str, known: Mapping[str, object]) -> str:
    """The known name that is most like this one, as the end of a sentence; empty if none is."""
    from difflib import get_close_matches

    near = get_close_matches(name, known, n=1)
    return f"; did you mean {near[0]}?" if near else ""


def _isatty(stream: Any) -> bool:
    try:
        return bool(stream is not None and stream.isatty())
    except Exception:  # a replaced or closed stream is no terminal
        return False


class State:
    """What is in force in this process beside the pipeline and its sinks: `configure()` writes it, others read."""

    settings: Settings | None = None
    """None until somebody configures."""
    took_over: bool = False
    """Whether `logging`, warnings and uncaught exceptions come in."""
    hosted: bool = False
    """Whether records flow into a host's `logging`."""
    by_code: bool = False
    """Whether the program called `configure()`: what its parent process has in force does not replace that."""

    def __init__(self) -> None:
        self.given_advice: set[str] = set()
        """Advice is given once per process."""


state = State()
