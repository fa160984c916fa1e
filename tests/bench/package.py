"""What was packaged: sizes in megabytes of 1,000,000 bytes, how fast the frozen desk starts, how long a build takes.

Sizes are of what lies in `build/`; what was not built is None. `start_ratio` is the frozen start over one from source,
each a whole process with its keyring, from its start until its inbox is painted and it listens for a second start; in
turn, the middle of all rounds. With `only` build, `make freeze` is run and timed first, and `make package-windows`
where Wine is there.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.bench.bureaus import copied, percentile
from tests.bench.windows import prepared

ROOT = Path(__file__).parents[2]
BUILD = ROOT / "build"
LINUX = BUILD / "dist" / "csr-desktop"
WINDOWS = BUILD / "windows" / "csr-desktop"
PACKAGES = BUILD / "package"
ROUNDS = 5
_MEGABYTE = 1_000_000
_START_SECONDS = 60.0
SESSION = """
import json, os, subprocess, sys, time
from pathlib import Path
from csr_desktop.services.sign_in import Account
from csr_desktop.system.keyring_store import FolderSecrets, SystemKeyring
home, rounds, commands = Path(sys.argv[1]), int(sys.argv[2]), json.loads(sys.argv[3])
import msgspec
account = msgspec.json.decode((home / "config" / "account.json").read_bytes(), type=Account)
content = FolderSecrets(home / "data" / "keys").read(account.secret_name)
SystemKeyring().write(account.secret_name, content)
listens = home / "data" / "running.json"
def once(command):
    began = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    while not listens.exists():
        took = time.perf_counter() - began
        if process.poll() is not None or took > LIMIT:
            process.kill()
            raise SystemExit(f"{command[0]} did not start: {process.communicate()[1].decode()[-2000:]}")
        time.sleep(0.001)
    took = time.perf_counter() - began
    process.terminate()
    process.communicate(timeout=LIMIT)
    assert process.returncode == 0, f"{command[0]} ended with {process.returncode}"
    return took
for command in commands:
    once(command)
print(json.dumps([[once(command) for command in commands] for _ in range(rounds)]))
""".replace("LIMIT", str(_START_SECONDS))


def megabytes(path: Path) -> float | None:
    """All files in it, links not counted."""
    if path.is_file():
        return path.stat().st_size / _MEGABYTE
    files = [one for one in path.rglob("*") if one.is_file() and not one.is_symlink()]
    return sum(one.stat().st_size for one in files) / _MEGABYTE if files else None


def newest(pattern: str) -> Path:
    return max(PACKAGES.glob(pattern), key=lambda path: path.stat().st_mtime, default=PACKAGES / "none")


def measure(seats: int, only: str = "") -> dict[str, float | None]:
    built: dict[str, float | None] = {"linux_build_seconds": None, "windows_build_seconds": None}
    if only == "build":
        built = {"linux_build_seconds": seconds_of("freeze"), "windows_build_seconds": _windows_seconds()}
    return {
        "linux_mb": megabytes(LINUX),
        "deb_mb": megabytes(newest("csr-desktop_*.deb")),
        "windows_mb": megabytes(WINDOWS),
        "msi_mb": megabytes(newest("*.msi")),
        **starts(seats),
        **built,
    }


def seconds_of(target: str) -> float:
    began = time.monotonic()
    subprocess.run(["make", target], cwd=ROOT, check=True, stdout=sys.stderr)
    return time.monotonic() - began


def _windows_seconds() -> float | None:
    return seconds_of("package-windows") if shutil.which("wine") else None


def starts(seats: int) -> dict[str, float | None]:
    frozen = LINUX / "csr-desktop"
    if not frozen.exists() or shutil.which("gnome-keyring-daemon") is None:
        return {"source_start_seconds": None, "frozen_start_seconds": None, "start_ratio": None}
    home, account = copied(seats)
    try:
        places = prepared(home, account)
        commands = [[sys.executable, "-m", "csr_desktop"], [str(frozen)]]
        rounds = in_session(home, places.data.parent, commands)
        source, packaged = (percentile([one[at] for one in rounds], 0.5) for at in (0, 1))
        return {
            "source_start_seconds": source,
            "frozen_start_seconds": packaged,
            "start_ratio": packaged / source,
        }
    finally:
        shutil.rmtree(home, ignore_errors=True)


def in_session(home: Path, station: Path, commands: list[list[str]]) -> list[list[float]]:
    """Seconds of each command, by round, where only this Secret Service is."""
    with tempfile.TemporaryDirectory(prefix="csr-desktop-bench-") as run:
        place = {
            "HOME": run,
            "XDG_RUNTIME_DIR": run,
            "XDG_DATA_HOME": f"{run}/data",
            "XDG_CONFIG_HOME": f"{run}/config",
            "XDG_CACHE_HOME": f"{run}/cache",
            "CSR_DESKTOP_HOME": str(station),
            "PYTHONPATH": str(ROOT),
            "PYTHONPYCACHEPREFIX": str(home / "bytecode"),
            "QT_QPA_PLATFORM": "offscreen",
        }
        left_out = {"DISPLAY", "WAYLAND_DISPLAY", "DBUS_SESSION_BUS_ADDRESS", "PYTHONDONTWRITEBYTECODE"}
        kept = {name: value for name, value in os.environ.items() if name not in left_out}
        unlocked = "printf pw | gnome-keyring-daemon --unlock --components=secrets >/dev/null 2>&1"
        arguments = [sys.executable, "-c", SESSION, str(station), str(ROUNDS), json.dumps(commands)]
        ended = subprocess.run(
            ["dbus-run-session", "--", "sh", "-c", f'{unlocked}\n"$@"', "sh", *arguments],
            env=kept | place,
            capture_output=True,
            text=True,
            check=False,
            timeout=600,
        )
    if ended.returncode:
        raise SystemExit(ended.stderr[-3000:])
    found: list[list[float]] = json.loads(ended.stdout.splitlines()[-1])
    return found
