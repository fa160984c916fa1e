"""Numbers as people, phone systems and files write them."""

from __future__ import annotations

import phonenumbers
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from csr_desktop.domain.phone import digits, display, is_at_home, is_matchable, is_unfilled, parse, search_forms

NEW_YORK = "+12125551234"
REGIONS = sorted(phonenumbers.SUPPORTED_REGIONS)


@pytest.mark.parametrize(
    "written",
    [
        "(212) 555-1234",
        "+12125551234",
        "+1 212 555 1234",
        "212/555-1234",
        "212.555.1234",
        "1-212-555-1234",
        "011 1 212 555 1234",
        "001 212 555 1234",
        "tel:+1-212-555-1234",
        "TEL:212-555-1234",
        "tel:555-1234;phone-context=+1-212",
        "tel:%2B12125551234",
        "%2B12125551234",
        "callto://2125551234",
        "sip:+12125551234@pbx.example",
        "sips:2125551234@192.0.2.1:5061;transport=tls",
        "sip:%2B12125551234@pbx.example;user=phone",
        "sip:2125551234:secret@pbx.example",
        '"Sample, Ann" <sip:2125551234@pbx.example>',
        "2125551234@pbx.example",
        "\u0662\u0661\u0662\u0665\u0665\u0665\u0661\u0662\u0663\u0664",
        "\uff12\uff11\uff12\uff0d\uff15\uff15\uff15\uff0d\uff11\uff12\uff13\uff14",
        "\u202a+1 (212) 555-1234\u202c",
        "212\u00a0555\u20111234",
        "+1 212\x00 555\x07 1234\r\n",
        "'+12125551234",
        "Call Ann 212 555 1234",
        "212 555 1234 or 212 555 9999",
        "212-555-1234 / 212-555-9999",
        "212-555-1234/5",
    ],
)
def test_all_ways_to_write_a_number_are_one_number(written: str) -> None:
    number = parse(written, "US")
    assert (number.e164, number.extension, number.kind) == (NEW_YORK, "", "possible")


@pytest.mark.parametrize(
    "written",
    [
        "212 555 1234 ext. 12",
        "212-555-1234 Ext12",
        "2125551234x12",
        "2125551234 extension 12",
        "+1 212 555 1234 #12",
        "2125551234#12",
        "2125551234,,12",
        "2125551234p12",
        "2125551234 w12",
        "2125551234 Durchwahl 12",
        "tel:+1-212-555-1234;ext=12",
        "sip:+12125551234;ext=12@pbx.example;user=phone",
    ],
)
def test_an_extension_is_told_apart(written: str) -> None:
    number = parse(written, "US")
    assert (number.e164, number.extension) == (NEW_YORK, "12")


@pytest.mark.parametrize("written", ["1-800-FLOWERS", "800 FLOWERS", "1 (800) flowers", "1-800-356-9377"])
def test_letters_stand_for_digits(written: str) -> None:
    assert parse(written, "US").e164 == "+18003569377"


@pytest.mark.parametrize("written", ["212 Main Street", "Suite 1200", "5 apartments", "Ann", "ann@client.example"])
def test_words_are_no_number(written: str) -> None:
    number = parse(written, "US")
    assert (number.kind, number.e164) == ("none", "")


@pytest.mark.parametrize(
    ("written", "home", "e164"),
    [
        ("030 901820", "DE", "+4930901820"),
        ("0049 30 901820", "FR", "+4930901820"),
        ("011 49 30 901820", "US", "+4930901820"),
        ("020 7946 0018", "GB", "+442079460018"),
        ("+44 (0)20 7946 0018", "US", "+442079460018"),
        ("06 69812345", "IT", "+390669812345"),
        ("8 (495) 123-45-67", "RU", "+74951234567"),
        ("0011 1 212 555 1234", "AU", NEW_YORK),
        ("212 555 1234", "us ", NEW_YORK),
    ],
)
def test_the_home_region_says_what_a_prefix_means(written: str, home: str, e164: str) -> None:
    assert parse(written, home).e164 == e164


@pytest.mark.parametrize(
    ("written", "home", "e164"),
    [
        ("447700900532", "US", "+447700900532"),
        ("493023125001", "US", "+493023125001"),
        ("12025550142", "DE", "+12025550142"),
        ("12025550142", "US", "+12025550142"),
        ("493023125001", "DE", "+493023125001"),
        ("15112345678", "DE", "+4915112345678"),
        ("13800138000", "CN", "+8613800138000"),
        ("447700900532", "", "+447700900532"),
        ("5550550142", "US", "+15550550142"),
    ],
)
def test_a_phone_system_may_leave_out_the_plus(written: str, home: str, e164: str) -> None:
    assert parse(written, home).e164 == e164


def test_no_country_is_at_home_in_the_code() -> None:
    assert parse("(212) 555-1234", "DE").e164 != NEW_YORK
    assert parse("(212) 555-1234", "").kind == "none"
    assert parse("(212) 555-1234", "Atlantis").kind == "none"
    assert parse(NEW_YORK, "").e164 == NEW_YORK


