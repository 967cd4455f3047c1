"""What the environment decides: where state is kept, and the secrets of each instance.

Read from the environment or `.env`, with the prefix `CONNECTOR_`; what an instance is stands in its TOML
file (`connector.instance`). `.env.example` documents every line.
"""

import os
from pathlib import Path
from typing import Self

from dotenv import dotenv_values
from pydantic import BaseModel, Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict, SettingsError

from connector.errors import SettingsInvalid
from connector.locations import LocationName, S3Access

PLACEHOLDERS = ("changeme", "change-me", "replace-me", "secret", "password", "xxx", "todo", "your-")
"""Starts of sample values; a secret that begins with one is refused, everywhere and always."""


_LEAST_KEY_SECRET = 32
_NOT_OURS = frozenset({"home"})
"""CONNECTOR_HOME is prefect.yaml's: the folder that a worker starts runs in."""


def _refuse_placeholder(name: str, secret: SecretStr | None) -> None:
    if secret is None:
        return
    value = secret.get_secret_value().strip().lower()
    if not value:
        raise ValueError(f"{name} is empty; set the real value")
    if value.startswith(PLACEHOLDERS):
        raise ValueError(f"{name} still holds a placeholder; set the real value")


class SalesforceSecrets(BaseModel, extra="forbid"):
    """How the connector signs in: by client credentials, or by JWT bearer with a user and a private key."""

    client_id: str = Field(min_length=1, description="Consumer key of the External Client App.")
    client_secret: SecretStr | None = Field(default=None, description="Consumer secret (client credentials).")
    username: str | None = Field(default=None, description="The integration user (JWT bearer).")
    private_key_file: Path | None = Field(default=None, description="PEM file of the JWT bearer's key.")
    private_key: SecretStr | None = Field(default=None, description="The same key itself, in PEM.")

    @model_validator(mode="after")
    def _one_way_to_sign_in(self) -> Self:
        _refuse_placeholder("salesforce client_secret", self.client_secret)
        _refuse_placeholder("salesforce private_key", self.private_key)
        if self.private_key_file is not None and self.private_key is not None:
            raise ValueError("give either private_key_file or private_key")
        jwt = self.username is not None and (self.private_key_file or self.private_key) is not None
        if self.client_secret is None and not jwt:
            raise ValueError("give either client_secret, or username and private_key_file")
        return self


class GentrackSecrets(BaseModel, extra="forbid"):
    """The app credentials of the Gentrack tenant."""

    app_id: str = Field(min_length=1, description="App id.")
    app_secret: SecretStr = Field(description="App secret.")

    @model_validator(mode="after")
    def _real_secret(self) -> Self:
        _refuse_placeholder("gentrack app_secret", self.app_secret)
        return self


class InstanceSecrets(BaseModel, extra="forbid"):
    """The secrets of one instance."""

    salesforce: SalesforceSecrets
    gentrack: GentrackSecrets | None = None
    """None where Gentrack's records come from exports."""


class InstanceBlocks(BaseModel, extra="forbid"):
    """The Prefect blocks that hold the secrets of one instance, each as kind/name."""

    salesforce: str = Field(
        pattern=r"^(salesforce-credentials|aws-secret)/[a-z0-9-]+$",
        description="How to sign in to Salesforce.",
    )
    gentrack: str | None = Field(
        default=None,
        pattern=r"^(gentrack-credentials|aws-secret)/[a-z0-9-]+$",
        description="App credentials of the Gentrack tenant.",
    )


class EmailSettings(BaseModel, extra="forbid"):
    """The mail server that results are sent through."""

    host: str = Field(description="SMTP host.")
    port: int = Field(default=587, ge=1, le=65535, description="SMTP port.")
    security: str = Field(
        default="STARTTLS", pattern="^(SSL|STARTTLS|INSECURE)$", description="How it is secured."
    )
    username: str | None = Field(default=None, description="SMTP user, if it asks for one.")
    password: SecretStr | None = Field(default=None, description="SMTP password.")
    sender: str = Field(pattern=r"^[^\r\n]*@[^\r\n]*$", description="From address.")

    @model_validator(mode="after")
    def _real_password(self) -> Self:
        _refuse_placeholder("email password", self.password)
        return self


class ApiSettings(BaseModel, extra="forbid"):
    """The API that `connector serve` serves."""

    public_url: str | None = Field(
        default=None,
        pattern=r"^https?://[^\s/?#]+(/[^\s?#]*)?$",
        description="The address that callers use; none: that of 127.0.0.1 it listens at.",
    )
    key_secret: SecretStr | None = Field(
        default=None, description="Encrypts the keys that tokens are signed by; none: only the ledger does."
    )
    token_minutes: int = Field(default=30, ge=1, le=720, description="Minutes that a token is good for.")
    requests_per_minute: int = Field(default=3_000, ge=1, description="Requests of an app a minute.")
    jobs_at_once: int = Field(default=4, ge=1, le=32, description="Threads that carry sync jobs out.")
    burst: int = Field(default=300, ge=1, description="Requests of an app at once.")

    @model_validator(mode="after")
    def _real_secret(self) -> Self:
        _refuse_placeholder("api key_secret", self.key_secret)
        if self.key_secret is not None and len(self.key_secret.get_secret_value()) < _LEAST_KEY_SECRET:
            raise ValueError(f"api key_secret is shorter than {_LEAST_KEY_SECRET} characters")
        return self


