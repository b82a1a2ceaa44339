"""The resource attributes of this process, from the environment, /proc and a few files. Nothing asks the network.

Names and values follow OpenTelemetry's semantic conventions. Azure's services and CI systems set variables for their
programs, which give attributes too (`cloud.*`, `faas.*`, `cicd.*`).
Attributes that the user gives (`OTEL_RESOURCE_ATTRIBUTES`, `OTLP(resource=...)`) win over those that are found.
"""

from __future__ import annotations

import os
import platform
import re
import sys
import uuid
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING

from discreet._base.version import __version__
from discreet._config.environment import resource_attributes
from discreet._encoding.schemas.otel import OtelEncoder
from discreet.otel.settings import limits

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from discreet._record import Encoder, Identity, Plain
    from discreet._redaction.redactor import Redactor

_ROOT = Path("/")

# Attributes and the variables that hold their values, for each system that runs the process.
_APP_SERVICE = {
    "cloud.region": "REGION_NAME",
    "service.name": "WEBSITE_SITE_NAME",
    "service.instance.id": "WEBSITE_INSTANCE_ID",
    "host.id": "WEBSITE_HOSTNAME",
    "azure.app.service.slot": "WEBSITE_SLOT_NAME",
    "azure.app.service.stamp": "WEBSITE_HOME_STAMPNAME",
    "azure.resource_group.name": "WEBSITE_RESOURCE_GROUP",
}
_MACHINE_LEARNING = {  # the conventions have no names for a run, so these are the platform's own
    "cloud.account.id": "AZUREML_ARM_SUBSCRIPTION",
    "azure.resource_group.name": "AZUREML_ARM_RESOURCEGROUP",
    "azureml.run.id": "AZUREML_RUN_ID",
    "azureml.experiment.id": "AZUREML_EXPERIMENT_ID",
    "azureml.workspace.name": "AZUREML_ARM_WORKSPACE_NAME",
}
_CI_SYSTEMS = {  # by a variable that only this system sets
    "TF_BUILD": {
        "cicd.pipeline.name": "BUILD_DEFINITIONNAME",
        "cicd.pipeline.run.id": "BUILD_BUILDID",
        "cicd.pipeline.task.name": "SYSTEM_JOBDISPLAYNAME",
        "cicd.pipeline.task.run.id": "SYSTEM_JOBID",
        "cicd.worker.name": "AGENT_NAME",
        "cicd.worker.id": "AGENT_ID",
        "vcs.ref.head.name": "BUILD_SOURCEBRANCHNAME",
        "vcs.ref.head.revision": "BUILD_SOURCEVERSION",
    },
    "GITHUB_ACTIONS": {
        "cicd.pipeline.name": "GITHUB_WORKFLOW",
        "cicd.pipeline.run.id": "GITHUB_RUN_ID",
        "cicd.pipeline.task.name": "GITHUB_JOB",
        "cicd.worker.name": "RUNNER_NAME",
        "vcs.ref.head.name": "GITHUB_REF_NAME",
        "vcs.ref.head.revision": "GITHUB_SHA",
    },
    "GITLAB_CI": {
        "cicd.pipeline.name": "CI_PIPELINE_NAME",
        "cicd.pipeline.run.id": "CI_PIPELINE_ID",
        "cicd.pipeline.run.url.full": "CI_PIPELINE_URL",
        "cicd.pipeline.task.name": "CI_JOB_NAME",
        "cicd.pipeline.task.run.id": "CI_JOB_ID",
        "cicd.pipeline.task.run.url.full": "CI_JOB_URL",
        "cicd.worker.name": "CI_RUNNER_DESCRIPTION",
        "cicd.worker.id": "CI_RUNNER_ID",
        "vcs.repository.url.full": "CI_PROJECT_URL",
        "vcs.ref.head.name": "CI_COMMIT_REF_NAME",
        "vcs.ref.head.revision": "CI_COMMIT_SHA",
    },
}

_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64", "i386": "x86", "i686": "x86"}
_CONTAINER_ID = re.compile(r"(?:^|[/:\-])([0-9a-f]{64})(?:\.scope)?(?:$|/)")
_MOUNTED_FOR = re.compile(r"/(?:containers|overlay-containers)/([0-9a-f]{64})/")
_POD_ID = re.compile(r"pod([0-9a-f]{8}[-_][0-9a-f]{4}[-_][0-9a-f]{4}[-_][0-9a-f]{4}[-_][0-9a-f]{12})")


