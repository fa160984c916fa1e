"""Numbers of bank accounts and banks: IBAN (ISO 13616) and the routing numbers of the United States."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

# What follows country and check digits, from SWIFT's IBAN registry: n digits, a letters, c either, each with how many.
_ACCOUNTS: Final = {
    "AD": "8n12c", "AE": "19n", "AL": "8n16c", "AT": "16n", "AZ": "4a20c", "BA": "16n", "BE": "12n", "BG": "4a6n8c",
    "BH": "4a14c", "BI": "23n", "BR": "23n1a1c", "BY": "4c4n16c", "CH": "5n12c", "CR": "18n", "CY": "8n16c",
    "CZ": "20n", "DE": "18n", "DJ": "23n", "DK": "14n", "DO": "4c20n", "EE": "16n", "EG": "25n", "ES": "20n",
    "FI": "14n", "FK": "2a12n", "FO": "14n", "FR": "10n11c2n", "GB": "4a14n", "GE": "2a16n", "GI": "4a15c",
    "GL": "14n", "GR": "7n16c", "GT": "24c", "HN": "4a20n", "HR": "17n", "HU": "24n", "IE": "4a14n", "IL": "19n",
    "IQ": "4a15n", "IS": "22n", "IT": "1a10n12c", "JO": "4a4n18c", "KW": "4a22c", "KZ": "3n13c", "LB": "4n20c",
    "LC": "4a24c", "LI": "5n12c", "LT": "16n", "LU": "3n13c", "LV": "4a13c", "LY": "21n", "MC": "10n11c2n",
    "MD": "20c", "ME": "18n", "MK": "3n10c2n", "MN": "16n", "MR": "23n", "MT": "4a5n18c", "MU": "4a19n3a",
    "NI": "4a20n", "NL": "4a10n", "NO": "11n", "OM": "3n16c", "PK": "4a16c", "PL": "24n", "PS": "4a21c", "PT": "21n",
    "QA": "4a21c", "RO": "4a16c", "RS": "18n", "RU": "14n15c", "SA": "2n18c", "SC": "4a20n3a", "SD": "14n",
    "SE": "20n", "SI": "15n", "SK": "20n", "SM": "1a10n12c", "SO": "19n", "ST": "21n", "SV": "4a20n", "TL": "19n",
    "TN": "20n", "TR": "6n16c", "UA": "6n19c", "VA": "18n", "VG": "4a16n", "XK": "16n", "YE": "4a4n18c",
}  # fmt: skip
IBAN_COUNTRIES: Final = frozenset(_ACCOUNTS)
_CLASSES: Final = {"n": "[0-9]", "a": "[A-Z]", "c": "[A-Z0-9]"}

_BEFORE: Final = r"(?:(?<![A-Za-z0-9])|(?<=IBAN)|(?<=iban))"
_BEGINNING: Final = _BEFORE + r"[A-Za-z]{2}[ \n-]{0,2}[0-9]{2}"
_BEGINNING_UNSEEN: Final = _BEFORE + r"[A-Za-z]\x01{0,3}[A-Za-z][ \n\x01-]{0,3}[0-9]\x01{0,3}[0-9]"
"""With signs that nobody sees, which take longer to look for."""
_APART: Final = r"[ \n\x01./-]{0,3}"
_WEIGHTS: Final = (3, 7, 1) * 3


def ibans(plain: str) -> Iterator[tuple[int, int]]:
    """Where IBANs stand in a text of plain digits, from left to right, none over another: [start, end)."""
    free_at = 0
    for beginning in re.finditer(_BEGINNING_UNSEEN if "\x01" in plain else _BEGINNING, plain):
        start = beginning.start()
        country = beginning.group().replace("\x01", "")[:2].upper()
        if start < free_at or country not in IBAN_COUNTRIES:
            continue
        rest = _rest(country).match(plain, beginning.end())
        if rest and is_iban(re.sub("[^A-Za-z0-9]", "", plain[start : rest.end()])):
            free_at = rest.end()
            yield start, free_at


def is_iban(letters: str) -> bool:
    """Whether country, length, structure and check digits fit (ISO 13616-1; ISO/IEC 7064, MOD 97-10)."""
    iban = letters.upper()
    account = _account(iban[:2])
    if account is None or not account.fullmatch(iban, 4):
        return False
    return int("".join(str(int(sign, 36)) for sign in iban[4:] + iban[:4])) % 97 == 1


def is_routing_number(digits: str) -> bool:
    """Whether nine digits name a bank of the United States: a prefix in use (00 the government, 01 to 12, 21 to 32 and
    61 to 72 the twelve Federal Reserve districts, 80 traveler's checks), and the check digit of the American Bankers
    Association, weights 3, 7, 1. Every tenth number with such a prefix passes.
    """
    if len(digits) != 9 or not digits.isdecimal():
        return False
    prefix = digits[:2]
    if not ("00" <= prefix <= "12" or "21" <= prefix <= "32" or "61" <= prefix <= "72" or prefix == "80"):
        return False
    return digits != "000000000" and sum(w * int(digit) for w, digit in zip(_WEIGHTS, digits, strict=True)) % 10 == 0


def account_length(country: str) -> int:
    """How many letters and digits follow the country and check digits of an IBAN."""
    return sum(count for count, _ in _parts(country))


def account_structure(country: str) -> str:
    """One sign for each of them: n, a or c, as in the registry."""
    return "".join(sign * count for count, sign in _parts(country))


def _parts(country: str) -> list[tuple[int, str]]:
    return [(int(count), sign) for count, sign in re.findall(r"([0-9]+)([nac])", _ACCOUNTS[country])]


@lru_cache(maxsize=256)
def _rest(country: str) -> re.Pattern[str]:
    """As many letters and digits as the country has, a sign or blank or line end between any two, and then no more."""
    return re.compile(f"(?:{_APART}[A-Za-z0-9]){{{account_length(country)}}}(?![A-Za-z0-9])")


@lru_cache(maxsize=256)
def _account(country: str) -> re.Pattern[str] | None:
    if country not in IBAN_COUNTRIES:
        return None
    return re.compile("".join(f"{_CLASSES[sign]}{{{count}}}" for count, sign in _parts(country)))
