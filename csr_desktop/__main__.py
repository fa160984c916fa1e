"""The command line. Each command imports its parts when it runs: the server knows no window, the desk no server."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Any

import click

from csr_desktop import __version__

_LAZY = {
    "call": "csr_desktop.system.call_command:call",
    "link": "csr_desktop.system.call_command:link",
    "server": "csr_desktop.server.cli:server",
    "policy": "csr_desktop.system.policy_command:policy",
    "check-connection": "csr_desktop.connection:check_connection",
    "proxy-sign-in": "csr_desktop.connection:proxy_sign_in",
    "diagnostics": "csr_desktop.upkeep:diagnostics",
    "purge-user-data": "csr_desktop.upkeep:purge_user_data",
    "demo": "csr_desktop.demo.command:demo",
    "self-test": "csr_desktop.self_test:self_test",
}


class _Lazy(click.Group):
    """Subcommands live in their own modules and are imported when they are run."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted({*super().list_commands(ctx), *_LAZY})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        place = _LAZY.get(cmd_name)
        if place is None:
            return super().get_command(ctx, cmd_name)
        module, _, name = place.partition(":")
        found: Any = getattr(import_module(module), name)
        return found if isinstance(found, click.Command) else None


@click.group(cls=_Lazy, invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--version", "wants_version", is_flag=True, help="Say the version; with --json of its protocol too.")
@click.option("--json", "as_json", is_flag=True, hidden=True)
@click.option("--minimized", "is_minimised", is_flag=True, help="Open the desk in the task bar, as at sign-in.")
@click.pass_context
def main(ctx: click.Context, *, wants_version: bool, as_json: bool, is_minimised: bool) -> None:
    """CSR Desktop: calls, clients, tickets and follow-ups on your workstation.

    Without a command it opens the desk.
    """
    if as_json and not wants_version:
        raise click.UsageError("--json is said with --version, or behind a command.")
    if wants_version:
        _say_version(as_json=as_json)
        ctx.exit()
    if is_minimised and ctx.invoked_subcommand is not None:
        raise click.UsageError("--minimized is said alone: it opens the desk.")
    if ctx.invoked_subcommand is None:
        sys.exit(_open_desk(is_minimised=is_minimised))


def _say_version(*, as_json: bool) -> None:
    if not as_json:
        click.echo(f"csr-desktop, version {__version__}")
        return
    import json
    import platform

    from csr_desktop.protocol import PROTOCOL
    from csr_desktop.store.migrations import latest_version

    found = {
        "version": __version__,
        "protocol": PROTOCOL,
        "desk_schema": latest_version("desk"),
        "server_schema": latest_version("server"),
        "python": platform.python_version(),
        "machine": platform.machine(),
    }
    click.echo(json.dumps(found))


def _open_desk(*, is_minimised: bool) -> int:
    from csr_desktop.bootstrap import run_desk, system_secrets
    from csr_desktop.domain.errors import CsrDesktopError
    from csr_desktop.system.display import has_display, no_display, wants_window_on_display
    from csr_desktop.system.places import Places
    from csr_desktop.system.policy_sources import sources_of_this_computer
    from csr_desktop.system.start_at_sign_in import is_forbidden

    if is_minimised and is_forbidden(sources_of_this_computer()):
        return 0  # the installer's entry starts it for everyone, and stays where a policy came later
    if wants_window_on_display() and not has_display():
        raise _CannotStart(str(no_display()))
    try:
        return run_desk(Places.of_this_person(), system_secrets(), is_minimised=is_minimised)
    except CsrDesktopError as fault:
        raise _CannotStart(str(fault)) from None


class _CannotStart(click.ClickException):
    """Before there is a window that could say it."""

    exit_code = 2


if __name__ == "__main__":
    main(prog_name="csr-desktop")
