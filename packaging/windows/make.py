"""Makes the MSI on Linux, and proves it: Windows' Python under Wine freezes the desk, msitools pack it.

python packaging/windows/make.py build/windows build/package

What a step makes is kept until something that it is made of changes. At its end the file `proved` says what was proved
(`inputs.py`). Released packages are frozen on Windows itself; this one shows that what is here makes one that works.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tarfile
import time
import zipfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

HERE: Final = Path(__file__).resolve().parent
ROOT: Final = HERE.parents[1]
sys.path[:0] = [str(HERE), str(HERE.parent)]

from icon import main as write_icons  # noqa: E402
from inputs import PROVED, digest, wanted  # noqa: E402
from msi import packed  # noqa: E402
from prove import prove  # noqa: E402
from signing import Signer  # noqa: E402
from wine import STUBS, Wine  # noqa: E402

REQUIREMENTS: Final = HERE / "requirements.txt"
_OF_PYTHON: Final = "cp313/"
PROOF_ONLY: Final = ("icuuc.dll", "bcryptprimitives.dll")


def once(name: str, stamp: Path, inputs: str, make: Callable[[], None]) -> None:
    """Say how long it took; not done again while the inputs are the same and it was finished."""
    began = time.monotonic()
    seen = hashlib.sha256(inputs.encode()).hexdigest()
    if stamp.is_file() and stamp.read_text() == seen:
        print(f"{name}: as before", flush=True)
        return
    stamp.unlink(missing_ok=True)
    make()
    stamp.write_text(seen)
    print(f"{name}: {time.monotonic() - began:.0f} s", flush=True)


def hashed(paths: Iterable[Path]) -> str:
    """Of all files at and below these."""
    seen = hashlib.sha256()
    for path in paths:
        for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
            if file.is_file() and "__pycache__" not in file.parts:
                seen.update(f"{file.relative_to(ROOT)} ".encode())
                seen.update(hashlib.sha256(file.read_bytes()).digest())
    return seen.hexdigest()


def make_python(target: Path, wheels: str) -> None:
    """Windows' Python with the wheels for Windows, by Linux's pip and uv; all of it by the hashes that are pinned."""
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    fetched = target / "fetched"
    command = [
        sys.executable,
        "-m",
        "pip",
        "download",
        "--quiet",
        "--quiet",
        "--disable-pip-version-check",
        "--no-deps",
    ]
    command += ["--no-build-isolation", "--no-binary", ":all:", "--require-hashes", "-r", str(REQUIREMENTS)]
    subprocess.run([*command, "--dest", str(fetched)], check=True)
    (source,) = fetched.glob("*.tar.gz")
    with tarfile.open(source) as tar:
        (inner,) = (member for member in tar.getmembers() if member.name.endswith("/data.zip"))
        tar.extract(inner, fetched, filter="data")
    with zipfile.ZipFile(fetched / inner.name) as held:
        for name in held.namelist():
            if name.startswith(_OF_PYTHON) and not name.startswith(f"{_OF_PYTHON}Lib/site-packages/"):
                held.extract(name, target)
    shutil.rmtree(fetched)
    chosen = target / "wheels.txt"
    chosen.write_text(wheels, encoding="utf-8")
    command = [str(Path(sys.executable).with_name("uv")), "pip", "install", "--quiet", "--python", sys.executable]
    command += ["--python-platform", "x86_64-pc-windows-msvc", "--python-version", "3.13", "--only-binary", ":all:"]
    command += ["--require-hashes", "--no-deps", "--link-mode", "copy", "-r", str(chosen)]
    subprocess.run([*command, "--target", str(target / _OF_PYTHON / "Lib" / "site-packages")], check=True)


def freeze(wine: Wine, python: Path, work: Path) -> None:
    command = [str(python), "-m", "PyInstaller", "--noconfirm", "--distpath", str(work), "--workpath"]
    code, said = wine.ended(*command, str(work / "work"), "packaging/csr-desktop.spec", cwd=ROOT, seconds=1_800)
    (work / "freeze.log").write_text(said, encoding="utf-8")
    if code:
        raise SystemExit(f"Freezing failed:\n{said[-4_000:]}")
    if found := leaked(work / "csr-desktop"):
        raise SystemExit(f"In the package, though only for proofs: {', '.join(found)}")
    if missing := unanswered(work / "csr-desktop", wine.drive / "windows" / "system32"):
        raise SystemExit(f"Not in the package: {', '.join(missing)}")


_SYSTEMS: Final = re.compile(r"(?:api|ext)-ms-.*", re.IGNORECASE)
_ASKS: Final = re.compile(r"^\s*DLL Name: (\S+)$", re.MULTILINE)


def unanswered(folder: Path, system: Path) -> list[str]:
    """Libraries that a file asks for which are neither in the package nor in Windows' own folder: such a file is not
    loaded, and some who ask for it then do without, slowly.
    """
    there = {path.name.lower() for path in (*folder.rglob("*"), *system.iterdir())}
    missing = set()
    for file in sorted(path for path in folder.rglob("*") if path.suffix.lower() in {".dll", ".exe", ".pyd"}):
        command = ["x86_64-w64-mingw32-objdump", "--private-headers", str(file)]
        said = subprocess.run(command, check=True, capture_output=True, text=True, errors="replace").stdout
        asked = {name.lower() for name in _ASKS.findall(said) if not _SYSTEMS.fullmatch(name)}
        missing |= {f"{file.name} asks for {name}" for name in asked - there}
    return sorted(missing)


def leaked(folder: Path) -> list[str]:
    """What stands in for Windows' own libraries under Wine and must not be packed."""
    return sorted(path.name for path in folder.rglob("*") if path.name.lower() in PROOF_ONLY)


def main(work: Path, target: Path) -> None:
    sys.path.insert(0, str(ROOT))
    from csr_desktop import __version__

    work, target, tried = work.resolve(), target.resolve(), digest()
    work.mkdir(parents=True, exist_ok=True)
    wheels, icons, signer = wanted(), ROOT / "build" / "icons", Signer.of(os.environ)
    python = work / "python"
    once(
        "Python and wheels",
        work / "python.made",
        REQUIREMENTS.read_text() + wheels,
        lambda: make_python(python, wheels),
    )
    wine = Wine(work / "wine")
    once("Windows of Wine's", work / "wine.made", hashed([STUBS, HERE / "wine.py"]), wine.make)
    inputs = [ROOT / "csr_desktop", ROOT / "resources", *HERE.parent.glob("*.py"), *HERE.parent.glob("*.spec")]
    inputs.append(HERE / "sqlite_of_sqlcipher.py")
    write_icons(icons)
    try:
        once(
            "Freezing",
            work / "program.made",
            f"{wheels} {hashed(inputs)} {os.environ.get('SOURCE_DATE_EPOCH')}",
            lambda: freeze(wine, python / _OF_PYTHON / "python.exe", work),
        )
    finally:
        wine.stop()
    began = time.monotonic()
    program = work / "csr-desktop"
    package = packed(program, icons / "csr-desktop.ico", target, __version__, signer)
    bytes_of_folder = sum(path.stat().st_size for path in program.rglob("*") if path.is_file())
    print(f"Packing: {time.monotonic() - began:.0f} s, {bytes_of_folder:,} bytes unpacked", flush=True)
    prove(package, icons / "csr-desktop.ico", __version__, work / "proof")
    PROVED.write_text(f"{tried}\n", encoding="ascii")


if __name__ == "__main__":
    main(*(Path(word) for word in sys.argv[1:3]))
