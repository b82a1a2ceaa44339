"""Django: one row per request with its route, one traceback per exception, and its own signals and mails as before."""

from __future__ import annotations

import pytest

PROGRAM = """
import asyncio
import sys

import django
from django.conf import settings
from django.core import signals
from django.http import HttpResponse, StreamingHttpResponse
from django.urls import path
from werkzeug.test import Client

import discreet
from discreet.integrations.django import annotate

log = discreet.get_logger("shop")
SECRET = "hunter" + "2hunter2"


def order(request, number):
    log.info("inside")
    annotate(tenant="acme")
    return HttpResponse("ok")


def stream(request):
    def chunks():
        for number in range(2):
            log.info("chunk")
            yield str(number).encode()

    return StreamingHttpResponse(chunks())


def broken(request):
    raise ValueError("no password=" + SECRET)


urlpatterns = [path("orders/<int:number>/", order), path("stream/", stream), path("broken/", broken)]
settings.configure(
    ROOT_URLCONF=__name__, ALLOWED_HOSTS=["*"], SECRET_KEY="x" * 50,
    ADMINS=["ops@example.com"] if django.VERSION >= (6,) else [("Ops", "ops@example.com")],
    EMAIL_BACKEND="django.core.mail.backends.locmem.EmailBackend",
)
discreet.configure(format="json", environment="prod", service="test")
KIND = sys.argv[1]
if KIND == "wsgi":
    from django.core.wsgi import get_wsgi_application as get_application
else:
    from django.core.asgi import get_asgi_application as get_application
application = get_application()
assert discreet.instrument(application) is application
assert discreet.instrument(application) is application
senders = []
signals.request_started.connect(lambda sender, **_: senders.append(sender), weak=False)


async def request(path):
    given = [{"type": "http.request", "body": b"", "more_body": False}]
    ended = asyncio.Event()

    async def receive():
        if given:
            return given.pop()
        await ended.wait()
        return {"type": "http.disconnect"}

    async def send(message):
        if message["type"] == "http.response.body" and not message.get("more_body"):
            ended.set()

    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "method": "GET", "path": path, "raw_path": path.encode(),
        "query_string": b"", "http_version": "1.1", "root_path": "", "headers": [(b"host", b"shop")],
        "client": ("10.0.0.9", 4000), "server": ("shop", 80), "scheme": "http",
    }
    await application(scope, receive, send)


for path in ("/orders/42/", "/broken/", "/nothing/", "/stream/"):
    if KIND == "wsgi":
        Client(application).get(path, buffered=True).close()
    else:
        asyncio.run(request(path))

from django.core import mail

log.info(
    "summary", mails=len(mail.outbox), subject=mail.outbox[0].subject, senders=[sender.__name__ for sender in set(senders)],
    same_class=type(application) is senders[0],
)
"""


@pytest.mark.parametrize("kind", ["wsgi", "asgi"])
def test_one_row_per_request_one_traceback_and_all_that_django_does_besides(python, kind):
    program = python(PROGRAM, kind)
    assert program.code == 0, program.err.decode()
    requests = [record for record in program.records if record["logger"] == "http.server"]
    assert [(r["http.response.status_code"], r.get("http.route"), r["status"]) for r in requests] == [
        (200, "/orders/<int:number>/", "ok"), (500, "/broken/", "error"), (404, None, "ok"), (200, "/stream/", "ok"),
    ]  # fmt: skip
    assert [r["exception"]["type"] for r in program.records if "exception" in r] == ["ValueError"]
    assert not [r for r in program.records if r["logger"] == "django.request"]
    assert b"hunter2hunter2" not in program.out + program.err
    assert requests[0]["tenant"] == "acme"

    inside = [r for r in program.records if r["message"] in ("inside", "chunk")]
    assert [r["trace_id"] for r in inside] == [requests[0]["trace_id"]] + [requests[3]["trace_id"]] * 2

    (summary,) = (r for r in program.records if r["message"] == "summary")
    assert summary["mails"] == 1
    assert "/broken/" in summary["subject"]
    assert summary["same_class"] is True
