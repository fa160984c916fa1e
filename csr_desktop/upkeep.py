"""`csr-desktop diagnostics` and `csr-desktop purge-user-data`: what an administrator does on a workstation."""

from __future__ import annotations

import sys
import zipfile
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

if TYPE_CHECKING:
    from csr_desktop.domain.errors import EnvironmentFault
    from csr_desktop.system.keyring_store import Secrets
    from csr_desktop.system.places import Places


@click.command()
@click.option(
    "--to",
    "target",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The file; csr-desktop-diagnostics.zip in this folder when nothing is said.",
)
def diagnostics(target: Path | None) -> None:
    """Make a zip for whoever helps: versions, settings, the log and crash reports of this person.

    There is no data of clients in it: databases are named with their sizes and not opened, the log never holds
    words or numbers of clients. A self-test is run for it, and the way to the server is looked at for some seconds.
    """
    from csr_desktop.connection import found_here
    from csr_desktop.domain.errors import EnvironmentFault
    from csr_desktop.self_test import try_parts
    from csr_desktop.system.diagnostics_file import write_diagnostics
    from csr_desktop.system.places import Places

    target = target or Path("csr-desktop-diagnostics.zip")
    try:
        size = write_diagnostics(
            target, Places.of_this_person(), {"connection": found_here(), "self-test": try_parts("desk")}
        )
    except EnvironmentFault as fault:
        raise click.ClickException(str(fault)) from None
    with zipfile.ZipFile(target) as made:
        click.echo(f"{target.absolute()}, {size:,} bytes:")
        for member in made.infolist():
            click.echo(f"  {member.filename}, {member.file_size:,} bytes")


@click.command("purge-user-data")
@click.option("--yes", "is_sure", is_flag=True, help="Delete it. Without this, only say what would be deleted.")
def purge_user_data(*, is_sure: bool) -> None:
    """Delete what CSR Desktop keeps of this person on this computer: data, settings, logs and keys.

    What was not sent to the server yet is lost with it. Removing the program leaves all of this. Ends with 3, and
    deletes no file, where the person's keyring can't be opened: run it in their session.
    """
    from csr_desktop.bootstrap import system_secrets
    from csr_desktop.domain.errors import CsrDesktopError
    from csr_desktop.services.sign_in import Accounts
    from csr_desktop.system.start_at_sign_in import start_for

    places = _places()
    try:
        data_folders = _data_folders(places)
    except CsrDesktopError as fault:
        raise click.ClickException(f"{fault} Nothing was deleted.") from None
    folders = _folders(places, data_folders)
    if not folders:
        click.echo("There is nothing of CSR Desktop's here.")
        return
    start = start_for(places)
    secrets = system_secrets()
    # A name is noted before its key is kept, so without names there are no keys, and no keyring is asked.
    names = Accounts(places.config, secrets).secret_names()
    if not is_sure:
        for folder in folders:
            click.echo(f"would delete {folder}")
        if start is not None and start.is_own:
            click.echo("would no longer start CSR Desktop when this person signs in")
        click.echo(f"would delete {_keys(len(_kept(secrets, names)))} from the keyring")
        click.echo("Nothing was deleted. Say --yes to delete it; what was not sent to the server is lost then.")
        return
    try:
        with ExitStack() as held:
            _claim_all(places, data_folders, held)
            _delete_keys(secrets, _kept(secrets, names))
            if start is not None:
                start.follow(wanted=False)
    except CsrDesktopError as fault:
        raise click.ClickException(f"{fault} Nothing but keys was deleted.") from None
    _delete(folders)


class _KeyringShut(click.ClickException):
    """Files that go before their keys would leave keys that nobody knows the names of."""

    exit_code = 3

    def __init__(self, fault: EnvironmentFault, deleted: str) -> None:
        super().__init__(
            f"The keyring can't be opened here, so keys stay in it: {fault.title} {deleted} was deleted. Run this in "
            "the person's session, with their keyring unlocked."
        )


