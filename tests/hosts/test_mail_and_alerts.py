"""Handlers that send mail get what they need: the exception, the request, the fields."""

from __future__ import annotations

import logging
import logging.handlers
import socketserver
import threading

import pytest

import discreet

SECRET = "gh" + "p_" + "a1B2" * 9


class Smtp(socketserver.StreamRequestHandler):
    """As much of a mail server as `smtplib` asks for."""

    def handle(self):
        self.wfile.write(b"220 ready\r\n")
        while line := self.rfile.readline():
            verb = line.split()[0].upper()
            if verb == b"DATA":
                self.wfile.write(b"354 go on\r\n")
                self.server.mails.append(b"".join(iter(self.rfile.readline, b".\r\n")).decode())
            self.wfile.write(b"221 bye\r\n" if verb == b"QUIT" else b"250 ok\r\n")


@pytest.fixture
def mails():
    with socketserver.TCPServer(("127.0.0.1", 0), Smtp) as server:
        server.mails = []
        threading.Thread(target=server.serve_forever, daemon=True).start()
        handler = logging.handlers.SMTPHandler(server.server_address, "a@x.test", ["b@x.test"], "alert")
        handler.setLevel(logging.ERROR)
        logging.getLogger().addHandler(handler)
        yield server.mails
        logging.getLogger().removeHandler(handler)
        server.shutdown()


def test_an_alert_by_mail_has_the_traceback_and_no_secret(taken_over, mails):
    try:
        raise ValueError(f"refused {SECRET}")
    except ValueError:
        logging.getLogger("shop").exception("payment failed")
        discreet.get_logger("shop").exception("payment failed too", order=7)
    logging.getLogger("shop").warning("not an alert")
    first, second = mails
    for mail, message in ((first, "payment failed"), (second, "payment failed too")):
        assert message in mail
        assert "Traceback (most recent call last)" in mail
        assert "ValueError: refused [REDACTED:github-token]" in mail
        assert SECRET not in mail


DJANGO = """
import logging, sys
import django
from django.conf import settings
from django.core import mail
from django.http import HttpResponse
from django.urls import path


def pay(request):
    raise ValueError("refused")


settings.configure(
    SECRET_KEY="x", ROOT_URLCONF=__name__, ALLOWED_HOSTS=["*"], ADMINS=[("A", "a@x.test")] if django.VERSION < (6,) else ["a@x.test"],
    LOGGING_CONFIG=None,
    **({"MAILERS": {"default": {"BACKEND": "django.core.mail.backends.locmem.EmailBackend"}}}
       if hasattr(django.conf.global_settings, "MAILERS") else
       {"EMAIL_BACKEND": "django.core.mail.backends.locmem.EmailBackend"}),
)
urlpatterns = [path("pay/", pay)]
django.setup()
from django.utils.log import AdminEmailHandler

handler = AdminEmailHandler(include_html=True)
handler.setLevel("ERROR")
logging.getLogger("django").addHandler(handler)
import discreet

discreet.configure(format="json", service="s", environment="prod")
mail.outbox = []
from django.test import Client

Client(raise_request_exception=False).get("/pay/?q=1")
(message,) = mail.outbox
html = message.alternatives[0][0]
print(message.subject, file=sys.stderr)
print("view frame" if "in pay" in message.body or ", in pay" in html else "no frame", file=sys.stderr)
print("path" if "/pay/" in message.body else "no path", file=sys.stderr)
"""


def test_djangos_mail_to_admins_keeps_the_view_the_path_and_the_subject(python):
    done = python(DJANGO)
    said = done.err.decode()
    assert "ERROR" in said, said
    assert "/pay/" in said.splitlines()[-3]
    assert said.splitlines()[-2:] == ["view frame", "path"]
