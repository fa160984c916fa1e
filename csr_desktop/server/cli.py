"""The command line of the server: `csr-desktop server …`. Secrets are asked for or read from standard input.

Every command takes the server's folder, `--data`; with PostgreSQL also the database's address, `--database`.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click
from click.core import ParameterSource

from csr_desktop import __version__
from csr_desktop.domain.errors import CsrDesktopError
from csr_desktop.server.asking import asked, asked_password, asked_zone
from csr_desktop.server.said import command_line, has_password, starting, this_server

if TYPE_CHECKING:
    from csr_desktop.server.administration import Administration
    from csr_desktop.server.folder import ServerFolder

LEVELS: Final = ("debug", "info", "warning", "error")
_STANDARD_INPUT: Final = 0
"""Its file descriptor; a program without a console has no `sys.stdin`."""
DATABASE_VARIABLE: Final = "CSR_DESKTOP_DATABASE"
AS_WRITTEN: Final = "csr-desktop server"
"""How texts name the server's commands, which some installations have as a program of their own."""
_ELSEWHERE: Final = {
    "backup": ("csr_desktop.server.cli_operations", "backup", "Make an encrypted backup, also while the server runs."),
    "backup-key": ("csr_desktop.server.cli_operations", "backup_key", "Make the pair of keys for backups."),
    "device": ("csr_desktop.server.cli_accounts", "device", "Workstations that people signed in on."),
    "export": ("csr_desktop.server.exports", "export_group", "Write what the server holds into files."),
    "set": ("csr_desktop.server.cli_share", "set_group", "Change settings, such as what workstations keep."),
    "grant": ("csr_desktop.server.cli_postgresql", "grant", "Let a role of PostgreSQL run the server."),
    "import": ("csr_desktop.server.imports", "import_group", "Take in clients, contacts and numbers from files."),
    "migrate": ("csr_desktop.server.cli_postgresql", "migrate", "Move a server from SQLite to PostgreSQL."),
    "phone": ("csr_desktop.server.cli_phone", "phone", "Phone systems, whose calls come to the desks."),
    "restore": ("csr_desktop.server.cli_operations", "restore", "Put a backup into a new, empty folder or database."),
    "script": ("csr_desktop.server.cli_scripts", "script", "Scripts and checklists for calls, by topic."),
    "team": ("csr_desktop.server.cli_accounts", "team", "Teams, which share calls, tickets and follow-ups."),
    "user": ("csr_desktop.server.cli_accounts", "user", "People who sign in."),
    "verification-rules": (
        "csr_desktop.server.cli_verification",
        "verification_rules",
        "What callers must show before something is done for them.",
    ),
    "verify": ("csr_desktop.server.cli_operations", "verify", "Look whether what the database holds fits together."),
}
"""Module, name and short help by command."""


