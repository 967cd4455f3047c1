"""Puts the org's schema together from the standard objects and the DX source."""

from dataclasses import replace
from pathlib import Path

from sandbox.salesforce.schema import source_files
from sandbox.salesforce.schema.model import Field, Schema, SObjectType
from sandbox.salesforce.schema.standard import ANY_OBJECT, person_account_fields, standard_objects

PROJECT = Path(__file__).parents[3]
SOURCE = PROJECT / "salesforce" / "force-app" / "main" / "default"
_PREFIX_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def load_schema(source: Path = SOURCE, *, person_accounts: bool = False) -> Schema:
    """The schema of an org into which the DX source in ``source`` was deployed."""
    objects = {each.name: each for each in standard_objects()}
    for name, fields in person_account_fields().items() if person_accounts else ():
        objects[name] = replace(objects[name], fields={**objects[name].fields, **fields})
    for owner, field in source_files.custom_fields(source):
        base = objects[owner]
        objects[owner] = replace(base, fields={**base.fields, field.name.lower(): field})
    for position, custom in enumerate(source_files.custom_objects(source)):
        letter = "e" if custom.event else "a"
        prefix = f"{letter}{_PREFIX_ALPHABET[position // 36]}{_PREFIX_ALPHABET[position % 36]}"
        objects[custom.name] = custom.as_type(prefix)
    linkable = tuple(
        sorted(
            name for name, each in objects.items() if each.layoutable and not each.name.startswith("Content")
        )
    )
    return Schema({name.lower(): _expanded(each, linkable) for name, each in objects.items()})


def _expanded(sobject: SObjectType, linkable: tuple[str, ...]) -> SObjectType:
    def expand(field: Field) -> Field:
        return replace(field, reference_to=linkable) if field.reference_to == (ANY_OBJECT,) else field

    return replace(sobject, fields={name: expand(each) for name, each in sobject.fields.items()})
