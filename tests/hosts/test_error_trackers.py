"""Sentry gets the records of `logging` and of our loggers as it would without us: once, with type and frames, redacted."""

from __future__ import annotations

import logging
import sys

import pytest
import sentry_sdk
import sentry_sdk.integrations.logging
from sentry_sdk.transport import Transport

import discreet
from discreet.testing import reset

SECRET = "gh" + "p_" + "a1B2" * 9
MASKED = "[REDACTED:github-token]"


class Kept(Transport):
    """The events that would be sent."""

    def __init__(self, options=None):
        super().__init__(options)
        self.events = []

    def capture_envelope(self, envelope):
        event = envelope.get_event()
        if event is not None:
            self.events.append(event)


class CardDeclinedError(Exception):
    pass


@pytest.fixture(params=["before", "after"])
def tracker(request, memory_sink, monkeypatch):
    """Sentry, started before or after discreet."""
    monkeypatch.setattr(logging.Logger, "callHandlers", logging.Logger.callHandlers)
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    kept, sink = Kept(), memory_sink(format="json")

    def start():
        sentry_sdk.get_isolation_scope().clear_breadcrumbs()
        # Sentry patches once per process, and a test before this one may have undone it.
        sentry_sdk.integrations._installed_integrations.discard("logging")
        sentry_sdk.integrations._processed_integrations.discard("logging")
        sentry_sdk.init("http://key@localhost/1", transport=kept, default_integrations=False, integrations=[
            sentry_sdk.integrations.logging.LoggingIntegration()
        ])

    if request.param == "before":
        start()
    discreet.configure(sinks=[sink], service="s", environment="prod")
    if request.param == "after":
        start()
    kept.sink = sink
    yield kept
    sentry_sdk.get_client().close(timeout=0)
    sentry_sdk.init()
    reset()


def pay(card):
    raise CardDeclinedError(card)


def log_failure(how, card):
    try:
        pay(card)
    except CardDeclinedError:
        if how == "logging":
            logging.getLogger("shop").exception("payment %s failed", 17, extra={"order": 17})
        else:
            discreet.get_logger("shop").exception("payment %s failed", 17, order=17)


@pytest.mark.parametrize("how", ["logging", "discreet"])
def test_an_exception_arrives_once_with_its_type_its_frames_and_the_fields(tracker, how):
    log_failure(how, "no money")
    (event,) = tracker.events
    (found,) = event["exception"]["values"]
    assert (found["type"], found["value"]) == ("CardDeclinedError", "no money")
    assert [frame["function"] for frame in found["stacktrace"]["frames"]] == ["log_failure", "pay"]
    assert (event["logentry"]["message"], event["logentry"]["params"]) == ("payment %s failed", [17])
    assert event["extra"]["order"] == 17
    assert event["logger"] == "shop"
    assert [record["message"] for record in tracker.sink.records] == ["payment 17 failed"]


@pytest.mark.parametrize("how", ["logging", "discreet"])
def test_the_text_of_an_exception_arrives_redacted_and_its_frames_are_the_real_ones(tracker, how):
    log_failure(how, f"refused {SECRET}")
    (event,) = tracker.events
    (found,) = event["exception"]["values"]
    assert (found["type"], found["module"], found["value"]) == ("CardDeclinedError", __name__, f"refused {MASKED}")
    assert [frame["function"] for frame in found["stacktrace"]["frames"]] == ["log_failure", "pay"]
    without_locals = {**found, "stacktrace": None}
    assert SECRET not in str(without_locals) + str(event["logentry"])


def test_breadcrumbs_of_both_loggers_come_in_order_and_redacted(tracker):
    logging.getLogger("lib").info("connect with %s", SECRET)
    discreet.get_logger("shop").info("order placed", order_id=7, note=SECRET)
    logging.getLogger("shop").error("stop")
    (event,) = tracker.events
    crumbs = event["breadcrumbs"]["values"]
    assert [crumb["message"] for crumb in crumbs] == [f"connect with {MASKED}", "order placed"]
    assert crumbs[1]["data"]["order_id"] == 7
    assert SECRET not in str(event)
    assert len(tracker.sink.records) == 3
