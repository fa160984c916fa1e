"""`csr-desktop demo`: everything on this computer alone, with people who do not exist."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from csr_desktop.domain.errors import CsrDesktopError, EnvironmentFault
from csr_desktop.system.display import has_display, wants_window_on_display
from csr_desktop.system.ending_signals import answered_by

if TYPE_CHECKING:
    from csr_desktop.demo.bureau import Bureau


@click.command()
@click.option(
    "--seats",
    type=click.Choice(["1", "10", "100"]),
    default="1",
    show_default=True,
    help="How large the made-up bureau is. More than one takes a while to make up.",
)
@click.option(
    "--home",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Keep everything in this folder, to go on with it another time; else a new one that goes when the demo ends.",
)
@click.option("--seed", type=int, default=1, show_default=True, help="The same number makes the same people.")
@click.option(
    "--tour",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Work through a day without a person; pictures and tour.json go to this folder.",
)
@click.option("--half-note", hidden=True, help="Used by the tour: type this as a note, and wait to be killed.")
def demo(seats: str, home: Path | None, seed: int, tour: Path | None, half_note: str | None) -> None:
    """Show the desk with a made-up payroll bureau on this computer.

    A server starts on loopback with people who do not exist, and the desk opens on it, signed in. The demo keeps its
    keys in its own folder, not in the keyring. It ends when its window is closed, or by Ctrl+C here; its server ends
    with it.
    """
    if half_note is not None and home is not None:
        from csr_desktop.demo.half_note import type_half_note

        sys.exit(type_half_note(home, half_note))
    if tour is None and wants_window_on_display() and not has_display():
        click.echo(
            "There is no display here, so the demo takes its tour on an off-screen one. Pictures go to build/tour."
        )
        tour = Path("build") / "tour"
    if tour is not None and not has_display():
        os.environ["QT_QPA_PLATFORM"] = "offscreen"
    try:
        sys.exit(_run(home, int(seats), seed, tour))
    except CsrDesktopError as fault:
        raise click.ClickException(str(fault)) from None


def _run(home: Path | None, seats: int, seed: int, tour: Path | None) -> int:
    from csr_desktop.demo.home import DemoHome

    place = DemoHome(home)
    bureau: Bureau | None = None

    def leave() -> None:
        if bureau is not None:
            bureau.stop_server()
        place.leave()

    with _left_at_signals(leave):
        try:
            from csr_desktop.demo.bureau import Bureau

            bureau = Bureau(place.folder, seats, seed)
            return _work(bureau, tour)
        finally:
            leave()


def _work(bureau: Bureau, tour: Path | None) -> int:
    from csr_desktop.demo.bureau import PIN, program
    from csr_desktop.system.softphones import command_line

    if tour is not None:
        from csr_desktop.demo.tour import make_folder, take_tour

        make_folder(tour)
    click.echo(f"The demo keeps its data and its keys in {bureau.home}.")
    click.echo("Making up a bureau …")
    made_up = bureau.furnish()
    bureau.start_server()
    if tour is not None:
        return take_tour(bureau, tour)
    others = ", ".join(f"{one.login} ({one.role})" for one in (made_up.lead, made_up.manager, made_up.administrator))
    click.echo(f"You are {made_up.agent.login}. To be another, sign out and in: {others}.")
    click.echo(f"Everybody's password: {made_up.agent.password}")
    telling = made_up.telling
    click.echo(f"The PIN of {telling.contact_name}, {telling.name}, where you verify who calls: {PIN}")
    limit = command_line([*program(), "server", "set", "wrap-up-limit", "60", "--data", str(bureau.home / "server")])
    click.echo(f"Let wrap-up run out after a minute: {limit}")
    return _show(bureau, made_up.agent.login, made_up.agent.password, made_up.shared_number)


def _show(bureau: Bureau, login: str, password: str, number: str) -> int:
    from csr_desktop.bootstrap import make_desk, work
    from csr_desktop.system.single_instance import claim
    from csr_desktop.system.softphones import command_line

    opener = bureau.signed_in(login, password)
    held = claim(opener.places)
    if held is None:
        raise EnvironmentFault(f"A desk already runs on {opener.places.data}.", "Close it first.")
    try:
        ring = [*opener.phone.program, "--event", "ring", "--number", number]
        click.echo(f"Let a call come in, from another terminal: {command_line(ring)}")
        return work(*make_desk(opener, sys.argv[:1], held), opener)
    finally:
        held.close()


def _left_at_signals(leave: Callable[[], None]) -> AbstractContextManager[None]:
    """While there is no window, or nobody at it: clean up where the signal finds the program, and end.

    An exception would be lost in a slot of the tour's windows, and what is half made is thrown away anyway.
    """

    def end(number: int, _frame: object) -> None:
        leave()
        os._exit(128 + number)

    return answered_by(end)
