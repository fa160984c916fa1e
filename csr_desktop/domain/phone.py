"""One rule for phone numbers, whoever wrote them: people, phone systems, softphones, imports.

Numbers are recognised when they are *possible* (of a length their country has), not only when they are valid: numbering
plans change faster than lists of them. The home region is always an argument. phonenumbers is imported only when first
needed, since it would slow the start.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import TYPE_CHECKING, Final, Literal
from urllib.parse import unquote

import msgspec

from csr_desktop.domain.text import clean_line

if TYPE_CHECKING:
    from collections.abc import Iterator
    from collections.abc import Set as AbstractSet

WITHHELD: Final = "anonymous"
"""What stands for the number of who shows none."""

Kind = Literal["possible", "short", "anonymous", "unfilled", "none"]

SHORT_DIGITS: Final = 6
"""Up to so many digits it is an internal extension or a short code, which never names a client."""
SEARCHED_DIGITS: Final = 3
"""Fewer digits than this are not worth looking up."""
_RAW_LIMIT: Final = 120
_READ_LIMIT: Final = 500

_ANONYMOUS: Final = frozenset({
    "anonymous", "anonymous caller", "anonym", "blocked", "caller id blocked", "hidden", "id unavailable",
    "id withheld", "masked", "n a", "no caller id", "no number", "none", "not available", "null", "number unavailable",
    "number withheld", "out of area", "private", "private caller", "private number", "restricted", "undefined",
    "unavailable", "unbekannt", "unknown", "unknown caller", "unknown number", "unterdrückt", "withheld",
})  # fmt: skip

_E164: Final = re.compile(r"\+[1-9][0-9]{6,14}")
# Many phone systems leave out the plus. So long a number that is none at home is one of another country.
_PLUSLESS: Final = re.compile(r"[1-9][0-9]{10,14}")
# What most numbers are where most desks stand: shown without phonenumbers, whose import takes longer than a page.
_NORTH_AMERICAN: Final = re.compile(r"\+1([2-9][0-9]{2})([0-9]{3})([0-9]{4})")
_NORTH_AMERICAN_HOMES: Final = frozenset({"US", "CA"})
# Texts, not compiled patterns: a start shows numbers but reads none. `re` keeps those it has compiled.
_SCHEME: Final = r"\s*(tel|sips?|callto|phone|dial):/{0,2}"
_NAME_ADDRESS: Final = r"<\s*((?:tel|sips?|callto):[^<>]*)>"
_ESCAPED: Final = r"%(?:2[0-9a-f]|3[0-9a-f]|40)"
_UNFILLED: Final = (
    r"%{1,2}[a-z_][\w .:-]*%{0,2}"  # %CallerNumber%
    r"|%\d"
    r"|\$\d{1,2}|\$[a-z_]\w*|\$\([^()]*\)"  # $1, $number
    r"|[$#@]?\{{1,2}[^{}]*\}{1,2}"  # {{caller}}, ${CALLERID(num)}
    r"|\[[a-z_][\w .:-]*\]"  # [Number]
    r"|<[a-z_][\w .-]*>"
)
# Ways to write an extension that phonenumbers does not know: pauses of mobile phones, and other languages.
_OTHER_EXTENSION: Final = (
    r"(?<=\d)[\s,;(]*(?:[pw]|dw|durchwahl|poste|anexo|interno|nebenstelle|apparat)[\s.:]*(\d{1,7})\)?$"
)
_SECOND_NUMBER: Final = r"\s*(?:[/,;|]|\bor\b|\band\b|\bou\b|\boder\b|\bund\b)\s*"
# 1-800-FLOWERS: letters in one word after the digits, so that "212 Main Street" is no number.
_LETTERED: Final = r"\+?[\d\s().-]*\d[\s().-]*[a-z]{3,}(?:[-.]?[a-z\d]+)*"
_ONLY_DIALLED: Final = r"(?:x|ext\.?)?[\d\s()./*#-]*"


class PhoneNumber(msgspec.Struct, frozen=True):
    """A number as it came and what it means. `raw` is one line without control or direction marks, safe to show;
    `e164` is '' unless the kind is 'possible'; `extension` is digits or ''.

    Kinds: 'possible' can be dialled and matched; 'short' is an internal extension or short code; 'anonymous' was
    withheld; 'unfilled' is a placeholder that a phone system left as it was; 'none' is nothing of these.
    """

    raw: str
    e164: str
    extension: str
    kind: Kind


def parse(raw: str, home_region: str) -> PhoneNumber:
    """What a text says as a phone number, dialled from `home_region` (ISO 3166 alpha-2; '' or an unknown one leaves
    only international numbers recognised). Takes hostile text and never raises.
    """
    return _parse(raw[:_READ_LIMIT], home_region)


@lru_cache(maxsize=8192)
def _parse(raw: str, home_region: str) -> PhoneNumber:
    if _E164.fullmatch(raw):
        return _parsed(raw, raw, "", home_region)
    shown = _visible(raw)
    bare = _address(shown)
    if _is_placeholder(shown.strip("\"'")) or _is_placeholder(bare):
        return PhoneNumber(shown, "", "", "unfilled")
    if _is_anonymous(bare):
        return PhoneNumber(shown, "", "", "anonymous")
    other = re.search(_OTHER_EXTENSION, bare, flags=re.IGNORECASE)
    number = _parsed(shown, bare[: other.start()], other[1], home_region) if other else None
    if number is None or number.kind != "possible":
        number = _parsed(shown, bare, "", home_region)
    if _PLUSLESS.fullmatch(bare) and not _is_valid(number.e164):
        international = _parsed(shown, "+" + bare, "", home_region)
        if international.kind == "possible" and (number.kind == "none" or _is_valid(international.e164)):
            return international
    if number.kind != "none":
        return number
    for second_try in _second_tries(bare):
        found = _parsed(shown, second_try, "", home_region)
        if found.kind == "possible":
            return found
    return number


def is_unfilled(text: str) -> bool:
    """Whether a text, of any field, is a placeholder that a phone system or softphone should have filled."""
    return _is_placeholder(_visible(text[:_READ_LIMIT]).strip("\"'"))


def is_matchable(number: PhoneNumber, own_e164: AbstractSet[str]) -> bool:
    """Whether contacts may be looked up by it: not for own lines, short codes, or numbers withheld or unreadable."""
    return number.kind == "possible" and number.e164 not in own_e164


@lru_cache(maxsize=16384)
def display(e164: str, home_region: str, extension: str = "") -> str:
    """How a number is shown: the national way within the home region's calling code, else international. Text that is
    not E.164 comes back as it is.
    """
    shown = _formatted(e164, home_region)
    return f"{shown} ext. {extension}" if extension else shown


def is_at_home(e164: str, home_region: str) -> bool:
    """Whether the number has the home region's calling code; False for text that is not E.164."""
    if home_region in _NORTH_AMERICAN_HOMES:
        return e164.startswith("+1") and _E164.fullmatch(e164) is not None
    import phonenumbers

    try:
        number = phonenumbers.parse(e164, None)
    except phonenumbers.NumberParseException:
        return False
    region = _known_region(home_region)
    return region is not None and bool(phonenumbers.country_code_for_region(region) == number.country_code)


