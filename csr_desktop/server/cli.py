"""The command line of the server: `csr-desktop server …`. Secrets are asked for or read from standard input.

Every command takes the server's folder, `--data`; with PostgreSQL also the database's address, `--database`.
"""

from __future__ import annotations

import importlib
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import click
from click.core import ParameterSource

from csr_desktop.domain.errors import CsrDesktopError
from csr_desktop.domain.permissions import ROLES

if TYPE_CHECKING:
    from csr_desktop.server.administration import Administration
    from csr_desktop.server.folder import ServerFolder

DATABASE_VARIABLE: Final = "CSR_DESKTOP_DATABASE"
_ELSEWHERE: Final = {
    "export": ("csr_desktop.server.exports", "export_group", "Write what the server holds into files."),
    "import": ("csr_desktop.server.imports", "import_group", "Take in clients, contacts and numbers from files."),
}
"""Module, name and short help by command."""


class _LazyGroup(click.Group):
    """Groups of other modules are loaded when they are named, so that the rest starts at once."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted({*super().list_commands(ctx), *_ELSEWHERE})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name in _ELSEWHERE:
            module, name, _ = _ELSEWHERE[cmd_name]
            found: click.Command = getattr(importlib.import_module(module), name)
            return found
        return super().get_command(ctx, cmd_name)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002  # click's shape
        """As click does it, without loading anything."""
        limit = formatter.width - 20
        rows = [(name, command.get_short_help_str(limit)) for name, command in self.commands.items()]
        rows += [(name, words) for name, (_, _, words) in _ELSEWHERE.items()]
        with formatter.section("Commands"):
            formatter.write_dl(sorted(rows))


def _checked_database(ctx: click.Context, param: click.Parameter, value: str) -> str:
    """Other people on the machine can read arguments, so a password is not taken there."""
    given = ctx.get_parameter_source(param.name or "")
    if value and given is ParameterSource.COMMANDLINE and urlsplit(value).password:
        raise click.BadParameter(
            "A password must not stand in an argument, where others can read it. Put it into ~/.pgpass or PGPASSWORD, "
            f"or the whole address into the environment variable {DATABASE_VARIABLE}."
        )
    return value


data_option = click.option(
    "--data",
    required=True,
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="The server's folder: its key, and its database unless --database says otherwise.",
)
database_option = click.option(
    "--database",
    default="",
    envvar=DATABASE_VARIABLE,
    callback=_checked_database,
    metavar="URL",
    help="Use PostgreSQL instead of the file in the folder, such as postgresql://host/name. "
    f"Also taken from {DATABASE_VARIABLE}.",
)


@contextmanager
def said_to_person() -> Iterator[None]:
    """What a person can do something about is said in words, without a trace of the program."""
    try:
        yield
    except CsrDesktopError as fault:
        raise click.ClickException(str(fault)) from None


@contextmanager
def opened(data: Path, database: str) -> Iterator[Administration]:
    """The administration of the server in this folder, whether it runs or not."""
    from csr_desktop.server.run import administration

    with said_to_person(), administration(_folder(data, database)) as found:
        yield found


def asked_password() -> str:
    """Typed twice at a terminal, else the first line of standard input."""
    if sys.stdin.isatty():
        password: str = click.prompt("Password", hide_input=True, confirmation_prompt="Once more")
        return password
    line = sys.stdin.readline()
    if not line.strip("\r\n"):
        raise click.ClickException("No password: type it at the prompt, or pipe it in as the first line.")
    return line.rstrip("\r\n")


@click.group(cls=_LazyGroup)
def server() -> None:
    r"""Set up, run and administer the server that desks share.

    \b
    For a first try:
      csr-desktop server init --data DIR
      csr-desktop server run  --data DIR
    """
    _log_to_stderr()


@server.command()
@data_option
@database_option
@click.option("--name", default="", help="The organisation's name. Asked for when it is not given.")
@click.option(
    "--home-region", default="US", show_default=True, help="Where numbers without a country code are: US, GB …"
)
@click.option("--time-zone", default="America/New_York", show_default=True, help="The office's zone, as IANA calls it.")
@click.option("--login", default="", help="The first administrator's sign-in name. Asked for when it is not given.")
@click.option("--full-name", default="", help="The first administrator's name. Asked for when it is not given.")
def init(data: Path, database: str, name: str, home_region: str, time_zone: str, login: str, full_name: str) -> None:
    """Make a server: folder, key, database, the organisation with its standard lists, and a first administrator.

    What is not given is asked for; without a terminal it is read from standard input, a line each, in this order:
    organisation, administrator's name, sign-in name, password.
    """
    from csr_desktop.server.administration import Administration
    from csr_desktop.server.ledger import Ledger
    from csr_desktop.server.run import wall_clock

    with said_to_person():
        sql = _folder(data, database).create()
        try:
            made = Administration(sql, Ledger(sql, wall_clock), wall_clock)
            if made.has_organisation():
                raise click.ClickException(f"There is a server in {data} already. Nothing was changed.")
            name = name or _asked("Organisation")
            full_name = full_name or _asked("Administrator's name")
            login = login or _asked("Administrator's sign-in name")
            password = asked_password()
            with sql.transaction():
                made.create_organisation(name, home_region, time_zone)
                made.add_user(full_name, login, "administrator", (), password)
        finally:
            sql.db.close()
    click.echo(f"The server is made in {data}. Keep a copy of its server.key in a safe place.")
    click.echo(f"Next:  csr-desktop server team add --data {data} NAME")
    click.echo(f"       csr-desktop server user add --data {data} --team NAME --role csr LOGIN")
    click.echo(f"       csr-desktop server run --data {data}")


@server.command()
@data_option
@database_option
@click.option(
    "--host",
    default="127.0.0.1",
    show_default=True,
    help="Address to listen on; another than this machine's own needs TLS.",
)
@click.option(
    "--port", default=8765, show_default=True, type=click.IntRange(0, 65535), help="0 takes a free one and prints it."
)
@click.option("--tls-cert", type=click.Path(dir_okay=False, path_type=Path), help="Certificate with its chain, PEM.")
@click.option(
    "--tls-key",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The certificate's private key, PEM, without a password.",
)
@click.option(
    "--ready-file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the address into this file once the server listens; it is removed at the end.",
)
@click.option(
    "--until-input-ends",
    is_flag=True,
    help="End too when standard input ends: for a program that starts the server and must not leave it behind.",
)
def run(
    data: Path,
    database: str,
    host: str,
    port: int,
    tls_cert: Path | None,
    tls_key: Path | None,
    ready_file: Path | None,
    until_input_ends: bool,
) -> None:
    """Run the server until Ctrl+C or SIGTERM. It prints one line when it listens; its log goes to standard error.

    Only one server runs on a folder; with PostgreSQL several can share a database. The other commands can be used
    while it runs. It stays in the foreground: to start it with the machine, let the system's own means, such as
    systemd, run this command.
    """
    from csr_desktop.server.run import Tls, serve

    if bool(tls_cert) != bool(tls_key):
        raise click.UsageError("--tls-cert and --tls-key belong together.")
    tls = Tls(tls_cert, tls_key) if tls_cert and tls_key else None
    with said_to_person():
        serve(
            _folder(data, database),
            host=host,
            port=port,
            tls=tls,
            ready_file=ready_file,
            starter=sys.stdin.fileno() if until_input_ends else None,
            say=click.echo,
        )


@server.command()
@data_option
@database_option
def restored(data: Path, database: str) -> None:
    """Say that the database was put back from a backup, while the server is stopped and before it is started again.

    Every workstation then compares what it has with the server, and fetches everything anew.
    """
    from csr_desktop.server.folder import begin_epoch

    with said_to_person():
        sql = _folder(data, database).open()
        try:
            with sql.transaction():
                begin_epoch(sql)
        finally:
            sql.db.close()
    click.echo("Every workstation will fetch everything anew.")


@server.group()
def user() -> None:
    """People who sign in."""


@user.command("add")
@data_option
@database_option
@click.option("--role", type=click.Choice(ROLES), default="csr", show_default=True, help="What the person may do.")
@click.option("--team", "teams", multiple=True, help="A team they work in. Can be given several times.")
@click.option("--name", default="", help="The person's name. Asked for when it is not given.")
@click.argument("login")
def user_add(data: Path, database: str, role: str, teams: tuple[str, ...], name: str, login: str) -> None:
    """Add a person, who signs in as LOGIN. The password is asked for, or read from standard input.

    Without a terminal, standard input has the name (unless --name is given) and the password, a line each.
    """
    with opened(data, database) as administration:
        name = name or _asked("Name")
        administration.add_user(name, login, role, teams, asked_password())
    click.echo(f"{login} can sign in.")


@user.command("password")
@data_option
@database_option
@click.argument("login")
def user_password(data: Path, database: str, login: str) -> None:
    """Give LOGIN a new password. It is asked for, or read from standard input."""
    with opened(data, database) as administration:
        administration.user_id(login)
        administration.set_password(login, asked_password())
    click.echo(f"{login} has a new password.")


@user.command("list")
@data_option
@database_option
def user_list(data: Path, database: str) -> None:
    """List people by name: sign-in name, name, role, teams, and whether they can sign in."""
    with opened(data, database) as administration:
        for account in administration.list_users():
            state = "closed" if not account.is_active else "" if account.has_password else "no password"
            click.echo("\t".join((account.login, account.name, account.role, ", ".join(account.teams), state)).rstrip())


@user.command("close")
@data_option
@database_option
@click.argument("login")
def user_close(data: Path, database: str, login: str) -> None:
    """Close LOGIN's account: no more signing in, and their workstations are signed out. Nothing is deleted."""
    with opened(data, database) as administration:
        administration.close_account(login)
    click.echo(f"{login} can sign in no more.")


