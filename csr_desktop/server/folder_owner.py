"""Whose a server's folder is. What another account makes there, root too, its server could not use."""

from __future__ import annotations

import ctypes
import os
import sys
from pathlib import Path
from typing import Final

from csr_desktop.domain.errors import EnvironmentFault, Refused
from csr_desktop.server.said import this_call

_SET_SECUREBITS: Final = 28
"""PR_SET_SECUREBITS of prctl(2)."""
_NO_SETUID_FIXUP: Final = 1 << 2
"""SECBIT_NO_SETUID_FIXUP of capabilities(7): rights stay with whoever one becomes, for access(2) as well."""
_VERSION_3: Final = 0x20080522
"""_LINUX_CAPABILITY_VERSION_3 of capset(2): two words each."""
_READ_SEARCH: Final = 1 << 2
"""CAP_DAC_READ_SEARCH: reads every file, writes none."""


def other_owner(folder: Path, key_name: str) -> int | None:
    """The user id that the server in this folder belongs to, by its key, or by the folder before there is one; None
    where it is one's own, where there is no folder, and on systems without such ids.
    """
    if sys.platform == "win32":
        return None
    for path in (folder / key_name, folder):
        try:
            owner = path.stat().st_uid
        except OSError:
            continue
        return None if owner == os.geteuid() else owner
    return None


def check_own(folder: Path, key_name: str) -> None:
    """Raises Refused for root in another account's folder, EnvironmentFault for who may not look into it; both say
    the command that does it.
    """
    owner = other_owner(folder, key_name)
    if owner is None or sys.platform == "win32":
        return
    name = _name(owner)
    if os.geteuid() == 0:
        raise Refused(
            "owner",
            f"The folder {folder} belongs to {name}, whose server could not use what root makes there.",
            f"Run it as that account: runuser -u {name} -- {this_call()}",
        )
    if not os.access(folder, os.R_OK | os.X_OK):
        raise EnvironmentFault(
            f"The folder {folder} belongs to {name}, and is closed to others.",
            f"Run it as that account: sudo -u {name} {this_call()}",
        )


def become(owner: int) -> None:
    """From here on root is this account, and keeps of its rights only that to read any file, where it has that: such
    as a private key in root's own folder. Linux only. Raises OSError and KeyError.
    """
    if sys.platform == "win32":
        return
    import pwd

    account = pwd.getpwuid(owner)
    libc = ctypes.CDLL(None, use_errno=True)
    may_keep = sys.platform == "linux" and libc.prctl(_SET_SECUREBITS, _NO_SETUID_FIXUP, 0, 0, 0) == 0
    os.initgroups(account.pw_name, account.pw_gid)
    os.setgid(account.pw_gid)
    os.setuid(owner)
    if may_keep and not (_set_capabilities(libc, _READ_SEARCH) or _set_capabilities(libc, 0)):
        msg = "Rights of root's that are not wanted cannot be given up here."
        raise SystemExit(msg)
    os.environ.update(HOME=account.pw_dir, USER=account.pw_name, LOGNAME=account.pw_name)


def _set_capabilities(libc: ctypes.CDLL, wanted: int) -> bool:
    header = (ctypes.c_uint32 * 2)(_VERSION_3, 0)
    effective_permitted_inheritable = (ctypes.c_uint32 * 6)(wanted, wanted, 0, 0, 0, 0)
    return bool(libc.capset(header, effective_permitted_inheritable) == 0)


def _name(owner: int) -> str:
    import pwd

    try:
        return pwd.getpwuid(owner).pw_name
    except KeyError:
        return str(owner)
