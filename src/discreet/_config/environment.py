"""Where this process runs (development, CI or production; which CI; which cloud), and what its service is called.

Every result comes with its reason, a sentence that names what decided, for `discreet doctor`. Only environment
variables, the terminal and two marker files are read: no network, and nothing at import.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Literal, NamedTuple

from discreet._base.lazy_pattern import lazy_pattern
from discreet._context.baggage import percent_decode

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Mapping, Sequence

_FALSE = frozenset({"", "0", "false", "no", "off"})
_DEVELOPMENT = frozenset({"dev", "development", "local"})
_CANONICAL = {"dev": "development", "prod": "production", "ci": "ci"}

_OTHER_CI = (
    "JENKINS_URL", "HUDSON_URL", "BUILDKITE", "CIRCLECI", "TRAVIS", "TEAMCITY_VERSION", "BITBUCKET_BUILD_NUMBER",
    "APPVEYOR", "CODEBUILD_BUILD_ID", "CIRRUS_CI", "DRONE", "SEMAPHORE", "bamboo_buildKey", "CI",
)  # fmt: skip
# The first that is set names the CI. Those with annotations of their own come first, the general `CI` last.
_CI = (
    ("GITHUB_ACTIONS", "github"),  # Gitea and Forgejo set it too and read the same annotations
    ("TF_BUILD", "azure"),
    ("GITLAB_CI", "gitlab"),
    *((name, "other") for name in _OTHER_CI),
)

# The first that is set names the host: the special before the general (Functions run on App Service,
# Container Apps and Knative run on Kubernetes).
_CLOUD = (
    ("FUNCTIONS_WORKER_RUNTIME", "azure-functions"),
    ("CONTAINER_APP_NAME", "azure-container-apps"),
    ("CONTAINER_APP_JOB_NAME", "azure-container-apps"),
    ("AZUREML_RUN_ID", "azure-ml"),
    ("WEBSITE_SITE_NAME", "azure-app-service"),
    ("AWS_LAMBDA_FUNCTION_NAME", "aws-lambda"),
    ("ECS_CONTAINER_METADATA_URI_V4", "aws-ecs"),
    ("K_SERVICE", "cloud-run"),
    ("CLOUD_RUN_JOB", "cloud-run"),
    ("DATABRICKS_RUNTIME_VERSION", "databricks"),
    ("DYNO", "heroku"),
    ("KUBERNETES_SERVICE_HOST", "kubernetes"),
)
_CONTAINER_FILES = (("/.dockerenv", "docker"), ("/run/.containerenv", "podman"))

# Tools that run a cloud's worker on a laptop set the cloud's own variables, and one of these.
_EMULATORS = (("AZURE_FUNCTIONS_ENVIRONMENT", "development"), ("AWS_SAM_LOCAL", "true"))

_WORDS = {"stdout": "standard output", "stderr": "standard error"}


class Environment(NamedTuple):
    """Where this process runs, how discreet behaves there, and why."""

    profile: str
    """How to behave: "dev", "ci" or "prod"."""
    name: str
    """What records say in `environment`: the user's own word, otherwise development, ci or production."""
    reason: str
    """A sentence naming what decided the profile."""
    ci: str | None = None
    """None, "github", "azure", "gitlab" or "other"."""
    cloud: str | None = None
    """None, "kubernetes", "azure-functions", "aws-lambda", ..., or just "docker" or "podman"."""
    notebook: bool = False
    """Whether this is a notebook's kernel."""


