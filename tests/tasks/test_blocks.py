"""Secrets in Prefect blocks and AWS Secrets Manager, by a real Prefect server: read, or refused by name."""

import json
import uuid
from collections.abc import Callable, Iterator

import boto3
import pytest
from prefect.blocks.core import Block
from prefect.client.orchestration import get_client
from prefect_aws import AwsCredentials, AwsSecret
from prefect_aws.client_parameters import AwsClientParameters
from prefect_email import EmailServerCredentials
from pydantic import SecretStr

from connector.errors import SettingsInvalid
from connector.locations import S3Access
from connector.settings import InstanceBlocks, Settings
from deployments.prefect_server import PrefectServer
from tasks.block_kinds import register_block_kinds
from tasks.connection import with_blocks
from tasks.credential_blocks import GentrackCredentials, SalesforceCredentials

pytestmark = pytest.mark.stack

HERE, ELSEWHERE = "61668309", "Elsewhere"
SECRET = "of-the-org-42"
PEM = "-----BEGIN PRIVATE KEY-----\nof-the-user\n-----END PRIVATE KEY-----\n"


@pytest.fixture(autouse=True)
def _server(prefect_server: PrefectServer) -> None:
    """Blocks stand in the session's server."""


@pytest.fixture
def saved() -> Callable[[Block], str]:
    """Saves a block under a name of its own; returns kind/name."""

    def save(block: Block) -> str:
        name = f"block-{uuid.uuid4().hex}"
        block.save(name)
        return f"{block.get_block_type_slug()}/{name}"

    return save


@pytest.fixture
def in_aws(s3: S3Access, saved: Callable[[Block], str]) -> Iterator[Callable[[str | None], str]]:
    """Keeps a text in an emulated AWS Secrets Manager, or nothing; returns the block that names it."""
    assert s3.access_key_id
    assert s3.secret_access_key
    keys = {
        "aws_access_key_id": s3.access_key_id.get_secret_value(),
        "aws_secret_access_key": s3.secret_access_key.get_secret_value(),
    }
    manager = boto3.client("secretsmanager", endpoint_url=str(s3.endpoint_url), region_name=s3.region, **keys)

    def keep(text: str | None) -> str:
        name = f"secret-{uuid.uuid4().hex}"
        if text is not None:
            manager.create_secret(Name=name, SecretString=text)
        credentials = AwsCredentials(
            aws_access_key_id=keys["aws_access_key_id"],
            aws_secret_access_key=SecretStr(keys["aws_secret_access_key"]),
            region_name=s3.region,
            aws_client_parameters=AwsClientParameters(endpoint_url=s3.endpoint_url),
        )
        return saved(AwsSecret(aws_credentials=credentials, secret_name=name))

    yield keep
    manager.close()


def of(salesforce: str, gentrack: str | None = None) -> Settings:
    return Settings(blocks={HERE: InstanceBlocks(salesforce=salesforce, gentrack=gentrack)})


def test_blocks_of_an_instance_are_its_secrets(saved: Callable[[Block], str]) -> None:
    salesforce = saved(SalesforceCredentials(client_id="app", client_secret=SecretStr(SECRET)))
    gentrack = saved(GentrackCredentials(app_id="app", app_secret=SecretStr("of-the-tenant")))
    by_key = saved(SalesforceCredentials(client_id="app", username="u@x.nz", private_key=SecretStr(PEM)))
    settings = of(salesforce, gentrack)
    settings.blocks[ELSEWHERE] = InstanceBlocks(salesforce=by_key)
    both = with_blocks(settings)
    here = both.secrets_of(HERE)
    assert here.salesforce.client_secret == SecretStr(SECRET)
    assert both.gentrack_secrets_of(HERE).app_secret == SecretStr("of-the-tenant")
    elsewhere = both.secrets_of(ELSEWHERE)
    assert (elsewhere.salesforce.private_key, elsewhere.gentrack) == (SecretStr(PEM), None)
    assert with_blocks(settings, ELSEWHERE.lower()).secrets.keys() == {ELSEWHERE}


