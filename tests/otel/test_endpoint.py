"""What an endpoint that is none is refused with: the remedy, and nothing that could be a secret."""

from __future__ import annotations

import pytest

from discreet.errors import ConfigurationError
from discreet.otel import OTLP


@pytest.mark.parametrize("protocol", ["http/protobuf", "grpc"])
@pytest.mark.parametrize("scheme", ["ftp://", "http://", "https://", ""])
@pytest.mark.parametrize(
    "endpoint",
    [
        "one:two?three@host/",
        "one:two#three@host/",
        "one:two/three@host:wrong/",
        "one:1?two@host/",
        "one:1#two@host/",
        "one:1/two@host/",
        "one:two@three?four@host/",
        "one:two@host:wrong/?key=three",
        "host:wrong/?key=one@two",
        "host:wrong/?one#two",
    ],
)
def test_a_wrong_endpoint_is_refused_without_a_part_of_its_password_or_query(scheme, endpoint, protocol):
    with pytest.raises(ConfigurationError) as caught:
        OTLP(scheme + endpoint, protocol=protocol, environ={})
    for part in ("one", "two", "three", "four"):
        assert part not in f"{caught.value} {caught.value.value}"


@pytest.mark.parametrize(
    ("endpoint", "shown"),
    [
        ("ftp://host/logs", "'ftp://host/logs'"),
        ("ftp://me:word@host/logs?key=1", "'ftp://…@host/logs?…'"),
        ("ftp://me:wo?rd@host/logs", "'ftp://…'"),
        (" localhost:4318 ", "'localhost:4318'"),
    ],
)
def test_what_holds_no_secret_of_a_wrong_endpoint_is_shown(endpoint, shown):
    with pytest.raises(ConfigurationError) as caught:
        OTLP(endpoint, environ={})
    assert str(caught.value).startswith(f"endpoint={shown}: ")
