"""`csr-desktop policy`: every setting that an organisation can settle, its value here, and where that stands."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from csr_desktop.system.shown_settings import shown

if TYPE_CHECKING:
    from csr_desktop.system.policy import Effective


@click.command()
@click.option("--json", "as_json", is_flag=True, help="For a program.")
def policy(*, as_json: bool) -> None:
    """Say which settings hold on this computer for this person, and who settled them.

    Ends with 1 where something in a policy or in a file of defaults could not be taken.
    """
    from csr_desktop.domain.errors import CsrDesktopError
    from csr_desktop.system.places import Places
    from csr_desktop.system.policy import decide
    from csr_desktop.system.policy_sources import sources_of_this_computer
    from csr_desktop.system.settings import SettingsFile

    file = SettingsFile(Places.usual().config / "settings.json")
    try:
        chosen, word = file.load()
    except CsrDesktopError as fault:
        raise click.ClickException(str(fault)) from None
    sources = sources_of_this_computer()
    found = decide(sources, chosen, file.touched)
    faults = [*found.faults, *([word] if word else [])]
    try:
        Places.of_this_person(sources=sources)
    except CsrDesktopError as fault:
        faults.append(str(fault))
    if as_json:
        keys = {
            item.key.name: {
                "value": shown(item.value) if isinstance(item.value, str) else item.value,
                "from": item.place,
                "locked": item.is_locked,
                "has_effect": item.key.has_effect(),
            }
            for item in found.effective
        }
        looked = [source.place for source in (*sources.policies, *sources.defaults)]
        click.echo(
            json.dumps(
                {"settings": keys, "faults": [shown(line) for line in faults], "looked_at": looked},
                indent=2,
                ensure_ascii=False,
            )
        )
    else:
        rows = [(item.key.name, _shown(item.value), _said_of(item)) for item in found.effective]
        widths = [max(len(row[column]) for row in rows) for column in (0, 1)]
        for name, value, place in rows:
            click.echo(f"{name:<{widths[0]}}  {value:<{widths[1]}}  {place}")
        for line in faults:
            click.echo(shown(line))
    if faults:
        raise SystemExit(1)


def _said_of(item: Effective) -> str:
    said = item.place + (", locked" if item.is_locked else "")
    if item.is_strict:
        said += ", the strict side of what is not understood"
    return said if item.key.has_effect() else f"{said}, without effect on this system"


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    return shown(str(value)) if value != "" else "(empty)"
