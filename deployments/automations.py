"""What the Prefect server does by itself about our runs: the automations, as they are to stand on it.

They look at runs of our deployments alone, by their tags, so a server may be shared. Sources: Prefect docs,
"Create automations", "Detect zombie flows"; Prefect holds a trigger back for `within` once it has fired.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import cast
from uuid import UUID

from prefect.automations import Automation, EventTrigger, Posture
from prefect.client.orchestration import get_client
from prefect.events.actions import ChangeFlowRunState, SendNotification
from prefect.events.schemas.events import ResourceSpecification
from prefect.exceptions import ObjectNotFound
from prefect.states import StateType

from connector.errors import SettingsInvalid

ALERT_EVENT = "gentrack-connector.alert.raised"
"""What ongoing synchronisation emits when somebody has to look, once until it has recovered."""

SILENT_FOR = timedelta(seconds=90)
"""Three heartbeats of the 30 seconds that prefect.yaml sets."""
QUIET_FOR = timedelta(hours=1)
"""A deployment that fails again and again is told once in this time."""

_A_RUN = ResourceSpecification({"prefect.resource.id": "prefect.flow-run.*"})
_OURS = ResourceSpecification({"prefect.resource.role": "tag", "prefect.resource.id": "prefect.tag.gentrack"})
"""All our deployments bear that tag, and their runs with them."""


def automations(notify: UUID | None = None, *, silent_for: timedelta = SILENT_FOR) -> Sequence[Automation]:
    """All of them; those that tell somebody only with `notify`, the id of a notification block."""
    told = () if notify is None else (_failed(notify), _alert(notify))
    return (_died(silent_for), *told)


def apply(wanted: Sequence[Automation]) -> dict[str, bool]:
    """Let them stand on the server of the settings as they are here; returns name -> whether it is new.

    May be repeated. One that a person has switched off stays off.
    """
    done = {}
    for automation in wanted:
        standing = _standing(automation.name)
        done[automation.name] = standing is None
        if standing is None:
            automation.create()
        else:
            automation.model_copy(update={"id": standing.id, "enabled": standing.enabled}).update()
    return done


def notification_block(name: str) -> UUID:
    """The id of a notification block by kind/name. Raises SettingsInvalid where there is none."""
    kind, _, own = name.partition("/")
    try:
        with get_client(sync_client=True) as client:
            return client.read_block_document_by_name(own, kind).id
    except ObjectNotFound:
        raise SettingsInvalid(
            f"The Prefect server has no block {name}.",
            todo="Make it in the server's pages (Blocks), such as slack-webhook/on-call.",
        ) from None


def _standing(name: str) -> Automation | None:
    try:
        return cast("Automation", Automation.read(name=name))
    except ValueError:
        return None


def _tagged(tag: str) -> ResourceSpecification:
    return ResourceSpecification(
        {"prefect.resource.role": "tag", "prefect.resource.id": f"prefect.tag.{tag}"}
    )


def _died(silent_for: timedelta) -> Automation:
    return Automation(
        name="Gentrack connector: a run whose process died is crashed",
        description="A run that shows no sign of life is set to Crashed: its worker was killed with it.",
        trigger=EventTrigger(
            after={"prefect.flow-run.heartbeat"},
            expect={"prefect.flow-run.*"},
            match=_A_RUN,
            match_related=_OURS,
            for_each={"prefect.resource.id"},
            posture=Posture.Proactive,
            threshold=1,
            within=silent_for,
        ),
        actions=[
            ChangeFlowRunState(
                state=StateType.CRASHED, message="Its process has shown no sign of life: it was killed."
            )
        ],
    )


def _failed(notify: UUID) -> Automation:
    return Automation(
        name="Gentrack connector: a run failed",
        description="Somebody is told that a run failed or crashed, once an hour for each deployment.",
        trigger=EventTrigger(
            expect={"prefect.flow-run.Failed", "prefect.flow-run.Crashed"},
            match=_A_RUN,
            match_related=_OURS,
            for_each={"related:deployment:prefect.resource.id"},
            posture=Posture.Reactive,
            threshold=1,
            within=QUIET_FOR,
        ),
        actions=[
            SendNotification(
                block_document_id=notify,
                subject="{{ flow.name }}: {{ flow_run.state.name }}",
                body="{{ flow_run.name }} ({{ deployment.name }}): {{ flow_run.state.message }}\n"
                "{{ flow_run|ui_url }}",
            )
        ],
    )


def _alert(notify: UUID) -> Automation:
    return Automation(
        name="Gentrack connector: ongoing synchronisation needs somebody",
        description="Somebody is told of lag, old dead letters, and a side that is away.",
        trigger=EventTrigger(
            expect={ALERT_EVENT},
            for_each={"prefect.resource.id"},
            posture=Posture.Reactive,
            threshold=1,
            within=timedelta(0),
        ),
        actions=[
            SendNotification(
                block_document_id=notify,
                subject="Ongoing synchronisation needs somebody: {{ event.payload['kind'] }}",
                body="{{ event.resource.id }}: {{ event.payload['told'] }}\n{{ event.payload['todo'] }}",
            )
        ],
    )
