"""SOQL over REST, for records and for the Tooling API.

Source: REST API guide, "Query", "QueryAll", "Query More Results".
"""

import re

from starlette.responses import Response

from sandbox.salesforce.errors import ApiError
from sandbox.salesforce.soql.compile import Compiler
from sandbox.salesforce.soql.run import PAGE, Result
from sandbox.salesforce.web.call import Call, json_answer

_BATCH_SIZE = re.compile(r"batchSize\s*=\s*(\d+)", re.IGNORECASE)
_SMALLEST_PAGE = 200
_OWN_PERMISSIONS = re.compile(r"\bFROM\s+UserPermissionAccess\b", re.IGNORECASE)


def query(call: Call) -> Response:
    """``GET /query``."""
    return _first_page(call, everything=False)


def query_all(call: Call) -> Response:
    """``GET /queryAll``: deleted records too."""
    return _first_page(call, everything=True)


def _first_page(call: Call, *, everything: bool) -> Response:
    text = call.query.get("q")
    if not text:
        raise ApiError(400, "MALFORMED_QUERY", "A query string has to be specified")
    if _OWN_PERMISSIONS.search(text):
        call.org.access.show_permissions(call.user_id)
    compiler = Compiler(call.schema, text, call.org.clock.now(), everything)
    result = call.org.queries.run(compiler)
    if result.compiled.shape.count_only:
        (count,) = result.rows.column(0).to_pylist()
        return json_answer({"totalSize": count, "done": True, "records": []})
    return _page(call, result, locator=None, start=0)


def more(call: Call) -> Response:
    """``GET /query/{locator}-{start}``."""
    locator, _, start = call.path["locator"].rpartition("-")
    if not start.isdigit():
        raise ApiError(400, "INVALID_QUERY_LOCATOR", "invalid query locator")
    return _page(call, call.org.queries.kept(locator), locator, int(start))


def _page(call: Call, result: Result, locator: str | None, start: int) -> Response:
    size = _page_size(call)
    total = result.rows.num_rows
    records = call.org.queries.page(result, call.version, start, size)
    done = start + size >= total
    answer: dict[str, object] = {"totalSize": total, "done": done}
    if not done:
        if locator is None:
            locator = call.org.new_id("0r8")
            call.org.queries.keep(locator, result)
        answer["nextRecordsUrl"] = f"/services/data/{call.version}/query/{locator}-{start + size}"
    return json_answer(answer | {"records": records})


def _page_size(call: Call) -> int:
    found = _BATCH_SIZE.search(call.headers.get("sforce-query-options", ""))
    return min(max(int(found[1]), _SMALLEST_PAGE), PAGE) if found else PAGE
