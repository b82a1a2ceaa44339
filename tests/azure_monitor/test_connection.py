from __future__ import annotations

import pytest

from discreet.azure.connection import GLOBAL_ENDPOINT, parse_connection_string
from discreet.errors import ConfigurationError

from .ingestion_server import KEY


def test_the_portals_connection_string_is_read():
    found = parse_connection_string(
        f"InstrumentationKey={KEY};IngestionEndpoint=https://westeurope-5.in.applicationinsights.azure.com/;"
        "LiveEndpoint=https://westeurope.livediagnostics.monitor.azure.com/;ApplicationId=1;AADAudience=https://monitor.azure.us/"
    )
    assert found.key.reveal() == KEY
    assert found.endpoint == "https://westeurope-5.in.applicationinsights.azure.com"
    assert found.audience == "https://monitor.azure.us/"


@pytest.mark.parametrize(
    ("text", "endpoint"),
    [
        (f"InstrumentationKey={KEY}", GLOBAL_ENDPOINT),
        (f"instrumentationkey={KEY.upper()};;", GLOBAL_ENDPOINT),
        (
            f'"InstrumentationKey={KEY};EndpointSuffix=ai.contoso.com;Location=westus2"',
            "https://westus2.dc.ai.contoso.com",
        ),
        (f"InstrumentationKey={KEY};EndpointSuffix=ai.contoso.com", "https://dc.ai.contoso.com"),
        (
            f"Authorization=ikey;InstrumentationKey={KEY};IngestionEndpoint=http://localhost:80/base/",
            "http://localhost:80/base",
        ),
        (f"InstrumentationKey={KEY};Unknown=a=b=", GLOBAL_ENDPOINT),
    ],
)
def test_forms_that_people_write_are_read(text, endpoint):
    assert parse_connection_string(text).endpoint == endpoint
    assert parse_connection_string(text).key.reveal() == KEY


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("InstrumentationKey", "no `=`"),
        ("IngestionEndpoint=https://a.b", "no InstrumentationKey"),
        ("InstrumentationKey=top5ecret", "no UUID"),
        (f"InstrumentationKey={KEY};Authorization=aad", "ikey"),
        (f"InstrumentationKey={KEY};IngestionEndpoint=ftp://a.b", "no https:// URL"),
        (f"InstrumentationKey={KEY};IngestionEndpoint=https://u:p@a.b", "more than a host"),
        (f"InstrumentationKey={KEY};IngestionEndpoint=https://a.b:port", "is no URL"),
        (f"InstrumentationKey={KEY};IngestionEndpoint=https://u:p@ss/x@a.b", "more than a host"),
        (f"InstrumentationKey={KEY};IngestionEndpoint=https://u:1/u:p@a.b", "more than a host"),
        (f"InstrumentationKey={KEY};IngestionEndpoint=https://u:x?u:p@a.b", "is no URL"),
    ],
)
def test_a_wrong_one_is_refused_with_the_remedy_and_without_showing_it(text, problem):
    with pytest.raises(ConfigurationError) as refused:
        parse_connection_string(text)
    told = str(refused.value)
    assert problem in told
    assert "APPLICATIONINSIGHTS_CONNECTION_STRING" in told
    assert KEY not in told
    assert "top5ecret" not in told
    assert "u:p@" not in told