def detect(
    environ: Mapping[str, str],
    *,
    stdout_isatty: bool,
    stderr_isatty: bool = False,
    stream: Literal["stdout", "stderr"] = "stdout",
    modules: Container[str] | None = None,
    exists: Callable[[str], bool] = os.path.exists,
) -> Environment:
    """Decide the profile. The first that applies: `DISCREET_ENV`, a CI, a terminal or notebook, otherwise production.

    `DISCREET_ENV` dev, development or local means dev; ci means ci; any other name (staging, test, ...) means
    prod, because others read what a named deployment logs. The name is kept as it was written, except that dev and
    prod become development and production.

    `stream`, which gets the records, must be the terminal: where it is redirected, a program reads the lines.
    A terminal inside a container (`docker run -it`, `kubectl exec`) is dev as well, since a person reads what is
    shown there; on a cloud host its records still say production, like those of the service beside it.
    `deployment.environment.name` in `OTEL_RESOURCE_ATTRIBUTES` gives the name, never the profile.
    """
    ci_variable, ci = _first(environ, _CI)
    cloud_variable, cloud = _first(environ, _CLOUD)
    container, engine = next(((path, kind) for path, kind in _CONTAINER_FILES if exists(path)), ("", None))
    notebook = "ipykernel.kernelapp" in (sys.modules if modules is None else modules)
    emulator = next((name for name, value in _EMULATORS if _text(environ, name).lower() == value), "")
    chosen = _text(environ, "DISCREET_ENV")

    profile = "dev"
    if chosen:
        lowered = chosen.lower()
        profile = "dev" if lowered in _DEVELOPMENT else "ci" if lowered == "ci" else "prod"
        reason = f"DISCREET_ENV is set to {chosen!r}"
    elif ci:
        profile, reason = "ci", f"{ci_variable} is set, so this is a CI job"
    elif notebook:
        reason = "ipykernel runs this process, so this is a notebook"
    elif stderr_isatty if stream == "stderr" else stdout_isatty:
        reason = f"{_WORDS[stream]} is a terminal"
    elif emulator:
        reason = f"{emulator} is set to {environ[emulator]!r}, so this is a cloud emulated on a developer's machine"
    elif cloud_variable:
        profile, reason = "prod", f"{cloud_variable} is set, so this runs on {cloud}"
    elif container:
        profile, reason = "prod", f"{container} exists, so this runs in a container"
    else:
        other = "stdout" if stream == "stderr" else "stderr"
        other_isatty = stdout_isatty if stream == "stderr" else stderr_isatty
        also = f" ({_WORDS[other]} is one, but records are not read there)" if other_isatty else ""
        profile, reason = "prod", f"{_WORDS[stream]} is not a terminal{also}, and no CI or cloud variable is set"

    attributes = resource_attributes(environ)
    declared = attributes.get("deployment.environment.name") or attributes.get("deployment.environment")
    detected = {"dev": "production" if cloud_variable and not emulator else "development", "ci": "ci"}
    name = _CANONICAL.get(chosen.lower(), chosen) or declared or detected.get(profile, "production")
    return Environment(profile, name, reason, ci, cloud or engine, notebook)


def _first(environ: Mapping[str, str], table: Sequence[tuple[str, str]]) -> tuple[str, str | None]:
    return next((row for row in table if _text(environ, row[0]).lower() not in _FALSE), ("", None))


def _text(environ: Mapping[str, str], name: str) -> str:
    return environ.get(name, "").strip()


def resource_attributes(environ: Mapping[str, str]) -> dict[str, str]:
    """`OTEL_RESOURCE_ATTRIBUTES` as OpenTelemetry defines it: `key=value` pairs, comma-separated, percent-encoded."""
    attributes: dict[str, str] = {}
    for pair in environ.get("OTEL_RESOURCE_ATTRIBUTES", "").split(","):
        key, equals, value = pair.partition("=")
        if equals and key.strip():
            attributes[percent_decode(key.strip())] = percent_decode(value.strip())
    return attributes


def host_name() -> str | None:
    """This machine's name, found without a socket or the network; None if it has none."""
    name = os.uname().nodename if hasattr(os, "uname") else _text(os.environ, "COMPUTERNAME")
    return name or None


