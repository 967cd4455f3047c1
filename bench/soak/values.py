"""Values as people type them: plain ones, other scripts, stray blanks, nothing at all."""

import random
from collections.abc import Callable, Sequence

Draw = Callable[[random.Random], str | None]

_WORDS = (
    "Kōwhai", "Te Awa", "O'Neill", "Bright-Smith", "Zoë", "李", "Ngāti", "Żółć", "Müller", "d'Arcy",
    "Ångström", "Ивана", "Mc Donald", "Tūī", "Rangi", "São", "Ελένη", "Kerr & Co",
    '"Quoted"', "a, b; c", "Ana 🌿",
)  # fmt: skip
_TOWNS = ("Ōpōtiki", "Whangārei", "Wagga Wagga", "Stow-on-the-Wold", "Melbourne", "Königswinter", "Taupō")
_BLANK = 0.08
_STRAY = 0.08


def word(chance: random.Random) -> str:
    """A word that is not blank, and not one that stood there before."""
    return f"{chance.choice(_WORDS)} {chance.randrange(100_000)}"


def text(chance: random.Random) -> str | None:
    """A word, sometimes with blanks around it, sometimes nothing."""
    draw = chance.random()
    if draw < _BLANK:
        return None
    return f"  {word(chance)} " if draw < _BLANK + _STRAY else word(chance)


def name(chance: random.Random) -> str:
    """A name, which nobody may lack."""
    return word(chance)


def phone(chance: random.Random) -> str | None:
    """A phone number, or none."""
    return (
        None if chance.random() < _BLANK else f"+64 {chance.randrange(2, 10)} {chance.randrange(10**7):07d}"
    )


def email(chance: random.Random) -> str | None:
    """An email address, in whatever letter case, or none."""
    if chance.random() < _BLANK:
        return None
    return f"{chance.choice(('Soak', 'soak', 'SOAK'))}.{chance.randrange(10**6)}@Example.com"


def town(chance: random.Random) -> str:
    """A town."""
    return f"{chance.choice(_TOWNS)} {chance.randrange(1_000)}"


def street(chance: random.Random) -> str:
    """A street of one line to five, which is more than Gentrack holds."""
    return "\n".join(word(chance) for _ in range(chance.randrange(1, 6)))


def date(chance: random.Random) -> str:
    """A day of the last years."""
    return f"20{chance.randrange(10, 26)}-{chance.randrange(1, 13):02d}-{chance.randrange(1, 29):02d}"


def birthday(chance: random.Random) -> str | None:
    """A day of birth, or none."""
    return None if chance.random() < _BLANK else f"19{chance.randrange(30, 100)}-{date(chance)[5:]}"


def price(chance: random.Random) -> float:
    """A price in cents."""
    return chance.randrange(100, 100_000) / 100


def quantity(chance: random.Random) -> int:
    """How many."""
    return chance.randrange(1, 20)


def one_of(values: Sequence[str]) -> Draw:
    """One of a list."""
    return lambda chance: chance.choice(values)