@user.command("reopen")
@data_option
@database_option
@click.argument("login")
def user_reopen(data: Path, database: str, login: str) -> None:
    """Open a closed account again, with the password it had."""
    with opened(data, database) as administration:
        administration.reopen_account(login)
    click.echo(f"{login} can sign in again.")


@server.group()
def device() -> None:
    """Workstations that people signed in on."""


@device.command("list")
@data_option
@database_option
@click.option("--login", default="", help="Only those of this person.")
def device_list(data: Path, database: str, login: str) -> None:
    """List workstations, the latest contact first: id, person, name, latest contact, and whether it was revoked."""
    with opened(data, database) as administration:
        for found in administration.list_devices(login):
            seen = (
                datetime.fromtimestamp(found.seen_at // 1000, UTC).strftime("%Y-%m-%d %H:%M UTC")
                if found.seen_at
                else ""
            )
            revoked = "revoked" if found.revoked_at else ""
            click.echo(f"{found.id}\t{found.login}\t{found.name}\t{seen}\t{revoked}".rstrip())


@device.command("revoke")
@data_option
@database_option
@click.argument("device_id")
def device_revoke(data: Path, database: str, device_id: str) -> None:
    """Sign a workstation out, for one that was lost. It wipes its copy of the data at its next contact."""
    with opened(data, database) as administration:
        administration.revoke_device(device_id)
    click.echo("The workstation is signed out.")


@server.group()
def team() -> None:
    """Teams, which share calls, tickets and follow-ups."""


@team.command("add")
@data_option
@database_option
@click.argument("name")
def team_add(data: Path, database: str, name: str) -> None:
    """Add a team called NAME."""
    with opened(data, database) as administration:
        administration.add_team(name)
    click.echo(f"The team {name} is there.")


@team.command("list")
@data_option
@database_option
def team_list(data: Path, database: str) -> None:
    """List teams by name, with how many people are in each."""
    with opened(data, database) as administration:
        for found in administration.list_teams():
            click.echo(f"{found.name}\t{found.member_count}")


def _folder(data: Path, database: str) -> ServerFolder:
    from csr_desktop.server.folder import ServerFolder

    return ServerFolder(data, database)


def _asked(words: str) -> str:
    if sys.stdin.isatty():
        answer: str = click.prompt(words)
        return answer
    line = sys.stdin.readline().strip()
    if not line:
        raise click.ClickException(f"{words}: give it as an option, type it at the prompt, or pipe it in as a line.")
    return line


def _log_to_stderr() -> None:
    """One JSON object a line on standard error. Nothing in it names a client or holds what people wrote."""
    import structlog

    logging.getLogger("peewee").setLevel(logging.WARNING)
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _dumped,
        ],
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),
    )


def _dumped(_logger: Any, _name: str, event: Any) -> str:
    import msgspec

    return msgspec.json.encode(event).decode()