class Resource:
    """The redacted resource attributes for an identity; they are detected once per process, and again after a fork."""

    def __init__(
        self, environ: Mapping[str, str], redactor: Redactor, given: Mapping[str, object] | None = None
    ) -> None:
        self._environ = dict(environ)
        self._redactor = redactor
        self._given = dict(given or {})
        self._detected: tuple[int, dict[str, Plain]] | None = None

    def __call__(self, identity: Identity) -> dict[str, Plain]:
        """All attributes; those given in code win over the others."""
        pid = os.getpid()
        if self._detected is None or self._detected[0] != pid:
            self._detected = (pid, detect(self._environ, identity))
        return self._redactor.fields({**self._detected[1], **self._given})


def file_encoder(redactor: Redactor) -> Encoder:
    """The encoder for `format="otel"`; the resource and the limits come from the environment."""
    return OtelEncoder(Resource(os.environ, redactor), limits(os.environ))


def detect(environ: Mapping[str, str], identity: Identity, *, root: Path = _ROOT) -> dict[str, Plain]:
    """All that the environment and local files say about this process. Not yet redacted."""
    executable = sys.executable or ""
    machine = platform.machine().lower()
    found: dict[str, Plain] = {
        "telemetry.sdk.name": "discreet",
        "telemetry.sdk.language": "python",
        "telemetry.sdk.version": __version__,
        "service.instance.id": str(uuid.uuid4()),  # each process is an instance: workers of one server differ
        "process.pid": os.getpid() if identity.process is None else identity.process,
        "process.runtime.name": sys.implementation.name,
        "process.runtime.version": platform.python_version(),
        "process.executable.name": os.path.basename(executable),
        "process.executable.path": executable,
        "process.command": sys.argv[0] if sys.argv else "",  # not its arguments: programs are given secrets there
        "process.creation.time": _created(root),
        "os.type": {"win32": "windows"}.get(sys.platform, sys.platform),
        "host.name": identity.host,
        "host.arch": _ARCHITECTURES.get(machine, machine),
        "container.id": _container_id(root),
        **(_kubernetes(environ, root) if environ.get("KUBERNETES_SERVICE_HOST") else {}),
    }
    of_user: dict[str, Plain] = {
        "service.name": identity.service,
        "service.version": identity.version,
        "deployment.environment.name": identity.environment,
    }
    found = {key: value for key, value in found.items() if value not in ("", None)}
    found.update(host_attributes(environ))
    found.update(resource_attributes(environ))
    found.update((key, value) for key, value in of_user.items() if value)
    return found


def _created(root: Path) -> str | None:
    """When this process was started (proc(5): `starttime` in clock ticks after boot), in RFC 3339."""
    try:
        started = int(_read(root / "proc/self/stat").rpartition(")")[2].split()[19]) / os.sysconf("SC_CLK_TCK")
        booted = next(line for line in _read(root / "proc/stat").splitlines() if line.startswith("btime "))
        moment = datetime.fromtimestamp(int(booted.split()[1]) + started, timezone.utc)
    except (ValueError, IndexError, OSError, StopIteration, AttributeError, OverflowError):
        return None
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _container_id(root: Path) -> str:
    """The container's id, from the name of its control group (v1) or from the files that are mounted for it (v2)."""
    for line in _read(root / "proc/self/cgroup").splitlines():
        match = _CONTAINER_ID.search(line.rpartition("/")[2])
        if match:
            return match[1]
    for line in _read(root / "proc/self/mountinfo").splitlines():
        match = _MOUNTED_FOR.search(line)
        if match and ("/etc/hostname" in line or "/etc/resolv.conf" in line or "/etc/hosts" in line):
            return match[1]
    return ""


def _kubernetes(environ: Mapping[str, str], root: Path) -> dict[str, Plain]:
    """What the pod's specification put into variables (downward API); otherwise what every pod has in files."""

    def first(*names: str) -> str:
        return next((value for name in names if (value := environ.get(name, "").strip())), "")

    namespace = first("K8S_NAMESPACE_NAME", "K8S_NAMESPACE", "POD_NAMESPACE", "MY_POD_NAMESPACE")
    pod = first("K8S_POD_NAME", "POD_NAME", "MY_POD_NAME")
    pod_id = _POD_ID.search(_read(root / "proc/self/cgroup") + _read(root / "proc/self/mountinfo"))
    found_id = pod_id[1].replace("_", "-") if pod_id else ""
    return {
        "k8s.pod.name": pod or _read(root / "etc/hostname").strip() or environ.get("HOSTNAME", ""),
        "k8s.namespace.name": namespace
        or _read(root / "var/run/secrets/kubernetes.io/serviceaccount/namespace").strip(),
        "k8s.node.name": first("K8S_NODE_NAME", "NODE_NAME", "MY_NODE_NAME"),
        "k8s.pod.uid": first("K8S_POD_UID", "POD_UID", "MY_POD_UID") or found_id,
        "k8s.container.name": first("K8S_CONTAINER_NAME"),
        "k8s.deployment.name": first("K8S_DEPLOYMENT_NAME"),
        "k8s.cluster.name": first("K8S_CLUSTER_NAME", "CLUSTER_NAME"),
    }


