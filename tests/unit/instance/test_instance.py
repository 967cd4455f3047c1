"""An instance's file: every wrong line is refused by its name."""

from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from connector.errors import SettingsInvalid
from connector.instance import load_instance, others_of

GOOD = """
id = "61668309"
name = "A retailer"

[salesforce]
url = "https://retailer.my.salesforce.com"

[gentrack]
url = "https://api-ap.integration.gentrack.example"
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "61668309.toml").write_text(GOOD, "utf-8")
    return tmp_path


def refusal(folder: Path, content: str | bytes, instance: str = "61668309") -> str:
    file = folder / f"{instance}.toml"
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    with pytest.raises(SettingsInvalid) as refused:
        load_instance(folder, instance)
    assert refused.value.todo
    return refused.value.message


def test_a_short_file_is_enough(folder: Path) -> None:
    instance = load_instance(folder, "61668309")
    assert (instance.name, instance.load.batch_rows, instance.load.give_up_after) == (
        "A retailer",
        20_000,
        900,
    )
    assert instance.gentrack.product == "junifer"
    assert instance.email.recipients == ()


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('id = "61668309"', "", "id: Field required"),
        ('id = "61668309"', 'id = "61/668"', "id: String should match pattern"),
        ('id = "61668309"', 'id = "4711"', "says id = '4711'"),
        ('name = "A retailer"', "", "name: Field required"),
        ('name = "A retailer"', 'nam = "A retailer"', "nam: Extra inputs are not permitted"),
        ('url = "https://retailer', 'url = "http://retailer', "salesforce.url: String should match pattern"),
        ('url = "https://api', '#url = "https://api', "gentrack: Value error, url is missing, which source"),
        ("[gentrack]", "[gentrak]", "gentrack: Field required"),
        ('url = "https://api', 'url = "ftp://api', "gentrack.url: String should match pattern"),
        ("force.com", "force.com/services", "salesforce.url: String should match pattern"),
        ("gentrack.example", "gentrack.example/v1", "gentrack.url: String should match pattern"),
    ],
)
def test_a_wrong_line_is_refused_by_its_name(folder: Path, old: str, new: str, told: str) -> None:
    assert told in refusal(folder, GOOD.replace(old, new))


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ('source = "exports"', "gentrack: Value error, exports is missing, which source = 'exports' needs"),
        ('exports = "a/folder"', "gentrack: Value error, exports is set, but source is 'api'"),
        ('source = "files"', "gentrack.source: Input should be 'api' or 'exports'"),
        (
            'source = "exports"\nexports = "ftp://x"',
            "gentrack.exports: Value error, should be a path, or s3://",
        ),
        ("[load]\nbatch_rows = 10", "load.batch_rows: Input should be greater than or equal to 200"),
        ("[load]\nparallel_jobs = 16", "load.parallel_jobs: Input should be less than or equal to 15"),
        ("[load]\nparalel_jobs = 3", "load.paralel_jobs: Extra inputs are not permitted"),
        ("[load]\ngive_up_after = 0", "load.give_up_after: Input should be greater than or equal to 1"),
        ("[load]\nresend_rounds = -1", "load.resend_rounds: Input should be greater than or equal to 0"),
        ('[email]\nrecipients = ["nobody"]', "email.recipients.0: String should match pattern"),
        ('[email]\nrecipients = ["a@x.nz\\nBcc: b@x.nz"]', "email.recipients.0: String should match pattern"),
        ('[email]\nrecipients = "a@x.nz"', "email.recipients: Input should be a valid tuple"),
        ('[secrets]\nclient_secret = "x"', "secrets: Extra inputs are not permitted"),
        ("[ongoing]\npol_every = 30", "ongoing.pol_every: Extra inputs are not permitted"),
        ('[ongoing]\ndrift = "ignore"', "ongoing.drift: Input should be 'restore' or 'report'"),
        ("[ongoing]\ndirections = []", "ongoing.directions: Tuple should have at least 1 item"),
        (
            "[ongoing.entities.account]\ncreate_in_gentrack = {}",
            "ongoing.entities.account: Value error, create_in_gentrack asks for nothing",
        ),
        (
            '[ongoing.entities.account]\ncreate_in_gentrack = { "Type = 1 OR Name" = ["x"] }',
            "ongoing.entities.account.create_in_gentrack.Type = 1 OR Name.[key]: String should match",
        ),
    ],
)
def test_a_wrong_value_of_a_section_is_refused_by_its_name(folder: Path, line: str, told: str) -> None:
    assert told in refusal(folder, f"{GOOD}\n{line}\n")


@pytest.mark.parametrize("exports", ["exports/61668309", "/srv/exports", "s3://a-bucket/61668309"])
def test_exports_need_no_address_of_the_api(folder: Path, exports: str) -> None:
    address = 'url = "https://api-ap.integration.gentrack.example"'
    lines = f'source = "exports"\nexports = "{exports}"'
    content = GOOD.replace(address, lines)
    assert "window.events = 'api' needs gentrack.url" in refusal(folder, content)
    (folder / "61668309.toml").write_text(content + '[window]\nevents = "manual"', "utf-8")
    gentrack = load_instance(folder, "61668309").gentrack
    assert (gentrack.source, gentrack.exports, gentrack.url) == ("exports", exports, None)


def test_a_recipient_may_have_a_name(folder: Path) -> None:
    (folder / "61668309.toml").write_text(f'{GOOD}\n[email]\nrecipients = ["Ops <ops@x.nz>"]\n', "utf-8")
    assert load_instance(folder, "61668309").email.recipients == ("Ops <ops@x.nz>",)


def test_what_is_no_toml_is_told_with_its_line(folder: Path) -> None:
    assert "is not valid TOML" in refusal(folder, 'id = "61668309')
    assert "line 2" in refusal(folder, 'id = "61668309"\nname = A retailer\n')
    assert "is not valid TOML" in refusal(folder, b'name = "\xff"')


def test_an_instance_that_is_not_there_is_named(folder: Path) -> None:
    with pytest.raises(SettingsInvalid, match=r"There is no instance 4711: .*4711\.toml does not exist"):
        load_instance(folder, "4711")


def test_a_file_that_can_not_be_read_is_told(folder: Path) -> None:
    (folder / "4711.toml").mkdir()
    with pytest.raises(SettingsInvalid, match=r"4711\.toml can't be read: Is a directory"):
        load_instance(folder, "4711")


@pytest.mark.parametrize("name", ["../61668309", "a/b", "", "x" * 65, "61668309\n"])
def test_a_name_that_is_no_tenants_id_leads_nowhere(folder: Path, name: str) -> None:
    (folder / "inner").mkdir()
    with pytest.raises(SettingsInvalid, match="can't be an instance"):
        load_instance(folder / "inner", name)


def test_choices_are_what_changes_what_is_written(folder: Path) -> None:
    def choices(more: str) -> dict[str, Any]:
        (folder / "61668309.toml").write_text(f"{GOOD}\n{more}", "utf-8")
        return load_instance(folder, "61668309").choices

    plain = choices("")
    assert choices("[load]\nbatch_rows = 500") == plain
    assert choices("[ongoing]\npoll_every = 5") == plain
    assert choices('[matching]\nplaceholders = ["?"]') != plain
    key = rsa.generate_private_key(public_exponent=65_537, key_size=2_048).public_key()
    pem = key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    with_key = GOOD.replace("[gentrack]", f'[gentrack]\nwebhook_key = """{pem}"""')
    (folder / "61668309.toml").write_text(with_key, "utf-8")
    assert load_instance(folder, "61668309").choices == plain
    assert plain["salesforce"]["url"]
    assert "page_size" not in plain["gentrack"]


def test_owners_are_names_and_choices(folder: Path) -> None:
    owners = """
        [owners]
        default = "everybody@retailer.example"
        objects = { service_point = "Metering" }
        [[owners.rules]]
        owner = "north@retailer.example"
        state = ["NSW", "ACT"]
        postcode_prefix = ["2"]
    """
    (folder / "61668309.toml").write_text(GOOD + owners, "utf-8")
    section = load_instance(folder, "61668309").owners
    assert section
    assert section.rules[0].conditions == {"state": ("NSW", "ACT"), "postcode_prefix": ("2",)}


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ('owner = "a@b"', "owners.rules.0: Value error, it asks for nothing"),
        ('owner = "a@b"\nstate = []', "owners.rules.0.state"),
        ('owner = "a@b"\nstate = [""]', "owners.rules.0.state.0"),
        ('owner = "a@b"\nregion = ["NSW"]', "owners.rules.0.region: Extra inputs"),
        ('owner = "not a name"\nstate = ["NSW"]', "owners.rules.0.owner"),
        ('state = ["NSW"]', "owners.rules.0.owner: Field required"),
    ],
)
def test_a_wrong_rule_for_owners_is_refused_by_its_place(folder: Path, line: str, told: str) -> None:
    assert told in refusal(folder, f"{GOOD}\n[[owners.rules]]\n{line}\n")


def test_instances_that_share_an_org_are_found(folder: Path) -> None:
    (folder / "2.toml").write_text(GOOD.replace("61668309", "2"), "utf-8")
    (folder / "3.toml").write_text(GOOD.replace("61668309", "3").replace("retailer.my", "other.my"), "utf-8")
    (folder / "broken.toml").write_text("no", "utf-8")
    assert others_of(folder, load_instance(folder, "61668309")) == {"2"}