class SaidAsCalled(click.Group):
    """Its help names the server's commands as they were called here."""

    def format_help_text(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        called = ctx
        while called.parent is not None and called.command is not server:
            called = called.parent
        words = click.HelpFormatter(width=formatter.width)
        super().format_help_text(ctx, words)
        formatter.write(words.getvalue().replace(AS_WRITTEN, called.command_path))


class _LazyGroup(SaidAsCalled):
    """Commands of other modules are loaded when they are named, so that the rest starts at once."""

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


def checked_database(ctx: click.Context, param: click.Parameter, value: str) -> str:
    """Other people on the machine can read arguments, so a password is not taken there."""
    given = ctx.get_parameter_source(param.name or "")
    if value and given is ParameterSource.COMMANDLINE and has_password(value):
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
    callback=checked_database,
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
        raise click.ClickException(str(fault).replace(AS_WRITTEN, this_server())) from None


@contextmanager
def opened(data: Path, database: str) -> Iterator[Administration]:
    """The administration of the server in this folder, whether it runs or not."""
    from csr_desktop.server.administration import NotThere
    from csr_desktop.server.run import administration

    with said_to_person():
        try:
            with administration(_folder(data, database)) as found:
                yield found
        except NotThere as fault:
            listing = command_line(fault.listed_by, data, database)
            raise click.ClickException(f"{fault.title} See them with: {listing}") from None


@click.group(cls=_LazyGroup)
@click.version_option(__version__, prog_name="csr-desktop-server", help="Say the version.")
def server() -> None:
    """Set up, run and administer the server that desks share.

    \b
    For a first try, with a new folder for DIR:
      csr-desktop server init --data DIR
      csr-desktop server run --data DIR

    Every command needs --data. All but `init` and `run` are for a server that was made, whether it runs or not.
    """  # noqa: D301  # the sign tells click to leave the lines as they are
    from csr_desktop.server.logs import log_to

    log_to()


@server.command()
@data_option
@database_option
@click.option("--name", default="", help="The organization's name. Asked for when it is not given.")
@click.option(
    "--home-region",
    default="US",
    show_default=True,
    metavar="XX",
    help="The country whose numbers are written without a country code, in two letters: US, GB …",
)
@click.option(
    "--zone",
    "--time-zone",
    "time_zone",
    default="",
    help="The office's time zone, such as America/Chicago. Asked for at a terminal; else this computer's, where it "
    "says one other than UTC. Office hours and clients without a zone of their own follow it.",
)
@click.option("--full-name", default="", help="The first administrator's full name. Asked for when it is not given.")
@click.option("--login", default="", help="The name to sign in with. Asked for when it is not given.")
def init(data: Path, database: str, name: str, home_region: str, time_zone: str, login: str, full_name: str) -> None:
    """Make a new server in a folder.

    It gets a key, a database, the organization with its standard lists, and a first administrator. What is not given is
    asked for, the password always; nothing is made before all of it is known, and what fails leaves nothing behind.
    Without a terminal, standard input has a line each for what is not given, in this order: the organization, the
    administrator's full name, sign-in name, password.
    """
    from csr_desktop.server.administration import Administration, checked_organisation, checked_person
    from csr_desktop.server.ledger import Ledger
    from csr_desktop.server.passwords import check_password
    from csr_desktop.system.clock import wall_clock

    with said_to_person():
        folder = _folder(data, database)
        folder.check_new()
        name, home_region = checked_organisation(name or asked("The organization's name"), home_region)
        time_zone = asked_zone(time_zone)
        full_name = full_name or asked("The administrator's full name")
        full_name, login = checked_person(full_name, login or asked("Their sign-in name"))
        password = asked_password()
        check_password(password)
        with folder.making() as sql, sql.transaction():
            made = Administration(sql, Ledger(sql, wall_clock), wall_clock)
            made.create_organisation(name, home_region, time_zone)
            made.add_user(full_name, login, "administrator", (), password)
    click.echo(f"The server is made in {data}, with the time zone {time_zone}.")
    click.echo(f"Keep a copy of {data / 'server.key'} in a safe place: without it a lost keyring cannot be made good.")
    click.echo("Next:")
    for words in ('team add "Team one"', 'user add --team "Team one" SIGN_IN_NAME'):
        click.echo(f"  {command_line(words, data, database)}")
    click.echo(f"  {starting(data, database)}")


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
    "--port",
    default=8765,
    show_default=True,
    type=click.IntRange(0, 65535),
    help="Port to listen on; 0 takes a free one.",
)
@click.option(
    "--tls-cert",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The certificate with its chain, PEM. Desks check it against their system's trust store.",
)
@click.option(
    "--tls-key",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The certificate's private key, PEM, without a password.",
)
@click.option(
    "--attachments",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Keep the content of attachments here instead of in the server's folder. Servers that share a PostgreSQL need "
    "one folder that all of them reach.",
)
@click.option(
    "--attachment-limit",
    default=25,
    show_default=True,
    type=click.IntRange(1, 2048),
    metavar="MB",
    help="The largest file that may be attached.",
)
@click.option(
    "--scan-command",
    default="",
    metavar="COMMAND",
    help="Run this for each attachment, with the file's path as its last argument, before anyone can open it; without "
    "a shell. Exit code 0 is clean, 1 refused and removed; anything else, and two minutes, keep it back and try again.",
)
@click.option(
    "--ready-file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the address into this file once the server listens; it is removed at the end.",
)
@click.option(
    "--workers",
    default=1,
    show_default=True,
    type=click.IntRange(1, 64),
    help="Processes that share the address, with PostgreSQL: about one a core.",
)
@click.option(
    "--until-input-ends",
    is_flag=True,
    help="End too when standard input ends: for a program that starts the server and must not leave it behind.",
)
@click.option(
    "--proxy",
    "proxies",
    multiple=True,
    metavar="ADDRESS",
    help="Address or network of a reverse proxy that is believed about where a request came from, as 127.0.0.1. Can be "
    "given several times.",
)
@click.option(
    "--connections",
    default=4000,
    show_default=True,
    type=click.IntRange(10),
    help="How many connections are taken at once; a workstation has up to three.",
)
@click.option(
    "--connections-an-address",
    default=2000,
    show_default=True,
    type=click.IntRange(2),
    help="And how many of them from one address.",
)
@click.option(
    "--metrics-token-file",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="A file with the token that who is not on this machine must give for /metrics.",
)
@click.option(
    "--drain-seconds",
    default=0.0,
    type=click.FloatRange(0, 600),
    help="After SIGTERM go on for so long while /ready says no, for a proxy that watches it.",
)
@click.option("--log-file", type=click.Path(dir_okay=False, path_type=Path), help="Log there, not to standard error.")
@click.option("--log-level", type=click.Choice(LEVELS), default="info", show_default=True, help="The least to log.")
def run(
    data: Path,
    database: str,
    host: str,
    port: int,
    tls_cert: Path | None,
    tls_key: Path | None,
    attachments: Path | None,
    attachment_limit: int,
    scan_command: str,
    ready_file: Path | None,
    workers: int,
    until_input_ends: bool,
    proxies: tuple[str, ...],
    connections: int,
    connections_an_address: int,
    metrics_token_file: Path | None,
    drain_seconds: float,
    log_file: Path | None,
    log_level: str,
) -> None:
    """Run the server until Ctrl+C or SIGTERM. It prints one line when it listens; its log goes to standard error.

    Only one server runs on a folder; with PostgreSQL several can share a database. The other commands can be used
    while it runs. It stays in the foreground: to start it with the machine, let the system's own means, such as
    systemd, run this command.
    """
    from csr_desktop.server.attachments import Keeping, scan_words
    from csr_desktop.server.condition import metrics_token
    from csr_desktop.server.doors import Doorway, check_proxies
    from csr_desktop.server.logs import log_to
    from csr_desktop.server.run import Surroundings, serve
    from csr_desktop.server.serving import Tls

    if bool(tls_cert) != bool(tls_key):
        raise click.UsageError("--tls-cert and --tls-key belong together.")
    tls = Tls(tls_cert, tls_key) if tls_cert and tls_key else None
    with said_to_person():
        log_to(log_file, log_level)
        check_proxies(proxies)
        token = metrics_token(metrics_token_file) if metrics_token_file else ""
        serve(
            _folder(data, database),
            host=host,
            port=port,
            tls=tls,
            ready_file=ready_file,
            starter=_STANDARD_INPUT if until_input_ends else None,
            surroundings=Surroundings(
                doorway=Doorway(connections, connections_an_address, proxies),
                metrics_token=token,
                keeping=Keeping(attachments, attachment_limit * 1_000_000, scan_words(scan_command)),
            ),
            drain_seconds=drain_seconds,
            workers=workers,
            say=click.echo,
        )


@server.command()
@data_option
@database_option
def restored(data: Path, database: str) -> None:
    """Say that the database was put back from a backup.

    While the server is stopped, and before it is started again. Every workstation then compares what it has with the
    server, and fetches everything anew.
    """
    from csr_desktop.server.folder import begin_epoch

    with said_to_person(), ExitStack() as closing:
        folder = _folder(data, database)
        lock = folder.claim()  # a server that runs would not notice
        if lock is not None:
            closing.callback(lock.close)
        sql = folder.open()
        closing.callback(sql.db.close)
        with sql.transaction():
            begin_epoch(sql)
    click.echo("Every workstation will fetch everything anew. Now start the server.")


def _folder(data: Path, database: str) -> ServerFolder:
    from csr_desktop.server.folder import ServerFolder

    return ServerFolder(data, database)
