"""`csr-desktop server grant` and `server migrate`: a server's database on PostgreSQL."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote

import click

from csr_desktop.domain.errors import BadInput
from csr_desktop.server.cli import checked_database, data_option, database_option, said_to_person
from csr_desktop.server.folder import DATABASE_NAME, ServerFolder
from csr_desktop.server.moving import move
from csr_desktop.server.progress import StderrProgress
from csr_desktop.server.roles import grant_to
from csr_desktop.server.said import counted, starting
from csr_desktop.store.faults import said_plainly


@click.command()
@data_option
@database_option
@click.option("--role", required=True, metavar="ROLE", help="Who runs the server: a role without ownership.")
def grant(data: Path, database: str, role: str) -> None:
    """Let ROLE run the server on PostgreSQL, with no more rights than that needs.

    Say it with the address of the tables' owner, after `init` and after each update of CSR Desktop. It also brings the
    database up to this version, which the role itself may not. The role can then read and write, but neither change
    tables, nor lift what the database guards, nor change what is in the log.
    """
    with said_to_person():
        folder = ServerFolder(data, database)
        if not folder.is_shared:
            raise BadInput("database", "Only PostgreSQL has roles.", "Give its address with --database.")
        sql = folder.open()
        try:
            with said_plainly():
                grant_to(sql, role)
        finally:
            sql.db.close()
    click.echo(f"{role} can run the server: start it with an address that signs in as {role}.")


@click.command()
@click.option(
    "--from",
    "source",
    required=True,
    metavar="DIR",
    help="The server's folder with its SQLite database, or that file as sqlite:///DIR/server.db.",
)
@click.option(
    "--to",
    "target",
    required=True,
    callback=checked_database,
    metavar="URL",
    help="An empty PostgreSQL database, such as postgresql://owner@host/name.",
)
def migrate(source: str, target: str) -> None:
    """Move a server from SQLite to PostgreSQL.

    While the server is stopped. Everything is copied in one transaction and compared row by row, so it is moved as a
    whole or not at all. The folder stays with its key; the SQLite file is renamed, so that no server starts on it by
    mistake. Workstations go on without noticing.
    """
    progress = StderrProgress()
    with said_to_person():
        try:
            folder = _folder_of(source)
            moved = move(ServerFolder(folder), ServerFolder(folder, target), progress)
        finally:
            progress.end()
    rows = counted(sum(moved.counts.values()), "row")
    click.echo(f"Moved {rows} in {counted(len(moved.counts), 'table')}; each is the same on both sides.")
    click.echo(f"The SQLite file is kept as {moved.kept_as}.")
    click.echo("Start the server with:")
    click.echo(f"  {starting(folder, target)}")


def _folder_of(source: str) -> Path:
    """Raises BadInput for another file than that of a server's folder, which has the key beside it."""
    if not source.startswith("sqlite:///"):
        return Path(source)
    path = Path(unquote(source.removeprefix("sqlite:///")))
    if path.name != DATABASE_NAME:
        raise BadInput(
            "from", f"{path} is no server's database.", f"It is called {DATABASE_NAME} in the server's folder."
        )
    return path.parent
