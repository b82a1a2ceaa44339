"""What discreet says about itself and does on request: `health()`, `explain()`, `mask()`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from discreet._base.engine import ENGINE
from discreet._base.levels import WARNING, levels, severity_name
from discreet._base.statistics import process_statistics
from discreet._call.logger import active, unconfigured
from discreet._config.parsing import LIBRARIES, LevelSettings
from discreet._config.settings import ROWS, nearest, state
from discreet._delivery.runner import runner_of, running
from discreet._redaction.audit import audit
from discreet._redaction.policy import Redaction
from discreet._redaction.redactor import Redactor
from discreet._redaction.secrets import Secret

if TYPE_CHECKING:
    from collections.abc import Mapping

    from discreet._config.settings import Settings
    from discreet._processors import Processor

_COUNTS = ("emitted", "delivered", "pending", "transferred", "recovered")
_OF_THE_HOST = ("level", "format", "sinks", "stream", "file", "delivery")
_DEFAULT = Redaction()
_reported_names: set[str] = set()

_masker: tuple[Redaction, Secret[str] | None, Redactor] | None = None  # the policy, the key, and what they make


def health() -> dict[str, Any]:
    """What became of the records of this process since its start (or its fork).

    At every moment, for each sink and in all: emitted == delivered + pending + sum(dropped) + transferred. A record
    counts once for each sink that it goes to. `pending` is in memory or on disk; `transferred` was left on disk to
    another process, or to a later configuration of this one; `recovered` are those of `emitted` that such a one left
    for us.

    `emitted`, `delivered`, ... are sums over all sinks so far; `sinks` has those in force. `emitted` and `dropped`
    also have the records that reached no sink. Sinks that send over a network say where to (`destination`), whether
    they are trying (`circuit`: closed, open or half-open), the last error, and how often they tried again (`retries`).
    `suppressed` are records held back by `once`, `every` or `sample`, `processors` says how many records each of yours
    dropped and failed at, `late_fields` counts fields that came after their wide record, `incidents` what went wrong
    and cost no record, and `redacted` the markers written, by kind, under the configuration in force.
    """
    runners = running.runners
    sinks: list[dict[str, Any]] = [dict(runner.health()) for runner in runners]
    # Each statistics once: a sink may be named twice, have been named before, or have a buffer before its own runner.
    in_force = {runner.statistics: shown for runner, shown in zip(runners, sinks, strict=True)}
    others = process_statistics.past.union(runner_of(runner.sink).statistics for runner in runners).difference(in_force)
    everything: list[dict[str, Any]] = [*in_force.values(), *(other.as_dict() for other in others)]
    dropped: dict[str, int] = process_statistics.dropped | unconfigured.dropped
    sums = {name: sum(counts[name] for counts in everything) for name in _COUNTS}
    sums["emitted"] += sum(dropped.values())
    for counts in everything:
        for reason, count in counts["dropped"].items():
            dropped[reason] = dropped.get(reason, 0) + count
    return {
        **sums,
        "dropped": dropped,
        "suppressed": process_statistics.suppressed,
        "processors": {name: dict(counts) for name, counts in process_statistics.processors.items()},
        "late_fields": process_statistics.late_fields,
        "incidents": dict(process_statistics.incidents),
        "redacted": dict(audit.by_kind),
        "redacted_by_logger": dict(audit.by_logger),
        "sinks": sinks,
        "engine": ENGINE,
    }


def report_unknown_name(template: str, name: str, fields: Mapping[str, object]) -> None:
    """Say once, in a record, that a message has a name which only nearly is that of a field. For dev."""
    near = nearest(name, fields)
    if near and name not in _reported_names:
        _reported_names.add(name)
        text = f"a message has {{placeholder}}, and its call no such field{near}"
        found: dict[str, object] = {"placeholder": f"{{{name}}}", "text": template}
        active.emitter.emit(levels.channel("discreet"), WARNING, text, (), found, None)


def explain() -> dict[str, Any]:
    """Each setting in force, as `{"value": ..., "why": ...}`: its value and who decided it.

    Values are text, or None for what is not set. Secrets in them are masked; the pseudonym key is not
    shown, only whether there is one. Empty before discreet is configured.
    """
    settings = state.settings
    if settings is None:
        return {}
    in_force = LevelSettings(levels.default, levels.elsewhere, levels.named)  # `set_level` may have changed them
    explained = describe(settings.replace(level=in_force, sinks=running.sinks))
    if state.hosted:
        for name in _OF_THE_HOST:
            explained[name] = {"value": "the host's", "why": "the host configured `logging` itself"}
        explained["sinks"]["value"] = "logging"
    return explained


def describe(settings: Settings) -> dict[str, Any]:
    """These settings as `explain()` gives them."""
    redactor = Redactor(settings.redaction)  # names and paths come from the environment, as secrets do
    values = {name: _shown(getattr(settings, name)) for name in ROWS}
    values["take_over"] = values["take_over"] or "off"
    values["environment"] = f"{settings.environment} (behaves as {settings.place.profile})"
    values["sinks"] = ", ".join(runner_of(sink).name for sink in settings.sinks) or "none"
    return {
        name: {"value": value and redactor.text(value), "why": redactor.text(settings.why[name])}
        for name, value in values.items()
    }


def _shown(value: object) -> str | None:
    """The value of a setting as text."""
    if value is None:
        return None
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, float):
        return f"{value:g} s"
    if isinstance(value, LevelSettings):
        return _levels_text(value)
    if isinstance(value, Secret):
        return "set (not shown)"
    if isinstance(value, Redaction):
        changed = [name for name, part in vars(value).items() if part != vars(_DEFAULT)[name]]
        return ", ".join(["the built-in rules", *changed])
    if isinstance(value, tuple):  # of libraries, or of processors
        parts = cast("tuple[str | Processor, ...]", value)
        if any(callable(part) for part in parts):
            from discreet._processors import name_of

            return ", ".join(name_of(part) for part in parts if not isinstance(part, str))
        return "on" if parts == LIBRARIES else ", ".join(map(str, parts)) or None
    return str(value)


def _levels_text(settings: LevelSettings) -> str:
    parts = [severity_name(settings.default).lower()]
    if settings.elsewhere != settings.default:
        parts.append(f"{severity_name(settings.elsewhere).lower()} for the standard library's loggers")
    parts += [f"{name}={severity_name(level).lower()}" for name, level in sorted(settings.named.items())]
    return ", ".join(parts)


def mask(text: str) -> str:
    """The text with every secret in it replaced by its marker, under the policy in force.

    Unlike a record's texts it is never shortened.
    """
    global _masker  # noqa: PLW0603 - making a redactor costs a hundred times more than using it
    policy = state.settings.redaction if state.settings is not None else _DEFAULT
    key = state.settings.pseudonym_key if state.settings is not None else None
    if _masker is None or _masker[0] is not policy or _masker[1] is not key:
        _masker = (policy, key, Redactor(policy.replace(max_text=None), key))
    return _masker[2].text(text)
