"""Identifiers of service points with their check digits, and the serial back out of them.

Sources: MPAN core and MPRN as publicly described by their users (the MPAN's weights are primes without 11);
NMI: AEMO, National Metering Identifier Procedure; ICP: Electricity Authority, Schedule 11.1, whose checksum
is a CRC of twelve bits with the polynomial 0x80F.
"""

from collections.abc import Callable

_MPAN_WEIGHTS = (3, 5, 7, 13, 17, 19, 23, 29, 31, 37, 41, 43)
_MPAN_DISTRIBUTORS = tuple(range(10, 24))
_ICP_DISTRIBUTORS = ("UN", "CK", "WE", "NV", "OR", "TP")


def mpan(serial: int) -> str:
    """A British electricity supply number (core): distributor, ten digits, check digit."""
    body = f"{_MPAN_DISTRIBUTORS[serial % len(_MPAN_DISTRIBUTORS)]}{serial:010d}"
    return body + str(mpan_check_digit(body))


def mprn(serial: int) -> str:
    """A British gas supply number: eight digits and two check digits."""
    body = f"{serial:08d}"
    return body + f"{mprn_check(body):02d}"


def nmi(serial: int) -> str:
    """An Australian national metering identifier: ten characters and a check digit."""
    body = f"41{serial:08d}"
    return body + str(nmi_check_digit(body))


def icp(serial: int) -> str:
    """A New Zealand installation control point: ten digits, the distributor's code, three check digits."""
    body = f"{serial:010d}{_ICP_DISTRIBUTORS[serial % len(_ICP_DISTRIBUTORS)]}"
    return body + icp_check(body)


def mpan_check_digit(body: str) -> int:
    """The thirteenth digit to twelve."""
    weighted = sum(int(digit) * weight for digit, weight in zip(body, _MPAN_WEIGHTS, strict=True))
    return weighted % 11 % 10


def mprn_check(body: str) -> int:
    """The last two digits as a number: weights descend to 1, modulo 11."""
    return sum(int(digit) * (len(body) - place) for place, digit in enumerate(body)) % 11


def nmi_check_digit(body: str) -> int:
    """The eleventh character: Luhn's sum over the characters' ASCII codes."""
    codes = (ord(letter) * (2 if place % 2 == 0 else 1) for place, letter in enumerate(reversed(body)))
    return -sum(int(digit) for code in codes for digit in str(code)) % 10


def icp_check(body: str) -> str:
    """The last three characters to the first twelve."""
    rest = 0
    for byte in body.encode():
        rest = (rest << 8 & 0xFFF) ^ _CRC_TABLE[rest >> 4 ^ byte]
    return f"{rest:03X}"


def _crc_of_byte(byte: int) -> int:
    rest = byte << 4
    for _ in range(8):
        rest = (rest << 1 ^ 0x180F) if rest & 0x800 else rest << 1
    return rest & 0xFFF


_CRC_TABLE = tuple(_crc_of_byte(byte) for byte in range(256))

Identifier = tuple[str, str, Callable[[int], str]]
"""Identifier type, service type, and what makes the identifier of a serial."""

FIRST_SUPPLY: dict[str, Identifier] = {
    "NZ": ("ICP", "Electricity", icp),
    "AU": ("NMI", "Electricity", nmi),
    "GB": ("MPAN", "Electricity", mpan),
}
SECOND_SUPPLY: dict[str, Identifier] = {
    "NZ": ("ICP", "Electricity", icp),
    "AU": ("NMI", "Electricity", nmi),
    "GB": ("MPRN", "Gas", mprn),
}
_SERIAL_AT = {
    13: ("MPAN", slice(2, 12), mpan),
    10: ("MPRN", slice(0, 8), mprn),
    11: ("NMI", slice(2, 10), nmi),
    15: ("ICP", slice(0, 10), icp),
}


def serial_of(identifier: str) -> int | None:
    """The serial that an identifier was made from, or None if it isn't one of ours."""
    place = _SERIAL_AT.get(len(identifier))
    if place is None or not (identifier.isascii() and identifier[place[1]].isdigit()):
        return None
    serial = int(identifier[place[1]])
    return serial if place[2](serial) == identifier else None
