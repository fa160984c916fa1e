"""Ids that sort by time: UUID version 7 (RFC 9562, section 5.7)."""

from __future__ import annotations

from collections.abc import Callable

NewId = Callable[[], str]


def uuid7(now_at: int, random_bits: int) -> str:
    """The id of this millisecond `now_at` with the lowest 74 of `random_bits`."""
    high = (now_at & (1 << 48) - 1) << 16 | 0x7000 | random_bits >> 62 & 0xFFF
    low = 0b10 << 62 | random_bits & (1 << 62) - 1
    digits = f"{high << 64 | low:032x}"
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def id_source(clock: Callable[[], int], randomness: Callable[[int], int]) -> NewId:
    """A maker of ids from a clock in milliseconds and `randomness(bits)`; ids of one source always rise."""
    last_at, last_bits = 0, 0

    def new_id() -> str:
        nonlocal last_at, last_bits
        now = clock()
        if now > last_at:
            last_at, last_bits = now, randomness(74) & (1 << 73) - 1
        else:
            last_bits += 1 + (randomness(32) & 0xFFFFFFFF)
        return uuid7(last_at, last_bits)

    return new_id


def made_at(row_id: str) -> int:
    """The milliseconds in an id of this kind, 0 in any other text."""
    digits = row_id.replace("-", "")
    try:
        return int(digits[:12], 16) if len(digits) == 32 and digits[12] == "7" else 0
    except ValueError:
        return 0


def provisional_label(ticket_id: str) -> str:
    """What a ticket is called until the server numbers it; findable for ever. Crockford's base 32, no look-alikes."""
    number = int(ticket_id.replace("-", "")[-9:], 16) & (1 << 30) - 1
    alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
    return "T-" + "".join(alphabet[number >> shift & 31] for shift in range(25, -1, -5))
