"""Notes with private numbers and without, made from a seed: every number by its issuer's rule, none of a person."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from typing import NamedTuple

import phonenumbers

from csr_desktop.domain.bank_numbers import IBAN_COUNTRIES, account_structure
from csr_desktop.domain.private_numbers import Found, find

HOME = "US"


class Example(NamedTuple):
    """A text, and the private number in it as (kind, start, end), or None."""

    group: str
    text: str
    private: tuple[str, int, int] | None
    home_region: str = HOME


# Of each network: how its numbers begin, and how many digits they have.
NETWORKS = {
    "visa": (("4",), (16, 19)),
    "mastercard": (("51", "55", "2221", "2720"), (16,)),
    "american express": (("34", "37"), (15,)),
    "discover": (("6011", "644", "65"), (16, 19)),
    "diners club": (("300", "305", "36", "38"), (14,)),
    "jcb": (("3528", "3589"), (16,)),
    "unionpay": (("62",), (16, 19)),
    "maestro": (("5018", "6759", "6304"), (16, 18)),
    "mir": (("2200",), (16,)),
}
ARABIC, FULL_WIDTH, DEVANAGARI = "٠١٢٣٤٥٦٧٨٩", "０１２３４５６７８９", "०१२३४५६७८९"

CARD_NOTES = (
    "paid by card {} today", "cc {} exp 04/29", "she read me {} over the phone", "{}", "use {} for the setup fee pls",
    "caller gave card no. {}, will be charged monthly", "visa {} cvv not taken", "Card on file:{}", "new card={} exp 0428",
    "old card declined, replaced it w/ {} and retried", "charge to {} thx", "his mc# {} zip 60601",
    "Took payment of $149.00 using {} conf 88213", "ee gave me ({})", "pls refund {} -", "card number is {}.",
    "T-1042: client pasted {} into the chat", "{} belongs to the owner",
)  # fmt: skip
SSN_NOTES = (
    "ssn {}", "SSN: {}", "ss# {}", "her social is {}", "social security number {}", "new hire Sam Sample ssn {} dob 01/02/1990",
    "verified by full social {}", "W-2 shows wrong SSN, should be {}", "ee ssn on file {} but card says otherwise",
    "soc sec no {}", "{} is his social", "corrected the ssn to {}", "SSN={}", "Social:{}, start date 3/1",
    "w4 for Demo Placeholder, ss # {}", "employee's SSN was keyed as {}", "ssn-{}",
)  # fmt: skip
DASHED_NOTES = (
    "updated {} per caller", "Pat Example {} terminated 5/1", "{}", "ee {} needs a W-2c", "dependent {} added to plan",
    "caller said {} when I asked", "new hire: Sample, Sam, {}, $21.50/hr",
)  # fmt: skip
ACCOUNT_NOTES = (
    "bank acct {}", "checking account {}", "dd to acct # {}", "savings acct no. {}", "account number {}", "acct: {}",
    "her bank account is {}", "direct deposit account {} starts next check", "routing 021000021 account {}",
    "routing 021000021, acct {}", "rt# 021000021 acct# {}", "aba 021000021 dda {}", "checking {}", "a/c {}",
    "021000021 / {}", "RTN: 021000021\nAcct: {}", "move 50% to savings {}", "old acct closed, new acct {}",
    "{} is the new checking account", "prenote returned R03 for account {}", "reversal on account {} sent",
    "bank rejected, account {} invalid", "DD change: Chase {} checking", "routing/account: 021000021/{}",
)  # fmt: skip
IBAN_NOTES = (
    "{}", "IBAN {}", "iban: {}", "pay expat via {} pls", "salary to {} from May", "account {} in his home country",
    "Expat payroll\n{}\nthanks",
)  # fmt: skip
# What a payroll bureau's notes are full of; # stands for a random digit, none first a zero.
PLAIN_NOTES = (
    "ticket #{#####} merged into T-7K2M9Q", "EIN {##-#######} confirmed w/ owner", "FEIN {#########} on the 941",
    "federal id {#########}", "tax id {##-#######}", "SUI account {#######} rate 2.7%", "CA EDD acct {###-####-#} on file",
    "SUTA acct # {##########} updated", "state withholding account {########}", "client account {######} past due",
    "invoice {########} for $1,249.50 disputed", "check {######} voided and reissued", "check # {########} never cashed",
    "employee id {######} transferred to dept {####}", "ee # {#########} has no direct deposit", "batch {########} processed 05/01/2024",
    "gross {####.##} net {####.##} taxes {###.##}", "941 liability ${######.##} due 05/15", "payroll of {######.##} funded by wire",
    "case {########} opened with IRS", "IRS notice CP{###} dated 04/12/2024", "conf # {##########} for the EFTPS payment",
    "EFTPS trace {###############}", "confirmation {##########}", "tracking 1Z{######}{##########}", "fedex {############}",
    "usps 9400 {####} {####} {####} {####} {##}", "W-2 control number {#########}", "policy {##########} renewed",
    "workers comp policy WC-{#########}", "wo #{#######}", "claim {#########} denied", "group number {######} member {#########}",
    "ran payroll 2024-05-01 10:32, period 04/14/2024-04/27/2024", "pay date 05/03/2024, cutoff 05/01/2024 5:00 PM",
    "20240503 file sent", "called at 10:15, again 10:45 and 11:20, no answer", "zip 60601-{####}", "zip {#####}",
    "hours 80.00 rate {##.##} ot {#.##}", "{###} hours, {##.##} and {###.##}", "ip 192.168.{###}.{##}", "version 10.0.{#####}.{####}",
    "serial {##########} of the time clock", "clock id {#######}", "ref {################}", "GL {####}-{###}-{####} mapped",
    "dept {##}-{###} cost center {######}", "order {##########} shipped", "po {##########}", "INV-{########}", "CASE-{#########}",
    "last 4 of ssn {####}", "ssn ending {####}", "card ending in {####} declined", "xxx-xx-{####} verified", "acct ending {####}",
    "account ending {######} ok", "***-**-{####}", "401k loan {#####.##} over {##} periods", "garnishment case {##}-{######}",
    "child support order {##########}", "remit id {###########}", "naics {######} sic {####}", "routing 021000021 is Chase",
    "bank routing 021000021 wrong per caller", "aba 011401533 returned", "018f4e2a-{####}-7{###}-8{###}-{############}",
    "file 20240{###}_{######}.csv imported", "session {##########} dropped", "meeting id {###} {####} {####}",
    "zoom {###########}", "temp pin {######} given", "one-time code {######}", "unix {##########}", "at {#############} ms",
    "{###}k in wages, {##} employees", "years 2021 2022 2023 2024", "2021, 2022, 2023, 2024 amended", "form 8655 signed, 8822-B sent",
    "wages {######.##} {######.##} {######.##} {######.##}", "q1 {#####.##} q2 {#####.##}", "{#####} {######} {####} rows",
    "paid invoices {######}, {######} and {######}", "queue 3 waited 00:02:41, ext {####}", "spoke {####} min total {##}:{##}",
    "docket {####}-{#####}", "permit {########}", "license d{########}", "plate {###}-{####}", "box 12 code DD {####.##}",
)  # fmt: skip
PHONE_NOTES = (
    "{}", "call back at {}", "phone {}", "cell {} after 5", "her number is {}", "{} (mobile)", "account contact {}", "fax {}",
    "left vm on {} re account", "owner {}, bank declined", "caller id {} ext 12", "tel:{}", "reach him under {} or by mail",
    "direct line {}/home", "card holder's phone {}", "ssn mismatch, phone {}",
)  # fmt: skip


def with_check_digit(digits: str) -> str:
    """Luhn's, found by trying, so that it is another way than the one tested."""
    for last in "0123456789":
        total = 0
        for place, digit in enumerate(reversed(digits + last)):
            value = int(digit) * (1 + place % 2)
            total += value - 9 if value > 9 else value
        if total % 10 == 0:
            return digits + last
    raise AssertionError


