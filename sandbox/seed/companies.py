"""Names and registration numbers of businesses, clubs, trusts and public bodies."""

PROPER_NAMES = (
    "Kererū",
    "Harbour View",
    "Northern Light",
    "Smith & Sons",
    "Llŷn Valley",
    "O'Reilly's",
    "Three Bridges",
    "Southern Cross",
    "Pōhutukawa",
    "Green, Brown & Co.",
    "A1",
    "Coolibah",
    "Pukeko",
    "St. David's",
    "Café Zoë",
    "Big Red",
    "Ōtautahi",
    "Müller & Partner",
    "龍 Dragon",
    "Wattle Creek",
)
TRADES = (
    "Bakery",
    "Dairy Farms",
    "Plumbing",
    "Motors",
    "Cafés",
    "Hardware",
    "Medical Centre",
    "Vineyards",
    "Joinery",
    "Childcare",
    "Laundrette",
    "Property Management",
    "Cold Storage",
    "Fish & Chips",
    "Rūnanga",
    "Bowls Club",
    "Primary School",
    "Freight",
)
LEGAL_FORMS = {
    "NZ": ("Limited", "Ltd", "Trust", "Incorporated"),
    "AU": ("Pty Ltd", "Pty. Limited", "Inc."),
    "GB": ("Ltd", "Limited", "PLC", "LLP", "CIC"),
}


def registration_number(country: str, serial: int) -> str:
    """A company number in the country's length, different for every `serial` below ten million.

    NZ companies have seven digits, Australian company numbers nine, UK ones eight; 7,919 is prime to ten,
    so multiplying by it shuffles the serials without making two alike.
    """
    shuffled = serial * 7_919 % 10_000_000
    if country == "NZ":
        return f"{shuffled:07d}"
    return f"1{shuffled:08d}" if country == "AU" else f"0{shuffled:07d}"
