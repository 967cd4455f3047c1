"""All kinds of Prefect blocks that settings may name, and making them known to a server."""

from prefect.blocks.core import Block
from prefect_aws import AwsCredentials, AwsSecret, MinIOCredentials, S3Bucket
from prefect_email import EmailServerCredentials

from tasks.credential_blocks import GentrackCredentials, SalesforceCredentials

BLOCK_KINDS: tuple[type[Block], ...] = (
    SalesforceCredentials,
    GentrackCredentials,
    EmailServerCredentials,
    AwsCredentials,
    AwsSecret,
    MinIOCredentials,
    S3Bucket,
)


def register_block_kinds() -> list[str]:
    """Make them known to the Prefect server of the settings; returns their slugs. May be repeated."""
    for kind in BLOCK_KINDS:
        kind.register_type_and_schema()
    return [kind.get_block_type_slug() for kind in BLOCK_KINDS]
