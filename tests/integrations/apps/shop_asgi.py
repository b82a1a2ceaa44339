"""The ASGI application that real servers serve in these tests."""

from __future__ import annotations

import asyncio
import logging

from fastapi import BackgroundTasks, FastAPI, HTTPException, Request, WebSocket
from fastapi.responses import StreamingResponse

import discreet
from discreet._context.ambient import current
from discreet.integrations.asgi import ASGIMiddleware

discreet.configure()
log = discreet.get_logger("shop")
app = FastAPI()


@app.get("/orders/{order_id}")
async def order(order_id: int):
    logging.getLogger("third.party").warning("looked up")
    return {"order": order_id}


@app.get("/threaded/{order_id}")
def threaded(order_id: int):
    log.info("in a worker thread")
    return {"order": order_id}


@app.get("/boom")
async def boom():
    raise ValueError("boom")


@app.get("/missing")
async def missing():
    raise HTTPException(404)


@app.post("/upload")
async def upload(request: Request):
    discreet.bind_context(uploading=True)
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
    log.info("uploaded")
    return {"size": size, **ambient()}


@app.get("/context")
async def context():
    log.info("asked")
    return ambient()


def ambient():
    here = current.get()
    return {"fields": dict(here.fields), "request_id": here.request_id, "trace_id": here.span.trace_id}


@app.get("/stream")
async def stream():
    async def chunks():
        for number in range(3):
            log.info("chunk", number=number)
            yield b"x"

    return StreamingResponse(chunks())


@app.get("/stream-boom")
async def stream_boom():
    async def chunks():
        yield b"x"
        raise ValueError("in the middle")

    return StreamingResponse(chunks())


@app.get("/endless")
async def endless():
    async def chunks():
        while True:
            yield b"x" * 1000
            await asyncio.sleep(0.001)

    return StreamingResponse(chunks())


@app.get("/background")
async def background(tasks: BackgroundTasks):
    tasks.add_task(log.info, "in the background")
    return {}


@app.get("/background-boom")
async def background_boom(tasks: BackgroundTasks):
    async def fail():
        raise ValueError("after the response")

    tasks.add_task(fail)
    return {}


@app.websocket("/rooms/{room}")
async def room(websocket: WebSocket, room: str):
    await websocket.accept()
    log.info("joined")
    while True:
        text = await websocket.receive_text()
        if text == "boom":
            raise ValueError("boom")
        if text == "bye":
            await websocket.close(4001)
            return
        await websocket.send_text(text)


@app.websocket("/closed")
async def closed(websocket: WebSocket):
    await websocket.close()


async def bare(scope, receive, send):
    """No framework: nothing answers for an exception but the server."""
    if scope["type"] == "http" and scope["path"] == "/bare-boom":
        raise ValueError("bare")
    if scope["type"] == "http" and scope["path"] == "/silent":
        return
    await app(scope, receive, send)


served = ASGIMiddleware(bare, quiet={"/health"})
