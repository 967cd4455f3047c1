"""Settings whose secrets stand in Prefect blocks, read before anything is connected.

The connector itself knows only settings. A block is read when a process connects, so a secret that was
changed counts from the next run on.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any, TypeVar, cast

from botocore.exceptions import BotoCoreError, ClientError
from prefect.blocks.core import Block
from prefect_aws import AwsSecret
from prefect_email import EmailServerCredentials
from prefect_email.credentials import SMTPServer, SMTPType
from pydantic import BaseModel, ValidationError

from connector.errors import SettingsInvalid
from connector.settings import EmailSettings, GentrackSecrets, InstanceSecrets, SalesforceSecrets, Settings
from tasks.credential_blocks import GentrackCredentials, SalesforceCredentials

AWS_SECRET = "aws-secret"  # noqa: S105 - a kind of block

S = TypeVar("S", bound=BaseModel)
B = TypeVar("B", bound=Block)


def with_secret_blocks(settings: Settings, instance: str | None = None) -> Settings:
    """The settings with the secrets of an instance from its blocks, or those of all, and the mail server.

    Raises SettingsInvalid, naming the block and no secret.
    """
    secrets = dict(settings.secrets)
    for name, blocks in settings.blocks.items():
        if instance is None or name.lower() == instance.lower():
            secrets[name] = InstanceSecrets(
                salesforce=_secrets(blocks.salesforce, SalesforceSecrets, _salesforce),
                gentrack=blocks.gentrack and _secrets(blocks.gentrack, GentrackSecrets, _gentrack),
            )
    changed: dict[str, object] = {"secrets": secrets}
    if settings.email_block is not None:
        sender = settings.email_sender
        changed["email"] = _secrets(
            settings.email_block, EmailSettings, lambda name: _email(name, sender), {"sender": sender}
        )
    return settings.model_copy(update=changed)


def _secrets(
    block: str, kind: type[S], own: Callable[[str], S], defaults: Mapping[str, object] | None = None
) -> S:
    """What a block holds: one of our kind, or an AWS secret with the same names."""
    slug, _, name = block.partition("/")
    try:
        if slug != AWS_SECRET:
            return own(name)
        held: Any = json.loads(cast("bytes", _loaded(AwsSecret, name).read_secret()))
        if not isinstance(held, dict):
            raise _unusable(block, "it holds no JSON object")
        return kind.model_validate({**(defaults or {}), **held})
    except ValidationError as invalid:
        wrong = "; ".join(
            f"{'.'.join(map(str, each['loc'])) or 'it'}: {each['msg']}"
            for each in invalid.errors(include_input=False, include_url=False)
        )
        raise _unusable(block, wrong) from None
    except json.JSONDecodeError:
        raise _unusable(block, "it holds no JSON object") from None
    except ClientError as refused:
        raise _unusable(block, f"AWS says {refused.response['Error']['Code']}") from None
    except (BotoCoreError, ValueError) as missing:
        raise _unusable(block, str(missing)) from None


def _salesforce(name: str) -> SalesforceSecrets:
    return _loaded(SalesforceCredentials, name).secrets()


def _gentrack(name: str) -> GentrackSecrets:
    return _loaded(GentrackCredentials, name).secrets()


def _email(name: str, sender: str | None) -> EmailSettings:
    held = _loaded(EmailServerCredentials, name)
    security = held.smtp_type.name if isinstance(held.smtp_type, SMTPType) else held.smtp_type.upper()
    host = held.smtp_server.value if isinstance(held.smtp_server, SMTPServer) else held.smtp_server
    settings = {
        "host": host,
        "port": held.smtp_port or SMTPType[security].value,
        "security": security,
        "username": held.username,
        "password": held.password if held.password and held.password.get_secret_value() else None,
        "sender": sender or held.username,
    }
    return EmailSettings.model_validate(settings)


def _loaded(kind: type[B], name: str) -> B:
    """A block by its name; Prefect's own signature allows for a coroutine. Raises ValueError."""
    return cast("B", kind.load(name))


def _unusable(block: str, why: str) -> SettingsInvalid:
    return SettingsInvalid(
        f"The block {block} can't be used: {why}.".replace("..", "."),
        todo="Mend it in the Prefect server's pages, or name another in the settings.",
    )
