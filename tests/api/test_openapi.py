"""The OpenAPI document is whole, and every call that is thrown at the API gets a documented answer."""

import re
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis.strategies import SearchStrategy
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from connector.api import problem_kinds
from connector.model.api_app import AppRole
from tests.api.service import INSTANCE, Service

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]


@pytest.fixture(scope="module")
def document(shared_service: Service) -> dict[str, Any]:
    return dict(shared_service.http.get("/openapi.json").json())


def test_every_call_says_what_it_is_what_it_needs_and_what_it_may_answer(document: dict[str, Any]) -> None:
    for path, methods in document["paths"].items():
        for method, said in methods.items():
            assert said["summary"], (method, path)
            if "/instances/" in path:
                assert said["security"][0]["app"], (method, path)
                assert {"401", "403", "404", "422", "429", "503"} <= said["responses"].keys()
            for parameter in said.get("parameters", ()):
                assert parameter["description"], (method, path, parameter["name"])


def test_every_body_has_an_example(document: dict[str, Any]) -> None:
    asked = [
        said["requestBody"]["content"]
        for methods in document["paths"].values()
        for said in methods.values()
        if "requestBody" in said
    ]
    assert len(asked) >= 4
    for content in asked:
        for said in content.values():
            name = said["schema"].get("$ref", "").rpartition("/")[2]
            known = document["components"]["schemas"].get(name, {}).get("properties", {})
            assert "example" in said or any("examples" in one for one in known.values())


def test_the_page_explains_every_call_and_every_problem_and_loads_nothing(
    shared_service: Service, document: dict[str, Any]
) -> None:
    answer = shared_service.http.get("/docs")
    assert answer.headers["Content-Type"].startswith("text/html")
    assert "script" not in answer.text
    assert re.findall(r'(?:src|href)="(?!#)([^"]+)"', answer.text) == ["openapi.json"]
    for kind in problem_kinds.ALL:
        assert f'id="{kind.code}"' in answer.text
    for path in document["paths"]:
        assert f"<code>{path}</code>" in answer.text


@pytest.mark.parametrize("mode", list(GenerationMode))
def test_any_call_gets_a_documented_answer(
    shared_service: Service, document: dict[str, Any], mode: GenerationMode
) -> None:
    """Valid and invalid calls, with a token that may do everything."""
    headers = shared_service.bearer(shared_service.add_app(AppRole.ADMINISTRATOR))
    address = str(shared_service.http.base_url)
    schema = schemathesis.openapi.from_dict(document)
    for found in schema.get_all_operations():
        assert isinstance(found, Ok)
        operation = found.ok()
        if mode is GenerationMode.NEGATIVE and not (operation.body or list(operation.iter_parameters())):
            continue  # there is nothing that could be wrong
        throw_at(operation.as_strategy(generation_mode=mode), address, headers)


def throw_at(cases: SearchStrategy[Case[Any]], address: str, headers: dict[str, str]) -> None:
    @given(case=cases)
    @settings(max_examples=10, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    def check(case: Case[Any]) -> None:
        if "instance" in (case.path_parameters or {}):
            case.path_parameters["instance"] = INSTANCE
        case.call_and_validate(base_url=address, headers=headers, checks=CHECKS)

    check()
