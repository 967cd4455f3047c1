"""Taking the deployments of an instance off a Prefect server, when it is given up."""

from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import DeploymentFilter, DeploymentFilterTags


def remove_deployments(tag: str) -> list[str]:
    """Delete all deployments that bear a tag; returns their names. May be repeated."""
    with get_client(sync_client=True) as client:
        found = client.read_deployments(
            deployment_filter=DeploymentFilter(tags=DeploymentFilterTags(all_=[tag]))
        )
        for each in found:
            client.delete_deployment(each.id)
    return sorted(each.name for each in found)
