"""Which fields of a change event are meant, as bits over the order of its schema.

Source: Pub/Sub API guide, "Event Deserialization Considerations": the first text is about the schema's own
fields, each further one, ``4-0x1C``, about the parts of the compound field at that place.
"""

from collections.abc import Collection, Mapping

Place = int | tuple[int, int]
"""Where a field stands in the schema: by itself, or as a part of the compound field there."""


def bitmaps(places: Collection[Place]) -> list[str]:
    """The texts that stand for some places; none for no place."""
    if not places:
        return []
    own, parts = 0, dict[int, int]()
    for place in places:
        if isinstance(place, tuple):
            parts[place[0]] = parts.get(place[0], 0) | 1 << place[1]
        else:
            own |= 1 << place
    return [_hexadecimal(own), *_nested(parts)]


def _nested(parts: Mapping[int, int]) -> list[str]:
    return [f"{place}-{_hexadecimal(bits)}" for place, bits in sorted(parts.items())]


def _hexadecimal(bits: int) -> str:
    """Whole bytes, in capitals."""
    digits = f"{bits:X}"
    return f"0x{digits.zfill(len(digits) + len(digits) % 2)}"
