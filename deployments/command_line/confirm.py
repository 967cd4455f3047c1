"""`connector confirm`: answers for a run that waits, as the form in the Prefect UI does."""

import json
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any
from uuid import UUID

from rich.console import Console

from connector.errors import NotConfirmed
from connector.sync.confirm import DECLINE, START, WRITE_BACK
from deployments.command_line.services import prefect_of_the_team

if TYPE_CHECKING:
    from prefect.client.orchestration import SyncPrefectClient

EVERYTHING = "all"
_HOW_TO_WRITE = "Start it with --write-back, or set [write_back] mode of the instance."


def confirm(
    run_id: str,
    name: str,
    instance: str,
    *,
    decline: bool,
    attest: Sequence[str],
    as_json: bool,
    write_back: bool = False,
) -> int:
    """Resume the run with this answer. Raises NotConfirmed where the answer is not taken, SettingsInvalid."""
    with prefect_of_the_team():
        from prefect.client.orchestration import get_client  # noqa: PLC0415 - after its environment is set

        with get_client(sync_client=True) as client:
            waiting, schema = _waiting(client, run_id)
            boxes = _boxes(json.loads(client.read_flow_run_input(waiting, schema)))
            asks_to_write = boxes.pop(WRITE_BACK, None) is not None
            if write_back and not asks_to_write:
                raise NotConfirmed("This run does not ask to write to Gentrack.", todo=_HOW_TO_WRITE)
            attested = set(boxes) if EVERYTHING in attest else set(attest)
            _check(boxes, attested, decline=decline)
            answer: dict[str, Any] = {
                "name": name,
                "instance": instance,
                "decision": DECLINE if decline else START,
            }
            if asks_to_write:
                answer[WRITE_BACK] = write_back
            result = client.resume_flow_run(waiting, answer | {key: key in attested for key in boxes})
    if result.status.value != "ACCEPT":
        reason = getattr(result.details, "reason", None) or result.status.value
        raise NotConfirmed(f"The answer was not taken, and the run goes on waiting: {reason}")
    told = "declined: it ends, and nothing was changed" if decline else "confirmed: it goes on"
    if as_json:
        sys.stdout.write(json.dumps({"run_id": run_id, **answer}, indent=2) + "\n")
    else:
        Console(highlight=False).print(f"Run {run_id} is {told}.", markup=False, soft_wrap=True)
    return 0


def _waiting(client: "SyncPrefectClient", run_id: str) -> tuple[UUID, str]:
    """The run, and the key of its form's schema."""
    from prefect.exceptions import ObjectNotFound  # noqa: PLC0415

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
    return run.id, keyset["schema"]


def _boxes(form: dict[str, Any]) -> dict[str, str]:
    """Key -> text of what is to be attested, from the form that the run asks with."""
    return {
        key: str(field.get("description", ""))
        for key, field in form["properties"].items()
        if field.get("type") == "boolean"
    }


def _check(boxes: dict[str, str], attested: set[str], *, decline: bool) -> None:
    unknown = sorted(attested - set(boxes) - {EVERYTHING})
    if unknown:
        raise NotConfirmed(f"There is nothing to attest called {', '.join(unknown)}.")
    missing = [f"{key} ({text})" for key, text in boxes.items() if key not in attested]
    if missing and not decline:
        raise NotConfirmed(
            f"Not attested: {'; '.join(missing)}.",
            todo=f"Look at each, then say --attest KEY for each, or --attest {EVERYTHING}.",
        )
