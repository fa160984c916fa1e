"""`csr-desktop diagnostics` and `csr-desktop purge-user-data`: what an administrator does on a workstation."""

from __future__ import annotations

import os
import platform
import sys
import zipfile
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click
import msgspec

from csr_desktop import __version__

if TYPE_CHECKING:
    from csr_desktop.system.places import Places

_LOG_PATTERNS: Final = ("csr-desktop.log*", "*crash*.txt", "fault.txt")
_MAX_LOG_BYTES: Final = 8 << 20
_PERSONAL: Final = ("last_login", "window_geometry", "data_was_in")
"""Settings that say something of the person and nothing of the program."""


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
    words or numbers of clients. A self-test is run for it.
    """
    from csr_desktop.system.places import Places
    from csr_desktop.system.whole_file import write_whole

    target = target or Path("csr-desktop-diagnostics.zip")
    content = collected(Places.of_this_person())
    try:
        write_whole(target, content)
    except OSError as error:
        raise click.ClickException(f"{target} could not be written: {error.strerror}.") from None
    with zipfile.ZipFile(BytesIO(content)) as made:
        click.echo(f"{target.absolute()}, {len(content):,} bytes:")
        for member in made.infolist():
            click.echo(f"  {member.filename}, {member.file_size:,} bytes")


def collected(places: Places) -> bytes:
    """The zip's bytes. What cannot be read is named in it with the reason."""
    from csr_desktop.self_test import try_parts

    parts: dict[str, object] = {
        "about.json": _about(),
        "settings.json": _settings(places),
        "files.json": _files(places),
        "self-test.json": try_parts("desk"),
    }
    held = BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as made:
        for name, part in parts.items():
            made.writestr(name, msgspec.json.format(msgspec.json.encode(part), indent=2))
        for pattern in _LOG_PATTERNS:
            for path in sorted(places.log.glob(pattern)):
                made.writestr(f"log/{path.name}", _tail(path))
    return held.getvalue()


def _about() -> dict[str, object]:
    from importlib.metadata import PackageNotFoundError, version

    libraries = {}
    for name in ("PySide6-Essentials", "peewee", "sqlcipher3", "httpx2", "keyring", "cryptography"):
        try:
            libraries[name] = version(name)
        except PackageNotFoundError:
            libraries[name] = "not known in this package"
    return {
        "version": __version__,
        "python": platform.python_version(),
        "system": platform.platform(),
        "machine": platform.machine(),
        "is_packaged": bool(getattr(sys, "frozen", False)),
        "libraries": libraries,
    }


def _settings(places: Places) -> dict[str, Any]:
    from csr_desktop.domain.errors import CsrDesktopError
    from csr_desktop.system.policy import decide
    from csr_desktop.system.policy_sources import sources_of_this_computer
    from csr_desktop.system.settings import Settings, SettingsFile

    file = SettingsFile(places.config / "settings.json")
    try:
        chosen, word = file.load()
    except CsrDesktopError as fault:
        chosen, word = Settings(), str(fault)
    policy = decide(sources_of_this_computer(), chosen, file.touched)
    held = msgspec.structs.asdict(policy.apply(chosen))
    return {
        "settings": {name: value for name, value in held.items() if name not in _PERSONAL},
        "from": {item.key.name: item.place for item in policy.effective},
        "faults": [*policy.faults, *([word] if word else [])],
    }


def _files(places: Places) -> list[dict[str, object]]:
    """Every file of the program's in the person's folders, without opening it."""
    found: list[dict[str, object]] = []
    for name, folder in msgspec.structs.asdict(places).items():
        for path in sorted(folder.rglob("*")):
            try:
                stat = path.lstat()
            except OSError as error:
                found.append({"folder": name, "error": error.strerror})
                continue
            if path.is_file():
                # An attachment's name is its hash, a database's a number: no file here bears a client's name.
                found.append({"folder": name, "name": path.name, "bytes": stat.st_size, "changed": int(stat.st_mtime)})
    return found


def _tail(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            file.seek(max(0, os.fstat(file.fileno()).st_size - _MAX_LOG_BYTES))
            return file.read(_MAX_LOG_BYTES)
    except OSError as error:
        return f"It could not be read: {error.strerror}.\n".encode()


@click.command("purge-user-data")
@click.option("--yes", "is_sure", is_flag=True, help="Delete it. Without this, only say what would be deleted.")
def purge_user_data(*, is_sure: bool) -> None:
    """Delete what CSR Desktop keeps of this person on this computer: data, settings, logs and keys.

    What was not sent to the server yet is lost with it. Removing the program leaves all of this.
    """
    from csr_desktop.bootstrap import system_secrets
    from csr_desktop.domain.errors import CsrDesktopError
    from csr_desktop.services.sign_in import Accounts
    from csr_desktop.system.places import Places
    from csr_desktop.system.single_instance import claim

    places = Places.of_this_person()
    folders = [place for place in msgspec.structs.astuple(places) if place.exists()]
    accounts = Accounts(places.config, system_secrets())
    names = accounts.secret_names()
    if not is_sure:
        for folder in folders:
            click.echo(f"would delete {folder}")
        click.echo(f"would delete {len(names)} keys from the keyring")
        click.echo("Nothing was deleted. Say --yes to delete it; what was not sent to the server is lost then.")
        return
    if not folders:
        click.echo("There is nothing of CSR Desktop's here.")
        return
    try:
        places.make()
        held = claim(places)
        if held is None:
            raise click.ClickException("CSR Desktop is open. Quit it first; nothing was deleted.")
        try:
            for name in names:
                accounts.forget_secret(name)
        finally:
            held.close()
    except CsrDesktopError as fault:
        raise click.ClickException(f"{fault} Nothing but keys was deleted.") from None
    _delete(folders)


def _delete(folders: list[Path]) -> None:
    import shutil

    left: list[str] = []

    def keep(_function: object, path: str, _error: object) -> None:
        left.append(path)

    for folder in folders:
        if sys.version_info >= (3, 12):
            shutil.rmtree(folder, onexc=keep)
        else:
            shutil.rmtree(folder, onerror=keep)
        click.echo(f"deleted {folder}" if not folder.exists() else f"could not delete all of {folder}")
    if left:
        for path in left:
            click.echo(f"is left: {path}", err=True)
        raise SystemExit(1)