def card(chance: random.Random, prefix: str, length: int) -> str:
    return with_check_digit(prefix + _digits(chance, length - 1 - len(prefix)))


def iban(chance: random.Random, country: str) -> str:
    letters = {"n": "0123456789", "a": "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "c": "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"}
    account = "".join(chance.choice(letters[sign]) for sign in account_structure(country))
    for check in range(2, 99):
        found = f"{country}{check:02}{account}"
        remainder = 0
        for sign in found[4:] + found[:4]:
            remainder = int(f"{remainder}{int(sign, 36)}") % 97
        if remainder == 1:
            return found
    raise AssertionError


def ssn(chance: random.Random) -> str:
    area = chance.choice([one for one in range(1, 900) if one != 666])
    return f"{area:03}{chance.randrange(1, 100):02}{chance.randrange(1, 10000):04}"


def itin(chance: random.Random) -> str:
    group = chance.choice([*range(50, 66), *range(70, 89), *range(90, 93), *range(94, 100)])
    return f"{chance.randrange(900, 1000)}{group}{chance.randrange(1, 10000):04}"


def card_forms(digits: str) -> Iterator[str]:
    sizes = {15: (4, 6, 5), 14: (4, 6, 4)}.get(len(digits), (4, 4, 4, 4, 4))
    groups, at = [], 0
    for size in sizes:
        groups.append(digits[at : at + size])
        at += size
    groups = [group for group in groups if group]
    yield digits
    for gap in (" ", "-", ".", "\u00a0", "\u2009", " - ", "\u2013", "\n", "  ", "/"):
        yield gap.join(groups)
    yield " ".join(groups[:2]) + "\n" + " ".join(groups[2:])
    yield digits[:10] + "\n" + digits[10:]
    yield "\u200b".join(groups)
    for script in (ARABIC, FULL_WIDTH, DEVANAGARI):
        yield " ".join(groups).translate(str.maketrans("0123456789", script))


def phone_forms(number: phonenumbers.PhoneNumber) -> Iterator[tuple[str, bool]]:
    """How people write it, and whether it is the national way, as from within its region."""
    formats = phonenumbers.PhoneNumberFormat
    e164 = phonenumbers.format_number(number, formats.E164)
    international = phonenumbers.format_number(number, formats.INTERNATIONAL)
    national = phonenumbers.format_number(number, formats.NATIONAL)
    bare = "".join(sign for sign in national if sign.isdecimal())
    yield e164, False
    yield international, False
    yield international.replace(" ", "-"), False
    yield international.replace(" ", "."), False
    yield "(" + international.replace(" ", ") ", 1), False
    yield phonenumbers.format_number(number, formats.RFC3966), False
    yield "00" + e164[1:], False
    yield "011 " + international[1:], False
    yield e164[1:], False
    yield e164 + " ext. 1234", False
    yield international + " x12", False
    yield international + ",,4321#", False
    yield national, True
    yield national.replace(" ", "-"), True
    yield national + " ext 22", True
    yield bare, True
    yield "/".join(national.split(" ", 1)), True


def positives(seed: int, rounds: int = 2) -> Iterator[Example]:
    chance = random.Random(seed)
    for _ in range(rounds):
        for name, (prefixes, lengths) in NETWORKS.items():
            for prefix in prefixes:
                for length in lengths:
                    for form in card_forms(card(chance, prefix, length)):
                        yield _noted(chance, f"card {name}", "card", CARD_NOTES, form)
        for country in sorted(IBAN_COUNTRIES):
            whole = iban(chance, country)
            fours = [whole[at : at + 4] for at in range(0, len(whole), 4)]
            for form in (whole, whole.lower(), " ".join(fours), "-".join(fours), "\u00a0".join(fours)):
                yield _noted(chance, "iban", "iban", IBAN_NOTES, form)
            yield _noted(chance, "iban", "iban", IBAN_NOTES, " ".join(fours[:3]) + "\n" + " ".join(fours[3:]))
        for kind, made in (("ssn", ssn), ("itin", itin)):
            for notes, is_said in ((SSN_NOTES, True), (DASHED_NOTES, False)):
                for note in notes:
                    for form in _person_forms(made(chance), is_said=is_said):
                        said = note if kind == "ssn" else note.replace("ssn", "itin").replace("SSN", "ITIN")
                        yield _noted(chance, f"{kind} {'said' if is_said else 'shape alone'}", kind, (said,), form)
        for note in ACCOUNT_NOTES:
            for length in (7, 8, 9, 10, 11, 12, 14, 17):
                yield _noted(chance, "account", "account", (note,), _digits(chance, length))


def phones(seed: int) -> Iterator[Example]:
    """Example numbers of all regions and kinds in all forms; the national ways at home in their region alone."""
    chance = random.Random(seed)
    for region in sorted(phonenumbers.SUPPORTED_REGIONS):
        written = set()
        for kind in phonenumbers.PhoneNumberType.values():
            number = phonenumbers.example_number_for_type(region, kind)
            if number and number.national_number not in written:
                written.add(number.national_number)
                for form, is_national in phone_forms(number):
                    home = region if is_national else chance.choice([HOME, region])
                    yield Example("phone", chance.choice(PHONE_NOTES).format(form), None, home)


def plain_notes(seed: int, rounds: int = 20) -> Iterator[Example]:
    chance = random.Random(seed)
    for _ in range(rounds):
        for note in PLAIN_NOTES:
            yield Example("note", _filled(chance, note), None)


def random_digits(seed: int, count: int) -> Iterator[Example]:
    chance = random.Random(seed)
    for _ in range(count):
        yield Example("random digits", f"see {_digits(chance, chance.randrange(5, 21))} in the file", None)


def random_fours(seed: int, count: int) -> Iterator[Example]:
    """Sixteen random digits written as a card is: the check digit alone divides them from one."""
    chance = random.Random(seed)
    for _ in range(count):
        yield Example("random fours", "see " + " ".join(_digits(chance, 4) for _ in range(4)), None)


def is_missed(example: Example, found: tuple[Found, ...]) -> bool:
    """Whether the number was not found whole, and as what it is. A bank account by IBAN or number is one either way."""
    assert example.private
    return all((one.kind, one.start, one.end) != example.private for one in found)


def share(examples: list[Example], is_wrong: Callable[[Example, tuple[Found, ...]], bool]) -> float:
    return sum(is_wrong(one, find(one.text, one.home_region)) for one in examples) / len(examples)


def _person_forms(digits: str, *, is_said: bool) -> tuple[str, ...]:
    area, group, serial = digits[:3], digits[3:5], digits[5:]
    dashed = (f"{area}-{group}-{serial}", f"{area}\u2013{group}\u2013{serial}", f"{area} - {group} - {serial}")
    spaced = (f"{area} {group} {serial}", f"{area}\u00a0{group}\u00a0{serial}", f"{area}.{group}.{serial}")
    return (*dashed, *spaced, digits) if is_said else (*dashed, *spaced)


def _noted(chance: random.Random, group: str, kind: str, notes: tuple[str, ...], number: str) -> Example:
    before, after = chance.choice(notes).split("{}")
    return Example(group, before + number + after, (kind, len(before), len(before) + len(number)))


def _filled(chance: random.Random, note: str) -> str:
    pieces = []
    for piece in note.replace("{", "\0{").replace("}", "}\0").split("\0"):
        if piece.startswith("{"):
            signs = [chance.choice("0123456789") if sign == "#" else sign for sign in piece[1:-1]]
            piece = chance.choice("123456789") + "".join(signs)[1:]
        pieces.append(piece)
    return "".join(pieces)


def _digits(chance: random.Random, count: int) -> str:
    return "".join(chance.choice("0123456789") for _ in range(count))
