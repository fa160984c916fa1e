"""The command line's phone systems: `csr-desktop server phone …`."""

from __future__ import annotations

import secrets
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import click

from csr_desktop.server.calls.connections import KINDS, Connection, PhoneConnections, Settings
from csr_desktop.server.cli import data_option, database_option, opened, said_to_person

_name = click.argument("name", metavar="PHONE_SYSTEM")
_ADDRESSES = {"cti": "/cti/", "sipgate": "/sipgate/"}


@contextmanager
def _phones(data: Path, database: str) -> Iterator[PhoneConnections]:
    from csr_desktop.domain.ids import id_source
    from csr_desktop.server.folder import ServerFolder
    from csr_desktop.system.clock import wall_clock

    with opened(data, database) as administration:
        new_id = id_source(wall_clock, secrets.randbits)
        key = ServerFolder(data, database).key()
        yield PhoneConnections(administration.sql, administration, key, wall_clock, new_id)


@click.group()
def phone() -> None:
    """Phone systems, whose calls come to the desks of those who are called."""


@phone.command("add")
@data_option
@database_option
@click.option(
    "--kind",
    type=click.Choice(KINDS),
    default="cti",
    show_default=True,
    help="cti is the generic webhook in Zammad's format, sipgate its push API, ami an Asterisk that is watched.",
)
@click.option("--team", required=True, help="Where missed calls go that no queue and no agent gives a team.")
@click.option(
    "--queue",
    "queues",
    multiple=True,
    metavar="QUEUE=TEAM",
    help="The team that works for a queue. Can be given several times.",
)
@click.option("--address", default="", metavar="URL", help="Where sipgate reaches this server, https://…")
@click.option("--host", default="", help="Asterisk's address.")
@click.option("--port", default=5038, show_default=True, type=click.IntRange(1, 65535), help="Asterisk's port.")
@click.option("--user", "username", default="", help="The manager user, as in manager.conf.")
@click.option("--tls", "has_tls", is_flag=True, help="Asterisk is reached by TLS, usually at port 5039.")
@click.option(
    "--ca-file",
    default=None,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The authority of Asterisk's certificate, PEM, where the system does not know it.",
)
@click.option("--plain", "is_plain", is_flag=True, help="Send the secret itself: where Asterisk offers no MD5.")
@click.option(
    "--trunk",
    "trunks",
    multiple=True,
    help="A peer that leads outside. Else each does whose name is no number of two to six digits.",
)
@click.option("--recordings", "has_recordings", is_flag=True, help="Ask Asterisk for the files of recordings too.")
@click.option(
    "--recordings-at",
    "recording_places",
    multiple=True,
    metavar="START=PLACE",
    help="Recordings whose names begin with START are at PLACE for workstations, https://… or a folder. Can be given "
    "several times.",
)
@_name
def phone_add(
    data: Path,
    database: str,
    kind: str,
    team: str,
    queues: tuple[str, ...],
    address: str,
    host: str,
    port: int,
    username: str,
    has_tls: bool,
    ca_file: Path | None,
    is_plain: bool,
    trunks: tuple[str, ...],
    has_recordings: bool,
    recording_places: tuple[str, ...],
    name: str,
) -> None:
    """Connect the phone system PHONE_SYSTEM.

    Its address has a token in it, which is shown this once. Asterisk has a secret instead: it is asked for, or read
    from standard input. People are known by extension, sign-in name, email address or name; see `phone map`.
    """
    by_queue = {}
    for one in queues:
        queue, sign, to = one.rpartition("=")
        if not sign:
            raise click.UsageError(f"--queue {one}: write it as QUEUE=TEAM.")
        by_queue[queue] = to
    settings = Settings(
        address=address,
        host=host,
        port=port,
        username=username,
        has_tls=has_tls,
        ca_file=str(ca_file.resolve()) if ca_file else "",
        is_plain=is_plain,
        trunks=trunks,
        has_recordings=has_recordings,
        recording_places=_places(recording_places),
    )
    secret = _asked_secret("The manager user's secret") if kind == "ami" else ""
    with _phones(data, database) as phones:
        token = phones.add(kind, name, team, by_queue, settings, secret)
    click.echo(f"Added the phone system “{name}”.")
    if token:
        where = address.rstrip("/") or "https://YOUR-SERVER"
        click.echo(f"Let it send its calls to {where}{_ADDRESSES[kind]}{token}")
        click.echo("This address is shown once: whoever has it can tell of calls.")


