"""Puts together what an administrator reads and settles settings with. It goes into each package and each release.

python packaging/guides.py build/package
"""

from __future__ import annotations

import posixpath
import re
import shutil
import sys
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "packaging" / "policy")]

from policy_files import write as write_templates  # noqa: E402

NAME: Final = "guides"
TEXTS: Final = {
    "it.md": "resources/help/it.md",
    "deploying.md": "packaging/README.md",
    "server.md": "packaging/server/README.md",
}
REMOVAL: Final = ROOT / "packaging" / "macos" / "remove-csr-desktop.sh"
_LINK: Final = re.compile(r"\[([^\]]+)\]\(([^)\s]+)\)")


def write(target: Path) -> list[Path]:
    """The files of the folder `target`/guides, which is made anew; the templates lie in `policy` below it."""
    folder = target / NAME
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    paths = []
    for name, source in TEXTS.items():
        paths.append(folder / name)
        text = (ROOT / source).read_text(encoding="utf-8")
        paths[-1].write_text(led_here(text, source), encoding="utf-8", newline="\n")
    paths.append(folder / REMOVAL.name)
    shutil.copy(REMOVAL, paths[-1])
    return [*paths, *write_templates(folder)]


def led_here(text: str, source: str) -> str:
    """Links between the texts lead to the neighbour; one to another file of the project is its words alone."""
    names = {place: name for name, place in TEXTS.items()}

    def led(link: re.Match[str]) -> str:
        label, place = link.groups()
        if "://" in place:
            return link[0]
        name = names.get(posixpath.normpath(posixpath.join(posixpath.dirname(source), place)))
        return f"[{label}]({name})" if name else label

    return _LINK.sub(led, text)


if __name__ == "__main__":
    for path in write(Path(sys.argv[1])):
        print(path)
