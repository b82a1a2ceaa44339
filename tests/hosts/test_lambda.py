"""In AWS Lambda: the real runtime client against a Runtime API on this machine."""

from __future__ import annotations

import http.server
import json
import os
import sys
import threading
from collections.abc import Callable
from typing import Any, NamedTuple

import pytest

from .. import waiting

SECRET = "gh" + "p_" + "a1B2" * 9
FUNCTION = """
import logging
import discreet
from discreet import log
{configure}
logger = logging.getLogger("shop")

def handler(event, context):
    if event.get("end"):
        raise SystemExit(0)
    log.info("own row")
    logger.info("their row")
    logger.warning("token %s", event["token"])
    if event.get("fail"):
        raise ValueError("it was " + event["token"])
    return "done"
"""
EVENTS: list[dict[str, object]] = [{"token": SECRET}, {"token": SECRET, "fail": True}, {"end": True}]


class Ended(NamedTuple):
    records: list[dict[str, Any]]
    text: str
    answers: list[str]


@pytest.fixture
def invoke(tmp_path) -> Callable[..., Ended]:
    """Run a function for some events, as Lambda does."""

    def run(configure: str, **environ: str) -> Ended:
        waiting_events = list(enumerate(EVENTS))
        answers: list[str] = []

        class RuntimeApi(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_args: object) -> None: ...

            def answer(self, code: int, body: bytes, **headers: str) -> None:
                self.send_response(code)
                for name, value in headers.items():
                    self.send_header(name.replace("_", "-"), value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def do_GET(self) -> None:
                number, event = waiting_events.pop(0)
                self.answer(
                    200,
                    json.dumps(event).encode(),
                    Content_Type="application/json",
                    Lambda_Runtime_Aws_Request_Id=f"invocation-{number}",
                    Lambda_Runtime_Deadline_Ms="99999999999999",
                    Lambda_Runtime_Invoked_Function_Arn="arn:aws:lambda:eu-west-1:000000000000:function:shop",
                )

            def do_POST(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length", 0)))
                answers.append(self.path.rpartition("/")[2])
                self.answer(202, b"{}")

        (tmp_path / "app.py").write_text(FUNCTION.format(configure=configure))
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), RuntimeApi)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            env = {
                **os.environ,
                "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{server.server_port}",
                "PYTHONPATH": str(tmp_path),
            }
            env |= {"AWS_LAMBDA_FUNCTION_NAME": "shop", "DISCREET_ENV": "prod", "DISCREET_FORMAT": "json", **environ}
            done = waiting.run([sys.executable, "-m", "awslambdaric", "app.handler"], env=env)
        finally:
            server.shutdown()
            server.server_close()
            thread.join()
        text = (done.stdout + done.stderr).decode()
        rows = [line for line in text.splitlines() if line.strip()]
        assert all(row.startswith("{") for row in rows), text
        return Ended(list(map(json.loads, rows)), text, answers)

    return run


@pytest.mark.parametrize("format_", ["Text", "JSON"])
@pytest.mark.parametrize("configure", ["", "discreet.configure()"], ids=["unconfigured", "configured"])
def test_each_record_comes_once_redacted_with_the_request_id_of_its_invocation(configure, format_, invoke):
    ended = invoke(configure, AWS_LAMBDA_LOG_FORMAT=format_)
    assert ended.answers == ["response", "error"]
    assert [(record["message"], record["request_id"]) for record in ended.records] == [
        ("own row", "invocation-0"),
        ("their row", "invocation-0"),
        ("token [REDACTED:github-token]", "invocation-0"),
        ("own row", "invocation-1"),
        ("their row", "invocation-1"),
        ("token [REDACTED:github-token]", "invocation-1"),
        ("uncaught exception in the function", "invocation-1"),
    ]
    assert ended.records[-1]["exception"]["type"] == "ValueError"
    assert ended.records[-1]["severity"] == "ERROR"
    assert SECRET not in ended.text


def test_a_function_that_cannot_be_imported_says_so_redacted(invoke):
    ended = invoke(f"discreet.configure(); raise OSError('token {SECRET}')")
    assert "OSError" in ended.text
    assert SECRET not in ended.text
