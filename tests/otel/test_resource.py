"""Resource attributes: found in the environment, in /proc and in files, never over the network, always redacted."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from discreet._record import Identity
from discreet.otel.resource import Resource, detect, host_attributes

ME = Identity("shop", "1.2", "staging", "machine", 7)
CONTAINER = "0123456789abcdef" * 4


def file(root: Path, path: str, text: str) -> None:
    target = root / path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text)


def test_the_service_is_that_of_the_configuration():
    found = detect({"OTEL_RESOURCE_ATTRIBUTES": "service.version=0.9,service.namespace=acme"}, ME)
    assert (found["service.name"], found["service.version"], found["service.namespace"]) == ("shop", "1.2", "acme")
    assert found["deployment.environment.name"] == "staging"
    assert found["telemetry.sdk.name"] == "discreet"


def test_each_process_is_an_instance_of_its_own():
    ids = {detect({}, ME)["service.instance.id"] for _ in range(2)}
    assert len(ids) == 2
    assert all(re.fullmatch(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", one) for one in ids)


def test_what_the_user_says_wins_over_what_was_found(redactor):
    environ = {"OTEL_RESOURCE_ATTRIBUTES": "host.name=mine,service.instance.id=i%2C1,os.type=odd"}
    found = Resource(environ, redactor, {"os.type": "mine"})(ME)
    assert (found["host.name"], found["service.instance.id"], found["os.type"]) == ("mine", "i,1", "mine")


def test_the_process_and_its_host_are_named():
    found = detect({}, ME)
    assert found["process.pid"] == 7
    assert found["process.runtime.name"] in ("cpython", "pypy")
    assert found["host.name"] == "machine"
    assert found["os.type"]
    assert "process.command_args" not in found


@pytest.mark.skipif(not os.path.exists("/proc/self/stat"), reason="Linux tells it in /proc")
def test_the_process_has_its_creation_time():
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", str(detect({}, ME)["process.creation.time"]))


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("proc/self/cgroup", f"12:pids:/docker/{CONTAINER}\n"),
        ("proc/self/cgroup", f"1:name=systemd:/kubepods.slice/kubepods-pod1.slice/cri-containerd-{CONTAINER}.scope\n"),
        ("proc/self/cgroup", f"0::/system.slice/docker-{CONTAINER}.scope\n"),
        (
            "proc/self/mountinfo",
            f"1 2 8:1 /var/lib/docker/containers/{CONTAINER}/hostname /etc/hostname rw - ext4 x rw\n",
        ),
        (
            "proc/self/mountinfo",
            f"1 2 8:1 /c/overlay-containers/{CONTAINER}/userdata/hostname /etc/hostname rw - ext4 x rw\n",
        ),
    ],
)
def test_the_container_is_named_by_its_control_group_or_its_mounts(tmp_path, path, text):
    file(tmp_path, path, text)
    assert detect({}, ME, root=tmp_path)["container.id"] == CONTAINER


def test_a_pods_sandbox_is_no_container(tmp_path):
    file(tmp_path, "proc/self/cgroup", "0::/\n")
    file(
        tmp_path,
        "proc/self/mountinfo",
        f"1 2 8:1 /io.containerd.grpc.v1.cri/sandboxes/{CONTAINER}/hostname /etc/hostname rw - x x rw\n",
    )
    assert "container.id" not in detect({}, ME, root=tmp_path)


def test_kubernetes_is_found_by_its_files(tmp_path):
    file(tmp_path, "etc/hostname", "shop-5d9-abc\n")
    file(tmp_path, "var/run/secrets/kubernetes.io/serviceaccount/namespace", "prod")
    file(tmp_path, "proc/self/cgroup", "0::/kubepods/besteffort/pod12345678-1234-1234-1234-123456789abc/x\n")
    found = detect({"KUBERNETES_SERVICE_HOST": "10.0.0.1"}, ME, root=tmp_path)
    assert found["k8s.pod.name"] == "shop-5d9-abc"
    assert found["k8s.namespace.name"] == "prod"
    assert found["k8s.pod.uid"] == "12345678-1234-1234-1234-123456789abc"


def test_the_downward_api_comes_before_the_files(tmp_path):
    file(tmp_path, "etc/hostname", "other")
    environ = {
        "KUBERNETES_SERVICE_HOST": "10.0.0.1",
        "POD_NAME": "pod",
        "POD_NAMESPACE": "space",
        "NODE_NAME": "node",
        "K8S_CONTAINER_NAME": "main",
        "K8S_DEPLOYMENT_NAME": "shop",
    }
    found = detect(environ, ME, root=tmp_path)
    assert {key: found[f"k8s.{key}"] for key in ("pod.name", "namespace.name", "node.name", "container.name", "deployment.name")} == {
        "pod.name": "pod", "namespace.name": "space", "node.name": "node", "container.name": "main", "deployment.name": "shop",
    }  # fmt: skip


def test_outside_kubernetes_there_are_no_attributes_of_it(tmp_path):
    assert not any(key.startswith("k8s.") for key in detect({"POD_NAME": "x"}, ME, root=tmp_path))


WEBSITE = {
    "WEBSITE_SITE_NAME": "shop",
    "WEBSITE_INSTANCE_ID": "i1",
    "WEBSITE_HOSTNAME": "shop.azurewebsites.net",
    "WEBSITE_RESOURCE_GROUP": "rg",
    "WEBSITE_OWNER_NAME": "sub+rg-westeurope",
    "REGION_NAME": "West Europe",
}


def test_app_service():
    found = host_attributes(WEBSITE)
    assert found["cloud.provider"] == "azure"
    assert found["cloud.platform"] == "azure.app_service"
    assert found["cloud.resource_id"] == "/subscriptions/sub/resourceGroups/rg/providers/Microsoft.Web/sites/shop"
    assert (found["cloud.region"], found["cloud.account.id"], found["service.instance.id"]) == (
        "West Europe",
        "sub",
        "i1",
    )


def test_functions_count_memory_in_bytes():
    found = host_attributes({**WEBSITE, "FUNCTIONS_WORKER_RUNTIME": "python", "WEBSITE_MEMORY_LIMIT_MB": "1500"})
    assert found["cloud.platform"] == "azure.functions"
    assert (found["faas.name"], found["faas.instance"], found["faas.max_memory"]) == ("shop", "i1", 1500 * 1024 * 1024)


def test_container_apps():
    found = host_attributes(
        {"CONTAINER_APP_NAME": "shop", "CONTAINER_APP_REVISION": "shop--r2", "CONTAINER_APP_REPLICA_NAME": "shop--r2-x"}
    )
    assert found == {
        "cloud.provider": "azure",
        "cloud.platform": "azure.container_apps",
        "service.name": "shop",
        "service.version": "shop--r2",
        "service.instance.id": "shop--r2-x",
    }


def test_a_container_apps_job():
    found = host_attributes({"CONTAINER_APP_JOB_NAME": "nightly", "CONTAINER_APP_JOB_EXECUTION_NAME": "nightly-1"})
    assert (found["service.name"], found["service.instance.id"]) == ("nightly", "nightly-1")


def test_machine_learning_tells_its_run_and_not_its_token():
    token = "tok" + "en-of-the-run"
    found = host_attributes(
        {"AZUREML_RUN_ID": "run-1", "AZUREML_ARM_SUBSCRIPTION": "sub", "AZUREML_RUN_TOKEN": token, "RANK": "3"}
    )
    assert (found["azureml.run.id"], found["azureml.rank"], found["cloud.account.id"]) == ("run-1", 3, "sub")
    assert token not in str(found)


@pytest.mark.parametrize(
    ("environ", "found"),
    [
        (
            {
                "TF_BUILD": "True",
                "BUILD_BUILDID": "8",
                "BUILD_DEFINITIONNAME": "ci",
                "SYSTEM_JOBDISPLAYNAME": "test",
                "AGENT_NAME": "a",
            },
            {
                "cicd.pipeline.run.id": "8",
                "cicd.pipeline.name": "ci",
                "cicd.pipeline.task.name": "test",
                "cicd.worker.name": "a",
            },
        ),
        (
            {
                "GITHUB_ACTIONS": "true",
                "GITHUB_RUN_ID": "9",
                "GITHUB_WORKFLOW": "ci",
                "GITHUB_SERVER_URL": "https://g",
                "GITHUB_REPOSITORY": "a/b",
            },
            {
                "cicd.pipeline.run.id": "9",
                "cicd.pipeline.name": "ci",
                "cicd.pipeline.run.url.full": "https://g/a/b/actions/runs/9",
            },
        ),
        (
            {"GITLAB_CI": "true", "CI_PIPELINE_ID": "4", "CI_JOB_ID": "5"},
            {"cicd.pipeline.run.id": "4", "cicd.pipeline.task.run.id": "5"},
        ),
    ],
)
def test_ci_systems(environ, found):
    assert found.items() <= host_attributes(environ).items()


def test_elsewhere_no_host_is_named():
    assert host_attributes({"PATH": "/bin"}) == {}


def test_values_pass_the_redactor(redactor):
    secret = "gh" + "p_" + "a1B2" * 9
    found = Resource({"OTEL_RESOURCE_ATTRIBUTES": f"note=x {secret},api_key=abc{'def' * 5}"}, redactor)(ME)
    assert secret not in str(found)
    assert "abcdef" not in str(found)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_forked_child_is_another_instance(redactor):
    resource = Resource({}, redactor)
    mine = resource(ME)
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writer, str(resource(Identity("shop", process=os.getpid()))["service.instance.id"]).encode())
        os._exit(0)
    os.close(writer)
    os.waitpid(child, 0)
    with os.fdopen(reader) as pipe:
        theirs = pipe.read()
    assert theirs
    assert theirs != mine["service.instance.id"]
    assert resource(ME) == mine
