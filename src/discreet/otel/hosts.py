"""Resource attributes from the variables that Azure's services and CI systems set for their programs.

Names follow the semantic conventions for `cloud.*`, `faas.*` and `cicd.*`. Nothing is asked over the network.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from discreet._record import Plain

    Get = Callable[[str], str]


def host_attributes(environ: Mapping[str, str]) -> dict[str, Plain]:
    """The attributes of the Azure service and of the CI system that this process runs in, if it does."""

    def get(name: str) -> str:
        return environ.get(name, "").strip()

    found: dict[str, Plain] = {}
    if get("CONTAINER_APP_NAME") or get("CONTAINER_APP_JOB_NAME"):
        found = _container_apps(get)
    elif get("AZUREML_RUN_ID"):
        found = _machine_learning(get)
    elif get("WEBSITE_SITE_NAME") or get("FUNCTIONS_WORKER_RUNTIME"):
        found = _app_service(get)
    elif get("AKS_ARM_NAMESPACE_ID"):
        found = {"cloud.platform": "azure.aks", "cloud.resource_id": get("AKS_ARM_NAMESPACE_ID")}
    if found:
        found["cloud.provider"] = "azure"
    if get("TF_BUILD"):
        found.update(_azure_pipelines(get))
    elif get("GITHUB_ACTIONS"):
        found.update(_github(get))
    elif get("GITLAB_CI"):
        found.update(_gitlab(get))
    return {key: value for key, value in found.items() if value != ""}


def _app_service(get: Get) -> dict[str, Plain]:
    """App Service, and Functions, which run on it."""
    site, group = get("WEBSITE_SITE_NAME"), get("WEBSITE_RESOURCE_GROUP")
    subscription = get("WEBSITE_OWNER_NAME").partition("+")[0]
    found: dict[str, Plain] = {
        "cloud.platform": "azure.app_service",
        "cloud.region": get("REGION_NAME"),
        "cloud.account.id": subscription,
        "service.name": site,
        "service.instance.id": get("WEBSITE_INSTANCE_ID"),
        "host.id": get("WEBSITE_HOSTNAME"),
        "azure.app.service.slot": get("WEBSITE_SLOT_NAME"),
        "azure.app.service.stamp": get("WEBSITE_HOME_STAMPNAME"),
        "azure.resource_group.name": group,
    }
    if subscription and site and group:
        found["cloud.resource_id"] = (
            f"/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.Web/sites/{site}"
        )
    if get("FUNCTIONS_WORKER_RUNTIME"):
        found["cloud.platform"] = "azure.functions"
        found["faas.name"] = site
        found["faas.instance"] = get("WEBSITE_INSTANCE_ID") or get("CONTAINER_NAME")
        memory = get("WEBSITE_MEMORY_LIMIT_MB")
        if memory.isdecimal():
            found["faas.max_memory"] = int(memory) << 20  # the convention counts bytes
    return found


def _container_apps(get: Get) -> dict[str, Plain]:
    job = get("CONTAINER_APP_JOB_NAME")
    execution = get("CONTAINER_APP_JOB_EXECUTION_NAME") if job else ""
    return {
        "cloud.platform": "azure.container_apps",
        "service.name": job or get("CONTAINER_APP_NAME"),
        "service.version": get("CONTAINER_APP_REVISION"),
        "service.instance.id": get("CONTAINER_APP_REPLICA_NAME") or execution,
    }


def _machine_learning(get: Get) -> dict[str, Plain]:
    """Azure Machine Learning. The conventions have no names for a run, so that these are the platform's own."""
    rank = get("RANK")
    return {
        "cloud.account.id": get("AZUREML_ARM_SUBSCRIPTION"),
        "azure.resource_group.name": get("AZUREML_ARM_RESOURCEGROUP"),
        "azureml.run.id": get("AZUREML_RUN_ID"),
        "azureml.experiment.id": get("AZUREML_EXPERIMENT_ID"),
        "azureml.workspace.name": get("AZUREML_ARM_WORKSPACE_NAME"),
        "azureml.rank": int(rank) if rank.isdecimal() else "",
    }


def _azure_pipelines(get: Get) -> dict[str, Plain]:
    server, project, run = get("SYSTEM_COLLECTIONURI").rstrip("/"), get("SYSTEM_TEAMPROJECT"), get("BUILD_BUILDID")
    url = f"{server}/{project}/_build/results?buildId={run}".replace(" ", "%20")
    return {
        "cicd.pipeline.name": get("BUILD_DEFINITIONNAME"),
        "cicd.pipeline.run.id": run,
        "cicd.pipeline.run.url.full": url if server and project and run else "",
        "cicd.pipeline.task.name": get("SYSTEM_JOBDISPLAYNAME"),
        "cicd.pipeline.task.run.id": get("SYSTEM_JOBID"),
        "cicd.worker.name": get("AGENT_NAME"),
        "cicd.worker.id": get("AGENT_ID"),
        "vcs.ref.head.name": get("BUILD_SOURCEBRANCHNAME"),
        "vcs.ref.head.revision": get("BUILD_SOURCEVERSION"),
    }


def _github(get: Get) -> dict[str, Plain]:
    server, repository, run = get("GITHUB_SERVER_URL"), get("GITHUB_REPOSITORY"), get("GITHUB_RUN_ID")
    url = f"{server}/{repository}" if server and repository else ""
    return {
        "cicd.pipeline.name": get("GITHUB_WORKFLOW"),
        "cicd.pipeline.run.id": run,
        "cicd.pipeline.run.url.full": f"{url}/actions/runs/{run}" if url and run else "",
        "cicd.pipeline.task.name": get("GITHUB_JOB"),
        "cicd.worker.name": get("RUNNER_NAME"),
        "vcs.repository.url.full": url,
        "vcs.ref.head.name": get("GITHUB_REF_NAME"),
        "vcs.ref.head.revision": get("GITHUB_SHA"),
    }


def _gitlab(get: Get) -> dict[str, Plain]:
    return {
        "cicd.pipeline.name": get("CI_PIPELINE_NAME"),
        "cicd.pipeline.run.id": get("CI_PIPELINE_ID"),
        "cicd.pipeline.run.url.full": get("CI_PIPELINE_URL"),
        "cicd.pipeline.task.name": get("CI_JOB_NAME"),
        "cicd.pipeline.task.run.id": get("CI_JOB_ID"),
        "cicd.pipeline.task.run.url.full": get("CI_JOB_URL"),
        "cicd.worker.name": get("CI_RUNNER_DESCRIPTION"),
        "cicd.worker.id": get("CI_RUNNER_ID"),
        "vcs.repository.url.full": get("CI_PROJECT_URL"),
        "vcs.ref.head.name": get("CI_COMMIT_REF_NAME"),
        "vcs.ref.head.revision": get("CI_COMMIT_SHA"),
    }