def test_secrets_of_aws_are_read_through_their_block(in_aws: Callable[[str | None], str]) -> None:
    salesforce = in_aws(json.dumps({"client_id": "app", "client_secret": SECRET}))
    gentrack = in_aws(json.dumps({"app_id": "app", "app_secret": "of-the-tenant"}))
    settings = of(salesforce, gentrack).model_copy(
        update={
            "email_block": in_aws(json.dumps({"host": "smtp.example.com", "port": 25})),
            "email_sender": "connector@example.com",
        }
    )
    found = with_blocks(settings, HERE)
    assert found.secrets_of(HERE).salesforce.client_secret == SecretStr(SECRET)
    assert found.gentrack_secrets_of(HERE).app_secret == SecretStr("of-the-tenant")
    assert found.email is not None
    assert (found.email.host, found.email.port, found.email.sender) == (
        "smtp.example.com",
        25,
        "connector@example.com",
    )


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (None, "ResourceNotFoundException"),
        ("not JSON", "it holds no JSON object"),
        ("[1]", "it holds no JSON object"),
        ('{"client_id": "app"}', "give either client_secret, or username"),
        ('{"client_id": "app", "client_secret": "changeme"}', "still holds a placeholder"),
        (f'{{"client_id": "app", "client_secret": "{SECRET}", "typo": "{SECRET}"}}', "typo: Extra inputs"),
    ],
)
def test_an_aws_secret_that_can_not_be_used_is_named_and_not_shown(
    in_aws: Callable[[str | None], str], text: str | None, told: str
) -> None:
    block = in_aws(text)
    with pytest.raises(SettingsInvalid) as refused:
        with_blocks(of(block), HERE)
    assert f"The block {block} can't be used: " in refused.value.message
    assert told in refused.value.message
    assert SECRET not in str(refused.value)


def test_a_block_that_is_not_there_is_named() -> None:
    with pytest.raises(SettingsInvalid, match="The block salesforce-credentials/nobody can't be used"):
        with_blocks(of("salesforce-credentials/nobody"), HERE)


@pytest.mark.parametrize(
    ("block", "sender", "told"),
    [
        (
            EmailServerCredentials(smtp_server="gmail", username="a@x.nz", password=SecretStr("p")),
            None,
            ("smtp.gmail.com", 465, "SSL", "a@x.nz"),
        ),
        (
            EmailServerCredentials(smtp_server="mail.x.nz", smtp_type="INSECURE", smtp_port=2525),
            "connector@x.nz",
            ("mail.x.nz", 2525, "INSECURE", "connector@x.nz"),
        ),
    ],
)
def test_the_mail_server_may_stand_in_a_block(
    saved: Callable[[Block], str],
    block: EmailServerCredentials,
    sender: str | None,
    told: tuple[str, int, str, str],
) -> None:
    email = with_blocks(Settings(email_block=saved(block), email_sender=sender)).email
    assert email is not None
    assert (email.host, email.port, email.security, email.sender) == told


def test_a_block_that_says_no_address_to_send_from_needs_one(saved: Callable[[Block], str]) -> None:
    block = saved(EmailServerCredentials(smtp_server="mail.x.nz", smtp_type="STARTTLS"))
    with pytest.raises(SettingsInvalid, match="sender: Input should be a valid string"):
        with_blocks(Settings(email_block=block))


def test_kinds_of_blocks_are_known_to_the_server_however_often_they_are_registered() -> None:
    slugs = register_block_kinds()
    assert register_block_kinds() == slugs
    with get_client(sync_client=True) as client:
        known = {each["slug"] for each in client.request("POST", "/block_types/filter", json={}).json()}
    assert set(slugs) <= known
    assert {"salesforce-credentials", "gentrack-credentials", "aws-secret"} <= set(slugs)
