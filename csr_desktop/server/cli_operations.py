"""What whoever runs a server does beside running it: backups, putting one back, looking whether all is in order."""

from __future__ import annotations

import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click
import msgspec

from csr_desktop.server.cli import data_option, database_option, said_to_person
from csr_desktop.server.folder import CONTENTS_NAME, ServerFolder
from csr_desktop.server.said import command_line, counted, starting

if TYPE_CHECKING:
    from csr_desktop.server.contents import ContentFolder
    from csr_desktop.server.verification import Checked

FOUND: Final = 3
"""Exit code of `verify` when something does not fit; 1 means that it could not look."""
_SHOWN: Final = 20


contents_option = click.option(
    "--attachments",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Where the server keeps the content of attachments, if not in its folder: as for `server run`.",
)


def _contents(data: Path, attachments: Path | None) -> ContentFolder:
    from csr_desktop.server.contents import ContentFolder

    return ContentFolder(attachments or data / CONTENTS_NAME)


@click.command("backup-key")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def backup_key(file: Path) -> None:
    """Make the pair of keys for backups.

    The private key is written into FILE, which only its owner can read; the public key is printed. Keep FILE away from
    the server, twice: without it no backup can be opened. Where this program is not, `age-keygen -o FILE` makes a pair.
    """
    from csr_desktop.server.backup_seal import make_key

    with said_to_person():
        public = make_key(file)
    click.echo(public)
    click.echo(f"The private key is in {file}. Keep it in two safe places that are not the server's.", err=True)


@click.command()
@data_option
@database_option
@click.option(
    "--to",
    "public_keys",
    required=True,
    multiple=True,
    metavar="PUBLIC_KEY",
    help="The public key that `backup-key` printed, age1…. Given several times, any of them opens the backup.",
)
@click.option(
    "--into",
    required=True,
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="The folder for backups, best on another machine's disk.",
)
@click.option(
    "--keep",
    default=0,
    type=click.IntRange(0),
    metavar="N",
    help="Remove all but the newest N backups there once the new one is safe. Without this and --keep-daily none is "
    "removed.",
)
@click.option(
    "--keep-daily",
    default=0,
    type=click.IntRange(0),
    metavar="N",
    help="Keep the last backup of each day too, in UTC, for the newest N days that have one.",
)
@click.option(
    "--with-attachments",
    is_flag=True,
    help="Also what attachments hold, each file once. Without it, copy their folder by other means.",
)
@contents_option
def backup(
    data: Path,
    database: str,
    public_keys: tuple[str, ...],
    into: Path,
    keep: int,
    keep_daily: int,
    with_attachments: bool,
    attachments: Path | None,
) -> None:
    """Make an encrypted backup, also while the server runs.

    It holds the database as it was at one moment and the server's key, and is named after the time in UTC. It is there
    as a whole or not at all. Files that were attached are not in it: copy the folder `attachments` of DIR, or that of
    `run --attachments`, with your own means.
    """
    from csr_desktop.server.backups import make_backup
    from csr_desktop.system.clock import wall_clock

    contents = _contents(data, attachments) if with_attachments else None
    with said_to_person():
        folder, kept = ServerFolder(data, database), {"keep": keep, "keep_daily": keep_daily}
        made = make_backup(folder, into, public_keys, clock=wall_clock, **kept, contents=contents)
    if with_attachments:
        click.echo(f"{counted(made.files, 'file')} of attachments.")
    if made.missing:
        place = (attachments or data / CONTENTS_NAME).absolute()
        words = f"{counted(made.missing, 'file')} of attachments could not be read whole in {place}"
        click.echo(f"{words}, so this backup is without.", err=True)
    click.echo(f"{made.path}: {counted(made.rows, 'row')}, {made.size:,} bytes, {made.seconds:.1f} seconds.")
    if made.removed:
        click.echo(f"{counted(len(made.removed), 'older backup')} removed.")


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option(
    "--key",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="The file with the private key that `backup-key` made.",
)
@data_option
@database_option
@contents_option
def restore(file: Path, key: Path, data: Path, database: str, attachments: Path | None) -> None:
    """Put a backup into a new, empty folder or database, with what attachments hold when it has that.

    FILE is read as a whole before anything is in place. The restored server begins a new epoch by itself: every
    workstation then sends what the backup lacks. A backup of either database can be restored into either. Put your
    copy of the folder `attachments` into DIR too, before the server runs.
    """
    from csr_desktop.server.backup_seal import read_private_keys
    from csr_desktop.server.restoring import restore_backup

    with said_to_person():
        place = _contents(data, attachments)
        restored = restore_backup(file, read_private_keys(key), ServerFolder(data, database), click.echo, place)
    made = datetime.fromtimestamp(restored.made_at // 1000, UTC)
    click.echo(f"Restored as of {made:%Y-%m-%d %H:%M:%S} UTC: {counted(restored.rows, 'row')}.")
    if restored.files is None:
        click.echo("What attachments hold is not in this backup: copy their folder to where it belongs.")
    else:
        click.echo(f"{counted(restored.files, 'file')} of attachments.")
    click.echo("Next:")
    for words in (command_line("verify", data, database), starting(data, database)):
        click.echo(f"  {words}")


@click.command()
@data_option
@database_option
@click.option("--json", "as_json", is_flag=True, help="For machines: one JSON object.")
def verify(data: Path, database: str, as_json: bool) -> None:
    """Look whether what the database holds fits together, also while the server runs.

    References, the chain of the audit log, revisions and histories are checked, and what workstations found when they
    last compared what they have; nothing is changed. What is found is named by table and id, without any client's data.
    The exit code is 0 when all fits, 3 when something does not.
    """
    from csr_desktop.server.verification import verify as look_through

    def told(checked: Checked) -> None:
        if not as_json:
            _tell(checked)

    begun = time.monotonic()
    with said_to_person():
        sql = ServerFolder(data, database).open()
        try:
            done = look_through(sql, told)
        finally:
            sql.db.close()
    found = sum(checked.count for checked in done)
    seconds = round(time.monotonic() - begun, 3)
    if as_json:
        click.echo(msgspec.json.encode({"is_well": not found, "seconds": seconds, "checks": done}))
    else:
        click.echo(f"{counted(found, 'finding')} in {seconds:.1f} seconds." if found else "All is in order.")
    sys.exit(FOUND if found else 0)


def _tell(checked: Checked) -> None:
    click.echo(f"{checked.check}: {counted(checked.count, 'finding') if checked.count else 'in order'}")
    for finding in checked.findings[:_SHOWN]:
        click.echo(f"  {' '.join(filter(None, (finding.table, finding.id)))}: {finding.words}")
    if checked.count > _SHOWN:
        click.echo(f"  … and {checked.count - _SHOWN:,} more; --json tells up to 1,000")
