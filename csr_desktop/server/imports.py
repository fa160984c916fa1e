"""`csr-desktop server import`: the command line of imports."""

from __future__ import annotations

import secrets
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import click

from csr_desktop.domain.errors import BadInput, EnvironmentFault, Refused
from csr_desktop.domain.ids import id_source
from csr_desktop.server.administration import Administration
from csr_desktop.server.cli import data_option, database_option, said_to_person
from csr_desktop.server.client_import import REPORT_HEADER, ClientImport, Foreign, Imported, report_bytes
from csr_desktop.server.folder import ServerFolder
from csr_desktop.server.import_columns import FIELDS
from csr_desktop.server.import_rows import Remark, What
from csr_desktop.server.ledger import Ledger
from csr_desktop.server.output_files import check_output
from csr_desktop.server.progress import StderrProgress
from csr_desktop.server.said import counted, plural
from csr_desktop.system.clock import wall_clock
from csr_desktop.system.whole_file import write_whole

LINES_REFUSED: Final = 3
"""The exit code when the lines that were good were imported, and others refused."""
_SHOWN: Final = 10
"""Of each kind of remark, and of the lines that it is about."""
_TITLES: Final[dict[What, str]] = {
    "refused": "Refused",
    "differs": "Different from what is known",
    "changed": "Changed",
    "assumed": "Taken for granted",
    "note": "To look at",
}
_DELIMITER_WORDS: Final = {"comma": ",", "semicolon": ";", "tab": "\t", "pipe": "|", "\\t": "\t"}


@click.group("import")
def import_group() -> None:
    """Take in clients, contacts and numbers from files."""


@import_group.command("clients")
@data_option
@database_option
@click.option(
    "--map",
    "told",
    multiple=True,
    metavar="FIELD=COLUMN",
    help="Which column a field is, by its name or as #3 for the third; empty for none. Can be given several times. "
    f"Fields: {', '.join(FIELDS)}.",
)
@click.option("--dry-run", is_flag=True, help="Say what would happen, change nothing.")
@click.option(
    "--report",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write into this CSV file what became of each line that was not simply added: its number, what, why, and the "
    "line as it came. An earlier report is replaced; any other file only with --force, and the one that is read never.",
)
@click.option("--force", is_flag=True, help="Let --report replace a file that is no earlier report.")
@click.option(
    "--update",
    is_flag=True,
    help="Where the file says otherwise of a client or person who is there already, take the file's. Without it the "
    "report says what differs, and it is kept.",
)
@click.option(
    "--delimiter", default="", help="Between cells: comma, semicolon, tab, pipe or any sign. Found out if not given."
)
@click.option("--encoding", default="", help="Such as utf-8, utf-16 or windows-1252. Found out if not given.")
@click.option(
    "--home-region", default="", help="Where numbers without a country code are. Else as the organization is set."
)
@click.option("--strict", is_flag=True, help="All or nothing: import no line when any is refused.")
@click.option(
    "--allow-shared",
    is_flag=True,
    help="Add clients without a code even when their number or e-mail belongs to another client.",
)
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def import_clients(
    data: Path,
    database: str,
    told: tuple[str, ...],
    dry_run: bool,
    report: Path | None,
    force: bool,
    update: bool,
    delimiter: str,
    encoding: str,
    home_region: str,
    strict: bool,
    allow_shared: bool,
    file: Path,
) -> None:
    """Import clients, their contacts and numbers from a CSV file.

    FILE is of any kind, in any encoding, with names of columns in it. Begin with --dry-run. A line can hold a client,
    one of its people and their numbers. Lines with the same client code, or without a code the same name, belong to one
    client. What is there already is not added again: a client by its code, a person by name or e-mail, a number by its
    digits; so a file can be imported twice.

    Each line is taken whole or refused whole. By default the good lines are imported and the others refused, all in one
    go: if anything breaks, nothing is imported. With --strict one refused line is enough for that.

    A client without a time zone gets the one of its state or city where that is certain, else it follows the
    organisation's; the report says which.

    Exit code: 0 when every line was taken; 3 when lines were refused, the others being imported (or, in a dry run, when
    lines would be refused); 1 when nothing was imported, because of an error or of --strict; 2 for wrong options.
    """
    progress = StderrProgress()
    with said_to_person():
        server = ServerFolder(data, database)
        sql = server.open()
        try:
            if report is not None:
                check_output(report, REPORT_HEADER, never=[file, *server.own_files()], is_forced=force)
            new_id = id_source(wall_clock, secrets.randbits)
            administration = Administration(sql, Ledger(sql, wall_clock), wall_clock, new_id=new_id)
            work = ClientImport(
                sql,
                administration,
                new_id,
                home_region=_checked_region(home_region),
                told=told,
                delimiter=_checked_delimiter(delimiter),
                encoding=encoding,
                is_sharing_allowed=allow_shared,
                is_updating=update,
                progress=progress,
            )
            foreign = work.read(file)
            _say_columns(foreign)
            if dry_run:
                imported = work.dry_run(foreign)
                _write_report(report, imported)
            else:
                imported = work.run(foreign, lambda planned: _before_writing(planned, report, is_strict=strict))
        finally:
            progress.end()
            sql.db.close()
    _say_result(imported, report, is_dry=dry_run)
    if imported.counts.refused:
        sys.exit(1 if dry_run and strict else LINES_REFUSED)


