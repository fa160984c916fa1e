"""A desk of its own process that types half a note and then waits to be killed, for the tour."""

from __future__ import annotations

import os
import sys
import threading
from contextlib import suppress
from pathlib import Path

from csr_desktop.demo.bureau import Bureau
from csr_desktop.demo.hands import spin
from csr_desktop.demo.seats import Seat
from csr_desktop.ui.application import make_application

LIFE_MILLISECONDS = 60_000


def type_half_note(home: Path, text: str) -> int:
    """Prints "typed" once the store has everything that was typed. Ends when standard input does."""
    threading.Thread(target=_end_with_the_tour, daemon=True).start()
    bureau = Bureau(home, 1, 1)
    made = bureau.furnish()
    bureau.url = (home / "server-address").read_text("utf-8").strip()
    app, themes = make_application(sys.argv[:1], "light")
    seat = Seat(app, themes, bureau, made.agent)
    seat.start()
    seat.write_note("Tax notice", text)
    sys.stdout.write("typed\n")
    sys.stdout.flush()
    spin(LIFE_MILLISECONDS)
    return 1


def _end_with_the_tour() -> None:
    with suppress(OSError):
        while os.read(0, 4096):
            pass
        os._exit(1)
