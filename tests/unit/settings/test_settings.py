"""Settings: every wrong value is refused by its name, and no secret is ever told."""

from pathlib import Path

import pytest

from connector.errors import SettingsInvalid
from connector.settings import Settings, load_settings

SECRET = "9f-real-and-random"
GOOD = {
    "CONNECTOR_SECRETS__61668309__SALESFORCE__CLIENT_ID": "3MVG9",
    "CONNECTOR_SECRETS__61668309__SALESFORCE__CLIENT_SECRET": SECRET,
    "CONNECTOR_SECRETS__61668309__GENTRACK__APP_ID": "app",
    "CONNECTOR_SECRETS__61668309__GENTRACK__APP_SECRET": SECRET,
    "CONNECTOR_EMAIL__HOST": "smtp.example.com",
    "CONNECTOR_EMAIL__SENDER": "Connector <connector@example.com>",
    "CONNECTOR_EMAIL__PASSWORD": SECRET,
}
SALESFORCE, GENTRACK = (f"CONNECTOR_SECRETS__61668309__{side}__" for side in ("SALESFORCE", "GENTRACK"))


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A folder without an .env, and an environment in which everything is well."""
    monkeypatch.chdir(tmp_path)
    for name, value in GOOD.items():
        monkeypatch.setenv(name, value)


def refusal() -> str:
    with pytest.raises(SettingsInvalid) as refused:
        load_settings()
    assert SECRET not in str(refused.value)
    assert refused.value.__cause__ is None
    assert refused.value.todo == "See .env.example."
    return refused.value.message


def test_good_settings_are_read_and_the_rest_has_defaults() -> None:
    settings = load_settings()
    secrets = settings.secrets_of("61668309")
    assert secrets.gentrack is not None
    assert secrets.gentrack.app_secret.get_secret_value() == SECRET
    assert SECRET not in repr(settings)
    assert settings.email
    assert (settings.email.port, settings.email.security) == (587, "STARTTLS")
    assert settings.database_url is None
    assert settings.instances_folder == Path("instances")


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        (
            "CONNECTOR_EMAIL__PORT",
            "70000",
            "CONNECTOR_EMAIL__PORT: Input should be less than or equal to 65535",
        ),
        ("CONNECTOR_EMAIL__PORT", "smtp", "CONNECTOR_EMAIL__PORT: Input should be a valid integer"),
        ("CONNECTOR_EMAIL__SECURITY", "TLS", "CONNECTOR_EMAIL__SECURITY: String should match pattern"),
        ("CONNECTOR_EMAIL__SENDER", "nobody", "CONNECTOR_EMAIL__SENDER: String should match pattern"),
        (
            "CONNECTOR_EMAIL__PASSWORD",
            "changeme",
            "CONNECTOR_EMAIL: Value error, email password still holds a",
        ),
        ("CONNECTOR_EMAIL__COLOUR", "red", "CONNECTOR_EMAIL__COLOUR: Extra inputs are not permitted"),
        (
            "CONNECTOR_STAGING_FOLDER",
            "gs://bucket",
            "CONNECTOR_STAGING_FOLDER: Value error, should be a path, or",
        ),
        ("CONNECTOR_STAGING_FOLDER", "s3://B", "CONNECTOR_STAGING_FOLDER: Value error, should be a path, or"),
        ("CONNECTOR_STAGING_FOLDER", "", "CONNECTOR_STAGING_FOLDER: Value error, is empty"),
        ("CONNECTOR_S3__ENDPOINT_URL", "minio", "CONNECTOR_S3__ENDPOINT_URL: String should match pattern"),
        ("CONNECTOR_S3__ACCESS_KEY_ID", "AKIA", "give both access_key_id and secret_access_key, or neither"),
        ("CONNECTOR_S3_BLOCK", "staging", "CONNECTOR_S3_BLOCK: String should match pattern"),
        ("CONNECTOR_EMAIL_BLOCK", "s3-bucket/x", "CONNECTOR_EMAIL_BLOCK: String should match pattern"),
        (f"{SALESFORCE}PRIVATE_KEY", "changeme", "salesforce private_key still holds a placeholder"),
        (
            "CONNECTOR_BLOCKS__1__GENTRACK",
            "gentrack-credentials/x",
            "BLOCKS__1__SALESFORCE: Field required",
        ),
        ("CONNECTOR_MEMORY_LIMIT", "lots", "CONNECTOR_MEMORY_LIMIT: String should match pattern"),
        (f"{SALESFORCE}CLIENT_ID", "", "SALESFORCE__CLIENT_ID: String should have at least 1 character"),
        (f"{SALESFORCE}CLIENT_SECRET", "", "salesforce client_secret is empty"),
        (f"{SALESFORCE}CLIENT_SECRET", "  ", "salesforce client_secret is empty"),
        (f"{SALESFORCE}TOKEN", SECRET, "SALESFORCE__TOKEN: Extra inputs are not permitted"),
        (f"{GENTRACK}APP_ID", "", "GENTRACK__APP_ID: String should have at least 1 character"),
        (f"{GENTRACK}APP_SECRET", "", "gentrack app_secret is empty"),
        ("CONNECTOR_SECRETS", "not json", 'error parsing value for field "secrets"'),
        ("CONNECTOR_EMAIL", SECRET, "CONNECTOR_EMAIL: Input should be a valid dictionary"),
        ("CONNECTOR_DATABSE_URL", SECRET, "There is no setting CONNECTOR_DATABSE_URL"),
        (
            "connector_secrts__61668309__gentrack__app_id",
            "a",
            "There is no setting connector_secrts__61668309",
        ),
    ],
)
def test_a_wrong_value_is_refused_by_its_name(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, told: str
) -> None:
    monkeypatch.setenv(name, value)
    assert told in refusal()


@pytest.mark.parametrize(
    "value",
    ["changeme", "CHANGE-ME", "replace-me", "secret", "Password1", "xxxx", "TODO", "your-secret-here"],
)
@pytest.mark.parametrize("name", [f"{SALESFORCE}CLIENT_SECRET", f"{GENTRACK}APP_SECRET"])
def test_a_placeholder_is_no_secret(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)
    message = refusal()
    assert "still holds a placeholder" in message
    assert name.rpartition("__")[2].lower() in message


@pytest.mark.parametrize("name", list(GOOD)[:4] + list(GOOD)[4:6])
def test_a_missing_value_is_named(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.delenv(name)
    message = refusal()
    assert name in message or "give either client_secret, or username and private_key_file" in message


def test_the_access_to_s3_is_no_secret_of_two_places(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONNECTOR_S3_BLOCK", "s3-bucket/staging")
    assert load_settings().s3_block == "s3-bucket/staging"
    monkeypatch.setenv("CONNECTOR_S3__ACCESS_KEY_ID", SECRET)
    monkeypatch.setenv("CONNECTOR_S3__SECRET_ACCESS_KEY", SECRET)
    assert "give either CONNECTOR_S3_BLOCK or CONNECTOR_S3__..., not both" in refusal()


def test_a_prefix_of_a_bucket_keeps_its_slashes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONNECTOR_STAGING_FOLDER", "s3://a-bucket/a/prefix/")
    assert load_settings().staging_folder == "s3://a-bucket/a/prefix"


def test_an_instance_that_reads_exports_needs_no_secrets_of_gentrack(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(f"{GENTRACK}APP_ID")
    monkeypatch.delenv(f"{GENTRACK}APP_SECRET")
    assert load_settings().secrets_of("61668309").gentrack is None


def test_a_user_and_a_key_do_without_a_consumer_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(f"{SALESFORCE}CLIENT_SECRET")
    monkeypatch.setenv(f"{SALESFORCE}USERNAME", "integration@example.com")
    assert "give either client_secret" in refusal()
    monkeypatch.setenv(f"{SALESFORCE}PRIVATE_KEY_FILE", "/etc/key.pem")
    assert load_settings().secrets_of("61668309").salesforce.client_secret is None


def test_every_wrong_value_is_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONNECTOR_MEMORY_LIMIT", "lots")
    monkeypatch.setenv("CONNECTOR_EMAIL__PORT", "0")
    message = refusal()
    assert "CONNECTOR_MEMORY_LIMIT" in message
    assert "CONNECTOR_EMAIL__PORT" in message


def test_an_instance_without_secrets_is_named() -> None:
    with pytest.raises(SettingsInvalid, match="No secrets are set for instance 4711") as refused:
        load_settings().secrets_of("4711")
    assert "CONNECTOR_SECRETS__4711__" in refused.value.todo


def test_an_instance_with_capital_letters_finds_its_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in GOOD.items():
        monkeypatch.setenv(name.replace("61668309", "ACME-Nz"), value)
    gentrack = load_settings().secrets_of("ACME-Nz").gentrack
    assert gentrack is not None
    assert gentrack.app_id == "app"


def test_the_file_is_read_too_and_its_misspelt_names_are_refused(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text(
        "CONNECTOR_MEMORY_LIMIT=2GB  # of DuckDB\nPREFECT_API_URL=http://127.0.0.1:4200/api\n", "utf-8"
    )
    assert load_settings().memory_limit == "2GB"
    file.write_text("CONNECTOR_MEMRY_LIMIT=2GB\n", "utf-8")
    assert "There is no setting CONNECTOR_MEMRY_LIMIT" in refusal()


def test_what_belongs_to_others_is_let_be(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONNECTOR_HOME", "/srv/connector")
    monkeypatch.setenv("CONNECTORS", "12")
    assert load_settings().memory_limit == "1GB"


def test_every_setting_says_what_it_is() -> None:
    assert all(field.description for field in Settings.model_fields.values())


def test_the_password_of_the_ledger_is_shown_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONNECTOR_DATABASE_URL", "postgresql+psycopg://us:hush-hush@127.0.0.1/ledger")
    settings = load_settings()
    assert settings.database_url is not None
    assert settings.database_url.get_secret_value().endswith("127.0.0.1/ledger")
    shown = (repr(settings), str(settings), str(settings.model_dump()), settings.model_dump_json())
    assert not [text for text in shown if "hush" in text]


def test_secrets_stand_in_one_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONNECTOR_BLOCKS__Other__SALESFORCE", "salesforce-credentials/production")
    monkeypatch.setenv("CONNECTOR_BLOCKS__Other__GENTRACK", "aws-secret/gentrack")
    (blocks,) = load_settings().blocks.values()
    assert (blocks.salesforce, blocks.gentrack) == (
        "salesforce-credentials/production",
        "aws-secret/gentrack",
    )
    monkeypatch.setenv("CONNECTOR_BLOCKS__61668309__SALESFORCE", "salesforce-credentials/production")
    assert "give either CONNECTOR_SECRETS__... or CONNECTOR_BLOCKS__... of 61668309, not both" in refusal()


def test_the_mail_server_is_told_in_one_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONNECTOR_EMAIL_BLOCK", "email-server-credentials/connector")
    monkeypatch.setenv("CONNECTOR_EMAIL__HOST", "smtp.example.com")
    monkeypatch.setenv("CONNECTOR_EMAIL__SENDER", "connector@example.com")
    assert "give either CONNECTOR_EMAIL_BLOCK or CONNECTOR_EMAIL__..., not both" in refusal()
