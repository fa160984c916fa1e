"""`csr-desktop call` and `csr-desktop link`: hand over what a softphone or a link says to the running desk, and end.

A softphone may wait for it, so it starts nothing that takes time, and imports neither Qt nor the database.
"""

from __future__ import annotations

import os
import sys
import time

import click

from csr_desktop.system.call_message import EVENTS, call_message, fields_of_words, message_of_link
from csr_desktop.system.places import HOME_VARIABLE, Places
from csr_desktop.system.single_instance import tell_first

NOT_RUNNING = 3
_OPENING_SECONDS = 120.0
_HOME = "--home"
_DELIVER = "--deliver"
"""Used by itself: the message comes on standard input."""


@click.command(
    "call",
    add_help_option=False,  # a name that a softphone fills in may be --help: only alone it asks for help
    context_settings={"ignore_unknown_options": True, "allow_interspersed_args": True},
    options_metavar="[--home DIR] --event EVENT --number N [--id ID] [--direction in|out] [--queue NAME] [--name NAME]",
)
@click.argument("words", nargs=-1, type=click.UNPROCESSED, metavar="")
@click.pass_context
def call(context: click.Context, words: tuple[str, ...]) -> None:
    """Tell the desk of a call, as a softphone does when it rings, is answered or ends.

    EVENT is ring, answer, hold, resume, hangup or missed; test tells of no call, but is listed in the desk's settings,
    under Phone. NUMBER is the other party's, NAME what the phone says of them. ID is the phone's own reference of the
    call, the same in all its events; without one the number stands for it. NAME comes last: whatever follows belongs to
    it, since callers choose theirs. DIR, which can only come first, is where the desk keeps its files, if that is not
    the usual place: the settings show the whole line.

    It ends at once: with 0 when the desk has it, with 3 when the desk does not run, which is then opened for it unless
    that is turned off in its settings.
    """
    if words in {("--help",), ("-h",)}:
        click.echo(context.get_help())
        return
    if words[:1] == (_HOME,) and len(words) > 1:
        os.environ[HOME_VARIABLE] = words[1]  # also for what is started from here
        words = words[2:]
    if words == (_DELIVER,):
        sys.exit(_deliver())
    fields = fields_of_words(words)
    if not fields.get("event", "").strip():
        raise click.UsageError(f"Say what happened: --event {'|'.join(EVENTS)}.")
    _hand_over(call_message(fields, "command", time.time_ns() // 1_000_000))


@click.command("link", context_settings={"ignore_unknown_options": True})
@click.argument("link", metavar="LINK", type=click.UNPROCESSED)
def link(link: str) -> None:
    """Open a link, as the system does: tel: opens a call that a key then dials, csr-desktop:call?key=… tells of one."""
    message = message_of_link(link, time.time_ns() // 1_000_000)
    if message is None:
        raise click.UsageError("This is no link of a kind that CSR Desktop opens: tel:, callto: or csr-desktop:.")
    _hand_over(message)


def _hand_over(message: dict[str, str]) -> None:
    places = _places()
    if tell_first(places, message):
        return
    if os.environ.get(HOME_VARIABLE) and not places.config.is_dir():
        click.echo(
            "No desk keeps its files there. Copy the whole line anew from the desk's settings, under Phone.", err=True
        )
        sys.exit(NOT_RUNNING)
    is_test = message.get("event", "").strip().casefold() == "test"  # of the phone of a desk that runs
    if not is_test and _opens_desk(places):
        from csr_desktop.system.own_program import start_with

        start_with(["call", _DELIVER], message)
        click.echo("The desk is being opened for it.", err=True)
    else:
        click.echo("CSR Desktop is not running, so nobody was told.", err=True)
    sys.exit(NOT_RUNNING)


def _places() -> Places:
    from csr_desktop.domain.errors import EnvironmentFault

    try:
        return Places.of_this_person()
    except EnvironmentFault as fault:
        click.echo(str(fault), err=True)
        sys.exit(NOT_RUNNING)


def _opens_desk(places: Places) -> bool:
    from csr_desktop.domain.errors import CsrDesktopError
    from csr_desktop.system.policy import decide
    from csr_desktop.system.policy_sources import sources_of_this_computer
    from csr_desktop.system.settings import SettingsFile

    file = SettingsFile(places.config / "settings.json")
    try:
        settings, _ = file.load()
    except CsrDesktopError:
        return False
    return decide(sources_of_this_computer(), settings, file.touched).apply(settings).calls_open_desk


def _deliver() -> int:
    """Open the desk and hand over what stands in standard input, once it listens."""
    from csr_desktop.system.own_program import read_message, start_desk

    message, places = read_message(), _places()
    if message is None:
        return 2
    if not tell_first(places, message):
        start_desk()
        if not tell_first(places, message, starting_seconds=_OPENING_SECONDS):
            return NOT_RUNNING
    return 0