_SHELL_LOGGERS = (
    "IPython", "asyncio", "comm", "debugpy", "ipykernel", "jedi", "jupyter_client", "parso", "prompt_toolkit",
    "stack_data", "tornado", "traitlets", "zmq",
)  # fmt: skip


def shell_loggers() -> tuple[str, ...]:
    """The loggers of what runs this notebook or IPython prompt, none in any other process.

    They repeat each cell, and what comes and goes between it and the browser, below WARNING.
    """
    get_shell = getattr(sys.modules.get("IPython"), "get_ipython", None)
    if get_shell is None or get_shell() is None:
        return ()
    application = getattr(sys.modules.get("traitlets.config.application"), "Application", None)
    own = (application.instance().log.name,) if application is not None and application.initialized() else ()
    return (*own, *_SHELL_LOGGERS)  # the kernel's logger has the name of its class: IPKernelApp, SpyderKernelApp


_SERVICE_VARIABLES = (
    "WEBSITE_SITE_NAME", "CONTAINER_APP_NAME", "CONTAINER_APP_JOB_NAME", "K_SERVICE", "CLOUD_RUN_JOB",
    "AWS_LAMBDA_FUNCTION_NAME",
)  # fmt: skip
_VERSION_VARIABLES = (
    "SERVICE_VERSION", "APP_VERSION", "CONTAINER_APP_REVISION", "K_REVISION", "AWS_LAMBDA_FUNCTION_VERSION",
    "HEROKU_RELEASE_VERSION", "GIT_COMMIT", "GIT_SHA",
)  # fmt: skip

# Programs that run an application: under their own name all services would have the same name.
_SERVERS = frozenset({
    "uvicorn", "gunicorn", "hypercorn", "granian", "daphne", "waitress-serve", "waitress", "uwsgi", "fastapi", "flask",
    "celery", "rq", "dramatiq", "arq", "streamlit",
})  # fmt: skip
_RUNNERS = _SERVERS | {
    "torchrun", "accelerate", "manage", "django-admin", "discreet", "ipykernel_launcher", "ipykernel", "ipython",
    "jupyter", "coverage", "debugpy",
}  # fmt: skip
_TEST_RUNNERS = frozenset({"pytest", "py.test", "unittest", "nox", "tox"})
# `-k uvicorn.workers.UvicornWorker`, `coverage run -m pytest`, `-c python:settings`, `--bind unix:socket`
_NO_APPLICATIONS = _RUNNERS | _TEST_RUNNERS | {"python", "unix"}
_APPLICATION = lazy_pattern(r"(?a)([A-Za-z_]\w*)(?:\.\w+)*:[A-Za-z_]\w*(?:\(.*\))?")  # shop.api:app
_MODULE = lazy_pattern(r"(?a)([A-Za-z_]\w*)(?:\.[A-Za-z_]\w*)*")  # shop.api
_PROGRAM_ENDING = lazy_pattern(r"\.(py|pyw|pyc|pyz|exe)$")
_APPLICATION_OPTIONS = ("-A", "--app", "-m", "--module")
_UNKNOWN_SERVICE = "unknown_service:python"


def service_version(environ: Mapping[str, str]) -> tuple[str, str] | None:
    """The version that runs, and the reason; None where it is not known.

    The first that is set: `DISCREET_VERSION`, `service.version` in `OTEL_RESOURCE_ATTRIBUTES`, a usual variable.
    """
    return _from_variables(environ, ("DISCREET_VERSION",), "service.version", _VERSION_VARIABLES)


