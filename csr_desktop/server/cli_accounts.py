"""The command line's people, workstations and teams: `csr-desktop server user …`, `device …`, `team …`."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from csr_desktop.domain.permissions import ROLES
from csr_desktop.server.asking import asked, asked_password
from csr_desktop.server.cli import data_option, database_option, opened

login_argument = click.argument("login", metavar="SIGN_IN_NAME")


@click.group()
def user() -> None:
    """People who sign in."""


@user.command("add")
@data_option
@database_option
@click.option(
    "--role",
    type=click.Choice(ROLES),
    default="csr",
    show_default=True,
    help="What the person may do: csr works; lead sees and reassigns the work of their teams; manager reads "
    "everything; administrator looks after people and workstations.",
)
@click.option("--team", "teams", multiple=True, help="A team they work in. Can be given several times.")
@click.option(
    "--full-name", "--name", "name", default="", help="The person's full name. Asked for when it is not given."
)
@login_argument
def user_add(data: Path, database: str, role: str, teams: tuple[str, ...], name: str, login: str) -> None:
    """Add a person.

    They sign in as SIGN_IN_NAME with the password that is asked for; more people can be added while the server runs.
    Without a terminal, standard input has the full name (unless it is given) and the password, a line each.
    """
    with opened(data, database) as administration:
        administration.check_new_login(login)
        for team in teams:
            administration.team_id(team)
        name = name or asked("Full name")
        administration.add_user(name, login, role, teams, asked_password())
    click.echo(f"{name} can sign in as {login}.")


@user.command("password")
@data_option
@database_option
@login_argument
def user_password(data: Path, database: str, login: str) -> None:
    """Give somebody a new password.

    That of SIGN_IN_NAME is asked for, or read from standard input. Their workstations stay signed in.
    """
    with opened(data, database) as administration:
        administration.user_id(login)
        administration.set_password(login, asked_password())
    click.echo(f"{login} has a new password.")


@user.command("list")
@data_option
@database_option
def user_list(data: Path, database: str) -> None:
    """List people.

    By name, a line each, parted by tabs: sign-in name, full name, role, teams, and "closed" or "no password" for those
    who cannot sign in.
    """
    with opened(data, database) as administration:
        for account in administration.list_users():
            state = "closed" if not account.is_active else "" if account.has_password else "no password"
            click.echo("\t".join((account.login, account.name, account.role, ", ".join(account.teams), state)).rstrip())


@user.command("close")
@data_option
@database_option
@login_argument
def user_close(data: Path, database: str, login: str) -> None:
    """Close the account of somebody who leaves.

    SIGN_IN_NAME can sign in no more, and their workstations are signed out. Nothing is deleted: a workstation keeps its
    encrypted file, since an account can be reopened. `device revoke`, said before, has it wiped.
    """
    with opened(data, database) as administration:
        administration.close_account(login)
    click.echo(f"{login} can sign in no more.")


@user.command("reopen")
@data_option
@database_option
@login_argument
def user_reopen(data: Path, database: str, login: str) -> None:
    """Open a closed account again.

    SIGN_IN_NAME can sign in with the password that they had.
    """
    with opened(data, database) as administration:
        administration.reopen_account(login)
    click.echo(f"{login} can sign in again.")


@click.group()
def device() -> None:
    """Workstations that people signed in on."""


@device.command("list")
@data_option
@database_option
@click.option("--login", default="", metavar="SIGN_IN_NAME", help="Only those of this person.")
def device_list(data: Path, database: str, login: str) -> None:
    """List workstations.

    The latest contact first, a line each, parted by tabs: id, sign-in name, name of the computer, latest contact, and
    "revoked" or "account closed" for those that may not sync any more.
    """
    with opened(data, database) as administration:
        for found in administration.list_devices(login):
            seen = (
                datetime.fromtimestamp(found.seen_at // 1000, UTC).strftime("%Y-%m-%d %H:%M UTC")
                if found.seen_at
                else ""
            )
            state = "revoked" if found.revoked_at else "account closed" if found.is_of_closed_account else ""
            click.echo(f"{found.id}\t{found.login}\t{found.name}\t{seen}\t{state}".rstrip())


@device.command("revoke")
@data_option
@database_option
@click.argument("device_id")
def device_revoke(data: Path, database: str, device_id: str) -> None:
    """Sign a workstation out, such as one that was lost.

    It wipes its copy of the data at its next contact. DEVICE_ID is the first column of `device list`.
    """
    with opened(data, database) as administration:
        administration.revoke_device(device_id)
    click.echo("The workstation is signed out.")


@click.group()
def team() -> None:
    """Teams, which share calls, tickets and follow-ups."""


@team.command("add")
@data_option
@database_option
@click.argument("name")
def team_add(data: Path, database: str, name: str) -> None:
    """Add a team called NAME. People come into it with `user add --team NAME`."""
    with opened(data, database) as administration:
        administration.add_team(name)
    click.echo(f"Added the team “{name}”.")


@team.command("list")
@data_option
@database_option
def team_list(data: Path, database: str) -> None:
    """List teams.

    By name, a line each, parted by a tab: the name, and how many people are in it.
    """
    with opened(data, database) as administration:
        for found in administration.list_teams():
            click.echo(f"{found.name}\t{found.member_count}")
