"""Sentry gets the records of `logging` and of our loggers as it would without us: once, with type and frames, redacted."""

from __future__ import annotations

import logging
import sys

import pytest
import sentry_sdk
import sentry_sdk.integrations.logging
from sentry_sdk.transport import Transport

import discreet
import discreet.integrations.sentry
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
        sentry_sdk.init(
            "http://key@localhost/1",
            transport=kept,
            default_integrations=False,
            integrations=[sentry_sdk.integrations.logging.LoggingIntegration()],
        )

    if request.param == "before":
        start()
    discreet.configure(sinks=[sink], service="s", environment="prod")
    if request.param == "after":
        start()
    kept.sink = sink
    yield kept
    sentry_sdk.get_client().close(timeout=0)
    sentry_sdk.init(default_integrations=False)  # the others change httpx and threads for the whole process
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
    crumbs = [crumb for crumb in event["breadcrumbs"]["values"] if crumb["type"] == "log"]
    assert [crumb["message"] for crumb in crumbs] == [f"connect with {MASKED}", "order placed"]
    assert crumbs[1]["data"]["order_id"] == 7
    assert SECRET not in str(event)
    assert len(tracker.sink.records) == 3


@pytest.fixture
def whole(monkeypatch):
    """Sentry with the integration, and the events that would be sent."""
    monkeypatch.setattr(sentry_sdk.client._Client, "__init__", sentry_sdk.client._Client.__init__)
    kept = Kept()

    def start(**options):
        discreet.integrations.sentry.install()
        sentry_sdk.init("http://key@localhost/1", transport=kept, default_integrations=False, **options)
        discreet.integrations.sentry.install()
        return kept

    yield start
    sentry_sdk.get_client().close(timeout=0)
    sentry_sdk.init(default_integrations=False)  # the others change httpx and threads for the whole process


def sign_in(password):
    raise CardDeclinedError(SECRET)


def test_with_the_integration_whole_events_leave_redacted_and_with_our_ids(whole, sink):
    kept = whole()
    planted = "correct" + "-horse-9"
    sentry_sdk.add_breadcrumb(message=f"used {SECRET}")
    with discreet.context(request_id="r-1"), discreet.span("work") as span:
        try:
            sign_in(password=planted)
        except CardDeclinedError:
            sentry_sdk.capture_exception()
    sentry_sdk.capture_event(
        {
            "message": "m",
            "request": {
                "headers": {"Authorization": f"Bearer {SECRET}"},
                "query_string": f"password={planted}",
                "data": {"api_key": planted},
            },
            "extra": {"token": planted},
        }
    )
    first, second = kept.events
    assert SECRET not in str(first) + str(second)
    assert planted not in str(first["exception"]["values"][0]["stacktrace"]["frames"][-1]) + str(second)
    assert (first["tags"]["trace_id"], first["tags"]["request_id"]) == (span.trace_id, "r-1")
    assert first["exception"]["values"][0]["type"] == "CardDeclinedError"


def test_a_hook_of_the_users_own_runs_and_what_it_adds_is_redacted_too(whole, sink):
    def before_send(event, hint):
        return None if event.get("message") == "drop" else {**event, "extra": {"note": SECRET}}

    kept = whole(before_send=before_send)
    for message in ("drop", "keep"):
        sentry_sdk.capture_message(message)
    (event,) = kept.events
    assert (event["message"], event["extra"]) == ("keep", {"note": MASKED})


def test_an_event_that_cannot_be_redacted_leaves_without_its_contents_and_is_counted(whole, sink):
    class Odd(dict):
        def __iter__(self):
            raise RuntimeError

    kept = whole(before_send=lambda event, hint: Odd(event))
    sentry_sdk.capture_message(SECRET)
    (event,) = kept.events
    assert event["message"] == "an event could not be redacted"
    assert sum(discreet.health()["incidents"].values()) == 1
