"""The sandbox as an instance like any other: one TOML file, and the settings that hold its secrets."""

import json
from pathlib import Path

from connector.entities import registry
from connector.model.org_event import TRIGGERED
from deployments.sandbox_process import Sandbox

RECIPIENT = "operator@example.com"
SENDER = "connector@example.com"


def objects_to_capture() -> tuple[str, ...]:
    """The objects whose changes the org is to tell by change events: its triggers tell the others'."""
    objects = dict.fromkeys(spec.salesforce_object for spec in registry())
    return tuple(each for each in objects if each not in TRIGGERED)


def write_instance(sandbox: Sandbox, home: Path, *, listens: bool = False) -> str:
    """Write `home`/instances/<tenant>.toml; returns the instance's id.

    It listens to the org's events, if told so; then the org has to capture changes.
    """
    instance = sandbox.gentrack.tenant_id
    lines = [
        f"id = {_quoted(instance)}",
        'name = "Sandbox"',
        "[salesforce]",
        f"url = {_quoted(sandbox.salesforce.tls_url)}",
        f"ca_file = {_quoted(str(sandbox.salesforce.ca_file))}",
        f"pubsub_endpoint = {_quoted(sandbox.salesforce.pubsub_endpoint)}",
        *(['events = "both"'] if listens else []),
        "[gentrack]",
        f"url = {_quoted(sandbox.gentrack.url)}",
        f"webhook_key = {_quoted(sandbox.gentrack.webhook_public_key_file.read_text('utf-8'))}",
        "[email]",
        f"recipients = [{_quoted(RECIPIENT)}]",
    ]
    file = home / "instances" / f"{instance}.toml"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("\n".join(lines) + "\n", "utf-8")
    return instance


def instance_settings(sandbox: Sandbox, home: Path) -> dict[str, str]:
    """The settings of a project in `home` that works with the sandbox; among them its secrets."""
    secrets = f"CONNECTOR_SECRETS__{sandbox.gentrack.tenant_id}"
    return {
        "CONNECTOR_INSTANCES_FOLDER": str(home / "instances"),
        "CONNECTOR_STAGING_FOLDER": str(home / "staging"),
        "CONNECTOR_REPORTS_FOLDER": str(home / "reports"),
        f"{secrets}__SALESFORCE__CLIENT_ID": sandbox.salesforce.client_id,
        f"{secrets}__SALESFORCE__CLIENT_SECRET": sandbox.salesforce.client_secret.get_secret_value(),
        f"{secrets}__GENTRACK__APP_ID": sandbox.gentrack.app_id,
        f"{secrets}__GENTRACK__APP_SECRET": sandbox.gentrack.app_secret.get_secret_value(),
        "CONNECTOR_EMAIL__HOST": sandbox.mail.host,
        "CONNECTOR_EMAIL__PORT": str(sandbox.mail.port),
        "CONNECTOR_EMAIL__SECURITY": "INSECURE",
        "CONNECTOR_EMAIL__SENDER": SENDER,
    }


def write_settings(settings: dict[str, str], home: Path) -> None:
    """Write `home`/.env, for its owner's eyes only: `connector` reads it when it is started there."""
    file = home / ".env"
    file.touch(mode=0o600)
    file.write_text("".join(f"{name}={_quoted(value)}\n" for name, value in settings.items()), "utf-8")


def _quoted(text: str) -> str:
    """A JSON string is also one of TOML, and of a .env file unless it holds a dollar sign or an escape."""
    return json.dumps(text, ensure_ascii=False)
