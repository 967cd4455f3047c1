"""How a living run stands, in the Prefect UI: one table that is updated, however long the run lives."""

import json
from collections.abc import Iterator
from contextlib import suppress
from typing import cast
from uuid import UUID

import httpx
from prefect.artifacts import create_table_artifact
from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import ArtifactUpdate
from prefect.exceptions import ObjectNotFound

from connector.sync.ongoing.life.record import Standing


class LivingArtifact:
    """The artifact of one run; Prefect being away changes nothing for the run."""

    def __init__(self) -> None:
        self._id: UUID | None = None

    def show(self, standing: Standing) -> None:
        """Let it say how the run stands now."""
        table = [{"what": what, "now": how} for what, how in _rows(standing)]
        about = f"{standing.instance}: {standing.doing}"
        with suppress(httpx.HTTPError):
            if self._id is not None and self._is_updated(self._id, table, about):
                return
            key = f"ongoing-{standing.instance.lower()}"
            self._id = cast("UUID", create_table_artifact(table, key=key, description=about))

    def _is_updated(self, artifact: UUID, table: list[dict[str, str]], about: str) -> bool:
        """Whether it is still there to be updated: people may delete it in the UI."""
        update = ArtifactUpdate(data=json.dumps(table), description=about)
        with get_client(sync_client=True) as client:
            try:
                client.update_artifact(artifact, update)
            except ObjectNotFound:
                return False
            except httpx.HTTPStatusError as refused:
                if refused.response.status_code != httpx.codes.NOT_FOUND:
                    raise
                return False
        return True


def _rows(standing: Standing) -> Iterator[tuple[str, str]]:
    yield "waiting changes", f"{standing.waiting:,}"
    yield "lag of the oldest", f"{standing.lag:,.0f} s"
    yield "done in the last five minutes", f"{standing.done:,} ({standing.a_second:.1f} a second)"
    if standing.median is not None and standing.most is not None:
        yield "from hearing of a change to its end", f"{standing.median:.1f} s, {standing.most:.1f} s at most"
    yield "dead letters", f"{standing.dead_letters:,}"
    for entity, why in sorted(standing.stuck.items()):
        yield f"stuck: {entity}", why
    for entity, counts in standing.outcomes.items():
        yield entity, ", ".join(f"{number:,} {outcome}" for outcome, number in sorted(counts.items()))
