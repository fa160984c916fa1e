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
@click.version_option(__version__, prog_name="csr-desktop")
@click.pass_context
def main(ctx: click.Context) -> None:
    """CSR Desktop: calls, clients, tickets and follow-ups on your workstation.

    Without a command it opens the desk.
    """
    if ctx.invoked_subcommand is None:
        sys.exit(_open_desk())


def _open_desk() -> int:
    from csr_desktop.bootstrap import run_desk, system_secrets
    from csr_desktop.domain.errors import CsrDesktopError
    from csr_desktop.system.display import has_display, no_display, wants_window_on_display
    from csr_desktop.system.places import Places

    if wants_window_on_display() and not has_display():
        raise _CannotStart(str(no_display()))
    try:
        return run_desk(Places.of_this_person(), system_secrets())
    except CsrDesktopError as fault:
        raise _CannotStart(str(fault)) from None


class _CannotStart(click.ClickException):
    """Before there is a window that could say it."""

    exit_code = 2


if __name__ == "__main__":
    main(prog_name="csr-desktop")
