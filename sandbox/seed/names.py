"""Names of people as they occur in the three countries: macrons, Welsh, apostrophes, hyphens, CJK."""

import unicodedata
from dataclasses import dataclass


@dataclass(frozen=True)
class Culture:
    """A stock of names that go together; `weight` is its share of the population in per cent."""

    weight: int
    women: tuple[str, ...]
    men: tuple[str, ...]
    surnames: tuple[str, ...]


def _words(text: str) -> tuple[str, ...]:
    return tuple(word.replace("_", " ") for word in text.split())


CULTURES = (
    Culture(
        50,
        _words(
            "Olivia Charlotte Amelia Isla Grace Emily Sophie Chloe Lucy Hannah Jessica Rebecca Sarah Laura"
            " Karen Susan Margaret Helen Julie Alison Mary-Jane Zoë Chloé Philippa Harriet Beatrice Wendy"
        ),
        _words(
            "Oliver Jack Noah William Thomas James George Henry Harry Daniel Matthew Andrew Stephen Paul"
            " David Michael Peter Robert Graham Ian Neil Callum Lachlan Jean-Paul Edward Hugh Barry"
        ),
        _words(
            "Smith Jones Taylor Brown Wilson Davies Evans Thomas Johnson Roberts Walker Wright Robinson"
            " Thompson White Hughes Edwards Green Hall Wood Harris Clarke Jackson Turner Hill Cooper Ward"
            " Morris Moore Clark Baker Harrison Morgan Allen James Scott Phillips Watson Parker Bennett"
            " Smith-Jones Fitz-Gerald Featherstonehaugh van_der_Berg de_Souza St._John Ng Li Cox"
        ),
    ),
    Culture(
        12,
        _words("Aroha Ngāio Mārama Hinemoa Kahurangi Anahera Tūī Mereana Whetū Rangimārie Kōwhai Māia"),
        _words("Wiremu Tāne Tamati Rāwiri Hōne Mātene Pita Nikau Kauri Rangi Tāwhiri Māui Tīpene"),
        _words(
            "Ngata Parāone Tūhoe Te_Kanawa Whāngārei Pōtae Kīngi Rēweti Te_Rangihaeata Māhuta Tāmihana"
            " Ruatapu Hēnare Wharepapa Te_Ao Pōmare"
        ),
    ),
    Culture(
        8,
        _words("Siân Ffion Eleri Cerys Angharad Llinos Mair Nerys Lowri Carys Efa"),
        _words("Rhŷs Llŷr Dafydd Gwilym Iwan Geraint Emyr Huw Ioan Siôn"),
        _words("ap_Rhys Llewelyn Pryce Bowen Gruffydd Cadwaladr Penry Llywelyn-Jones Tŷ-Gwyn Prosser Môn"),
    ),
    Culture(
        10,
        _words("Siobhán Aoife Niamh Róisín Orla Gráinne Ciara Sinéad Catríona Mòrag"),
        _words("Seán Pádraig Cormac Oisín Tadhg Eoin Ruairí Conor Fergus Dòmhnall"),
        _words("O'Brien O'Connor O\u2019Neill Ó_Súilleabháin MacDonald D'Arcy Byrne Ní_Bhriain Gallagher"),
    ),
    Culture(
        12,
        _words("Priya Fatima Sofía Zofia Agnieszka Anaïs Ana-María Leilani Sefina Lan Jana Nalini"),
        _words("Arjun Mohammed José Łukasz Wojciech François Björn Sione Tevita Minh Jürgen Rajesh"),
        _words(
            "Patel Singh Khan Nguyễn García Müller Kowalczyk Wiśniewska Søndergaard Papadopoulos Taufahema"
            " Tu\u02bbipulotu Đặng Öztürk Çelik Ångström Fa\u02bbasavalu"
        ),
    ),
    Culture(
        2,
        _words("美玲 秀英 さくら 지영 桂香"),
        _words("伟 志明 健太 민준 建国"),
        _words("王 李 張 佐藤 김"),
    ),
)

WOMENS_TITLES = ("Mrs", "Ms", "Miss", "Ms", "Mrs", "Dr", "Mx")
MENS_TITLES = ("Mr", "Mr", "Mr", "Mr", "Mr", "Dr", "Prof")
JOB_TITLES = (
    "Manager",
    "Owner",
    "Facilities Manager",
    "Accounts Payable",
    "Director",
    "Head of Procurement, UK & Ireland",
    "Chief Financial Officer",
    "Energy Buyer",
    "Caretaker",
    'Trustee ("Hon. Treasurer")',
    "Kaiwhakahaere Matua",
    "Office Administrator",
)

_UNDECOMPOSED = str.maketrans({"Ł": "L", "ł": "l", "ø": "o", "Ø": "O", "Đ": "D", "đ": "d"})


def mailbox_form(name: str) -> str:
    """The name as people write it in an email address: ``Ó Súilleabháin`` becomes ``osuilleabhain``.

    Names without Latin letters become ``customer``.
    """
    decomposed = unicodedata.normalize("NFKD", name.translate(_UNDECOMPOSED))
    kept = "".join(letter for letter in decomposed.lower() if letter.isascii() and letter.isalnum())
    return kept or "customer"
