"""Preflight: everything that would make the run fail later, in one list, each with what to do."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial

from connector.errors import ConnectorError, RequestRefused
from connector.mapping.vocabulary import EXTERNAL_ID, EntitySpec
from connector.model.describe import FieldDescribe, ObjectDescribe
from connector.model.finding import Finding, Severity
from connector.sync.anchors import anchor_ids
from connector.sync.automations import automation_findings
from connector.sync.budget import limit_findings
from connector.sync.ports import EventPublishing, GentrackSource, SalesforceOrg
from connector.sync.run_record import RUN_FIELDS, RUN_OBJECT
from connector.sync.window_findings import event_findings, trigger_findings

SYSTEMS = ("Gentrack", "Salesforce")
"""Where a finding is that means: this side can't be read at all."""
_PERMISSION = "Assign the permission set of salesforce/ to the integration user."
_DEPLOY = "Deploy salesforce/ to the org, then assign its permission set to the integration user."


def preflight(
    entities: Sequence[EntitySpec],
    source: GentrackSource,
    org: SalesforceOrg,
    events: EventPublishing | None,
    *,
    mails_to: Sequence[str],
    limits_left: float = 0.0,
) -> list[Finding]:
    """Look at both sides; an error on one side becomes a finding and does not hide the other side's.

    `events` is None where a person switches Gentrack's event publishing; `limits_left` is the share of the
    org's daily limits that a run leaves to others.
    """
    findings = [*_answers("Gentrack", source.check), *_answers("Salesforce", org.user_name)]
    if not any(finding.where == "Gentrack" for finding in findings):
        findings += event_findings(events)
    if not any(finding.where == "Salesforce" for finding in findings):
        described = {}
        for spec in entities:
            try:
                described[spec.name] = org.describe(spec.salesforce_object)
            except RequestRefused:
                findings.append(_blocking(spec.salesforce_object, "The object is not there to see.", _DEPLOY))
            except ConnectorError as error:
                findings.append(_blocking(spec.salesforce_object, error.message, error.todo))
        for spec in entities:
            if spec.name in described:
                findings += _object_findings(spec, described[spec.name], set(described))
                findings += _answers(spec.salesforce_object, partial(anchor_ids, spec, org))
        findings += [*_variants(described), *_run_record(org)]
        findings += limit_findings(org, limits_left)
        findings += [*trigger_findings(org), *automation_findings(entities, org)]
    if not mails_to:
        findings.append(
            Finding(
                Severity.NOTE, "email", "Nobody is told by email.", "Set email.recipients in the instance."
            )
        )
    return findings


def _blocking(where: str, what: str, todo: str) -> Finding:
    return Finding(Severity.BLOCKING, where, what, todo)


def _answers(side: str, ask: Callable[[], object]) -> Iterator[Finding]:
    try:
        ask()
    except ConnectorError as error:
        yield _blocking(side, error.message, error.todo)


def _object_findings(spec: EntitySpec, described: ObjectDescribe, known: set[str]) -> Iterator[Finding]:
    name = spec.salesforce_object
    if not (described.createable and described.updateable):
        yield _blocking(name, "The integration user may not create and edit it.", _PERMISSION)
    key = described.fields.get(EXTERNAL_ID)
    if key is None:
        yield _blocking(f"{name}.{EXTERNAL_ID}", "The field is not there to see.", _DEPLOY)
    elif not (key.external_id and key.unique and key.createable):
        yield _blocking(
            f"{name}.{EXTERNAL_ID}", "It must be an External ID, unique, and editable.", "Correct the field."
        )
    updated = spec.fields if spec.found_by_parents else spec.gentrack_fields
    for field in spec.fields:
        yield from _field_findings(name, field.api_name, described, must_update=field in updated)
    for parent in spec.parents:
        yield from _field_findings(name, parent.field, described, must_update=False)
        if parent.entity not in known:
            yield _blocking(
                name, f"Its parent {parent.entity} can't be loaded.", "Mend the parent's findings."
            )
    for anchor in spec.anchors:
        yield from _field_findings(name, anchor.field, described, must_update=False)
    filled = (
        {EXTERNAL_ID}
        | {field.api_name for field in spec.fields}
        | {parent.field for parent in spec.parents}
        | {anchor.field for anchor in spec.anchors}
    )
    yield from (
        _blocking(
            f"{name}.{field.name}",
            "Salesforce requires it and the mapping does not fill it.",
            "Make it optional, give it a default, or add a line to the mapping.",
        )
        for field in described.fields.values()
        if field.required_on_create and field.name not in filled
    )


def _field_findings(
    name: str, api_name: str, described: ObjectDescribe, *, must_update: bool
) -> Iterator[Finding]:
    field: FieldDescribe | None = described.fields.get(api_name)
    if field is None:
        yield _blocking(f"{name}.{api_name}", "The field is not there to see.", _DEPLOY)
    elif not field.createable or (must_update and not field.updateable):
        yield _blocking(f"{name}.{api_name}", "The integration user may not edit it.", _PERMISSION)


def _variants(described: dict[str, ObjectDescribe]) -> Iterator[Finding]:
    """Features of an org that change how its objects work."""
    account = described.get("account")
    if account is None:
        return
    if "IsPersonAccount" in account.fields:
        yield _blocking(
            "Account",
            "Person accounts are enabled, and they change how accounts and contacts work together.",
            "This mapping is for business accounts; it can't be used in this org.",
        )
    if "CurrencyIsoCode" in account.fields:
        yield _blocking(
            "Account",
            "Multiple currencies are enabled, and the mapping gives records no currency.",
            "It can't be used in this org.",
        )
    if "BillingStateCode" in account.fields:
        yield Finding(
            Severity.NOTE,
            "Account",
            "State and country picklists are enabled: Salesforce refuses names that it doesn't know.",
            "Compare the names of states and countries before the run.",
        )


def _run_record(org: SalesforceOrg) -> Iterator[Finding]:
    try:
        described = org.describe(RUN_OBJECT)
    except RequestRefused:
        yield _blocking(RUN_OBJECT, "The object of the report is not there to see.", _DEPLOY)
        return
    except ConnectorError as error:
        yield _blocking(RUN_OBJECT, error.message, error.todo)
        return
    hidden = sorted(RUN_FIELDS - described.fields.keys())
    if hidden:
        yield _blocking(RUN_OBJECT, f"Fields are not there to see: {', '.join(hidden)}.", _DEPLOY)
