"""An instance: one Gentrack tenant and one Salesforce org, as its TOML file describes them.

Names and choices, never logic, never a secret. A wrong or unknown line is refused with its name.
"""

import re
import tomllib
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from pydantic import BeforeValidator, Field, ValidationError, model_validator

from connector.errors import SettingsInvalid
from connector.locations import LocationName
from connector.ongoing_section import OngoingSection
from connector.section import Section

_ID = r"^[0-9A-Za-z-]{1,64}$"

_HOW: Mapping[str, Any] = {
    "name": True,
    "email": True,
    "load": True,
    "window": True,
    "ongoing": True,
    "salesforce": {"api_version", "ca_file", "jwt_audience", "events", "event_channel", "pubsub_endpoint"},
    "gentrack": {"page_size", "webhook_key", "webhook_tolerance"},
}
"""Lines of an instance that change nothing in what a migration writes."""


def _rsa_public_key(text: str) -> RSAPublicKey:
    with suppress(ValueError, UnsupportedAlgorithm):
        key = load_pem_public_key(text.encode())
        if isinstance(key, RSAPublicKey):
            return key
    raise ValueError("should be an RSA public key in PEM, as the portal shows it")


class SalesforceSection(Section):
    """The org."""

    url: str = Field(
        pattern="^https://[^/]+/?$", description="The org's My Domain address, always https, without a path."
    )
    api_version: str = Field(default="66.0", pattern=r"^\d{2}\.0$", description="REST and Bulk API version.")
    ca_file: Path | None = Field(
        default=None, description="CA certificates, where the address has its own CA."
    )
    jwt_audience: str | None = Field(
        default=None,
        description="Audience of the JWT: https://login.salesforce.com, https://test.salesforce.com.",
    )
    events: Literal["off", "change", "triggers", "both"] = Field(
        default="off",
        description="Whether Salesforce's events are listened to, besides polling: change events, what the "
        "triggers of salesforce/ publish, or that and change events of the other objects.",
    )
    event_channel: str | None = Field(
        default=None,
        pattern=r"^/data/(ChangeEvents|\w+__chn)$",
        description="One channel of all change events; none: a channel for each object.",
    )
    pubsub_endpoint: str = Field(
        default="api.pubsub.salesforce.com:7443",
        pattern=r"^[^/:\s]+:\d{1,5}$",
        description="Host and port of the Pub/Sub API.",
    )

    @model_validator(mode="after")
    def _a_channel_of_change_events(self) -> Self:
        if self.event_channel is not None and self.events not in {"change", "both"}:
            raise ValueError("event_channel is set, which only events = 'change' or 'both' use")
        return self


class GentrackSection(Section):
    """The tenant, and where its records are read: by its API, or from a folder of exports."""

    source: Literal["api", "exports"] = Field(default="api", description="Where records are read.")
    url: str | None = Field(
        default=None,
        pattern="^https?://[^/]+/?$",
        description="The regional host, without a path; the API needs it.",
    )
    exports: LocationName | None = Field(
        default=None, description="Folder or s3://bucket/prefix of one CSV or Parquet file a resource."
    )
    product: Literal["junifer", "velocity"] = Field(default="junifer", description="The billing system.")
    page_size: int = Field(default=2000, ge=1, le=5000, description="Records a page.")
    webhook_key: Annotated[RSAPublicKey, BeforeValidator(_rsa_public_key)] | None = Field(
        default=None, description="The app's public key (PEM, from the portal): its events are checked by it."
    )
    webhook_tolerance: int = Field(
        default=300, ge=1, le=86_400, description="Seconds that an event counts after it was signed."
    )
    change_by: Literal["patch", "put"] = Field(
        default="patch", description="How a record is changed: patch sends what changes, put all of it."
    )

    @model_validator(mode="after")
    def _what_the_source_needs(self) -> Self:
        if self.source == "api" and self.url is None:
            raise ValueError("url is missing, which source = 'api' needs")
        if self.source == "api" and self.exports is not None:
            raise ValueError("exports is set, but source is 'api'; set source = 'exports' to read from there")
        if self.source == "exports" and self.exports is None:
            raise ValueError("exports is missing, which source = 'exports' needs")
        return self