def test_possible_is_enough() -> None:
    unassigned = "+1 555 055 0142"
    assert not phonenumbers.is_valid_number(phonenumbers.parse(unassigned))
    assert parse(unassigned, "US").e164 == "+15550550142"


@pytest.mark.parametrize(
    "written",
    [
        *("", " ", "-", "--", "()", "\x00", "\u200f", "anonymous", "ANONYMOUS", "Unknown", "private", "Restricted"),
        *(
            "withheld",
            "unavailable",
            "<unknown>",
            "N/A",
            "No Caller ID",
            '"Anonymous"',
            "Anonymous@anonymous.invalid",
            "0000000000",
        ),
        *("sip:anonymous@anonymous.invalid", "tel:unknown", '"Anonymous" <sip:anonymous@anonymous.invalid>'),
    ],
)
def test_who_hides_their_number_is_anonymous(written: str) -> None:
    number = parse(written, "US")
    assert (number.kind, number.e164) == ("anonymous", "")
    assert not is_matchable(number, frozenset())


@pytest.mark.parametrize(
    "written",
    [
        *(
            "%CallerNumber%",
            "%caller%",
            "%1",
            "{{caller}}",
            "{number}",
            "${CALLERID(num)}",
            "$1",
            "$number",
            "[Number]",
        ),
        *("[Caller ID]", "<number>", "tel:%CallerNumber%", "tel:{{caller}}", "sip:$1@pbx.example", '"%CallerNumber%"'),
    ],
)
def test_a_placeholder_that_was_not_filled_is_the_diagnosis(written: str) -> None:
    number = parse(written, "US")
    assert (number.kind, number.e164) == ("unfilled", "")
    assert number.raw == written
    assert is_unfilled(written) or ":" in written
    assert not is_matchable(number, frozenset())


@pytest.mark.parametrize(
    "written", ["", "Ada Sample", "100 % Example", "$5 Sample", "<unknown>", "c-17", "Sample [HR]"]
)
def test_what_a_phone_system_filled_is_no_placeholder(written: str) -> None:
    assert not is_unfilled(written)


@pytest.mark.parametrize(
    "written", ["1", "12", "101", "911", "1234", "123456", "*69", "x12", "ext. 204", "sip:101@pbx"]
)
def test_short_codes_and_internal_extensions_never_match(written: str) -> None:
    number = parse(written, "US")
    assert (number.kind, number.e164) == ("short", "")
    assert not is_matchable(number, frozenset())


def test_a_local_part_alone_is_not_taken_for_a_number() -> None:
    assert parse("555-1234", "US").kind == "none"
    assert parse("+12", "US").kind == "none"


def test_our_own_trunk_number_never_matches() -> None:
    own = frozenset({NEW_YORK})
    assert not is_matchable(parse("(212) 555-1234", "US"), own)
    assert not is_matchable(parse("212 555 1234 ext. 12", "US"), own)
    assert is_matchable(parse("(212) 555-1235", "US"), own)


def test_what_is_shown_of_a_hostile_number_is_one_clean_line() -> None:
    number = parse('2125551234"\u202e &<b>\x1b[31m\r\nDROP\x00', "US")
    assert number.raw == '2125551234" &<b>[31m DROP'
    assert (
        parse("\u0662\u0661\u0662 \u0665\u0665\u0665 \u0661\u0662\u0663\u0664", "US").raw
        == "\u0662\u0661\u0662 \u0665\u0665\u0665 \u0661\u0662\u0663\u0664"
    )
    assert len(parse("1" * 4_000_000, "US").raw) == 120


@pytest.mark.parametrize("region", REGIONS)
def test_every_region_reads_its_own_national_form(region: str) -> None:
    for kind in (phonenumbers.PhoneNumberType.FIXED_LINE, phonenumbers.PhoneNumberType.MOBILE):
        example = phonenumbers.example_number_for_type(region, kind)
        if example is None:
            continue
        e164 = phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.E164)
        national = phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.NATIONAL)
        elsewhere = "US" if region != "US" else "DE"
        assert parse(e164, elsewhere).e164 == e164
        assert parse(display(e164, elsewhere), elsewhere).e164 == e164
        assert parse(national, region).e164 == e164
        assert parse(display(e164, region, "12"), region).extension == "12"


_TYPES = [
    value
    for name, value in vars(phonenumbers.PhoneNumberType).items()
    if name.isupper() and isinstance(value, int) and value != phonenumbers.PhoneNumberType.UNKNOWN
]


def _is_whole(number: phonenumbers.PhoneNumber) -> bool:
    """Canada's 310-1234 is dialled as it is, and from nowhere else."""
    return phonenumbers.is_possible_number_with_reason(number) == phonenumbers.ValidationResult.IS_POSSIBLE


