"""The natural persons of a block: names, dates of birth, phones and email addresses, as columns."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from sandbox.seed import names
from sandbox.seed.randomness import choices, days, stream


@dataclass(frozen=True)
class People:
    """One list a column, one entry a customer: the customer itself or a business's contact person."""

    title: list[str]
    forename: list[str]
    surname: list[str | None]
    email: list[str]
    born: list[str | None]
    phone: list[str | None]
    work_phone: list[str | None]
    mobile: list[str | None]
    fax: list[str | None]


_WOMEN, _MEN, _SURNAMES = (
    [getattr(culture, part) for culture in names.CULTURES] for part in ("women", "men", "surnames")
)
_MAILBOX = {name: names.mailbox_form(name) for stock in (*_WOMEN, *_MEN, *_SURNAMES) for name in stock}
_MAIL_HOSTS = ("example.com", "example.org", "example.net", "mail.example.com")
_SCALE = 1 << 30


def people(seed: int, block: int, size: int, countries: list[str], first: int) -> People:
    """Draw `size` persons living in `countries`; `first` is the number of persons in earlier blocks."""
    rng = stream(seed, block, "people")
    weights = np.array([culture.weight for culture in names.CULTURES], dtype=float)
    culture = rng.choice(len(names.CULTURES), size, p=weights / weights.sum()).tolist()
    women = (rng.random(size) < 0.52).tolist()
    draws = rng.integers(0, _SCALE, (2, size)).tolist()
    titles = zip(
        women, choices(rng, names.WOMENS_TITLES, size), choices(rng, names.MENS_TITLES, size), strict=True
    )
    stocks = [_WOMEN[which] if woman else _MEN[which] for which, woman in zip(culture, women, strict=True)]
    forename = [stock[draw % len(stock)] for stock, draw in zip(stocks, draws[0], strict=True)]
    surname = [
        stock[draw % len(stock)]
        for stock, draw in zip((_SURNAMES[which] for which in culture), draws[1], strict=True)
    ]
    hosts = choices(rng, _MAIL_HOSTS, size)
    email = [
        f"{_MAILBOX[given]}.{_MAILBOX[family]}{serial}@{host}"
        for serial, (given, family, host) in enumerate(zip(forename, surname, hosts, strict=True), first)
    ]
    unknown_birth = (rng.random(size) < 0.06).tolist()
    born = days(rng, "1931-01-01", "2005-01-01", size)
    return People(
        title=[woman if is_woman else man for is_woman, woman, man in titles],
        forename=forename,
        surname=[*surname],
        email=email,
        born=[None if unknown else day for unknown, day in zip(unknown_birth, born, strict=True)],
        phone=_numbers(rng, countries, _LANDLINES, missing=0.25),
        work_phone=_numbers(rng, countries, _LANDLINES, missing=0.7),
        mobile=_numbers(rng, countries, _MOBILES, missing=0.12),
        fax=_numbers(rng, countries, _LANDLINES, missing=0.96),
    )


_LANDLINES: Final[Mapping[str, tuple[str, ...]]] = {
    "NZ": ("+64 {a} {b:03d} {c:04d}", "0{a} {b:03d} {c:04d}", "(0{a}) {b:03d}-{c:04d}"),
    "AU": ("+61 {a} 5{b:03d} {c:04d}", "(0{a}) 5{b:03d} {c:04d}", "0{a}5{b:03d}{c:04d}"),
    "GB": ("+44 1632 {b:03d}{a}{d:02d}", "01632 {b:03d}{a}{d:02d}", "(01632) {b:03d}{a}{d:02d} ext. {a}"),
}
_MOBILES: Final[Mapping[str, tuple[str, ...]]] = {
    "NZ": ("+64 21 {b:03d} {c:04d}", "027 {b:03d} {c:04d}", "021{b:03d}{c:04d}"),
    "AU": ("+61 491 570 {b:03d}", "0491 570 {b:03d}", "0491{a}70{b:03d}"),
    "GB": ("+44 7700 900{b:03d}", "07700 900{b:03d}", "07700900{b:03d}"),
}


def _numbers(
    rng: np.random.Generator, countries: list[str], forms: Mapping[str, tuple[str, ...]], *, missing: float
) -> list[str | None]:
    """Phone numbers written as people write them; a share of `missing` has none."""
    size = len(countries)
    absent = (rng.random(size) < missing).tolist()
    area = choices(rng, (3, 4, 6, 7, 9), size)
    form = rng.integers(0, 3, size).tolist()
    middle = rng.integers(100, 1_000, size).tolist()
    end = rng.integers(0, 10_000, size).tolist()
    return [
        None if none else forms[country][which].format(a=a, b=b, c=c, d=c % 100)
        for none, country, which, a, b, c in zip(absent, countries, form, area, middle, end, strict=True)
    ]
