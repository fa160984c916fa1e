"""The command line's settings of what workstations keep and do: `csr-desktop server set …`."""

from __future__ import annotations

import secrets
from pathlib import Path

import click

from csr_desktop.server.cli import data_option, database_option, opened, said_to_person

MONTHS_LIMIT = 1200


@click.group("set")
def set_group() -> None:
    """Change settings of the server. Each is taken at once, also while it runs."""


@set_group.command("history-months")
@data_option
@database_option
@click.argument("months", type=click.IntRange(0, MONTHS_LIMIT), required=False)
def history_months(data: Path, database: str, months: int | None) -> None:
    """Say how many months of finished work workstations keep.

    Without a number it shows what holds. 13 at first, 0 for all. The server keeps everything. Workstations follow at
    their next exchange: what is older leaves them bit by bit, what is wanted again comes. Open tickets with their
    messages, open follow-ups, and all clients and contacts are always kept.
    """
    from csr_desktop.server.folder import ServerFolder
    from csr_desktop.server.share import months as months_kept
    from csr_desktop.server.share import set_months

    with said_to_person():
        sql = ServerFolder(data, database).open()
        try:
            with sql.transaction():
                if months is None:
                    months = months_kept(sql)
                else:
                    set_months(sql, months)
        finally:
            sql.db.close()
    kept = f"the last {months} months of" if months else "all"
    click.echo(f"Workstations keep {kept} finished work.")


@set_group.command("newest-desk")
@data_option
@database_option
@click.argument("version", required=False)
def newest_desk(data: Path, database: str, version: str | None) -> None:
    """Say which version is ready for workstations.

    It is a version of CSR Desktop such as 1.4.2.

    Without a version it shows what holds; `none` takes it back. Workstations whose policy has UpdateCheck on tell their
    people once that a newer one is ready. Nothing is downloaded: you install it.
    """
    from csr_desktop.server.folder import ServerFolder
    from csr_desktop.server.newest_desk import newest_desk as named
    from csr_desktop.server.newest_desk import set_newest_desk

    with said_to_person():
        sql = ServerFolder(data, database).open()
        try:
            with sql.transaction():
                if version is not None:
                    set_newest_desk(sql, "" if version == "none" else version)
                found = named(sql)
        except ValueError:
            raise click.BadParameter(f"{version} is no version such as 1.4.2.", param_hint="VERSION") from None
        finally:
            sql.db.close()
    click.echo(f"Version {found} is ready for workstations." if found else "No version is named.")


@set_group.command("wrap-up-limit")
@data_option
@database_option
@click.option(
    "--disposition",
    default="Wrap-up ran out",
    show_default=True,
    metavar="NAME",
    help="How such a call ended, where nobody chose; made when there is none of that name.",
)
@click.argument("seconds", type=click.IntRange(0, 3600))
def wrap_up_limit(data: Path, database: str, disposition: str, seconds: int) -> None:
    """Say how many seconds wrap-up may take.

    Then a call is saved by itself; 0 for never, which is how it is at first.

    Whatever was typed is saved with it, and can be opened again by Undo. It waits while something is being entered.
    """
    from csr_desktop.domain.ids import id_source
    from csr_desktop.server.call_scripts import set_wrap_up_limit
    from csr_desktop.system.clock import wall_clock

    with opened(data, database) as administration, said_to_person():
        set_wrap_up_limit(administration, id_source(wall_clock, secrets.randbits), seconds, disposition)
    click.echo(f"A call is saved after {seconds} seconds of wrap-up." if seconds else "A wrap-up has no limit.")
