"""What stands in the way of an outage window, and how its switches stand: a part of preflight."""

from collections.abc import Iterator

from connector.errors import ConnectorError, RequestRefused
from connector.model.finding import Finding, Severity
from connector.sync.ports import EventPublishing, SalesforceOrg
from connector.sync.switches import BYPASS, SETTING, triggers_now


def trigger_findings(org: SalesforceOrg) -> Iterator[Finding]:
    """Whether our triggers can be switched off, and whether they are so already."""
    try:
        described = org.describe(SETTING)
    except RequestRefused:
        yield Finding(
            Severity.BLOCKING,
            SETTING,
            "The setting that switches our triggers off is not there to see.",
            "Deploy salesforce/ to the org, then assign its permission set to the integration user.",
        )
        return
    except ConnectorError as error:
        yield Finding(Severity.BLOCKING, SETTING, error.message, error.todo)
        return
    if BYPASS not in described.fields or not (described.createable and described.updateable):
        yield Finding(
            Severity.BLOCKING,
            f"{SETTING}.{BYPASS}",
            "The integration user may not edit it.",
            "Give that user the permission Customize Application for the time of the migration.",
        )
        return
    try:
        bypassed = triggers_now(org).bypass
    except ConnectorError as error:
        yield Finding(Severity.BLOCKING, SETTING, error.message, error.todo)
        return
    if bypassed:
        yield Finding(
            Severity.NOTE,
            SETTING,
            "Our triggers are switched off for the integration user already.",
            "A run that finds them so leaves them so. Clear Bypass Triggers if nobody means it.",
        )


def event_findings(events: EventPublishing | None) -> Iterator[Finding]:
    """Whether Gentrack's event publishing can be switched, or who has to."""
    if events is None:
        yield Finding(
            Severity.ATTEST,
            "event publishing",
            "Gentrack's event publishing has to be switched off by hand ([window] events of the instance).",
            "Switch it off before you confirm, and on again when you are told that the window is closed.",
        )
        return
    try:
        published = events.is_on()
    except ConnectorError as error:
        yield Finding(
            Severity.BLOCKING,
            "event publishing",
            error.message,
            f'{error.todo} Or switch it by hand: [window] events = "manual" in the instance.'.strip(),
        )
        return
    if not published:
        yield Finding(
            Severity.NOTE,
            "event publishing",
            "Gentrack publishes no events already.",
            "A run that finds it so leaves it so. Switch it on in Gentrack if nobody means it.",
        )
