"""Names that nobody can mistake for real ones, and the places they live in."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from random import Random
from typing import Final

import msgspec


class City(msgspec.Struct, frozen=True):
    """A place with its IANA zone and telephone area code; abroad the code is a whole prefix such as +4420."""

    name: str
    time_zone: str
    area_code: str


_EASTERN: Final = "America/New_York"
_CENTRAL: Final = "America/Chicago"
_MOUNTAIN: Final = "America/Denver"
_PACIFIC: Final = "America/Los_Angeles"

_PLACES: Final = (
    (
        _EASTERN,
        "Newark 973, Toledo 419, Albany 518, Boston 617, Buffalo 716, Charlotte 704, Cleveland 216, "
        "Columbus 614, Dayton 937, Erie 814, Hartford 860, Miami 305, Norfolk 757, Orlando 407, "
        "Philadelphia 215, Pittsburgh 412, Portland ME 207, Providence 401, Raleigh 919, Richmond 804, "
        "Rochester 585, Savannah 912, Syracuse 315, Tampa 813, Trenton 609, Atlanta 404, Baltimore 410, "
        "Akron 330, Roanoke 540, Macon 478",
    ),
    (
        _CENTRAL,
        "Chicago 312, Tulsa 918, Omaha 402, Austin 512, Fargo 701, Dallas 214, Des Moines 515, Duluth "
        "218, Houston 713, Little Rock 501, Madison 608, Memphis 901, Milwaukee 414, Minneapolis 612, "
        "Mobile 251, Nashville 615, New Orleans 504, Peoria 309, San Antonio 210, St. Louis 314, Topeka "
        "785, Waco 254, Wichita 316, Lincoln 531",
    ),
    (
        _MOUNTAIN,
        "Denver 303, Albuquerque 505, Billings 406, Cheyenne 307, Provo 801, Santa Fe 575, El Paso 915",
    ),
    (
        "America/Boise",
        "Boise 208",
    ),
    (
        "America/Phoenix",
        "Phoenix 602, Tucson 520",
    ),
    (
        _PACIFIC,
        "Yakima 509, Reno 775, Salem 503, Bakersfield 661, Fresno 559, Las Vegas 702, Oakland 510, "
        "Sacramento 916, San Diego 619, Seattle 206, Spokane 509, Tacoma 253",
    ),
    (
        "America/Anchorage",
        "Anchorage 907",
    ),
    (
        "Pacific/Honolulu",
        "Hilo 808",
    ),
)
CITIES: Final = tuple(
    City(name, time_zone, area_code)
    for time_zone, places in _PLACES
    for name, _, area_code in (place.rpartition(" ") for place in places.split(", "))
)

STATES: Final = (
    "Alabama", "Arizona", "Arkansas", "California", "Colorado", "Connecticut", "Delaware", "Florida", "Georgia",
    "Idaho", "Illinois", "Indiana", "Iowa", "Kansas", "Kentucky", "Louisiana", "Maine", "Maryland", "Massachusetts",
    "Michigan", "Minnesota", "Mississippi", "Missouri", "Montana", "Nebraska", "Nevada", "New Jersey", "New Mexico",
    "New York", "North Carolina", "North Dakota", "Ohio", "Oklahoma", "Oregon", "Pennsylvania", "South Carolina",
    "Tennessee", "Texas", "Utah", "Vermont", "Virginia", "Washington", "West Virginia", "Wisconsin", "Wyoming",
)  # fmt: skip

_ADJECTIVES: Final = (
    "Example", "Sample", "Demo", "Mock", "Specimen", "Fictional", "Imaginary", "Invented", "Madeup", "Placeholder",
    "Pretend", "Testcase", "Makebelieve", "Stand-in", "Dummy", "Hypothetical", "Notional", "Illustrative", "Anyplace",
    "Sometown", "Storybook", "Fabled", "Nominal", "Trial", "Mockup", "Phantom", "Textbook", "Draft", "Nowhere",
    "Supposed", "Alleged", "Conjured", "Fancied", "Unreal", "Feigned", "Virtual", "Theoretical", "Proverbial",
    "Putative", "Blueprint",
)  # fmt: skip
_TRADES: Final = (
    "Bakery", "Dental Group", "Trucking", "Orchard", "Fitness", "Imports", "Interiors", "Diner", "Motors", "Plumbing",
    "Pediatrics", "Florists", "Toys", "Roofing", "Catering", "Carpentry", "Cleaners", "Clinic", "Coffee",
    "Consulting", "Creamery", "Dairy", "Design", "Electric", "Engineering", "Farms", "Fencing", "Foods", "Freight",
    "Furniture", "Garage", "Gardens", "Glassworks", "Grocers", "Hardware", "Heating", "Hotel", "Jewelers", "Kennels",
    "Kitchens", "Labs", "Laundry", "Law Office", "Lighting", "Locksmiths", "Lumber", "Machining", "Marina", "Masonry",
    "Moving", "Museum", "Music", "Nursery", "Optics", "Outfitters", "Painting", "Paper", "Pharmacy", "Photo",
    "Pottery", "Press", "Printing", "Realty", "Records", "Repairs", "Ribs", "Riding School", "Salon", "Security",
    "Shoes", "Signs", "Software", "Staffing", "Stables", "Storage", "Surveyors", "Tailors", "Textiles", "Theater",
    "Tires", "Tools", "Travel", "Upholstery", "Veterinary", "Vineyards", "Welding", "Winery", "Yoga",
)  # fmt: skip
_FIRST_NAMES: Final = (
    "Dana", "Robin", "Pat", "Casey", "Lee", "Kim", "Jo", "Kit", "Chris", "Terry", "Blair", "Max", "Sasha", "Alex",
    "Avery", "Jamie", "Riley", "Noa", "Jordan", "Taylor", "Morgan", "Sam", "Charlie", "Drew", "Elliot", "Emery",
    "Finley", "Frankie", "Gray", "Harper", "Hayden", "Indigo", "Jesse", "Jules", "Kai", "Kelly", "Lane", "Logan",
    "Mika", "Nico", "Parker", "Peyton", "Quinn", "Reese", "Remy", "River", "Rowan", "Sage", "Skyler", "Spencer",
    "Sydney", "Tatum", "Toni", "Val", "Wren", "Yael", "Ari", "Bailey", "Cameron", "Devon", "Eden", "Francis",
    "Hollis", "Ira", "Jaden", "Kerry", "Lou", "Marley", "Nevada", "Oakley", "Phoenix", "Ray", "Shawn", "Tracy", "Umi",
    "Vic", "Winter", "Zion", "Åsa", "José", "Zoë", "Renée",
)  # fmt: skip
_FAMILY_NAMES: Final = (
    "Sample", "Demo", "Placeholder", "Stand-in", "Makebelieve", "Mock", "Mockup", "Mockname", "Pretend", "Invented",
    "Fictional", "Specimen", "Example", "Testcase", "Dummy", "Madeup", "Notreal", "Nobody", "Anyone", "Someone",
    "Everyman", "Imaginary", "Template", "Draftley", "Fakename", "Untold", "Storybook", "Nominal", "Phantom",
    "Trialname", "Blank", "Filler", "Prototype", "Figment", "Fable", "Pseudonym", "Alias", "Byname", "Conjecture",
    "Exemplar", "Fancy", "Quotation", "Unreal", "Whoever", "Whatsit", "Nonesuch",
)  # fmt: skip


def company_names(random: Random, taken: frozenset[str]) -> Iterator[str]:
    """Companies in random order without repetition, none of those taken; never ends: the later ones name their city."""
    plain = [f"{adjective} {trade}" for adjective, trade in product(_ADJECTIVES, _TRADES)]
    random.shuffle(plain)
    yield from (name for name in plain if name not in taken)
    cities = [city.name for city in CITIES]
    random.shuffle(cities)
    for branch in range(1, 1_000):
        for city in cities:
            tail = f" of {city}" if branch == 1 else f" of {city}, No. {branch}"
            yield from (name + tail for name in plain)


def people_names(random: Random) -> Iterator[str]:
    """People in random order without end, “Dana Sample”; after all with a middle letter, then with two family names."""
    plain = list(product(_FIRST_NAMES, _FAMILY_NAMES))
    for initial in ("", *(f"{letter}. " for letter in "ABCDEFGHIJKLMNOPRSTUVW")):
        random.shuffle(plain)
        yield from (f"{first} {initial}{family}" for first, family in plain)
    while True:
        random.shuffle(plain)
        yield from (f"{first} {family}-{random.choice(_FAMILY_NAMES)}" for first, family in plain)


def mail_address(name: str, company: str) -> str:
    """An address under a name that is reserved for examples (RFC 2606)."""
    import unicodedata

    plain = unicodedata.normalize("NFKD", f"{name}@{company}").encode("ascii", "ignore").decode().lower()
    local, _, domain = plain.rpartition("@")
    place = "".join(c if c.isalnum() else "-" for c in domain).strip("-")
    return f"{'.'.join(local.replace('.', '').split())}@{place}.example"
