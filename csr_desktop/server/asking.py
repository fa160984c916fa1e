"""What a command asks a person at a terminal, or reads from standard input where there is none."""

from __future__ import annotations

import sys
from typing import Final

import click

from csr_desktop.domain.errors import BadInput
from csr_desktop.system.time_zone import own_zone

_USUAL_ZONE: Final = "America/New_York"


def asked_password() -> str:
    """Typed twice at a terminal, again until it is one; else the first line of standard input."""
    from csr_desktop.server.passwords import SHORTEST, check_password

    while sys.stdin.isatty():
        words = f"Password, at least {SHORTEST} characters"
        password: str = click.prompt(words, hide_input=True, confirmation_prompt="Once more")
        try:
            check_password(password)
        except BadInput as fault:
            click.echo(str(fault), err=True)
        else:
            return password
    line = sys.stdin.readline()
    if not line.strip("\r\n"):
        raise click.ClickException("No password: type it at the prompt, or pipe it in as the first line.")
    return line.rstrip("\r\n")


def asked_zone(time_zone: str) -> str:
    """Raises BadInput for one that was given and is none, and where neither anybody nor this computer says one. One
    that is typed and is none is asked for again.
    """
    from csr_desktop.domain.business_calendar import CalendarError, shipped_zone

    is_asked = not time_zone and sys.stdin.isatty()
    usual = time_zone or _office_zone() or (_USUAL_ZONE if is_asked else "")
    if not usual:
        raise BadInput(
            "time_zone",
            "This computer does not say the office's time zone.",
            "Give it, such as --zone America/Chicago.",
        )
    while True:
        found: str = click.prompt("The office's time zone", default=usual) if is_asked else usual
        try:
            return shipped_zone(found).key
        except CalendarError as fault:
            if not is_asked:
                raise BadInput("time_zone", str(fault)) from None
            click.echo(str(fault), err=True)


def _office_zone() -> str:
    """The zone that this computer was set to, '' where it does not say one or says UTC, as servers often do."""
    zone = own_zone()
    return zone if "/" in zone and not zone.startswith("Etc/") else ""


def asked(words: str) -> str:
    if sys.stdin.isatty():
        answer: str = click.prompt(words)
        return answer
    line = sys.stdin.readline().strip()
    if not line:
        raise click.ClickException(f"{words}: give it as an option, type it at the prompt, or pipe it in as a line.")
    return line