def _read(path: Path) -> str:
    """The text of a small file; empty if there is none."""
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            return file.read(1 << 20)
    except (OSError, ValueError):
        return ""


def host_attributes(environ: Mapping[str, str]) -> dict[str, Plain]:
    """The attributes of the Azure service and of the CI system that this process runs in, if it does."""

    def get(name: str) -> str:
        return environ.get(name, "").strip()

    found: dict[str, Plain] = {}
    job = get("CONTAINER_APP_JOB_NAME")
    if job or get("CONTAINER_APP_NAME"):
        found["cloud.platform"] = "azure.container_apps"
        found["service.name"] = job or get("CONTAINER_APP_NAME")
        found["service.version"] = get("CONTAINER_APP_REVISION")
        execution = get("CONTAINER_APP_JOB_EXECUTION_NAME") if job else ""
        found["service.instance.id"] = get("CONTAINER_APP_REPLICA_NAME") or execution
    elif get("AZUREML_RUN_ID"):
        found = {key: get(variable) for key, variable in _MACHINE_LEARNING.items()}
        found["azureml.rank"] = int(get("RANK")) if get("RANK").isdecimal() else ""
    elif get("WEBSITE_SITE_NAME") or get("FUNCTIONS_WORKER_RUNTIME"):
        found = _app_service(get)
    elif get("AKS_ARM_NAMESPACE_ID"):
        found = {"cloud.platform": "azure.aks", "cloud.resource_id": get("AKS_ARM_NAMESPACE_ID")}
    if found:
        found["cloud.provider"] = "azure"
    found.update(_ci_system(get))
    return {key: value for key, value in found.items() if value != ""}


def _app_service(get: Callable[[str], str]) -> dict[str, Plain]:
    """App Service, and Functions, which run on it."""
    found: dict[str, Plain] = {key: get(variable) for key, variable in _APP_SERVICE.items()}
    site, group = get("WEBSITE_SITE_NAME"), get("WEBSITE_RESOURCE_GROUP")
    found["cloud.platform"] = "azure.app_service"
    found["cloud.account.id"] = subscription = get("WEBSITE_OWNER_NAME").partition("+")[0]
    if subscription and site and group:
        in_group = f"/subscriptions/{subscription}/resourceGroups/{group}"
        found["cloud.resource_id"] = f"{in_group}/providers/Microsoft.Web/sites/{site}"
    if get("FUNCTIONS_WORKER_RUNTIME"):
        found["cloud.platform"] = "azure.functions"
        found["faas.name"] = site
        found["faas.instance"] = get("WEBSITE_INSTANCE_ID") or get("CONTAINER_NAME")
        memory = get("WEBSITE_MEMORY_LIMIT_MB")
        if memory.isdecimal():
            found["faas.max_memory"] = int(memory) << 20  # the convention counts bytes
    return found


def _ci_system(get: Callable[[str], str]) -> dict[str, str]:
    variable = next((name for name in _CI_SYSTEMS if get(name)), None)
    if variable is None:
        return {}
    found = {key: get(name) for key, name in _CI_SYSTEMS[variable].items()}
    run = found.get("cicd.pipeline.run.id")
    if variable == "TF_BUILD":
        server, project = get("SYSTEM_COLLECTIONURI").rstrip("/"), get("SYSTEM_TEAMPROJECT")
        if server and project and run:
            url = f"{server}/{project}/_build/results?buildId={run}"
            found["cicd.pipeline.run.url.full"] = url.replace(" ", "%20")
    elif variable == "GITHUB_ACTIONS":
        server, repository = get("GITHUB_SERVER_URL"), get("GITHUB_REPOSITORY")
        if server and repository:
            found["vcs.repository.url.full"] = url = f"{server}/{repository}"
            found["cicd.pipeline.run.url.full"] = f"{url}/actions/runs/{run}" if run else ""
    return found