class EmailSection(Section):
    """Who is told."""

    recipients: tuple[Annotated[str, Field(pattern=r"^[^@\r\n,]+@[^@\r\n,]+$")], ...] = Field(
        default=(), description="Addresses that get the outcome."
    )


class LoadSection(Section):
    """How the bulk load behaves."""

    batch_rows: int = Field(
        default=20_000, ge=200, le=100_000, description="Rows a batch: memory follows it."
    )
    parallel_jobs: int = Field(default=3, ge=1, le=15, description="Bulk jobs under way side by side.")
    give_up_after: int = Field(
        default=900, ge=1, le=86_400, description="Seconds that a side may stay away before the run fails."
    )
    resend_rounds: int = Field(
        default=3, ge=0, le=10, description="How often rows of a passing error are resent."
    )
    job_patience: int = Field(
        default=60, ge=1, le=1440, description="Minutes that a bulk job may stand still before it is aborted."
    )
    limits_left: float = Field(
        default=0.2, ge=0, lt=1, description="Share of the org's daily limits that a run leaves to others."
    )
    rejected_share: float = Field(
        default=0.05,
        ge=0,
        le=1,
        description="Share of an entity's rows that may be rejected; above it a run stops before it writes.",
    )


class WindowSection(Section):
    """The outage window of a migration."""

    events: Literal["api", "manual"] = Field(
        default="api", description="Who switches Gentrack's event publishing: the connector, or a person."
    )
    lease_minutes: int = Field(
        default=60, ge=1, le=1440, description="Minutes that a window outlives a run that died."
    )
    confirm_within: int = Field(
        default=43_200, ge=1, le=604_800, description="Seconds that a run waits for its confirmation."
    )


class RetentionSection(Section):
    """How many days after its end what a run leaves on our side is kept, until `connector purge` comes by."""

    staging: int = Field(default=30, ge=0, description="Days for batches, and for proposals left open.")
    before_images: int = Field(
        default=90, ge=0, description="Days for before-images: so long a run is undone."
    )
    reports: int = Field(default=365, ge=0, description="Days for reports on the machine of the run.")
    job_values: int = Field(default=7, ge=0, description="Days for the values in answers of sync jobs.")


class WriteBackSection(Section):
    """What a migration does with fields that Salesforce masters and that differ from Gentrack."""

    mode: Literal["report", "write"] = Field(
        default="report",
        description="report: they are listed. write: they are written to Gentrack, once it was confirmed.",
    )
    parallel: int = Field(default=4, ge=1, le=32, description="Records that are written side by side.")
    per_second: float = Field(default=20.0, gt=0, le=1000, description="Requests to Gentrack a second.")


class MatchingSection(Section):
    """How records that stood in Salesforce before the first synchronisation are found."""

    off: tuple[str, ...] = Field(
        default=(), description="Rules that are not used, each as entity.rule: account.company number."
    )
    placeholders: tuple[str, ...] = Field(
        default=("n/a", "none", "null", "unknown", "tbc", "1900-01-01"),
        description="Values that stand for nothing, whatever their letter case: they never match.",
    )


_OwnerName = Annotated[str, Field(pattern=r"^([^@\s]+@[^@\s]+|[A-Za-z][A-Za-z0-9_]*)$")]
"""A user name, which has an @, or the developer name of a queue, which has none."""
_Values = Annotated[tuple[Annotated[str, Field(min_length=1)], ...], Field(min_length=1)]


class OwnerRuleSection(Section):
    """Who owns new accounts whose values fit: each value that is asked for has to be one of those given."""

    owner: _OwnerName = Field(description="User name of the owner.")
    account_class: _Values | None = Field(default=None, description="Account classes.")
    state: _Values | None = Field(default=None, description="States or regions of the billing address.")
    country: _Values | None = Field(default=None, description="Countries of the billing address, ISO codes.")
    postcode_prefix: _Values | None = Field(
        default=None, description="What the postcode of the billing address begins with."
    )

    @property
    def conditions(self) -> dict[str, tuple[str, ...]]:
        """What is asked for -> the values, of which one has to fit."""
        asked = self.model_dump(exclude={"owner"}, exclude_none=True)
        return {name: tuple(values) for name, values in asked.items()}

    @model_validator(mode="after")
    def _asks_for_something(self) -> Self:
        if not self.conditions:
            raise ValueError("it asks for nothing; for everybody else's owner set default")
        return self


