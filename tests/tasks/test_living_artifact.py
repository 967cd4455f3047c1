"""The artifact of a living run is made anew where somebody deleted it in the UI."""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID, uuid4

import httpx
import pytest
from prefect.client.schemas.actions import ArtifactUpdate

from connector.sync.ongoing.life.record import RecordOfLife
from tasks import living_artifact
from tasks.living_artifact import LivingArtifact


class Artifacts:
    """A server's artifacts; one that is not there is a 404, as Prefect's client raises it."""

    def __init__(self) -> None:
        self.there: dict[UUID, str] = {}

    @contextmanager
    def client(self, *, sync_client: bool) -> Iterator["Artifacts"]:
        assert sync_client
        yield self

    def create(self, table: list[dict[str, str]], *, key: str, description: str) -> UUID:
        assert table
        assert all(name for row in table for name in row), "Prefect's page of a table breaks without"
        assert key == "ongoing-61668309"
        made = uuid4()
        self.there[made] = description
        return made

    def update_artifact(self, artifact: UUID, update: ArtifactUpdate) -> None:
        if artifact not in self.there:
            request = httpx.Request("PATCH", "http://127.0.0.1/artifacts")
            raise httpx.HTTPStatusError("404", request=request, response=httpx.Response(404))
        self.there[artifact] = str(update.description)


def test_an_artifact_that_somebody_deleted_is_made_again(monkeypatch: pytest.MonkeyPatch) -> None:
    artifacts, record = Artifacts(), RecordOfLife("61668309")
    monkeypatch.setattr(living_artifact, "get_client", artifacts.client)
    monkeypatch.setattr(living_artifact, "create_table_artifact", artifacts.create)
    ours = LivingArtifact()
    for doing in ("listens", "works"):
        ours.show(record.standing(doing, 0, None, 0))
    assert list(artifacts.there.values()) == ["61668309: works"]
    artifacts.there.clear()
    ours.show(record.standing("listens", 0, None, 0))
    assert list(artifacts.there.values()) == ["61668309: listens"]
