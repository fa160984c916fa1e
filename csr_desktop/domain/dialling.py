"""What is dialled for a number: nothing but digits, +, * and #, whoever wrote the number."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

from csr_desktop.domain import phone

if TYPE_CHECKING:
    from csr_desktop.domain.phone import PhoneNumber

DialForm = Literal["e164", "national"]
"""+13125550142, or as it is dialled in the home region: 13125550142, and 011 or 00 before a number abroad."""
NATIONAL_DIGITS: Final = 7
_PREFIX_LIMIT: Final = 5


def dialled(number: PhoneNumber, home_region: str, form: DialForm, prefix: str) -> str:
    """The keys to press for a number, '' for what cannot be dialled. `prefix` gets an outside line and stands before
    national forms alone. A short number, such as an emergency's, is dialled as it is: no form and no prefix touch it.
    """
    if number.kind == "short":
        return phone.short_keys(number.raw)
    if number.kind != "possible":
        return ""
    if form == "e164":
        return number.e164
    national = _national(number.e164, home_region)
    return national if national.startswith("+") else _keys(prefix)[:_PREFIX_LIMIT] + national


def is_outside_prefix(text: str) -> bool:
    """Whether it can stand before a number: up to five digits, * or #."""
    return len(text) <= _PREFIX_LIMIT and text == _keys(text)


def is_dialled_as(told: str, e164: str, home_region: str) -> bool:
    """Whether what a phone system or softphone says that it dials can be this number: they repeat the keys that were
    pressed, with the prefix for an outside line.
    """
    digits = phone.digits(told)
    national = phone.digits(phone.display(e164, home_region)) if phone.is_at_home(e164, home_region) else ""
    for whole in (e164[1:], phone.digits(_national(e164, home_region)), national):
        ahead = len(digits) - len(whole)
        if len(whole) >= NATIONAL_DIGITS and 0 <= ahead <= _PREFIX_LIMIT and digits.endswith(whole):
            return True
    return False


def _national(e164: str, home_region: str) -> str:
    import phonenumbers

    try:
        number = phonenumbers.parse(e164, None)
    except phonenumbers.NumberParseException:
        return ""
    shown = phonenumbers.format_out_of_country_calling_number(number, home_region.strip().upper())
    return ("+" if shown.startswith("+") else "") + phone.digits(shown)


def _keys(text: str) -> str:
    return "".join(character for character in text if character in "0123456789*#")
