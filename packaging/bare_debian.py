"""Computers for trials: a Debian with nothing but its essential packages, below a folder, in namespaces of its own.

Needs root, debootstrap and unshare. Hosts and proxies of Debian's archive are those that apt on this machine has.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

SUITE: Final = "bookworm"
_PATH: Final = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_RUN: Final = Path(__file__).with_name("bare_machine.sh")
PERSON: Final = "sample"
"""Who works at a computer for trials; whoever else is there has no home."""
_OF_SYSTEMD: Final = "/lib/systemd/systemd --system --unit=multi-user.target --log-target=journal --show-status=no"


def make_bare(folder: Path) -> None:
    """The essential packages and apt, from the archive that this machine uses. Takes under a minute."""
    if (folder / "etc" / "apt" / "trusted.gpg.d").is_dir():
        return
    discard(folder)
    proxy = _apt_word("Acquire::http::Proxy")
    surroundings = {**os.environ, **({"http_proxy": proxy} if proxy else {})}
    said = subprocess.run(
        ["debootstrap", "--variant=minbase", SUITE, str(folder), _mirror()],
        env=surroundings,
        capture_output=True,
        text=True,
        check=False,
    )
    if said.returncode:
        discard(folder)
        raise SystemExit(f"debootstrap failed:\n{said.stdout[-2000:]}{said.stderr[-2000:]}")
    told = f'Acquire::http::Proxy "{proxy}";\n' if proxy else ""
    (folder / "etc" / "apt" / "apt.conf.d" / "90proxy").write_text(told)


def _mirror() -> str:
    command = ["apt-get", "indextargets", "--format", "$(RELEASE) $(REPO_URI)", "Created-By: Packages"]
    lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    found = [address for release, _, address in (line.partition(" ") for line in lines) if release == SUITE]
    if not found:
        raise SystemExit(f"apt on this machine has no archive of {SUITE}.")
    return found[0]


def _apt_word(name: str) -> str:
    said = subprocess.run(["apt-config", "shell", "WORD", name], check=True, capture_output=True, text=True).stdout
    return said.partition("'")[2].rpartition("'")[0]


class Computer:
    """One that runs. Programs in it see its files and processes and, unless it is `online`, no network but loopback."""

    def __init__(self, pid: int) -> None:
        self._pid = pid

    def run(
        self,
        *words: str,
        user: str = "",
        told: str = "",
        env: Mapping[str, str] | None = None,
        check: bool = True,
        seconds: float = 300,
    ) -> subprocess.CompletedProcess[str]:
        """A program there, as root or as somebody who has lost root's rights for good. `told` is its standard input."""
        return _done(self._words(words, user, env or {}), words[0], told=told, check=check, seconds=seconds)

    def start(self, *words: str, user: str, env: Mapping[str, str]) -> subprocess.Popen[bytes]:
        """A program that goes on beside, unheard; it ends with the computer."""
        nothing = subprocess.DEVNULL
        return subprocess.Popen(self._words(words, user, env), stdin=nothing, stdout=nothing, stderr=nothing)

    def from_here(self, *words: str, env: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
        """One of this machine's own programs, in that computer's network."""
        command = ["nsenter", "--target", str(self._pid), "--net", *words]
        return _done(command, words[0], env={**os.environ, **env})

    def _words(self, words: Sequence[str], user: str, env: Mapping[str, str]) -> list[str]:
        home = f"/home/{user}" if user == PERSON else "/"
        given = {"PATH": _PATH, "HOME": home, "LANG": "C.UTF-8", "DEBIAN_FRONTEND": "noninteractive", **env}
        command = ["nsenter", "--target", str(self._pid), "--all", "env", "--ignore-environment", f"--chdir={home}"]
        command += [f"{name}={value}" for name, value in given.items()]
        if user:
            command += ["setpriv", f"--reuid={user}", f"--regid={user}", "--init-groups", "--no-new-privs"]
            command += ["--bounding-set=-all", "--inh-caps=-all"]
        return [*command, *words]


def _done(
    command: Sequence[str],
    name: str,
    *,
    told: str = "",
    env: Mapping[str, str] | None = None,
    check: bool = True,
    seconds: float = 120,
) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(command, input=told, env=env, capture_output=True, text=True, check=False, timeout=seconds)
    if check and done.returncode:
        raise SystemExit(f"{name} ended with {done.returncode}:\n{done.stdout[-3000:]}{done.stderr[-3000:]}")
    return done


@contextmanager
def running(root: Path, *, online: bool = False, boots: bool = False) -> Iterator[Computer]:
    """A computer of the files below `root`, ended with all its processes and mounts. `boots` starts its systemd, too.

    Windows of its programs may come to this machine's X servers. Raises SystemExit where it does not come up.
    """
    if online:
        shutil.copyfile("/etc/resolv.conf", root / "etc" / "resolv.conf")
    kinds = ["--mount", "--pid", "--ipc", "--uts", "--cgroup", *([] if online else ["--net"])]
    first = _OF_SYSTEMD if boots else "sleep infinity"
    holder = subprocess.Popen(
        ["unshare", *kinds, "--fork", "--kill-child", "sh", "-e", str(_RUN), str(root), *first.split()],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert holder.stdout is not None  # noqa: S101
        if holder.stdout.readline() != "ready\n":
            raise SystemExit("Namespaces of its own are not to be had here; this needs root.")
        pid = Path(f"/proc/{holder.pid}/task/{holder.pid}/children").read_text().split()[0]
        computer = Computer(int(pid))
        wait_until(lambda: computer.run("true", check=False).returncode == 0, "the computer runs")
        if boots:
            # Some of a whole computer's units have nothing to do here and say so; it is up all the same.
            up = ("running", "degraded")
            asked = ("systemctl", "is-system-running")
            wait_until(lambda: computer.run(*asked, check=False).stdout.strip() in up, "systemd is up")
        yield computer
    finally:
        holder.kill()
        holder.wait()


def can_boot(root: Path) -> bool:
    """Whether its systemd comes up here, which takes namespaces and cgroup2."""
    try:
        with running(root, boots=True):
            return True
    except SystemExit:
        return False


def wait_until(is_so: Callable[[], bool], what: str, seconds: float = 60) -> None:
    """Raises SystemExit when the time is over."""
    deadline = time.monotonic() + seconds
    while not is_so():
        if time.monotonic() > deadline:
            raise SystemExit(f"Waited for {seconds:.0f} seconds in vain: {what}.")
        time.sleep(0.2)


def discard(folder: Path) -> None:
    """With all in it, but nothing that somebody mounted there."""
    subprocess.run(["rm", "-rf", "--one-file-system", str(folder)], check=True)


def copied(bare: Path, folder: Path) -> Path:
    """Another one, for one trial."""
    discard(folder)
    subprocess.run(["cp", "--archive", "--reflink=auto", str(bare), str(folder)], check=True)
    return folder


def install(root: Path, *packages: Path | str, recommends: bool = False) -> float:
    """With all that they depend on, from the archive. Returns seconds."""
    begun = time.monotonic()
    files = [Path(shutil.copy(one, root / "root")).name for one in packages if isinstance(one, Path)]
    words = [*(one for one in packages if isinstance(one, str)), *(f"/root/{name}" for name in files)]
    with running(root, online=True) as computer:
        if not any((root / "var" / "lib" / "apt" / "lists").glob("*_Packages")):
            computer.run("apt-get", "update", "-qq")
        more = () if recommends else ("--no-install-recommends",)
        computer.run("apt-get", "install", "-y", "-qq", *more, *words, seconds=600)
    return time.monotonic() - begun


def say(words: str) -> None:
    print(words, flush=True)