class Settings(BaseSettings):
    """Everything that the environment decides."""

    model_config = SettingsConfigDict(
        env_prefix="CONNECTOR_", env_nested_delimiter="__", env_file=".env", extra="ignore"
    )

    database_url: SecretStr | None = Field(
        default=None,
        description="PostgreSQL of the ledger, postgresql+psycopg://...; none: an embedded one.",
    )
    instances_folder: Path = Field(
        default=Path("instances"), description="Folder of one TOML file an instance."
    )
    staging_folder: LocationName = Field(
        default="var/staging",
        description="Where batches lie: a folder, or s3://bucket/prefix. Personal data.",
    )
    working_folder: Path = Field(
        default=Path("var/working"),
        description="Where CSVs and spilled sorts lie while staging is in S3. Personal data.",
    )
    reports_folder: Path = Field(
        default=Path("var/reports"), description="Where reports are kept. Personal data."
    )
    s3: S3Access = Field(default=S3Access(), description="How S3 is reached, if a folder is there.")
    s3_block: str | None = Field(
        default=None,
        pattern=r"^(s3-bucket|aws-credentials)/[a-z0-9-]+$",
        description="A Prefect block to take the access to S3 from, instead.",
    )
    memory_limit: str = Field(default="1GB", pattern=r"^\d+(MB|GB)$", description="DuckDB's memory limit.")
    email: EmailSettings | None = Field(default=None, description="Mail server; none: no email is sent.")
    api: ApiSettings = Field(default=ApiSettings(), description="The API of `connector serve`.")
    email_block: str | None = Field(
        default=None,
        pattern=r"^(email-server-credentials|aws-secret)/[a-z0-9-]+$",
        description="A Prefect block to take the mail server from, instead.",
    )
    email_sender: str | None = Field(
        default=None, pattern=r"^[^\r\n]*@[^\r\n]*$", description="From address, where a block says none."
    )
    secrets: dict[str, InstanceSecrets] = Field(default_factory=dict, description="Secrets by instance id.")
    blocks: dict[str, InstanceBlocks] = Field(
        default_factory=dict, description="Prefect blocks to take the secrets from instead, by instance id."
    )

    @model_validator(mode="after")
    def _one_place_for_secrets(self) -> Self:
        twice = {name.lower() for name in self.secrets} & {name.lower() for name in self.blocks}
        if twice:
            names = ", ".join(sorted(twice))
            raise ValueError(
                f"give either CONNECTOR_SECRETS__... or CONNECTOR_BLOCKS__... of {names}, not both"
            )
        if self.email is not None and self.email_block is not None:
            raise ValueError("give either CONNECTOR_EMAIL_BLOCK or CONNECTOR_EMAIL__..., not both")
        return self

    @model_validator(mode="after")
    def _one_access_to_s3(self) -> Self:
        if self.s3_block is not None and self.s3 != S3Access():
            raise ValueError("give either CONNECTOR_S3_BLOCK or CONNECTOR_S3__..., not both")
        return self

    def secrets_of(self, instance: str) -> InstanceSecrets:
        """The secrets of one instance. Raises SettingsInvalid where there are none.

        Letter case doesn't count: names of the environment arrive in lower case.
        """
        for name, secrets in self.secrets.items():
            if name.lower() == instance.lower():
                return secrets
        raise SettingsInvalid(
            f"No secrets are set for instance {instance}.",
            todo=f"Set CONNECTOR_SECRETS__{instance}__... as .env.example shows.",
        )

    def gentrack_secrets_of(self, instance: str) -> GentrackSecrets:
        """Those for Gentrack's API. Raises SettingsInvalid where there are none."""
        secrets = self.secrets_of(instance).gentrack
        if secrets is None:
            raise SettingsInvalid(
                f"No secrets of Gentrack are set for instance {instance}.",
                todo=f"Set CONNECTOR_SECRETS__{instance}__GENTRACK__... as .env.example shows.",
            )
        return secrets


def load_settings() -> Settings:
    """Read the settings. Raises SettingsInvalid, naming each wrong setting and no secret."""
    _refuse_unknown_names()
    try:
        return Settings()
    except SettingsError as unreadable:
        raise SettingsInvalid(
            f"The settings can't be read: {unreadable}.", todo="See .env.example."
        ) from None
    except ValidationError as invalid:
        wrong = "; ".join(
            f"CONNECTOR_{'__'.join(str(part).upper() for part in error['loc'])}: {error['msg']}"
            for error in invalid.errors(include_input=False, include_url=False)
        )
        raise SettingsInvalid(f"The settings are not valid: {wrong}.", todo="See .env.example.") from None


def _refuse_unknown_names() -> None:
    """A misspelt name would be passed over in silence, and its default would reign."""
    prefix = str(Settings.model_config["env_prefix"]).lower()
    names = [*os.environ, *dotenv_values(str(Settings.model_config["env_file"]))]
    known = Settings.model_fields.keys() | _NOT_OURS
    unknown = sorted(
        name
        for name in set(names)
        if name.lower().startswith(prefix) and name.lower().removeprefix(prefix).split("__")[0] not in known
    )
    if unknown:
        raise SettingsInvalid(f"There is no setting {', '.join(unknown)}.", todo="See .env.example.")
