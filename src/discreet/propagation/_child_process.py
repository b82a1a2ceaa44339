"""What a child of `multiprocessing` that is not forked (spawn, forkserver, loky) must know: settings, secrets, context.

It is pickled among the parts of a `Process`, and `restore` is called where the child reads it: before the child reads
what it is to do, and with no code of the program's. Registered secrets go through the pipe of `multiprocessing` alone.
Where something does not get through, the child masks more, never less.
"""

from __future__ import annotations

import os
import pickle
import sys
import time
from typing import TYPE_CHECKING, Any

from discreet._base.diagnostics import Reporter
from discreet._base.fork_lock import configuring
from discreet._base.levels import levels
from discreet._config import lifecycle
from discreet._config.configure import MASK_EVERYTHING, follow_work, install, install_what_works
from discreet._config.parsing import LevelSettings
from discreet._config.settings import resolve, state
from discreet._config.sinks import choose_sinks
from discreet._context.ambient import current
from discreet._delivery.sink import arguments_of
from discreet._delivery.stream import Stream
from discreet._redaction.secrets import Secret, registry
from discreet.errors import ConfigurationError
from discreet.propagation._jobs import travelling

if TYPE_CHECKING:
    from collections.abc import Mapping

    from discreet._config.settings import Settings
    from discreet._context.ambient import Context
    from discreet._delivery.sink import Sink

    Pickled = bytes

_PIPES = ("multiprocessing.popen_", "loky.backend.popen_", "joblib.externals.loky.backend.popen_")
"""How the modules are called that hand a child its `Process` through a pipe of its own."""
_DO_NOT_PICKLE = frozenset({"advice", "level", "pseudonym_key", "sinks", "why"})
"""Settings that go in another form, and advice, which the parent has given."""

_said = Reporter()


class ForChild:
    """Stands in a `Process` for what the child must know. It is found out when, and only if, the child needs it."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def __reduce__(self) -> tuple[object, ...]:
        by_pipe = _goes_through_pipe()
        secrets = registry.spellings if by_pipe else None if registry else {}
        return restore, (_settings(by_pipe=by_pipe), secrets, travelling(self._context))


def _goes_through_pipe() -> bool:
    """Whether what is being pickled goes to a child, and by no other way."""
    context = sys.modules.get("multiprocessing.context")
    popen = None if context is None else context.get_spawning_popen()
    return popen is not None and type(popen).__module__.startswith(_PIPES)


def _settings(*, by_pipe: bool) -> dict[str, Pickled | None] | None:
    """What is in force here, by setting; None where the child will find the same by itself. Never raises."""
    settings = state.settings
    if settings is None or state.hosted:
        return None
    now = time.monotonic()
    values = {name: value for name, value in vars(settings).items() if name not in _DO_NOT_PICKLE}
    values["why"] = dict(settings.why)
    values["level"] = (levels.default, levels.elsewhere, dict(levels.named))
    values["temporary"] = {name: (level, until - now) for name, (level, until) in levels.temporary.items()}
    values["key"] = settings.pseudonym_key.reveal() if settings.pseudonym_key is not None and by_pipe else None
    if settings.file is not None:
        values["file"] = _path_of(settings)
    given = settings.sinks[: -1 if settings.file is not None else None] if settings.stream is None else None
    values["recipes"] = None if given is None else [recipe for recipe in map(_recipe, given) if recipe is not None]
    return {name: _pickled(name, value) for name, value in values.items()}


def _pickled(name: str, value: object) -> Pickled | None:
    try:
        return pickle.dumps(value)
    except Exception as error:
        reason = f"{name} does not pickle ({type(error).__name__}). Use functions and classes of a module's top level"
        _said.once(name, f"child processes mask every text: {reason}")
        return None


def _path_of(settings: Settings) -> str:
    """Where the file is that a setting names: the child may start in another folder."""
    name = os.fspath(settings.file or "")
    return next((where for sink in settings.sinks if (where := _place_of(sink)).endswith(str(name))), str(name))


def _place_of(sink: Sink) -> str:
    place: str = getattr(sink, "where", "")
    return place


def _recipe(sink: Sink) -> Pickled | None:
    """How the child makes a sink like this one; None if that cannot be told."""
    try:
        args, options = arguments_of(sink)
        if type(sink).__module__ == "discreet._delivery.file.sink":
            args, options = (), {**options, "path": _place_of(sink)}
        attributes = {name: getattr(sink, name) for name in ("format", "level", "below")}
        return pickle.dumps((type(sink), args, options, attributes))
    except Exception:
        _left_out(type(sink).__name__)
        return None


def _left_out(sink: str) -> None:
    _said.once(sink, f"child processes have no sink {sink}: it cannot be made there of the arguments it was made with")


def restore(
    settings: Mapping[str, Pickled | None] | None, secrets: dict[str, tuple[str, bool]] | None, context: Context
) -> None:
    """Put what the parent has in force into force here, unless this process has been configured by its own code.

    Secrets are registered in any case; None stands for some that must not be known here. Never raises: if anything
    fails, every text is masked.
    """
    try:
        current.set(context)
        registry.merge(secrets or {})
        if secrets is None:
            _mask_everything()
        elif settings is not None and not state.by_code:
            _install(settings)
    except Exception:
        _mask_everything()
    follow_work()
    lifecycle.await_worker()


def _install(pickled: Mapping[str, Pickled | None]) -> None:
    values: dict[str, Any] = {}
    for name, data in pickled.items():
        try:
            values[name] = None if data is None else pickle.loads(data)  # noqa: S301 - from the parent, by its pipe
        except Exception as error:
            _said.once(name, f"this process masks every text: {name} is not known here ({type(error).__name__})")
            pickled = {**pickled, name: None}
    unknown = [name for name, data in pickled.items() if data is None]
    default, elsewhere, named = values.pop("level")
    temporary, key, recipes = values.pop("temporary"), values.pop("key"), values.pop("recipes")
    given = None if recipes is None else [sink for sink in map(_made, recipes) if sink is not None]
    if given == [] and values["file"] is None:
        given = [Stream()]  # rather there than nowhere
    values["sinks"] = choose_sinks(given, values["stream"], values["file"], os.environ)[0]
    values["level"] = LevelSettings(default, elsewhere, named)
    values["pseudonym_key"] = None if key is None else Secret(key)
    values = {name: value for name, value in values.items() if name not in unknown}
    if unknown:  # it may have masked something
        values["redaction"] = MASK_EVERYTHING
    settings = resolve({}, {}).replace(**values, advice=())
    with configuring:
        try:
            install(settings)
        except ConfigurationError:
            install_what_works(settings)
    for name, (level, seconds) in temporary.items():
        if seconds > 0:
            levels.set(name, level, seconds)


def _made(recipe: Pickled) -> Sink | None:
    try:
        kind, args, options, attributes = pickle.loads(recipe)  # noqa: S301 - as above
        sink: Sink = kind(*args, **options)
        vars(sink).update(attributes)
    except Exception:
        _left_out("of the parent's")
        return None
    return sink


def _mask_everything() -> None:
    """Keep what is in force here, with a policy that masks every text."""
    settings = state.settings or resolve({"take_over": False}, {})
    with configuring:
        install(settings.replace(redaction=MASK_EVERYTHING, advice=()))
    _said.once("secrets", "this process masks every text: it cannot know what its parent masks")
