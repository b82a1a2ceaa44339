"""Run by every Python process under `discreet run` before the program: start discreet, then run what this file hides.

This folder is on PYTHONPATH. It contains nothing else, so it hides no module of the program.
"""

from __future__ import annotations

import sys

_HERE = __file__.rpartition("/")[0] or __file__.rpartition("\\")[0]


def _start() -> None:
    try:
        from discreet.cli.run.start import start

        start()
    except ModuleNotFoundError as error:
        print(f"discreet: not started: {sys.executable} cannot import {error.name}", file=sys.stderr)
    except Exception as error:  # the program runs in any case, and its owner reads why discreet does not
        print(f"discreet: not started in this process: {type(error).__name__}: {error}", file=sys.stderr)


def _chain() -> None:
    """Run the `sitecustomize` that Python would have found without this one (of a distribution, a company)."""
    from importlib.machinery import PathFinder
    from importlib.util import module_from_spec

    sys.path[:] = [entry for entry in sys.path if entry != _HERE]
    spec = PathFinder.find_spec("sitecustomize", sys.path)
    if spec is None or spec.loader is None:
        return
    module = module_from_spec(spec)
    sys.modules["sitecustomize"] = module
    spec.loader.exec_module(module)


_start()
_chain()
