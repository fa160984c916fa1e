"""The command line's scripts and checklists: `csr-desktop server script …`."""

from __future__ import annotations

import secrets
from pathlib import Path

import click

from csr_desktop.server.cli import data_option, database_option, opened, said_to_person


@click.group()
def script() -> None:
    """Scripts and checklists, which stand beside the notes on calls about their topic."""


@script.command("import")
@data_option
@database_option
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def script_import(data: Path, database: str, file: Path) -> None:
    """Take in FILE, a table with a line a step.

    Its first line names the columns: topic, title, step, and if wanted kind (script or checklist), reviewed on
    (2026-05-04) and owner (a sign-in name). A script that is there already becomes what the file says. All of it or
    nothing.
    """
    from csr_desktop.domain.ids import id_source
    from csr_desktop.server.call_scripts import CallScripts
    from csr_desktop.server.csv_reading import read_file
    from csr_desktop.system.clock import wall_clock

    with opened(data, database) as administration, said_to_person():
        scripts = CallScripts(administration, id_source(wall_clock, secrets.randbits))
        taken = scripts.take(read_file(file))
    click.echo(f"{taken.added} added, {taken.changed} changed, {taken.same} as they were.")


@script.command("list")
@data_option
@database_option
def script_list(data: Path, database: str) -> None:
    """List scripts and checklists.

    With topic, title, kind, number of steps, day of the last review, and owner.
    """
    from csr_desktop.domain.ids import id_source
    from csr_desktop.server.call_scripts import CallScripts
    from csr_desktop.system.clock import wall_clock

    with opened(data, database) as administration:
        for one in CallScripts(administration, id_source(wall_clock, secrets.randbits)).listed():
            ends = () if one.is_active else ("off",)
            cells = (one.topic, one.title, one.kind, str(one.step_count), one.reviewed_on, one.owner, *ends)
            click.echo("\t".join(cells).rstrip())
