"""A record that another process made is written once, as that process's."""

from __future__ import annotations

import logging

import pytest

from discreet.stdlib import Handler

COOKBOOK = """
import logging, logging.handlers, multiprocessing, os, sys

import discreet


def work(rows, configured):
    root = logging.getLogger()
    root.handlers = [logging.handlers.QueueHandler(rows)]
    root.setLevel(logging.INFO)
    logging.getLogger("job").info("done by %d", os.getpid())


class Listener(logging.Handler):
    def handle(self, record):
        logging.getLogger(record.name).handle(record)


if __name__ == "__main__":
    discreet.configure(format="json", service="s", environment="prod")
    mp = multiprocessing.get_context(sys.argv[1])
    rows = mp.Queue()
    child = mp.Process(target=work, args=(rows, True), name="Worker-7")
    child.start()
    child.join()
    Listener().handle(rows.get())
    print(child.pid, file=sys.stderr)
"""


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_the_cookbooks_queue_between_processes_gives_one_line_with_the_childs_pid_and_name(python, method):
    done = python(COOKBOOK, method, measured=False)
    pid = int(done.err.split()[-1])
    (record,) = [record for record in done.records if record["logger"] == "job"]
    assert (record["message"], record["process"], record["process_name"]) == (f"done by {pid}", pid, "Worker-7")


def test_a_record_that_a_process_with_the_same_pid_took_elsewhere_is_written(sink):
    logging.getLogger("other").addHandler(handler := Handler())
    logging.getLogger("other").propagate = False
    try:
        for token in (1, "0123456789abcdef"):
            row = {"name": "other", "msg": "from afar", "levelno": 30, "_discreet_taken": token, "request_id": "r-9"}
            logging.getLogger("other").handle(logging.makeLogRecord(row))
    finally:
        logging.getLogger("other").removeHandler(handler)
        logging.getLogger("other").propagate = True
    assert [(record["message"], record["request_id"]) for record in sink.records] == [("from afar", "r-9")] * 2
