"""Replay ids as they travel: opaque bytes to clients, a number and two zero bytes in truth.

Source: recorded answers of the Pub/Sub API; its best-known client sends the eight bytes of the number alone.
"""

_NUMBER_BYTES = 8
_TAIL = b"\0\0"


def encoded(number: int) -> bytes:
    """The bytes of a replay id."""
    return number.to_bytes(_NUMBER_BYTES, "big") + _TAIL


def decoded(given: bytes) -> int | None:
    """The number of a replay id, or None if the bytes can't be one."""
    if len(given) not in {_NUMBER_BYTES, _NUMBER_BYTES + len(_TAIL)} or given[_NUMBER_BYTES:].strip(b"\0"):
        return None
    return int.from_bytes(given[:_NUMBER_BYTES], "big")
