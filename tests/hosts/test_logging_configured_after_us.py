"""Somebody configures `logging` after discreet: nothing is lost, nothing is doubled."""

from __future__ import annotations

import logging
import logging.config
import sys
from logging.config import dictConfig, fileConfig  # names that were bound before discreet came

import pytest

import discreet

pytestmark = pytest.mark.version_sensitive

INI = """
[loggers]
keys = root,named
[handlers]
keys = console
[formatters]
keys = generic
[logger_root]
level = WARNING
handlers = console
[logger_named]
level = INFO
handlers =
qualname = named
[handler_console]
class = StreamHandler
args = (sys.stderr,)
level = NOTSET
formatter = generic
[formatter_generic]
{formatter}
"""


@pytest.fixture(autouse=True)
def logging_as_it_was():
    root = logging.getLogger()
    before, level = list(root.handlers), root.level
    yield
    for handler in list(root.handlers):
        if handler not in before:
            root.removeHandler(handler)
    for handler in before:
        if handler not in root.handlers:
            root.addHandler(handler)
    root.setLevel(level)
    for logger in logging.Logger.manager.loggerDict.values():
        if isinstance(logger, logging.Logger):
            logger.disabled, logger.propagate, logger.handlers = False, True, []
            logger.setLevel(logging.NOTSET)


def by_file(tmp_path, formatter="format = %(levelname)s %(message)s"):
    path = tmp_path / "logging.ini"
    path.write_text(INI.format(formatter=formatter))
    fileConfig(path)


def by_dict(_tmp_path):
    dictConfig(
        {
            "version": 1,
            "handlers": {"console": {"class": "logging.StreamHandler", "stream": "ext://sys.stdout"}},
            "root": {"level": "WARNING", "handlers": ["console"]},
            "loggers": {"named": {"level": "INFO"}},
        }
    )


def by_basic(_tmp_path):
    logging.basicConfig(force=True, level=logging.WARNING, stream=sys.stdout)


def by_handler(tmp_path):
    logging.getLogger().handlers = []
    logging.basicConfig(level="ERROR", filename=tmp_path / "out.log")


WAYS = (by_file, by_dict, by_basic, by_handler)


@pytest.mark.parametrize("configure", WAYS)
def test_records_of_all_loggers_still_come_once(configure, taken_over, tmp_path, capfd):
    existing = logging.getLogger("existing")
    child = logging.getLogger("named.child")
    configure(tmp_path)
    for logger in (existing, child, logging.getLogger("named"), logging.getLogger("new"), logging.getLogger("asyncio")):
        logger.info("%s says", logger.name)
    assert [record["message"] for record in taken_over.records] == [
        "existing says", "named.child says", "named says", "new says", "asyncio says",
    ]  # fmt: skip
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("configure", WAYS)
def test_a_logger_that_was_disabled_by_hand_stays_so(configure, taken_over, tmp_path):
    noisy = logging.getLogger("noisy")
    noisy.disabled = True
    configure(tmp_path)
    noisy.error("no")
    later = logging.getLogger("later")
    later.disabled = True
    later.error("no")
    assert taken_over.records == []


@pytest.mark.parametrize("configure", [by_file, by_dict])
def test_levels_that_discreet_was_given_stay_in_force(configure, memory_sink, tmp_path):
    kept = memory_sink(format="json")
    discreet.configure(sinks=[kept], service="s", environment="prod", level="error,named=debug")
    configure(tmp_path)
    logging.getLogger("named").debug("yes")
    logging.getLogger("other").warning("no")
    assert [record["message"] for record in kept.records] == ["yes"]


def test_a_level_that_is_set_by_hand_counts(taken_over):
    logging.getLogger().setLevel(logging.ERROR)
    logging.getLogger("lib").warning("no")
    assert taken_over.records == []


def test_the_level_of_a_later_configuration_is_the_hosts_after_a_reset(taken_over, tmp_path):
    from discreet.testing import reset

    by_basic(tmp_path)
    assert logging.getLogger().level == logging.DEBUG
    reset()
    assert logging.getLogger().level == logging.WARNING
    logging.getLogger().setLevel("ERROR")
    assert logging.getLogger().level == logging.ERROR


def test_alembics_migration_costs_no_record_before_or_after_it(python, tmp_path):
    scripts = tmp_path / "migrations"
    done = python(
        f"""
        import logging, pathlib
        import discreet
        from alembic import command
        from alembic.config import Config

        discreet.configure(service="s", environment="prod")
        before = logging.getLogger("shop.orders")
        config = Config({str(tmp_path / "alembic.ini")!r})
        command.init(config, {str(scripts)!r})
        config.set_main_option("sqlalchemy.url", "sqlite:///{tmp_path / "db.sqlite"}")
        command.revision(config, "first")
        command.upgrade(config, "head")
        before.info("before")
        logging.getLogger("after").info("after")
        before.warning("with a warning")
        """
    )
    assert done.code == 0, done.err
    # alembic itself prints what it generates
    rows = [line for line in done.out.decode().splitlines() if line.startswith("{")]
    assert sum('"logger":"alembic.runtime.migration"' in row for row in rows) >= 2
    assert [text for row in rows for text in ("before", "after", "with a warning") if f'"message":"{text}"' in row] == [
        "before", "after", "with a warning",
    ]  # fmt: skip
    assert b"INFO  [alembic" not in done.err + done.out


@pytest.mark.parametrize("layout", ["format = %(message)s\ndatefmt = %H:%M", "format = {message}\nstyle = {", ""])
def test_a_formatter_of_ours_in_an_ini_file_writes_our_lines(layout, tmp_path, capfd):
    by_file(tmp_path, f"class = discreet.stdlib.Formatter\n{layout}")
    logging.getLogger("named").warning("hello")
    assert '"message":"hello"' in capfd.readouterr().err.splitlines()[-1]


@pytest.mark.parametrize("key", ["class", "()"])
def test_a_formatter_of_ours_in_a_dict_takes_what_logging_gives_it(key, capfd):
    formatter = {key: "discreet.stdlib.Formatter", "format": "%(asctime)s %(message)s", "datefmt": "%H:%M"}
    if key == "class":
        formatter |= {"style": "%", "validate": True}
    handler = {"class": "logging.StreamHandler", "stream": "ext://sys.stderr", "formatter": "ours"}
    config = {"version": 1, "formatters": {"ours": formatter}, "handlers": {"console": handler}}
    dictConfig(config | {"disable_existing_loggers": False, "root": {"handlers": ["console"]}})
    logging.getLogger("lib").warning("hello")
    assert '"message":"hello"' in capfd.readouterr().err.splitlines()[-1]


def test_that_a_layout_is_not_used_is_said_once(python):
    done = python(
        """
        from discreet.stdlib import Formatter
        Formatter("%(message)s"), Formatter(fmt="{message}", style="{"), Formatter("json"), Formatter("console")
        """
    )
    assert done.err.count(b"does not use the layout") == 1


def test_a_format_that_does_not_exist_is_still_refused():
    from discreet.stdlib import Formatter

    with pytest.raises(discreet.ConfigurationError):
        Formatter("jsno")
