"""Runs on Amazon ECS: the files are those of prefect.yaml, and what a worker would ask AWS for is valid."""

import asyncio
import json
import uuid
from pathlib import Path
from typing import Any

import botocore.session
import botocore.validate
import httpx
import pytest
import yaml
from jsonschema import Draft202012Validator
from prefect.client.schemas.objects import FlowRun
from prefect_aws.workers.ecs_worker import ECSJobConfiguration, ECSWorker

from deployments.ecs_files import FILE, TEMPLATE, ecs_file, template_text
from deployments.errors import StackFailed
from deployments.prefect_server import PrefectServer
from deployments.registration import register

PROJECT = Path(__file__).parents[2]
REGION = "ap-southeast-2"
ACCOUNT = "arn:aws:iam::123456789012:role"
ENVIRONMENT = {
    "ECS_IMAGE": "123456789012.dkr.ecr.ap-southeast-2.amazonaws.com/connector:1",
    "ECS_CLUSTER": "connector",
    "ECS_VPC_ID": "vpc-1",
    "ECS_SUBNET_1": "subnet-1",
    "ECS_SUBNET_2": "subnet-2",
    "ECS_SECURITY_GROUP": "sg-1",
    "ECS_EXECUTION_ROLE_ARN": f"{ACCOUNT}/execution",
    "ECS_TASK_ROLE_ARN": f"{ACCOUNT}/task",
    "ECS_DATABASE_URL_SECRET_ARN": "arn:aws:secretsmanager:ap-southeast-2:123456789012:secret:ledger",
}


def test_the_files_are_made_of_prefect_yaml_and_of_prefects_own_template() -> None:
    assert FILE.read_text("utf-8") == ecs_file((PROJECT / "prefect.yaml").read_text("utf-8"))
    assert TEMPLATE.read_text("utf-8") == template_text()


def test_a_prefect_yaml_of_another_form_is_refused() -> None:
    with pytest.raises(StackFailed, match=r"prefect\.yaml has 0 parts like"):
        ecs_file("name: x\n")


@pytest.fixture
def one_deployment(tmp_path: Path) -> Path:
    """The file with its first deployment alone, under a name that is nobody else's on the server."""
    described = yaml.safe_load(FILE.read_text("utf-8"))
    described["deployments"] = [{**described["deployments"][0], "name": "on-ecs"}]
    described["definitions"]["each_instance"] = {}
    file = tmp_path / "prefect.yaml"
    file.write_text(yaml.safe_dump(described), "utf-8")
    return file


def test_an_unset_variable_is_named(one_deployment: Path) -> None:
    environment = ENVIRONMENT | {"ECS_IMAGE": "", "ECS_VPC_ID": ""}
    with pytest.raises(StackFailed, match="variables that are not set: ECS_IMAGE, ECS_VPC_ID"):
        register(one_deployment, {}, environment=environment, project=PROJECT)


@pytest.mark.stack
def test_a_worker_would_ask_aws_for_what_aws_knows(
    one_deployment: Path, prefect_server: PrefectServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    environment = prefect_server.environment(**ENVIRONMENT)
    assert register(one_deployment, {}, environment=environment, project=PROJECT) == ["on-ecs"]
    pool = httpx.get(f"{prefect_server.api_url}/work_pools/ecs", timeout=10).raise_for_status().json()
    address = f"{prefect_server.api_url}/deployments/name/initial-sync/on-ecs"
    values = httpx.get(address, timeout=10).raise_for_status().json()["job_variables"]
    template = pool["base_job_template"]
    assert template == json.loads(TEMPLATE.read_text("utf-8"))
    Draft202012Validator(template["variables"] | {"additionalProperties": False}).validate(values)
    monkeypatch.setattr(ECSWorker, "_custom_network_configuration", _as_given)
    definition, request = asyncio.run(_asked(template, values))
    service = botocore.session.get_session().get_service_model("ecs")
    for operation, given in (("RegisterTaskDefinition", definition), ("RunTask", request)):
        shape = service.operation_model(operation).input_shape
        report = botocore.validate.ParamValidator().validate(given, shape)
        assert not report.has_errors(), report.generate_report()
    assert definition["ephemeralStorage"] == {"sizeInGiB": 100}
    assert (definition["cpu"], definition["memory"]) == ("2048", "8192")
    assert definition["executionRoleArn"] == ENVIRONMENT["ECS_EXECUTION_ROLE_ARN"]
    (container,) = definition["containerDefinitions"]
    assert container["image"] == ENVIRONMENT["ECS_IMAGE"]
    secret = {"name": "CONNECTOR_DATABASE_URL", "valueFrom": ENVIRONMENT["ECS_DATABASE_URL_SECRET_ARN"]}
    assert container["secrets"] == [secret]
    assert (request["cluster"], request["launchType"]) == ("connector", "FARGATE")
    assert request["overrides"]["taskRoleArn"] == ENVIRONMENT["ECS_TASK_ROLE_ARN"]
    assert request["networkConfiguration"]["awsvpcConfiguration"]["subnets"] == ["subnet-1", "subnet-2"]
    (override,) = request["overrides"]["containerOverrides"]
    assert {"name": "CONNECTOR_HOME", "value": "/opt/connector"} in override["environment"]


def _as_given(
    _worker: ECSWorker, _vpc_id: str, given: dict[str, Any], _configuration: ECSJobConfiguration
) -> dict[str, Any]:
    """In place of a look whether AWS has these subnets."""
    return {"awsvpcConfiguration": given}


async def _asked(template: dict[str, Any], values: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """What prefect-aws's worker makes of a run: a task definition, and the request to run it."""
    worker = ECSWorker(work_pool_name="ecs")
    configuration: Any = await ECSJobConfiguration.from_template_and_values(template, values)
    run = FlowRun(flow_id=uuid.uuid4(), name="a-run")
    configuration.prepare_for_flow_run(run)
    definition = worker._prepare_task_definition(configuration, REGION, run)
    request = worker._prepare_task_run_request(
        configuration, definition, "arn:task", new_task_definition_registered=True
    )
    return definition, request
