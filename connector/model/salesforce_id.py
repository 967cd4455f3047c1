"""Salesforce ids: 15 characters in which letter case counts, or 18 of which the last three say that case.

Source: Salesforce Help, "Convert 15-Character Salesforce IDs to 18-Character IDs".
"""

import re

_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
_SHAPE = re.compile(r"[0-9A-Za-z]{15}(?:[A-Z0-5a-z]{3})?")


def whole_id(text: str) -> str | None:
    """The 18 characters of what can be a Salesforce id; None of what can't, as its last three tell."""
    if not _SHAPE.fullmatch(text):
        return None
    known, said = text[:15], text[15:].upper()
    suffix = "".join(_case_of(known[at : at + 5]) for at in (0, 5, 10))
    return known + suffix if said in {"", suffix} else None


def _case_of(five: str) -> str:
    return _ALPHABET[sum(1 << at for at, letter in enumerate(five) if letter.isascii() and letter.isupper())]
