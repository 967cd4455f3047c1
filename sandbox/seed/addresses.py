"""Addresses of a block as JSON objects: most plain, some with commas, quotes, line breaks, stray blanks."""

from typing import TypedDict

from sandbox.seed.places import BUILDINGS, PLACES, STREETS
from sandbox.seed.randomness import choices, stream


class Address(TypedDict):
    """Gentrack's address: `address4` is the town, `address5` the county, state or region, ISO country."""

    address1: str
    address2: str | None
    address3: str | None
    address4: str
    address5: str
    postcode: str
    country: str


_PLAIN, _FLAT, _NAMED, _MULTILINE, _RURAL, _UNTRIMMED = range(6)
_LINE_BREAKS = ("\n", "\r\n")
_SHAPE_SHARES = (0.84, 0.08, 0.03, 0.02, 0.02, 0.01)


def addresses(seed: int, block: int, size: int, purpose: str) -> list[Address]:
    """Draw `size` addresses for a purpose such as ``customer`` or ``postal``."""
    rng = stream(seed, block, f"address {purpose}")
    shapes = rng.choice(len(_SHAPE_SHARES), size, p=_SHAPE_SHARES).tolist()
    columns = zip(
        shapes,
        rng.integers(1, 400, size).tolist(),
        choices(rng, STREETS, size),
        choices(rng, PLACES, size),
        rng.integers(0, 1 << 30, size).tolist(),
        (rng.random(size) < 0.4).tolist(),
        strict=True,
    )
    return [
        Address(
            address1=f"{number} {street}" if shape == _PLAIN else _first_line(shape, number, street, draw),
            address2=f"RD {number % 9 + 1}" if shape == _RURAL else None,
            address3=place.suburbs[draw % len(place.suburbs)] if with_suburb else None,
            address4=place.town,
            address5=place.region,
            postcode=place.postcodes[draw % len(place.postcodes)],
            country=place.country,
        )
        for shape, number, street, place, draw, with_suburb in columns
    ]


def postal_boxes(seed: int, block: int, homes: list[Address]) -> list[Address]:
    """For each home the address that bills go to when it isn't the home: a post box in the same town."""
    boxes = stream(seed, block, "boxes").integers(1, 99_999, len(homes)).tolist()
    return [
        Address(
            address1=f"PO Box {box}",
            address2=None,
            address3=None,
            address4=home["address4"],
            address5=home["address5"],
            postcode=home["postcode"],
            country=home["country"],
        )
        for box, home in zip(boxes, homes, strict=True)
    ]


def _first_line(shape: int, number: int, street: str, draw: int) -> str:
    if shape == _FLAT:
        return f"Flat {draw % 30 + 1}, {number} {street}"
    if shape == _NAMED:
        return f'"{BUILDINGS[draw % len(BUILDINGS)]}", {number} {street}'
    if shape == _MULTILINE:
        return f"Level {draw % 20 + 1}{_LINE_BREAKS[draw % 2]}{number} {street}"
    if shape == _UNTRIMMED:
        return f" {number}  {street} "
    return f"{number} {street}"
