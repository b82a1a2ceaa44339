"""Resource attributes that a host puts into the environment of its programs: Azure's services and CI systems.

Names follow the semantic conventions for `cloud.*`, `faas.*` and `cicd.*`. Nothing is asked over the network.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from discreet._record import Plain


def host_attributes(environ: Mapping[str, str]) -> dict[str, Plain]:
    """What the host and the CI say, where this process runs in one."""

    def get(name: str) -> str:
        return environ.get(name, "").strip()

    found: dict[str, Plain] = {}
    if get("CONTAINER_APP_NAME") or get("CONTAINER_APP_JOB_NAME"):
        found = _container_apps(environ)
    elif get("AZUREML_RUN_ID"):
        found = _machine_learning(environ)
    elif get("WEBSITE_SITE_NAME") or get("FUNCTIONS_WORKER_RUNTIME"):
        found = _app_service(environ)
    elif get("AKS_ARM_NAMESPACE_ID"):
        found = {"cloud.platform": "azure.aks", "cloud.resource_id": get("AKS_ARM_NAMESPACE_ID")}
    if found:
        found["cloud.provider"] = "azure"
    if get("TF_BUILD"):
        found.update(_azure_pipelines(environ))
    elif get("GITHUB_ACTIONS"):
        found.update(_github(environ))
    elif get("GITLAB_CI"):
        found.update(_gitlab(environ))
    return {key: value for key, value in found.items() if value != ""}


def _copied(environ: Mapping[str, str], names: Mapping[str, str]) -> dict[str, Plain]:
    return {attribute: environ.get(variable, "").strip() for attribute, variable in names.items()}


def _app_service(environ: Mapping[str, str]) -> dict[str, Plain]:
    """App Service, and Functions, which run on it."""
    found = _copied(
        environ,
        {
            "service.name": "WEBSITE_SITE_NAME",
            "service.instance.id": "WEBSITE_INSTANCE_ID",
            "host.id": "WEBSITE_HOSTNAME",
            "azure.app.service.slot": "WEBSITE_SLOT_NAME",
            "azure.app.service.stamp": "WEBSITE_HOME_STAMPNAME",
            "azure.resource_group.name": "WEBSITE_RESOURCE_GROUP",
            "cloud.region": "REGION_NAME",
        },
    )
    found["cloud.platform"] = "azure.app_service"
    site, group = environ.get("WEBSITE_SITE_NAME", ""), environ.get("WEBSITE_RESOURCE_GROUP", "")
    subscription = environ.get("WEBSITE_OWNER_NAME", "").partition("+")[0]
    if subscription:
        found["cloud.account.id"] = subscription
        if site and group:
            found["cloud.resource_id"] = (
                f"/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.Web/sites/{site}"
            )
    if environ.get("FUNCTIONS_WORKER_RUNTIME"):
        found["cloud.platform"] = "azure.functions"
        found["faas.name"] = site
        found["faas.instance"] = environ.get("WEBSITE_INSTANCE_ID", "") or environ.get("CONTAINER_NAME", "")
        memory = environ.get("WEBSITE_MEMORY_LIMIT_MB", "").strip()
        if memory.isdecimal():
            found["faas.max_memory"] = int(memory) << 20  # the convention counts bytes
    return found


def _container_apps(environ: Mapping[str, str]) -> dict[str, Plain]:
    job = environ.get("CONTAINER_APP_JOB_NAME", "").strip()
    found = _copied(
        environ,
        {
            "service.name": "CONTAINER_APP_NAME",
            "service.version": "CONTAINER_APP_REVISION",
            "service.instance.id": "CONTAINER_APP_REPLICA_NAME",
        },
    )
    found["cloud.platform"] = "azure.container_apps"
    if job:
        found["service.name"] = job
        found["service.instance.id"] = (
            environ.get("CONTAINER_APP_REPLICA_NAME", "") or environ.get("CONTAINER_APP_JOB_EXECUTION_NAME", "")
        ).strip()
    return found


def _machine_learning(environ: Mapping[str, str]) -> dict[str, Plain]:
    """Azure Machine Learning. The conventions have no names for a run; these are said as the platform says them."""
    found = _copied(
        environ,
        {
            "cloud.account.id": "AZUREML_ARM_SUBSCRIPTION",
            "azure.resource_group.name": "AZUREML_ARM_RESOURCEGROUP",
            "azureml.run.id": "AZUREML_RUN_ID",
            "azureml.experiment.id": "AZUREML_EXPERIMENT_ID",
            "azureml.workspace.name": "AZUREML_ARM_WORKSPACE_NAME",
        },
    )
    rank = environ.get("RANK", "").strip()
    if rank.isdecimal():
        found["azureml.rank"] = int(rank)
    return found


def _azure_pipelines(environ: Mapping[str, str]) -> dict[str, Plain]:
    found = _copied(
        environ,
        {
            "cicd.pipeline.name": "BUILD_DEFINITIONNAME",
            "cicd.pipeline.run.id": "BUILD_BUILDID",
            "cicd.pipeline.task.name": "SYSTEM_JOBDISPLAYNAME",
            "cicd.pipeline.task.run.id": "SYSTEM_JOBID",
            "cicd.worker.name": "AGENT_NAME",
            "cicd.worker.id": "AGENT_ID",
            "vcs.ref.head.name": "BUILD_SOURCEBRANCHNAME",
            "vcs.ref.head.revision": "BUILD_SOURCEVERSION",
        },
    )
    server, project = environ.get("SYSTEM_COLLECTIONURI", "").rstrip("/"), environ.get("SYSTEM_TEAMPROJECT", "")
    if server and project and found["cicd.pipeline.run.id"]:
        found["cicd.pipeline.run.url.full"] = (
            f"{server}/{project}/_build/results?buildId={found['cicd.pipeline.run.id']}".replace(" ", "%20")
        )
    return found


def _github(environ: Mapping[str, str]) -> dict[str, Plain]:
    found = _copied(
        environ,
        {
            "cicd.pipeline.name": "GITHUB_WORKFLOW",
            "cicd.pipeline.run.id": "GITHUB_RUN_ID",
            "cicd.pipeline.task.name": "GITHUB_JOB",
            "cicd.worker.name": "RUNNER_NAME",
            "vcs.ref.head.name": "GITHUB_REF_NAME",
            "vcs.ref.head.revision": "GITHUB_SHA",
        },
    )
    server, repository = environ.get("GITHUB_SERVER_URL", ""), environ.get("GITHUB_REPOSITORY", "")
    if server and repository:
        found["vcs.repository.url.full"] = f"{server}/{repository}"
        if found["cicd.pipeline.run.id"]:
            found["cicd.pipeline.run.url.full"] = f"{server}/{repository}/actions/runs/{found['cicd.pipeline.run.id']}"
    return found


def _gitlab(environ: Mapping[str, str]) -> dict[str, Plain]:
    return _copied(
        environ,
        {
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
    )