def _kept(secrets: Secrets, names: list[str]) -> list[str]:
    """Those that the keyring has."""
    from csr_desktop.domain.errors import EnvironmentFault

    try:
        return [name for name in names if secrets.read(name) is not None]
    except EnvironmentFault as fault:
        raise _KeyringShut(fault, "Nothing") from None


def _delete_keys(secrets: Secrets, names: list[str]) -> None:
    from csr_desktop.domain.errors import EnvironmentFault

    for count, name in enumerate(names):
        try:
            secrets.delete(name)
        except EnvironmentFault as fault:
            raise _KeyringShut(fault, f"Nothing but {_keys(count)}" if count else "Nothing") from None
    if names:
        click.echo(f"deleted {_keys(len(names))} from the keyring")


def _keys(count: int) -> str:
    return "1 key" if count == 1 else f"{count} keys"


def _places() -> Places:
    """Where a policy names a folder that can be none, as they were at the last start: the note has it."""
    from csr_desktop.domain.errors import CsrDesktopError
    from csr_desktop.system.places import Places

    try:
        return Places.of_this_person()
    except CsrDesktopError as fault:
        click.echo(fault.title, err=True)
        return Places.usual()


def _claim_all(places: Places, data_folders: list[Path], held: ExitStack) -> None:
    from csr_desktop.system.single_instance import claim

    for folder in data_folders:
        if folder.is_dir():
            claimed = claim(msgspec.structs.replace(places, data=folder))
            if claimed is None:
                raise click.ClickException("CSR Desktop is open. Quit it first; nothing was deleted.")
            held.callback(claimed.close)


def _data_folders(places: Places) -> list[Path]:
    """All in which desks of this person's may lie: where they lie now or at the last start, where the system wants them
    and where a move was cut off. Raises EnvironmentFault.
    """
    from csr_desktop.system.data_whereabouts import noted_folders
    from csr_desktop.system.places import FOLDER_NAME, Places

    usual = Places.usual()
    if places.config != usual.config:
        return [places.data]
    noted = [folder for folder in noted_folders(places.config) if folder.name == FOLDER_NAME]
    found = dict.fromkeys([places.data, usual.data, *noted])
    return [*found, *(one.with_name(f"{one.name}.arriving") for one in found)]  # where the first versions had it


def _folders(places: Places, data_folders: list[Path]) -> list[Path]:
    """Those that are there, each once and none that lies in another: some systems have one place for several. Settings
    go last, with the note of where the data lies: cut off before, the next time finds it all.
    """
    wanted = (*data_folders, places.log, _set_log_folder(places), places.cache, places.config)
    found = [place for place in wanted if place.exists()]
    return [one for one in dict.fromkeys(found) if not any(other in one.parents for other in found)]


def _set_log_folder(places: Places) -> Path:
    """The person's own in the folder that a policy sets for logs; the usual one where none does."""
    from csr_desktop.domain.errors import CsrDesktopError
    from csr_desktop.system.log_place import own_log_folder
    from csr_desktop.system.policy import decide
    from csr_desktop.system.policy_sources import sources_of_this_computer
    from csr_desktop.system.settings import Settings

    try:
        wanted = decide(sources_of_this_computer(), Settings()).apply(Settings()).log_folder
    except CsrDesktopError:
        return places.log
    return (own_log_folder(wanted) if wanted else None) or places.log


def _delete(folders: list[Path]) -> None:
    import shutil

    from csr_desktop.system.places import FOLDER_NAME

    left: list[str] = []

    def keep(_function: object, path: str, _error: object) -> None:
        left.append(path)

    for folder in folders:
        if sys.version_info >= (3, 12):
            shutil.rmtree(folder, onexc=keep)
        else:
            shutil.rmtree(folder, onerror=keep)
        click.echo(f"deleted {folder}" if not folder.exists() else f"could not delete all of {folder}")
        if folder.parent.name == FOLDER_NAME:
            with suppress(OSError):  # what somebody else has put there stays
                folder.parent.rmdir()
    if left:
        for path in left:
            click.echo(f"is left: {path}", err=True)
        raise SystemExit(1)
