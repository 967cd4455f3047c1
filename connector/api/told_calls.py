"""The OpenAPI document as people read it: calls, bodies and problems, for the page and for docs/api.md."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from connector.api.problems import CONTENT_TYPE

Document = Mapping[str, Any]


@dataclass(frozen=True)
class Answered:
    """An answer of a call: the name of its body's shape, or the codes of the problems that it may be."""

    status: str
    description: str
    shape: str
    codes: tuple[str, ...]


@dataclass(frozen=True)
class Call:
    """One call. `needs` says in words what its token needs; `body` is an example in JSON, or empty."""

    method: str
    path: str
    anchor: str
    summary: str
    description: str
    needs: str
    parameters: tuple[Mapping[str, Any], ...]
    body: str
    body_name: str
    answers: tuple[Answered, ...]


@dataclass(frozen=True)
class ShapeField:
    """A member of a body."""

    name: str
    kind: str
    required: bool
    description: str


@dataclass(frozen=True)
class ToldShape:
    """A body, or a part of one."""

    name: str
    description: str
    fields: tuple[ShapeField, ...]


def calls_of(document: Document) -> Iterator[Call]:
    """Every call, in the order of the routes."""
    for path, methods in document["paths"].items():
        for method, said in methods.items():
            content = said.get("requestBody", {}).get("content", {})
            schema = content.get("application/json", {}).get("schema", {})
            yield Call(
                method=method.upper(),
                path=path,
                anchor=said["operationId"],
                summary=said["summary"],
                description=said.get("description", ""),
                needs=_needs(said),
                parameters=tuple(said.get("parameters", ())),
                body=_example(document, content.get("application/json", {})),
                body_name=_name(schema),
                answers=tuple(_answered(status, answer) for status, answer in said["responses"].items()),
            )


def shapes_of(document: Document) -> Iterator[ToldShape]:
    """Every body, by its name."""
    for name, schema in sorted(document["components"]["schemas"].items()):
        if schema.get("type") == "object":
            required = schema.get("required", ())
            yield ToldShape(
                name,
                schema.get("description", ""),
                tuple(
                    ShapeField(member, kind_of(said), member in required, said.get("description", ""))
                    for member, said in schema.get("properties", {}).items()
                ),
            )


def kind_of(schema: Mapping[str, Any]) -> str:
    """What a member holds, in words."""
    if "$ref" in schema:
        return _name(schema)
    if "anyOf" in schema:
        return " or ".join(kind_of(one) for one in schema["anyOf"])
    if "enum" in schema:
        return ", ".join(map(str, schema["enum"]))
    if schema.get("type") == "array":
        return f"list of {kind_of(schema.get('items', {}))}"
    return str(schema.get("format") or schema.get("const") or schema.get("type", "anything"))


def _needs(said: Mapping[str, Any]) -> str:
    scopes = [scope for one in said.get("security", ()) for scope in one.get("app", ())]
    return f"Needs a token with {', '.join(scopes)}." if scopes else "Needs no token."


def _answered(status: str, said: Mapping[str, Any]) -> Answered:
    content = said.get("content", {})
    codes = tuple(
        code
        for media, one in content.items()
        if media == CONTENT_TYPE or "examples" in one
        for code in one.get("examples", ())
    )
    shape = _name(content.get("application/json", {}).get("schema", {}))
    return Answered(status, "" if codes else said["description"], shape, codes)


def _example(document: Document, content: Mapping[str, Any]) -> str:
    if "example" in content:
        return json.dumps(content["example"], indent=2)
    name = _name(content.get("schema", {}))
    if not name:
        return ""
    properties = document["components"]["schemas"][name].get("properties", {})
    told = {member: said["examples"][0] for member, said in properties.items() if said.get("examples")}
    return json.dumps(told, indent=2) if told else ""


def _name(schema: Mapping[str, Any]) -> str:
    return str(schema.get("$ref", "")).rpartition("/")[2]