def digits(text: str) -> str:
    """All digits of a text in order, also those of other scripts, as ASCII."""
    if text.isascii():
        return "".join(character for character in text if character.isdigit())
    decimals = (unicodedata.decimal(character, -1) for character in text)
    return "".join(str(decimal) for decimal in decimals if decimal >= 0)


def short_keys(raw: str) -> str:
    """What is pressed for a number of the kind 'short': its digits, * and #."""
    return "".join(character for character in _address(_visible(raw[:_READ_LIMIT])) if character in "0123456789*#")


def search_forms(text: str, home_region: str) -> tuple[str, ...]:
    """The digit strings under which a typed number, whole or its end, is to be looked up: each may be the end of a
    stored number's digits (E.164 without the plus). Most telling first, none a repetition; () under three digits.
    """
    typed = digits(text[:_READ_LIMIT])
    if len(typed) < SEARCHED_DIGITS:
        return ()
    number = parse(text, home_region)
    forms = [number.e164[1:]] if number.kind == "possible" else []
    if not number.extension:
        forms.append(typed)
        trunk = _trunk_prefix(home_region)
        # A short end such as 0142 more likely has a true leading zero than a trunk prefix.
        if trunk and typed.startswith(trunk) and len(typed) - len(trunk) > SHORT_DIGITS:
            forms.append(typed[len(trunk) :])
    return tuple(dict.fromkeys(forms))


def _is_placeholder(shown: str) -> bool:
    # Asterisk says <unknown> of a number that was withheld.
    unknown = shown.startswith("<") and shown.strip("<>").casefold() in _ANONYMOUS
    return not unknown and re.fullmatch(_UNFILLED, shown, flags=re.IGNORECASE) is not None


def _visible(raw: str) -> str:
    """One line without control, direction and invisible marks."""
    if not raw.isascii():
        raw = "".join(character for character in raw if unicodedata.category(character) != "Cf")
    return clean_line(raw, _RAW_LIMIT)


def _as_ascii(text: str) -> str:
    """Decimal digits of all scripts and full-width signs as ASCII; what else there is stays."""
    if text.isascii():
        return text
    plain: list[str] = []
    for character in text:
        decimal = unicodedata.decimal(character, -1)
        if decimal >= 0:
            plain.append(str(decimal))
        elif "\uff01" <= character <= "\uff5e":
            plain.append(chr(ord(character) - 0xFEE0))
        else:
            plain.append(character)
    return "".join(plain)


