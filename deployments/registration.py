"""What is registered with a Prefect server: the deployments of prefect.yaml, and those of each instance.

Some deployments run for one instance by themselves, on a schedule. `definitions` of the file names them under
`each_instance`, with their schedules; they are registered once more for each instance, under a name and a tag
of its own, so that several instances live side by side on one server. `work_pools` says of which type the
file's pools are, and which file has their job template; a pool that is there already is left as it is.
"""

import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from deployments.errors import StackFailed

EACH_INSTANCE = "each_instance"
_VARIABLE = re.compile(r"\{\{ *\$(\w+) *\}\}")
WORK_POOLS = "work_pools"


def instance_tag(instance: str) -> str:
    """The tag of the deployments of an instance, and so of their runs."""
    return f"instance:{instance}"


def with_instances(described: Mapping[str, Any], instances: Mapping[str, str]) -> dict[str, Any]:
    """The content of a prefect.yaml with the deployments of each instance (id -> name) besides.

    Raises StackFailed where `each_instance` names a deployment that there is none of.
    """
    by_name = {each["name"]: each for each in described["deployments"]}
    wanted = (described.get("definitions") or {}).get(EACH_INSTANCE) or {}
    unknown = sorted(wanted.keys() - by_name.keys())
    if unknown:
        raise StackFailed(
            f"{EACH_INSTANCE} names no deployment: {', '.join(unknown)}.", todo="Mend prefect.yaml."
        )
    added = [
        {
            **by_name[name],
            **own,
            "name": f"{name}-{instance}",
            "description": f"Of {told} ({instance}).\n\n{by_name[name]['description']}",
            "tags": [*by_name[name]["tags"], instance_tag(instance)],
            "parameters": {**by_name[name]["parameters"], "instance": instance},
        }
        for instance, told in instances.items()
        for name, own in wanted.items()
    ]
    return {**described, "deployments": [*described["deployments"], *added]}


def register(
    file: Path, instances: Mapping[str, str], *, environment: Mapping[str, str], project: Path
) -> list[str]:
    """Make the file's work pools where they are missing, and register its deployments; returns their names.

    `environment` names the Prefect server. May be repeated. Raises StackFailed with what Prefect said.
    """
    described = yaml.safe_load(file.read_text("utf-8"))
    _refuse_unset(described["deployments"], environment)
    for pool, made in ((described.get("definitions") or {}).get(WORK_POOLS) or {}).items():
        _make_pool(pool, made, environment=environment, project=project)
    whole = with_instances(described, instances)
    with tempfile.TemporaryDirectory() as folder:
        written = Path(folder) / "prefect.yaml"
        written.write_text(yaml.safe_dump(whole, sort_keys=False, allow_unicode=True), "utf-8")
        arguments = ("deploy", "--all", "--prefect-file", str(written))
        _check("deploy --all", _prefect(*arguments, environment=environment, project=project))
    return [each["name"] for each in whole["deployments"]]


def _refuse_unset(deployments: Sequence[Mapping[str, Any]], environment: Mapping[str, str]) -> None:
    """Prefect would leave out what an unset variable stands for, and say nothing."""
    named = dict.fromkeys(_VARIABLE.findall(json.dumps([each.get("work_pool") for each in deployments])))
    unset = [name for name in named if not environment.get(name)]
    if unset:
        raise StackFailed(
            f"The file names variables that are not set: {', '.join(unset)}.",
            todo="Set them in the environment, docs/deploying.md.",
        )


def _make_pool(
    pool: str, made: str | Mapping[str, str], *, environment: Mapping[str, str], project: Path
) -> None:
    """Make a work pool of a type, or of a type and by a job template, unless it is there."""
    kind, template = (made, None) if isinstance(made, str) else (made["type"], made["base_job_template"])
    arguments = ["work-pool", "create", pool, "--type", kind]
    arguments += [] if template is None else ["--base-job-template", template]
    done = _prefect(*arguments, environment=environment, project=project)
    if "already exists" not in done.stdout + done.stderr:
        _check("work-pool create", done)


def _check(what: str, done: subprocess.CompletedProcess[str]) -> None:
    if done.returncode != 0:
        raise StackFailed(
            f"prefect {what} ended with status {done.returncode}: {(done.stdout + done.stderr).strip()}",
            todo="Mend prefect.yaml.",
        )


def _prefect(
    *arguments: str, environment: Mapping[str, str], project: Path
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "prefect", "--no-prompt", *arguments],
        env=dict(environment),
        cwd=project,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
