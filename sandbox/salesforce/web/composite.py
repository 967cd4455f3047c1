"""Several requests in one, the later ones made of answers of the earlier ones.

Source: REST API guide, "Composite" and "Composite Graph".
"""

import re
from collections.abc import Callable, Mapping
from typing import Any, NoReturn
from urllib.parse import urlsplit

import orjson
from starlette.datastructures import Headers, QueryParams
from starlette.responses import Response

from sandbox.salesforce.errors import ApiError, method_not_allowed, not_found
from sandbox.salesforce.web.call import Call, json_answer
from sandbox.salesforce.web.routing import Route

_MOST = 25
_MOST_HEAVY = 5
_HEAVY = re.compile(r"^/services/data/v[\d.]+/(?:query|queryAll|composite/sobjects)(?:[/?]|$)")
"""Queries and collections, of which a request takes fewer than of other parts."""
_MOST_GRAPHS = 75
_MOST_NODES = 500
_REFERENCE = re.compile(r"@\{([^}]+)\}")
_ROLLED_BACK = ApiError(
    400,
    "PROCESSING_HALTED",
    "The transaction was rolled back since another operation in the same transaction failed.",
)

Answer = dict[str, Any]
Requests = list[dict[str, Any]]
Find = Callable[[str], tuple[Route, dict[str, str]] | None]


class _RolledBackError(Exception):
    """Undoes what one refused request makes void."""


class Composite:
    """Runs the parts of a composite request; ``find`` is the router's."""

    def __init__(self, find: Find) -> None:
        self._find = find

    def composite(self, call: Call) -> Response:
        """``POST /composite``."""
        body = call.json_object()
        requests = body.get("compositeRequest", [])
        if not 1 <= len(requests) <= _MOST:
            raise ApiError(
                400, "INVALID_INPUT", f"compositeRequest must have between 1 and {_MOST} subrequests"
            )
        if sum(bool(_HEAVY.match(str(request.get("url")))) for request in requests) > _MOST_HEAVY:
            message = f"at most {_MOST_HEAVY} of the subrequests can be queries or sObject collections"
            raise ApiError(400, "LIMIT_EXCEEDED", message)
        answers, _ = self._run(call, requests, all_or_none=bool(body.get("allOrNone")))
        return json_answer({"compositeResponse": answers})

    def graph(self, call: Call) -> Response:
        """``POST /composite/graph``: every graph stands or falls as a whole."""
        graphs = call.json_object().get("graphs", [])
        nodes = sum(len(graph.get("compositeRequest", [])) for graph in graphs)
        if not 1 <= len(graphs) <= _MOST_GRAPHS or nodes > _MOST_NODES:
            raise ApiError(400, "LIMIT_EXCEEDED", f"at most {_MOST_GRAPHS} graphs and {_MOST_NODES} nodes")
        results = []
        for graph in graphs:
            answers, good = self._run(call, graph.get("compositeRequest", []), all_or_none=True)
            results.append(
                {
                    "graphId": graph.get("graphId"),
                    "graphResponse": {"compositeResponse": answers},
                    "isSuccessful": good,
                }
            )
        return json_answer({"graphs": results})

    def _run(self, call: Call, requests: Requests, *, all_or_none: bool) -> tuple[list[Answer], bool]:
        answers: list[Answer] = []
        if not all_or_none:
            self._run_each(call, requests, answers)
            return answers, all(_good(answer) for answer in answers)
        try:
            with call.org.database.transaction():
                self._run_each(call, requests, answers, until_failure=True)
                if len(answers) < len(requests) or not all(_good(answer) for answer in answers):
                    _roll_back()
        except _RolledBackError:
            failed = answers[-1]
            return [
                failed
                if request.get("referenceId") == failed["referenceId"]
                else _answer(request, _ROLLED_BACK)
                for request in requests
            ], False
        return answers, True

    def _run_each(
        self, call: Call, requests: Requests, answers: list[Answer], *, until_failure: bool = False
    ) -> None:
        known: dict[str, Any] = {}
        for request in requests:
            try:
                answer = self._run_one(call, _filled(request, known))
            except ApiError as error:
                answer = _answer(request, error)
            answers.append(answer)
            if _good(answer):
                known[str(request.get("referenceId"))] = answer["body"]
            elif until_failure:
                return

    def _run_one(self, call: Call, request: Mapping[str, Any]) -> Answer:
        address = urlsplit(str(request.get("url", "")))
        found = self._find(address.path)
        if found is None:
            raise not_found()
        route, values = found
        handler = route.handlers.get(str(request.get("method", "GET")))
        if handler is None:
            raise method_not_allowed(str(request.get("method")), ",".join(route.handlers))
        body = request.get("body")
        part = Call(
            org=call.org,
            method=str(request.get("method", "GET")),
            path=values,
            query=QueryParams(address.query),
            headers=Headers({"content-type": "application/json"} | dict(request.get("httpHeaders", {}))),
            base_url=call.base_url,
            body=b"" if body is None else orjson.dumps(body),
            session=call.session,
        )
        response = handler(part)
        content = orjson.loads(response.body) if response.body else None
        headers = {}
        if response.status_code == 201 and isinstance(content, dict) and "id" in content:
            headers["Location"] = f"{address.path.rstrip('/')}/{content['id']}"
        return {
            "body": content,
            "httpHeaders": headers,
            "httpStatusCode": response.status_code,
            "referenceId": request.get("referenceId"),
        }


def _roll_back() -> NoReturn:
    raise _RolledBackError


def _good(answer: Answer) -> bool:
    return bool(answer["httpStatusCode"] < 400)


def _answer(request: Mapping[str, Any], error: ApiError) -> Answer:
    return {
        "body": error.body,
        "httpHeaders": {},
        "httpStatusCode": error.status,
        "referenceId": request.get("referenceId"),
    }


def _filled(request: Mapping[str, Any], known: Mapping[str, Any]) -> Mapping[str, Any]:
    """The request with every ``@{reference.path}`` replaced by what it refers to."""

    def fill(value: Any) -> Any:
        if isinstance(value, str):
            whole = _REFERENCE.fullmatch(value)
            if whole:
                return _value(whole[1], known)
            return _REFERENCE.sub(lambda match: str(_value(match[1], known)), value)
        if isinstance(value, dict):
            return {name: fill(each) for name, each in value.items()}
        return [fill(each) for each in value] if isinstance(value, list) else value

    filled: Mapping[str, Any] = {**fill(dict(request)), "referenceId": request.get("referenceId")}
    return filled


def _value(path: str, known: Mapping[str, Any]) -> Any:
    value: Any = known
    for step in re.findall(r"[^.\[\]]+", path):
        try:
            value = value[int(step)] if isinstance(value, list) else value[step]
        except (KeyError, IndexError, ValueError, TypeError):
            message = f"Invalid reference specified. No value for {path} found"
            raise ApiError(400, "PROCESSING_HALTED", message) from None
    return value
