"""Start discreet in a process of `discreet run`: as `import discreet.auto` would, from outside the program."""

from __future__ import annotations

import os
import sys
from dataclasses import replace

from discreet.cli.run import servers

_PARENT_SERVICE = "_DISCREET_RUN_SERVICE"
"""Where a process leaves its service's name for the workers that `multiprocessing` starts, which cannot know it."""


def start() -> None:
    """Configure from the environment, then watch for servers being imported. Raises `ConfigurationError`."""
    from discreet._config.configure import install
    from discreet._config.settings import resolve

    argv = sys.argv
    sys.argv = _as_the_program_will_see_it(argv)
    try:
        settings = resolve()
    finally:
        sys.argv = argv
    parents = os.environ.get(_PARENT_SERVICE)
    if parents is not None:
        service = parents if "--multiprocessing-fork" in argv else settings.service
        settings = replace(settings, service=service, advice=())  # the first process has given the advice
    install(settings)
    os.environ[_PARENT_SERVICE] = settings.service
    servers.watch()


def _as_the_program_will_see_it(argv: list[str]) -> list[str]:
    """`python -m shop.worker`: this early `sys.argv` says `-m` where the module's name is going to be."""
    if not argv or argv[0] != "-m":
        return argv
    given = sys.orig_argv
    after = len(given) - len(argv) + 1  # what comes after the module's name in both
    return [given[after - 1], *argv[1:]] if after >= 1 else argv
