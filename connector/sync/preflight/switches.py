"""How the two switches of an outage window stand, and whether they can be moved."""

from collections.abc import Iterator

from connector.errors import ConnectorError, RequestRefused
from connector.model.finding import Finding
from connector.sync.preflight.check import DEPLOY, PERMISSION, attest, blocking, note
from connector.sync.preflight.subject import Subject
from connector.sync.switches import BYPASS, SETTING, triggers_now


def triggers(subject: Subject) -> Iterator[Finding]:
    """Whether our triggers can be switched off, and whether they are so already."""
    org = subject.salesforce
    try:
        described = org.describe(SETTING)
    except RequestRefused:
        yield blocking(SETTING, "The setting that switches our triggers off is not there to see.", DEPLOY)
        return
    if BYPASS not in described.fields or not (described.createable and described.updateable):
        yield blocking(
            f"{SETTING}.{BYPASS}",
            "The integration user may not edit it.",
            "Give that user the permission Customize Application for the time of the migration.",
        )
        return
    try:
        bypassed = triggers_now(org).bypass
    except RequestRefused as refused:
        yield blocking(SETTING, refused.message, refused.todo or PERMISSION)
        return
    if bypassed:
        yield note(
            SETTING,
            "Our triggers are switched off for the integration user already.",
            "A run that finds them so leaves them so. Clear Bypass Triggers if nobody means it.",
        )


def events(subject: Subject) -> Iterator[Finding]:
    """Whether Gentrack's event publishing can be switched, or who has to."""
    if subject.events is None:
        yield attest(
            "event publishing",
            "Gentrack's event publishing has to be switched off by hand ([window] events of the instance).",
            "Switch it off before you confirm, and on again when you are told that the window is closed.",
        )
        return
    try:
        published = subject.events.is_on()
    except ConnectorError as error:
        yield blocking(
            "event publishing",
            error.message,
            f'{error.todo} Or switch it by hand: [window] events = "manual" in the instance.'.strip(),
        )
        return
    if not published:
        yield note(
            "event publishing",
            "Gentrack publishes no events already.",
            "A run that finds it so leaves it so. Switch it on in Gentrack if nobody means it.",
        )
