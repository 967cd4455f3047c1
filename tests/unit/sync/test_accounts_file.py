"""The file of account numbers: lines or a CSV, and a clear word about what can't be used."""

from pathlib import Path

import pytest

from connector.errors import FileInvalid
from connector.sync.accounts_file import read_accounts


def read(tmp_path: Path, text: str) -> tuple[str, ...]:
    file = tmp_path / "accounts.txt"
    file.write_bytes(text.encode())
    return read_accounts(file)


@pytest.mark.parametrize(
    "text",
    [
        "00000101\n00000202\n",
        "\ufeff00000101\r\n\r\n 00000202 \r\n00000101",
        "Account Number\n00000101\n00000202\n",
        'name,account_number\nOne,00000101\n"Two, Ltd",00000202\n',
        "Gentrack_External_Id__c;Name\n00000101;One\n00000202;Two\n",
    ],
)
def test_numbers_of_lines_and_of_a_csv(tmp_path: Path, text: str) -> None:
    assert read(tmp_path, text) == ("00000101", "00000202")


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "names no account"),
        ("account_number\n", "names no account"),
        ("name,town\nOne,Waiuku\n", "has no column of account numbers in its header"),
        ("00000101\n00000202,00000303\n1:2\n", "line 2 holds more than an account number, line 3"),
        (
            "name,number\nOne,00000101\nTwo,\nThree\n",
            "line 3 has no account number, line 4 has no account number",
        ),
        ("A" * 256, "line 1 is longer than 255 characters"),
        ("\n".join("1:2" for _ in range(9)), "line 5 holds more than an account number, and 4 more"),
    ],
)
def test_what_is_not_usable_is_named_with_its_line(tmp_path: Path, text: str, complaint: str) -> None:
    with pytest.raises(FileInvalid, match=complaint):
        read(tmp_path, text)


def test_a_file_that_is_not_there_or_no_text_is_told(tmp_path: Path) -> None:
    with pytest.raises(FileInvalid, match="can't be read: No such file"):
        read_accounts(tmp_path / "none.txt")
    (tmp_path / "binary").write_bytes(b"\xff\xfe0")
    with pytest.raises(FileInvalid, match="not in UTF-8"):
        read_accounts(tmp_path / "binary")
