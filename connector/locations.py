"""Where files lie: a folder of this machine, or the keys of an S3 bucket below a prefix.

A setting names either, as a path or as `s3://bucket/prefix`; the access to S3 is the same for all of them.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pyarrow import fs
from pydantic import AfterValidator, BaseModel, Field, SecretStr, model_validator

from connector.errors import SettingsInvalid

S3_SCHEME = "s3://"
_S3 = re.compile(r"s3://(?P<bucket>[a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?P<prefix>/.*)?")
"""Bucket names as Amazon S3 allows them: 3 to 63 lower case letters, digits, dots and hyphens."""
_ATTEMPTS = 8
"""Of one request, with the growing pauses of the AWS SDK's standard retries; about a minute in all."""
_CONNECT_SECONDS, _REQUEST_SECONDS = 10, 60


def _folder_or_prefix(name: str) -> str:
    if re.match(r"\w+:", name) and not _S3.fullmatch(name):
        raise ValueError("should be a path, or s3://bucket/prefix")
    if not name:
        raise ValueError("is empty")
    return name.rstrip("/") or "/"


LocationName = Annotated[str, AfterValidator(_folder_or_prefix)]
"""A path or `s3://bucket/prefix`, without a slash at its end."""


class S3Access(BaseModel, extra="forbid", frozen=True):
    """How S3 is reached. Without keys, as the AWS SDK finds them: the environment, a profile, a role."""

    endpoint_url: str | None = Field(
        default=None, pattern=r"^https?://", description="Another S3 than Amazon's, such as a MinIO server."
    )
    region: str | None = Field(default=None, description="The bucket's region.")
    access_key_id: SecretStr | None = Field(default=None, description="Access key; none: the machine's role.")
    secret_access_key: SecretStr | None = Field(default=None, description="Its secret.")
    session_token: SecretStr | None = Field(default=None, description="Of temporary keys.")

    @model_validator(mode="after")
    def _both_keys_or_none(self) -> "S3Access":
        if (self.access_key_id is None) != (self.secret_access_key is None):
            raise ValueError("give both access_key_id and secret_access_key, or neither")
        return self


@dataclass(frozen=True)
class Location:
    """A file system and the path in it that a setting names; `name` is how the setting says it."""

    name: str
    files: fs.FileSystem
    path: str


def is_s3(name: str) -> bool:
    """Whether a location is a prefix of a bucket."""
    return name.startswith(S3_SCHEME)


def located(name: str, access: S3Access) -> Location:
    """Open a location. Raises SettingsInvalid where a bucket can't be reached; a folder may be missing."""
    if not is_s3(name):
        return Location(name, fs.LocalFileSystem(), str(Path(name).absolute()))
    path = name.removeprefix(S3_SCHEME)
    files = fs.S3FileSystem(
        access_key=_told(access.access_key_id),
        secret_key=_told(access.secret_access_key),
        session_token=_told(access.session_token),
        region=access.region,
        endpoint_override=access.endpoint_url,
        retry_strategy=fs.AwsStandardS3RetryStrategy(max_attempts=_ATTEMPTS),
        connect_timeout=_CONNECT_SECONDS,
        request_timeout=_REQUEST_SECONDS,
    )
    bucket = path.partition("/")[0]
    try:
        found = files.get_file_info(bucket).type
    except OSError as refused:
        raise SettingsInvalid(f"{name} can't be reached: {refused}.", todo=_CHECK_ACCESS) from None
    if found is fs.FileType.NotFound:
        raise SettingsInvalid(f"{name} can't be reached: there is no bucket {bucket}.", todo=_CHECK_ACCESS)
    return Location(name, files, path)


_CHECK_ACCESS = "Check the bucket's name and CONNECTOR_S3__..., or the block of CONNECTOR_S3_BLOCK."


def _told(secret: SecretStr | None) -> str | None:
    return None if secret is None else secret.get_secret_value()
