"""`python -m deployments.ecs_files`: prefect.ecs.yaml and the job template of its work pool, for Amazon ECS.

The file is prefect.yaml with another work pool, so that the two can't part; the template is prefect-aws's
own with what our runs need besides: more disk than a task has by itself, and the ledger's address from AWS
Secrets Manager. A test compares both with what stands here: `make docs` writes them anew.
"""

import json
import re
from typing import Any

from prefect_aws.workers.ecs_worker import ECSWorker

from deployments.errors import StackFailed
from deployments.stack import PROJECT

FILE = PROJECT / "prefect.ecs.yaml"
TEMPLATE = PROJECT / "ecs" / "job-template.json"

_HEAD = """# What Prefect is told to run on Amazon ECS. `make docs` makes it of prefect.yaml: change it there.
# `connector deployments register --file prefect.ecs.yaml`, in this folder, registers it; docs/deploying.md
# says what has to be there. `{{ $ECS_... }}` are variables of the environment in which that is called.
"""
_PULL = """# The image holds the project in the folder that CONNECTOR_HOME names.
pull:
"""
_POOLS = """  work_pools:
    ecs: {type: ecs, base_job_template: ecs/job-template.json}
"""
_POOL = """    work_pool: &ecs
      name: ecs
      work_queue_name: default
      job_variables:
        image: "{{ $ECS_IMAGE }}"
        cluster: "{{ $ECS_CLUSTER }}"
        launch_type: FARGATE
        cpu: 2048
        memory: 8192
        ephemeral_storage: 100
        vpc_id: "{{ $ECS_VPC_ID }}"
        network_configuration:
          subnets: ["{{ $ECS_SUBNET_1 }}", "{{ $ECS_SUBNET_2 }}"]
          securityGroups: ["{{ $ECS_SECURITY_GROUP }}"]
          assignPublicIp: DISABLED
        execution_role_arn: "{{ $ECS_EXECUTION_ROLE_ARN }}"
        task_role_arn: "{{ $ECS_TASK_ROLE_ARN }}"
        database_url_secret_arn: "{{ $ECS_DATABASE_URL_SECRET_ARN }}"
        configure_cloudwatch_logs: true
        cloudwatch_logs_prefix: connector
        labels:
          application: gentrack-salesforce-connector
        env:
          CONNECTOR_HOME: /opt/connector
          PREFECT_FLOWS_HEARTBEAT_FREQUENCY: "30"  # a run whose process died is seen after three
"""
_PARTS = (
    (re.compile(r"\A(#[^\n]*\n)+"), _HEAD),
    (re.compile(r"^(#[^\n]*\n)+pull:\n", re.MULTILINE), _PULL),
    (re.compile(r"^  work_pools:\n(    [^\n]*\n)+", re.MULTILINE), _POOLS),
    (re.compile(r"^    work_pool: &local\n(      [^\n]*\n)+", re.MULTILINE), _POOL),
)


def ecs_file(local: str) -> str:
    """The text of prefect.ecs.yaml, of that of prefect.yaml. Raises StackFailed where a part is not there."""
    text = local
    for pattern, new in _PARTS:
        text, found = pattern.subn(new, text)
        if found != 1:
            raise StackFailed(f"prefect.yaml has {found} parts like: {new.splitlines()[0]}")
    return text.replace("work_pool: *local", "work_pool: *ecs")


def job_template() -> dict[str, Any]:
    """The job template of the work pool: prefect-aws's, with two variables more."""
    template = ECSWorker.get_default_base_job_template()
    template["variables"]["properties"] |= {
        "ephemeral_storage": {
            "title": "Ephemeral Storage",
            "description": "Gibibytes of disk: batches on their way, and what sorting spills.",
            "type": "integer",
            "minimum": 21,
            "maximum": 200,
            "default": 100,
        },
        "database_url_secret_arn": {
            "title": "Database URL Secret ARN",
            "description": "The secret of AWS Secrets Manager that holds CONNECTOR_DATABASE_URL.",
            "type": "string",
        },
    }
    definition = template["job_configuration"]["task_definition"]
    definition["ephemeralStorage"] = {"sizeInGiB": "{{ ephemeral_storage }}"}
    (container,) = definition["containerDefinitions"]
    container["secrets"] = [{"name": "CONNECTOR_DATABASE_URL", "valueFrom": "{{ database_url_secret_arn }}"}]
    return template


def template_text() -> str:
    """The same as it stands in its file."""
    return json.dumps(job_template(), indent=2, sort_keys=True) + "\n"


if __name__ == "__main__":
    FILE.write_text(ecs_file((PROJECT / "prefect.yaml").read_text("utf-8")), "utf-8")
    TEMPLATE.write_text(template_text(), "utf-8")
