"""What the service, its version and its host are called."""

from __future__ import annotations

import os
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from discreet._config.environment import host_name, resource_attributes, service_name, service_version

UNKNOWN = "unknown_service:python"


def name(argv, environ=None, module=None) -> str:
    spec = SimpleNamespace(name=module) if module else None
    return service_name(environ or {}, argv, SimpleNamespace(__spec__=spec))[0]


def test_the_variables_come_before_everything_else_in_their_order():
    sources = [
        ("DISCREET_SERVICE", "a"),
        ("OTEL_SERVICE_NAME", "b"),
        ("OTEL_RESOURCE_ATTRIBUTES", "service.name=c"),
        ("WEBSITE_SITE_NAME", "d"),
        ("CONTAINER_APP_NAME", "e"),
        ("K_SERVICE", "f"),
        ("AWS_LAMBDA_FUNCTION_NAME", "g"),
    ]
    while sources:
        found, reason = service_name(dict(sources), ["/srv/shop.py"], None)
        variable, value = sources.pop(0)
        assert found == value.rpartition("=")[2]
        assert variable in reason
    assert name(["/srv/shop.py"]) == "shop"


def test_an_empty_variable_is_not_set():
    assert name(["shop.py"], {"DISCREET_SERVICE": " ", "OTEL_SERVICE_NAME": ""}) == "shop"


def test_resource_attributes_are_percent_decoded():
    environ = {"OTEL_RESOURCE_ATTRIBUTES": "x=1, service.name = caf%C3%A9%20bar ,,broken,=y"}
    assert resource_attributes(environ) == {"x": "1", "service.name": "caf\xe9 bar"}
    assert name(["shop.py"], environ) == "caf\xe9 bar"


@pytest.mark.parametrize(
    ("module", "service"), [("shop.__main__", "shop"), ("shop", "shop"), ("shop.worker", "shop.worker")]
)
def test_python_m_names_the_module(module, service):
    assert name(["/srv/shop/__main__.py"], module=module) == service


@pytest.mark.parametrize(
    "program",
    ["shop.py", "/srv/shop.py", "./shop", "/usr/bin/shop", "C:\\apps\\shop.exe", "shop.pyz", "/srv/shop/__main__.py"],
)
def test_a_script_names_itself(program):
    assert name([program]) == "shop"


def test_a_directory_that_is_run_names_itself():
    assert name(["/srv/shop/"], module="__main__") == "shop"


@pytest.mark.parametrize(
    "command",
    [
        "uvicorn shop.api:app",
        "/usr/local/bin/uvicorn --host 0.0.0.0 --port 8000 shop.api:app --reload",
        "uvicorn --factory shop.api:create_app",
        "gunicorn -w 4 --bind 0.0.0.0:8000 shop.wsgi:application",
        "gunicorn --bind unix:socket -k uvicorn.workers.UvicornWorker shop.wsgi:app",
        "gunicorn -c gunicorn.conf.py shop.wsgi",
        "gunicorn --config python:settings shop:create_app()",
        "hypercorn shop:app",
        "celery -A shop.tasks worker --loglevel=info",
        "celery --app=shop worker",
        "flask --app shop run",
        "flask --app=shop.web:create_app run",
        "fastapi run /srv/shop.py",
        "streamlit run shop.py",
        "coverage run -m shop.worker",
        "torchrun --nproc-per-node=2 shop.py",
    ],
)
def test_a_server_is_named_by_its_application(command):
    assert name(command.split()) == "shop"


def test_a_server_started_by_python_m_is_named_by_its_application():
    assert name(["/lib/uvicorn/__main__.py", "shop.api:app"], module="uvicorn.__main__") == "shop"


def test_django_is_named_by_its_settings():
    assert name(["manage.py", "runserver"], {"DJANGO_SETTINGS_MODULE": "shop.settings"}) == "shop"


@pytest.mark.parametrize(
    "command", ["uvicorn", "gunicorn --reload", "coverage run -m pytest -q", "celery worker", "manage.py x"]
)
def test_a_server_without_an_application_is_unknown(command):
    assert name(command.split()) == UNKNOWN


@pytest.mark.parametrize(
    "command", ["pytest tests/test_shop.py -k shop.api", "/usr/bin/pytest -m slow shop.py", "tox -e a.b"]
)
def test_a_test_runner_is_unknown(command):
    assert name(command.split(), {"DJANGO_SETTINGS_MODULE": "shop.settings"}) == UNKNOWN


@pytest.mark.parametrize("argv", [[], [""], ["-c"], ["-"]])
def test_without_a_program_the_name_is_opentelemetrys_for_unknown(argv):
    assert name(argv) == UNKNOWN


def test_a_name_that_was_not_told_says_how_to_tell_it():
    assert "DISCREET_SERVICE" in service_name({}, ["pytest"], None)[1]
    assert "DISCREET_SERVICE" in service_name({}, [], None)[1]


@given(st.lists(st.text()), st.text() | st.none())
def test_any_command_line_has_a_name_and_a_reason(argv, module):
    found, reason = service_name({}, argv, SimpleNamespace(__spec__=SimpleNamespace(name=module)))
    assert found
    assert reason


def test_the_versions_variables_are_read_in_their_order():
    sources = [
        ("DISCREET_VERSION", "1"),
        ("OTEL_RESOURCE_ATTRIBUTES", "service.version=2"),
        ("APP_VERSION", "3"),
        ("CONTAINER_APP_REVISION", "4"),
        ("K_REVISION", "5"),
        ("GIT_COMMIT", "6"),
    ]
    while sources:
        found = service_version(dict(sources))
        variable, value = sources.pop(0)
        assert found is not None
        assert found[0] == value.rpartition("=")[2]
        assert variable in found[1]
    assert service_version({}) is None


@pytest.mark.skipif(not hasattr(os, "uname"), reason="the name comes from uname")
def test_the_host_has_the_name_the_system_gives_it():
    assert host_name() == os.uname().nodename


def test_without_uname_the_host_is_named_by_its_variable(monkeypatch):
    monkeypatch.delattr(os, "uname", raising=False)
    monkeypatch.setenv("COMPUTERNAME", "BOX")
    assert host_name() == "BOX"
    monkeypatch.delenv("COMPUTERNAME")
    assert host_name() is None
