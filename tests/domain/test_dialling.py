"""What is dialled for a number as it is written, at home and abroad, with and without a prefix for an outside line."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from csr_desktop.domain import phone
from csr_desktop.domain.dialling import dialled, is_dialled_as, is_outside_prefix


@pytest.mark.parametrize(
    ("written", "home", "international", "national"),
    [
        ("(312) 555-0142", "US", "+13125550142", "913125550142"),
        ("(312) 555-0142 ext. 12", "US", "+13125550142", "913125550142"),
        ("1-800-FLOWERS", "US", "+18003569377", "918003569377"),
        ("+49 30 123456", "US", "+4930123456", "90114930123456"),
        ("+49 30 123456", "DE", "+4930123456", "9030123456"),
        ("+1 312 555 0142", "DE", "+13125550142", "90013125550142"),
        ("+1 312 555 0142", "", "+13125550142", "+13125550142"),
    ],
)
def test_the_form_and_the_prefix(written: str, home: str, international: str, national: str) -> None:
    number = phone.parse(written, home)
    assert dialled(number, home, "e164", "9") == international
    assert dialled(number, home, "national", "9") == national


@pytest.mark.parametrize(
    ("written", "keys"), [("911", "911"), ("tel:112", "112"), ("*97", "*97"), ("ext. 204", "204"), ("sip:100@x", "100")]
)
def test_an_emergency_or_short_number_is_never_rewritten(written: str, keys: str) -> None:
    for home in ("US", "DE", ""):
        number = phone.parse(written, home)
        assert {dialled(number, home, form, "9") for form in ("e164", "national")} == {keys}


@pytest.mark.parametrize(
    "written", ["", "anonymous", "%CallerNumber%", "212 Main Street", "*21*9005550142#", "x" * 900]
)
def test_what_is_no_number_is_not_dialled(written: str) -> None:
    assert dialled(phone.parse(written, "US"), "US", "e164", "") == ""


@given(st.text(max_size=60), st.sampled_from(["US", "DE", "GB", "", "??"]), st.text(max_size=10))
def test_nothing_but_keys_of_a_phone_comes_out_of_any_text(written: str, home: str, prefix: str) -> None:
    for form in ("e164", "national"):
        keys = dialled(phone.parse(written, home), home, form, prefix)
        assert set(keys) <= set("+0123456789*#")
        assert "+" not in keys[1:]


@pytest.mark.parametrize("told", ["913125550142", "13125550142", "(312) 555-0142", "93125550142", "+13125550142"])
def test_what_the_phone_repeats_is_known_again(told: str) -> None:
    assert is_dialled_as(told, "+13125550142", "US")


@pytest.mark.parametrize("told", ["", "5550142", "3125550143", "12345613125550142", "0142"])
def test_another_number_is_not_taken_for_it(told: str) -> None:
    assert not is_dialled_as(told, "+13125550142", "US")


def test_a_prefix_is_short() -> None:
    assert is_outside_prefix("")
    assert is_outside_prefix("*9")
    assert not is_outside_prefix("123456")
    assert not is_outside_prefix("9;rm")
