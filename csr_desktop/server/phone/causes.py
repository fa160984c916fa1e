"""Why a call ended, in the words and numbers of the wires."""

from __future__ import annotations

from typing import Final

from csr_desktop.domain.phone_events import Cause

_WORDS: Final[dict[str, Cause]] = {
    "normalclearing": "normal",
    "busy": "busy",
    "cancel": "cancel",
    "noanswer": "no_answer",
    "congestion": "congestion",
    "notfound": "not_found",
    "forwarded": "forwarded",
}
# ITU-T Q.850, of which Asterisk's causes are the numbers.
_NUMBERS: Final[dict[int, Cause]] = {
    1: "not_found",
    2: "not_found",
    3: "not_found",
    16: "normal",
    17: "busy",
    18: "no_answer",
    19: "no_answer",
    20: "not_found",
    21: "rejected",
    22: "not_found",
    26: "elsewhere",
    27: "not_found",
    28: "not_found",
    31: "normal",
    34: "congestion",
    38: "congestion",
    41: "congestion",
    42: "congestion",
    44: "congestion",
    58: "congestion",
}
# What Dial of Asterisk says how one attempt ended.
_DIAL_STATES: Final[dict[str, Cause]] = {
    "BUSY": "busy",
    "NOANSWER": "no_answer",
    "CANCEL": "cancel",
    "CONGESTION": "congestion",
    "CHANUNAVAIL": "not_found",
    "DONTCALL": "rejected",
    "TORTURE": "rejected",
    "INVALIDARGS": "not_found",
}


def cause_of_word(word: str) -> Cause | None:
    """Of a webhook's word, capitals and separators don't count, or of a number of Q.850; None for one that is
    unknown.
    """
    plain = "".join(character for character in word.lower() if character.isalnum())
    if plain.isascii() and plain.isdigit():
        return _NUMBERS.get(int(plain[:4]))
    return _WORDS.get(plain)


def cause_of_number(number: str) -> Cause:
    """Of Q.850; '' when it is none, or one that says nothing."""
    plain = number.strip()
    return _NUMBERS.get(int(plain[:4]), "") if plain.isascii() and plain.isdigit() else ""


def cause_of_dial(state: str) -> Cause:
    """Of Asterisk's DialStatus."""
    return _DIAL_STATES.get(state.strip().upper(), "")
