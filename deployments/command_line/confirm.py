"""`connector confirm`: answers for a run that waits, as the form in the Prefect UI does."""

import json
import sys
from collections.abc import Sequence

from rich.console import Console

from deployments.command_line.services import prefect_of_the_team
from deployments.confirming import answer, asked_by

EVERYTHING = "all"


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
            asks = asked_by(client, run_id)
            attested = frozenset(asks.boxes if EVERYTHING in attest else attest)
            said = answer(
                client,
                asks,
                name=name,
                instance=instance,
                starts=not decline,
                attested=attested,
                write_back=write_back,
            )
    told = "declined: it ends, and nothing was changed" if decline else "confirmed: it goes on"
    if as_json:
        sys.stdout.write(json.dumps({"run_id": run_id, **said}, indent=2) + "\n")
    else:
        Console(highlight=False).print(f"Run {run_id} is {told}.", markup=False, soft_wrap=True)
    return 0
