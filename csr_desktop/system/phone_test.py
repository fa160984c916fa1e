"""Telling the desk of a test on the very way that a softphone takes: by running its program, or opening its address."""

from __future__ import annotations

import http.client
import os
import re
import subprocess
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from csr_desktop.domain.errors import EnvironmentFault
from csr_desktop.system.call_command import NOT_RUNNING
from csr_desktop.system.call_message import TEST
from csr_desktop.system.places import HOME_VARIABLE

if TYPE_CHECKING:
    from collections.abc import Sequence

_SECONDS: Final = 20.0
_SAID_LIMIT: Final = 200


def tell_by_program(program: Sequence[str], reference: str) -> None:
    """`program` is what runs to tell of a call, before its options. Returns when it has ended in order; raises
    EnvironmentFault when it has not.
    """
    environment = {name: value for name, value in os.environ.items() if name != HOME_VARIABLE}  # as a softphone's
    try:
        done = subprocess.run(  # noqa: S603  # this very program
            [*program, "--event", TEST, "--id", reference],
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_SECONDS,
            check=False,
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
    except subprocess.TimeoutExpired:
        raise EnvironmentFault(f"The program had not ended after {_SECONDS:.0f} seconds.") from None
    except (OSError, ValueError) as error:
        raise EnvironmentFault(
            f"{program[0]} can't be started ({getattr(error, 'strerror', '') or error}).",
            "Is the program still where it was installed?",
        ) from error
    if done.returncode == NOT_RUNNING:
        raise EnvironmentFault("The program ran, but did not find this desk.", "Close the desk and open it again.")
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()[-1:]
        raise EnvironmentFault(f"The program ended with {done.returncode}. {''.join(said)[:_SAID_LIMIT]}".strip())


def tell_by_address(url: str, reference: str) -> None:
    """`url` is the phone's address with its key. Raises EnvironmentFault with what was answered instead."""
    place = urlsplit(url)
    connection = http.client.HTTPConnection(place.hostname or "", place.port or 0, timeout=_SECONDS)
    try:
        connection.request("GET", f"{place.path}?{place.query}&event={TEST}&id={reference}")
        answer = connection.getresponse()
        page = answer.read(4096).decode("utf-8", "replace")
    except (OSError, http.client.HTTPException) as error:
        raise EnvironmentFault(f"Port {place.port} does not answer ({error}).") from error
    finally:
        connection.close()
    if answer.status != http.client.OK:
        said = re.sub(r"<title>.*?</title>|<[^>]*>", "", page).strip()[:_SAID_LIMIT]
        raise EnvironmentFault(f"The address answers with {answer.status}. {said}".strip())
