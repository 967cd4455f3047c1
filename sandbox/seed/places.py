"""Streets, towns and postcodes of the three countries: real towns, imagined streets in them."""

from dataclasses import dataclass

_INWARD_LETTERS = "ABDEFGHJLNPQRSTUWXYZ"


@dataclass(frozen=True)
class Place:
    """A town with the postcodes used there; `region` is the county, state or region."""

    country: str
    town: str
    region: str
    postcodes: tuple[str, ...]
    suburbs: tuple[str, ...]


def _numeric(country: str, town: str, region: str, first: int, suburbs: str) -> Place:
    codes = tuple(f"{first + step:04d}" for step in range(12))
    return Place(country, town, region, codes, tuple(suburbs.split(", ")))


def _british(town: str, region: str, outward: str, suburbs: str) -> Place:
    codes = tuple(
        f"{outward} {step % 9 + 1}{_INWARD_LETTERS[step * 7 % 20]}{_INWARD_LETTERS[step * 3 % 20]}"
        for step in range(40)
    )
    return Place("GB", town, region, codes, tuple(suburbs.split(", ")))


NEW_ZEALAND = (
    _numeric("NZ", "Auckland", "Auckland", 1010, "Ponsonby, Grey Lynn, Māngere, Ōtāhuhu, Remuera"),
    _numeric("NZ", "Whangārei", "Northland", 110, "Kensington, Onerahi"),
    _numeric("NZ", "Hamilton", "Waikato", 3200, "Hillcrest, Frankton, Te Rapa"),
    _numeric("NZ", "Rotorua", "Bay of Plenty", 3010, "Ōhinemutu, Ngongotahā"),
    _numeric("NZ", "Wellington", "Wellington", 6011, "Te Aro, Kelburn, Mount Victoria"),
    _numeric("NZ", "Christchurch", "Canterbury", 8011, "Riccarton, Sumner, Addington"),
    _numeric("NZ", "Dunedin", "Otago", 9010, "St Clair, Māori Hill, North East Valley"),
)
AUSTRALIA = (
    _numeric("AU", "Sydney", "NSW", 2000, "Haymarket, The Rocks, Millers Point"),
    _numeric("AU", "Wagga Wagga", "NSW", 2650, "Kooringal, Turvey Park"),
    _numeric("AU", "Melbourne", "VIC", 3000, "Carlton, Fitzroy, St Kilda"),
    _numeric("AU", "Brisbane", "QLD", 4000, "Spring Hill, Petrie Terrace"),
    _numeric("AU", "Adelaide", "SA", 5000, "Glenelg, Norwood"),
    _numeric("AU", "Perth", "WA", 6000, "Fremantle, Subiaco"),
    _numeric("AU", "Darwin", "NT", 800, "Larrakeyah, Fannie Bay"),
)
GREAT_BRITAIN = (
    _british("London", "Greater London", "SE1", "Southwark, Bermondsey"),
    _british("Cardiff", "South Glamorgan", "CF10", "Butetown, Grangetown"),
    _british("Ynys Môn", "Gwynedd", "LL61", "Llanfairpwllgwyngyll, Porthaethwy"),
    _british("Manchester", "Greater Manchester", "M1", "Ancoats, Northern Quarter"),
    _british("Edinburgh", "Midlothian", "EH3", "Stockbridge, Tollcross"),
    _british("Bristol", "Avon", "BS1", "Redcliffe, Hotwells"),
    _british("King's Lynn", "Norfolk", "PE30", "Gaywood, South Wootton"),
    _british("Belfast", "County Antrim", "BT1", "Cathedral Quarter, Queen's Quarter"),
)
PLACES = NEW_ZEALAND * 3 + AUSTRALIA * 2 + GREAT_BRITAIN * 2

_STREET_NAMES = (
    "High",
    "Station",
    "Church",
    "Victoria",
    "Queen",
    "King",
    "George",
    "Albert",
    "Mill",
    "School",
    "Park",
    "Bridge",
    "Rata",
    "Kōwhai",
    "Tōtara",
    "Rimu",
    "Wattle",
    "Banksia",
    "Jacaranda",
    "St. Mary's",
    "Bishop's",
    "O'Connell",
    "Llanfair",
    "Tŷ Mawr",
    "Matai",
    "Nelson",
    "Wellington",
    "Tāmaki",
)
_STREET_TYPES = ("Street", "Road", "Avenue", "Lane", "Terrace", "Crescent", "Place", "Close")
STREETS = tuple(f"{name} {kind}" for name in _STREET_NAMES for kind in _STREET_TYPES)
BUILDINGS = ("The Old Mill", "Rose Cottage", "Fairview", "Te Whare Nui", "Plas Newydd", "Dunroamin'")
