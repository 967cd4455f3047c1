"""The metadata files hold what their types allow, and what they name exists."""

import json
import re
import tomllib
from collections import Counter
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

PROJECT = Path(__file__).parents[2] / "salesforce"
SOURCE = PROJECT / "force-app" / "main" / "default"
SCHEMA = tomllib.loads((Path(__file__).parent / "metadata.toml").read_text(encoding="utf-8"))
NAMESPACE = "{http://soap.sforce.com/2006/04/metadata}"
FILES = sorted(SOURCE.rglob("*-meta.xml"))
BOOLEAN = re.compile(
    r"^(?:enable|show|allow|customLabel|detailHeading|editHeading|editable|readable|required|unique)"
)


def read(path: Path) -> ET.Element:
    return ET.parse(path).getroot()


def texts(root: ET.Element, path: str) -> list[str]:
    steps = "/".join(NAMESPACE + step for step in path.split("/"))
    return [found.text or "" for found in root.findall(steps)]


def complaints(element: ET.Element, allowed: dict[str, Any], place: str) -> list[str]:
    found: list[str] = []
    counts = Counter(child.tag.removeprefix(NAMESPACE) for child in element)
    for name, rule in allowed.items():
        if rule == "1" and counts[name] != 1:
            found.append(f"{place}/{name}: expected once, found {counts[name]} times")
        if rule == "?" and counts[name] > 1:
            found.append(f"{place}/{name}: found {counts[name]} times")
    for child in element:
        name = child.tag.removeprefix(NAMESPACE)
        if name not in allowed:
            found.append(f"{place}/{name}: no such element")
        elif isinstance(allowed[name], dict):
            found += complaints(child, allowed[name], f"{place}/{name}")
        elif not (child.text or "").strip():
            found.append(f"{place}/{name}: empty")
        elif BOOLEAN.match(name) and child.text not in {"true", "false"}:
            found.append(f"{place}/{name}: {child.text} is no boolean")
    return found


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_a_file_holds_what_its_type_allows(path: Path) -> None:
    root = read(path)
    assert root.tag.startswith(NAMESPACE)
    kind = root.tag.removeprefix(NAMESPACE)

    assert complaints(root, SCHEMA[kind], kind) == []


def test_the_check_notices_a_misspelt_element() -> None:
    root = ET.fromstring(
        '<CustomTab xmlns="http://soap.sforce.com/2006/04/metadata"><motiv>x</motiv></CustomTab>'
    )

    assert complaints(root, SCHEMA["CustomTab"], "CustomTab") == [
        "CustomTab/customObject: expected once, found 0 times",
        "CustomTab/motif: expected once, found 0 times",
        "CustomTab/motiv: no such element",
    ]


def fields() -> dict[str, ET.Element]:
    found = {}
    for path in SOURCE.glob("objects/*/fields/*.field-meta.xml"):
        root = read(path)
        (name,) = texts(root, "fullName")
        assert path.name == f"{name}.field-meta.xml"
        found[f"{path.parent.parent.name}.{name}"] = root
    return found


def test_every_synchronised_object_has_the_external_id() -> None:
    names = {name.partition(".")[0] for name in fields() if name.endswith(".Gentrack_External_Id__c")}
    synchronised = {"Account", "Contact", "AccountContactRelation", "Product2", "PricebookEntry"}
    assert names == synchronised | {"Contract", "Order", "OrderItem", "Service_Point__c"}
    for name, root in fields().items():
        if name.endswith(".Gentrack_External_Id__c"):
            facts = [
                texts(root, each)[0] for each in ("type", "length", "unique", "externalId", "caseSensitive")
            ]
            assert facts == ["Text", "255", "true", "true", "false"], name


def test_the_permission_set_opens_exactly_what_there_is() -> None:
    root = read(SOURCE / "permissionsets" / "Gentrack_Connector.permissionset-meta.xml")
    grantable = {
        name
        for name, field in fields().items()
        if texts(field, "required") != ["true"]
        and not name.startswith(("Gentrack_Object_Event__e", "Gentrack_Connector_Settings__c"))
    }
    classes = {path.name.removesuffix(".cls") for path in SOURCE.glob("classes/*.cls")}

    assert set(texts(root, "fieldPermissions/field")) == grantable
    assert set(texts(root, "classAccesses/apexClass")) <= classes
    assert {"Account", "Contact", "Order", "Service_Point__c"} <= set(texts(root, "objectPermissions/object"))


def test_layouts_and_tabs_name_what_exists() -> None:
    known = set(fields()) | {"Gentrack_Sync_Run__c.Name", "Service_Point__c.Name"}
    for path in SOURCE.glob("layouts/*.layout-meta.xml"):
        owner = path.name.partition("-")[0]
        named = texts(read(path), "layoutSections/layoutColumns/layoutItems/field")
        assert {f"{owner}.{name}" for name in named} <= known
        assert set(named) == {name.partition(".")[2] for name in known if name.startswith(f"{owner}.")}
    for path in SOURCE.glob("tabs/*.tab-meta.xml"):
        name = path.name.removesuffix(".tab-meta.xml")
        assert (SOURCE / "objects" / name / f"{name}.object-meta.xml").exists()


def test_every_piece_of_apex_has_its_metadata_and_the_same_version() -> None:
    (version,) = {
        texts(read(path), "apiVersion")[0] for path in FILES if path.parent.name in {"classes", "triggers"}
    }
    project = json.loads((PROJECT / "sfdx-project.json").read_text(encoding="utf-8"))
    assert project["sourceApiVersion"] == version
    sources = [*SOURCE.glob("classes/*.cls"), *SOURCE.glob("triggers/*.trigger")]
    assert len(sources) == 8
    for path in sources:
        assert path.with_name(path.name + "-meta.xml").exists()


def test_triggers_run_after_changes_and_go_through_the_handler() -> None:
    objects = ["Account", "Contact", "AccountContactRelation", "OrderItem"]
    for name in objects:
        body = (SOURCE / "triggers" / f"Gentrack{name}Trigger.trigger").read_text(encoding="utf-8")
        assert f"trigger Gentrack{name}Trigger on {name} (after insert, after update, after delete)" in body
        assert f"GentrackTriggerHandler.handle(Trigger.operationType, '{name}'" in body
    assert len(list(SOURCE.glob("triggers/*.trigger"))) == len(objects)
