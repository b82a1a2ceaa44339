"""OTLP/HTTP: one POST per batch, as protobuf or as JSON."""

from __future__ import annotations

import gzip as gzip_module
from typing import TYPE_CHECKING

from discreet._delivery.export.http import Http as Client
from discreet.otel.protobuf import json_request, request
from discreet.otel.response import of_http

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from discreet._delivery.export.sink import Result
    from discreet.otel.endpoint import Endpoint, Tls

_LEVEL = 4  # zlib's fastest level makes a tenth more bytes, its default level takes twice as long


class Http:
    """Requests to one receiver over one connection."""

    def __init__(
        self, endpoint: Endpoint, tls: Tls, headers: Mapping[str, str], *, gzip: bool, json: bool, agent: str
    ) -> None:
        self._url = endpoint.target
        self._gzip = gzip
        self._json = json
        self._headers = {
            "user-agent": agent,
            **headers,
            "content-type": "application/json" if json else "application/x-protobuf",
        }
        if gzip:
            self._headers["content-encoding"] = "gzip"
        self._client = Client(
            ca_file=tls.certificate, client_certificate=tls.client_certificate, client_key=tls.client_key
        )

    def send(self, batch: Sequence[bytes], timeout: float) -> Result:
        """One attempt. Raises `OSError` where there was no answer."""
        body = json_request(batch) if self._json else request(batch)
        if self._gzip:
            body = gzip_module.compress(body, _LEVEL, mtime=0)
        answer = self._client.post(self._url, body, self._headers, timeout)
        return of_http(answer.status, answer.headers.get("retry-after"), answer.body, batch, json=self._json)

    def disconnect(self) -> None:
        """Drop the connection."""
        self._client.disconnect()
