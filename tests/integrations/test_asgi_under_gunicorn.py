"""The ASGI middleware under gunicorn's own ASGI worker."""

from __future__ import annotations

import pytest


@pytest.fixture(scope="module")
def server(start_server):
    return start_server(
        "-m", "gunicorn", "shop_asgi:served", "-b", "127.0.0.1:0", "-k", "asgi",
        "--access-logfile", "-", "--no-control-socket",
    )  # fmt: skip


@pytest.mark.parametrize("path", ["/orders/3", "/boom", "/bare-boom"])
def test_gunicorn_repeats_neither_the_request_nor_its_exception(server, request_id, path):
    with server.listening() as lines:
        answer = server.client.get(path, headers={"x-request-id": request_id})
        server.about(request_id)
    assert answer.headers["x-request-id"] == request_id
    assert len([line for line in lines if request_id in line and '"http.server"' in line]) == 1
    assert len([line for line in lines if "Traceback" in line]) == (0 if path == "/orders/3" else 1)
    assert not [line for line in lines if '"gunicorn.' in line]
