"""The two switches of an outage window: our triggers in Salesforce, and Gentrack's event publishing.

Each is read before it is moved, put where it shall be, and read back. Putting it back needs nothing but what
was recorded, so it works after any crash, and twice.
"""

from typing import Any

from connector.errors import RequestRefused, SwitchStuck
from connector.model.window import TriggerSwitch
from connector.sync.ports import EventPublishing, SalesforceOrg

SETTING = "Gentrack_Connector_Settings__c"
"""The hierarchy custom setting that the triggers of `salesforce/` look at."""
BYPASS = "Bypass_Triggers__c"
_OWNER = "SetupOwnerId"


def triggers_now(org: SalesforceOrg) -> TriggerSwitch:
    """The bypass setting of the signed-in user as it stands: its own row, not what it inherits."""
    user_id = org.user_id()
    row = _row(org, user_id)
    return TriggerSwitch(user_id, row["Id"] if row else None, bool(row and row[BYPASS]))


def triggers_off(org: SalesforceOrg, user_id: str) -> None:
    """Let our triggers do nothing for the changes of one user. Raises SwitchStuck."""
    _put(org, user_id, bypass=True)
    row = _row(org, user_id)
    if row is None or not row[BYPASS]:
        raise SwitchStuck(
            f"Salesforce did not keep {BYPASS} of user {user_id}.",
            todo="Look for automation on the custom setting that changes it back.",
        )


def triggers_restored(org: SalesforceOrg, before: TriggerSwitch) -> None:
    """Put the setting back: the row as it was, or no row where there was none. Raises SwitchStuck."""
    if before.row_id is not None:
        _put(org, before.user_id, bypass=before.bypass)
    elif row := _row(org, before.user_id):
        org.delete_record(SETTING, row["Id"])
    row = _row(org, before.user_id)
    if (row is not None, bool(row and row[BYPASS])) != (before.row_id is not None, before.bypass):
        raise SwitchStuck(
            f"{BYPASS} of user {before.user_id} is not as it was before.", todo=triggers_by_hand(before)
        )


def triggers_by_hand(before: TriggerSwitch) -> str:
    """What a person does where the connector can't."""
    where = (
        f"In Salesforce, Setup, Custom Settings, Gentrack Connector Settings, Manage: user {before.user_id}"
    )
    if before.row_id is None:
        return f"{where}: delete the row."
    return f"{where}: set Bypass Triggers to {str(before.bypass).lower()}."


def events_put(events: EventPublishing, *, on: bool) -> None:
    """Let Gentrack publish events, or not. Raises SwitchStuck."""
    events.switch(on=on)
    if events.is_on() is not on:
        raise SwitchStuck(
            f"Gentrack did not switch event publishing {'on' if on else 'off'}.", todo=events_by_hand(on=on)
        )


def events_by_hand(*, on: bool) -> str:
    """What a person does where the connector can't."""
    return f"In Gentrack, switch event publishing {'on' if on else 'off'}."


def _put(org: SalesforceOrg, user_id: str, *, bypass: bool) -> None:
    row = _row(org, user_id)
    if row is None:
        try:
            org.create_record(SETTING, {_OWNER: user_id, BYPASS: bypass})
        except RequestRefused as refused:
            if refused.code != "DUPLICATE_VALUE":  # made all the same, by a call whose answer was lost
                raise
    elif row[BYPASS] is not bypass:
        org.update_record(SETTING, row["Id"], {BYPASS: bypass})


def _row(org: SalesforceOrg, user_id: str) -> dict[str, Any] | None:
    rows = org.query(f"SELECT Id, {BYPASS} FROM {SETTING} WHERE {_OWNER} = '{user_id}'")
    return rows[0] if rows else None
