"""Notes with private numbers and without, made from a seed: every number by its issuer's rule, none of a person."""

from __future__ import annotations

import random
import re
from collections.abc import Iterable, Iterator
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
# The first digit of other scripts: Arabic, Devanagari and full-width.
ZEROS = (0x660, 0x966, 0xFF10)

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
SHAPE_NOTES = (
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
# Written when the rules stood, to see what they do with notes that they were not made by. {CARD} is in fours, {ssn} bare.
OTHER_NOTES = (
    "Maria called, wants her DD moved to Wells Fargo, routing 121000248 acct {account}",
    "Spoke w/ Bob - his SS number was entered wrong: should read {s s n}", "CC for the yearend fee: {CARD}, exp 11/26, name Test Example",
    "emp hired 5/6, soc: {s-s-n}, $18/hr, FT", "employee lost card; new paycard number {card}",
    "direct deposit change form received. Bank: Chase. Routing: 021000021. Account: {account}",
    "voided check shows :021000021: {account}", "She said her itin is {i t i n} and address changed",
    "amex ending no longer valid, use {CARD} instead", "Garnishment for Sample, J (SSN {ssn}) sent to county",
    "w2 reprint, verified last name + full ssn ({ssn})", "client emailed bank info: ABA 071000013, account {account}, type checking",
    "Employee 2 of 5: {s-s-n} / 3 exemptions", "put 25% into her savings (acct {account}) rest to checking",
    "update acct to {account} for ACH debit", "new hires:\nSample A {s-s-n}\nSample B", "bank changed - new acct number is {account} at BofA",
    "Payment via discover {card} approved", "ssn given verbally: three digits off, corrected to {s-s-n}", "dob 3/4/88 ssn#{ssn}",
    "charged Visa-{card}", "debit card {CARD} declined twice", "TIN {s-s-n} for the 1099", "1099 contractor, SSN/EIN {ssn}",
    "his checking is {account} and rtn 122105155", "employee's bank account (# {account}) closed", "last four 1930, full {s-s-n}",
    "please reverse deposit of $850 from acct {account}", "Funding acct changed to x {account}", "cc number {card}, cvv 123",
    "{CARD} / 0829 / 411", "Pay by card: {card} 04 28 123", "FNB checking {account} for net pay", "ssn es {ssn}, llamar manana",
    "numero de cuenta {account}",
)  # fmt: skip
OTHER_PLAIN_NOTES = (
    "ER called about Q2 941, liability 18,234.55 due 7/31, EFTPS conf {###############}", "Called back 3x at 312-555-0143, lm each time",
    "Client {######} - payroll 2024-18 processed, 23 checks, net 45,123.90", "Ticket 2024-{######} escalated to tax dept",
    "state id {##-#######} and EIN {##-#######} differ", "IL withholding {####-####} registered, UI acct {#######-#}",
    "Check {######} for $1,245.67 dated 04/30/2024 cleared 05/03", "Uploaded timesheet_20240430_1530.csv, 145 rows",
    "Amended 2021, 2022 and 2023; refund 12,345.00", "Gross 5,432.10 Net 4,120.33 FIT 512.00 SS 336.79 MC 78.77",
    "Adjusted hours: 40.00 / 38.50 / 41.25 / 40.00", "case # {#######}XyZ12 in SFDC", "Conf call 877-555-0199 passcode {#######}#",
    "Caller: (630) 555-0187 ext {####}, CB 6305550188", "PO Box {######}, Chicago IL 60680-{####}", "UPS 1Z999AA{##########} delivered",
    "benefit plan 501 group {#######} eff 1/1/25", "worker comp class 8810 rate 0.0034 policy 6S60UB-{#######}-8-24",
    "ver 24.3.{####}.2 of time clock app, serial {##########}", "Zoom 845 {####} {####} pw {######}",
    "ID verified: last 4 SSN {####}, DOB month, zip", "Acct mgr notified, account {######} flagged",
    "Notice CP2100 control no {#####} dated 20240415", "SDI 1.1%, wage base 153164, max 1685",
    "Payroll register run 04/28/24 14:02:33 id {#####}", "EFT trace {###############} returned R01", "BOA routing 026009593 accepted",
    "Invoice INV{#######} and INV{#######} credited 149.00", "moved 3 ees from dept 100 200 300 to 400 500 600",
    "fax 1 (800) 555-0123 attn tax", "intl caller +44 20 7946 0958", "401(k) vendor plan # {#####-#####}",
    "garn case 2023-D-{######} county", "batch 20240430-01 total 98,765.43", "order #114-{#######-#######} amazon",
    "ISBN 978-0-306-40615-7", "lic plate {###-####}", "hrs 8 8 8 8 8 8 8 8 8 8", "SSA notice re ssn mismatch for 12 ees, 2 done",
    "see KB {##########} re card reader 4500", "GL {####-####-####-####} fixed", "meter {####} {####}",
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
    for zero in ZEROS:
        yield " ".join(groups).translate({ord("0") + digit: zero + digit for digit in range(10)})


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
        yield from _cards(chance)
        yield from _ibans(chance)
        yield from _persons(chance)
        for note in ACCOUNT_NOTES:
            for length in (7, 8, 9, 10, 11, 12, 14, 17):
                yield _noted(chance, "account", "account", (note,), _digits(chance, length))


def other_positives(seed: int, rounds: int = 10) -> Iterator[Example]:
    chance = random.Random(seed)
    for _ in range(rounds):
        for note in OTHER_NOTES:
            before, rest = note.split("{")
            what, after = rest.split("}")
            kind, number = _number(chance, what)
            yield Example("other notes", before + number + after, (kind, len(before), len(before) + len(number)))


def _number(chance: random.Random, what: str) -> tuple[str, str]:
    kind = "".join(filter(str.isalpha, what)).lower()
    if kind == "account":
        return kind, _digits(chance, chance.randrange(8, 13))
    if kind == "card":
        digits = card(chance, chance.choice(("4", "51", "2221", "6011")), 16)
        return kind, " ".join(digits[at : at + 4] for at in range(0, 16, 4)) if what.isupper() else digits
    digits = ssn(chance) if kind == "ssn" else itin(chance)
    gap = "-" if "-" in what else " " if " " in what else ""
    return kind, gap.join((digits[:3], digits[3:5], digits[5:]))


def _cards(chance: random.Random) -> Iterator[Example]:
    for name, (prefixes, lengths) in NETWORKS.items():
        for prefix in prefixes:
            for length in lengths:
                for form in card_forms(card(chance, prefix, length)):
                    yield _noted(chance, f"card {name}", "card", CARD_NOTES, form)


def _ibans(chance: random.Random) -> Iterator[Example]:
    for country in sorted(IBAN_COUNTRIES):
        whole = iban(chance, country)
        fours = [whole[at : at + 4] for at in range(0, len(whole), 4)]
        for form in (whole, whole.lower(), " ".join(fours), "-".join(fours), "\u00a0".join(fours)):
            yield _noted(chance, "iban", "iban", IBAN_NOTES, form)
        yield _noted(chance, "iban", "iban", IBAN_NOTES, " ".join(fours[:3]) + "\n" + " ".join(fours[3:]))


def _persons(chance: random.Random) -> Iterator[Example]:
    for note in (*SSN_NOTES, *SHAPE_NOTES):
        is_said = note in SSN_NOTES
        for kind, made in (("ssn", ssn), ("itin", itin)):
            said = note if kind == "ssn" else note.replace("ssn", "itin").replace("SSN", "ITIN")
            for form in _person_forms(made(chance), is_said=is_said):
                yield _noted(chance, f"{kind} {'said' if is_said else 'by shape'}", kind, (said,), form)


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
        for note in OTHER_PLAIN_NOTES:
            yield Example("other note", _filled(chance, note), None)


def random_digits(seed: int, count: int) -> Iterator[Example]:
    chance = random.Random(seed)
    for _ in range(count):
        yield Example("random digits", f"see {_digits(chance, chance.randrange(5, 21))} in the file", None)


def random_fours(seed: int, count: int) -> Iterator[Example]:
    """Sixteen random digits written as a card is: the check digit alone divides them from one."""
    chance = random.Random(seed)
    for _ in range(count):
        yield Example("random fours", "see " + " ".join(_digits(chance, 4) for _ in range(4)), None)


def missed(examples: Iterable[Example]) -> list[Example]:
    """Those whose number was not found whole and as what it is."""
    return [one for one in examples if one.private not in [(f.kind, f.start, f.end) for f in _found(one)]]


def alarmed(examples: Iterable[Example], certainty: str = "") -> list[Example]:
    """Those in which something was found, or something so certain."""
    return [one for one in examples if any(certainty in {"", found.certainty} for found in _found(one))]


def _found(one: Example) -> tuple[Found, ...]:
    return find(one.text, one.home_region)


def _person_forms(digits: str, *, is_said: bool) -> tuple[str, ...]:
    area, group, serial = digits[:3], digits[3:5], digits[5:]
    dashed = (f"{area}-{group}-{serial}", f"{area}\u2013{group}\u2013{serial}", f"{area} - {group} - {serial}")
    spaced = (f"{area} {group} {serial}", f"{area}\u00a0{group}\u00a0{serial}", f"{area}.{group}.{serial}")
    return (*dashed, *spaced, digits) if is_said else (*dashed, *spaced)


def _noted(chance: random.Random, group: str, kind: str, notes: tuple[str, ...], number: str) -> Example:
    before, after = chance.choice(notes).split("{}")
    return Example(group, before + number + after, (kind, len(before), len(before) + len(number)))


def _filled(chance: random.Random, note: str) -> str:
    def digits(match: re.Match[str]) -> str:
        signs = [chance.choice("0123456789") if sign == "#" else sign for sign in match[1]]
        return chance.choice("123456789") + "".join(signs[1:])

    return re.sub("{([^}]*)}", digits, note)


def _digits(chance: random.Random, count: int) -> str:
    return "".join(chance.choice("0123456789") for _ in range(count))
