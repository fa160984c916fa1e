"""Who has a number, at the size of a large bureau: shared, foreign and malformed numbers among them, against the
plainest way to find out. At full size (540,000) with HYPOTHESIS_PROFILE=large, else at a part of it.
"""

from __future__ import annotations

import os
from collections import defaultdict
from pathlib import Path
from random import Random

import phonenumbers

from csr_desktop.domain import phone
from csr_desktop.server.made_up.loads import made_up_numbers
from csr_desktop.store.caller_lookup import MOST, CallerLookup
from csr_desktop.store.opening import close_desk, open_desk
from csr_desktop.store.tables import COLUMNS, new_row

COUNT = 540_000 if os.environ.get("HYPOTHESIS_PROFILE") == "large" else 12_000
SAMPLE = 400
HOME = "US"
FOREIGN = ("+442079460018", "+4930231250{:02}", "+3531234567", "+61255501{:02}", "+81312345678", "+5511912345678")
MALFORMED = ("", "ask Pat", "ext. 12", "12", "%CallerNumber%", "+", "0000000000", "555-0142", "+1 212 555", "1" * 60)


def plain(text: str) -> str:
    """What a text says as a number, by phonenumbers alone."""
    try:
        number = phonenumbers.parse(text, HOME)
    except phonenumbers.NumberParseException:
        return ""
    is_possible = phonenumbers.is_possible_number(number)
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164) if is_possible else ""


def test_whoever_a_plain_reading_finds_is_found_and_nobody_else(tmp_path: Path) -> None:
    chance = Random(11)
    sql = open_desk(tmp_path / "desk.db", bytes(32), clock=lambda: 1_778_594_400_000)
    load = made_up_numbers(COUNT - 2_000, 7)
    load.fill(sql)
    contacts = chance.sample(list(sql.all("SELECT id, client_id FROM contacts ORDER BY id")), 2_000)
    rows = []
    for at, (contact, client) in enumerate(contacts):
        raw = chance.choice(FOREIGN).format(at % 100) if at % 2 else chance.choice(MALFORMED)
        row = {
            **new_row("phone_numbers"),
            "id": f"odd-{at:05}",
            "contact_id": contact,
            "client_id": client,
            "raw": raw,
            "e164": phone.parse(raw, HOME).e164,
        }
        rows.append([row[column] for column in COLUMNS["phone_numbers"]])
    with sql.transaction():
        sql.upsert_lists("phone_numbers", rows)
    holders: dict[str, set[tuple[str, str]]] = defaultdict(set)
    written: dict[str, str] = {}
    for raw, e164, contact, client in sql.all("SELECT raw, e164, contact_id, client_id FROM phone_numbers"):
        if said := e164 if COUNT > 100_000 else plain(raw):
            holders[said.partition(";")[0]].add((contact, client))
            written.setdefault(said, raw)
    assert len(holders) > COUNT // 2
    lookup = CallerLookup(sql)
    shared = [number for number, who in sorted(holders.items()) if len(who) > 1]
    asked = [*chance.sample(sorted(holders), SAMPLE), *chance.sample(shared, SAMPLE // 2)]
    asked += [phone.parse(text.format(7), HOME).e164 for text in FOREIGN] + load.misses[:100]
    for number in asked:
        found = lookup.candidates(phone.parse(written.get(number, number), HOME).e164)
        who = {(one.contact_id, one.client_id) for one in found}
        wanted = holders.get(number, set())
        assert who <= wanted, number
        assert len(who) == min(len(wanted), MOST), number
    for text in MALFORMED:
        assert lookup.candidates(phone.parse(text, HOME).e164) == ()
    close_desk(sql)
