"""The levels of `logging` while discreet is in force, also where somebody configures `logging` after us.

alembic, gunicorn, uvicorn and many programs call `fileConfig`, `dictConfig` or `basicConfig` late. Such a call sets the
root logger's level and disables the loggers that it does not name. It cannot be meant for discreet, so that neither
counts while discreet is in force. What somebody writes by hand (`logger.disabled = True`, `setLevel`) counts.
"""

from __future__ import annotations

import functools
import logging
import sys
from typing import TYPE_CHECKING, Any

from discreet._base.imports import when_imported
from discreet._base.levels import levels

if TYPE_CHECKING:
    from collections.abc import Collection
    from types import ModuleType

_CONFIGURING = ("logging", "logging.config")

_set: dict[str, tuple[int, int]] = {}
"""By logger: the level that the host gave it, and the one that discreet did. The root logger's name here is empty."""


class _State:
    in_force = False
    hooked = False


def install() -> None:
    """Let our levels govern `logging`, and keep them in force."""
    _State.in_force = True
    vars(logging.getLogger())["setLevel"] = _set_root_level  # whoever configures calls it, by whatever name
    if not _State.hooked:
        _State.hooked = True
        when_imported("logging.config", _keep_loggers_enabled)
    if apply_levels not in levels.listeners:
        levels.listeners.append(apply_levels)
    apply_levels()


def uninstall() -> None:
    """Give the loggers the levels that the host gave them."""
    _State.in_force = False
    vars(logging.getLogger()).pop("setLevel", None)
    if apply_levels in levels.listeners:
        levels.listeners.remove(apply_levels)
    for name in list(_set):
        _put_back(name)


def apply_levels() -> None:
    """Set the levels of `logging` so that what our levels let through reaches discreet."""
    names = {name for name in {*levels.named, *levels.temporary} if name}
    for name in _set.keys() - names - {""}:
        _put_back(name)
    for name in ("", *names):
        logger = logging.getLogger(name)
        host, ours = _set.get(name, (logger.level, logger.level))
        if logger.level != ours:  # the host has set it meanwhile
            host = logger.level
        _set[name] = (host, levels.gate(name, elsewhere=True))
        logging.Logger.setLevel(logger, _set[name][1])


def _put_back(name: str) -> None:
    host, ours = _set.pop(name)
    logger = logging.getLogger(name)
    if logger.level == ours:
        logging.Logger.setLevel(logger, host)


def _set_root_level(level: int | str) -> None:
    """`setLevel` of the root logger while discreet is in force."""
    root = logging.getLogger()
    ours = root.level
    logging.Logger.setLevel(root, level)
    if sys._getframe(1).f_globals.get("__name__") in _CONFIGURING and "" in _set:
        _set[""] = (root.level, ours)
        logging.Logger.setLevel(root, ours)


def _keep_loggers_enabled(config: ModuleType) -> None:
    """Wrap the step of `fileConfig` and `dictConfig` that disables loggers, however these two were imported."""
    original = getattr(config, "_handle_existing_loggers", None)
    if original is None:
        return

    @functools.wraps(original)
    def handle_existing_loggers(existing: Collection[str], child_loggers: Any, disable_existing: Any) -> None:
        loggers = [logging.Logger.manager.loggerDict.get(name) for name in existing]
        enabled = [logger for logger in loggers if isinstance(logger, logging.Logger) and not logger.disabled]
        original(existing, child_loggers, disable_existing)
        if _State.in_force:
            for logger in enabled:
                logger.disabled = False
            apply_levels()

    vars(config)["_handle_existing_loggers"] = handle_existing_loggers