def _address(shown: str) -> str:
    """The number itself: without a display name, URI scheme, password, host and URI parameters but the extension."""
    text = _as_ascii(shown)
    named = re.search(_NAME_ADDRESS, text, flags=re.IGNORECASE)
    if named:
        text = named[1]
    scheme = re.match(_SCHEME, text, flags=re.IGNORECASE)
    if scheme:
        text = text[scheme.end() :]
    if (scheme or text.startswith("%")) and re.search(_ESCAPED, text, flags=re.IGNORECASE):
        text = unquote(text, errors="replace")
    user, at, _host = text.partition("@")
    if at:
        text = _user_part(user)
    elif scheme:
        text = text.partition("?")[0]
        if scheme[1].lower() != "tel" and not text.startswith("+"):
            text = text.partition(";")[0]
    return _as_ascii(_visible(text)).strip("\"' ")


def _user_part(user: str) -> str:
    name, _semicolon, parameters = user.partition(";")
    found = re.search(r"(?:^|;)ext=(\d{1,7})", parameters, re.IGNORECASE)
    return name.partition(":")[0] + (f";ext={found[1]}" if found else "")


def _second_tries(bare: str) -> Iterator[str]:
    """What to read when the whole is no number: the first of several, or 00 as the usual international prefix where the
    home region dials another one.
    """
    first = re.split(_SECOND_NUMBER, bare, maxsplit=1, flags=re.IGNORECASE)[0]
    if first != bare:
        yield first
    if bare.startswith("00"):
        yield "+" + bare[2:]


def _is_anonymous(bare: str) -> bool:
    words = " ".join(re.split(r"[\W_]+", bare.casefold())).strip()
    return words in _ANONYMOUS or not any(character.isalnum() for character in bare) or not words.strip("0 ")


def _parsed(shown: str, bare: str, extension: str, home_region: str) -> PhoneNumber:
    import phonenumbers

    count = len(digits(bare))
    region = _known_region(home_region)
    is_lettered = count >= SEARCHED_DIGITS and re.fullmatch(_LETTERED, bare, flags=re.IGNORECASE) is not None
    if count <= SHORT_DIGITS and "+" not in bare and not is_lettered and not _is_complete_when_short(bare, region):
        is_short = count > 0 and re.fullmatch(_ONLY_DIALLED, bare, flags=re.IGNORECASE) is not None
        return PhoneNumber(shown, "", "", "short" if is_short else "none")
    try:
        number = phonenumbers.parse(bare, region)
    except phonenumbers.NumberParseException:
        return PhoneNumber(shown, "", "", "none")
    if phonenumbers.is_possible_number_with_reason(number) != phonenumbers.ValidationResult.IS_POSSIBLE:
        return PhoneNumber(shown, "", "", "none")
    e164 = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return PhoneNumber(shown, e164, extension or number.extension or "", "possible")


def _is_valid(e164: str) -> bool:
    import phonenumbers

    return bool(e164) and phonenumbers.is_valid_number(phonenumbers.parse(e164, None))


def _is_complete_when_short(bare: str, region: str | None) -> bool:
    """Some small countries have whole numbers of four to six digits. Where a trunk prefix is written before so few,
    they are an extension or the local part of a number.
    """
    if region is None:
        return False
    import phonenumbers

    try:
        number = phonenumbers.parse(bare, region)
    except phonenumbers.NumberParseException:
        return False
    national = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.NATIONAL)
    return digits(national) == digits(bare) and phonenumbers.is_valid_number(number)


@lru_cache(maxsize=512)
def _known_region(home_region: str) -> str | None:
    import phonenumbers

    region = home_region.strip().upper()
    return region if region in phonenumbers.SUPPORTED_REGIONS else None


@lru_cache(maxsize=512)
def _trunk_prefix(home_region: str) -> str:
    import phonenumbers

    region = _known_region(home_region)
    metadata = phonenumbers.PhoneMetadata.metadata_for_region(region, None) if region else None
    return (metadata.national_prefix or "") if metadata else ""


def _formatted(e164: str, home_region: str) -> str:
    if home_region in _NORTH_AMERICAN_HOMES and (found := _NORTH_AMERICAN.fullmatch(e164)):
        return "({}) {}-{}".format(*found.groups())
    if not _E164.fullmatch(e164):
        return e164
    import phonenumbers

    try:
        number = phonenumbers.parse(e164, None)
    except phonenumbers.NumberParseException:
        return e164
    formats = phonenumbers.PhoneNumberFormat
    style = formats.NATIONAL if is_at_home(e164, home_region) else formats.INTERNATIONAL
    return phonenumbers.format_number(number, style)