@phone.command("list")
@data_option
@database_option
def phone_list(data: Path, database: str) -> None:
    """List phone systems.

    By name, a line each, parted by tabs: name, kind, its host where it is watched, and "revoked".
    """
    with _phones(data, database) as phones:
        for one in phones.all():
            state = "" if one.is_active else "revoked"
            click.echo(f"{one.name}\t{one.kind}\t{_host(one)}\t{state}".rstrip())


@phone.command("revoke")
@data_option
@database_option
@_name
def phone_revoke(data: Path, database: str, name: str) -> None:
    """Disconnect PHONE_SYSTEM.

    Its token is worth nothing any more, and it is watched no more.
    """
    with _phones(data, database) as phones:
        phones.revoke(name)
    click.echo(f"The phone system “{name}” is disconnected.")


@phone.command("map")
@data_option
@database_option
@_name
@click.argument("agent", required=False, default="")
@click.argument("login", metavar="[SIGN_IN_NAME]", required=False, default="")
@click.option("--remove", is_flag=True, help="AGENT is nobody from now on.")
def phone_map(data: Path, database: str, name: str, agent: str, login: str, remove: bool) -> None:
    """Say whom PHONE_SYSTEM means by AGENT.

    AGENT is an extension or a user's name there.

    Without AGENT it lists what was said so far, a line each, parted by a tab: what it calls them, their sign-in name.
    """
    with _phones(data, database) as phones:
        if not agent:
            for called, found in phones.mapped(name):
                click.echo(f"{called}\t{found}")
            return
        if bool(login) == remove:
            raise click.UsageError("Give AGENT and SIGN_IN_NAME, or AGENT and --remove.")
        phones.map(name, agent, login)
    click.echo(f"{agent} is {login}." if login else f"{agent} is nobody.")


@phone.command("block")
@data_option
@database_option
@_name
@click.argument("number", required=False, default="")
@click.option("--remove", is_flag=True, help="Calls of NUMBER come in again.")
def phone_block(data: Path, database: str, name: str, number: str, remove: bool) -> None:
    """Have PHONE_SYSTEM turn calls of NUMBER away.

    The caller hears that the line is busy; nobody's phone rings and nothing waits to be called back. NUMBER may be
    "anonymous", for who shows none. Of the generic webhook and sipgate; Asterisk is only watched.

    Without NUMBER it lists the numbers that are turned away, a line each.
    """
    from msgspec.structs import replace

    from csr_desktop.server.calls.call_rules import blocked_key
    from csr_desktop.store.queries.lists import home_region

    with _phones(data, database) as phones:
        found = phones.named(name)
        if not number:
            for one in found.settings.blocked:
                click.echo(one)
            return
        if found.kind == "ami":
            raise click.UsageError("Asterisk is only watched: block numbers in its dial plan.")
        key = blocked_key(number, home_region(phones.sql))
        if not key:
            raise click.UsageError(f"{number} is no phone number.")

        def change(settings: Settings) -> Settings:
            others = set(settings.blocked) - {key}
            return replace(settings, blocked=tuple(sorted(others if remove else {*others, key})))

        phones.change(name, change)
    click.echo(f"Calls of {key} come in again." if remove else f"Calls of {key} are turned away.")