class OwnersSection(Section):
    """Who owns new records. What hangs on an account belongs to its owner."""

    default: _OwnerName | None = Field(
        default=None, description="Owner of accounts that no rule fits; none: the integration user."
    )
    rules: tuple[OwnerRuleSection, ...] = Field(default=(), description="Rules; the first that fits counts.")
    objects: dict[str, _OwnerName] = Field(
        default_factory=dict, description="Owner by entity instead of the account's: a user or a queue."
    )


class Instance(Section):
    """One instance. `id` is the Gentrack tenant's id."""

    id: str = Field(pattern=_ID, description="The tenant's id.")
    name: str = Field(description="What people call it.")
    salesforce: SalesforceSection
    gentrack: GentrackSection
    email: EmailSection = EmailSection()
    load: LoadSection = LoadSection()
    matching: MatchingSection = MatchingSection()
    ongoing: OngoingSection = OngoingSection()
    owners: OwnersSection | None = Field(default=None, description="None: the integration user owns all.")
    retention: RetentionSection = RetentionSection()
    window: WindowSection = WindowSection()
    write_back: WriteBackSection = WriteBackSection()

    @model_validator(mode="after")
    def _writing_needs_the_api(self) -> Self:
        if self.write_back.mode == "write" and self.gentrack.url is None:
            raise ValueError("write_back.mode = 'write' needs gentrack.url")
        return self

    @model_validator(mode="after")
    def _events_need_the_api(self) -> Self:
        if self.window.events == "api" and self.gentrack.url is None:
            raise ValueError("window.events = 'api' needs gentrack.url; without it set events = 'manual'")
        return self

    @property
    def choices(self) -> dict[str, Any]:
        """What decides which records are read and what is written, as JSON has it; not how it is done."""
        return self.model_dump(mode="json", exclude=_HOW)


def load_instance(folder: Path, instance_id: str) -> Instance:
    """Read `<folder>/<instance_id>.toml`. Raises SettingsInvalid, naming each wrong line."""
    if not re.fullmatch(_ID, instance_id):
        raise SettingsInvalid(f"{instance_id!r} can't be an instance.", todo="Name it by its tenant's id.")
    file = folder / f"{instance_id}.toml"
    try:
        content = tomllib.loads(file.read_text("utf-8"))
        instance = Instance.model_validate(content)
    except FileNotFoundError:
        raise SettingsInvalid(
            f"There is no instance {instance_id}: {file} does not exist.",
            todo="Copy instances/example.toml to it, or name another instance.",
        ) from None
    except OSError as unreadable:
        raise SettingsInvalid(
            f"{file} can't be read: {unreadable.strerror}.", todo="Give the connector access to it."
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as broken:
        raise SettingsInvalid(f"{file} is not valid TOML: {broken}.", todo="Mend that line.") from None
    except ValidationError as invalid:
        wrong = "; ".join(
            f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in invalid.errors(include_url=False)
        )
        raise SettingsInvalid(f"{file} is not valid: {wrong}.", todo="See instances/example.toml.") from None
    if instance.id != instance_id:
        raise SettingsInvalid(f"{file} says id = {instance.id!r}.", todo="Name the file after its id.")
    return instance


def others_of(folder: Path, instance: Instance) -> frozenset[str]:
    """The ids of the other instances in the folder that load into the same org; broken files are passed over.

    Two instances of one org switch the same setting and lock the same records.
    """
    ids = {file.stem for file in folder.glob("*.toml")} - {instance.id}
    return frozenset(other for other in ids if _org_of(folder, other) == _host(instance))


def _org_of(folder: Path, instance_id: str) -> str | None:
    try:
        return _host(load_instance(folder, instance_id))
    except SettingsInvalid:
        return None


def _host(instance: Instance) -> str:
    return instance.salesforce.url.rstrip("/").lower()
