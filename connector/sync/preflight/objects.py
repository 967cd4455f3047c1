"""Objects and fields: whether what the mapping reads and writes is there, and may be written."""

from collections.abc import Iterator

from connector.errors import RequestRefused
from connector.mapping.flags import GONE, GONE_ON
from connector.mapping.vocabulary import EXTERNAL_ID, EntitySpec
from connector.model.describe import ObjectDescribe
from connector.model.finding import Finding
from connector.sync.anchors import anchor_ids
from connector.sync.preflight.check import DEPLOY, PERMISSION, blocking, note
from connector.sync.preflight.subject import Subject
from connector.sync.run_record import RUN_FIELDS, RUN_OBJECT

_NO_OTHER_WAY = (
    "Where it still isn't, add the field by hand in Setup: the connector finds records by nothing else, and"
    " can't load an org whose object takes no such field (docs/decisions/0064-external-id-needed.md)."
)

_SWITCH = "Switch {} on in the org's Setup (docs/connecting.md)."


def objects(subject: Subject) -> Iterator[Finding]:
    """Every entity's object with the fields that it reads and writes."""
    for spec in subject.entities:
        name = spec.salesforce_object
        refused = subject.hidden.get(spec.name)
        if isinstance(refused, RequestRefused):
            yield blocking(name, "The object is not there to see.", _brought_by(name))
        elif refused is not None:
            yield blocking(name, refused.message, refused.todo or PERMISSION)
    for spec in subject.shown:
        described = subject.described[spec.name]
        if not (described.createable and described.updateable):
            yield blocking(
                spec.salesforce_object, "The integration user may not create and edit it.", PERMISSION
            )
        yield from _external_id(spec, described)
        yield from _flag(spec, described)
        yield from _mapped_fields(spec, described, set(subject.described))
        yield from _required_fields(spec, described)


def _brought_by(name: str) -> str:
    """What brings an object: our source, or of a standard one a switch of the org."""
    return DEPLOY if name.endswith("__c") else f"{_SWITCH.format(name)} {PERMISSION}"


def anchors(subject: Subject) -> Iterator[Finding]:
    """The one record of the org that an anchor stands for."""
    for spec in subject.shown:
        try:
            anchor_ids(spec, subject.salesforce)
        except RequestRefused as refused:
            yield blocking(spec.salesforce_object, refused.message, refused.todo)


def run_record(subject: Subject) -> Iterator[Finding]:
    """The object that a run's report is attached to."""
    try:
        described = subject.salesforce.describe(RUN_OBJECT)
    except RequestRefused:
        yield blocking(RUN_OBJECT, "The object of the report is not there to see.", DEPLOY)
        return
    hidden = sorted(RUN_FIELDS - described.fields.keys())
    if hidden:
        yield blocking(RUN_OBJECT, f"Fields are not there to see: {', '.join(hidden)}.", DEPLOY)


def _external_id(spec: EntitySpec, described: ObjectDescribe) -> Iterator[Finding]:
    where = f"{spec.salesforce_object}.{EXTERNAL_ID}"
    key = described.fields.get(EXTERNAL_ID)
    if key is None:
        yield blocking(where, "The field is not there to see.", f"{DEPLOY} {_NO_OTHER_WAY}")
        return
    if not (key.external_id and key.unique and key.createable):
        yield blocking(where, "It must be an External ID, unique, and editable.", "Correct the field.")
    if key.unique and key.case_sensitive:
        yield blocking(
            where,
            "It is unique by letter case, and keys of Gentrack are the same whatever their letter case.",
            'Set it to: treat "ABC" and "abc" as duplicate values.',
        )


def _flag(spec: EntitySpec, described: ObjectDescribe) -> Iterator[Finding]:
    hidden = [name for name in (GONE, GONE_ON) if name not in described.fields]
    if hidden:
        yield note(
            spec.salesforce_object,
            f"{' and '.join(hidden)} can't be seen: records that Gentrack has no more can't be flagged.",
            DEPLOY,
        )


def _mapped_fields(spec: EntitySpec, described: ObjectDescribe, known: set[str]) -> Iterator[Finding]:
    name = spec.salesforce_object
    updated = spec.fields if spec.found_by_parents else spec.gentrack_fields
    for field in spec.fields:
        yield from _field(name, field.api_name, described, must_update=field in updated)
    for parent in spec.parents:
        yield from _field(name, parent.field, described, must_update=parent.later)
        if parent.entity not in known:
            yield blocking(
                name, f"Its parent {parent.entity} can't be loaded.", "Mend the parent's findings."
            )
    for anchor in spec.anchors:
        yield from _field(name, anchor.field, described, must_update=False)


def _field(name: str, api_name: str, described: ObjectDescribe, *, must_update: bool) -> Iterator[Finding]:
    field = described.fields.get(api_name)
    if field is None:
        yield blocking(f"{name}.{api_name}", "The field is not there to see.", DEPLOY)
    elif not field.createable or (must_update and not field.updateable):
        yield blocking(f"{name}.{api_name}", "The integration user may not edit it.", PERMISSION)


def _required_fields(spec: EntitySpec, described: ObjectDescribe) -> Iterator[Finding]:
    filled = (
        {EXTERNAL_ID}
        | {field.api_name for field in spec.fields}
        | {parent.field for parent in spec.parents}
        | {anchor.field for anchor in spec.anchors}
    )
    yield from (
        blocking(
            f"{spec.salesforce_object}.{field.name}",
            "Salesforce requires it and the mapping does not fill it.",
            "Make it optional, give it a default, or add a line to the mapping.",
        )
        for field in described.fields.values()
        if field.required_on_create and field.name not in filled
    )
