"""The question that a suspended run asks, and its answer: for the command line and the service alike."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

from connector.errors import NotConfirmed
from connector.sync.confirm import DECLINE, START, WRITE_BACK

if TYPE_CHECKING:
    from prefect.client.orchestration import SyncPrefectClient

_HOW_TO_WRITE = "Start it with --write-back, or set [write_back] mode of the instance."


@dataclass(frozen=True)
class Asks:
    """What a run asks: its page in Markdown, and what is to be attested, key -> text."""

    run_id: UUID
    page: str
    boxes: Mapping[str, str]
    asks_to_write: bool


def asked_by(client: "SyncPrefectClient", run_id: str) -> Asks:
    """What a run waits for. Raises NotConfirmed where it does not wait."""
    from prefect.exceptions import ObjectNotFound  # noqa: PLC0415 - after its environment is set

    try:
        run = client.read_flow_run(UUID(run_id))
    except (ValueError, ObjectNotFound):
        raise NotConfirmed(
            f"Prefect knows no run {run_id}.", todo="Take the id from the Prefect UI."
        ) from None
    state = run.state
    keyset = state.state_details.run_input_keyset if state and state.is_paused() else None
    if not keyset:
        name = state.name if state else "without a state"
        raise NotConfirmed(f"Run {run_id} does not wait for a confirmation: it is {name}.")
    form = json.loads(client.read_flow_run_input(run.id, keyset["schema"]))
    boxes = _boxes(form)
    page = ""
    if "description" in keyset:
        page = str(json.loads(client.read_flow_run_input(run.id, keyset["description"])))
    asks_to_write = boxes.pop(WRITE_BACK, None) is not None
    return Asks(run.id, page, boxes, asks_to_write)


def answer(
    client: "SyncPrefectClient",
    asks: Asks,
    *,
    name: str,
    instance: str,
    starts: bool,
    attested: frozenset[str],
    write_back: bool,
) -> dict[str, Any]:
    """Resume the run; returns what was said. Raises NotConfirmed where the answer is not taken."""
    if write_back and not asks.asks_to_write:
        raise NotConfirmed("This run does not ask to write to Gentrack.", todo=_HOW_TO_WRITE)
    _check(asks.boxes, attested, starts=starts)
    said: dict[str, Any] = {"name": name, "instance": instance, "decision": START if starts else DECLINE}
    if asks.asks_to_write:
        said[WRITE_BACK] = write_back
    result = client.resume_flow_run(asks.run_id, said | {key: key in attested for key in asks.boxes})
    if result.status.value != "ACCEPT":
        reason = getattr(result.details, "reason", None) or result.status.value
        raise NotConfirmed(f"The answer was not taken, and the run goes on waiting: {reason}")
    return said


def _boxes(form: Mapping[str, Any]) -> dict[str, str]:
    """Key -> text of what is to be attested, from the form that the run asks with."""
    return {
        key: str(field.get("description", ""))
        for key, field in form["properties"].items()
        if field.get("type") == "boolean"
    }


def _check(boxes: Mapping[str, str], attested: frozenset[str], *, starts: bool) -> None:
    unknown = sorted(attested - set(boxes))
    if unknown:
        raise NotConfirmed(f"There is nothing to attest called {', '.join(unknown)}.")
    missing = [f"{key} ({text})" for key, text in boxes.items() if key not in attested]
    if missing and starts:
        raise NotConfirmed(
            f"Not attested: {'; '.join(missing)}.", todo="Look at each, then vouch for each by its key."
        )
