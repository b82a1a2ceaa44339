"""What libraries change for the whole process is as before after each test."""

from __future__ import annotations

import logging
import sys
import threading
import warnings
from collections.abc import Iterator

import pytest

CHANGED = (
    (logging.Logger, "callHandlers"),
    (logging.Logger, "handle"),
    (sys, "excepthook"),
    (sys, "unraisablehook"),
    (threading, "excepthook"),
    (warnings, "showwarning"),
)
OF_A_LOGGER = ("level", "propagate", "disabled")


@pytest.fixture(autouse=True)
def as_before(unconfigured: None) -> Iterator[None]:
    """After `unconfigured`, so that this is undone first: what a library wrapped around discreet's functions goes."""
    functions = [vars(owner)[name] for owner, name in CHANGED]
    logger_class = logging.getLoggerClass()
    known = {logger: [getattr(logger, name) for name in OF_A_LOGGER] for logger in loggers()}
    handlers = {logger: list(logger.handlers) for logger in known}
    yield
    for (owner, name), function in zip(CHANGED, functions, strict=True):
        setattr(owner, name, function)
    logging.setLoggerClass(logger_class)
    for logger in loggers():
        for name, value in zip(OF_A_LOGGER, known.get(logger, (logging.NOTSET, True, False)), strict=True):
            setattr(logger, name, value)
        logger.handlers[:] = handlers.get(logger, [])
    logging.Logger.manager._clear_cache()


def loggers() -> list[logging.Logger]:
    every = list(logging.Logger.manager.loggerDict.values())
    return [logging.getLogger(), *(logger for logger in every if isinstance(logger, logging.Logger))]
