"""United States numbers of persons: social security numbers, and the taxpayer numbers that look like them.

An employer identification number (EIN) is none of these. It is public: it stands on every W-2, on the forms that
are filed and in open registers, and a payroll bureau writes it in half of its notes.
"""

from __future__ import annotations

from typing import Literal

PersonNumber = Literal["ssn", "itin"]


def person_number(digits: str) -> PersonNumber | None:
    """What nine digits may be. SSA's rules since 25 June 2011 (randomization): never area 000, 666 or 900 to 999, group
    00 or serial 0000. With a 9 before, IRS's: groups 50 to 65, 70 to 88, 90 to 92 and 94 to 99 are ITINs, and 93 an
    ATIN, which is a person's as well.
    """
    area, group, serial = digits[:3], digits[3:5], digits[5:]
    if serial == "0000":
        return None
    if area[0] == "9":
        return "itin" if "50" <= group <= "65" or "70" <= group <= "88" or "90" <= group <= "99" else None
    return None if area in {"000", "666"} or group == "00" else "ssn"
