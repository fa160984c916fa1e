"""What the trials on Windows and macOS have in common: each step is said, and the first that is wrong ends them."""

from __future__ import annotations

import json
import os
import plistlib
import re
import subprocess
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def say(words: str) -> None:
    print(f"-- {words}", flush=True)


def said(program: Path, *words: str) -> str:
    """What the installed program answers. Raises SystemExit, with its words, where it fails."""
    done = subprocess.run([str(program), *words], capture_output=True, text=True, encoding="utf-8", check=False)
    if done.returncode != 0:
        raise SystemExit(f"{words} ended with {done.returncode}:\n{done.stdout}\n{done.stderr}")
    return done.stdout


def try_all_parts(program: Path) -> None:
    say(f"{said(program, '--version').strip()} tries all of its parts")
    print(said(program, "self-test", "--part", "desk"))


def not_taken(values: Mapping[str, object], policy: Mapping[str, Any], place: str) -> list[str]:
    """Keys that `policy --json` does not show as settled there for the whole computer."""
    wanted = {name: {"value": value, "locked": True, "from": place} for name, value in values.items()}
    settings = policy["settings"]
    return [name for name, held in wanted.items() if not held.items() <= settings.get(name, {}).items()]


def every_key(template: bytes) -> dict[str, object]:
    """A Mac's property list with each of its keys out of its comment."""
    found: dict[str, object] = plistlib.loads(re.sub(rb"<!-- (<key>.*?) -->", rb"\1", template))
    return found


def need_taken(values: Mapping[str, object], program: Path, place: str) -> None:
    """Raises SystemExit where the program does not follow all of them."""
    if wrong := not_taken(values, json.loads(said(program, "policy", "--json")), place):
        raise SystemExit(f"Not taken from {place}: {', '.join(wrong)}")


_OPENS_WITHIN_SECONDS = 90


def need_window(window: Path, program: Path) -> None:
    """Raises SystemExit where the windowed program does not come up, or hears no link; its files are thrown away."""
    say("the window opens and hears of a link")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as home:
        environment = {**os.environ, "CSR_DESKTOP_HOME": home}
        with subprocess.Popen([str(window)], env=environment) as opened:
            try:
                _need_heard(opened, Path(home) / "data" / "running.json")
                link = [str(program), "link", "csr-desktop:dial?number=3125550142"]
                done = subprocess.run(link, env=environment, check=False)
                if done.returncode != 0:
                    raise SystemExit(f"The window does not hear of a link: {done.returncode}")
            finally:
                opened.kill()


def _need_heard(opened: subprocess.Popen[bytes], listens: Path) -> None:
    until = time.monotonic() + _OPENS_WITHIN_SECONDS
    while not listens.exists():
        if opened.poll() is not None:
            raise SystemExit(f"The window ended with {opened.returncode} before it stood.")
        if time.monotonic() > until:
            raise SystemExit(f"The window did not stand within {_OPENS_WITHIN_SECONDS} seconds.")
        time.sleep(0.2)