@pytest.mark.parametrize("region", sorted(phonenumbers.SUPPORTED_REGIONS))
def test_every_example_of_every_region_is_read_and_shown_by_one_rule(region: str) -> None:
    """Each kind of number that phonenumbers has an example of."""
    formats = phonenumbers.PhoneNumberFormat
    examples = [phonenumbers.example_number_for_type(region, kind) for kind in _TYPES]
    whole = [one for one in examples if one is not None and _is_whole(one)]
    numbers = {phonenumbers.format_number(one, formats.E164): one for one in whole}
    assert numbers
    for e164, number in numbers.items():
        for style in (formats.E164, formats.INTERNATIONAL, formats.RFC3966):
            written = phonenumbers.format_number(number, style)
            assert {parse(written, home).e164 for home in (region, "US", "DE", "")} == {e164}, written
        national = phonenumbers.format_number(number, formats.NATIONAL)
        assert parse(national, region).e164 == e164, national
        assert parse(display(e164, region), region).e164 == e164
        assert parse(display(e164, "AQ"), region).e164 == e164
        assert parse(national + " ext. 12", region).extension == "12"


def test_whole_numbers_of_small_countries_are_no_extensions_there() -> None:
    assert parse("201234", "FO").e164 == "+298201234"
    assert parse("201234", "US").kind == "short"
    assert parse("201234", "DE").kind == "short"
    assert parse("101", "FO").kind == "short"


def test_home_numbers_are_shown_the_national_way_and_others_the_international() -> None:
    assert display(NEW_YORK, "US") == "(212) 555-1234"
    assert display(NEW_YORK, "US", "12") == "(212) 555-1234 ext. 12"
    assert display(NEW_YORK, "DE") == "+1 212-555-1234"
    assert display(NEW_YORK, "") == "+1 212-555-1234"
    assert display("+4930901820", "DE") == "030 901820"
    assert display("+14165550142", "US") == "(416) 555-0142"
    assert display("", "US") == ""
    assert display("anonymous", "US") == "anonymous"
    assert display("+999999999999", "US") == "+999999999999"


@pytest.mark.parametrize(
    ("typed", "home", "forms"),
    [
        ("555-0142", "US", ("5550142",)),
        ("0142", "US", ("0142",)),
        ("3125550142", "US", ("13125550142", "3125550142")),
        ("(312) 555-0142 x7", "US", ("13125550142",)),
        ("+1 312 555 0142", "US", ("13125550142", "3125550142")),
        ("030 901820", "DE", ("4930901820", "030901820", "30901820")),
        ("14", "US", ()),
        ("Sample Foods", "US", ()),
        ("\u0665\u0665\u0665\u0660\u0661\u0664\u0662", "US", ("5550142",)),
    ],
)
def test_a_typed_part_of_a_number_is_looked_up_by_its_end(typed: str, home: str, forms: tuple[str, ...]) -> None:
    assert search_forms(typed, home) == forms


@settings(deadline=None)
@given(st.text(), st.sampled_from(["US", "DE", "FO", "IT", "", "??"]))
def test_no_text_makes_it_fail(text: str, home: str) -> None:
    number = parse(text, home)
    assert (number.kind == "possible") == bool(number.e164)
    assert all(ord(character) >= 32 for character in number.raw)
    assert number.extension == "" or number.kind == "possible"
    search_forms(text, home)
    display(text, home)


@settings(deadline=None)
@given(st.text("+()-./x#*;=,@:%{}[]$<>\"' 0123456789teslip\u0661\uff11\u202e", max_size=40), st.sampled_from(REGIONS))
def test_reading_again_what_was_read_changes_nothing(text: str, home: str) -> None:
    number = parse(text, home)
    assert parse(number.raw, home) == number
    if number.kind == "possible":
        again = parse(number.e164, home)
        assert (again.e164, again.kind) == (number.e164, "possible")
        assert parse(display(number.e164, "DE" if home != "DE" else "US", ""), "").e164 == number.e164


@settings(deadline=None)
@given(st.text())
def test_digits_are_ascii(text: str) -> None:
    found = digits(text)
    assert found.isascii()
    assert not found.strip("0123456789")
    assert digits(found) == found


@given(st.from_regex(r"\+1[0-9]{6,14}|\+[2-9][0-9]{6,13}", fullmatch=True), st.sampled_from(["US", "CA", "DE", "JM"]))
def test_numbers_are_shown_as_phonenumbers_shows_them(e164: str, home: str) -> None:
    try:
        number = phonenumbers.parse(e164, None)
    except phonenumbers.NumberParseException:
        assert display.__wrapped__(e164, home) == e164
        return
    home_code = phonenumbers.country_code_for_region(home)
    formats = phonenumbers.PhoneNumberFormat
    style = formats.NATIONAL if number.country_code == home_code else formats.INTERNATIONAL
    assert display.__wrapped__(e164, home) == phonenumbers.format_number(number, style)
    assert is_at_home(e164, home) == (number.country_code == home_code)