def _checked_region(home_region: str) -> str:
    region = home_region.strip().upper()
    import phonenumbers

    if region and region not in phonenumbers.SUPPORTED_REGIONS:
        raise BadInput(
            "home_region", f"There is no region called {home_region!r}.", "Take two letters such as US or GB."
        )
    return region


def _checked_delimiter(delimiter: str) -> str:
    sign = _DELIMITER_WORDS.get(delimiter.casefold(), delimiter)
    if len(sign) > 1 or sign in {'"', "\r", "\n", " "}:
        raise BadInput(
            "delimiter", f"{delimiter!r} cannot part cells.", "Take comma, semicolon, tab, pipe or another sign."
        )
    return sign


def _before_writing(planned: Imported, report: Path | None, *, is_strict: bool) -> None:
    _write_report(report, planned)
    if is_strict and planned.counts.refused:
        _say_remarks(_TITLES["refused"], [remark for remark in planned.remarks if remark.what == "refused"])
        raise Refused(
            "refused_lines",
            f"{counted(planned.counts.refused, 'line')} refused, so nothing was imported.",
            f"The report is {report}." if report else "",
        )


def _write_report(report: Path | None, imported: Imported) -> None:
    if report is None:
        return
    try:
        write_whole(report, report_bytes(imported.remarks))
    except OSError as error:
        title = f"The report {report} cannot be written: {error.strerror}."
        raise EnvironmentFault(title, "Nothing was imported.") from None


def _say_columns(foreign: Foreign) -> None:
    names = {",": "comma", ";": "semicolon", "\t": "tab", "|": "pipe"}
    delimiter = names.get(foreign.delimiter, foreign.delimiter)
    click.echo(f"Read as {foreign.encoding}, cells parted by {delimiter}.")
    for field, place in sorted(foreign.columns.places.items(), key=lambda entry: entry[1]):
        click.echo(f"  {foreign.header[place].strip()} -> {field}")
    if foreign.columns.unused:
        click.echo(f"  Not used: {', '.join(name.strip() for name in foreign.columns.unused)}")


def _say_result(imported: Imported, report: Path | None, *, is_dry: bool) -> None:
    """Counts, then everything that a person may want to mend, whether it stands in a report or not."""
    counts = imported.counts
    would, was = (" would be", "would be") if is_dry else ("", "was")
    click.echo(f"{counted(counts.lines, 'line')} read.")
    click.echo(
        f"Added{would and ' (would be)'}: {counted(counts.clients, 'client')}, {counted(counts.contacts, 'contact')}, "
        f"{counted(counts.numbers, 'number')}."
    )
    for count, words in (
        (counts.known, f"known {plural(counts.known, 'client')}{would} added to"),
        (counts.changed, f"known {plural(counts.changed, 'client or contact', 'clients or contacts')}{would} changed"),
        (
            counts.differing,
            f"{plural(counts.differing, 'line')} said otherwise than is known, which {was} kept",
        ),
        (counts.unchanged, f"{plural(counts.unchanged, 'line')} with nothing new"),
        (counts.refused, f"{plural(counts.refused, 'line')}{would} refused"),
    ):
        if count:
            click.echo(f"{count:,} {words}.")
    for what, title in _TITLES.items():
        _say_remarks(title, [remark for remark in imported.remarks if remark.what == what])
    if report is not None:
        click.echo(f"The report is {report}.")
    elif imported.remarks:
        click.echo("Give --report FILE to get each line with its reason.", err=True)


def _say_remarks(title: str, remarks: Sequence[Remark]) -> None:
    """Those with the same reason together."""
    by_reason: dict[str, list[int]] = {}
    for remark in remarks:
        by_reason.setdefault(remark.reason, []).append(remark.line)
    if by_reason:
        click.echo(f"{title}:", err=True)
    for reason, lines in list(by_reason.items())[:_SHOWN]:
        shown = ", ".join(f"{line}" for line in lines[:_SHOWN])
        more = f" and {len(lines) - _SHOWN:,} more" if len(lines) > _SHOWN else ""
        click.echo(f"  {plural(len(lines), 'Line')} {shown}{more}: {reason}", err=True)
    if len(by_reason) > _SHOWN:
        click.echo(f"  … and {len(by_reason) - _SHOWN:,} more reasons.", err=True)
