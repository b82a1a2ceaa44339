"""The WSGI application that real servers serve in these tests."""

from __future__ import annotations

import io
import logging
import os

from flask import Flask, Response, request, send_file, stream_with_context

import discreet
from discreet._context.ambient import current
from discreet.integrations.flask import instrument

discreet.configure()
log = discreet.get_logger("shop")
app = Flask(__name__)
instrument(app)


@app.get("/orders/<int:order_id>")
def order(order_id):
    logging.getLogger("third.party").warning("looked up")
    return {"order": order_id}


@app.get("/boom")
def boom():
    raise ValueError("boom")


@app.get("/context")
def context():
    here = current.get()
    before = dict(here.fields)
    discreet.bind_context(leaked=True)
    return {"fields": before, "request_id": here.request_id, "trace_id": here.span.trace_id}


@app.get("/stream")
def stream():
    @stream_with_context
    def chunks():
        for number in range(3):
            log.info("chunk", number=number, path=request.path)
            yield b"x"

    return Response(chunks())


@app.get("/stream-boom")
def stream_boom():
    def chunks():
        yield b"x"
        raise ValueError("in the middle")

    return Response(chunks())


@app.get("/file")
def file():
    return send_file(os.path.abspath(__file__))


@app.get("/memory-file")
def memory_file():
    return send_file(io.BytesIO(b"in memory"), mimetype="text/plain")


def served(environ, start_response):
    """No framework above: nothing answers for an exception but the server."""
    return app.wsgi_app(environ, start_response)
