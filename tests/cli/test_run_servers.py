"""`discreet run` and web servers: every line a record, no line twice, ids on every request, no change of code."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from ..waiting import HANG
from .conftest import Server

Serve = Callable[..., Server]

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="gunicorn needs POSIX")

STARLETTE = """
import logging
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

async def hello(request):
    logging.getLogger("app").info("inside")
    return PlainTextResponse("hi")

async def fail(request):
    raise ValueError("boom")

app = Starlette(routes=[Route("/hello", hello), Route("/fail", fail)])
"""

FLASK = """
import logging
from flask import Flask

app = Flask(__name__)

@app.get("/hello")
def hello():
    logging.getLogger("app").info("inside")
    return "hi"

@app.get("/fail")
def fail():
    raise ValueError("boom")
"""

UVICORN = ("uvicorn", "--port", "0", "app:app")
GUNICORN = ("gunicorn", "--bind", "127.0.0.1:0", "app:app")


def asked(server: Server) -> tuple[list[httpx.Response], list[dict[str, Any]]]:
    headers = {"x-request-id": "from-the-client", "traceparent": f"00-{'ab' * 16}-{'cd' * 8}-01"}
    with httpx.Client(base_url=server.url, timeout=HANG) as client:
        responses = [client.get("/hello?token=" + "s3cr3t" * 4, headers=headers), client.get("/fail")]
    return responses, server.stop()


def requests_of(records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [record for record in records if record.get("span_kind") == "server"]


@pytest.mark.parametrize(
    ("app", "command"),
    [
        pytest.param(STARLETTE, UVICORN, id="uvicorn"),
        pytest.param(STARLETTE, (*UVICORN, "--proxy-headers"), id="uvicorn behind a proxy"),
        pytest.param(STARLETTE, (*UVICORN, "--no-proxy-headers"), id="uvicorn without proxies"),
        pytest.param(FLASK, GUNICORN, id="gunicorn"),
        pytest.param(FLASK, (*GUNICORN, "--threads", "2", "--access-logfile", "-"), id="gunicorn with threads"),
        pytest.param(FLASK, (*GUNICORN, "--preload"), id="gunicorn preloading"),
    ],
)
def test_each_request_has_one_record_and_ids(serve: Serve, tmp_path: Path, app: str, command: tuple[str, ...]) -> None:
    (tmp_path / "app.py").write_text(app)
    (hello, fail), records = asked(serve(*command))

    assert (hello.status_code, fail.status_code) == (200, 500)
    assert hello.headers["x-request-id"] == "from-the-client"
    first, second = requests_of(records)
    assert (first["request_id"], first["trace_id"], first["parent_span_id"]) == (
        "from-the-client",
        "ab" * 16,
        "cd" * 8,
    )
    assert second["request_id"] == fail.headers["x-request-id"]
    assert second["http.response.status_code"] == 500
    (inside,) = [record for record in records if record["message"] == "inside"]
    assert (inside["request_id"], inside["span_id"]) == ("from-the-client", first["span_id"])
    # The exception stands in one record, and no server writes an access row beside it.
    assert [record["exception"]["type"] for record in records if "exception" in record] == ["ValueError"]
    assert not [record for record in records if record["logger"] in ("uvicorn.access", "gunicorn.access")]
    twice = [key for key, n in Counter((r["timestamp"], r["message"], r["process"]) for r in records).items() if n > 1]
    assert twice == []


def test_an_application_that_has_the_middleware_is_not_wrapped_again(serve: Serve, tmp_path: Path) -> None:
    wrapped = "from discreet.integrations.asgi import ASGIMiddleware\napp = ASGIMiddleware(app, quiet=('/hello',))\n"
    (tmp_path / "app.py").write_text(STARLETTE + wrapped)
    _, records = asked(serve(*UVICORN))
    assert [record["http.response.status_code"] for record in requests_of(records)] == [500]  # /hello is quiet


def test_a_plain_wsgi_application_is_wrapped_too(serve: Serve, tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(
        "def app(environ, start_response):\n"
        "    start_response('200 OK', [('content-type', 'text/plain')])\n"
        "    if environ['PATH_INFO'] == '/fail':\n"
        "        raise ValueError('boom')\n"
        "    return [b'hi']\n"
    )
    (hello, _), records = asked(serve(*GUNICORN))
    assert hello.headers["x-request-id"] == "from-the-client"
    assert len(requests_of(records)) == 2


def test_an_asgi_application_under_gunicorn_is_wrapped_once(serve: Serve, tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(STARLETTE)
    server = serve("gunicorn", "--bind", "127.0.0.1:0", "-k", "uvicorn.workers.UvicornWorker", "app:app")
    (hello, _), records = asked(server)
    assert hello.headers["x-request-id"] == "from-the-client"
    assert len(requests_of(records)) == 2