def service_name(environ: Mapping[str, str], argv: Sequence[str], main_module: object) -> tuple[str, str]:
    """What this service is called and the reason, a sentence.

    The first that is known: `DISCREET_SERVICE`, `OTEL_SERVICE_NAME`, `service.name` in
    `OTEL_RESOURCE_ATTRIBUTES`, the cloud's name for it, the module of `python -m`, the application given to a
    server (`uvicorn shop.api:app` is shop), the script. Otherwise `unknown_service:python`, as OpenTelemetry says.
    `argv` is `sys.argv`, `main_module` is `sys.modules["__main__"]`.
    """
    given = given_service_name(environ)
    if given:
        return given
    module, program = _module_of(main_module), _stem(argv[0]) if argv else ""
    runner = module.partition(".")[0] if module else program
    if runner in _RUNNERS or runner in _TEST_RUNNERS:
        application = "" if runner in _TEST_RUNNERS else _application(argv[1:])
        settings = _MODULE.fullmatch(_text(environ, "DJANGO_SETTINGS_MODULE"))
        if application:
            return application, f"the application given to {runner}"
        if settings and runner not in _TEST_RUNNERS:
            return settings[1], "DJANGO_SETTINGS_MODULE is set"
        return _UNKNOWN_SERVICE, f"{runner} is not a service's name and no application is given; set DISCREET_SERVICE"
    if module:
        return module, f"the module of python -m {module}"
    if program not in ("", "-", "-c"):
        return program, f"the name of the program {argv[0]!r}"
    return _UNKNOWN_SERVICE, "there is no program name; set DISCREET_SERVICE"


def is_server(argv: Sequence[str], main_module: object) -> bool:
    """Whether this process is a server or a worker that runs an application, as its command line tells."""
    module = _module_of(main_module)
    return (module.partition(".")[0] if module else _stem(argv[0]) if argv else "") in _SERVERS


def _module_of(main_module: object) -> str:
    """The module of `python -m`, else nothing."""
    name = getattr(getattr(main_module, "__spec__", None), "name", None)
    # A directory or zip file that is run has a bare `__main__`; then its path, in argv, has the name.
    return name.removesuffix(".__main__") if isinstance(name, str) and name != "__main__" else ""


def given_service_name(environ: Mapping[str, str]) -> tuple[str, str] | None:
    """The service's name where a variable gives it one, and the reason; None where it can only be guessed."""
    return _from_variables(environ, ("DISCREET_SERVICE", "OTEL_SERVICE_NAME"), "service.name", _SERVICE_VARIABLES)


def _from_variables(
    environ: Mapping[str, str], own: Sequence[str], attribute: str, others: Sequence[str]
) -> tuple[str, str] | None:
    """The first that is set: discreet's own variables, an attribute of the resource, variables of others."""
    sources = [(_text(environ, name), f"{name} is set") for name in own]
    sources += [(resource_attributes(environ).get(attribute, ""), f"OTEL_RESOURCE_ATTRIBUTES has {attribute}")]
    sources += [(_text(environ, name), f"{name} is set") for name in others]
    return next((source for source in sources if source[0]), None)


def _stem(path: str) -> str:
    """The name of a program or script: the file's without its ending, or the directory's for a `__main__.py`."""
    parts = path.replace("\\", "/").rstrip("/").split("/")
    if parts[-1] == "__main__.py":
        parts.pop()
    name = parts[-1] if parts else ""
    return _PROGRAM_ENDING.sub("", name)


def _application(arguments: Sequence[str]) -> str:
    """The top package of the application among a server's arguments, empty if there is none."""
    words = [word for argument in arguments for word in argument.split("=", 1 if argument.startswith("-") else 0)]
    for word in words:
        match = _APPLICATION.fullmatch(word)
        if match and match[1] not in _NO_APPLICATIONS:
            return match[1]
    for before, word in zip(["", *words], words, strict=False):
        free = not before.startswith("-")  # otherwise it may be some option's value, `-c gunicorn.conf.py`
        if free and word.endswith(".py") and not word.startswith("-"):
            return _stem(word)
        match = _MODULE.fullmatch(word)
        if match and match[1] not in _NO_APPLICATIONS and (before in _APPLICATION_OPTIONS or (free and "." in word)):
            return match[1]
    return ""
