"""Plays a made-up sequence as a phone system would: to its address over HTTP, or as an Asterisk that is dialled."""

from __future__ import annotations

import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from contextlib import closing
from typing import Final

from csr_desktop.domain.errors import BadInput, EnvironmentFault
from csr_desktop.server.calls.made_up_asterisk import SECRET, USER, MadeUpAsterisk
from csr_desktop.server.calls.sequences import Sequence

_ANSWER_SECONDS: Final = 15.0
_PATHS: Final = {"cti": "cti", "sipgate": "sipgate"}

Say = Callable[[str], None]


def others_of(played: Sequence, said_as: Mapping[str, str], mark: str) -> dict[str, str]:
    """What stands in place of what, with references of calls that were not used before: those of the sequence and the
    `mark`.
    """
    references = {str(one["reference"]) for one in played.expected}
    return {reference: f"{reference}-{mark}" for reference in sorted(references)} | dict(said_as)


def play(played: Sequence, url: str, token: str, others: Mapping[str, str], speed: float, say: Say) -> None:
    """Send each step when its time has come, `speed` times as fast as it was. Raises EnvironmentFault where nobody
    answers, and BadInput where the token is none.
    """
    if not url.startswith(("http://", "https://")):
        raise BadInput("url", f"{url} is no address of a server.", "Such as http://127.0.0.1:8765.")
    address = f"{url.rstrip('/')}/{_PATHS[played.system]}/{token}"
    begun = time.monotonic()
    for step in played.steps:
        time.sleep(max(0.0, begun + step.after_seconds / speed - time.monotonic()))
        sent = step.said_as(others)
        request = urllib.request.Request(  # noqa: S310  # http and https alone, see above
            address, sent.body, {"Content-Type": sent.content_type}, method="POST"
        )
        try:
            with urllib.request.urlopen(request, timeout=_ANSWER_SECONDS) as answer:  # noqa: S310
                status, body = answer.status, answer.read(10_000).decode("utf-8", "replace")
        except urllib.error.HTTPError as error:
            error.close()
            if error.code == 404:
                raise BadInput("token", "The server knows no phone system of this kind with this token.") from None
            status, body = error.code, ""
        except OSError as error:
            raise EnvironmentFault(f"Nobody answers at {url} ({error}).") from None
        say(f"{step.after_seconds:g} s\t{status}\t{body.replace(token, '…').replace(chr(10), ' ')}")


def play_asterisk(played: Sequence, port: int, others: Mapping[str, str], speed: float, say: Say, wait: float) -> None:
    """Be an Asterisk on this machine's own address, and say the sequence to the first that signs in. Raises
    EnvironmentFault when nobody does for `wait` seconds.
    """
    events, waits, before = b"", [], 0.0
    for step in played.steps:
        body = step.said_as(others).body
        # Several events of one step come together.
        count = body.count(b"\r\n\r\n")
        waits += [(step.after_seconds - before) / speed, *([0.0] * (count - 1))]
        before = step.after_seconds
        events += body
    try:
        made = MadeUpAsterisk(events, others.values(), port=port, waits=waits)
    except OSError as error:
        raise EnvironmentFault(f"Port {port} cannot be listened on ({error.strerror}).") from None
    with closing(made):
        say(f"A made-up Asterisk listens on 127.0.0.1:{made.address[1]}, user {USER}, secret {SECRET}")
        if not made.said_all.wait(wait + sum(waits)):
            raise EnvironmentFault(
                "No server has signed in.", "Add it with: server phone add --kind ami --host 127.0.0.1"
            )
        say(f"{made.sent_events} events were said.")
        time.sleep(1)  # what was said last is read before the line ends