@phone.command("route")
@data_option
@database_option
@_name
@click.option("--to-specialist/--to-nobody", "to_specialist", default=True, help="Or let calls ring where they would.")
def phone_route(data: Path, database: str, name: str, to_specialist: bool) -> None:
    """Have PHONE_SYSTEM put calls through to who has the client.

    To their extension, while they sit at a workstation, are on no call and take no break. A number that belongs to
    companies of several people rings where it would. Of the generic webhook alone.
    """
    from msgspec.structs import replace

    with _phones(data, database) as phones:
        if phones.named(name).kind != "cti":
            raise click.UsageError("Only the generic webhook can be told whom to dial.")
        phones.change(name, lambda settings: replace(settings, dials_specialist=to_specialist))
    click.echo("Calls go to who is assigned to the company." if to_specialist else "Calls ring where they would.")


@phone.command("events")
@data_option
@database_option
@_name
def phone_events(data: Path, database: str, name: str) -> None:
    """Show the latest messages of PHONE_SYSTEM, the newest first.

    A line each, parted by tabs: when, the kind of event, the call, and what was wrong with it.
    """
    with _phones(data, database) as phones:
        for word in phones.words(name):
            at = datetime.fromtimestamp(word.said_at // 1000, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
            click.echo(f"{at}\t{word.said}\t{word.reference}\t{' '.join(word.diagnoses)}".rstrip())


@phone.command("simulate")
@click.option("--url", default="http://127.0.0.1:8765", show_default=True, help="The server to play it to.")
@click.option("--port", default=5038, show_default=True, help="Where a made-up Asterisk listens, on this machine.")
@click.option(
    "--speed", default=1.0, show_default=True, type=click.FloatRange(0.01, 1000), help="So many times as fast."
)
@click.option(
    "--as",
    "said_as",
    multiple=True,
    metavar="OLD=NEW",
    help="Say NEW for OLD, such as an agent or a number. Can be given several times.",
)
@click.option("--wait", default=60.0, show_default=True, help="Seconds to wait for a server that signs in to Asterisk.")
@click.argument("sequence", required=False, default="")
def phone_simulate(url: str, port: int, speed: float, said_as: tuple[str, ...], wait: float, sequence: str) -> None:
    """Play a made-up sequence of calls as a phone system would.

    SEQUENCE is a name of the list that comes without one, or a file of one's own in the same form. The token of the
    address is asked for, or read from standard input; a line for each answer follows. The calls are marked as new each
    time.
    """
    from csr_desktop.server.calls.sequences import every_sequence, read_sequence
    from csr_desktop.server.calls.sequences import sequence as sequence_of
    from csr_desktop.server.calls.simulate import others_of, play, play_asterisk

    with said_to_person():
        if not sequence:
            for one in every_sequence():
                click.echo(f"{one.name}\t{one.about}")
            return
        played = read_sequence(Path(sequence)) if sequence.endswith(".toml") else sequence_of(sequence)
        pairs = [one.partition("=") for one in said_as]
        if not all(old and sign for old, sign, _ in pairs):
            raise click.UsageError("--as: write it as OLD=NEW.")
        others = others_of(played, {old: new for old, _, new in pairs}, secrets.token_hex(4))
        if played.system == "ami":
            play_asterisk(played, port, others, speed, click.echo, wait)
        else:
            play(played, url, _asked_secret("The token"), others, speed, click.echo)


def _places(said: tuple[str, ...]) -> dict[str, str]:
    places = {}
    for one in said:
        start, sign, place = one.partition("=")
        if not (start and sign and place):
            raise click.UsageError(f"--recordings-at {one}: write it as START=PLACE.")
        places[start] = place
    return places


def _host(connection: Connection) -> str:
    settings = connection.settings
    return f"{settings.host}:{settings.port}" if settings.host else ""


def _asked_secret(words: str) -> str:
    """Not shown at a terminal; else the first line of standard input."""
    if sys.stdin.isatty():
        typed: str = click.prompt(words, hide_input=True)
        return typed
    line = sys.stdin.readline().strip()
    if not line:
        raise click.ClickException(f"{words}: type it at the prompt, or pipe it in as a line.")
    return line
