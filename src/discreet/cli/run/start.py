"""`discreet run`: start discreet in a process of the program, as `import discreet.auto` would."""

from __future__ import annotations

import os
import sys
from dataclasses import replace

from discreet.cli.run import servers

_PARENT_SERVICE = "_DISCREET_RUN_SERVICE"
"""The service's name, for workers of `multiprocessing`, whose command line does not show the program."""


def start() -> None:
    """Configure from the environment, and patch servers when they are imported. Raises `ConfigurationError`."""
    from discreet._config import configure
    from discreet._config import settings as _settings

    argv = sys.argv
    sys.argv = _argv_of_program(argv)
    try:
        settings = _settings.resolve()
    finally:
        sys.argv = argv
    parents = os.environ.get(_PARENT_SERVICE)
    if parents is not None:
        service = parents if "--multiprocessing-fork" in argv else settings.service
        settings = replace(settings, service=service, advice=())  # only the first process gives advice
    configure._install(settings, take_over=True)  # noqa: SLF001 - `configure()` with settings that are resolved already
    os.environ[_PARENT_SERVICE] = settings.service
    servers.watch()


def _argv_of_program(argv: list[str]) -> list[str]:
    """`python -m shop.worker`: this early in the start, `sys.argv` has `-m` where the name of the module will be."""
    if not argv or argv[0] != "-m":
        return argv
    given = sys.orig_argv
    after = len(given) - len(argv) + 1  # where the arguments after the module's name begin
    return [given[after - 1], *argv[1:]] if after >= 1 else argv
