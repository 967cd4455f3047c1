"""What the org says of itself: versions, resources, objects, limits.

Source: REST API guide, "Versions", "Resources by Version", "Describe Global", "Limits", "Record Count".
"""

from starlette.responses import Response

from sandbox.salesforce import describe
from sandbox.salesforce.storage.columns import quoted
from sandbox.salesforce.web.call import Call, json_answer

_LATEST = (67, "Summer '26")
LATEST_VERSION = f"{_LATEST[0]}.0"
_FIRST_VERSION = 31
_SEASONS = ("Winter", "Spring", "Summer")
_RESOURCES = ("composite", "jobs", "limits", "query", "queryAll", "sobjects", "tooling")


def versions(_call: Call) -> Response:
    """``GET /services/data``: no sign-in needed."""
    return json_answer(
        [
            {"label": _label(number), "url": f"/services/data/v{number}.0", "version": f"{number}.0"}
            for number in range(_FIRST_VERSION, _LATEST[0] + 1)
        ]
    )


def _label(number: int) -> str:
    latest, name = _LATEST
    year = int(name[-2:])
    place = _SEASONS.index(name.partition(" ")[0]) - (latest - number)
    return f"{_SEASONS[place % 3]} '{year + place // 3}"


def resources(call: Call) -> Response:
    """``GET /services/data/vNN.0``."""
    root = f"/services/data/{call.version}"
    found = {name: f"{root}/{name}" for name in _RESOURCES}
    return json_answer(found | {"identity": call.identity_url(call.user_id)})


def global_describe(call: Call) -> Response:
    """``GET /sobjects``."""
    objects = sorted(call.schema, key=lambda each: each.name)
    return json_answer(
        {
            "encoding": "UTF-8",
            "maxBatchSize": 200,
            "sobjects": [describe.brief(each, call.version) for each in objects],
        }
    )


def basic(call: Call) -> Response:
    """``GET /sobjects/{object}``."""
    sobject = call.sobject()
    return json_answer({"objectDescribe": describe.brief(sobject, call.version), "recentItems": []})


def full_describe(call: Call) -> Response:
    """``GET /sobjects/{object}/describe``."""
    return json_answer(describe.full(call.sobject(), call.schema, call.version))


def limits(call: Call) -> Response:
    """``GET /limits``."""
    return json_answer(call.org.limits.overview())


def record_count(call: Call) -> Response:
    """``GET /limits/recordCount``: objects without records are left out."""
    wanted = call.query.get("sObjects", "")
    names = [name.strip().lower() for name in wanted.split(",") if name.strip()]
    chosen = [each for each in call.schema if not each.event and (not names or each.name.lower() in names)]
    counts = []
    for each in chosen:
        ((count,),) = call.org.database.rows(f"SELECT count(*) FROM {quoted(each.name)} WHERE NOT IsDeleted")
        if count:
            counts.append({"count": count, "name": each.name})
    return json_answer({"sObjects": counts})
