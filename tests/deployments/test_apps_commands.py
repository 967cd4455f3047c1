"""`connector apps`: the secret is shown once, and what was done stands in the audit."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from connector.api.auth.secrets import is_one_of
from connector.model.audit import AuditAction
from connector.store.ledger import open_ledger
from deployments.command_line.app import app
from tests.deployments.nowhere import ID, put_instance


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, database_url: str) -> None:
    put_instance(tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CONNECTOR_DATABASE_URL", database_url)


def said(*arguments: str) -> Any:
    done = CliRunner().invoke(app, ["apps", *arguments, "--json"], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def created(*more: str, role: str = "operator") -> dict[str, Any]:
    known = ("create", "--instance", ID, "--name", "Sales app", "--role", role, "--by", "Aroha")
    return dict(said(*known, *more))


def test_an_app_from_its_beginning_to_its_end(database_url: str) -> None:
    made = created()
    assert made["scopes"] == ["sync-jobs:start", "sync:read", "sync:values"]
    (listed,) = said("list", "--instance", ID)
    assert listed["id"] == made["id"]
    assert "secret" not in json.dumps(listed)
    rotated = said("rotate", "--app", made["id"], "--keep-hours", "2", "--by", "Aroha")
    ledger = open_ledger(database_url)
    found = ledger.api_apps.with_hashes(made["id"])
    assert found is not None
    newest, earlier = found[1]
    assert is_one_of(rotated["secret"], [newest])
    assert is_one_of(made["secret"], [earlier])
    assert not is_one_of(made["secret"], [newest])
    said("revoke", "--app", made["id"], "--by", "Aroha")
    assert ledger.api_apps.with_hashes(made["id"]) is None
    entries = ledger.audit.entries(ID)
    assert [(entry.who, entry.action) for entry in entries] == [
        ("Aroha", AuditAction.APP_REVOKED),
        ("Aroha", AuditAction.APP_ROTATED),
        ("Aroha", AuditAction.APP_CREATED),
    ]
    assert made["secret"] not in str(entries)
    ledger.close()


def test_an_app_may_have_less_than_its_role_and_never_more() -> None:
    assert created("--scope", "sync:read")["scopes"] == ["sync:read"]
    known = ("apps", "create", "--instance", ID, "--name", "x", "--role", "viewer")
    refused = CliRunner().invoke(app, [*known, "--scope", "initial-sync:start"])
    assert refused.exit_code == 2
    assert "not for a viewer" in refused.output


def test_new_signing_keys_end_what_was_signed_before(database_url: str) -> None:
    created()
    said("replace-signing-keys", "--by", "Aroha")
    ledger = open_ledger(database_url)
    assert ledger.signing_keys.all() == []
    assert ledger.audit.entries(ID)[0].action is AuditAction.SIGNING_KEYS_REPLACED
    ledger.close()


def test_who_has_no_secret_any_more_is_told(database_url: str) -> None:
    made = created()
    said("revoke", "--app", made["id"])
    with pytest.raises(Exception, match="is revoked"):
        said("rotate", "--app", made["id"])
    with pytest.raises(Exception, match="There is no app nobody"):
        said("revoke", "--app", "nobody")
