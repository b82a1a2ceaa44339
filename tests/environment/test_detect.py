"""Which profile, CI and host are detected, and what overrides what."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from discreet._config import environment
from discreet._config.environment import Environment


def detect(environ=None, *, terminal=False, stderr=False, modules=(), files=()) -> Environment:
    return environment.detect(
        environ or {}, stdout_isatty=terminal, stderr_isatty=stderr, modules=modules, exists=lambda path: path in files
    )


def test_a_terminal_means_dev():
    place = detect(terminal=True)
    assert (place.profile, place.name) == ("dev", "development")
    assert place.reason == "standard output is a terminal"


def test_neither_terminal_nor_ci_means_prod():
    place = detect()
    assert (place.profile, place.name, place.ci, place.cloud) == ("prod", "production", None, None)
    assert "not a terminal" in place.reason


def test_redirected_standard_output_means_prod_even_if_standard_error_is_a_terminal():
    place = detect(stderr=True)
    assert place.profile == "prod"
    assert "standard error is one" in place.reason


@pytest.mark.parametrize(
    ("variable", "value", "ci"),
    [
        ("GITHUB_ACTIONS", "true", "github"),
        ("TF_BUILD", "True", "azure"),
        ("GITLAB_CI", "true", "gitlab"),
        ("JENKINS_URL", "https://ci.example.org/", "other"),
        ("BUILDKITE", "true", "other"),
        ("CIRCLECI", "true", "other"),
        ("TRAVIS", "true", "other"),
        ("TEAMCITY_VERSION", "2024.1", "other"),
        ("BITBUCKET_BUILD_NUMBER", "7", "other"),
        ("CODEBUILD_BUILD_ID", "x:1", "other"),
        ("CI", "true", "other"),
        ("CI", "1", "other"),
        ("CI", "woodpecker", "other"),
    ],
)
def test_a_ci_is_known_by_its_variable(variable, value, ci):
    place = detect({variable: value})
    assert (place.profile, place.name, place.ci) == ("ci", "ci", ci)
    assert variable in place.reason


@pytest.mark.parametrize("value", ["false", "False", "0", "", " ", "no", "off"])
def test_a_ci_variable_that_says_no_is_no_ci(value):
    place = detect({"CI": value}, terminal=True)
    assert (place.profile, place.ci) == ("dev", None)


def test_a_particular_ci_wins_over_the_general_variable():
    assert detect({"CI": "true", "GITLAB_CI": "true"}).ci == "gitlab"
    assert detect({"CI": "false", "GITHUB_ACTIONS": "true"}).ci == "github"


def test_a_ci_with_a_terminal_is_ci():
    assert detect({"TRAVIS": "true"}, terminal=True).profile == "ci"


def test_a_ci_in_a_container_is_ci():
    place = detect({"CI": "true", "KUBERNETES_SERVICE_HOST": "10.0.0.1"}, files=("/.dockerenv",))
    assert (place.profile, place.cloud) == ("ci", "kubernetes")


@pytest.mark.parametrize(
    ("variable", "cloud"),
    [
        ("KUBERNETES_SERVICE_HOST", "kubernetes"),
        ("FUNCTIONS_WORKER_RUNTIME", "azure-functions"),
        ("WEBSITE_SITE_NAME", "azure-app-service"),
        ("CONTAINER_APP_NAME", "azure-container-apps"),
        ("CONTAINER_APP_JOB_NAME", "azure-container-apps"),
        ("AZUREML_RUN_ID", "azure-ml"),
        ("AWS_LAMBDA_FUNCTION_NAME", "aws-lambda"),
        ("ECS_CONTAINER_METADATA_URI_V4", "aws-ecs"),
        ("K_SERVICE", "cloud-run"),
        ("CLOUD_RUN_JOB", "cloud-run"),
        ("DATABRICKS_RUNTIME_VERSION", "databricks"),
        ("DYNO", "heroku"),
    ],
)
def test_a_cloud_host_is_known_by_its_variable_and_means_prod(variable, cloud):
    place = detect({variable: "x"})
    assert (place.profile, place.cloud) == ("prod", cloud)
    assert variable in place.reason


def test_the_special_host_wins_over_the_one_it_runs_on():
    assert detect({"WEBSITE_SITE_NAME": "a", "FUNCTIONS_WORKER_RUNTIME": "python"}).cloud == "azure-functions"
    assert detect({"KUBERNETES_SERVICE_HOST": "a", "CONTAINER_APP_NAME": "b"}).cloud == "azure-container-apps"


@pytest.mark.parametrize(("path", "engine"), [("/.dockerenv", "docker"), ("/run/.containerenv", "podman")])
def test_a_container_is_known_by_its_file_and_means_prod(path, engine):
    place = detect(files=(path,))
    assert (place.profile, place.name, place.cloud) == ("prod", "production", engine)
    assert path in place.reason


def test_a_terminal_in_a_container_is_dev():
    place = detect(terminal=True, files=("/.dockerenv",))
    assert (place.profile, place.name, place.cloud) == ("dev", "development", "docker")


def test_a_terminal_on_a_cloud_host_is_dev_but_its_records_are_named_production():
    place = detect({"KUBERNETES_SERVICE_HOST": "10.0.0.1"}, terminal=True)
    assert (place.profile, place.name) == ("dev", "production")


def test_a_notebook_is_dev():
    place = detect(modules=("ipykernel", "ipykernel.kernelapp"))
    assert (place.profile, place.notebook) == ("dev", True)
    assert "notebook" in place.reason


def test_a_notebook_run_by_a_ci_is_ci():
    assert detect(modules=("ipykernel", "ipykernel.kernelspec")).notebook is False  # a program that starts kernels
    assert detect({"CI": "true"}, modules=("ipykernel", "ipykernel.kernelapp")).profile == "ci"


@pytest.mark.parametrize(
    ("variable", "value", "cloud"),
    [
        ("AZURE_FUNCTIONS_ENVIRONMENT", "Development", "FUNCTIONS_WORKER_RUNTIME"),
        ("AWS_SAM_LOCAL", "true", "AWS_LAMBDA_FUNCTION_NAME"),
    ],
)
def test_a_cloud_emulated_on_a_laptop_is_dev(variable, value, cloud):
    place = detect({variable: value, cloud: "x"})
    assert (place.profile, place.name) == ("dev", "development")
    assert variable in place.reason


@pytest.mark.parametrize("name", ["dev", "development", "local", "DEV", " Development "])
def test_discreet_env_dev_means_dev_everywhere(name):
    place = detect({"DISCREET_ENV": name, "CI": "true", "KUBERNETES_SERVICE_HOST": "10.0.0.1"})
    assert place.profile == "dev"
    assert place.name == ("development" if name.lower() == "dev" else name.strip())
    assert (place.ci, place.cloud) == ("other", "kubernetes")


def test_discreet_env_ci_means_ci():
    assert detect({"DISCREET_ENV": "ci"}, terminal=True).profile == "ci"


@pytest.mark.parametrize("name", ["production", "staging", "test", "QA-7", "\u751f\u7523"])
def test_any_other_name_means_prod_and_is_kept_as_written(name):
    place = detect({"DISCREET_ENV": name}, terminal=True)
    assert (place.profile, place.name) == ("prod", name)
    assert "DISCREET_ENV" in place.reason


def test_an_empty_discreet_env_is_not_set():
    assert detect({"DISCREET_ENV": "  "}, terminal=True).profile == "dev"


def test_opentelemetrys_environment_gives_the_name_and_not_the_profile():
    place = detect({"OTEL_RESOURCE_ATTRIBUTES": "a=b,deployment.environment.name=pre%20prod"}, terminal=True)
    assert (place.profile, place.name) == ("dev", "pre prod")
    assert detect({"OTEL_RESOURCE_ATTRIBUTES": "deployment.environment=old"}).name == "old"


def test_discreet_env_wins_over_opentelemetrys_name():
    assert detect({"DISCREET_ENV": "a", "OTEL_RESOURCE_ATTRIBUTES": "deployment.environment.name=b"}).name == "a"


def test_an_environment_cannot_be_changed():
    with pytest.raises(AttributeError):
        detect().profile = "dev"  # type: ignore[misc]  # the assignment is what is tested


def test_the_real_process_can_be_asked():
    assert environment.detect({}, stdout_isatty=True).profile == "dev"


@given(st.dictionaries(st.sampled_from(["DISCREET_ENV", "CI", "K_SERVICE", "OTEL_RESOURCE_ATTRIBUTES"]), st.text()))
def test_any_environment_has_a_profile_a_name_and_a_reason(environ):
    place = detect(environ)
    assert place.profile in ("dev", "ci", "prod")
    assert place.name
    assert place.reason


@pytest.mark.parametrize(("short", "name"), [("prod", "production"), ("dev", "development"), ("PROD", "production")])
def test_short_forms_are_written_as_detection_has_them(short, name):
    assert detect({"DISCREET_ENV": short}).name == name
