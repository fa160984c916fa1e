"""`csr-desktop demo`: everything on this computer alone, with people who do not exist."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from csr_desktop.demo.bureau import Bureau


def has_display() -> bool:
    """Whether a window can be shown here."""
    if sys.platform in {"win32", "darwin"}:
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


@click.command()
@click.option(
    "--seats",
    type=click.Choice(["1", "10", "100"]),
    default="1",
    show_default=True,
    help="How large the made-up bureau is.",
)
@click.option(
    "--home",
    type=click.Path(path_type=Path),
    help="Keep everything in this folder; else a new one that goes when the demo ends.",
)
@click.option("--seed", type=int, default=1, show_default=True, help="The same number makes the same people.")
@click.option(
    "--tour",
    type=click.Path(path_type=Path),
    help="Work through a day without a person; pictures and tour.json go to this folder.",
)
@click.option("--half-note", hidden=True, help="Used by the tour: type this as a note, and wait to be killed.")
def demo(seats: str, home: Path | None, seed: int, tour: Path | None, half_note: str | None) -> None:
    """Show the desk with a made-up payroll bureau on this computer.

    A server starts on loopback with people who do not exist, and the desk opens on it, signed in. The demo keeps its
    keys in its own folder, not in the keyring.
    """
    if half_note is not None and home is not None:
        from csr_desktop.demo.half_note import type_half_note

        sys.exit(type_half_note(home, half_note))
    if tour is None and not has_display() and os.environ.get("QT_QPA_PLATFORM") != "offscreen":
        click.echo(
            "There is no display here, so the demo takes its tour on an off-screen one. Pictures go to build/tour."
        )
        tour = Path("build") / "tour"
    if tour is not None and not has_display():
        os.environ["QT_QPA_PLATFORM"] = "offscreen"
    keep = home is not None
    folder = home or Path(tempfile.mkdtemp(prefix="csr-desktop-demo-"))
    folder.mkdir(parents=True, exist_ok=True)
    try:
        sys.exit(_run(folder, int(seats), seed, tour))
    finally:
        if not keep:
            shutil.rmtree(folder, ignore_errors=True)


def _run(folder: Path, seats: int, seed: int, tour: Path | None) -> int:
    from csr_desktop.demo.bureau import Bureau

    click.echo(f"The demo keeps its data and its keys in {folder}.")
    with Bureau(folder, seats, seed) as bureau:
        click.echo("Making up a bureau …")
        made_up = bureau.furnish()
        bureau.start_server()
        if tour is not None:
            from csr_desktop.demo.tour import take_tour

            return take_tour(bureau, tour)
        return _show(bureau, made_up.agent.login, made_up.agent.password)


def _show(bureau: Bureau, login: str, password: str) -> int:
    from csr_desktop.bootstrap import make_desk

    app, application = make_desk(bureau.signed_in(login, password), sys.argv[:1])
    application.start()
    return app.exec()
