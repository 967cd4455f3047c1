"""Every address of the org."""

from sandbox.salesforce.web import (
    collections,
    control,
    identity,
    ingest_jobs,
    oauth,
    query_jobs,
    querying,
    records,
    replication,
    resources,
    tooling,
)
from sandbox.salesforce.web.call import Call
from sandbox.salesforce.web.routing import Route

_DATA = "/services/data/{version}"
COMPOSITE = f"{_DATA}/composite"


def UPLOAD(_call: Call) -> None:  # noqa: N802 (a marker, not a handler)
    """Stands for the one handler that reads its body piece by piece."""


ROUTES = [
    Route("/sandbox/log", {"GET": control.log, "DELETE": control.clear_log}, signed_in=False),
    Route(
        "/sandbox/faults",
        {"GET": control.faults, "POST": control.add_fault, "DELETE": control.clear_faults},
        signed_in=False,
    ),
    Route("/sandbox/settings", {"GET": control.settings, "PATCH": control.change_settings}, signed_in=False),
    Route(
        "/sandbox/validation-rules",
        {"POST": control.add_validation_rule, "DELETE": control.clear_validation_rules},
        signed_in=False,
    ),
    Route("/sandbox/setup", {"POST": control.add_setup, "DELETE": control.clear_setup}, signed_in=False),
    Route("/sandbox/events", {"GET": control.events, "DELETE": control.forget_events}, signed_in=False),
    Route("/sandbox/change-data-capture", {"GET": control.captured, "PUT": control.capture}, signed_in=False),
    Route("/sandbox/undelete", {"POST": control.undelete}, signed_in=False),
    Route("/sandbox/merge", {"POST": control.merge}, signed_in=False),
    Route("/sandbox/sessions", {"DELETE": control.revoke_sessions}, signed_in=False),
    Route("/services/oauth2/token", {"POST": oauth.token}, signed_in=False),
    Route("/services/oauth2/revoke", {"POST": oauth.revoke, "GET": oauth.revoke}, signed_in=False),
    Route("/services/oauth2/userinfo", {"GET": identity.userinfo, "POST": identity.userinfo}),
    Route("/id/{organization}/{user}", {"GET": identity.identity}, signed_in=False),
    Route("/services/data", {"GET": resources.versions}, signed_in=False),
    Route(_DATA, {"GET": resources.resources}),
    Route(f"{_DATA}/limits", {"GET": resources.limits}),
    Route(f"{_DATA}/limits/recordCount", {"GET": resources.record_count}),
    Route(f"{_DATA}/query", {"GET": querying.query}),
    Route(f"{_DATA}/queryAll", {"GET": querying.query_all}),
    Route(f"{_DATA}/query/{{locator}}", {"GET": querying.more}),
    Route(f"{_DATA}/queryAll/{{locator}}", {"GET": querying.more}),
    Route(f"{_DATA}/tooling/query", {"GET": querying.query}),
    Route(f"{_DATA}/tooling/query/{{locator}}", {"GET": querying.more}),
    Route(f"{_DATA}/tooling/sobjects/ApexTrigger/{{id}}", {"PATCH": tooling.change_trigger}),
    Route(f"{_DATA}/sobjects", {"GET": resources.global_describe}),
    Route(f"{_DATA}/sobjects/{{object}}", {"GET": resources.basic, "POST": records.create}),
    Route(f"{_DATA}/sobjects/{{object}}/describe", {"GET": resources.full_describe}),
    Route(f"{_DATA}/sobjects/{{object}}/updated", {"GET": replication.updated}),
    Route(f"{_DATA}/sobjects/{{object}}/deleted", {"GET": replication.deleted}),
    Route(
        f"{_DATA}/sobjects/{{object}}/{{id}}",
        {
            "GET": records.retrieve,
            "PATCH": records.update,
            "DELETE": records.delete,
            "POST": records.insert_by_id,
        },
    ),
    Route(
        f"{_DATA}/sobjects/{{object}}/{{field}}/{{value}}",
        {"GET": records.retrieve_by_key, "PATCH": records.upsert, "DELETE": records.delete_by_key},
    ),
    Route(
        f"{COMPOSITE}/sobjects",
        {"POST": collections.insert, "PATCH": collections.update, "DELETE": collections.delete},
    ),
    Route(f"{COMPOSITE}/sobjects/{{object}}", {"GET": collections.retrieve, "POST": collections.retrieve}),
    Route(f"{COMPOSITE}/sobjects/{{object}}/{{field}}", {"PATCH": collections.upsert}),
    Route(f"{_DATA}/jobs/ingest", {"POST": ingest_jobs.create, "GET": ingest_jobs.every}),
    Route(
        f"{_DATA}/jobs/ingest/{{job}}",
        {"GET": ingest_jobs.info, "PATCH": ingest_jobs.change, "DELETE": ingest_jobs.delete},
    ),
    Route(f"{_DATA}/jobs/ingest/{{job}}/batches", {"PUT": UPLOAD}),
    Route(f"{_DATA}/jobs/ingest/{{job}}/{{kind}}", {"GET": ingest_jobs.result}),
    Route(f"{_DATA}/jobs/query", {"POST": query_jobs.create, "GET": query_jobs.every}),
    Route(
        f"{_DATA}/jobs/query/{{job}}",
        {"GET": query_jobs.info, "PATCH": query_jobs.change, "DELETE": query_jobs.delete},
    ),
    Route(f"{_DATA}/jobs/query/{{job}}/results", {"GET": query_jobs.results}),
    Route(f"{_DATA}/jobs/query/{{job}}/resultPages", {"GET": query_jobs.result_pages}),
]
