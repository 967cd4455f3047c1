"""Values that the mapping itself brings, against the picklists of the org.

Values of Gentrack's records are held against restricted picklists row by row, in transform.
Source: Salesforce Help, "State and Country/Territory Picklists": with them on, a text address takes only
names that the org knows.
"""

from collections.abc import Iterator

from connector.mapping.vocabulary import EntitySpec, Field
from connector.model.describe import ObjectDescribe
from connector.model.finding import Finding
from connector.sync.preflight.check import attest, blocking
from connector.sync.preflight.subject import Subject

_PLACES = ("State", "Country")


def static_values(subject: Subject) -> Iterator[Finding]:
    """Restricted picklists that lack a value of a converter, and addresses that are picklists."""
    for spec in subject.shown:
        described = subject.described[spec.name]
        for field in spec.fields:
            yield from _restricted(spec, field, described)
        yield from _addresses(spec, described)


def _restricted(spec: EntitySpec, field: Field, described: ObjectDescribe) -> Iterator[Finding]:
    picklist = described.fields.get(field.api_name)
    if picklist is None or not picklist.restricted_picklist:
        return
    where = f"{spec.salesforce_object}.{field.api_name}"
    if field.born is not None and field.born not in picklist.picklist_values:
        yield blocking(
            where,
            f"Every new record begins as {field.born}, which its restricted picklist doesn't have.",
            "Add the value to the picklist.",
        )
    missing = [value for value in _given(field) if value not in picklist.picklist_values]
    if missing:
        yield attest(
            where,
            f"Its restricted picklist lacks {', '.join(missing)}: rows with such a value are rejected.",
            "Add the values to the picklist, or to the record type of the integration user.",
        )


def _addresses(spec: EntitySpec, described: ObjectDescribe) -> Iterator[Finding]:
    for field in spec.fields:
        codes = described.fields.get(f"{field.api_name}Code")
        if codes is None or not field.api_name.endswith(_PLACES):
            continue
        where = f"{spec.salesforce_object}.{field.api_name}"
        strange = [value for value in _given(field) if value not in codes.picklist_labels]
        if strange:
            yield attest(
                where,
                f"State and country picklists are on, and they don't know {', '.join(strange)} by that name.",
                "Give the picklist's entries these names as integration values in Setup.",
            )
        else:
            yield attest(
                where,
                "State and country picklists are on: rows with a name that they don't know are refused.",
                "Compare Gentrack's names with the integration values in Setup.",
            )


def _given(field: Field) -> list[str]:
    """What the table of its converter makes of Gentrack's values, each once."""
    return list(dict.fromkeys(theirs for _, theirs in field.converter.table))
