"""The access to S3 from a Prefect block, for a team that keeps its credentials there: CONNECTOR_S3_BLOCK.

The connector itself knows only settings, so the block is turned into them before anything is connected.
"""

from typing import cast

from prefect_aws import AwsCredentials, MinIOCredentials, S3Bucket

from connector.errors import SettingsInvalid
from connector.locations import S3_SCHEME, S3Access
from connector.settings import Settings

_NAMES_NO_KEYS = "Give it keys, or none and name the profile or role to the process, as the AWS SDK reads it."


def with_s3_block(settings: Settings, block: str) -> Settings:
    """The settings with the access to S3 of a block, such as `s3-bucket/staging`, `aws-credentials/staging`.

    The bucket and folder of an `s3-bucket` become the staging folder, unless that is set.
    Raises SettingsInvalid where the block can't be read, or has no keys of its own.
    """
    kind, _, name = block.partition("/")
    changed: dict[str, object] = {}
    try:
        if kind == "aws-credentials":
            credentials = cast("AwsCredentials | MinIOCredentials", AwsCredentials.load(name))
        else:
            bucket = cast("S3Bucket", S3Bucket.load(name))
            credentials = bucket.credentials
            if "staging_folder" not in settings.model_fields_set:
                below = f"{bucket.bucket_name}/{bucket.bucket_folder}"
                changed["staging_folder"] = S3_SCHEME + below.rstrip("/")
    except ValueError as missing:
        raise SettingsInvalid(
            f"The block {block} can't be read: {missing}",
            todo="Check CONNECTOR_S3_BLOCK and the Prefect server.",
        ) from None
    return settings.model_copy(update={**changed, "s3": _access(credentials, block)})


def _access(credentials: AwsCredentials | MinIOCredentials, block: str) -> S3Access:
    """A profile's or role's keys would end while a run goes on; the AWS SDK, told of them, renews them."""
    if isinstance(credentials, MinIOCredentials):
        keys = {
            "access_key_id": credentials.minio_root_user,
            "secret_access_key": credentials.minio_root_password,
        }
    elif credentials.profile_name or credentials.assume_role_arn:
        raise SettingsInvalid(f"The block {block} names a profile or a role.", todo=_NAMES_NO_KEYS)
    else:
        keys = {
            "access_key_id": credentials.aws_access_key_id,
            "secret_access_key": credentials.aws_secret_access_key,
            "session_token": credentials.aws_session_token,
        }
    endpoint_url = credentials.aws_client_parameters.endpoint_url
    return S3Access.model_validate({**keys, "endpoint_url": endpoint_url, "region": credentials.region_name})
